//! A training on a thread of its own, with its controls.

use std::{
    io,
    thread::{self, JoinHandle},
};

use crossbeam_channel::{Sender, unbounded};

use super::{TrainError, job::Job, run::run};
use crate::{
    guard::{self, Panicked},
    runs::{Control, FolderSink, Phase, Point, RunSink, Status, metrics::Report},
};

/// A running training.
#[derive(Debug)]
pub struct Handle {
    controls: Sender<Control>,
    thread: JoinHandle<Result<Report, TrainError>>,
}

impl Handle {
    /// Sends a command to the run, which reads it between two steps.
    pub fn control(&self, control: Control) {
        if self.controls.send(control).is_err() {
            tracing::debug!("{control:?} came after the end of the run");
        }
    }

    /// Whether the run has ended; [`Handle::join`] then does not wait.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the end of the run, without stopping it.
    ///
    /// # Errors
    /// The error of the run.
    pub fn join(self) -> Result<Report, TrainError> {
        let Self { controls, thread } = self;
        // Nothing is left to resume a paused run: without controls it continues.
        drop(controls);
        thread.join().unwrap_or_else(|panic| Err(TrainError::Panic(guard::message_of(panic.as_ref()))))
    }
}

/// Starts a training on a thread named `training`.
/// A panic in it becomes an error and a status.
///
/// # Errors
/// The operating system cannot start a thread.
pub fn spawn(job: Job, sink: impl RunSink + 'static) -> io::Result<Handle> {
    let (controls, received) = unbounded();
    let mut sink = WithLastStatus { inner: sink, last: Status::default() };
    let thread = thread::Builder::new().name("training".into()).spawn(move || {
        // After a panic, nothing of the job or of the sink's state is used except the last status.
        let outcome = guard::catch(|| run(job, &mut sink, &received, &mut |_| ()));
        outcome.unwrap_or_else(|Panicked(message)| {
            let error = TrainError::Panic(message);
            sink.report_failure(&error);
            Err(error)
        })
    })?;
    Ok(Handle { controls, thread })
}

/// Sink that keeps the last status, which a panic changes to "failed".
struct WithLastStatus<S> {
    inner: S,
    last: Status,
}

impl<S: RunSink> WithLastStatus<S> {
    fn report_failure(&mut self, error: &TrainError) {
        let status = Status { phase: Phase::Failed, eta: None, message: error.to_string(), ..self.last.clone() };
        for outcome in [self.status(&status), self.log(&format!("failed: {error}"))] {
            if let Err(error) = outcome {
                tracing::error!("the end of the run could not be recorded: {error}");
            }
        }
    }
}

impl<S: RunSink> RunSink for WithLastStatus<S> {
    fn point(&mut self, point: &Point) -> io::Result<()> {
        self.inner.point(point)
    }

    fn status(&mut self, status: &Status) -> io::Result<()> {
        self.inner.status(status)?;
        self.last = status.clone();
        Ok(())
    }

    fn log(&mut self, line: &str) -> io::Result<()> {
        self.inner.log(line)
    }

    fn control(&mut self) -> Option<Control> {
        self.inner.control()
    }

    fn model(&mut self) -> io::Result<Box<dyn FolderSink>> {
        self.inner.model()
    }

    fn checkpoint(&mut self) -> io::Result<Option<Box<dyn FolderSink>>> {
        self.inner.checkpoint()
    }

    fn drop_checkpoint(&mut self) {
        self.inner.drop_checkpoint();
    }
}
