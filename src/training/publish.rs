//! What a run says to the outside: first to its sink, durably, then to who listens.

use std::time::{Duration, Instant};

use super::TrainError;
use crate::runs::{Control, Phase, Point, RunSink, Status};

/// Time between two status files while nothing but the step changes.
const STATUS_EVERY: Duration = Duration::from_millis(250);

/// The voice of a run.
pub(super) struct Publisher<'a> {
    sink: &'a mut dyn RunSink,
    on_point: &'a mut dyn FnMut(&Point),
    status: Status,
    written: Option<Instant>,
    listened: Option<Instant>,
    clock: Clock,
    /// Points published so far.
    points: usize,
}

/// The seconds of a training, with pauses taken out.
#[derive(Debug)]
struct Clock {
    before: Duration,
    running_since: Option<Instant>,
}

impl Clock {
    fn elapsed(&self) -> Duration {
        self.before + self.running_since.map_or(Duration::ZERO, |since| since.elapsed())
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
        Self { sink, on_point, status, written: None, listened: None, clock, points: 0 }
    }

    /// Changes what does not change with each step; written with the next phase or progress.
    pub(super) fn set(&mut self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status);
    }

    /// Seconds of training, pauses not counted.
    pub(super) fn seconds(&self) -> f64 {
        self.clock.elapsed().as_secs_f64()
    }

    /// A command that somebody left where the run is written; looked for as often as the status is written.
    pub(super) fn pending_control(&mut self) -> Option<Control> {
        if self.listened.is_some_and(|listened| listened.elapsed() < STATUS_EVERY) {
            return None;
        }
        self.listened = Some(Instant::now());
        self.sink.control()
    }

    /// Enters a phase; on disk at once. The clock runs while training and evaluating.
    pub(super) fn phase(&mut self, phase: Phase) -> Result<(), TrainError> {
        self.clock.run(matches!(phase, Phase::Training | Phase::Evaluating));
        self.status.phase = phase;
        self.write()
    }

    /// Notes how far the run is; on disk at most four times a second.
    pub(super) fn progress(&mut self, step: usize, epoch: f64, eta: Option<f64>) -> Result<(), TrainError> {
        (self.status.step, self.status.epoch, self.status.eta) = (step, epoch, eta);
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

    /// Adds a line to the log and to the message of the status.
    pub(super) fn warn(&mut self, line: &str) -> Result<(), TrainError> {
        if !self.status.message.is_empty() {
            self.status.message.push_str("; ");
        }
        self.status.message.push_str(line);
        self.log(line)
    }

    /// The last words of a run that failed. What cannot be written any more cannot be helped.
    pub(super) fn fail(&mut self, error: &TrainError) {
        self.status.message = error.to_string();
        self.status.eta = None;
        for outcome in [self.phase(Phase::Failed), self.log(&format!("failed: {error}"))] {
            if let Err(error) = outcome {
                tracing::error!("the end of the run could not be recorded: {error}");
            }
        }
    }

    /// Points published so far.
    pub(super) fn points(&self) -> usize {
        self.points
    }

    /// Goes on after so many points and seconds.
    pub(super) fn resume_at(&mut self, points: usize, seconds: f64) {
        self.points = points;
        self.clock.before = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    }

    /// Where the trained model goes.
    pub(super) fn sink(&mut self) -> &mut dyn RunSink {
        self.sink
    }

    fn write(&mut self) -> Result<(), TrainError> {
        self.status.seconds = self.seconds();
        self.written = Some(Instant::now());
        Ok(self.sink.status(&self.status)?)
    }
}
