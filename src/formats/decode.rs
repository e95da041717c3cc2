//! Bytes to text and text to lines, as all text formats need it.

use std::{
    io::{self, BufRead, BufReader, Cursor, Read},
    ops::Range,
};

use super::{
    problem::{Problem, Problems, quoted},
    source::{Source, Unreadable},
};
use crate::text::number;

/// First bytes of a UTF-8 file that some programs write, and that are no text.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes of a source that are looked at together.
const BLOCK: usize = 1 << 16;

/// Decodes a file without its byte order mark; `None` after it has added an error.
pub(crate) fn text<'a>(bytes: &'a [u8], problems: &mut Problems) -> Option<&'a str> {
    let text = std::str::from_utf8(bytes.strip_prefix(MARK).unwrap_or(bytes)).ok();
    if text.is_none() {
        // Bytes in memory can always be read.
        problems.push(encoding_fault(&bytes).unwrap_or_else(|error| Problem::error(error.to_string())));
    }
    text
}

/// Decodes a file without its byte order mark.
///
/// # Errors
/// It is not UTF-8; the error gives line, byte and a remedy.
pub fn decode_text(bytes: &[u8]) -> Result<&str, Problem> {
    let mut problems = Problems::default();
    text(bytes, &mut problems)
        .ok_or_else(|| problems.finish().into_iter().next().unwrap_or_else(|| Problem::error("no text")))
}

/// Bytes at the start of a file that are searched for invalid bytes.
/// Such bytes occur in no text.
const HEAD: usize = 4096;

/// Place in a file, all counted from 0.
#[derive(Default)]
struct Place {
    byte: usize,
    line: usize,
    /// Byte in its line.
    column: usize,
    /// Whether the byte before it is CR.
    is_after_cr: bool,
}

impl Place {
    fn pass(&mut self, bytes: &[u8]) {
        let has_cr_before = self.is_after_cr;
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes);
        // The LF of CRLF ends no line.
        let ends = ends.filter(|at| {
            let is_after_cr = at.checked_sub(1).map_or(has_cr_before, |before| bytes.get(before) == Some(&b'\r'));
            bytes.get(*at) == Some(&b'\r') || !is_after_cr
        });
        self.line += ends.count();
        self.column = match memchr::memrchr2(b'\n', b'\r', bytes) {
            Some(end) => bytes.len() - end - 1,
            None => self.column + bytes.len(),
        };
        self.byte += bytes.len();
        self.is_after_cr = bytes.last().map_or(has_cr_before, |last| *last == b'\r');
    }
}

/// Describes the first byte of a file that is not UTF-8, after a reader met it.
pub(crate) fn encoding_fault(source: &dyn Source) -> io::Result<Problem> {
    let changed = || Problem::error("the file changed while it was read").hint("try again");
    Ok(find_encoding_fault(source)?.unwrap_or_else(changed))
}

/// Describes the first byte of a file that is not UTF-8; `None` if it is a text.
///
/// # Errors
/// The source cannot be read.
pub(crate) fn find_encoding_fault(source: &dyn Source) -> io::Result<Option<Problem>> {
    let mut input = source.bytes()?;
    let mut place = Place::default();
    let (mut block, mut has_controls) = (Vec::new(), false);
    loop {
        let read = input.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        if place.byte == 0 {
            has_controls = block.iter().take(HEAD).any(|byte| matches!(byte, 0..=8 | 14..=26));
        }
        let (good, is_fault) = match std::str::from_utf8(&block) {
            Ok(_) => (block.len(), false),
            // The rest of the character is in the next block, if there is one.
            Err(error) => (error.valid_up_to(), error.error_len().is_some() || read == 0),
        };
        place.pass(block.get(..good).unwrap_or_default());
        block.drain(..good);
        if is_fault {
            // 0x80 to 0x9f are letters and quotes in Windows-1252, nothing in Latin-1.
            let mut is_windows = block.iter().any(is_windows_only);
            for byte in BufReader::with_capacity(BLOCK, input).bytes() {
                is_windows = is_windows || is_windows_only(&byte?);
            }
            return Ok(Some(fault(&place, &block, has_controls, is_windows)));
        }
        if read == 0 {
            return Ok(None);
        }
    }
}

fn is_windows_only(byte: &u8) -> bool {
    (0x80..0xa0).contains(byte)
}

/// Describes a fault at `place`, where the bytes `rest` begin.
fn fault(place: &Place, rest: &[u8], has_controls: bool, is_windows: bool) -> Problem {
    let is_first = place.byte == 0 || place.byte == MARK.len();
    if is_first && (rest.starts_with(b"\xff\xfe") || rest.starts_with(b"\xfe\xff")) {
        return Problem::error("the file is UTF-16, not UTF-8").hint("convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW");
    }
    if has_controls {
        return Problem::error("this is not a text file: it contains bytes that no text has").hint("use a text file");
    }
    let Place { byte: at, line, column, .. } = place;
    let byte = rest.first().copied().unwrap_or_default();
    // UTF-8 has no three bytes for half a character of UTF-16.
    if matches!(rest, [0xed, 0xa0..=0xbf, ..]) {
        let column = column + 1;
        return Problem::error(format!("byte {column} of the line (byte {at} of the file) begins half a character"))
            .at(line + 1)
            .hint(
                "the file is CESU-8 or has single surrogates, as some Java programs write them; convert it: python3 -c \
                 \"import sys; t = sys.stdin.buffer.read().decode('utf-8', 'surrogatepass'); \
                 sys.stdout.buffer.write(t.encode('utf-16', 'surrogatepass').decode('utf-16').encode())\" < FILE > NEW",
            );
    }
    let (name, code) = if is_windows { ("Windows-1252", "CP1252") } else { ("Latin-1", "ISO-8859-1") };
    let column = column + 1;
    Problem::error(format!("byte {column} of the line (0x{byte:02x}, byte {at} of the file) is not UTF-8"))
        .at(line + 1)
        .hint(format!("the file is probably {name}; convert it: iconv -f {code} -t UTF-8 FILE > NEW"))
}

/// Returns a reader of a file without its byte order mark.
///
/// # Errors
/// The source cannot be read.
pub(crate) fn body(source: &dyn Source) -> io::Result<impl BufRead + '_> {
    let (start, input) = unmarked(source)?;
    Ok(BufReader::with_capacity(BLOCK, Cursor::new(start).chain(input)))
}

/// Returns the first bytes of a file, without its byte order mark, and a reader of what follows them.
fn unmarked(source: &dyn Source) -> io::Result<(Vec<u8>, Box<dyn Read + '_>)> {
    let mut input = source.bytes()?;
    let mut start = Vec::new();
    input.by_ref().take(MARK.len() as u64).read_to_end(&mut start)?;
    if start == MARK {
        start.clear();
    }
    Ok((start, input))
}

/// Longest line that is read, in bytes. A longer one is no text of a person, and probably no text at all.
const LONGEST_LINE: usize = 256 << 20;

/// Lines of a source as [`lines`] has them, of which a block is in memory at a time.
pub(crate) struct Lines<'a> {
    source: &'a dyn Source,
    input: Box<dyn Read + 'a>,
    /// Text that was read and checked.
    block: String,
    /// Bytes after it that are no whole character yet.
    rest: Vec<u8>,
    /// Place in the block at which the next line begins.
    at: usize,
    /// Place in the block up to which there is no line end.
    searched: usize,
    number: usize,
    /// Whether the last line ended at CR, so that LF would belong to it.
    is_after_cr: bool,
    longest: usize,
}

impl<'a> Lines<'a> {
    /// Starts at the first line.
    pub(crate) fn of(source: &'a dyn Source) -> Result<Self, Unreadable> {
        Self::up_to(source, LONGEST_LINE)
    }

    fn up_to(source: &'a dyn Source, longest: usize) -> Result<Self, Unreadable> {
        let (rest, input) = unmarked(source)?;
        let block = String::with_capacity(2 * BLOCK);
        Ok(Self { source, input, block, rest, at: 0, searched: 0, number: 0, is_after_cr: false, longest })
    }

    /// Returns the next line with its number, from 1.
    ///
    /// # Errors
    /// The source cannot be read, or the line is not UTF-8 or too long.
    pub(crate) fn next_line(&mut self) -> Result<Option<(usize, &str)>, Unreadable> {
        let Some(line) = self.find_line()? else { return Ok(None) };
        self.number += 1;
        Ok(Some((self.number, self.block.get(line).unwrap_or_default())))
    }

    /// Finds the next line in the block, after reading more of the source if needed.
    fn find_line(&mut self) -> Result<Option<Range<usize>>, Unreadable> {
        loop {
            let block = self.block.as_bytes();
            if self.is_after_cr && self.at < block.len() {
                self.is_after_cr = false;
                if block.get(self.at) == Some(&b'\n') {
                    self.at += 1;
                }
            }
            let from = self.at.max(self.searched);
            let unsearched = block.get(from..).unwrap_or_default();
            if let Some(end) = line_end(unsearched).map(|end| from + end) {
                let line = self.at..end;
                self.is_after_cr = block.get(end) == Some(&b'\r');
                self.at = end + 1;
                return Ok(Some(line));
            }
            self.searched = block.len();
            if self.searched - self.at > self.longest {
                return Err(Unreadable::Encoding(self.too_long()));
            }
            if !self.read_more()? {
                let line = self.at..self.block.len();
                self.at = line.end;
                return Ok((!line.is_empty()).then_some(line));
            }
        }
    }

    /// Appends to the block what comes next in the source. Returns whether there was more.
    fn read_more(&mut self) -> Result<bool, Unreadable> {
        self.block.drain(..self.at);
        self.searched -= self.at;
        self.at = 0;
        let read = self.read_block()?;
        let (good, is_fault) = match std::str::from_utf8(&self.rest) {
            Ok(text) => (text, false),
            // The other bytes of the character are in the next block, if there is one.
            Err(error) => {
                let good = self.rest.get(..error.valid_up_to()).unwrap_or_default();
                let is_fault = error.error_len().is_some() || read == 0;
                (std::str::from_utf8(good).unwrap_or_default(), is_fault)
            }
        };
        self.block.push_str(good);
        let length = good.len();
        self.rest.drain(..length);
        // The lines before the fault come first.
        if is_fault && length == 0 {
            return Err(Unreadable::Encoding(encoding_fault(self.source)?));
        }
        Ok(length > 0 || read > 0)
    }

    /// Appends a block of the source to the bytes that are no text yet. Returns their number.
    fn read_block(&mut self) -> io::Result<usize> {
        let begin = self.rest.len();
        self.rest.resize(begin + BLOCK, 0);
        loop {
            match self.input.read(self.rest.get_mut(begin..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    self.rest.truncate(begin + read.as_ref().copied().unwrap_or_default());
                    return read;
                }
            }
        }
    }

    fn too_long(&self) -> Problem {
        let start = self.block.get(self.at..).unwrap_or_default();
        let longest = number::bytes(self.longest as u64);
        Problem::error(format!("the line that begins with {} is longer than {longest}", quoted(start)))
            .at(self.number + 1)
            .hint("a file of lines has one text, one object or one word on each; check that it is of the named format")
    }
}

/// Place of the first LF or CR. Most lines are short: for these, looking at eight bytes at a time is faster than a search of the
/// library, which is made for long ones.
fn line_end(bytes: &[u8]) -> Option<usize> {
    /// Blocks of eight bytes that are looked at first.
    const FIRST: usize = 6;
    let (blocks, _) = bytes.as_chunks::<8>();
    for (at, block) in blocks.iter().take(FIRST).enumerate() {
        let block = u64::from_le_bytes(*block);
        let ends = marks_of(b'\n', block) | marks_of(b'\r', block);
        if ends != 0 {
            return Some(8 * at + first_mark(ends));
        }
    }
    let searched = 8 * blocks.len().min(FIRST);
    let rest = bytes.get(searched..).unwrap_or_default();
    memchr::memchr2(b'\n', b'\r', rest).map(|end| searched + end)
}

/// Marks a byte among eight: the highest bit of each place where it stands.
pub(super) fn marks_of(byte: u8, block: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let differs = block ^ u64::from_le_bytes([byte; 8]);
    !(((differs & LOW) + LOW) | differs | LOW)
}

/// Place of the first mark of [`marks_of`] among eight bytes.
pub(super) fn first_mark(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The lines with their numbers from 1.
/// A line ends at LF, CRLF or CR, also mixed in one file; a last line without line end counts if it is not empty.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> + Clone {
    let mut rest = text;
    let lines = std::iter::from_fn(move || {
        let line = rest.split(['\n', '\r']).next().filter(|_| !rest.is_empty())?;
        let after = rest.get(line.len()..).unwrap_or_default();
        let end = if after.starts_with("\r\n") { 2 } else { after.len().min(1) };
        rest = after.get(end..).unwrap_or_default();
        Some(line)
    });
    lines.enumerate().map(|(at, line)| (at + 1, line))
}

/// The longest beginning of `bytes` that is UTF-8 text.
/// It has at most `longest` bytes and no byte order mark.
pub(crate) fn start_of(bytes: &[u8], longest: usize) -> &str {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = body.get(..longest).unwrap_or(body);
    match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => head.get(..error.valid_up_to()).and_then(|good| std::str::from_utf8(good).ok()).unwrap_or(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_1_is_named_with_line_and_byte() {
        let mut problems = Problems::default();
        assert_eq!(text(b"good\ncaf\xe9 bar\n", &mut problems), None);
        let problem = problems.finish().remove(0);
        assert_eq!(problem.line, Some(2));
        assert_eq!(problem.message, "byte 4 of the line (0xe9, byte 8 of the file) is not UTF-8");
        assert!(problem.hint.is_some_and(|hint| hint.contains("iconv -f ISO-8859-1")));
    }

    #[test]
    fn other_encodings_are_guessed() {
        for (bytes, name) in
            [(&b"it\x92s"[..], "CP1252"), (b"\xff\xfea\0", "UTF-16"), (b"a\xed\xa0\xbd\xed\xb8\x8a", "CESU-8")]
        {
            let mut problems = Problems::default();
            assert_eq!(text(bytes, &mut problems), None);
            assert!(problems.finish()[0].hint.as_ref().is_some_and(|hint| hint.contains(name)));
        }
    }

    #[test]
    fn a_fault_is_found_wherever_blocks_end() {
        for before in [BLOCK - 3, BLOCK - 2, BLOCK - 1, BLOCK, 3 * BLOCK] {
            // A good character over the end of the block, and a bad one at some distance.
            let bytes =
                [&b"\xef\xbb\xbf"[..], b"x\n", &vec![b'a'; before - 6], "\u{1f355}".as_bytes(), b"\xff"].concat();
            let problem = encoding_fault(&bytes.as_slice()).unwrap();
            let at = bytes.len() - 1;
            let message = format!("byte {} of the line (0xff, byte {at} of the file) is not UTF-8", at - 4);
            assert_eq!((problem.message, problem.line), (message, Some(2)));
            assert!(problem.hint.unwrap().contains("ISO-8859-1"));
        }
        let cut = encoding_fault(&"caf\u{e9}".as_bytes().split_last().unwrap().1).unwrap();
        assert!(cut.message.starts_with("byte 4 of the line (0xc3"), "a character without its end");
        assert!(encoding_fault(&&b"good"[..]).unwrap().message.contains("changed while it was read"));
    }

    #[test]
    fn a_line_without_end_is_named_before_it_fills_the_memory() {
        /// Never ends.
        struct Endless;
        impl Source for Endless {
            fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
                Ok(Box::new((&b"first\n"[..]).chain(io::repeat(b'a'))))
            }
        }
        let mut lines = Lines::up_to(&Endless, 3 * BLOCK).unwrap();
        assert_eq!(lines.next_line().unwrap(), Some((1, "first")));
        let Err(Unreadable::Encoding(problem)) = lines.next_line() else { panic!() };
        assert_eq!(problem.line, Some(2));
        assert!(problem.message.starts_with("the line that begins with `aaa"), "{problem}");
        assert!(lines.block.capacity() < 8 * BLOCK && lines.rest.capacity() < 2 * BLOCK);
    }

    #[test]
    fn the_lines_before_a_fault_come_first() {
        let bytes = &b"good\r\ntacos\ncaf\xe9\n"[..];
        let mut lines = Lines::of(&bytes).unwrap();
        assert_eq!(lines.next_line().unwrap(), Some((1, "good")));
        assert_eq!(lines.next_line().unwrap(), Some((2, "tacos")));
        assert!(matches!(lines.next_line(), Err(Unreadable::Encoding(problem)) if problem.line == Some(3)));
    }

    #[test]
    fn a_byte_order_mark_is_no_text_and_a_second_one_is() {
        let mut problems = Problems::default();
        assert_eq!(text(b"\xef\xbb\xbfhi", &mut problems), Some("hi"));
        assert_eq!(text("\u{feff}\u{feff}hi".as_bytes(), &mut problems), Some("\u{feff}hi"));
    }

    #[test]
    fn lines_end_at_lf_crlf_and_cr() {
        let found: Vec<_> = lines("a\r\n\nb\rc\n\rd").collect();
        assert_eq!(found, [(1, "a"), (2, ""), (3, "b"), (4, "c"), (5, ""), (6, "d")]);
        let around_a_block = format!("{}\r\nb\r\r\nc", "a".repeat(BLOCK - 1));
        for text in [
            around_a_block.as_str(),
            "",
            "\u{feff}",
            "a",
            "a\r",
            "\u{feff}a\r\n\nb\rc\n\r\n",
            "\n\n",
            "\u{feff}\u{feff}\n",
        ] {
            let (bytes, mut streamed) = (text.as_bytes(), Vec::new());
            let mut reader = Lines::of(&bytes).unwrap();
            while let Some((number, line)) = reader.next_line().unwrap() {
                streamed.push((number, line.to_owned()));
            }
            let whole = lines(text.strip_prefix('\u{feff}').unwrap_or(text));
            assert_eq!(streamed, whole.map(|(number, line)| (number, line.to_owned())).collect::<Vec<_>>(), "{text:?}");
        }
        assert_eq!(start_of("caf\u{e9}".as_bytes(), 4), "caf");
    }
}
