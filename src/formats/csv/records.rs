//! Records of a file of separated values, of which one is in memory at a time.

use std::{
    cell::{Cell, RefCell},
    io::{self, Read},
    rc::Rc,
};

use csv::ByteRecord;

use crate::formats::{
    Problem, decode,
    source::{Source, Unreadable},
};

/// First records of a table that show its columns.
pub(super) const SAMPLE: usize = 200;
/// Longest record, in bytes: beyond it a quote is not closed.
const LONGEST: usize = 256 << 20;
/// Separators that are tried, the usual one first.
const SEPARATORS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Bytes of the beginning that show the separator.
const HEAD: usize = 1 << 16;

/// Record with its line, from 1.
#[derive(Clone, Debug, Default)]
pub(in crate::formats) struct Record {
    pub(in crate::formats) line: usize,
    /// Whether an empty line is before it.
    pub(super) follows_empty_line: bool,
    cells: csv::StringRecord,
    /// Whether each cell is in quotes; empty unless [`Records::with_quotes`] reads.
    quoted: Vec<bool>,
}

impl Record {
    /// The cell of a column without white space around it; empty if there is none.
    pub(super) fn cell(&self, column: usize) -> &str {
        self.raw(column).trim()
    }

    /// The cell of a column as it is; empty if there is none.
    pub(super) fn raw(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default()
    }

    pub(in crate::formats) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(in crate::formats) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter()
    }

    /// Whether a cell is in quotes in the file, if the reader was asked to note that.
    pub(in crate::formats) fn is_quoted(&self, column: usize) -> bool {
        self.quoted.get(column).copied().unwrap_or_default()
    }
}

/// Bytes of a file from the beginning of a record on.
#[derive(Debug, Default)]
struct RawBytes {
    /// Place of the first of them in the file.
    start: u64,
    bytes: Vec<u8>,
}

impl RawBytes {
    /// Takes the bytes up to a place in the file.
    fn take_to(&mut self, end: u64) -> Vec<u8> {
        let length = usize::try_from(end.saturating_sub(self.start)).unwrap_or(usize::MAX).min(self.bytes.len());
        self.start = end;
        self.bytes.drain(..length).collect()
    }
}

/// Whether each cell of a record begins with a quote.
fn quoted_cells(raw: &[u8], separator: u8) -> Vec<bool> {
    // The line end of the record before may be passed with this one.
    let begin = raw.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(raw.len());
    let mut cells = Vec::new();
    let mut is_start = true;
    let mut is_open = false;
    for byte in raw.get(begin..).unwrap_or_default() {
        if is_start {
            is_open = *byte == b'"';
            cells.push(is_open);
            is_start = *byte == separator;
        } else if *byte == b'"' && cells.last() == Some(&true) {
            // A quote in the cell is doubled, and changes this twice.
            is_open = !is_open;
        } else if *byte == separator && !is_open {
            is_start = true;
        }
    }
    cells
}

/// Reader that ends with an error if too many bytes are read for one record, and that adds [`END`] after the last byte.
struct RecordLimit<R> {
    input: R,
    /// Bytes that may still be read for the record.
    left: Rc<Cell<usize>>,
    /// Bytes that were handed over, and whether the end is among them.
    passed: Rc<Cell<(u64, bool)>>,
    /// The bytes themselves, if quotes are noted.
    raw: Option<Rc<RefCell<RawBytes>>>,
}

/// Follows the last byte of a file: a record of its own, except if a quote is open there.
const END: &[u8] = b"\r\n\0";

impl<R: Read> Read for RecordLimit<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let before = self.passed.get();
        // A buffer has room for the end.
        let mut length = if before.1 { 0 } else { self.input.read(bytes)? };
        let is_end = length == 0 && !before.1 && bytes.len() >= END.len();
        if is_end {
            bytes.iter_mut().zip(END).for_each(|(to, from)| *to = *from);
            length = END.len();
        }
        self.passed.set((before.0 + length as u64, before.1 || is_end));
        if let Some(raw) = &self.raw {
            raw.borrow_mut().bytes.extend_from_slice(bytes.get(..length).unwrap_or_default());
        }
        match self.left.get().checked_sub(length) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::other(TooLong)),
        }
        Ok(length)
    }
}

/// A record does not end.
#[derive(Debug, thiserror::Error)]
#[error("a quote is not closed")]
struct TooLong;

/// Records of a file in their order.
pub(in crate::formats) struct Records<'a> {
    source: &'a dyn Source,
    reader: csv::Reader<RecordLimit<Box<dyn Read + 'a>>>,
    left: Rc<Cell<usize>>,
    passed: Rc<Cell<(u64, bool)>>,
    separator: u8,
    raw: Option<Rc<RefCell<RawBytes>>>,
    bytes: ByteRecord,
    /// Line of the record in which a quote is open at the end of the file.
    open: Option<usize>,
}

impl<'a> Records<'a> {
    /// Starts at the first record.
    ///
    /// # Errors
    /// The source cannot be read.
    pub(in crate::formats) fn of(source: &'a dyn Source, separator: u8) -> Result<Self, Unreadable> {
        Self::new(source, separator, None)
    }

    /// As [`Self::of`], and notes which cells are in quotes: some programs write texts in quotes and numbers without.
    ///
    /// # Errors
    /// The source cannot be read.
    pub(in crate::formats) fn with_quotes(source: &'a dyn Source, separator: u8) -> Result<Self, Unreadable> {
        Self::new(source, separator, Some(Rc::default()))
    }

    fn new(source: &'a dyn Source, separator: u8, raw: Option<Rc<RefCell<RawBytes>>>) -> Result<Self, Unreadable> {
        let left = Rc::new(Cell::new(LONGEST));
        let passed = Rc::default();
        let input: Box<dyn Read + 'a> = Box::new(decode::body(source)?);
        let reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(RecordLimit { input, left: Rc::clone(&left), passed: Rc::clone(&passed), raw: raw.clone() });
        Ok(Self { source, reader, left, passed, separator, raw, bytes: ByteRecord::new(), open: None })
    }

    /// Whether a quote is open at the end of the file, which `last`, the last record, then has as its end.
    pub(in crate::formats) fn ends_in_quotes(&self, last: &Record) -> bool {
        self.open == Some(last.line)
    }

    /// Reads the next record. Returns whether there was one.
    ///
    /// # Errors
    /// The source cannot be read, is no text, or a record does not end.
    pub(in crate::formats) fn next_into(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        self.left.set(LONGEST);
        let before = line_of(self.reader.position());
        let is_record = self.reader.read_byte_record(&mut self.bytes);
        match is_record.map_err(csv::Error::into_kind) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(csv::ErrorKind::Io(error)) if error.get_ref().is_some_and(|inner| inner.is::<TooLong>()) => {
                let line = line_of(self.reader.position());
                let problem = Problem::error("a quote is not closed: the record has no end").at(line);
                return Err(Unreadable::Encoding(problem));
            }
            Err(csv::ErrorKind::Io(error)) => return Err(error.into()),
            // A reader of byte records that may have any length reports nothing else.
            Err(other) => return Err(io::Error::other(format!("{other:?}")).into()),
        }
        let line = self.bytes.position().map_or(0, line_of);
        let (passed, has_end) = self.passed.get();
        if has_end && self.reader.position().byte() == passed {
            if self.bytes.len() == 1 && self.bytes.get(0) == END.last().map(std::slice::from_ref) {
                return Ok(false);
            }
            self.open = Some(line);
            self.remove_end();
        }
        record.quoted.clear();
        if let Some(raw) = &self.raw {
            let raw = raw.borrow_mut().take_to(self.reader.position().byte());
            record.quoted = quoted_cells(&raw, self.separator);
        }
        record.line = line;
        // A record ends with one line end, of which the LF of CR LF is passed only with the next record.
        let inside = memchr::memchr_iter(b'\n', self.bytes.as_slice()).count();
        record.follows_empty_line = line_of(self.reader.position()) > before + inside + 1;
        let cells = std::mem::take(&mut self.bytes);
        match csv::StringRecord::from_byte_record(cells) {
            Ok(cells) => self.bytes = std::mem::replace(&mut record.cells, cells).into_byte_record(),
            Err(_) => {
                let fault = decode::find_encoding_fault(self.source)?;
                return Err(Unreadable::Encoding(
                    fault.unwrap_or_else(|| Problem::error("the file changed while it was read").hint("try again")),
                ));
            }
        }
        Ok(true)
    }

    /// Takes the end out of the last cell of the last record, in which a quote is open.
    fn remove_end(&mut self) {
        let last = self.bytes.len().saturating_sub(1);
        let cell = self.bytes.get(last).map(|cell| cell.strip_suffix(END).unwrap_or(cell).to_vec());
        self.bytes.truncate(last);
        self.bytes.push_field(&cell.unwrap_or_default());
    }
}

fn line_of(position: &csv::Position) -> usize {
    usize::try_from(position.line()).unwrap_or(usize::MAX)
}

/// Name of a separator.
pub(super) fn name_of(separator: u8) -> &'static str {
    match separator {
        b'\t' => "tab",
        b';' => "semicolon",
        b'|' => "bar",
        _ => "comma",
    }
}

/// Error of a quote that is not closed in the record of this line.
pub(super) fn open_quote(line: usize) -> Problem {
    Problem::error("a quote is not closed: the record that begins here has the rest of the file").at(line)
}

/// Finds the separator of a file by its beginning; `None` if its lines have no columns.
pub(super) fn separator_of(head: &str) -> Option<u8> {
    let fitting = SEPARATORS.map(|separator| {
        let mut records = csv::ReaderBuilder::new();
        let records = records.delimiter(separator).has_headers(false).flexible(true).from_reader(head.as_bytes());
        let widths: Vec<usize> = records.into_byte_records().take(50).flatten().map(|record| record.len()).collect();
        let width = widths.first().copied().unwrap_or_default();
        // The last record may be cut off, and a few may have faults.
        let same = widths.iter().filter(|other| **other == width).count();
        let is_good = width > 1 && same * 10 >= widths.len().saturating_sub(1) * 9;
        if is_good { width } else { 0 }
    });
    let best = fitting.iter().max().filter(|width| **width > 1)?;
    fitting.iter().zip(SEPARATORS).find(|(width, _)| *width == best).map(|(_, separator)| separator)
}

/// The beginning of a source, as [`separator_of`] needs it.
///
/// # Errors
/// The source cannot be read.
pub(super) fn head_of(source: &dyn Source) -> io::Result<String> {
    let mut head = Vec::new();
    decode::body(source)?.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(decode::start_of(&head, HEAD).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_in_quotes_are_known_in_every_record() {
        let file = format!(
            "a,b,c\r\n1,\"1\",\"x\"\"1,\"\r\n\r\n\"2\n,\",,3\"\n{}\n\"{}\",\"5\",\n",
            "4,\"4\",4\n".repeat(3_000),
            "long,".repeat(5_000)
        );
        let source = file.as_bytes();
        let mut records = Records::with_quotes(&source, b',').unwrap();
        let mut record = Record::default();
        let mut quoted = Vec::new();
        while records.next_into(&mut record).unwrap() {
            quoted.push([0, 1, 2].map(|column| record.is_quoted(column)));
        }
        assert_eq!(quoted[..3], [[false; 3], [false, true, true], [true, false, false]]);
        assert!(quoted[3..3_003].iter().all(|cells| *cells == [false, true, false]));
        assert_eq!(quoted[3_003..], [[true, true, false]]);
        let mut plain = Records::of(&source, b',').unwrap();
        assert!(plain.next_into(&mut record).unwrap() && !record.is_quoted(1));
    }
}
