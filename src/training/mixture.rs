//! Proportions of tagged and untagged sentences in an epoch.

/// Smallest number of epochs to which [`epochs`] lowers a larger one.
const LEAST_EPOCHS: f64 = 3.0;

/// Returns how often an epoch contains each tagged sentence.
/// So often that they are at least as many as the untagged ones, whose targets are less certain.
pub(super) fn repeats(tagged: usize, untagged: usize) -> usize {
    untagged.div_ceil(tagged.max(1)).max(1)
}

/// Returns the number of epochs over `all` sentences for settings that were chosen for `tagged` ones.
/// It falls with the square root of the number of sentences, as in the recipe `auto`.
#[allow(clippy::cast_precision_loss, reason = "numbers of sentences stay far below 2^52")]
pub(super) fn epochs(chosen: f64, tagged: usize, all: usize) -> f64 {
    let lowered = chosen * (tagged as f64 / all.max(1) as f64).sqrt();
    lowered.max(LEAST_EPOCHS.min(chosen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tagged_sentences_are_at_least_half_of_an_epoch() {
        assert_eq!([repeats(320, 0), repeats(320, 320), repeats(320, 321), repeats(0, 4)], [1, 1, 2, 4]);
        for (tagged, untagged) in [(1, 7), (320, 2000), (1000, 3)] {
            assert!(tagged * repeats(tagged, untagged) >= untagged);
        }
    }

    #[test]
    fn more_sentences_need_fewer_epochs() {
        assert_eq!(epochs(20.0, 100, 400), 10.0);
        assert_eq!(epochs(20.0, 100, 100), 20.0);
        assert_eq!((epochs(5.0, 1, 1_000_000), epochs(2.0, 1, 1_000_000)), (3.0, 2.0));
    }
}
