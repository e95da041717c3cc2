//! Two runs side by side.
//! Their scores, and the differences between their data and settings.

use std::collections::BTreeSet;

use crate::{
    app::{evaluation::Evaluation, run_view},
    runs::{Point, RunSummary, Settings, curves::Curves},
    text::number::grouped,
};

use super::form;

/// The run beside the followed one.
#[derive(Clone, Debug)]
pub struct OtherRun {
    /// Folder name.
    pub id: String,
    /// Its lines, or why there are none; `None` while they are being read.
    pub points: Option<Result<Vec<Point>, String>>,
    /// The curves of these lines.
    pub curves: Curves,
    /// Generation of the request that reads them.
    pub(super) generation: u64,
}

/// Largest number of runs beside the followed one.
pub(super) const MOST_OTHERS: usize = 5;
/// Letters of the runs, the followed one first.
pub const LETTERS: [char; MOST_OTHERS + 1] = ['A', 'B', 'C', 'D', 'E', 'F'];

/// Name, value of the followed run, value of the other.
type Difference = (String, String, String);

fn label_f1(evaluation: Option<Evaluation<'_>>, label: &str) -> Option<f64> {
    evaluation?.labels.get(label).map(|scores| scores.f1)
}

/// A label, `None` for all together, with its F1 in each run.
pub type LabelRow = (Option<String>, Vec<Option<f64>>);

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

/// The evaluation by which a run is compared.
///
/// Once the run is over, the one of its kept weights; before, the last one.
pub fn evaluation<'a>(info: &RunSummary, points: &'a [Point]) -> Option<Evaluation<'a>> {
    match info.status.phase.is_over() {
        true => run_view::kept(points, &info.status, info.settings.as_ref()),
        false => run_view::evaluations(points).next_back(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
