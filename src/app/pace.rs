//! How fast somebody tags, and how long what is left would take.

use std::collections::VecDeque;

/// So many documents tell the pace: the hand gets quicker, and the model helps more.
const LAST: usize = 50;
/// Fewer tell nothing.
const FEWEST: usize = 5;
/// Who does nothing for longer, in seconds, does something else.
const PAUSE: u64 = 300;

/// When the last documents were done.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// Seconds from one to the next, pauses cut short.
    gaps: VecDeque<u64>,
    last: Option<u64>,
}

impl Pace {
    /// A document was done at `at`, in seconds since 1970.
    pub(super) fn mark(&mut self, at: u64) {
        if let Some(last) = self.last.replace(at) {
            self.gaps.push_back(at.saturating_sub(last).min(PAUSE));
        }
        if self.gaps.len() > LAST {
            self.gaps.pop_front();
        }
    }

    /// Seconds for a document, pauses left out; `None` while too few are known.
    #[allow(clippy::cast_precision_loss, reason = "some thousand seconds")]
    pub(super) fn seconds(&self) -> Option<f64> {
        let known = self.gaps.len() + 1 >= FEWEST;
        // Keys that come faster than a second make a pace of nothing.
        known.then(|| (self.gaps.iter().sum::<u64>() as f64 / self.gaps.len() as f64).max(0.5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_no_work_and_few_documents_tell_nothing() {
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
