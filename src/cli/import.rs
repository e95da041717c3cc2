//! `tagli import`: imports files into a project.
//! It reports what was detected and what could not be kept.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    annotator, args, data,
    error::CliError,
    output::{self, Output},
    project_dir::{self, Access},
};
use crate::{
    formats::ReadOptions,
    project::{ImportReport, import_source},
    services,
    text::number::with_noun,
    work::import::{self, FileContents, ImportedFile},
};

/// Imports the files. Every file is read before anything is changed.
///
/// # Errors
/// The folder is not a project, a file cannot be read (then nothing is imported), or the file system refuses.
pub(super) fn run(args: &args::Import, output: Output) -> Result<(), CliError> {
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let mut project = project_dir::open(&args.dir, access, args.annotator.as_deref(), output)?;
    let name = annotator::own_name(args.annotator.as_deref(), Some(&project.root))?;
    let config = args.config.as_deref().map(import_source::read_config_file).transpose()?;
    if let (Some((_, _, notes)), Some(path)) = (&config, &args.config) {
        data::report(path, notes, output);
    }
    let mut files = Vec::new();
    for path in &args.files {
        let options = import_source::read_options(&project.manifest, path, args.split);
        let options = ReadOptions { tags: args.tags.options(), annotator: Some(name.to_string()), ..options };
        let options = match &config {
            Some((config, ..)) => ReadOptions { config: Some(config.clone()), ..options },
            None => options,
        };
        files.push(data::read(path, args.format, &options, output).map_err(|error| not_read(error, args, path))?);
    }
    let (values, lines): (Vec<Value>, Vec<String>) = if args.dry_run {
        files.iter().map(FileContents::of).map(|contents| (contents_value(&contents), planned(&contents))).unzip()
    } else {
        if let Some((_, xml, _)) = config {
            project.change_manifest(|manifest| manifest.label_config = Some(xml))?;
        }
        let imported = import::import(&mut project, &name, services::now(), files)?;
        imported.iter().map(|file| (imported_value(file), done(file))).unzip()
    };
    let value = json!({ "dry_run": args.dry_run, "project": output::path(&project.root), "files": values });
    output.result(&value, &lines.concat())
}

/// Explains the order of the arguments where a file to import does not exist.
fn not_read(error: CliError, args: &args::Import, path: &Path) -> CliError {
    if path == Path::new("-") || path.exists() {
        return error;
    }
    let project = args.dir.display();
    error.hint(format!(
        "{project} is the project, and all names after it are files to import: tagli import {project} FILE..."
    ))
}

fn planned(contents: &FileContents) -> String {
    let (documents, spans) = (with_noun(contents.documents, "document"), with_noun(contents.spans, "span"));
    format!("{}: would import {documents}, {spans}\n", output::path(&contents.path))
}

fn done(file: &ImportedFile) -> String {
    let ImportedFile { contents, report, new_labels } = file;
    let (documents, spans) = (with_noun(report.documents, "document"), with_noun(report.spans, "span"));
    let new = if new_labels.is_empty() { String::new() } else { format!(", new labels: {}", new_labels.join(", ")) };
    format!("{}: imported {documents}, {spans}{new}{}\n", output::path(&contents.path), report.left_out())
}

fn contents_value(contents: &FileContents) -> Value {
    json!({
        "file": output::path(&contents.path),
        "detected": contents.detected,
        "documents": contents.documents,
        "words": contents.words,
        "spans": contents.spans,
        "labels": contents.labels,
    })
}

fn imported_value(file: &ImportedFile) -> Value {
    let ImportReport { documents, spans, known, kept, renamed, others, .. } = &file.report;
    let mut value = contents_value(&file.contents);
    value["new_labels"] = json!(file.new_labels);
    value["documents"] = json!(documents);
    value["spans"] = json!(spans);
    value["known"] = json!(known);
    value["kept"] = json!(kept);
    value["renamed"] = json!(renamed);
    value["others"] = json!(others);
    value["left_out"] = json!(file.report.left_out());
    value
}
