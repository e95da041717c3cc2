//! Spread of the scores of runs that differ by their seed alone.
//!
//! Another seed gives another F1 with the same settings and data. A difference between two runs that is not larger than
//! this says nothing about their settings.

use super::{Phase, RunSummary, Settings};

/// Spread between seeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeedSpread {
    /// Ids of the runs that differ by their seed alone, sorted.
    pub runs: Vec<String>,
    /// Largest difference of F1 per word, lenient, on the validation split between two of them.
    pub spread: f64,
    /// Whether both of the runs that are compared are among them, so that chance alone makes their difference.
    pub has_both: bool,
}

/// Returns the spread between runs that differ from `a` by their seed alone, or from `b`: the larger one.
/// `None` if there are none.
pub fn seed_spread(runs: &[RunSummary], a: &RunSummary, b: &RunSummary) -> Option<SeedSpread> {
    let [of_a, of_b] = [a, b].map(|run| spread_of(runs, run));
    let found = match (of_a, of_b) {
        (Some(a), Some(b)) if b.spread > a.spread => b,
        (Some(a), _) => a,
        (None, of_b) => of_b?,
    };
    let has_both = [a, b].iter().all(|run| found.runs.contains(&run.id));
    Some(SeedSpread { has_both, ..found })
}

fn spread_of(runs: &[RunSummary], of: &RunSummary) -> Option<SeedSpread> {
    let alike = runs.iter().filter(|run| differs_by_seed_at_most(run, of));
    let mut seeds: Vec<u64> = Vec::new();
    let mut found: Vec<(&str, f64)> = Vec::new();
    for run in alike {
        let (Some(settings), Some(f1)) = (&run.settings, run.word_f1) else { continue };
        seeds.push(settings.seed);
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
    Some(SeedSpread { runs, spread: highest - lowest, has_both: false })
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

    #[test]
    fn runs_with_other_seeds_and_nothing_else_show_the_spread() {
        let mut runs =
            vec![run("3", 3, 3.0, 0.71), run("2", 2, 3.0, 0.70), run("1", 1, 3.0, 0.73), run("4", 1, 5.0, 0.9)];
        let found = seed_spread(&runs, &runs[0], &runs[3]).unwrap();
        assert_eq!((found.runs, found.has_both), (vec!["1".to_owned(), "2".to_owned(), "3".to_owned()], false));
        assert!((found.spread - 0.03).abs() < 1e-12);
        assert!(seed_spread(&runs, &runs[0], &runs[1]).unwrap().has_both);
        // Another run of the larger settings, with a wider spread.
        runs.push(run("5", 2, 5.0, 0.8));
        let found = seed_spread(&runs, &runs[0], &runs[3]).unwrap();
        assert_eq!((found.runs.len(), found.spread > 0.09), (2, true));
    }

    #[test]
    fn runs_that_learned_other_tags_or_do_not_say_what_they_learned_are_not_alike() {
        let first = run("1", 1, 3.0, 0.7);
        for trained in [Some("2"), None] {
            let of = |id: &str, seed: u64| RunSummary { data: Some(data(trained)), ..run(id, seed, 3.0, 0.6) };
            assert_eq!(seed_spread(&[first.clone(), of("2", 2)], &first, &of("2", 2)), None, "{trained:?}");
        }
        let unknown = |id: &str, seed: u64| RunSummary { data: Some(data(None)), ..run(id, seed, 3.0, 0.6) };
        let runs = [unknown("1", 1), unknown("2", 2)];
        assert_eq!(seed_spread(&runs, &runs[0], &runs[1]), None, "neither says it");
    }

    #[test]
    fn the_same_seed_other_data_and_unfinished_runs_show_none() {
        let a = run("1", 1, 3.0, 0.7);
        let again = run("2", 1, 3.0, 0.7);
        let other_data = RunSummary { data: None, ..run("3", 2, 3.0, 0.6) };
        let stopped = Status { phase: Phase::Stopped, ..Status::default() };
        let stopped = RunSummary { status: stopped, ..run("4", 3, 3.0, 0.5) };
        let runs = [a, again, other_data, stopped];
        assert_eq!(seed_spread(&runs, &runs[0], &runs[2]), None);
    }
}
