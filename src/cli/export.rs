//! `tagli export`: writes a project's annotations to a file.
//! It proves the file by reading it again.

use std::path::Path;

use serde_json::json;

use super::{
    annotator, args, data,
    error::CliError,
    output::{self, Output},
    project_dir::{self, Access},
};
use crate::{
    formats::WriteOptions,
    project::{
        AnnotatorName, Project, ProjectError,
        corpus::Chosen,
        output::{Existing, is_folder_name},
    },
    spans::query::Query,
    text::number::with_noun,
    work::export::{self, Export, ExportError, Exported, Target, WriteError},
};

/// Exports the annotations.
///
/// # Errors
/// The folder is not a project, nothing is done yet, the format cannot hold the annotations, or the file system refuses.
pub(super) fn run(args: &args::Export, output: Output) -> Result<(), CliError> {
    let target = match args.out.as_deref() {
        None => Target::Exports(Existing::with_force(args.force)),
        Some(path) if path == Path::new("-") => {
            output.without_json("the file")?;
            Target::Memory
        }
        Some(path) if is_folder_name(path) => Target::Folder(path),
        Some(path) => Target::File(path, Existing::with_force(args.force)),
    };
    let access = if matches!(target, Target::Exports(_)) { Access::Write } else { Access::Read };
    let project = project_dir::open(&args.dir, access, args.annotator.as_deref(), output)?;
    let name = annotator::choose(&project, args.annotator.as_deref())?;
    let annotator = project.read_annotator(&name)?;
    let query = args.query.as_deref().map(|text| search(text, &project)).transpose()?;
    let request = Export {
        project: &project,
        annotator: &name,
        journal: &annotator.journal,
        format: args.format,
        split: args.split,
        chosen: match &query {
            Some(query) => Chosen::Found(query),
            None if args.all => Chosen::All,
            None => Chosen::Done,
        },
        options: WriteOptions { scheme: args.scheme, on_loss: args.on_loss, ..WriteOptions::default() },
        target,
    };
    let exported = export::export(&request).map_err(|error| failed(&request, &name, error))?;
    data::report(&project.root, &exported.notes, output);
    if exported.not_done > 0 {
        output.say(format!(
            "note: {} of {} not done; words without a label there may be unread",
            exported.not_done,
            with_noun(exported.documents, "document")
        ));
    }
    let Some(path) = &exported.path else { return output.contents(&exported.bytes) };
    let Exported { documents, not_done, round_trip: proof, .. } = &exported;
    let text = format!("{}: {}, {}, {proof}", path.display(), args.format.name, with_noun(*documents, "document"));
    let value = json!({
        "out": output::path(path),
        "project": output::path(&project.root),
        "format": args.format.name,
        "documents": documents,
        "not_done": not_done,
        "proof": proof,
    });
    output.result(&value, &text)
}

/// Parses a search. In contrast to one on the screen, it must be understood as a whole.
pub(super) fn search(text: &str, project: &Project) -> Result<Query, CliError> {
    let (query, problem) = Query::parse(text, &project.manifest.labels);
    if let Some(problem) = problem {
        return Err(
            CliError::usage(format!("--query: {problem}")).hint("tagli help tag lists what a search can ask for")
        );
    }
    // As where a script's variable is not set: all documents were hardly meant.
    if query == Query::default() {
        return Err(CliError::usage("--query: there is nothing to search for")
            .hint("tagli help tag lists what a search can ask for"));
    }
    match query.asks_model() {
        Some(term) => Err(CliError::usage(format!("--query: `{term}` needs the suggestions of a model")).hint(
            "the Documents screen has them; tagli predict MODEL --file F --to FORMAT writes what a model suggests",
        )),
        None => Ok(query),
    }
}

fn failed(request: &Export<'_>, name: &AnnotatorName, error: ExportError) -> CliError {
    let root = &request.project.root;
    match error {
        ExportError::Write(error) => not_written(root, error),
        ExportError::NothingDone(_) => CliError::data(format!("{}: annotator {name}: {error}", root.display())).hint(
            "documents are done when `enter` or `space` left them on the Tag screen; --all writes the others, too",
        ),
        ExportError::NothingFound(_) => CliError::data(format!("{}: annotator {name}: {error}", root.display()))
            .hint("the Documents screen of tagli DIR has the same searches"),
        ExportError::NoDocuments => CliError::data(format!("{}: {error}", root.display()))
            .hint(format!("tagli import {} FILE...", root.display())),
        ExportError::EmptySplit { .. } => CliError::data(format!("{}: {error}", root.display())).hint(
            "omit --split to export all documents; their splits come from the imported files, or from tagli import --split",
        ),
        ExportError::OneFile(_) => CliError::usage(error).hint("write --out without `/` at its end"),
        ExportError::ProjectFile(_) => {
            CliError::usage(error).hint("omit --out to write into exports/, or choose a place outside the project")
        }
        ExportError::Project(error @ ProjectError::NotExported(_)) => {
            let root = output::path(root);
            let format = request.format.name;
            let replace = format!("tagli export {root} --format {format} --force replaces it");
            CliError::from(error).hint(replace).hint("--out FILE writes elsewhere")
        }
        ExportError::Project(error) => {
            let error = CliError::from(error);
            let is_elsewhere = !matches!(request.target, Target::Exports(_));
            if is_elsewhere { error } else { error.hint("--out FILE writes elsewhere") }
        }
    }
}

/// The error of a corpus that was not written.
/// `source` is the file or project that it comes from.
pub(super) fn not_written(source: &Path, error: WriteError) -> CliError {
    match error {
        WriteError::Losses(problems) => data::refused(source, &problems),
        // The reader refuses the file, such as one with too many spans in a document, and its error says why.
        WriteError::RoundTrip(_, ref proof) if !proof.errors.is_empty() => CliError::data(error)
            .hint("nothing was written; write it in another format, or divide the document that the error names"),
        WriteError::RoundTrip(..) => {
            CliError::data(error).hint("nothing was written; please report this with the input")
        }
    }
}
