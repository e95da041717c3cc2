//! Engine on the processor.
//! The kernels, and one pass of AdamW over value, gradient and both moments.

use rayon::prelude::*;

use super::{
    Arrays, Counters, Draws, Engine, Named, Optimisation, Outcome, Predictions, SoftBatch, State, by_example,
    labels_of, optimisation::ParameterFactors, soft_of, targets,
};
use crate::{
    model::{
        arch::{Kind, Parameter, PerParameter},
        kernels::{Adam, Dropout, Frozen, Gradients, Objective, Part, Workspace, sweep, train},
        network::{CpuBatch, CpuNetwork, NetworkError, argmax, layout::Layout},
        weights::Weights,
    },
    training::examples::Example,
};

/// Outcome of a computation that cannot be done.
const NOT_A_NUMBER: Outcome = Outcome { loss: f64::NAN, norm: f64::NAN };

pub(super) struct CpuEngine {
    network: CpuNetwork,
    optimisation: Optimisation,
    /// `None` once no step follows.
    gradients: Option<Gradients>,
    workspace: Workspace,
    /// First and second moments, in the order of the parameters.
    /// Empty for frozen parameters.
    moments: Vec<(Vec<f32>, Vec<f32>)>,
    /// Number of completed optimiser steps.
    steps: i32,
    best: Option<StoredWeights>,
    /// Running average of the weights, and the number of weights in it.
    average: Option<(StoredWeights, u32)>,
}

/// Copy of the weights.
/// It has the values of all parameters, and the factors of the table rows that are not parameters.
struct StoredWeights {
    absent: [f64; 2],
    values: Vec<Vec<f32>>,
}

impl StoredWeights {
    fn slices(&self) -> impl Iterator<Item = &[f32]> {
        self.values.iter().map(Vec::as_slice)
    }
}

impl CpuEngine {
    /// Makes the engine of a network with these values.
    ///
    /// # Errors
    /// A configuration that contradicts itself.
    pub(super) fn new(
        layout: Layout,
        values: PerParameter<Vec<f32>>,
        optimisation: Optimisation,
    ) -> Result<Self, NetworkError> {
        let mut engine = Self::for_measuring(layout, values, optimisation)?;
        engine.gradients = Some(engine.zero_gradients()?);
        let layers = engine.network.config().layers;
        let parameters = engine.network.layout().parameters().zip(engine.network.parameters().values());
        engine.moments = parameters
            .map(|(parameter, values)| {
                let length = if optimisation.trains(parameter, layers) { values.len() } else { 0 };
                (vec![0.0; length], vec![0.0; length])
            })
            .collect();
        Ok(engine)
    }

    /// Makes an engine without optimiser, which cannot train.
    ///
    /// # Errors
    /// As [`CpuEngine::new`].
    pub(super) fn for_measuring(
        layout: Layout,
        values: PerParameter<Vec<f32>>,
        optimisation: Optimisation,
    ) -> Result<Self, NetworkError> {
        Ok(Self {
            network: CpuNetwork::from_values(layout, values)?,
            optimisation,
            gradients: None,
            workspace: Workspace::new(),
            moments: Vec::new(),
            steps: 0,
            best: None,
            average: None,
        })
    }

    fn zero_gradients(&self) -> Result<Gradients, NetworkError> {
        Gradients::new(self.network.parameters().shape()).map_err(|error| NetworkError::Config(error.to_string()))
    }

    fn pass(&self) -> Pass<'_> {
        Pass { network: &self.network, optimisation: &self.optimisation }
    }

    fn absent(&self) -> [f64; 2] {
        let layout = self.network.layout();
        [layout.words.absent_factor, layout.positions.absent_factor]
    }

    fn set_absent(&mut self, [words, positions]: [f64; 2]) {
        let (layout, _) = self.network.parts_mut();
        layout.words.absent_factor = words;
        layout.positions.absent_factor = positions;
    }

    fn predictions<T: Clone>(&self, examples: &[&Example], each: impl Fn(&[f32]) -> T) -> Predictions<T> {
        let (batch, labels, _) = self.pass().pack(examples);
        let (predictions, loss) = self.network.predict(&batch, &labels, each);
        Predictions { pieces: by_example(&predictions, &batch.ranges), loss, labelled: labels.len() }
    }

    fn copy_weights(&self) -> StoredWeights {
        let values = self.network.parameters().values().into_iter().map(<[f32]>::to_vec).collect();
        StoredWeights { absent: self.absent(), values }
    }

    fn named<'a>(&self, values: impl IntoIterator<Item = &'a [f32]>) -> Named {
        let names = self.network.layout().parameters().map(|parameter| parameter.name.clone());
        names.zip(values.into_iter().map(<[f32]>::to_vec)).collect()
    }
}

/// Forward and backward pass, which only read the network.
struct Pass<'a> {
    network: &'a CpuNetwork,
    optimisation: &'a Optimisation,
}

impl Pass<'_> {
    fn pack(&self, examples: &[&Example]) -> (CpuBatch, Vec<(usize, usize)>, Option<SoftBatch>) {
        let inputs: Vec<&[u32]> = examples.iter().map(|example| example.ids.as_slice()).collect();
        let batch = self.network.batch(&inputs);
        let labels = labels_of(examples, batch.ranges.iter().map(|range| range.start));
        let tags = self.network.config().tags.len();
        let soft = soft_of(examples, batch.ranges.iter().map(|range| range.start), tags);
        (batch, labels, soft)
    }

    /// Returns the parameters that are not trained: the backward pass ends above them.
    fn frozen(&self) -> Frozen {
        let layout = self.network.layout();
        Frozen {
            embeddings: !self.trains_depth(0),
            layers: (1..=self.network.config().layers).take_while(|depth| !self.trains_depth(*depth)).count(),
            word: layout.config.pad.and_then(|pad| layout.words.exact(pad)),
        }
    }

    /// Whether all parameters at this distance from the input are trained.
    fn trains_depth(&self, depth: usize) -> bool {
        let layers = self.network.config().layers;
        let mut parameters = self.network.layout().parameters().filter(|parameter| parameter.slot.depth == depth);
        parameters.all(|parameter| self.optimisation.trains(parameter, layers))
    }

    /// Returns the mean loss of the batches and the norm of its gradient.
    /// The gradient is left in `gradients`.
    fn backward(
        &self,
        batches: &[&[&Example]],
        draws: Option<Draws>,
        gradients: &mut Gradients,
        workspace: &mut Workspace,
    ) -> Outcome {
        let packed: Vec<_> = batches.iter().map(|batch| self.pack(batch)).collect();
        let labelled: usize = packed.iter().map(|(_, labels, soft)| targets(labels, soft.as_ref())).sum();
        let config = self.network.config();
        let drop = draws.map(|draws| Dropout::new(config.dropout, config.attention_dropout, draws.seed, draws.step));
        let mut loss = 0.0;
        for (at, (batch, labels, soft)) in packed.iter().enumerate() {
            let objective = Objective {
                pieces: batch.pieces(),
                labels,
                soft: soft.as_ref().map(|soft| self.optimisation.soft_targets(soft)),
                scale: 1.0 / labelled.max(1) as f32,
                smoothing: self.optimisation.smoothing as f32,
                dropout: drop.map(|drop| drop.of_batch(at as u64)),
                frozen: self.frozen(),
                precision: self.optimisation.precision,
            };
            // The batch was made for this network. A defect must stop the run instead of training it on nothing.
            let sum = train(self.network.parameters(), &objective, at > 0, gradients, workspace);
            loss += sum.unwrap_or(f64::NAN);
        }
        Outcome { loss: loss / labelled.max(1) as f64, norm: gradients.squares().sqrt() }
    }
}

impl Engine for CpuEngine {
    fn layout(&self) -> &Layout {
        self.network.layout()
    }

    fn train(&mut self, batches: &[&[&Example]], draws: Option<Draws>, rate: f64) -> Outcome {
        let Some(gradients) = &mut self.gradients else { return NOT_A_NUMBER };
        let pass = Pass { network: &self.network, optimisation: &self.optimisation };
        let outcome = pass.backward(batches, draws, gradients, &mut self.workspace);
        if !outcome.is_finite() {
            return outcome;
        }
        self.steps = self.steps.saturating_add(1);
        let optimisation = self.optimisation;
        let factors = optimisation.factors(outcome.norm, rate, self.steps);
        let layers = self.network.config().layers;
        let (layout, parameters) = self.network.parts_mut();
        let mut tables_keep = 1.0;
        let mut parts = Vec::new();
        let values = parameters.values_mut().into_iter().zip(gradients.values());
        for ((parameter, (values, gradient)), (first, second)) in layout.parameters().zip(values).zip(&mut self.moments)
        {
            if !optimisation.trains(parameter, layers) {
                continue;
            }
            let ParameterFactors { rate, keep } = optimisation.parameter_factors(factors, parameter, layers);
            if parameter.slot.kind == Kind::Table {
                tables_keep = keep;
            }
            parts.push(Part { values, gradient, first, second, keep, rate: rate / factors.first_correction });
        }
        let adam = Adam {
            clip: factors.clip,
            beta1: optimisation.beta1,
            beta2: optimisation.beta2,
            epsilon: optimisation.epsilon,
            correction: factors.second_correction,
        };
        sweep(parts, &adam);
        layout.decay_absent_rows(tables_keep);
        outcome
    }

    fn measure(&self, batch: &[&Example]) -> Outcome {
        match self.zero_gradients() {
            Ok(mut gradients) => self.pass().backward(&[batch], None, &mut gradients, &mut Workspace::new()),
            Err(_) => NOT_A_NUMBER,
        }
    }

    fn predict(&self, examples: &[&Example]) -> Predictions<usize> {
        self.predictions(examples, argmax)
    }

    fn logits(&self, examples: &[&Example]) -> Predictions<Vec<f32>> {
        self.predictions(examples, <[f32]>::to_vec)
    }

    fn save_best(&mut self) {
        match self.best.take() {
            // In place: the memory is already allocated.
            Some(mut best) => {
                let now = self.network.parameters().values();
                best.values.iter_mut().zip(now).for_each(|(best, now)| best.copy_from_slice(now));
                self.best = Some(StoredWeights { absent: self.absent(), ..best });
            }
            None => self.best = Some(self.copy_weights()),
        }
    }

    fn restore_best(&mut self) -> bool {
        let Some(best) = self.best.take() else { return false };
        let (_, parameters) = self.network.parts_mut();
        parameters.values_mut().into_iter().zip(&best.values).for_each(|(now, best)| now.copy_from_slice(best));
        self.set_absent(best.absent);
        true
    }

    fn update_average(&mut self) {
        let absent = self.absent();
        let Some((average, count)) = &mut self.average else {
            self.average = Some((self.copy_weights(), 1));
            return;
        };
        *count += 1;
        let share = 1.0 / *count as f32;
        let now = self.network.parameters().values();
        average.values.par_iter_mut().zip(now).for_each(|(average, now)| {
            average.iter_mut().zip(now).for_each(|(average, now)| *average += (now - *average) * share);
        });
        for (average, now) in average.absent.iter_mut().zip(absent) {
            *average += (now - *average) * f64::from(share);
        }
    }

    fn swap_average(&mut self) -> bool {
        let Some((mut average, count)) = self.average.take() else { return false };
        let absent = std::mem::replace(&mut average.absent, self.absent());
        let (_, parameters) = self.network.parts_mut();
        for (now, average) in parameters.values_mut().into_iter().zip(&mut average.values) {
            now.swap_with_slice(average);
        }
        self.set_absent(absent);
        self.average = Some((average, count));
        true
    }

    fn drop_optimizer(&mut self) {
        self.gradients = None;
        self.best = None;
        self.average = None;
        self.moments = Vec::new();
        self.workspace = Workspace::new();
    }

    fn weights(&self) -> Weights {
        self.network.weights()
    }

    fn arrays(&self, of: Arrays) -> Named {
        match of {
            Arrays::Values => self.named(self.network.parameters().values()),
            Arrays::First => self.named(self.moments.iter().map(|(first, _)| first.as_slice())),
            Arrays::Second => self.named(self.moments.iter().map(|(_, second)| second.as_slice())),
            Arrays::Best => self.named(self.best.iter().flat_map(StoredWeights::slices)),
            Arrays::Average => self.named(self.average.iter().flat_map(|(average, _)| average.slices())),
        }
    }

    fn counters(&self) -> Counters {
        Counters {
            steps: self.steps,
            absent: self.absent().map(f64::to_bits),
            best_absent: self.best.as_ref().map(|best| best.absent.map(f64::to_bits)),
            average: self.average.as_ref().map(|(average, count)| (*count, average.absent.map(f64::to_bits))),
        }
    }

    fn load_state(&mut self, mut state: State) -> Result<(), String> {
        let parameters: Vec<Parameter> = self.network.layout().parameters().cloned().collect();
        let Counters { steps, absent, best_absent, average } = state.counters;
        let (_, values) = self.network.parts_mut();
        let mut best_values = Vec::new();
        let mut average_values = Vec::new();
        for ((parameter, values), (first, second)) in parameters.iter().zip(values.values_mut()).zip(&mut self.moments)
        {
            values.copy_from_slice(&state.take(Arrays::Values, parameter, values.len())?);
            *first = state.take(Arrays::First, parameter, first.len())?;
            *second = state.take(Arrays::Second, parameter, second.len())?;
            if best_absent.is_some() {
                best_values.push(state.take(Arrays::Best, parameter, values.len())?);
            }
            if average.is_some() {
                average_values.push(state.take(Arrays::Average, parameter, values.len())?);
            }
        }
        self.steps = steps;
        self.set_absent(absent.map(f64::from_bits));
        self.best = best_absent.map(|absent| StoredWeights { absent: absent.map(f64::from_bits), values: best_values });
        self.average = average.map(|(count, absent)| {
            (StoredWeights { absent: absent.map(f64::from_bits), values: average_values }, count)
        });
        Ok(())
    }
}
