//! Phase and progress of a run, and commands to it.

use serde::{Deserialize, Serialize};
use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

/// Phase of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Phase {
    /// Loading the base model and preparing batches.
    #[default]
    Starting,
    /// Doing optimiser steps.
    Training,
    /// Scoring.
    Evaluating,
    /// Waiting for [`Control::Resume`].
    Paused,
    /// Writing the model.
    Saving,
    /// Ended as planned, with a model.
    Done,
    /// Ended early on request, with a model.
    Stopped,
    /// Ended by the error in [`Status::message`].
    Failed,
}

impl Phase {
    /// Whether the run has ended.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Stopped | Self::Failed)
    }

    /// Name in files and on the screen.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Status of a run, as in its `status.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Phase.
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
    /// Estimated seconds left, evaluations included; unknown at first.
    pub eta: Option<f64>,
    /// Device, with the reason for the choice.
    pub device: String,
    /// A warning, or the reason why it failed.
    #[serde(default)]
    pub message: String,
    /// Step whose weights are in `model/`.
    #[serde(default)]
    pub checkpoint: Option<usize>,
    /// Whether the run ends after this epoch.
    #[serde(default)]
    pub stopping: bool,
    /// Id of the process that trains.
    pub pid: u32,
}

/// Command to a running training.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumMessage, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Control {
    /// Pause after this step.
    Pause,
    /// Continue after a pause.
    Resume,
    /// Score the current weights and write them as the run's model, then continue.
    /// `--resume` does not begin there.
    Checkpoint,
    /// End after this epoch.
    StopAfterEpoch,
    /// End after this step; the current weights are scored and kept.
    StopNow,
    /// End after this step as with `stop-now`, but write a checkpoint first.
    /// `--resume` continues from it.
    Interrupt,
}
