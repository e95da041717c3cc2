//! Imports files into a project.

use std::path::PathBuf;

use super::source::SourceFile;
use crate::{
    formats::{FoundDocuments, ReadFile},
    project::{
        Annotator, AnnotatorName, ImportItem, ImportOptions, ImportReport, OnDuplicate, Project, ProjectError,
        manifest::check_labels,
    },
    spans::{Document, Status},
};

/// Contents of a file that is or would be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileContents {
    /// Path of the file.
    pub path: PathBuf,
    /// Details that were detected, in plain words.
    pub detected: Vec<String>,
    /// Number of documents.
    pub documents: usize,
    /// Number of words.
    pub words: usize,
    /// Number of spans.
    pub spans: usize,
    /// Names of its labels.
    pub labels: Vec<String>,
}

impl FileContents {
    /// Counts the contents of a file.
    pub fn of(file: &SourceFile) -> Self {
        let ReadFile { found, detected, .. } = &file.read;
        Self {
            path: file.path.clone(),
            detected: detected.clone(),
            documents: found.len(),
            words: found.word_count(),
            spans: found.span_count(),
            labels: found.used_labels(),
        }
    }
}

/// Outcome of the import of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedFile {
    /// Contents of the file.
    pub contents: FileContents,
    /// Changes of the project.
    pub report: ImportReport,
    /// Names of the labels that were added to the project.
    pub new_labels: Vec<String>,
}

/// Imports files in order as one action; `annotator` is credited with their annotations.
/// `now` in seconds since 1970, UTC.
///
/// The annotator's journal is opened, and locked, only if a file has annotations. `config`: text of a labelling config that
/// the project keeps if the files are imported.
///
/// # Errors
/// The project refuses a file; then nothing is imported. Or `project.json` cannot be written after the import.
pub fn import(
    project: &mut Project,
    annotator: &AnnotatorName,
    now: u64,
    on_duplicate: OnDuplicate,
    files: Vec<SourceFile>,
    config: Option<String>,
) -> Result<Vec<ImportedFile>, ProjectError> {
    check(&files)?;
    let imported = import_files(project, annotator, now, on_duplicate, files);
    // What was begun and could not be completed has its documents in the project already.
    let keeps_config = matches!(&imported, Ok(_) | Err(ProjectError::Unfinished { .. }));
    if let Some(xml) = config.filter(|_| keeps_config) {
        project.change_manifest(|manifest| manifest.label_config = Some(xml))?;
    }
    imported
}

fn import_files(
    project: &mut Project,
    annotator: &AnnotatorName,
    now: u64,
    on_duplicate: OnDuplicate,
    files: Vec<SourceFile>,
) -> Result<Vec<ImportedFile>, ProjectError> {
    let mut journal: Option<Annotator> = is_annotated(&files).then(|| project.annotator(annotator, now)).transpose()?;
    let names = files.iter().map(|file| file.path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    let options = ImportOptions { at: now, on_duplicate, files: names.collect() };
    let contents: Vec<FileContents> = files.iter().map(FileContents::of).collect();
    let found = files.into_iter().map(|file| file.read.found).collect();
    let reports = project.import_files(journal.as_mut(), &options, found)?;
    Ok(join(contents, reports))
}

/// Adds a document with this text, without spans. Returns its id.
///
/// # Errors
/// The project cannot be written.
pub fn add_text(project: &mut Project, text: &str, now: u64) -> Result<String, ProjectError> {
    let number = (1..=project.documents.len() + 1).find(|number| project.documents.get(&typed_id(*number)).is_none());
    let id = typed_id(number.unwrap_or_default());
    let document = Document::new(id.clone(), text, project.manifest.grid);
    let item = ImportItem { document, spans: Vec::new(), status: Status::Todo };
    project.import(None, now, vec![item])?;
    Ok(id)
}

/// Id of a text that was typed in the program.
fn typed_id(number: usize) -> String {
    format!("typed-{number}")
}

/// What [`import`] would do. Changes nothing. Returns the files, too.
///
/// # Errors
/// As [`import`].
pub fn plan(
    project: &Project,
    annotator: &AnnotatorName,
    on_duplicate: OnDuplicate,
    files: Vec<SourceFile>,
) -> Result<Vec<ImportedFile>, ProjectError> {
    check(&files)?;
    let mut journal: Option<Annotator> = is_annotated(&files).then(|| project.read_annotator(annotator)).transpose()?;
    let contents = files.iter().map(FileContents::of).collect();
    let found: Vec<FoundDocuments> = files.into_iter().map(|file| file.read.found).collect();
    Ok(join(contents, project.plan_import(journal.as_mut(), on_duplicate, found)?))
}

/// Ids of documents of the files that the project has for another text, for which [`OnDuplicate`] must be chosen.
pub fn duplicates(project: &Project, files: &[SourceFile]) -> Vec<String> {
    project.duplicates(files.iter().flat_map(|file| file.read.found.documents()))
}

fn check(files: &[SourceFile]) -> Result<(), ProjectError> {
    files.iter().try_for_each(|file| {
        check_labels(&file.read.found.labels())
            .map_err(|fault| ProjectError::ImportedLabel { path: file.path.clone(), fault })
    })
}

fn is_annotated(files: &[SourceFile]) -> bool {
    files.iter().any(|file| file.read.found.is_annotated())
}

fn join(contents: Vec<FileContents>, reports: Vec<(ImportReport, Vec<String>)>) -> Vec<ImportedFile> {
    let files = contents.into_iter().zip(reports);
    files.map(|(contents, (report, new_labels))| ImportedFile { contents, report, new_labels }).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{formats::ReadOptions, project::Manifest, spans::LabelSet};

    fn file(name: &str, bytes: &[u8]) -> SourceFile {
        let options = ReadOptions { id_prefix: format!("{name}-"), ..ReadOptions::default() };
        SourceFile::read(Path::new(name), &bytes, None, &options).unwrap().check().unwrap()
    }

    #[test]
    fn files_are_imported_in_order_and_the_journal_opened_when_needed() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let mut project = Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let ada: AnnotatorName = "ada".parse().unwrap();
        let texts = || vec![file("a.txt", b"great tacos\nopen late\n")];
        let texts = import(&mut project, &ada, 0, OnDuplicate::Copy, texts(), None).unwrap();
        assert_eq!((texts[0].report.documents, texts[0].contents.words), (2, 4));
        assert!(project.contributors().is_empty(), "texts alone need no annotator");
        let files = || vec![file("c.txt", b"cheap\n"), file("b.conll", b"great\tO\nbeans\tB-Food\n\n")];
        let planned = plan(&project, &ada, OnDuplicate::Copy, files()).unwrap();
        assert!(project.contributors().is_empty() && project.documents.len() == 2);
        let done = import(&mut project, &ada, 0, OnDuplicate::Copy, files(), None).unwrap();
        assert_eq!(planned, done);
        assert_eq!((done[1].report.spans, done[1].new_labels.as_slice()), (1, ["Food".to_owned()].as_slice()));
        assert_eq!(Project::open(&dir).unwrap().contributors(), std::slice::from_ref(&ada));
        // The two files were one action.
        assert_eq!(project.undo_import(1).unwrap().removed, 2);
        assert_eq!(duplicates(&project, &[file("a.txt", b"great soup\nopen late\n")]), ["a.txt-1"]);
    }

    #[test]
    fn a_label_that_no_project_can_have_is_reported_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let mut project = Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let ada: AnnotatorName = "ada".parse().unwrap();
        let line = br#"{"id":"1","text":"tacos","spans":[{"start":0,"end":5,"label":"Di\u001bsh"}]}"#;
        let files = vec![file("good.txt", b"soup\n"), file("bad.jsonl", line)];
        let error = import(&mut project, &ada, 0, OnDuplicate::Copy, files, None).unwrap_err().to_string();
        assert!(error.starts_with("bad.jsonl: label `Di\u{241b}sh`: ") && !error.contains("project.json"), "{error}");
        let project = Project::open(&dir).unwrap();
        assert!(project.documents.is_empty() && project.contributors().is_empty());
    }
}
