//! Everything that a training needs.

use super::{checkpoint, teacher::Teacher};
use crate::{
    model::BaseModel,
    runs::Settings,
    spans::{Dataset, Sentence},
};

/// A training.
#[derive(Clone, Debug)]
pub struct Job {
    /// Sentences.
    /// Tags of any scheme are read as IOB2; the labels are those of the training split.
    pub data: Dataset,
    /// Untagged sentences to learn from, too; their tags are not read.
    pub untagged: Vec<Sentence>,
    /// Trained models whose probabilities are learned. A resumed run has them in its checkpoint.
    pub teachers: Vec<Teacher>,
    /// Settings.
    pub settings: Settings,
    /// Base model.
    pub base: BaseModel,
    /// Checkpoint to resume from, if the run was interrupted.
    pub resume: Option<checkpoint::Saved>,
}

impl Job {
    /// A training on tagged sentences only.
    pub fn new(data: Dataset, settings: Settings, base: BaseModel) -> Self {
        Self { data, untagged: Vec::new(), teachers: Vec::new(), settings, base, resume: None }
    }
}
