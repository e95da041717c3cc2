//! Dropout masks by counter: each value is a hash of seed, step, site and place. No generator state is kept, so a
//! resumed training draws the same masks, whatever the number of threads.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

/// Values that one task makes.
const CHUNK: usize = 1 << 14;

/// The dropout of one training step.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// Share of hidden values set to 0.
    rate: f64,
    /// Share of attention probabilities set to 0.
    attention_rate: f64,
    key: u64,
}

/// The places where DistilBERT drops values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Site {
    Embeddings,
    Attention(usize),
    FeedForward(usize),
    Head,
}

impl Site {
    fn number(self) -> u64 {
        match self {
            Self::Embeddings => 0,
            Self::Head => 1,
            Self::Attention(layer) => 2 + 2 * layer as u64,
            Self::FeedForward(layer) => 3 + 2 * layer as u64,
        }
    }
}

impl Dropout {
    /// The masks of step `step` of a training with this seed. Rates outside 0 to 1 (1 excluded) count as 0.
    pub fn new(rate: f64, attention_rate: f64, seed: u64, step: usize) -> Self {
        let sane = |rate: f64| if (0.0..1.0).contains(&rate) { rate } else { 0.0 };
        let key = mix(mix(seed) ^ step as u64);
        Self { rate: sane(rate), attention_rate: sane(attention_rate), key }
    }

    /// The draws of one of the shares into which the step's batch is cut.
    #[must_use]
    pub fn of_shard(&self, shard: u64) -> Self {
        Self { key: mix(self.key.wrapping_add(shard)), ..*self }
    }

    /// A factor for each value: 0, or what keeps the expected sum the same. `None` where nothing is dropped.
    pub(super) fn mask<const D: usize>(&self, site: Site, shape: [usize; D], device: &Device) -> Option<Tensor<D>> {
        let rate = if matches!(site, Site::Attention(_)) { self.attention_rate } else { self.rate };
        let mut factors = vec![0.0; shape.iter().product()];
        if rate == 0.0 || factors.is_empty() {
            return None;
        }
        fill(&mut factors, rate, mix(self.key ^ site.number()));
        Some(Tensor::from_data(TensorData::new(factors, shape), device))
    }
}

fn fill(factors: &mut [f32], rate: f64, key: u64) {
    // Both fit: the rate is below 1.
    let dropped_below = (rate * f64::from(u32::MAX)) as u32;
    let kept = (1.0 / (1.0 - rate)) as f32;
    let factor = |bits: u32| if bits < dropped_below { 0.0 } else { kept };
    factors.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, values)| {
        let first = (chunk * CHUNK / 2) as u64;
        for (at, pair) in (first..).zip(values.chunks_mut(2)) {
            let bits = mix(key.wrapping_add(at.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            for (value, bits) in pair.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
                *value = factor(bits);
            }
        }
    });
}

/// SplitMix64's finaliser: every input bit reaches every output bit.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(rate: f64, step: usize, count: usize) -> Vec<f32> {
        let mask = Dropout::new(rate, 0.0, 42, step).mask(Site::Head, [count], &Device::flex());
        mask.map(|mask| mask.into_data().iter::<f32>().collect()).unwrap_or_default()
    }

    #[test]
    fn masks_drop_their_share_and_keep_the_sum() {
        let values = factors(0.1, 7, 200_001);
        let dropped = values.iter().filter(|value| **value == 0.0).count() as f64 / values.len() as f64;
        assert!((dropped - 0.1).abs() < 0.003, "{dropped}");
        assert!(values.iter().all(|value| *value == 0.0 || (*value - 1.0 / 0.9).abs() < 1e-6));
    }

    #[test]
    fn masks_depend_on_the_step_and_on_nothing_else() {
        assert_eq!(factors(0.5, 1, 999), factors(0.5, 1, 999));
        assert_ne!(factors(0.5, 1, 999), factors(0.5, 2, 999));
        assert_eq!(factors(0.5, 1, 999), factors(0.5, 1, 40_000)[..999]);
        assert!(factors(0.0, 1, 999).is_empty());
        assert!(factors(f64::NAN, 1, 999).is_empty());
    }
}
