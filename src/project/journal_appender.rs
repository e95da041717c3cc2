//! The journal file of an annotator who is open for writing. It keeps no action in memory, so that saving costs the same
//! however long the journal is.

use std::{collections::HashSet, path::PathBuf};

use super::{
    Project, ProjectError, Stamp,
    documents::Documents,
    file_names::AnnotatorName,
    journal_line::{self, LineError},
    journal_lines::file_lines,
    known_texts::Texts,
    lock::{Holder, Lock},
    stamp, stamp_of_more,
    storage::{self, Appender, FoundFile, LARGE, OwnFile, StorageError},
};
use crate::spans::{ActionId, Entry};

/// False alarms in a row, after which the times of a journal are no longer compared before each record.
///
/// On some disks in the network the times of a write become visible only later.
const MOST_FALSE_ALARMS: u8 = 3;

/// Paths of the files of one annotator.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) journal: PathBuf,
    pub(super) torn: PathBuf,
    pub(super) lock: PathBuf,
    /// Log of an import whose annotations may not be in the journal yet.
    pub(super) import: PathBuf,
}

impl Files {
    pub(super) fn of(project: &Project, name: &AnnotatorName) -> Self {
        let folder = project.annotations();
        Self {
            journal: folder.join(format!("{name}.jsonl")),
            torn: folder.join(format!("{name}.jsonl.torn")),
            lock: folder.join(format!(".{name}.lock")),
            import: folder.join(format!(".{name}.import")),
        }
    }

    /// Log of an interrupted import, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or the file is none: a line in it is not of a journal.
    pub(super) fn import_log(&self) -> Result<Option<OwnFile>, StorageError> {
        OwnFile::read(&self.import, journal_line::are_whole)
    }

    /// Bytes of the journal; none if there is no journal.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, StorageError> {
        Ok(storage::read_below(&self.journal, LARGE)?.unwrap_or_default())
    }
}

/// Journal file to which lines are appended, with the annotator's lock.
#[derive(Debug)]
pub struct JournalAppender {
    pub(super) name: AnnotatorName,
    pub(super) files: Files,
    /// Lines recorded since opening.
    /// Written again if another file replaces the journal.
    session: Vec<(ActionId, Vec<u8>)>,
    /// Writer of the journal.
    /// `None` when opened for reading only, or while the annotator waits for space.
    open: Option<Appender>,
    pub(super) lock: Option<Lock>,
    /// Whether the disk was full at the opening.
    /// Then each record first tries again to open the journal for writing.
    pub(super) waits_for_space: bool,
    /// Time of the opening, in seconds since 1970, UTC.
    since: u64,
    /// Stamp of the file as it was last read or written here.
    /// `None` before the first time.
    contents: Option<Stamp>,
    /// Whether another program has changed the file.
    /// Since [`Self::take_change`] was last called.
    is_changed: bool,
    /// How often in a row the file had other times and the same contents.
    false_alarms: u8,
}

/// Contents of a journal file that was opened or opened again.
pub(super) struct Reopened {
    /// Its bytes, before a torn end was moved.
    pub(super) bytes: Vec<u8>,
    /// Lines recorded since opening that it lacked, and that were appended.
    pub(super) missing: Vec<u8>,
}

impl JournalAppender {
    /// Journal of an annotator that is not open for writing.
    /// `since` in seconds since 1970, UTC.
    pub(super) fn closed(name: &AnnotatorName, files: Files, since: u64) -> Self {
        Self {
            name: name.clone(),
            files,
            session: Vec::new(),
            open: None,
            lock: None,
            waits_for_space: false,
            since,
            contents: None,
            is_changed: false,
            false_alarms: 0,
        }
    }

    /// Whether the annotator was opened for reading only.
    pub(super) fn is_read_only(&self) -> bool {
        self.open.is_none() && !self.waits_for_space
    }

    /// Whether the journal is open for writing now.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Records entries that have ids already: all of them or none.
    /// They are on disk when this returns.
    ///
    /// # Errors
    /// The annotator was opened for reading only, an entry names a document or range that does not exist
    /// ([`ProjectError::Record`]), or the file system refuses. Then nothing was recorded.
    pub fn record_entries(&mut self, documents: &Documents, entries: &[Entry]) -> Result<(), ProjectError> {
        if self.is_read_only() {
            return Err(ProjectError::ReadOnly(self.name.clone()));
        }
        let bytes = lines(entries, documents).map_err(ProjectError::Record)?;
        self.prepare()?;
        self.append(&bytes)?;
        self.remember(entries.iter().map(|entry| entry.id), &bytes);
        Ok(())
    }

    /// Takes the annotator's lock, unless it is held.
    pub(super) fn take_lock(&mut self) -> Result<(), ProjectError> {
        if self.lock.is_none() {
            let what = format!("annotator `{}`", self.name);
            self.lock = Some(Lock::take(&self.files.lock, &what, &Holder::this(self.since))?);
        }
        Ok(())
    }

    /// Prepares for the next lines. Returns what it read for that.
    /// The journal is opened if the disk was full before, and opened again if another program changed its file, as
    /// `git pull` does.
    ///
    /// Lines recorded since opening that are missing in the file are written again.
    ///
    /// # Errors
    /// The file system refuses, or another process has the annotator open.
    pub(super) fn prepare(&mut self) -> Result<Option<Reopened>, ProjectError> {
        match self.open.as_ref().map(Appender::found) {
            Some(FoundFile::Same) => return Ok(None),
            // Each record would read the whole journal again. Another program's change is noticed by `look`.
            Some(FoundFile::OtherTimes) if self.false_alarms >= MOST_FALSE_ALARMS => return Ok(None),
            Some(FoundFile::OtherTimes | FoundFile::Other) => return self.reopen().map(Some),
            None if !self.waits_for_space => return Ok(None),
            None => {
                if let Some(folder) = self.files.journal.parent() {
                    storage::make_folder(folder)?;
                }
                self.take_lock()?;
            }
        }
        self.open().map(Some)
    }

    /// Opens the file again because it is another one or has other times. Counts if it has the same contents.
    fn reopen(&mut self) -> Result<Reopened, ProjectError> {
        let before = self.contents;
        let reopened = self.open()?;
        let is_same = before == Some(stamp(&reopened.bytes));
        self.false_alarms = if is_same { self.false_alarms.saturating_add(1) } else { 0 };
        Ok(reopened)
    }

    /// Opens the journal for writing and returns what it read. The lock is held.
    ///
    /// # Errors
    /// The file system refuses.
    pub(super) fn open(&mut self) -> Result<Reopened, ProjectError> {
        let (file, reopened) = self.complete()?;
        self.open = Some(file);
        Ok(reopened)
    }

    /// Appends complete lines to the journal file.
    ///
    /// # Errors
    /// The annotator was opened for reading only, or the file system refuses.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), ProjectError> {
        let Some(file) = &mut self.open else { return Err(ProjectError::ReadOnly(self.name.clone())) };
        file.append(lines)?;
        self.contents = self.contents.map(|before| stamp_of_more(before, lines));
        Ok(())
    }

    /// Reads the file.
    pub(super) fn read(&mut self) -> Result<Vec<u8>, StorageError> {
        let bytes = self.files.bytes()?;
        let found = stamp(&bytes);
        self.is_changed |= self.contents.is_some_and(|known| known != found);
        self.contents = Some(found);
        Ok(bytes)
    }

    /// Reads the file again if another program changed it.
    /// Returns whether it did since this was last asked.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn look(&mut self) -> Result<bool, ProjectError> {
        match self.open.as_ref().map(Appender::found) {
            Some(FoundFile::Same) => {}
            Some(FoundFile::OtherTimes | FoundFile::Other) => _ = self.reopen()?,
            None => _ = self.read()?,
        }
        Ok(self.take_change())
    }

    /// Whether another program has changed the file since this was last asked.
    pub fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    /// Keeps lines that were appended, in case that another file replaces the journal.
    pub(super) fn remember(&mut self, ids: impl Iterator<Item = ActionId>, lines: &[u8]) {
        let lines = lines.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec);
        self.session.extend(ids.zip(lines));
    }

    /// Opens the file and appends lines of this session that are missing.
    /// A torn end is moved to a file of its own.
    pub(super) fn complete(&mut self) -> Result<(Appender, Reopened), ProjectError> {
        let mut file = Appender::open(&self.files.journal)?;
        let bytes = self.read()?;
        let shape = Shape::of(&bytes);
        if let Some(torn) = bytes.get(shape.whole..).filter(|torn| !torn.is_empty()) {
            let mut aside = torn.to_vec();
            aside.push(b'\n');
            Appender::open(&self.files.torn)?.append(&aside)?;
            file.truncate(shape.whole as u64)?;
        }
        let mut contents = stamp(bytes.get(..shape.whole).unwrap_or_default());
        if shape.lacks_line_feed {
            file.append(b"\n")?;
            contents = stamp_of_more(contents, b"\n");
        }
        let missing = self.session.iter().filter(|(id, _)| !shape.ids.contains(id));
        let missing: Vec<u8> = missing.flat_map(|(_, line)| line.iter().copied()).collect();
        if !missing.is_empty() {
            file.append(&missing)?;
            contents = stamp_of_more(contents, &missing);
        }
        self.contents = Some(contents);
        Ok((file, Reopened { bytes, missing }))
    }
}

/// Lines of a journal file, without their meaning.
struct Shape {
    /// Ids of all intact lines, also of unknown kinds.
    ids: HashSet<ActionId>,
    /// Length in bytes up to the end of the last complete line.
    whole: usize,
    /// Whether the last complete line lacks its line feed.
    lacks_line_feed: bool,
}

impl Shape {
    fn of(bytes: &[u8]) -> Self {
        let mut shape = Self { ids: HashSet::new(), whole: 0, lacks_line_feed: false };
        for line in file_lines(bytes).take_while(|line| !line.is_torn()) {
            shape.ids.extend(journal_line::id_of(line.text));
            shape.whole += line.length();
            shape.lacks_line_feed = !line.is_ended;
        }
        shape
    }
}

/// Encodes entries as lines of a journal.
///
/// # Errors
/// An entry is about a document or range that does not exist.
pub(super) fn lines(entries: &[Entry], documents: &Documents) -> Result<Vec<u8>, LineError> {
    let mut texts = Texts::default();
    let mut bytes = Vec::new();
    entries.iter().try_for_each(|entry| journal_line::encode(entry, documents, &mut texts, &mut bytes))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, OpenOptions},
        io::Write,
        time::{Duration, SystemTime},
    };

    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{Action, Document, Edit, LabelSet, SpanId, Status, journal::JournalOp},
        text::Grid,
    };

    #[test]
    fn a_disk_that_sets_times_late_does_not_make_each_record_read_the_journal() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let document = Document::new("r1", "fish tacos", Grid::Natural);
        project.import(None, 0, vec![ImportItem { document, spans: Vec::new(), status: Status::Todo }]).unwrap();
        let anna = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
        let (writer, mut file) = (anna.writer(), anna.into_appender());
        let path = file.files.journal.clone();
        let set_times = |seconds: u64| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            OpenOptions::new().write(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        let mut read_again = 0;
        for sequence in 0..9 {
            let edits = vec![Edit::Status([Status::Flagged, Status::Skipped][sequence as usize % 2])];
            let op = JournalOp::Do(Action { document: "r1".into(), edits });
            let entry = Entry { id: ActionId(SpanId { writer, sequence }), at: 0, op };
            read_again += u8::from(file.prepare().unwrap().is_some());
            file.record_entries(&project.documents, &[entry]).unwrap();
            set_times(u64::from(sequence) + 1);
        }
        assert_eq!(read_again, MOST_FALSE_ALARMS);
        assert!(!file.look().unwrap(), "the contents are the same");
        // Another program writes over the last line.
        let bytes = fs::read(&path).unwrap();
        let mut other = bytes.clone();
        let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        other[last..bytes.len() - 1].fill(b' ');
        OpenOptions::new().write(true).open(&path).unwrap().write_all(&other).unwrap();
        set_times(99);
        assert!(file.look().unwrap());
        assert_eq!(fs::read(&path).unwrap().len(), bytes.len() + other.len() - last, "the line is written again");
    }
}
