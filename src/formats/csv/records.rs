//! Records of a file of separated values, of which one is in memory at a time.

use std::{
    cell::Cell,
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
    cells: csv::StringRecord,
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
}

/// Reader that ends with an error if too many bytes are read for one record.
struct Limited<R> {
    input: R,
    /// Bytes that may still be read for the record.
    left: Rc<Cell<usize>>,
    /// Number of quotes so far.
    quotes: Rc<Cell<usize>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(bytes)?;
        let quotes = memchr::memchr_iter(b'"', bytes.get(..length).unwrap_or_default()).count();
        self.quotes.set(self.quotes.get() + quotes);
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
    reader: csv::Reader<Limited<Box<dyn Read + 'a>>>,
    left: Rc<Cell<usize>>,
    quotes: Rc<Cell<usize>>,
    bytes: ByteRecord,
}

impl<'a> Records<'a> {
    /// Starts at the first record.
    ///
    /// # Errors
    /// The source cannot be read.
    pub(in crate::formats) fn of(source: &'a dyn Source, separator: u8) -> Result<Self, Unreadable> {
        let left = Rc::new(Cell::new(LONGEST));
        let quotes = Rc::default();
        let input: Box<dyn Read + 'a> = Box::new(decode::body(source)?);
        let reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(Limited { input, left: Rc::clone(&left), quotes: Rc::clone(&quotes) });
        Ok(Self { source, reader, left, quotes, bytes: ByteRecord::new() })
    }

    /// Whether a quote seems to be open at the end: their number is odd, and `last`, the last record, has several lines.
    pub(in crate::formats) fn ends_in_quotes(&self, last: &Record) -> bool {
        self.quotes.get() % 2 == 1 && line_of(self.reader.position()) > last.line + 1
    }

    /// Reads the next record. Returns whether there was one.
    ///
    /// # Errors
    /// The source cannot be read, is no text, or a record does not end.
    pub(in crate::formats) fn next_into(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        self.left.set(LONGEST);
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
        record.line = self.bytes.position().map_or(0, line_of);
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
}

fn line_of(position: &csv::Position) -> usize {
    usize::try_from(position.line()).unwrap_or(usize::MAX)
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
