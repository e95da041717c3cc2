//! Bytes to text and text to lines, as all text formats need it.

use super::problem::{Problem, Problems};

/// Decodes a file without its byte order mark; `None` after it has added an error.
pub(crate) fn text<'a>(bytes: &'a [u8], problems: &mut Problems) -> Option<&'a str> {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if body.starts_with(b"\xff\xfe") || body.starts_with(b"\xfe\xff") {
        problems.push(
            Problem::error("the file is UTF-16, not UTF-8").hint("convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW"),
        );
        return None;
    }
    match std::str::from_utf8(body) {
        Ok(text) => Some(text),
        Err(error) => {
            problems.push(not_utf8(bytes, bytes.len() - body.len() + error.valid_up_to()));
            None
        }
    }
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

fn not_utf8(bytes: &[u8], at: usize) -> Problem {
    let wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if !wide && bytes.iter().take(HEAD).any(|byte| matches!(byte, 0..=8 | 14..=26)) {
        return Problem::error("this is not a text file: it contains bytes that no text has").hint("use a text file");
    }
    let before = bytes.get(..at).unwrap_or(bytes);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    let byte = bytes.get(at).copied().unwrap_or_default();
    // 0x80 to 0x9f are letters and quotes in Windows-1252, nothing in Latin-1.
    let windows = bytes.get(at..).unwrap_or_default().iter().any(|byte| (0x80..0xa0).contains(byte));
    let (name, code) = if windows { ("Windows-1252", "CP1252") } else { ("Latin-1", "ISO-8859-1") };
    Problem::error(format!("byte {column} of the line (0x{byte:02x}, byte {at} of the file) is not UTF-8"))
        .at(line)
        .hint(format!("the file is probably {name}; convert it: iconv -f {code} -t UTF-8 FILE > NEW"))
}

/// The lines with their numbers from 1.
/// A line ends at LF or CRLF; a last line without line end counts if it is not empty.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    // `str::lines` keeps a lone CR at the end of the last line, which is data and not a line end.
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
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

/// Encodes a text as a file.
/// A text that begins with U+FEFF gets a byte order mark, so that it is not taken for one.
pub(crate) fn bytes_of(text: String) -> Vec<u8> {
    let text = if text.starts_with('\u{feff}') { format!("\u{feff}{text}") } else { text };
    text.into_bytes()
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
        for (bytes, name) in [(&b"it\x92s"[..], "CP1252"), (b"\xff\xfea\0", "UTF-16")] {
            let mut problems = Problems::default();
            assert_eq!(text(bytes, &mut problems), None);
            assert!(problems.finish()[0].hint.as_ref().is_some_and(|hint| hint.contains(name)));
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_text_and_a_second_one_is() {
        let mut problems = Problems::default();
        assert_eq!(text(b"\xef\xbb\xbfhi", &mut problems), Some("hi"));
        let written = bytes_of("\u{feff}hi".to_owned());
        assert_eq!(text(&written, &mut problems), Some("\u{feff}hi"));
    }

    #[test]
    fn lines_end_at_lf_and_crlf_only() {
        let found: Vec<_> = lines("a\r\n\nb\rc\n").collect();
        assert_eq!(found, [(1, "a"), (2, ""), (3, "b\rc")]);
        assert_eq!(start_of("caf\u{e9}".as_bytes(), 4), "caf");
    }
}
