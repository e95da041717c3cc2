//! Texts that are being typed, on disk, so that they outlive the program in whatever way it ends.
//!
//! They are in the user's data folder, never in the project: nobody has decided yet that others may read them. Opening the
//! project again gives them back to their fields. A thread that does nothing else writes them soon after they were typed, so that
//! neither a key nor the journal waits for that.

use std::path::{Path, PathBuf};

use crossbeam_channel::{Receiver, Sender, unbounded};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{thread::Thread, user_folders::UserFolders};
use crate::{
    app::prompts::{DraftsOf, KeptDraft},
    guard::{self, Links},
    project::{
        AnnotatorName,
        erasure::{Trace, TraceState},
        lock::Lock,
        storage,
    },
};

/// Name of the file in the user's data folder.
const FILE: &str = "drafts.json";
/// Largest file that is read and written, in bytes.
const MOST_BYTES: usize = 16 << 20;
/// Longest text that is kept, in bytes.
const LONGEST: usize = 1 << 20;
/// Projects whose texts are kept; the oldest go first.
const MOST_ENTRIES: usize = 50;

/// Texts of one annotator in one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    annotator: String,
    drafts: Vec<KeptDraft>,
}

impl Entry {
    fn is_of(&self, dir: &Path, annotator: &str) -> bool {
        self.path == dir && self.annotator == annotator
    }
}

/// The thread that writes what is being typed.
pub(super) struct DraftKeeper {
    sender: Sender<Vec<DraftsOf>>,
    /// `None` if no thread could be started.
    thread: Option<Thread>,
    /// What the thread got last.
    last: Vec<DraftsOf>,
}

impl DraftKeeper {
    /// Starts the thread. Without one, texts are only in memory.
    pub(super) fn start(folders: UserFolders) -> Self {
        let (sender, typed) = unbounded();
        let thread = Thread::start(
            "drafts",
            move || keep_all(&folders, &typed),
            |cause| tracing::error!("what is being typed is no longer kept: {cause}"),
        );
        let thread = thread.map_err(|error| tracing::warn!("what is being typed is not kept: {error}")).ok();
        Self { sender, thread, last: Vec::new() }
    }

    /// Has the texts of annotators written in place of those before, if they differ. Does not wait.
    pub(super) fn keep(&mut self, typed: Vec<DraftsOf>) {
        if typed == self.last {
            return;
        }
        self.last.clone_from(&typed);
        let _ = self.sender.send(typed);
    }

    /// Returns the thread, which ends after what it has to write.
    pub(super) fn close(self) -> Option<Thread> {
        self.thread
    }
}

fn keep_all(folders: &UserFolders, typed: &Receiver<Vec<DraftsOf>>) {
    while let Ok(first) = typed.recv() {
        // Only the newest counts.
        let newest = typed.try_iter().last().unwrap_or(first);
        if keep(folders, newest).is_none() {
            tracing::warn!("what is being typed was not kept");
        }
    }
}

/// Writes the texts of annotators; those of others stay. `None` if they were not written.
fn keep(folders: &UserFolders, typed: Vec<DraftsOf>) -> Option<()> {
    change(folders, |entries| {
        for DraftsOf { folder, annotator, mut drafts } in typed {
            let Ok(path) = Path::new(&folder).canonicalize() else { continue };
            entries.retain(|entry| !entry.is_of(&path, &annotator));
            drafts.retain(is_short);
            if !drafts.is_empty() {
                entries.push(Entry { path, annotator, drafts });
            }
        }
    })
}

/// Texts that an annotator has left in the project in `dir`. They stay in the file until others take their place.
pub(super) fn read_for(folders: &UserFolders, dir: &Path, annotator: &AnnotatorName) -> Vec<KeptDraft> {
    let Ok(dir) = dir.canonicalize() else { return Vec::new() };
    let entry = read(folders).into_iter().find(|entry| entry.is_of(&dir, annotator.as_str()));
    entry.map(|entry| entry.drafts).unwrap_or_default()
}

/// Removes the texts of a folder in which another project was created.
pub(super) fn forget(folders: &UserFolders, dir: &Path) {
    let Ok(dir) = dir.canonicalize() else { return };
    if change(folders, |entries| entries.retain(|entry| entry.path != dir)).is_none() {
        tracing::warn!("texts of a former project in {} are still kept", storage::shown_path(&dir));
    }
}

/// Removes the texts that are about a document of the project in `dir`, and those in which one of `words` is, because they are
/// erased. Returns what became of the file; `None` if it had none of them.
pub fn erase_drafts(folders: &UserFolders, dir: &Path, document: &str, words: &[String]) -> Option<Trace> {
    let dir = dir.canonicalize().ok()?;
    let erased = Erased { document, words };
    if !read(folders).iter().any(|entry| entry.path == dir && entry.drafts.iter().any(|draft| erased.are_in(draft))) {
        return None;
    }
    let changed = change(folders, |entries| {
        for entry in entries.iter_mut().filter(|entry| entry.path == dir) {
            entry.drafts.retain(|draft| !erased.are_in(draft));
        }
        entries.retain(|entry| !entry.drafts.is_empty());
    });
    let state = if changed.is_some() { TraceState::Erased } else { TraceState::Holds };
    let why = "texts that were being typed and not answered".to_owned();
    Some(Trace { path: file(folders)?, state, why })
}

/// Words that are erased, and the document that had them.
struct Erased<'a> {
    document: &'a str,
    words: &'a [String],
}

impl Erased<'_> {
    /// Whether a text is about the document, or has some of the words.
    fn are_in(&self, draft: &KeptDraft) -> bool {
        let is_about = draft.document().is_some_and(|of| of == self.document);
        is_about || self.words.iter().any(|words| draft.text.contains(words) || draft.given.contains(words))
    }
}

fn is_short(draft: &KeptDraft) -> bool {
    draft.text.len() <= LONGEST && draft.given.len() <= LONGEST
}

fn file(folders: &UserFolders) -> Option<PathBuf> {
    Some(folders.data.as_ref()?.join(FILE))
}

/// Reads the file. What is no entry of this version is left out.
fn read(folders: &UserFolders) -> Vec<Entry> {
    let bytes = file(folders).and_then(|path| guard::read(&path, Links::Follow, MOST_BYTES as u64).ok());
    let values: Vec<Value> = serde_json::from_slice(&bytes.unwrap_or_default()).unwrap_or_default();
    let mut entries: Vec<Entry> = values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect();
    entries.iter_mut().for_each(|entry| entry.drafts.retain(is_short));
    entries
}

/// Changes the file; `None` if it was not written, although it had to be.
fn change(folders: &UserFolders, change: impl FnOnce(&mut Vec<Entry>)) -> Option<()> {
    let file = file(folders)?;
    storage::make_folder(file.parent()?).ok()?;
    // With the lock, two windows keep each other's texts.
    let _lock = Lock::wait(&file.with_extension("lock"), "the texts that were being typed").ok()?;
    let before = read(folders);
    let mut entries = before.clone();
    change(&mut entries);
    // JSON holds Unicode only: one other path would make the whole file unwritable.
    entries.retain(|entry| entry.path.to_str().is_some());
    let mut oldest = entries.len().saturating_sub(MOST_ENTRIES);
    if entries == before {
        return Some(());
    }
    loop {
        let kept = entries.get(oldest..).unwrap_or_default();
        let bytes = serde_json::to_vec(kept).ok()?;
        if bytes.len() <= MOST_BYTES || kept.is_empty() {
            return storage::replace_private(&file, &bytes).ok();
        }
        oldest += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

    use super::*;

    fn draft(text: &str) -> KeptDraft {
        KeptDraft { field: "note".into(), of: "d1".into(), given: String::new(), text: text.into() }
    }

    fn of(dir: &Path, annotator: &str, texts: &[&str]) -> DraftsOf {
        let drafts = texts.iter().map(|text| draft(text)).collect();
        DraftsOf { folder: dir.to_str().unwrap().into(), annotator: annotator.into(), drafts }
    }

    fn texts(folders: &UserFolders, dir: &Path, annotator: &str) -> Vec<String> {
        let drafts = read_for(folders, dir, &annotator.parse().unwrap());
        drafts.into_iter().map(|draft| draft.text).collect()
    }

    /// A data folder, and two folders of projects.
    fn place() -> (tempfile::TempDir, UserFolders, [PathBuf; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let folders = UserFolders::new(Some(folder.path().join("data")), None);
        let dirs = ["food", "drinks"].map(|name| folder.path().join(name));
        dirs.iter().for_each(|dir| fs::create_dir(dir).unwrap());
        (folder, folders, dirs)
    }

    #[test]
    fn texts_are_kept_by_project_and_annotator_until_others_take_their_place() {
        let (_folder, folders, [food, drinks]) = place();
        assert!(texts(&folders, &food, "ada").is_empty());
        keep(&folders, vec![of(&food, "ada", &["old"])]).unwrap();
        keep(&folders, vec![of(&food, "ada", &["one", "two"]), of(&food, "ben", &["three"])]).unwrap();
        keep(&folders, vec![of(&drinks, "ada", &["four"])]).unwrap();
        for _ in 0..2 {
            assert_eq!(texts(&folders, &food, "ada"), ["one", "two"]);
        }
        keep(&folders, vec![of(&food, "ada", &[])]).unwrap();
        assert!(texts(&folders, &food, "ada").is_empty());
        assert_eq!(
            (texts(&folders, &food, "ben"), texts(&folders, &drinks, "ada")),
            (vec!["three".into()], vec!["four".into()])
        );
        forget(&folders, &food);
        assert!(texts(&folders, &food, "ben").is_empty() && texts(&folders, &drinks, "ada") == ["four"]);
    }

    #[test]
    fn only_the_user_can_read_the_file_also_if_it_was_readable_before() {
        let (_folder, folders, [food, _]) = place();
        let path = file(&folders).unwrap();
        for text in ["new", "again"] {
            keep(&folders, vec![of(&food, "ada", &[text])]).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }

    #[test]
    fn a_damaged_or_foreign_file_offers_what_it_has_and_is_written_again() {
        let (folder, folders, [food, _]) = place();
        keep(&UserFolders::default(), vec![of(&food, "ada", &["x"])]);
        keep(&folders, vec![of(&food, "ada", &["x"])]).unwrap();
        let path = file(&folders).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let other = good.replacen('[', r#"[7,{"path":1},"#, 1);
        for (bytes, expected) in [("[{", &[][..]), ("{}", &[]), (&other, &["x"])] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(texts(&folders, &food, "ada"), expected, "{bytes}");
            keep(&folders, vec![of(&food, "ada", &["y"])]).unwrap();
            assert_eq!(texts(&folders, &food, "ada"), ["y"]);
        }
        // What is larger than anything that was written is not read, and a pipe not waited for.
        fs::File::options().write(true).open(&path).unwrap().set_len(MOST_BYTES as u64 + 1).unwrap();
        assert!(texts(&folders, &food, "ada").is_empty());
        fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        assert!(texts(&folders, &food, "ada").is_empty());
        assert!(keep(&folders, vec![of(&food, "ada", &["z"])]).is_none());
        // A link leads nowhere.
        fs::remove_file(&path).unwrap();
        fs::write(folder.path().join("secret"), "mine").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), &path).unwrap();
        assert!(keep(&folders, vec![of(&food, "ada", &["z"])]).is_none());
        assert_eq!(fs::read_to_string(folder.path().join("secret")).unwrap(), "mine");
    }

    #[test]
    fn the_file_is_bounded_and_the_oldest_projects_go_first() {
        let (folder, folders, [food, _]) = place();
        let long = "x".repeat(LONGEST);
        keep(&folders, vec![of(&food, "ada", &[&long, &format!("{long}x"), "short"])]).unwrap();
        assert_eq!(texts(&folders, &food, "ada"), [long.as_str(), "short"]);
        for number in 0..MOST_ENTRIES {
            let dir = folder.path().join(number.to_string());
            fs::create_dir(&dir).unwrap();
            let text = if number < 20 { &long } else { "x" };
            keep(&folders, vec![of(&dir, "ada", &[text])]).unwrap();
            assert!(fs::metadata(file(&folders).unwrap()).unwrap().len() <= MOST_BYTES as u64);
        }
        let left = |number: usize| texts(&folders, &folder.path().join(number.to_string()), "ada").len();
        assert!(texts(&folders, &food, "ada").is_empty());
        assert_eq!((left(0), left(19), left(MOST_ENTRIES - 1)), (0, 1, 1));
        assert_eq!(read(&folders).len(), MOST_ENTRIES - 5);
    }

    #[test]
    fn what_is_erased_is_in_no_text_of_the_project() {
        let (_folder, folders, [food, drinks]) = place();
        let about = |of: &str, given: &str, text: &str| KeptDraft {
            field: "correction".into(),
            of: of.into(),
            given: given.into(),
            text: text.into(),
        };
        let drafts = vec![
            draft("who is that?"),
            about("d2", "call Ann", "call her"),
            about("d3", "good", "good, see: call Ann"),
            about("d4", "good", "very good"),
            // The label with the number of the document.
            KeptDraft { field: "name of label".into(), of: "d1".into(), given: String::new(), text: "Person".into() },
        ];
        let typed = DraftsOf { drafts, ..of(&food, "ada", &[]) };
        keep(&folders, vec![typed, of(&food, "ben", &["his"]), of(&drinks, "ada", &["call Ann"])]).unwrap();
        let erase = |words: &str| erase_drafts(&folders, &food, "d1", &[words.to_owned()]);
        let trace = erase("call Ann").unwrap();
        assert_eq!((trace.state, &trace.path), (TraceState::Erased, &file(&folders).unwrap()));
        assert_eq!(texts(&folders, &food, "ada"), ["very good", "Person"]);
        assert!(texts(&folders, &food, "ben").is_empty() && texts(&folders, &drinks, "ada") == ["call Ann"]);
        assert_eq!(erase("call Ann"), None);
    }

    #[test]
    fn the_newest_texts_are_on_disk_when_the_thread_has_ended() {
        let (_folder, folders, [food, _]) = place();
        let mut keeper = DraftKeeper::start(folders.clone());
        (0..200).for_each(|number| keeper.keep(vec![of(&food, "ada", &[&number.to_string()])]));
        assert!(keeper.close().unwrap().ends_within(Duration::from_secs(20)));
        assert_eq!(texts(&folders, &food, "ada"), ["199"]);
    }
}
