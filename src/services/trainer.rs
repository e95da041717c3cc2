//! The training of this process: at most one, on its own thread, joined before the program ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    project::RunFolder,
    runs::Control,
    training::{Job, worker},
};

/// The training that goes on, if any.
#[derive(Default)]
pub(super) struct Trainer {
    live: Arc<Mutex<Option<Live>>>,
}

struct Live {
    run: String,
    handle: worker::Handle,
}

/// The way to start one from another thread.
pub(super) struct Starter(Arc<Mutex<Option<Live>>>);

fn lock(live: &Mutex<Option<Live>>) -> MutexGuard<'_, Option<Live>> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Trainer {
    /// For the project worker, which starts runs.
    pub(super) fn starter(&self) -> Starter {
        Starter(Arc::clone(&self.live))
    }

    /// The run that goes on in this process.
    pub(super) fn running(&self) -> Option<String> {
        lock(&self.live).as_ref().filter(|live| !live.handle.is_over()).map(|live| live.run.clone())
    }

    /// Tells the run something; false if this process does not train it.
    pub(super) fn control(&self, run: &str, control: Control) -> bool {
        let live = lock(&self.live);
        let ours = live.as_ref().filter(|live| live.run == run && !live.handle.is_over());
        ours.map(|live| live.handle.control(control)).is_some()
    }

    /// Waits for the end of the training. How it ended stands in the run's files.
    pub(super) fn join(&self) {
        let live = lock(&self.live).take();
        if let Some(Err(error)) = live.map(|live| live.handle.join()) {
            tracing::error!("{error}");
        }
    }
}

impl Starter {
    /// Starts a training that writes to `folder`.
    ///
    /// # Errors
    /// One is going on already, or the system gives no thread.
    pub(super) fn start(&self, run: String, job: Job, folder: RunFolder) -> Result<(), String> {
        let mut live = lock(&self.0);
        if let Some(other) = live.as_ref().filter(|live| !live.handle.is_over()) {
            return Err(format!("{} is still training; stop it first", other.run));
        }
        let handle = worker::spawn(job, folder).map_err(|error| format!("the training cannot be started: {error}"))?;
        *live = Some(Live { run, handle });
        Ok(())
    }

    /// The run that goes on, which a second one would have to wait for.
    pub(super) fn running(&self) -> Option<String> {
        lock(&self.0).as_ref().filter(|live| !live.handle.is_over()).map(|live| live.run.clone())
    }
}
