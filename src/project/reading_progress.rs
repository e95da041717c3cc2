//! How far the reading of a project is, for the thread that shows it.

use std::{
    io,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Progress of the reading of `documents.jsonl`, and the request to stop it.
#[derive(Debug, Default)]
pub struct ReadingProgress {
    /// Bytes that were read.
    read: AtomicU64,
    /// Bytes of the file; 0 until they are known.
    all: AtomicU64,
    is_cancelled: AtomicBool,
}

impl ReadingProgress {
    /// Share that was read, in percent. 0 at the beginning, 100 when the file is read.
    pub fn percent(&self) -> u64 {
        let [read, all] = [&self.read, &self.all].map(|bytes| bytes.load(Ordering::Relaxed));
        read.saturating_mul(100).checked_div(all).unwrap_or_default().min(100)
    }

    /// Asks the reading to stop with an error.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Sets the number of bytes of the file, of which none is read yet.
    pub(super) fn begin(&self, all: u64) {
        self.read.store(0, Ordering::Relaxed);
        self.all.store(all, Ordering::Relaxed);
    }

    /// Adds bytes that were read.
    ///
    /// # Errors
    /// The reading was asked to stop.
    pub(super) fn add(&self, bytes: usize) -> io::Result<()> {
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.is_cancelled.load(Ordering::Relaxed) {
            Err(io::Error::other("the reading was stopped"))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_known_from_the_size_on_and_a_stop_ends_the_reading() {
        let progress = ReadingProgress::default();
        assert_eq!(progress.percent(), 0);
        progress.begin(8);
        progress.add(3).unwrap();
        assert_eq!(progress.percent(), 37);
        progress.add(100).unwrap();
        assert_eq!(progress.percent(), 100, "the file has grown");
        progress.cancel();
        assert!(progress.add(1).is_err());
    }
}
