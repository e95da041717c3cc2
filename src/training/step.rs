//! One optimiser step, of one or more shards: shares of the batch that go through the network side by side, each on a
//! thread of its own. The gradient is that of the whole batch, up to rounding.

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::optimizer::{AdamW, global_norm, take_gradients};
use crate::model::network::{Dropout, Network, Packed};

/// A share of a batch.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) packed: Packed,
    /// Packed pieces with their tags.
    pub(super) labels: Vec<(usize, usize)>,
    pub(super) dropout: Option<Dropout>,
}

/// Trains on a batch. Gives the mean loss per labelled piece and the global norm of the gradient before clipping; if
/// either is not finite, the network is unchanged. A batch without a label teaches nothing and changes nothing.
pub(super) fn train(network: &mut Network, optimiser: &mut AdamW, shards: &[Shard], rate: f64) -> (f64, f64) {
    let labelled = shards.iter().map(|shard| shard.labels.len()).sum();
    let outcomes: Vec<(f64, Vec<Option<Tensor<2>>>)> =
        shards.par_iter().map(|shard| backward(network, shard, labelled)).collect();
    let (losses, gradients): (Vec<f64>, Vec<_>) = outcomes.into_iter().unzip();
    let loss: f64 = losses.iter().sum();
    if labelled == 0 || !loss.is_finite() {
        return (loss, if labelled == 0 { 0.0 } else { f64::NAN });
    }
    (loss, optimiser.step(network, gradients, rate))
}

/// Loss and gradient norm of a batch; changes nothing.
pub(super) fn measure(network: &Network, batch: &Shard) -> (f64, f64) {
    let (loss, gradients) = backward(network, batch, batch.labels.len());
    (loss, global_norm(&gradients))
}

/// A shard's part of the mean loss over `labelled` pieces, and of the gradient of each parameter that has one.
fn backward(network: &Network, shard: &Shard, labelled: usize) -> (f64, Vec<Option<Tensor<2>>>) {
    if shard.labels.is_empty() {
        return (0.0, Vec::new());
    }
    // Dropped at the end, so that the weights have one owner again and are updated in place. Each shard has its own:
    // then it has a graph of its own, too.
    let tracked = network.tracked();
    let loss = tracked.loss_sum(&shard.packed, &shard.labels, shard.dropout.as_ref()).div_scalar(labelled as f64);
    let mut gathered = loss.backward();
    let gradients = take_gradients(&tracked, &mut gathered);
    (loss.into_scalar::<f64>(), gradients)
}
