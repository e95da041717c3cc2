//! `tagli convert`: converts files into another format.
//! It uses the same readers and writers as import and export, and keeps no file in memory.

use std::{cell::RefCell, env, io, path::Path};

use serde_json::json;

use super::{
    args, data,
    error::CliError,
    export,
    output::{self, Output},
    progress_report::ReadingBar,
};
use crate::{
    formats::{Format, InputReport, LabelConfig, Source, WriteOptions},
    project::{
        NamedInput, import_source,
        output::{Existing, is_folder_name},
        storage,
    },
    work::{
        convert::{self, ConvertError, Destination, Original, Request},
        source::Watched,
    },
};

/// Converts the files.
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
        convert::target_format(&args.inputs, &args.output, args.to, existing).map_err(|error| failed(args, error))?;
    let config = args.config.as_deref().map(|path| label_config(path, output)).transpose()?;
    let options = convert::read_options(config.as_ref(), data::read_options(&args.tags)?);
    let files = args.inputs.iter().map(|path| data::input(path)).collect::<Result<Vec<_>, _>>()?;
    let progress =
        RefCell::new(ReadingBar::new(output, files.iter().map(NamedInput::size).sum(), "reading the new file again"));
    let mut originals = Vec::new();
    for (path, file) in args.inputs.iter().zip(files) {
        let source = Box::new(Watched { source: file, watcher: &progress });
        originals.push(Original { path: path.clone(), source, format: args.from });
    }
    let write = WriteOptions { scheme: args.scheme, on_loss: args.on_loss, config, ..WriteOptions::default() };
    let folder = env::temp_dir();
    let request = Request {
        originals: &originals,
        options: &options,
        format,
        write: &write,
        scratch: &folder,
        report: &|path: &Path, format: &'static Format, found: &InputReport| {
            progress.borrow_mut().close();
            data::report_input(path, format, args.from.is_some(), found, output);
        },
    };
    let destination = match &*args.output {
        _ if to_output => Destination::Draft(&folder),
        path if is_folder_name(path) => Destination::Folder(path),
        path => Destination::File(path, existing),
    };
    let converted = convert::convert(&request, destination);
    progress.borrow_mut().close();
    let (new, draft) = converted.map_err(|error| failed(args, error))?;
    data::report(first(args), &new.notes, output);
    if let Some(draft) = draft {
        let mut contents = draft.bytes().map_err(|error| CliError::reading(&folder, &error))?;
        return output.copy(&mut contents);
    }
    let proof = &new.round_trip;
    let text = format!("{}: {}, {proof}", args.output.display(), format.name);
    output.result(&json!({ "out": output::path(&args.output), "format": format.name, "proof": proof }), &text)
}

/// The file that is named where something is said about the contents.
fn first(args: &args::Convert) -> &Path {
    args.inputs.first().map_or(Path::new("-"), |path| path.as_path())
}

fn failed(args: &args::Convert, error: ConvertError) -> CliError {
    match error {
        ConvertError::SameFile(_) => CliError::usage(error).hint("give OUT another name"),
        ConvertError::OneFile(_) => CliError::usage(error).hint("write OUT without `/` at its end"),
        ConvertError::NoFormat(_) => CliError::usage(error).hint("name the format: --to NAME"),
        ConvertError::Input(error) => error.into(),
        ConvertError::Write(error) => export::not_written(first(args), error),
        ConvertError::Io(error) if error.kind() == io::ErrorKind::StorageFull => CliError::environment(error)
            .hint("OUT needs room in its folder, and a part of it in the folder for temporary files (TMPDIR)"),
        ConvertError::Io(error) => CliError::reading(first(args), &error),
        ConvertError::Output(error) => error.into(),
    }
}

/// Reads a labelling config.
fn label_config(path: &Path, output: Output) -> Result<LabelConfig, CliError> {
    let (config, notes) = import_source::read_config(path, &data::bytes(path, storage::SMALL)?)?;
    data::report(path, &notes, output);
    Ok(config)
}
