//! The sizes of a network, and of each of its parameters.

use thiserror::Error;

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Width of a piece's hidden state.
    pub dim: usize,
    /// Attention heads; `dim` is a multiple of it.
    pub heads: usize,
    /// Width of the feed-forward network.
    pub hidden: usize,
    /// Encoder blocks.
    pub layers: usize,
    /// Outputs of the head.
    pub tags: usize,
    /// Rows of the word table.
    pub word_rows: usize,
    /// Rows of the position table.
    pub position_rows: usize,
}

/// Why parameters are none of a network.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ShapeError {
    /// The sizes contradict each other.
    #[error("a network cannot have these sizes: {0:?}")]
    Sizes(Shape),
    /// Too many or too few parameters.
    #[error("the network has {wanted} parameters, {found} are given")]
    Count {
        /// Number given.
        found: usize,
        /// Number by the shape.
        wanted: usize,
    },
    /// A parameter has the wrong number of values.
    #[error("parameter {at} has {found} values, the shape asks for {wanted}")]
    Length {
        /// Place in the order of [`Shape::lengths`].
        at: usize,
        /// Number of its values.
        found: usize,
        /// Number by the shape.
        wanted: usize,
    },
}

impl Shape {
    /// The number of values of each parameter, in this order: word table, position table, weight and bias of the
    /// embeddings' norm; for each layer weight and bias of qkv, out, expand, contract, attention norm, output norm;
    /// weight and bias of the head.
    pub fn lengths(&self) -> Vec<usize> {
        let Self { dim, hidden, .. } = *self;
        let linear = |inputs: usize, outputs: usize| [inputs * outputs, outputs];
        let mut all = vec![self.word_rows * dim, self.position_rows * dim, dim, dim];
        for _ in 0..self.layers {
            let linears = [linear(dim, 3 * dim), linear(dim, dim), linear(dim, hidden), linear(hidden, dim)];
            all.extend(linears.into_iter().flatten().chain([dim; 4]));
        }
        all.extend(linear(dim, self.tags));
        all
    }

    /// For each parameter, in the order of [`Shape::lengths`], whether weight decay applies: to all but biases and norms.
    pub fn decays(&self) -> Vec<bool> {
        let mut all = vec![true, true, false, false];
        for _ in 0..self.layers {
            all.extend([[true, false]; 4].into_iter().flatten().chain([false; 4]));
        }
        all.extend([true, false]);
        all
    }

    /// Whether there can be such a network.
    ///
    /// # Errors
    /// If a size is 0 (layers may be), or `dim` no multiple of `heads`.
    pub fn check(&self) -> Result<(), ShapeError> {
        let sizes = [self.dim, self.heads, self.hidden, self.tags, self.word_rows, self.position_rows];
        let sane = sizes.iter().all(|size| *size > 0) && self.dim.is_multiple_of(self.heads);
        if sane { Ok(()) } else { Err(ShapeError::Sizes(*self)) }
    }

    /// Width of one attention head.
    pub(super) fn head(&self) -> usize {
        self.dim / self.heads.max(1)
    }
}
