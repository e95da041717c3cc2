//! Lines of a journal file without their meaning: where each ends, and whether its checksum is right.

use std::ops::Range;

use super::{documents::is_merge_marker, journal_line};

/// Beginnings of lines inside a damaged one that are tried. The others stay damaged.
const MOST_TRIED: usize = 64;
/// Beginning of every line of a journal.
const START: &[u8] = b"{\"id\":\"";
/// What stands before the eight digits of a checksum.
const CRC: &[u8] = b",\"crc\":\"";
/// Bytes of the digits and of the end of a line.
const AFTER_CRC: usize = 10;

/// A line of a journal file.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileLine<'a> {
    /// Number of the line, from 1.
    pub(super) number: usize,
    /// The line without its line feed.
    pub(super) text: &'a [u8],
    /// Whether it ends in a line feed.
    pub(super) is_ended: bool,
}

/// Iterates over the lines of a journal file. The last one may be torn.
pub(super) fn file_lines(bytes: &[u8]) -> impl Iterator<Item = FileLine<'_>> {
    bytes.split_inclusive(|byte| *byte == b'\n').enumerate().map(|(at, piece)| {
        let ended = piece.strip_suffix(b"\n");
        FileLine { number: at + 1, text: ended.unwrap_or(piece), is_ended: ended.is_some() }
    })
}

impl FileLine<'_> {
    /// Bytes of the line with its line feed.
    pub(super) fn length(&self) -> usize {
        self.text.len() + usize::from(self.is_ended)
    }

    /// Whether the line was written only in part. Only the last one can be.
    pub(super) fn is_torn(&self) -> bool {
        !self.is_ended && !journal_line::is_intact(self.text)
    }

    /// Whether nothing is in the line.
    pub(super) fn is_blank(&self) -> bool {
        self.is_ended && self.text.iter().all(u8::is_ascii_whitespace)
    }

    /// Whether git left the line in an unfinished merge.
    pub(super) fn is_marker(&self) -> bool {
        is_merge_marker(self.text)
    }
}

/// Finds intact lines inside a damaged one. A line feed between them was lost, as after `cat` of a torn journal.
pub(super) fn intact_within(line: &[u8]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let starts = line.windows(START.len()).enumerate().filter(|(_, bytes)| *bytes == START).map(|(at, _)| at);
    for start in starts.take(MOST_TRIED) {
        let is_behind = found.last().is_none_or(|last| last.end <= start);
        if let Some(end) = end_of_line(line, start).filter(|_| is_behind)
            && line.get(start..end).is_some_and(journal_line::is_intact)
        {
            found.push(start..end);
        }
    }
    found
}

/// End of the line that begins at `start`: that of the first checksum behind it. Inside a text its quotes are escaped.
fn end_of_line(line: &[u8], start: usize) -> Option<usize> {
    let rest = line.get(start..)?;
    let crc = rest.windows(CRC.len()).position(|bytes| bytes == CRC)?;
    Some(start + crc + CRC.len() + AFTER_CRC)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::growth::assert_linear;

    /// A line with this note, as a journal has it.
    fn line(note: &str) -> String {
        let body = format!(r#"{{"id":"1-0","at":0,"doc":"a","edits":[{{"note":{}}}]"#, serde_json::json!(note));
        let crc = crc32fast::hash(format!("{body}}}").as_bytes());
        format!("{body},\"crc\":\"{crc:08x}\"}}")
    }

    #[test]
    fn lines_without_a_line_feed_between_them_are_found() {
        let [first, second] = [line(r#"say {"id":"7-7" or ,"crc":"00000000"}"#), line("two")];
        let torn = &first[..30];
        let both = format!("{torn}{first}{second}");
        let found: Vec<&str> = intact_within(both.as_bytes()).into_iter().map(|range| &both[range]).collect();
        assert_eq!(found, [first.as_str(), second.as_str()]);
        assert!(intact_within(torn.as_bytes()).is_empty());
        assert!(intact_within(second.replace("two", "too").as_bytes()).is_empty());
    }

    #[test]
    fn a_line_made_to_keep_the_program_busy_takes_linear_time() {
        assert_linear(2_000, |n| "{\"id\":\"".repeat(n), |line: &String| intact_within(line.as_bytes()).len());
    }
}
