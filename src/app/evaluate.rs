//! The Evaluate screen: what an evaluation of the followed run says, label by label, in every way to count.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::runs::{
    LabelScores, Phase, Point, Scores,
    metrics::{Table, Tables},
};

use super::{command::Command, effect::Effect, event::Level, list, state::State, train};

/// What the Evaluate screen holds.
#[derive(Clone, Debug, Default)]
pub struct Evaluate {
    /// The row of the cursor, in the table of labels; the row of all labels comes last.
    pub row: usize,
    /// How entities are counted.
    pub count: Count,
    /// The test part is shown, not the validation part.
    pub test: bool,
    /// The last evaluation is shown, not that of the weights that are kept.
    pub last: bool,
    /// How the labels are sorted.
    pub sort: Sort,
}

/// A way to count entities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Per word piece, not per word.
    pub pieces: bool,
    /// A span counts only if it begins with its `B-` tag.
    pub strict: bool,
}

impl Count {
    /// The four ways.
    pub const ALL: [Self; 4] = [
        Self { pieces: false, strict: false },
        Self { pieces: false, strict: true },
        Self { pieces: true, strict: false },
        Self { pieces: true, strict: true },
    ];

    /// Such as `per word, lenient`.
    pub fn name(self) -> &'static str {
        match (self.pieces, self.strict) {
            (false, false) => "per word, lenient",
            (false, true) => "per word, strict",
            (true, false) => "per piece, lenient",
            (true, true) => "per piece, strict",
        }
    }
}

/// An order of the labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// Lowest F1 first: there is most to mend.
    F1,
    /// Most spans first.
    Support,
}

impl Sort {
    fn next(self) -> Self {
        match self {
            Self::Name => Self::F1,
            Self::F1 => Self::Support,
            Self::Support => Self::Name,
        }
    }

    /// What it is, in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "by name",
            Self::F1 => "lowest F1 first",
            Self::Support => "most spans first",
        }
    }
}

/// One evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    /// Steps done before it.
    pub step: usize,
    /// Epochs done before it.
    pub epoch: f64,
    /// `valid` or `test`.
    pub split: &'a str,
    /// Mean loss per labelled piece.
    pub loss: f64,
    /// Counted per word piece.
    pub piece: &'a Scores,
    /// Counted per word.
    pub word: &'a Scores,
    /// Per label, per word, lenient.
    pub labels: &'a BTreeMap<String, LabelScores>,
    /// The other ways to count; files of earlier versions have none.
    pub tables: Option<&'a Tables>,
}

/// What one way to count says.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// All labels together.
    pub all: &'a Scores,
    /// Each label; files of earlier versions have them per word, lenient only.
    pub labels: Option<&'a BTreeMap<String, LabelScores>>,
}

impl<'a> Counted<'a> {
    /// Spans that are there, all labels together.
    pub fn support(&self) -> Option<usize> {
        self.labels.map(|labels| labels.values().map(|scores| scores.support).sum())
    }

    /// The labels in an order.
    pub fn sorted(&self, sort: Sort) -> Vec<(&'a str, &'a LabelScores)> {
        let mut labels: Vec<(&str, &LabelScores)> =
            self.labels.into_iter().flatten().map(|(name, scores)| (name.as_str(), scores)).collect();
        match sort {
            Sort::Name => {}
            Sort::F1 => labels.sort_by(|(_, a), (_, b)| a.f1.total_cmp(&b.f1)),
            Sort::Support => labels.sort_by_key(|(_, scores)| Reverse(scores.support)),
        }
        labels
    }
}

impl<'a> From<&'a Table> for Counted<'a> {
    fn from(table: &'a Table) -> Self {
        Self { all: &table.all, labels: Some(&table.labels) }
    }
}

impl<'a> Evaluation<'a> {
    /// The evaluation that a point tells, if it tells one.
    pub fn of(point: &'a Point) -> Option<Self> {
        match point {
            Point::Eval { step, epoch, split, loss, piece, word, labels, tables } => Some(Self {
                step: *step,
                epoch: *epoch,
                split,
                loss: *loss,
                piece,
                word,
                labels,
                tables: tables.as_deref(),
            }),
            Point::Step { .. } => None,
        }
    }

    /// What this way to count says; `None` if the file does not tell it.
    pub fn counted(&self, count: Count) -> Option<Counted<'a>> {
        match (count.pieces, count.strict, self.tables) {
            (false, false, _) => Some(Counted { all: self.word, labels: Some(self.labels) }),
            (false, true, Some(tables)) => Some((&tables.word_strict).into()),
            (true, false, Some(tables)) => Some((&tables.piece).into()),
            (true, true, Some(tables)) => Some((&tables.piece_strict).into()),
            (true, false, None) => Some(Counted { all: self.piece, labels: None }),
            (_, true, None) => None,
        }
    }

    /// Entities in the gold data, all labels together.
    pub fn support(&self) -> usize {
        self.labels.values().map(|scores| scores.support).sum()
    }
}

/// The evaluation that is shown, and which one it is.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The evaluation.
    pub evaluation: Evaluation<'a>,
    /// Such as `best evaluation, weights kept`.
    pub which: &'static str,
}

impl State {
    /// The evaluation that the Evaluate screen shows: of the part and the moment that were chosen.
    pub fn shown_evaluation(&self) -> Option<Shown<'_>> {
        let view = self.train.view.as_ref()?;
        if self.evaluate.test {
            return view.test().map(|evaluation| Shown { evaluation, which: "of the weights that are kept" });
        }
        let last = view.evaluation()?;
        let kept = self.train.followed().and_then(|run| view.kept(run)).unwrap_or(last);
        let over = view.status.phase.is_over();
        let which = match (kept.step == last.step, self.evaluate.last) {
            _ if view.status.phase == Phase::Failed => "before the run failed",
            (true, _) if over => "last evaluation, weights kept",
            (true, _) => "last evaluation so far",
            (false, false) if over => "best evaluation, weights kept",
            (false, false) => "best evaluation so far",
            (false, true) if over => "last evaluation, weights not kept",
            (false, true) => "last evaluation so far, not the best",
        };
        Some(Shown { evaluation: if self.evaluate.last { last } else { kept }, which })
    }

    /// The place of the followed run among all runs, newest first, and how many there are.
    pub fn followed_run(&self) -> Option<(usize, usize)> {
        let view = self.train.view.as_ref()?;
        let at = self.train.runs.iter().position(|run| run.id == view.id)?;
        Some((at, self.train.runs.len()))
    }
}

/// The right, wrong and missed entities that a label's scores stand for, as whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Found and there.
    pub right: usize,
    /// Found and not there; not known of an old run in which nothing was right.
    pub wrong: Option<usize>,
    /// There and not found.
    pub missed: usize,
}

impl Tally {
    /// Reckons the tally back from precision, recall and support; exact, because each is a ratio of such numbers. What
    /// was found is told since it cannot be reckoned where nothing was right.
    pub fn of(scores: &LabelScores) -> Self {
        let right = whole(scores.recall * count(scores.support)).min(scores.support);
        let reckoned = (scores.precision > 0.0).then(|| whole(count(right) / scores.precision));
        let found = scores.found.or(reckoned);
        Self { right, wrong: found.map(|found| found.saturating_sub(right)), missed: scores.support - right }
    }
}

/// Exact for all numbers of entities that there can be.
#[allow(clippy::cast_precision_loss, reason = "counts of entities stay far below 2^52")]
fn count(n: usize) -> f64 {
    n as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn whole(x: f64) -> usize {
    if x.is_finite() { x.round().clamp(0.0, 1e12) as usize } else { 0 }
}

/// Rows that a key for a page goes over.
const PAGE: usize = 9;

/// Carries out a command of this screen.
pub(super) fn run(state: &mut State, command: Command) -> Vec<Effect> {
    let count = state.evaluate.count;
    let counted = state.shown_evaluation().and_then(|shown| shown.evaluation.counted(count));
    // The row of all labels comes last.
    let last = counted.and_then(|counted| counted.labels).map_or(0, BTreeMap::len);
    let evaluate = &mut state.evaluate;
    if let Some(row) = list::moved(command, evaluate.row, last + 1, PAGE) {
        evaluate.row = row;
        return Vec::new();
    }
    match command {
        Command::Unit => evaluate.count.pieces = !evaluate.count.pieces,
        Command::Strict => evaluate.count.strict = !evaluate.count.strict,
        Command::Part => evaluate.test = !evaluate.test,
        Command::Kept => evaluate.last ^= !evaluate.test,
        Command::Sort => evaluate.sort = evaluate.sort.next(),
        Command::OlderRun => return other_run(state, true),
        Command::NewerRun => return other_run(state, false),
        _ => {}
    }
    match command {
        Command::Kept if state.evaluate.test => {
            state.tell(Level::Info, "The test part is scored once, with the weights that are kept");
        }
        Command::Kept => tell_kept(state),
        Command::Sort => {
            let text = format!("Sorted: {}", state.evaluate.sort.name());
            state.tell(Level::Info, text);
        }
        _ => {}
    }
    Vec::new()
}

/// Says so where there is no other evaluation to go to.
fn tell_kept(state: &mut State) {
    let step = |state: &State| state.shown_evaluation().map(|shown| shown.evaluation.step);
    let now = step(state);
    state.evaluate.last = !state.evaluate.last;
    let other = step(state);
    state.evaluate.last = !state.evaluate.last;
    if now.is_some() && now == other {
        state.tell(Level::Info, "The last evaluation and the one whose weights are kept are the same here");
    }
}

/// Follows the run before or after the one that is followed.
fn other_run(state: &mut State, older: bool) -> Vec<Effect> {
    let at = state.followed_run().map_or(0, |(at, _)| at);
    let other = if older { at.checked_add(1) } else { at.checked_sub(1) };
    let run = other.and_then(|other| Some((other, state.train.runs.get(other)?.id.clone())));
    let Some((row, run)) = run else {
        let text = if older { "There is no older run" } else { "This is the newest run" };
        state.tell(Level::Info, text);
        return Vec::new();
    };
    state.train.run_row = row;
    train::follow(state, run)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_tally_is_reckoned_back_exactly(right in 1usize..5000, wrong in 0usize..5000, missed in 0usize..5000) {
            let (found, support) = (right + wrong, right + missed);
            let scores = LabelScores {
                precision: count(right) / count(found),
                recall: count(right) / count(support),
                f1: 0.0,
                support,
                found: None,
            };
            prop_assert_eq!(Tally::of(&scores), Tally { right, wrong: Some(wrong), missed });
            let none = LabelScores { precision: 0.0, recall: 0.0, f1: 0.0, support, found: None };
            prop_assert_eq!(Tally::of(&none).wrong, None);
            prop_assert_eq!(Tally::of(&LabelScores { found: Some(wrong), ..none }).wrong, Some(wrong));
        }
    }
}
