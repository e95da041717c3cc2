//! Looks at a file that may be imported into a project. Nothing is changed.

use std::path::Path;

use super::{
    import::{self, FileContents},
    source::{SourceFile, Watcher},
};
use crate::{
    formats::{Problem, Severity},
    project::{AnnotatorName, ImportReport, OnDuplicate, Project, ProjectError, StorageError, import_source},
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
    /// What an import would do, for each treatment of ids that are in use; for one of them if they do not differ, and for none
    /// if the file is refused.
    pub plans: Vec<PreviewedImport>,
    /// Problems, the errors first.
    pub problems: Vec<Problem>,
    /// Whether it cannot be imported: it has errors or no text, or the project refuses it.
    pub is_refused: bool,
    /// The first documents, with ranges and label names of their spans.
    pub first: Vec<(Document, Vec<(TextRange, String)>)>,
}

/// What an import would do.
#[derive(Debug)]
pub struct PreviewedImport {
    /// Treatment of ids that are in use.
    pub on_duplicate: OnDuplicate,
    /// Counts, and what would be left out or changed.
    pub report: ImportReport,
    /// Names of the labels that the project would get.
    pub new_labels: Vec<String>,
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
    let planned = if is_refused { Ok(Vec::new()) } else { plans(project, annotator, file) };
    let plans = planned.unwrap_or_else(|error| {
        is_refused = true;
        problems.push(Problem::error(error.to_string()));
        Vec::new()
    });
    problems.sort_by_key(|problem| problem.severity != Severity::Error);
    Ok(Preview { format, why, fingerprint, contents, plans, problems, is_refused, first })
}

/// Plans the import of a file in each way that makes a difference.
fn plans(project: &Project, annotator: &AnnotatorName, file: SourceFile) -> Result<Vec<PreviewedImport>, ProjectError> {
    let is_known = file.read.found.documents().any(|document| project.documents.get(&document.id).is_some());
    let ways = if is_known { OnDuplicate::ALL } else { &[OnDuplicate::Copy] };
    let files = std::iter::repeat_n(file, ways.len());
    let plans = ways.iter().zip(files).map(|(way, file)| {
        let planned = import::plan(project, annotator, *way, vec![file])?.into_iter().next();
        let (report, new_labels) = planned.map(|file| (file.report, file.new_labels)).unwrap_or_default();
        Ok(PreviewedImport { on_duplicate: *way, report, new_labels })
    });
    let mut plans = plans.collect::<Result<Vec<_>, ProjectError>>()?;
    let is_same = plans.windows(2).all(|pair| matches!(pair, [one, other] if one.report == other.report));
    if is_same {
        plans.truncate(1);
    }
    Ok(plans)
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
        let plans: Vec<_> = seen.plans.iter().map(|plan| (plan.on_duplicate, &plan.report)).collect();
        let [(OnDuplicate::Skip, skip), (OnDuplicate::Update, update), (OnDuplicate::Copy, copy)] = plans[..] else {
            panic!("{plans:?}")
        };
        assert_eq!((skip.documents, skip.skipped, update.documents, update.updated), (2, 1, 2, 1));
        let ImportReport { documents, known, renamed, .. } = copy;
        let renamed: Vec<&str> = renamed.iter().map(|(_, new)| new.as_str()).collect();
        assert_eq!((*documents, *known, renamed), (3, 1, vec!["b-2", "c-2"]));
        assert_eq!((seen.contents.documents, seen.contents.spans, seen.first.len()), (4, 4, 3));
        assert_eq!(seen.first[1].1, [(TextRange::new(0, 4), "Dish".to_owned())]);
        assert_eq!(Project::open(&project.root).unwrap().documents.len(), 2);
        // The fingerprint is taken of the contents.
        assert_eq!(write("Dish").fingerprint, seen.fingerprint);
        let other = write("Food");
        assert!(other.fingerprint != seen.fingerprint && other.plans[0].new_labels == ["Food"]);
        std::fs::write(&path, line("d", "new soup", "Dish")).unwrap();
        let unknown = preview(&project, &ada, &path, 3, &Unwatched).unwrap().plans;
        assert!(matches!(&unknown[..], [PreviewedImport { on_duplicate: OnDuplicate::Copy, .. }]), "{unknown:?}");
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
