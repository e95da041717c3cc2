//! Copies of files that are kept beside them before they are changed.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, Write},
    path::{Path, PathBuf},
};

use super::{buffered, error::StorageError, open::LARGE, own::Place, write};
use crate::guard::{self, Links};

/// Most copies of one file that are kept beside each other.
const MOST_COPIES: usize = 100;

/// Copies a file to the first free name of `NAME.SUFFIX`, `NAME.SUFFIX-2` and so on, and returns the path of the copy.
///
/// The copy has the permissions of the file, and is durable when this returns. A copy with the same bytes counts as this
/// one, so that an attempt that is made again leaves no second copy.
///
/// # Errors
/// There are too many copies (kind `AlreadyExists`), or the file system refuses.
pub(in crate::project) fn keep_copy(path: &Path, suffix: &str) -> Result<PathBuf, StorageError> {
    let mut number = 1;
    loop {
        let copy = name_of_copy(path, suffix, number);
        match copy_to_new(path, &copy) {
            Ok(()) => return Ok(copy),
            Err(error) if error.cause.kind() != io::ErrorKind::AlreadyExists || number == MOST_COPIES => {
                return Err(error);
            }
            Err(_) if have_same_bytes(path, &copy).unwrap_or(false) => return Ok(copy),
            Err(_) => number += 1,
        }
    }
}

fn name_of_copy(path: &Path, suffix: &str, number: usize) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{suffix}"));
    if number > 1 {
        name.push(format!("-{number}"));
    }
    name.into()
}

/// Copies a regular file, which need not fit into memory.
fn copy_to_new(from: &Path, to: &Path) -> Result<(), StorageError> {
    let unread = |cause| StorageError::new("read", from, cause);
    let source = guard::open(from, Links::Refuse).map_err(unread)?;
    let metadata = source.metadata().map_err(unread)?;
    guard::check_size(metadata.len(), LARGE).map_err(unread)?;
    // It may be called twice.
    let copy = |file: &mut dyn Write| {
        let mut source: &File = &source;
        source.rewind()?;
        io::copy(&mut source.take(LARGE), file).map(drop)
    };
    write(to, &|file| buffered(file, &copy), |_, _| Ok(Place::Free(Some(metadata.permissions()))))
}

/// Whether two regular files have the same bytes.
fn have_same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let mut one = BufReader::new(guard::open(one, Links::Refuse)?);
    let mut other = BufReader::new(guard::open(other, Links::Refuse)?);
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let length = left.len().min(right.len());
        if length == 0 || left.get(..length) != right.get(..length) {
            return Ok(left.is_empty() && right.is_empty());
        }
        one.consume(length);
        other.consume(length);
    }
}

/// Checks that `needed` bytes can be written into a folder, as far as the system tells.
///
/// # Errors
/// There is no room for them; nothing was written.
pub(in crate::project) fn check_room(folder: &Path, needed: u64) -> Result<(), StorageError> {
    match room(folder) {
        Some([free, _]) if free < needed => {
            Err(StorageError::new("keep copies in", folder, io::ErrorKind::StorageFull.into()))
        }
        _ => Ok(()),
    }
}

/// Free bytes and size in bytes of the file system of a folder. `None` where it does not count its blocks.
pub(in crate::project) fn room(folder: &Path) -> Option<[u64; 2]> {
    let room = rustix::fs::statvfs(folder).ok().filter(|room| room.f_blocks > 0)?;
    Some([room.f_bavail, room.f_blocks].map(|blocks| blocks.saturating_mul(room.f_frsize)))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn a_copy_has_bytes_and_permissions_and_replaces_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let first = keep_copy(&path, "before").unwrap();
        assert_eq!(first, dir.path().join("f.before"));
        assert_eq!(keep_copy(&path, "before").unwrap(), first, "the same bytes are copied once");
        fs::write(&path, "two").unwrap();
        let second = keep_copy(&path, "before").unwrap();
        assert_eq!(second, dir.path().join("f.before-2"));
        assert_eq!((fs::read(&first).unwrap(), fs::read(&second).unwrap()), (b"one".to_vec(), b"two".to_vec()));
        assert_eq!(fs::metadata(&second).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_link_is_not_copied_and_a_link_in_place_of_a_copy_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let [path, link, secret] = ["f", "link", "secret"].map(|name| dir.path().join(name));
        fs::write(&path, "one").unwrap();
        fs::write(&secret, "one").unwrap();
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        assert!(keep_copy(&link, "before").is_err());
        std::os::unix::fs::symlink(&secret, dir.path().join("f.before")).unwrap();
        assert_eq!(keep_copy(&path, "before").unwrap(), dir.path().join("f.before-2"));
    }

    #[test]
    fn copies_are_refused_without_room() {
        let dir = tempfile::tempdir().unwrap();
        check_room(dir.path(), 1).unwrap();
        let error = check_room(dir.path(), u64::MAX).unwrap_err();
        assert!(error.is_full() && error.to_string().contains("cannot keep copies in"), "{error}");
    }
}
