//! Opening files without following links, and making names durable.

use std::{
    fs::{File, OpenOptions},
    io::{self, Seek, Write},
    path::Path,
};

use super::{
    error::StorageError,
    faults::sync_file,
    refusals::{may_create, may_write},
};
use crate::guard::{self, Links};

/// Largest file that is read at once, in bytes. Documents or a journal of this size could not be worked on.
const MOST_BYTES: u64 = 4 << 30;

/// Options that do not follow links and do not wait for pipes.
pub(super) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

pub(super) fn open_plain(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(guard::not_regular()) }
}

/// Opens a regular file for reading.
///
/// # Errors
/// It does not exist, is not a regular file, or cannot be read.
pub fn open(path: &Path) -> Result<File, StorageError> {
    guard::open(path, Links::Refuse).map_err(|cause| StorageError::new("read", path, cause))
}

/// Reads all bytes of a regular file of at most 4 GiB.
///
/// # Errors
/// It does not exist, is not a regular file or is larger, or cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, StorageError> {
    guard::read(path, Links::Refuse, MOST_BYTES).map_err(|cause| StorageError::new("read", path, cause))
}

/// Reads all bytes of a regular file; `None` if it does not exist.
///
/// # Errors
/// It exists and cannot be read.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StorageError> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a lock file, and creates it if needed. Its contents are kept.
pub(in crate::project) fn open_lock(path: &Path) -> Result<File, StorageError> {
    may_create(path)
        .and_then(|()| open_plain(options().read(true).write(true).create(true).truncate(false), path))
        .map_err(|cause| StorageError::new("make the lock", path, cause))
}

/// Replaces the contents of a lock file, which only inform people.
pub(in crate::project) fn write_lock(mut file: &File, path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let emptied = file.set_len(0).and_then(|()| file.rewind());
    let written = emptied.and_then(|()| may_write(path)).and_then(|()| file.write_all(bytes));
    written.map_err(|cause| StorageError::new("write the lock", path, cause))
}

/// Folder that contains a path.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes renames and new names in a folder durable. File systems without this call have guarantees of their own.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    use io::ErrorKind as Kind;
    match File::open(folder).and_then(|folder| sync_file(&folder)) {
        // A folder may be writable and not readable; then it cannot be synced either.
        Err(error) if matches!(error.kind(), Kind::InvalidInput | Kind::Unsupported | Kind::PermissionDenied) => Ok(()),
        result => result,
    }
}
