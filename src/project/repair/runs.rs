//! Repair of the folders of runs: those that a crash left before the run began, and what a crash left in others.

use std::path::Path;

use crate::project::{
    ProjectError, RUNS, Runs,
    file_names::RunId,
    lock::{self, LockError},
    run_files::{self, RUN_LOCK},
    run_folder,
    storage::{self, Dir, Leftover},
};

/// Repair of a run.
#[derive(Debug)]
pub(super) struct RunRepair {
    pub(super) id: RunId,
    /// Whether the folder is empty. Otherwise the rest of a crash is in it.
    is_empty: bool,
}

impl RunRepair {
    /// Looks at all runs of a project. Runs that are trained now are left out.
    pub(super) fn all(runs: &Runs) -> Vec<Self> {
        runs.ids().into_iter().filter_map(|id| Self::of(&runs.path(&id), id)).collect()
    }

    fn of(path: &Path, id: RunId) -> Option<Self> {
        let dir = Dir::open(path).ok()?;
        let names = dir.names().ok()?;
        if names.is_empty() {
            return Some(Self { id, is_empty: true });
        }
        let is_rest = names.iter().any(|name| {
            let name = name.to_string_lossy();
            storage::is_temporary(&name) || matches!(storage::leftover(path, &name, true), Some(Leftover::Recorded(_)))
        });
        let is_free = matches!(lock::holder(&path.join(RUN_LOCK)), Ok(None));
        // Before anything is written there, even the lock.
        let is_ours = is_rest && is_free && run_files::prove_run(&dir).is_ok();
        is_ours.then_some(Self { id, is_empty: false })
    }

    /// Path of the folder, from the folder of the project.
    pub(super) fn file(&self) -> String {
        format!("{RUNS}/{}", self.id)
    }

    /// What would be done.
    pub(super) fn sentence(&self) -> &'static str {
        match self.is_empty {
            true => "the empty folder is removed: a crash left it before the run began",
            false => "what a crash left in the run is completed or removed, as when the run goes on",
        }
    }

    /// Checks that no process trains the run, and that its folder may be changed. Writes nothing.
    ///
    /// # Errors
    /// The run is trained now, its lock cannot be read, or the file system would refuse.
    pub(super) fn check(&self, runs: &Runs) -> Result<(), ProjectError> {
        match lock::holder(&runs.path(&self.id).join(RUN_LOCK))? {
            None => Ok(storage::check_writable(&runs.path(&self.id))?),
            holder => Err(LockError::Held { what: format!("run {}", self.id), holder }.into()),
        }
    }

    /// Repairs the run. `now` in seconds since 1970, UTC.
    ///
    /// # Errors
    /// The run is trained now, or the file system refuses.
    pub(super) fn carry_out(&self, runs: &Runs, now: u64) -> Result<(), ProjectError> {
        match self.is_empty {
            true => runs.remove_empty(&self.id).map(drop),
            false => run_folder::settle(&runs.path(&self.id), now),
        }
    }
}
