//! Order of the sentences in an epoch.
//! As in accelerate's `SeedableRandomSampler` or transformers' `LengthGroupedSampler`.

use std::cmp::Reverse;

use super::torch;
use crate::runs::Order;

/// Largest number of batches that are sorted by length together.
///
/// Source: `get_length_grouped_indices` in transformers' trainer_pt_utils, as for [`PARTS`].
const MOST_BATCHES: usize = 50;
/// Fraction of the data that is sorted together at most: one in this number.
const PARTS: usize = 4;
/// Random numbers that torch's data loader draws before the permutation.
const DRAWN_BEFORE: usize = 2;

/// Returns the order of the examples in an epoch, counted from 0.
///
/// `lengths` contains the number of pieces of each example; `step` is the number of examples in an optimiser step.
pub(super) fn of_epoch(order: Order, seed: u64, epoch: usize, lengths: &[usize], step: usize) -> Vec<usize> {
    let seed = seed.wrapping_add(epoch as u64);
    match order {
        Order::Sequential => (0..lengths.len()).collect(),
        Order::Shuffled => torch::permutation(seed, lengths.len(), 0),
        Order::ByLength => grouped(&torch::permutation(seed, lengths.len(), DRAWN_BEFORE), lengths, step.max(1)),
    }
}

/// Groups examples of similar length.
///
/// The reference draws all epochs from one random stream, which dropout also uses: the first epoch equals the
/// reference's, the later ones are equally random.
fn grouped(permutation: &[usize], lengths: &[usize], step: usize) -> Vec<usize> {
    let together = (lengths.len() / (step * PARTS)).clamp(1, MOST_BATCHES) * step;
    let mut groups: Vec<Vec<usize>> = permutation.chunks(together).map(<[usize]>::to_vec).collect();
    for group in &mut groups {
        group.sort_by_key(|at| Reverse(lengths.get(*at)));
    }
    // The longest example comes first, so that a batch that does not fit into memory fails at once.
    let firsts: Vec<Option<&usize>> = groups.iter().map(|group| lengths.get(*group.first()?)).collect();
    let longest = firsts.iter().copied().max().and_then(|most| firsts.iter().position(|first| *first == most));
    let mut all: Vec<usize> = groups.into_iter().flatten().collect();
    if let Some(longest) = longest {
        all.swap(0, longest * together);
    }
    all
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::training::golden;

    /// Made by `tests/reference/trainer_shuffled.py`, which says what each field is.
    #[derive(Deserialize)]
    struct Golden {
        lengths: Vec<usize>,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        seed: u64,
        data_seed: Option<u64>,
        strategy: String,
        batches: Vec<Vec<Vec<usize>>>,
    }

    fn of(order: Order, seed: u64, epoch: usize, count: usize) -> Vec<usize> {
        of_epoch(order, seed, epoch, &vec![1; count], 1)
    }

    #[test]
    fn the_order_is_that_of_accelerates_sampler() {
        for case in golden::tiny().orders {
            let order = of(Order::Shuffled, case.seed, case.epoch, case.n);
            assert_eq!(order[..case.order.len()], case.order, "{} in epoch {}", case.n, case.epoch);
        }
    }

    #[test]
    fn the_batches_are_those_that_the_trainer_draws() {
        let golden: Golden = serde_json::from_str(include_str!("../../tests/reference/trainer_shuffled.json")).unwrap();
        let (mut shuffled, mut grouped) = (0, 0);
        for case in &golden.cases {
            let (order, epochs, seed) = match case.strategy.as_str() {
                "group_by_length" => (Order::ByLength, 1, case.seed),
                _ => (Order::Shuffled, 3, case.data_seed.unwrap_or(case.seed)),
            };
            for (epoch, batches) in case.batches.iter().enumerate().take(epochs) {
                let theirs: Vec<usize> = batches.iter().flatten().copied().collect();
                let ours = of_epoch(order, seed, epoch, &golden.lengths, 8);
                assert_eq!(ours, theirs, "{} epoch {epoch}", case.name);
                *if order == Order::ByLength { &mut grouped } else { &mut shuffled } += 1;
            }
        }
        assert!(shuffled >= 9 && grouped >= 2, "{shuffled} {grouped}");
    }

    #[test]
    fn every_epoch_draws_every_example_once() {
        for order in [Order::Shuffled, Order::ByLength] {
            let mut drawn = of_epoch(order, 1, 5, &(0..977).map(|n| n % 17).collect::<Vec<_>>(), 16);
            drawn.sort_unstable();
            assert_eq!(drawn, of(Order::Sequential, 1, 5, 977));
            assert!(of(order, 1, 0, 0).is_empty() && of(order, 1, 3, 1) == [0]);
        }
    }
}
