//! Integrity check for `tagli doctor DIR`.
//! Reads every file of a project, changes none, and reports each fault with its place and a remedy. Works on projects
//! that cannot be opened.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    ANNOTATIONS, DOCUMENTS, Documents, EXPORTS, LineError, MANIFEST, Manifest, Project, ProjectError, RUNS, Runs,
    annotators_in,
    file_names::one_line,
    journal,
    journal::Files,
    lock,
    manifest::ManifestError,
    stamp,
    storage::{self, Leftover, StorageError},
};
use crate::{
    formats::Severity,
    spans::{Annotation, Journal, LabelSet, Status},
};

/// Faulty lines of a file that are listed; the others are counted.
const MOST_LISTED: usize = 100;

/// One fault or note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Importance of the fault.
    /// [`Severity::Warning`] if something is skipped or unusual and the project works, [`Severity::Error`] if the
    /// project or a part of it cannot be used.
    pub severity: Severity,
    /// Path of the file in the project's folder, safe to show.
    pub file: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// Fault and remedy, safe to show.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!(", line {line}")).unwrap_or_default();
        write!(f, "{}{line}: {}", self.file, self.what)
    }
}

/// Contents of one annotator's journal, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalCount {
    /// Name of the annotator.
    pub name: String,
    /// Lines that count.
    pub lines: usize,
    /// Current spans.
    pub spans: usize,
    /// Documents that are done.
    pub done: usize,
}

/// Result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Faults and notes, in the order of the files.
    pub findings: Vec<Finding>,
    /// Number of readable documents.
    pub documents: usize,
    /// Journals of all annotators.
    pub annotators: Vec<JournalCount>,
    /// Number of training runs.
    pub runs: usize,
    /// Size of all files in bytes.
    pub bytes: u64,
}

impl CheckReport {
    /// Whether the project has no faults, at most notes.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Note)
    }

    fn add(&mut self, severity: Severity, file: impl fmt::Display, line: Option<usize>, what: impl fmt::Display) {
        self.findings.push(Finding { severity, file: one_line(&file.to_string()), line, what: what.to_string() });
    }

    /// Tells how many faulty lines of `file` are not listed.
    fn add_rest(&mut self, severity: Severity, file: impl fmt::Display, faulty: usize) {
        if let more @ 1.. = faulty.saturating_sub(MOST_LISTED) {
            self.add(severity, file, None, format!("{more} more lines are faulty; the first {MOST_LISTED} are listed"));
        }
    }

    fn add_storage_error(&mut self, file: impl fmt::Display, error: &StorageError) {
        self.add(Severity::Error, file, None, error);
    }
}

/// Refuses a folder in which nothing can be checked.
///
/// # Errors
/// There is no such folder, or it has nothing of a project.
pub fn refuse_other_folder(dir: &Path) -> Result<(), ProjectError> {
    let is_damaged = [DOCUMENTS, ANNOTATIONS].iter().any(|name| dir.join(name).exists());
    match Project::read_manifest_of(dir) {
        Err(error @ (ProjectError::NoFolder(_) | ProjectError::IsFile(_))) => Err(error),
        Err(error @ ProjectError::NotAProject { .. }) if !is_damaged => Err(error),
        _ => Ok(()),
    }
}

/// Checks everything in the project in `dir`.
pub fn check(dir: &Path) -> CheckReport {
    let mut report = CheckReport { bytes: storage::size(dir), ..CheckReport::default() };
    let manifest = manifest(dir, &mut report);
    let project = documents(dir, manifest, &mut report);
    for name in annotators_in(&project.annotations()) {
        annotator(&project, &name, &mut report);
    }
    runs(&project.runs(), &mut report);
    surroundings(dir, &mut report);
    report
}

fn manifest(dir: &Path, report: &mut CheckReport) -> Manifest {
    let bytes = match storage::read(&dir.join(MANIFEST)) {
        Ok(bytes) => bytes,
        Err(error) => {
            report.add_storage_error(MANIFEST, &error);
            return Manifest::new("", LabelSet::default());
        }
    };
    Manifest::from_json(&bytes).unwrap_or_else(|error| {
        let line = if let ManifestError::Json { line, .. } = &error { Some(*line) } else { None };
        report.add(Severity::Error, MANIFEST, line, error);
        Manifest::new("", LabelSet::default())
    })
}

fn documents(dir: &Path, manifest: Manifest, report: &mut CheckReport) -> Project {
    let bytes = storage::read_if_there(&dir.join(DOCUMENTS)).unwrap_or_else(|error| {
        report.add_storage_error(DOCUMENTS, &error);
        None
    });
    if bytes.is_none() {
        report.add(Severity::Warning, DOCUMENTS, None, "it does not exist; tagli import adds documents");
    }
    let bytes = bytes.unwrap_or_default();
    let (documents, problems) = Documents::read(&bytes, manifest.grid);
    for problem in problems.iter().take(MOST_LISTED) {
        report.add(Severity::Error, DOCUMENTS, Some(problem.line), &problem.why);
    }
    report.add_rest(Severity::Error, DOCUMENTS, problems.len());
    report.documents = documents.len();
    Project { root: dir.to_owned(), manifest, documents, stamp: stamp(&bytes) }
}

fn annotator(project: &Project, name: &super::AnnotatorName, report: &mut CheckReport) {
    let files = Files::of(project, name);
    let file = format!("{ANNOTATIONS}/{name}.jsonl");
    let bytes = match storage::read(&files.journal) {
        Ok(bytes) => bytes,
        Err(error) => return report.add_storage_error(file, &error),
    };
    let loaded = journal::load(&bytes, &project.documents);
    for problem in loaded.problems.iter().take(MOST_LISTED) {
        report.add(
            Severity::Warning,
            &file,
            Some(problem.line),
            match &problem.fault {
                LineError::Torn(_) => {
                    format!(
                        "{}; it is moved to a file of its own when annotator `{name}` is next opened",
                        problem.fault
                    )
                }
                other => other.to_string(),
            },
        );
    }
    report.add_rest(Severity::Warning, &file, loaded.problems.len());
    let lines = loaded.entries.len();
    let journal = Journal::replay(loaded.entries);
    let states: Vec<&Annotation> = project.documents.iter().map(|document| journal.annotation(&document.id)).collect();
    let spans = states.iter().flat_map(|state| state.spans());
    let unlabelled = spans.clone().filter(|span| project.manifest.labels.get(span.label).is_none()).count();
    if unlabelled > 0 {
        let what = format!("{unlabelled} spans have a label that is not in {MANIFEST}; they are not used for training");
        report.add(Severity::Warning, &file, None, what);
    }
    if files.import.exists() {
        report.add(
            Severity::Note,
            &file,
            None,
            "an import was interrupted; it is completed or discarded when this annotator is next opened",
        );
    }
    if files.torn.exists() {
        report.add(
            Severity::Note,
            format!("{file}.torn"),
            None,
            "holds torn lines that were moved here; remove it when it is not needed",
        );
    }
    if let Ok(Some(holder)) = lock::holder(&files.lock) {
        report.add(Severity::Note, &file, None, format!("is in use by {}", holder.words()));
    }
    let spans = spans.count();
    let done = states.iter().filter(|state| state.status == Status::Done).count();
    report.annotators.push(JournalCount { name: name.to_string(), lines, spans, done });
}

fn runs(runs: &Runs, report: &mut CheckReport) {
    for run in runs.list() {
        report.runs += 1;
        let file = format!("{RUNS}/{}", run.id);
        for problem in &run.problems {
            report.add(Severity::Warning, &file, None, problem);
        }
        if run.is_interrupted() {
            report.add(Severity::Note, &file, None, "was interrupted: it has not ended, and no process trains it");
        }
        let mut tail = run.metrics();
        loop {
            match tail.poll() {
                Ok(points) if points.is_empty() => break,
                Ok(_) => {}
                Err(error) => {
                    report.add_storage_error(&file, &error);
                    break;
                }
            }
        }
        if tail.skipped() > 0 {
            report.add(
                Severity::Warning,
                format!("{file}/metrics.jsonl"),
                None,
                format!("{} lines cannot be read; they are missing in the curves", tail.skipped()),
            );
        }
    }
}

/// Checks the files around the data.
/// Git's merge rule, leftovers of crashes, and invalid names.
fn surroundings(dir: &Path, report: &mut CheckReport) {
    let attributes = storage::read_if_there(&dir.join(".gitattributes")).ok().flatten().unwrap_or_default();
    if !String::from_utf8_lossy(&attributes).contains("merge=union") {
        let what = format!(
            "lacks the line `{ANNOTATIONS}/*.jsonl -text merge=union`; without it git cannot merge journals automatically"
        );
        report.add(Severity::Note, ".gitattributes", None, what);
    }
    let folders = [dir.to_owned(), dir.join(ANNOTATIONS), dir.join(EXPORTS), dir.join(RUNS)];
    let runs = Runs::new(dir.join(RUNS)).ids().into_iter().map(|id| dir.join(RUNS).join(id.as_str()));
    for path in folders.into_iter().chain(runs).flat_map(|folder| entries(&folder)) {
        let file = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = fs::symlink_metadata(&path);
        let folder = path.parent().unwrap_or(dir);
        let in_run = folder.parent() == Some(&dir.join(RUNS));
        if kind.as_ref().is_ok_and(fs::Metadata::is_symlink) {
            report.add(Severity::Warning, file, None, "is a symbolic link; tagli does not follow it");
        } else if let Some(leftover) = storage::leftover(folder, &name, in_run) {
            match leftover {
                Leftover::Recorded(what) => report.add(Severity::Note, file, None, what),
                Leftover::Unknown(what) => report.add(Severity::Note, file, None, what),
            }
        } else if folder == dir.join(ANNOTATIONS) && is_not_a_journal(&name) {
            report.add(Severity::Warning, file, None, "is not a journal of an annotator and is not read");
        }
    }
}

fn is_not_a_journal(name: &str) -> bool {
    !name.starts_with('.')
        && !name.ends_with(".jsonl.torn")
        && name.strip_suffix(".jsonl").is_none_or(|stem| stem.parse::<super::AnnotatorName>().is_err())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::ImportItem,
        spans::{Document, LabelId},
        text::TextRange,
    };

    fn project(dir: &Path) -> Project {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut anna = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
        let document = Document::from_words("a", ["fish", "tacos"]);
        let spans = vec![(TextRange::new(0, 4), LabelId(2))];
        project.import(Some(&mut anna), 0, vec![ImportItem { document, spans, status: Status::Done }]).unwrap();
        project
    }

    #[test]
    fn a_sound_project_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        project(dir.path());
        let report = check(dir.path());
        assert_eq!(report.findings, []);
        assert_eq!(report.documents, 1);
        assert_eq!(report.annotators, [JournalCount { name: "anna".into(), lines: 1, spans: 1, done: 1 }]);
    }

    #[test]
    fn every_fault_is_reported_with_file_and_line() {
        let dir = tempfile::tempdir().unwrap();
        project(dir.path());
        let add = |name: &str, text: &str| {
            let path = dir.path().join(name);
            let mut bytes = fs::read(&path).unwrap_or_default();
            bytes.extend(text.as_bytes());
            fs::write(path, bytes).unwrap();
        };
        add(DOCUMENTS, "{}\n");
        add("annotations/anna.jsonl", "{\"damaged\":1}\n{\"id");
        add("annotations/a b.jsonl", "");
        add(".tagli-x.tmp", "");
        fs::remove_file(dir.path().join(MANIFEST)).unwrap();
        fs::remove_file(dir.path().join(".gitattributes")).unwrap();
        let findings: Vec<String> = check(dir.path()).findings.iter().map(ToString::to_string).collect();
        let begins = [
            "project.json: cannot read ",
            "documents.jsonl, line 2: column 2: missing field `id`",
            "annotations/anna.jsonl, line 2: it is damaged",
            "annotations/anna.jsonl, line 3: the last line is torn (4 bytes)",
            "annotations/anna.jsonl: 1 spans have a label",
            ".gitattributes: lacks the line",
            ".tagli-x.tmp: is work in progress",
            "annotations/a b.jsonl: is not a journal",
        ];
        assert_eq!(findings.len(), begins.len(), "{findings:#?}");
        for (finding, begin) in findings.iter().zip(begins) {
            assert!(finding.starts_with(begin), "{finding}");
        }
    }

    #[test]
    fn faulty_lines_without_end_are_counted_after_the_first() {
        let dir = tempfile::tempdir().unwrap();
        project(dir.path());
        fs::write(dir.path().join(DOCUMENTS), "{}\n".repeat(MOST_LISTED + 20)).unwrap();
        fs::write(dir.path().join("annotations/anna.jsonl"), "{}\n".repeat(MOST_LISTED + 1)).unwrap();
        let told: Vec<String> = check(dir.path()).findings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2 * MOST_LISTED + 2);
        assert_eq!(told[MOST_LISTED], "documents.jsonl: 20 more lines are faulty; the first 100 are listed");
        assert!(told[2 * MOST_LISTED + 1].starts_with("annotations/anna.jsonl: 1 more"), "{:?}", told.last());
    }
}
