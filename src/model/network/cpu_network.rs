//! The network on the processor, computed by the kernels.

use std::{
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{NetworkError, by_sentence, cross_entropy, layout::Layout, table::Rows};
use crate::model::{
    arch::PerParameter,
    config::ModelConfig,
    kernels::{self, Parameters, Pieces, Workspace},
    weights::Weights,
};

/// The network with its weights in main memory.
#[derive(Debug)]
pub struct CpuNetwork {
    layout: Layout,
    parameters: Parameters,
    /// Buffers that are not in use.
    free: Mutex<Vec<Workspace>>,
}

/// Sentences in the form that the kernels need.
#[derive(Clone, Debug)]
pub(crate) struct CpuBatch {
    words: Vec<u32>,
    positions: Vec<u32>,
    /// Range of each sentence's pieces, in the given order.
    pub(crate) ranges: Vec<Range<usize>>,
}

impl CpuBatch {
    /// Packs sentences of piece ids, special pieces included.
    ///
    /// An id that the model does not have is replaced by its last one, a position likewise.
    pub(super) fn new(layout: &Layout, inputs: &[&[u32]]) -> Self {
        let (mut words, mut positions) = (Vec::new(), Vec::new());
        let mut ranges = Vec::with_capacity(inputs.len());
        for input in inputs {
            let start = words.len();
            words.extend(input.iter().map(|id| layout.words.row(*id)));
            positions.extend((0u32..).take(input.len()).map(|at| layout.positions.row(at)));
            ranges.push(start..words.len());
        }
        Self { words, positions, ranges }
    }

    /// Returns the pieces.
    pub(crate) fn pieces(&self) -> Pieces<'_> {
        Pieces { words: &self.words, positions: &self.positions, sentences: &self.ranges }
    }
}

impl CpuNetwork {
    /// Makes the network with all rows of both tables.
    ///
    /// It has one output for each of `config.tags`; the classifier must be among the weights.
    ///
    /// # Errors
    /// Missing or misshaped weights, or a configuration that contradicts itself.
    pub fn new(config: &ModelConfig, weights: Weights) -> Result<Self, NetworkError> {
        let (layout, values) = Layout::load(config, weights, &Rows::All, &Rows::All)?;
        Self::from_values(layout, values)
    }

    /// Makes the network with these values, as [`Layout::load`] returns them.
    ///
    /// # Errors
    /// Values that do not fit the layout.
    pub(crate) fn from_values(layout: Layout, values: PerParameter<Vec<f32>>) -> Result<Self, NetworkError> {
        let shape = layout.config.shape(layout.words.rows(), layout.positions.rows());
        let parameters =
            Parameters::new(shape, values.into_vec()).map_err(|error| NetworkError::Config(error.to_string()))?;
        Ok(Self { layout, parameters, free: Mutex::default() })
    }

    /// The configuration.
    pub fn config(&self) -> &ModelConfig {
        &self.layout.config
    }

    /// Layout of the parameters.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The layout and the parameters, for change.
    pub(crate) fn parts_mut(&mut self) -> (&mut Layout, &mut Parameters) {
        (&mut self.layout, &mut self.parameters)
    }

    /// The parameters.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Returns the tensors of a model folder, rows that are not parameters included.
    pub fn weights(&self) -> Weights {
        self.layout.weights(self.parameters.by_parameter())
    }

    /// Packs sentences of piece ids, special pieces included.
    pub(crate) fn batch(&self, inputs: &[&[u32]]) -> CpuBatch {
        CpuBatch::new(&self.layout, inputs)
    }

    /// Returns the logits of every piece, special ones included.
    /// For each input, for each piece, one value for each tag.
    pub fn logits(&self, inputs: &[&[u32]]) -> Vec<Vec<Vec<f32>>> {
        let batch = self.batch(inputs);
        self.with_logits(&batch, |rows| by_sentence(rows, &batch.ranges))
    }

    /// Applies `each` to the logits of each piece.
    /// Also returns the summed cross-entropy of these labels.
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
        let mut workspace = self.free_workspaces().pop().unwrap_or_default();
        // The rows were made for this network, so this cannot fail.
        let logits = kernels::logits(&self.parameters, batch.pieces(), None, &mut workspace).unwrap_or_default();
        let rows: Vec<&[f32]> = logits.chunks_exact(self.config().tags.len()).collect();
        let outcome = then(&rows);
        self.free_workspaces().push(workspace);
        outcome
    }

    fn free_workspaces(&self) -> MutexGuard<'_, Vec<Workspace>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
