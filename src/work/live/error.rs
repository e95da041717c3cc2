//! Why a round of the live model failed.

use crate::{
    inference::{EvalError, PredictError},
    model::ModelError,
    spans::score::ScoreError,
    training::TrainError,
};

/// A round failed. What was learned before is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The training failed.
    #[error(transparent)]
    Training(#[from] TrainError),
    /// The base cannot be opened.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A model cannot predict.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// A model cannot be scored.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// Tags cannot be compared.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// All numbers of versions are given.
    #[error("there is no number left for another version; remove the folder of the annotator in runs/live")]
    Versions,
}
