//! The training of this process.
//! At most one, on its own thread, joined before the program ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    project::RunFolder,
    runs::Control,
    training::{Job, worker},
};

/// The live training, if any.
#[derive(Default)]
pub(super) struct Trainer {
    slot: Arc<Mutex<Slot>>,
}

/// Place of the only training.
#[derive(Default)]
struct Slot {
    live: Option<Live>,
    /// Whether the program is ending, so that no training can start.
    is_closed: bool,
}

struct Live {
    run: String,
    handle: worker::Handle,
}

/// Starts trainings from other threads.
#[derive(Clone)]
pub(super) struct Starter(Arc<Mutex<Slot>>);

fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    /// Name of the live run.
    fn running(&self) -> Option<&str> {
        self.live.as_ref().filter(|live| !live.handle.is_over()).map(|live| live.run.as_str())
    }

    /// Refuses a training while another one is live, and when the program is ending.
    fn check_free(&self) -> Result<(), String> {
        match self.running() {
            Some(run) => Err(format!("{run} is still training; stop it first")),
            None if self.is_closed => Err("the program is ending".to_owned()),
            None => Ok(()),
        }
    }
}

impl Trainer {
    /// Starter for the project worker.
    pub(super) fn starter(&self) -> Starter {
        Starter(Arc::clone(&self.slot))
    }

    /// The run that this process trains.
    pub(super) fn running(&self) -> Option<String> {
        lock(&self.slot).running().map(str::to_owned)
    }

    /// Lets no further training start. Returns the run that this process trains.
    pub(super) fn close(&self) -> Option<String> {
        let mut slot = lock(&self.slot);
        slot.is_closed = true;
        slot.running().map(str::to_owned)
    }

    /// Sends a command to a run; false if this process does not train it.
    pub(super) fn control(&self, run: &str, control: Control) -> bool {
        let slot = lock(&self.slot);
        let ours = slot.live.as_ref().filter(|live| live.run == run && !live.handle.is_over());
        ours.map(|live| live.handle.control(control)).is_some()
    }

    /// Waits for the end of the training. The run's files contain its outcome.
    pub(super) fn join(&self) {
        let live = lock(&self.slot).live.take();
        if let Some(Err(error)) = live.map(|live| live.handle.join()) {
            tracing::error!("{error}");
        }
    }
}

impl Starter {
    /// Starts a training that writes to `folder`.
    ///
    /// # Errors
    /// Another training is live, the program is ending, or no thread can be started.
    pub(super) fn start(&self, run: String, job: Job, folder: RunFolder) -> Result<(), String> {
        let mut slot = lock(&self.0);
        slot.check_free()?;
        let handle = worker::spawn(job, folder).map_err(|error| format!("the training cannot be started: {error}"))?;
        slot.live = Some(Live { run, handle });
        Ok(())
    }

    /// Checks whether a training can start now.
    ///
    /// # Errors
    /// Another training is live, or the program is ending.
    pub(super) fn check_free(&self) -> Result<(), String> {
        lock(&self.0).check_free()
    }
}
