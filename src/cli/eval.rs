//! `tagli eval`: evaluates a model on a tagged file, down to single mistakes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    args, calibration, data,
    error::CliError,
    output::{Output, table},
    score, settings,
};
use crate::{
    inference::{EvalError, Evaluation, eval::Measured, predictor::Threads},
    spans::{MistakeKind, Sentence, WordSpan, score::as_evaluate},
    text::{number::with_noun, width::clean},
    work::evaluate::{self, EvaluateError},
};

/// Evaluates the model.
///
/// # Errors
/// There is no such model, or the file is not a tagged file.
pub(super) fn run(args: &args::Eval, output: Output) -> Result<(), CliError> {
    // A wrong path of the model is reported before a large file is read.
    let device = settings::device(args.device.as_deref(), None)?;
    let model = evaluate::open_model(&args.model, &device, Threads::All, args.precision)?;
    if let Some(note) = model.note() {
        output.say(format!("note: {note}"));
    }
    let sentences = data::sentences(&args.data, args.format, args.tags.options(), output)?;
    let found = evaluate::evaluate(&model, &sentences).map_err(|error| match error {
        EvaluateError::NoSpans => {
            CliError::data(format!("{}: there is no span in it, so there is nothing to score", args.data.display()))
        }
        EvaluateError::Evaluation(EvalError::Predict(error)) => error.into(),
        EvaluateError::Evaluation(other) => CliError::data(other),
    })?;
    for (label, count) in &found.unknown {
        let spans = with_noun(*count, "span");
        output.say(format!("warning: the model does not know the label {label} and cannot find {spans} of the file"));
    }
    output.result(&value(&found, &sentences), &text(&found, &sentences, args.mistakes.0))
}

fn value(found: &Evaluation, sentences: &[Sentence]) -> Value {
    let mistakes: Vec<Value> = found
        .mistakes
        .iter()
        .map(|mistake| {
            let id = sentences.get(mistake.sentence).map(|sentence| sentence.id.as_str());
            let mut value = serde_json::to_value(mistake).unwrap_or_default();
            if let Some(object) = value.as_object_mut() {
                object.insert("id".into(), json!(id));
            }
            value
        })
        .collect();
    json!({
        "sentences": found.sentences,
        "words": found.words,
        "pieces": found.pieces,
        "word": measured(&found.word),
        "piece": measured(&found.piece),
        "label_mode": found.label_mode.name(),
        "confusion": { "labels": found.confusion.labels, "counts": found.confusion.counts },
        "buckets": buckets(found),
        "mistakes": mistakes,
        "unknown_labels": found.unknown,
        "calibration": calibration::value(&found.calibration),
    })
}

/// Lenient and strict scores as seqeval returns them.
/// Strict is null for tags that are not IOB2.
fn measured(measured: &Measured) -> Value {
    json!({ "lenient": as_evaluate(&measured.lenient), "strict": measured.strict.as_ref().ok().map(as_evaluate) })
}

fn buckets(found: &Evaluation) -> BTreeMap<&'static str, usize> {
    MistakeKind::ALL.iter().map(|kind| (kind.name(), count(found, *kind))).collect()
}

fn count(found: &Evaluation, kind: MistakeKind) -> usize {
    found.mistakes.iter().filter(|mistake| mistake.kind == kind).count()
}

fn text(found: &Evaluation, sentences: &[Sentence], shown: usize) -> String {
    let size = [(found.sentences, "sentence"), (found.words, "word"), (found.pieces, "piece")];
    let mut text = format!("{}\n\n", size.map(|(count, noun)| with_noun(count, noun)).join(", "));
    let per_piece = format!("per piece ({})", found.label_mode.name());
    for (count, measured) in [("per word", &found.word), (per_piece.as_str(), &found.piece)] {
        text += &format!("{}\n", score::text(&format!("{count}, lenient"), &measured.lenient));
        text += &match &measured.strict {
            Ok(report) => format!("{}\n", score::text(&format!("{count}, strict"), report)),
            Err(error) => format!("{count}, strict: {error}\n\n"),
        };
    }
    text += &format!("{}\n", calibration::text(&found.calibration));
    text += "mistakes per word, lenient:\n";
    let rows = MistakeKind::ALL
        .iter()
        .map(|kind| vec![format!("{}: {}", kind.name(), kind.meaning()), count(found, *kind).to_string()]);
    text += &table(&rows.collect::<Vec<_>>());
    text += &format!("\n{}", confusion(found));
    text += &match found.mistakes.len() {
        0 => String::new(),
        all if all <= shown => format!("\n{}:\n", with_noun(all, "mistake")),
        all => format!("\nfirst {shown} of {} (--mistakes all lists all):\n", with_noun(all, "mistake")),
    };
    for mistake in found.mistakes.iter().take(shown) {
        let Some(sentence) = sentences.get(mistake.sentence) else { continue };
        let [predicted, gold] = [&mistake.predicted, &mistake.gold].map(|span| quoted(sentence, span.as_ref()));
        text += &format!("{}: {predicted} should be {gold}\n", sentence.id);
    }
    text
}

/// Label and words of a span.
fn quoted(sentence: &Sentence, span: Option<&WordSpan>) -> String {
    let Some(span) = span else { return "nothing".to_owned() };
    let words = sentence.words.get(span.start..span.end).unwrap_or_default().join(" ");
    format!("{} `{}`", span.label, clean(&words))
}

/// Confusion matrix in words.
/// Rows: labels of the file; columns: labels of the model.
fn confusion(found: &Evaluation) -> String {
    let names: Vec<&str> = found.confusion.labels.iter().map(String::as_str).chain(["O"]).collect();
    let mut head = vec!["confusion in words".to_owned()];
    head.extend(names.iter().map(|name| name.chars().take(8).collect::<String>()));
    let mut rows = vec![head];
    for (name, counts) in names.iter().zip(&found.confusion.counts) {
        let mut row = vec![(*name).to_owned()];
        row.extend(counts.iter().map(ToString::to_string));
        rows.push(row);
    }
    table(&rows)
}
