//! Buffers of the forward and backward passes, reused from call to call.
//! Once they have grown, a step makes no large allocation.

use super::{linear::Buffers, norm::Normed};

/// Buffers for one call at a time, of any network and batch.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Norm of the embeddings, kept for the backward pass.
    pub(super) embedded: Normed,
    /// Values of each layer, kept for the backward pass.
    /// Inference uses the first for all layers.
    pub(super) layers: Vec<Saved>,
    /// Hidden states `[pieces, dim]`; in the backward pass their gradient.
    pub(super) hidden: Vec<f32>,
    /// Logits: `[rows, tags]`.
    pub(super) logits: Vec<f32>,
    pub(super) scratch: Scratch,
}

/// Values of a layer, kept for the backward pass.
/// Their rows are all pieces; after the last attention, the requested ones.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// Queries, keys and values, bias included: `[pieces, 3 dim]`.
    pub(super) qkv: Vec<f32>,
    /// Result of attention: `[rows, dim]`.
    pub(super) context: Vec<f32>,
    /// Logarithm of the sum of exponentials of each query's scores: `[rows, heads]`.
    pub(super) log_sums: Vec<f32>,
    /// Norm after attention.
    pub(super) attended: Normed,
    /// Values before GELU, bias included: `[rows, hidden]`.
    /// In the backward pass GELU's slope, then its gradient.
    pub(super) expanded: Vec<f32>,
    /// Norm after the feed-forward network.
    pub(super) output: Normed,
}

/// Buffers used within one layer only.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Buffer of `[rows, dim]`.
    pub(super) narrow: Vec<f32>,
    /// Second buffer of `[rows, dim]`.
    pub(super) second: Vec<f32>,
    /// Buffer of `[rows, hidden]` or `[pieces, 3 dim]`.
    pub(super) wide: Vec<f32>,
    /// Buffers of the product that is computed.
    pub(super) product: Buffers,
    /// Buffers of a weight's gradient, which is computed at the same time as the input's.
    pub(super) weight_product: Buffers,
}

impl Workspace {
    /// Returns empty buffers.
    pub fn new() -> Self {
        Self::default()
    }
}
