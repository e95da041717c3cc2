//! The encoder with a classifier for each word piece.
//! It gives the same numbers as transformers' implementation.
//!
//! [`CpuNetwork`] computes it on the processor with the kernels, [`PreparedNetwork`] likewise for predictions only; [`TensorNetwork`] consists of plain burn operations and
//! runs on every backend.

mod cpu_network;
pub(crate) mod layout;
mod prepared_network;
mod table;
pub(crate) mod tensor_network;

use std::ops::Range;

use thiserror::Error;

pub(crate) use cpu_network::CpuBatch;
pub use cpu_network::CpuNetwork;
pub use prepared_network::PreparedNetwork;
pub(crate) use table::Rows;
pub use tensor_network::TensorNetwork;

/// Error in the weights of a network.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NetworkError {
    /// A parameter is missing.
    #[error("the model has no weights named `{0}`; is its folder complete?")]
    Missing(String),
    /// A parameter has the wrong shape.
    #[error("the weights `{name}` have shape {found:?}, config.json asks for {wanted:?}")]
    Shape {
        /// Parameter.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape according to the configuration.
        wanted: Vec<usize>,
    },
    /// The configuration contradicts itself.
    #[error("config.json contradicts itself: {0}")]
    Config(String),
}

/// Returns the first of the highest values, as torch and numpy do on the processor.
pub(crate) fn argmax(row: &[f32]) -> usize {
    let mut best = 0;
    let mut highest = f32::NEG_INFINITY;
    for (at, value) in row.iter().enumerate() {
        if *value > highest {
            best = at;
            highest = *value;
        }
    }
    best
}

/// Splits the rows of a batch into those of each sentence.
fn by_sentence(rows: &[&[f32]], sentences: &[Range<usize>]) -> Vec<Vec<Vec<f32>>> {
    let rows_of = sentences.iter().map(|range| rows.get(range.clone()).unwrap_or_default());
    rows_of.map(|rows| rows.iter().map(|row| row.to_vec()).collect()).collect()
}

/// Returns `-log softmax(row)[tag]`.
fn cross_entropy(row: &[f32], tag: usize) -> Option<f64> {
    let highest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = row.iter().map(|value| (f64::from(*value) - highest).exp()).sum();
    Some(sum.ln() + highest - f64::from(*row.get(tag)?))
}
