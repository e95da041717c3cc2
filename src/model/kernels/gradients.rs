//! The gradient of all parameters.

use super::{
    embedding::Touched,
    parameters::Parameters,
    shape::{Shape, ShapeError},
};

/// The gradient of all parameters, and which rows of the tables have one.
#[derive(Clone, Debug)]
pub struct Gradients {
    pub(super) values: Parameters,
    pub(super) words: Touched,
    pub(super) positions: Touched,
    /// Sum of the squares of all values.
    pub(super) squares: f64,
}

impl Gradients {
    /// A gradient of zeros.
    ///
    /// # Errors
    /// Sizes that contradict each other.
    pub fn new(shape: Shape) -> Result<Self, ShapeError> {
        let values = Parameters::zeros(shape)?;
        Ok(Self { values, words: Touched::default(), positions: Touched::default(), squares: 0.0 })
    }

    /// The gradient of each parameter, in the order of [`Shape::lengths`].
    pub fn values(&self) -> Vec<&[f32]> {
        self.values.values()
    }

    /// The rows of the word table that the batches asked for, ascending: the gradient of all others is 0.
    pub fn word_rows(&self) -> &[u32] {
        self.words.rows()
    }

    /// The rows of the position table that the batches asked for, ascending.
    pub fn position_rows(&self) -> &[u32] {
        self.positions.rows()
    }

    /// The sum of the squares of all values: the square of the global norm.
    pub fn squares(&self) -> f64 {
        self.squares
    }

    /// Makes all values 0.
    pub fn clear(&mut self) {
        let dim = self.values.shape().dim;
        self.words.clear(&mut self.values.words, dim);
        self.positions.clear(&mut self.values.positions, dim);
        // The tables are 0 already.
        self.values.values_mut().into_iter().skip(2).for_each(|values| values.fill(0.0));
        self.squares = 0.0;
    }
}
