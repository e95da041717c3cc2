//! Looks at a file that may be imported into a project. Nothing is changed.

use std::path::Path;

use super::{
    import::{self, FileContents},
    source::{SourceFile, Watcher},
};
use crate::{
    formats::{Problem, Severity},
    project::{AnnotatorName, ImportReport, OnDuplicate, Project, StorageError, import_source},
    spans::Document,
    text::TextRange,
};

/// A file that may be imported.
#[derive(Debug)]
pub struct Preview {
    /// Name of its format.
    pub format: &'static str,
    /// Reason for the format, or the details that were detected.
    pub why: String,
    /// Number that is the same for the same contents;
    /// see [`FoundDocuments::fingerprint`](crate::formats::FoundDocuments::fingerprint).
    pub fingerprint: u64,
    /// Counts and labels.
    pub contents: FileContents,
    /// What an import would do; nothing if the file is refused.
    pub report: ImportReport,
    /// Names of the labels that the project would get.
    pub new_labels: Vec<String>,
    /// Problems, the errors first.
    pub problems: Vec<Problem>,
    /// Whether it cannot be imported: it has errors or no text, or the project refuses it.
    pub is_refused: bool,
    /// The first documents, with ranges and label names of their spans.
    pub first: Vec<(Document, Vec<(TextRange, String)>)>,
}

/// Reads a file as an import would, and plans the import. Returns its first `most` documents.
///
/// # Errors
/// The file cannot be read, or the watcher ends the reading. What is wrong with its contents is in the preview.
pub fn preview(
    project: &Project,
    annotator: &AnnotatorName,
    path: &Path,
    most: usize,
    watcher: &dyn Watcher,
) -> Result<Preview, StorageError> {
    let options = import_source::read_options(&project.manifest, path, None, annotator);
    let mut file = SourceFile::open_watched(path, None, &options, watcher)?;
    let has_errors = file.read.has_errors();
    let mut problems = std::mem::take(&mut file.read.problems);
    let found = &file.read.found;
    if found.is_empty() && !has_errors {
        problems.push(Problem::error("there is no text in it"));
    }
    let mut is_refused = has_errors || found.is_empty();
    let format = file.format.name;
    let why = file.why.clone();
    let fingerprint = found.fingerprint();
    let contents = FileContents::of(&file);
    let first = found.first(most).into_iter().map(|(document, spans)| (document.clone(), spans)).collect();
    let mut planned = None;
    if !is_refused {
        match import::plan(project, annotator, OnDuplicate::Copy, vec![file]) {
            Ok(files) => planned = files.into_iter().next(),
            Err(error) => {
                is_refused = true;
                problems.push(Problem::error(error.to_string()));
            }
        }
    }
    let (report, new_labels) = planned.map(|file| (file.report, file.new_labels)).unwrap_or_default();
    problems.sort_by_key(|problem| problem.severity != Severity::Error);
    Ok(Preview { format, why, fingerprint, contents, report, new_labels, problems, is_refused, first })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{LabelSet, Status},
        text::Grid,
        work::source::Unwatched,
    };

    #[test]
    fn a_preview_says_what_an_import_would_meet_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut project =
            Project::create(&folder.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let items = [("a", "fish tacos"), ("b", "cheap beer")].map(|(id, text)| ImportItem {
            document: Document::new(id, text, Grid::Natural),
            spans: Vec::new(),
            status: Status::Todo,
        });
        project.import(None, 0, items.into()).unwrap();
        let ada: AnnotatorName = "ada".parse().unwrap();
        let path = folder.path().join("new.jsonl");
        let line = |id: &str, text: &str, label: &str| {
            format!(
                "{{\"id\":\"{id}\",\"text\":\"{text}\",\"spans\":[{{\"start\":0,\"end\":4,\"label\":\"{label}\"}}]}}\n"
            )
        };
        let lines = [("a", "fish tacos"), ("b", "cheap wine"), ("c", "good soup"), ("c", "bad soup")];
        let write = |label: &str| {
            std::fs::write(&path, lines.map(|(id, text)| line(id, text, label)).concat()).unwrap();
            preview(&project, &ada, &path, 3, &Unwatched).unwrap()
        };
        let seen = write("Dish");
        assert_eq!((seen.format, seen.is_refused), ("jsonl", false));
        let ImportReport { documents, known, renamed, .. } = &seen.report;
        let renamed: Vec<&str> = renamed.iter().map(|(_, new)| new.as_str()).collect();
        assert_eq!((*documents, *known, renamed), (3, 1, vec!["b-2", "c-2"]));
        assert_eq!((seen.contents.documents, seen.contents.spans, seen.first.len()), (4, 4, 3));
        assert_eq!(seen.first[1].1, [(TextRange::new(0, 4), "Dish".to_owned())]);
        assert_eq!(Project::open(&project.root).unwrap().documents.len(), 2);
        // The fingerprint is taken of the contents.
        assert_eq!(write("Dish").fingerprint, seen.fingerprint);
        let other = write("Food");
        assert!(other.fingerprint != seen.fingerprint && other.new_labels == ["Food"]);
        // A label that no project can have.
        let bad = write("Di\\u001bsh");
        assert!(bad.is_refused && bad.problems[0].message.contains("label"), "{:?}", bad.problems);
        for (contents, error) in
            [("", "no text"), ("{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"b\",\"text\":7}\n", "line 2")]
        {
            std::fs::write(&path, contents).unwrap();
            let seen = preview(&project, &ada, &path, 3, &Unwatched).unwrap();
            let first = seen.problems[0].to_string();
            assert!(seen.is_refused && first.contains(error), "{contents}: {first}");
        }
        assert!(preview(&project, &ada, Path::new("/nowhere/a.txt"), 3, &Unwatched).is_err());
    }
}
