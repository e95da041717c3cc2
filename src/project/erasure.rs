//! Erasing of words, and the search for copies of them in the files of a project.
//!
//! What this program made and can prove to be its own is removed; everything else is listed, so that a person can decide.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    DOCUMENTS, EXPORTS, Project, ProjectError, RUNS,
    corrections::NewText,
    exports,
    file_names::{RunId, shown},
    journal_appender::Files,
    journal_line,
    json_escapes::unescaped,
    live_model, run_folder,
    storage::{self, LARGE},
};

/// Folders below the project's that are searched.
const DEEPEST: usize = 8;
/// Largest file that is searched, in bytes. Larger ones are listed.
const MOST_BYTES: u64 = 1 << 30;
/// Bytes between two words of a text, above which they are not taken for pieces of a copy.
const MOST_BETWEEN: usize = 64;
/// Documents that are named because they have the words, too.
const MOST_NAMED: usize = 10;

/// Words that are erased.
#[derive(Clone, Copy, Debug)]
pub enum Erasure<'a> {
    /// A document, except its id.
    Document,
    /// All earlier texts of a document, which gets this one.
    EarlierTexts(NewText<'a>),
}

/// A file that held words which were erased, or may hold them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Path of the file in the folder of the project.
    pub path: PathBuf,
    /// What became of it.
    pub state: TraceState,
    /// Reason for the state, if the state alone does not say enough; else empty.
    pub why: String,
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
        let words = match self.state {
            TraceState::Erased => "the words are no longer in it",
            TraceState::Removed => "removed, because it held the words",
            TraceState::Holds => "still holds the words; it was not touched, remove them yourself",
            TraceState::MayHold => "may hold the words; it was not touched, look at it or remove it and make it again",
            TraceState::Note => "has a note about the document; journals are never rewritten",
            TraceState::History => "keeps earlier versions of the files, and copies elsewhere may, too",
        };
        write!(f, "{}: {words}", storage::shown_path(&self.path))?;
        if self.why.is_empty() { Ok(()) } else { write!(f, " ({})", self.why) }
    }
}

/// Erases words of a document and searches the project for copies of them.
/// Removes those that are proved to be this program's. `at` is in seconds since 1970, UTC.
///
/// The search comes first: after a crash the words are still known, and all can be repeated. Models of runs that were
/// trained on the text are not files with its words; they are not listed. A live model that may have learned it is.
///
/// # Errors
/// There is no such document, it cannot be changed so, or the file system refuses. Then nothing is changed.
pub fn erase(project: &mut Project, id: &str, what: Erasure<'_>, at: u64) -> Result<Vec<Trace>, ProjectError> {
    let texts = words_of(project, id, what)?;
    let mut search = Search::new(project, id, &texts);
    search.look_at_journals(project);
    search.look_at_runs(project);
    live_model::learned(project, id)
        .iter()
        .for_each(|folder| search.add(folder, TraceState::MayHold, live_model::LEARNED));
    search.folder(&project.root, DEEPEST);
    match what {
        Erasure::Document => project.erase_document(id)?,
        Erasure::EarlierTexts(text) => project.correct_document(id, text, at, true)?,
    }
    let mut traces = vec![search.documents_now(id)];
    traces.extend(search.traces);
    for (run, path) in search.checkpoints {
        let removed = project.runs().remove_checkpoint(&run);
        let (state, why) = match removed {
            Ok(()) => (TraceState::Removed, String::new()),
            Err(error) => (TraceState::Holds, error.to_string()),
        };
        traces.push(Trace { path, state, why });
    }
    let root = project.root.canonicalize().ok();
    let history = root.and_then(|root| root.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists()));
    traces.extend(history.map(|path| Trace { path, state: TraceState::History, why: String::new() }));
    Ok(traces)
}

/// The texts that are erased, without white space at their ends; none of them is empty.
///
/// # Errors
/// As [`erase`].
pub fn words_of(project: &mut Project, id: &str, what: Erasure<'_>) -> Result<Vec<String>, ProjectError> {
    project.reload()?;
    let mut texts = project.texts_of(id)?;
    if let Erasure::EarlierTexts(new) = what {
        let stays = project.new_text(id, new)?;
        texts.retain(|text| *text != stays);
    }
    let texts = texts.into_iter().map(|text| text.trim().to_owned());
    Ok(texts.filter(|text| !text.is_empty()).collect())
}

/// Search for erased words.
struct Search {
    root: PathBuf,
    /// Texts without white space at their ends.
    texts: Vec<String>,
    /// Letters and digits of each text, word by word.
    words: Vec<Vec<String>>,
    /// The document in the training data of a checkpoint.
    in_checkpoint: Vec<u8>,
    /// The document in a line of a journal.
    in_journal: Vec<u8>,
    /// Runs whose checkpoint has the document, and its path.
    checkpoints: Vec<(RunId, PathBuf)>,
    traces: Vec<Trace>,
}

impl Search {
    fn new(project: &Project, id: &str, texts: &[String]) -> Self {
        let words = texts.iter().map(|text| {
            let pieces = text.split(|c: char| !c.is_alphanumeric());
            pieces.filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
        });
        let mut words: Vec<Vec<String>> = words.collect();
        // One word alone says nothing.
        words.retain(|words| words.len() > 1);
        let id = serde_json::to_string(id).unwrap_or_default();
        Self {
            root: project.root.clone(),
            texts: texts.to_vec(),
            words,
            in_checkpoint: format!("\"id\":{id}").into_bytes(),
            in_journal: format!("\"doc\":{id}").into_bytes(),
            checkpoints: Vec::new(),
            traces: Vec::new(),
        }
    }

    fn add(&mut self, path: &Path, state: TraceState, why: &str) {
        let path = path.strip_prefix(&self.root).unwrap_or(path).to_owned();
        self.traces.push(Trace { path, state, why: why.to_owned() });
    }

    /// Lists the journals with lines about the document.
    fn look_at_journals(&mut self, project: &Project) {
        const CHECKSUMS: &str = "its lines about the document have checksums of pieces of the text, which show whether a \
                                 guess of it is right";
        for name in project.annotators() {
            let file = Files::of(project, &name).journal;
            let Ok(bytes) = storage::read(&file, LARGE) else { continue };
            let id = self.in_journal.strip_prefix(b"\"doc\":").unwrap_or_default();
            let id: String = serde_json::from_slice(id).unwrap_or_default();
            match journal_line::has_note(&bytes, &id) {
                Some(true) => self.add(&file, TraceState::Note, CHECKSUMS),
                Some(false) => self.add(&file, TraceState::MayHold, CHECKSUMS),
                None => {}
            }
        }
    }

    /// Finds the checkpoints with the document, and the runs that may write another one.
    fn look_at_runs(&mut self, project: &Project) {
        for run in project.runs().list() {
            if run.is_live() {
                self.add(&run.path, TraceState::MayHold, "it is running, and its checkpoints have the training data");
            }
            if let Some(path) = run_folder::checkpoint_data(&run.path).into_iter().find(|path| self.has_document(path))
            {
                let path = path.strip_prefix(&self.root).unwrap_or(&path).to_owned();
                self.checkpoints.push((run.id, path));
            }
        }
    }

    /// Searches a folder. Of links only those in place of `runs` and `exports` are followed.
    fn folder(&mut self, folder: &Path, depth: usize) {
        let Ok(entries) = fs::read_dir(folder) else {
            return self.add(folder, TraceState::MayHold, "it cannot be read");
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let name = path.strip_prefix(&self.root).unwrap_or(&path).to_owned();
            let is_known = self.traces.iter().any(|trace| trace.path == name && !path.is_dir());
            if is_known || name == Path::new(DOCUMENTS) || self.is_in_found_checkpoint(&name) {
                continue;
            }
            let may_be_link = name == Path::new(RUNS) || name == Path::new(EXPORTS);
            let about = if may_be_link { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
            match about {
                Err(_) => self.add(&path, TraceState::MayHold, "it cannot be read"),
                Ok(about) if about.is_dir() => match name.file_name().is_some_and(|name| name == ".git") {
                    true => {}
                    false if depth > 0 => self.folder(&path, depth - 1),
                    false => self.add(&path, TraceState::MayHold, "it is too deep to be searched"),
                },
                Ok(about) if about.is_symlink() => self.add(&path, TraceState::MayHold, "links are not followed"),
                Ok(about) if about.is_file() => self.file(&path, &name),
                Ok(_) => {}
            }
        }
    }

    /// Whether training data contain the document.
    fn has_document(&self, path: &Path) -> bool {
        let bytes = storage::read(path, MOST_BYTES).unwrap_or_default();
        memchr::memmem::find(&bytes, &self.in_checkpoint).is_some()
    }

    /// Whether a path is of the training data in one of the checkpoints that were found.
    fn is_in_found_checkpoint(&self, name: &Path) -> bool {
        run_folder::is_training_data(name) && self.checkpoints.iter().any(|(_, path)| path.parent() == name.parent())
    }

    /// Searches a file; `name` is its path in the project.
    fn file(&mut self, path: &Path, name: &Path) {
        let Ok(bytes) = storage::read(path, MOST_BYTES) else {
            return self.add(path, TraceState::MayHold, "it is too large, or cannot be read");
        };
        let plain = unescaped(&bytes);
        let is_data = name.starts_with(RUNS) && run_folder::is_training_data(name);
        let forms = [&bytes, &*plain];
        if self.texts.iter().any(|text| have(forms, text.as_bytes())) || is_data && have(forms, &self.in_checkpoint) {
            self.add(path, TraceState::Holds, "");
        } else if name.starts_with(super::ANNOTATIONS) && have(forms, &self.in_journal) {
            self.add(path, TraceState::MayHold, "it has lines about the document");
        } else if self.words.iter().any(|words| follow_each_other(words, &plain)) {
            self.add(path, TraceState::MayHold, "it has the same words in the same order");
        } else if name.starts_with(EXPORTS) && !exports::is_record(name) {
            self.add(path, TraceState::MayHold, "it is an export");
        }
    }

    /// Searches `documents.jsonl`, which was replaced.
    fn documents_now(&self, id: &str) -> Trace {
        let path = PathBuf::from(DOCUMENTS);
        let Ok(bytes) = storage::read(&self.root.join(DOCUMENTS), LARGE) else {
            return Trace { path, state: TraceState::MayHold, why: "it cannot be read".to_owned() };
        };
        let mut ids = Vec::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            let Ok(Value::Object(mut fields)) = serde_json::from_slice(line) else { continue };
            let of = fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            if of == id {
                // The text that it has now was chosen by the user.
                fields.remove("text");
            }
            if fields.values().any(|value| self.is_in(value)) {
                ids.push(shown(&of));
            }
        }
        if ids.is_empty() {
            return Trace { path, state: TraceState::Erased, why: String::new() };
        }
        let more = ids.len().saturating_sub(MOST_NAMED);
        ids.truncate(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Trace { path, state: TraceState::Holds, why: format!("in the lines of {}{more}", ids.join(", ")) }
    }

    /// Whether a string in a JSON value has one of the texts.
    fn is_in(&self, value: &Value) -> bool {
        match value {
            Value::String(string) => self.texts.iter().any(|text| string.contains(text)),
            Value::Array(values) => values.iter().any(|value| self.is_in(value)),
            Value::Object(values) => {
                values.iter().any(|(key, value)| self.texts.iter().any(|text| key.contains(text)) || self.is_in(value))
            }
            _ => false,
        }
    }
}

/// Whether one of the forms of a file has a piece.
fn have(forms: [&[u8]; 2], piece: &[u8]) -> bool {
    forms.iter().any(|bytes| memchr::memmem::find(bytes, piece).is_some())
}

/// Whether words follow each other at short distances, as in a file with one word per line.
fn follow_each_other(words: &[String], bytes: &[u8]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    memchr::memmem::find_iter(bytes, first).any(|at| {
        let end = rest.iter().try_fold(at + first.len(), |end, word| {
            let window = bytes.get(end..bytes.len().min(end + MOST_BETWEEN + word.len()))?;
            memchr::memmem::find(window, word.as_bytes()).map(|found| end + found + word.len())
        });
        end.is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest, output::Existing, run_folder::RunConfig},
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

    /// A run whose checkpoint has this training data (and untagged documents).
    fn run(project: &Project, data: &str) -> PathBuf {
        run_with(project, data, "[]")
    }

    fn run_with(project: &Project, data: &str, untagged: &str) -> PathBuf {
        let config = RunConfig::new(1, Settings::lesson("mini"), serde_json::Value::Null);
        let (id, mut folder) = project.runs().create(&config).unwrap();
        let mut checkpoint = folder.checkpoint().unwrap().unwrap();
        checkpoint.file("data.json", data.as_bytes()).unwrap();
        checkpoint.file("untagged.json", untagged.as_bytes()).unwrap();
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
        let untagged = run_with(&project, r#"{"train":[]}"#, r#"[{"id":"r1","words":["call"]}]"#);
        project.export_file("all.conll", b"call O\n", Existing::Keep).unwrap();
        fs::write(dir.path().join("mine.txt"), format!("see: {TEXT}!")).unwrap();
        fs::write(dir.path().join("other.txt"), "good tacos").unwrap();
        let found = states(&erase(&mut project, "r1", Erasure::Document, 0).unwrap());
        let data = |run: &Path| format!("runs/{}/checkpoint/data.json", run.file_name().unwrap().to_str().unwrap());
        assert_eq!(
            found,
            [
                ("documents.jsonl".to_owned(), TraceState::Erased),
                ("annotations/anna.jsonl".to_owned(), TraceState::Note),
                ("exports/all.conll".to_owned(), TraceState::MayHold),
                ("mine.txt".to_owned(), TraceState::Holds),
                (data(&with), TraceState::Removed),
                (data(&untagged).replace("data.json", "untagged.json"), TraceState::Removed),
            ]
        );
        assert!(
            !untagged.join("checkpoint").exists()
                && !with.join("checkpoint").exists()
                && without.join("checkpoint").exists()
        );
        assert!(dir.path().join("mine.txt").exists() && dir.path().join("exports/all.conll").exists());
    }

    #[test]
    fn a_checkpoint_that_is_not_ours_is_listed_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let run = run(&project, r#"{"train":[{"id":"r1","words":["call"]}]}"#);
        fs::write(run.join("checkpoint/mine.txt"), "mine").unwrap();
        let earlier = Erasure::EarlierTexts(NewText::Text("call us"));
        let found = states(&erase(&mut project, "r1", earlier, 0).unwrap());
        assert!(
            found.contains(&(
                format!("runs/{}/checkpoint/data.json", run.file_name().unwrap().to_str().unwrap()),
                TraceState::Holds
            )),
            "{found:?}"
        );
        assert!(run.join("checkpoint/data.json").exists() && run.join("checkpoint/mine.txt").exists());
    }

    #[test]
    fn all_earlier_texts_are_searched_for_and_a_search_can_be_repeated() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        project.correct_document("r1", NewText::Text("call \u{e9}mile at home"), 0, false).unwrap();
        project.correct_document("r1", NewText::Text("call him"), 0, false).unwrap();
        fs::write(dir.path().join("first.txt"), TEXT).unwrap();
        fs::write(dir.path().join("second.txt"), "call \u{e9}mile at home").unwrap();
        fs::write(dir.path().join("now.txt"), "call him").unwrap();
        // The text stays, so nothing is erased but what it was before.
        let earlier = Erasure::EarlierTexts(NewText::Text("call him"));
        let found = states(&erase(&mut project, "r1", earlier, 0).unwrap());
        let held: Vec<&str> =
            found.iter().filter(|(_, state)| *state == TraceState::Holds).map(|(path, _)| path.as_str()).collect();
        assert_eq!(held, ["first.txt", "second.txt"]);
        // A document that was removed before has earlier texts, too; an erased one has none.
        let item = Document::new("r3", "see Ann at noon", Grid::Natural);
        project.import(None, 0, vec![ImportItem { document: item, spans: Vec::new(), status: Status::Todo }]).unwrap();
        project.correct_document("r3", NewText::Text("see her at noon"), 0, false).unwrap();
        project.remove_document("r3", 0).unwrap();
        fs::write(dir.path().join("third.txt"), "see Ann at noon").unwrap();
        for state in [Some(TraceState::Holds), None] {
            let found = states(&erase(&mut project, "r3", Erasure::Document, 0).unwrap());
            assert_eq!(found.iter().find(|(path, _)| path == "third.txt").map(|(_, state)| *state), state);
        }
    }

    #[test]
    fn documents_that_have_the_words_too_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let mut meta = Document::new("r4", "about a call", Grid::Natural);
        meta.meta.insert("about".into(), format!("see: {TEXT}").into());
        let items = [Document::new("r3", TEXT, Grid::Natural), meta];
        let items = items.map(|document| ImportItem { document, spans: Vec::new(), status: Status::Todo });
        project.import(None, 0, items.to_vec()).unwrap();
        let traces = erase(&mut project, "r1", Erasure::Document, 0).unwrap();
        assert_eq!((traces[0].state, traces[0].why.as_str()), (TraceState::Holds, "in the lines of r3, r4"));
        let path = dir.path().join(DOCUMENTS);
        let text = fs::read_to_string(&path).unwrap();
        // The document itself, in a field that this version does not know.
        fs::write(&path, text.replace(r#"{"id":"r3","#, &format!(r#"{{"id":"r3","raw":["{TEXT}"],"#))).unwrap();
        let earlier = Erasure::EarlierTexts(NewText::Text("call"));
        let traces = erase(&mut project, "r3", earlier, 0).unwrap();
        assert_eq!((traces[0].state, traces[0].why.as_str()), (TraceState::Holds, "in the lines of r3, r4"));
    }

    #[test]
    fn files_in_which_the_words_cannot_be_found_as_they_are_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let held = run(&project, r#"{"train":[{"id":"r2","words":["good"]}]}"#);
        for name in [".tagli-1.tmp", ".tagli-2.old"] {
            fs::create_dir(held.join(name)).unwrap();
            fs::write(held.join(name).join("data.json"), r#"{"train":[{"id":"r1","words":[]}]}"#).unwrap();
        }
        fs::write(dir.path().join("escaped.json"), r#"{"text":"call \u00e9mile on 555-1234"}"#).unwrap();
        fs::write(dir.path().join("words.conll"), "call O\n\u{e9}mile O\non O\n555 O\n- O\n1234 O\n").unwrap();
        fs::write(dir.path().join("other.conll"), "call O\nus O\non O\n555 O\n- O\n1234 O\n").unwrap();
        fs::write(dir.path().join("annotations/anna.jsonl.torn"), r#"{"id":"1-1","at":0,"doc":"r1","edi"#).unwrap();
        let deep = dir.path().join("1/2/3/4/5/6/7/8/9");
        fs::create_dir_all(&deep).unwrap();
        let config = RunConfig::new(1, Settings::lesson("mini"), Value::Null);
        let (live, _folder) = project.runs().create(&config).unwrap();
        let found = states(&erase(&mut project, "r1", Erasure::Document, 0).unwrap());
        let run = held.file_name().unwrap().to_str().unwrap();
        let expected = [
            ("documents.jsonl".to_owned(), TraceState::Erased),
            ("annotations/anna.jsonl".to_owned(), TraceState::Note),
            (format!("runs/{live}"), TraceState::MayHold),
            ("1/2/3/4/5/6/7/8/9".to_owned(), TraceState::MayHold),
            ("annotations/anna.jsonl.torn".to_owned(), TraceState::MayHold),
            ("escaped.json".to_owned(), TraceState::Holds),
            (format!("runs/{run}/.tagli-1.tmp/data.json"), TraceState::Holds),
            (format!("runs/{run}/.tagli-2.old/data.json"), TraceState::Holds),
            ("words.conll".to_owned(), TraceState::MayHold),
        ];
        assert_eq!(found, expected);
    }

    #[cfg(unix)]
    #[test]
    fn linked_exports_and_runs_are_searched_and_other_links_listed() {
        let [dir, disk] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let mut project = project(dir.path());
        fs::write(disk.path().join("all.txt"), TEXT).unwrap();
        for name in ["exports", "elsewhere"] {
            fs::remove_dir(dir.path().join(name)).ok();
            std::os::unix::fs::symlink(disk.path(), dir.path().join(name)).unwrap();
        }
        let found = states(&erase(&mut project, "r1", Erasure::Document, 0).unwrap());
        let names = ["exports/all.txt", "elsewhere", "elsewhere/all.txt"];
        let of = names.map(|name| found.iter().find(|(path, _)| path == name).map(|(_, state)| *state));
        assert_eq!(of, [Some(TraceState::Holds), Some(TraceState::MayHold), None]);
    }

    #[test]
    fn journals_with_checksums_of_the_text_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let mut ben = project.annotator(&"ben".parse().unwrap(), 0).unwrap();
        let done =
            ["r1", "r2"].map(|document| Action { document: document.into(), edits: vec![Edit::Status(Status::Done)] });
        let [first, second] = done.map(JournalOp::Do);
        ben.record(&project.documents, 0, first).unwrap();
        drop(ben);
        let mut carl = project.annotator(&"carl".parse().unwrap(), 0).unwrap();
        carl.record(&project.documents, 0, second).unwrap();
        drop(carl);
        let traces = erase(&mut project, "r1", Erasure::Document, 0).unwrap();
        let journals: Vec<String> = traces
            .iter()
            .filter(|trace| trace.why.contains("checksums"))
            .map(|trace| trace.path.display().to_string())
            .collect();
        assert_eq!(journals, ["annotations/anna.jsonl", "annotations/ben.jsonl"]);
    }
}
