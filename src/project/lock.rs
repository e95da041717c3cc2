//! Locks: one writer for each journal, run, and project.
//! A project's lock is for the documents and the manifest.
//!
//! The operating system holds the lock and releases it when the process ends, in whatever way. The contents of the file
//! only name the holder. Lock files are not removed as long as what they lock exists, since two processes could then lock
//! two files of the same name. (The lock of a run is removed with the run.)

use std::{
    fs::{File, TryLockError},
    io::Read,
    path::Path,
    thread::sleep,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    file_names::shown,
    storage::{self, StorageError},
};
use crate::guard::Links;

/// Time between two attempts to acquire a lock that is held only briefly.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);
/// Attempts after which the holder is reported: 5 seconds.
const ATTEMPTS: u32 = 100;

/// Holder of a lock, as named in the lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Host name; empty where the system does not provide it.
    #[serde(default)]
    pub host: String,
    /// Time of the locking, in seconds since 1970, UTC; 0 for a lock that is held only briefly.
    pub since: u64,
}

impl Holder {
    /// This process as the holder from `now` on.
    pub fn this(now: u64) -> Self {
        Self { pid: std::process::id(), host: host(), since: now }
    }

    /// Description such as `process 1234 on lab-3 since 2026-09-01T10:00:00Z`.
    pub fn words(&self) -> String {
        let host = if self.host.is_empty() { String::new() } else { format!(" on {}", shown(&self.host)) };
        let since = i64::try_from(self.since).ok().filter(|since| *since > 0);
        let since = since.and_then(|since| jiff::Timestamp::from_second(since).ok());
        let since = since.map(|time| format!(" since {time}")).unwrap_or_default();
        format!("process {}{host}{since}", self.pid)
    }
}

/// A lock was not acquired.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("{what} is in use by {}; end that program, or open read-only", words(holder.as_ref()))]
    Held {
        /// Description of the locked thing.
        what: String,
        /// The holder, if it can be read.
        holder: Option<Holder>,
    },
    /// Another process still holds a lock that is held only briefly.
    #[error("{what} is being changed by {}; try again when it has finished, or end that program", words(holder.as_ref()))]
    Busy {
        /// Description of the locked thing.
        what: String,
        /// The holder, if it can be read.
        holder: Option<Holder>,
    },
    /// The lock file cannot be created, or the file system has no locks.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

fn words(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another program".to_owned(), Holder::words)
}

/// A lock that is held; dropping it releases it.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Acquires the lock at `path` without waiting.
    /// `what` names the locked thing in the error.
    ///
    /// # Errors
    /// Another process holds it, or the file system cannot lock.
    pub fn take(path: &Path, what: &str, holder: &Holder) -> Result<Self, LockError> {
        let file = storage::open_lock(path, Links::Refuse)?;
        for patience in [10, 20, 40, 0] {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(cause)) => return Err(StorageError::new("lock", path, cause).into()),
                Err(TryLockError::WouldBlock) => {}
            }
            let holder = read_holder(&file);
            if holder.is_some() || patience == 0 {
                return Err(LockError::Held { what: what.to_owned(), holder });
            }
            // Without a holder in the file, another process is probing the lock or has just acquired it.
            std::thread::sleep(std::time::Duration::from_millis(patience));
        }
        let lock = Self { file };
        let text = serde_json::to_string(holder).unwrap_or_default();
        match storage::write_lock(&lock.file, path, text.as_bytes()) {
            // The system holds the lock. Without space for it, only the holder's name is missing.
            Err(error) if !error.is_full() => Err(error.into()),
            _ => Ok(lock),
        }
    }

    /// Acquires a lock that is held only briefly, waiting a few seconds for it. `what` names the locked thing in the
    /// error.
    ///
    /// # Errors
    /// Another process still holds it, or the file system cannot lock.
    pub fn wait(path: &Path, what: &str) -> Result<Self, LockError> {
        let file = storage::open_lock(path, Links::Follow)?;
        let mut attempts = 1;
        while let Err(error) = file.try_lock() {
            match error {
                TryLockError::Error(cause) => return Err(StorageError::new("lock", path, cause).into()),
                TryLockError::WouldBlock if attempts == ATTEMPTS => {
                    return Err(LockError::Busy { what: what.to_owned(), holder: read_holder(&file) });
                }
                TryLockError::WouldBlock => sleep(RETRY_INTERVAL),
            }
            attempts += 1;
        }
        // The name only informs: a full disk does not prevent the change.
        let text = serde_json::to_string(&Holder::this(0)).unwrap_or_default();
        storage::write_lock(&file, path, text.as_bytes()).ok();
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The name of a former holder would mislead. Closing the file releases the lock in any case.
        self.file.set_len(0).ok();
        self.file.unlock().ok();
    }
}

/// Current holder of the lock at `path`; `None` if it is free.
///
/// # Errors
/// The file exists and cannot be read, or the file system cannot lock.
pub fn holder(path: &Path) -> Result<Option<Holder>, StorageError> {
    let file = match storage::open(path) {
        Ok(file) => file,
        Err(error) if error.is_absent() => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(read_holder(&file).unwrap_or_default())),
        Err(TryLockError::Error(cause)) => Err(StorageError::new("look at the lock", path, cause)),
    }
}

fn read_holder(file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.take(1000).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn host() -> String {
    let name =
        std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::fs::read_to_string("/etc/hostname"));
    name.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_second_writer_names_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".anna.lock");
        let me = Holder { pid: 77, host: "lab\u{1b}[2J".into(), since: 1_750_000_000 };
        let first = Lock::take(&path, "annotator `anna`", &me).unwrap();
        assert_eq!(holder(&path).unwrap(), Some(me.clone()));
        let error = Lock::take(&path, "annotator `anna`", &Holder::this(0)).unwrap_err().to_string();
        assert_eq!(
            error,
            "annotator `anna` is in use by process 77 on lab\u{241b}[2J since 2025-06-15T15:06:40Z; \
             end that program, or open read-only"
        );
        drop(first);
        assert_eq!(holder(&path).unwrap(), None);
        Lock::take(&path, "annotator `anna`", &me).unwrap();
    }

    #[test]
    fn a_lock_file_with_no_holder_in_it_is_still_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l");
        let held = storage::open_lock(&path, Links::Refuse).unwrap();
        held.lock().unwrap();
        assert_eq!(holder(&path).unwrap(), Some(Holder::default()));
        assert!(Lock::take(&path, "it", &Holder::this(0)).unwrap_err().to_string().contains("another program"));
    }

    #[test]
    fn a_wait_for_another_process_ends_and_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l");
        let first = Lock::wait(&path, "the project").unwrap();
        let me = Holder::this(0);
        assert_eq!(holder(&path).unwrap(), Some(me.clone()));
        let error = Lock::wait(&path, "the project").unwrap_err().to_string();
        let words = me.words();
        assert!(!words.contains("since"), "{words}");
        let expected =
            format!("the project is being changed by {words}; try again when it has finished, or end that program");
        assert_eq!(error, expected);
        drop(first);
        Lock::wait(&path, "the project").unwrap();
    }

    #[test]
    fn a_lock_on_a_full_disk_is_a_lock_without_a_name() {
        use storage::refusals::{Refused, refuse};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("l");
        let _full = refuse(dir.path(), Refused::Bytes, std::io::ErrorKind::StorageFull);
        let held = Lock::take(&path, "it", &Holder::this(0)).unwrap();
        assert!(Lock::take(&path, "it", &Holder::this(0)).unwrap_err().to_string().contains("another program"));
        drop(held);
        assert_eq!(holder(&path).unwrap(), None);
    }

    #[test]
    fn a_holder_of_any_time_is_named() {
        for since in [0, 253_402_207_200, 253_402_300_800, u64::MAX] {
            assert!(Holder { pid: 7, host: String::new(), since }.words().starts_with("process 7"));
        }
    }
}
