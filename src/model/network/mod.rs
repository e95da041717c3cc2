//! DistilBERT with a token classification head: the same numbers as Hugging Face's
//! `DistilBertForTokenClassification`, whose parameter names are used.
//!
//! [`CpuNetwork`] computes it on the processor with the kernels beside this module; [`TensorNetwork`] is made of plain burn
//! operations and runs on every backend.

mod cpu_network;
pub(crate) mod layout;
mod table;
pub(crate) mod tensor_network;

use thiserror::Error;

pub(crate) use cpu_network::CpuBatch;
pub use cpu_network::CpuNetwork;
pub(crate) use table::Rows;
pub use tensor_network::TensorNetwork;

/// What is wrong with the weights.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NetworkError {
    /// A parameter is not there.
    #[error("the model has no weights named `{0}`; is it a DistilBERT folder, and complete?")]
    Missing(String),
    /// A parameter has the wrong shape.
    #[error("the weights `{name}` have shape {found:?}, config.json asks for {wanted:?}")]
    Shape {
        /// Parameter.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape by the configuration.
        wanted: Vec<usize>,
    },
    /// The configuration contradicts itself.
    #[error("config.json cannot be: {0}")]
    Config(String),
}

/// The first of the highest values, as torch and numpy have it on the processor.
pub(crate) fn argmax(row: &[f32]) -> usize {
    let best = row.iter().enumerate().fold(
        (0, f32::NEG_INFINITY),
        |best, (at, value)| {
            if *value > best.1 { (at, *value) } else { best }
        },
    );
    best.0
}

/// `-log softmax(row)[tag]`.
fn cross_entropy(row: &[f32], tag: usize) -> Option<f64> {
    let highest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = row.iter().map(|value| (f64::from(*value) - highest).exp()).sum();
    Some(sum.ln() + highest - f64::from(*row.get(tag)?))
}
