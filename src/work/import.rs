//! Imports files into a project.

use std::path::PathBuf;

use super::source::SourceFile;
use crate::{
    formats::ReadFile,
    project::{Annotator, AnnotatorName, ImportReport, Project, ProjectError, manifest::check_labels},
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

/// Imports files in order; `annotator` is credited with their annotations.
/// `now` in seconds since 1970, UTC.
///
/// The annotator's journal is opened, and locked, only if a file has annotations.
///
/// # Errors
/// The project refuses a file; the files before it stay imported.
pub fn import(
    project: &mut Project,
    annotator: &AnnotatorName,
    now: u64,
    files: Vec<SourceFile>,
) -> Result<Vec<ImportedFile>, ProjectError> {
    let mut journal: Option<Annotator> = None;
    let mut imported = Vec::with_capacity(files.len());
    for file in files {
        check_labels(&file.read.found.labels())
            .map_err(|fault| ProjectError::ImportedLabel { path: file.path.clone(), fault })?;
        if journal.is_none() && file.read.found.is_annotated() {
            journal = Some(project.annotator(annotator, now)?);
        }
        let contents = FileContents::of(&file);
        let (report, new_labels) = project.import_found(journal.as_mut(), now, file.read.found)?;
        imported.push(ImportedFile { contents, report, new_labels });
    }
    Ok(imported)
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
        let texts = import(&mut project, &ada, 0, vec![file("a.txt", b"great tacos\nopen late\n")]).unwrap();
        assert_eq!((texts[0].report.documents, texts[0].contents.words), (2, 4));
        assert!(project.contributors().is_empty(), "texts alone need no annotator");
        let tagged = file("b.conll", b"great\tO\nbeans\tB-Food\n\n");
        let done = import(&mut project, &ada, 0, vec![file("c.txt", b"cheap\n"), tagged]).unwrap();
        assert_eq!(done.len(), 2);
        assert_eq!((done[1].report.spans, done[1].new_labels.as_slice()), (1, ["Food".to_owned()].as_slice()));
        assert_eq!(Project::open(&dir).unwrap().contributors(), [ada]);
    }

    #[test]
    fn a_label_that_no_project_can_have_is_reported_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let mut project = Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let ada: AnnotatorName = "ada".parse().unwrap();
        let line = br#"{"id":"1","text":"tacos","spans":[{"start":0,"end":5,"label":"Di\u001bsh"}]}"#;
        let error = import(&mut project, &ada, 0, vec![file("bad.jsonl", line)]).unwrap_err().to_string();
        assert!(error.starts_with("bad.jsonl: label `Di\u{241b}sh`: ") && !error.contains("project.json"), "{error}");
        let project = Project::open(&dir).unwrap();
        assert!(project.documents.is_empty() && project.contributors().is_empty());
    }
}
