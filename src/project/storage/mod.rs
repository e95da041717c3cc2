//! The only module that writes, renames and removes files of the user: atomic replacement, durable appending, folders that
//! appear whole. (`ARCHITECTURE.md` names the two exceptions, the program's log and the cache of the hub.)
//!
//! `FORMAT.md` lists the guarantees and the assumptions about the file system. In short: when a function returns `Ok`,
//! the bytes survive a power cut; when it returns an error, the previous contents are still there. Symbolic links and
//! special files inside a project are never followed or opened, so that a project from a stranger cannot reach files
//! outside its folder. Nothing is removed or renamed without a proof that this program made it; see `own.rs`.

use std::{
    fs::{self, File, Permissions},
    io::{self, BufWriter, Write as _},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use rustix::{
    fs::{Access, AtFlags, CWD, FileType},
    io::Errno,
};

mod append;
mod copies;
mod dir;
mod error;
mod faults;
mod new_folder;
mod open;
mod own;
#[cfg(test)]
mod power_cut;
mod record;
mod recover;
pub(crate) mod refusals;
mod swap;
mod tree;

pub(in crate::project) use append::check_appendable;
pub use append::{Appender, FoundFile};
pub use error::{StorageError, shown_path};
pub use open::{FileState, LARGE, SMALL, open, read, read_blocks, read_if_there, read_lines, unnamed_file};

pub(in crate::project) use copies::{check_room, keep_copy, room};
pub(in crate::project) use dir::Dir;
pub(in crate::project) use error::{is_not_ours, not_ours};
#[cfg(test)]
pub(in crate::project) use faults::{Crash, Fault, interrupt_rename, with_plain_file_system};
pub(in crate::project) use new_folder::{NewFolder, Published};
pub(in crate::project) use open::{folder_of, open_lock, read_below, write_lock};
pub(in crate::project) use own::{
    MadeFolder, Own, OwnFile, begin_record, remove_announced, remove_empty_folder, remove_record,
};
#[cfg(test)]
pub(in crate::project) use power_cut::{Recorder, folder_in_memory};
pub(in crate::project) use record::{Id, Record, Stage, Subject, is_temporary};
pub(in crate::project) use recover::{Leftover, leftover, recover};
pub(in crate::project) use swap::replace_known;
pub(in crate::project) use tree::NewTree;

use self::{
    open::sync_folder,
    own::Place,
    refusals::{may_create, may_write},
};
use crate::guard;

/// Bytes that are written at once.
const WRITTEN_AT_ONCE: usize = 1 << 20;

/// Replaces a file atomically: writes and syncs a new one, gives it the name, and syncs the folder.
///
/// Keeps the permissions of an existing file.
///
/// # Errors
/// The file system refuses, or the existing file is a link, not a regular file, or read-only; then it is unchanged. (If
/// only the last step fails, the sync of the folder, the new file is there, and a power cut may bring the old one back.)
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    replace_with(path, &|file| file.write_all(bytes))
}

/// As [`replace`], but only the user can read the new file, whoever could read the old one.
///
/// # Errors
/// As [`replace`].
pub fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    write(path, &|mut file| file.write_all(bytes), |dir, name| {
        replaced_permissions(dir, name)?;
        Ok(Place::Over(Some(Permissions::from_mode(0o600))))
    })
}

/// As [`replace`], with contents that are not in memory as a whole.
/// `contents` may be called twice.
///
/// # Errors
/// As [`replace`], and those of `contents`.
pub fn replace_with(path: &Path, contents: &dyn Fn(&mut dyn io::Write) -> io::Result<()>) -> Result<(), StorageError> {
    replace_file(path, &|file| buffered(file, contents))
}

/// Writes contents to a file in large blocks.
fn buffered(file: &File, contents: &dyn Fn(&mut dyn io::Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(WRITTEN_AT_ONCE, file);
    contents(&mut file)?;
    file.flush()
}

/// As [`replace_with`], with a file that `contents` can also read before it gets its name.
///
/// # Errors
/// As [`replace_with`].
pub fn replace_file(path: &Path, contents: &dyn Fn(&File) -> io::Result<()>) -> Result<(), StorageError> {
    write(path, contents, |dir, name| Ok(Place::Over(replaced_permissions(dir, name)?)))
}

/// Like [`replace`], but never replaces an existing file.
///
/// # Errors
/// There is one (kind `AlreadyExists`), or the file system refuses.
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    create_new_file(path, &|mut file| file.write_all(bytes))
}

/// As [`replace_file`], but never replaces an existing file.
///
/// # Errors
/// There is one (kind `AlreadyExists`), or as [`replace_file`].
pub fn create_new_file(path: &Path, contents: &dyn Fn(&File) -> io::Result<()>) -> Result<(), StorageError> {
    write(path, contents, |_, _| Ok(Place::Free(None)))
}

fn write(
    path: &Path,
    contents: &own::Fill<'_>,
    place: impl FnOnce(&Dir, &std::ffi::OsStr) -> io::Result<Place>,
) -> Result<(), StorageError> {
    let written = || {
        may_write(path)?;
        let dir = Dir::open_linked(folder_of(path))?;
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let place = place(&dir, name)?;
        own::put(&dir, name, contents, &place)?;
        dir.sync()
    };
    written().map_err(|cause| StorageError::new("write", path, cause))
}

/// Permissions of a file that is replaced; `None` if there is none.
fn replaced_permissions(dir: &Dir, name: &std::ffi::OsStr) -> io::Result<Option<Permissions>> {
    let Some(existing) = dir.stat(name)? else { return Ok(None) };
    #[allow(clippy::useless_conversion, reason = "macOS has 16 bits here")]
    let permissions = Permissions::from_mode(u32::from(existing.st_mode) & 0o7777);
    match FileType::from_raw_mode(existing.st_mode) {
        FileType::RegularFile if permissions.readonly() => Err(io::ErrorKind::PermissionDenied.into()),
        FileType::RegularFile => Ok(Some(permissions)),
        _ => Err(guard::not_regular()),
    }
}

/// Checks that a file may be replaced or created, as far as its permissions and those of its folder say. Writes nothing.
///
/// # Errors
/// The file is a link, not a regular file or read-only, or its folder may not be written.
pub(in crate::project) fn check_replaceable(path: &Path) -> Result<(), StorageError> {
    check_permissions(path).map_err(|cause| StorageError::new("write", path, cause))?;
    check_writable(folder_of(path))
}

fn check_permissions(path: &Path) -> io::Result<()> {
    may_write(path)?;
    let dir = Dir::open_linked(folder_of(path))?;
    replaced_permissions(&dir, path.file_name().ok_or(io::ErrorKind::InvalidInput)?).map(drop)
}

/// Checks that names in a folder may be changed, as far as its permissions say. Writes nothing.
///
/// # Errors
/// They may not.
pub(in crate::project) fn check_writable(folder: &Path) -> Result<(), StorageError> {
    let wanted = Access::WRITE_OK | Access::EXEC_OK;
    match rustix::fs::accessat(CWD, folder, wanted, AtFlags::EACCESS) {
        // The system cannot say.
        Ok(()) | Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(()),
        Err(error) => Err(StorageError::new("change files in", folder, error.into())),
    }
}

/// Creates a folder and its parents durably. Does nothing if it exists.
///
/// # Errors
/// The file system refuses, or the name belongs to something else.
pub fn make_folder(path: &Path) -> Result<(), StorageError> {
    let existing = path.ancestors().find(|folder| folder.is_dir());
    let mut created = path.ancestors().take_while(|folder| Some(*folder) != existing);
    let made = faults::step()
        .and_then(|()| if existing == Some(path) { Ok(()) } else { may_create(path) })
        .and_then(|()| fs::create_dir_all(path))
        .and_then(|()| created.try_for_each(|folder| sync_folder(folder_of(folder))));
    made.map_err(|cause| StorageError::new("make the folder", path, cause))
}

/// Creates a new folder.
///
/// # Errors
/// It exists (kind `AlreadyExists`), or the file system refuses.
pub fn make_new_folder(path: &Path) -> Result<(), StorageError> {
    MadeFolder::make(path).map(drop)
}

/// Size in bytes of all regular files below a folder, without links and unreadable files.
pub fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some(if metadata.is_dir() {
                size(&entry.path())
            } else if metadata.is_file() {
                metadata.len()
            } else {
                0
            })
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_is_whole_and_leaves_nothing_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path, SMALL).unwrap(), b"two");
        assert!(create_new(&path, b"three").is_err());
        assert_eq!(read(&path, SMALL).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn rights_are_kept_and_respected() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        replace(&path, b"one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        replace_private(&path, b"two").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
        assert!(replace_private(&path, b"three").is_err());
        assert!(replace(&path, b"three").unwrap_err().to_string().contains("permission denied"));
        assert_eq!(read(&path, SMALL).unwrap(), b"two");
    }

    #[test]
    fn links_inside_a_project_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (secret, link) = (dir.path().join("secret"), dir.path().join("link"));
        fs::write(&secret, "mine").unwrap();
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        assert!(read(&link, SMALL).unwrap_err().to_string().contains("symbolic link"));
        assert!(replace(&link, b"x").is_err());
        assert!(Appender::open(&link).is_err());
        assert_eq!(fs::read_to_string(&secret).unwrap(), "mine");
    }

    #[test]
    fn folders_are_made_with_those_above() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c");
        make_folder(&path).unwrap();
        make_folder(&path).unwrap();
        replace(&path.join("f"), b"12345").unwrap();
        assert_eq!(size(dir.path()), 5);
    }
}
