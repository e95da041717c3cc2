//! Errors of files and folders. Each message names the operation, the path, the cause and a remedy.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{guard, project::file_names};

/// An operation on a file or folder failed. The message names the operation, the path, the cause and a remedy.
#[derive(Debug)]
pub struct StorageError {
    /// The operation as a verb: `write`, `read`, `make`.
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// Error of the operating system.
    pub cause: io::Error,
}

impl StorageError {
    pub(in crate::project) fn new(action: &'static str, path: &Path, cause: io::Error) -> Self {
        Self { action, path: path.to_owned(), cause }
    }

    /// Whether the file or folder was left alone because this program did not make it.
    pub fn is_not_ours(&self) -> bool {
        is_not_ours(&self.cause)
    }

    /// Whether the cause is that there is no space left.
    pub fn is_full(&self) -> bool {
        matches!(self.cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }

    /// Whether the cause is that the file or folder does not exist.
    pub fn is_absent(&self) -> bool {
        matches!(self.cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use io::ErrorKind as Kind;
        write!(f, "cannot {} {}: ", self.action, shown_path(&self.path))?;
        match self.cause.kind() {
            Kind::StorageFull => {
                f.write_str("the disk is full; free some space and try again, everything saved before is safe")
            }
            Kind::QuotaExceeded => f.write_str(
                "your disk quota is used up; free some space and try again, everything saved before is safe",
            ),
            Kind::ReadOnlyFilesystem => {
                f.write_str("the disk is mounted read-only; copy the folder to a writable place")
            }
            Kind::PermissionDenied => {
                f.write_str("permission denied; look at the owner and the permissions with ls -ld")
            }
            Kind::NotFound => f.write_str("there is no such file or folder"),
            _ if is_link(&self.cause) => f.write_str(guard::IS_LINK),
            _ => write!(f, "{}", self.cause),
        }
    }
}

impl std::error::Error for StorageError {}

impl From<StorageError> for io::Error {
    fn from(error: StorageError) -> Self {
        Self::new(error.cause.kind(), error.to_string())
    }
}

/// Path on one line, safe to show.
pub fn shown_path(path: &Path) -> String {
    file_names::one_line(&path.to_string_lossy())
}

#[cfg(unix)]
fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

#[cfg(not(unix))]
fn is_link(_error: &io::Error) -> bool {
    false
}

/// The reason why this program does not take a thing for its own. Nothing was removed or renamed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NotOurs(String);

/// The error that something is left alone because this program did not make it.
pub(in crate::project) fn not_ours(why: impl Into<String>) -> io::Error {
    io::Error::other(NotOurs(why.into()))
}

/// Whether an error was made by [`not_ours`].
pub(in crate::project) fn is_not_ours(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|error| error.is::<NotOurs>())
}
