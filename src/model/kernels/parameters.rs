//! The trainable values of a network, or one value for each of them: gradients have the same form.

use super::shape::{Shape, ShapeError};

/// `x W + b`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    /// `[inputs, outputs]`, row-major: transposed against PyTorch.
    pub weight: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
}

/// Layer norm over the last dimension.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Norm {
    /// `[dim]`.
    pub weight: Vec<f32>,
    /// `[dim]`.
    pub bias: Vec<f32>,
}

/// One encoder block, post-norm.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    /// Query, key and value side by side: `[dim, 3 dim]`.
    pub qkv: Linear,
    /// `[dim, dim]`, after attention.
    pub out: Linear,
    /// `[dim, hidden]`.
    pub expand: Linear,
    /// `[hidden, dim]`.
    pub contract: Linear,
    /// After attention.
    pub attention_norm: Norm,
    /// After the feed-forward network.
    pub output_norm: Norm,
}

/// All values of a network. Their lengths are those of the shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    shape: Shape,
    pub(super) words: Vec<f32>,
    pub(super) positions: Vec<f32>,
    pub(super) norm: Norm,
    pub(super) layers: Vec<Layer>,
    pub(super) head: Linear,
}

impl Parameters {
    /// A network of zeros.
    ///
    /// # Errors
    /// Sizes that contradict each other.
    pub fn zeros(shape: Shape) -> Result<Self, ShapeError> {
        Self::new(shape, shape.lengths().into_iter().map(|length| vec![0.0; length]).collect())
    }

    /// The network with these values, in the order of [`Shape::lengths`].
    ///
    /// # Errors
    /// Sizes that contradict each other, or values that do not fit them.
    pub fn new(shape: Shape, values: Vec<Vec<f32>>) -> Result<Self, ShapeError> {
        shape.check()?;
        let lengths = shape.lengths();
        if values.len() != lengths.len() {
            return Err(ShapeError::Count { found: values.len(), wanted: lengths.len() });
        }
        for (at, (values, wanted)) in values.iter().zip(lengths).enumerate() {
            if values.len() != wanted {
                return Err(ShapeError::Length { at, found: values.len(), wanted });
            }
        }
        let mut values = values.into_iter();
        // As many as are taken: they were counted.
        let mut next = || values.next().unwrap_or_default();
        let (words, positions) = (next(), next());
        let norm = Norm { weight: next(), bias: next() };
        let layers = (0..shape.layers)
            .map(|_| Layer {
                qkv: Linear { weight: next(), bias: next() },
                out: Linear { weight: next(), bias: next() },
                expand: Linear { weight: next(), bias: next() },
                contract: Linear { weight: next(), bias: next() },
                attention_norm: Norm { weight: next(), bias: next() },
                output_norm: Norm { weight: next(), bias: next() },
            })
            .collect();
        let head = Linear { weight: next(), bias: next() };
        Ok(Self { shape, words, positions, norm, layers, head })
    }

    /// The sizes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The values of each parameter, in the order of [`Shape::lengths`].
    pub fn values(&self) -> Vec<&[f32]> {
        let mut all: Vec<&[f32]> = vec![&self.words, &self.positions, &self.norm.weight, &self.norm.bias];
        for layer in &self.layers {
            for linear in [&layer.qkv, &layer.out, &layer.expand, &layer.contract] {
                all.extend([linear.weight.as_slice(), &linear.bias]);
            }
            for norm in [&layer.attention_norm, &layer.output_norm] {
                all.extend([norm.weight.as_slice(), &norm.bias]);
            }
        }
        all.extend([self.head.weight.as_slice(), &self.head.bias]);
        all
    }

    /// As [`Parameters::values`], to be changed.
    pub fn values_mut(&mut self) -> Vec<&mut [f32]> {
        let mut all: Vec<&mut [f32]> =
            vec![&mut self.words, &mut self.positions, &mut self.norm.weight, &mut self.norm.bias];
        for layer in &mut self.layers {
            for linear in [&mut layer.qkv, &mut layer.out, &mut layer.expand, &mut layer.contract] {
                all.extend([linear.weight.as_mut_slice(), &mut linear.bias]);
            }
            for norm in [&mut layer.attention_norm, &mut layer.output_norm] {
                all.extend([norm.weight.as_mut_slice(), &mut norm.bias]);
            }
        }
        all.extend([self.head.weight.as_mut_slice(), &mut self.head.bias]);
        all
    }
}
