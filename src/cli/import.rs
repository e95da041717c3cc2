//! `tagli import`: files into a project, with what was detected and what could not be kept.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    args, data,
    error::CliError,
    new::failed,
    open,
    output::{self, Output},
};
use crate::{
    formats::Corpus,
    project::{Annotator, Project, import_source},
    services,
};

/// Runs the command. Every file is read before anything is changed.
///
/// # Errors
/// The folder is no project, a file cannot be read (nothing is imported then), or the disk cannot.
pub(super) fn run(args: &args::Import, output: Output) -> Result<(), CliError> {
    let mut project = Project::open(&args.dir).map_err(failed)?;
    let mut reads = Vec::new();
    for path in &args.files {
        let options = import_source::read_options(&project.manifest, path, args.split);
        reads.push((path, data::read(path, args.format, &options, output)?));
    }
    let mut annotator = None;
    let mut done = Vec::new();
    for (path, read) in reads {
        let done_now = if args.dry_run {
            summary(path, &read.corpus, &read.detected)
        } else {
            let annotator = annotator_for(&mut annotator, &project, &read.corpus, args)?;
            take(&mut project, annotator, path, read.corpus, &read.detected)?
        };
        done.push(done_now);
    }
    let verb = if args.dry_run { "would import" } else { "imported" };
    let line = |value: &Value| {
        let new = value["new_labels"].as_array().map_or(String::new(), |names| {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            if names.is_empty() { String::new() } else { format!(", new labels: {}", names.join(", ")) }
        });
        format!(
            "{}: {verb} {}, {}{new}{}\n",
            value["file"].as_str().unwrap_or("?"),
            output::with_noun(&value["documents"], "document"),
            output::with_noun(&value["spans"], "span"),
            value["left_out"].as_str().unwrap_or_default()
        )
    };
    let text: String = done.iter().map(line).collect();
    output.result(&json!({ "dry_run": args.dry_run, "files": done }), &text)
}

/// Opens the annotator when the first file with annotations needs one.
fn annotator_for<'a>(
    open: &'a mut Option<Annotator>,
    project: &Project,
    corpus: &Corpus,
    args: &args::Import,
) -> Result<Option<&'a mut Annotator>, CliError> {
    if import_source::is_annotated(corpus) && open.is_none() {
        let name = open::annotator_name(args.annotator.as_deref())?;
        *open = Some(project.annotator(&name, services::now()).map_err(failed)?);
    }
    Ok(open.as_mut())
}

fn take(
    project: &mut Project,
    annotator: Option<&mut Annotator>,
    path: &Path,
    corpus: Corpus,
    detected: &[String],
) -> Result<Value, CliError> {
    let mut value = summary(path, &corpus, detected);
    let (done, new) = project.import_corpus(annotator, services::now(), corpus).map_err(failed)?;
    value["new_labels"] = json!(new);
    value["documents"] = json!(done.documents);
    value["spans"] = json!(done.spans);
    value["known"] = json!(done.known);
    value["kept"] = json!(done.kept);
    value["renamed"] = json!(done.renamed);
    value["left_out"] = json!(done.left_out());
    Ok(value)
}

fn summary(path: &Path, corpus: &Corpus, detected: &[String]) -> Value {
    json!({
        "file": output::path(path),
        "detected": detected,
        "documents": corpus.documents.len(),
        "words": corpus.word_count(),
        "spans": corpus.span_count(),
        "labels": corpus.labels.iter().map(|label| &label.name).collect::<Vec<_>>(),
    })
}
