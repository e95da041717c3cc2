//! Interface of an engine, and the values that it exchanges with a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use serde::{Deserialize, Serialize};

use crate::{
    model::{arch::Parameter, config::ModelConfig, network::layout::Layout, weights::Weights},
    training::examples::Example,
};

/// Loss and gradient norm of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::training) struct Outcome {
    /// Mean loss per piece with a label or a soft target.
    pub(in crate::training) loss: f64,
    /// Global norm of the gradient before clipping.
    pub(in crate::training) norm: f64,
}

impl Outcome {
    pub(in crate::training) fn is_finite(self) -> bool {
        self.loss.is_finite() && self.norm.is_finite()
    }
}

/// Predictions of a network for some examples.
#[derive(Clone, Debug)]
pub(in crate::training) struct Predictions<T> {
    /// Best tag or logits of each piece of each example, special pieces included.
    pub(in crate::training) pieces: Vec<Vec<T>>,
    /// Summed loss of the labelled pieces.
    pub(in crate::training) loss: f64,
    /// Number of labelled pieces.
    pub(in crate::training) labelled: usize,
}

/// Source of a step's random draws of dropout.
#[derive(Clone, Copy, Debug)]
pub(in crate::training) struct Draws {
    pub(in crate::training) seed: u64,
    /// Number of steps completed before this one.
    pub(in crate::training) step: usize,
}

/// A network with its optimiser.
pub(in crate::training) trait Engine: Send + Sync {
    /// Layout of the network's parameters.
    fn layout(&self) -> &Layout;

    /// Configuration of the model.
    fn config(&self) -> &ModelConfig {
        &self.layout().config
    }

    /// Does one optimiser step on these batches together.
    /// Every piece with a label or a soft target has the same weight.
    ///
    /// Nothing changes if the outcome is not finite. Without `draws` there is no dropout.
    fn train(&mut self, batches: &[&[&Example]], draws: Option<Draws>, rate: f64) -> Outcome;

    /// Returns loss and gradient norm of a batch without dropout, and changes nothing.
    fn measure(&self, batch: &[&Example]) -> Outcome;

    /// Returns the best tag of each piece, without dropout.
    fn predict(&self, examples: &[&Example]) -> Predictions<usize>;

    /// Returns the logits of each piece, without dropout.
    fn logits(&self, examples: &[&Example]) -> Predictions<Vec<f32>>;

    /// Saves a copy of the weights as the best so far, replacing the previous copy.
    fn save_best(&mut self);

    /// Restores the best weights; false if none were saved.
    fn restore_best(&mut self) -> bool;

    /// Adds the current weights to their running average.
    fn update_average(&mut self);

    /// Swaps the weights with their running average; false if there is no average.
    fn swap_average(&mut self) -> bool;

    /// Drops everything except the weights, so that there is memory to write them.
    /// No step may follow.
    fn drop_optimizer(&mut self);

    /// Returns all weights by Hugging Face name.
    fn weights(&self) -> Weights;

    /// Returns one kind of the arrays that [`Engine::load_state`] needs.
    /// One at a time, since they are large.
    fn arrays(&self, of: Arrays) -> Named;

    /// Returns the counters that [`Engine::load_state`] needs.
    fn counters(&self) -> Counters;

    /// Loads the state of the same network, to continue its training.
    ///
    /// # Errors
    /// The state belongs to another network.
    fn load_state(&mut self, state: State) -> Result<(), String>;
}

/// Kind of arrays of a network and its optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::training) enum Arrays {
    /// Weights.
    Values,
    /// First moments; empty for frozen parameters.
    First,
    /// Second moments; empty for frozen parameters.
    Second,
    /// Best weights; none if none were saved.
    Best,
    /// Running average of the weights; none if there is none.
    Average,
}

impl Arrays {
    /// All of them.
    pub(in crate::training) const ALL: [Self; 5] = [Self::Values, Self::First, Self::Second, Self::Best, Self::Average];
}

/// Counters of a network and its optimiser.
/// An absent factor is what the table rows that are not trained must be multiplied by: the bits of an `f64` for words
/// and one for positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::training) struct Counters {
    /// Number of completed optimiser steps.
    pub(in crate::training) steps: i32,
    /// Absent factors of the weights.
    pub(in crate::training) absent: [u64; 2],
    /// Absent factors of the best weights, if some were saved.
    #[serde(rename = "kept_absent")]
    pub(in crate::training) best_absent: Option<[u64; 2]>,
    /// Number of weights in the average and its absent factors, if there is one.
    #[serde(rename = "mean")]
    pub(in crate::training) average: Option<(u32, [u64; 2])>,
}

/// State of a network and its optimiser.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::training) struct State {
    pub(in crate::training) counters: Counters,
    pub(in crate::training) arrays: BTreeMap<Arrays, Named>,
}

/// Flat arrays by the names of the parameters.
pub(in crate::training) type Named = BTreeMap<String, Vec<f32>>;

impl State {
    /// Takes the array of a parameter, which must have this length.
    pub(super) fn take(&mut self, of: Arrays, parameter: &Parameter, length: usize) -> Result<Vec<f32>, String> {
        let name = &parameter.name;
        let found = self.arrays.get_mut(&of).and_then(|arrays| arrays.remove(name));
        let values = found.ok_or_else(|| format!("it has no {name}"))?;
        if values.len() != length {
            return Err(format!("its {name} has {} values, not {length}", values.len()));
        }
        Ok(values)
    }
}

/// Returns the labelled pieces of a packed batch with their tags.
/// `starts` has the first piece of each example.
pub(super) fn labels_of(examples: &[&Example], starts: impl IntoIterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut labels = Vec::new();
    for (example, start) in examples.iter().zip(starts) {
        labels.extend(example.labels.iter().map(|(at, tag)| (start + at, *tag)));
    }
    labels
}

/// Soft targets of a packed batch: pieces, strictly ascending, with a row of probabilities for each.
#[derive(Clone, Debug, Default)]
pub(super) struct SoftBatch {
    pub(super) pieces: Vec<usize>,
    /// `[pieces, tags]`
    pub(super) probabilities: Vec<f32>,
}

/// Returns the soft targets of a packed batch; `None` if its examples have none.
/// `starts` has the first piece of each example.
pub(super) fn soft_of(
    examples: &[&Example],
    starts: impl IntoIterator<Item = usize>,
    tags: usize,
) -> Option<SoftBatch> {
    let mut batch: Option<SoftBatch> = None;
    for (example, start) in examples.iter().zip(starts) {
        let Some(soft) = &example.soft else { continue };
        let batch = batch.get_or_insert_default();
        for (at, row) in &soft.at {
            batch.pieces.push(start + at);
            batch.probabilities.extend(soft.table.get(row * tags..(row + 1) * tags).unwrap_or_default());
        }
    }
    batch
}

/// Returns the number of pieces with a label or a soft target.
/// Each of them has the same weight in the loss of a step.
pub(super) fn targets(labels: &[(usize, usize)], soft: Option<&SoftBatch>) -> usize {
    let Some(soft) = soft else { return labels.len() };
    let labelled: BTreeSet<usize> = labels.iter().map(|(piece, _)| *piece).collect();
    labels.len() + soft.pieces.iter().filter(|piece| !labelled.contains(piece)).count()
}

/// Splits the values of all pieces of a batch into those of each example.
pub(super) fn by_example<T: Clone>(pieces: &[T], ranges: &[Range<usize>]) -> Vec<Vec<T>> {
    ranges.iter().map(|range| pieces.get(range.clone()).unwrap_or_default().to_vec()).collect()
}
