//! The loop: steps, evaluations, controls, and the end of a run.

use std::time::{Duration, Instant};

use burn::tensor::Device;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{
    Job, TrainError,
    evaluate::{Evaluation, evaluate, labels_of},
    examples::{Example, Part},
    order,
    prepare::{Prepared, prepare},
    publish::Publisher,
    step::{self, Shard},
};
use crate::{
    model::{
        device::{self, Chosen},
        folder,
        network::{Dropout, Network, Packed},
    },
    runs::{
        Control, Counts, Phase, Point, RunSink,
        metrics::{self, Report},
    },
};

/// Steps after which the time of a step is known well enough to tell what is left.
const STEPS_TO_JUDGE: usize = 3;
/// What an evaluation costs a piece, against training: no backward pass, no optimiser.
const EVALUATION_COST: f64 = 0.3;
/// Shares of a batch that are trained side by side on the processor. Fixed, so that the draws of dropout, and with them
/// the outcome, do not depend on the machine.
const SHARDS: usize = 2;
/// Below this a share is not worth a pass over all weights.
const PIECES_A_SHARD: usize = 48;
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
    let pool = ThreadPoolBuilder::new().thread_name(|at| format!("train-{at}")).start_handler(|_| give_way()).build();
    let pool = pool.map_err(|error| TrainError::Threads(error.to_string()))?;
    let mut prepared = pool.install(|| prepare(job, &chosen))?;
    for note in std::mem::take(&mut prepared.notes) {
        publisher.log(&note)?;
    }
    for (part, name) in [(&prepared.train, "train"), (&prepared.valid, "valid"), (&prepared.test, "test")] {
        part.notes(name).iter().try_for_each(|note| publisher.warn(note))?;
    }
    let (steps, epochs) = (prepared.plan.steps, prepared.settings.epochs);
    publisher.set(|status| (status.steps, status.epochs) = (steps, epochs));
    let run = Run {
        data: prepared,
        pool,
        publisher,
        controls,
        done: 0,
        on_host: chosen.is_processor(),
        stop_after_epoch: false,
        meter: Meter::new(),
        evaluated: Speed::default(),
        last: None,
        best: None,
    };
    run.compare_with_processor(&chosen)?;
    Ok(run)
}

/// Lets what answers to keys go first. Only on Linux is this a matter of one thread.
fn give_way() {
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
    on_host: bool,
    stop_after_epoch: bool,
    meter: Meter,
    evaluated: Speed,
    /// The step of the last evaluation, and what it found.
    last: Option<(usize, Counts)>,
    best: Option<Best>,
}

/// The weights of the best evaluation.
struct Best {
    step: usize,
    counts: Counts,
    network: Network,
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
        let Some(best) = self.best.take() else { return };
        let step = best.step;
        let kept = self.write_model(&best.network).and_then(|()| {
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
        self.meter = Meter::new();
        let (per_epoch, batch) = (self.data.plan.per_epoch, self.data.settings.batch);
        let mut order = Vec::new();
        while self.done < self.data.plan.steps {
            let (epoch, within) = (self.done / per_epoch, self.done % per_epoch);
            if self.stop_now()? || (within == 0 && self.done > 0 && self.stop_after_epoch) {
                return Ok(false);
            }
            if within == 0 {
                let settings = &self.data.settings;
                let lengths: Vec<usize> = self.data.train.examples.iter().map(|example| example.ids.len()).collect();
                order = order::of_epoch(settings.order, settings.seed, epoch, &lengths, batch);
            }
            let chosen: Vec<usize> = order.iter().copied().skip(within * batch).take(batch).collect();
            self.step(&chosen)?;
            if self.data.plan.evaluations.contains(&self.done) {
                self.evaluate_valid()?;
                self.publisher.phase(Phase::Training)?;
            }
        }
        Ok(true)
    }

    /// Does what the controls say; waits while the run is paused. Whether the run is to end now.
    fn stop_now(&mut self) -> Result<bool, TrainError> {
        let mut paused = false;
        while let Some(control) = self.heard(paused) {
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
        if let Err(error) = self.write_model(&self.data.network.clone()) {
            return self.publisher.warn(&format!("no checkpoint at step {step}: {error}"));
        }
        self.publisher.set(|status| status.checkpoint = Some(step));
        self.publisher.log(&format!("checkpoint: the model is that of step {step}"))
    }

    fn write_model(&mut self, network: &Network) -> Result<(), TrainError> {
        self.publisher.phase(Phase::Saving)?;
        let mut folder = self.publisher.sink().model()?;
        folder::write(folder.as_mut(), network.config(), &network.weights(), &self.data.tokenizer_json)?;
        Ok(folder.finish()?)
    }

    /// The next command, from this process or left where the run is written; none if nothing waits. A paused run waits
    /// for one; when nobody is left to resume it, it goes on.
    fn heard(&mut self, paused: bool) -> Option<Control> {
        loop {
            let here = match paused {
                true => match self.controls.recv_timeout(LISTEN) {
                    Err(RecvTimeoutError::Disconnected) => return Some(Control::Resume),
                    heard => heard.ok(),
                },
                false => self.controls.try_recv().ok(),
            };
            let control = here.or_else(|| self.publisher.left_behind());
            if control.is_some() || !paused {
                return control;
            }
        }
    }

    fn step(&mut self, chosen: &[usize]) -> Result<(), TrainError> {
        let Prepared { settings, plan, train, network, optimiser, .. } = &mut self.data;
        let examples: Vec<&Example> = chosen.iter().filter_map(|at| train.examples.get(*at)).collect();
        let rate = plan.learning_rate(self.done);
        let config = network.config();
        let dropout = Dropout::new(config.dropout, config.attention_dropout, settings.seed, self.done);
        let pieces = examples.iter().map(|example| example.ids.len()).sum::<usize>();
        let shares = shares(&examples, if self.on_host { SHARDS } else { 1 });
        let (loss, norm) = self.pool.install(|| {
            let shards = shares.iter().zip(0..).map(|(share, at)| shard(network, share, Some(dropout.of_shard(at))));
            let shards: Vec<Shard> = shards.collect();
            step::train(network, optimiser, &shards, rate)
        });
        if !(loss.is_finite() && norm.is_finite()) {
            let what = if loss.is_finite() { "gradient" } else { "loss" };
            return Err(TrainError::Diverged { step: self.done + 1, what, rate, ids: ids(&examples, train) });
        }
        self.done += 1;
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
        let found = self.score(|data| &data.valid, "valid", self.done)?;
        self.last = Some((self.done, found.counts));
        let f1 = found.counts.word.f1;
        let better = |best: &Best| metrics::takes_the_place(f1, best.counts.word.f1);
        if self.data.settings.keep_best && self.best.as_ref().is_none_or(better) {
            // Shares the weights until the next step copies them.
            let network = self.data.network.clone();
            self.best = Some(Best { step: self.done, counts: found.counts, network });
        }
        Ok(())
    }

    /// Scores the network on a part; its weights are those after `step` steps.
    fn score(&mut self, part: fn(&Prepared) -> &Part, name: &str, step: usize) -> Result<Evaluation, TrainError> {
        self.publisher.phase(Phase::Evaluating)?;
        let (data, since) = (&self.data, Instant::now());
        let found = self.pool.install(|| evaluate(&data.network, part(data)))?;
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
            self.data.network = best.network;
        }
        let test = match self.data.test.gold.is_empty() {
            true => None,
            false => Some(self.score(|data| &data.test, "test", step)?.counts),
        };
        self.publisher.set(|status| status.eta = None);
        self.write_model(&self.data.network.clone())?;
        self.publisher.set(|status| status.checkpoint = Some(step));
        let trained = self.done as f64 / self.data.plan.per_epoch as f64 * self.data.train.gold.len() as f64;
        let samples_per_second = if seconds > 0.0 { trained / seconds } else { 0.0 };
        self.publisher.log(&format!("{}: {} steps in {seconds:.1} s", end.name(), self.done))?;
        self.publisher.phase(end)?;
        Ok(Report { seconds, steps: self.done, samples_per_second, valid, test })
    }

    /// A device other than the processor must find the processor's loss and gradient on the first batch.
    fn compare_with_processor(&self, chosen: &Chosen) -> Result<(), TrainError> {
        // A processor that cannot run flex has nothing to compare with.
        if chosen.is_processor() || device::choose("cpu").is_err() {
            return Ok(());
        }
        let Prepared { network, train, settings, .. } = &self.data;
        let examples: Vec<&Example> = train.examples.iter().take(settings.batch).collect();
        let measure = |network: &Network| step::measure(network, &shard(network, &examples, None));
        let same = Network::new(network.config(), &network.weights(), &Device::flex())?;
        let (theirs, ours) = self.pool.install(|| (measure(network), measure(&same)));
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-2 * b.abs().max(1e-3);
        if close(theirs.0, ours.0) && close(theirs.1, ours.1) {
            return Ok(());
        }
        Err(TrainError::DeviceDisagrees {
            device: chosen.name.clone(),
            loss: theirs.0,
            expected_loss: ours.0,
            norm: theirs.1,
            expected_norm: ours.1,
        })
    }
}

/// Cuts a batch into at most `count` shares of about the same number of pieces, the longer sentences together (less is
/// padded in attention). A small batch stays whole.
fn shares<'a>(examples: &[&'a Example], count: usize) -> Vec<Vec<&'a Example>> {
    let pieces: usize = examples.iter().map(|example| example.ids.len()).sum();
    let count = count.min(pieces / PIECES_A_SHARD).max(1);
    let mut sorted = examples.to_vec();
    sorted.sort_by_key(|example| std::cmp::Reverse(example.ids.len()));
    let mut shares = vec![Vec::new(); count];
    let mut before = 0;
    for example in sorted {
        // By where its middle lies among all pieces.
        let share = (before + example.ids.len() / 2) * count / pieces.max(1);
        before += example.ids.len();
        shares.get_mut(share.min(count - 1)).into_iter().for_each(|share: &mut Vec<_>| share.push(example));
    }
    shares.retain(|share| !share.is_empty());
    shares
}

fn shard(network: &Network, examples: &[&Example], dropout: Option<Dropout>) -> Shard {
    let inputs: Vec<&[u32]> = examples.iter().map(|example| example.ids.as_slice()).collect();
    let packed = Packed::new(network, &inputs);
    let labels = labels_of(examples, &packed);
    Shard { packed, labels, dropout }
}

fn ids(examples: &[&Example], part: &Part) -> String {
    let all = examples.iter().filter_map(|example| part.gold.get(example.sentence)).map(|gold| gold.id.as_str());
    let told: Vec<&str> = all.take(IDS_TOLD).collect();
    let more = if examples.len() > IDS_TOLD { " and others" } else { "" };
    format!("{}{more}", told.join(", "))
}

#[cfg(test)]
mod tests;
