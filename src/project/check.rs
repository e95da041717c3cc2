//! The integrity check behind `tagli doctor DIR`: looks at every file of a project, changes none, and tells for each
//! fault where it is and what to do. Works on projects that cannot be opened.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    ANNOTATIONS, DOCUMENTS, Documents, EXPORTS, LineError, MANIFEST, Manifest, Project, RUNS, Runs, annotators_in,
    file_names::one_line,
    journal,
    journal::Files,
    lock,
    manifest::ManifestError,
    stamp,
    storage::{self, StorageError},
};
use crate::spans::{Journal, LabelSet, Status};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Something is skipped or unusual; the project works.
    Warning,
    /// The project or a part of it cannot be used.
    Error,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file, below the project's folder, safe to show.
    pub file: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// What it is and what to do, safe to show.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.map(|line| format!(", line {line}")).unwrap_or_default();
        write!(f, "{}{line}: {}", self.file, self.what)
    }
}

/// What one annotator's journal holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalCount {
    /// The annotator.
    pub name: String,
    /// Lines that count.
    pub lines: usize,
    /// Spans as they are now.
    pub spans: usize,
    /// Documents that are done.
    pub done: usize,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Faults and notes, in the order of the files.
    pub findings: Vec<Finding>,
    /// Documents that can be read.
    pub documents: usize,
    /// The annotators.
    pub annotators: Vec<JournalCount>,
    /// Training runs.
    pub runs: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

impl CheckReport {
    /// Whether nothing worse than notes was found.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Note)
    }

    fn tell(&mut self, severity: Severity, file: impl fmt::Display, line: Option<usize>, what: impl fmt::Display) {
        self.findings.push(Finding { severity, file: one_line(&file.to_string()), line, what: what.to_string() });
    }

    fn tell_storage(&mut self, file: impl fmt::Display, error: &StorageError) {
        self.tell(Severity::Error, file, None, error);
    }
}

/// Looks at everything in the project in `dir`.
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
    let nothing = || Manifest::new("", LabelSet::default());
    let bytes = match storage::read(&dir.join(MANIFEST)) {
        Ok(bytes) => bytes,
        Err(error) => {
            report.tell_storage(MANIFEST, &error);
            return nothing();
        }
    };
    Manifest::from_json(&bytes).unwrap_or_else(|error| {
        let line = if let ManifestError::Json { line, .. } = &error { Some(*line) } else { None };
        report.tell(Severity::Error, MANIFEST, line, error);
        nothing()
    })
}

fn documents(dir: &Path, manifest: Manifest, report: &mut CheckReport) -> Project {
    let bytes = storage::read_if_there(&dir.join(DOCUMENTS)).unwrap_or_else(|error| {
        report.tell_storage(DOCUMENTS, &error);
        None
    });
    if bytes.is_none() {
        report.tell(Severity::Warning, DOCUMENTS, None, "it is not there; tagli import brings documents in");
    }
    let bytes = bytes.unwrap_or_default();
    let (documents, problems) = Documents::read(&bytes, manifest.grid);
    for problem in problems {
        report.tell(Severity::Error, DOCUMENTS, Some(problem.line), problem.why);
    }
    report.documents = documents.len();
    Project { root: dir.to_owned(), manifest, documents, stamp: stamp(&bytes) }
}

fn annotator(project: &Project, name: &super::AnnotatorName, report: &mut CheckReport) {
    let files = Files::of(project, name);
    let file = format!("{ANNOTATIONS}/{name}.jsonl");
    let bytes = match storage::read(&files.journal) {
        Ok(bytes) => bytes,
        Err(error) => return report.tell_storage(file, &error),
    };
    let loaded = journal::load(&bytes, &project.documents);
    for problem in &loaded.problems {
        report.tell(
            Severity::Warning,
            &file,
            Some(problem.line),
            match &problem.fault {
                LineError::Torn(_) => {
                    format!("{}; it is set aside when annotator `{name}` is next opened", problem.fault)
                }
                other => other.to_string(),
            },
        );
    }
    let lines = loaded.entries.len();
    let journal = Journal::replay(loaded.entries);
    let states = || project.documents.iter().map(|document| journal.annotation(&document.id));
    let strange =
        states().flat_map(|state| state.spans()).filter(|span| project.manifest.labels.get(span.label).is_none());
    match strange.count() {
        0 => {}
        n => report.tell(
            Severity::Warning,
            &file,
            None,
            format!("{n} spans have a label that {MANIFEST} does not have; they teach nothing"),
        ),
    }
    if files.import.exists() {
        report.tell(
            Severity::Note,
            &file,
            None,
            "an import was cut off; it is finished or forgotten when this annotator is next opened",
        );
    }
    if files.torn.exists() {
        report.tell(
            Severity::Note,
            format!("{file}.torn"),
            None,
            "holds torn lines that were set aside; remove it when it is not needed",
        );
    }
    if let Ok(Some(holder)) = lock::holder(&files.lock) {
        report.tell(Severity::Note, &file, None, format!("is in use by {}", holder.words()));
    }
    let spans = states().map(|state| state.spans().len()).sum();
    let done = states().filter(|state| state.status == Status::Done).count();
    report.annotators.push(JournalCount { name: name.to_string(), lines, spans, done });
}

fn runs(runs: &Runs, report: &mut CheckReport) {
    for run in runs.list() {
        report.runs += 1;
        let file = format!("{RUNS}/{}", run.id);
        for problem in &run.problems {
            report.tell(Severity::Warning, &file, None, problem);
        }
        if run.is_interrupted() {
            report.tell(Severity::Note, &file, None, "was interrupted: it never ended, and no process trains it");
        }
        let mut tail = run.metrics();
        loop {
            match tail.poll() {
                Ok(points) if points.is_empty() => break,
                Ok(_) => {}
                Err(error) => {
                    report.tell_storage(&file, &error);
                    break;
                }
            }
        }
        if tail.skipped() > 0 {
            report.tell(
                Severity::Warning,
                format!("{file}/metrics.jsonl"),
                None,
                format!("{} lines cannot be read; the curves lack them", tail.skipped()),
            );
        }
    }
}

/// What is beside the data: git's merge rule, what crashes left, names that are none.
fn surroundings(dir: &Path, report: &mut CheckReport) {
    let attributes = storage::read_if_there(&dir.join(".gitattributes")).ok().flatten().unwrap_or_default();
    if !String::from_utf8_lossy(&attributes).contains("merge=union") {
        let what = format!(
            "lacks the line `{ANNOTATIONS}/*.jsonl -text merge=union`; without it git cannot merge journals by itself"
        );
        report.tell(Severity::Note, ".gitattributes", None, what);
    }
    let folders = [dir.to_owned(), dir.join(ANNOTATIONS), dir.join(EXPORTS), dir.join(RUNS)];
    let runs = Runs::new(dir.join(RUNS)).ids().into_iter().map(|id| dir.join(RUNS).join(id.as_str()));
    for path in folders.into_iter().chain(runs).flat_map(|folder| entries(&folder)) {
        let file = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = fs::symlink_metadata(&path);
        if kind.as_ref().is_ok_and(fs::Metadata::is_symlink) {
            report.tell(Severity::Warning, file, None, "is a symbolic link; tagli does not follow it");
        } else if name.starts_with(".tagli-") || (name.starts_with('.') && name.ends_with(".old")) {
            report.tell(
                Severity::Note,
                file,
                None,
                "is work in progress, or left by a crash; then it is taken away when something is next written there",
            );
        } else if path.parent() == Some(&dir.join(ANNOTATIONS)) && is_strange(&name) {
            report.tell(Severity::Warning, file, None, "is no journal of an annotator and is not read");
        }
    }
}

fn is_strange(name: &str) -> bool {
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
    fn every_fault_is_told_with_file_and_line() {
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
        let told: Vec<String> = check(dir.path()).findings.iter().map(ToString::to_string).collect();
        let begins = [
            "project.json: cannot read ",
            "documents.jsonl, line 2: column 2: missing field `id`",
            "annotations/anna.jsonl, line 2: it is damaged",
            "annotations/anna.jsonl, line 3: the last line is torn (4 bytes)",
            "annotations/anna.jsonl: 1 spans have a label",
            ".gitattributes: lacks the line",
            ".tagli-x.tmp: is work in progress",
            "annotations/a b.jsonl: is no journal",
        ];
        assert_eq!(told.len(), begins.len(), "{told:#?}");
        for (told, begin) in told.iter().zip(begins) {
            assert!(told.starts_with(begin), "{told}");
        }
    }
}
