//! What a run publishes: one [`Point`] a line in `metrics.jsonl`, and the final [`Report`]. The JSON forms are a contract.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Precision, recall and F1 over entities, accuracy over tags; all from 0 to 1, 0 where nothing was to be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Right entities among those found.
    pub precision: f64,
    /// Found entities among those that are there.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Share of tags that are right, `O` included.
    pub accuracy: f64,
}

/// The scores of one label, per word, lenient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelScores {
    /// Right among found.
    pub precision: f64,
    /// Found among there.
    pub recall: f64,
    /// Harmonic mean.
    pub f1: f64,
    /// Entities in the gold data.
    pub support: usize,
    /// Entities that the model found, right or wrong; lines of earlier versions do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<usize>,
}

/// One way to count entities: all labels together, and each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// All labels together.
    pub all: Scores,
    /// Each label.
    pub labels: BTreeMap<String, LabelScores>,
}

/// The ways to count besides per word, lenient.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tables {
    /// Per word; a span that does not begin with its `B-` tag is none.
    pub word_strict: Table,
    /// Per word piece, lenient.
    pub piece: Table,
    /// Per word piece, strict.
    pub piece_strict: Table,
}

/// One line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Point {
    /// After some optimiser steps: means since the line before.
    Step {
        /// Optimiser steps done.
        step: usize,
        /// Epochs done, with fraction.
        epoch: f64,
        /// Mean training loss since the last such line (natural logarithm, per labelled piece).
        loss: f64,
        /// Learning rate of the step just done.
        lr: f64,
        /// Global L2 norm of the gradient of the step just done, before clipping.
        grad_norm: f64,
        /// Real word pieces (no padding) trained a second since the last such line.
        tokens_per_second: f64,
    },
    /// After an evaluation.
    Eval {
        /// Optimiser steps done.
        step: usize,
        /// Epochs done, with fraction.
        epoch: f64,
        /// `valid` or `test`.
        split: String,
        /// Mean loss per labelled piece.
        loss: f64,
        /// Scores counted per word piece (the lesson's count).
        piece: Scores,
        /// Scores counted per word.
        word: Scores,
        /// Per label, counted per word.
        labels: BTreeMap<String, LabelScores>,
        /// The other ways to count; lines of earlier versions have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tables: Option<Box<Tables>>,
    },
}

impl Point {
    /// Optimiser steps done when it was published.
    pub fn step(&self) -> usize {
        match self {
            Self::Step { step, .. } | Self::Eval { step, .. } => *step,
        }
    }
}

/// The two counts of one evaluation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Per word piece.
    pub piece: Scores,
    /// Per word.
    pub word: Scores,
}

/// What a finished training says: the last line of `tagli train --json` holds these fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Wall-clock seconds from the first step to the end of the last evaluation during training, loading and the
    /// final test not counted (what the Hugging Face Trainer calls `train_runtime`).
    pub seconds: f64,
    /// Optimiser steps done.
    pub steps: usize,
    /// Training sentences a second, over `seconds`.
    pub samples_per_second: f64,
    /// Scores on the validation part, of the weights that were kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<Counts>,
    /// Scores on the test part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Counts>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_metrics_file_have_the_contracts_names() {
        let step = Point::Step { step: 50, epoch: 0.5, loss: 1.5, lr: 1e-4, grad_norm: 2.0, tokens_per_second: 900.0 };
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
    }
}
