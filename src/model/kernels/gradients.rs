//! Gradient of all parameters.

use super::{
    embedding::Touched,
    parameters::Parameters,
    plan::Kind,
    shape::{Shape, ShapeError},
};

/// Gradient of all parameters, and which rows of the tables have one.
#[derive(Clone, Debug)]
pub struct Gradients {
    pub(super) values: Parameters,
    pub(super) words: Touched,
    pub(super) positions: Touched,
    /// Sum of the squares of all values.
    pub(super) squares: f64,
}

impl Gradients {
    /// Returns a gradient of zeros.
    ///
    /// # Errors
    /// The sizes contradict each other.
    pub fn new(shape: Shape) -> Result<Self, ShapeError> {
        let values = Parameters::zeros(shape)?;
        Ok(Self { values, words: Touched::default(), positions: Touched::default(), squares: 0.0 })
    }

    /// Returns the gradient of each parameter, in the order of the plan.
    pub fn values(&self) -> Vec<&[f32]> {
        self.values.values()
    }

    /// Returns the rows of the word table used by the batches, ascending.
    /// The gradient of all others is 0.
    pub fn word_rows(&self) -> &[u32] {
        self.words.rows()
    }

    /// Returns the rows of the position table used by the batches, ascending.
    pub fn position_rows(&self) -> &[u32] {
        self.positions.rows()
    }

    /// Returns the sum of the squares of all values, the square of the global norm.
    pub fn squares(&self) -> f64 {
        self.squares
    }

    /// Sets all values to 0.
    pub fn clear(&mut self) {
        let dim = self.values.shape().dim;
        self.words.clear(&mut self.values.all.words, dim);
        self.positions.clear(&mut self.values.all.positions, dim);
        let tables = self.values.shape().plan().map(|slot| slot.kind == Kind::Table);
        for (values, is_table) in self.values.all.as_mut().zip(tables).into_vec() {
            // The tables are 0 already.
            if !is_table {
                values.fill(0.0);
            }
        }
        self.squares = 0.0;
    }
}
