//! A file system that refuses to write, for tests: permissions do not bind every user, and no test fills a disk.

#[cfg(not(test))]
use std::{io, path::Path};

/// Whether a file or folder may be created, or opened for writing.
#[cfg(not(test))]
pub(super) fn may_create(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether bytes may be written.
#[cfg(not(test))]
pub(super) fn may_write(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub(crate) use injected::{Refused, refuse};
#[cfg(test)]
pub(super) use injected::{may_create, may_write};

#[cfg(test)]
mod injected {
    use std::{
        io,
        path::{Path, PathBuf},
        sync::{Mutex, MutexGuard, PoisonError},
    };

    /// Operations that are refused.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Refused {
        /// Bytes, as on most full disks, where an empty file can still be created.
        Bytes,
        /// Bytes and new or opened files, as on a read-only or completely full disk.
        Everything,
    }

    static REFUSALS: Mutex<Vec<(PathBuf, Refused, io::ErrorKind)>> = Mutex::new(Vec::new());

    fn refusals() -> MutexGuard<'static, Vec<(PathBuf, Refused, io::ErrorKind)>> {
        REFUSALS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A refusal, until it is dropped.
    #[derive(Debug)]
    pub(crate) struct Refusal(PathBuf);

    /// Refuses operations on everything below a folder with this error.
    pub(crate) fn refuse(folder: &Path, refused: Refused, kind: io::ErrorKind) -> Refusal {
        refusals().push((folder.to_owned(), refused, kind));
        Refusal(folder.to_owned())
    }

    impl Drop for Refusal {
        fn drop(&mut self) {
            refusals().retain(|(folder, ..)| *folder != self.0);
        }
    }

    fn answer(path: &Path, asked: Refused) -> io::Result<()> {
        let refusals = refusals();
        let refusal = refusals
            .iter()
            .find(|(folder, refused, _)| path.starts_with(folder) && (asked == Refused::Bytes || *refused == asked));
        refusal.map_or(Ok(()), |(.., kind)| Err((*kind).into()))
    }

    /// Whether a file or folder may be created, or opened for writing.
    pub(in crate::project::storage) fn may_create(path: &Path) -> io::Result<()> {
        answer(path, Refused::Everything)
    }

    /// Whether bytes may be written.
    pub(in crate::project::storage) fn may_write(path: &Path) -> io::Result<()> {
        answer(path, Refused::Bytes)
    }
}
