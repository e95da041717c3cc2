//! The end of a stage: which weights become the model, and what follows.

use super::{Best, Run};
use crate::{
    model::{ModelConfig, folder},
    runs::{Phase, Point, SENTENCE_SCORES, SplitScores, metrics, metrics::Report},
    text::number::with_noun,
    training::{
        TrainError, calibrate,
        evaluate::evaluate,
        mixture, pseudo_labels,
        stage::{Ended, FirstStage, SecondStage},
    },
};

impl Run<'_, '_> {
    /// Writes the best weights before a failure, if possible.
    /// The failure is reported in any case.
    pub(super) fn write_best_before_failure(&mut self) {
        // The model of a better first stage stays.
        let best = self.best.take().filter(|best| !self.is_first_better(Some(best.counts)));
        let Some(Best { step, .. }) = best.filter(|_| self.data.engine.restore_best()) else { return };
        let step = self.step_number(step);
        let kept = self.write_model(step).and_then(|()| {
            self.publisher.set(|status| status.checkpoint = Some(step));
            self.publisher.log(&format!("kept the weights of step {step}, the best before the failure"))
        });
        if let Err(error) = kept {
            tracing::warn!("the best weights before the failure could not be kept: {error}");
        }
    }

    /// Writes the weights after this step of the run as its model, with the scale of scores that fits them.
    pub(super) fn write_model(&mut self, step: usize) -> Result<(), TrainError> {
        self.publisher.phase(Phase::Evaluating)?;
        let fitted = self.pool.install(|| calibrate::fit(self.data.engine.as_ref(), &self.data.valid));
        self.publisher.log(&fitted.note)?;
        self.publisher.phase(Phase::Saving)?;
        let mut folder = self.publisher.sink().model()?;
        let engine = &self.data.engine;
        let config = ModelConfig { scale: fitted.scale, ..engine.config().clone() };
        folder::write(folder.as_mut(), &config, &engine.weights(), &self.data.tokenizer_json)?;
        // Without a validation split there are none.
        if let Some(scores) = self.scores.of(step) {
            folder.file(SENTENCE_SCORES, &scores.to_json()?)?;
        }
        Ok(folder.finish()?)
    }

    /// Scores the weights that become the model, unless that was done.
    /// The best weights of a resumed run may have been scored before it was interrupted.
    fn complete_scores(&mut self, step: usize) -> Result<(), TrainError> {
        if self.data.valid.gold.is_empty() || self.scores.of(step).is_some() {
            return Ok(());
        }
        let data = &self.data;
        let found = self.pool.install(|| evaluate(data.engine.as_ref(), &data.valid))?;
        self.scores.keep(&found, &self.data.data.valid, step, false);
        Ok(())
    }

    /// Whether the first stage scored at least as well on the validation split, and the best weights are wanted.
    fn is_first_better(&self, now: Option<SplitScores>) -> bool {
        let first = self.data.learned.first.as_ref().and_then(|first| first.valid);
        let replaces = |(first, now): (SplitScores, SplitScores)| metrics::replaces_best(now.word.f1, first.word.f1);
        self.data.settings.keep_best && first.zip(now).is_some_and(|scores| !replaces(scores))
    }

    /// Selects the best weights, writes the model, and predicts the untagged sentences if a second stage follows.
    /// The last weights are scored first if necessary.
    pub(super) fn finish(mut self, end: Phase) -> Result<Ended, TrainError> {
        if self.done == 0 {
            return self.finish_without_a_step(end);
        }
        if self.interrupted
            && let Some(first) = self.data.learned.first.clone()
        {
            // The run goes on from its checkpoint: only the end of the stage compares the two models.
            return self.finish_with_first(&first, end, "interrupted in the second stage");
        }
        if self.last.is_none_or(|(step, _)| step != self.done) {
            self.evaluate_valid()?;
        }
        let seconds = self.publisher.seconds();
        let (mut valid, mut kept) = (self.last.map(|(_, counts)| counts), self.done);
        if let Some(best) = self.best.take() {
            (valid, kept) = (Some(best.counts), best.step);
            let (step, f1) = (self.step_number(best.step), best.counts.word.f1);
            self.publisher.log(&format!("kept the weights of step {step}: word F1 {f1:.4} on valid"))?;
            self.data.engine.restore_best();
        } else if self.data.engine.swap_average() {
            self.publisher.log("the model is the average of the last weights")?;
        }
        let mut report = self.report(seconds);
        let mut step = self.step_number(kept);
        match self.data.learned.first.clone().filter(|_| self.is_first_better(valid)) {
            Some(first) => {
                let f1 = first.valid.map_or(0.0, |scores| scores.word.f1);
                let kept = format!("the model of the first stage is kept (step {}, word F1 {f1:.4})", first.step);
                self.publisher.log(&format!("the second stage was no better on valid: {kept}"))?;
                (report.valid, report.test, report.stage, step) = (first.valid, first.test, Some(1), first.step);
                self.publisher.set(|status| status.eta = None);
            }
            None => {
                report.valid = valid;
                report.test = match self.data.test.gold.is_empty() {
                    true => None,
                    false => Some(self.score(|data| &data.test, "test", kept)?.counts),
                };
                self.publisher.set(|status| status.eta = None);
                self.data.engine.drop_optimizer();
                self.complete_scores(step)?;
                self.write_model(step)?;
            }
        }
        self.publisher.set(|status| status.checkpoint = Some(step));
        if end == Phase::Done && !self.data.candidates.gold.is_empty() {
            let next = self.predict_untagged(&report, step)?;
            report.untagged = Some(next.first.untagged);
            if next.first.untagged.kept > 0 {
                return Ok(Ended { report, next: Some(next) });
            }
        }
        self.end(end, &report)?;
        Ok(report.into())
    }

    /// Ends a stage that was stopped before its first step.
    fn finish_without_a_step(self, end: Phase) -> Result<Ended, TrainError> {
        let Some(first) = self.data.learned.first.clone() else {
            // An untrained classifier is not a model.
            self.publisher.log("stopped before the first step: there is no model")?;
            self.publisher.phase(end)?;
            return Ok(Report::default().into());
        };
        self.finish_with_first(&first, end, "stopped before the first step of the second stage")
    }

    /// Ends a second stage without comparing the two models; the model of the first stage stays.
    fn finish_with_first(mut self, first: &FirstStage, end: Phase, why: &str) -> Result<Ended, TrainError> {
        self.publisher.log(&format!("{why}: the model of the first is kept"))?;
        let seconds = self.publisher.seconds();
        let report = Report { valid: first.valid, test: first.test, stage: Some(1), ..self.report(seconds) };
        self.publisher.set(|status| status.eta = None);
        self.end(end, &report)?;
        Ok(report.into())
    }

    /// Report of the run so far, without scores.
    fn report(&self, seconds: f64) -> Report {
        let first = self.data.learned.first.as_ref();
        let trained = first.map_or(0.0, |first| first.sentences) + self.trained_sentences();
        let samples_per_second = if seconds > 0.0 { trained / seconds } else { 0.0 };
        let stage = match first {
            Some(_) => Some(2),
            None => (!self.data.candidates.gold.is_empty()).then_some(1),
        };
        let untagged = first.map(|first| first.untagged);
        let steps = self.step_number(self.done);
        Report { seconds, steps, samples_per_second, untagged, stage, ..Report::default() }
    }

    /// Number of sentences that this stage has read, repetitions included.
    fn trained_sentences(&self) -> f64 {
        self.done as f64 / self.data.plan.per_epoch as f64 * self.data.sentences as f64
    }

    /// Enters the last phase of the run.
    fn end(&mut self, end: Phase, report: &Report) -> Result<(), TrainError> {
        self.publisher.log(&format!(
            "{}: {} in {:.1} s",
            end.name(),
            with_noun(report.steps, "step"),
            report.seconds
        ))?;
        self.publisher.phase(end)?;
        if !self.interrupted {
            self.publisher.sink().drop_checkpoint();
        }
        Ok(())
    }

    /// Predicts the tags of the untagged sentences with the model, and publishes how many of them can be learned.
    fn predict_untagged(&mut self, report: &Report, step: usize) -> Result<SecondStage, TrainError> {
        self.publisher.phase(Phase::Evaluating)?;
        let threshold = self.data.settings.untagged_threshold;
        let sentences = std::mem::take(&mut self.data.untagged);
        let (engine, candidates) = (self.data.engine.as_ref(), &self.data.candidates);
        let (sentences, counts) =
            self.pool.install(|| pseudo_labels::predict(engine, candidates, sentences, threshold));
        let repeats = mixture::repeats(self.data.train.gold.len(), counts.kept);
        let untagged = metrics::UntaggedCounts { repeats, ..counts };
        let metrics::UntaggedCounts { read, kept, unsure, without_span, .. } = untagged;
        let left_out = format!("{unsure} with a span less sure than {threshold}, {without_span} without a span");
        match kept {
            0 => {
                let all = with_noun(read, "untagged sentence");
                self.publisher.warn(&format!("There is no second stage; of {all}: {left_out}"))?;
            }
            _ => {
                let all = with_noun(read, "untagged sentence");
                self.publisher.log(&format!("of {all}, {kept} learned; left out: {left_out}"))?;
            }
        }
        let (steps, epochs) = (self.done, self.data.plan.epoch(self.done));
        if kept > 0 {
            self.publisher.point(&Point::Stage { step: steps, epoch: epochs, stage: 2, untagged })?;
            let uncompared = match self.data.settings.keep_best {
                true if report.valid.is_some() => None,
                true => Some("there is no validation split"),
                false => Some("keep_best is false"),
            };
            if let Some(why) = uncompared {
                let line = format!("the stages are not compared, because {why}: the model of the second is kept");
                self.publisher.warn(&line)?;
            }
        }
        let first = FirstStage {
            steps,
            epochs,
            sentences: self.trained_sentences(),
            seconds: self.publisher.seconds(),
            step,
            valid: report.valid,
            test: report.test,
            untagged,
        };
        Ok(SecondStage { first, sentences })
    }
}
