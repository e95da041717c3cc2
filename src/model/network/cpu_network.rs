//! The network on the processor, computed by the kernels.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use super::{NetworkError, cross_entropy, layout::Layout, table::Rows};
use crate::model::{
    config::ModelConfig,
    kernels::{self, Parameters, Pieces, Workspace},
    weights::Weights,
};

/// The network with its weights in ordinary memory.
#[derive(Debug)]
pub struct CpuNetwork {
    layout: Layout,
    parameters: Parameters,
    /// Buffers that no pass uses now.
    free: Mutex<Vec<Workspace>>,
}

/// Some sentences as the kernels take them.
#[derive(Clone, Debug)]
pub(crate) struct CpuBatch {
    words: Vec<u32>,
    positions: Vec<u32>,
    /// Where each sentence's pieces stand, in the order given.
    pub(crate) ranges: Vec<Range<usize>>,
}

impl CpuBatch {
    /// The pieces.
    pub(crate) fn pieces(&self) -> Pieces<'_> {
        Pieces { words: &self.words, positions: &self.positions, sentences: &self.ranges }
    }
}

impl CpuNetwork {
    /// The network for inference: all rows of both tables. `config.tags` says how many outputs there are; the
    /// classifier must be among the weights.
    ///
    /// # Errors
    /// Missing or misshaped weights, or a configuration that contradicts itself.
    pub fn new(config: &ModelConfig, weights: &Weights) -> Result<Self, NetworkError> {
        Self::build(config, weights, &Rows::All, &Rows::All)
    }

    /// The network for training: of the word and position tables it has only these rows.
    ///
    /// # Errors
    /// As [`CpuNetwork::new`].
    pub(crate) fn build(
        config: &ModelConfig,
        weights: &Weights,
        words: &Rows,
        positions: &Rows,
    ) -> Result<Self, NetworkError> {
        let (layout, values) = Layout::load(config, weights, words, positions)?;
        let shape = config.shape(layout.words.rows(), layout.positions.rows());
        let parameters =
            Parameters::new(shape, values.into_vec()).map_err(|error| NetworkError::Config(error.to_string()))?;
        Ok(Self { layout, parameters, free: Mutex::default() })
    }

    /// The configuration.
    pub fn config(&self) -> &ModelConfig {
        &self.layout.config
    }

    /// What the parameters are.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The layout and the parameters, to be changed.
    pub(crate) fn parts_mut(&mut self) -> (&mut Layout, &mut Parameters) {
        (&mut self.layout, &mut self.parameters)
    }

    /// The parameters.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The weights by Hugging Face name, rows that are not among the parameters included.
    pub fn weights(&self) -> Weights {
        self.layout.weights(self.parameters.by_parameter())
    }

    /// Packs sentences of piece ids, special pieces included. A piece id that the model does not know counts as its
    /// last, a position likewise.
    pub(crate) fn batch(&self, inputs: &[&[u32]]) -> CpuBatch {
        let (mut words, mut positions) = (Vec::new(), Vec::new());
        let mut ranges = Vec::with_capacity(inputs.len());
        for input in inputs {
            let start = words.len();
            words.extend(input.iter().map(|id| self.layout.words.row(*id)));
            positions.extend((0u32..).take(input.len()).map(|at| self.layout.positions.row(at)));
            ranges.push(start..words.len());
        }
        CpuBatch { words, positions, ranges }
    }

    /// Logits of every piece, special ones included: for each input its pieces, for each piece one value a tag.
    pub fn logits(&self, inputs: &[&[u32]]) -> Vec<Vec<Vec<f32>>> {
        let batch = self.batch(inputs);
        self.with_logits(&batch, |rows| {
            let of = |range: &Range<usize>| rows.get(range.clone()).unwrap_or_default();
            batch.ranges.iter().map(|range| of(range).iter().map(|row| row.to_vec()).collect()).collect()
        })
    }

    /// What `each` makes of the logits of each piece, and the summed cross-entropy of these labels.
    pub(crate) fn predict<T>(
        &self,
        batch: &CpuBatch,
        labels: &[(usize, usize)],
        each: impl Fn(&[f32]) -> T,
    ) -> (Vec<T>, f64) {
        self.with_logits(batch, |rows| {
            let loss = labels.iter().filter_map(|(piece, tag)| cross_entropy(rows.get(*piece)?, *tag)).sum();
            (rows.iter().map(|row| each(row)).collect(), loss)
        })
    }

    fn with_logits<T>(&self, batch: &CpuBatch, then: impl FnOnce(&[&[f32]]) -> T) -> T {
        let free = || self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = free().pop().unwrap_or_default();
        // The rows come from `batch`, so they are there.
        let logits = kernels::logits(&self.parameters, batch.pieces(), None, &mut workspace).unwrap_or_default();
        let rows: Vec<&[f32]> = logits.chunks_exact(self.config().tags.len()).collect();
        let outcome = then(&rows);
        free().push(workspace);
        outcome
    }
}
