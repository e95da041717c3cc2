//! Buffers of the forward and backward passes, reused from call to call: once they have grown, a step allocates nothing
//! large.

use super::norm::Normed;

/// Buffers for one call at a time, of any network and batch.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Norm of the embeddings, kept for the backward pass.
    pub(super) embedded: Normed,
    /// Values of each layer, kept for the backward pass; inference uses the first for all layers.
    pub(super) layers: Vec<Saved>,
    /// Hidden states `[pieces, dim]`; in the backward pass their gradient.
    pub(super) hidden: Vec<f32>,
    /// `[rows, tags]`.
    pub(super) logits: Vec<f32>,
    pub(super) scratch: Scratch,
}

/// Values of a layer, kept for the backward pass. Rows are all pieces, after the last attention the requested ones.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// `[pieces, 3 dim]`, bias included.
    pub(super) qkv: Vec<f32>,
    /// Result of attention: `[rows, dim]`.
    pub(super) context: Vec<f32>,
    /// Logarithm of the sum of the exponentials of each query's scores: `[rows, heads]`.
    pub(super) log_sums: Vec<f32>,
    /// Norm after attention.
    pub(super) attended: Normed,
    /// `[rows, hidden]`, before GELU, bias included; in the backward pass GELU's slope, then its gradient.
    pub(super) expanded: Vec<f32>,
    /// Norm after the feed-forward network.
    pub(super) output: Normed,
}

/// Buffers used within one layer only.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// `[rows, dim]`.
    pub(super) narrow: Vec<f32>,
    /// `[rows, dim]`.
    pub(super) second: Vec<f32>,
    /// `[rows, hidden]` or `[pieces, 3 dim]`.
    pub(super) wide: Vec<f32>,
    /// Transposed, of any width.
    pub(super) turned: Vec<f32>,
    /// Transposed, of any width.
    pub(super) turned_second: Vec<f32>,
}

impl Workspace {
    /// Empty buffers.
    pub fn new() -> Self {
        Self::default()
    }
}
