//! Arithmetic on one row of scores, in `f32` and with numpy's order of ties.

/// Converts logits to probabilities.
pub(crate) fn softmax(logits: &[f32]) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut row: Vec<f32> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|value| *value /= sum);
    row
}

/// Returns index and value of the highest score, the first of equals.
/// `(0, 0.0)` for an empty row.
pub(crate) fn best(scores: &[f32]) -> (usize, f32) {
    let first = (0, scores.first().copied().unwrap_or_default());
    scores.iter().copied().enumerate().fold(first, |best, next| if next.1 > best.1 { next } else { best })
}

/// Returns the mean, 0 for no values.
pub(crate) fn mean(values: impl IntoIterator<Item = f32>) -> f32 {
    let (count, sum) = values.into_iter().fold((0.0_f32, 0.0_f32), |(count, sum), value| (count + 1.0, sum + value));
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn probabilities_sum_to_one(logits in prop::collection::vec(-80.0_f32..80.0, 1..20)) {
            let row = softmax(&logits);
            prop_assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            prop_assert_eq!(best(&row).0, best(&logits).0);
        }
    }

    #[test]
    fn the_first_of_equals_is_best() {
        assert_eq!(best(&[1.0, 3.0, 3.0]), (1, 3.0));
        assert_eq!(best(&[]), (0, 0.0));
        assert_eq!(best(&[f32::NAN, 1.0]).0, 0);
    }
}
