//! A training on a thread of its own, with its controls and its progress.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, unbounded};

use super::{TrainError, job::Job, run::run};
use crate::runs::{Control, FolderSink, Phase, Point, RunSink, Status, metrics::Report};

/// Progress of a run, all of which is on disk already.
///
/// It is overwritten, never queued: a slow reader only misses intermediate states.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watermark {
    /// Number of lines in `metrics.jsonl`.
    pub points: usize,
    /// Last point.
    pub last: Option<Point>,
    /// Last status.
    pub status: Status,
}

/// A running training.
#[derive(Debug)]
pub struct Handle {
    controls: Sender<Control>,
    wake: Receiver<()>,
    slot: Arc<Mutex<Watermark>>,
    thread: JoinHandle<Result<Report, TrainError>>,
}

impl Handle {
    /// Sends a command to the run, which reads it between two steps.
    pub fn control(&self, control: Control) {
        if self.controls.send(control).is_err() {
            tracing::debug!("{control:?} came after the end of the run");
        }
    }

    /// Channel with one token if the watermark has changed since the last one was taken; disconnected at the end.
    pub fn wake(&self) -> &Receiver<()> {
        &self.wake
    }

    /// Progress of the run.
    pub fn watermark(&self) -> Watermark {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        let Self { controls, thread, .. } = self;
        // Nothing is left to resume a paused run: without controls it continues.
        drop(controls);
        thread.join().unwrap_or_else(|panic| Err(TrainError::Panic(message_of(panic.as_ref()))))
    }
}

/// Starts a training on a thread named `training`.
/// A panic in it becomes an error and a status.
///
/// # Errors
/// The operating system cannot start a thread.
pub fn spawn(job: Job, sink: impl RunSink + 'static) -> io::Result<Handle> {
    let (controls, received) = unbounded();
    let (token, wake) = bounded(1);
    let slot = Arc::new(Mutex::new(Watermark::default()));
    let mut sink = Watched { inner: sink, slot: Arc::clone(&slot), token };
    let thread = thread::Builder::new().name("training".into()).spawn(move || {
        // After a panic, nothing of the job or of the sink's state is used except the last status.
        let outcome = catch_unwind(AssertUnwindSafe(|| run(job, &mut sink, &received, &mut |_| ())));
        outcome.unwrap_or_else(|panic| {
            let error = TrainError::Panic(message_of(panic.as_ref()));
            sink.report_failure(&error);
            Err(error)
        })
    })?;
    Ok(Handle { controls, wake, slot, thread })
}

/// Returns the message of a panic.
fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".into())
}

/// Sink that updates the watermark after each write.
struct Watched<S> {
    inner: S,
    slot: Arc<Mutex<Watermark>>,
    token: Sender<()>,
}

impl<S> Watched<S> {
    fn publish(&self, change: impl FnOnce(&mut Watermark)) {
        change(&mut self.slot.lock().unwrap_or_else(PoisonError::into_inner));
        match self.token.try_send(()) {
            // A token that was not taken yet also wakes the reader.
            Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
        }
    }
}

impl<S: RunSink> Watched<S> {
    fn report_failure(&mut self, error: &TrainError) {
        let before = self.slot.lock().unwrap_or_else(PoisonError::into_inner).status.clone();
        let status = Status { phase: Phase::Failed, eta: None, message: error.to_string(), ..before };
        for outcome in [self.status(&status), self.log(&format!("failed: {error}"))] {
            if let Err(error) = outcome {
                tracing::error!("the end of the run could not be recorded: {error}");
            }
        }
    }
}

impl<S: RunSink> RunSink for Watched<S> {
    fn point(&mut self, point: &Point) -> io::Result<()> {
        self.inner.point(point)?;
        self.publish(|mark| {
            mark.points += 1;
            mark.last = Some(point.clone());
        });
        Ok(())
    }

    fn status(&mut self, status: &Status) -> io::Result<()> {
        self.inner.status(status)?;
        self.publish(|mark| mark.status = status.clone());
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
}
