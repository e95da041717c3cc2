//! Exports the annotations of a project to a file.
//! Proves the file by reading it again.

use std::path::{Path, PathBuf};

use crate::{
    formats::{self, Corpus, Format, Problem, RoundTrip, WriteOptions},
    project::{
        AnnotatorName, Project, ProjectError,
        corpus::Chosen,
        output::{Existing, leftovers_beside, refuse_own_file, write_output, write_output_folder},
    },
    spans::{Journal, Split, Status},
    text::number::with_noun,
};

/// Request to export the annotations of one annotator.
#[derive(Debug)]
pub struct Export<'a> {
    /// Project.
    pub project: &'a Project,
    /// The annotator: of a document that several have annotated in the imported file, this annotation is written.
    pub annotator: &'a AnnotatorName,
    /// Journal of the annotator.
    pub journal: &'a Journal,
    /// Format of the file.
    pub format: &'static Format,
    /// Split to export; `None` for all documents.
    pub split: Option<Split>,
    /// The documents of it.
    pub chosen: Chosen<'a>,
    /// Tag scheme and treatment of losses. The labelling configuration is the project's, unless another one is given.
    pub options: WriteOptions,
    /// Destination of the file.
    pub target: Target<'a>,
}

/// Destination of an exported file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A file in the project's `exports/`, named after the format and the split. A former export is replaced in any case.
    Exports(Existing),
    /// This file, which may exist.
    File(&'a Path, Existing),
    /// This folder, which must not exist, for a format with files for each document.
    Folder(&'a Path),
    /// No file: the caller takes the bytes.
    Memory,
}

/// A file whose contents were proved.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Path of the file; `None` for [`Target::Memory`].
    pub path: Option<PathBuf>,
    /// Contents of the file.
    pub bytes: Vec<u8>,
    /// Number of documents.
    pub documents: usize,
    /// Number of those documents that are not done: what has no label there may be unread.
    pub not_done: usize,
    /// Result of reading the file again.
    pub round_trip: RoundTrip,
    /// Changes that the format needed.
    pub notes: Vec<Problem>,
}

/// A corpus was not written. No file was changed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The format cannot hold everything, and the request does not allow losses.
    #[error("{}", first_of(.0))]
    Losses(Vec<Problem>),
    /// The contents read back differently: a defect of the program.
    #[error("the {0} file reads back differently: {1}")]
    RoundTrip(&'static str, RoundTrip),
}

/// An export did not happen. No file was changed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The project has no documents.
    #[error("the project has no documents")]
    NoDocuments,
    /// No document is in the split.
    #[error("no document is in the split {}; {} without a split", split.name(), with_noun(*without_split, "document"))]
    EmptySplit {
        /// The split.
        split: Split,
        /// Number of documents without a split.
        without_split: usize,
    },
    /// No document is done, or none in the split.
    #[error("no document is done{}", .0.map(|split| format!(" in the split {}", split.name())).unwrap_or_default())]
    NothingDone(Option<Split>),
    /// The search finds no document, or none in the split.
    #[error("the search finds no document{}", .0.map(|split| format!(" in the split {}", split.name())).unwrap_or_default())]
    NothingFound(Option<Split>),
    /// The format has one file, and a folder is asked for.
    #[error("the format {} is one file, not a folder", .0.name)]
    OneFile(&'static Format),
    /// The target is a file of the project itself.
    #[error("{} belongs to the project's own files", .0.display())]
    ProjectFile(PathBuf),
    /// The corpus was not written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The file system refuses.
    #[error(transparent)]
    Project(#[from] ProjectError),
}

fn first_of(problems: &[Problem]) -> String {
    problems.first().map(ToString::to_string).unwrap_or_default()
}

/// Exports annotations.
///
/// # Errors
/// Nothing is done, the target belongs to the project, the format cannot hold the annotations, or the file system
/// refuses.
pub fn export(request: &Export<'_>) -> Result<Exported, ExportError> {
    if let Target::Folder(_) = request.target
        && !request.format.makes_folders()
    {
        return Err(ExportError::OneFile(request.format));
    }
    if let Target::File(path, _) | Target::Folder(path) = request.target {
        protect_project(&request.project.root, path)?;
        refuse_own_file(path)?;
    }
    let corpus = request.project.corpus(request.journal, request.split, request.chosen);
    if corpus.documents.is_empty() {
        return Err(why_empty(request));
    }
    let config = request.options.config.clone().or_else(|| request.project.manifest.label_config());
    let annotator = Some(request.annotator.to_string());
    let options = WriteOptions { config, annotator, ..request.options.clone() };
    let mut written = write(request.format, &corpus, &options)?;
    written.notes.extend(to_review(request));
    written.path = match request.target {
        Target::Memory => None,
        Target::File(path, existing) => {
            write_output(path, &written.bytes, existing)?;
            Some(path.to_owned())
        }
        Target::Folder(path) => {
            let name = file_name(request.format, request.split);
            write_output_folder(path, &|add| formats::each_file(&written.bytes.as_slice(), &name, add))?;
            Some(path.to_owned())
        }
        Target::Exports(existing) => {
            let name = file_name(request.format, request.split);
            Some(request.project.export_file(&name, &written.bytes, existing)?)
        }
    };
    written.notes.extend(written.path.as_deref().map(leftovers).unwrap_or_default());
    Ok(written)
}

/// Notes on what an output that was killed may have left beside a path.
pub(super) fn leftovers(path: &Path) -> Vec<Problem> {
    leftovers_beside(path).into_iter().map(Problem::note).collect()
}

/// Warning about documents that must be reviewed because their text was changed, if there are any.
fn to_review(request: &Export<'_>) -> Option<Problem> {
    let in_split = request.project.documents.iter().filter(|one| request.split.is_none_or(|s| one.split == Some(s)));
    let to_review = in_split.map(|document| (document, request.journal.annotation(&document.id)));
    let to_review = to_review.filter(|(_, annotation)| annotation.needs_review());
    let (found, treated) = match request.chosen {
        Chosen::Done => (to_review.count(), "left out"),
        chosen => {
            let written = to_review.filter(|(document, annotation)| chosen.has(document, annotation));
            (written.count(), "written without spans that lost their place")
        }
    };
    let documents = with_noun(found, "document");
    let warning = format!("{documents} to review, because the text was changed after it was tagged: {treated}");
    (found > 0).then(|| Problem::warning(warning).hint("tagli DIR, Documents: search for status:review"))
}

/// The error for a request to which no document answers.
fn why_empty(request: &Export<'_>) -> ExportError {
    let Export { project, split, .. } = request;
    let count = |wanted: Option<Split>| project.documents.iter().filter(|document| document.split == wanted).count();
    match split {
        _ if project.documents.is_empty() => ExportError::NoDocuments,
        Some(split) if count(Some(*split)) == 0 => {
            ExportError::EmptySplit { split: *split, without_split: count(None) }
        }
        split if matches!(request.chosen, Chosen::Found(_)) => ExportError::NothingFound(*split),
        split => ExportError::NothingDone(*split),
    }
}

/// Converts a corpus to the bytes of a file and reads them again.
///
/// # Errors
/// The options do not allow the losses, or the bytes read back differently.
pub fn write(format: &'static Format, corpus: &Corpus, options: &WriteOptions) -> Result<Exported, WriteError> {
    let written = format.write(corpus, options).map_err(WriteError::Losses)?;
    let round_trip = formats::check_round_trip(format, corpus, &written, options);
    if !round_trip.holds() {
        return Err(WriteError::RoundTrip(format.name, round_trip));
    }
    let documents = corpus.documents.len();
    let not_done = corpus.pairs().filter(|(_, annotation)| annotation.status != Status::Done).count();
    Ok(Exported { path: None, bytes: written.bytes, documents, not_done, round_trip, notes: written.problems })
}

/// Refuses a target among the project's own files.
/// Below its folder, only `exports/` is allowed.
fn protect_project(root: &Path, target: &Path) -> Result<(), ExportError> {
    let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Ok(root), Ok(folder)) = (root.canonicalize(), folder.canonicalize()) else { return Ok(()) };
    if !folder.starts_with(&root) || folder.starts_with(root.join("exports")) {
        return Ok(());
    }
    Err(ExportError::ProjectFile(target.to_owned()))
}

/// File name of an export: `FORMAT[-SPLIT].EXTENSION`.
fn file_name(format: &Format, split: Option<Split>) -> String {
    let split = split.map(|split| format!("-{}", split.name())).unwrap_or_default();
    format!("{}{split}.{}", format.name, format.extension())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        formats::OnLoss,
        project::{Annotator, ImportItem, Manifest},
        spans::{Document, LabelId, LabelSet, Status, query::Query},
        text::{Grid, TextRange},
    };

    /// A project with one document on which the first `bytes` bytes are labelled.
    fn project(dir: &Path, bytes: usize, status: Status) -> (Project, Annotator) {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let document = Document::new("d0", "seafood bar", Grid::Natural);
        let spans = vec![(TextRange::new(0, bytes), LabelId(2))];
        project.import(Some(&mut ada), 0, vec![ImportItem { document, spans, status }]).unwrap();
        (project, ada)
    }

    fn request<'a>(project: &'a Project, ada: &'a Annotator, target: Target<'a>) -> Export<'a> {
        let format = formats::find("conll2003").unwrap();
        let options = WriteOptions { on_loss: OnLoss::Fail, ..WriteOptions::default() };
        let journal = &ada.journal;
        Export { project, annotator: ada.name(), journal, format, split: None, chosen: Chosen::Done, options, target }
    }

    #[test]
    fn an_export_goes_to_its_target_and_never_over_the_project() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let (project, ada) = project(&dir, 7, Status::Done);
        let exported = export(&request(&project, &ada, Target::Exports(Existing::Keep))).unwrap();
        let path = exported.path.unwrap();
        assert!(path.ends_with("exports/conll2003.conll"), "{}", path.display());
        assert_eq!((exported.documents, exported.round_trip.spans_out), (1, 1));
        assert_eq!(std::fs::read(path).unwrap(), exported.bytes);
        let file = folder.path().join("a.conll");
        let to_file = |existing| export(&request(&project, &ada, Target::File(&file, existing)));
        to_file(Existing::Keep).unwrap();
        assert!(matches!(to_file(Existing::Keep), Err(ExportError::Project(ProjectError::OutputExists { .. }))));
        to_file(Existing::Replace).unwrap();
        assert!(file.is_file());
        assert_eq!(export(&request(&project, &ada, Target::Memory)).unwrap().path, None);
        let own = dir.join("documents.jsonl");
        let to_own = export(&request(&project, &ada, Target::File(&own, Existing::Replace)));
        assert!(matches!(to_own, Err(ExportError::ProjectFile(_))));
    }

    #[test]
    fn an_export_has_the_names_of_the_labelling_config_of_the_project() {
        let folder = tempfile::tempdir().unwrap();
        let (mut project, ada) = project(&folder.path().join("p"), 7, Status::Done);
        let label = project.manifest.labels.name(LabelId(2)).to_owned();
        let xml = format!(
            "<View><Labels name='one' toName='t'><Label value='PER'/></Labels><Labels name='two' toName='t'>\
             <Label value='{label}'/></Labels><Text name='t' value='$review'/></View>"
        );
        project.change_manifest(|manifest| manifest.label_config = Some(xml)).unwrap();
        let format = formats::find("label-studio").unwrap();
        let exported = export(&Export { format, ..request(&project, &ada, Target::Memory) }).unwrap();
        let text = String::from_utf8(exported.bytes).unwrap();
        for part in ["\"review\": \"seafood bar\"", "\"from_name\": \"two\"", "\"to_name\": \"t\""] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let options =
            crate::project::import_source::read_options(&project.manifest, Path::new("a.json"), None, ada.name());
        assert_eq!(format.read(text.as_bytes(), &options).corpus.span_count(), 1);
    }

    #[test]
    fn spans_are_written_into_the_annotation_of_the_annotator() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let mut project = Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let annotation = |who: &str, end: usize| {
            format!(
                r#"{{"completed_by":"{who}","result":[{{"type":"labels","value":{{"start":0,"end":{end},"labels":["Dish"]}}}}]}}"#
            )
        };
        let tasks = format!(
            r#"[{{"id":1,"data":{{"text":"fish tacos"}},"annotations":[{},{}]}}]"#,
            annotation("ben", 10),
            annotation("ada", 4)
        );
        let path = folder.path().join("a.json");
        std::fs::write(&path, &tasks).unwrap();
        let format = formats::find("label-studio").unwrap();
        let name: crate::project::AnnotatorName = "ada".parse().unwrap();
        let options = crate::project::import_source::read_options(&project.manifest, &path, None, &name);
        let found = format.read_file(&tasks.as_bytes(), &options).unwrap().found;
        let mut ada = project.annotator(&name, 0).unwrap();
        project.import_files(Some(&mut ada), &Default::default(), vec![found]).unwrap();
        let written = |name: &str| {
            let annotator = project.read_annotator(&name.parse().unwrap()).unwrap();
            let exported = export(&Export { format, ..request(&project, &annotator, Target::Memory) }).unwrap();
            let tasks: serde_json::Value = serde_json::from_slice(&exported.bytes).unwrap();
            [0, 1].map(|at| tasks[0]["annotations"][at]["result"][0]["value"]["end"].clone())
        };
        for name in ["ada", "ben"] {
            assert_eq!(written(name), [10, 4], "the work of the other one stays: {name}");
        }
    }

    #[test]
    fn losses_and_unfinished_documents_are_refused_unless_requested() {
        let folder = tempfile::tempdir().unwrap();
        let (done, ada) = project(&folder.path().join("p"), 3, Status::Done);
        let mut half_word = request(&done, &ada, Target::Memory);
        assert!(matches!(export(&half_word), Err(ExportError::Write(WriteError::Losses(_)))));
        half_word.options.on_loss = OnLoss::Snap;
        assert_eq!(export(&half_word).unwrap().notes.len(), 1);
        let (partial, ben) = project(&folder.path().join("q"), 7, Status::Partial);
        let mut all = request(&partial, &ben, Target::Memory);
        assert!(matches!(export(&all), Err(ExportError::NothingDone(None))));
        all.chosen = Chosen::All;
        let exported = export(&all).unwrap();
        assert_eq!((exported.documents, exported.not_done), (1, 1));
        let (query, _) = Query::parse("label:Dish status:partial", &partial.manifest.labels);
        all.chosen = Chosen::Found(&query);
        assert_eq!(export(&all).unwrap().documents, 1);
        let (query, _) = Query::parse("-label:Dish", &partial.manifest.labels);
        assert!(matches!(
            export(&Export { chosen: Chosen::Found(&query), ..request(&partial, &ben, Target::Memory) }),
            Err(ExportError::NothingFound(None))
        ));
        // Whether documents are done does not matter where the split has none.
        all.split = Some(Split::Train);
        assert!(matches!(export(&all), Err(ExportError::EmptySplit { split: Split::Train, without_split: 1 })));
    }
}
