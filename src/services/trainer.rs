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
    live: Arc<Mutex<Option<Live>>>,
}

struct Live {
    run: String,
    handle: worker::Handle,
}

/// Starts trainings from other threads.
#[derive(Clone)]
pub(super) struct Starter(Arc<Mutex<Option<Live>>>);

fn lock(live: &Mutex<Option<Live>>) -> MutexGuard<'_, Option<Live>> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Name of the live run.
fn running(live: &Mutex<Option<Live>>) -> Option<String> {
    lock(live).as_ref().filter(|live| !live.handle.is_over()).map(|live| live.run.clone())
}

impl Trainer {
    /// Starter for the project worker.
    pub(super) fn starter(&self) -> Starter {
        Starter(Arc::clone(&self.live))
    }

    /// The run that this process trains.
    pub(super) fn running(&self) -> Option<String> {
        running(&self.live)
    }

    /// Sends a command to a run; false if this process does not train it.
    pub(super) fn control(&self, run: &str, control: Control) -> bool {
        let live = lock(&self.live);
        let ours = live.as_ref().filter(|live| live.run == run && !live.handle.is_over());
        ours.map(|live| live.handle.control(control)).is_some()
    }

    /// Waits for the end of the training. The run's files contain its outcome.
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
    /// Another training is live, or no thread can be started.
    pub(super) fn start(&self, run: String, job: Job, folder: RunFolder) -> Result<(), String> {
        let mut live = lock(&self.0);
        if let Some(other) = live.as_ref().filter(|live| !live.handle.is_over()) {
            return Err(format!("{} is still training; stop it first", other.run));
        }
        let handle = worker::spawn(job, folder).map_err(|error| format!("the training cannot be started: {error}"))?;
        *live = Some(Live { run, handle });
        Ok(())
    }

    /// The live run, which a second one must wait for.
    pub(super) fn running(&self) -> Option<String> {
        running(&self.0)
    }
}
