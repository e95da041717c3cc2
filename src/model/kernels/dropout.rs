//! Dropout masks: each factor is a hash of seed, step, site and position.
//! There is no generator state, nothing is stored for the backward pass, and the masks do not depend on the number of
//! threads.

use super::simd::LANES;

/// Distance between the counters of neighbouring pairs.
/// It is 2^64 over the golden ratio, as in SplitMix64.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;
/// Values of one block; two values share a hash.
const BLOCK: usize = 2 * LANES;

/// Dropout of one training step.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// Share of hidden values set to 0.
    rate: f64,
    /// Share of attention probabilities set to 0.
    attention_rate: f64,
    key: u64,
}

/// Places where DistilBERT drops values.
#[derive(Clone, Copy, Debug)]
pub enum Site {
    /// Sum of the embeddings.
    Embeddings,
    /// Attention probabilities of this layer, counted from 0.
    Attention(usize),
    /// Output of the feed-forward network of this layer, counted from 0.
    FeedForward(usize),
    /// Hidden state before the classifier.
    Head,
    /// Input: whole word pieces.
    Input,
}

impl Site {
    fn number(self) -> u64 {
        match self {
            Self::Embeddings => 0,
            Self::Head => 1,
            Self::Input => u64::MAX,
            Self::Attention(layer) => 2 + 2 * layer as u64,
            Self::FeedForward(layer) => 3 + 2 * layer as u64,
        }
    }
}

impl Dropout {
    /// Returns the masks of step `step` of a training with this seed.
    /// Rates outside 0 to 1 (1 excluded) count as 0.
    pub fn new(rate: f64, attention_rate: f64, seed: u64, step: usize) -> Self {
        let [rate, attention_rate] =
            [rate, attention_rate].map(|rate| if (0.0..1.0).contains(&rate) { rate } else { 0.0 });
        Self { rate, attention_rate, key: mix(mix(seed) ^ step as u64) }
    }

    /// Returns the masks of batch `at` among those that the step accumulates.
    #[must_use]
    pub fn of_batch(&self, at: u64) -> Self {
        Self { key: mix(self.key.wrapping_add(at)), ..*self }
    }

    /// Returns which pieces of a step's input are hidden from the network.
    /// They are a share `rate` of all pieces.
    pub fn hides(rate: f64, seed: u64, step: usize) -> impl Fn(usize) -> bool {
        let mask = Self::new(rate, 0.0, seed, step).mask(Site::Input);
        move |at| mask.is_some_and(|mask| mask.factor(mask.bits(at as u64 / 2)[at % 2]) == 0.0)
    }

    /// Returns the mask of a site; `None` if nothing is dropped there.
    pub fn mask(&self, site: Site) -> Option<Mask> {
        let rate = if matches!(site, Site::Attention(_)) { self.attention_rate } else { self.rate };
        (rate > 0.0).then(|| Mask {
            // Both are in range: the rate is below 1.
            dropped_below: (rate * f64::from(u32::MAX)) as u32,
            kept: (1.0 / (1.0 - rate)) as f32,
            key: mix(self.key ^ site.number()),
        })
    }
}

/// Factor for each value of a site: 0, or 1 / (1 - rate).
/// The latter keeps the expected sum.
#[derive(Clone, Copy, Debug)]
pub struct Mask {
    dropped_below: u32,
    kept: f32,
    key: u64,
}

impl Mask {
    /// Multiplies values of a site by their factors; the first has number `first`.
    #[inline(always)]
    pub fn apply(&self, first: usize, values: &mut [f32]) {
        let (odd, pairs) = values.split_at_mut((first % 2).min(values.len()));
        odd.iter_mut().for_each(|value| *value *= self.factor(self.bits(first as u64 / 2)[1]));
        let mut pair = first.div_ceil(2) as u64;
        let (blocks, rest) = pairs.as_chunks_mut::<BLOCK>();
        for block in blocks {
            let mut bits = [0u32; BLOCK];
            for (at, two) in (pair..).zip(bits.as_chunks_mut::<2>().0) {
                *two = self.bits(at);
            }
            block.iter_mut().zip(bits).for_each(|(value, bits)| *value *= self.factor(bits));
            pair += LANES as u64;
        }
        for (at, two) in (pair..).zip(rest.chunks_mut(2)) {
            two.iter_mut().zip(self.bits(at)).for_each(|(value, bits)| *value *= self.factor(bits));
        }
    }

    /// Returns the random bits of both values of a pair.
    #[inline(always)]
    fn bits(&self, pair: u64) -> [u32; 2] {
        let bits = mix(self.key.wrapping_add(pair.wrapping_mul(STRIDE)));
        [bits as u32, (bits >> 32) as u32]
    }

    #[inline(always)]
    fn factor(&self, bits: u32) -> f32 {
        if bits < self.dropped_below { 0.0 } else { self.kept }
    }
}

/// Finaliser of SplitMix64: every input bit affects every output bit.
#[inline(always)]
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(rate: f64, step: usize, first: usize, count: usize) -> Vec<f32> {
        let mut values = vec![1.0; count];
        if let Some(mask) = Dropout::new(rate, 0.0, 42, step).mask(Site::Head) {
            mask.apply(first, &mut values);
        }
        values
    }

    /// The composed network's `fill`, written out again.
    fn filled(rate: f64, step: usize, count: usize) -> Vec<f32> {
        let key = mix(mix(mix(42) ^ step as u64) ^ 1);
        let below = (rate * f64::from(u32::MAX)) as u32;
        let bits = |at: usize| mix(key.wrapping_add((at as u64 / 2).wrapping_mul(STRIDE))) >> (32 * (at % 2));
        (0..count).map(|at| if (bits(at) as u32) < below { 0.0 } else { (1.0 / (1.0 - rate)) as f32 }).collect()
    }

    #[test]
    fn masks_drop_their_share_and_keep_the_sum() {
        let values = factors(0.1, 7, 0, 200_001);
        let dropped = values.iter().filter(|value| **value == 0.0).count() as f64 / values.len() as f64;
        assert!((dropped - 0.1).abs() < 0.003, "{dropped}");
        assert!(values.iter().all(|value| *value == 0.0 || (*value - 1.0 / 0.9).abs() < 1e-6));
        assert_eq!(values, filled(0.1, 7, 200_001));
    }

    #[test]
    fn masks_depend_on_the_place_and_not_on_the_cut() {
        let whole = filled(0.5, 1, 700);
        for first in [0, 1, 2, 31, 32, 33, 100, 699] {
            for count in [0, 1, 2, 3, 31, 32, 33, 64, 97] {
                let end = (first + count).min(700);
                assert_eq!(factors(0.5, 1, first, end - first), whole[first..end]);
            }
        }
        assert_ne!(factors(0.5, 2, 0, 700), whole);
        assert_eq!(factors(f64::NAN, 1, 0, 9), [1.0; 9]);
    }
}
