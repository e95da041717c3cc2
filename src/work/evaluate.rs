//! Evaluates a model on tagged sentences.

use super::base;
use crate::{
    inference::{self, EvalError, Evaluation, Precision, PredictError, Predictor, predictor::Threads},
    project::ProjectError,
    spans::Sentence,
};

/// A model cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The sentences have no span, so that there is nothing to score.
    #[error("the sentences have no span, so there is nothing to score")]
    NoSpans,
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

/// Opens a trained model on a device, for predictions in this precision.
///
/// # Errors
/// The model cannot be read, or the device cannot be used.
pub fn open_model(
    model: &str,
    device: &str,
    threads: Threads,
    precision: Precision,
) -> Result<Predictor, OpenModelError> {
    base::refuse_other_folder(model)?;
    Ok(Predictor::open(model, device, threads, precision)?)
}

/// Compares the predictions of a model with the tags of sentences.
///
/// # Errors
/// The sentences have no span, or the model cannot be used.
pub fn evaluate(model: &Predictor, sentences: &[Sentence]) -> Result<Evaluation, EvaluateError> {
    check_spans(sentences)?;
    Ok(inference::evaluate(model, sentences)?)
}

fn check_spans(sentences: &[Sentence]) -> Result<(), EvaluateError> {
    let has_span = |sentence: &Sentence| sentence.tags.iter().any(|tag| tag != "O");
    if sentences.iter().any(has_span) { Ok(()) } else { Err(EvaluateError::NoSpans) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(tag: &str) -> Sentence {
        Sentence { id: "1".into(), words: vec!["tacos".into()], tags: vec![tag.into()] }
    }

    #[test]
    fn sentences_without_spans_and_missing_models_are_refused() {
        assert!(matches!(check_spans(&[sentence("O")]), Err(EvaluateError::NoSpans)));
        check_spans(&[sentence("O"), sentence("B-Dish")]).unwrap();
        let missing = open_model("/nowhere", "cpu", Threads::One, Precision::Fp32);
        assert!(matches!(missing, Err(OpenModelError::Model(_))));
    }
}
