//! The writers of the CoNLL family.

use serde_json::Value;

use super::{DOCSTART, META_COLUMNS, META_DOCSTART};
use crate::{
    formats::{
        Corpus, Problem, WriteOptions, Written, decode,
        fit::{Fitted, Fitter, WordRules},
        problem::with_noun,
    },
    spans::Document,
};

/// Blanks between columns: no word or label may hold what a reader would split at.
const BLANKS: WordRules =
    WordRules { separators: &[' ', '\t', '\n', '\r'], empty_words: false, reserved: Some(DOCSTART) };
/// A tab between tag and word: blanks may stand in both, and the word may be empty.
const TABS: WordRules = WordRules { separators: &['\t', '\n', '\r'], empty_words: true, reserved: None };

/// `word POS chunk tag`, with `-DOCSTART-` lines. The two middle columns are those that were read, or fillers.
pub(super) fn write_conll2003(corpus: &Corpus, options: &WriteOptions) -> Result<Written, Vec<Problem>> {
    let mut opened = None;
    write(corpus, options, &BLANKS, |out, document, words, tags| {
        let docstart = document.meta.get(META_DOCSTART).and_then(Value::as_u64).unwrap_or(1);
        if opened != Some(docstart) {
            out.push_str(DOCSTART);
            out.push_str(" -X- -X- O\n\n");
            opened = Some(docstart);
        }
        let columns = middle_columns(document, words.len());
        for (at, (word, tag)) in words.iter().zip(tags).enumerate() {
            let [pos, chunk] = columns.map_or(["-X-", "_"], |columns| columns.map(|column| value(column, at)));
            for part in [word, " ", pos, " ", chunk, " ", tag, "\n"] {
                out.push_str(part);
            }
        }
    })
}

/// `word tag`.
pub(super) fn write_conll2002(corpus: &Corpus, options: &WriteOptions) -> Result<Written, Vec<Problem>> {
    write(corpus, options, &BLANKS, |out, _, words, tags| {
        for (word, tag) in words.iter().zip(tags) {
            for part in [word, " ", tag, "\n"] {
                out.push_str(part);
            }
        }
    })
}

/// `tag<TAB>word`.
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
    let mut awkward = 0;
    for (index, (document, annotation)) in corpus.pairs().enumerate() {
        let Some(Fitted { words, spans, changed }) = fitter.fit(document, annotation) else { continue };
        if words.is_empty() {
            fitter.losses.note(format!(
                "document {} has no words and is left out",
                crate::formats::problem::quoted(&document.id)
            ));
            continue;
        }
        let texts: Vec<&str> = words.iter().map(|word| word.of(&document.text)).collect();
        awkward += texts.iter().filter(|word| word.is_empty() || word.contains(char::is_whitespace)).count();
        sentence(&mut out, document, &texts, &options.scheme.encode(&spans, words.len()));
        out.push('\n');
        written.documents.push(index);
        written.spans_written += spans.len();
        written.spans_changed += changed;
    }
    if awkward > 0 {
        let words = with_noun(awkward, "word");
        fitter
            .losses
            .note(format!("{words} empty or with blanks inside: readers that split at any white space stumble there"));
    }
    written.spans_left_out = corpus.span_count() - written.spans_written;
    written.problems = fitter.losses.finish()?;
    written.bytes = decode::bytes_of(out);
    Ok(written)
}

/// The two columns that stood between word and tag when the document was read, if they still fit.
fn middle_columns(document: &Document, words: usize) -> Option<[&[Value]; 2]> {
    let [Value::Array(pos), Value::Array(chunk)] = document.meta.get(META_COLUMNS)?.as_array()?.as_slice() else {
        return None;
    };
    let fits = |column: &[Value]| {
        let writable = |text: &str| !text.is_empty() && !text.contains(BLANKS.separators);
        column.len() == words && column.iter().all(|value| value.as_str().is_some_and(writable))
    };
    (fits(pos) && fits(chunk)).then_some([pos, chunk])
}

fn value(column: &[Value], at: usize) -> &str {
    column.get(at).and_then(Value::as_str).unwrap_or("_")
}
