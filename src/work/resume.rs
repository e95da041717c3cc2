//! Resumes an interrupted training from its checkpoint.

use std::path::{Path, PathBuf};

use super::train::StartedRun;
use crate::{
    model::BaseModel,
    project::{Project, ProjectError, RunFolder, RunView, run_folder, storage::shown_path},
    runs::Settings,
    spans::Dataset,
    training::{
        Job, TrainError,
        checkpoint::{self, Saved},
    },
};

/// A run cannot be resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// There is no interrupted run with a checkpoint.
    #[error("{}: there is no interrupted run with a checkpoint to go on from", shown_path(.0))]
    NoCheckpoint(PathBuf),
    /// Its files cannot be read.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// Its checkpoint is damaged.
    #[error(transparent)]
    Checkpoint(#[from] TrainError),
}

/// An interrupted run with the data and settings that it was started with.
#[derive(Debug)]
pub struct InterruptedRun {
    path: PathBuf,
    settings: Settings,
    data: Dataset,
    /// Lines of its metrics before the checkpoint.
    lines: usize,
    saved: Saved,
}

impl InterruptedRun {
    /// Reads the run in a folder.
    ///
    /// # Errors
    /// It has no checkpoint, or its files cannot be read.
    pub fn open(path: &Path) -> Result<Self, ResumeError> {
        let path = &run_folder::resumable(path);
        let saved = run_folder::read_checkpoint(path).map_err(ProjectError::from)?;
        let saved = saved.ok_or_else(|| ResumeError::NoCheckpoint(path.to_owned()))?;
        let settings = run_folder::read_config(path)?.settings;
        let (data, lines) = checkpoint::data(&saved)?;
        Ok(Self { path: path.to_owned(), settings, data, lines, saved })
    }

    /// Reads the newest interrupted run of a project that has a checkpoint.
    ///
    /// # Errors
    /// There is none, or its files cannot be read.
    pub fn newest(project: &Project) -> Result<Self, ResumeError> {
        let runs = project.runs().list();
        let run = runs.iter().rev().find(|run| run.is_resumable() || is_resumable_after_crash(run));
        Self::open(&run.ok_or_else(|| ResumeError::NoCheckpoint(project.root.clone()))?.path)
    }

    /// Name of its base model.
    pub fn base(&self) -> &str {
        &self.settings.base
    }

    /// Takes the run's lock and returns the training that continues it.
    /// `now` in seconds since 1970, UTC.
    ///
    /// # Errors
    /// The run is alive, or the file system refuses.
    pub fn resume(self, base: BaseModel, now: u64) -> Result<StartedRun<RunFolder>, ProjectError> {
        let sink = RunFolder::resume(&self.path, now, self.lines)?;
        let job = Job { data: self.data, settings: self.settings, base, resume: Some(self.saved) };
        Ok(StartedRun { job, sink, path: Some(self.path) })
    }
}

/// Whether an interrupted run can be resumed once its folder is tidied up.
/// A crash may have left the checkpoint under its temporary name.
fn is_resumable_after_crash(run: &RunView) -> bool {
    run.is_interrupted() && run_folder::can_resume(&run_folder::resumable(&run.path), run.phase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{project::Manifest, spans::LabelSet};

    #[test]
    fn a_run_without_a_checkpoint_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let project = Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        assert!(matches!(InterruptedRun::newest(&project), Err(ResumeError::NoCheckpoint(_))));
        let error = InterruptedRun::open(&dir).unwrap_err();
        assert!(error.to_string().contains("no interrupted run"), "{error}");
    }
}
