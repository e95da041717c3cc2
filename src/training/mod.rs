//! Floor 6: fine-tuning. A [`Job`] goes in by value; what comes out goes through a [`RunSink`], durably, before anybody
//! is told. [`run`] does the work on the calling thread, [`worker`] puts it on a thread of its own.
//!
//! The numbers are those of the Hugging Face Trainer with the same settings: the same order of the sentences, batches,
//! loss, clipping, optimiser and schedule; the same new classifier from the same seed; only the draws of dropout are
//! other ones.

pub mod checkpoint;
mod engine;
mod error;
mod evaluate;
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

/// What is to be trained.
#[derive(Clone, Debug)]
pub struct Job {
    /// The sentences. Tags of any scheme are read as IOB2; the labels are those of the training part.
    pub data: Dataset,
    /// How.
    pub settings: Settings,
    /// From what.
    pub base: BaseModel,
    /// The checkpoint to go on from, if the run was interrupted.
    pub resume: Option<checkpoint::Saved>,
}

/// Trains. Points, status and log go to `sink`, each point then to `on_point`; `controls` is looked at between two
/// steps (a channel whose other end is gone says nothing). The model, the best one or the last, is written before the
/// end.
///
/// # Errors
/// Data or settings that cannot be, no such device, a sink that does not take what it is given, or numbers that are no
/// longer finite. The sink's last status then says so.
pub fn run(
    job: Job,
    sink: &mut dyn RunSink,
    controls: &Receiver<Control>,
    on_point: &mut dyn FnMut(&Point),
) -> Result<Report, TrainError> {
    run::run(job, sink, controls, on_point)
}
