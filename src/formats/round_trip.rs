//! Round trip of a written file.
//! Read it again and compare it with what was written, span by span.
//!
//! What was written is kept as a [`Print`] of each document, one after another as bytes. So neither documents nor prints need
//! be in memory, and a file of any size is compared.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
};

use serde::Serialize;

use super::{
    Corpus, Format, Problem, ReadOptions, Severity, Source, WriteOptions, Written,
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
    let mut prints = Vec::new();
    for index in &written.documents {
        let Some(document) = corpus.documents.get(*index) else { continue };
        let spans = corpus.annotation(*index).spans().iter().map(|span| (span.range, corpus.labels.name(span.label)));
        // Memory can always be written.
        Print::of(format, document, spans).write(&mut prints).unwrap_or_default();
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
    prints: &mut dyn Read,
    expected: &Expected,
    options: &ReadOptions,
) -> io::Result<RoundTrip> {
    let proof = RoundTrip {
        documents_out: expected.documents,
        spans_out: expected.spans,
        spans_announced: expected.spans_changed,
        ..RoundTrip::default()
    };
    let mut comparison = Comparison { format, prints, proof };
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
    prints: &'a mut dyn Read,
    proof: RoundTrip,
}

impl Sink for Comparison<'_> {
    fn take(&mut self, found: Found, names: &LabelNames) -> io::Result<()> {
        let spans = found.spans.iter().map(|(range, name)| (*range, names.name(*name)));
        let read = Print::of(self.format, &found.document, spans);
        self.proof.documents_back += 1;
        self.proof.spans_back += read.spans.len();
        let Some(written) = Print::read(self.prints)? else {
            self.proof.spans_changed += read.spans.len();
            return Ok(());
        };
        self.proof.texts_changed += usize::from(read.text != written.text);
        self.proof.spans_changed += read.spans_not_in(&written);
        Ok(())
    }
}

/// What a format can represent of a document, as hashes.
///
/// Two different documents have equal hashes once in 2^64 times.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Print {
    text: u64,
    /// One for each span, in ascending order.
    spans: Vec<u64>,
}

impl Print {
    /// Print of a document and of its spans with their labels.
    ///
    /// Offsets count bytes if the format keeps texts. Otherwise they count the bytes of characters other than white space, which
    /// do not change when a text is cut into words and joined again.
    pub(crate) fn of<'l>(
        format: &Format,
        document: &Document,
        spans: impl Iterator<Item = (TextRange, &'l str)>,
    ) -> Self {
        let text = &*document.text;
        let solid = if format.keeps_text { None } else { Some(SolidText::new(text)) };
        let mut spans: Vec<u64> = spans
            .map(|(range, label)| {
                // A range that does not fit the text is cut, as writers do.
                let ends = [range.start, range.end].map(|at| text.floor_char_boundary(at));
                let [start, end] = ends.map(|at| solid.as_ref().map_or(at, |solid| solid.before(at)));
                let mut hash = Hash::default();
                hash.add_bytes(label.as_bytes());
                hash.add(start as u64);
                hash.add(end as u64);
                hash.0
            })
            .collect();
        spans.sort_unstable();
        let mut hash = Hash::default();
        hash.add_bytes(solid.as_ref().map_or(text, SolidText::letters).as_bytes());
        Self { text: hash.0, spans }
    }

    /// Appends the print.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(16 + 8 * self.spans.len());
        bytes.extend(self.text.to_le_bytes());
        bytes.extend((self.spans.len() as u64).to_le_bytes());
        self.spans.iter().for_each(|span| bytes.extend(span.to_le_bytes()));
        to.write_all(&bytes)
    }

    /// Reads the next print; `None` after the last one.
    fn read(from: &mut dyn Read) -> io::Result<Option<Self>> {
        let text = match read_number(from) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            text => text?,
        };
        let spans = (0..read_number(from)?).map(|_| read_number(from)).collect::<io::Result<_>>()?;
        Ok(Some(Self { text, spans }))
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

fn read_number(from: &mut dyn Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
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
        let mut words = bytes.chunks_exact(8);
        for word in words.by_ref() {
            self.add(word.try_into().map_or(0, u64::from_le_bytes));
        }
        let mut last = [0; 8];
        last.iter_mut().zip(words.remainder()).for_each(|(to, from)| *to = *from);
        self.add(u64::from_le_bytes(last));
        self.add(bytes.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{find, tests::corpus};

    #[test]
    fn white_space_changes_no_print_of_a_format_of_words() {
        let words = Document::from_words("1", ["good", "pad", "thai"]);
        let wide = Document::from_words("1", ["good", "", "\u{2003}pad", "thai "]);
        let span = |document: &Document, words: &str| {
            let start = document.text.find(words).unwrap();
            (TextRange::new(start, start + words.len()), "Dish")
        };
        let print = |format: &str, document: &Document| {
            Print::of(find(format).unwrap(), document, [span(document, "pad"), span(document, "thai")].into_iter())
        };
        assert_eq!(print("conll2002", &words), print("conll2002", &wide));
        assert_ne!(print("jsonl", &words), print("jsonl", &wide));
        let (mut bytes, print) = (Vec::new(), print("jsonl", &words));
        print.write(&mut bytes).unwrap();
        let mut rest = bytes.as_slice();
        assert_eq!(Print::read(&mut rest).unwrap(), Some(print));
        assert_eq!(Print::read(&mut rest).unwrap(), None);
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
