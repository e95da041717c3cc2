//! Standard output: plain text or JSON, and nothing else. A reader that went away is no error.

use std::io::{self, Write};

use serde::Serialize;

use super::error::CliError;

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
        self.text(&line)
    }

    /// Writes text, with a line feed behind it if it has none.
    ///
    /// # Errors
    /// Standard output cannot be written to.
    pub(super) fn text(self, text: &str) -> Result<(), CliError> {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        self.bytes(format!("{text}{end}").as_bytes())
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// Standard output cannot be written to.
    pub(super) fn bytes(self, bytes: &[u8]) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(CliError::environment(format!("standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Says something on standard error: progress, notes. Lost if nobody listens.
    pub(super) fn say(self, text: impl std::fmt::Display) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// Rows as text columns: the first flush left, the others flush right, two blanks between.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| crate::text::width::width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[column].saturating_sub(crate::text::width::width(cell)));
            let gap = if column == 0 { "" } else { "  " };
            line += &if column == 0 { format!("{cell}{pad}") } else { format!("{gap}{pad}{cell}") };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}
