//! The buffers of the passes, used again from call to call: once they have grown, a step allocates nothing large.

use super::norm::Normed;

/// Buffers. One serves any number of networks and batches, one call at a time.
#[derive(Debug, Default)]
pub struct Workspace {
    /// What the backward pass needs of the embeddings' norm.
    pub(super) embedded: Normed,
    /// What the backward pass needs of each layer; inference uses the first for all.
    pub(super) layers: Vec<Saved>,
    /// Hidden states `[pieces, dim]`, later their gradient.
    pub(super) hidden: Vec<f32>,
    /// `[rows, tags]`.
    pub(super) logits: Vec<f32>,
    pub(super) scratch: Scratch,
}

/// What the backward pass needs of a layer. Rows are the pieces, after the last attention those that are wanted.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// `[pieces, 3 dim]`, bias included.
    pub(super) qkv: Vec<f32>,
    /// What attention gives: `[rows, dim]`.
    pub(super) context: Vec<f32>,
    /// Logarithm of the sum of exponentials of each query's scores: `[rows, heads]`.
    pub(super) log_sums: Vec<f32>,
    /// The norm after attention.
    pub(super) attended: Normed,
    /// `[rows, hidden]`, before GELU, bias included; in the backward pass GELU's slope, then its gradient.
    pub(super) expanded: Vec<f32>,
    /// The norm after the feed-forward network.
    pub(super) output: Normed,
}

/// Values that do not outlive a layer.
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

/// The buffer at this length. What is in it is left over from before; its memory does not shrink.
pub(super) fn resized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.capacity() < length {
        // Nothing needs to be copied, and no room kept for growth.
        *buffer = Vec::new();
        buffer.reserve_exact(length);
    }
    buffer.resize(length, 0.0);
    buffer
}

/// As much of a buffer; the rest of it stays. For those whose length changes within a step: to lengthen one writes zeros.
pub(super) fn part_of(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        resized(buffer, length);
    }
    buffer.get_mut(..length).unwrap_or_default()
}
