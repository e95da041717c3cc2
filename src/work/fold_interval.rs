//! Confidence intervals of F1 by the bootstrap: sentences are drawn again and again, with replacement.

use super::shares::mixed;

/// Entities of one sentence, of one label or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Predicted and gold, with the same words and label.
    pub(super) right: u32,
    /// Predicted.
    pub(super) found: u32,
    /// In the gold tags.
    pub(super) gold: u32,
}

/// Range that contains the true value with a probability of 95 %.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Interval {
    /// Lower end.
    pub(super) low: f64,
    /// Upper end.
    pub(super) high: f64,
}

/// Computes the 95 % interval of F1 from this number of resamples. The same arguments give the same interval.
pub(super) fn f1_interval(sentences: &[Tally], resamples: usize, seed: u64) -> Interval {
    let mut values: Vec<f64> = (0..resamples as u64).map(|draw| resampled(sentences, seed, draw)).collect();
    values.sort_by(f64::total_cmp);
    Interval { low: quantile(&values, 0.025), high: quantile(&values, 0.975) }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().max(1) - 1) as f64;
    sorted.get(place.round() as usize).copied().unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_has_the_width_of_a_binomial_share() {
        // 400 sentences with one entity each, of which 300 are right: F1 is their share, .75, with a standard deviation of .0217.
        let sentences: Vec<Tally> =
            (0..400).map(|at| Tally { right: u32::from(at % 4 != 0), found: 1, gold: 1 }).collect();
        let Interval { low, high } = f1_interval(&sentences, 2000, 1);
        assert!(
            (low - (0.75 - 1.96 * 0.0217)).abs() < 0.006 && (high - (0.75 + 1.96 * 0.0217)).abs() < 0.006,
            "{low} {high}"
        );
        assert_eq!(f1_interval(&sentences, 2000, 1), f1_interval(&sentences, 2000, 1));
        assert_ne!(f1_interval(&sentences, 2000, 1), f1_interval(&sentences, 2000, 2));
    }

    #[test]
    fn sentences_without_entities_give_zero_and_not_a_division_by_zero() {
        assert_eq!(f1_interval(&[Tally::default(); 5], 50, 1), Interval::default());
        assert_eq!(f1_interval(&[], 50, 1), Interval::default());
    }
}
