//! Result of a cross-validation: scores on sentences that the model had not learned, with intervals.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Scores of entities per word, lenient, with the 95 % interval of F1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Estimate {
    /// Share of correct entities among the predicted ones.
    pub precision: f64,
    /// Share of correctly predicted entities among the gold ones.
    pub recall: f64,
    /// Harmonic mean.
    pub f1: f64,
    /// Lower end of the interval of F1; `None` if every resample has the same F1.
    pub low: Option<f64>,
    /// Upper end of the interval of F1.
    pub high: Option<f64>,
    /// Number of gold entities.
    pub support: usize,
}

impl Estimate {
    /// The interval of F1 with three decimal digits: `0.694 to 0.731`, or `-` if there is none.
    pub fn interval(&self) -> String {
        match (self.low, self.high) {
            (Some(low), Some(high)) => format!("{low:.3} to {high:.3}"),
            _ => "-".to_owned(),
        }
    }
}

/// One training of a cross-validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FoldScores {
    /// Number of the fold, from 1.
    pub fold: usize,
    /// Sentences that were learned.
    pub train: usize,
    /// Sentences that chose the weights.
    pub valid: usize,
    /// Sentences that were held out and scored.
    pub held_out: usize,
    /// F1 per word on those.
    pub f1: f64,
    /// Seconds of the training.
    pub seconds: f64,
}

/// Result of a cross-validation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CrossValidation {
    /// Start, in seconds since 1970, UTC.
    pub started: u64,
    /// Annotator whose documents were used; empty for files.
    pub annotator: String,
    /// Base model.
    pub base: String,
    /// Recipe of the settings.
    pub recipe: String,
    /// Seed of the folds and of the trainings.
    pub seed: u64,
    /// Number of folds that were planned.
    pub folds: usize,
    /// Sentences in all folds.
    pub sentences: usize,
    /// Sentences in the folds that are finished.
    pub scored: usize,
    /// The folds that are finished.
    pub finished: Vec<FoldScores>,
    /// Scores of all labels on the sentences that were scored.
    pub word: Estimate,
    /// Scores of each label.
    pub labels: BTreeMap<String, Estimate>,
}

impl CrossValidation {
    /// Whether every fold is finished.
    pub fn is_complete(&self) -> bool {
        self.finished.len() == self.folds
    }
}
