//! What a command says: text or JSON on standard output, notes on standard error.
//!
//! Text quotes files, and those are hostile: it is cleaned line by line. JSON and bytes leave as they are.

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

/// How a command speaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// `--json`: one document or one document a line.
    pub(super) json: bool,
}

impl Output {
    /// Writes a JSON document on a line of its own if `--json` was given, else the text.
    ///
    /// # Errors
    /// Standard output cannot be written to.
    pub(super) fn result(self, value: &impl Serialize, text: &str) -> Result<(), CliError> {
        if self.json { self.json_line(value) } else { self.text(text) }
    }

    /// Writes one line of JSON.
    ///
    /// # Errors
    /// Standard output cannot be written to.
    pub(super) fn json_line(self, value: &impl Serialize) -> Result<(), CliError> {
        let line = serde_json::to_string(value).map_err(CliError::environment)?;
        self.raw(&line)
    }

    /// Writes text for people, cleaned line by line, with a line feed behind it if it has none.
    ///
    /// # Errors
    /// Standard output cannot be written to.
    pub(super) fn text(self, text: &str) -> Result<(), CliError> {
        self.raw(&clean_lines(text))
    }

    /// Writes text for programs as it is, with a line feed behind it if it has none.
    ///
    /// # Errors
    /// Standard output cannot be written to.
    pub(super) fn raw(self, text: &str) -> Result<(), CliError> {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        self.bytes(format!("{text}{end}").as_bytes())
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// Standard output cannot be written to; a reader that went away ends the program in silence.
    pub(super) fn bytes(self, bytes: &[u8]) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::reader_gone()),
            Err(error) => Err(CliError::environment(format!("standard output: {error}"))),
        }
    }

    /// Says something on standard error, cleaned line by line: progress, notes. Lost if nobody listens.
    pub(super) fn say(self, text: impl std::fmt::Display) {
        let _ = writeln!(io::stderr().lock(), "{}", clean_lines(&text.to_string()));
    }

    /// Draws the open line of standard error again, which is a terminal; with `whole` it is closed.
    pub(super) fn redraw(self, text: &str, whole: bool) {
        let end = if whole { "\n" } else { "" };
        let mut to = io::stderr().lock();
        let _ = write!(to, "\r{}\x1b[K{end}", clean(text)).and_then(|()| to.flush());
    }

    /// Refuses `--json` where `what` goes to standard output as it is.
    ///
    /// # Errors
    /// `--json` was given.
    pub(super) fn without_json(self, what: &str) -> Result<(), CliError> {
        if !self.json {
            return Ok(());
        }
        Err(CliError::usage(format!("--json does not go with {what} on standard output: that holds one or the other")))
    }
}

/// Every line cleaned; the line feeds stay.
fn clean_lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// A path for JSON, which holds Unicode only: what is none becomes U+FFFD.
pub(super) fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A count that stands in a JSON document, with its noun.
pub(super) fn with_noun(count: &Value, noun: &str) -> String {
    let count = count.as_u64().and_then(|count| usize::try_from(count).ok());
    count.map_or_else(|| format!("- {noun}s"), |count| number::with_noun(count, noun))
}

/// Rows as text columns, cells cleaned: the first flush left, the others flush right, two blanks between.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let (pad, cell) = (" ".repeat(widths[column].saturating_sub(width(cell))), clean(cell));
            line += &if column == 0 { format!("{cell}{pad}") } else { format!("  {pad}{cell}") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_and_what_steers_a_terminal_does_not() {
        assert_eq!(clean_lines("a\u{1b}]0;x\u{7}\n\nb\n"), "a\u{241b}]0;x\u{2407}\n\nb\n");
    }

    #[test]
    fn a_cell_with_a_line_feed_is_one_cell() {
        let rows = [["a\nb", "1"], ["c", "22"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a\u{240a}b   1\nc    22\n");
    }
}
