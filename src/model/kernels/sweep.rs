//! AdamW over all parameters, as in torch: bias-corrected, decoupled weight decay.
//! Value, gradient and both moments are read and written in one pass; memory traffic limits its speed.

use rayon::prelude::*;

use super::simd::{Kernel, vectorised};

/// Number of values of one task.
/// Four arrays of this size fit into the cache of a core.
const CHUNK: usize = 1 << 14;

/// Parameter with its gradient and moments, all of the same length.
#[derive(Debug)]
pub struct Part<'a> {
    /// The values.
    pub values: &'a mut [f32],
    /// Their gradient.
    pub gradient: &'a [f32],
    /// First moments.
    pub first: &'a mut [f32],
    /// Second moments.
    pub second: &'a mut [f32],
    /// Factor applied to the values first.
    /// It is 1 minus the learning rate times the weight decay.
    pub keep: f64,
    /// Learning rate divided by the bias correction of the first moment.
    pub rate: f64,
}

/// Constants of one AdamW step, the same for all values.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Factor that clips the gradients.
    pub clip: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the square root of the second moment.
    pub epsilon: f64,
    /// Square root of the bias correction of the second moment.
    pub correction: f64,
}

/// Applies one step of AdamW to these parameters.
pub fn sweep(parts: Vec<Part<'_>>, adam: &Adam) {
    parts.into_par_iter().flat_map(Part::chunks).for_each(|chunk| vectorised(Update { chunk, adam }));
}

impl<'a> Part<'a> {
    fn chunks(self) -> impl ParallelIterator<Item = Part<'a>> {
        let Self { values, gradient, first, second, keep, rate } = self;
        let moments = first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK));
        let values = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
        values.zip(moments).map(move |((values, gradient), (first, second))| Part {
            values,
            gradient,
            first,
            second,
            keep,
            rate,
        })
    }
}

/// Inner loop of the step.
/// Each of its lines compiles to one or two vector instructions.
struct Update<'a> {
    chunk: Part<'a>,
    adam: &'a Adam,
}

impl Kernel for Update<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { chunk, adam } = self;
        let [keep, rate] = [chunk.keep, chunk.rate].map(|value| value as f32);
        let [clip, correction, epsilon] = [adam.clip, adam.correction, adam.epsilon].map(|value| value as f32);
        // Computed in f64: 1 minus beta would lose digits in f32.
        let [rest1, beta2, rest2] = [1.0 - adam.beta1, adam.beta2, 1.0 - adam.beta2].map(|value| value as f32);
        let moments = chunk.first.iter_mut().zip(chunk.second);
        for ((value, gradient), (first, second)) in chunk.values.iter_mut().zip(chunk.gradient).zip(moments) {
            let gradient = gradient * clip;
            *first += rest1 * (gradient - *first);
            *second = beta2 * *second + rest2 * gradient * gradient;
            *value = *value * keep - rate * *first / (second.sqrt() / correction + epsilon);
        }
    }
}
