//! `tagli export`: a project's annotations as a file, written, read again and proved.

use std::path::Path;

use serde_json::json;

use super::{
    args, convert,
    error::CliError,
    new::failed,
    open,
    output::{self, Output},
};
use crate::{
    formats::{Format, WriteOptions},
    project::{Project, storage},
    spans::Split,
    text::number::with_noun,
};

/// Runs the command.
///
/// # Errors
/// The folder is no project, nothing is done yet, the format cannot hold it, or the disk cannot.
pub(super) fn run(args: &args::Export, output: Output) -> Result<(), CliError> {
    let to = args.format;
    let to_output = args.out.as_deref() == Some(Path::new("-"));
    if to_output {
        output.without_json("the file")?;
    }
    let project = Project::open(&args.dir).map_err(failed)?;
    let name = open::annotator_of(&project, args.annotator.as_deref())?;
    let annotator = project.read_annotator(&name).map_err(failed)?;
    if let Some(path) = &args.out {
        keep_project(&args.dir, path)?;
    }
    let corpus = project.corpus(&annotator.journal, args.split, args.all);
    if corpus.documents.is_empty() {
        let part = args.split.map(|split| format!(" in the part {}", split.name())).unwrap_or_default();
        let dir = args.dir.display();
        return Err(CliError::data(format!("{dir}: annotator {name} has no document that is done{part}")).hint(
            "documents are done when `enter` or `space` left them on the Tag screen; --all writes the others, too",
        ));
    }
    let options = WriteOptions { scheme: args.scheme, on_loss: args.on_loss, config: None };
    let (written, proof) = convert::write(to, &corpus, &options, &args.dir, output)?;
    let out = match &args.out {
        Some(_) if to_output => return output.bytes(&written.bytes),
        Some(path) => storage::replace(path, &written.bytes).map(|()| path.clone()).map_err(CliError::environment)?,
        None => project.export_file(&file_name(to, args.split), &written.bytes).map_err(failed)?,
    };
    let documents = corpus.documents.len();
    let text = format!("{}: {}, {}, {proof}", out.display(), to.name, with_noun(documents, "document"));
    let value = json!({ "out": output::path(&out), "format": to.name, "documents": documents, "proof": proof });
    output.result(&value, &text)
}

/// The project's own files are not written over: below its folder an export goes into `exports/` only.
fn keep_project(dir: &Path, out: &Path) -> Result<(), CliError> {
    let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Ok(root), Ok(folder)) = (dir.canonicalize(), folder.canonicalize()) else { return Ok(()) };
    if !folder.starts_with(&root) || folder.starts_with(root.join("exports")) {
        return Ok(());
    }
    Err(CliError::usage(format!("{} lies among the project's own files", out.display()))
        .hint("leave --out away to write into exports/, or choose a place outside the project"))
}

/// `NAME[-SPLIT].EXTENSION`.
pub(super) fn file_name(format: &Format, split: Option<Split>) -> String {
    let part = split.map(|split| format!("-{}", split.name())).unwrap_or_default();
    format!("{}{part}.{}", format.name, format.extension())
}
