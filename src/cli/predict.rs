//! `tagli predict`: what a model says about texts, in the form of the Hugging Face pipeline.

use super::{
    args, data,
    error::CliError,
    output::{Output, table},
};
use crate::{
    formats,
    inference::{Answer, Options, PredictError, Predictor, predictor::Threads},
    project::run_folder,
};

/// Texts that are read and answered together; bounds memory on long files.
const CHUNK: usize = 256;

/// Runs the command.
///
/// # Errors
/// No such model, or the file cannot be read.
pub(super) fn run(args: &args::Predict, output: Output) -> Result<(), CliError> {
    let threads = if args.file.is_some() { Threads::All } else { Threads::One };
    let model = open(&args.model, &args.device, threads)?;
    let options =
        Options { strategy: args.aggregation, ignore_labels: args.ignore_labels.clone(), stride: args.stride };
    let (lines, one) = match (&args.file, &args.text) {
        (Some(path), _) => (lines(path)?, false),
        (None, text) => {
            let text = text.clone().unwrap_or_default();
            tell_file(&text, output);
            (vec![text], true)
        }
    };
    let mut done = 0;
    for chunk in lines.chunks(CHUNK) {
        let answers = model.pipeline(chunk, &options).map_err(failed)?;
        if options.stride.is_none() {
            tell_cut(&model, chunk, done, output)?;
        }
        done += chunk.len();
        for (text, answers) in chunk.iter().zip(answers) {
            if !output.json && !one {
                output.text(&crate::text::width::clean(text))?;
            }
            output.result(&answers, &rows(&answers))?;
        }
    }
    Ok(())
}

/// Says so where the text that is tagged is the name of a file.
fn tell_file(text: &str, output: Output) {
    if std::path::Path::new(text).is_file() {
        output.say(format!("note: {text} is read as a text, not as a file; --file {text} reads the file"));
    }
}

/// Says which texts go past the model's limit: like the pipeline, it reads no further without a stride.
fn tell_cut(model: &Predictor, texts: &[String], before: usize, output: Output) -> Result<(), CliError> {
    for (at, text) in texts.iter().enumerate() {
        let (all, longest) = (model.count_pieces(text).map_err(failed)?, model.longest());
        if all > longest {
            output.say(format!(
                "note: text {}: {} of {all} word pieces lie past the model's limit of {longest} and were not read; \
                 --stride 128 --aggregation simple reads all",
                before + at + 1,
                all - longest
            ));
        }
    }
    Ok(())
}

/// A trained model, ready to answer.
///
/// # Errors
/// The model's folder is the user's input; devices and threads are the machine's.
pub(super) fn open(model: &str, device: &str, threads: Threads) -> Result<Predictor, CliError> {
    run_folder::refuse_run(model).map_err(CliError::data)?;
    Predictor::open(model, device, threads).map_err(failed)
}

/// A prediction's error by whose fault it is.
pub(super) fn failed(error: PredictError) -> CliError {
    match error {
        PredictError::Device(_) | PredictError::Threads(_) => CliError::environment(error),
        PredictError::Pipeline(_) => CliError::usage(error),
        _ => CliError::data(error),
    }
}

/// One text a line; empty lines are texts too, so that answers and lines keep step.
fn lines(path: &std::path::Path) -> Result<Vec<String>, CliError> {
    let bytes = data::bytes(path)?;
    let text = formats::decode_text(&bytes).map_err(|problem| data::refused(path, &[&problem]))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn rows(answers: &[Answer]) -> String {
    let row = |answer: &Answer| {
        let range = format!("{}-{}", answer.chars.start, answer.chars.end);
        vec![answer.word.clone(), answer.label.clone(), format!("{:.3}", answer.score), range]
    };
    table(&answers.iter().map(row).collect::<Vec<_>>())
}
