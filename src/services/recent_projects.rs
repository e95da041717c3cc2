//! Entries of the welcome screen.
//! The projects that were opened last, and the samples that the program contains.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    clock::{date_or_time, now},
    preferences::PreferencesOf,
    sample_copies,
    user_folders::UserFolders,
};
use crate::{
    app::event::WelcomeItem,
    guard::{self, Links},
    project::{Project, lock::Lock, samples::SAMPLES, storage},
    spans::Status,
};

/// Number of projects that the list keeps.
const LENGTH: usize = 9;

/// Largest list that is read, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Entry of the list. Earlier versions wrote only the path.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Stored")]
struct Recent {
    path: PathBuf,
    /// Seconds since 1970, UTC.
    opened: u64,
    /// Current step of the tutorial in this project.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Path(PathBuf),
    Whole {
        path: PathBuf,
        opened: u64,
        #[serde(default)]
        step: Option<usize>,
    },
}

impl From<Stored> for Recent {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Path(path) => Self { path, opened: 0, step: None },
            Stored::Whole { path, opened, step } => Self { path, opened, step },
        }
    }
}

/// List of recent projects, in the user's data folder.
/// A list that cannot be read or written is treated as empty.
#[derive(Clone, Debug, Default)]
pub(super) struct RecentProjects {
    folders: UserFolders,
}

impl RecentProjects {
    /// List of this user.
    pub(super) fn new(folders: UserFolders) -> Self {
        Self { folders }
    }

    /// Entries of the welcome screen.
    /// Recent projects that still exist, newest first, then the samples.
    pub(super) fn entries(&self) -> Vec<WelcomeItem> {
        let recent = self.read().into_iter().filter_map(|recent| self.entry(&recent));
        let samples = SAMPLES.iter().map(|sample| WelcomeItem {
            path: format!("{}{}", sample_copies::PREFIX, sample.name),
            name: sample.name.to_owned(),
            sample: true,
            about: sample.about.to_owned(),
            ..WelcomeItem::default()
        });
        recent.chain(samples).collect()
    }

    fn entry(&self, recent: &Recent) -> Option<WelcomeItem> {
        Some(WelcomeItem {
            path: recent.path.to_str().filter(|_| Project::is_project(&recent.path))?.to_owned(),
            name: recent.path.file_name()?.to_string_lossy().into_owned(),
            about: self.folders.abbreviate(&recent.path),
            opened: date_or_time(recent.opened),
            step: recent.step,
            ..WelcomeItem::default()
        })
    }

    /// Moves a project to the front of the list and returns its step of the tutorial.
    pub(super) fn remember(&self, dir: &Path) -> Option<usize> {
        let dir = dir.canonicalize().ok()?;
        let mut step = None;
        self.change(|list| {
            step = list.iter().find(|recent| recent.path == dir).and_then(|recent| recent.step);
            // `change` removes the older entry of the same project.
            list.insert(0, Recent { path: dir, opened: now(), step });
        });
        step
    }

    /// Keeps the step of the tutorial in a project of the list.
    pub(super) fn remember_step(&self, dir: &Path, step: Option<usize>) {
        let Ok(dir) = dir.canonicalize() else { return };
        self.change(|list| list.iter_mut().filter(|recent| recent.path == dir).for_each(|recent| recent.step = step));
    }

    /// Removes the entry of a folder in which another project was created.
    pub(super) fn forget(&self, dir: &Path) {
        let Ok(dir) = dir.canonicalize() else { return };
        self.change(|list| list.retain(|recent| recent.path != dir));
    }

    fn read(&self) -> Vec<Recent> {
        let file = self.file();
        let bytes = file.and_then(|path| guard::read(&path, Links::Follow, MOST_BYTES).ok()).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    fn file(&self) -> Option<PathBuf> {
        Some(self.folders.data.as_ref()?.join("recent.json"))
    }

    /// Changes the list. A failure is logged only: it must not keep a project closed.
    fn change(&self, change: impl FnOnce(&mut Vec<Recent>)) {
        let Some(file) = self.file() else { return };
        let folder = file.parent().map(storage::make_folder);
        // With the lock, two windows keep each other's changes.
        let lock = file.with_extension("lock");
        let _lock = folder.and_then(Result::ok).and_then(|()| Lock::wait(&lock, "the list of recent projects").ok());
        let mut list = self.read();
        change(&mut list);
        // JSON holds Unicode only: one other path would make the whole list unwritable.
        let mut seen = HashSet::new();
        list.retain(|recent| recent.path.to_str().is_some() && seen.insert(recent.path.clone()));
        list.truncate(LENGTH);
        if write(&file, &list).is_none() {
            tracing::warn!(file = %file.display(), "the list of recent projects was not written");
        }
    }
}

fn write(file: &Path, list: &[Recent]) -> Option<()> {
    storage::make_folder(file.parent()?).ok()?;
    storage::replace(file, &serde_json::to_vec(list).ok()?).ok()
}

/// Numbers of documents of a project: done by its annotator, and all.
pub(super) fn progress(dir: &Path, preferences: &PreferencesOf) -> Option<(usize, usize)> {
    let project = Project::open(dir).ok()?;
    let annotator = project.read_annotator(&preferences(dir).ok()?.annotator).ok()?;
    let journal = &annotator.journal;
    let done = project.documents.iter().filter(|document| journal.annotation(&document.id).status == Status::Done);
    Some((done.count(), project.documents.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{super::preferences::Preferences, *};
    use crate::{project::Manifest, spans::LabelSet, text::Grid};

    fn recent_projects(folder: &Path) -> RecentProjects {
        RecentProjects::new(UserFolders::new(Some(folder.join("data")), Some(folder.to_owned())))
    }

    #[test]
    fn recent_projects_are_listed_newest_first_while_they_exist() {
        let folder = tempfile::tempdir().unwrap();
        let recent = recent_projects(folder.path());
        let make = |name: &str| {
            let dir = folder.path().join(name);
            Project::create(&dir, Manifest::new(name, LabelSet::restaurant())).unwrap();
            dir
        };
        let (old, new) = (make("old"), make("new"));
        storage::make_folder(recent.folders.data.as_ref().unwrap()).unwrap();
        // A list of an earlier version.
        let before = serde_json::to_vec(&[&old, &folder.path().join("gone")]).unwrap();
        storage::replace(&recent.file().unwrap(), &before).unwrap();
        recent.remember(&new);
        let listed: Vec<WelcomeItem> = recent.entries().into_iter().filter(|place| !place.sample).collect();
        let shown: Vec<&str> = listed.iter().map(|place| place.about.as_str()).collect();
        assert_eq!(shown, ["~/new", "~/old"]);
        assert!(listed[0].opened.starts_with("today") && listed[1].opened.is_empty());
        recent.remember(&old);
        assert_eq!(recent.entries()[0].name, "old");
    }

    #[test]
    fn without_a_home_only_the_samples_are_listed() {
        let recent = RecentProjects::default();
        recent.remember(Path::new("/"));
        assert_eq!(recent.entries().iter().filter(|place| place.sample).count(), SAMPLES.len());
    }

    #[test]
    fn progress_counts_the_documents_of_the_annotator() {
        let folder = tempfile::tempdir().unwrap();
        let folders = UserFolders::new(Some(folder.path().to_owned()), None);
        let preferences: PreferencesOf = Arc::new(|_| {
            Ok(Preferences { annotator: "ada".parse().unwrap(), device: "auto".into(), grid: Grid::default() })
        });
        let dir = sample_copies::entry_folder(&folders, "sample:restaurants", &preferences).unwrap();
        let (done, documents) = progress(&dir, &preferences).unwrap();
        assert!(done > 0 && done < documents);
    }
}
