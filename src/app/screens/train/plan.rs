//! The plan of the next training for the present documents, and its duration.

use crate::{
    app::project_runs::ProjectRuns,
    runs::{Plan, RunSummary},
};

use super::Train;

/// Steps that a run must have done before its speed is used.
const MIN_STEPS: usize = 10;

/// A device's name and number of cores, without the reason for choosing it.
pub fn device_words(device: &str) -> String {
    let name = device.split(": ").next().unwrap_or_default();
    let cores = device.rsplit_once("; ").map(|(_, cores)| format!(", {}", cores.replace("processor ", "")));
    format!("{name}{}", cores.unwrap_or_default())
}

#[allow(clippy::cast_precision_loss, reason = "counts of documents and steps stay far below 2^52")]
fn real(count: usize) -> f64 {
    count as f64
}

impl Train {
    /// The plan by the settings.
    /// `None` before the documents are counted, and if there are none.
    pub fn plan(&self) -> Option<Plan> {
        let documents = self.summary.as_ref()?.train;
        (documents > 0).then(|| Plan::new(&self.settings, documents))
    }

    /// Seconds that the training will take.
    /// Also the run from whose speed they are estimated.
    ///
    /// That run is the newest of this base on `device`.
    pub fn time<'a>(&self, runs: &'a ProjectRuns, device: &str) -> Option<(f64, &'a RunSummary)> {
        let documents = self.summary.as_ref()?.train;
        let run = runs.list.iter().find(|run| self.has_same_speed(run, device))?;
        let settings = run.settings.as_ref()?;
        let read = real(run.status.step) * real(settings.batch) * real(settings.accumulation);
        Some((real(documents) * self.settings.epochs * run.status.seconds / read, run))
    }

    /// Whether a run had the same base on `device`, and measures its speed.
    /// It must be long enough for that.
    fn has_same_speed(&self, run: &RunSummary, device: &str) -> bool {
        let status = &run.status;
        let base = run.settings.as_ref().is_some_and(|settings| settings.base == self.settings.base);
        let here = device_words(&status.device) == device_words(device);
        base && here && status.phase.is_over() && status.step >= MIN_STEPS && status.seconds > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_without_the_reason() {
        let words = |device| device_words(device);
        assert_eq!(words("flex: this build has no GPU backend; 2 processor cores"), "flex, 2 cores");
        assert_eq!(words("cuda:0 (NVIDIA H200): the first CUDA device"), "cuda:0 (NVIDIA H200)");
        assert_eq!((words("").as_str(), words("cpu").as_str()), ("", "cpu"));
    }
}
