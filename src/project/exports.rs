//! Files in `exports/` under the names that the program chooses.
//!
//! `exports/.exported.json` records length and checksum of each. So a file that is not as an export left it, because a person
//! changed it or another program made it, is never replaced without `--force`. The folder may be a link, so that several
//! projects share it: each replaces its own exports only.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    EXPORTS, Project, ProjectError, Stamp,
    file_names::{self, EXPORT_LOCK, EXPORT_RECORD},
    lock::Lock,
    output::{self, Existing, check_linked_folder, refuse_own_file},
    stamp, stamp_of_length, stamp_of_open, storage,
};
use crate::formats::parser_message;

/// Whether a path is one of the record or of its lock, which hold no words of documents.
pub(super) fn is_record(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == EXPORT_RECORD || name == EXPORT_LOCK)
}

/// Version of the record.
const VERSION: u64 = 1;
/// Largest record that is read, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Exported files. Keys that this version does not know are kept.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    #[serde(rename = "tagli_exports")]
    version: u64,
    #[serde(default)]
    files: BTreeMap<String, Entry>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// An exported file.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// During a replacement a file has two: it may be the old or the new one.
    stamps: Vec<Stamp>,
    /// Mark of the project that wrote it, see [`mark_of`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Record {
    /// Reads a record; an empty one if there is none.
    ///
    /// # Errors
    /// The file is not a record of this version: another program's, a newer one's, or damaged.
    fn read(path: &Path) -> Result<Self, ProjectError> {
        let Some(bytes) = storage::read_if_there(path, MOST_BYTES)? else { return Ok(Self::of(BTreeMap::new())) };
        Self::parse(&bytes).map_err(|why| ProjectError::ForeignRecord { path: path.to_owned(), why })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| parser_message(&error))?;
        match value.get("tagli_exports") {
            Some(version) if version.as_u64().is_none_or(|version| version > VERSION) => {
                Err("a newer version of tagli wrote it".to_owned())
            }
            Some(_) => serde_json::from_value(value).map_err(|error| parser_message(&error)),
            None => {
                // The first versions wrote the names only.
                let earlier: Option<BTreeMap<String, Vec<Stamp>>> = serde_json::from_value(value).ok();
                let files = earlier.filter(|files| !files.is_empty()).ok_or("another program wrote it")?;
                let mut record = Self::of(BTreeMap::new());
                files.into_iter().for_each(|(name, stamps)| record.set(&name, stamps, None));
                Ok(record)
            }
        }
    }

    fn of(files: BTreeMap<String, Entry>) -> Self {
        Self { version: VERSION, files, more: Map::new() }
    }

    /// Records the stamps of a file.
    fn set(&mut self, name: &str, stamps: Vec<Stamp>, project: Option<String>) {
        let more = self.files.remove(name).map(|entry| entry.more).unwrap_or_default();
        self.files.insert(name.to_owned(), Entry { stamps, project, more });
    }
}

impl Project {
    /// Writes a file into `exports/` and returns its path. It replaces an export of this project that nobody has changed.
    ///
    /// # Errors
    /// `name` is not a plain file name, `exports` leads to files of a project or of a run, another file with this name is
    /// kept ([`ProjectError::NotExported`], [`ProjectError::OthersExport`]), the record is not ours, or the file system
    /// refuses.
    pub fn export_file(&self, name: &str, bytes: &[u8], existing: Existing) -> Result<PathBuf, ProjectError> {
        file_names::check_file_name(name)?;
        let folder = self.root.join(EXPORTS);
        let path = folder.join(name);
        check_linked_folder(&folder)?;
        refuse_own_file(&path)?;
        storage::make_folder(&folder)?;
        let _lock = Lock::wait(&folder.join(EXPORT_LOCK), "the list of exports")?;
        let record_path = folder.join(EXPORT_RECORD);
        let mut record = Record::read(&record_path)?;
        let mark = mark_of(self, &folder);
        let new = stamp(bytes);
        let is_there = path.symlink_metadata().is_ok();
        let stamps = record.files.get(name).map(|entry| entry.stamps.as_slice()).unwrap_or_default();
        let lengths: Vec<usize> = stamps.iter().chain([&new]).map(|(length, _)| *length).collect();
        // A file of another length is another file: it is not read, however large it is.
        let found = is_there.then(|| stamp_of_length(&path, &lengths)).transpose()?.flatten();
        let entry = record.files.get(name).filter(|entry| found.is_some_and(|found| entry.stamps.contains(&found)));
        let is_ours = entry.is_some_and(|entry| entry.project == mark);
        let known = found.filter(|_| is_ours);
        if existing == Existing::Keep && is_there && known.is_none() && found != Some(new) {
            return Err(match entry {
                Some(_) => ProjectError::OthersExport(path),
                None => ProjectError::NotExported(path),
            });
        }
        // Before the file: after a crash it is known, whichever of the two it is.
        record.set(name, known.into_iter().chain([new]).collect(), mark);
        storage::replace(&record_path, &serde_json::to_vec_pretty(&record).map_err(ProjectError::Unwritable)?)?;
        match (is_there, existing) {
            (false, _) => storage::create_new(&path, bytes).map_err(|error| match error.cause.kind() {
                ErrorKind::AlreadyExists => output::exists(&path),
                _ => error.into(),
            })?,
            (true, Existing::Replace) => storage::replace(&path, bytes)?,
            (true, Existing::Keep) => {
                // Between the look and the replacement a person may have saved another file there.
                let replaced = storage::replace_known(&path, bytes, &|file| {
                    let stamp = stamp_of_open(file, &lengths)?;
                    Ok(stamp.is_some_and(|stamp| stamp == new || Some(stamp) == found))
                });
                if !replaced? {
                    return Err(ProjectError::NotExported(path));
                }
            }
        }
        Ok(path)
    }
}

/// Mark of a project whose `exports` is a link, so that other projects may have the same folder. `None` for a folder of its
/// own.
///
/// It does not depend on the path, and a copy of the project has another one: it has the number of the project's folder in the
/// file system. After a move to another disk, the first export needs `--force`.
fn mark_of(project: &Project, exports: &Path) -> Option<String> {
    let is_linked = exports.is_symlink();
    let number = fs::metadata(&project.root).map(|folder| folder.ino()).unwrap_or_default();
    is_linked.then(|| format!("{:016x}-{number:x}", project.manifest.split_seed))
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use super::*;
    use crate::{project::Manifest, spans::LabelSet, text::growth::processor_time};

    #[test]
    fn only_an_export_that_nobody_changed_is_replaced_without_force() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let export = |bytes: &[u8], existing| project.export_file("a.conll", bytes, existing);
        let path = export(b"one", Existing::Keep).unwrap();
        export(b"two", Existing::Keep).unwrap();
        fs::write(&path, "mine").unwrap();
        let error = export(b"three", Existing::Keep).unwrap_err();
        let command = "replace it with --force";
        assert!(matches!(error, ProjectError::NotExported(_)) && error.to_string().contains(command), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        export(b"mine", Existing::Keep).unwrap();
        export(b"four", Existing::Keep).unwrap();
        fs::write(&path, "mine").unwrap();
        export(b"five", Existing::Replace).unwrap();
        export(b"six", Existing::Keep).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"six");
        // An export of an earlier version has no record.
        fs::remove_file(dir.path().join(EXPORTS).join(EXPORT_RECORD)).unwrap();
        assert!(export(b"seven", Existing::Keep).is_err());
        // A link is not followed, even by force.
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("../documents.jsonl", &path).unwrap();
        for existing in [Existing::Keep, Existing::Replace] {
            let error = export(b"eight", existing).unwrap_err();
            assert!(matches!(error, ProjectError::OwnFile { .. }), "{error}");
        }
        fs::remove_file(&path).unwrap();
        fs::write(dir.path().join("other"), "mine").unwrap();
        std::os::unix::fs::symlink("../other", &path).unwrap();
        for existing in [Existing::Keep, Existing::Replace] {
            assert!(export(b"eight", existing).unwrap_err().to_string().contains("symbolic link"));
        }
    }

    #[test]
    fn after_a_crash_the_old_and_the_new_file_are_known_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let export = |bytes: &[u8], existing| project.export_file("a.conll", bytes, existing);
        let path = export(b"one", Existing::Keep).unwrap();
        export(b"two", Existing::Keep).unwrap();
        // The record was written, and the file was not.
        fs::write(&path, "one").unwrap();
        export(b"three", Existing::Keep).unwrap();
        fs::write(&path, "mine").unwrap();
        export(b"four", Existing::Replace).unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(export(b"five", Existing::Keep).is_err());
    }

    #[test]
    fn an_export_through_a_link_never_reaches_files_of_a_project_or_a_run() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let exports = dir.path().join(EXPORTS);
        fs::remove_dir(&exports).unwrap();
        let journal = dir.path().join("annotations/jsonl.jsonl");
        fs::write(&journal, "work").unwrap();
        // A record that came with the project claims that the journal is an export.
        let forged = serde_json::json!({ "jsonl.jsonl": [stamp(b"work")] }).to_string();
        fs::write(dir.path().join("annotations").join(EXPORT_RECORD), forged).unwrap();
        std::os::unix::fs::symlink("annotations", &exports).unwrap();
        for existing in [Existing::Keep, Existing::Replace] {
            let error = project.export_file("jsonl.jsonl", b"x", existing).unwrap_err();
            assert!(matches!(error, ProjectError::OwnFile { .. }), "{error}");
            let error = project.export_file("new.conll", b"x", existing).unwrap_err();
            assert!(matches!(error, ProjectError::OwnFile { .. }), "{error}");
        }
        assert_eq!(fs::read_to_string(&journal).unwrap(), "work");
        assert_eq!(fs::read_dir(dir.path().join("annotations")).unwrap().count(), 2);
    }

    #[test]
    fn a_file_that_is_saved_under_the_name_of_an_export_meanwhile_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let path = project.export_file("a.conll", b"one", Existing::Keep).unwrap();
        let target = path.clone();
        storage::interrupt_rename(move || fs::write(target, "mine").unwrap());
        let error = project.export_file("a.conll", b"two", Existing::Keep).unwrap_err();
        assert!(matches!(error, ProjectError::NotExported(_)), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn a_large_file_in_the_place_of_an_export_is_refused_without_reading_it() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let path = project.export_file("a.conll", b"one", Existing::Keep).unwrap();
        let large = |length| fs::File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
        large(2 << 30);
        let time = processor_time(|| {
            let error = project.export_file("a.conll", b"two", Existing::Keep).unwrap_err();
            assert!(matches!(error, ProjectError::NotExported(_)), "{error}");
        });
        // To read 2 GiB takes seconds.
        assert!(time < Duration::from_millis(200), "{time:?}");
        // Nor is one that takes the place during the export.
        fs::write(&path, "one").unwrap();
        let target = path.clone();
        storage::interrupt_rename(move || fs::File::create(target).unwrap().set_len(2 << 30).unwrap());
        let time = processor_time(|| {
            assert!(project.export_file("a.conll", b"two", Existing::Keep).is_err());
        });
        assert!(time < Duration::from_millis(200), "{time:?}");
        assert_eq!(fs::metadata(&path).unwrap().len(), 2 << 30);
    }

    #[test]
    fn the_record_of_another_program_or_a_newer_version_stays_and_more_keys_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let record = dir.path().join(EXPORTS).join(EXPORT_RECORD);
        for (text, why) in [
            (r#"{"my":"file, not tagli"}"#, "another program wrote it"),
            ("{}", "another program wrote it"),
            (r#"{"tagli_exports":2,"files":{}}"#, "a newer version of tagli wrote it"),
            (r#"{"a.conll":[[1,2,3]]}"#, "another program wrote it"),
            ("notes", "expected"),
        ] {
            fs::write(&record, text).unwrap();
            for existing in [Existing::Keep, Existing::Replace] {
                let error = project.export_file("a.conll", b"one", existing).unwrap_err().to_string();
                assert!(error.contains(why) && error.contains("move it elsewhere"), "{error}");
            }
            assert_eq!(fs::read_to_string(&record).unwrap(), text);
            assert!(!dir.path().join("exports/a.conll").exists());
        }
        // As the first versions wrote it.
        fs::write(dir.path().join("exports/a.conll"), "old").unwrap();
        fs::write(&record, serde_json::json!({ "a.conll": [stamp(b"old")] }).to_string()).unwrap();
        project.export_file("a.conll", b"one", Existing::Keep).unwrap();
        let mut value: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
        assert_eq!(value["tagli_exports"], 1);
        value["later"] = 7.into();
        value["files"]["a.conll"]["by"] = "ada".into();
        fs::write(&record, value.to_string()).unwrap();
        project.export_file("a.conll", b"two", Existing::Keep).unwrap();
        let value: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
        assert_eq!((&value["later"], &value["files"]["a.conll"]["by"]), (&7.into(), &"ada".into()));
    }

    #[test]
    fn projects_that_share_a_folder_keep_each_others_exports() {
        let dir = tempfile::tempdir().unwrap();
        let shared = dir.path().join("shared");
        fs::create_dir(&shared).unwrap();
        let [one, other] = ["one", "other"].map(|name| {
            let root = dir.path().join(name);
            let mut project = Project::create(&root, Manifest::new(name, LabelSet::restaurant())).unwrap();
            // As in a copy of a project.
            project.manifest.split_seed = 7;
            fs::remove_dir(root.join(EXPORTS)).unwrap();
            std::os::unix::fs::symlink(&shared, root.join(EXPORTS)).unwrap();
            project
        });
        let path = one.export_file("a.conll", b"one", Existing::Keep).unwrap();
        let error = other.export_file("a.conll", b"two", Existing::Keep).unwrap_err();
        assert!(matches!(error, ProjectError::OthersExport(_)), "{error}");
        assert!(error.to_string().contains("another project") && error.to_string().contains("--force"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        one.export_file("a.conll", b"three", Existing::Keep).unwrap();
        other.export_file("a.conll", b"four", Existing::Replace).unwrap();
        other.export_file("a.conll", b"five", Existing::Keep).unwrap();
        assert!(one.export_file("a.conll", b"six", Existing::Keep).is_err());
        // A project that has moved is the same one.
        let moved = dir.path().join("moved");
        fs::rename(&other.root, &moved).unwrap();
        let other = Project { root: moved, ..other };
        other.export_file("a.conll", b"seven", Existing::Keep).unwrap();
    }

    #[test]
    fn something_else_in_place_of_the_folder_is_named_with_its_cause() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let exports = dir.path().join(EXPORTS);
        fs::remove_dir(&exports).unwrap();
        std::os::unix::fs::symlink("nowhere", &exports).unwrap();
        let error = project.export_file("a.conll", b"x", Existing::Keep).unwrap_err();
        assert!(
            error.to_string().contains("a link to a folder that does not exist") && !error.is_environment(),
            "{error}"
        );
        fs::remove_file(&exports).unwrap();
        fs::write(&exports, "mine").unwrap();
        let error = project.export_file("a.conll", b"x", Existing::Replace).unwrap_err();
        assert!(error.to_string().contains("it is a file, and a folder is needed"), "{error}");
        assert_eq!(fs::read_to_string(&exports).unwrap(), "mine");
    }
}
