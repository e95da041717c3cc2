//! Progress of a transfer or of a long reading on standard error.
//! A line now and then, on a terminal one line that is drawn again.

use std::{
    cell::RefCell,
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use super::output::Output;
use crate::{
    model::hub::Progress,
    text::number::{bytes, grouped, with_noun},
    work::source::Watcher,
};

/// Time between two lines about the same file.
const LINE_INTERVAL: Duration = Duration::from_secs(2);
/// Time after which a reading is long.
const LONG: Duration = Duration::from_secs(1);
/// Cells of a bar.
const BAR: usize = 20;
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
    pub(super) fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.output.redraw("", false);
        }
    }
}

/// Progress of a reading, or of what is done with the sentences that were read, as a bar: on a terminal only, and only after a
/// second.
pub(super) struct ReadingBar {
    report: ProgressReport,
    began: Instant,
    drawn: Option<Instant>,
    progress: Done,
    /// What follows after all bytes were read.
    after: &'static str,
}

/// What is done, and what there is in all.
#[derive(Clone, Copy)]
enum Done {
    Bytes(u64, u64),
    Sentences(usize, usize),
}

impl ReadingBar {
    /// Starts a reading of `size` bytes, after which the program does something else.
    pub(super) fn new(output: Output, size: u64, after: &'static str) -> Self {
        Self {
            report: ProgressReport::new(output),
            began: Instant::now(),
            drawn: None,
            progress: Done::Bytes(0, size),
            after,
        }
    }

    /// Adds bytes that were read, and draws the bar if it is time. While sentences are counted, bytes are not.
    pub(super) fn add(&mut self, bytes: u64) {
        if let Done::Bytes(done, _) = &mut self.progress {
            *done += bytes;
            self.draw();
        }
    }

    /// Counts sentences from now on, in place of bytes.
    pub(super) fn begin_sentences(&mut self, all: usize) {
        self.progress = Done::Sentences(0, all);
    }

    /// Adds sentences, and draws the bar if it is time.
    pub(super) fn add_sentences(&mut self, sentences: usize) {
        if let Done::Sentences(done, _) = &mut self.progress {
            *done += sentences;
            self.draw();
        }
    }

    /// Number of sentences so far.
    #[cfg(test)]
    pub(super) fn sentences(&self) -> usize {
        match self.progress {
            Done::Sentences(done, _) => done,
            Done::Bytes(..) => 0,
        }
    }

    fn draw(&mut self) {
        let is_due = self.drawn.map_or(self.began.elapsed() >= LONG, |drawn| drawn.elapsed() >= DRAW_INTERVAL);
        if !is_due || !self.report.is_terminal || self.report.output.json {
            return;
        }
        self.drawn = Some(Instant::now());
        self.report.output.redraw(&self.progress.text(self.after), false);
        self.report.is_open = true;
    }

    /// Erases the bar.
    pub(super) fn close(&mut self) {
        self.report.close();
    }
}

impl Watcher for RefCell<ReadingBar> {
    fn add(&self, bytes: u64) -> io::Result<()> {
        self.borrow_mut().add(bytes);
        Ok(())
    }
}

impl Done {
    /// A bar with the numbers behind it.
    fn text(self, after: &str) -> String {
        match self {
            Self::Bytes(done, size) if done >= size => after.to_owned(),
            Self::Bytes(done, size) => bar(done, size, &format!("{} of {}", bytes(done), bytes(size))),
            Self::Sentences(done, all) => {
                let numbers = format!("{} of {}", grouped(done), with_noun(all, "sentence"));
                bar(done as u64, all as u64, &numbers)
            }
        }
    }
}

fn bar(done: u64, size: u64, numbers: &str) -> String {
    let filled = usize::try_from(done.saturating_mul(BAR as u64) / size.max(1)).unwrap_or(BAR).min(BAR);
    let (full, rest) = ("#".repeat(filled), ".".repeat(BAR - filled));
    format!("[{full}{rest}] {numbers}, {} %", done.saturating_mul(100) / size.max(1))
}

impl Drop for ProgressReport {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_and_then_says_what_follows() {
        let read = |done, size| Done::Bytes(done, size).text("checking");
        assert_eq!(read(0, 2_000_000_000), "[....................] 0 kB of 2.0 GB, 0 %");
        assert_eq!(read(500_000_000, 2_000_000_000), "[#####...............] 500.0 MB of 2.0 GB, 25 %");
        assert_eq!([read(5, 5), read(0, 0)], ["checking"; 2]);
    }

    #[test]
    fn sentences_are_counted_in_place_of_bytes() {
        let output = Output { json: false };
        let mut reading = ReadingBar::new(output, 100, "");
        reading.add(100);
        reading.begin_sentences(4_096);
        reading.add(100);
        reading.add_sentences(1_024);
        assert_eq!(reading.progress.text(""), "[#####...............] 1,024 of 4,096 sentences, 25 %");
    }
}
