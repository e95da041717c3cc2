//! One value for each parameter of a network, by name and in order.
//!
//! The same structure holds the plan of the parameters, their values, their gradients and their tensors on a device.
//! [`PerParameter::try_map`] defines the one order of the parameters; everything else that has an order uses it.

use std::convert::Infallible;

/// One value for each parameter of a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PerParameter<T> {
    /// Word table.
    pub words: T,
    /// Position table.
    pub positions: T,
    /// Layer norm of the embeddings.
    pub norm: Affine<T>,
    /// Encoder layers, from the input on.
    pub layers: Vec<Layer<T>>,
    /// Classifier.
    pub head: Affine<T>,
}

/// One value for each parameter of an encoder layer (post-norm).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer<T> {
    /// Query, key and value side by side: `[dim, 3 dim]`.
    pub qkv: Affine<T>,
    /// Output projection of the attention: `[dim, dim]`.
    pub out: Affine<T>,
    /// First half of the feed-forward network: `[dim, hidden]`.
    pub expand: Affine<T>,
    /// Second half of the feed-forward network: `[hidden, dim]`.
    pub contract: Affine<T>,
    /// Layer norm after the attention.
    pub attention_norm: Affine<T>,
    /// Layer norm after the feed-forward network.
    pub output_norm: Affine<T>,
}

/// One value each for the weight and the bias of a linear layer or of a layer norm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Affine<T> {
    /// `[inputs, outputs]` of a linear layer, transposed against PyTorch.
    /// `[dim]` of a layer norm.
    pub weight: T,
    /// `[outputs]`, or `[dim]`.
    pub bias: T,
}

impl<T> PerParameter<T> {
    /// Replaces each value, in the one order of the parameters.
    ///
    /// # Errors
    /// The first error of `each`.
    pub fn try_map<U, E>(self, mut each: impl FnMut(T) -> Result<U, E>) -> Result<PerParameter<U>, E> {
        Ok(PerParameter {
            words: each(self.words)?,
            positions: each(self.positions)?,
            norm: self.norm.try_map(&mut each)?,
            layers: self.layers.into_iter().map(|layer| layer.try_map(&mut each)).collect::<Result<_, E>>()?,
            head: self.head.try_map(&mut each)?,
        })
    }

    /// Replaces each value, in order.
    pub fn map<U>(self, mut each: impl FnMut(T) -> U) -> PerParameter<U> {
        let Ok(mapped) = self.try_map(|value| Ok::<U, Infallible>(each(value)));
        mapped
    }

    /// Returns the values in order.
    pub fn into_vec(self) -> Vec<T> {
        let mut all = Vec::new();
        self.map(|value| all.push(value));
        all
    }

    /// Pairs each value with another one for the same parameter.
    /// Both must have the same number of layers.
    pub fn zip<U>(self, other: PerParameter<U>) -> PerParameter<(T, U)> {
        PerParameter {
            words: (self.words, other.words),
            positions: (self.positions, other.positions),
            norm: self.norm.zip(other.norm),
            layers: self.layers.into_iter().zip(other.layers).map(|(layer, other)| layer.zip(other)).collect(),
            head: self.head.zip(other.head),
        }
    }

    /// Returns references to the values.
    pub fn as_ref(&self) -> PerParameter<&T> {
        PerParameter {
            words: &self.words,
            positions: &self.positions,
            norm: self.norm.as_ref(),
            layers: self.layers.iter().map(Layer::as_ref).collect(),
            head: self.head.as_ref(),
        }
    }

    /// Returns mutable references to the values.
    pub fn as_mut(&mut self) -> PerParameter<&mut T> {
        PerParameter {
            words: &mut self.words,
            positions: &mut self.positions,
            norm: self.norm.as_mut(),
            layers: self.layers.iter_mut().map(Layer::as_mut).collect(),
            head: self.head.as_mut(),
        }
    }
}

impl<T> Layer<T> {
    fn try_map<U, E>(self, each: &mut impl FnMut(T) -> Result<U, E>) -> Result<Layer<U>, E> {
        Ok(Layer {
            qkv: self.qkv.try_map(each)?,
            out: self.out.try_map(each)?,
            expand: self.expand.try_map(each)?,
            contract: self.contract.try_map(each)?,
            attention_norm: self.attention_norm.try_map(each)?,
            output_norm: self.output_norm.try_map(each)?,
        })
    }

    fn zip<U>(self, other: Layer<U>) -> Layer<(T, U)> {
        Layer {
            qkv: self.qkv.zip(other.qkv),
            out: self.out.zip(other.out),
            expand: self.expand.zip(other.expand),
            contract: self.contract.zip(other.contract),
            attention_norm: self.attention_norm.zip(other.attention_norm),
            output_norm: self.output_norm.zip(other.output_norm),
        }
    }

    fn as_ref(&self) -> Layer<&T> {
        Layer {
            qkv: self.qkv.as_ref(),
            out: self.out.as_ref(),
            expand: self.expand.as_ref(),
            contract: self.contract.as_ref(),
            attention_norm: self.attention_norm.as_ref(),
            output_norm: self.output_norm.as_ref(),
        }
    }

    fn as_mut(&mut self) -> Layer<&mut T> {
        Layer {
            qkv: self.qkv.as_mut(),
            out: self.out.as_mut(),
            expand: self.expand.as_mut(),
            contract: self.contract.as_mut(),
            attention_norm: self.attention_norm.as_mut(),
            output_norm: self.output_norm.as_mut(),
        }
    }
}

impl<T> Affine<T> {
    fn try_map<U, E>(self, each: &mut impl FnMut(T) -> Result<U, E>) -> Result<Affine<U>, E> {
        Ok(Affine { weight: each(self.weight)?, bias: each(self.bias)? })
    }

    fn zip<U>(self, other: Affine<U>) -> Affine<(T, U)> {
        Affine { weight: (self.weight, other.weight), bias: (self.bias, other.bias) }
    }

    fn as_ref(&self) -> Affine<&T> {
        Affine { weight: &self.weight, bias: &self.bias }
    }

    fn as_mut(&mut self) -> Affine<&mut T> {
        Affine { weight: &mut self.weight, bias: &mut self.bias }
    }
}
