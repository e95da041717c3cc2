//! Integrity check for `tagli doctor DIR`.
//! Reads every file of a project, changes none, and reports each fault with its place and a remedy. Works on projects
//! that cannot be opened.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    ANNOTATIONS, DOCUMENTS, Documents, EXPORTS, GUIDE, LineError, MANIFEST, Manifest, PATTERNS, Project, ProjectError,
    RUNS, Runs, TRAINING_SETTINGS, annotators_in,
    file_names::{BAD, BEFORE_MERGE, BEFORE_REPAIR, one_line, shown},
    journal,
    journal_appender::Files,
    lock,
    manifest::ManifestError,
    read_documents,
    storage::{self, LARGE, Leftover, SMALL, StorageError},
};
use crate::{
    formats::Severity,
    spans::{Annotation, Document, Journal, LabelId, LabelSet, Span, Status},
    text::number::with_noun,
};

/// Faulty lines of a file that are listed; the others are counted.
const MOST_LISTED: usize = 100;

/// Ids of unknown labels that are listed.
const MOST_IDS: usize = 10;

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

impl Finding {
    /// Whether this is about a file, and advises a repair of the project.
    fn advises_repair(&self, file: &str) -> bool {
        self.file == file && self.what.contains("--repair")
    }
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
    /// Number of the findings that are work for an annotator and no faults: documents to review.
    #[serde(skip)]
    reviews: usize,
}

impl CheckReport {
    /// Whether the project has no faults, at most notes and documents to review.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().filter(|finding| finding.severity != Severity::Note).count() <= self.reviews
    }

    /// Replaces advice to repair the project, after a repair that left these decisions to a person.
    pub fn leave_to_person(&mut self, left: &[Finding]) {
        for file in left.iter().map(|one| one.file.as_str()).collect::<BTreeSet<_>>() {
            let Some(at) = self.findings.iter().position(|one| one.advises_repair(file)) else { continue };
            self.findings.retain(|one| !one.advises_repair(file));
            let decisions = left.iter().filter(|one| one.file == file).cloned();
            self.findings.splice(at..at, decisions);
        }
    }

    /// Adds a document that the annotator must look at again, with the way to it.
    fn add_review(&mut self, file: &str, what: impl fmt::Display) {
        self.reviews += 1;
        self.add(Severity::Warning, file, None, format!("{what}: tagli DIR, Documents, search for status:review"));
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
    live_models(&project, &mut report);
    surroundings(dir, &mut report);
    report
}

fn manifest(dir: &Path, report: &mut CheckReport) -> Manifest {
    let bytes = match storage::read(&dir.join(MANIFEST), SMALL) {
        Ok(bytes) => bytes,
        Err(error) => {
            report.add_storage_error(MANIFEST, &error);
            return Manifest::new("", LabelSet::default());
        }
    };
    match Manifest::from_json(&bytes) {
        Ok(manifest) => {
            for retired in manifest.labels.retired_into_nothing().into_iter().take(MOST_LISTED) {
                let what = format!(
                    "`gone`: label `{}` (id {}) was merged into a label that nothing here defines; its spans count as those \
                     of a removed label until one with that id is there",
                    shown(&retired.name),
                    retired.id.0
                );
                report.add(Severity::Note, MANIFEST, None, what);
            }
            manifest
        }
        Err(error) => {
            let line = if let ManifestError::Json { line, .. } = &error { Some(*line) } else { None };
            report.add(Severity::Error, MANIFEST, line, error);
            Manifest::new("", LabelSet::default())
        }
    }
}

fn documents(dir: &Path, manifest: Manifest, report: &mut CheckReport) -> Project {
    let path = dir.join(DOCUMENTS);
    let (documents, problems, stamp) = read_documents(&path, manifest.grid).unwrap_or_else(|error| {
        report.add_storage_error(DOCUMENTS, &error);
        Default::default()
    });
    if fs::symlink_metadata(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        report.add(Severity::Warning, DOCUMENTS, None, "it does not exist; tagli import adds documents");
    }
    for problem in problems.iter().take(MOST_LISTED) {
        report.add(Severity::Error, DOCUMENTS, Some(problem.line), &problem.why);
    }
    report.add_rest(Severity::Error, DOCUMENTS, problems.len());
    report.documents = documents.len();
    for id in documents.with_hidden_replacements().into_iter().take(MOST_LISTED) {
        let id = shown(id);
        let what = format!("words of document `{id}` were replaced by an earlier version, which kept spans on them");
        report.add(
            Severity::Note,
            DOCUMENTS,
            None,
            format!("{what}: look at them, tagli DIR, Documents, search for id:{id}"),
        );
    }
    Project { root: dir.to_owned(), manifest, documents, stamp, only_runs: false, absorbed: Vec::new() }
}

fn annotator(project: &Project, name: &super::AnnotatorName, report: &mut CheckReport) {
    let files = Files::of(project, name);
    let file = format!("{ANNOTATIONS}/{name}.jsonl");
    let bytes = match storage::read_below(&files.journal, LARGE) {
        Ok(bytes) => bytes.unwrap_or_default(),
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
    changed_texts(&project.documents, &journal, &loaded.changed, &file, report);
    doubtful_documents(&project.documents, &journal, &file, report);
    labels_of(spans.clone(), &project.manifest.labels, &file, report);
    match files.import_log() {
        Ok(Some(_)) => report.add(
            Severity::Note,
            &file,
            None,
            "an import was interrupted; it is completed or discarded when this annotator is next opened",
        ),
        Ok(None) => {}
        Err(error) => report.add_storage_error(&file, &error),
    }
    if files.torn.exists() {
        report.add(
            Severity::Note,
            format!("{file}.torn"),
            None,
            "holds torn lines that were moved here; remove it when it is not needed",
        );
    }
    match lock::holder(&files.lock) {
        Ok(Some(holder)) => report.add(Severity::Note, &file, None, format!("is in use by {}", holder.words())),
        Ok(None) => {}
        Err(error) => report.add_storage_error(&file, &error),
    }
    let spans = spans.count();
    let done = states.iter().filter(|state| state.status == Status::Done).count();
    report.annotators.push(JournalCount { name: name.to_string(), lines, spans, done });
}

/// Reports documents whose text was changed since lines of a journal were recorded.
fn changed_texts(
    documents: &Documents,
    journal: &Journal,
    changed: &BTreeSet<String>,
    file: &str,
    report: &mut CheckReport,
) {
    let has_lost = |document: &&Document| journal.annotation(&document.id).lost().len() > 0;
    let lost: Vec<&Document> = documents.iter().filter(has_lost).collect();
    for document in lost.iter().take(MOST_LISTED) {
        let what = format!(
            "the text of document `{}` was changed, and {} lost the place; tag what is missing and mark it done",
            shown(&document.id),
            with_noun(journal.annotation(&document.id).lost().len(), "span")
        );
        report.add_review(file, what);
    }
    if let more @ 1.. = lost.len().saturating_sub(MOST_LISTED) {
        report.add_review(file, format!("{more} more documents have such spans; the first {MOST_LISTED} are listed"));
    }
    let states = changed.iter().map(|id| journal.annotation(id));
    let moved = states.filter(|state| state.lost().len() == 0 && !state.spans().is_empty()).count();
    if moved > 0 {
        let documents = with_noun(moved, "document");
        let what =
            format!("the texts of {documents} were changed since they were tagged; the spans moved with their words");
        report.add(Severity::Note, file, None, what);
    }
}

/// Reports documents that were done without spans before their text was changed.
fn doubtful_documents(documents: &Documents, journal: &Journal, file: &str, report: &mut CheckReport) {
    let doubtful: Vec<&Document> =
        documents.iter().filter(|document| journal.annotation(&document.id).is_doubtful()).collect();
    let Some(first) = doubtful.first() else { return };
    let what = format!(
        "the text of {} was changed since it was marked done without spans, the first is `{}`; tag what is there and mark it done",
        with_noun(doubtful.len(), "document"),
        shown(&first.id)
    );
    report.add_review(file, what);
}

/// Reports spans whose label was removed, and spans whose label is not defined.
fn labels_of<'a>(spans: impl Iterator<Item = &'a Span>, labels: &LabelSet, file: &str, report: &mut CheckReport) {
    let retired: BTreeSet<LabelId> = labels.retired().iter().map(|retired| retired.id).collect();
    let mut removed = 0;
    let mut unknown: BTreeMap<LabelId, usize> = BTreeMap::new();
    for span in spans.filter(|span| labels.get(span.label).is_none()) {
        if retired.contains(&span.label) {
            removed += 1;
        } else {
            *unknown.entry(span.label).or_default() += 1;
        }
    }
    if removed > 0 {
        let what = format!("{} of a label that was removed, not used for training", with_noun(removed, "span"));
        report.add(Severity::Warning, file, None, what);
    }
    if !unknown.is_empty() {
        let spans = with_noun(unknown.values().sum(), "span");
        let ids: Vec<String> = unknown.keys().take(MOST_IDS).map(|id| id.0.to_string()).collect();
        let more = if unknown.len() > MOST_IDS { " and others" } else { "" };
        let what = format!(
            "{spans} of a label that {MANIFEST} does not define (id {}{more}), not used for training; restore {MANIFEST} from \
             git or a copy, or add a label with this id there",
            ids.join(", ")
        );
        report.add(Severity::Warning, file, None, what);
    }
}

fn runs(runs: &Runs, report: &mut CheckReport) {
    for run in runs.list() {
        report.runs += 1;
        let file = format!("{RUNS}/{}", run.id);
        for problem in &run.problems {
            report.add(Severity::Warning, &file, None, problem);
        }
        if entries(&run.path).is_empty() {
            let what =
                "is an empty folder, which a crash left before the run began; tagli doctor DIR --repair removes it";
            report.add(Severity::Note, &file, None, what);
            continue;
        }
        // Without its lock or status nothing is known about its end.
        if run.is_interrupted() && run.problems.is_empty() {
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
                format!("{} that cannot be read; missing in the curves", with_noun(tail.skipped(), "line")),
            );
        }
    }
}

/// Checks what the live models of the annotators have kept.
fn live_models(project: &Project, report: &mut CheckReport) {
    for folder in project.runs().live_models() {
        if let Err(error) = folder.record() {
            let what = format!("{error}; learning begins again, and this folder stays until you remove it");
            report.add(Severity::Warning, format!("{RUNS}/live/{}", folder.annotator()), None, what);
        }
    }
}

/// Checks the files around the data.
/// Git's merge rule, leftovers of crashes, and invalid names.
fn surroundings(dir: &Path, report: &mut CheckReport) {
    match storage::read_if_there(&dir.join(".gitattributes"), SMALL) {
        Ok(Some(bytes)) if String::from_utf8_lossy(&bytes).contains("merge=union") => {}
        Ok(_) => {
            let what = format!(
                "lacks the line `{ANNOTATIONS}/*.jsonl -text merge=union`; without it git cannot merge journals automatically"
            );
            report.add(Severity::Note, ".gitattributes", None, what);
        }
        Err(error) => report.add_storage_error(".gitattributes", &error),
    }
    let folders = [dir.to_owned(), dir.join(ANNOTATIONS), dir.join(EXPORTS), dir.join(RUNS)];
    let runs = Runs::new(dir.join(RUNS)).ids().into_iter().map(|id| dir.join(RUNS).join(id.as_str()));
    let live = Runs::new(dir.join(RUNS)).live_models().into_iter().map(|folder| folder.path());
    for path in folders.into_iter().chain(runs).chain(live).flat_map(|folder| entries(&folder)) {
        let file = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kind = fs::symlink_metadata(&path);
        let folder = path.parent().unwrap_or(dir);
        let in_run = folder.parent() == Some(&dir.join(RUNS));
        if let Some(why) = kind.ok().and_then(|kind| unusable(folder == dir, &file, &kind)) {
            report.add(Severity::Error, file, None, why);
        } else if path.is_symlink() {
            let may_be_link = [RUNS, EXPORTS].contains(&file.as_str());
            if !may_be_link {
                report.add(Severity::Warning, file, None, "is a symbolic link; tagli does not follow it");
            }
        } else if let Some(leftover) = storage::leftover(folder, &name, in_run) {
            match leftover {
                Leftover::Recorded(what) => report.add(Severity::Note, file, None, what),
                Leftover::Unknown(what) => report.add(Severity::Note, file, None, what),
            }
        } else if let Some(what) = kept_by_repair(&name).filter(|_| !in_run) {
            report.add(Severity::Note, file, None, what);
        } else if folder == dir.join(ANNOTATIONS) && is_not_a_journal(&name) {
            report.add(Severity::Warning, file, None, "is not a journal of an annotator and is not read");
        }
    }
}

/// Why a file or folder of a project cannot be used.
/// `None` if it can, or if it is not one that tagli uses.
fn unusable(is_top: bool, file: &str, kind: &fs::Metadata) -> Option<&'static str> {
    let is_link = kind.is_symlink();
    if is_top && file == ANNOTATIONS && !kind.is_dir() {
        return Some(match is_link {
            true => "is a symbolic link, which tagli does not follow; put a real folder there",
            false => "is not a folder; move it elsewhere",
        });
    }
    let is_journal = Path::new(file).parent() == Some(Path::new(ANNOTATIONS))
        && file.ends_with(".jsonl")
        && !is_not_a_journal(file.rsplit('/').next().unwrap_or_default());
    let is_file = is_top && [PATTERNS, GUIDE, TRAINING_SETTINGS].contains(&file);
    match (is_journal || is_file) && !kind.is_file() {
        true if is_link => Some("is a symbolic link, which tagli does not follow; put a real file there"),
        true => Some("is not a regular file, so it cannot be read; move it elsewhere"),
        false => None,
    }
}

/// Describes a file that a repair made; `None` for any other name.
fn kept_by_repair(name: &str) -> Option<&'static str> {
    if [DOCUMENTS, ".jsonl"]
        .iter()
        .any(|end| name.strip_suffix(&format!(".{BAD}")).is_some_and(|name| name.ends_with(end)))
    {
        return Some("holds lines that a repair moved here; put back what can be corrected, and remove it then");
    }
    let copies = [BEFORE_REPAIR, BEFORE_MERGE].map(|suffix| name.rsplit_once(&format!(".{suffix}")));
    let (_, end) = copies.into_iter().flatten().next()?;
    let is_copy = end.is_empty() || end.strip_prefix('-').is_some_and(|number| number.parse::<usize>().is_ok());
    is_copy.then_some("is a copy from before a repair; remove it when it is not needed")
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
            "annotations/anna.jsonl: 1 span of a label that project.json does not define (id 2)",
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
    fn what_takes_the_place_of_a_file_is_an_error_and_a_link_that_is_followed_is_none() {
        use std::{os::unix::fs::symlink, process::Command};
        let dir = tempfile::tempdir().unwrap();
        let (root, disk) = (dir.path().join("p"), dir.path().join("disk"));
        project(&root);
        fs::create_dir(&disk).unwrap();
        for followed in [RUNS, EXPORTS] {
            fs::remove_dir(root.join(followed)).unwrap();
            symlink(&disk, root.join(followed)).unwrap();
        }
        assert_eq!(check(&root).findings, [], "these may be links");
        fs::create_dir(root.join("annotations/ben.jsonl")).unwrap();
        fs::create_dir(root.join(GUIDE)).unwrap();
        for pipe in [PATTERNS, "annotations/cleo.jsonl"] {
            assert!(Command::new("mkfifo").arg(root.join(pipe)).status().unwrap().success());
        }
        let errors = |report: CheckReport| {
            let errors = report.findings.into_iter().filter(|finding| finding.severity == Severity::Error);
            errors.map(|finding| finding.file).collect::<Vec<_>>()
        };
        let expected = [GUIDE, PATTERNS, "annotations/ben.jsonl", "annotations/cleo.jsonl"];
        assert_eq!(errors(check(&root)), expected);
        fs::remove_file(root.join(DOCUMENTS)).unwrap();
        fs::create_dir(root.join(DOCUMENTS)).unwrap();
        let report = check(&root);
        assert!(!report.findings.iter().any(|finding| finding.what.contains("does not exist")), "{report:#?}");
        fs::rename(root.join(ANNOTATIONS), disk.join("theirs")).unwrap();
        symlink(disk.join("theirs"), root.join(ANNOTATIONS)).unwrap();
        let report = check(&root);
        assert!(report.annotators.is_empty() && errors(report).contains(&ANNOTATIONS.to_owned()));
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
