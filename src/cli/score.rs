//! `tagli score`: scores a tag file against another one, as seqeval does.

use std::path::Path;

use serde_json::json;

use super::{args, data, error::CliError, output::Output, score_table};
use crate::{
    formats::{self, TagOptions, TagSentence},
    project::storage::{self, shown_path},
    spans::{
        Scheme, SentenceCounts,
        scheme::{SchemeDetector, Tag, decode},
        score::{self, EntityCounts, LabelCounts, Mode, score_by_sentence},
    },
    text::{number::with_noun, width::clean},
};

/// Scores the tags.
///
/// # Errors
/// A file is not a tag file, or the two differ in length.
pub(super) fn run(args: &args::Score, output: Output) -> Result<(), CliError> {
    let options = args.tags.options();
    let gold = tags(&args.gold, &options, output)?;
    let pred = tags(&args.pred, &options, output)?;
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

fn tags(path: &Path, options: &TagOptions, output: Output) -> Result<Vec<TagSentence>, CliError> {
    let bytes = data::bytes(path, storage::LARGE)?;
    let (sentences, problems) = formats::read_tags(&bytes, options);
    let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == formats::Severity::Error).collect();
    if !errors.is_empty() {
        return Err(data::refused(path, errors));
    }
    data::report(path, &problems, output);
    Ok(sentences)
}

/// Refuses files whose sentences do not correspond.
fn compare(gold_path: &Path, gold: &[TagSentence], pred_path: &Path, pred: &[TagSentence]) -> Result<(), CliError> {
    for (at, (g, p)) in gold.iter().zip(pred).enumerate() {
        if g.tags.len() != p.tags.len() {
            return Err(CliError::data(format!(
                "sentence {} has {} in {} (line {}) and {} in {} (line {})",
                at + 1,
                with_noun(g.tags.len(), "word"),
                shown_path(gold_path),
                g.line,
                p.tags.len(),
                shown_path(pred_path),
                p.line
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
        gold.words.iter().zip(&pred.words).map(move |words| (at + 1, gold.line, pred.line, words))
    });
    let mut words = words.filter(|(.., (gold, pred))| gold != pred);
    let (sentence, gold_line, pred_line, (gold_word, pred_word)) = words.next()?;
    let number = 1 + words.count();
    Some(format!(
        "warning: {} differ between the files; the first is {} in {} (line {gold_line}) and {} in {} (line {pred_line}), \
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
