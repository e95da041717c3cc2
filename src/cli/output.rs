//! Output of a command: text or JSON on standard output, notes on standard error.
//!
//! Text may quote files with control characters, so it is cleaned line by line. JSON and bytes are written unchanged.

use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use serde_json::Value;

use super::error::CliError;
use crate::text::{
    number,
    width::{clean, width},
};

/// Form of the output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// Whether `--json` was given: one document, or one document per line.
    pub(super) json: bool,
}

impl Output {
    /// Writes a JSON document on its own line, or the text without `--json`.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn result(self, value: &impl Serialize, text: &str) -> Result<(), CliError> {
        if self.json { self.json_line(value) } else { self.text(text) }
    }

    /// Writes one line of JSON.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn json_line(self, value: &impl Serialize) -> Result<(), CliError> {
        let line = serde_json::to_string(value).map_err(CliError::environment)?;
        self.raw(&line)
    }

    /// Writes text for people, cleaned line by line, with a line feed at its end.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn text(self, text: &str) -> Result<(), CliError> {
        self.raw(&clean_lines(text))
    }

    /// Writes text for programs unchanged, with a line feed at its end.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn raw(self, text: &str) -> Result<(), CliError> {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        self.bytes(format!("{text}{end}").as_bytes())
    }

    /// Writes bytes unchanged.
    ///
    /// # Errors
    /// Standard output cannot be written. If its reader is gone, the program ends silently.
    pub(super) fn bytes(self, bytes: &[u8]) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::reader_gone()),
            Err(error) => Err(CliError::environment(format!("standard output: {error}"))),
        }
    }

    /// Writes progress or a note to standard error, cleaned line by line.
    /// Errors are ignored.
    pub(super) fn say(self, text: impl std::fmt::Display) {
        let _ = writeln!(io::stderr().lock(), "{}", clean_lines(&text.to_string()));
    }

    /// Replaces the last line of standard error, which is a terminal.
    /// `is_complete` ends the line.
    pub(super) fn redraw(self, text: &str, is_complete: bool) {
        let end = if is_complete { "\n" } else { "" };
        let mut to = io::stderr().lock();
        let _ = write!(to, "\r{}\x1b[K{end}", clean(text)).and_then(|()| to.flush());
    }

    /// Refuses `--json` where `what` is written to standard output unchanged.
    ///
    /// # Errors
    /// `--json` was given.
    pub(super) fn without_json(self, what: &str) -> Result<(), CliError> {
        if !self.json {
            return Ok(());
        }
        Err(CliError::usage(format!(
            "--json does not go with {what} on standard output, which can have only one of them"
        )))
    }
}

/// Cleans every line and keeps the line feeds.
fn clean_lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// Converts a path for JSON, which is Unicode: everything else becomes U+FFFD.
pub(super) fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Formats a count of a JSON document with its noun.
pub(super) fn with_noun(count: &Value, noun: &str) -> String {
    let count = count.as_u64().and_then(|count| usize::try_from(count).ok());
    count.map_or_else(|| format!("- {noun}s"), |count| number::with_noun(count, noun))
}

/// Formats rows as columns of cleaned text, separated by two blanks.
/// The first aligned left, the others right.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(|column| column_width(rows, column)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let padding = " ".repeat(widths[column].saturating_sub(width(cell)));
            let cell = clean(cell);
            line += &if column == 0 { format!("{cell}{padding}") } else { format!("  {padding}{cell}") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn column_width(rows: &[Vec<String>], column: usize) -> usize {
    rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_feeds_are_kept_and_control_characters_are_not() {
        assert_eq!(clean_lines("a\u{1b}]0;x\u{7}\n\nb\n"), "a\u{241b}]0;x\u{2407}\n\nb\n");
    }

    #[test]
    fn a_cell_with_a_line_feed_is_one_cell() {
        let rows = [["a\nb", "1"], ["c", "22"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a\u{240a}b   1\nc    22\n");
    }
}
