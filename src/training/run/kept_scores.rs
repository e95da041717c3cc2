//! Counts of each validation sentence, which go into the model folder beside the weights.

use super::Run;
use crate::{
    runs::{FolderSink, SENTENCE_SCORES, SentenceScores},
    spans::dataset,
    training::{
        TrainError,
        evaluate::{Evaluation, evaluate},
    },
};

/// Counts of the last evaluation, and of the best one.
#[derive(Debug, Default)]
pub(super) struct KeptScores {
    last: Option<SentenceScores>,
    best: Option<SentenceScores>,
}

impl KeptScores {
    /// Counts of the weights after a step of the run, if they were scored since it began or was resumed.
    fn of(&self, step: usize) -> Option<&SentenceScores> {
        [&self.last, &self.best].into_iter().flatten().find(|scores| scores.step == step)
    }
}

impl Run<'_, '_> {
    /// Keeps the counts of an evaluation after `done` steps of this stage.
    pub(super) fn keep_scores(&mut self, found: &Evaluation, done: usize, is_best: bool) {
        let validated = dataset::fingerprint(&self.data.data.valid);
        let scores = SentenceScores::new(self.step_number(done), validated, found.sentences());
        self.scores.best = if is_best { Some(scores.clone()) } else { self.scores.best.take() };
        self.scores.last = Some(scores);
    }

    /// Scores the weights that become the model, unless that was done.
    /// The best weights of a resumed run may have been scored before it was interrupted.
    pub(super) fn complete_scores(&mut self, done: usize) -> Result<(), TrainError> {
        if self.data.valid.gold.is_empty() || self.scores.of(self.step_number(done)).is_some() {
            return Ok(());
        }
        let data = &self.data;
        let found = self.pool.install(|| evaluate(data.engine.as_ref(), &data.valid))?;
        self.keep_scores(&found, done, false);
        Ok(())
    }

    /// Adds the counts to the folder of a model with the weights after a step of the run.
    /// Without a validation split there are none.
    pub(super) fn write_scores(&self, folder: &mut dyn FolderSink, step: usize) -> Result<(), TrainError> {
        let Some(scores) = self.scores.of(step) else { return Ok(()) };
        Ok(folder.file(SENTENCE_SCORES, &scores.to_json()?)?)
    }
}
