//! Stages of a run: the first learns from tagged sentences, a second one from untagged ones, too.

use serde::{Deserialize, Serialize};

use super::teacher::Answers;
use crate::{
    runs::{SplitScores, UntaggedCounts, metrics::Report},
    spans::Sentence,
};

/// Result of the first stage, after which the second one counts on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct FirstStage {
    /// Optimiser steps.
    pub(super) steps: usize,
    /// Epochs, with fraction.
    pub(super) epochs: f64,
    /// Training sentences that were read, repetitions included.
    pub(super) sentences: f64,
    /// Seconds of training.
    pub(super) seconds: f64,
    /// Step whose weights are the model.
    pub(super) step: usize,
    /// Scores of the model.
    pub(super) valid: Option<SplitScores>,
    pub(super) test: Option<SplitScores>,
    /// Untagged sentences whose tags it predicted.
    pub(super) untagged: UntaggedCounts,
}

/// Results that a stage or a resumed run begins with.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Learned {
    /// Probabilities of teachers for the tagged sentences, then for the untagged ones.
    pub(super) answers: Option<Answers>,
    /// Result of the first stage, in the second one: the untagged sentences then have its predicted tags.
    pub(super) first: Option<FirstStage>,
}

/// Second stage that follows the first one.
#[derive(Debug)]
pub(super) struct SecondStage {
    pub(super) first: FirstStage,
    /// Untagged sentences with predicted tags.
    pub(super) sentences: Vec<Sentence>,
}

/// A stage that has ended.
pub(super) struct Ended {
    /// Report of the run so far.
    pub(super) report: Report,
    /// Second stage, if one follows; otherwise the run has ended.
    pub(super) next: Option<SecondStage>,
}

impl From<Report> for Ended {
    fn from(report: Report) -> Self {
        Self { report, next: None }
    }
}
