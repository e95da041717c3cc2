//! A training whose model is used and not kept: one of a cross-validation or of a learning curve.

use std::io;

use super::train::{StartedRun, TrainRequest};
use crate::{
    model::{BaseModel, MemoryFolder, ModelError},
    runs::{Control, FolderSink, Point, RunSink, Status, metrics::Report},
    training::{self, TrainError},
};

/// A trial failed.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The training failed.
    #[error(transparent)]
    Training(#[from] TrainError),
    /// The trained model cannot be opened.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Trains to the end and returns the scores and the model, as a run that is kept would.
///
/// # Errors
/// As [`training::run`].
pub fn train(request: TrainRequest, base: BaseModel) -> Result<(Report, Option<BaseModel>), TrialError> {
    let folder = MemoryFolder::default();
    let StartedRun { job, .. } = request.start_unrecorded(base);
    let mut sink = InMemory(folder.clone());
    // A trial ends as planned: commands to stop are for the list of trials.
    let controls = crossbeam_channel::never();
    let report = training::run(job, &mut sink, &controls, &mut |_| ())?;
    Ok((report, folder.take("the trained model")?))
}

/// Run sink that keeps nothing but the model, in memory.
struct InMemory(MemoryFolder);

impl RunSink for InMemory {
    fn point(&mut self, _: &Point) -> io::Result<()> {
        Ok(())
    }

    fn status(&mut self, _: &Status) -> io::Result<()> {
        Ok(())
    }

    fn log(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn control(&mut self) -> Option<Control> {
        None
    }

    fn model(&mut self) -> io::Result<Box<dyn FolderSink>> {
        Ok(self.0.begin())
    }

    fn checkpoint(&mut self) -> io::Result<Option<Box<dyn FolderSink>>> {
        Ok(None)
    }

    fn drop_checkpoint(&mut self) {}
}
