//! How many steps there are, when the learning rate is what, when to score and when to write a line.

use crate::runs::Settings;

/// The plan of a run, in optimiser steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Steps of one epoch; the last batch may be short.
    pub per_epoch: usize,
    /// Steps of the run.
    pub steps: usize,
    /// Steps of warm-up.
    pub warmup: usize,
    /// Steps between two lines.
    pub log_every: usize,
    /// Steps after which the validation part is scored, ascending; the last step is one.
    pub evaluations: Vec<usize>,
    peak: f64,
}

impl Plan {
    /// The plan for `examples` training examples, with the meanings of the Hugging Face Trainer.
    pub fn new(settings: &Settings, examples: usize) -> Self {
        let per_epoch = examples.div_ceil(settings.batch.max(1)).max(1);
        let steps = up(settings.epochs * per_epoch as f64).max(1);
        let warmup = if settings.warmup < 1.0 { up(settings.warmup * steps as f64) } else { up(settings.warmup) };
        let mut evaluations: Vec<usize> = match settings.evaluations {
            0 => (per_epoch..=steps).step_by(per_epoch).collect(),
            count => (1..=count).map(|at| (steps * at).div_ceil(count)).collect(),
        };
        evaluations.push(steps);
        evaluations.dedup();
        let log_every = if settings.log_every == 0 { steps / 200 } else { settings.log_every };
        Self { per_epoch, steps, warmup, log_every: log_every.max(1), evaluations, peak: settings.learning_rate }
    }

    /// The learning rate of the step that follows `done` steps: linear up to the peak, then linear down to 0.
    pub fn learning_rate(&self, done: usize) -> f64 {
        if done < self.warmup {
            return self.peak * done as f64 / self.warmup.max(1) as f64;
        }
        let left = self.steps.saturating_sub(done) as f64;
        self.peak * left / self.steps.saturating_sub(self.warmup).max(1) as f64
    }

    /// Epochs done after `done` steps.
    pub fn epoch(&self, done: usize) -> f64 {
        done as f64 / self.per_epoch as f64
    }
}

/// Rounded up to a whole number; not a number and negative ones are 0.
fn up(value: f64) -> usize {
    // Saturates by definition of the cast. The margin keeps 0.1 x 30 from being 4.
    (value - 1e-9).ceil().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl Fn(&mut Settings)) -> Settings {
        let mut settings = Settings::lesson("mini");
        change(&mut settings);
        settings
    }

    #[test]
    fn the_lessons_run_has_1437_steps_and_three_evaluations() {
        let plan = Plan::new(&Settings::lesson("mini"), 7660);
        assert_eq!((plan.per_epoch, plan.steps, plan.warmup, plan.log_every), (479, 1437, 0, 7));
        assert_eq!(plan.evaluations, [479, 958, 1437]);
        assert_eq!(plan.learning_rate(0), 2e-5);
        assert!(plan.learning_rate(1437) < 1e-12);
        assert_eq!(plan.epoch(479), 1.0);
    }

    #[test]
    fn warm_up_begins_at_nothing() {
        let plan = Plan::new(&settings(|s| (s.warmup, s.epochs) = (0.1, 1.0)), 160);
        assert_eq!((plan.steps, plan.warmup), (10, 1));
        let plan = Plan::new(&settings(|s| s.warmup = 4.0), 160);
        assert_eq!((plan.learning_rate(0), plan.learning_rate(2), plan.learning_rate(4)), (0.0, 1e-5, 2e-5));
        assert_eq!(Plan::new(&settings(|s| (s.warmup, s.epochs) = (0.1, 3.0)), 160).warmup, 3);
    }

    #[test]
    fn evaluations_are_spread_and_end_with_the_run() {
        let plan = Plan::new(&settings(|s| s.evaluations = 4), 160);
        assert_eq!(plan.evaluations, [8, 15, 23, 30]);
        let few = Plan::new(&settings(|s| (s.evaluations, s.epochs) = (10, 1.0)), 20);
        assert_eq!(few.evaluations, [1, 2]);
        let half = Plan::new(&settings(|s| s.epochs = 1.5), 32);
        assert_eq!((half.steps, half.evaluations.clone()), (3, vec![2, 3]));
    }

    #[test]
    fn strange_numbers_still_give_a_plan() {
        let plan = Plan::new(&settings(|s| (s.batch, s.epochs, s.warmup) = (0, f64::NAN, -1.0)), 0);
        assert_eq!((plan.per_epoch, plan.steps, plan.warmup), (1, 1, 0));
    }
}
