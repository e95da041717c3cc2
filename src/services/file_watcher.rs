//! Watches files of the open project that other programs may change.
//!
//! The files are only looked at, not read: if one looks otherwise than before, the service that knows its contents is asked
//! to compare them.

use std::{
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::thread::Thread;
use crate::guard::Panicked;

/// Time between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// A file with the request that follows a change of it.
pub(super) struct Watched {
    pub(super) path: PathBuf,
    pub(super) changed: Box<dyn Fn() + Send>,
}

/// Handle of the watcher. Dropping it ends its thread within a second.
pub(super) struct FileWatcher {
    _alive: Sender<()>,
}

impl FileWatcher {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system cannot start a thread.
    pub(super) fn start(files: Vec<Watched>) -> io::Result<Self> {
        Self::with_interval(files, INTERVAL)
    }

    fn with_interval(files: Vec<Watched>, interval: Duration) -> io::Result<Self> {
        let (alive, ended) = bounded(0);
        // Unknown at first: a change between the reading of a file and the first look at it is not missed.
        let looks = vec![None; files.len()];
        let failed = |panicked: Panicked| tracing::error!("the files of the project are not watched: {panicked}");
        Thread::start("files", move || watch(&files, looks, &ended, interval), failed)?;
        Ok(Self { _alive: alive })
    }
}

fn watch(files: &[Watched], mut looks: Vec<Option<Look>>, ended: &Receiver<()>, interval: Duration) {
    while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
        for (file, before) in files.iter().zip(&mut looks) {
            let now = look(&file.path);
            if std::mem::replace(before, now) != now {
                (file.changed)();
            }
        }
    }
}

/// Device, inode, length, and times of the last change.
type Look = [u64; 7];

/// How a file looks now; `None` if there is none.
fn look(path: &std::path::Path) -> Option<Look> {
    let file: Metadata = fs::symlink_metadata(path).ok()?;
    let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()].map(i64::cast_unsigned);
    let [a, b, c, d] = times;
    Some([file.dev(), file.ino(), file.len(), a, b, c, d])
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;

    #[test]
    fn each_change_of_a_file_is_noticed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "one").unwrap();
        let (sender, changes) = unbounded();
        let changed = Box::new(move || sender.send(()).unwrap());
        let watcher =
            FileWatcher::with_interval(vec![Watched { path: path.clone(), changed }], Duration::from_millis(5))
                .unwrap();
        let wait = Duration::from_secs(20);
        // It is compared once at the beginning.
        changes.recv_timeout(wait).unwrap();
        assert!(changes.recv_timeout(Duration::from_millis(60)).is_err(), "nothing was changed");
        // The same length; another file of the same name; no file.
        fs::write(&path, "two").unwrap();
        changes.recv_timeout(wait).unwrap();
        let other = dir.path().join("g");
        fs::write(&other, "two").unwrap();
        fs::rename(&other, &path).unwrap();
        changes.recv_timeout(wait).unwrap();
        fs::remove_file(&path).unwrap();
        changes.recv_timeout(wait).unwrap();
        drop(watcher);
        assert_eq!(changes.recv_timeout(wait), Err(RecvTimeoutError::Disconnected), "the thread has ended");
    }
}
