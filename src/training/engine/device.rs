//! On any device: the network composed of tensor operations, gradients by burn's autodiff, AdamW in tensor operations.

use burn::tensor::{Device, Gradients, Tensor};

use super::{
    Arrays, Counters, Draws, Engine, Factors, Named, Optimisation, Outcome, Predictions, State, labels_of, parts,
};
use crate::{
    model::{
        arch::{Kind, Parameter, PerParameter},
        config::ModelConfig,
        kernels::Dropout,
        network::{
            NetworkError, Rows, TensorNetwork, argmax,
            tensor_network::{Packed, total, values},
        },
        weights::Weights,
    },
    training::examples::Example,
};

/// A gradient for each parameter; `None` where it is 0 or not trained.
type Gathered = PerParameter<Option<Tensor<2>>>;

pub(super) struct DeviceEngine {
    network: TensorNetwork,
    optimisation: Optimisation,
    /// For each parameter, whether it is trained.
    trained: PerParameter<bool>,
    /// First and second moments of the parameters that are trained.
    moments: Vec<Option<(Tensor<2>, Tensor<2>)>>,
    /// Optimiser steps done.
    steps: i32,
    kept: Option<TensorNetwork>,
    /// The mean of the weights, and how many are in it.
    mean: Option<(TensorNetwork, u32)>,
}

impl DeviceEngine {
    pub(super) fn new(
        config: &ModelConfig,
        weights: &Weights,
        device: &Device,
        words: &Rows,
        positions: &Rows,
        optimisation: Optimisation,
    ) -> Result<Self, NetworkError> {
        let network = TensorNetwork::build(config, weights, device, words, positions)?;
        let trained = network.layout().by_parameter().map(|parameter| optimisation.trains(parameter, config.layers));
        let zeros = |tensor: &Tensor<2>| (tensor.zeros_like(), tensor.zeros_like());
        let moments = network.tensors().zip(trained.as_ref());
        let moments = moments.map(|(tensor, trained)| trained.then(|| zeros(tensor))).into_vec();
        Ok(Self { network, optimisation, trained, moments, steps: 0, kept: None, mean: None })
    }

    fn pack(&self, examples: &[&Example]) -> (Packed, Vec<(usize, usize)>) {
        let inputs: Vec<&[u32]> = examples.iter().map(|example| example.ids.as_slice()).collect();
        let packed = Packed::new(&self.network, &inputs);
        let labels = labels_of(examples, packed.ranges().iter().map(|range| range.start));
        (packed, labels)
    }

    fn predictions<T: Clone>(&self, examples: &[&Example], each: impl Fn(&[f32]) -> T) -> Predictions<T> {
        let (packed, labels) = self.pack(examples);
        if packed.pieces() == 0 {
            return Predictions { pieces: examples.iter().map(|_| Vec::new()).collect(), loss: 0.0, labelled: 0 };
        }
        let (predictions, loss) = self.network.predict(&packed, &labels, each);
        Predictions { pieces: parts(&predictions, packed.ranges()), loss, labelled: labels.len() }
    }

    /// The mean loss of the batches, its gradient and the norm of that.
    fn backward(&self, batches: &[&[&Example]], draws: Option<Draws>) -> (Outcome, Gathered) {
        let packed: Vec<_> = batches.iter().map(|batch| self.pack(batch)).collect();
        let labelled: usize = packed.iter().map(|(_, labels)| labels.len()).sum();
        let config = self.network.config();
        let drop = draws.map(|draws| Dropout::new(config.dropout, config.attention_dropout, draws.seed, draws.step));
        let mut sum: Gathered = self.trained.as_ref().map(|_| None);
        let mut loss = 0.0;
        for (at, (packed, labels)) in packed.iter().enumerate().filter(|(_, (_, labels))| !labels.is_empty()) {
            // Dropped at the end, so that the weights have one owner again and are updated in place.
            let tracked = self.network.tracked(&self.trained);
            let drop = drop.map(|drop| drop.of_batch(at as u64));
            let batch = tracked.loss_sum(packed, labels, self.optimisation.smoothing, drop.as_ref());
            let batch = batch.div_scalar(labelled as f64);
            let mut gathered = batch.backward();
            loss += batch.into_scalar::<f64>();
            sum = add(sum, take(&tracked, &mut gathered));
        }
        self.spare_the_padding(&mut sum);
        (Outcome { loss, norm: global_norm(&sum) }, sum)
    }

    /// torch's `padding_idx`: the row of the padding piece has no gradient, also where a text holds that piece.
    fn spare_the_padding(&self, gradients: &mut Gathered) {
        let layout = self.network.layout();
        let row = layout.config.pad.and_then(|pad| layout.words.exact(pad)).map(|row| row as usize);
        if let (Some(row), Some(words)) = (row, &mut gradients.words) {
            let width = words.dims()[1];
            let nothing = self.network.tensor(vec![0.0; width], [1, width]);
            *words = words.clone().slice_assign([row..row + 1, 0..width], nothing);
        }
    }

    fn update(&mut self, gradients: Gathered, factors: Factors) {
        let (optimisation, layers) = (self.optimisation, self.network.config().layers);
        let listed: Vec<Parameter> = self.network.layout().parameters().cloned().collect();
        let mut absent = 1.0;
        let tensors = self.network.parameters_mut().into_iter().zip(gradients.into_vec());
        for ((parameter, (tensor, gradient)), moments) in listed.iter().zip(tensors).zip(&mut self.moments) {
            let Some(moments) = moments else { continue };
            let rate = factors.rate * optimisation.share(parameter, layers);
            let keep = if parameter.slot.decays() { 1.0 - rate * optimisation.weight_decay } else { 1.0 };
            if parameter.slot.kind == Kind::Table {
                absent = keep;
            }
            step(tensor, gradient, moments, (optimisation, factors), (rate, keep));
        }
        self.network.layout_mut().decay_absent_rows(absent);
    }

    fn absent(network: &TensorNetwork) -> [u64; 2] {
        [&network.layout().words, &network.layout().positions].map(|table| table.absent_factor.to_bits())
    }

    fn set_absent(network: &mut TensorNetwork, [words, positions]: [u64; 2]) {
        let layout = network.layout_mut();
        layout.words.absent_factor = f64::from_bits(words);
        layout.positions.absent_factor = f64::from_bits(positions);
    }

    fn named<'a>(&self, tensors: impl IntoIterator<Item = Option<&'a Tensor<2>>>) -> Named {
        let names = self.network.layout().parameters().map(|parameter| parameter.name.clone());
        names.zip(tensors.into_iter().map(|tensor| tensor.map(values).unwrap_or_default())).collect()
    }
}

/// AdamW on one parameter.
fn step(
    tensor: &mut Tensor<2>,
    gradient: Option<Tensor<2>>,
    moments: &mut (Tensor<2>, Tensor<2>),
    (optimisation, factors): (Optimisation, Factors),
    (rate, keep): (f64, f64),
) {
    let Optimisation { beta1, beta2, epsilon, .. } = optimisation;
    let (first, second) = (moments.0.extract(), moments.1.extract());
    let gradient = gradient.unwrap_or_else(|| first.zeros_like()).mul_scalar(factors.clip);
    moments.0 = first.mul_scalar(beta1) + gradient.clone().mul_scalar(1.0 - beta1);
    moments.1 = second.mul_scalar(beta2) + gradient.square().mul_scalar(1.0 - beta2);
    let size = moments.1.clone().sqrt().div_scalar(factors.second_correction).add_scalar(epsilon);
    let change = (moments.0.clone() / size).mul_scalar(rate / factors.first_correction);
    *tensor = tensor.extract().mul_scalar(keep) - change;
}

/// The gradients of a tracked network out of what the backward pass gathered.
fn take(tracked: &TensorNetwork, gathered: &mut Gradients) -> Gathered {
    tracked.tensors().map(|tensor| tensor.grad_remove(gathered))
}

fn add(sum: Gathered, more: Gathered) -> Gathered {
    sum.zip(more).map(|pair| match pair {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    })
}

/// The L2 norm over all gradients.
fn global_norm(gradients: &Gathered) -> f64 {
    let sums = gradients.as_ref().into_vec().into_iter().flatten().map(|gradient| total(gradient.clone().square()));
    sums.reduce(|a, b| a + b).map_or(0.0, |total| total.into_scalar::<f64>().sqrt())
}

impl Engine for DeviceEngine {
    fn config(&self) -> &ModelConfig {
        self.network.config()
    }

    fn train(&mut self, batches: &[&[&Example]], draws: Option<Draws>, rate: f64) -> Outcome {
        let (outcome, gradients) = self.backward(batches, draws);
        if outcome.is_finite() {
            self.steps = self.steps.saturating_add(1);
            self.update(gradients, self.optimisation.factors(outcome.norm, rate, self.steps));
        }
        outcome
    }

    fn measure(&self, batch: &[&Example]) -> Outcome {
        self.backward(&[batch], None).0
    }

    fn predict(&self, examples: &[&Example]) -> Predictions<usize> {
        self.predictions(examples, argmax)
    }

    fn logits(&self, examples: &[&Example]) -> Predictions<Vec<f32>> {
        self.predictions(examples, <[f32]>::to_vec)
    }

    fn save_best(&mut self) {
        // Shares the weights until the next step makes others.
        self.kept = Some(self.network.clone());
    }

    fn restore_best(&mut self) -> bool {
        let kept = self.kept.take();
        kept.map(|kept| self.network = kept).is_some()
    }

    fn update_average(&mut self) {
        let Some((mean, count)) = &mut self.mean else {
            self.mean = Some((self.network.clone(), 1));
            return;
        };
        *count += 1;
        let share = 1.0 / f64::from(*count);
        for (mean, now) in mean.parameters_mut().into_iter().zip(self.network.parameters()) {
            let before = mean.extract();
            *mean = before.clone() + (now.clone() - before).mul_scalar(share);
        }
        let both = Self::absent(mean).into_iter().zip(Self::absent(&self.network));
        let mut moved = both.map(|(mean, now)| {
            let (mean, now) = (f64::from_bits(mean), f64::from_bits(now));
            (mean + (now - mean) * share).to_bits()
        });
        let absent = [(); 2].map(|()| moved.next().unwrap_or_default());
        Self::set_absent(mean, absent);
    }

    fn swap_average(&mut self) -> bool {
        self.mean.as_mut().map(|(mean, _)| std::mem::swap(mean, &mut self.network)).is_some()
    }

    fn drop_optimizer(&mut self) {
        (self.kept, self.mean, self.moments) = (None, None, Vec::new());
    }

    fn weights(&self) -> Weights {
        self.network.weights()
    }

    fn arrays(&self, of: Arrays) -> Named {
        let moments = |of: fn(&(Tensor<2>, Tensor<2>)) -> &Tensor<2>| {
            self.named(self.moments.iter().map(|moments| moments.as_ref().map(of)))
        };
        match of {
            Arrays::Values => self.named(self.network.parameters().into_iter().map(Some)),
            Arrays::First => moments(|moments| &moments.0),
            Arrays::Second => moments(|moments| &moments.1),
            Arrays::Kept => self.named(self.kept.iter().flat_map(TensorNetwork::parameters).map(Some)),
            Arrays::Mean => self.named(self.mean.iter().flat_map(|(mean, _)| mean.parameters()).map(Some)),
        }
    }

    fn counters(&self) -> Counters {
        let kept_absent = self.kept.as_ref().map(Self::absent);
        let mean = self.mean.as_ref().map(|(mean, count)| (*count, Self::absent(mean)));
        Counters { steps: self.steps, absent: Self::absent(&self.network), kept_absent, mean }
    }

    fn load_state(&mut self, mut state: State) -> Result<(), String> {
        let listed: Vec<Parameter> = self.network.layout().parameters().cloned().collect();
        let Counters { steps, absent, kept_absent, mean } = state.counters;
        let (mut network, mut kept) = (self.network.clone(), kept_absent.map(|_| self.network.clone()));
        let mut gathered = mean.map(|_| self.network.clone());
        let mut tensor = |of: Arrays, parameter: &Parameter| {
            let [rows, columns] = parameter.slot.shape;
            let values = state.take(of, parameter, rows * columns);
            values.map(|values| self.network.tensor(values, parameter.slot.shape))
        };
        for (parameter, to) in listed.iter().zip(network.parameters_mut()) {
            *to = tensor(Arrays::Values, parameter)?;
        }
        for (parameter, to) in listed.iter().zip(kept.iter_mut().flat_map(TensorNetwork::parameters_mut)) {
            *to = tensor(Arrays::Kept, parameter)?;
        }
        for (parameter, to) in listed.iter().zip(gathered.iter_mut().flat_map(TensorNetwork::parameters_mut)) {
            *to = tensor(Arrays::Mean, parameter)?;
        }
        for (parameter, moments) in listed.iter().zip(&mut self.moments) {
            if let Some(moments) = moments {
                *moments = (tensor(Arrays::First, parameter)?, tensor(Arrays::Second, parameter)?);
            }
        }
        Self::set_absent(&mut network, absent);
        if let (Some(kept), Some(absent)) = (&mut kept, kept_absent) {
            Self::set_absent(kept, absent);
        }
        self.mean = gathered.zip(mean).map(|(mut network, (count, absent))| {
            Self::set_absent(&mut network, absent);
            (network, count)
        });
        (self.network, self.kept, self.steps) = (network, kept, steps);
        Ok(())
    }
}
