//! `tagli convert`: file to file through the same readers and writers as import and export.

use std::path::Path;

use serde_json::json;

use super::{
    args, data,
    error::CliError,
    new::not_taken,
    output::{self, Output},
};
use crate::{
    formats::{self, Format, LabelConfig, ReadOptions, RoundTrip, WriteOptions, Written},
    project::{import_source, storage},
};

/// Runs the command.
///
/// # Errors
/// IN cannot be read, OUT cannot hold it or cannot be written.
pub(super) fn run(args: &args::Convert, output: Output) -> Result<(), CliError> {
    let to_output = args.output == Path::new("-");
    if to_output {
        output.without_json("the file")?;
    }
    if let (Ok(input), Ok(output)) = (args.input.canonicalize(), args.output.canonicalize())
        && input == output
    {
        return Err(CliError::usage(format!("IN and OUT are the same file, {}", args.output.display()))
            .hint("give OUT another name"));
    }
    let config = args.config.as_deref().map(|path| label_config(path, output)).transpose()?;
    let to = target(&args.output, args.to)?;
    let read_options = ReadOptions {
        labels: config.as_ref().map(|config| config.labels.clone()).unwrap_or_default(),
        config: config.clone(),
        ..ReadOptions::default()
    };
    let read = data::read(&args.input, args.from, &read_options, output)?;
    let options = WriteOptions { scheme: args.scheme, on_loss: args.on_loss, config };
    let (written, proof) = write(to, &read.corpus, &options, &args.input, output)?;
    if to_output {
        return output.bytes(&written.bytes);
    }
    storage::replace(&args.output, &written.bytes).map_err(CliError::environment)?;
    let text = format!("{}: {}, {proof}", args.output.display(), to.name);
    output.result(&json!({ "out": output::path(&args.output), "format": to.name, "proof": proof }), &text)
}

/// Writes a corpus and proves it by reading it again; tells what was changed.
///
/// # Errors
/// Losses that are not wanted, or a proof that fails.
pub(super) fn write(
    to: &Format,
    corpus: &formats::Corpus,
    options: &WriteOptions,
    source: &Path,
    output: Output,
) -> Result<(Written, RoundTrip), CliError> {
    let written =
        to.write(corpus, options).map_err(|problems| data::refused(source, &problems.iter().collect::<Vec<_>>()))?;
    data::tell(source, &written.problems, output);
    let proof = formats::check_round_trip(to, corpus, &written, options);
    if proof.holds() {
        return Ok((written, proof));
    }
    Err(CliError::data(format!("what was written as {} does not read back as it was meant: {proof}", to.name))
        .hint("nothing was written; please report this with the input"))
}

/// A labelling config from a file.
fn label_config(path: &Path, output: Output) -> Result<LabelConfig, CliError> {
    let (config, notes) = import_source::read_config(path, &data::bytes(path)?).map_err(not_taken)?;
    data::tell(path, &notes, output);
    Ok(config)
}

fn target(path: &Path, asked: Option<&'static Format>) -> Result<&'static Format, CliError> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    asked.or_else(|| formats::find_by_extension(&extension)).ok_or_else(|| {
        CliError::usage(format!("the name {} does not say which format to write", path.display()))
            .hint("say it: --to NAME")
    })
}
