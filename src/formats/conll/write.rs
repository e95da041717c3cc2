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
    spans::{Annotation, Document, LabelSet},
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
        for (at, (word, tag)) in words.iter().zip(tags).enumerate() {
            let [pos, chunk] = match &columns {
                Some([pos, chunk]) => [pos, chunk].map(|column| column.get(at).copied().unwrap_or("_")),
                None => ["-X-", "_"],
            };
            [word, " ", pos, " ", chunk, " ", tag, "\n"].into_iter().for_each(|part| out.push(part));
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
    sentence_writer(labels, options, &CONLL2002, |out, _, words, tags| {
        for (word, tag) in words.iter().zip(tags) {
            [word, " ", tag, "\n"].into_iter().for_each(|part| out.push(part));
        }
    })
}

/// Writes `tag<TAB>word`.
pub(super) fn write_tag_first<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    sentence_writer(labels, options, &TAG_FIRST, |out, _, words, tags| {
        for (word, tag) in words.iter().zip(tags) {
            [tag, "\t", word, "\n"].into_iter().for_each(|part| out.push(part));
        }
    })
}

/// Writer of sentences; `lines` appends those of one, given its words and their tags.
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
    F: FnMut(&mut Output, &Document, &[&str], &[Cow<'static, str>]) + 'a,
{
    let fitter = Fitter::new(columns.rules, labels);
    Box::new(SentenceWriter { fitter, options, columns, lines, unusual: 0 })
}

impl<F: FnMut(&mut Output, &Document, &[&str], &[Cow<'static, str>])> Writer for SentenceWriter<'_, F> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let Some(Fitted { words, is_plain, spans, changed }) = self.fitter.fit(document, annotation, &mut out.losses)
        else {
            return;
        };
        if words.is_empty() {
            out.losses.note(format!("document {} has no words and is left out", quoted(&document.id)));
            return;
        }
        let texts: Vec<&str> = words.iter().map(|word| word.of(&document.text)).collect();
        if !is_plain {
            self.unusual += texts.iter().filter(|word| word.is_empty() || word.contains(char::is_whitespace)).count();
        }
        (self.lines)(out, document, &texts, &self.options.scheme.tags(&spans, words.len()));
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

/// The two columns between word and tag as they were read.
/// `None` if they no longer fit the words.
fn middle_columns(document: &Document, words: usize) -> Option<[Vec<&str>; 2]> {
    let [pos, chunk] = document.meta.get(META_COLUMNS)?.as_array()?.as_slice() else { return None };
    let [pos, chunk] = [meta::values(pos)?, meta::values(chunk)?];
    (fits(&pos, words) && fits(&chunk, words)).then_some([pos, chunk])
}

/// Whether a column has a value for each word, and each of them can be written.
fn fits(column: &[&str], words: usize) -> bool {
    column.len() == words && column.iter().all(|text| !text.is_empty() && !text.contains(SPACES.separators))
}
