//! Spread of the scores of runs that differ by their seed alone.
//!
//! Another seed gives another F1 with the same settings and data. A difference between two runs that is not larger than
//! this says nothing about their settings.

use super::{Phase, RunSummary, Settings};

/// Meaning of the seeds for the difference between two runs.
#[derive(Clone, Debug, PartialEq)]
pub enum SeedVerdict {
    /// The two differ by their seed alone, so that chance makes their difference.
    SeedAlone,
    /// Other runs show how far seeds alone move the score.
    Spread(SeedSpread),
}

/// Spread between seeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeedSpread {
    /// Ids of the runs that differ by their seed alone, sorted.
    pub runs: Vec<String>,
    /// Largest difference of F1 per word, lenient, on the validation split between two of them.
    pub spread: f64,
}

/// Judges the difference between `a` and `b`.
///
/// The spread is the larger one of those between other runs that differ from `a`, or from `b`, by their seed alone; the
/// two are not in it, because their difference is compared with it. It is one of scores on the validation split, so
/// there is none unless `validated`, the fingerprint of the sentences that the difference is measured on, is the one of
/// that split for both runs. `None` if the seeds say nothing.
pub fn seed_verdict(
    runs: &[RunSummary],
    a: &RunSummary,
    b: &RunSummary,
    validated: Option<&str>,
) -> Option<SeedVerdict> {
    if seed(a) != seed(b) && differs_by_seed_at_most(a, b) {
        return Some(SeedVerdict::SeedAlone);
    }
    if validated.is_none() || [a, b].iter().any(|run| run.validated() != validated) {
        return None;
    }
    let others: Vec<&RunSummary> = runs.iter().filter(|run| run.id != a.id && run.id != b.id).collect();
    let spreads = [a, b].into_iter().filter_map(|run| spread_of(&others, run));
    spreads.max_by(|one, other| one.spread.total_cmp(&other.spread)).map(SeedVerdict::Spread)
}

fn seed(run: &RunSummary) -> Option<u64> {
    run.settings.as_ref().map(|settings| settings.seed)
}

fn spread_of(runs: &[&RunSummary], of: &RunSummary) -> Option<SeedSpread> {
    let alike = runs.iter().filter(|run| differs_by_seed_at_most(run, of));
    let mut seeds: Vec<u64> = Vec::new();
    let mut found: Vec<(&str, f64)> = Vec::new();
    for run in alike {
        let (Some(seed), Some(f1)) = (seed(run), run.word_f1) else { continue };
        seeds.push(seed);
        found.push((run.id.as_str(), f1));
    }
    seeds.sort_unstable();
    seeds.dedup();
    if seeds.len() < 2 {
        return None;
    }
    found.sort_unstable_by_key(|(id, _)| *id);
    let highest = found.iter().map(|(_, f1)| *f1).fold(f64::MIN, f64::max);
    let lowest = found.iter().map(|(_, f1)| *f1).fold(f64::MAX, f64::min);
    let runs = found.into_iter().map(|(id, _)| id.to_owned()).collect();
    Some(SeedSpread { runs, spread: highest - lowest })
}

/// Whether two complete runs have the same base, data and settings, except for the seed.
///
/// The data must be known to be the same: runs that name no fingerprint of what they learned are not compared.
fn differs_by_seed_at_most(run: &RunSummary, other: &RunSummary) -> bool {
    let settings = run.settings.as_ref().zip(other.settings.as_ref());
    let is_same = |(one, other): (&Settings, &Settings)| comparable(one) == comparable(other);
    run.status.phase == Phase::Done
        && other.status.phase == Phase::Done
        && run.base == other.base
        && run.data.as_ref().is_some_and(|data| data.trained.is_some())
        && run.data == other.data
        && settings.is_some_and(is_same)
}

/// Settings without the seed, and without those that do not change the result.
fn comparable(settings: &Settings) -> Settings {
    Settings {
        seed: 0,
        device: String::new(),
        log_every: 0,
        checkpoint_minutes: 0.0,
        checkpoint_every: 0,
        ..settings.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{RunData, Status};

    fn data(trained: Option<&str>) -> RunData {
        let validated = Some("1".to_owned());
        RunData { validated, trained: trained.map(str::to_owned), documents: [9, 3, 0], ..RunData::default() }
    }

    fn run(id: &str, seed: u64, epochs: f64, f1: f64) -> RunSummary {
        RunSummary {
            id: id.to_owned(),
            base: "mini".to_owned(),
            status: Status { phase: Phase::Done, ..Status::default() },
            word_f1: Some(f1),
            settings: Some(Settings { seed, epochs, ..Settings::lesson("mini") }),
            data: Some(data(Some("1"))),
            ..RunSummary::default()
        }
    }

    fn spread(runs: &[RunSummary], a: &RunSummary, b: &RunSummary) -> Option<SeedSpread> {
        match seed_verdict(runs, a, b, Some("1"))? {
            SeedVerdict::Spread(found) => Some(found),
            SeedVerdict::SeedAlone => panic!("{} and {} differ by more", a.id, b.id),
        }
    }

    #[test]
    fn other_runs_with_other_seeds_and_nothing_else_show_the_spread() {
        let mut runs =
            vec![run("3", 3, 3.0, 0.71), run("2", 2, 3.0, 0.70), run("1", 1, 3.0, 0.73), run("4", 1, 5.0, 0.9)];
        let found = spread(&runs, &runs[2], &runs[3]).unwrap();
        assert_eq!(found.runs, ["2", "3"], "the compared run is not in it");
        assert!((found.spread - 0.01).abs() < 1e-12);
        // Other runs of the larger settings, with a wider spread.
        runs.extend([run("5", 2, 5.0, 0.8), run("6", 3, 5.0, 0.85)]);
        let found = spread(&runs, &runs[2], &runs[3]).unwrap();
        assert_eq!((found.runs.as_slice(), found.spread > 0.04), (&["5".to_owned(), "6".to_owned()][..], true));
    }

    #[test]
    fn two_seeds_of_the_same_settings_are_not_compared_with_a_spread() {
        let runs = [run("1", 1, 3.0, 0.73), run("2", 2, 3.0, 0.70), run("3", 3, 3.0, 0.71), run("4", 4, 3.0, 0.75)];
        // On whatever sentences their difference is measured.
        for validated in [Some("1"), Some("2"), None] {
            assert_eq!(seed_verdict(&runs, &runs[0], &runs[1], validated), Some(SeedVerdict::SeedAlone));
        }
    }

    #[test]
    fn only_a_difference_on_the_validation_split_is_compared_with_the_spread() {
        let runs = [run("1", 1, 3.0, 0.73), run("2", 2, 3.0, 0.70), run("3", 3, 3.0, 0.71), run("4", 1, 5.0, 0.9)];
        assert!(spread(&runs, &runs[0], &runs[3]).is_some());
        for other in [None, Some("2")] {
            assert_eq!(seed_verdict(&runs, &runs[0], &runs[3], other), None, "{other:?}");
        }
        let elsewhere = RunData { validated: Some("2".to_owned()), ..data(Some("1")) };
        let b = RunSummary { data: Some(elsewhere), ..runs[3].clone() };
        assert_eq!(seed_verdict(&runs, &runs[0], &b, Some("1")), None);
    }

    #[test]
    fn runs_that_learned_other_tags_or_do_not_say_what_they_learned_are_not_alike() {
        let first = run("1", 1, 3.0, 0.7);
        for trained in [Some("2"), None] {
            let second = RunSummary { data: Some(data(trained)), ..run("2", 2, 3.0, 0.6) };
            assert_eq!(seed_verdict(&[first.clone(), second.clone()], &first, &second, Some("1")), None, "{trained:?}");
        }
        let unknown = |id: &str, seed: u64| RunSummary { data: Some(data(None)), ..run(id, seed, 3.0, 0.6) };
        let runs = [unknown("1", 1), unknown("2", 2)];
        assert_eq!(seed_verdict(&runs, &runs[0], &runs[1], Some("1")), None, "neither says it");
    }

    #[test]
    fn the_same_seed_other_data_and_unfinished_runs_show_none() {
        let a = run("1", 1, 3.0, 0.7);
        let again = run("2", 1, 3.0, 0.7);
        let other_data = RunSummary { data: None, ..run("3", 2, 3.0, 0.6) };
        let stopped = Status { phase: Phase::Stopped, ..Status::default() };
        let stopped = RunSummary { status: stopped, ..run("4", 3, 3.0, 0.5) };
        let runs = [a, again, other_data, stopped];
        assert_eq!(spread(&runs, &runs[0], &runs[2]), None);
    }
}
