//! What settings mean for the documents there are, and how long a training will take by what a run before it took.

use crate::runs::{Plan, RunSummary};

use super::Train;

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

/// Steps that a run must have done to tell how fast it was.
const ENOUGH: usize = 10;

impl Train {
    /// What the settings mean now; unknown before the documents are counted, or if there are none.
    pub fn plan(&self) -> Option<Plan> {
        let documents = self.summary.as_ref()?.train;
        (documents > 0).then(|| Plan::new(&self.settings, documents))
    }

    /// Seconds that the training will take, by the speed of the newest run of this base on `device`, and that run.
    pub fn time(&self, device: &str) -> Option<(f64, &RunSummary)> {
        let documents = self.summary.as_ref()?.train;
        let same = |run: &&RunSummary| {
            let status = &run.status;
            let base = run.settings.as_ref().is_some_and(|settings| settings.base == self.settings.base);
            let here = device_words(&status.device) == device_words(device);
            base && here && status.phase.is_over() && status.step >= ENOUGH && status.seconds > 0.0
        };
        let run = self.runs.iter().find(same)?;
        let settings = run.settings.as_ref()?;
        let read = real(run.status.step) * real(settings.batch) * real(settings.accumulation);
        Some((real(documents) * self.settings.epochs * run.status.seconds / read, run))
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
