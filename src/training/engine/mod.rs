//! What computes a training: the network with its optimiser, on the processor by kernels, or on a device by tensor
//! operations. Both do the same.

mod device;
mod host;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, ops::Range};

use serde::{Deserialize, Serialize};

use super::{TrainError, examples::Example};
use crate::{
    model::{
        arch::Parameter,
        config::ModelConfig,
        device::{Chosen, Compute},
        network::{NetworkError, Rows},
        weights::Weights,
    },
    runs::Settings,
};

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outcome {
    /// Mean loss per labelled piece.
    pub(super) loss: f64,
    /// Global norm of the gradient before clipping.
    pub(super) norm: f64,
}

impl Outcome {
    pub(super) fn is_finite(self) -> bool {
        self.loss.is_finite() && self.norm.is_finite()
    }
}

/// Predictions of a network for some examples.
#[derive(Clone, Debug)]
pub(super) struct Predictions<T> {
    /// For each example something of each of its pieces, special ones included: the best tag, or all logits.
    pub(super) pieces: Vec<Vec<T>>,
    /// Summed loss of the labelled pieces.
    pub(super) loss: f64,
    /// How many these are.
    pub(super) labelled: usize,
}

/// Where the draws of dropout come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draws {
    pub(super) seed: u64,
    /// Steps done before this one.
    pub(super) step: usize,
}

/// A network with its optimiser.
pub(super) trait Engine: Send + Sync {
    /// The configuration of the model.
    fn config(&self) -> &ModelConfig;

    /// One optimiser step on these batches together: every labelled piece of them weighs the same. Nothing is changed if
    /// the outcome is not finite. Without `draws` nothing is dropped.
    fn train(&mut self, batches: &[&[&Example]], draws: Option<Draws>, rate: f64) -> Outcome;

    /// Loss and gradient norm of a batch, without dropout; nothing is changed.
    fn measure(&self, batch: &[&Example]) -> Outcome;

    /// The best tag of each piece, without dropout.
    fn predict(&self, examples: &[&Example]) -> Predictions<usize>;

    /// The logits of each piece, without dropout.
    fn logits(&self, examples: &[&Example]) -> Predictions<Vec<f32>>;

    /// Saves a copy of the weights as the best so far, replacing the previous copy.
    fn save_best(&mut self);

    /// Restores the best weights; false if none were saved.
    fn restore_best(&mut self) -> bool;

    /// Adds the current weights to their running average.
    fn update_average(&mut self);

    /// Swaps the weights with their running average; false if there is no average.
    fn swap_average(&mut self) -> bool;

    /// Drops everything except the weights, so that there is memory to write them. No step may follow.
    fn drop_optimizer(&mut self);

    /// All weights by Hugging Face name.
    fn weights(&self) -> Weights;

    /// Returns one kind of the arrays that [`Engine::load_state`] needs: one at a time, since they are large.
    fn arrays(&self, of: Arrays) -> Named;

    /// Returns the counters that [`Engine::load_state`] needs.
    fn counters(&self) -> Counters;

    /// Loads the state of the same network, to continue its training.
    ///
    /// # Errors
    /// The state belongs to another network.
    fn load_state(&mut self, state: State) -> Result<(), String>;
}

/// The arrays of a network and its optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Arrays {
    /// The weights.
    Values,
    /// First moments; none for what is frozen.
    First,
    /// Second moments.
    Second,
    /// The weights that were remembered; none if none were.
    Kept,
    /// The mean of the weights; none if none were gathered.
    Mean,
}

impl Arrays {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [Self::Values, Self::First, Self::Second, Self::Kept, Self::Mean];
}

/// The counters of a network and its optimiser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counters {
    /// Optimiser steps done.
    pub(super) steps: i32,
    /// What the rows of the word and position table that are not trained are to be multiplied by: the bits of two `f64`.
    pub(super) absent: [u64; 2],
    /// The same for the weights that were remembered, if some were.
    pub(super) kept_absent: Option<[u64; 2]>,
    /// The same for the mean, with the number of weights in it, if there is one.
    pub(super) mean: Option<(u32, [u64; 2])>,
}

/// The state of a network and its optimiser.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct State {
    pub(super) counters: Counters,
    pub(super) arrays: BTreeMap<Arrays, Named>,
}

/// Flat arrays by the names of the parameters.
pub(super) type Named = BTreeMap<String, Vec<f32>>;

impl State {
    /// Takes an array of this many values.
    fn take(&mut self, of: Arrays, parameter: &Parameter, length: usize) -> Result<Vec<f32>, String> {
        let name = &parameter.name;
        let found = self.arrays.get_mut(&of).and_then(|arrays| arrays.remove(name));
        let values = found.ok_or_else(|| format!("it has no {name}"))?;
        if values.len() != length {
            return Err(format!("its {name} has {} values, not {length}", values.len()));
        }
        Ok(values)
    }
}

/// How the optimiser works, and on what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Optimisation {
    pub(super) weight_decay: f64,
    /// Global norm to which gradients are clipped; 0 for none.
    pub(super) max_norm: f64,
    pub(super) beta1: f64,
    pub(super) beta2: f64,
    pub(super) epsilon: f64,
    pub(super) smoothing: f64,
    layer_decay: f64,
    freeze_embeddings: bool,
    freeze_layers: usize,
}

impl Optimisation {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            weight_decay: settings.weight_decay,
            max_norm: settings.max_grad_norm,
            beta1: settings.adam_beta1,
            beta2: settings.adam_beta2,
            epsilon: settings.adam_epsilon,
            smoothing: settings.label_smoothing,
            layer_decay: settings.layer_decay,
            freeze_embeddings: settings.freeze_embeddings || settings.freeze_layers > 0,
            freeze_layers: settings.freeze_layers,
        }
    }

    /// Whether a parameter is trained.
    pub(super) fn trains(&self, parameter: &Parameter, layers: usize) -> bool {
        match parameter.slot.depth {
            0 => !self.freeze_embeddings,
            // The head always is.
            depth => depth > self.freeze_layers.min(layers),
        }
    }

    /// What a parameter's learning rate is of that of the head. The first to divide it so: ELECTRA; the last layer has
    /// one factor, the embeddings one more than the first layer.
    pub(super) fn share(&self, parameter: &Parameter, layers: usize) -> f64 {
        let below = layers + 1 - parameter.slot.depth.min(layers + 1);
        self.layer_decay.powi(i32::try_from(below).unwrap_or(i32::MAX))
    }

    /// The numbers of a step with this gradient norm, after `steps` steps, this one among them.
    pub(super) fn factors(&self, norm: f64, rate: f64, steps: i32) -> Factors {
        let clip = if self.max_norm > 0.0 { (self.max_norm / (norm + 1e-6)).min(1.0) } else { 1.0 };
        Factors {
            clip,
            rate,
            first_correction: 1.0 - self.beta1.powi(steps),
            second_correction: (1.0 - self.beta2.powi(steps)).sqrt(),
        }
    }
}

/// The numbers of one step that are the same for all values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factors {
    /// Applied to gradients, for clipping.
    pub(super) clip: f64,
    /// Learning rate of the head.
    pub(super) rate: f64,
    /// Bias correction of the first moment.
    pub(super) first_correction: f64,
    /// Square root of the bias correction of the second moment.
    pub(super) second_correction: f64,
}

/// The engine for a device.
pub(super) fn make(
    (config, weights): (&ModelConfig, &Weights),
    settings: &Settings,
    chosen: &Chosen,
    (words, positions): (&Rows, &Rows),
) -> Result<Box<dyn Engine>, TrainError> {
    let optimisation = Optimisation::new(settings);
    Ok(match &chosen.compute {
        Compute::Kernels => Box::new(host::HostEngine::new(config, weights, words, positions, optimisation)?),
        Compute::Tensors(device) => {
            Box::new(device::DeviceEngine::new(config, weights, device, words, positions, optimisation)?)
        }
    })
}

/// An engine that only measures: the processor's, to compare another device with.
pub(super) fn reference(
    config: &ModelConfig,
    weights: &Weights,
    settings: &Settings,
) -> Result<Box<dyn Engine>, NetworkError> {
    let optimisation = Optimisation::new(settings);
    Ok(Box::new(host::HostEngine::new(config, weights, &Rows::All, &Rows::All, optimisation)?))
}

/// The labelled pieces of packed examples with their tags: `starts` says where each example's pieces begin.
fn labels_of(examples: &[&Example], starts: impl IntoIterator<Item = usize>) -> Vec<(usize, usize)> {
    let labels = examples
        .iter()
        .zip(starts)
        .flat_map(|(example, start)| example.labels.iter().map(move |(at, tag)| (start + at, *tag)));
    labels.collect()
}

/// What there is of each example, out of what there is of all pieces of a batch.
fn parts<T: Clone>(pieces: &[T], ranges: &[Range<usize>]) -> Vec<Vec<T>> {
    ranges.iter().map(|range| pieces.get(range.clone()).unwrap_or_default().to_vec()).collect()
}
