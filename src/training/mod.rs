//! Floor 6: fine-tuning.
//!
//! A [`Job`] goes in by value. Results are written through a [`RunSink`], durably, before they are reported. [`run`]
//! trains on the calling thread, [`worker`] on a thread of its own.
//!
//! The numbers are those of the Hugging Face Trainer with the same settings: order of the sentences, batches, loss,
//! clipping, optimiser, schedule, and the new classifier of a seed. Only the draws of dropout differ.

pub mod checkpoint;
mod engine;
mod error;
mod evaluate;
mod exact;
mod examples;
#[cfg(test)]
mod golden;
mod order;
mod patience;
mod prepare;
mod publish;
mod recipe;
mod run;
mod torch;
pub mod worker;

use crossbeam_channel::Receiver;

pub use error::TrainError;
pub use recipe::recipe;

use crate::{
    model::BaseModel,
    runs::{Control, Point, RunSink, Settings, metrics::Report},
    spans::Dataset,
};

/// A training.
#[derive(Clone, Debug)]
pub struct Job {
    /// Sentences. Tags of any scheme are read as IOB2; the labels are those of the training split.
    pub data: Dataset,
    /// Settings.
    pub settings: Settings,
    /// Base model.
    pub base: BaseModel,
    /// Checkpoint to resume from, if the run was interrupted.
    pub resume: Option<checkpoint::Saved>,
}

/// Trains, and writes points, status, log and model to `sink`.
///
/// Each point is passed to `on_point` after it was written. `controls` is read between two steps; it may be
/// disconnected. The model that is written is the best one or the last one, depending on the settings.
///
/// # Errors
/// Invalid data or settings, no such device, a sink that fails, or numbers that are no longer finite. The sink's last
/// status then states the error.
pub fn run(
    job: Job,
    sink: &mut dyn RunSink,
    controls: &Receiver<Control>,
    on_point: &mut dyn FnMut(&Point),
) -> Result<Report, TrainError> {
    run::run(job, sink, controls, on_point)
}
