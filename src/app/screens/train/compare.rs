//! Two runs side by side.
//! Their scores, and the differences between their data and settings.

use std::collections::BTreeSet;

use crate::{
    app::{
        evaluation::Evaluation,
        run_view::RunView,
        screen::{Size, SizeClass},
    },
    runs::{RunSummary, ScoreComparison, SeedVerdict, Settings, seed_verdict},
    spans::Interval,
    text::number::{grouped, score, signed, with_noun},
};

use super::form;

/// The run beside the followed one.
#[derive(Clone, Debug)]
pub struct OtherRun {
    /// The run, with its lines once they are read.
    pub view: RunView,
    /// Reason why they cannot be read.
    pub problem: Option<String>,
    /// Comparison of both sentence by sentence, or why there is none; `None` while it is computed.
    pub comparison: Option<Result<Box<ScoreComparison>, String>>,
    /// Generation of the request that computes it; `None` until both runs have ended.
    pub(super) scoring: Option<u64>,
}

/// Largest number of runs beside the followed one.
pub(super) const MOST_OTHERS: usize = 5;
/// Letters of the runs, the followed one first.
const LETTERS: [char; MOST_OTHERS + 1] = ['A', 'B', 'C', 'D', 'E', 'F'];

/// Letter of a run: of the followed one, which has place 0, or of one beside it.
pub fn letter(place: usize) -> char {
    LETTERS[place % LETTERS.len()]
}

/// Name, value of the followed run, value of the other.
type Difference = (String, String, String);

fn label_f1(evaluation: Option<Evaluation<'_>>, label: &str) -> Option<f64> {
    evaluation?.labels.get(label).map(|scores| scores.f1)
}

/// A label, `None` for all together, with its F1 in each run.
pub type LabelRow = (Option<String>, Vec<Option<f64>>);

/// Whether a window of this size shows the curves of several runs, not only their numbers.
pub fn has_room_for_curves(size: Size) -> bool {
    size.class() >= SizeClass::Standard
}

/// F1 per word of each label in several runs, all together last.
pub fn label_rows(runs: &[Option<Evaluation<'_>>]) -> Vec<LabelRow> {
    let names: BTreeSet<&String> = runs.iter().flatten().flat_map(|run| run.labels.keys()).collect();
    let rows = names.into_iter().map(|name| {
        let f1 = runs.iter().map(|run| label_f1(*run, name)).collect();
        (Some(name.clone()), f1)
    });
    let all = runs.iter().map(|run| run.map(|run| run.word.f1)).collect();
    rows.chain([(None, all)]).collect()
}

/// A line about the differences between two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Title of the lines that follow.
    Title(String),
    /// Name, value of the followed run, value of the other.
    Difference(String, String, String),
}

/// Lists the differences between two runs: data, then settings.
///
/// The data come first, because scores on different data cannot be compared.
pub fn lines(a: &RunSummary, b: &RunSummary) -> Vec<Line> {
    let mut lines = Vec::new();
    for (title, rows) in [("data", data(a, b)), ("settings", settings(a, b))] {
        lines.push(Line::Title(match &rows {
            None => format!("{title}: not known of both"),
            Some(rows) if rows.is_empty() => format!("{title}: the same"),
            Some(_) => format!("{title} that differ"),
        }));
        lines.extend(rows.unwrap_or_default().into_iter().map(|(name, a, b)| Line::Difference(name, a, b)));
    }
    lines
}

fn settings(a: &RunSummary, b: &RunSummary) -> Option<Vec<Difference>> {
    Some(
        form::differences(&shown_settings(a)?, &shown_settings(b)?)
            .into_iter()
            .map(|(name, a, b)| (name.to_owned(), a, b))
            .collect(),
    )
}

/// Settings with the base as it is shown, which names its edition: two runs may differ by that alone.
fn shown_settings(run: &RunSummary) -> Option<Settings> {
    Some(Settings { base: run.base.clone(), ..run.settings.clone()? })
}

fn data(a: &RunSummary, b: &RunSummary) -> Option<Vec<Difference>> {
    let (a, b) = a.data.as_ref().zip(b.data.as_ref())?;
    let mut rows = vec![("tagged by".to_owned(), a.annotator.clone(), b.annotator.clone())];
    for (at, split) in ["train", "valid", "test"].into_iter().enumerate() {
        for (what, a, b) in [("texts", a.documents, b.documents), ("spans", a.spans, b.spans)] {
            rows.push((format!("{split} {what}"), grouped(a[at]), grouped(b[at])));
        }
    }
    rows.retain(|(_, a, b)| a != b);
    Some(rows)
}

/// Words on whether chance explains the difference between two runs, one statement each.
/// The first is about the interval, the second about the seeds, the last about the sentences behind the difference.
pub fn chance(
    comparison: Option<&Result<Box<ScoreComparison>, String>>,
    runs: &[RunSummary],
    a: &RunSummary,
    b: &RunSummary,
) -> Vec<String> {
    let comparison = match comparison {
        None => return vec![awaited(a, b)],
        Some(Err(why)) => return vec![format!("no interval of A-B: {why}")],
        Some(Ok(comparison)) => comparison,
    };
    let overall = &comparison.differences.overall;
    let mut lines = Vec::new();
    if let Some(Interval { low, high }) = overall.interval {
        let decided = if overall.is_clear() { "" } else { ", may be chance" };
        lines.push(format!(
            "A-B {} (95 %: {} to {}){decided}",
            signed(overall.observed(), 3),
            signed(low, 3),
            signed(high, 3)
        ));
    }
    // The kept scores are those on the validation split.
    match seed_verdict(runs, a, b, a.validated()) {
        Some(SeedVerdict::SeedAlone) => lines.push("A and B differ by their seed alone".to_owned()),
        Some(SeedVerdict::Spread(seeds)) => {
            let within = if overall.observed().abs() <= seeds.spread { "within" } else { "above" };
            let count = seeds.runs.len();
            lines.push(format!("{within} the spread of {count} other seeds, {}", score(seeds.spread, 3)));
        }
        None => {}
    }
    lines.push(changes(comparison.only_right, a.began_after(b)));
    lines
}

/// Says how many sentences only one of two runs has right. `is_newer`: whether the first run is the newer one, if known.
fn changes([only_a, only_b]: [usize; 2], is_newer: Option<bool>) -> String {
    let Some(is_newer) = is_newer else {
        return format!("only A is right in {}, only B in {}", with_noun(only_a, "sentence"), grouped(only_b));
    };
    let [letter, fixed, broken] = match is_newer {
        true => ["A".to_owned(), with_noun(only_a, "sentence"), grouped(only_b)],
        false => ["B".to_owned(), with_noun(only_b, "sentence"), grouped(only_a)],
    };
    format!("{letter} is newer: it fixed {fixed} and broke {broken}")
}

/// Says when the differences between two runs are there.
fn awaited(a: &RunSummary, b: &RunSummary) -> String {
    match [a, b].into_iter().find(|run| !run.status.phase.is_over()) {
        Some(run) => format!("A-B on single sentences is computed when {} has ended", run.id),
        None => "A-B on single sentences is being computed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_with_its_interval_and_the_spread_between_seeds() {
        use crate::{
            runs::{Phase, RunData, SentenceScores, Status},
            spans::score::EntityCounts,
        };
        let run = |id: &str, seed: u64, word_f1: f64| RunSummary {
            id: id.to_owned(),
            status: Status { phase: Phase::Done, ..Status::default() },
            settings: Some(Settings { seed, ..Settings::lesson("mini") }),
            data: Some(RunData { trained: Some("1".into()), validated: Some("2".into()), ..RunData::default() }),
            word_f1: Some(word_f1),
            ..RunSummary::default()
        };
        let runs = [run("1", 1, 0.5), run("2", 2, 0.52), run("3", 3, 0.9)];
        let counts =
            |right: usize| EntityCounts { true_positives: right, false_positives: 2 - right, false_negatives: 0 };
        let scores = |right: usize| SentenceScores::new(1, String::new(), &vec![vec![("Dish", counts(right))]; 4]);
        let found = Some(scores(2).compare(&scores(1)).map(Box::new).map_err(str::to_owned));
        let other = RunSummary { settings: None, started: 9, ..run("4", 3, 0.6) };
        assert_eq!(
            chance(found.as_ref(), &runs, &runs[2], &other),
            [
                "A-B +.333 (95 %: +.333 to +.333)",
                "above the spread of 2 other seeds, .020",
                "only A is right in 4 sentences, only B in 0"
            ]
        );
        let same = Some(scores(1).compare(&scores(1)).map(Box::new).map_err(str::to_owned));
        assert_eq!(
            chance(same.as_ref(), &runs, &runs[0], &runs[1])[..2],
            ["A-B .000 (95 %: .000 to .000), may be chance", "A and B differ by their seed alone"]
        );
        let [older, newer] = [7, 9].map(|started| RunSummary { started, ..run("5", 3, 0.6) });
        let newer = RunSummary { id: "6".into(), ..newer };
        let last = |a: &RunSummary, b: &RunSummary| chance(found.as_ref(), &[], a, b).pop().unwrap();
        assert_eq!(last(&newer, &older), "A is newer: it fixed 4 sentences and broke 0");
        assert_eq!(last(&older, &newer), "B is newer: it fixed 0 sentences and broke 4");
        let failed = Some(Err("1 keeps none".to_owned()));
        assert_eq!(chance(failed.as_ref(), &[], &other, &other), ["no interval of A-B: 1 keeps none"]);
        assert!(chance(None, &[], &other, &other)[0].contains("being computed"));
        let live = RunSummary { id: "4".to_owned(), ..RunSummary::default() };
        assert!(chance(None, &[], &live, &other)[0].ends_with("computed when 4 has ended"));
    }

    #[test]
    fn two_editions_of_a_base_differ_and_the_settings_name_the_base_itself() {
        let settings = Some(Settings::lesson("mini"));
        let [old, new] = ["mini (edition 1)", "mini"].map(|base| RunSummary {
            base: base.to_owned(),
            settings: settings.clone(),
            ..RunSummary::default()
        });
        let found = lines(&old, &new);
        let difference = Line::Difference("base".to_owned(), "mini (edition 1)".to_owned(), "mini".to_owned());
        assert!(found.contains(&difference), "{found:?}");
    }
}
