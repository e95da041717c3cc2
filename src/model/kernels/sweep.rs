//! The optimiser's pass over the parameters: AdamW as torch does it (bias-corrected, decay decoupled), value, gradient
//! and both moments in one go. What it costs is the way to memory and back.

use rayon::prelude::*;

use super::simd::{Kernel, vectorised};

/// Values that one task takes: four arrays of this many stay inside the cache of a core.
const CHUNK: usize = 1 << 14;

/// One parameter with everything that belongs to it, all of one length.
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
    /// What the values are multiplied by first: 1 less the learning rate times the weight decay.
    pub keep: f64,
    /// Learning rate over the first bias correction.
    pub rate: f64,
}

/// The numbers of one step of AdamW that are the same for all values.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Applied to gradients, for clipping.
    pub clip: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Square root of the second bias correction.
    pub correction: f64,
}

/// One step of AdamW on these parameters.
pub fn sweep(parts: Vec<Part<'_>>, adam: &Adam) {
    let chunks = parts.into_par_iter().flat_map(|part| {
        let Part { values, gradient, first, second, keep, rate } = part;
        let moments = first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK));
        let values = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
        let chunk = move |((values, gradient), (first, second))| Part { values, gradient, first, second, keep, rate };
        values.zip(moments).map(chunk)
    });
    chunks.for_each(|chunk| vectorised(Update { chunk, adam }));
}

/// The inner loop: every line of it is one vector instruction or two.
struct Update<'a> {
    chunk: Part<'a>,
    adam: &'a Adam,
}

impl Kernel for Update<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { chunk, adam } = self;
        let (keep, rate) = (chunk.keep as f32, chunk.rate as f32);
        let (clip, correction, epsilon) = (adam.clip as f32, adam.correction as f32, adam.epsilon as f32);
        let (beta1, beta2, rest) = ((1.0 - adam.beta1) as f32, adam.beta2 as f32, (1.0 - adam.beta2) as f32);
        let moments = chunk.first.iter_mut().zip(chunk.second);
        for ((value, gradient), (first, second)) in chunk.values.iter_mut().zip(chunk.gradient).zip(moments) {
            let gradient = gradient * clip;
            *first += beta1 * (gradient - *first);
            *second = beta2 * *second + rest * gradient * gradient;
            *value = *value * keep - rate * *first / (second.sqrt() / correction + epsilon);
        }
    }
}
