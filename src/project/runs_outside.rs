//! Runs outside any project, as a project without documents that is not on disk.

use std::path::Path;

use super::{Manifest, Project, Runs};
use crate::spans::LabelSet;

impl Project {
    /// A project without documents around the run in a folder, or around the runs in its subfolders.
    /// Nothing of it is on disk. `None` if there are no runs, or a project.
    pub fn of_runs(dir: &Path) -> Option<Self> {
        if Self::is_project(dir) {
            return None;
        }
        Runs::at(dir)?;
        let name = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Some(Self { only_runs: true, ..Self::without_documents(dir, Manifest::new(name, LabelSet::default())) })
    }

    /// Whether there is no project on disk, but a run or a folder of runs.
    pub fn has_only_runs(&self) -> bool {
        self.only_runs
    }
}
