//! Removals and renames. Each needs a proof that this program made the thing. (The others are in `swap.rs` and `tree.rs`.)
//!
//! A proof is a value that only this file can make:
//! - a file or folder that this process has just created ([`put`], [`MadeFolder`], [`OwnFolder::make`]);
//! - an empty folder with the name of a run ([`remove_empty_folder`]): nothing is lost with it;
//! - [`OwnFile`]: its contents, read through the open file, have a form that only this program writes;
//! - [`Own`] and [`OwnFolder::marked`]: a marker with a random id in the folder, and a record with the same id that was
//!   written before the folder and lists its files;
//! - [`OwnFolder::listed`]: a published folder, of which a record lists exactly these files with sizes and checksums.
//!   (Its marker is removed when it is published, because other programs read it.)
//!
//! A folder is removed by removing its listed files, each through the open folder, and then the empty folder. So what is
//! not listed cannot be removed, whatever happens between the check and the removal.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fs::{File, Permissions},
    io::{self, Write},
    os::fd::AsRawFd,
    path::Path,
};

use rustix::{
    fs::{self as sys, AtFlags, CWD, RenameFlags},
    io::Errno,
};

use super::{
    dir::Dir,
    error::{StorageError, not_ours, shown_path},
    faults::{Lack, before_rename, lacks, step, sync_file},
    open::{LARGE, SMALL, folder_of},
    record::{Contents, Id, Record, Subject, first_line, is_temporary},
    refusals::may_create,
};
use crate::guard;

/// Way in which a new file gets its name.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// There must be nothing of that name. The file gets these permissions, or the usual ones.
    Free(Option<Permissions>),
    /// A file of that name is replaced; the new one gets these permissions.
    Over(Option<Permissions>),
}

/// Writes the contents of a file, which is empty and can be read, too.
/// It is called again if the first attempt to create the file fails.
pub(super) type Fill<'a> = dyn Fn(&File) -> io::Result<()> + 'a;

/// Writes and syncs a new file, and gives it its name in one step.
pub(super) fn put(dir: &Dir, name: &OsStr, contents: &Fill<'_>, place: &Place) -> io::Result<()> {
    // A file without a name leaves nothing after a crash; not every file system has such files.
    let unnamed = unnamed(dir).map(|file| NewFile { dir, file, temporary: None });
    if let Some(mut new) = unnamed {
        new.fill(contents, place)?;
        let named = match place {
            Place::Free(_) => new.give_name(name),
            Place::Over(_) => new.give_temporary_name(),
        };
        match named {
            Ok(()) if new.temporary.is_none() => return Ok(()),
            Ok(()) => return new.publish(name, place),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) => {}
        }
    }
    let temporary = Id::random().temporary();
    let file = dir.create_file(&temporary)?;
    let mut new = NewFile { dir, file, temporary: Some(temporary) };
    new.fill(contents, place)?;
    new.publish(name, place)
}

/// A file that this process has created. Without its final name it is removed at the end.
struct NewFile<'a> {
    dir: &'a Dir,
    file: File,
    temporary: Option<String>,
}

impl NewFile<'_> {
    fn fill(&mut self, contents: &Fill<'_>, place: &Place) -> io::Result<()> {
        if let Place::Over(Some(permissions)) | Place::Free(Some(permissions)) = place {
            self.file.set_permissions(permissions.clone())?;
        }
        step()?;
        contents(&self.file)?;
        sync_file(&self.file)
    }

    /// Gives a file without a name one that must be free.
    fn give_name(&self, name: &OsStr) -> io::Result<()> {
        step()?;
        let file = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        Ok(sys::linkat(CWD, file, self.dir, name, AtFlags::SYMLINK_FOLLOW)?)
    }

    fn give_temporary_name(&mut self) -> io::Result<()> {
        let temporary = Id::random().temporary();
        self.give_name(temporary.as_ref())?;
        self.temporary = Some(temporary);
        Ok(())
    }

    /// Renames the temporary file.
    fn publish(mut self, name: &OsStr, place: &Place) -> io::Result<()> {
        let Some(temporary) = self.temporary.clone() else { return Ok(()) };
        step()?;
        match place {
            Place::Over(_) => sys::renameat(self.dir, &temporary, self.dir, name)?,
            Place::Free(_) => match rename_with_flag(self.dir, OsStr::new(&temporary), self.dir, name) {
                // With a second name, the temporary one is removed at the end.
                Err(error) if lacks_flag(error) => {
                    return Ok(sys::linkat(self.dir, &temporary, self.dir, name, AtFlags::empty())?);
                }
                renamed => renamed?,
            },
        }
        self.temporary = None;
        Ok(())
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take()
            && self.dir.leads_to(&temporary, &self.file)
        {
            unlink(self.dir, OsStr::new(&temporary)).ok();
        }
    }
}

/// Creates a file without a name, if the file system can do that.
#[cfg(target_os = "linux")]
fn unnamed(dir: &Dir) -> Option<File> {
    if lacks(Lack::Unnamed) || step().is_err() {
        return None;
    }
    let flags = sys::OFlags::TMPFILE | sys::OFlags::RDWR | sys::OFlags::CLOEXEC;
    sys::openat(dir, ".", flags, super::dir::FILE_MODE).ok().map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Dir) -> Option<File> {
    None
}

/// Renames without replacing anything, in one step.
fn rename_with_flag(from: &Dir, name: &OsStr, to: &Dir, new: &OsStr) -> rustix::io::Result<()> {
    if lacks(Lack::RenameFlags) {
        return Err(Errno::INVAL);
    }
    sys::renameat_with(from, name, to, new, RenameFlags::NOREPLACE)
}

/// Whether an error says that the file system cannot rename without replacing.
fn lacks_flag(error: Errno) -> bool {
    matches!(error, Errno::INVAL | Errno::NOSYS | Errno::NOTSUP)
}

/// Renames a file or folder to a name that must be free.
pub(super) fn rename_to_free(from: &Dir, name: &OsStr, to: &Dir, new: &OsStr) -> io::Result<()> {
    match rename_with_flag(from, name, to, new) {
        // Between the look and the renaming, only what was made in this moment could be replaced.
        Err(error) if lacks_flag(error) && to.stat(new)?.is_none() => Ok(sys::renameat(from, name, to, new)?),
        Err(error) if lacks_flag(error) => Err(io::ErrorKind::AlreadyExists.into()),
        renamed => Ok(renamed?),
    }
}

fn unlink(dir: &Dir, name: &OsStr) -> io::Result<()> {
    step()?;
    Ok(sys::unlinkat(dir, name, AtFlags::empty())?)
}

/// An empty folder that this process has created.
#[derive(Debug)]
pub(in crate::project) struct MadeFolder {
    parent: Dir,
    name: OsString,
    dir: Dir,
}

impl MadeFolder {
    /// Creates a folder.
    ///
    /// # Errors
    /// There is something of its name (kind `AlreadyExists`), or the file system refuses.
    pub(in crate::project) fn make(path: &Path) -> Result<Self, StorageError> {
        let made = || {
            may_create(path)?;
            let parent = Dir::open_linked(folder_of(path))?;
            let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
            let dir = parent.create_folder(&name)?;
            parent.sync()?;
            Ok(Self { parent, name, dir })
        };
        made().map_err(|cause| StorageError::new("make the folder", path, cause))
    }

    /// Removes the folder if nothing is in it.
    ///
    /// # Errors
    /// It is not empty, another one has its name now, or the file system refuses.
    pub(in crate::project) fn remove_if_empty(&self) -> io::Result<()> {
        remove_empty(&self.parent, &self.name, &self.dir)?;
        self.parent.sync()
    }
}

/// A file whose contents show that this program wrote it.
#[derive(Debug)]
pub(in crate::project) struct OwnFile {
    dir: Dir,
    name: OsString,
    file: File,
    /// Contents of the file.
    pub(in crate::project) bytes: Vec<u8>,
}

impl OwnFile {
    /// Reads a file; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read, or it is not ours.
    pub(in crate::project) fn read(
        path: &Path,
        is_ours: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Option<Self>, StorageError> {
        let dir = match Dir::open(folder_of(path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            dir => dir.map_err(|cause| StorageError::new("read", path, cause))?,
        };
        let name = path.file_name().unwrap_or_default().to_owned();
        let file = dir.open_file(&name).map_err(|cause| StorageError::new("read", path, cause))?;
        let Some(file) = file else { return Ok(None) };
        let bytes = guard::read_all(&file, LARGE).map_err(|cause| StorageError::new("read", path, cause))?;
        if is_ours(&bytes) {
            return Ok(Some(Self { dir, name, file, bytes }));
        }
        let why =
            "it is not a file that tagli wrote, or it is damaged; it stays as it is: look at it and move it elsewhere";
        Err(StorageError::new("use", path, not_ours(why)))
    }

    /// Removes the file, and returns the contents of the removed one.
    /// That is the one that another process put in its place meanwhile, if there is one. `None` if another process took it.
    ///
    /// The file is renamed before it is removed, so that a file that comes later stays.
    ///
    /// # Errors
    /// The file in its place is not ours and stays, or the file system refuses.
    pub(in crate::project) fn take(self, is_ours: impl FnOnce(&[u8]) -> bool) -> Result<Option<Vec<u8>>, StorageError> {
        let path = self.dir.path().join(&self.name);
        self.try_take(is_ours).map_err(|cause| StorageError::new("take", &path, cause))
    }

    fn try_take(self, is_ours: impl FnOnce(&[u8]) -> bool) -> io::Result<Option<Vec<u8>>> {
        let Self { dir, name, file, bytes } = self;
        let temporary = Id::random().temporary();
        step()?;
        before_rename();
        match sys::renameat(&dir, &name, &dir, &temporary) {
            Err(Errno::NOENT) => return Ok(None),
            renamed => renamed?,
        }
        let taken = match dir.leads_to(&temporary, &file) {
            true => bytes,
            false => {
                let newer = dir.read(&temporary, SMALL).ok().flatten().filter(|newer| is_ours(newer));
                let Some(newer) = newer else {
                    rename_to_free(&dir, temporary.as_ref(), &dir, &name)?;
                    return Err(not_ours("another file has taken its name; it stays as it is"));
                };
                newer
            }
        };
        unlink(&dir, temporary.as_ref())?;
        dir.sync()?;
        Ok(Some(taken))
    }

    /// Removes the file, unless another one has its name now.
    /// The caller holds the lock that other processes need to replace it.
    ///
    /// # Errors
    /// The file system refuses.
    pub(in crate::project) fn remove(self) -> Result<(), StorageError> {
        if !self.dir.leads_to(&self.name, &self.file) {
            return Ok(());
        }
        let removed = unlink(&self.dir, &self.name).and_then(|()| self.dir.sync());
        removed.map_err(|cause| StorageError::new("remove", &self.dir.path().join(&self.name), cause))
    }
}

/// Starts a record, before the thing that it is about exists.
pub(in crate::project) fn begin_record(dir: &Dir, id: &Id, subject: &Subject, files: &[&str]) -> io::Result<Record> {
    let line = first_line(id, subject, files)?;
    put(dir, id.record().as_ref(), &|mut file| file.write_all(&line), &Place::Free(None))?;
    dir.sync()?;
    Record::read(dir, id)?.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Removes a record whose thing is gone.
pub(in crate::project) fn remove_record(dir: &Dir, record: &Record) -> io::Result<()> {
    let name = record.id.record();
    if dir.leads_to(&name, record.file()) { unlink(dir, name.as_ref()) } else { Ok(()) }
}

/// Files in a folder that are ours: those that the record of the folder lists.
#[derive(Debug)]
pub(in crate::project) struct Own {
    dir: Dir,
    names: BTreeSet<String>,
    /// The record.
    pub(in crate::project) record: Record,
}

impl Own {
    /// Files of the run in a folder, of which `names` are those that a run can have.
    ///
    /// The marker is the `id` in `config.json`. Without one, a record and nothing but files that it lists are a run
    /// that was just begun, or the rest of a removed one.
    ///
    /// # Errors
    /// It is not ours, or it cannot be read.
    pub(in crate::project) fn run(dir: Dir, config: &str, names: &[&str]) -> io::Result<Self> {
        #[derive(serde::Deserialize)]
        struct Marker {
            id: Id,
        }
        let record = match dir.read(config, SMALL)? {
            Some(bytes) => {
                let id = serde_json::from_slice::<Marker>(&bytes).ok().map(|marker| marker.id);
                id.map(|id| Record::read(&dir, &id)).transpose()?.flatten()
            }
            None => rest_of_run(&dir)?,
        };
        let record = record.filter(|record| matches!(record.subject, Subject::Run { .. }));
        let Some(record) = record else {
            return Err(not_ours(format!(
                "no record says that tagli made this run, so an earlier version did, or it was copied in part; it stays as it is: \
                 remove {} yourself, or choose another folder",
                shown_path(dir.path())
            )));
        };
        let names = names.iter().map(|name| (*name).to_owned());
        let names = names.filter(|name| record.files.contains_key(name)).collect();
        Ok(Self { dir, names, record })
    }

    /// The open folder.
    pub(in crate::project) fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Whether a regular file is one of ours, by its name.
    pub(in crate::project) fn has(&self, name: &OsStr) -> bool {
        let name = name.to_str().unwrap_or_default();
        let is_ours = self.names.contains(name) || name == self.record.id.record() || is_temporary(name);
        is_ours && self.dir.file_size(name).is_some()
    }

    /// Removes one of the files, if it exists.
    pub(in crate::project) fn remove(&self, name: &OsStr) -> io::Result<()> {
        if self.has(name) { unlink(&self.dir, name) } else { Ok(()) }
    }

    /// Moves a file of this run over the file of the same name of another run.
    pub(in crate::project) fn move_over(&self, name: &str, other: &Self) -> io::Result<()> {
        if !self.has(name.as_ref()) || !other.names.contains(name) {
            return Ok(());
        }
        step()?;
        Ok(sys::renameat(&self.dir, name, &other.dir, name)?)
    }

    /// Removes the folder itself, which must be empty.
    pub(in crate::project) fn remove_folder(self, parent: &Dir, name: &OsStr) -> io::Result<()> {
        let made = matches!(self.record.subject, Subject::Run { made: true, .. });
        if made { remove_empty(parent, name, &self.dir) } else { Ok(()) }
    }
}

/// The record of a folder that contains nothing else than files that it lists and temporary files.
fn rest_of_run(dir: &Dir) -> io::Result<Option<Record>> {
    let (names, mut records) = (dir.names()?, Record::all(dir)?);
    let record = records.pop().filter(|_| records.is_empty());
    Ok(record.filter(|record| {
        let is_listed =
            |name: &str| record.files.contains_key(name) || name == record.id.record() || is_temporary(name);
        check_only(dir, &names, is_listed).is_ok()
    }))
}

/// Removes the folder of a run that a record beside it announced, and in which at most a temporary file was begun.
pub(in crate::project) fn remove_announced(parent: &Dir, name: &str, dir: &Dir, record: &Record) -> io::Result<()> {
    if !matches!(record.subject, Subject::Run { replaces: Some(_), .. }) {
        return Err(not_ours(format!("no record announced {}; it stays as it is", shown_path(dir.path()))));
    }
    for name in dir.names()? {
        if is_temporary(name.to_str().unwrap_or_default()) && dir.file_size(&name).is_some() {
            unlink(dir, &name)?;
        }
    }
    remove_empty(parent, name.as_ref(), dir)?;
    parent.sync()
}

/// Removes a folder that must be empty. Returns whether it was there.
pub(in crate::project) fn remove_empty_folder(parent: &Dir, name: &str) -> io::Result<bool> {
    let Some(dir) = parent.sub(name)? else { return Ok(false) };
    remove_empty(parent, name.as_ref(), &dir).and_then(|()| parent.sync()).map(|()| true)
}

fn remove_empty(parent: &Dir, name: &OsStr, dir: &Dir) -> io::Result<()> {
    if !parent.leads_to(name, dir) {
        return Err(moved());
    }
    step()?;
    Ok(sys::unlinkat(parent, name, AtFlags::REMOVEDIR)?)
}

fn moved() -> io::Error {
    not_ours("another folder has taken its name in the meantime; it stays as it is")
}

/// A folder of files that this program made.
#[derive(Debug)]
pub(super) struct OwnFolder {
    /// Its present name.
    name: String,
    dir: Dir,
    files: BTreeSet<String>,
    marker: Option<String>,
}

impl OwnFolder {
    /// Creates the folder of a record under its temporary name, with its marker.
    pub(super) fn make(parent: &Dir, record: &Record) -> io::Result<Self> {
        let name = record.id.temporary();
        let dir = parent.create_folder(&name)?;
        let mut folder = Self { name, dir, files: BTreeSet::new(), marker: None };
        folder.mark(record)?;
        Ok(folder)
    }

    /// Adds a file, which the record has announced.
    pub(super) fn create_file(&mut self, name: &str) -> io::Result<File> {
        self.files.insert(name.to_owned());
        self.dir.create_file(name)
    }

    /// The folder of this name, if it has the marker of the record, and only files that the record lists.
    ///
    /// An empty folder with the temporary name of the record counts, too: it was made a moment before the crash.
    pub(super) fn marked(parent: &Dir, name: &str, record: &Record) -> io::Result<Option<Self>> {
        let Some(dir) = parent.sub(name)? else { return Ok(None) };
        let marker = record.id.marker();
        let names = dir.names()?;
        let is_marked = dir.file_size(&marker).is_some();
        if !is_marked && (!names.is_empty() || name != record.id.temporary()) {
            return Ok(None);
        }
        let files: BTreeSet<String> = record.files.keys().cloned().collect();
        check_only(&dir, &names, |name| name == marker || files.contains(name))?;
        Ok(Some(Self { name: name.to_owned(), dir, files, marker: is_marked.then_some(marker) }))
    }

    /// The folder of this name, if it has only files as the record lists them, and `whole` none is missing.
    pub(super) fn listed(parent: &Dir, name: &str, record: &Record, whole: bool) -> io::Result<Option<Self>> {
        let Some(dir) = parent.sub(name)? else { return Ok(None) };
        let names = dir.names()?;
        check_only(&dir, &names, |name| {
            let there = Contents::read(&dir, name).ok().flatten();
            there.is_some() && there == record.files.get(name).copied()
        })?;
        if whole && names.len() != record.files.len() {
            return Err(not_ours(format!("{} lacks files that tagli wrote", shown_path(dir.path()))));
        }
        Ok(Some(Self { name: name.to_owned(), dir, files: record.files.keys().cloned().collect(), marker: None }))
    }

    /// Puts the marker of a record into the folder.
    pub(super) fn mark(&mut self, record: &Record) -> io::Result<()> {
        let marker = record.id.marker();
        if self.marker.is_none() {
            self.dir.create_file(&marker)?;
            self.dir.sync()?;
            self.marker = Some(marker);
        }
        Ok(())
    }

    /// Removes the marker of a record from a folder that a user may have changed.
    /// Returns whether it was there.
    pub(super) fn unmark_changed(parent: &Dir, name: &str, record: &Record) -> io::Result<bool> {
        let Some(dir) = parent.sub(name)? else { return Ok(false) };
        let marker = record.id.marker();
        if dir.file_size(&marker) != Some(0) {
            return Ok(false);
        }
        unlink(&dir, marker.as_ref())?;
        dir.sync()?;
        Ok(true)
    }

    /// Whether the folder of this name has the marker of a record.
    /// Whatever else is in it does not matter.
    pub(super) fn has_marker(parent: &Dir, name: &str, record: &Record) -> bool {
        let dir = parent.sub(name).ok().flatten();
        dir.is_some_and(|dir| dir.file_size(record.id.marker()) == Some(0))
    }

    /// Removes the marker.
    pub(super) fn unmark(&mut self) -> io::Result<()> {
        match self.marker.take() {
            Some(marker) => unlink(&self.dir, marker.as_ref()).and_then(|()| self.dir.sync()),
            None => Ok(()),
        }
    }

    /// Makes its names durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.dir.sync()
    }

    /// Renames the folder, also into another one; there must be nothing of the new name.
    pub(super) fn rename(&mut self, from: &Dir, to: &Dir, name: &str) -> io::Result<()> {
        self.check_name(from)?;
        step()?;
        before_rename();
        rename_to_free(from, self.name.as_ref(), to, name.as_ref())?;
        if !to.leads_to(name, &self.dir) {
            // Another folder was put in its place between the check and the renaming.
            rename_to_free(to, name.as_ref(), from, self.name.as_ref())?;
            return Err(moved());
        }
        name.clone_into(&mut self.name);
        Ok(())
    }

    /// Exchanges the names of two folders in one step; false where the file system cannot do that.
    pub(super) fn exchange(&mut self, parent: &Dir, other: &mut Self) -> io::Result<bool> {
        self.check_name(parent)?;
        other.check_name(parent)?;
        step()?;
        if lacks(Lack::RenameFlags)
            || sys::renameat_with(parent, &self.name, parent, &other.name, RenameFlags::EXCHANGE).is_err()
        {
            return Ok(false);
        }
        std::mem::swap(&mut self.name, &mut other.name);
        if self.check_name(parent).and_then(|()| other.check_name(parent)).is_err() {
            sys::renameat_with(parent, &self.name, parent, &other.name, RenameFlags::EXCHANGE)?;
            return Err(moved());
        }
        Ok(true)
    }

    /// Removes the listed files, the marker last, and then the empty folder. That is durable when this returns: after a
    /// power cut the record, which is removed next, must not be gone before the folder.
    pub(super) fn remove(mut self, parent: &Dir) -> io::Result<()> {
        for name in self.dir.names()? {
            if self.files.contains(name.to_str().unwrap_or_default()) {
                unlink(&self.dir, &name)?;
            }
        }
        self.unmark()?;
        remove_empty(parent, self.name.as_ref(), &self.dir)?;
        parent.sync()
    }

    fn check_name(&self, parent: &Dir) -> io::Result<()> {
        if parent.leads_to(&self.name, &self.dir) { Ok(()) } else { Err(moved()) }
    }
}

/// Refuses a folder with anything but regular files of these names.
fn check_only(dir: &Dir, names: &[OsString], is_ours: impl Fn(&str) -> bool) -> io::Result<()> {
    let foreign = names.iter().find(|name| {
        let name = name.to_str().unwrap_or_default();
        dir.file_size(name).is_none() || !is_ours(name)
    });
    match foreign {
        None => Ok(()),
        Some(name) => Err(not_ours(format!(
            "tagli did not write {} like this; it stays as it is: move it elsewhere",
            shown_path(&dir.path().join(name))
        ))),
    }
}
