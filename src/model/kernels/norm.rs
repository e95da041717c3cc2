//! Layer norm over rows: forward, and the gradient of its input.

use rayon::prelude::*;

use super::{
    buffer::resized,
    parameters::Norm,
    simd::{Kernel, sum_over, vectorised},
};

/// Number of rows of one task.
pub(super) const ROWS: usize = 8;

/// Values of a norm that the backward pass needs.
#[derive(Debug, Default)]
pub(super) struct Normed {
    /// Rows of mean 0 and variance 1, before weight and bias: `[rows, dim]`.
    pub(super) values: Vec<f32>,
    /// Reciprocal standard deviation of each row.
    scales: Vec<f32>,
}

/// Source of the rows to normalise.
pub(super) trait Source: Sync {
    /// Writes a row. Implementations are `#[inline(always)]`, see [`vectorised`].
    fn write(&self, row: usize, to: &mut [f32]);
}

impl Normed {
    /// Normalises the rows of `source` into `outcome`, `[rows, dim]`.
    /// `epsilon` is added to the variance.
    pub(super) fn forward(&mut self, norm: &Norm, outcome: &mut [f32], source: &impl Source, epsilon: f32) {
        let dim = norm.bias.len().max(1);
        let values = resized(&mut self.values, outcome.len());
        let scales = resized(&mut self.scales, outcome.len() / dim);
        let rows = values.par_chunks_mut(ROWS * dim).zip(scales.par_chunks_mut(ROWS));
        rows.zip(outcome.par_chunks_mut(ROWS * dim)).enumerate().for_each(|(at, ((values, scales), outcome))| {
            vectorised(Forward { values, scales, outcome, norm, source, epsilon, first: at * ROWS });
        });
    }

    /// Computes the outcome again, `[rows, dim]`.
    pub(super) fn again(&self, norm: &Norm, outcome: &mut [f32]) {
        let dim = norm.bias.len().max(1);
        let values = self.values.par_chunks(ROWS * dim);
        values.zip(outcome.par_chunks_mut(ROWS * dim)).for_each(|(values, outcome)| {
            vectorised(Rescale { values, norm, outcome });
        });
    }

    /// Turns the gradient of the outcome into the input's, `[rows, dim]`.
    pub(super) fn backward(&self, norm: &Norm, gradient: &mut [f32]) {
        let dim = norm.bias.len().max(1);
        let rows = self.values.par_chunks(ROWS * dim).zip(self.scales.par_chunks(ROWS));
        rows.zip(gradient.par_chunks_mut(ROWS * dim)).for_each(|((values, scales), gradient)| {
            vectorised(Backward { values, scales, weight: &norm.weight, gradient });
        });
    }
}

/// Block of rows in the forward pass.
struct Forward<'a, S> {
    values: &'a mut [f32],
    scales: &'a mut [f32],
    outcome: &'a mut [f32],
    norm: &'a Norm,
    source: &'a S,
    epsilon: f32,
    /// The first of these rows.
    first: usize,
}

impl<S: Source> Kernel for Forward<'_, S> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { values, scales, outcome, norm, source, epsilon, first } = self;
        let dim = norm.bias.len();
        let rows = values.chunks_exact_mut(dim).zip(outcome.chunks_exact_mut(dim));
        for ((row, (values, outcome)), scale) in (first..).zip(rows).zip(scales) {
            source.write(row, values);
            *scale = normalise(values, epsilon);
            rescale(values, norm, outcome);
        }
    }
}

/// Gives a row mean 0 and variance 1; `epsilon` is added to its variance first.
/// Returns the reciprocal standard deviation that it had.
#[inline(always)]
pub(super) fn normalise(row: &mut [f32], epsilon: f32) -> f32 {
    let share = 1.0 / row.len() as f32;
    let mean = sum_over(row, row, |value, _| value) * share;
    row.iter_mut().for_each(|value| *value -= mean);
    let variance = sum_over(row, row, |a, b| a * b) * share;
    let scale = 1.0 / (variance + epsilon).sqrt();
    row.iter_mut().for_each(|value| *value *= scale);
    scale
}

/// Computes rows times weight plus bias.
struct Rescale<'a> {
    values: &'a [f32],
    norm: &'a Norm,
    outcome: &'a mut [f32],
}

impl Kernel for Rescale<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { values, norm, outcome } = self;
        let dim = norm.bias.len();
        values.chunks_exact(dim).zip(outcome.chunks_exact_mut(dim)).for_each(|(from, to)| rescale(from, norm, to));
    }
}

#[inline(always)]
fn rescale(values: &[f32], norm: &Norm, outcome: &mut [f32]) {
    let factors = norm.weight.iter().zip(&norm.bias);
    for ((outcome, value), (weight, bias)) in outcome.iter_mut().zip(values).zip(factors) {
        *outcome = value * weight + bias;
    }
}

/// Block of rows in the backward pass.
/// It computes `dx = scale (g - mean(g) - normed mean(g normed))` for `g = dy weight`.
struct Backward<'a> {
    values: &'a [f32],
    scales: &'a [f32],
    weight: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { values, scales, weight, gradient } = self;
        let dim = weight.len();
        let share = 1.0 / dim as f32;
        let rows = values.chunks_exact(dim).zip(gradient.chunks_exact_mut(dim));
        for ((values, gradient), scale) in rows.zip(scales) {
            gradient.iter_mut().zip(weight).for_each(|(gradient, weight)| *gradient *= weight);
            let mean = sum_over(gradient, gradient, |value, _| value) * share;
            let along = sum_over(gradient, values, |a, b| a * b) * share;
            for (gradient, value) in gradient.iter_mut().zip(values) {
                *gradient = scale * (*gradient - mean - value * along);
            }
        }
    }
}
