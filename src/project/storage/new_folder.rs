//! Folders that appear complete or not at all.
//! Also the removal of leftovers of a crash.
//!
//! A folder is filled beside its target and renamed. To replace a folder, the two are exchanged in one step. Where
//! the file system cannot do that, the old folder is renamed to `.NAME.old` first; [`remove_leftovers`] restores it after
//! a crash between the two renames.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{StorageError, TEMPORARY, file_names, folder_of, open_plain, options, sync_folder, temporary_folder};
use crate::runs::FolderSink;

/// Suffix of a folder that is being replaced.
/// Its name is a dot, the name of the folder, and this.
const OLD: &str = ".old";

/// A folder under construction.
/// It appears complete under its name once it is finished.
#[derive(Debug)]
pub struct NewFolder {
    temp: TempDir,
    target: PathBuf,
    /// Lock on the temporary folder, which keeps [`remove_leftovers`] away.
    lock: Option<File>,
}

impl NewFolder {
    /// Starts the folder `target`, which appears only with [`FolderSink::finish`].
    ///
    /// # Errors
    /// No folder can be created beside it.
    pub fn begin(target: &Path) -> Result<Self, StorageError> {
        let temp =
            temporary_folder(folder_of(target)).map_err(|cause| StorageError::new("make the folder", target, cause))?;
        let lock = lock_folder(temp.path());
        Ok(Self { temp, target: target.to_owned(), lock })
    }

    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        file_names::check_file_name(name).map_err(io::Error::other)?;
        let mut file = options().write(true).create_new(true).open(self.temp.path().join(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn publish(self) -> io::Result<()> {
        sync_folder(self.temp.path())?;
        let folder = folder_of(&self.target);
        let name = self.target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let old = folder.join(format!(".{name}{OLD}"));
        remove_leftovers(folder);
        if fs::symlink_metadata(&self.target).is_ok() {
            only_plain_files(&self.target)?;
            let _busy = lock_folder(&self.target);
            if swap_folders(self.temp.path(), &self.target).is_ok() {
                drop(self.lock);
                // The replaced folder has the temporary name now and is removed with it.
                return sync_folder(folder);
            }
            fs::rename(&self.target, &old)?;
            if let Err(error) = fs::rename(self.temp.path(), &self.target) {
                fs::rename(&old, &self.target)?;
                return Err(error);
            }
            sync_folder(folder)?;
            // The folder is replaced already; the next `remove_leftovers` removes what stays here.
            fs::remove_dir_all(&old).ok();
        } else {
            fs::rename(self.temp.path(), &self.target)?;
        }
        drop(self.lock);
        // The folder was renamed, so the temporary one must not be removed.
        let _moved = self.temp.keep();
        sync_folder(folder)
    }
}

/// Exchanges two folders in one step: there is always a folder under each name.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn swap_folders(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn swap_folders(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Locks a folder, where the system supports that.
fn lock_folder(path: &Path) -> Option<File> {
    let folder = File::open(path).ok()?;
    folder.try_lock().ok()?;
    Some(folder)
}

/// Refuses a folder that contains folders.
/// Replacing it would remove the old contents.
fn only_plain_files(folder: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Err(io::Error::other("that name belongs to something else; choose another"));
    }
    for entry in fs::read_dir(folder)? {
        if !entry?.file_type()?.is_file() {
            return Err(io::Error::other("that folder contains folders and is not replaced; choose another"));
        }
    }
    Ok(())
}

impl FolderSink for NewFolder {
    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.put(name, bytes).map_err(|cause| StorageError::new("write", &self.target.join(name), cause).into())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        let target = self.target.clone();
        self.publish().map_err(|cause| StorageError::new("finish", &target, cause).into())
    }
}

/// Removes leftovers of a crash in `folder`, and returns their number.
/// A folder that was being replaced is restored.
///
/// Leftovers are temporary files and folders whose writer is gone. Never fails: one that cannot be removed stays for the
/// next time.
pub fn remove_leftovers(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| remove_leftover(folder, &entry.path(), &entry.file_name().to_string_lossy()).unwrap_or(false))
        .count()
}

fn remove_leftover(folder: &Path, path: &Path, name: &str) -> io::Result<bool> {
    let temporary = name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1);
    let replaced = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(OLD)).filter(|rest| !rest.is_empty());
    if !temporary && replaced.is_none() {
        return Ok(false);
    }
    let is_folder = fs::symlink_metadata(path)?.is_dir();
    // Its writer, if still alive, holds its lock.
    let lock = if is_folder { File::open(path)? } else { open_plain(options().read(true), path)? };
    if lock.try_lock().is_err() {
        return Ok(false);
    }
    match replaced.map(|name| folder.join(name)) {
        Some(target) if is_folder && fs::symlink_metadata(&target).is_err() => fs::rename(path, target)?,
        Some(_) if !is_folder => return Ok(false),
        _ if is_folder => fs::remove_dir_all(path)?,
        _ => fs::remove_file(path)?,
    }
    sync_folder(folder)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn made(target: &Path, content: &str) -> io::Result<()> {
        let mut sink = NewFolder::begin(target)?;
        sink.file("a.txt", content.as_bytes())?;
        Box::new(sink).finish()
    }

    #[test]
    fn a_folder_appears_whole_and_replaces_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("model");
        made(&target, "one").unwrap();
        made(&target, "two").unwrap();
        assert_eq!(fs::read_to_string(target.join("a.txt")).unwrap(), "two");
        assert_eq!(names_in(dir.path()), ["model"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn while_a_folder_is_replaced_there_is_always_one() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("model");
        made(&target, "0").unwrap();
        let other = dir.path().join("other");
        fs::create_dir(&other).unwrap();
        let known = swap_folders(&target, &other).and_then(|()| swap_folders(&target, &other));
        fs::remove_dir(&other).unwrap();
        if known.is_err() {
            eprintln!("this file system cannot exchange folders: what replaces them there is tested above");
            return;
        }
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| (1..50).for_each(|n| made(&target, &n.to_string()).unwrap()));
            while !writer.is_finished() {
                assert!(target.exists());
            }
        });
        assert_eq!(fs::read_to_string(target.join("a.txt")).unwrap(), "49");
        assert_eq!(names_in(dir.path()), ["model"]);
    }

    #[test]
    fn an_unfinished_folder_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = NewFolder::begin(&dir.path().join("model")).unwrap();
        sink.file("a.txt", b"x").unwrap();
        assert!(sink.file("../b.txt", b"x").is_err());
        assert!(sink.file("a.txt", b"again").is_err());
        drop(sink);
        assert!(names_in(dir.path()).is_empty());
    }

    #[test]
    fn folders_of_folders_are_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        fs::create_dir_all(home.join("photos")).unwrap();
        let error = made(&home, "x").unwrap_err();
        assert!(error.to_string().contains("is not replaced"), "{error}");
        assert_eq!(names_in(dir.path()), ["home"]);
        assert_eq!(names_in(&home), ["photos"]);
    }

    #[test]
    fn a_crash_between_the_two_renames_is_put_right() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".model.old")).unwrap();
        fs::write(dir.path().join(".model.old/a.txt"), "old").unwrap();
        fs::create_dir(dir.path().join(".tagli-abc.tmp")).unwrap();
        fs::write(dir.path().join(".tagli-abc.tmp/a.txt"), "half").unwrap();
        fs::write(dir.path().join(".tagli-def.tmp"), "half").unwrap();
        assert_eq!(remove_leftovers(dir.path()), 3);
        assert_eq!(names_in(dir.path()), ["model"]);
        assert_eq!(fs::read_to_string(dir.path().join("model/a.txt")).unwrap(), "old");
    }

    #[test]
    fn work_in_progress_is_not_tidied_away() {
        let dir = tempfile::tempdir().unwrap();
        let sink = NewFolder::begin(&dir.path().join("model")).unwrap();
        assert_eq!(remove_leftovers(dir.path()), 0);
        drop(sink);
    }
}
