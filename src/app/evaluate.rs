//! The Evaluate screen: what the last evaluation of the followed run says, label by label.

use std::collections::BTreeMap;

use crate::runs::{LabelScores, Point, Scores};

use super::{command::Command, state::State};

/// What the Evaluate screen holds.
#[derive(Clone, Debug, Default)]
pub struct Evaluate {
    /// The row of the cursor, in the table of labels.
    pub row: usize,
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
}

impl<'a> Evaluation<'a> {
    /// The evaluation that a point tells, if it tells one.
    pub fn of(point: &'a Point) -> Option<Self> {
        match point {
            Point::Eval { step, epoch, split, loss, piece, word, labels, .. } => {
                Some(Self { step: *step, epoch: *epoch, split, loss: *loss, piece, word, labels })
            }
            Point::Step { .. } => None,
        }
    }

    /// Entities in the gold data, all labels together.
    pub fn support(&self) -> usize {
        self.labels.values().map(|scores| scores.support).sum()
    }
}

/// The right, wrong and missed entities that a label's scores stand for, as whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Found and there.
    pub right: usize,
    /// Found and not there.
    pub wrong: usize,
    /// There and not found.
    pub missed: usize,
}

impl Tally {
    /// Reckons the tally back from precision, recall and support; exact, because each is a ratio of such numbers.
    pub fn of(scores: &LabelScores) -> Self {
        let right = whole(scores.recall * count(scores.support)).min(scores.support);
        let found = if scores.precision > 0.0 { whole(count(right) / scores.precision) } else { right };
        Self { right, wrong: found.saturating_sub(right), missed: scores.support - right }
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

/// Carries out a command of this screen.
pub(super) fn run(state: &mut State, command: Command) {
    let labels = state.train.evaluation().map_or(0, |e| e.labels.len());
    let evaluate = &mut state.evaluate;
    match command {
        Command::Up => evaluate.row = evaluate.row.saturating_sub(1),
        Command::Down => evaluate.row = (evaluate.row + 1).min(labels.saturating_sub(1)),
        _ => {}
    }
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
            };
            prop_assert_eq!(Tally::of(&scores), Tally { right, wrong, missed });
        }
    }
}
