//! Round trip of a written file.
//! Read it again and compare it with the corpus, span by span.

use std::{collections::HashMap, fmt};

use serde::Serialize;

use super::{
    Corpus, Format, Problem, ReadOptions, Severity, WriteOptions, Written,
    problem::{grouped, with_noun},
};
use crate::{
    spans::{Annotation, Document, LabelSet},
    text::{CharRange, OffsetMap},
};

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
    /// Number of documents whose text or words differ without a report by the writer.
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
        if !self.errors.is_empty() {
            write!(f, "; the file cannot be read without errors")?;
        }
        Ok(())
    }
}

/// Reads a written file and compares it with its corpus.
pub fn check_round_trip(format: &Format, corpus: &Corpus, written: &Written, options: &WriteOptions) -> RoundTrip {
    let read_options = ReadOptions {
        config: options.config.clone(),
        labels: corpus.labels.clone(),
        tags: written.tags,
        ..ReadOptions::default()
    };
    let read = format.read(&written.bytes, &read_options);
    let mut proof = RoundTrip {
        documents_out: written.documents.len(),
        documents_back: read.corpus.documents.len(),
        spans_out: written.spans_written,
        spans_back: read.corpus.span_count(),
        spans_announced: written.spans_changed,
        ..RoundTrip::default()
    };
    let mut texts_changed = 0;
    for (at, (document, annotation)) in read.corpus.pairs().enumerate() {
        let Some((index, original)) = written.documents.get(at).and_then(|i| Some((*i, corpus.documents.get(*i)?)))
        else {
            proof.spans_changed += annotation.spans().len();
            continue;
        };
        let same = if format.keeps_text { original.text == document.text } else { same_letters(original, document) };
        texts_changed += usize::from(!same);
        let mut expected = keys(original, corpus.annotation(index), &corpus.labels, format.keeps_text);
        for (key, count) in keys(document, annotation, &read.corpus.labels, format.keeps_text) {
            let known = expected.remove(&key).unwrap_or(0);
            proof.spans_changed += count.saturating_sub(known);
        }
    }
    proof.texts_changed = texts_changed.saturating_sub(if format.keeps_text { written.texts_changed } else { 0 });
    proof.errors = read.problems.into_iter().filter(|problem| problem.severity == Severity::Error).collect();
    proof
}

fn same_letters(a: &Document, b: &Document) -> bool {
    a.text == b.text || letters(&a.text).eq(letters(&b.text))
}

/// Characters other than white space.
fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace())
}

type SpanKey<'a> = (usize, usize, &'a str);

/// Spans with their number, as a format can represent them.
///
/// Offsets count code points if the format keeps texts. Otherwise they count the characters other than white space, which
/// do not change when a text is cut into words and joined again.
fn keys<'a>(
    document: &Document,
    annotation: &Annotation,
    labels: &'a LabelSet,
    keeps_text: bool,
) -> HashMap<SpanKey<'a>, usize> {
    let mut found = HashMap::new();
    if annotation.spans().is_empty() {
        return found;
    }
    let map = OffsetMap::new(&document.text);
    // For each code point, and for the end, the number of letters before it.
    let mut letters_before = vec![0];
    if !keeps_text {
        for c in document.text.chars() {
            let before = letters_before.last().copied().unwrap_or_default();
            letters_before.push(before + usize::from(!c.is_whitespace()));
        }
    }
    for span in annotation.spans() {
        let CharRange { mut start, mut end } = map.to_chars(span.range);
        if !keeps_text {
            start = letters_before.get(start).copied().unwrap_or(start);
            end = letters_before.get(end).copied().unwrap_or(end);
        }
        *found.entry((start, end, labels.name(span.label))).or_default() += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{find, tests::corpus};

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
