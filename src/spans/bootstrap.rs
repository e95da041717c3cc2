//! Confidence intervals of F1 by the bootstrap: sentences are drawn again and again, with replacement.

/// Entities of one sentence, of one label or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Predicted and gold, with the same words and label.
    pub right: u32,
    /// Predicted.
    pub found: u32,
    /// In the gold tags.
    pub gold: u32,
}

/// Range that contains the true value with a probability of 95 %.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Computes the 95 % interval of F1 from this number of resamples. The same arguments give the same interval.
pub fn f1_interval(sentences: &[Tally], resamples: usize, seed: u64) -> Interval {
    let mut values: Vec<f64> = (0..resamples as u64).map(|draw| resampled(sentences, seed, draw)).collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((share * (values.len().max(1) - 1) as f64).round() as usize).copied();
    Interval { low: at(0.025).unwrap_or_default(), high: at(0.975).unwrap_or_default() }
}

fn resampled(sentences: &[Tally], seed: u64, draw: u64) -> f64 {
    let mut state = mixed(seed ^ mixed(draw));
    let mut sum = Tally::default();
    for _ in sentences {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let at = (u128::from(mixed(state)) * sentences.len() as u128) >> 64;
        let Some(drawn) = sentences.get(at as usize) else { continue };
        sum.right += drawn.right;
        sum.found += drawn.found;
        sum.gold += drawn.gold;
    }
    let entities = f64::from(sum.found) + f64::from(sum.gold);
    if entities == 0.0 { 0.0 } else { 2.0 * f64::from(sum.right) / entities }
}

/// The finaliser of SplitMix64.
fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
