//! Lines of a journal file without their meaning: where each ends, and whether its checksum is right.

use std::ops::Range;

use memchr::memmem;

use super::{documents::is_merge_marker, journal_line};

/// Bytes whose checksums are computed in search of intact lines, as a multiple of the bytes of the damaged one.
/// Where this is not enough, the rest stays damaged.
const MOST_WORK: usize = 16;
/// Beginning of every line of a journal.
const START: &[u8] = b"{\"id\":\"";
/// What is before the id of a span, which begins in the same way.
const SPAN: &[u8] = b"\"add\":";
/// What is behind the id of a line that this program wrote.
const TIME: &[u8] = b"\",\"at\":";
/// Maximum bytes of an id.
const MOST_ID: usize = 40;
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
    let starts: Vec<usize> = memmem::find_iter(line, START).filter(|at| is_start(line, *at)).collect();
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut work_left = line.len().saturating_mul(MOST_WORK);
    // Inside a text the quotes of a checksum are escaped.
    for crc in memmem::find_iter(line, CRC) {
        let end = crc + CRC.len() + AFTER_CRC;
        let first = found.last().map_or(0, |last| last.end);
        let near = starts.partition_point(|start| *start < first)..starts.partition_point(|start| *start < crc);
        // The nearest first: what a torn line left is before it.
        for start in starts.get(near).unwrap_or_default().iter().rev() {
            let Some(left) = work_left.checked_sub(end - start) else { return found };
            work_left = left;
            if line.get(*start..end).is_some_and(journal_line::is_intact) {
                found.push(*start..end);
                break;
            }
        }
    }
    found
}

/// Whether a line may begin at `at`, where [`START`] is. Nearly all others are spans.
fn is_start(line: &[u8], at: usize) -> bool {
    let (before, rest) = line.split_at(at);
    !before.ends_with(SPAN) || {
        // A line that was torn there has the next one behind it.
        let id = rest.get(START.len()..).unwrap_or_default();
        memmem::find(id.get(..MOST_ID).unwrap_or(id), TIME).is_some()
    }
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

    /// A line with this many spans, each of which begins as a line does.
    fn line_of_spans(number: usize, spans: usize) -> String {
        let spans: Vec<String> =
            (0..spans).map(|at| format!(r#"{{"add":{{"id":"1-{at}","range":[{at},9],"label":2}}}}"#)).collect();
        let body = format!(r#"{{"id":"7-{number}","at":0,"doc":"a","edits":[{}]"#, spans.join(","));
        let crc = crc32fast::hash(format!("{body}}}").as_bytes());
        format!("{body},\"crc\":\"{crc:08x}\"}}")
    }

    #[test]
    fn all_intact_lines_are_found_however_many_spans_they_have_and_wherever_one_is_cut() {
        let [first, second] = [line_of_spans(1, 70), line_of_spans(2, 70)];
        let both = format!("{first}{second}");
        assert_eq!(intact_within(both.as_bytes()), [0..first.len(), first.len()..both.len()]);
        for cut in (0..first.len()).step_by(7).chain([first.rfind("{\"id").unwrap()]) {
            let both = format!("{}{second}", &first[..cut]);
            assert_eq!(intact_within(both.as_bytes()), std::slice::from_ref(&(cut..both.len())), "{cut}");
        }
        let short: Vec<String> = (0..150).map(|number| line_of_spans(number, 1)).collect();
        assert_eq!(intact_within(short.join("\r").as_bytes()).len(), 150);
    }

    #[test]
    fn a_line_made_to_keep_the_program_busy_takes_linear_time() {
        let [start, crc] = ["{\"id\":\"", ",\"crc\":\"00000000\"}"];
        assert_linear(2_000, |n| start.repeat(n), |line: &String| intact_within(line.as_bytes()).len());
        assert_linear(2_000, |n| start.repeat(n) + crc, |line: &String| intact_within(line.as_bytes()).len());
        assert_linear(
            2_000,
            |n| start.repeat(n) + &crc.repeat(n),
            |line: &String| intact_within(line.as_bytes()).len(),
        );
    }
}
