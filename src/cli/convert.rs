//! `tagli convert`: converts a file into another format.
//! It uses the same readers and writers as import and export.

use std::path::Path;

use serde_json::json;

use super::{
    args, data,
    error::CliError,
    export,
    output::{self, Output},
};
use crate::{
    formats::{LabelConfig, WriteOptions},
    project::{import_source, output::Existing, storage},
    work::convert::{self, ConvertError},
};

/// Converts the file.
///
/// # Errors
/// IN cannot be read, or OUT cannot hold its contents or cannot be written.
pub(super) fn run(args: &args::Convert, output: Output) -> Result<(), CliError> {
    let to_output = args.output == Path::new("-");
    if to_output {
        output.without_json("the file")?;
    }
    // Standard output is no file.
    let existing = Existing::with_force(args.force || to_output);
    let format =
        convert::target_format(&args.input, &args.output, args.to, existing).map_err(|error| failed(args, error))?;
    let config = args.config.as_deref().map(|path| label_config(path, output)).transpose()?;
    let options = convert::read_options(config.as_ref(), data::read_options(args.tags.options())?);
    let input = data::read(&args.input, args.from, &options, output)?.into_corpus();
    let options = WriteOptions { scheme: args.scheme, on_loss: args.on_loss, config };
    let target = (!to_output).then_some((args.output.as_path(), existing));
    let written = convert::convert(&input, format, &options, target).map_err(|error| failed(args, error))?;
    data::report(&args.input, &written.notes, output);
    if to_output {
        return output.contents(&written.bytes);
    }
    let proof = &written.round_trip;
    let text = format!("{}: {}, {proof}", args.output.display(), format.name);
    output.result(&json!({ "out": output::path(&args.output), "format": format.name, "proof": proof }), &text)
}

fn failed(args: &args::Convert, error: ConvertError) -> CliError {
    match error {
        ConvertError::SameFile(_) => CliError::usage(error).hint("give OUT another name"),
        ConvertError::NoFormat(_) => CliError::usage(error).hint("name the format: --to NAME"),
        ConvertError::Write(error) => export::not_written(&args.input, error),
        ConvertError::Output(error) => error.into(),
    }
}

/// Reads a labelling config.
fn label_config(path: &Path, output: Output) -> Result<LabelConfig, CliError> {
    let (config, notes) = import_source::read_config(path, &data::bytes(path, storage::SMALL)?)?;
    data::report(path, &notes, output);
    Ok(config)
}
