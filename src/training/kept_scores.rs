//! Counts of each validation sentence, which go into the model folder beside the weights.

use super::evaluate::Evaluation;
use crate::{
    runs::SentenceScores,
    spans::{Sentence, dataset},
};

/// Counts of the last evaluation, and of the best one.
#[derive(Debug, Default)]
pub(super) struct KeptScores {
    last: Option<SentenceScores>,
    best: Option<SentenceScores>,
}

impl KeptScores {
    /// Keeps the counts of an evaluation of `valid` after a step of the run.
    pub(super) fn keep(&mut self, found: &Evaluation, valid: &[Sentence], step: usize, is_best: bool) {
        let scores = SentenceScores::new(step, dataset::fingerprint(valid), found.sentences());
        if is_best {
            self.best = Some(scores.clone());
        }
        self.last = Some(scores);
    }

    /// Counts of the weights after a step of the run, if they were scored since it began or was resumed.
    pub(super) fn of(&self, step: usize) -> Option<&SentenceScores> {
        [&self.last, &self.best].into_iter().flatten().find(|scores| scores.step == step)
    }
}
