//! One optimiser step.

use burn::tensor::Tensor;

use super::optimizer::{AdamW, global_norm, take_gradients};
use crate::model::network::{Dropout, Network, Packed};

/// Trains on a batch: `labels` are pairs of a packed piece and its tag. Gives the mean loss per labelled piece and the
/// global norm of the gradient before clipping; if either is not finite, the network is unchanged. A batch without a
/// label teaches nothing and changes nothing.
pub(super) fn train(
    network: &mut Network,
    optimiser: &mut AdamW,
    packed: &Packed,
    labels: &[(usize, usize)],
    dropout: Option<&Dropout>,
    rate: f64,
) -> (f64, f64) {
    let (loss, gradients) = backward(network, packed, labels, dropout);
    if labels.is_empty() || !loss.is_finite() {
        return (loss, if labels.is_empty() { 0.0 } else { f64::NAN });
    }
    (loss, optimiser.step(network, gradients, rate))
}

/// Loss and gradient norm of a batch without dropout; changes nothing.
pub(super) fn measure(network: &Network, packed: &Packed, labels: &[(usize, usize)]) -> (f64, f64) {
    let (loss, gradients) = backward(network, packed, labels, None);
    (loss, global_norm(&gradients))
}

/// The mean loss, and the gradient of each parameter that has one.
fn backward(
    network: &Network,
    packed: &Packed,
    labels: &[(usize, usize)],
    dropout: Option<&Dropout>,
) -> (f64, Vec<Option<Tensor<2>>>) {
    if labels.is_empty() {
        return (0.0, Vec::new());
    }
    // Dropped at the end, so that the weights have one owner again and are updated in place.
    let tracked = network.tracked();
    let loss = tracked.loss_sum(packed, labels, dropout).div_scalar(labels.len() as f64);
    let mut gathered = loss.backward();
    let gradients = take_gradients(&tracked, &mut gathered);
    (loss.into_scalar::<f64>(), gradients)
}
