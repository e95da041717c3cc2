//! The network as plain burn operations, which run on every backend.
//! The kernels are tested against it.
//!
//! Sentences are packed: the pieces of all sentences of a batch form one `[pieces, width]` matrix without padding. Only
//! attention uses a padded arrangement.

mod forward;
mod pack;

use burn::tensor::{Device, Tensor, TensorData};

use super::{NetworkError, layout::Layout, table::Rows};
use crate::model::{arch::PerParameter, config::ModelConfig, weights::Weights};

pub(crate) use pack::Packed;

/// The network with its weights on a device.
/// A clone shares the weights until one of the two is trained.
#[derive(Clone, Debug)]
pub struct TensorNetwork {
    layout: Layout,
    device: Device,
    tensors: PerParameter<Tensor<2>>,
}

impl TensorNetwork {
    /// Makes the network for inference, with all rows of both tables.
    ///
    /// It has one output for each of `config.tags`; the classifier must be among the weights.
    ///
    /// # Errors
    /// Missing or misshaped weights, or a configuration that contradicts itself.
    pub fn new(config: &ModelConfig, weights: Weights, device: &Device) -> Result<Self, NetworkError> {
        let (layout, values) = Layout::load(config, weights, &Rows::All, &Rows::All)?;
        Ok(Self::from_values(layout, values, device))
    }

    /// Makes the network with these values, as [`Layout::load`] returns them.
    pub(crate) fn from_values(layout: Layout, values: PerParameter<Vec<f32>>, device: &Device) -> Self {
        let tensors = values
            .zip(layout.by_parameter())
            .map(|(values, parameter)| Tensor::from_data(TensorData::new(values, parameter.slot.shape), device));
        Self { layout, device: device.clone(), tensors }
    }

    /// The configuration.
    pub fn config(&self) -> &ModelConfig {
        &self.layout.config
    }

    /// Layout of the parameters.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Layout of the parameters, for change.
    pub(crate) fn layout_mut(&mut self) -> &mut Layout {
        &mut self.layout
    }

    /// Returns the tensors of a model folder, rows that are not on the device included.
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

    /// Returns a copy on the autodiff graph.
    /// Gradients are computed for the parameters in `trained`.
    pub(crate) fn tracked(&self, trained: &PerParameter<bool>) -> Self {
        let tensors = self.tensors.clone().zip(trained.as_ref()).map(|(tensor, trained)| {
            let value = tensor.autodiff();
            if *trained { value.require_grad() } else { value }
        });
        Self { layout: self.layout.clone(), device: self.device.clone(), tensors }
    }

    /// Makes a tensor of these values on this device.
    pub(crate) fn tensor(&self, values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}

/// Returns the values of a tensor, row-major.
pub(crate) fn values(tensor: &Tensor<2>) -> Vec<f32> {
    let data = tensor.to_data();
    data.as_slice::<f32>().map(<[f32]>::to_vec).unwrap_or_else(|_| data.iter::<f32>().collect())
}

/// Returns the sum of all values.
///
/// burn's own sum is not used: on a GPU its order depends on the threads, so a resumed run would not continue bit for bit.
pub(crate) fn total(tensor: Tensor<2>) -> Tensor<1> {
    tensor.sum_dim(1).sum_dim(0).reshape([1])
}
