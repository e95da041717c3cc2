//! `tagli new`: makes a project.

use serde_json::json;

use super::{
    args, data,
    error::CliError,
    output::{self, Output},
};
use crate::{
    project::{
        Manifest, Project, ProjectError,
        import_source::{self, ImportSourceError},
    },
    spans::LabelSet,
    text::number::with_noun,
};

/// Runs the command.
///
/// # Errors
/// The folder is a project already, the labels cannot be used, or the disk cannot.
pub(super) fn run(args: &args::New, output: Output) -> Result<(), CliError> {
    let mut manifest = Manifest::new(import_source::project_name(&args.dir), labels(args.labels.as_deref(), output)?);
    manifest.grid = args.grid;
    let project = Project::create(&args.dir, manifest).map_err(failed)?;
    let names: Vec<&str> = project.manifest.labels.iter().map(|label| label.name.as_str()).collect();
    let shown = args.dir.display();
    let text = format!(
        "{shown}: a new project with {}: {}\nnext: tagli import {shown} FILE..., then tagli {shown}",
        with_noun(names.len(), "label"),
        names.join(", ")
    );
    output.result(&json!({ "dir": output::path(&args.dir), "labels": names, "grid": args.grid }), &text)
}

/// The labels that were asked for: a labelling config, names, or the eight.
fn labels(asked: Option<&str>, output: Output) -> Result<LabelSet, CliError> {
    let Some(asked) = asked else { return Ok(LabelSet::restaurant()) };
    if asked.trim().is_empty() {
        return Err(not_taken(ImportSourceError::NoNames));
    }
    let (labels, notes) = import_source::read_labels(asked).map_err(not_taken)?;
    data::tell(asked.as_ref(), &notes, output);
    Ok(labels)
}

/// Why a file was not taken, by whose fault it is.
pub(super) fn not_taken(error: ImportSourceError) -> CliError {
    match error {
        ImportSourceError::Refused { path, problems } => data::refused(&path, &problems.iter().collect::<Vec<_>>()),
        ImportSourceError::Storage(error) => CliError::reading(&error.path, &error.cause),
        ImportSourceError::NoNames => {
            CliError::usage("--labels names no label").hint("for example --labels Dish,Price,Hours")
        }
        ImportSourceError::Name(..) => {
            CliError::usage(error).hint("names like Main_dish; a Label Studio .xml may hold any")
        }
        other @ (ImportSourceError::NoLabels(_) | ImportSourceError::NoText(_)) => CliError::data(other),
    }
}

/// A project's error by whose fault it is.
pub(super) fn failed(error: ProjectError) -> CliError {
    if error.is_environment() { CliError::environment(error) } else { CliError::data(error) }
}
