//! Evaluates a model on tagged sentences.

use crate::{
    inference::{self, EvalError, Evaluation, PredictError, Predictor, predictor::Threads},
    project::{ProjectError, run_folder},
    spans::Sentence,
};

/// A model cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The sentences have no span, so that there is nothing to score.
    #[error("the sentences have no span, so there is nothing to score")]
    NoSpans,
    /// The model cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenModelError),
    /// The model and the sentences do not fit, or the prediction failed.
    #[error(transparent)]
    Evaluation(#[from] EvalError),
}

/// A trained model cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenModelError {
    /// The path is the folder of a run; the error names its model folder.
    #[error(transparent)]
    Run(#[from] ProjectError),
    /// The model cannot be read, or the device cannot be used.
    #[error(transparent)]
    Model(#[from] PredictError),
}

/// Opens a trained model on a device.
///
/// # Errors
/// The model cannot be read, or the device cannot be used.
pub fn open_model(model: &str, device: &str, threads: Threads) -> Result<Predictor, OpenModelError> {
    run_folder::refuse_run(model)?;
    Ok(Predictor::open(model, device, threads)?)
}

/// Compares the predictions of a model with the tags of sentences.
///
/// # Errors
/// The sentences have no span, or the model cannot be used.
pub fn evaluate(model: &str, device: &str, sentences: &[Sentence]) -> Result<Evaluation, EvaluateError> {
    if sentences.iter().all(|sentence| sentence.tags.iter().all(|tag| tag == "O")) {
        return Err(EvaluateError::NoSpans);
    }
    let model = open_model(model, device, Threads::All)?;
    Ok(inference::evaluate(&model, sentences)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(tag: &str) -> Sentence {
        Sentence { id: "1".into(), words: vec!["tacos".into()], tags: vec![tag.into()] }
    }

    #[test]
    fn sentences_without_spans_and_missing_models_are_refused() {
        assert!(matches!(evaluate("/nowhere", "cpu", &[sentence("O")]), Err(EvaluateError::NoSpans)));
        let missing = evaluate("/nowhere", "cpu", &[sentence("B-Dish")]);
        assert!(matches!(missing, Err(EvaluateError::Open(OpenModelError::Model(_)))));
    }
}
