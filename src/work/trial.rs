//! A training whose model is used and not kept: one of a cross-validation or of a learning curve.

use super::{
    train::{StartedRun, TrainRequest},
    unrecorded::Unrecorded,
};
use crate::{
    model::{BaseModel, MemoryFolder, ModelError},
    runs::metrics::Report,
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
    let mut sink = Unrecorded::with_model(folder.clone());
    // A trial ends as planned: commands to stop are for the list of trials.
    let controls = crossbeam_channel::never();
    let report = training::run(job, &mut sink, &controls, &mut |_| ())?;
    Ok((report, folder.take("the trained model")?))
}
