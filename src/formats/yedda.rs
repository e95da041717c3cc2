//! `yedda`: texts with spans in brackets, one text per line, as YEDDA writes them.
//!
//! `[@fish tacos#Dish*]` is a span, `[$fish tacos#Dish*]` a suggestion that nobody has confirmed.

use super::{
    WriteOptions,
    decode::{self, Lines},
    fit::in_one_line,
    format::{Format, Sample},
    problem::{Problem, quoted, with_noun},
    sink::{Found, Reading},
    source::{Source, Takes, Unreadable},
    writer::{Output, Writer},
};
use crate::{
    spans::{Annotation, Document, LabelSet, Span, Status},
    text::TextRange,
};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "yedda",
    about: "texts with spans in brackets: [@tacos#Dish*]",
    extensions: &["ann"],
    cannot_hold: "nested and overlapping spans, ids, statuses, line breaks inside a text",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(read),
    write: Some(write),
};

/// Beginnings of a span and of a suggestion, and their end.
const SPAN: &str = "[@";
const SUGGESTION: &str = "[$";
const END: &str = "*]";

/// Accepts lines with spans.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let found = decode::lines(sample.text).any(|(_, line)| Marked::read(line).is_annotated());
    let confidence = if sample.extension == "ann" { 88 } else { 70 };
    found.then(|| (confidence, "spans such as [@tacos#Dish*]".to_owned()))
}

/// A line without its marks.
#[derive(Debug, Default, PartialEq, Eq)]
struct Marked<'l> {
    text: String,
    /// Spans in their order, with their labels.
    spans: Vec<(TextRange, &'l str)>,
    suggestions: usize,
}

impl<'l> Marked<'l> {
    fn read(line: &'l str) -> Self {
        let mut marked = Self::default();
        let mut rest = line;
        while let Some((before, mark, after)) = next_mark(rest) {
            marked.text.push_str(before);
            let start = marked.text.len();
            marked.text.push_str(mark.text);
            if mark.is_suggestion {
                marked.suggestions += 1;
            } else {
                marked.spans.push((TextRange::new(start, marked.text.len()), mark.label));
            }
            rest = after;
        }
        marked.text.push_str(rest);
        marked
    }

    fn is_annotated(&self) -> bool {
        !self.spans.is_empty() || self.suggestions > 0
    }
}

struct Mark<'l> {
    text: &'l str,
    label: &'l str,
    is_suggestion: bool,
}

/// Finds the next mark: the line before it, the mark, and the line after it. Reads no byte behind the mark.
fn next_mark(line: &str) -> Option<(&str, Mark<'_>, &str)> {
    let bytes = line.as_bytes();
    // Of several beginnings the last one belongs to an end, and its label follows the last `#`.
    let mut start = None;
    let mut hash = None;
    for at in memchr::memchr3_iter(b'[', b'#', b'*', bytes) {
        let rest = line.get(at..)?;
        if rest.starts_with(SPAN) || rest.starts_with(SUGGESTION) {
            start = Some(at);
            hash = None;
        } else if rest.starts_with('#') {
            hash = Some(at);
        } else if let Some(after) = rest.strip_prefix(END)
            // Like YEDDA: what a `#` follows is no end.
            && !after.starts_with('#')
            && let Some((start, hash)) = start.zip(hash)
        {
            let text = line.get(start + SPAN.len()..hash)?;
            let label = line.get(hash + 1..at)?;
            if !text.is_empty() && !label.trim().is_empty() {
                let is_suggestion = line.get(start..)?.starts_with(SUGGESTION);
                return Some((line.get(..start)?, Mark { text, label, is_suggestion }, after));
            }
        }
    }
    None
}

/// Reads one document per line that is not blank.
fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let mut is_annotated = false;
    let mut lines = Lines::of(source)?;
    while !is_annotated && let Some((_, line)) = lines.next_line()? {
        is_annotated = Marked::read(line).is_annotated();
    }
    let status = if is_annotated { Status::Done } else { Status::Todo };
    let mut blank = 0;
    let mut suggestions = 0;
    let mut lines = Lines::of(source)?;
    while let Some((_, line)) = lines.next_line()? {
        if is_blank(line) {
            blank += 1;
            continue;
        }
        let marked = Marked::read(line);
        suggestions += marked.suggestions;
        let mut document = Document::new(reading.next_id(), marked.text, reading.options.grid);
        document.split = reading.options.split;
        let spans = marked.spans.into_iter().map(|(range, label)| (range, reading.label(label))).collect();
        reading.push(Found { document, spans, status })?;
    }
    if blank > 0 {
        reading.problems.push(Problem::note(format!("{} left out", with_noun(blank, "empty line"))));
    }
    if suggestions > 0 {
        let message =
            format!("{} ([$..]) that nobody has confirmed: not read as spans", with_noun(suggestions, "suggestion"));
        reading.problems.push(Problem::note(message));
    }
    if !is_annotated {
        reading.problems.push(Problem::note("the file has no spans such as [@tacos#Dish*]: its texts are still to do"));
    }
    let texts = with_noun(reading.documents(), "text");
    Ok(vec!["texts with spans in brackets".to_owned(), texts, reading.spans_text()])
}

/// Writes one line per document.
fn write<'a>(labels: &'a LabelSet, _: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(LineWriter { labels })
}

struct LineWriter<'a> {
    labels: &'a LabelSet,
}

impl Writer for LineWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        if is_blank(&document.text) {
            let shown = quoted(&document.id);
            if annotation.spans().is_empty() {
                out.losses.note(format!("document {shown}: an empty text cannot be a line and is left out"));
            } else {
                out.losses.add(&document.id, "its text is blank and cannot be a line", "left out", "left out");
            }
            return;
        }
        let Some(has_breaks) = out.losses.fit_in_line(document) else { return };
        let spans = self.spans(document, annotation, out);
        let mut line = String::new();
        let mut at = 0;
        for (range, label) in &spans {
            line.push_str(&in_one_line(TextRange::new(at, range.start).of(&document.text)));
            for part in [SPAN, &in_one_line(range.of(&document.text)), "#", label, END] {
                line.push_str(part);
            }
            at = range.end;
        }
        line.push_str(&in_one_line(TextRange::new(at, document.text.len()).of(&document.text)));
        let read = Marked::read(&line);
        if read.text != in_one_line(&document.text) || read.spans != spans || read.suggestions > 0 {
            let what = format!("the text {} looks as if it had spans of this format", quoted(&document.text));
            out.losses.add(&document.id, &what, "the document is left out", "the document is left out");
            return;
        }
        out.push(&line);
        out.push("\n");
        out.count(spans.len(), 0);
        if has_breaks {
            out.count_changed_text();
        }
    }
}

impl<'a> LineWriter<'a> {
    /// The spans that can be written, with their labels.
    fn spans(&self, document: &Document, annotation: &Annotation, out: &mut Output) -> Vec<(TextRange, &'a str)> {
        let mut order: Vec<&Span> = annotation.spans().iter().collect();
        order.sort_by_key(|span| (std::cmp::Reverse(span.range.len()), span.range.start));
        let mut taken: std::collections::BTreeMap<usize, (TextRange, &str)> = std::collections::BTreeMap::new();
        for span in order {
            let text = quoted(span.range.of(&document.text));
            let Some(label) = self.labels.get(span.label).map(|label| label.name.as_str()) else {
                let what = format!("the span {text} has no label");
                out.losses.add_at(&document.id, span.range, &what, "left out", "left out");
                continue;
            };
            let what = if let Some(fault) = fault(document, span, label) {
                format!("the span {text} ({}) {fault}", quoted(label))
            } else if let Some((_, (other, name))) =
                taken.range(..span.range.end).next_back().filter(|(_, (other, _))| other.end > span.range.start)
            {
                let other = quoted(other.of(&document.text));
                let name = quoted(name);
                format!("the span {text} ({}) overlaps {other} ({name})", quoted(label))
            } else {
                taken.insert(span.range.start, (span.range, label));
                continue;
            };
            out.losses.add_at(&document.id, span.range, &what, "left out", "left out");
        }
        taken.into_values().collect()
    }
}

/// Reason for which a span cannot be written.
fn fault(document: &Document, span: &Span, label: &str) -> Option<&'static str> {
    let text = span.range.of(&document.text);
    let after = document.text.get(span.range.end..).unwrap_or_default();
    let marks = [SPAN, SUGGESTION, END];
    if text.is_empty() || label.trim().is_empty() {
        Some("has no text or no label")
    } else if label.contains(['#', '\n', '\r']) || marks.iter().any(|mark| label.contains(mark) || text.contains(mark))
    {
        Some("contains a mark of this format")
    } else if after.starts_with('#') {
        Some("has a `#` behind it, which is a mark of this format")
    } else {
        None
    }
}

/// Whether a line has only spaces and tabs. Other white space may be the whole of a text.
fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        formats::{OnLoss, Read, ReadOptions, check_round_trip, detect as detect_format, tests::corpus},
        text::growth::assert_linear,
    };

    fn read(text: &str) -> Read {
        detect_format("a.ann", text.as_bytes()).format.read(text.as_bytes(), &ReadOptions::default())
    }

    fn spans(read: &Read) -> Vec<String> {
        let of = |(document, annotation): (&Document, &Annotation)| {
            let name =
                |span: &Span| format!("{}:{}", read.corpus.labels.name(span.label), span.range.of(&document.text));
            annotation.spans().iter().map(name).collect::<Vec<_>>()
        };
        read.corpus.pairs().flat_map(of).collect()
    }

    #[test]
    fn spans_are_read_and_suggestions_are_not() {
        let found = read("Good [@fish tacos#Dish*] at [$Casa#Name*], \u{1f355} [@C#1#Key*]\n\nno [@ spans] * # *]\n");
        assert_eq!(&*found.corpus.documents[0].text, "Good fish tacos at Casa, \u{1f355} C#1");
        assert_eq!(&*found.corpus.documents[1].text, "no [@ spans] * # *]");
        assert_eq!(spans(&found), ["Dish:fish tacos", "Key:C#1"]);
        assert_eq!(found.corpus.annotation(1).status, Status::Done);
        let notes: Vec<_> = found.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[1].starts_with("1 suggestion"));
        assert_eq!(spans(&read("a [@b [@c#X*] d\n")), ["X:c"], "the inner beginning counts");
    }

    #[test]
    fn what_is_no_span_stays_text() {
        for text in ["[@a#*]", "[@#b*]", "[@a*]", "[@a#b", "a#b*]", "[@a#b*]#"] {
            let found = FORMAT.read(text.as_bytes(), &ReadOptions::default());
            assert_eq!((&*found.corpus.documents[0].text, spans(&found).len()), (text, 0));
            assert_eq!(found.corpus.annotation(0).status, Status::Todo);
        }
    }

    #[test]
    fn marks_without_a_counterpart_are_read_in_linear_time() {
        for part in ["*]", "[@", "[@a", "[@#*]", "#*]", "[$a#*]"] {
            assert_linear(50_000, |n| format!("[@a{}", part.repeat(n)), |line| Marked::read(line).spans.len());
        }
        assert_linear(20_000, |n| "[@a#X*]".repeat(n), |line| Marked::read(line).spans.len());
    }

    #[test]
    fn spans_that_cannot_be_written_are_losses() {
        let corpus = corpus(&[
            ("1", &["good", "fish", "tacos", "#1"], &[(1, 3, "Dish"), (1, 2, "Fish"), (0, 1, "A#B")]),
            ("2", &["a", "[@x#Y*]"], &[(0, 1, "Dish")]),
            ("3", &["two\nlines"], &[(0, 1, "Dish")]),
        ]);
        let with = |on_loss| FORMAT.write(&corpus, &WriteOptions { on_loss, ..WriteOptions::default() });
        assert_eq!(with(OnLoss::Fail).unwrap_err().len(), 5);
        let written = with(OnLoss::Snap).unwrap();
        assert_eq!(String::from_utf8_lossy(&written.bytes), "good [@fish tacos#Dish*] #1\n[@two lines#Dish*]\n");
        assert_eq!((written.spans_written, written.spans_left_out, written.texts_changed), (2, 3, 1));
        assert!(check_round_trip(&FORMAT, &corpus, &written, &WriteOptions::default()).holds());
    }
}
