//! Writers of the CoNLL family.

use serde_json::Value;

use super::{
    layout::DOCSTART,
    meta::{self, META_COLUMNS, META_DOCSTART},
};
use crate::{
    formats::{
        Corpus, Problem, WriteOptions, Written, decode,
        fit::{Fitted, Fitter, WordRules},
        problem::{quoted, with_noun},
    },
    spans::Document,
};

/// Spaces between columns: no word or label may contain a separator.
const SPACES: WordRules =
    WordRules { separators: &[' ', '\t', '\n', '\r'], empty_words: false, reserved: Some(DOCSTART) };
/// A tab between tag and word: both may contain spaces, and the word may be empty.
const TABS: WordRules = WordRules { separators: &['\t', '\n', '\r'], empty_words: true, reserved: None };

/// Writes `word POS chunk tag` with `-DOCSTART-` lines.
/// The middle columns are those that were read, or fillers.
pub(super) fn write_conll2003(corpus: &Corpus, options: &WriteOptions) -> Result<Written, Vec<Problem>> {
    let mut opened = None;
    write(corpus, options, &SPACES, |out, document, words, tags| {
        let docstart = document.meta.get(META_DOCSTART).and_then(Value::as_u64).unwrap_or(1);
        if opened != Some(docstart) {
            out.push_str(DOCSTART);
            out.push_str(" -X- -X- O\n\n");
            opened = Some(docstart);
        }
        let columns = middle_columns(document, words.len());
        for (at, (word, tag)) in words.iter().zip(tags).enumerate() {
            let [pos, chunk] = match &columns {
                Some([pos, chunk]) => [pos, chunk].map(|column| column.get(at).copied().unwrap_or("_")),
                None => ["-X-", "_"],
            };
            for part in [word, " ", pos, " ", chunk, " ", tag, "\n"] {
                out.push_str(part);
            }
        }
    })
}

/// Writes `word tag`.
pub(super) fn write_conll2002(corpus: &Corpus, options: &WriteOptions) -> Result<Written, Vec<Problem>> {
    write(corpus, options, &SPACES, |out, _, words, tags| {
        for (word, tag) in words.iter().zip(tags) {
            for part in [word, " ", tag, "\n"] {
                out.push_str(part);
            }
        }
    })
}

/// Writes `tag<TAB>word`.
pub(super) fn write_tag_first(corpus: &Corpus, options: &WriteOptions) -> Result<Written, Vec<Problem>> {
    write(corpus, options, &TABS, |out, _, words, tags| {
        for (word, tag) in words.iter().zip(tags) {
            for part in [tag.as_str(), "\t", word, "\n"] {
                out.push_str(part);
            }
        }
    })
}

fn write(
    corpus: &Corpus,
    options: &WriteOptions,
    layout: &WordRules,
    mut sentence: impl FnMut(&mut String, &Document, &[&str], &[String]),
) -> Result<Written, Vec<Problem>> {
    let mut fitter = Fitter::new(layout, &corpus.labels, options.on_loss);
    let mut written = Written::default();
    let mut out = String::new();
    let mut unusual = 0;
    for (index, (document, annotation)) in corpus.pairs().enumerate() {
        let Some(Fitted { words, spans, changed }) = fitter.fit(document, annotation) else { continue };
        if words.is_empty() {
            fitter.losses.note(format!("document {} has no words and is left out", quoted(&document.id)));
            continue;
        }
        let texts: Vec<&str> = words.iter().map(|word| word.of(&document.text)).collect();
        unusual += texts.iter().filter(|word| word.is_empty() || word.contains(char::is_whitespace)).count();
        sentence(&mut out, document, &texts, &options.scheme.encode(&spans, words.len()));
        out.push('\n');
        written.documents.push(index);
        written.spans_written += spans.len();
        written.spans_changed += changed;
    }
    if unusual > 0 {
        let words = with_noun(unusual, "word");
        fitter.losses.note(format!(
            "{words} empty or with spaces inside: readers that split at any white space cannot read them"
        ));
    }
    written.spans_left_out = corpus.span_count() - written.spans_written;
    written.problems = fitter.losses.finish()?;
    written.bytes = decode::bytes_of(out);
    Ok(written)
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
