//! The network composed of plain burn operations, on packed sentences: the pieces of all sentences of a batch stand below
//! each other in `[pieces, width]` matrices, nothing is padded. Only attention goes through a padded arrangement and
//! back. It runs on every backend, and is what the kernels are tested against.

mod forward;
mod pack;

use std::borrow::Cow;

use burn::tensor::{Device, Tensor, TensorData};

use super::{NetworkError, layout::Layout, table::Rows};
use crate::model::{config::ModelConfig, weights::Weights};

pub(crate) use pack::Packed;

/// Added to the variance in every layer norm, as in the reference.
const NORM_EPSILON: f64 = 1e-12;

/// `x W + b`; the weight is `[inputs, outputs]`, the bias `[1, outputs]`.
#[derive(Clone, Debug)]
struct Linear {
    weight: Tensor<2>,
    bias: Tensor<2>,
}

/// Layer norm over the last dimension, both `[1, dim]`.
#[derive(Clone, Debug)]
struct Norm {
    weight: Tensor<2>,
    bias: Tensor<2>,
}

/// One encoder block, post-norm.
#[derive(Clone, Debug)]
struct Layer {
    /// Query, key and value side by side: `[dim, 3 dim]`.
    qkv: Linear,
    out: Linear,
    expand: Linear,
    contract: Linear,
    attention_norm: Norm,
    output_norm: Norm,
}

/// The network with its weights on a device. A clone shares the weights until one of the two is trained.
#[derive(Clone, Debug)]
pub struct TensorNetwork {
    layout: Layout,
    device: Device,
    words: Tensor<2>,
    positions: Tensor<2>,
    norm: Norm,
    layers: Vec<Layer>,
    head: Linear,
}

impl TensorNetwork {
    /// The network for inference: all rows of both tables. `config.tags` says how many outputs there are; the
    /// classifier must be among the weights.
    ///
    /// # Errors
    /// Missing or misshaped weights, or a configuration that contradicts itself.
    pub fn new(config: &ModelConfig, weights: &Weights, device: &Device) -> Result<Self, NetworkError> {
        Self::build(config, weights, device, &Rows::All, &Rows::All)
    }

    /// The network for training: of the word and position tables only these rows are on the device.
    ///
    /// # Errors
    /// As [`TensorNetwork::new`].
    pub(crate) fn build(
        config: &ModelConfig,
        weights: &Weights,
        device: &Device,
        words: &Rows,
        positions: &Rows,
    ) -> Result<Self, NetworkError> {
        let (layout, values) = Layout::load(config, weights, words, positions)?;
        let shapes: Vec<[usize; 2]> = layout.parameters().iter().map(|parameter| parameter.shape).collect();
        let mut tensors =
            values.into_iter().zip(shapes).map(|(data, shape)| Tensor::from_data(TensorData::new(data, shape), device));
        // As many as are taken: the layout lists them in this order.
        let empty = || Tensor::from_data(TensorData::zeros::<f32, _>([1, 1]), device);
        let mut next = || tensors.next().unwrap_or_else(empty);
        let (words, positions) = (next(), next());
        let norm = Norm { weight: next(), bias: next() };
        let layers = (0..config.layers).map(|_| Layer {
            qkv: Linear { weight: next(), bias: next() },
            out: Linear { weight: next(), bias: next() },
            expand: Linear { weight: next(), bias: next() },
            contract: Linear { weight: next(), bias: next() },
            attention_norm: Norm { weight: next(), bias: next() },
            output_norm: Norm { weight: next(), bias: next() },
        });
        let layers = layers.collect();
        let head = Linear { weight: next(), bias: next() };
        Ok(Self { layout, device: device.clone(), words, positions, norm, layers, head })
    }

    /// The configuration.
    pub fn config(&self) -> &ModelConfig {
        &self.layout.config
    }

    /// What the parameters are.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// As [`TensorNetwork::layout`], to be changed.
    pub(crate) fn layout_mut(&mut self) -> &mut Layout {
        &mut self.layout
    }

    /// The weights by Hugging Face name, rows that were not on the device included.
    pub fn weights(&self) -> Weights {
        let values: Vec<Cow<'_, [f32]>> =
            self.parameters().into_iter().map(|tensor| Cow::Owned(values(tensor))).collect();
        self.layout.weights(&values)
    }

    /// All trainable tensors, in the order of the layout.
    pub(crate) fn parameters(&self) -> Vec<&Tensor<2>> {
        let mut all = vec![&self.words, &self.positions, &self.norm.weight, &self.norm.bias];
        for layer in &self.layers {
            for linear in [&layer.qkv, &layer.out, &layer.expand, &layer.contract] {
                all.extend([&linear.weight, &linear.bias]);
            }
            for norm in [&layer.attention_norm, &layer.output_norm] {
                all.extend([&norm.weight, &norm.bias]);
            }
        }
        all.extend([&self.head.weight, &self.head.bias]);
        all
    }

    /// As [`TensorNetwork::parameters`], to be changed.
    pub(crate) fn parameters_mut(&mut self) -> Vec<&mut Tensor<2>> {
        let mut all = vec![&mut self.words, &mut self.positions, &mut self.norm.weight, &mut self.norm.bias];
        for layer in &mut self.layers {
            for linear in [&mut layer.qkv, &mut layer.out, &mut layer.expand, &mut layer.contract] {
                all.extend([&mut linear.weight, &mut linear.bias]);
            }
            for norm in [&mut layer.attention_norm, &mut layer.output_norm] {
                all.extend([&mut norm.weight, &mut norm.bias]);
            }
        }
        all.extend([&mut self.head.weight, &mut self.head.bias]);
        all
    }

    /// A copy on the autodiff graph; the parameters for which `trained` says so gather their gradients.
    pub(crate) fn tracked(&self, trained: &[bool]) -> Self {
        let mut copy = self.clone();
        for (tensor, trained) in copy.parameters_mut().into_iter().zip(trained) {
            let value = tensor.clone().autodiff();
            *tensor = if *trained { value.require_grad() } else { value };
        }
        copy
    }

    /// A tensor of these values on this device.
    pub(crate) fn tensor(&self, values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}

/// The values of a tensor, row-major.
pub(crate) fn values(tensor: &Tensor<2>) -> Vec<f32> {
    let data = tensor.to_data();
    data.as_slice::<f32>().map(<[f32]>::to_vec).unwrap_or_else(|_| data.iter::<f32>().collect())
}

/// The sum of all values. Not burn's own, which a graphics device adds up in whatever order its threads come: a run that
/// was taken up would not go on bit for bit.
pub(crate) fn total(tensor: Tensor<2>) -> Tensor<1> {
    tensor.sum_dim(1).sum_dim(0).reshape([1])
}
