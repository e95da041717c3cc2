//! Trainings that the user gave up before they began. Threads that prepare them look here.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Trainings of one project that were given up, by the number of their request.
/// Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Cancelled(Arc<AtomicU64>);

impl Cancelled {
    /// Gives up the training with this number.
    /// Numbers grow, and at most one training is prepared at a time, so earlier ones are over.
    pub(super) fn add(&self, generation: u64) {
        self.0.fetch_max(generation, Ordering::Relaxed);
    }

    /// Whether the training with this number was given up.
    pub(super) fn has(&self, generation: u64) -> bool {
        generation <= self.0.load(Ordering::Relaxed)
    }
}
