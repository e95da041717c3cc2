//! Floor 7: predictions of a trained model.
//!
//! Entities by word ([`decode`]), the Hugging Face pipeline on raw text ([`pipeline`]), evaluation against gold tags
//! ([`eval`]), and a thread that answers while the user types ([`worker`]).

pub mod answers;
pub mod calibrations;
pub mod decode;
pub mod eval;
#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod parity_tests;
pub mod pipeline;
mod precision;
pub mod predictor;
pub mod ranking;
mod reading;
mod scores;
mod word_probabilities;
pub mod worker;

pub use calibrations::Calibrations;
pub use decode::WordTag;
pub use eval::{EvalError, Evaluation, Evaluator, SentenceOutcome, evaluate};
pub use pipeline::{Answer, Options, PipelineError, Strategy};
pub use precision::Precision;
pub use predictor::{Logits, PredictError, Predictor, Scorer, Tagged, Threads};
pub use ranking::uncertainty;
pub use reading::{SentenceReading, read_sentences};
pub use word_probabilities::{WordProbabilities, word_probabilities};
pub use worker::{Findings, ModelSlot, Purpose, Reply, Request, Worker};
