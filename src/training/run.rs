//! The training loop: steps, evaluations, controls.

mod finish;

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{
    TrainError,
    checkpoint::{self, Contents, Progress, Saved},
    engine::{Draws, Outcome, reference::compare},
    evaluate::{Evaluation, evaluate},
    examples::{EncodedSplit, Example, masked},
    job::Job,
    kept_scores::KeptScores,
    order,
    patience::Patience,
    precision::check_precision,
    prepare::{Prepared, prepare},
    publish::Publisher,
    stage::{Ended, Learned, SecondStage},
};
use crate::{
    model::device::{self, Chosen},
    runs::{Control, Phase, Point, RunSink, SplitScores, metrics::Report},
    text::number::with_noun,
};

/// Number of steps after which the remaining time is estimated.
const STEPS_TO_JUDGE: usize = 3;
/// Time for each piece in an evaluation in relation to training.
/// Training also has a backward pass and an optimiser.
const EVALUATION_COST: f64 = 0.3;
/// Niceness of the training threads.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;
/// Time between two checks of a paused run for a command of another process.
const POLL: Duration = Duration::from_millis(250);
/// Number of sentence ids of a diverged batch that are reported.
const IDS_SHOWN: usize = 8;

/// Trains, and writes points, status, log and model to `sink`.
///
/// Each point is passed to `on_point` after it was written. `controls` is read between two steps; it may be
/// disconnected. The model that is written is the best one or the last one, depending on the settings.
///
/// # Errors
/// Invalid data or settings, no such device, a sink that fails, or numbers that are no longer finite. The sink's last
/// status then states the error.
pub fn run(
    job: Job,
    sink: &mut dyn RunSink,
    controls: &Receiver<Control>,
    on_point: &mut dyn FnMut(&Point),
) -> Result<Report, TrainError> {
    let mut publisher = Publisher::new(sink, on_point);
    let outcome = stages(job, &mut publisher, controls);
    if let Err(error) = &outcome {
        publisher.fail(error);
    }
    outcome
}

/// Trains the one stage of a run, or both.
fn stages(mut job: Job, publisher: &mut Publisher<'_>, controls: &Receiver<Control>) -> Result<Report, TrainError> {
    publisher.phase(Phase::Starting)?;
    let chosen = device::choose(&job.settings.device)?;
    check_precision(&job.settings)?;
    publisher.set(|status| status.device = chosen.describe());
    publisher.log(&format!("device {}", chosen.describe()))?;
    let pool =
        ThreadPoolBuilder::new().thread_name(|at| format!("train-{at}")).start_handler(|_| lower_priority()).build();
    let pool = pool.map_err(|error| TrainError::Threads(error.to_string()))?;
    let resume = job.resume.take();
    let mut learned = Learned::default();
    if let Some(saved) = &resume {
        (job.untagged, learned) = checkpoint::learned(saved)?;
    }
    let is_first = !job.untagged.is_empty() && job.teachers.is_empty() && learned == Learned::default();
    if !job.teachers.is_empty() {
        let (count, sentences) = (job.teachers.len(), job.data.train.len() + job.untagged.len());
        publisher.log(&format!("{} answer for {}", with_noun(count, "teacher"), with_noun(sentences, "sentence")))?;
    }
    // The second stage begins from the base again.
    let again = is_first.then(|| job.clone());
    let prepared = pool.install(|| prepare(job, learned, &chosen))?;
    let ended = start(prepared, &chosen, resume, &pool, publisher, controls)?.complete()?;
    let (Some(SecondStage { first, sentences }), Some(job)) = (ended.next, again) else { return Ok(ended.report) };
    let learned = Learned { first: Some(first), ..Learned::default() };
    let prepared = pool.install(|| prepare(Job { untagged: sentences, ..job }, learned, &chosen))?;
    let mut run = start(prepared, &chosen, None, &pool, publisher, controls)?;
    run.save_at_border()?;
    Ok(run.complete()?.report)
}

/// Starts a stage, or resumes it, and checks its first batch.
fn start<'a, 'b>(
    mut prepared: Prepared,
    chosen: &Chosen,
    resume: Option<Saved>,
    pool: &'a ThreadPool,
    publisher: &'a mut Publisher<'b>,
    controls: &'a Receiver<Control>,
) -> Result<Run<'a, 'b>, TrainError> {
    for note in std::mem::take(&mut prepared.notes) {
        publisher.log(&note)?;
    }
    for (split, name) in [(&prepared.train, "train"), (&prepared.valid, "valid"), (&prepared.test, "test")] {
        split.notes(name).iter().try_for_each(|note| publisher.warn(note))?;
    }
    let before = prepared.learned.first.as_ref();
    let steps = prepared.plan.steps + before.map_or(0, |first| first.steps);
    let epochs = prepared.settings.epochs + before.map_or(0.0, |first| first.epochs);
    publisher.set(|status| {
        status.steps = steps;
        status.epochs = epochs;
    });
    let mut run = Run {
        data: prepared,
        pool,
        publisher,
        controls,
        done: 0,
        stop_after_epoch: false,
        patience: Patience::default(),
        meter: Meter::new(),
        evaluated: Speed::default(),
        last: None,
        best: None,
        scores: KeptScores::default(),
        saved: Instant::now(),
        interrupted: false,
    };
    if let Some(saved) = resume {
        run.resume_from(&saved)?;
    }
    run.compare_first_batch(chosen)?;
    Ok(run)
}

/// Lowers the priority of this thread and of those that it starts, so that keys stay responsive.
/// Only Linux has priorities for threads.
pub fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!("the training's threads keep their priority: {error}");
    }
}

/// A stage of a run, between two steps.
struct Run<'a, 'b> {
    data: Prepared,
    pool: &'a ThreadPool,
    publisher: &'a mut Publisher<'b>,
    controls: &'a Receiver<Control>,
    /// Number of completed optimiser steps of this stage.
    done: usize,
    stop_after_epoch: bool,
    patience: Patience,
    meter: Meter,
    evaluated: Speed,
    /// Step and result of the last evaluation.
    last: Option<(usize, SplitScores)>,
    best: Option<Best>,
    scores: KeptScores,
    /// Time of the last checkpoint, or of the start of the run.
    saved: Instant,
    /// Whether the run was interrupted, so that its checkpoint stays.
    interrupted: bool,
}

/// The best evaluation, whose weights the engine has saved.
#[derive(Clone, Copy, Debug)]
struct Best {
    step: usize,
    counts: SplitScores,
}

/// Sums since the last step point.
struct Meter {
    since: Instant,
    loss: f64,
    steps: usize,
    pieces: usize,
}

impl Meter {
    fn new() -> Self {
        Self { since: Instant::now(), loss: 0.0, steps: 0, pieces: 0 }
    }
}

/// Number of scored pieces, and the seconds that they took.
#[derive(Default)]
struct Speed {
    pieces: usize,
    seconds: f64,
}

impl Run<'_, '_> {
    fn complete(mut self) -> Result<Ended, TrainError> {
        match self.steps() {
            Ok(as_planned) => {
                // A stop after the last epoch of the first stage comes before the second one.
                let stops = self.stop_after_epoch && !self.data.candidates.gold.is_empty();
                self.finish(if as_planned && !stops { Phase::Done } else { Phase::Stopped })
            }
            Err(error) => {
                self.write_best_before_failure();
                Err(error)
            }
        }
    }

    /// Number of a step in the whole run, for `done` steps of this stage.
    fn step_number(&self, done: usize) -> usize {
        done + self.data.learned.first.as_ref().map_or(0, |first| first.steps)
    }

    /// Epochs of the whole run, for `done` steps of this stage.
    fn epoch_number(&self, done: usize) -> f64 {
        self.data.plan.epoch(done) + self.data.learned.first.as_ref().map_or(0.0, |first| first.epochs)
    }

    /// Trains until the end of the plan, or a command to stop.
    /// Returns whether it ended as planned.
    fn steps(&mut self) -> Result<bool, TrainError> {
        self.publisher.phase(Phase::Training)?;
        self.meter.since = Instant::now();
        let per_epoch = self.data.plan.per_epoch;
        let step = self.data.settings.batch * self.data.settings.accumulation;
        let mut order = Vec::new();
        while self.done < self.data.plan.steps {
            let (epoch, within) = (self.done / per_epoch, self.done % per_epoch);
            if self.stop_now()? || (within == 0 && self.done > 0 && self.stop_after_epoch) {
                return Ok(false);
            }
            if within == 0 || order.is_empty() {
                let settings = &self.data.settings;
                let lengths: Vec<usize> = self.data.train.examples.iter().map(|example| example.ids.len()).collect();
                order = order::of_epoch(settings.order, settings.seed, epoch, &lengths, step);
            }
            let chosen: Vec<usize> = order.iter().copied().skip(within * step).take(step).collect();
            self.step(&chosen)?;
            if self.data.plan.evaluations.contains(&self.done) {
                self.evaluate_valid()?;
                if self.patience.is_out(self.data.settings.patience) {
                    let waited = self.data.settings.patience;
                    self.publisher.log(&format!("stops early: {waited} evaluations in a row were no better"))?;
                    return Ok(true);
                }
                self.publisher.phase(Phase::Training)?;
            }
            if self.is_save_due() {
                self.save()?;
            }
        }
        Ok(true)
    }

    /// Executes commands, and waits while the run is paused.
    /// Returns whether the run must end now.
    fn stop_now(&mut self) -> Result<bool, TrainError> {
        let mut paused = false;
        while let Some(control) = self.next_control(paused) {
            match control {
                Control::StopNow => return Ok(true),
                Control::Interrupt => {
                    // The checkpoint comes first: what interrupts a run may end the process soon after.
                    self.interrupted = true;
                    self.save()?;
                    return Ok(true);
                }
                Control::Pause if !paused => {
                    paused = true;
                    self.publisher.phase(Phase::Paused)?;
                }
                Control::Checkpoint => {
                    self.checkpoint()?;
                    self.publisher.phase(if paused { Phase::Paused } else { Phase::Training })?;
                }
                Control::StopAfterEpoch | Control::Resume => {
                    self.stop_after_epoch |= control == Control::StopAfterEpoch;
                    let stopping = self.stop_after_epoch;
                    self.publisher.set(|status| status.stopping = stopping);
                    if std::mem::take(&mut paused) {
                        self.publisher.phase(Phase::Training)?;
                        self.meter = Meter::new();
                    }
                }
                Control::Pause => {}
            }
        }
        Ok(false)
    }

    /// Scores the current weights and writes them as the run's model.
    /// The model can be used while the run continues.
    fn checkpoint(&mut self) -> Result<(), TrainError> {
        if self.data.learned.first.is_some() {
            return self.publisher.log(
                "no checkpoint in the second stage: the model of the first stays until the two are compared at the end",
            );
        }
        if self.done == 0 {
            return self.publisher.log("no checkpoint before the first step: there is nothing to keep");
        }
        if self.last.is_none_or(|(step, _)| step != self.done) {
            self.evaluate_valid()?;
        }
        let step = self.done;
        // A training must not end because an intermediate model could not be written.
        if let Err(error) = self.with_average(|run| run.write_model(step)) {
            return self.publisher.warn(&format!("no checkpoint at step {step}: {error}"));
        }
        self.publisher.set(|status| status.checkpoint = Some(step));
        self.publisher.log(&format!("checkpoint: the model has the weights of step {step}"))
    }

    /// Whether a checkpoint is due.
    fn is_save_due(&self) -> bool {
        let settings = &self.data.settings;
        match settings.checkpoint_every {
            0 => {
                let minutes = settings.checkpoint_minutes;
                minutes > 0.0
                    && self.saved.elapsed().as_secs_f64() >= 60.0 * minutes
                    && self.done < self.data.plan.steps
            }
            every => self.done.is_multiple_of(every) && self.done < self.data.plan.steps,
        }
    }

    /// Writes a checkpoint.
    /// A failure is only a warning, so that the training continues.
    fn save(&mut self) -> Result<(), TrainError> {
        let began = Instant::now();
        let progress = Progress {
            points: self.publisher.points(),
            seconds: self.publisher.seconds(),
            last: self.last,
            best: self.best.map(|Best { step, counts }| (step, counts)),
            patience: self.patience,
            meter: (self.meter.loss.to_bits(), self.meter.steps, self.meter.pieces),
            first: self.data.learned.first.clone(),
            answers: self.data.learned.answers.as_ref().map(|answers| answers.starts.clone()).unwrap_or_default(),
            ..Progress::new(self.data.engine.as_ref(), self.done, self.data.fingerprint)
        };
        let Prepared { data, untagged, learned, engine, .. } = &self.data;
        let contents = Contents { data, untagged, answers: learned.answers.as_ref() };
        let written = self.publisher.sink().checkpoint().map_err(TrainError::from).and_then(|folder| {
            folder.map(|folder| checkpoint::write(folder, &progress, &contents, engine.as_ref())).transpose()
        });
        // Writing is not part of the training time.
        self.saved = Instant::now();
        self.meter.since += began.elapsed();
        match written {
            Ok(_) => Ok(()),
            Err(error) => {
                let step = self.step_number(self.done);
                self.publisher.warn(&format!("no checkpoint at step {step}: {error}"))
            }
        }
    }

    /// Writes a checkpoint where the second stage begins, so that the first one is not repeated.
    fn save_at_border(&mut self) -> Result<(), TrainError> {
        let settings = &self.data.settings;
        if settings.checkpoint_every == 0 && settings.checkpoint_minutes <= 0.0 {
            return Ok(());
        }
        self.save()
    }

    /// Resumes from a checkpoint.
    fn resume_from(&mut self, saved: &Saved) -> Result<(), TrainError> {
        let (progress, state) = checkpoint::read(saved)?;
        if progress.fingerprint != self.data.fingerprint {
            let why = "its data, settings or base differ from those it was started with";
            return Err(TrainError::Resume(why.to_owned()));
        }
        self.data.engine.load_state(state).map_err(TrainError::Resume)?;
        self.done = progress.done;
        self.last = progress.last;
        self.patience = progress.patience;
        self.best = progress.best.map(|(step, counts)| Best { step, counts });
        let (loss, steps, pieces) = progress.meter;
        self.meter = Meter { since: Instant::now(), loss: f64::from_bits(loss), steps, pieces };
        self.publisher.resume_at(progress.points, progress.seconds);
        let step = self.step_number(self.done);
        self.publisher.log(&format!("resumes from the checkpoint of step {step}"))
    }

    /// Returns the next command, from this process or from another one.
    ///
    /// A paused run waits for a command; without anything to resume it, it continues.
    fn next_control(&mut self, paused: bool) -> Option<Control> {
        loop {
            let here = match paused {
                true => match self.controls.recv_timeout(POLL) {
                    Err(RecvTimeoutError::Disconnected) => return Some(Control::Resume),
                    received => received.ok(),
                },
                false => self.controls.try_recv().ok(),
            };
            let control = here.or_else(|| self.publisher.pending_control());
            if control.is_some() || !paused {
                return control;
            }
        }
    }

    fn step(&mut self, chosen: &[usize]) -> Result<(), TrainError> {
        let Prepared { settings, plan, train, engine, mask_piece, .. } = &mut self.data;
        let examples: Vec<&Example> = chosen.iter().filter_map(|at| train.examples.get(*at)).collect();
        let masked = mask_piece.map(|piece| masked(&examples, piece, settings, self.done));
        let examples = masked.as_ref().map_or(examples, |masked| masked.iter().collect());
        let batches: Vec<&[&Example]> = examples.chunks(settings.batch).collect();
        let rate = plan.learning_rate(self.done);
        let draws = Draws { seed: settings.seed, step: self.done };
        let pieces = examples.iter().map(|example| example.ids.len()).sum::<usize>();
        let Outcome { loss, norm } = self.pool.install(|| engine.train(&batches, Some(draws), rate));
        if !(loss.is_finite() && norm.is_finite()) {
            let what = if loss.is_finite() { "gradient" } else { "loss" };
            let ids = ids(&examples, train);
            let step = self.step_number(self.done) + 1;
            return Err(TrainError::Diverged { step, what, rate, ids });
        }
        self.done += 1;
        if self.data.plan.averages(self.done) {
            self.pool.install(|| self.data.engine.update_average());
        }
        self.meter.loss += loss;
        self.meter.steps += 1;
        self.meter.pieces += pieces;
        if self.done.is_multiple_of(self.data.plan.log_every) || self.done == self.data.plan.steps {
            self.publish_step(rate, norm)?;
        }
        self.publisher.progress(self.step_number(self.done), self.epoch_number(self.done), self.time_left())
    }

    fn publish_step(&mut self, lr: f64, grad_norm: f64) -> Result<(), TrainError> {
        let meter = std::mem::replace(&mut self.meter, Meter::new());
        let tokens_per_second = meter.pieces as f64 / meter.since.elapsed().as_secs_f64().max(1e-9);
        let (step, epoch) = (self.step_number(self.done), self.epoch_number(self.done));
        let loss = meter.loss / meter.steps.max(1) as f64;
        let seconds = Some(self.publisher.seconds());
        self.publisher.point(&Point::Step { step, epoch, loss, lr, grad_norm, tokens_per_second, seconds })
    }

    /// Scores the validation split, if there is one.
    /// Saves the weights if they are the best so far.
    fn evaluate_valid(&mut self) -> Result<(), TrainError> {
        if self.data.valid.gold.is_empty() {
            return Ok(());
        }
        self.with_average(|run| {
            let found = run.score(|data| &data.valid, "valid", run.done)?;
            run.last = Some((run.done, found.counts));
            let f1 = found.counts.word.f1;
            let is_best = run.patience.take(f1) && run.data.settings.keep_best;
            let step = run.step_number(run.done);
            run.scores.keep(&found, &run.data.data.valid, step, is_best);
            if is_best {
                run.data.engine.save_best();
                run.best = Some(Best { step: run.done, counts: found.counts });
            }
            Ok(())
        })
    }

    /// Runs `work` with the averaged weights, if there are any.
    /// They are scored and written.
    fn with_average<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let is_average = self.data.engine.swap_average();
        let outcome = work(self);
        if is_average {
            self.data.engine.swap_average();
        }
        outcome
    }

    /// Scores the network on a split; its weights are those after `done` steps of this stage.
    fn score(
        &mut self,
        split: fn(&Prepared) -> &EncodedSplit,
        name: &str,
        done: usize,
    ) -> Result<Evaluation, TrainError> {
        self.publisher.phase(Phase::Evaluating)?;
        let (data, since) = (&self.data, Instant::now());
        let found = self.pool.install(|| evaluate(data.engine.as_ref(), split(data)))?;
        self.evaluated.seconds += since.elapsed().as_secs_f64();
        self.evaluated.pieces += split(data).pieces();
        let point = found.point(name, self.step_number(done), self.epoch_number(done));
        self.publisher.point(&point)?;
        // An evaluation is not part of the training time.
        self.meter.since += since.elapsed();
        Ok(found)
    }

    /// Estimates the remaining seconds from the speed so far.
    fn time_left(&self) -> Option<f64> {
        if self.done < STEPS_TO_JUDGE {
            return None;
        }
        let Prepared { plan, train, valid, test, .. } = &self.data;
        let before = self.data.learned.first.as_ref().map_or(0.0, |first| first.seconds);
        let step = (self.publisher.seconds() - before - self.evaluated.seconds).max(0.0) / self.done as f64;
        let piece = match self.evaluated.pieces {
            0 => step * EVALUATION_COST * plan.per_epoch as f64 / train.pieces().max(1) as f64,
            pieces => self.evaluated.seconds / pieces as f64,
        };
        let evaluations = plan.evaluations.iter().filter(|at| **at > self.done).count();
        let pieces = evaluations * valid.pieces() + test.pieces();
        Some(plan.steps.saturating_sub(self.done) as f64 * step + pieces as f64 * piece)
    }

    /// Compares loss and gradient of the first batch with those of a reference.
    fn compare_first_batch(&self, chosen: &Chosen) -> Result<(), TrainError> {
        let Prepared { engine, train, settings, .. } = &self.data;
        let comparison = self.pool.install(|| compare(engine.as_ref(), settings, chosen, &train.examples))?;
        match comparison.filter(|comparison| !comparison.agrees()) {
            Some(comparison) => Err(TrainError::DeviceDisagrees(Box::new(comparison))),
            None => Ok(()),
        }
    }
}

fn ids(examples: &[&Example], split: &EncodedSplit) -> String {
    let all = examples.iter().filter_map(|example| split.gold.get(example.sentence)).map(|gold| gold.id.as_str());
    let shown: Vec<&str> = all.take(IDS_SHOWN).collect();
    let more = if examples.len() > IDS_SHOWN { " and others" } else { "" };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests;
