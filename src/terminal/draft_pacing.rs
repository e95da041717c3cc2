//! Times at which what is being typed is written to disk: soon, and not for each key.

use std::time::{Duration, Instant};

/// Longest time for which what is typed is in memory only.
const MOST: Duration = Duration::from_secs(1);

/// State that decides when texts are written next.
#[derive(Debug, Default)]
pub(super) struct DraftPacing {
    /// `None` if nothing can have changed since the last time.
    due: Option<Instant>,
}

impl DraftPacing {
    /// Notes that texts may have changed. What comes later does not put off what came first.
    pub(super) fn changed(&mut self, now: Instant) {
        self.due = self.due.or(Some(now + MOST));
    }

    /// Time until they are to be written: `None` if nothing can have changed.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        self.due.map(|due| due.saturating_duration_since(now))
    }

    /// Whether they are to be written now. Then they are due again only after another change.
    pub(super) fn take_due(&mut self, now: Instant) -> bool {
        self.due.take_if(|due| *due <= now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_within_a_second_however_fast_keys_follow_and_never_without_one() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut pacing = DraftPacing::default();
        assert!(!pacing.take_due(start) && pacing.wait(start).is_none());
        let mut written = Vec::new();
        for key in 0..250 {
            pacing.changed(at(10 * key));
            written.extend(pacing.take_due(at(10 * key)).then_some(10 * key));
        }
        assert_eq!(written, [1000, 2010]);
        assert_eq!(pacing.wait(at(2500)), Some(Duration::from_millis(520)));
        assert!(pacing.take_due(at(3020)) && pacing.wait(at(9000)).is_none());
    }
}
