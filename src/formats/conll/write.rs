//! Writers of the CoNLL family.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    layout::DOCSTART,
    meta::{self, META_COLUMNS, META_DOCSTART, META_DOCSTART_LINES},
};
use crate::{
    formats::{
        WriteOptions,
        fit::{Fitted, Fitter, WordRules},
        problem::{quoted, with_noun},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet, scheme::Tag},
    text::TextRange,
};

/// Spaces between columns: no word or label may contain a separator.
const SPACES: WordRules =
    WordRules { separators: &[' ', '\t', '\n', '\r'], in_labels: &[], empty_words: false, reserved: Some(DOCSTART) };
/// A tab between tag and word: both may contain spaces, and the word may be empty.
const TABS: WordRules =
    WordRules { separators: &['\t', '\n', '\r'], in_labels: &[], empty_words: true, reserved: None };

/// Columns of a layout, from 0, and what they can hold.
struct Columns {
    word: usize,
    tag: usize,
    rules: &'static WordRules,
}

const CONLL2003: Columns = Columns { word: 0, tag: 3, rules: &SPACES };
const CONLL2002: Columns = Columns { word: 0, tag: 1, rules: &SPACES };
const TAG_FIRST: Columns = Columns { word: 1, tag: 0, rules: &TABS };

/// Writes `word POS chunk tag` with `-DOCSTART-` lines.
/// The middle columns are those that were read, or fillers.
pub(super) fn write_conll2003<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    let mut opened = None;
    sentence_writer(labels, options, &CONLL2003, move |out, document, words, tags| {
        let docstart = document.meta.get(META_DOCSTART).and_then(Value::as_u64).unwrap_or(1);
        if opened != Some(docstart) {
            for _ in 0..docstart_lines(document) {
                out.push(DOCSTART);
                out.push(" -X- -X- O\n\n");
            }
            opened = Some(docstart);
        }
        let columns = middle_columns(document, words.len());
        let mut columns = columns.as_ref().map(|columns| columns.each_ref().map(|column| meta::values(column)));
        for (word, tag) in words.iter().zip(tags) {
            out.push(word.of(&document.text));
            match &mut columns {
                Some(columns) => {
                    for column in columns {
                        out.push(" ");
                        out.push(column.next().unwrap_or("_"));
                    }
                    out.push(" ");
                }
                None => out.push(" -X- _ "),
            }
            push_tag(out, *tag);
            out.push("\n");
        }
    })
}

/// Number of `-DOCSTART-` lines before a document. More than any file has would come from a `meta` that was made to fill a disk.
fn docstart_lines(document: &Document) -> u64 {
    const MOST: u64 = 1_000;
    document.meta.get(META_DOCSTART_LINES).and_then(Value::as_u64).unwrap_or(1).clamp(1, MOST)
}

/// Writes `word tag`.
pub(super) fn write_conll2002<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    sentence_writer(labels, options, &CONLL2002, |out, document, words, tags| {
        for (word, tag) in words.iter().zip(tags) {
            out.push(word.of(&document.text));
            out.push(" ");
            push_tag(out, *tag);
            out.push("\n");
        }
    })
}

/// Writes `tag<TAB>word`.
pub(super) fn write_tag_first<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    sentence_writer(labels, options, &TAG_FIRST, |out, document, words, tags| {
        for (word, tag) in words.iter().zip(tags) {
            push_tag(out, *tag);
            out.push("\t");
            out.push(word.of(&document.text));
            out.push("\n");
        }
    })
}

fn push_tag(out: &mut Output, tag: Tag<'_>) {
    match tag {
        Tag::Outside => out.push("O"),
        Tag::Inside { prefix, label } => {
            out.push(match prefix {
                'B' => "B-",
                'I' => "I-",
                'E' => "E-",
                'S' => "S-",
                'L' => "L-",
                _ => "U-",
            });
            out.push(label);
        }
    }
}

/// Writer of sentences; `lines` appends those of one, given the places of its words and their tags.
struct SentenceWriter<'a, F> {
    fitter: Fitter<'a>,
    options: &'a WriteOptions,
    columns: &'a Columns,
    lines: F,
    /// Number of words that are empty or contain white space.
    unusual: usize,
}

fn sentence_writer<'a, F>(
    labels: &'a LabelSet,
    options: &'a WriteOptions,
    columns: &'a Columns,
    lines: F,
) -> Box<dyn Writer + 'a>
where
    F: FnMut(&mut Output, &Document, &[TextRange], &[Tag<'_>]) + 'a,
{
    let fitter = Fitter::new(columns.rules, labels);
    Box::new(SentenceWriter { fitter, options, columns, lines, unusual: 0 })
}

impl<F: FnMut(&mut Output, &Document, &[TextRange], &[Tag<'_>])> Writer for SentenceWriter<'_, F> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let Some(Fitted { words, is_plain, spans, changed }) = self.fitter.fit(document, annotation, &mut out.losses)
        else {
            return;
        };
        if words.is_empty() {
            out.losses.note(format!("document {} has no words and is left out", quoted(&document.id)));
            return;
        }
        if !is_plain {
            let texts = words.iter().map(|word| word.of(&document.text));
            self.unusual += texts.filter(|word| word.is_empty() || word.contains(char::is_whitespace)).count();
        }
        (self.lines)(out, document, &words, &self.options.scheme.tags(&spans, words.len()));
        out.push("\n");
        out.count(spans.len(), changed);
    }

    fn finish(&mut self, out: &mut Output) {
        out.set_columns(self.columns.word, self.columns.tag);
        if self.unusual > 0 {
            let words = with_noun(self.unusual, "word");
            out.losses.note(format!(
                "{words} empty or with spaces inside: readers that split at any white space cannot read them"
            ));
        }
    }
}

/// The two columns between word and tag as they were read, with tabs between their values.
/// `None` if they no longer fit the words.
fn middle_columns(document: &Document, words: usize) -> Option<[Cow<'_, str>; 2]> {
    let [pos, chunk] = document.meta.get(META_COLUMNS)?.as_array()?.as_slice() else { return None };
    Some([meta::column(pos, words)?, meta::column(chunk, words)?])
}
