//! Two runs side by side: what they reached, and in what they differ.

use std::collections::BTreeSet;

use crate::{
    runs::{LabelScores, Point, RunSummary},
    text::number::grouped,
};

use super::{
    super::{effect::Effect, evaluate::Evaluation, event::Level, state::State},
    Page, follow, form, view,
};

/// The run that lies beside the followed one.
#[derive(Clone, Debug)]
pub struct Other {
    /// Its folder name.
    pub id: String,
    /// Its lines; why there are none; `None` while they are read.
    pub points: Option<Result<Vec<Point>, String>>,
    generation: u64,
}

/// Name, value of the followed run, value of the other.
type Difference = (String, String, String);

/// Lays the run under the cursor (or, with the run in front, one that is to be chosen) beside the followed one.
pub(super) fn compare(state: &mut State) -> Vec<Effect> {
    let train = &mut state.train;
    let Some(followed) = train.view.as_ref().map(|view| view.id.clone()) else { return Vec::new() };
    if train.page != Page::Runs {
        if train.runs.len() < 2 {
            state.tell(Level::Info, "There is no other run to compare with");
            return Vec::new();
        }
        train.page = Page::Runs;
        let at = train.runs.iter().position(|run| run.id == followed).unwrap_or(0);
        // The older neighbour is what one compares with most.
        train.run_row = if at + 1 < train.runs.len() { at + 1 } else { at.saturating_sub(1) };
        state.tell(Level::Info, format!("Go to a run; m lays it beside {followed}"));
        return Vec::new();
    }
    let Some(chosen) = train.runs.get(train.run_row).cloned() else { return Vec::new() };
    if chosen.id == followed {
        state.tell(Level::Info, format!("{followed} is the one that is open; m on another run lays that beside it"));
        return Vec::new();
    }
    if chosen.status.phase.is_over() {
        return beside(state, chosen.id);
    }
    // The one that goes on is followed, the other is read once.
    let mut effects = follow(state, chosen.id);
    effects.extend(beside(state, followed));
    effects
}

fn beside(state: &mut State, run: String) -> Vec<Effect> {
    let generation = state.next_generation();
    state.train.other = Some(Other { id: run.clone(), points: None, generation });
    (state.train.page, state.train.scrolled) = (Page::Compare, 0);
    vec![Effect::Compare { generation, run }]
}

pub(in super::super) fn compared(state: &mut State, generation: u64, points: Result<Vec<Point>, String>) {
    if let Some(other) = state.train.other.as_mut().filter(|other| other.generation == generation) {
        other.points = Some(points);
    }
}

/// The F1 of a label in two runs; nothing where a run does not know the label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelPair {
    /// The label; all of them together if `None`.
    pub label: Option<String>,
    /// F1 in the followed run, and in the other.
    pub f1: (Option<f64>, Option<f64>),
}

impl LabelPair {
    /// How much more the followed run reaches.
    pub fn gain(&self) -> Option<f64> {
        self.f1.0.zip(self.f1.1).map(|(a, b)| a - b)
    }
}

/// F1 per word of all labels and of each, all together last.
pub fn labels(a: Option<Evaluation<'_>>, b: Option<Evaluation<'_>>) -> Vec<LabelPair> {
    let of = |evaluation: Option<Evaluation<'_>>, label: &str| {
        let scores: Option<LabelScores> = evaluation.and_then(|evaluation| evaluation.labels.get(label).copied());
        scores.map(|scores| scores.f1)
    };
    let names: BTreeSet<&String> = a.iter().chain(&b).flat_map(|evaluation| evaluation.labels.keys()).collect();
    let mut pairs: Vec<LabelPair> =
        names.into_iter().map(|name| LabelPair { label: Some(name.clone()), f1: (of(a, name), of(b, name)) }).collect();
    pairs.push(LabelPair { label: None, f1: (a.map(|one| one.word.f1), b.map(|one| one.word.f1)) });
    pairs
}

/// A line of what differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// What follows.
    Title(String),
    /// Name, value of the followed run, value of the other.
    Difference(String, String, String),
}

/// In what two runs differ: first the data, on which it depends whether their scores can be compared, then settings.
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
    let both = a.settings.as_ref().zip(b.settings.as_ref());
    both.map(|(a, b)| form::differences(a, b).into_iter().map(|(name, a, b)| (name.to_owned(), a, b)).collect())
}

fn data(a: &RunSummary, b: &RunSummary) -> Option<Vec<Difference>> {
    let (a, b) = a.data.as_ref().zip(b.data.as_ref())?;
    let mut rows = vec![("tagged by".to_owned(), a.annotator.clone(), b.annotator.clone())];
    for (at, part) in ["train", "valid", "test"].into_iter().enumerate() {
        for (what, a, b) in [("texts", a.documents, b.documents), ("spans", a.spans, b.spans)] {
            let number = |counts: [usize; 3]| grouped(counts.get(at).copied().unwrap_or(0));
            rows.push((format!("{part} {what}"), number(a), number(b)));
        }
    }
    rows.retain(|(_, a, b)| a != b);
    Some(rows)
}

/// The evaluation by which a run is compared: that of its kept weights on the validation part, or the last one so far.
pub fn evaluation<'a>(info: &RunSummary, points: &'a [Point]) -> Option<Evaluation<'a>> {
    match info.status.phase.is_over() {
        true => view::kept(points, &info.status, info.settings.as_ref()),
        false => view::evaluations(points).next_back(),
    }
}
