//! Metrics of a run: lines of `metrics.jsonl`, and the final [`Report`].
//! Each line is one [`Point`]. The JSON forms are a contract.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Precision, recall and F1 over entities, accuracy over tags.
/// All from 0 to 1, and 0 instead of a division by 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Share of correct entities among the predicted ones.
    pub precision: f64,
    /// Share of correctly predicted entities among the gold ones.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Share of correct tags, `O` included.
    pub accuracy: f64,
}

impl Scores {
    fn is_sound(&self) -> bool {
        are_shares(&[self.precision, self.recall, self.f1, self.accuracy])
    }
}

fn are_shares(values: &[f64]) -> bool {
    values.iter().all(|value| (0.0..=1.0).contains(value))
}

/// Scores of one label, per word, lenient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelScores {
    /// Share of correct entities among the predicted ones.
    pub precision: f64,
    /// Share of correctly predicted entities among the gold ones.
    pub recall: f64,
    /// Harmonic mean.
    pub f1: f64,
    /// Number of gold entities.
    pub support: usize,
    /// Number of predicted entities; lines of earlier versions do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<usize>,
}

impl LabelScores {
    fn is_sound(&self) -> bool {
        are_shares(&[self.precision, self.recall, self.f1])
    }
}

/// Scores for one way of counting entities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Scores of all labels together.
    pub all: Scores,
    /// Scores of each label.
    pub labels: BTreeMap<String, LabelScores>,
}

/// Scores for the ways of counting other than per word, lenient.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tables {
    /// Per word, strict: a span must begin with its `B-` tag.
    pub word_strict: Table,
    /// Per word piece, lenient.
    pub piece: Table,
    /// Per word piece, strict.
    pub piece_strict: Table,
}

/// Line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Point {
    /// Published after some optimiser steps: means since the last such line.
    Step {
        /// Optimiser steps done.
        step: usize,
        /// Epochs done, with fraction.
        epoch: f64,
        /// Mean training loss since the last such line.
        /// Natural logarithm, per labelled piece.
        loss: f64,
        /// Learning rate of the last step.
        lr: f64,
        /// Global L2 norm of the gradient of the last step, before clipping.
        grad_norm: f64,
        /// Word pieces per second, without padding, since the last such line.
        tokens_per_second: f64,
        /// Seconds of training so far, pauses not counted.
        /// Lines of earlier versions do not have them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
    },
    /// Published after an evaluation.
    Eval {
        /// Optimiser steps done.
        step: usize,
        /// Epochs done, with fraction.
        epoch: f64,
        /// `valid` or `test`.
        split: String,
        /// Mean loss per labelled piece.
        loss: f64,
        /// Scores per word piece (the lesson's count).
        piece: Scores,
        /// Scores per word.
        word: Scores,
        /// Scores per label, per word.
        labels: BTreeMap<String, LabelScores>,
        /// Scores for the other ways of counting.
        /// Lines of earlier versions do not have them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tables: Option<Box<Tables>>,
    },
    /// Published where the second stage of a run begins, which learns from untagged sentences, too.
    Stage {
        /// Optimiser steps of the first stage.
        step: usize,
        /// Epochs of the first stage.
        epoch: f64,
        /// Number of the stage that begins: 2.
        stage: usize,
        /// Untagged sentences that it learns and leaves out.
        #[serde(flatten)]
        untagged: UntaggedCounts,
    },
}

/// Untagged sentences for which a model predicted tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UntaggedCounts {
    /// Sentences that the model read.
    pub read: usize,
    /// Sentences whose predicted tags are learned.
    pub kept: usize,
    /// Sentences left out because of a span with a score below the threshold.
    pub unsure: usize,
    /// Sentences left out because the model found no span in them.
    pub without_span: usize,
    /// Number of times that an epoch contains each tagged sentence.
    pub repeats: usize,
}

impl Point {
    /// Optimiser steps done at that time.
    /// For the test split, the step of the weights that were scored.
    pub fn step(&self) -> usize {
        match self {
            Self::Step { step, .. } | Self::Eval { step, .. } | Self::Stage { step, .. } => *step,
        }
    }

    /// Epochs done at that time, with fraction.
    pub fn epoch(&self) -> f64 {
        match self {
            Self::Step { epoch, .. } | Self::Eval { epoch, .. } | Self::Stage { epoch, .. } => *epoch,
        }
    }

    /// Whether all its scores are from 0 to 1.
    pub fn is_sound(&self) -> bool {
        let Self::Eval { piece, word, labels, tables, .. } = self else { return true };
        let tables = tables.iter().flat_map(|tables| [&tables.word_strict, &tables.piece, &tables.piece_strict]);
        piece.is_sound()
            && word.is_sound()
            && labels.values().all(LabelScores::is_sound)
            && tables.into_iter().all(|table| table.all.is_sound() && table.labels.values().all(LabelScores::is_sound))
    }

    /// F1 per word, lenient, if this is an evaluation of the validation split.
    pub fn valid_f1(&self) -> Option<f64> {
        match self {
            Self::Eval { split, word, .. } if split == "valid" => Some(word.f1),
            _ => None,
        }
    }
}

/// Whether weights with this F1 replace the best ones so far.
///
/// Of equally good ones the first are kept, as in the Hugging Face Trainer.
pub fn replaces_best(f1: f64, best: f64) -> bool {
    f1 > best
}

/// Finds the evaluation of the validation split whose weights a run keeps.
///
/// That is the evaluation after step `written`, whose weights are the model, if the run has ended; else the best one so
/// far or, without `keep_best`, the last.
pub fn kept<'a>(
    points: impl IntoIterator<Item = &'a Point, IntoIter: DoubleEndedIterator + Clone>,
    keep_best: bool,
    written: Option<usize>,
) -> Option<&'a Point> {
    let points = points.into_iter();
    if let Some(known) = written.and_then(|step| at(points.clone(), step)) {
        return Some(known);
    }
    let mut kept: Option<(&Point, f64)> = None;
    for point in points {
        let Some(f1) = point.valid_f1() else { continue };
        if kept.is_none_or(|(_, best)| !keep_best || replaces_best(f1, best)) {
            kept = Some((point, f1));
        }
    }
    kept.map(|(point, _)| point)
}

/// Finds the evaluation of the validation split after a step.
pub fn at<'a>(
    points: impl IntoIterator<Item = &'a Point, IntoIter: DoubleEndedIterator>,
    step: usize,
) -> Option<&'a Point> {
    points.into_iter().rfind(|point| point.step() == step && point.valid_f1().is_some())
}

/// Scores of one split, counted in two ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SplitScores {
    /// Per word piece.
    pub piece: Scores,
    /// Per word.
    pub word: Scores,
}

/// Report of a finished training.
/// The fields of the last line of `tagli train --json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Seconds from the first step to the end of the last evaluation.
    /// Without loading and the final test (`train_runtime` of the Hugging Face Trainer).
    pub seconds: f64,
    /// Optimiser steps done.
    pub steps: usize,
    /// Training sentences per second, over `seconds`.
    pub samples_per_second: f64,
    /// Scores of the kept weights on the validation split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<SplitScores>,
    /// Scores of the kept weights on the test split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<SplitScores>,
    /// Untagged sentences that the second stage learned; only for runs in which the first stage came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untagged: Option<UntaggedCounts>,
    /// Stage whose weights the model has, 1 or 2; only for runs with two stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eval(step: usize, split: &str, f1: f64) -> Point {
        let word = Scores { f1, ..Scores::default() };
        let (epoch, loss, piece, labels) = (0.0, 0.0, Scores::default(), BTreeMap::new());
        Point::Eval { step, epoch, split: split.into(), loss, piece, word, labels, tables: None }
    }

    #[test]
    fn of_equal_evaluations_the_first_is_kept_and_the_test_part_never_decides() {
        let points = [(1, "valid", 0.5), (2, "valid", 0.6), (3, "valid", 0.6), (4, "valid", 0.4), (3, "test", 0.9)];
        let points: Vec<Point> = points.into_iter().map(|(step, split, f1)| eval(step, split, f1)).collect();
        assert_eq!(kept(&points, true, None).map(Point::step), Some(2));
        assert_eq!(kept(&points, false, None).map(Point::step), Some(4));
        assert_eq!(kept(&points[4..], true, None), None);
        assert_eq!(kept(&points, true, Some(1)).map(Point::step), Some(1), "what was written is a fact");
    }

    #[test]
    fn the_lines_of_a_metrics_file_have_the_contracts_names() {
        let step = Point::Step {
            step: 50,
            epoch: 0.5,
            loss: 1.5,
            lr: 1e-4,
            grad_norm: 2.0,
            tokens_per_second: 900.0,
            seconds: None,
        };
        assert_eq!(
            serde_json::to_string(&step).unwrap(),
            r#"{"kind":"step","step":50,"epoch":0.5,"loss":1.5,"lr":0.0001,"grad_norm":2.0,"tokens_per_second":900.0}"#
        );
        let eval = Point::Eval {
            step: 479,
            epoch: 1.0,
            split: "valid".into(),
            loss: 0.25,
            piece: Scores::default(),
            word: Scores::default(),
            labels: [("Dish".to_owned(), LabelScores { support: 3, ..LabelScores::default() })].into(),
            tables: None,
        };
        let line = serde_json::to_string(&eval).unwrap();
        assert!(line.starts_with(
            r#"{"kind":"eval","step":479,"epoch":1.0,"split":"valid","loss":0.25,"piece":{"precision":0.0"#
        ));
        assert!(line.ends_with(r#""labels":{"Dish":{"precision":0.0,"recall":0.0,"f1":0.0,"support":3}}}"#));
        assert_eq!(serde_json::from_str::<Point>(&line).unwrap(), eval);
        let untagged = UntaggedCounts { read: 9, kept: 5, unsure: 3, without_span: 1, repeats: 2 };
        let stage = Point::Stage { step: 40, epoch: 3.0, stage: 2, untagged };
        let line = serde_json::to_string(&stage).unwrap();
        assert_eq!(
            line,
            r#"{"kind":"stage","step":40,"epoch":3.0,"stage":2,"read":9,"kept":5,"unsure":3,"without_span":1,"repeats":2}"#
        );
        assert_eq!(serde_json::from_str::<Point>(&line).unwrap(), stage);
    }
}
