//! Files in `exports/` under the names that the program chooses.
//!
//! `exports/.exported.json` records length and checksum of each. So a file that is not as an export left it, because a person
//! changed it or another program made it, is never replaced without `--force`.

use std::{collections::BTreeMap, io::ErrorKind, path::PathBuf};

use super::{
    EXPORTS, Project, ProjectError, Stamp, file_names, output,
    output::Existing,
    stamp, stamp_of,
    storage::{self, SMALL},
};

/// Name of the record.
pub(super) const RECORD: &str = ".exported.json";

/// Stamps of exported files by name. During a replacement a file has two: it may be the old or the new one.
type Exported = BTreeMap<String, Vec<Stamp>>;

impl Project {
    /// Writes a file into `exports/` and returns its path. It replaces an export that nobody has changed.
    ///
    /// # Errors
    /// `name` is not a plain file name, another file with this name is kept ([`ProjectError::NotExported`]), or the file
    /// system refuses.
    pub fn export_file(&self, name: &str, bytes: &[u8], existing: Existing) -> Result<PathBuf, ProjectError> {
        file_names::check_file_name(name)?;
        let folder = self.root.join(EXPORTS);
        storage::make_folder(&folder)?;
        let _lock = self.lock()?;
        let (path, record) = (folder.join(name), folder.join(RECORD));
        // A record that cannot be parsed proves nothing.
        let read = storage::read_if_there(&record, SMALL)?;
        let mut exported: Exported = read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let new = stamp(bytes);
        let found = path.symlink_metadata().is_ok().then(|| stamp_of(&path)).transpose()?;
        let known = found.filter(|found| exported.get(name).is_some_and(|stamps| stamps.contains(found)));
        if existing == Existing::Keep && found.is_some_and(|found| known.is_none() && found != new) {
            return Err(ProjectError::NotExported(path));
        }
        // Before the file: after a crash it is known, whichever of the two it is.
        exported.insert(name.to_owned(), known.into_iter().chain([new]).collect());
        storage::replace(&record, &serde_json::to_vec_pretty(&exported).map_err(ProjectError::Unwritable)?)?;
        match found {
            Some(_) => storage::replace(&path, bytes)?,
            None => storage::create_new(&path, bytes).map_err(|error| match error.cause.kind() {
                ErrorKind::AlreadyExists => output::exists(&path),
                _ => error.into(),
            })?,
        }
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{project::Manifest, spans::LabelSet};

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
        fs::remove_file(dir.path().join(EXPORTS).join(RECORD)).unwrap();
        assert!(export(b"seven", Existing::Keep).is_err());
        // A link is not followed, even by force.
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("../documents.jsonl", &path).unwrap();
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
}
