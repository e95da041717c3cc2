//! Looks at files that may be imported into a project. Nothing is changed.

use std::path::{Path, PathBuf};

use super::{
    import::{self, FileContents},
    source::{SourceFile, Watcher},
};
use crate::{
    formats::{Problem, Severity},
    project::{AnnotatorName, ImportReport, OnDuplicate, Project, ProjectError, StorageError, import_source},
    spans::Document,
    text::{
        TextRange,
        hash::{FNV_BEGIN, fnv},
        number::with_noun,
    },
};

/// Files that may be imported.
#[derive(Debug)]
pub struct Preview {
    /// Names of their formats.
    pub format: String,
    /// Reason for the format, or the details that were detected; of several files their number.
    pub why: String,
    /// Number that is the same for the same contents; see [`fingerprint`].
    pub fingerprint: u64,
    /// Numbers of documents, words and spans.
    pub counts: [usize; 3],
    /// Names of their labels.
    pub labels: Vec<String>,
    /// What an import would do, for each treatment of ids that are in use; for one of them if they do not differ, and for none
    /// if a file is refused.
    pub plans: Vec<PreviewedImport>,
    /// Problems, the errors first; of several files each with the name of its file.
    pub problems: Vec<Problem>,
    /// Whether they cannot be imported: one has errors or no text, or the project refuses them.
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

/// Number that is the same for files with the same contents in the same order;
/// see [`FoundDocuments::fingerprint`](crate::formats::FoundDocuments::fingerprint).
pub fn fingerprint(files: &[SourceFile]) -> u64 {
    match files {
        [only] => only.read.found.fingerprint(),
        files => {
            let each = files.iter().flat_map(|file| file.read.found.fingerprint().to_le_bytes());
            fnv(FNV_BEGIN, each)
        }
    }
}

/// Reads files as an import would.
///
/// # Errors
/// One of them cannot be read, or the watcher ends the reading.
pub fn read(
    project: &Project,
    annotator: &AnnotatorName,
    paths: &[PathBuf],
    watcher: &dyn Watcher,
) -> Result<Vec<SourceFile>, StorageError> {
    let read = paths.iter().map(|path| {
        let options = import_source::read_options(&project.manifest, path, None, annotator);
        SourceFile::open_watched(path, None, &options, watcher)
    });
    read.collect()
}

/// Reads files as an import would, and plans the import. Returns their first `most` documents.
///
/// # Errors
/// One of them cannot be read, or the watcher ends the reading. What is wrong with their contents is in the preview.
pub fn preview(
    project: &Project,
    annotator: &AnnotatorName,
    paths: &[PathBuf],
    most: usize,
    watcher: &dyn Watcher,
) -> Result<Preview, StorageError> {
    let mut files = read(project, annotator, paths, watcher)?;
    let is_one = files.len() == 1;
    let mut preview = Preview {
        format: String::new(),
        why: if is_one { String::new() } else { with_noun(files.len(), "file") },
        fingerprint: fingerprint(&files),
        counts: [0; 3],
        labels: Vec::new(),
        plans: Vec::new(),
        problems: Vec::new(),
        is_refused: false,
        first: Vec::new(),
    };
    for file in &mut files {
        preview.add(file, is_one, most);
    }
    if !preview.is_refused {
        match plans(project, annotator, files) {
            Ok(plans) => preview.plans = plans,
            Err(error) => {
                preview.is_refused = true;
                preview.problems.push(Problem::error(error.to_string()));
            }
        }
    }
    preview.problems.sort_by_key(|problem| problem.severity != Severity::Error);
    Ok(preview)
}

impl Preview {
    /// Adds what is in a file, and takes its problems.
    fn add(&mut self, file: &mut SourceFile, is_one: bool, most: usize) {
        let mut problems = std::mem::take(&mut file.read.problems);
        let has_errors = problems.iter().any(|problem| problem.severity == Severity::Error);
        let found = &file.read.found;
        if found.is_empty() && !has_errors {
            problems.push(Problem::error("there is no text in it"));
        }
        self.is_refused |= has_errors || found.is_empty();
        let FileContents { documents, words, spans, labels, .. } = FileContents::of(file);
        self.counts = [self.counts[0] + documents, self.counts[1] + words, self.counts[2] + spans];
        self.labels.extend(labels);
        self.labels.sort();
        self.labels.dedup();
        if is_one {
            self.why.clone_from(&file.why);
        } else {
            problems.iter_mut().for_each(|problem| name_file(problem, &file.path));
        }
        self.problems.extend(problems);
        if !self.format.split(", ").any(|name| name == file.format.name) {
            self.format += if self.format.is_empty() { "" } else { ", " };
            self.format += file.format.name;
        }
        let first = found.first(most.saturating_sub(self.first.len())).into_iter();
        self.first.extend(first.map(|(document, spans)| (document.clone(), spans)));
    }
}

/// Puts the name of a file before the file that a problem names, if it names one in it.
fn name_file(problem: &mut Problem, path: &Path) {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    problem.file = Some(match &problem.file {
        Some(inside) => format!("{name}/{inside}"),
        None => name.into_owned(),
    });
}

/// Plans the import of files in each way that makes a difference.
fn plans(
    project: &Project,
    annotator: &AnnotatorName,
    files: Vec<SourceFile>,
) -> Result<Vec<PreviewedImport>, ProjectError> {
    let mut documents = files.iter().flat_map(|file| file.read.found.documents());
    let is_known = documents.any(|document| project.documents.get(&document.id).is_some());
    drop(documents);
    let ways = if is_known { OnDuplicate::ALL } else { &[OnDuplicate::Copy] };
    let files = std::iter::repeat_n(files, ways.len());
    let plans = ways.iter().zip(files).map(|(way, files)| {
        let mut all = PreviewedImport { on_duplicate: *way, report: ImportReport::default(), new_labels: Vec::new() };
        for file in import::plan(project, annotator, *way, files)? {
            all.report.add(file.report);
            all.new_labels.extend(file.new_labels);
        }
        Ok(all)
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
            preview(&project, &ada, std::slice::from_ref(&path), 3, &Unwatched).unwrap()
        };
        let seen = write("Dish");
        assert_eq!((seen.format.as_str(), seen.is_refused), ("jsonl", false));
        let plans: Vec<_> = seen.plans.iter().map(|plan| (plan.on_duplicate, &plan.report)).collect();
        let [(OnDuplicate::Skip, skip), (OnDuplicate::Update, update), (OnDuplicate::Copy, copy)] = plans[..] else {
            panic!("{plans:?}")
        };
        assert_eq!((skip.documents, skip.skipped, update.documents, update.updated), (2, 1, 2, 1));
        let ImportReport { documents, known, renamed, .. } = copy;
        let renamed: Vec<&str> = renamed.iter().map(|(_, new)| new.as_str()).collect();
        assert_eq!((*documents, *known, renamed), (3, 1, vec!["b-2", "c-2"]));
        assert_eq!((seen.counts[0], seen.counts[2], seen.first.len()), (4, 4, 3));
        assert_eq!(seen.first[1].1, [(TextRange::new(0, 4), "Dish".to_owned())]);
        assert_eq!(Project::open(&project.root).unwrap().documents.len(), 2);
        // The fingerprint is taken of the contents.
        assert_eq!(write("Dish").fingerprint, seen.fingerprint);
        let other = write("Food");
        assert!(other.fingerprint != seen.fingerprint && other.plans[0].new_labels == ["Food"]);
        std::fs::write(&path, line("d", "new soup", "Dish")).unwrap();
        let unknown = preview(&project, &ada, std::slice::from_ref(&path), 3, &Unwatched).unwrap().plans;
        assert!(matches!(&unknown[..], [PreviewedImport { on_duplicate: OnDuplicate::Copy, .. }]), "{unknown:?}");
        // A label that no project can have.
        let bad = write("Di\\u001bsh");
        assert!(bad.is_refused && bad.problems[0].message.contains("label"), "{:?}", bad.problems);
        for (contents, error) in
            [("", "no text"), ("{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"b\",\"text\":7}\n", "line 2")]
        {
            std::fs::write(&path, contents).unwrap();
            let seen = preview(&project, &ada, std::slice::from_ref(&path), 3, &Unwatched).unwrap();
            let first = seen.problems[0].to_string();
            assert!(seen.is_refused && first.contains(error), "{contents}: {first}");
        }
        assert!(preview(&project, &ada, &["/nowhere/a.txt".into()], 3, &Unwatched).is_err());
    }

    #[test]
    fn several_files_are_seen_and_planned_as_one_import() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::create(&folder.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let ada: AnnotatorName = "ada".parse().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let one = file("one.conll", "good O\nsoup B-Food\n\n");
        let two = file("two.jsonl", "{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"a\",\"text\":\"y\"}\n");
        let see = |paths: &[PathBuf]| preview(&project, &ada, paths, 2, &Unwatched).unwrap();
        let seen = see(&[one.clone(), two.clone()]);
        assert_eq!((seen.format.as_str(), seen.why.as_str(), seen.counts), ("conll2002, jsonl", "2 files", [3, 4, 1]));
        assert_eq!((seen.labels.join(" "), seen.first.len(), seen.is_refused), ("Food".to_owned(), 2, false));
        let plan = &seen.plans[0];
        assert_eq!((plan.report.documents, plan.report.spans, plan.report.renamed.len()), (3, 1, 1));
        assert_eq!(plan.new_labels, ["Food"]);
        assert!(seen.fingerprint != see(&[two.clone(), one.clone()]).fingerprint);
        assert_eq!(
            see(std::slice::from_ref(&one)).why,
            read(&project, &ada, std::slice::from_ref(&one), &Unwatched).unwrap()[0].why
        );
        // One with errors is named, and refuses all.
        let bad = file("bad.jsonl", "{\"id\":\"a\",\"text\":7}\n");
        let seen = see(&[one, bad]);
        assert!(seen.is_refused && seen.plans.is_empty());
        assert!(seen.problems[0].to_string().contains("bad.jsonl"), "{}", seen.problems[0]);
    }
}
