//! The network on the processor, prepared for predictions.

use super::{NetworkError, by_sentence, cpu_network::CpuBatch, layout::Layout, table::Rows};
use crate::model::{
    config::ModelConfig,
    kernels::{self, Parameters, Precision},
    weights::Weights,
};

/// The network with its weights packed for products, in one precision or several.
#[derive(Debug)]
pub struct PreparedNetwork {
    layout: Layout,
    network: kernels::PreparedNetwork,
}

impl PreparedNetwork {
    /// Makes the network for predictions in these precisions, with all rows of both tables.
    ///
    /// It has one output for each of `config.tags`; the classifier must be among the weights.
    ///
    /// # Errors
    /// Missing or misshaped weights, a configuration that contradicts itself, or layers too wide for 8-bit arithmetic.
    pub fn new(config: &ModelConfig, weights: Weights, precisions: &[Precision]) -> Result<Self, NetworkError> {
        let (layout, values) = Layout::load(config, weights, &Rows::All, &Rows::All)?;
        let shape = config.shape(layout.words.rows(), layout.positions.rows());
        let network = Parameters::new(shape, values.into_vec())
            .and_then(|parameters| kernels::PreparedNetwork::new(parameters, precisions))
            .map_err(|error| NetworkError::Config(error.to_string()))?;
        Ok(Self { layout, network })
    }

    /// Returns the logits of every piece, special ones included, in one of the precisions.
    /// For each input, for each piece, one value for each tag.
    pub fn logits(&self, inputs: &[&[u32]], precision: Precision) -> Vec<Vec<Vec<f32>>> {
        let batch = CpuBatch::new(&self.layout, inputs);
        // The batch was made for this network, so that this fails only for a precision that it does not have.
        let logits = self.network.logits(batch.pieces(), precision).unwrap_or_default();
        let rows: Vec<&[f32]> = logits.chunks_exact(self.layout.config.tags.len()).collect();
        by_sentence(&rows, &batch.ranges)
    }
}
