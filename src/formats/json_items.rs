//! JSON values of a file, one at a time: one on each line, in a list, or one after another over several lines.
//!
//! Only one value is in memory. A fault in it is reported with line and column, and the values after it are still read.

use std::{
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, Read as _},
};

use serde_json::{Map, Value};

use super::{
    Problem,
    decode::{self, Lines},
    digits::{self, keep_digits},
    json_room::{Repeated, parse},
    problem::{Problems, parser_message, quoted, with_noun},
    source::{Source, Unreadable},
};

/// Longest value of a list, in bytes: beyond it a bracket is missing.
const LONGEST: usize = 256 << 20;
/// Bytes of the beginning that show where values end.
const HEAD: u64 = 1 << 16;

/// Values of a file in their order.
pub(super) struct JsonItems<'a> {
    source: &'a dyn Source,
    input: Input<'a>,
    value: Vec<u8>,
}

enum Input<'a> {
    Lines(Lines<'a>),
    Stream(Stream<'a>),
}

/// A value of a file, not yet parsed.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonItem<'i> {
    /// Line of its first byte, from 1.
    pub(super) line: usize,
    /// Bytes before it on that line.
    column: usize,
    text: &'i str,
}

impl<'a> JsonItems<'a> {
    /// Starts at the first value.
    ///
    /// # Errors
    /// The source cannot be read.
    pub(super) fn of(source: &'a dyn Source) -> Result<Self, Unreadable> {
        let mut head = Vec::new();
        decode::body(source)?.take(HEAD).read_to_end(&mut head)?;
        let input = match ends_at_lines(decode::start_of(&head, head.len())) {
            true => Input::Lines(Lines::of(source)?),
            false => Input::Stream(Stream::new(Box::new(decode::body(source)?))),
        };
        Ok(Self { source, input, value: Vec::new() })
    }

    /// Returns the next value.
    ///
    /// # Errors
    /// The source cannot be read or is no text.
    pub(super) fn next_item(&mut self) -> Result<Option<JsonItem<'_>>, Unreadable> {
        let Self { source, input, value } = self;
        let (line, column) = match input {
            Input::Lines(lines) => {
                value.clear();
                let number = loop {
                    match lines.next_line()? {
                        None => return Ok(None),
                        Some((_, line)) if line.trim().is_empty() => {}
                        Some((number, line)) => {
                            value.extend_from_slice(line.as_bytes());
                            break number;
                        }
                    }
                };
                (number, 0)
            }
            Input::Stream(stream) => match stream.next_into(value)? {
                Some(place) => place,
                None => return Ok(None),
            },
        };
        match std::str::from_utf8(value) {
            Ok(text) => Ok(Some(JsonItem { line, column, text })),
            Err(_) => Err(Unreadable::Encoding(match decode::find_encoding_fault(*source)? {
                Some(problem) => problem,
                // A value was cut off after LONGEST bytes.
                None => Problem::error("a value of JSON is not closed").at(line),
            })),
        }
    }
}

/// Whether the values of a file end at the ends of lines, by its beginning.
fn ends_at_lines(head: &str) -> bool {
    let mut lines = head.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return true };
    // A line that was cut off is followed by another value, a line inside of a value by something else.
    let next_begins = lines.next().is_none_or(|next| next.starts_with(['{', '[']));
    let is_inside = first.ends_with(['{', '[', ',', ':']);
    let inside = first.strip_prefix('[').map(str::trim_start);
    match inside {
        // A list of values; or one example of spaCy on each line, whose first element is a text.
        Some(inside) => inside.starts_with('"') && (first.ends_with(']') || inside.len() as u64 > HEAD / 2),
        None => first.ends_with('}') || (next_begins && !is_inside),
    }
}

/// First record of a file by its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstRecord {
    /// The file does not begin as a record of JSON or a list of records.
    Other,
    /// The record does not end in these bytes.
    Open,
    /// Bytes of the file until its end, without byte order mark.
    EndsAt(usize),
}

impl FirstRecord {
    /// Looks for the end of the first record: of an object, of an example of spaCy, or of the first one of a list.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let body = bytes.strip_prefix(decode::MARK).unwrap_or(bytes);
        let start = body.trim_ascii_start();
        let inside = start.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
        let record = inside.filter(|inside| inside.starts_with(b"{") || inside.starts_with(b"[")).unwrap_or(start);
        let fields = record.strip_prefix(b"{").or_else(|| record.strip_prefix(b"["));
        if !fields.is_some_and(|fields| fields.trim_ascii_start().starts_with(b"\"")) {
            return Self::Other;
        }
        let mut nesting = Nesting::default();
        let last = record.iter().position(|byte| nesting.push(*byte));
        last.map_or(Self::Open, |last| Self::EndsAt(body.len() - record.len() + last + 1))
    }
}

/// Values that may extend over several lines.
struct Stream<'a> {
    input: Box<dyn BufRead + 'a>,
    line: usize,
    column: usize,
    is_after_cr: bool,
    /// Whether the list was opened that holds all values.
    is_opened: bool,
    has_ended: bool,
}

/// State between the bytes of a value.
#[derive(Default)]
struct Nesting {
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
}

impl Nesting {
    /// Takes the next byte. Returns whether the value is complete with it.
    fn push(&mut self, byte: u8) -> bool {
        if self.is_in_string {
            let is_escaped = std::mem::take(&mut self.is_escaped);
            match byte {
                b'\\' => self.is_escaped = !is_escaped,
                b'"' => self.is_in_string = is_escaped,
                _ => {}
            }
            return !self.is_in_string && self.depth == 0;
        }
        match byte {
            b'"' => self.is_in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth == 0 && !self.is_in_string && matches!(byte, b'}' | b']')
    }
}

impl<'a> Stream<'a> {
    fn new(input: Box<dyn BufRead + 'a>) -> Self {
        Self { input, line: 1, column: 0, is_after_cr: false, is_opened: false, has_ended: false }
    }

    /// Reads the next value. Returns its line, and the bytes before it on that line.
    fn next_into(&mut self, value: &mut Vec<u8>) -> io::Result<Option<(usize, usize)>> {
        value.clear();
        let Some(first) = self.skip_to_value()? else { return Ok(None) };
        let place = (self.line, self.column);
        let is_bare = !matches!(first, b'{' | b'[' | b'"');
        let mut nesting = Nesting::default();
        loop {
            let block = fill(&mut self.input)?;
            let mut is_complete = block.is_empty();
            let mut used = 0;
            for &byte in block {
                if is_bare && matches!(byte, b',' | b']' | b'}' | b'{' | b'[' | b'\n' | b'\r') && used + value.len() > 0
                {
                    is_complete = true;
                    break;
                }
                used += 1;
                if nesting.push(byte) && !is_bare {
                    is_complete = true;
                    break;
                }
            }
            value.extend_from_slice(block.get(..used).unwrap_or_default());
            self.pass(used);
            if is_complete {
                return Ok(Some(place));
            }
            if value.len() > LONGEST {
                self.has_ended = true;
                return Ok(Some(place));
            }
        }
    }

    /// Passes what is between two values. Returns the first byte of the next one.
    fn skip_to_value(&mut self) -> io::Result<Option<u8>> {
        while !self.has_ended {
            let Some(&byte) = fill(&mut self.input)?.first() else { return Ok(None) };
            match byte {
                b'[' if !self.is_opened => self.is_opened = true,
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' => {}
                _ => {
                    self.is_opened = true;
                    return Ok(Some(byte));
                }
            }
            self.pass(1);
        }
        Ok(None)
    }

    /// Consumes bytes of the block that is there, and counts lines.
    fn pass(&mut self, used: usize) {
        // The block is there: nothing is read.
        let block = self.input.fill_buf().unwrap_or_default();
        for &byte in block.iter().take(used) {
            let is_after_cr = std::mem::replace(&mut self.is_after_cr, byte == b'\r');
            match byte {
                b'\n' if is_after_cr => {}
                b'\n' | b'\r' => {
                    self.line += 1;
                    self.column = 0;
                }
                _ => self.column += 1,
            }
        }
        self.input.consume(used);
    }
}

/// The bytes that are there, or the next ones; empty at the end.
fn fill<'b>(input: &'b mut Box<dyn BufRead + '_>) -> io::Result<&'b [u8]> {
    while let Err(error) = input.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    input.fill_buf()
}

/// What is reported once for a file, about its JSON.
#[derive(Debug, Default)]
pub(super) struct JsonNotes {
    long_numbers: usize,
    /// Number of keys that occur twice in an object.
    repeated: usize,
    /// The first of them, and the line of its value.
    first_repeated: Option<(String, usize)>,
}

impl JsonNotes {
    /// Adds the notes to the problems of the file.
    pub(super) fn report(self, problems: &mut Problems) {
        problems.extend(digits::note(self.long_numbers));
        if let Some((key, line)) = self.first_repeated {
            let keys = with_noun(self.repeated, "key");
            let message = format!("{keys} twice in one object, such as {}: the last value is read", quoted(&key));
            problems.push(Problem::warning(message).at(line).hint("this is the first"));
        }
    }
}

impl JsonItem<'_> {
    /// Parses the value as an object.
    ///
    /// # Errors
    /// It is no JSON, too large, or no object; with line and column.
    pub(super) fn object(&self, notes: &mut JsonNotes) -> Result<Map<String, Value>, Problem> {
        match self.value(notes)? {
            Value::Object(object) => Ok(object),
            _ => Err(Problem::error(format!("not a JSON object: {}", quoted(self.text))).at(self.line)),
        }
    }

    /// Parses the value.
    ///
    /// # Errors
    /// It is no JSON or too large; with line and column.
    pub(super) fn value(&self, notes: &mut JsonNotes) -> Result<Value, Problem> {
        let kept = keep_digits(self.text.as_bytes());
        let mut repeated = Repeated::default();
        let read = parse(&kept, &mut repeated).or_else(|_| {
            repeated = Repeated::default();
            // The columns of an error are those of the file.
            parse(self.text.as_bytes(), &mut repeated)
        });
        let value = read.map_err(|error| self.fault(&error))?;
        notes.long_numbers += (kept.len() - self.text.len()) / 2;
        notes.repeated += repeated.count;
        if let Some(key) = repeated.first {
            notes.first_repeated.get_or_insert((key, self.line));
        }
        Ok(value)
    }

    fn fault(&self, error: &serde_json::Error) -> Problem {
        let below = error.line().saturating_sub(1);
        let column = error.column() + if below == 0 { self.column } else { 0 };
        let line = self.text.split('\n').nth(below).unwrap_or_default();
        // The parser counts the byte at which it stopped.
        let rest = line.as_bytes().get(error.column().saturating_sub(1)..).unwrap_or_default();
        let is_nan = ["NaN", "Infinity", "-Infinity"].iter().any(|name| {
            let at = rest.strip_prefix(b"-").unwrap_or(rest);
            at.starts_with(name.trim_start_matches('-').as_bytes())
        });
        let (message, hint) = match error.classify() {
            _ if is_nan => ("NaN and Infinity are no JSON".to_owned(), Some("write null in their place")),
            serde_json::error::Category::Eof => {
                (format!("{}: the file or line may be cut off", parser_message(error)), None)
            }
            _ => (parser_message(error), None),
        };
        let message = format!("invalid JSON in column {column}: {message}: {}", quoted(self.text));
        let problem = Problem::error(message).at(self.line + below);
        hint.into_iter().fold(problem, Problem::hint)
    }
}

/// Lines on which ids occur, by their hashes: the ids of a million documents would take much memory.
#[derive(Default)]
pub(super) struct FirstLines {
    hasher: RandomState,
    lines: std::collections::HashMap<u64, u32>,
}

impl FirstLines {
    /// Adds an id. Returns a warning if it occurred before.
    ///
    /// Of ten million different ids, two have the same hash once in about 400,000 files; then a warning is wrong.
    pub(super) fn insert(&mut self, id: &str, line: usize) -> Option<Problem> {
        let number = u32::try_from(line).unwrap_or(u32::MAX);
        let first = self.lines.insert(self.hasher.hash_one(id), number)?;
        Some(Problem::warning(format!("the id {} occurs on line {first} already", quoted(id))).at(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values with their lines, and the problems of the others.
    fn items(text: &str) -> (Vec<(usize, Value)>, Vec<Problem>) {
        let bytes = text.as_bytes();
        let mut items = JsonItems::of(&bytes).unwrap();
        let (mut values, mut problems, mut notes) = (Vec::new(), Problems::default(), JsonNotes::default());
        while let Some(item) = items.next_item().unwrap() {
            match item.value(&mut notes) {
                Ok(value) => values.push((item.line, value)),
                Err(problem) => problems.push(problem),
            }
        }
        notes.report(&mut problems);
        (values, problems.finish())
    }

    #[test]
    fn values_are_found_in_lines_lists_and_over_lines() {
        let expected = |lines: [usize; 2]| -> Vec<(usize, Value)> {
            lines.into_iter().zip([1, 2]).map(|(line, n)| (line, serde_json::json!({"a": [n, "}\"]"]}))).collect()
        };
        let [one, two] = [1, 2].map(|n| format!("{{\"a\": [{n}, \"}}\\\"]\"]}}"));
        let wide = [&one, &two].map(|value| value.replace(' ', "\r\n  "));
        for (text, lines) in [
            (format!("{one}\n\n{two}\n"), [1, 3]),
            (format!("\u{feff}{one}\r{two}"), [1, 2]),
            (format!("[{one},{two}]"), [1, 1]),
            (format!("[\n{one},\n{two}\n]\n"), [2, 3]),
            (format!("{}{}", wide[0], wide[1]), [1, 3]),
            (format!("{}\n{}", wide[0], wide[1]), [1, 4]),
        ] {
            assert_eq!(items(&text), (expected(lines), Vec::new()), "{text}");
        }
        assert_eq!(items("[\"a\", {}]\n[\"b\", {}]").0.len(), 2, "examples of spaCy");
        assert_eq!(items("[[\"a\", {}],[\"b\", {}]]").0.len(), 2);
        assert_eq!(items("[1, 2,\n\"x\"]").0, [(1, 1.into()), (1, 2.into()), (2, "x".into())]);
        for empty in ["", "\n", "[]", "[", " [ ]\n"] {
            assert_eq!(items(empty), (Vec::new(), Vec::new()), "{empty:?}");
        }
    }

    #[test]
    fn faults_have_line_and_column_and_the_others_are_read() {
        let first = |text: &str| items(text).1.remove(0).to_string();
        assert!(first("{\"a\":1}\n{\"a\":NaN}\n{}").starts_with("line 2: invalid JSON in column 6: NaN and Infinity"));
        assert_eq!(items("{\"a\":1}\n{\"a\":NaN}\n{}").0.len(), 2);
        let list = "[\n {\"a\": 1},\n {\"a\":\n   nope}, {\"b\": nul}, {}\n]";
        let (values, problems) = items(list);
        assert_eq!(values.len(), 2);
        assert!(problems[0].to_string().starts_with("line 4: invalid JSON in column 5"), "{}", problems[0]);
        assert!(problems[1].to_string().starts_with("line 4: invalid JSON in column 20"), "{}", problems[1]);
        assert!(first("[{\"a\": \"b").contains("cut off"), "{}", first("[{\"a\": \"b"));
        assert!(first(&"[".repeat(500)).contains("recursion limit"));
        let repeated = items("{\"a\":1,\"b\":{\"a\":2,\"a\":3},\"a\":4}");
        assert_eq!(repeated.0[0].1, serde_json::json!({"a": 4, "b": {"a": 3}}));
        assert!(repeated.1[0].to_string().starts_with("line 1: 2 keys twice in one object, such as `a`"));
    }

    #[test]
    fn a_value_that_would_fill_the_memory_is_refused() {
        let zeros = format!("{{\"a\":[{}0]}}\n{{}}", "0,".repeat(2_000_000));
        let (values, problems) = items(&zeros);
        assert_eq!((values.len(), problems.len()), (1, 1));
        assert!(problems[0].message.contains("too many values for one document"), "{}", problems[0]);
    }

    #[test]
    fn bytes_that_are_no_text_are_named() {
        for bytes in [&b"{\"a\":\"\xe9\"}\n"[..], b"[{\"a\":\n\"\xe9\"}]"] {
            let mut items = JsonItems::of(&bytes).unwrap();
            assert!(matches!(items.next_item(), Err(Unreadable::Encoding(_))));
        }
    }
}
