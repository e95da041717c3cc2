//! Folders with subfolders that appear whole or not at all: outputs of formats with files for each document.
//!
//! A tree is filled under a random name beside its own and renamed when it is complete. It replaces nothing.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use rustix::fs::{self as sys, AtFlags};

use super::{
    dir::{Dir, Identity},
    error::StorageError,
    faults::{step, sync_file},
    open::folder_of,
    own::rename_to_free,
    record::Id,
    refusals::{may_create, may_write},
};

/// A folder under construction. Without [`Self::finish`] everything in it is removed at the end.
#[derive(Debug)]
pub(in crate::project) struct NewTree {
    parent: Dir,
    target: PathBuf,
    temporary: String,
    /// The folder; `None` once it has its name.
    dir: Option<Dir>,
    /// What this process has created in it, each folder before what is in it.
    made: Vec<Made>,
}

/// A subfolder or file that this process has created.
#[derive(Debug)]
struct Made {
    /// Path in the folder, with `/`.
    path: String,
    is_folder: bool,
    identity: Identity,
}

impl Made {
    /// Removes it, unless another program has put something else in its place.
    fn remove(&self, dir: &Dir) -> io::Result<()> {
        let (folder, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let folder = open_folder(dir, folder)?;
        step()?;
        match folder.stat(name)? {
            Some(stat) if Identity::of(&stat) == self.identity => {
                let flags = if self.is_folder { AtFlags::REMOVEDIR } else { AtFlags::empty() };
                Ok(sys::unlinkat(&folder, name, flags)?)
            }
            _ => Ok(()),
        }
    }
}

impl NewTree {
    /// Starts the folder `target`, which must not exist.
    ///
    /// # Errors
    /// There is something of its name (kind `AlreadyExists`), or no folder can be made beside it.
    pub(in crate::project) fn begin(target: &Path) -> Result<Self, StorageError> {
        let begun = || {
            may_create(target)?;
            let parent = Dir::open_linked(folder_of(target))?;
            let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
            if parent.stat(name)?.is_some() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let temporary = Id::random().temporary();
            let dir = Some(parent.create_folder(&temporary)?);
            let target = target.to_owned();
            Ok(Self { parent, target, temporary, dir, made: Vec::new() })
        };
        begun().map_err(|cause| StorageError::new("make the folder", target, cause))
    }

    /// Adds a file; `name` is its path in the folder, with `/`.
    ///
    /// # Errors
    /// The name is none, or there is such a file, or the file system refuses.
    pub(in crate::project) fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), StorageError> {
        self.try_add(name, bytes).map_err(|cause| StorageError::new("write", &self.target.join(name), cause))
    }

    fn try_add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        may_write(&self.target.join(name))?;
        let mut dir = self.dir.as_ref().ok_or(io::ErrorKind::NotFound)?.try_clone()?;
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let mut path = String::new();
        for part in folder.split('/').filter(|_| !folder.is_empty()) {
            check_part(part)?;
            path += part;
            dir = match dir.sub(part)? {
                Some(sub) => sub,
                None => {
                    let sub = dir.create_folder(part)?;
                    let identity = Identity::of_open(&sub)?;
                    self.made.push(Made { path: path.clone(), is_folder: true, identity });
                    sub
                }
            };
            path.push('/');
        }
        check_part(file)?;
        let mut open = dir.create_file(file)?;
        let identity = Identity::of_open(&open)?;
        self.made.push(Made { path: name.to_owned(), is_folder: false, identity });
        open.write_all(bytes)?;
        // The folder gets its name only when the contents of all files are on the disk. To sync them when all are written is no
        // faster on ext4, where each sync allocates the blocks of its own file. `syncfs` would be one call, which waits for the
        // data of all other programs as well, and reports no failed write on Linux before 5.8.
        sync_file(&open)
    }

    /// Gives the folder its name.
    ///
    /// # Errors
    /// Something has that name now (kind `AlreadyExists`), or the file system refuses. Nothing stays, or the error names it.
    pub(in crate::project) fn finish(mut self) -> Result<(), StorageError> {
        match self.publish() {
            Ok(()) => Ok(()),
            Err(cause) => {
                let error = StorageError::new("finish", &self.target, cause);
                Err(self.discard(error))
            }
        }
    }

    /// Removes what was made so far because of an error. Returns the error; if something stays, one that names it first.
    pub(in crate::project) fn discard(mut self, error: StorageError) -> StorageError {
        match self.remove_made() {
            Ok(()) => error,
            Err(StorageError { action, path, cause }) => {
                let cause = io::Error::other(format!("{cause}; it is left of an output that failed: {error}"));
                StorageError { action, path, cause }
            }
        }
    }

    fn publish(&mut self) -> io::Result<()> {
        let Some(dir) = &self.dir else { return Ok(()) };
        let mut folders = self.made.iter().filter(|made| made.is_folder);
        folders.try_for_each(|folder| open_folder(dir, &folder.path)?.sync())?;
        dir.sync()?;
        let name = self.target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        step()?;
        rename_to_free(&self.parent, self.temporary.as_ref(), &self.parent, name)?;
        self.dir = None;
        self.parent.sync()
    }

    /// Removes what this process has created in the folder, and the folder, which is empty then. What cannot be removed does
    /// not keep the rest; the error names the first such thing.
    fn remove_made(&mut self) -> Result<(), StorageError> {
        let Some(dir) = self.dir.take().filter(|dir| self.parent.leads_to(&self.temporary, dir)) else {
            return Ok(());
        };
        let root = self.parent.path().join(&self.temporary);
        let mut left = None;
        for made in self.made.iter().rev() {
            note_failure(&mut left, made.remove(&dir), &root.join(&made.path));
        }
        let emptied = step().and_then(|()| Ok(sys::unlinkat(&self.parent, &self.temporary, AtFlags::REMOVEDIR)?));
        note_failure(&mut left, emptied, &root);
        left.map_or(Ok(()), Err)
    }
}

/// Keeps the first failed removal. What is not there needs none.
fn note_failure(first: &mut Option<StorageError>, removed: io::Result<()>, path: &Path) {
    if let Err(cause) = removed
        && cause.kind() != io::ErrorKind::NotFound
    {
        first.get_or_insert_with(|| StorageError::new("remove", path, cause));
    }
}

/// Checks that a part of a path names something in its folder.
fn check_part(part: &str) -> io::Result<()> {
    match part {
        "" | "." | ".." => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no name of a file in the folder")),
        _ => Ok(()),
    }
}

/// Opens a subfolder, without following links.
fn open_folder(dir: &Dir, path: &str) -> io::Result<Dir> {
    let mut dir = dir.try_clone()?;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        dir = dir.sub(part)?.ok_or(io::ErrorKind::NotFound)?;
    }
    Ok(dir)
}

impl Drop for NewTree {
    fn drop(&mut self) {
        // What cannot be removed has a name that says whose it is.
        self.remove_made().ok();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::project::storage::{faults::Fault, refusals};

    const FILES: [(&str, &str); 4] =
        [("a.txt", "one"), ("a.ann", ""), ("sub/deep/b.txt", "two"), ("sub/annotation.conf", "[entities]\n")];

    fn write(target: &Path) -> Result<(), StorageError> {
        let mut tree = NewTree::begin(target)?;
        FILES.iter().try_for_each(|(name, text)| tree.add(name, text.as_bytes()))?;
        tree.finish()
    }

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_tree_appears_with_its_subfolders_and_replaces_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        write(&target).unwrap();
        for (name, text) in FILES {
            assert_eq!(fs::read_to_string(target.join(name)).unwrap(), text);
        }
        assert_eq!(entries(dir.path()), 1);
        assert_eq!(write(&target).unwrap_err().cause.kind(), io::ErrorKind::AlreadyExists);
        // A folder that another program makes meanwhile stays, and of ours nothing.
        let other = dir.path().join("other");
        let mut tree = NewTree::begin(&other).unwrap();
        tree.add("a/b.txt", b"x").unwrap();
        fs::create_dir(&other).unwrap();
        fs::write(other.join("mine"), "mine").unwrap();
        assert_eq!(tree.finish().unwrap_err().cause.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((entries(&other), entries(dir.path())), (1, 2));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let mut tree = NewTree::begin(&dir.path().join("out")).unwrap();
        for name in ["../a", "a/../../b", "/a", "", "a//b", "a/"] {
            assert!(tree.add(name, b"x").is_err(), "{name}");
        }
        let inside = dir.path().join(&tree.temporary);
        std::os::unix::fs::symlink(&elsewhere, inside.join("link")).unwrap();
        assert!(tree.add("link/a", b"x").is_err());
        // What another program puts there is not removed.
        drop(tree);
        assert_eq!((entries(&elsewhere), inside.join("link").is_symlink()), (0, true));
    }

    #[test]
    fn clean_up_spares_what_others_put_in_place_and_goes_on_after_errors() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        let begin = || {
            let mut tree = NewTree::begin(&target).unwrap();
            ["a.txt", "b.txt", "sub/c.txt"].iter().for_each(|name| tree.add(name, b"ours").unwrap());
            let inside = dir.path().join(&tree.temporary);
            (tree, inside)
        };
        // A file of another program has the name of one of ours, and one of ours is gone.
        let (tree, inside) = begin();
        fs::write(dir.path().join("new"), "theirs").unwrap();
        fs::rename(dir.path().join("new"), inside.join("a.txt")).unwrap();
        fs::remove_file(inside.join("b.txt")).unwrap();
        let fault = Fault::after(0, 1);
        let error = tree.finish().unwrap_err();
        drop(fault);
        assert_eq!((fs::read_to_string(inside.join("a.txt")).unwrap().as_str(), entries(&inside)), ("theirs", 1));
        assert!(error.path == inside && error.to_string().contains("cannot finish"), "{error}");
        // The sync fails, and the removal of the last file.
        let (tree, inside) = begin();
        let fault = Fault::after(0, 2);
        let error = tree.finish().unwrap_err();
        drop(fault);
        assert_eq!((error.path.as_path(), entries(&inside)), (inside.join("sub/c.txt").as_path(), 1), "{error}");
    }

    #[test]
    fn after_a_failure_at_any_step_nothing_stays() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        let mut steps = 0;
        loop {
            let fault = Fault::after(steps, 1);
            let written = write(&target);
            let is_over = fault.is_over();
            drop(fault);
            // The last step only makes the name durable.
            if target.exists() {
                assert!(written.is_err() == is_over && target.join("sub/annotation.conf").exists(), "{steps}");
                break;
            }
            assert!(written.is_err() && entries(dir.path()) == 0, "{steps}");
            steps += 1;
        }
        assert!(steps > 10, "{steps}");
        let refused = refusals::refuse(dir.path(), refusals::Refused::Bytes, io::ErrorKind::StorageFull);
        assert!(write(&dir.path().join("full")).is_err());
        drop(refused);
        assert_eq!(entries(dir.path()), 1, "nothing but the tree");
    }
}
