//! Settings of the optimiser, and numbers computed from them.
//! The numbers are for a step and for a parameter.

use super::SoftBatch;
use crate::{
    model::{
        arch::Parameter,
        kernels::{SoftTargets, TrainingPrecision},
    },
    runs::{Precision, Settings},
};

/// Settings of a step: those of the optimiser, the parameters that it trains, and the precision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Optimisation {
    pub(super) weight_decay: f64,
    /// Global norm to which gradients are clipped; 0 for none.
    pub(super) max_norm: f64,
    pub(super) beta1: f64,
    pub(super) beta2: f64,
    pub(super) epsilon: f64,
    pub(super) smoothing: f64,
    /// Share of the loss of a labelled piece that its soft target has.
    pub(super) soft_share: f64,
    /// Number by which logits are divided before they are compared with soft targets.
    pub(super) temperature: f64,
    pub(super) precision: TrainingPrecision,
    layer_decay: f64,
    freeze_embeddings: bool,
    freeze_layers: usize,
}

/// Constants of one step, the same for all values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factors {
    /// Factor that clips the gradients.
    pub(super) clip: f64,
    /// Learning rate of the head.
    pub(super) rate: f64,
    /// Bias correction of the first moment.
    pub(super) first_correction: f64,
    /// Square root of the bias correction of the second moment.
    pub(super) second_correction: f64,
}

/// Constants of one step for one parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct ParameterFactors {
    /// Learning rate.
    pub(super) rate: f64,
    /// Factor of weight decay, applied to the values first.
    pub(super) keep: f64,
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
            soft_share: settings.teacher_share,
            temperature: settings.teacher_temperature,
            precision: match settings.precision {
                Precision::Fp32 => TrainingPrecision::Fp32,
                Precision::Bf16 => TrainingPrecision::Bf16,
            },
            layer_decay: settings.layer_decay,
            freeze_embeddings: settings.freeze_embeddings || settings.freeze_layers > 0,
            freeze_layers: settings.freeze_layers,
        }
    }

    /// Returns the soft targets of a batch with their part of the loss.
    pub(super) fn soft_targets<'a>(&self, batch: &'a SoftBatch) -> SoftTargets<'a> {
        SoftTargets {
            pieces: &batch.pieces,
            probabilities: &batch.probabilities,
            share: self.soft_share as f32,
            temperature: self.temperature as f32,
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

    /// Returns the learning rate of a parameter as a share of the head's.
    /// As in ELECTRA, which introduced it, the last layer has one factor and the embeddings have one more than the
    /// first layer.
    pub(super) fn share(&self, parameter: &Parameter, layers: usize) -> f64 {
        let below = layers + 1 - parameter.slot.depth.min(layers + 1);
        self.layer_decay.powi(i32::try_from(below).unwrap_or(i32::MAX))
    }

    /// Returns the constants of step number `steps` with this gradient norm.
    /// The first step is 1.
    pub(super) fn factors(&self, norm: f64, rate: f64, steps: i32) -> Factors {
        let clip = if self.max_norm > 0.0 { (self.max_norm / (norm + 1e-6)).min(1.0) } else { 1.0 };
        Factors {
            clip,
            rate,
            first_correction: 1.0 - self.beta1.powi(steps),
            second_correction: (1.0 - self.beta2.powi(steps)).sqrt(),
        }
    }

    /// Returns the constants of a step for one parameter.
    /// The network has this many layers.
    pub(super) fn parameter_factors(&self, factors: Factors, parameter: &Parameter, layers: usize) -> ParameterFactors {
        let rate = factors.rate * self.share(parameter, layers);
        let keep = if parameter.slot.decays() { 1.0 - rate * self.weight_decay } else { 1.0 };
        ParameterFactors { rate, keep }
    }
}
