//! Progress reports during transfers, and retries after a broken connection.

use std::{thread, time::Duration};

use super::HubError;

/// Failed attempts in a row after which the operation fails.
const ATTEMPTS: u32 = 6;
/// First wait between two attempts; each further one doubles it.
const WAIT: Duration = Duration::from_millis(250);
/// Longest wait that a server may ask for.
/// The operation fails instead of waiting longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Progress of a download or upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Bytes of a file were transferred.
    Bytes {
        /// The file.
        file: &'a str,
        /// Transferred bytes.
        done: u64,
        /// Size of the file in bytes.
        size: u64,
    },
    /// Another program is downloading the same file.
    Waiting {
        /// The file.
        file: &'a str,
    },
    /// The connection broke, or the server is busy.
    Retry {
        /// The file, or the model.
        file: &'a str,
        /// Error of the last attempt.
        why: String,
        /// Time until the next attempt.
        wait: Duration,
    },
}

/// Receiver of progress reports.
pub(super) type OnProgress<'a> = dyn FnMut(Progress) + 'a;

/// Counter of failed attempts in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// Starts again from zero, after progress was made.
    pub(super) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// The error itself, if another attempt cannot help or there were enough.
    pub(super) fn wait(&mut self, what: &str, error: HubError, report: &mut OnProgress) -> Result<(), HubError> {
        self.attempts += 1;
        if !error.is_temporary() || self.attempts >= ATTEMPTS {
            return Err(error);
        }
        let wait = match &error {
            HubError::Limited { seconds: Some(seconds), .. } => Duration::from_secs(*seconds),
            _ => WAIT * 2_u32.pow(self.attempts - 1),
        };
        if wait > LONGEST_WAIT {
            return Err(error);
        }
        report(Progress::Retry { file: what, why: error.to_string(), wait });
        thread::sleep(wait);
        Ok(())
    }
}

/// Repeats an operation until it succeeds or another attempt cannot help.
pub(super) fn retry<T>(
    what: &str,
    report: &mut OnProgress,
    mut work: impl FnMut(&mut OnProgress) -> Result<T, HubError>,
) -> Result<T, HubError> {
    let mut backoff = Backoff::default();
    loop {
        match work(report) {
            Err(error) => backoff.wait(what, error, report)?,
            done => return done,
        }
    }
}
