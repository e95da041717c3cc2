//! Progress of a transfer on standard error.
//! A line now and then, on a terminal one line that is drawn again.

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use super::output::Output;
use crate::{model::hub::Progress, text::number::bytes};

/// Time between two lines about the same file.
const LINE_INTERVAL: Duration = Duration::from_secs(2);
/// Time between two drawings of the line on a terminal.
const DRAW_INTERVAL: Duration = Duration::from_millis(100);

/// Progress of the files of a transfer. Dropping it erases the open line.
pub(super) struct ProgressReport {
    output: Output,
    is_terminal: bool,
    /// Whether the line on the terminal has no line feed yet.
    is_open: bool,
    /// Last file that was shown, and when.
    last: Option<(String, Instant)>,
    /// Last file that was shown as complete.
    complete: Option<String>,
}

impl ProgressReport {
    pub(super) fn new(output: Output) -> Self {
        Self { output, is_terminal: io::stderr().is_terminal(), is_open: false, last: None, complete: None }
    }

    /// Shows a step of the transfer, if it is time.
    pub(super) fn show(&mut self, progress: Progress) {
        match progress {
            Progress::Bytes { file, done, size } => self.show_bytes(file, done, size),
            Progress::Waiting { file } => self.say(&format!("{file}: another program downloads it; waiting")),
            Progress::Retry { file, why, wait } => {
                self.say(&format!("{file}: {why}; again in {:.1} s", wait.as_secs_f64()));
            }
        }
    }

    fn show_bytes(&mut self, file: &str, done: u64, size: u64) {
        let interval = if self.is_terminal { DRAW_INTERVAL } else { LINE_INTERVAL };
        let is_complete = done >= size;
        let since = self.last.as_ref().filter(|(name, _)| name == file).map(|(_, at)| at.elapsed());
        // A file that is complete before its first line is due gets one line only.
        let is_due = since.map_or(self.is_terminal, |since| since >= interval);
        if since.is_none() || is_due {
            self.last = Some((file.to_owned(), Instant::now()));
        }
        if is_complete && self.complete.as_deref() == Some(file) || !(is_due || is_complete) {
            return;
        }
        self.complete = is_complete.then(|| file.to_owned());
        let text = if is_complete {
            format!("{file}: {}", bytes(size))
        } else {
            format!("{file}: {} of {}, {} %", bytes(done), bytes(size), done.saturating_mul(100) / size.max(1))
        };
        if self.is_terminal {
            self.output.redraw(&text, is_complete);
        } else {
            self.output.say(text);
        }
        self.is_open = self.is_terminal && !is_complete;
    }

    fn say(&mut self, text: &str) {
        self.close();
        self.output.say(text);
    }

    /// Erases the open line.
    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.output.redraw("", false);
        }
    }
}

impl Drop for ProgressReport {
    fn drop(&mut self) {
        self.close();
    }
}
