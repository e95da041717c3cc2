//! `tagli score`: two tag files against each other, as seqeval counts.

use std::path::Path;

use serde_json::json;

use super::{
    args, data,
    error::CliError,
    output::{Output, table},
};
use crate::{
    formats::{self, TagSentence},
    spans::{
        Scheme,
        scheme::decode,
        score::{self, EntityCounts, Mode, Report},
    },
    text::number::with_noun,
};

/// Runs the command.
///
/// # Errors
/// A file cannot be read as tags, or the two differ in length.
pub(super) fn run(args: &args::Score, output: Output) -> Result<(), CliError> {
    let (gold, pred) = (tags(&args.gold, output)?, tags(&args.pred, output)?);
    compare(&args.gold, &gold, &args.pred, &pred)?;
    let lines = |sentences: Vec<TagSentence>| sentences.into_iter().map(|s| s.tags).collect::<Vec<_>>();
    let (gold, pred) = (lines(gold), lines(pred));
    let lenient = score::score(&gold, &pred, Mode::Default).map_err(CliError::data)?;
    let strict = match score::score(&gold, &pred, Mode::Strict) {
        Ok(report) => report,
        // Strict scoring knows B, I and O only; seqeval stops here. The spans are the same in IOB2.
        Err(error) => {
            output.say(format!("note: {error}; for the strict scores the tags are read as spans and written as IOB2"));
            score::score(&as_bio(&gold), &as_bio(&pred), Mode::Strict).map_err(CliError::data)?
        }
    };
    let value = json!({ "default": score::as_evaluate(&lenient), "strict": score::as_evaluate(&strict) });
    output.result(&value, &format!("{}\n{}", text("lenient", &lenient), text("strict IOB2", &strict)))
}

fn as_bio(sentences: &[Vec<String>]) -> Vec<Vec<String>> {
    sentences.iter().map(|tags| Scheme::Bio.encode(&decode(tags), tags.len())).collect()
}

fn tags(path: &Path, output: Output) -> Result<Vec<TagSentence>, CliError> {
    let bytes = data::bytes(path)?;
    let (sentences, problems) = formats::read_tags(&bytes);
    let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == formats::Severity::Error).collect();
    if !errors.is_empty() {
        return Err(data::refused(path, errors));
    }
    data::report(path, &problems, output);
    Ok(sentences)
}

fn compare(gold_path: &Path, gold: &[TagSentence], pred_path: &Path, pred: &[TagSentence]) -> Result<(), CliError> {
    for (at, (g, p)) in gold.iter().zip(pred).enumerate() {
        if g.tags.len() != p.tags.len() {
            return Err(CliError::data(format!(
                "sentence {} has {} in {} (line {}) and {} in {} (line {})",
                at + 1,
                with_noun(g.tags.len(), "word"),
                gold_path.display(),
                g.line,
                p.tags.len(),
                pred_path.display(),
                p.line
            )));
        }
    }
    if gold.len() == pred.len() {
        return Ok(());
    }
    let (a, b) = (gold_path.display(), pred_path.display());
    Err(CliError::data(format!("{a} has {} and {b} has {}", with_noun(gold.len(), "sentence"), pred.len()))
        .hint("both files must hold the same sentences in the same order"))
}

/// A report as a table, entities per word.
pub(super) fn text(name: &str, report: &Report) -> String {
    let percent = |value: f64| format!("{value:.4}");
    let row = |name: &str, p: f64, r: f64, f: f64, n: usize| {
        vec![name.to_owned(), percent(p), percent(r), percent(f), n.to_string()]
    };
    let head = [name, "precision", "recall", "F1", "entities"].map(str::to_owned).to_vec();
    let of = |name: &str, counts: EntityCounts| {
        let rates = counts.rates();
        row(name, rates.precision, rates.recall, rates.f1, counts.support())
    };
    let labels = report.labels.iter().map(|(name, counts)| of(name, *counts));
    let all = of("all", report.overall);
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(labels).chain([all]).collect();
    format!("{}accuracy over tags, O included: {:.4}\n", table(&rows), report.accuracy())
}
