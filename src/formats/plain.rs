//! `text`: one review per line.

use super::{
    Problem, WriteOptions,
    decode::{self, Lines},
    fit::in_one_line,
    format::{Format, Sample},
    problem::{quoted, with_noun},
    sink::{Found, Reading},
    source::{Source, Takes, Unreadable},
    writer::{Output, Writer},
};
use crate::spans::{Annotation, Document, LabelSet, Status};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "text",
    about: "one review per line",
    extensions: &["txt"],
    cannot_hold: "spans, ids, line breaks inside a text",
    keeps_text: false,
    takes: Takes::Texts,
    detect,
    read: Some(read),
    write: Some(write),
};

/// Accepts any text; the extension raises the confidence.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let lines = decode::lines(sample.text).filter(|(_, line)| !is_blank(line)).count();
    let confidence = if sample.extension == "txt" { 30 } else { 10 };
    (lines > 0).then(|| (confidence, "lines of text".to_owned()))
}

/// Reads one document per line that is not blank.
fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let mut blank = 0;
    let mut lines = Lines::of(source)?;
    while let Some((_, line)) = lines.next_line()? {
        if is_blank(line) {
            blank += 1;
            continue;
        }
        let mut document = Document::new(reading.next_id(), line, reading.options.grid);
        document.split = reading.options.split;
        reading.push(Found { document, spans: Vec::new(), status: Status::Todo })?;
    }
    if blank > 0 {
        reading.problems.push(Problem::note(format!("{} left out", with_noun(blank, "empty line"))));
    }
    Ok(vec!["one text per line".to_owned(), with_noun(reading.documents(), "text")])
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// Writes one line per document. Every span is a loss.
fn write<'a>(_: &'a LabelSet, _: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(TextWriter)
}

struct TextWriter;

impl Writer for TextWriter {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let spans = annotation.spans().len();
        if spans > 0 {
            let what = format!("{} cannot be written in plain text", with_noun(spans, "span"));
            let first = annotation.spans().first().map(|span| span.range);
            out.losses.add_at(&document.id, first, &what, "left out", "left out");
        }
        if is_blank(&document.text) {
            let what = "an empty text cannot be a line and is left out";
            out.losses.note(format!("document {}: {what}", quoted(&document.id)));
            return;
        }
        let Some(has_breaks) = out.losses.fit_in_line(document) else { return };
        if has_breaks {
            out.count_changed_text();
        }
        out.push(&in_one_line(&document.text));
        out.push("\n");
        out.count(0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Corpus, OnLoss, Read, ReadOptions, Severity};

    fn read(bytes: &[u8], options: &ReadOptions) -> Read {
        FORMAT.read(bytes, options)
    }

    #[test]
    fn a_line_is_a_review_and_blank_lines_are_counted() {
        let read = read(b"\xef\xbb\xbfgood tacos\r\n\r\n  \n bad \xf0\x9f\x8c\xae", &ReadOptions::default());
        let texts: Vec<_> = read.corpus.documents.iter().map(|d| (d.id.as_str(), &*d.text)).collect();
        assert_eq!(texts, [("1", "good tacos"), ("2", " bad \u{1f32e}")]);
        assert_eq!(read.problems, [Problem::note("2 empty lines left out")]);
        assert_eq!(read.corpus.annotation(0).status, Status::Todo);
    }

    #[test]
    fn latin_1_reads_as_nothing_with_one_error() {
        let read = read(b"caf\xe9\n", &ReadOptions::default());
        assert!(read.corpus.documents.is_empty());
        assert_eq!(read.problems.iter().map(|p| p.severity).collect::<Vec<_>>(), [Severity::Error]);
    }

    #[test]
    fn a_line_break_inside_a_text_is_a_loss() {
        let corpus = Corpus { documents: vec![Document::from_words("7", ["two\nlines"])], ..Corpus::default() };
        let mut options = WriteOptions::default();
        let problems = FORMAT.write(&corpus, &options).map(|_| ()).unwrap_err();
        assert!(problems[0].message.starts_with("document `7`: the text `two\u{240a}lines` contains a line break"));
        options.on_loss = OnLoss::Snap;
        assert_eq!(FORMAT.write(&corpus, &options).unwrap().bytes, b"two lines\n");
        options.on_loss = OnLoss::Skip;
        assert_eq!(FORMAT.write(&corpus, &options).unwrap().bytes, b"");
    }
}
