//! The loop: steps, evaluations, controls, and the end of a run.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{
    Job, TrainError,
    checkpoint::{self, Progress, Saved},
    engine::{self, Draws, Outcome},
    evaluate::{Evaluation, evaluate},
    examples::{Example, Part},
    order,
    patience::Patience,
    prepare::{Prepared, prepare},
    publish::Publisher,
};
use crate::{
    model::{
        device::{self, Chosen},
        folder,
        kernels::Dropout,
    },
    runs::{Control, Phase, Point, RunSink, SplitScores, metrics::Report},
};

/// Steps after which the time of a step is known well enough to tell what is left.
const STEPS_TO_JUDGE: usize = 3;
/// What an evaluation costs a piece, against training: no backward pass, no optimiser.
const EVALUATION_COST: f64 = 0.3;
/// How far the training's threads step back behind others.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;
/// How often a paused run looks for a command that another process left.
const LISTEN: Duration = Duration::from_millis(250);
/// Ids of a diverged batch that are told.
const IDS_TOLD: usize = 8;

/// See [`super::run`].
pub(super) fn run(
    job: Job,
    sink: &mut dyn RunSink,
    controls: &Receiver<Control>,
    on_point: &mut dyn FnMut(&Point),
) -> Result<Report, TrainError> {
    let mut publisher = Publisher::new(sink, on_point);
    let outcome = begin(job, &mut publisher, controls).and_then(|run| run.complete());
    if let Err(error) = &outcome {
        publisher.fail(error);
    }
    outcome
}

fn begin<'a, 'b>(
    job: Job,
    publisher: &'a mut Publisher<'b>,
    controls: &'a Receiver<Control>,
) -> Result<Run<'a, 'b>, TrainError> {
    publisher.phase(Phase::Starting)?;
    let chosen = device::choose(&job.settings.device)?;
    publisher.set(|status| status.device = chosen.describe());
    publisher.log(&format!("device {}", chosen.describe()))?;
    let pool =
        ThreadPoolBuilder::new().thread_name(|at| format!("train-{at}")).start_handler(|_| lower_priority()).build();
    let pool = pool.map_err(|error| TrainError::Threads(error.to_string()))?;
    let mut job = job;
    let resume = job.resume.take();
    let mut prepared = pool.install(|| prepare(job, &chosen))?;
    for note in std::mem::take(&mut prepared.notes) {
        publisher.log(&note)?;
    }
    for (part, name) in [(&prepared.train, "train"), (&prepared.valid, "valid"), (&prepared.test, "test")] {
        part.notes(name).iter().try_for_each(|note| publisher.warn(note))?;
    }
    let (steps, epochs) = (prepared.plan.steps, prepared.settings.epochs);
    publisher.set(|status| (status.steps, status.epochs) = (steps, epochs));
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
        saved: Instant::now(),
    };
    if let Some(saved) = resume {
        run.resume_from(&saved)?;
    }
    run.compare_with_processor(&chosen)?;
    Ok(run)
}

/// Lets what answers to keys go first. Only on Linux is this a matter of one thread.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!("the training's threads keep their priority: {error}");
    }
}

/// A run between two steps.
struct Run<'a, 'b> {
    data: Prepared,
    pool: ThreadPool,
    publisher: &'a mut Publisher<'b>,
    controls: &'a Receiver<Control>,
    /// Optimiser steps done.
    done: usize,
    stop_after_epoch: bool,
    patience: Patience,
    meter: Meter,
    evaluated: Speed,
    /// The step of the last evaluation, and what it found.
    last: Option<(usize, SplitScores)>,
    best: Option<Best>,
    /// When the last checkpoint was written, or the run begun.
    saved: Instant,
}

/// The best evaluation, whose weights the engine remembers.
#[derive(Clone, Copy, Debug)]
struct Best {
    step: usize,
    counts: SplitScores,
}

/// Sums since the last step line.
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

/// Pieces scored, and the seconds it took.
#[derive(Default)]
struct Speed {
    pieces: usize,
    seconds: f64,
}

impl Run<'_, '_> {
    fn complete(mut self) -> Result<Report, TrainError> {
        match self.steps() {
            Ok(as_planned) => self.finish(if as_planned { Phase::Done } else { Phase::Stopped }),
            Err(error) => {
                self.keep_best_of_failed();
                Err(error)
            }
        }
    }

    /// What was learnt before the failure is kept if it can be. The failure is told, whatever becomes of this.
    fn keep_best_of_failed(&mut self) {
        let Some(Best { step, .. }) = self.best.take().filter(|_| self.data.engine.restore_best()) else { return };
        let kept = self.write_model().and_then(|()| {
            self.publisher.set(|status| status.checkpoint = Some(step));
            self.publisher.log(&format!("kept the weights of step {step}, the best before the failure"))
        });
        if let Err(error) = kept {
            tracing::warn!("the best weights before the failure could not be kept: {error}");
        }
    }

    /// Trains until the plan or somebody says that it is enough; whether it was the plan.
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

    /// Does what the controls say; waits while the run is paused. Whether the run is to end now.
    fn stop_now(&mut self) -> Result<bool, TrainError> {
        let mut paused = false;
        while let Some(control) = self.next_control(paused) {
            match control {
                Control::StopNow => return Ok(true),
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

    /// Scores the weights as they are and writes them as the run's model, so that they can be asked while the run goes on.
    fn checkpoint(&mut self) -> Result<(), TrainError> {
        if self.done == 0 {
            return self.publisher.log("no checkpoint before the first step: there is nothing to keep");
        }
        if self.last.is_none_or(|(step, _)| step != self.done) {
            self.evaluate_valid()?;
        }
        let step = self.done;
        // Nobody's training is to end because a copy in between could not be written.
        if let Err(error) = self.on_mean(Self::write_model) {
            return self.publisher.warn(&format!("no checkpoint at step {step}: {error}"));
        }
        self.publisher.set(|status| status.checkpoint = Some(step));
        self.publisher.log(&format!("checkpoint: the model is that of step {step}"))
    }

    /// Whether it is time for a checkpoint to go on from.
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

    /// Writes a checkpoint to go on from. Nobody's training is to end because that could not be done.
    fn save(&mut self) -> Result<(), TrainError> {
        let began = Instant::now();
        let both = |best: Best| (best.step, best.counts);
        let progress = Progress {
            points: self.publisher.points(),
            seconds: self.publisher.seconds(),
            last: self.last,
            best: self.best.map(both),
            patience: self.patience,
            meter: (self.meter.loss.to_bits(), self.meter.steps, self.meter.pieces),
            ..Progress::new(self.data.engine.as_ref(), self.done, self.data.mark)
        };
        let written = self.publisher.sink().checkpoint().map_err(TrainError::from).and_then(|folder| {
            folder
                .map(|folder| checkpoint::write(folder, &progress, &self.data.data, self.data.engine.as_ref()))
                .transpose()
        });
        // The time that it took is no time of training.
        self.saved = Instant::now();
        self.meter.since += began.elapsed();
        match written {
            Ok(_) => Ok(()),
            Err(error) => self.publisher.warn(&format!("no checkpoint at step {}: {error}", self.done)),
        }
    }

    /// Goes on from a checkpoint.
    fn resume_from(&mut self, saved: &Saved) -> Result<(), TrainError> {
        let (progress, state) = checkpoint::read(saved)?;
        if progress.mark != self.data.mark {
            let why = "its data, its settings or its base are not those that it was begun with";
            return Err(TrainError::Resume(why.to_owned()));
        }
        self.data.engine.load_state(state).map_err(TrainError::Resume)?;
        (self.done, self.last, self.patience) = (progress.done, progress.last, progress.patience);
        self.best = progress.best.map(|(step, counts)| Best { step, counts });
        let (loss, steps, pieces) = progress.meter;
        self.meter = Meter { since: Instant::now(), loss: f64::from_bits(loss), steps, pieces };
        self.publisher.resume_at(progress.points, progress.seconds);
        self.publisher.log(&format!("goes on from the checkpoint of step {}", self.done))
    }

    fn write_model(&mut self) -> Result<(), TrainError> {
        self.publisher.phase(Phase::Saving)?;
        let mut folder = self.publisher.sink().model()?;
        let engine = &self.data.engine;
        folder::write(folder.as_mut(), engine.config(), &engine.weights(), &self.data.tokenizer_json)?;
        Ok(folder.finish()?)
    }

    /// The next command, from this process or left where the run is written; none if nothing waits. A paused run waits
    /// for one; when nobody is left to resume it, it goes on.
    fn next_control(&mut self, paused: bool) -> Option<Control> {
        loop {
            let here = match paused {
                true => match self.controls.recv_timeout(LISTEN) {
                    Err(RecvTimeoutError::Disconnected) => return Some(Control::Resume),
                    heard => heard.ok(),
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
        let masked = mask_piece.map(|piece| {
            let hides = Dropout::hides(settings.mask, settings.seed, self.done);
            let mut at = 0..;
            let mut hides = || at.next().is_some_and(&hides);
            examples.iter().map(|example| example.masked(piece, &mut hides)).collect::<Vec<_>>()
        });
        let examples = masked.as_ref().map_or(examples, |masked| masked.iter().collect());
        let batches: Vec<&[&Example]> = examples.chunks(settings.batch).collect();
        let rate = plan.learning_rate(self.done);
        let draws = Draws { seed: settings.seed, step: self.done };
        let pieces = examples.iter().map(|example| example.ids.len()).sum::<usize>();
        let Outcome { loss, norm } = self.pool.install(|| engine.train(&batches, Some(draws), rate));
        if !(loss.is_finite() && norm.is_finite()) {
            let what = if loss.is_finite() { "gradient" } else { "loss" };
            return Err(TrainError::Diverged { step: self.done + 1, what, rate, ids: ids(&examples, train) });
        }
        self.done += 1;
        if self.data.plan.averages(self.done) {
            self.pool.install(|| self.data.engine.update_average());
        }
        self.meter.loss += loss;
        self.meter.steps += 1;
        self.meter.pieces += pieces;
        if self.done.is_multiple_of(self.data.plan.log_every) || self.done == self.data.plan.steps {
            self.step_line(rate, norm)?;
        }
        self.publisher.progress(self.done, self.data.plan.epoch(self.done), self.time_left())
    }

    fn step_line(&mut self, lr: f64, grad_norm: f64) -> Result<(), TrainError> {
        let meter = std::mem::replace(&mut self.meter, Meter::new());
        let tokens_per_second = meter.pieces as f64 / meter.since.elapsed().as_secs_f64().max(1e-9);
        let (step, epoch) = (self.done, self.data.plan.epoch(self.done));
        let loss = meter.loss / meter.steps.max(1) as f64;
        self.publisher.point(&Point::Step { step, epoch, loss, lr, grad_norm, tokens_per_second })
    }

    /// Scores the validation part, if there is one, and keeps the weights if they are the best so far.
    fn evaluate_valid(&mut self) -> Result<(), TrainError> {
        if self.data.valid.gold.is_empty() {
            return Ok(());
        }
        self.on_mean(|run| {
            let found = run.score(|data| &data.valid, "valid", run.done)?;
            run.last = Some((run.done, found.counts));
            let f1 = found.counts.word.f1;
            if run.patience.take(f1) && run.data.settings.keep_best {
                run.data.engine.save_best();
                run.best = Some(Best { step: run.done, counts: found.counts });
            }
            Ok(())
        })
    }

    /// Works on the mean of the weights, if some were gathered: they are what is scored and written.
    fn on_mean<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let is_mean = self.data.engine.swap_average();
        let outcome = work(self);
        if is_mean {
            self.data.engine.swap_average();
        }
        outcome
    }

    /// Scores the network on a part; its weights are those after `step` steps.
    fn score(&mut self, part: fn(&Prepared) -> &Part, name: &str, step: usize) -> Result<Evaluation, TrainError> {
        self.publisher.phase(Phase::Evaluating)?;
        let (data, since) = (&self.data, Instant::now());
        let found = self.pool.install(|| evaluate(data.engine.as_ref(), part(data)))?;
        self.evaluated.seconds += since.elapsed().as_secs_f64();
        self.evaluated.pieces += part(data).pieces();
        let point = found.point(name, step, data.plan.epoch(step));
        self.publisher.point(&point)?;
        // The time of an evaluation is no time of training.
        self.meter.since += since.elapsed();
        Ok(found)
    }

    /// Seconds that are left by the speed so far.
    fn time_left(&self) -> Option<f64> {
        if self.done < STEPS_TO_JUDGE {
            return None;
        }
        let Prepared { plan, train, valid, test, .. } = &self.data;
        let step = (self.publisher.seconds() - self.evaluated.seconds).max(0.0) / self.done as f64;
        let piece = match self.evaluated.pieces {
            0 => step * EVALUATION_COST * plan.per_epoch as f64 / train.pieces().max(1) as f64,
            pieces => self.evaluated.seconds / pieces as f64,
        };
        let evaluations = plan.evaluations.iter().filter(|at| **at > self.done).count();
        let pieces = evaluations * valid.pieces() + test.pieces();
        Some(plan.steps.saturating_sub(self.done) as f64 * step + pieces as f64 * piece)
    }

    /// Scores what has not been scored, takes the best weights, writes the model.
    fn finish(mut self, end: Phase) -> Result<Report, TrainError> {
        if self.done == 0 {
            // An untrained classifier is no model.
            self.publisher.log("stopped before the first step: there is no model")?;
            self.publisher.phase(end)?;
            return Ok(Report::default());
        }
        if self.last.is_none_or(|(step, _)| step != self.done) {
            self.evaluate_valid()?;
        }
        let seconds = self.publisher.seconds();
        let (mut valid, mut step) = (self.last.map(|(_, counts)| counts), self.done);
        if let Some(best) = self.best.take() {
            (valid, step) = (Some(best.counts), best.step);
            let f1 = best.counts.word.f1;
            self.publisher.log(&format!("kept the weights of step {}: word F1 {f1:.4} on valid", best.step))?;
            self.data.engine.restore_best();
        } else if self.data.engine.swap_average() {
            self.publisher.log("the model is the mean of the weights that were gathered")?;
        }
        let test = match self.data.test.gold.is_empty() {
            true => None,
            false => Some(self.score(|data| &data.test, "test", step)?.counts),
        };
        self.publisher.set(|status| status.eta = None);
        self.data.engine.drop_optimizer();
        self.write_model()?;
        self.publisher.set(|status| status.checkpoint = Some(step));
        let trained = self.done as f64 / self.data.plan.per_epoch as f64 * self.data.train.gold.len() as f64;
        let samples_per_second = if seconds > 0.0 { trained / seconds } else { 0.0 };
        self.publisher.log(&format!("{}: {} steps in {seconds:.1} s", end.name(), self.done))?;
        self.publisher.phase(end)?;
        self.publisher.sink().drop_checkpoint();
        Ok(Report { seconds, steps: self.done, samples_per_second, valid, test })
    }

    /// A device other than the processor must find the processor's loss and gradient on the first batch.
    fn compare_with_processor(&self, chosen: &Chosen) -> Result<(), TrainError> {
        // A processor that cannot run flex has nothing to compare with.
        if chosen.is_processor() || device::choose("cpu").is_err() {
            return Ok(());
        }
        let Prepared { engine, train, settings, .. } = &self.data;
        let examples: Vec<&Example> = train.examples.iter().take(settings.batch).collect();
        let same = engine::reference(engine.config(), &engine.weights(), settings)?;
        let (theirs, ours) = self.pool.install(|| (engine.measure(&examples), same.measure(&examples)));
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-2 * b.abs().max(1e-3);
        if close(theirs.loss, ours.loss) && close(theirs.norm, ours.norm) {
            return Ok(());
        }
        Err(TrainError::DeviceDisagrees {
            device: chosen.name.clone(),
            loss: theirs.loss,
            expected_loss: ours.loss,
            norm: theirs.norm,
            expected_norm: ours.norm,
        })
    }
}

fn ids(examples: &[&Example], part: &Part) -> String {
    let all = examples.iter().filter_map(|example| part.gold.get(example.sentence)).map(|gold| gold.id.as_str());
    let told: Vec<&str> = all.take(IDS_TOLD).collect();
    let more = if examples.len() > IDS_TOLD { " and others" } else { "" };
    format!("{}{more}", told.join(", "))
}

#[cfg(test)]
mod tests;
