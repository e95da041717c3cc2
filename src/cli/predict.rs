//! `tagli predict`: tags texts with a model.
//! The result has the form of the Hugging Face pipeline.

use std::path::Path;

use serde_json::json;

use super::{
    args, data,
    error::CliError,
    export::not_written as export_error,
    output::{Output, path as path_value, table},
    settings,
};
use crate::{
    formats::{self, Format, WriteOptions},
    inference::{Answer, Options, Strategy, Tagged, predictor::Threads},
    project::{
        output::{Existing, refuse_existing, refuse_own_file, write_output},
        storage,
    },
    spans::{Document, id_prefix},
    text::{Grid, number::with_noun, width::clean},
    work::{evaluate, export, predict::Predictions},
};

/// Number of texts that are answered together, to bound the memory for long files.
/// There are enough for each thread of a large machine.
const CHUNK: usize = 1024;

/// Tags the texts.
///
/// # Errors
/// There is no such model, or the file cannot be read.
pub(super) fn run(args: &args::Predict, output: Output) -> Result<(), CliError> {
    let target = args.to.map(|format| Target::new(format, args, output)).transpose()?;
    let threads = if args.file.is_some() { Threads::All } else { Threads::One };
    let device = settings::device(args.device.as_deref(), None)?;
    let model = evaluate::open_model(&args.model, &device, threads, args.precision)?;
    if let Some(note) = model.note() {
        output.say(format!("note: {note}"));
    }
    // Scripts get what the pipeline gives; people read words, not pieces.
    let default = if output.json && target.is_none() { Strategy::None } else { Strategy::First };
    let options = Options {
        strategy: args.aggregation.unwrap_or(default),
        ignore_labels: args.ignore_labels.clone(),
        stride: args.stride,
    };
    let (lines, one) = match (&args.file, &args.text) {
        (Some(path), _) => (lines(path)?, false),
        (None, text) => {
            let text = text.clone().unwrap_or_default();
            warn_of_file_name(&text, output);
            (vec![text], true)
        }
    };
    let mut predictions = Predictions::default();
    let mut done = 0;
    let by_word = target.as_ref().filter(|_| args.aggregation.is_none() && args.stride.is_none());
    if by_word.is_some() && model.scale().is_none() {
        output.say("note: the scores are not calibrated: the model has no scale of scores");
    }
    for chunk in lines.chunks(CHUNK) {
        if let Some(target) = by_word {
            let documents = chunk.iter().enumerate();
            let documents =
                documents.map(|(at, text)| Document::new(target.id(done + at + 1), text.as_str(), target.grid));
            predictions.add_by_word(&model, documents.collect(), &options.ignore_labels)?;
            done += chunk.len();
            continue;
        }
        let found = model.pipeline(chunk, &options)?;
        if options.stride.is_none() {
            warn_of_cut_texts(&found, model.longest(), done, output);
        }
        if let Some(target) = &target {
            for (at, (text, Tagged { answers, .. })) in chunk.iter().zip(&found).enumerate() {
                predictions.add(target.id(done + at + 1), text, target.grid, answers);
            }
            done += chunk.len();
            continue;
        }
        done += chunk.len();
        for (text, Tagged { answers, .. }) in chunk.iter().zip(found) {
            if !output.json && !one {
                output.text(&clean(text))?;
            }
            output.result(&answers, &rows(&answers))?;
        }
    }
    target.map_or(Ok(()), |target| target.write(predictions, args, output))
}

/// File in a format that is asked for.
struct Target {
    format: &'static Format,
    /// Rule that cuts the texts into words.
    grid: Grid,
    /// Beginning of the ids of the texts.
    prefix: String,
    existing: Existing,
}

impl Target {
    /// Checks what is asked for before the model is opened.
    fn new(format: &'static Format, args: &args::Predict, output: Output) -> Result<Self, CliError> {
        let existing = Existing::with_force(args.force);
        if args.out == Path::new("-") {
            output.without_json("the file")?;
        } else {
            refuse_own_file(&args.out)?;
            refuse_existing(&args.out, existing)?;
        }
        if args.aggregation == Some(Strategy::None) {
            return Err(CliError::usage("--aggregation none gives word pieces, and --to writes spans")
                .hint("use simple, first, average or max"));
        }
        let prefix = args.file.as_deref().map_or_else(|| "text-".to_owned(), id_prefix);
        Ok(Self { format, grid: settings::load(None)?.grid, prefix, existing })
    }

    /// Id of the text on a line, from 1.
    fn id(&self, line: usize) -> String {
        format!("{}{line}", self.prefix)
    }

    fn write(&self, predictions: Predictions, args: &args::Predict, output: Output) -> Result<(), CliError> {
        let options =
            WriteOptions { scheme: args.scheme, on_loss: args.on_loss, scores: true, ..WriteOptions::default() };
        let name = args.file.as_deref().unwrap_or(Path::new("text"));
        let written = export::write(self.format, &predictions.into_corpus(&args.model), &options);
        let written = written.map_err(|error| export_error(name, error))?;
        data::report(name, &written.notes, output);
        if args.out == Path::new("-") {
            return output.contents(&written.bytes);
        }
        write_output(&args.out, &written.bytes, self.existing)?;
        let proof = &written.round_trip;
        let path = args.out.display();
        let documents = with_noun(written.documents, "document");
        let text = format!("{path}: {}, {documents}, {proof}", self.format.name);
        let value = json!({ "out": path_value(&args.out), "format": self.format.name, "documents": written.documents, "proof": proof });
        output.result(&value, &text)
    }
}

/// Warns if the text is the name of a file.
fn warn_of_file_name(text: &str, output: Output) {
    if Path::new(text).is_file() {
        output.say(format!("note: {text} is read as a text, not as a file; --file {text} reads the file"));
    }
}

/// Warns of texts beyond the model's limit.
/// Like the pipeline, this command does not read further without a stride.
fn warn_of_cut_texts(found: &[Tagged], longest: usize, before: usize, output: Output) {
    for (at, Tagged { pieces, .. }) in found.iter().enumerate().filter(|(_, found)| found.pieces > longest) {
        output.say(format!(
            "note: text {}: {} of {pieces} word pieces are beyond the model's limit of {longest} and were not read; \
             --stride 128 --aggregation simple reads all",
            before + at + 1,
            pieces - longest
        ));
    }
}

/// Reads one text per line.
/// Empty lines are texts, too, so that line numbers and answers agree.
fn lines(path: &Path) -> Result<Vec<String>, CliError> {
    let bytes = data::bytes(path, storage::LARGE)?;
    let text = formats::decode_text(&bytes).map_err(|problem| data::refused(path, [&problem]))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn rows(answers: &[Answer]) -> String {
    let row = |answer: &Answer| {
        let range = format!("{}-{}", answer.chars.start, answer.chars.end);
        vec![answer.word.clone(), answer.label.clone(), format!("{:.3}", answer.score), range]
    };
    table(&answers.iter().map(row).collect::<Vec<_>>())
}
