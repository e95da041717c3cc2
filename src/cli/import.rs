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
    project::{ImportReport, OnDuplicate, Project, UndoneImport, import_source},
    services,
    text::{number::with_noun, width::clean},
    work::{
        import::{self, FileContents, ImportedFile},
        source::SourceFile,
    },
};

/// Imports the files. Every file is read before anything is changed.
///
/// # Errors
/// The folder is not a project, a file cannot be read (then nothing is imported), or the file system refuses.
pub(super) fn run(args: &args::Import, output: Output) -> Result<(), CliError> {
    if args.undo {
        return undo(args, output);
    }
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let mut project = project_dir::open(&args.dir, access, args.annotator.as_deref(), output)?;
    let name = annotator::own_name(args.annotator.as_deref(), Some(&project.root))?;
    let config = args.config.as_deref().map(import_source::read_config_file).transpose()?;
    if let (Some((_, _, notes)), Some(path)) = (&config, &args.config) {
        data::report(path, notes, output);
    }
    let tag_names = data::tag_names(&args.tags)?;
    let mut files = Vec::new();
    for path in &args.files {
        let options = import_source::read_options(&project.manifest, path, args.split, &name);
        let options = ReadOptions { tags: args.tags.options(), tag_names: tag_names.clone(), ..options };
        let options = match &config {
            Some((config, ..)) => ReadOptions { config: Some(config.clone()), ..options },
            None => options,
        };
        files.push(data::read(path, args.format, &options, output).map_err(|error| not_read(error, args, path))?);
    }
    let on_duplicate = on_duplicate(args, &project, &files, output)?;
    let imported = if args.dry_run {
        import::plan(&project, &name, on_duplicate, files)?
    } else {
        let config = config.map(|(_, xml, _)| xml);
        import::import(&mut project, &name, services::now(), on_duplicate, files, config)?
    };
    let verb = if args.dry_run { "would import" } else { "imported" };
    let (values, lines): (Vec<Value>, Vec<String>) =
        imported.iter().map(|file| (imported_value(file), done(file, verb))).unzip();
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

/// What happens to documents whose ids are in use: as the arguments say, or as the user answers.
fn on_duplicate(
    args: &args::Import,
    project: &Project,
    files: &[SourceFile],
    output: Output,
) -> Result<OnDuplicate, CliError> {
    if let Some(chosen) = args.on_duplicate {
        return Ok(chosen);
    }
    let ids = import::duplicates(project, files);
    let Some(first) = ids.first() else { return Ok(OnDuplicate::default()) };
    let found = format!(
        "{} with an id that the project has for another text, the first is {}",
        with_noun(ids.len(), "document"),
        clean(first)
    );
    if args.dry_run {
        output.say(format!("note: {found}: the report leaves them out (--on-duplicate update and copy do not)"));
        return Ok(OnDuplicate::Skip);
    }
    if !output.json && Output::can_ask() && !args.files.iter().any(|path| path == Path::new("-")) {
        let question = format!("{found}. Skip them, update those of the project, or add copies?");
        let answer = output.choose(&question, &["skip", "update", "copy"]);
        if let Some(chosen) = answer.and_then(|word| word.parse().ok()) {
            return Ok(chosen);
        }
    }
    Err(CliError::data(format!("{found}; nothing was imported")).hint(
        "--on-duplicate skip leaves them out, update gives the project's documents their texts and spans, copy adds them \
         under other ids",
    ))
}

/// Undoes the last import.
fn undo(args: &args::Import, output: Output) -> Result<(), CliError> {
    let mut project = project_dir::open(&args.dir, Access::Write, None, output)?;
    let undone = project.undo_import(services::now())?;
    let text = format!("undone: {}", undone.text());
    let UndoneImport { at, files, removed, restored, annotations, kept } = undone;
    let value = json!({
        "project": output::path(&project.root),
        "undone": { "at": at, "files": files, "removed": removed, "restored": restored, "annotations": annotations },
        "kept": kept,
    });
    output.result(&value, &text)
}

fn done(file: &ImportedFile, verb: &str) -> String {
    let ImportedFile { contents, report, new_labels } = file;
    let (documents, spans) = (with_noun(report.documents, "document"), with_noun(report.spans, "span"));
    let new = if new_labels.is_empty() { String::new() } else { format!(", new labels: {}", new_labels.join(", ")) };
    format!("{}: {verb} {documents}, {spans}{new}{}\n", output::path(&contents.path), report.left_out())
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
    let ImportReport { documents, spans, known, kept, renamed, skipped, updated, removed, others, .. } = &file.report;
    let mut value = contents_value(&file.contents);
    value["new_labels"] = json!(file.new_labels);
    value["documents"] = json!(documents);
    value["spans"] = json!(spans);
    value["known"] = json!(known);
    value["kept"] = json!(kept);
    value["renamed"] = json!(renamed);
    value["skipped"] = json!(skipped);
    value["updated"] = json!(updated);
    value["removed"] = json!(removed);
    value["others"] = json!(others);
    value["in_two_splits"] = json!(file.report.in_two_splits);
    value["left_out"] = json!(file.report.left_out());
    value
}
