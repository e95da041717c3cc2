//! What is told while files go over the line, and trying again when it breaks.

use std::{thread, time::Duration};

use super::HubError;

/// Tries in a row that brought nothing, after which it is given up.
const TRIES: u32 = 6;
/// The first wait between two tries; each one is twice the one before.
const WAIT: Duration = Duration::from_millis(250);
/// Longer than this nobody waits because a server asks to.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What happens while files are fetched or sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Bytes of a file that have gone over.
    Bytes {
        /// The file.
        file: &'a str,
        /// How many.
        done: u64,
        /// Of how many.
        size: u64,
    },
    /// Another program fetches the same file.
    Waiting {
        /// The file.
        file: &'a str,
    },
    /// The line broke, or the server is busy.
    Again {
        /// The file, or what else was asked for.
        file: &'a str,
        /// What happened.
        why: String,
        /// Until the next try.
        wait: Duration,
    },
}

/// Who hears of it.
pub(super) type Tell<'a> = dyn FnMut(Progress) + 'a;

/// Counts the tries in a row that brought nothing.
#[derive(Debug, Default)]
pub(super) struct Patience {
    tries: u32,
}

impl Patience {
    /// It got further: what was before does not count.
    pub(super) fn renew(&mut self) {
        self.tries = 0;
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// The error itself, where trying again makes no sense or has been done often enough.
    pub(super) fn rest(&mut self, what: &str, error: HubError, tell: &mut Tell) -> Result<(), HubError> {
        self.tries += 1;
        if !error.is_passing() || self.tries >= TRIES {
            return Err(error);
        }
        let wait = match &error {
            HubError::Limited { seconds: Some(seconds), .. } => Duration::from_secs(*seconds),
            _ => WAIT * 2_u32.pow(self.tries - 1),
        };
        if wait > LONGEST_WAIT {
            return Err(error);
        }
        tell(Progress::Again { file: what, why: error.to_string(), wait });
        thread::sleep(wait);
        Ok(())
    }
}

/// Does something until it works or trying again makes no sense.
pub(super) fn again<T>(
    what: &str,
    tell: &mut Tell,
    mut work: impl FnMut(&mut Tell) -> Result<T, HubError>,
) -> Result<T, HubError> {
    let mut patience = Patience::default();
    loop {
        match work(tell) {
            Err(error) => patience.rest(what, error, tell)?,
            done => return done,
        }
    }
}
