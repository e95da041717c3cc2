//! Texts that were being typed when a signal or a lost terminal ended the program.
//!
//! They are kept in the user's data folder, never in the project: nobody has decided yet that others may read them. Opening the
//! project again takes them out of the file and gives them back to their fields.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::user_folders::UserFolders;
use crate::{
    app::prompts::KeptDraft,
    guard::{self, Links},
    project::{AnnotatorName, lock::Lock, storage},
};

/// Name of the file in the user's data folder.
const FILE: &str = "drafts.json";
/// Largest file that is read, in bytes.
const MOST_BYTES: u64 = 16 << 20;
/// Projects whose texts are kept; the oldest go first.
const MOST_ENTRIES: usize = 50;

/// Texts of one annotator in one project.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    annotator: String,
    drafts: Vec<KeptDraft>,
}

/// Keeps the texts of an annotator in the project in `dir`. A failure is logged only: the program is about to end.
pub(super) fn keep(folders: &UserFolders, dir: &Path, annotator: &AnnotatorName, drafts: Vec<KeptDraft>) {
    let Ok(dir) = dir.canonicalize() else { return };
    let kept = change(folders, |entries| {
        entries.retain(|entry| !entry.is_of(&dir, annotator));
        entries.push(Entry { path: dir.clone(), annotator: annotator.to_string(), drafts });
        let oldest = entries.len().saturating_sub(MOST_ENTRIES);
        entries.drain(..oldest);
    });
    if kept.is_none() {
        tracing::warn!(dir = %dir.display(), "the texts that were being typed were not kept");
    }
}

/// Takes the texts of an annotator in the project in `dir` out of the file.
pub(super) fn take(folders: &UserFolders, dir: &Path, annotator: &AnnotatorName) -> Vec<KeptDraft> {
    let Ok(dir) = dir.canonicalize() else { return Vec::new() };
    // Most often there are none, and nothing is written.
    if !read(folders).iter().any(|entry| entry.is_of(&dir, annotator)) {
        return Vec::new();
    }
    let mut taken = Vec::new();
    let written = change(folders, |entries| {
        entries.retain_mut(|entry| {
            let is_this = entry.is_of(&dir, annotator);
            if is_this {
                taken.append(&mut entry.drafts);
            }
            !is_this
        });
    });
    if written.is_none() {
        tracing::warn!("the texts that were being typed are offered again at the next start, too");
    }
    taken
}

impl Entry {
    fn is_of(&self, dir: &Path, annotator: &AnnotatorName) -> bool {
        self.path == dir && self.annotator == annotator.as_str()
    }
}

fn file(folders: &UserFolders) -> Option<PathBuf> {
    Some(folders.data.as_ref()?.join(FILE))
}

fn read(folders: &UserFolders) -> Vec<Entry> {
    let bytes = file(folders).and_then(|path| guard::read(&path, Links::Follow, MOST_BYTES).ok()).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Changes the file; `None` if it was not written.
fn change(folders: &UserFolders, change: impl FnOnce(&mut Vec<Entry>)) -> Option<()> {
    let file = file(folders)?;
    storage::make_folder(file.parent()?).ok()?;
    // With the lock, two windows keep each other's texts.
    let _lock = Lock::wait(&file.with_extension("lock"), "the texts that were being typed").ok()?;
    let mut entries = read(folders);
    change(&mut entries);
    // JSON holds Unicode only: one other path would make the whole file unwritable.
    entries.retain(|entry| entry.path.to_str().is_some());
    storage::replace(&file, &serde_json::to_vec(&entries).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> KeptDraft {
        KeptDraft { field: "note".into(), of: "d1".into(), given: String::new(), text: text.into() }
    }

    #[test]
    fn texts_are_taken_once_by_the_annotator_who_typed_them() {
        let folder = tempfile::tempdir().unwrap();
        let folders = UserFolders::new(Some(folder.path().join("data")), None);
        let [ada, ben] = ["ada", "ben"].map(|name| name.parse::<AnnotatorName>().unwrap());
        let dirs = ["food", "drinks"].map(|name| folder.path().join(name));
        dirs.iter().for_each(|dir| std::fs::create_dir(dir).unwrap());
        assert!(take(&folders, &dirs[0], &ada).is_empty());
        keep(&folders, &dirs[0], &ada, vec![draft("old")]);
        keep(&folders, &dirs[0], &ada, vec![draft("one"), draft("two")]);
        keep(&folders, &dirs[0], &ben, vec![draft("three")]);
        keep(&folders, &dirs[1], &ada, vec![draft("four")]);
        assert_eq!(take(&folders, &dirs[0], &ada), [draft("one"), draft("two")]);
        assert!(take(&folders, &dirs[0], &ada).is_empty());
        assert_eq!(take(&folders, &dirs[0], &ben), [draft("three")]);
        assert_eq!(take(&folders, &dirs[1], &ada), [draft("four")]);
    }

    #[test]
    fn a_damaged_file_or_no_data_folder_offers_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let ada = "ada".parse().unwrap();
        keep(&UserFolders::default(), folder.path(), &ada, vec![draft("x")]);
        let folders = UserFolders::new(Some(folder.path().to_owned()), None);
        std::fs::write(folder.path().join(FILE), "[{").unwrap();
        assert!(take(&folders, folder.path(), &ada).is_empty());
        keep(&folders, folder.path(), &ada, vec![draft("x")]);
        assert_eq!(take(&folders, folder.path(), &ada), [draft("x")]);
    }
}
