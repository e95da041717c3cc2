//! When a frame is drawn: at once after a key, a few times a second for what jobs report, never without a reason.

use std::time::{Duration, Instant};

/// Decides when the next frame is due.
#[derive(Debug)]
pub(super) struct FramePacing {
    /// Least time between two frames that only jobs asked for.
    gap: Duration,
    drawn: Option<Instant>,
    /// Something changed since the last frame.
    dirty: bool,
    /// It was a person who changed it.
    urgent: bool,
}

impl FramePacing {
    /// At most `per_second` frames for jobs.
    pub(super) fn new(per_second: u32) -> Self {
        Self { gap: Duration::from_secs(1) / per_second.max(1), drawn: None, dirty: true, urgent: true }
    }

    /// A person did something.
    pub(super) fn person(&mut self) {
        self.dirty = true;
        self.urgent = true;
    }

    /// A job reported something.
    pub(super) fn job(&mut self) {
        self.dirty = true;
    }

    /// Whether something changed since the last frame.
    pub(super) fn is_due(&self) -> bool {
        self.dirty
    }

    /// How long the loop may wait: `None` for ever, zero for a frame that is due.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        match self.drawn {
            _ if !self.dirty => None,
            Some(drawn) if !self.urgent => Some((drawn + self.gap).saturating_duration_since(now)),
            _ => Some(Duration::ZERO),
        }
    }

    /// A frame was drawn.
    pub(super) fn drawn(&mut self, now: Instant) {
        self.drawn = Some(now);
        self.dirty = false;
        self.urgent = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_answered_at_once_and_jobs_wait_their_turn() {
        let start = Instant::now();
        let mut pacing = FramePacing::new(4);
        assert_eq!(pacing.wait(start), Some(Duration::ZERO));
        pacing.drawn(start);
        assert_eq!(pacing.wait(start), None);
        pacing.job();
        assert_eq!(pacing.wait(start + Duration::from_millis(100)), Some(Duration::from_millis(150)));
        assert_eq!(pacing.wait(start + Duration::from_millis(300)), Some(Duration::ZERO));
        pacing.person();
        assert_eq!(pacing.wait(start + Duration::from_millis(100)), Some(Duration::ZERO));
    }
}
