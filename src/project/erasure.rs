//! Search for copies of erased words in the files of a project.
//!
//! What this program made and can prove to be its own is removed; everything else is listed, so that a person can decide.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use super::{
    DOCUMENTS, EXPORTS, Project,
    journal_appender::Files,
    journal_line, run_folder,
    storage::{self, LARGE},
};

/// Folders below the project's that are searched.
const DEEPEST: usize = 8;
/// Largest file that is searched, in bytes. Larger ones are listed.
const MOST_BYTES: u64 = 1 << 30;

/// A file that held words which were erased, or may hold them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Path of the file in the folder of the project.
    pub path: PathBuf,
    /// What became of it.
    pub state: TraceState,
}

/// What became of a file with erased words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceState {
    /// The words are no longer in it.
    Erased,
    /// The file was removed.
    Removed,
    /// It holds the words and was not made by this program, or cannot be proved to be.
    Holds,
    /// It may hold the words in a form that cannot be searched.
    MayHold,
    /// It has a note about the document, which an annotator wrote.
    Note,
    /// Earlier versions of the files are kept there.
    History,
}

impl TraceState {
    /// Name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::Removed => "removed",
            Self::Holds => "holds",
            Self::MayHold => "may hold",
            Self::Note => "note",
            Self::History => "history",
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = storage::shown_path(&self.path);
        match self.state {
            TraceState::Erased => write!(f, "{path}: the words are no longer in it"),
            TraceState::Removed => write!(f, "{path}: removed, because it held the words"),
            TraceState::Holds => write!(f, "{path}: still holds the words; it was not touched, remove it yourself"),
            TraceState::MayHold => {
                write!(f, "{path}: may hold the words; it was not touched, look at it or remove it and make it again")
            }
            TraceState::Note => write!(f, "{path}: has a note about the document; journals are never rewritten"),
            TraceState::History => {
                write!(f, "{path}: keeps earlier versions of the files, and copies elsewhere may, too")
            }
        }
    }
}

/// Searches the project for copies of a text.
/// Removes those that are proved to be this program's.
///
/// Models that were trained on the text are not files with its words; they are not listed.
pub fn erase_copies(project: &Project, id: &str, text: &str) -> Vec<Trace> {
    let mut traces = vec![Trace { path: DOCUMENTS.into(), state: TraceState::Erased }];
    for name in project.annotators() {
        let file = Files::of(project, &name).journal;
        if storage::read(&file, LARGE).is_ok_and(|bytes| journal_line::have_note(&bytes, id)) {
            traces.push(Trace { path: below(&project.root, &file), state: TraceState::Note });
        }
    }
    let needles = needles(id, text);
    for run in project.runs().list() {
        let path = run_folder::checkpoint_data(&run.path);
        if holds(&path, &needles.checkpoint) {
            let removed = project.runs().remove_checkpoint(&run.id);
            let state = if removed.is_ok() { TraceState::Removed } else { TraceState::Holds };
            traces.push(Trace { path: below(&project.root, &path), state });
        }
    }
    search(&project.root, &project.root, DEEPEST, &needles, &mut traces);
    let history = project
        .root
        .canonicalize()
        .ok()
        .and_then(|root| root.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists()));
    traces.extend(history.map(|path| Trace { path, state: TraceState::History }));
    traces
}

/// Pieces of files that show that a text is in them.
struct Needles {
    /// The text as it is, and as a JSON string.
    text: Vec<Vec<u8>>,
    /// The document in the training data of a checkpoint.
    checkpoint: Vec<Vec<u8>>,
}

fn needles(id: &str, text: &str) -> Needles {
    let quoted = serde_json::to_string(text.trim()).unwrap_or_default();
    let escaped = quoted.trim_matches('"').as_bytes().to_vec();
    let mut forms = vec![text.trim().as_bytes().to_vec(), escaped];
    forms.retain(|form| !form.is_empty());
    forms.dedup();
    let id = serde_json::to_string(id).unwrap_or_default();
    Needles { text: forms, checkpoint: vec![format!("\"id\":{id}").into_bytes()] }
}

/// Searches a folder. Links are not followed.
fn search(root: &Path, folder: &Path, depth: usize, needles: &Needles, traces: &mut Vec<Trace>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Ok(about) = fs::symlink_metadata(&path) else { continue };
        let name = below(root, &path);
        if traces.iter().any(|trace| trace.path == name) {
            continue;
        }
        if about.is_dir() {
            let is_git = path.file_name().is_some_and(|name| name == ".git");
            if depth > 0 && !is_git {
                search(root, &path, depth - 1, needles, traces);
            }
        } else if about.is_file() {
            let is_export = name.starts_with(EXPORTS);
            let state = match holds(&path, &needles.text) {
                true => TraceState::Holds,
                false if is_export || about.len() > MOST_BYTES => TraceState::MayHold,
                false => continue,
            };
            traces.push(Trace { path: name, state });
        }
    }
}

/// Whether a file contains one of the pieces. One that cannot be read does not.
fn holds(path: &Path, pieces: &[Vec<u8>]) -> bool {
    let is_small = fs::symlink_metadata(path).is_ok_and(|about| about.is_file() && about.len() <= MOST_BYTES);
    let Some(bytes) = is_small.then(|| storage::read(path, MOST_BYTES).ok()).flatten() else { return false };
    pieces.iter().any(|piece| memchr::memmem::find(&bytes, piece).is_some())
}

fn below(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest, corrections::NewText, run_folder::RunConfig},
        runs::{RunSink, Settings},
        spans::{Action, Document, Edit, LabelSet, Status, journal::JournalOp},
        text::Grid,
    };

    const TEXT: &str = "call \u{e9}mile on 555-1234";

    fn project(dir: &Path) -> Project {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let item = |id: &str, text: &str| ImportItem {
            document: Document::new(id, text, Grid::Natural),
            spans: Vec::new(),
            status: Status::Todo,
        };
        project.import(None, 0, vec![item("r1", TEXT), item("r2", "good tacos")]).unwrap();
        let mut anna = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
        let edits = vec![Edit::Note("who is that?".into())];
        anna.record(&project.documents, 0, JournalOp::Do(Action { document: "r1".into(), edits })).unwrap();
        anna.record(
            &project.documents,
            0,
            JournalOp::Do(Action { document: "r1".into(), edits: vec![Edit::Note(String::new())] }),
        )
        .unwrap();
        project
    }

    /// A run whose checkpoint has this training data.
    fn run(project: &Project, data: &str) -> PathBuf {
        let config = RunConfig::new(1, Settings::lesson("mini"), serde_json::Value::Null);
        let (id, mut folder) = project.runs().create(&config).unwrap();
        let mut checkpoint = folder.checkpoint().unwrap().unwrap();
        checkpoint.file("data.json", data.as_bytes()).unwrap();
        checkpoint.finish().unwrap();
        project.root.join("runs").join(id.as_str())
    }

    fn states(traces: &[Trace]) -> Vec<(String, TraceState)> {
        let own = traces.iter().filter(|trace| trace.state != TraceState::History);
        own.map(|trace| (trace.path.display().to_string(), trace.state)).collect()
    }

    #[test]
    fn every_file_with_the_words_is_listed_and_only_our_own_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let with = run(&project, r#"{"train":[{"id":"r1","words":["call"]}]}"#);
        let without = run(&project, r#"{"train":[{"id":"r2","words":["good"]}]}"#);
        project.export_file("all.conll", b"call O\n").unwrap();
        fs::write(dir.path().join("mine.txt"), format!("see: {TEXT}!")).unwrap();
        fs::write(dir.path().join("other.txt"), "good tacos").unwrap();
        let text = project.erase_document("r1").unwrap();
        assert_eq!(text, TEXT);
        let found = states(&erase_copies(&project, "r1", &text));
        let data = |run: &Path| format!("runs/{}/checkpoint/data.json", run.file_name().unwrap().to_str().unwrap());
        assert_eq!(
            found,
            [
                ("documents.jsonl".to_owned(), TraceState::Erased),
                ("annotations/anna.jsonl".to_owned(), TraceState::Note),
                (data(&with), TraceState::Removed),
                ("exports/all.conll".to_owned(), TraceState::MayHold),
                ("mine.txt".to_owned(), TraceState::Holds),
            ]
        );
        assert!(!with.join("checkpoint").exists() && without.join("checkpoint").exists());
        assert!(dir.path().join("mine.txt").exists() && dir.path().join("exports/all.conll").exists());
    }

    #[test]
    fn a_checkpoint_that_is_not_ours_is_listed_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let run = run(&project, r#"{"train":[{"id":"r1","words":["call"]}]}"#);
        fs::write(run.join("checkpoint/mine.txt"), "mine").unwrap();
        project.correct_document("r1", NewText::Text("call us"), 0, true).unwrap();
        let found = states(&erase_copies(&project, "r1", TEXT));
        assert!(
            found.contains(&(
                format!("runs/{}/checkpoint/data.json", run.file_name().unwrap().to_str().unwrap()),
                TraceState::Holds
            )),
            "{found:?}"
        );
        assert!(run.join("checkpoint/data.json").exists() && run.join("checkpoint/mine.txt").exists());
    }
}
