//! Tagging pace of the user, for an estimate of the time that is left.

use std::collections::VecDeque;

/// Documents that the pace is an average of.
/// Only the last ones count, since the user gets quicker and the model helps more.
const LAST: usize = 50;
/// Fewest documents from which a pace is computed.
const FEWEST: usize = 5;
/// Longest time between two documents, in seconds, that counts as work.
/// The rest is a pause.
const LONGEST_GAP: u64 = 300;
/// Shortest time of a document, in seconds.
/// Quicker keys would make the estimate zero.
const SHORTEST: f64 = 0.5;

/// Times between the last documents that were done.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// Seconds from one document to the next, without pauses.
    gaps: VecDeque<u64>,
    /// Time of the last document, in seconds since 1970.
    last: Option<u64>,
}

impl Pace {
    /// Adds a document that was done at `at`, in seconds since 1970.
    pub(super) fn mark(&mut self, at: u64) {
        if let Some(last) = self.last.replace(at) {
            self.gaps.push_back(at.saturating_sub(last).min(LONGEST_GAP));
        }
        if self.gaps.len() > LAST {
            self.gaps.pop_front();
        }
    }

    /// Seconds for a document, without pauses; `None` while too few are known.
    #[allow(clippy::cast_precision_loss, reason = "some thousand seconds")]
    pub(super) fn seconds(&self) -> Option<f64> {
        let known = self.gaps.len() + 1 >= FEWEST;
        known.then(|| (self.gaps.iter().sum::<u64>() as f64 / self.gaps.len() as f64).max(SHORTEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_no_work_and_few_documents_give_no_pace() {
        let mut pace = Pace::default();
        for at in [0, 10, 20, 30] {
            pace.mark(at);
            assert_eq!(pace.seconds(), None);
        }
        pace.mark(40);
        assert_eq!(pace.seconds(), Some(10.0));
        pace.mark(40 + 9000);
        assert_eq!(pace.seconds(), Some((40.0 + 300.0) / 5.0));
        for at in 0..60 {
            pace.mark(10_000 + at * 2);
        }
        assert_eq!(pace.seconds(), Some(2.0), "the last fifty count");
    }
}
