//! An evaluation of a run.
//! Scores of each label and of all together, counted in four ways.

use std::{cmp::Reverse, collections::BTreeMap};

use strum::VariantArray;

use crate::runs::{
    LabelScores, Point, Scores,
    metrics::{Table, Tables},
};

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

    /// Name shown to the user, such as `per word, lenient`.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, VariantArray)]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// Lowest F1 first: these labels need the most work.
    F1,
    /// Most spans first.
    Support,
}

impl Sort {
    /// The order after this one; after the last, the first.
    pub(super) fn next(self) -> Self {
        Self::VARIANTS.iter().copied().cycle().skip_while(|sort| *sort != self).nth(1).unwrap_or_default()
    }

    /// Name shown to the user.
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

/// Scores of an evaluation in one way to count.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// All labels together.
    pub all: &'a Scores,
    /// Each label; files of earlier versions have them per word, lenient only.
    pub labels: Option<&'a BTreeMap<String, LabelScores>>,
}

impl<'a> Counted<'a> {
    /// Spans in the gold data, all labels together.
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
    /// The evaluation of a point, if it is one.
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
            Point::Step { .. } | Point::Stage { .. } => None,
        }
    }

    /// The scores in this way to count; `None` if the file does not hold them.
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

    /// F1 per word, strict; `None` for a run of an earlier version.
    pub fn strict_f1(&self) -> Option<f64> {
        self.tables.map(|tables| tables.word_strict.all.f1)
    }

    /// Entities in the gold data, all labels together.
    pub fn support(&self) -> usize {
        self.labels.values().map(|scores| scores.support).sum()
    }
}

/// Right, wrong and missed entities of a label, as whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Entity, and in the gold data.
    pub right: usize,
    /// Entity, but not in the gold data.
    /// Unknown for an old run in which nothing was right.
    pub wrong: Option<usize>,
    /// In the gold data, but not found.
    pub missed: usize,
}

impl Tally {
    /// Computes the tally from precision, recall and support.
    ///
    /// Exact, because each is a ratio of such numbers. The number found is taken from the scores where they have it: it cannot
    /// be computed where nothing was right.
    pub fn of(scores: &LabelScores) -> Self {
        let right = whole(scores.recall * count(scores.support)).min(scores.support);
        let computed = (scores.precision > 0.0).then(|| whole(count(right) / scores.precision));
        let found = scores.found.or(computed);
        Self { right, wrong: found.map(|found| found.saturating_sub(right)), missed: scores.support - right }
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of entities stay far below 2^52")]
fn count(n: usize) -> f64 {
    n as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn whole(x: f64) -> usize {
    if x.is_finite() { x.round().clamp(0.0, 1e12) as usize } else { 0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_tally_is_computed_exactly(right in 1usize..5000, wrong in 0usize..5000, missed in 0usize..5000) {
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
