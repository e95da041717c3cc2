//! Engine on any device, with burn's tensor operations.
//! Gradients are computed by its autodiff, AdamW in tensor operations.

use burn::tensor::{Device, Tensor};

use super::{
    Arrays, Counters, Draws, Engine, Factors, Named, Optimisation, Outcome, Predictions, SoftBatch, State, by_example,
    labels_of, optimisation::ParameterFactors, soft_of, targets,
};
use crate::{
    model::{
        arch::{Kind, Parameter, PerParameter},
        kernels::Dropout,
        network::{
            TensorNetwork, argmax,
            layout::Layout,
            tensor_network::{Packed, total, values},
        },
        weights::Weights,
    },
    training::examples::Example,
};

/// Gradient of each parameter; `None` if it is 0 or not trained.
type OptionalGradients = PerParameter<Option<Tensor<2>>>;

pub(super) struct TensorEngine {
    network: TensorNetwork,
    optimisation: Optimisation,
    /// Whether each parameter is trained.
    trained: PerParameter<bool>,
    /// First and second moments of the parameters that are trained.
    /// They are in the order of the parameters.
    moments: Vec<Option<(Tensor<2>, Tensor<2>)>>,
    /// Number of completed optimiser steps.
    steps: i32,
    best: Option<TensorNetwork>,
    /// Running average of the weights, and the number of weights in it.
    average: Option<(TensorNetwork, u32)>,
}

impl TensorEngine {
    /// Makes the engine of a network with these values on a device.
    pub(super) fn new(
        layout: Layout,
        values: PerParameter<Vec<f32>>,
        device: &Device,
        optimisation: Optimisation,
    ) -> Self {
        let mut engine = Self::for_measuring(layout, values, device, optimisation);
        let tensors = engine.network.tensors().zip(engine.trained.as_ref()).into_vec();
        engine.moments = tensors
            .into_iter()
            .map(|(tensor, trained)| trained.then(|| (tensor.zeros_like(), tensor.zeros_like())))
            .collect();
        engine
    }

    /// Makes an engine without optimiser, which cannot train.
    pub(super) fn for_measuring(
        layout: Layout,
        values: PerParameter<Vec<f32>>,
        device: &Device,
        optimisation: Optimisation,
    ) -> Self {
        let layers = layout.config.layers;
        let trained = layout.by_parameter().map(|parameter| optimisation.trains(parameter, layers));
        let network = TensorNetwork::from_values(layout, values, device);
        Self { network, optimisation, trained, moments: Vec::new(), steps: 0, best: None, average: None }
    }

    fn pack(&self, examples: &[&Example]) -> (Packed, Vec<(usize, usize)>, Option<SoftBatch>) {
        let inputs: Vec<&[u32]> = examples.iter().map(|example| example.ids.as_slice()).collect();
        let packed = Packed::new(&self.network, &inputs);
        let labels = labels_of(examples, packed.ranges().iter().map(|range| range.start));
        let tags = self.network.config().tags.len();
        let soft = soft_of(examples, packed.ranges().iter().map(|range| range.start), tags);
        (packed, labels, soft)
    }

    fn predictions<T: Clone>(&self, examples: &[&Example], each: impl Fn(&[f32]) -> T) -> Predictions<T> {
        let (packed, labels, _) = self.pack(examples);
        if packed.pieces() == 0 {
            return Predictions { pieces: examples.iter().map(|_| Vec::new()).collect(), loss: 0.0, labelled: 0 };
        }
        let (predictions, loss) = self.network.predict(&packed, &labels, each);
        Predictions { pieces: by_example(&predictions, packed.ranges()), loss, labelled: labels.len() }
    }

    /// Returns the mean loss of the batches, its gradient, and the norm of that.
    fn backward(&self, batches: &[&[&Example]], draws: Option<Draws>) -> (Outcome, OptionalGradients) {
        let packed: Vec<_> = batches.iter().map(|batch| self.pack(batch)).collect();
        let counts: Vec<usize> = packed.iter().map(|(_, labels, soft)| targets(labels, soft.as_ref())).collect();
        let labelled: usize = counts.iter().sum();
        let config = self.network.config();
        let drop = draws.map(|draws| Dropout::new(config.dropout, config.attention_dropout, draws.seed, draws.step));
        let mut sum: OptionalGradients = self.trained.as_ref().map(|_| None);
        let mut loss = 0.0;
        for (at, (packed, labels, soft)) in packed.iter().enumerate() {
            if counts.get(at) == Some(&0) {
                continue;
            }
            // Dropped at the end: the weights then have one owner again and are updated in place.
            let tracked = self.network.tracked(&self.trained);
            let drop = drop.map(|drop| drop.of_batch(at as u64));
            let soft = soft.as_ref().map(|soft| self.optimisation.soft_targets(soft));
            let batch = tracked.loss_sum(packed, labels, soft.as_ref(), (self.optimisation.smoothing, drop.as_ref()));
            let batch = batch.div_scalar(labelled as f64);
            let mut gradients = batch.backward();
            loss += batch.into_scalar::<f64>();
            sum = add(sum, tracked.tensors().map(|tensor| tensor.grad_remove(&mut gradients)));
        }
        self.clear_padding(&mut sum);
        (Outcome { loss, norm: global_norm(&sum) }, sum)
    }

    /// Sets the gradient of the padding piece to 0.
    /// torch does so for `padding_idx`, even if a text contains that piece.
    fn clear_padding(&self, gradients: &mut OptionalGradients) {
        let layout = self.network.layout();
        let row = layout.config.pad.and_then(|pad| layout.words.exact(pad)).map(|row| row as usize);
        if let (Some(row), Some(words)) = (row, &mut gradients.words) {
            let width = words.dims()[1];
            let zeros = self.network.tensor(vec![0.0; width], [1, width]);
            *words = words.clone().slice_assign([row..row + 1, 0..width], zeros);
        }
    }

    fn update(&mut self, gradients: OptionalGradients, factors: Factors) {
        let optimisation = self.optimisation;
        let layers = self.network.config().layers;
        let parameters: Vec<Parameter> = self.network.layout().parameters().cloned().collect();
        let mut tables_keep = 1.0;
        let tensors = self.network.parameters_mut().into_iter().zip(gradients.into_vec());
        for ((parameter, (tensor, gradient)), moments) in parameters.iter().zip(tensors).zip(&mut self.moments) {
            let Some(moments) = moments else { continue };
            let own = optimisation.parameter_factors(factors, parameter, layers);
            if parameter.slot.kind == Kind::Table {
                tables_keep = own.keep;
            }
            step(tensor, gradient, moments, &optimisation, (factors, own));
        }
        self.network.layout_mut().decay_absent_rows(tables_keep);
    }

    /// Returns the factors of the table rows that are not parameters.
    fn absent(network: &TensorNetwork) -> [f64; 2] {
        [&network.layout().words, &network.layout().positions].map(|table| table.absent_factor)
    }

    fn set_absent(network: &mut TensorNetwork, [words, positions]: [f64; 2]) {
        let layout = network.layout_mut();
        layout.words.absent_factor = words;
        layout.positions.absent_factor = positions;
    }

    /// Returns this network with the arrays of a saved state.
    fn loaded(&self, state: &mut State, of: Arrays, absent: [u64; 2]) -> Result<TensorNetwork, String> {
        let mut network = self.network.clone();
        for (parameter, to) in self.network.layout().parameters().zip(network.parameters_mut()) {
            *to = tensor(&self.network, state, of, parameter)?;
        }
        Self::set_absent(&mut network, absent.map(f64::from_bits));
        Ok(network)
    }

    fn named<'a>(&self, tensors: impl IntoIterator<Item = Option<&'a Tensor<2>>>) -> Named {
        let names = self.network.layout().parameters().map(|parameter| parameter.name.clone());
        names.zip(tensors.into_iter().map(|tensor| tensor.map(values).unwrap_or_default())).collect()
    }
}

/// Applies one step of AdamW to a parameter.
fn step(
    tensor: &mut Tensor<2>,
    gradient: Option<Tensor<2>>,
    moments: &mut (Tensor<2>, Tensor<2>),
    optimisation: &Optimisation,
    (factors, own): (Factors, ParameterFactors),
) {
    let Optimisation { beta1, beta2, epsilon, .. } = *optimisation;
    let first = moments.0.extract();
    let second = moments.1.extract();
    let gradient = gradient.unwrap_or_else(|| first.zeros_like()).mul_scalar(factors.clip);
    moments.0 = first.mul_scalar(beta1) + gradient.clone().mul_scalar(1.0 - beta1);
    moments.1 = second.mul_scalar(beta2) + gradient.square().mul_scalar(1.0 - beta2);
    let size = moments.1.clone().sqrt().div_scalar(factors.second_correction).add_scalar(epsilon);
    let change = (moments.0.clone() / size).mul_scalar(own.rate / factors.first_correction);
    *tensor = tensor.extract().mul_scalar(own.keep) - change;
}

/// Adds gradients.
fn add(sum: OptionalGradients, more: OptionalGradients) -> OptionalGradients {
    sum.zip(more).map(|pair| match pair {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    })
}

/// Returns the L2 norm over all gradients.
fn global_norm(gradients: &OptionalGradients) -> f64 {
    let sums = gradients.as_ref().into_vec().into_iter().flatten().map(|gradient| total(gradient.clone().square()));
    sums.reduce(|a, b| a + b).map_or(0.0, |total| total.into_scalar::<f64>().sqrt())
}

impl Engine for TensorEngine {
    fn layout(&self) -> &Layout {
        self.network.layout()
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
        // Shares the weights until the next step replaces them.
        self.best = Some(self.network.clone());
    }

    fn restore_best(&mut self) -> bool {
        let best = self.best.take();
        best.map(|best| self.network = best).is_some()
    }

    fn update_average(&mut self) {
        let Some((average, count)) = &mut self.average else {
            self.average = Some((self.network.clone(), 1));
            return;
        };
        *count += 1;
        let share = 1.0 / f64::from(*count);
        for (average, now) in average.parameters_mut().into_iter().zip(self.network.parameters()) {
            let before = average.extract();
            *average = before.clone() + (now.clone() - before).mul_scalar(share);
        }
        let mut absent = Self::absent(average);
        for (average, now) in absent.iter_mut().zip(Self::absent(&self.network)) {
            *average += (now - *average) * share;
        }
        Self::set_absent(average, absent);
    }

    fn swap_average(&mut self) -> bool {
        self.average.as_mut().map(|(average, _)| std::mem::swap(average, &mut self.network)).is_some()
    }

    fn drop_optimizer(&mut self) {
        self.best = None;
        self.average = None;
        self.moments = Vec::new();
    }

    fn weights(&self) -> Weights {
        self.network.weights()
    }

    fn arrays(&self, of: Arrays) -> Named {
        match of {
            Arrays::Values => self.named(self.network.parameters().into_iter().map(Some)),
            Arrays::First => self.named(self.moments.iter().map(|moments| moments.as_ref().map(|(first, _)| first))),
            Arrays::Second => self.named(self.moments.iter().map(|moments| moments.as_ref().map(|(_, second)| second))),
            Arrays::Best => self.named(self.best.iter().flat_map(TensorNetwork::parameters).map(Some)),
            Arrays::Average => self.named(self.average.iter().flat_map(|(average, _)| average.parameters()).map(Some)),
        }
    }

    fn counters(&self) -> Counters {
        Counters {
            steps: self.steps,
            absent: Self::absent(&self.network).map(f64::to_bits),
            best_absent: self.best.as_ref().map(|best| Self::absent(best).map(f64::to_bits)),
            average: self.average.as_ref().map(|(average, count)| (*count, Self::absent(average).map(f64::to_bits))),
        }
    }

    fn load_state(&mut self, mut state: State) -> Result<(), String> {
        let Counters { steps, absent, best_absent, average } = state.counters;
        let network = self.loaded(&mut state, Arrays::Values, absent)?;
        let best = best_absent.map(|absent| self.loaded(&mut state, Arrays::Best, absent)).transpose()?;
        let average = match average {
            Some((count, absent)) => Some((self.loaded(&mut state, Arrays::Average, absent)?, count)),
            None => None,
        };
        for (parameter, moments) in self.network.layout().parameters().zip(&mut self.moments) {
            if let Some((first, second)) = moments {
                *first = tensor(&self.network, &mut state, Arrays::First, parameter)?;
                *second = tensor(&self.network, &mut state, Arrays::Second, parameter)?;
            }
        }
        self.network = network;
        self.best = best;
        self.average = average;
        self.steps = steps;
        Ok(())
    }
}

/// Takes the array of a parameter out of a state, onto the device of a network.
fn tensor(network: &TensorNetwork, state: &mut State, of: Arrays, parameter: &Parameter) -> Result<Tensor<2>, String> {
    let values = state.take(of, parameter, parameter.slot.count())?;
    Ok(network.tensor(values, parameter.slot.shape))
}
