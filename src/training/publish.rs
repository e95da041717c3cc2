//! Publishes the progress of a run.
//! First to its sink, durably, then to the listener.

use std::time::{Duration, Instant};

use super::TrainError;
use crate::runs::{Control, Phase, Point, RunSink, Status};

/// Time between two status files while only the step changes.
const STATUS_EVERY: Duration = Duration::from_millis(250);

/// Publisher of a run's points, status and log.
pub(super) struct Publisher<'a> {
    sink: &'a mut dyn RunSink,
    on_point: &'a mut dyn FnMut(&Point),
    status: Status,
    written: Option<Instant>,
    polled: Option<Instant>,
    clock: Clock,
    /// Number of published points.
    points: usize,
}

/// Duration of a training without pauses.
#[derive(Debug)]
struct Clock {
    before: Duration,
    running_since: Option<Instant>,
}

impl Clock {
    fn elapsed(&self) -> Duration {
        // The time before may come from a damaged checkpoint.
        self.before.saturating_add(self.running_since.map_or(Duration::ZERO, |since| since.elapsed()))
    }

    fn run(&mut self, on: bool) {
        self.before = self.elapsed();
        self.running_since = on.then(Instant::now);
    }
}

impl<'a> Publisher<'a> {
    pub(super) fn new(sink: &'a mut dyn RunSink, on_point: &'a mut dyn FnMut(&Point)) -> Self {
        let status = Status { pid: std::process::id(), ..Status::default() };
        let clock = Clock { before: Duration::ZERO, running_since: None };
        Self { sink, on_point, status, written: None, polled: None, clock, points: 0 }
    }

    /// Changes the status; written with the next phase or progress.
    pub(super) fn set(&mut self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status);
    }

    /// Seconds of training, without pauses.
    pub(super) fn seconds(&self) -> f64 {
        self.clock.elapsed().as_secs_f64()
    }

    /// Reads a command that another process left for the run.
    /// This happens as often as the status is written.
    pub(super) fn pending_control(&mut self) -> Option<Control> {
        if self.polled.is_some_and(|polled| polled.elapsed() < STATUS_EVERY) {
            return None;
        }
        self.polled = Some(Instant::now());
        self.sink.control()
    }

    /// Enters a phase, and writes it at once.
    /// The clock runs while training and evaluating.
    pub(super) fn phase(&mut self, phase: Phase) -> Result<(), TrainError> {
        self.clock.run(matches!(phase, Phase::Training | Phase::Evaluating));
        self.status.phase = phase;
        self.write()
    }

    /// Updates the progress; written at most four times a second.
    pub(super) fn progress(&mut self, step: usize, epoch: f64, eta: Option<f64>) -> Result<(), TrainError> {
        self.status.step = step;
        self.status.epoch = epoch;
        self.status.eta = eta;
        if self.written.is_none_or(|written| written.elapsed() >= STATUS_EVERY) {
            return self.write();
        }
        Ok(())
    }

    /// Publishes a point.
    pub(super) fn point(&mut self, point: &Point) -> Result<(), TrainError> {
        self.sink.point(point)?;
        self.points += 1;
        (self.on_point)(point);
        Ok(())
    }

    /// Adds a line to the log.
    pub(super) fn log(&mut self, line: &str) -> Result<(), TrainError> {
        tracing::info!("{line}");
        Ok(self.sink.log(line)?)
    }

    /// Adds a line to the log, and to the message of the status.
    pub(super) fn warn(&mut self, line: &str) -> Result<(), TrainError> {
        if !self.status.message.is_empty() {
            self.status.message.push_str("; ");
        }
        self.status.message.push_str(line);
        self.log(line)
    }

    /// Records the failure of the run, as far as it can still be written.
    pub(super) fn fail(&mut self, error: &TrainError) {
        self.status.message = error.to_string();
        self.status.eta = None;
        for outcome in [self.phase(Phase::Failed), self.log(&format!("failed: {error}"))] {
            if let Err(error) = outcome {
                tracing::error!("the end of the run could not be recorded: {error}");
            }
        }
    }

    /// Number of published points.
    pub(super) fn points(&self) -> usize {
        self.points
    }

    /// Continues after this number of points and seconds.
    pub(super) fn resume_at(&mut self, points: usize, seconds: f64) {
        self.points = points;
        self.clock.before = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    }

    /// Sink of the run.
    pub(super) fn sink(&mut self) -> &mut dyn RunSink {
        self.sink
    }

    fn write(&mut self) -> Result<(), TrainError> {
        self.status.seconds = self.seconds();
        self.written = Some(Instant::now());
        Ok(self.sink.status(&self.status)?)
    }
}
