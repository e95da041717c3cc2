//! The sizes of a network.

use thiserror::Error;

/// The sizes of a network.
/// Also the one number of its architecture that is not a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// Added to the variance in every layer norm.
    pub epsilon: f32,
}

/// Reason why values cannot be the parameters of a network.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ShapeError {
    /// The sizes contradict each other.
    #[error("a network cannot have these sizes: {0:?}")]
    Sizes(Shape),
    /// A layer is too wide for 8-bit arithmetic.
    #[error("8-bit predictions need layers at most {most} values wide; predict exactly")]
    TooWide {
        /// Greatest width.
        most: usize,
    },
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
        /// Place in the order of the plan.
        at: usize,
        /// Number of its values.
        found: usize,
        /// Number by the shape.
        wanted: usize,
    },
}

impl Shape {
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
