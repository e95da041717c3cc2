//! On the processor: kernels, and one sweep of AdamW over value, gradient and both moments.

use rayon::prelude::*;

use super::{Arrays, Counters, Draws, Engine, Named, Optimisation, Outcome, Predictions, State, labels_of, parts};
use crate::{
    model::{
        arch::{Kind, Parameter},
        config::ModelConfig,
        kernels::{Adam, Dropout, Frozen, Gradients, Objective, Part, Workspace, sweep, train},
        network::{CpuBatch, CpuNetwork, NetworkError, Rows, argmax},
        weights::Weights,
    },
    training::examples::Example,
};

pub(super) struct HostEngine {
    network: CpuNetwork,
    optimisation: Optimisation,
    /// None once no step follows.
    gradients: Option<Gradients>,
    workspace: Workspace,
    /// First and second moments, in the order of the parameters; empty for those that are frozen.
    moments: Vec<(Vec<f32>, Vec<f32>)>,
    /// Optimiser steps done.
    steps: i32,
    kept: Option<Stored>,
    /// The mean of the weights, and how many are in it.
    mean: Option<(Stored, u32)>,
}

/// Weights beside those that are trained: the values of all parameters, and the factors of the tables' other rows.
struct Stored {
    absent: [f64; 2],
    values: Vec<Vec<f32>>,
}

impl Stored {
    fn slices(&self) -> impl Iterator<Item = &[f32]> {
        self.values.iter().map(Vec::as_slice)
    }
}

impl HostEngine {
    pub(super) fn new(
        config: &ModelConfig,
        weights: &Weights,
        words: &Rows,
        positions: &Rows,
        optimisation: Optimisation,
    ) -> Result<Self, NetworkError> {
        let network = CpuNetwork::build(config, weights, words, positions)?;
        let gradients = Gradients::new(network.parameters().shape());
        let gradients = gradients.map_err(|error| NetworkError::Config(error.to_string()))?;
        let parameters = network.layout().parameters().zip(network.parameters().values());
        let moments = parameters.map(|(parameter, values)| {
            let length = if optimisation.trains(parameter, config.layers) { values.len() } else { 0 };
            (vec![0.0; length], vec![0.0; length])
        });
        let moments = moments.collect();
        let gradients = Some(gradients);
        Ok(Self {
            network,
            optimisation,
            gradients,
            workspace: Workspace::new(),
            moments,
            steps: 0,
            kept: None,
            mean: None,
        })
    }

    fn task(&self) -> Task<'_> {
        Task { network: &self.network, optimisation: &self.optimisation }
    }

    fn absent(&self) -> [f64; 2] {
        let layout = self.network.layout();
        [layout.words.absent_factor, layout.positions.absent_factor]
    }

    fn set_absent(&mut self, [words, positions]: [f64; 2]) {
        let (layout, _) = self.network.parts_mut();
        (layout.words.absent_factor, layout.positions.absent_factor) = (words, positions);
    }

    fn predictions<T: Clone>(&self, examples: &[&Example], each: impl Fn(&[f32]) -> T) -> Predictions<T> {
        let (batch, labels) = self.task().pack(examples);
        let (predictions, loss) = self.network.predict(&batch, &labels, each);
        Predictions { pieces: parts(&predictions, &batch.ranges), loss, labelled: labels.len() }
    }

    fn stored(&self) -> Stored {
        let values = self.network.parameters().values().into_iter().map(<[f32]>::to_vec).collect();
        Stored { absent: self.absent(), values }
    }

    fn named<'a>(&self, values: impl IntoIterator<Item = &'a [f32]>) -> Named {
        let names = self.network.layout().parameters().map(|parameter| parameter.name.clone());
        names.zip(values.into_iter().map(<[f32]>::to_vec)).collect()
    }
}

/// What a backward pass works on.
struct Task<'a> {
    network: &'a CpuNetwork,
    optimisation: &'a Optimisation,
}

impl Task<'_> {
    fn pack(&self, examples: &[&Example]) -> (CpuBatch, Vec<(usize, usize)>) {
        let inputs: Vec<&[u32]> = examples.iter().map(|example| example.ids.as_slice()).collect();
        let batch = self.network.batch(&inputs);
        let labels = labels_of(examples, batch.ranges.iter().map(|range| range.start));
        (batch, labels)
    }

    /// What is not trained: the backward pass stops above it.
    fn frozen(&self) -> Frozen {
        let layers = self.network.config().layers;
        let trains = |depth: usize| {
            let all = self.network.layout().parameters();
            all.filter(|parameter| parameter.slot.depth == depth)
                .all(|parameter| self.optimisation.trains(parameter, layers))
        };
        let frozen = (1..=layers).take_while(|depth| !trains(*depth)).count();
        let pad = self.network.layout().config.pad.and_then(|pad| self.network.layout().words.exact(pad));
        Frozen { embeddings: !trains(0), layers: frozen, word: pad }
    }

    /// The mean loss of the batches and its gradient, left in `gradients`.
    fn backward(
        &self,
        batches: &[&[&Example]],
        draws: Option<Draws>,
        gradients: &mut Gradients,
        workspace: &mut Workspace,
    ) -> Outcome {
        let packed: Vec<_> = batches.iter().map(|batch| self.pack(batch)).collect();
        let labelled: usize = packed.iter().map(|(_, labels)| labels.len()).sum();
        let config = self.network.config();
        let drop = draws.map(|draws| Dropout::new(config.dropout, config.attention_dropout, draws.seed, draws.step));
        let mut loss = 0.0;
        for (at, (batch, labels)) in packed.iter().enumerate() {
            let objective = Objective {
                pieces: batch.pieces(),
                labels,
                scale: 1.0 / labelled.max(1) as f32,
                smoothing: self.optimisation.smoothing as f32,
                dropout: drop.map(|drop| drop.of_batch(at as u64)),
                frozen: self.frozen(),
            };
            // The batch was made for this network; a defect must stop the run, not train it on nothing.
            let sum = train(self.network.parameters(), &objective, at > 0, gradients, workspace);
            loss += sum.unwrap_or(f64::NAN);
        }
        Outcome { loss: loss / labelled.max(1) as f64, norm: gradients.squares().sqrt() }
    }
}

impl Engine for HostEngine {
    fn config(&self) -> &ModelConfig {
        self.network.config()
    }

    fn train(&mut self, batches: &[&[&Example]], draws: Option<Draws>, rate: f64) -> Outcome {
        let Some(gradients) = &mut self.gradients else { return Outcome { loss: f64::NAN, norm: f64::NAN } };
        let task = Task { network: &self.network, optimisation: &self.optimisation };
        let outcome = task.backward(batches, draws, gradients, &mut self.workspace);
        if !outcome.is_finite() {
            return outcome;
        }
        self.steps = self.steps.saturating_add(1);
        let factors = self.optimisation.factors(outcome.norm, rate, self.steps);
        let (optimisation, layers) = (self.optimisation, self.network.config().layers);
        let (layout, parameters) = self.network.parts_mut();
        let mut embeddings_keep = 1.0;
        let mut parts = Vec::new();
        let values = parameters.values_mut().into_iter().zip(gradients.values());
        for ((parameter, (values, gradient)), (first, second)) in layout.parameters().zip(values).zip(&mut self.moments)
        {
            if !optimisation.trains(parameter, layers) {
                continue;
            }
            let rate = factors.rate * optimisation.share(parameter, layers);
            let keep = if parameter.slot.decays() { 1.0 - rate * optimisation.weight_decay } else { 1.0 };
            if parameter.slot.kind == Kind::Table {
                embeddings_keep = keep;
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
        layout.decay_absent_rows(embeddings_keep);
        outcome
    }

    fn measure(&self, batch: &[&Example]) -> Outcome {
        match Gradients::new(self.network.parameters().shape()) {
            Ok(mut gradients) => self.task().backward(&[batch], None, &mut gradients, &mut Workspace::new()),
            Err(_) => Outcome { loss: f64::NAN, norm: f64::NAN },
        }
    }

    fn predict(&self, examples: &[&Example]) -> Predictions<usize> {
        self.predictions(examples, argmax)
    }

    fn logits(&self, examples: &[&Example]) -> Predictions<Vec<f32>> {
        self.predictions(examples, <[f32]>::to_vec)
    }

    fn save_best(&mut self) {
        match self.kept.take() {
            // In place: the memory is there.
            Some(mut kept) => {
                let now = self.network.parameters().values();
                kept.values.iter_mut().zip(now).for_each(|(kept, now)| kept.copy_from_slice(now));
                self.kept = Some(Stored { absent: self.absent(), ..kept });
            }
            None => self.kept = Some(self.stored()),
        }
    }

    fn restore_best(&mut self) -> bool {
        let Some(kept) = self.kept.take() else { return false };
        let (_, parameters) = self.network.parts_mut();
        parameters.values_mut().into_iter().zip(&kept.values).for_each(|(now, kept)| now.copy_from_slice(kept));
        self.set_absent(kept.absent);
        true
    }

    fn update_average(&mut self) {
        let absent = self.absent();
        let Some((mean, count)) = &mut self.mean else {
            self.mean = Some((self.stored(), 1));
            return;
        };
        *count += 1;
        let share = 1.0 / *count as f32;
        let now = self.network.parameters().values();
        mean.values.par_iter_mut().zip(now).for_each(|(mean, now)| {
            mean.iter_mut().zip(now).for_each(|(mean, now)| *mean += (now - *mean) * share);
        });
        mean.absent.iter_mut().zip(absent).for_each(|(mean, now)| *mean += (now - *mean) * f64::from(share));
    }

    fn swap_average(&mut self) -> bool {
        let Some((mut mean, count)) = self.mean.take() else { return false };
        let absent = std::mem::replace(&mut mean.absent, self.absent());
        let (_, parameters) = self.network.parts_mut();
        parameters.values_mut().into_iter().zip(&mut mean.values).for_each(|(now, mean)| now.swap_with_slice(mean));
        self.set_absent(absent);
        self.mean = Some((mean, count));
        true
    }

    fn drop_optimizer(&mut self) {
        (self.gradients, self.kept, self.mean) = (None, None, None);
        (self.moments, self.workspace) = (Vec::new(), Workspace::new());
    }

    fn weights(&self) -> Weights {
        self.network.weights()
    }

    fn arrays(&self, of: Arrays) -> Named {
        match of {
            Arrays::Values => self.named(self.network.parameters().values()),
            Arrays::First => self.named(self.moments.iter().map(|(first, _)| first.as_slice())),
            Arrays::Second => self.named(self.moments.iter().map(|(_, second)| second.as_slice())),
            Arrays::Kept => self.named(self.kept.iter().flat_map(Stored::slices)),
            Arrays::Mean => self.named(self.mean.iter().flat_map(|(mean, _)| mean.slices())),
        }
    }

    fn counters(&self) -> Counters {
        let bits = |absent: [f64; 2]| absent.map(f64::to_bits);
        let kept_absent = self.kept.as_ref().map(|kept| bits(kept.absent));
        let mean = self.mean.as_ref().map(|(mean, count)| (*count, bits(mean.absent)));
        Counters { steps: self.steps, absent: bits(self.absent()), kept_absent, mean }
    }

    fn load_state(&mut self, mut state: State) -> Result<(), String> {
        let listed: Vec<Parameter> = self.network.layout().parameters().cloned().collect();
        let Counters { steps, absent, kept_absent, mean } = state.counters;
        let (_, parameters) = self.network.parts_mut();
        let (mut kept, mut gathered) = (Vec::new(), Vec::new());
        for ((parameter, values), (first, second)) in listed.iter().zip(parameters.values_mut()).zip(&mut self.moments)
        {
            values.copy_from_slice(&state.take(Arrays::Values, parameter, values.len())?);
            *first = state.take(Arrays::First, parameter, first.len())?;
            *second = state.take(Arrays::Second, parameter, second.len())?;
            if kept_absent.is_some() {
                kept.push(state.take(Arrays::Kept, parameter, values.len())?);
            }
            if mean.is_some() {
                gathered.push(state.take(Arrays::Mean, parameter, values.len())?);
            }
        }
        self.steps = steps;
        self.set_absent(absent.map(f64::from_bits));
        let stored = |absent: [u64; 2], values| Stored { absent: absent.map(f64::from_bits), values };
        self.kept = kept_absent.map(|absent| stored(absent, kept));
        self.mean = mean.map(|(count, absent)| (stored(absent, gathered), count));
        Ok(())
    }
}
