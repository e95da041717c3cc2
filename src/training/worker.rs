//! A training on a thread of its own: how it is told what to do, and how others hear how it is getting on.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, unbounded};

use super::{Job, TrainError, run};
use crate::runs::{Control, FolderSink, Phase, Point, RunSink, Status, metrics::Report};

/// How far a run is, all of it on disk already. Overwritten, never queued: a slow reader misses nothing but haste.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watermark {
    /// Lines in `metrics.jsonl`.
    pub points: usize,
    /// The last one.
    pub last: Option<Point>,
    /// The last status.
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
    /// Tells the run something; it listens between two steps. A run that is over hears nothing.
    pub fn control(&self, control: Control) {
        if self.controls.send(control).is_err() {
            tracing::debug!("{control:?} came after the end of the run");
        }
    }

    /// One token lies here whenever the watermark has changed since it was last taken; disconnected at the end.
    pub fn wake(&self) -> &Receiver<()> {
        &self.wake
    }

    /// How far the run is.
    pub fn watermark(&self) -> Watermark {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether nothing more will come; [`Handle::join`] then does not wait.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the end. A run that nobody stops is not stopped by this.
    ///
    /// # Errors
    /// What the run ended by.
    pub fn join(self) -> Result<Report, TrainError> {
        let Self { controls, thread, .. } = self;
        // Nobody is left to resume a run that is paused: then it goes on.
        drop(controls);
        thread.join().unwrap_or_else(|panic| Err(TrainError::Panic(words(panic.as_ref()))))
    }
}

/// Starts a training on a thread named `training`. A panic in it becomes an error and a status that says so.
///
/// # Errors
/// The system gives no thread.
pub fn spawn(job: Job, sink: impl RunSink + 'static) -> io::Result<Handle> {
    let (controls, heard) = unbounded();
    let (token, wake) = bounded(1);
    let slot = Arc::new(Mutex::new(Watermark::default()));
    let mut sink = Watched { inner: sink, slot: Arc::clone(&slot), token };
    let thread = thread::Builder::new().name("training".into()).spawn(move || {
        // Nothing of the job or of the sink's state is looked at after a panic, but for the last status.
        let outcome = catch_unwind(AssertUnwindSafe(|| run(job, &mut sink, &heard, &mut |_| ())));
        outcome.unwrap_or_else(|panic| {
            let error = TrainError::Panic(words(panic.as_ref()));
            sink.say_failed(&error);
            Err(error)
        })
    })?;
    Ok(Handle { controls, wake, slot, thread })
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".into())
}

/// Passes everything on, and moves the watermark when it is on disk.
struct Watched<S> {
    inner: S,
    slot: Arc<Mutex<Watermark>>,
    token: Sender<()>,
}

impl<S> Watched<S> {
    fn publish(&self, change: impl FnOnce(&mut Watermark)) {
        change(&mut self.slot.lock().unwrap_or_else(PoisonError::into_inner));
        match self.token.try_send(()) {
            // A token that still lies there wakes as well, and nobody may be listening.
            Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
        }
    }
}

impl<S: RunSink> Watched<S> {
    fn say_failed(&mut self, error: &TrainError) {
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
        self.publish(|mark| (mark.points, mark.last) = (mark.points + 1, Some(point.clone())));
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
