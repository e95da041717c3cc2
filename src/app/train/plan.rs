//! What settings mean for the documents there are: steps, evaluations, and how long it will take by what a run before
//! it took. The same arithmetic as the training's own, which this floor cannot name; a test of the shell compares them.

use crate::runs::Settings;

use super::{super::event::RunInfo, Train};

/// The plan of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Steps of one epoch; the last batch may be short.
    pub per_epoch: usize,
    /// Steps of the run.
    pub steps: usize,
    /// Steps of warm-up.
    pub warmup: usize,
    /// Steps after which the validation part is scored, ascending.
    pub evaluations: Vec<usize>,
}

/// Evaluations beyond this are not listed one by one: somebody typed a number that makes no sense.
const MOST: usize = 10_000;

impl Plan {
    /// The plan for so many documents that teach.
    pub fn new(settings: &Settings, documents: usize) -> Self {
        let per_epoch = documents.div_ceil(settings.batch.max(1)).max(1);
        let steps = up(settings.epochs * real(per_epoch)).max(1);
        let warmup = up(if settings.warmup < 1.0 { settings.warmup * real(steps) } else { settings.warmup });
        let mut evaluations: Vec<usize> = match settings.evaluations {
            0 => (per_epoch..=steps).step_by(per_epoch).take(MOST).collect(),
            count => (1..=count.min(MOST)).map(|at| steps.saturating_mul(at).div_ceil(count)).collect(),
        };
        evaluations.push(steps);
        evaluations.dedup();
        Self { per_epoch, steps, warmup, evaluations }
    }

    /// Steps from one evaluation to the next.
    pub fn between(&self) -> usize {
        self.evaluations.first().copied().unwrap_or(self.steps)
    }
}

/// Rounded up to a whole number; the margin keeps 0.1 x 30 from being 4.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and below 0 is 0")]
fn up(value: f64) -> usize {
    (value - 1e-9).ceil().max(0.0) as usize
}

#[allow(clippy::cast_precision_loss, reason = "counts of documents and steps stay far below 2^52")]
pub(super) fn real(count: usize) -> f64 {
    count as f64
}

/// A device's name and number of cores, without the reason for choosing it.
pub fn device_words(device: &str) -> String {
    let name = device.split(": ").next().unwrap_or_default();
    let cores = device.rsplit_once("; ").map(|(_, cores)| format!(", {}", cores.replace("processor ", "")));
    format!("{name}{}", cores.unwrap_or_default())
}

/// Steps that a run must have done to tell how fast it was.
const ENOUGH: usize = 10;

impl Train {
    /// What the settings mean now; unknown before the documents are counted, or if there are none.
    pub fn plan(&self) -> Option<Plan> {
        let documents = self.summary.as_ref()?.train;
        (documents > 0).then(|| Plan::new(&self.settings, documents))
    }

    /// Seconds that the training will take, by the speed of the newest run of this base on `device`, and that run.
    pub fn time(&self, device: &str) -> Option<(f64, &RunInfo)> {
        let documents = self.summary.as_ref()?.train;
        let same = |run: &&RunInfo| {
            let status = &run.status;
            let base = run.settings.as_ref().is_some_and(|settings| settings.base == self.settings.base);
            let here = device_words(&status.device) == device_words(device);
            base && here && status.phase.is_over() && status.step >= ENOUGH && status.seconds > 0.0
        };
        let run = self.runs.iter().find(same)?;
        let read = real(run.status.step) * real(run.settings.as_ref()?.batch);
        Some((real(documents) * self.settings.epochs * run.status.seconds / read, run))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lessons_run_has_1437_steps_and_three_evaluations() {
        let plan = Plan::new(&Settings::lesson("mini"), 7660);
        assert_eq!((plan.per_epoch, plan.steps, plan.warmup), (479, 1437, 0));
        assert_eq!((plan.evaluations.as_slice(), plan.between()), ([479, 958, 1437].as_slice(), 479));
    }

    #[test]
    fn a_device_is_named_without_the_reason() {
        let words = |device| device_words(device);
        assert_eq!(words("flex: this build has no GPU backend; 2 processor cores"), "flex, 2 cores");
        assert_eq!(words("cuda:0 (NVIDIA H200): the first CUDA device"), "cuda:0 (NVIDIA H200)");
        assert_eq!((words("").as_str(), words("cpu").as_str()), ("", "cpu"));
    }

    #[test]
    fn strange_settings_still_have_a_plan() {
        for (epochs, evaluations) in [(f64::NAN, 0), (1e4, usize::MAX), (0.0, 3), (1e4, 0)] {
            let settings = Settings { epochs, evaluations, ..Settings::lesson("mini") };
            assert!(Plan::new(&settings, 100_000).steps >= 1);
        }
    }
}
