//! Where a run stands, and what can be asked of it.

use serde::{Deserialize, Serialize};

/// The phases of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Loading the base, preparing batches.
    #[default]
    Starting,
    /// Steps are being done.
    Training,
    /// Scoring.
    Evaluating,
    /// Waiting for [`Control::Resume`].
    Paused,
    /// Writing the model.
    Saving,
    /// Ended as planned; the model is there.
    Done,
    /// Ended early on request; the model is there.
    Stopped,
    /// Ended by an error, told in [`Status::message`].
    Failed,
}

impl Phase {
    /// Whether nothing more will come.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Stopped | Self::Failed)
    }

    /// The word shown for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Training => "training",
            Self::Evaluating => "evaluating",
            Self::Paused => "paused",
            Self::Saving => "saving",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// `status.json` of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The phase.
    pub phase: Phase,
    /// Optimiser steps done.
    pub step: usize,
    /// Optimiser steps planned.
    pub steps: usize,
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Epochs planned.
    pub epochs: f64,
    /// Seconds of training so far, pauses not counted.
    pub seconds: f64,
    /// Seconds that are left by the speed so far, evaluations included; unknown at first.
    pub eta: Option<f64>,
    /// The device in words, with the reason for the choice.
    pub device: String,
    /// What else is to be said: a warning, or why it failed.
    #[serde(default)]
    pub message: String,
    /// The step whose weights stand in `model/`.
    #[serde(default)]
    pub checkpoint: Option<usize>,
    /// Whether the run ends after this epoch.
    #[serde(default)]
    pub stopping: bool,
    /// Process that trains.
    pub pid: u32,
}

/// A command to a running training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// Wait after this step.
    Pause,
    /// Go on.
    Resume,
    /// Score the weights as they are and write them as the run's model; then go on.
    Checkpoint,
    /// End after this epoch.
    StopAfterEpoch,
    /// End after this step; the model so far is scored and kept.
    StopNow,
}
