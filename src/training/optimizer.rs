//! AdamW as torch does it: bias-corrected, decay decoupled, gradients clipped to one global norm. On the processor one
//! parallel sweep over value, gradient and both moments in place; on other devices the same in tensor operations.

use burn::tensor::{Gradients, Tensor, TensorData};
use rayon::prelude::*;

use crate::model::network::{Network, Parameter};

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;
/// Values that one task of the sweep takes: four arrays of this many stay inside the cache of a core.
const CHUNK: usize = 1 << 14;

/// Moments and step count of a network's parameters.
#[derive(Debug)]
pub(super) struct AdamW {
    weight_decay: f64,
    /// Global norm to which gradients are clipped; 0 for none.
    max_norm: f64,
    steps: i32,
    moments: Moments,
}

/// First and second moments, in the order of the network's parameters.
#[derive(Debug)]
enum Moments {
    Host(Vec<(Vec<f32>, Vec<f32>)>),
    Device(Vec<(Tensor<2>, Tensor<2>)>),
}

/// The numbers of one step that are the same for all values.
#[derive(Clone, Copy, Debug)]
struct Factors {
    /// Applied to gradients, for clipping.
    clip: f64,
    /// Applied to values that decay.
    keep: f64,
    /// Learning rate over the first bias correction.
    rate: f64,
    /// Square root of the second bias correction.
    correction: f64,
}

impl AdamW {
    /// An optimiser with empty moments. `on_host` where values in the processor's memory can be had without a copy.
    pub(super) fn new(network: &Network, weight_decay: f64, max_norm: f64, on_host: bool) -> Self {
        let shapes = network.parameters().into_iter().map(|parameter| parameter.value.dims());
        let zeros = |[rows, columns]: [usize; 2]| vec![0.0; rows * columns];
        let moments = if on_host {
            Moments::Host(shapes.map(|shape| (zeros(shape), zeros(shape))).collect())
        } else {
            Moments::Device(shapes.map(|shape| (network.zeros(shape), network.zeros(shape))).collect())
        };
        Self { weight_decay, max_norm, steps: 0, moments }
    }

    /// Updates the network by the sum of these gradients: for each shard one a parameter, or none at all. The tracked
    /// copies must have been dropped. Gives the global norm of the sum before clipping; if that is not finite, nothing
    /// is changed.
    pub(super) fn step(&mut self, network: &mut Network, shards: Vec<Vec<Option<Tensor<2>>>>, rate: f64) -> f64 {
        match &mut self.moments {
            Moments::Host(moments) => {
                let (gradients, norm) = host_sum(shards, moments.len());
                if norm.is_finite() {
                    let factors = Factors::new(norm, self.max_norm, self.weight_decay, rate, &mut self.steps);
                    host_sweep(network, &gradients, moments, factors);
                    network.decay_absent_rows(factors.keep);
                }
                norm
            }
            Moments::Device(moments) => {
                let gradients = device_sum(shards, moments.len());
                let norm = global_norm(&gradients);
                if norm.is_finite() {
                    let factors = Factors::new(norm, self.max_norm, self.weight_decay, rate, &mut self.steps);
                    let parameters = network.parameters_mut().into_iter();
                    for ((parameter, gradient), moments) in parameters.zip(gradients).zip(moments) {
                        device_update(parameter, gradient, moments, factors);
                    }
                    network.decay_absent_rows(factors.keep);
                }
                norm
            }
        }
    }
}

/// Takes the gradients of a tracked network out of what the backward pass gathered, in the order of its parameters.
pub(super) fn take_gradients(tracked: &Network, gathered: &mut Gradients) -> Vec<Option<Tensor<2>>> {
    tracked.parameters().into_iter().map(|parameter| parameter.value.grad_remove(gathered)).collect()
}

impl Factors {
    fn new(norm: f64, max_norm: f64, weight_decay: f64, rate: f64, steps: &mut i32) -> Self {
        *steps = steps.saturating_add(1);
        let clip = if max_norm > 0.0 { (max_norm / (norm + 1e-6)).min(1.0) } else { 1.0 };
        Self {
            clip,
            keep: 1.0 - rate * weight_decay,
            rate: rate / (1.0 - BETA1.powi(*steps)),
            correction: (1.0 - BETA2.powi(*steps)).sqrt(),
        }
    }
}

/// The gradients of each parameter, shard by shard.
fn by_parameter(shards: Vec<Vec<Option<Tensor<2>>>>, parameters: usize) -> Vec<Vec<Tensor<2>>> {
    let mut all: Vec<Vec<Tensor<2>>> = (0..parameters).map(|_| Vec::with_capacity(shards.len())).collect();
    for shard in shards {
        all.iter_mut().zip(shard).for_each(|(all, gradient)| all.extend(gradient));
    }
    all
}

/// Sums the shards in place and gives the norm of the sum, in one pass.
fn host_sum(shards: Vec<Vec<Option<Tensor<2>>>>, parameters: usize) -> (Vec<Option<TensorData>>, f64) {
    let gradients = by_parameter(shards, parameters).into_iter();
    let mut gradients: Vec<Vec<TensorData>> =
        gradients.map(|shards| shards.into_iter().map(Tensor::into_data).collect()).collect();
    let mut chunks: Vec<(&mut [f32], Vec<&[f32]>)> = Vec::new();
    for shards in &mut gradients {
        let Some((sum, others)) = shards.split_first_mut() else { continue };
        let others: Vec<&[f32]> = others.iter().filter_map(|data| data.as_slice::<f32>().ok()).collect();
        // Other numbers than f32 cannot be summed here: the run must stop, not go on without learning.
        let Ok(sum) = sum.as_mut_slice::<f32>() else { return (Vec::new(), f64::NAN) };
        for (at, sum) in sum.chunks_mut(CHUNK).enumerate() {
            let stretch = at * CHUNK..at * CHUNK + sum.len();
            chunks.push((sum, others.iter().filter_map(|other| other.get(stretch.clone())).collect()));
        }
    }
    // Sums of one chunk in f32 lanes, the sum of all in f64, in order: the same on any number of threads.
    let squares: Vec<f64> =
        chunks.into_par_iter().map(|(sum, others)| f64::from(add_and_square(sum, &others))).collect();
    let sums = gradients.into_iter().map(|shards| shards.into_iter().next()).collect();
    (sums, squares.iter().sum::<f64>().sqrt())
}

fn add_and_square(sum: &mut [f32], others: &[&[f32]]) -> f32 {
    for other in others {
        sum.iter_mut().zip(*other).for_each(|(sum, value)| *sum += value);
    }
    let mut lanes = [0.0f32; 16];
    let blocks = sum.chunks_exact(16);
    let rest: f32 = blocks.remainder().iter().map(|value| value * value).sum();
    for block in blocks {
        lanes.iter_mut().zip(block).for_each(|(lane, value)| *lane += value * value);
    }
    lanes.iter().sum::<f32>() + rest
}

/// A stretch of one parameter with everything that belongs to it.
struct Chunk<'a> {
    values: &'a mut [f32],
    /// Empty where the parameter took no part in the loss: its gradient is 0.
    gradient: &'a [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    decays: bool,
}

fn host_sweep(
    network: &mut Network,
    gradients: &[Option<TensorData>],
    moments: &mut [(Vec<f32>, Vec<f32>)],
    factors: Factors,
) {
    let mut parameters = network.parameters_mut();
    let mut data: Vec<TensorData> =
        parameters.iter_mut().map(|parameter| parameter.value.extract().into_data()).collect();
    let mut chunks = Vec::new();
    for (((data, parameter), gradient), (first, second)) in
        data.iter_mut().zip(&parameters).zip(gradients).zip(moments.iter_mut())
    {
        let gradient = gradient.as_ref().and_then(|data| data.as_slice::<f32>().ok()).unwrap_or_default();
        let Ok(values) = data.as_mut_slice::<f32>() else { continue };
        let moments = first.chunks_mut(CHUNK).zip(second.chunks_mut(CHUNK));
        for (at, (values, (first, second))) in values.chunks_mut(CHUNK).zip(moments).enumerate() {
            let end = (at * CHUNK + values.len()).min(gradient.len());
            let gradient = gradient.get(at * CHUNK..end).unwrap_or_default();
            chunks.push(Chunk { values, gradient, first, second, decays: parameter.decays });
        }
    }
    chunks.into_par_iter().for_each(|chunk| update(chunk, factors));
    let device = parameters.first().map(|parameter| parameter.value.device());
    for (parameter, data) in parameters.into_iter().zip(data) {
        if let Some(device) = &device {
            parameter.value = Tensor::from_data(data, device);
        }
    }
}

/// The inner loop: every line of it is one vector instruction.
fn update(chunk: Chunk<'_>, factors: Factors) {
    let keep = if chunk.decays { factors.keep as f32 } else { 1.0 };
    let (clip, rate, correction) = (factors.clip as f32, factors.rate as f32, factors.correction as f32);
    let (beta1, beta2, epsilon) = (1.0 - BETA1 as f32, BETA2 as f32, EPSILON as f32);
    let one = |value: &mut f32, gradient: f32, first: &mut f32, second: &mut f32| {
        *first += beta1 * (gradient - *first);
        *second = beta2 * *second + (1.0 - BETA2) as f32 * gradient * gradient;
        *value = *value * keep - rate * *first / (second.sqrt() / correction + epsilon);
    };
    let moments = chunk.first.iter_mut().zip(chunk.second);
    if chunk.gradient.len() == chunk.values.len() {
        for ((value, gradient), (first, second)) in chunk.values.iter_mut().zip(chunk.gradient).zip(moments) {
            one(value, gradient * clip, first, second);
        }
    } else {
        chunk.values.iter_mut().zip(moments).for_each(|(value, (first, second))| one(value, 0.0, first, second));
    }
}

fn device_sum(shards: Vec<Vec<Option<Tensor<2>>>>, parameters: usize) -> Vec<Option<Tensor<2>>> {
    by_parameter(shards, parameters)
        .into_iter()
        .map(|shards| shards.into_iter().reduce(|sum, other| sum + other))
        .collect()
}

/// The L2 norm over all gradients.
pub(super) fn global_norm(gradients: &[Option<Tensor<2>>]) -> f64 {
    let sums = gradients.iter().flatten().map(|gradient| gradient.clone().square().sum());
    let total = sums.reduce(|a, b| a + b);
    total.map_or(0.0, |total| total.into_scalar::<f64>().sqrt())
}

fn device_update(
    parameter: &mut Parameter,
    gradient: Option<Tensor<2>>,
    moments: &mut (Tensor<2>, Tensor<2>),
    factors: Factors,
) {
    let (first, second) = (moments.0.extract(), moments.1.extract());
    let gradient = gradient.unwrap_or_else(|| first.zeros_like()).mul_scalar(factors.clip);
    moments.0 = first.mul_scalar(BETA1) + gradient.clone().mul_scalar(1.0 - BETA1);
    moments.1 = second.mul_scalar(BETA2) + gradient.square().mul_scalar(1.0 - BETA2);
    let size = moments.1.clone().sqrt().div_scalar(factors.correction).add_scalar(EPSILON);
    let change = (moments.0.clone() / size).mul_scalar(factors.rate);
    let keep = if parameter.decays { factors.keep } else { 1.0 };
    parameter.value = parameter.value.extract().mul_scalar(keep) - change;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::golden;

    /// The five steps of `tests/reference/training_tiny.py`, with a table of only the rows in use.
    fn five_steps(on_host: bool, shards: usize) {
        let tiny = golden::tiny();
        let mut network = tiny.compact_network();
        let mut optimiser = AdamW::new(&network, 0.01, 1.0, on_host);
        for step in &tiny.steps {
            let (loss, norm) = golden::step(&mut network, &mut optimiser, step, shards);
            assert!((loss - step.loss).abs() < 1e-4 * step.loss, "loss {loss}, torch {}", step.loss);
            assert!((norm - step.grad_norm).abs() < 1e-4 * step.grad_norm, "norm {norm}, torch {}", step.grad_norm);
        }
        let ours = network.weights();
        for (name, torch) in golden::after() {
            if name.ends_with("k_lin.bias") {
                // One value added to all scores of a query changes no probability: the true gradient is 0, what there
                // is is rounding, and Adam makes steps of full size of it.
                continue;
            }
            let worst = ours[&name].data.iter().zip(&torch.data).map(|(a, b)| (a - b).abs() / (b.abs() + 1e-2));
            let worst = worst.fold(0.0, f32::max);
            assert!(worst < 1e-4, "{name} differs by {worst}");
        }
    }

    #[test]
    fn five_steps_give_torchs_weights() {
        five_steps(true, 1);
    }

    #[test]
    fn shards_give_the_gradient_of_the_whole_batch() {
        five_steps(true, 2);
        five_steps(true, 3);
        five_steps(false, 2);
    }

    #[test]
    fn five_steps_in_tensor_operations_give_torchs_weights() {
        five_steps(false, 1);
    }

    #[test]
    fn a_gradient_that_is_no_number_changes_nothing() {
        let mut network = golden::tiny().compact_network();
        let before = network.weights();
        for on_host in [true, false] {
            let mut optimiser = AdamW::new(&network, 0.01, 1.0, on_host);
            let broken = |network: &Network| {
                let parameters = network.parameters().into_iter();
                parameters.map(|parameter| Some(parameter.value.clone().mul_scalar(f32::NAN))).collect()
            };
            let gradients = broken(&network);
            assert!(optimiser.step(&mut network, vec![gradients], 1e-3).is_nan());
            assert_eq!(network.weights(), before);
        }
    }
}
