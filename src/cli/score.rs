//! `tagli score`: scores a tag file against another one, as seqeval does.

use std::path::Path;

use serde_json::json;

use super::{args, data, error::CliError, output::Output, score_table};
use crate::{
    formats::{self, Format, ReadOptions, TagSentence},
    project::{NamedInput, storage::shown_path},
    spans::{
        Scheme, Sentence, SentenceCounts,
        scheme::{SchemeDetector, Tag, decode},
        score::{self, EntityCounts, LabelCounts, Mode, score_by_sentence},
    },
    text::{number::with_noun, width::clean},
    work::source::TaggedSentences,
};

/// Scores the tags.
///
/// # Errors
/// A file is not a tag file, or the two differ in length.
pub(super) fn run(args: &args::Score, output: Output) -> Result<(), CliError> {
    let options = data::read_options(&args.tags)?;
    let gold = tags(&args.gold, args.format, &options, output)?;
    let pred = tags(&args.pred, args.format, &options, output)?;
    compare(&args.gold, &gold, &args.pred, &pred)?;
    if let Some(difference) = first_other_word(&args.gold, &gold, &args.pred, &pred) {
        output.say(difference);
    }
    if let Some(note) = iob1_note(&args.gold, &gold) {
        output.say(note);
    }
    let [gold, pred] = [gold, pred].map(|sentences| sentences.into_iter().map(|s| s.tags).collect::<Vec<_>>());
    let mut counts = SentenceCounts::new(2);
    let lenient = score_by_sentence(&gold, &pred, Mode::Default).map_err(CliError::data)?;
    let strict = match score_by_sentence(&gold, &pred, Mode::Strict) {
        Ok(found) => found,
        // Strict scoring knows only B, I and O, and seqeval stops here. The spans are the same in IOB2.
        Err(error) => {
            output.say(format!("note: {error}; for the strict scores the tags are read as spans and written as IOB2"));
            score_by_sentence(&as_bio(&gold), &as_bio(&pred), Mode::Strict).map_err(CliError::data)?
        }
    };
    for (lenient, strict) in lenient.1.iter().zip(&strict.1) {
        counts.add(cells(lenient, 0).chain(cells(strict, 1)));
    }
    let resampled = counts.resample();
    let [of_lenient, of_strict] = [0, 1].map(|way| resampled.get(way).cloned().unwrap_or_default());
    let (lenient, strict) = (lenient.0, strict.0);
    let value = json!({
        "default": score::as_evaluate(&lenient),
        "strict": score::as_evaluate(&strict),
        "averages": { "default": score::averages(&lenient), "strict": score::averages(&strict) },
        "intervals": {
            "method": score_table::method(counts.len()),
            "default": score_table::intervals(&lenient, &of_lenient),
            "strict": score_table::intervals(&strict, &of_strict),
        },
    });
    let tables = [("lenient", &lenient, &of_lenient), ("strict IOB2", &strict, &of_strict)];
    let tables = tables.map(|(title, report, resampled)| score_table::text(title, report, resampled)).join("\n");
    output.result(&value, &format!("{tables}\n{}", score_table::explanation(counts.len())))
}

fn cells(counts: &LabelCounts, way: usize) -> impl Iterator<Item = (usize, &str, EntityCounts)> {
    counts.iter().map(move |(label, counts)| (way, label.as_str(), *counts))
}

fn as_bio(sentences: &[Vec<String>]) -> Vec<Vec<String>> {
    sentences.iter().map(|tags| Scheme::Bio.encode(&decode(tags), tags.len())).collect()
}

/// Formats whose tags are scored as they are spelt in the file.
const TAG_FORMATS: [&str; 3] = ["conll2003", "conll2002", "tag-first"];

/// Reads the tags of a file. Of a format with columns they are the file's own; the spans of every other format are written as
/// IOB2.
fn tags(
    path: &Path,
    format: Option<&'static Format>,
    options: &ReadOptions,
    output: Output,
) -> Result<Vec<TagSentence>, CliError> {
    let source = data::input(path)?;
    let guess = formats::detect_with(&path.to_string_lossy(), &source, options);
    let guess = guess.map_err(|error| CliError::reading(path, &error))?;
    let found = format.unwrap_or(guess.format);
    // What no reader of another format knows is refused with what a tag file needs.
    let is_known = found.can_read() && (found.name != "text" || format.is_some());
    if is_known && !TAG_FORMATS.contains(&found.name) {
        return other_tags(path, &source, format, options, output);
    }
    let read = formats::read_tags(&source, found, options);
    let (sentences, problems) = read.map_err(|error| CliError::reading(path, &error))?;
    let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == formats::Severity::Error).collect();
    if !errors.is_empty() {
        return Err(data::refused(path, errors));
    }
    data::report(path, &problems, output);
    Ok(sentences)
}

/// The spans of a file of another format, as tags of its words.
fn other_tags(
    path: &Path,
    source: &NamedInput,
    format: Option<&'static Format>,
    options: &ReadOptions,
    output: Output,
) -> Result<Vec<TagSentence>, CliError> {
    let file = data::read_source(path, source, format, options, output)?;
    let tagged = TaggedSentences::from_corpus(path, &file.into_corpus());
    if tagged.changed_spans > 0 {
        let changed = with_noun(tagged.changed_spans, "span");
        output.say(format!("warning: {}: {changed} widened to whole words or left out", path.display()));
    }
    let sentences = tagged.sentences.into_iter();
    Ok(sentences.map(|Sentence { words, tags, .. }| TagSentence { line: None, words, tags }).collect())
}

/// The line of a sentence in parentheses, if its format has lines.
fn line_text(sentence: &TagSentence) -> String {
    sentence.line.map(|line| format!(" (line {line})")).unwrap_or_default()
}

/// Refuses files whose sentences do not correspond.
fn compare(gold_path: &Path, gold: &[TagSentence], pred_path: &Path, pred: &[TagSentence]) -> Result<(), CliError> {
    for (at, (g, p)) in gold.iter().zip(pred).enumerate() {
        if g.tags.len() != p.tags.len() {
            return Err(CliError::data(format!(
                "sentence {} has {} in {}{} and {} in {}{}",
                at + 1,
                with_noun(g.tags.len(), "word"),
                shown_path(gold_path),
                line_text(g),
                p.tags.len(),
                shown_path(pred_path),
                line_text(p)
            )));
        }
    }
    if gold.len() == pred.len() {
        return Ok(());
    }
    let (a, b) = (shown_path(gold_path), shown_path(pred_path));
    Err(CliError::data(format!("{a} has {} and {b} has {}", with_noun(gold.len(), "sentence"), pred.len()))
        .hint("both files must have the same sentences in the same order"))
}

/// Warns of the first word that differs: the tags of other words are not comparable.
fn first_other_word(gold_path: &Path, gold: &[TagSentence], pred_path: &Path, pred: &[TagSentence]) -> Option<String> {
    let words = gold.iter().zip(pred).enumerate().flat_map(|(at, (gold, pred))| {
        gold.words.iter().zip(&pred.words).map(move |words| (at + 1, [line_text(gold), line_text(pred)], words))
    });
    let mut words = words.filter(|(.., (gold, pred))| gold != pred);
    let (sentence, [gold_line, pred_line], (gold_word, pred_word)) = words.next()?;
    let number = 1 + words.count();
    Some(format!(
        "warning: {} differ between the files; the first is {} in {}{gold_line} and {} in {}{pred_line}, \
         sentence {sentence}: are these files of the same sentences?",
        with_noun(number, "word"),
        clean(gold_word),
        shown_path(gold_path),
        clean(pred_word),
        shown_path(pred_path),
    ))
}

/// Explains the strict scores of IOB1 tags.
fn iob1_note(path: &Path, sentences: &[TagSentence]) -> Option<String> {
    let mut detector = SchemeDetector::default();
    sentences.iter().for_each(|sentence| detector.add(sentence.tags.iter().map(|tag| Tag::read(tag))));
    (detector.scheme() == Scheme::Iob1).then(|| {
        let path = shown_path(path);
        format!(
            "note: the tags of {path} are IOB1, and the strict scores count only spans that begin with B-, as in IOB2; \
             to count all: tagli convert {path} NEW --to conll2002 --scheme bio"
        )
    })
}
