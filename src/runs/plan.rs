//! Plan of a training, computed from its settings and the number of sentences.
//! Steps, learning rates, evaluations and log lines. The screens show the same plan that the training follows.

use super::settings::{Schedule, Settings};

/// Maximum number of planned evaluations.
/// A greater number is a typing error; listing all would take too much memory.
const MAX_EVALUATIONS: usize = 10_000;

/// Approximate number of weights that are averaged.
/// More would take time and change nothing.
const AVERAGED_WEIGHTS: usize = 100;

/// Plan of a run in optimiser steps.
///
/// Settings mean what they mean to the Hugging Face Trainer (`trainer.py`, `training_args.py`, `optimization.py` of
/// transformers 5.24).
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Batches of one epoch; the last may be short.
    pub batches: usize,
    /// Steps of one epoch; the last may be of fewer batches.
    pub per_epoch: usize,
    /// Steps of the run.
    pub steps: usize,
    /// Steps of warm-up.
    pub warmup: usize,
    /// Steps between two step lines of the metrics.
    pub log_every: usize,
    /// Steps after which the validation split is scored, ascending, with the last step.
    pub evaluations: Vec<usize>,
    schedule: Schedule,
    peak: f64,
    /// Number of steps at the end whose weights are averaged.
    averaged: usize,
}

impl Plan {
    /// Computes the plan for a number of training examples.
    pub fn new(settings: &Settings, examples: usize) -> Self {
        let batches = examples.div_ceil(settings.batch.max(1)).max(1);
        let per_epoch = batches.div_ceil(settings.accumulation.max(1));
        let steps = rounded_up(settings.epochs * real(per_epoch)).max(1);
        // From 1 on, the reference rounds down.
        let warmup = if settings.warmup < 1.0 {
            rounded_up(real(steps) * settings.warmup)
        } else {
            whole(settings.warmup.floor())
        };
        let mut evaluations: Vec<usize> = match (settings.evaluate_every, settings.evaluations) {
            (0, 0) => (per_epoch..=steps).step_by(per_epoch).take(MAX_EVALUATIONS).collect(),
            (0, count) => (1..=count.min(MAX_EVALUATIONS)).map(|at| steps.saturating_mul(at).div_ceil(count)).collect(),
            (every, _) => (every..=steps).step_by(every).take(MAX_EVALUATIONS).collect(),
        };
        evaluations.push(steps);
        evaluations.dedup();
        let log_every = if settings.log_every == 0 { steps / 200 } else { settings.log_every };
        Self {
            batches,
            per_epoch,
            steps,
            warmup,
            log_every: log_every.max(1),
            evaluations,
            schedule: settings.schedule,
            peak: settings.learning_rate,
            averaged: whole(real(steps) * settings.average),
        }
    }

    /// Returns the learning rate of the step after `done` steps.
    /// With a warm-up, the first step has rate 0.
    pub fn learning_rate(&self, done: usize) -> f64 {
        if done < self.warmup {
            return self.peak * (real(done) / real(self.warmup.max(1)));
        }
        let span = real(self.steps.saturating_sub(self.warmup).max(1));
        self.peak
            * match self.schedule {
                Schedule::Constant => 1.0,
                Schedule::Linear => real(self.steps.saturating_sub(done)) / span,
                Schedule::Cosine => {
                    let share_done = real(done - self.warmup) / span;
                    (0.5 * (1.0 + (std::f64::consts::PI * share_done).cos())).max(0.0)
                }
            }
    }

    /// Whether the weights after `done` steps are averaged.
    ///
    /// About a hundred of the steps that [`Settings::average`] names are, the last among them.
    pub fn averages(&self, done: usize) -> bool {
        let left = self.steps.saturating_sub(done);
        left < self.averaged && left.is_multiple_of(self.averaged.div_ceil(AVERAGED_WEIGHTS).max(1))
    }

    /// Number of epochs after `done` steps, with fraction.
    pub fn epoch(&self, done: usize) -> f64 {
        real(done) / real(self.per_epoch)
    }

    /// Number of steps between two evaluations.
    pub fn between(&self) -> usize {
        self.evaluations.first().copied().unwrap_or(self.steps)
    }
}

/// Rounds up to a whole number without a tolerance, as the reference does.
/// 0.07 x 100 gives 8. NaN gives 0.
fn rounded_up(value: f64) -> usize {
    whole(value.ceil())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and below 0 is 0")]
fn whole(value: f64) -> usize {
    value.max(0.0) as usize
}

#[allow(clippy::cast_precision_loss, reason = "numbers of sentences and steps stay far below 2^52")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    fn settings(change: impl Fn(&mut Settings)) -> Settings {
        let mut settings = Settings::lesson("mini");
        change(&mut settings);
        settings
    }

    /// Made by `tests/reference/trainer_schedules.py`, which says what each field is.
    #[derive(Deserialize)]
    struct Golden {
        peak: f64,
        steps: usize,
        cases: Vec<Case>,
        warmups: Vec<Warmup>,
        lengths: Vec<Length>,
    }

    #[derive(Deserialize)]
    struct Case {
        schedule: String,
        options: Option<serde_json::Value>,
        warmup: f64,
        warmup_steps: usize,
        rates: Vec<f64>,
    }

    #[derive(Deserialize)]
    struct Warmup {
        steps: usize,
        warmup: f64,
        warmup_steps: usize,
    }

    #[derive(Deserialize)]
    struct Length {
        examples: usize,
        batch: usize,
        accumulation: usize,
        epochs: f64,
        steps: usize,
    }

    fn golden() -> Golden {
        serde_json::from_str(include_str!("../../tests/reference/trainer_schedules.json")).unwrap()
    }

    #[test]
    fn the_learning_rate_of_every_step_is_the_trainers() {
        let golden = golden();
        let mut seen = 0;
        for case in golden.cases.iter().filter(|case| case.options.is_none()) {
            let mut settings = settings(|s| (s.learning_rate, s.batch, s.epochs) = (golden.peak, 1, 1.0));
            settings.warmup = case.warmup;
            if settings.set("lr_scheduler_type", &case.schedule).is_err() {
                continue;
            }
            let plan = Plan::new(&settings, golden.steps);
            if case.schedule != "constant" {
                assert_eq!(plan.warmup, case.warmup_steps, "{} {}", case.schedule, case.warmup);
            }
            for (done, rate) in case.rates.iter().enumerate() {
                let ours = plan.learning_rate(done);
                assert!((ours - rate).abs() < 1e-15, "{} {} step {done}: {ours} {rate}", case.schedule, case.warmup);
            }
            seen += 1;
        }
        assert!(seen >= 12, "{seen} schedules");
    }

    #[test]
    fn warm_ups_and_lengths_are_the_trainers() {
        let golden = golden();
        for case in golden.warmups {
            let plan = Plan::new(&settings(|s| (s.warmup, s.batch, s.epochs) = (case.warmup, 1, 1.0)), case.steps);
            assert_eq!(plan.warmup, case.warmup_steps, "{} of {}", case.warmup, case.steps);
        }
        for case in golden.lengths {
            let of = |s: &mut Settings| {
                (s.batch, s.accumulation, s.epochs) = (case.batch, case.accumulation, case.epochs);
            };
            let plan = Plan::new(&settings(of), case.examples);
            assert_eq!(plan.steps, case.steps, "{} x {}", case.examples, case.epochs);
        }
    }

    #[test]
    fn the_lessons_run_has_1437_steps_and_three_evaluations() {
        let plan = Plan::new(&Settings::lesson("mini"), 7660);
        assert_eq!((plan.per_epoch, plan.steps, plan.warmup, plan.log_every), (479, 1437, 0, 7));
        assert_eq!((plan.evaluations.as_slice(), plan.between()), ([479, 958, 1437].as_slice(), 479));
        assert_eq!(plan.learning_rate(0), 2e-5);
        assert!(plan.learning_rate(1437) < 1e-12);
        assert_eq!(plan.epoch(479), 1.0);
    }

    #[test]
    fn evaluations_are_spread_and_end_with_the_run() {
        let plan = Plan::new(&settings(|s| s.evaluations = 4), 160);
        assert_eq!(plan.evaluations, [8, 15, 23, 30]);
        let few = Plan::new(&settings(|s| (s.evaluations, s.epochs) = (10, 1.0)), 20);
        assert_eq!(few.evaluations, [1, 2]);
        let half = Plan::new(&settings(|s| s.epochs = 1.5), 32);
        assert_eq!((half.steps, half.evaluations.clone()), (3, vec![2, 3]));
        let every = Plan::new(&settings(|s| (s.evaluations, s.evaluate_every) = (2, 7)), 160);
        assert_eq!(every.evaluations, [7, 14, 21, 28, 30]);
    }

    #[test]
    fn strange_settings_still_have_a_plan() {
        let plan = Plan::new(&settings(|s| (s.batch, s.epochs, s.warmup) = (0, f64::NAN, -1.0)), 0);
        assert_eq!((plan.per_epoch, plan.steps, plan.warmup), (1, 1, 0));
        for (epochs, evaluations) in [(f64::NAN, 0), (1e4, usize::MAX), (0.0, 3), (1e4, 0)] {
            let settings = settings(|s| (s.epochs, s.evaluations) = (epochs, evaluations));
            assert!(Plan::new(&settings, 100_000).steps >= 1);
        }
    }
}
