//! `tagli new`: makes a project.

use std::path::Path;

use serde_json::json;

use super::{
    args, convert,
    error::CliError,
    output::{self, Output},
};
use crate::{
    project::{Manifest, Project, ProjectError},
    spans::LabelSet,
    text::number::counted,
};

/// Runs the command.
///
/// # Errors
/// The folder is a project already, the labels cannot be used, or the disk cannot.
pub(super) fn run(args: &args::New, output: Output) -> Result<(), CliError> {
    let name = args.dir.canonicalize().unwrap_or_else(|_| args.dir.clone());
    let name = name.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned());
    let mut manifest = Manifest::new(name, labels(args.labels.as_deref(), output)?);
    manifest.grid = args.grid;
    let project = Project::create(&args.dir, manifest).map_err(failed)?;
    let names: Vec<&str> = project.manifest.labels.iter().map(|label| label.name.as_str()).collect();
    let shown = args.dir.display();
    let text = format!(
        "{shown}: a new project with {}: {}\nnext: tagli import {shown} FILE..., then tagli {shown}",
        counted(names.len(), "label"),
        names.join(", ")
    );
    output.result(&json!({ "dir": output::path(&args.dir), "labels": names, "grid": args.grid }), &text)
}

/// The labels that were asked for: a labelling config, names, or the eight.
fn labels(asked: Option<&str>, output: Output) -> Result<LabelSet, CliError> {
    let Some(asked) = asked else { return Ok(LabelSet::restaurant()) };
    if asked.to_ascii_lowercase().ends_with(".xml") {
        return Ok(convert::label_config(Path::new(asked), output)?.labels);
    }
    let names: Vec<&str> = asked.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err(CliError::usage("--labels names no label").hint("for example --labels Dish,Price,Hours"));
    }
    Ok(LabelSet::from_names(names))
}

/// A project's error by whose fault it is.
pub(super) fn failed(error: ProjectError) -> CliError {
    if error.is_environment() { CliError::environment(error) } else { CliError::data(error) }
}
