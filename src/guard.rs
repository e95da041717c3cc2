//! Floor 0: protection from what this program does not control: files of any kind and size, and code that may panic.
//!
//! Everything that reads a project, a model folder or a file of the user's data folder opens it here.

use std::{
    any::Any,
    fs::File,
    io::{self, Read},
    os::fd::AsFd,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
    path::Arg,
};

use crate::text::number::bytes;

/// Treatment of a symbolic link in place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// The link is refused, because it may come from another person and lead to any file of the user.
    Refuse,
    /// The link is followed, because the user named the file.
    Follow,
}

/// Cause of a refused link, with the remedy.
pub const IS_LINK: &str = "it is a symbolic link, and tagli does not follow links; put a real file there";

/// Opens a regular file for reading. Never waits: a pipe, a device or a folder is an error.
///
/// # Errors
/// It does not exist, is not a regular file, is a refused link, or cannot be read.
pub fn open(path: &Path, links: Links) -> io::Result<File> {
    open_at(CWD, path, OFlags::RDONLY, links)
}

/// Opens a regular file of an open folder. Never waits.
///
/// The only function of the program that opens files of a project. `access` says for what, and whether the file is
/// created; the umask reduces the permissions of a new one.
///
/// # Errors
/// As [`open`].
pub fn open_at(folder: impl AsFd, path: impl Arg, access: OFlags, links: Links) -> io::Result<File> {
    // Without `NONBLOCK`, opening a pipe would wait for its other end.
    let plain = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let flags = if links == Links::Refuse { plain | OFlags::NOFOLLOW } else { plain };
    let file: File = match openat(folder, path, flags, Mode::from_raw_mode(0o666)) {
        Err(Errno::LOOP) => return Err(io::Error::other(IS_LINK)),
        opened => opened?.into(),
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

/// Error for a path that is not a regular file.
pub fn not_regular() -> io::Error {
    io::Error::other("it is not a regular file")
}

/// Reads a regular file of at most `limit` bytes. Never waits.
///
/// # Errors
/// As [`open`], and for a larger file.
pub fn read(path: &Path, links: Links, limit: u64) -> io::Result<Vec<u8>> {
    read_all(&open(path, links)?, limit)
}

/// Reads an open regular file of at most `limit` bytes, from its beginning.
///
/// # Errors
/// It is larger, or cannot be read.
pub fn read_all(file: &File, limit: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    check_size(length, limit)?;
    let mut content = Vec::new();
    content.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))?;
    // The file may grow meanwhile.
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    check_size(content.len() as u64, limit)?;
    Ok(content)
}

/// Refuses a file of more than `limit` bytes.
///
/// # Errors
/// `length` is larger; the error names both.
pub fn check_size(length: u64, limit: u64) -> io::Result<()> {
    if length <= limit {
        return Ok(());
    }
    let text = match (bytes(length), bytes(limit)) {
        // Rounded, both are the same.
        (has, most) if has == most => format!("it has {length} bytes, and at most {limit} bytes can be read"),
        (has, most) => format!("it has {has}, and at most {most} can be read"),
    };
    Err(io::Error::new(io::ErrorKind::FileTooLarge, text))
}

/// A panic that was caught, with its message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a defect of this program: {0}; please report it")]
pub struct Panicked(pub String);

/// Calls `work` and converts a panic into an error. The caller must not rely on values that `work` was changing.
///
/// # Errors
/// `work` panicked.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| Panicked(message_of(panic.as_ref())))
}

/// Returns the message of a panic.
pub fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    #[test]
    fn a_file_is_read_up_to_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, Links::Refuse, 5).unwrap(), b"12345");
        let error = read(&path, Links::Refuse, 4).unwrap_err();
        assert_eq!(error.to_string(), "it has 5 bytes, and at most 4 bytes can be read");
        // A sparse file takes no memory before it is refused.
        File::options().write(true).open(&path).unwrap().set_len(8 << 30).unwrap();
        assert_eq!(read(&path, Links::Follow, 1 << 30).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[test]
    fn pipes_devices_and_folders_are_refused_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [pipe.as_path(), Path::new("/dev/zero"), dir.path()] {
            let error = read(path, Links::Follow, 10).unwrap_err();
            assert_eq!(error.to_string(), "it is not a regular file", "{}", path.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_only_where_that_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        fs::write(dir.path().join("f"), "x").unwrap();
        std::os::unix::fs::symlink("f", &link).unwrap();
        assert_eq!(read(&link, Links::Refuse, 10).unwrap_err().to_string(), IS_LINK);
        assert_eq!(read(&link, Links::Follow, 10).unwrap(), b"x");
    }

    #[test]
    fn a_panic_becomes_an_error_with_its_message() {
        assert_eq!(catch(|| 1), Ok(1));
        assert_eq!(catch(|| panic!("word {}", 7)), Err::<(), _>(Panicked("word 7".to_owned())));
        assert_eq!(catch(|| std::panic::panic_any(7)), Err::<(), _>(Panicked("a panic without words".to_owned())));
    }
}
