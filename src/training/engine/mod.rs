//! Engines of a training: a network with its optimiser.
//!
//! [`CpuEngine`] computes with the kernels on the processor, [`TensorEngine`] with burn's tensor operations on any device.
//! Both compute the same numbers; [`reference`] checks that on the first batch of a run.

mod cpu;
mod interface;
mod optimisation;
pub(super) mod reference;
mod tensor;
#[cfg(test)]
mod tests;

use crate::{
    model::{
        config::ModelConfig,
        device::{Chosen, Compute},
        network::{NetworkError, Rows, layout::Layout},
        weights::Weights,
    },
    runs::Settings,
};

pub(super) use interface::{Arrays, Counters, Draws, Engine, Named, Outcome, Predictions, State};

use cpu::CpuEngine;
use interface::{SoftBatch, by_example, labels_of, soft_of, targets};
use optimisation::{Factors, Optimisation};
use tensor::TensorEngine;

/// Makes the engine for a device.
/// The network has only these rows of its word and position tables.
///
/// # Errors
/// Missing or misshaped weights, or a configuration that contradicts itself.
pub(super) fn make(
    (config, weights): (&ModelConfig, Weights),
    settings: &Settings,
    chosen: &Chosen,
    (words, positions): (&Rows, &Rows),
) -> Result<Box<dyn Engine>, NetworkError> {
    let optimisation = Optimisation::new(settings);
    let (layout, values) = Layout::load(config, weights, words, positions)?;
    Ok(match &chosen.compute {
        Compute::Kernels => Box::new(CpuEngine::new(layout, values, optimisation)?),
        Compute::Tensors(device) => Box::new(TensorEngine::new(layout, values, device, optimisation)),
    })
}
