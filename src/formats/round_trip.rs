//! Round trip of a written file.
//! Read it again and compare it with what was written, span by span.
//!
//! What was written is kept as a [`Print`] of each document, one after another as bytes. So neither documents nor prints need
//! be in memory, and a file of any size is compared.

use std::{
    fmt,
    io::{self, BufRead, Write},
};

use serde::Serialize;

use super::{
    Corpus, Format, Problem, ReadOptions, Severity, Source, WriteOptions, Written,
    fit::has_plain_words,
    problem::{grouped, with_noun},
    sink::{Found, LabelNames, Sink},
    solid_text::SolidText,
};
use crate::{spans::Document, text::TextRange};

/// Result of reading a written file again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RoundTrip {
    /// Number of documents written.
    pub documents_out: usize,
    /// Number of documents read back.
    pub documents_back: usize,
    /// Number of spans written.
    pub spans_out: usize,
    /// Number of spans read back.
    pub spans_back: usize,
    /// Number of spans read back that the corpus does not have.
    pub spans_changed: usize,
    /// Number of spans that the writer reported as changed.
    pub spans_announced: usize,
    /// Number of documents whose text differs without a report by the writer. White space counts only in formats that keep it,
    /// and the borders of words do not count.
    pub texts_changed: usize,
    /// Errors of the reader.
    pub errors: Vec<Problem>,
}

impl RoundTrip {
    /// Whether the file has the contents that it should have.
    pub fn holds(&self) -> bool {
        self.documents_out == self.documents_back
            && self.spans_out == self.spans_back
            && self.spans_changed <= self.spans_announced
            && self.texts_changed == 0
            && self.errors.is_empty()
    }
}

impl fmt::Display for RoundTrip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = with_noun(self.spans_out, "span");
        let [back, changed, announced] = [self.spans_back, self.spans_changed, self.spans_announced].map(grouped);
        match (self.spans_out == self.spans_back, self.spans_changed) {
            (true, 0) => write!(f, "{written} written, read back and all equal")?,
            (true, _) => write!(f, "{written} written and read back, {changed} changed")?,
            (false, _) => write!(f, "{written} written, {back} read back, {changed} changed")?,
        }
        if self.spans_announced > 0 {
            write!(f, " ({announced} as reported)")?;
        }
        if self.documents_out != self.documents_back {
            let [out, back] = [self.documents_out, self.documents_back].map(grouped);
            write!(f, "; {out} documents out, {back} back")?;
        }
        if self.texts_changed > 0 {
            write!(f, "; {} texts differ", grouped(self.texts_changed))?;
        }
        if let Some(error) = self.errors.first() {
            write!(f, "; the file cannot be read without errors: {error}")?;
        }
        Ok(())
    }
}

/// Reads a written file and compares it with its corpus.
pub fn check_round_trip(format: &Format, corpus: &Corpus, written: &Written, options: &WriteOptions) -> RoundTrip {
    let (mut prints, mut print) = (Vec::new(), Print::default());
    for index in &written.documents {
        let Some(document) = corpus.documents.get(*index) else { continue };
        let spans = corpus.annotation(*index).spans().iter().map(|span| (span.range, corpus.labels.name(span.label)));
        print.take(format, document, spans);
        // Memory can always be written.
        print.write(&mut prints).unwrap_or_default();
    }
    let expected = Expected {
        documents: written.documents.len(),
        spans: written.spans_written,
        spans_changed: written.spans_changed,
        texts_changed: written.texts_changed,
    };
    let read_options = ReadOptions {
        config: options.config.clone(),
        labels: corpus.labels.clone(),
        tags: written.tags,
        annotator: options.annotator.clone(),
        ..ReadOptions::default()
    };
    let compared = compare(format, &written.bytes.as_slice(), &mut prints.as_slice(), &expected, &read_options);
    compared.unwrap_or_else(|error| {
        // Bytes in memory can always be read.
        RoundTrip { errors: vec![Problem::error(error.to_string())], ..RoundTrip::default() }
    })
}

/// Account of a writer, with which a file that is read again is compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    /// Number of documents written.
    pub(crate) documents: usize,
    /// Number of spans written.
    pub(crate) spans: usize,
    /// Number of them that were changed to fit.
    pub(crate) spans_changed: usize,
    /// Number of documents whose text was changed to fit.
    pub(crate) texts_changed: usize,
}

/// Reads a written file and compares each document with its print, in the order in which they were written.
///
/// # Errors
/// The file or the prints cannot be read.
pub(crate) fn compare(
    format: &Format,
    file: &dyn Source,
    prints: &mut dyn BufRead,
    expected: &Expected,
    options: &ReadOptions,
) -> io::Result<RoundTrip> {
    let proof = RoundTrip {
        documents_out: expected.documents,
        spans_out: expected.spans,
        spans_announced: expected.spans_changed,
        ..RoundTrip::default()
    };
    let mut comparison = Comparison { format, prints, proof, read: Print::default(), written: Print::default() };
    let read = format.read_into(file, options, &mut comparison)?;
    let mut proof = comparison.proof;
    if format.keeps_text {
        proof.texts_changed = proof.texts_changed.saturating_sub(expected.texts_changed);
    }
    proof.errors = read.problems.into_iter().filter(|problem| problem.severity == Severity::Error).collect();
    Ok(proof)
}

/// Receiver that compares documents with their prints.
struct Comparison<'a> {
    format: &'a Format,
    prints: &'a mut dyn BufRead,
    proof: RoundTrip,
    /// Prints of the last document, in memory that is used again.
    read: Print,
    written: Print,
}

impl Sink for Comparison<'_> {
    fn wants_fields(&self) -> bool {
        false
    }

    fn take(&mut self, found: Found, names: &LabelNames) -> io::Result<()> {
        let spans = found.spans.iter().map(|(range, name)| (*range, names.name(*name)));
        self.read.take(self.format, &found.document, spans);
        self.proof.documents_back += 1;
        self.proof.spans_back += self.read.spans.len();
        if !self.written.read(self.prints)? {
            self.proof.spans_changed += self.read.spans.len();
            return Ok(());
        }
        self.proof.texts_changed += usize::from(self.read.text != self.written.text);
        self.proof.spans_changed += self.read.spans_not_in(&self.written);
        Ok(())
    }
}

/// What a format can represent of a document, as hashes.
///
/// Two different documents have equal hashes once in 2^64 times.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Print {
    text: u64,
    /// One for each span, in ascending order.
    spans: Vec<u64>,
}

impl Print {
    /// Takes the print of a document and of its spans with their labels.
    ///
    /// Offsets count bytes if the format keeps texts. Otherwise they count the bytes of characters other than white space, which
    /// do not change when a text is cut into words and joined again.
    pub(crate) fn take<'l>(
        &mut self,
        format: &Format,
        document: &Document,
        spans: impl Iterator<Item = (TextRange, &'l str)>,
    ) {
        let letters = Letters::of(format, document);
        self.spans.clear();
        self.spans.extend(spans.map(|(range, label)| {
            // A range that does not fit the text is cut, as writers do.
            let ends = [range.start, range.end].map(|at| document.text.floor_char_boundary(at));
            let [start, end] = ends.map(|at| letters.before(at));
            let mut hash = Hash::default();
            hash.add_bytes(label.as_bytes());
            hash.add(start as u64);
            hash.add(end as u64);
            hash.0
        }));
        self.spans.sort_unstable();
        self.text = letters.hash();
    }

    /// Appends the print.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(&self.text.to_le_bytes())?;
        to.write_all(&(self.spans.len() as u64).to_le_bytes())?;
        self.spans.iter().try_for_each(|span| to.write_all(&span.to_le_bytes()))
    }

    /// Reads the next print. Returns whether there was one.
    fn read(&mut self, from: &mut dyn BufRead) -> io::Result<bool> {
        if from.fill_buf()?.is_empty() {
            return Ok(false);
        }
        self.text = read_number(from)?;
        let count = read_number(from)?;
        self.spans.clear();
        for _ in 0..count {
            self.spans.push(read_number(from)?);
        }
        Ok(true)
    }

    /// Number of spans that `other` does not have. Of several equal ones each counts.
    fn spans_not_in(&self, other: &Self) -> usize {
        let mut others = other.spans.iter().peekable();
        let mut missing = 0;
        for span in &self.spans {
            while others.next_if(|other| *other < span).is_some() {}
            missing += usize::from(others.next_if(|other| *other == span).is_none());
        }
        missing
    }
}

fn read_number(from: &mut dyn BufRead) -> io::Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// The part of a text that a format keeps.
enum Letters<'d> {
    /// All of it.
    All(&'d str),
    /// Words with a blank between each two.
    Plain(&'d str, &'d [TextRange]),
    /// A text with any white space.
    Solid(SolidText),
}

impl<'d> Letters<'d> {
    fn of(format: &Format, document: &'d Document) -> Self {
        match format.keeps_text {
            true => Self::All(&document.text),
            false if has_plain_words(document) => Self::Plain(&document.text, &document.words),
            false => Self::Solid(SolidText::new(&document.text)),
        }
    }

    /// Number of bytes of it before a place in the text.
    fn before(&self, at: usize) -> usize {
        match self {
            Self::All(_) => at,
            Self::Plain(_, words) => at - words.partition_point(|word| word.start <= at).saturating_sub(1),
            Self::Solid(solid) => solid.before(at),
        }
    }

    fn hash(&self) -> u64 {
        let mut hash = Hash::default();
        match self {
            Self::All(text) => hash.add_bytes(text.as_bytes()),
            Self::Plain(text, words) => {
                let mut pieces = Pieces { hash, ..Pieces::default() };
                words.iter().for_each(|word| pieces.add(text.as_bytes(), *word));
                return pieces.finish();
            }
            Self::Solid(solid) => hash.add_bytes(solid.letters().as_bytes()),
        }
        hash.0
    }
}

/// A hash of 64 bits, the same on every machine: multiplication and rotation of words of eight bytes.
#[derive(Default)]
struct Hash(u64);

impl Hash {
    fn add(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed.rotate_right(29);
    }

    fn add_bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        self.add(first_bytes(rest, rest.len()));
        self.add(bytes.len() as u64);
    }
}

/// The first `count` bytes as a number, at most eight.
fn first_bytes(bytes: &[u8], count: usize) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(word) if count >= 8 => u64::from_le_bytes(*word),
        Some(word) => u64::from_le_bytes(*word) & !(u64::MAX << (8 * count)),
        None => bytes.iter().take(count).rev().fold(0, |number, byte| number << 8 | u64::from(*byte)),
    }
}

/// A hash of pieces of a text, the same as of their letters in one piece.
#[derive(Default)]
struct Pieces {
    hash: Hash,
    /// Bytes that are not in the hash, and the number of their bits.
    open: u64,
    bits: usize,
    length: usize,
}

impl Pieces {
    fn add(&mut self, text: &[u8], piece: TextRange) {
        self.length += piece.len();
        let mut at = piece.start;
        while at < piece.end {
            let count = (piece.end - at).min(8);
            let word = first_bytes(text.get(at..).unwrap_or_default(), count);
            at += count;
            self.open |= word << self.bits;
            let bits = self.bits + 8 * count;
            if bits < 64 {
                self.bits = bits;
                continue;
            }
            self.hash.add(self.open);
            self.open = if self.bits == 0 { 0 } else { word >> (64 - self.bits) };
            self.bits = bits - 64;
        }
    }

    fn finish(mut self) -> u64 {
        self.hash.add(self.open);
        self.hash.add(self.length as u64);
        self.hash.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::{find, tests::corpus};

    proptest! {
        #[test]
        fn plain_words_have_the_print_of_their_letters(words in prop::collection::vec("[a-c\u{e9}\u{1f32e}]{1,20}", 1..12)) {
            let document = Document::from_words("1", words);
            let plain = Letters::of(find("conll2002").unwrap(), &document);
            prop_assert!(matches!(plain, Letters::Plain(..)));
            let solid = Letters::Solid(SolidText::new(&document.text));
            prop_assert_eq!(plain.hash(), solid.hash());
            for (at, _) in document.text.char_indices().chain([(document.text.len(), ' ')]) {
                prop_assert_eq!(plain.before(at), solid.before(at));
            }
        }
    }

    #[test]
    fn white_space_changes_no_print_of_a_format_of_words() {
        let words = Document::from_words("1", ["good", "pad", "thai"]);
        let wide = Document::from_words("1", ["good", "", "\u{2003}pad", "thai "]);
        let span = |document: &Document, words: &str| {
            let start = document.text.find(words).unwrap();
            (TextRange::new(start, start + words.len()), "Dish")
        };
        let print = |format: &str, document: &Document| {
            let mut print = Print::default();
            print.take(find(format).unwrap(), document, [span(document, "pad"), span(document, "thai")].into_iter());
            print
        };
        assert_eq!(print("conll2002", &words), print("conll2002", &wide));
        assert_ne!(print("jsonl", &words), print("jsonl", &wide));
        let (mut bytes, print) = (Vec::new(), print("jsonl", &words));
        print.write(&mut bytes).unwrap();
        let (mut rest, mut read) = (bytes.as_slice(), Print::default());
        assert!(read.read(&mut rest).unwrap() && read == print);
        assert!(!read.read(&mut rest).unwrap());
    }

    #[test]
    fn each_span_is_compared_as_often_as_it_occurs() {
        let print = |spans: &[u64]| Print { text: 0, spans: spans.to_vec() };
        let missing = |read: &[u64], written: &[u64]| print(read).spans_not_in(&print(written));
        assert_eq!((missing(&[1, 2, 2], &[1, 2, 3]), missing(&[1, 2], &[1, 2, 2]), missing(&[5], &[])), (1, 0, 1));
    }

    #[test]
    fn a_file_that_was_changed_does_not_hold() {
        let corpus = corpus(&[("a", &["good", "pad", "thai"], &[(1, 3, "Dish")])]);
        let format = find("tag-first").unwrap();
        let options = WriteOptions::default();
        let mut written = format.write(&corpus, &options).unwrap();
        let proof = check_round_trip(format, &corpus, &written, &options);
        assert!(proof.holds());
        assert_eq!(proof.to_string(), "1 span written, read back and all equal");
        for (from, to) in [("I-Dish", "B-Dish"), ("B-Dish", "B-Fish"), ("good", "goad"), ("O\tgood", "O")] {
            let good = String::from_utf8(written.bytes.clone()).unwrap();
            written.bytes = good.replacen(from, to, 1).into_bytes();
            assert!(!check_round_trip(format, &corpus, &written, &options).holds(), "{from} -> {to}");
            written.bytes = good.into_bytes();
        }
    }
}
