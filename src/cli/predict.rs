//! `tagli predict`: tags texts with a model.
//! The result has the form of the Hugging Face pipeline.

use std::path::Path;

use super::{
    args, data,
    error::CliError,
    output::{Output, table},
    settings,
};
use crate::{
    formats,
    inference::{Answer, Options, Strategy, Tagged, predictor::Threads},
    project::storage,
    text::width::clean,
    work::evaluate,
};

/// Number of texts that are answered together, to bound the memory for long files.
/// There are enough for each thread of a large machine.
const CHUNK: usize = 1024;

/// Tags the texts.
///
/// # Errors
/// There is no such model, or the file cannot be read.
pub(super) fn run(args: &args::Predict, output: Output) -> Result<(), CliError> {
    let threads = if args.file.is_some() { Threads::All } else { Threads::One };
    let device = settings::device(args.device.as_deref(), None)?;
    let model = evaluate::open_model(&args.model, &device, threads, args.precision)?;
    // Scripts get what the pipeline gives; people read words, not pieces.
    let default = if output.json { Strategy::None } else { Strategy::First };
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
    let mut done = 0;
    for chunk in lines.chunks(CHUNK) {
        let found = model.pipeline(chunk, &options)?;
        if options.stride.is_none() {
            warn_of_cut_texts(&found, model.longest(), done, output);
        }
        done += chunk.len();
        for (text, Tagged { answers, .. }) in chunk.iter().zip(found) {
            if !output.json && !one {
                output.text(&clean(text))?;
            }
            output.result(&answers, &rows(&answers))?;
        }
    }
    Ok(())
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
