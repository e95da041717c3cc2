//! The network composed of plain burn operations, on packed sentences: the pieces of all sentences of a batch stand below
//! each other in `[pieces, width]` matrices, nothing is padded. Only attention goes through a padded arrangement and
//! back. It runs on every backend, and is what the kernels are tested against.

mod forward;
mod pack;

use burn::tensor::{Device, Tensor, TensorData};

use super::{NetworkError, layout::Layout, table::Rows};
use crate::model::{arch::PerParameter, config::ModelConfig, weights::Weights};

pub(crate) use pack::Packed;

/// The network with its weights on a device. A clone shares the weights until one of the two is trained.
#[derive(Clone, Debug)]
pub struct TensorNetwork {
    layout: Layout,
    device: Device,
    tensors: PerParameter<Tensor<2>>,
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
        let tensors = values
            .zip(layout.by_parameter())
            .map(|(values, parameter)| Tensor::from_data(TensorData::new(values, parameter.slot.shape), device));
        Ok(Self { layout, device: device.clone(), tensors })
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
        let values = self.tensors.as_ref().map(values);
        self.layout.weights(values.as_ref().map(Vec::as_slice))
    }

    /// Returns the parameters.
    pub(crate) fn tensors(&self) -> PerParameter<&Tensor<2>> {
        self.tensors.as_ref()
    }

    /// Returns the parameters in the order of the layout.
    pub(crate) fn parameters(&self) -> Vec<&Tensor<2>> {
        self.tensors.as_ref().into_vec()
    }

    /// Returns the parameters in the order of the layout, for change.
    pub(crate) fn parameters_mut(&mut self) -> Vec<&mut Tensor<2>> {
        self.tensors.as_mut().into_vec()
    }

    /// A copy on the autodiff graph; the parameters for which `trained` says so gather their gradients.
    pub(crate) fn tracked(&self, trained: &PerParameter<bool>) -> Self {
        let tensors = self.tensors.clone().zip(trained.as_ref()).map(|(tensor, trained)| {
            let value = tensor.autodiff();
            if *trained { value.require_grad() } else { value }
        });
        Self { layout: self.layout.clone(), device: self.device.clone(), tensors }
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
