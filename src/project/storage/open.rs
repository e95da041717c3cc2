//! Opening files without following links, and making names durable.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, Write},
    os::unix::fs::MetadataExt,
    path::Path,
};

use rustix::fs::OFlags;

use super::{
    dir::Dir,
    error::StorageError,
    refusals::{may_create, may_write},
};
use crate::guard::{self, Links};

/// Largest file of documents, annotations or weights that is read at once, in bytes.
/// A larger one could not be worked on.
pub const LARGE: u64 = 4 << 30;
/// Largest file of any other kind that is read at once, in bytes.
/// Such are records, settings, states and commands.
pub const SMALL: u64 = 64 << 20;
/// Bytes that are read at once of a file that is read in blocks.
const READ_AT_ONCE: u64 = 4 << 20;

/// Opens a regular file for reading, in a folder that must not be a link.
///
/// # Errors
/// It does not exist, is not a regular file, or cannot be read.
pub fn open(path: &Path) -> Result<File, StorageError> {
    let opened = Dir::open(folder_of(path)).and_then(|dir| dir.open_file(path.file_name().unwrap_or_default()));
    let file = opened.and_then(|file| file.ok_or_else(|| io::ErrorKind::NotFound.into()));
    file.map_err(|cause| StorageError::new("read", path, cause))
}

/// Reads all bytes of a regular file of at most `limit` bytes.
///
/// # Errors
/// It does not exist, is not a regular file or is larger, or cannot be read.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, StorageError> {
    guard::read(path, Links::Refuse, limit).map_err(|cause| StorageError::new("read", path, cause))
}

/// As [`read`]; `None` if the file does not exist.
///
/// # Errors
/// It exists and cannot be read.
pub fn read_if_there(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StorageError> {
    absent(read(path, limit))
}

/// Reads a regular file of at most `limit` bytes line by line.
/// Each line has its line feed. There is none if the file does not exist.
///
/// # Errors
/// It exists and is not a regular file or is larger, or cannot be read.
pub fn read_lines(path: &Path, limit: u64, mut each: impl FnMut(&[u8])) -> Result<(), StorageError> {
    read_blocks(path, limit, |block| {
        block.split_inclusive(|byte| *byte == b'\n').for_each(&mut each);
        Ok(())
    })
}

/// Reads a regular file of at most `limit` bytes in blocks of whole lines, none of them empty.
/// There is none if the file does not exist.
///
/// # Errors
/// It exists and is not a regular file or is larger, or cannot be read; or an error of `each`, which ends the reading.
pub fn read_blocks(path: &Path, limit: u64, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> Result<(), StorageError> {
    let mut read = || {
        let file = guard::open(path, Links::Refuse)?;
        guard::check_size(file.metadata()?.len(), limit)?;
        // The file may grow meanwhile.
        let mut file = file.take(limit);
        let mut block = Vec::new();
        loop {
            let begun = block.len();
            if file.by_ref().take(READ_AT_ONCE).read_to_end(&mut block)? == 0 {
                break;
            }
            // The line that was begun has no end before.
            let Some(end) = memchr::memrchr(b'\n', block.get(begun..).unwrap_or_default()) else { continue };
            each(block.get(..=begun + end).unwrap_or_default())?;
            block.drain(..=begun + end);
        }
        if block.is_empty() { Ok(()) } else { each(&block) }
    };
    absent(read().map_err(|cause| StorageError::new("read", path, cause))).map(drop)
}

/// Creates a file without a name in a folder, which ends with its last handle, also after a crash.
/// Only the user can read it. `None` if the system or the file system has no such files.
pub fn unnamed_file(folder: &Path) -> Option<File> {
    #[cfg(target_os = "linux")]
    let file = {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        rustix::fs::open(folder, flags, rustix::fs::Mode::from_raw_mode(0o600)).ok().map(File::from)
    };
    #[cfg(not(target_os = "linux"))]
    let file = {
        let _ = folder;
        None
    };
    file
}

/// Identity and time of the last change of a file, by which a change is noticed without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileState {
    device: u64,
    number: u64,
    length: u64,
    /// Seconds and nanoseconds of the last changes of contents and of the entry.
    times: [i64; 4],
}

impl FileState {
    /// Smallest file whose times are relied on, in bytes. The time of a change is exact to some milliseconds, and a smaller
    /// file could be read and changed again within them. Some file systems count in seconds: so each change of a file checks
    /// what it was computed from.
    const RELIABLE: u64 = 16 << 20;

    /// State of a file; `None` if there is none.
    pub fn of(path: &Path) -> Option<Self> {
        fs::symlink_metadata(path).ok().map(|file| Self::of_metadata(&file))
    }

    /// State that the system has reported.
    pub fn of_metadata(file: &fs::Metadata) -> Self {
        let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
        Self { device: file.dev(), number: file.ino(), length: file.len(), times }
    }

    /// Bytes of the file.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether the file that had this state has the same contents if it has this state again.
    pub fn is_reliable(&self) -> bool {
        self.length >= Self::RELIABLE
    }
}

/// As [`read_if_there`], in a folder that must not be a link.
///
/// # Errors
/// It exists and cannot be read, or its folder is a link.
pub(in crate::project) fn read_below(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StorageError> {
    let read = open(path)
        .and_then(|file| guard::read_all(&file, limit).map_err(|cause| StorageError::new("read", path, cause)));
    absent(read)
}

fn absent<T>(read: Result<T, StorageError>) -> Result<Option<T>, StorageError> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a lock file, and creates it if needed.
/// Its contents are kept. Its folder may be a link if `folder` follows links.
pub(in crate::project) fn open_lock(path: &Path, folder: Links) -> Result<File, StorageError> {
    let dir = match folder {
        Links::Refuse => Dir::open(folder_of(path)),
        Links::Follow => Dir::open_linked(folder_of(path)),
    };
    let name = path.file_name().unwrap_or_default();
    may_create(path)
        .and(dir)
        .and_then(|dir| guard::open_at(dir, name, OFlags::RDWR | OFlags::CREATE, Links::Refuse))
        .map_err(|cause| StorageError::new("make the lock", path, cause))
}

/// Replaces the contents of a lock file, which only inform people.
pub(in crate::project) fn write_lock(mut file: &File, path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let emptied = file.set_len(0).and_then(|()| file.rewind());
    let written = emptied.and_then(|()| may_write(path)).and_then(|()| file.write_all(bytes));
    written.map_err(|cause| StorageError::new("write the lock", path, cause))
}

/// Folder that contains a path.
pub(in crate::project) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes renames and new names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    Dir::open_linked(folder)?.sync()
}
