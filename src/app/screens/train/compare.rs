//! Two runs side by side.
//! Their scores, and the differences between their data and settings.

use std::collections::BTreeSet;

use crate::{
    app::{evaluation::Evaluation, run_view},
    runs::{Point, RunSummary, Settings},
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
    /// Generation of the request that reads them.
    pub(super) generation: u64,
}

/// Name, value of the followed run, value of the other.
type Difference = (String, String, String);

/// F1 of a label in two runs; `None` where a run does not know the label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelPair {
    /// The label; `None` for all labels together.
    pub label: Option<String>,
    /// F1 in the followed run, and in the other.
    pub f1: (Option<f64>, Option<f64>),
}

impl LabelPair {
    /// F1 of the followed run minus F1 of the other.
    pub fn gain(&self) -> Option<f64> {
        self.f1.0.zip(self.f1.1).map(|(a, b)| a - b)
    }
}

/// F1 per word of each label, all together last.
pub fn labels(a: Option<Evaluation<'_>>, b: Option<Evaluation<'_>>) -> Vec<LabelPair> {
    let names: BTreeSet<&String> = a.iter().chain(&b).flat_map(|evaluation| evaluation.labels.keys()).collect();
    let mut pairs: Vec<LabelPair> = names
        .into_iter()
        .map(|name| LabelPair { label: Some(name.clone()), f1: (label_f1(a, name), label_f1(b, name)) })
        .collect();
    pairs.push(LabelPair { label: None, f1: (a.map(|a| a.word.f1), b.map(|b| b.word.f1)) });
    pairs
}

fn label_f1(evaluation: Option<Evaluation<'_>>, label: &str) -> Option<f64> {
    evaluation?.labels.get(label).map(|scores| scores.f1)
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
