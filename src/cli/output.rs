//! Output of a command: text or JSON on standard output, notes on standard error.
//!
//! Everything may quote files with control characters. Text is cleaned line by line, JSON escapes them, and contents of
//! files are written unchanged except to a terminal. No command writes to standard output or error in another way.

use std::{
    borrow::Cow,
    io::{self, BufRead, IsTerminal, Read, Write},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Serialize;
use serde_json::Value;

use super::error::CliError;
use crate::text::{
    number,
    width::{Glyphs, clean, is_hidden, width},
    wrap::TextLayout,
};

/// Bytes of a file that are copied to standard output at once.
const COPIED_AT_ONCE: usize = 1 << 20;
/// Bytes of an answer that are read.
const LONGEST_ANSWER: u64 = 1000;

/// Whether standard error ends in a line that is being drawn again and has no line feed.
static OPEN_LINE: AtomicBool = AtomicBool::new(false);

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
        self.raw(&json_text(value).map_err(CliError::environment)?)
    }

    /// Writes one line of JSON: an object with more keys, each a list that is read from elsewhere.
    /// The values of a list are separated by commas, each of them made by [`json_text`].
    ///
    /// # Errors
    /// A list cannot be read, or standard output cannot be written.
    pub(super) fn json_with_lists(
        self,
        object: &Value,
        lists: &mut [(&str, Box<dyn Read + '_>)],
    ) -> Result<(), CliError> {
        let text = json_text(object).map_err(CliError::environment)?;
        self.bytes(text.strip_suffix('}').unwrap_or(&text).as_bytes())?;
        for (at, (key, list)) in lists.iter_mut().enumerate() {
            let comma = if at == 0 && text == "{}" { "" } else { "," };
            self.bytes(format!("{comma}{}:[", Value::from(*key)).as_bytes())?;
            let mut block = vec![0; COPIED_AT_ONCE];
            loop {
                match list.read(&mut block) {
                    Ok(0) => break,
                    Ok(read) => self.bytes(block.get(..read).unwrap_or_default())?,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(CliError::environment(error)),
                }
            }
            self.bytes(b"]")?;
        }
        self.bytes(b"}\n")
    }

    /// Writes text for people, cleaned line by line, with a line feed at its end.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn text(self, text: &str) -> Result<(), CliError> {
        self.raw(&clean_lines(text))
    }

    /// Writes the contents of a file: unchanged, or as text for people if standard output is a terminal.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn contents(self, bytes: &[u8]) -> Result<(), CliError> {
        match io::stdout().is_terminal() {
            true => self.text(&String::from_utf8_lossy(bytes)),
            false => self.bytes(bytes),
        }
    }

    /// Writes contents of a file that are not in memory: unchanged, or as text for people if standard output is a terminal.
    ///
    /// # Errors
    /// They cannot be read, or standard output cannot be written.
    pub(super) fn copy(self, contents: &mut dyn Read) -> Result<(), CliError> {
        let is_terminal = io::stdout().is_terminal();
        let end = copy_blocks(contents, is_terminal, &mut |block| self.bytes(block))?;
        if is_terminal && end.is_some_and(|last| last != b'\n') { self.bytes(b"\n") } else { Ok(()) }
    }

    /// Writes text unchanged, with a line feed at its end.
    fn raw(self, text: &str) -> Result<(), CliError> {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        self.bytes(format!("{text}{end}").as_bytes())
    }

    /// Writes bytes of the program itself unchanged.
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
        let mut to = io::stderr().lock();
        // A line that is being drawn again makes room.
        let erase = if OPEN_LINE.swap(false, Ordering::Relaxed) { "\r\x1b[K" } else { "" };
        let _ = writeln!(to, "{erase}{}", clean_lines(&text.to_string()));
    }

    /// Replaces the last line of standard error, which is a terminal.
    /// `is_complete` ends the line.
    pub(super) fn redraw(self, text: &str, is_complete: bool) {
        let end = if is_complete { "\n" } else { "" };
        let mut to = io::stderr().lock();
        OPEN_LINE.store(!is_complete && !text.is_empty(), Ordering::Relaxed);
        let _ = write!(to, "\r{}\x1b[K{end}", clean(text)).and_then(|()| to.flush());
    }

    /// Whether a question can be asked: input and messages are at a terminal.
    pub(super) fn can_ask() -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a question on standard error; the default is no.
    pub(super) fn confirm(self, question: &str) -> bool {
        let mut to = io::stderr().lock();
        let asked = write!(to, "{} [y/N] ", clean(question)).and_then(|()| to.flush());
        drop(to);
        let mut answer = String::new();
        let read = asked.and_then(|()| io::stdin().lock().take(LONGEST_ANSWER).read_line(&mut answer));
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// Asks a question on standard error that is answered with one of some words, or the first letter of one.
    /// `None` if it is answered otherwise.
    pub(super) fn choose<'w>(self, question: &str, words: &[&'w str]) -> Option<&'w str> {
        let mut to = io::stderr().lock();
        let asked = write!(to, "{} [{}] ", clean(question), words.join("/")).and_then(|()| to.flush());
        drop(to);
        let mut answer = String::new();
        asked.and_then(|()| io::stdin().lock().take(LONGEST_ANSWER).read_line(&mut answer)).ok()?;
        let answer = answer.trim().to_lowercase();
        words.iter().copied().find(|word| *word == answer || answer.len() == 1 && word.starts_with(&answer))
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

/// Converts a value to JSON without characters that could steer a terminal.
pub(super) fn json_text(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    Ok(match escaped(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(escaped) => escaped,
    })
}

/// Copies contents in blocks, unchanged, or cleaned for a terminal. Returns their last byte.
fn copy_blocks(
    contents: &mut dyn Read,
    cleans: bool,
    write: &mut dyn FnMut(&[u8]) -> Result<(), CliError>,
) -> Result<Option<u8>, CliError> {
    let mut block: Vec<u8> = Vec::new();
    let mut last = None;
    loop {
        let left = block.len();
        let read = contents.take((COPIED_AT_ONCE - left) as u64).read_to_end(&mut block);
        if read.map_err(|error| CliError::environment(format!("the new file: {error}")))? == 0 && left == 0 {
            return Ok(last);
        }
        last = block.last().copied().or(last);
        // A character of which bytes are missing waits for them, unless there are none.
        let whole = if cleans && block.len() > left { whole_characters(&block) } else { block.len() };
        let rest = block.split_off(whole);
        if cleans {
            write(clean_lines(&String::from_utf8_lossy(&block)).as_bytes())?
        } else {
            write(&block)?
        }
        block = rest;
    }
}

/// Length of a block without a character at its end of which bytes are missing.
fn whole_characters(block: &[u8]) -> usize {
    let starts = block.iter().rev().take(3).position(|byte| byte & 0xc0 != 0x80);
    let Some(start) = starts.and_then(|after| block.len().checked_sub(after + 1)) else { return block.len() };
    let length = block.get(start).map_or(0, |byte| byte.leading_ones() as usize);
    if start + length.max(1) > block.len() { start } else { block.len() }
}

/// Cleans every line and keeps the line feeds.
fn clean_lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// Escapes the characters of a JSON text that could steer a terminal; its values stay the same.
///
/// JSON requires this only below U+0020. Such characters occur only inside strings.
fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(is_hidden) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_hidden(c) {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    Cow::Owned(text)
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

/// Returns a text in lines of at most 76 columns, indented by 4.
pub(super) fn paragraph(text: &str) -> String {
    let text = clean(text);
    let layout = TextLayout::new(&text, 72, Glyphs::Unicode);
    layout.lines().iter().map(|line| format!("    {}\n", line.range.of(&text).trim_end())).collect()
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
    fn contents_are_copied_in_blocks_and_no_character_is_cut() {
        // The block ends inside the character of four bytes, and there is no line end for three blocks.
        for before in COPIED_AT_ONCE - 3..=COPIED_AT_ONCE {
            let text = format!("{}\u{1f355}\u{1b}{}\ny\n", "x".repeat(before), "z".repeat(2 * COPIED_AT_ONCE));
            for cleans in [false, true] {
                let mut copied = Vec::new();
                let mut longest = 0;
                let last = copy_blocks(&mut text.as_bytes(), cleans, &mut |block| {
                    longest = longest.max(block.len());
                    copied.extend_from_slice(block);
                    Ok(())
                });
                let expected = if cleans { text.replace('\u{1b}', "\u{241b}") } else { text.clone() };
                assert!(copied == expected.as_bytes() && longest <= COPIED_AT_ONCE + 8, "{before} {cleans} {longest}");
                assert_eq!(last.unwrap(), Some(b'\n'));
            }
        }
        // A character that never comes is shown as one that is damaged.
        let mut copied = Vec::new();
        let mut write = |block: &[u8]| {
            copied.extend_from_slice(block);
            Ok(())
        };
        assert_eq!(copy_blocks(&mut &b"a\xf0\x9f"[..], true, &mut write).unwrap(), Some(0x9f));
        assert_eq!(String::from_utf8(copied).unwrap(), "a\u{fffd}");
    }

    #[test]
    fn json_escapes_what_could_steer_a_terminal_and_keeps_its_values() {
        let text = "\u{1b}\u{7f}\u{9b}2J\u{202e}\u{e0001}\"\\ caf\u{e9}";
        let json = serde_json::to_string(text).unwrap();
        let escaped = escaped(&json);
        assert_eq!(escaped, "\"\\u001b\\u007f\\u009b2J\\u202e\\udb40\\udc01\\\"\\\\ caf\u{e9}\"");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        assert!(matches!(super::escaped("[1]"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_cell_with_a_line_feed_is_one_cell() {
        let rows = [["a\nb", "1"], ["c", "22"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a\u{240a}b   1\nc    22\n");
    }
}
