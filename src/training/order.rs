//! The order in which sentences are drawn: as accelerate's `SeedableRandomSampler` draws it.

use super::torch;
use crate::runs::Order;

/// The order of `count` examples in epoch `epoch`, counted from 0.
pub(super) fn of_epoch(order: Order, seed: u64, epoch: usize, count: usize) -> Vec<usize> {
    match order {
        Order::Sequential => (0..count).collect(),
        Order::Shuffled => torch::permutation(seed.wrapping_add(epoch as u64), count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::golden;

    #[test]
    fn the_order_is_that_of_accelerates_sampler() {
        for case in golden::tiny().orders {
            let order = of_epoch(Order::Shuffled, case.seed, case.epoch, case.n);
            assert_eq!(order[..case.order.len()], case.order, "{} in epoch {}", case.n, case.epoch);
        }
    }

    #[test]
    fn every_epoch_draws_every_example_once() {
        let mut order = of_epoch(Order::Shuffled, 1, 5, 977);
        order.sort_unstable();
        assert_eq!(order, of_epoch(Order::Sequential, 1, 5, 977));
        assert!(of_epoch(Order::Shuffled, 1, 0, 0).is_empty());
    }
}
