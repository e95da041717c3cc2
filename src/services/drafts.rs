//! Texts that are being typed, on disk, so that they outlive the program in whatever way it ends.
//!
//! They are in the user's data folder, never in the project: nobody has decided yet that others may read them. Opening the
//! project again gives them back to their fields. A thread that does nothing else writes them soon after they were typed, so that
//! neither a key nor the journal waits for that.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
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
/// Time after which texts are written again that could not be written.
const RETRY: Duration = Duration::from_secs(5);

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

/// What is in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Item {
    Entry(Entry),
    /// No entry of this version: it stays as it is.
    Foreign(Value),
}

impl Item {
    fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Foreign(_) => None,
        }
    }

    fn entry_mut(&mut self) -> Option<&mut Entry> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Foreign(_) => None,
        }
    }

    fn is_of(&self, dir: &Path, annotator: &str) -> bool {
        self.entry().is_some_and(|entry| entry.is_of(dir, annotator))
    }
}

/// The thread that writes what is being typed.
pub(super) struct DraftKeeper {
    sender: Sender<Vec<DraftsOf>>,
    /// `None` if no thread could be started.
    thread: Option<Thread>,
    /// The newest texts, all of which the thread got.
    last: Vec<DraftsOf>,
}

impl DraftKeeper {
    /// Starts the thread. Without one, texts are only in memory.
    pub(super) fn start(folders: UserFolders) -> Self {
        let (sender, typed) = unbounded();
        let thread = Thread::start(
            "drafts",
            move || keep_all(&folders, &typed, RETRY),
            |cause| tracing::error!("what is being typed is no longer kept: {cause}"),
        );
        let thread = thread.map_err(|error| tracing::warn!("what is being typed is not kept: {error}")).ok();
        Self { sender, thread, last: Vec::new() }
    }

    /// Has the texts of annotators written that differ from those before. Does not wait.
    ///
    /// The others are not written again: another window may have changed them since.
    pub(super) fn keep(&mut self, typed: Vec<DraftsOf>) {
        let changed: Vec<DraftsOf> = typed.iter().filter(|of| !self.last.contains(of)).cloned().collect();
        self.last = typed;
        if !changed.is_empty() {
            let _ = self.sender.send(changed);
        }
    }

    /// Returns the thread, which ends after what it has to write.
    pub(super) fn close(self) -> Option<Thread> {
        self.thread
    }
}

/// Writes what comes until the sender is gone. What cannot be written is tried again after `retry`, and a last time at the end.
fn keep_all(folders: &UserFolders, typed: &Receiver<Vec<DraftsOf>>, retry: Duration) {
    if file(folders).is_none() {
        return tracing::warn!("what is being typed is not kept: the user has no data folder");
    }
    let mut waiting: Vec<DraftsOf> = Vec::new();
    let mut has_failed = false;
    loop {
        let next = if waiting.is_empty() {
            typed.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            typed.recv_timeout(retry)
        };
        let has_ended = next == Err(RecvTimeoutError::Disconnected);
        next.into_iter().chain(typed.try_iter()).flatten().for_each(|newer| put(&mut waiting, newer));
        if keep(folders, &waiting).is_some() {
            waiting.clear();
            has_failed = false;
        } else if !std::mem::replace(&mut has_failed, true) {
            tracing::warn!("what is being typed was not kept; this is tried again");
        }
        if has_ended {
            return;
        }
    }
}

/// Puts texts in place of the annotator's earlier ones.
fn put(waiting: &mut Vec<DraftsOf>, newer: DraftsOf) {
    waiting.retain(|of| of.folder != newer.folder || of.annotator != newer.annotator);
    waiting.push(newer);
}

/// Writes the texts of annotators; those of others stay. `None` if they were not written.
fn keep(folders: &UserFolders, typed: &[DraftsOf]) -> Option<()> {
    if typed.is_empty() {
        return Some(());
    }
    change(folders, |items| {
        for DraftsOf { folder, annotator, drafts } in typed {
            let Ok(path) = Path::new(folder).canonicalize() else { continue };
            items.retain(|item| !item.is_of(&path, annotator));
            let drafts: Vec<KeptDraft> = drafts.iter().filter(|draft| is_short(draft)).cloned().collect();
            if !drafts.is_empty() {
                items.push(Item::Entry(Entry { path, annotator: annotator.clone(), drafts }));
            }
        }
    })
}

/// Texts that an annotator has left in the project in `dir`. They stay in the file until others take their place.
pub(super) fn read_for(folders: &UserFolders, dir: &Path, annotator: &AnnotatorName) -> Vec<KeptDraft> {
    let Ok(dir) = dir.canonicalize() else { return Vec::new() };
    let items = read(folders).map(Content::items).unwrap_or_else(|error| {
        tracing::warn!("texts that were being typed cannot be read: {error}");
        Vec::new()
    });
    let entry = items.iter().filter_map(Item::entry).find(|entry| entry.is_of(&dir, annotator.as_str()));
    entry.map(|entry| entry.drafts.clone()).unwrap_or_default()
}

/// Removes the texts of a folder in which another project was created.
pub(super) fn forget(folders: &UserFolders, dir: &Path) {
    let Ok(dir) = dir.canonicalize() else { return };
    if change(folders, |items| items.retain(|item| item.entry().is_none_or(|entry| entry.path != dir))).is_none() {
        tracing::warn!("texts of a former project in {} are still kept", storage::shown_path(&dir));
    }
}

/// Removes the texts that are about a document of the project in `dir`, and those in which one of `words` is, because they are
/// erased. Returns what became of the file; `None` if it had none of them. A file that cannot be read or understood may hold them.
pub fn erase_drafts(folders: &UserFolders, dir: &Path, document: &str, words: &[String]) -> Option<Trace> {
    let path = file(folders)?;
    let dir = dir.canonicalize().ok()?;
    let erased = Erased { document, words };
    let items = match read(folders) {
        Ok(Content::Items(items)) => items,
        Ok(Content::Damaged) => {
            let why = "texts that were being typed; the file is damaged".to_owned();
            return Some(Trace { path, state: TraceState::MayHold, why });
        }
        Err(error) => {
            let why = format!("texts that were being typed; it cannot be read: {error}");
            return Some(Trace { path, state: TraceState::MayHold, why });
        }
    };
    let is_foreign = items.iter().any(|item| item.entry().is_none());
    let mut of_dir = items.iter().filter_map(Item::entry).filter(|entry| entry.path == dir);
    let holds = of_dir.any(|entry| entry.drafts.iter().any(|draft| erased.are_in(draft)));
    if !holds && !is_foreign {
        return None;
    }
    let changed = change(folders, |items| {
        for entry in items.iter_mut().filter_map(Item::entry_mut).filter(|entry| entry.path == dir) {
            entry.drafts.retain(|draft| !erased.are_in(draft));
        }
        items.retain(|item| item.entry().is_none_or(|entry| !entry.drafts.is_empty()));
    });
    Some(match (changed, is_foreign) {
        (None, _) if holds => Trace { path, state: TraceState::Holds, why: UNANSWERED.to_owned() },
        (Some(()), false) => Trace { path, state: TraceState::Erased, why: UNANSWERED.to_owned() },
        _ => {
            let why = "texts that were being typed; some are of another version of this program".to_owned();
            Trace { path, state: TraceState::MayHold, why }
        }
    })
}

/// What the file has, for those who erase words.
const UNANSWERED: &str = "texts that were being typed and not answered";

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

/// What a file of texts has.
enum Content {
    Items(Vec<Item>),
    /// It is not in the form of the file.
    Damaged,
}

impl Content {
    /// The items; none of a damaged file, so that it is written again.
    fn items(self) -> Vec<Item> {
        match self {
            Self::Items(items) => items,
            Self::Damaged => Vec::new(),
        }
    }
}

/// Reads the file; one that does not exist has no items.
///
/// # Errors
/// It exists and cannot be read: then nobody knows what replacing it would lose.
fn read(folders: &UserFolders) -> io::Result<Content> {
    let Some(path) = file(folders) else { return Ok(Content::Items(Vec::new())) };
    let bytes = match guard::read(&path, Links::Follow, MOST_BYTES as u64) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::Items(Vec::new())),
        bytes => bytes?,
    };
    let Ok(mut items) = serde_json::from_slice::<Vec<Item>>(&bytes) else { return Ok(Content::Damaged) };
    items.iter_mut().filter_map(Item::entry_mut).for_each(|entry| entry.drafts.retain(is_short));
    Ok(Content::Items(items))
}

/// Changes the file; `None` if it was not written, although it had to be.
fn change(folders: &UserFolders, change: impl FnOnce(&mut Vec<Item>)) -> Option<()> {
    let file = file(folders)?;
    storage::make_folder(file.parent()?).ok()?;
    // With the lock, two windows keep each other's texts.
    let _lock = Lock::wait(&file.with_extension("lock"), "the texts that were being typed").ok()?;
    let before = read(folders).ok()?.items();
    let mut items = before.clone();
    change(&mut items);
    // JSON holds Unicode only: one other path would make the whole file unwritable.
    items.retain(|item| item.entry().is_none_or(|entry| entry.path.to_str().is_some()));
    let mut oldest = items.len().saturating_sub(MOST_ENTRIES);
    if items == before {
        return Some(());
    }
    loop {
        let kept = items.get(oldest..).unwrap_or_default();
        let bytes = serde_json::to_vec(kept).ok()?;
        if bytes.len() <= MOST_BYTES || kept.is_empty() {
            return storage::replace_private(&file, &bytes).ok();
        }
        oldest += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, time::Instant};

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
        keep(&folders, &[of(&food, "ada", &["old"])]).unwrap();
        keep(&folders, &[of(&food, "ada", &["one", "two"]), of(&food, "ben", &["three"])]).unwrap();
        keep(&folders, &[of(&drinks, "ada", &["four"])]).unwrap();
        for _ in 0..2 {
            assert_eq!(texts(&folders, &food, "ada"), ["one", "two"]);
        }
        keep(&folders, &[of(&food, "ada", &[])]).unwrap();
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
            keep(&folders, &[of(&food, "ada", &[text])]).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }

    #[test]
    fn a_damaged_or_foreign_file_offers_what_it_has_and_is_written_again() {
        let (folder, folders, [food, _]) = place();
        keep(&UserFolders::default(), &[of(&food, "ada", &["x"])]);
        keep(&folders, &[of(&food, "ada", &["x"])]).unwrap();
        let path = file(&folders).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let other = good.replacen('[', r#"[7,{"path":1},"#, 1);
        for (bytes, expected) in [("[{", &[][..]), ("{}", &[]), (&other, &["x"])] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(texts(&folders, &food, "ada"), expected, "{bytes}");
            keep(&folders, &[of(&food, "ada", &["y"])]).unwrap();
            assert_eq!(texts(&folders, &food, "ada"), ["y"]);
        }
        // What another version has written stays.
        assert!(fs::read_to_string(&path).unwrap().starts_with(r#"[7,{"path":1},"#));
        // What is larger than anything that was written is neither read nor replaced, and a pipe not waited for.
        let too_long = MOST_BYTES as u64 + 1;
        fs::File::options().write(true).open(&path).unwrap().set_len(too_long).unwrap();
        assert!(texts(&folders, &food, "ada").is_empty());
        assert!(keep(&folders, &[of(&food, "ada", &["z"])]).is_none());
        assert_eq!(fs::metadata(&path).unwrap().len(), too_long);
        fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        assert!(texts(&folders, &food, "ada").is_empty());
        assert!(keep(&folders, &[of(&food, "ada", &["z"])]).is_none());
        // A link leads nowhere.
        fs::remove_file(&path).unwrap();
        fs::write(folder.path().join("secret"), "mine").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), &path).unwrap();
        assert!(keep(&folders, &[of(&food, "ada", &["z"])]).is_none());
        assert_eq!(fs::read_to_string(folder.path().join("secret")).unwrap(), "mine");
    }

    #[test]
    fn the_file_is_bounded_and_the_oldest_projects_go_first() {
        let (folder, folders, [food, _]) = place();
        let long = "x".repeat(LONGEST);
        keep(&folders, &[of(&food, "ada", &[&long, &format!("{long}x"), "short"])]).unwrap();
        assert_eq!(texts(&folders, &food, "ada"), [long.as_str(), "short"]);
        for number in 0..MOST_ENTRIES {
            let dir = folder.path().join(number.to_string());
            fs::create_dir(&dir).unwrap();
            let text = if number < 20 { &long } else { "x" };
            keep(&folders, &[of(&dir, "ada", &[text])]).unwrap();
            assert!(fs::metadata(file(&folders).unwrap()).unwrap().len() <= MOST_BYTES as u64);
        }
        let left = |number: usize| texts(&folders, &folder.path().join(number.to_string()), "ada").len();
        assert!(texts(&folders, &food, "ada").is_empty());
        assert_eq!((left(0), left(19), left(MOST_ENTRIES - 1)), (0, 1, 1));
        assert_eq!(read(&folders).unwrap().items().len(), MOST_ENTRIES - 5);
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
        keep(&folders, &[typed, of(&food, "ben", &["his"]), of(&drinks, "ada", &["call Ann"])]).unwrap();
        let erase = |words: &str| erase_drafts(&folders, &food, "d1", &[words.to_owned()]);
        let trace = erase("call Ann").unwrap();
        assert_eq!((trace.state, &trace.path), (TraceState::Erased, &file(&folders).unwrap()));
        assert_eq!(texts(&folders, &food, "ada"), ["very good", "Person"]);
        assert!(texts(&folders, &food, "ben").is_empty() && texts(&folders, &drinks, "ada") == ["call Ann"]);
        assert_eq!(erase("call Ann"), None);
        // What cannot be read or understood may hold the words.
        let path = file(&folders).unwrap();
        let foreign = fs::read_to_string(&path).unwrap().replacen('[', r#"[{"texts":"call Ann"},"#, 1);
        for bytes in [foreign.as_str(), "[{\"call Ann"] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(erase("call Ann").unwrap().state, TraceState::MayHold, "{bytes}");
            assert_eq!(fs::read_to_string(&path).unwrap(), bytes);
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(erase("call Ann"), None);
        fs::create_dir(&path).unwrap();
        assert_eq!(erase("call Ann").unwrap().state, TraceState::MayHold);
    }

    #[test]
    fn a_window_writes_no_text_again_that_another_one_may_have_changed() {
        let (_folder, folders, [food, drinks]) = place();
        let mut keeper = DraftKeeper::start(folders.clone());
        let waits_for = |dir: &Path, expected: &[&str]| {
            let until = Instant::now() + Duration::from_secs(20);
            while texts(&folders, dir, "ada") != expected {
                assert!(Instant::now() < until, "{expected:?}");
                std::thread::yield_now();
            }
        };
        keeper.keep(vec![of(&food, "ada", &[]), of(&drinks, "ada", &["one"])]);
        waits_for(&drinks, &["one"]);
        // Another window types in both projects.
        keep(&folders, &[of(&food, "ada", &["theirs"]), of(&drinks, "ada", &["theirs"])]).unwrap();
        keeper.keep(vec![of(&food, "ada", &[]), of(&drinks, "ada", &["one"]), of(&drinks, "ben", &["two"])]);
        // Changes of several annotators that come while the thread writes are joined.
        keeper.keep(vec![of(&food, "ben", &["three"])]);
        assert!(keeper.close().unwrap().ends_within(Duration::from_secs(20)));
        assert_eq!(
            (texts(&folders, &food, "ada"), texts(&folders, &drinks, "ada")),
            (vec!["theirs".into()], vec!["theirs".into()])
        );
        assert_eq!(
            (texts(&folders, &drinks, "ben"), texts(&folders, &food, "ben")),
            (vec!["two".into()], vec!["three".into()])
        );
    }

    #[test]
    fn texts_that_could_not_be_written_are_written_as_soon_as_it_is_possible() {
        let (_folder, folders, [food, drinks]) = place();
        let path = file(&folders).unwrap();
        fs::create_dir_all(&path).unwrap();
        let (sender, typed) = unbounded();
        std::thread::scope(|scope| {
            scope.spawn(|| keep_all(&folders, &typed, Duration::from_millis(5)));
            sender.send(vec![of(&food, "ada", &["old"]), of(&drinks, "ada", &["one"])]).unwrap();
            sender.send(vec![of(&food, "ada", &["new"])]).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            fs::remove_dir(&path).unwrap();
            let until = Instant::now() + Duration::from_secs(20);
            while texts(&folders, &food, "ada") != ["new"] || texts(&folders, &drinks, "ada") != ["one"] {
                assert!(Instant::now() < until);
                std::thread::yield_now();
            }
            drop(sender);
        });
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
