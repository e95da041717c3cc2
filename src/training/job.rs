//! Everything that a training needs.

use super::checkpoint;
use crate::{model::BaseModel, runs::Settings, spans::Dataset};

/// A training.
#[derive(Clone, Debug)]
pub struct Job {
    /// Sentences.
    /// Tags of any scheme are read as IOB2; the labels are those of the training split.
    pub data: Dataset,
    /// Settings.
    pub settings: Settings,
    /// Base model.
    pub base: BaseModel,
    /// Checkpoint to resume from, if the run was interrupted.
    pub resume: Option<checkpoint::Saved>,
}
