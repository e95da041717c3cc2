//! Times of frames.
//! At once after input, a few times per second for reports of jobs, never without a change.

use std::time::{Duration, Instant};

use crate::app::Event;

/// State that decides when the next frame is due.
#[derive(Debug)]
pub(super) struct FramePacing {
    /// Minimum time between two frames that only jobs requested.
    gap: Duration,
    drawn: Option<Instant>,
    /// Whether something changed since the last frame.
    dirty: bool,
    /// Whether the user changed it.
    urgent: bool,
}

impl FramePacing {
    /// At most `per_second` frames for jobs.
    pub(super) fn new(per_second: u32) -> Self {
        Self { gap: Duration::from_secs(1) / per_second.max(1), drawn: None, dirty: true, urgent: true }
    }

    /// Requests a frame at once, after the user did something.
    pub(super) fn request_now(&mut self) {
        self.dirty = true;
        self.urgent = true;
    }

    /// Requests a frame after a report of a job; at once if it answers what the user just did.
    pub(super) fn request(&mut self, report: &Event) {
        self.dirty = true;
        self.urgent |= report.is_awaited();
    }

    /// Whether something changed since the last frame.
    pub(super) fn is_due(&self) -> bool {
        self.dirty
    }

    /// Time until the next frame is due: `None` without a request, zero for now.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        match self.drawn {
            _ if !self.dirty => None,
            Some(drawn) if !self.urgent => Some((drawn + self.gap).saturating_duration_since(now)),
            _ => Some(Duration::ZERO),
        }
    }

    /// Records that a frame was drawn.
    pub(super) fn drawn(&mut self, now: Instant) {
        self.drawn = Some(now);
        self.dirty = false;
        self.urgent = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::Prediction;

    #[test]
    fn input_is_answered_at_once_and_jobs_wait_for_their_interval() {
        let start = Instant::now();
        let mut pacing = FramePacing::new(4);
        assert_eq!(pacing.wait(start), Some(Duration::ZERO));
        pacing.drawn(start);
        assert_eq!(pacing.wait(start), None);
        pacing.request(&Event::Runs(Vec::new()));
        assert_eq!(pacing.wait(start + Duration::from_millis(100)), Some(Duration::from_millis(150)));
        assert_eq!(pacing.wait(start + Duration::from_millis(300)), Some(Duration::ZERO));
        pacing.request_now();
        assert_eq!(pacing.wait(start + Duration::from_millis(100)), Some(Duration::ZERO));
    }

    #[test]
    fn what_a_model_finds_in_a_typed_sentence_does_not_wait() {
        let start = Instant::now();
        let prediction = Event::Prediction { generation: 1, prediction: Prediction::default() };
        let failed = Event::PredictionFailed { generation: 1, message: String::new() };
        for report in [prediction, failed, Event::Explained { generation: 1, influences: Vec::new() }] {
            let mut pacing = FramePacing::new(2);
            pacing.drawn(start);
            pacing.request(&report);
            assert_eq!(pacing.wait(start), Some(Duration::ZERO), "{report:?}");
        }
    }
}
