//! `tagli export`: writes a project's annotations to a file.
//! It proves the file by reading it again.

use std::path::Path;

use serde_json::json;

use super::{
    annotator, args, data,
    error::CliError,
    output::{self, Output},
};
use crate::{
    formats::WriteOptions,
    project::Project,
    text::number::with_noun,
    work::export::{self, Export, ExportError, Target, WriteError},
};

/// Exports the annotations.
///
/// # Errors
/// The folder is not a project, nothing is done yet, the format cannot hold the annotations, or the file system refuses.
pub(super) fn run(args: &args::Export, output: Output) -> Result<(), CliError> {
    let target = match args.out.as_deref() {
        None => Target::Exports,
        Some(path) if path == Path::new("-") => {
            output.without_json("the file")?;
            Target::Memory
        }
        Some(path) => Target::File(path),
    };
    let project = Project::open(&args.dir)?;
    let name = annotator::choose(&project, args.annotator.as_deref())?;
    let annotator = project.read_annotator(&name)?;
    let request = Export {
        project: &project,
        journal: &annotator.journal,
        format: args.format,
        split: args.split,
        all: args.all,
        options: WriteOptions { scheme: args.scheme, on_loss: args.on_loss, config: None },
        target,
    };
    let exported = export::export(&request).map_err(|error| match error {
        ExportError::Write(error) => not_written(&args.dir, error),
        ExportError::NothingDone(_) => CliError::data(format!("{}: annotator {name}: {error}", args.dir.display()))
            .hint(
                "documents are done when `enter` or `space` left them on the Tag screen; --all writes the others, too",
            ),
        ExportError::ProjectFile(_) => {
            CliError::usage(error).hint("omit --out to write into exports/, or choose a place outside the project")
        }
        ExportError::Project(error) => {
            let error = CliError::from(error);
            let is_elsewhere = target != Target::Exports;
            if is_elsewhere { error } else { error.hint("--out FILE writes elsewhere") }
        }
    })?;
    data::report(&args.dir, &exported.notes, output);
    let Some(path) = &exported.path else { return output.contents(&exported.bytes) };
    let (documents, proof) = (exported.documents, &exported.round_trip);
    let text = format!("{}: {}, {}, {proof}", path.display(), args.format.name, with_noun(documents, "document"));
    let value =
        json!({ "out": output::path(path), "format": args.format.name, "documents": documents, "proof": proof });
    output.result(&value, &text)
}

/// The error of a corpus that was not written.
/// `source` is the file or project that it comes from.
pub(super) fn not_written(source: &Path, error: WriteError) -> CliError {
    match error {
        WriteError::Losses(problems) => data::refused(source, &problems),
        WriteError::RoundTrip(..) => {
            CliError::data(error).hint("nothing was written; please report this with the input")
        }
    }
}
