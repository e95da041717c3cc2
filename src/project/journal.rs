//! The journal of one annotator.
//! Reading reports and skips bad lines; a recorded line is on disk before it counts.

use std::{
    collections::{BTreeSet, HashSet},
    fmt,
    path::PathBuf,
};

use super::{
    Project, ProjectError,
    documents::Documents,
    file_names::{AnnotatorName, NameError},
    journal_appender::{Files, JournalAppender, Reopened, lines},
    journal_line::{self, Decoded, LineError},
    journal_lines::file_lines,
    known_texts::Texts,
    lock::Lock,
    random_number, storage,
};
use crate::spans::{ActionId, Edit, Entry, Journal, SpanId, Status, journal::JournalOp};

/// A line of a journal that was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedLine {
    /// Line, from 1.
    pub line: usize,
    /// The reason.
    pub fault: LineError,
}

impl fmt::Display for SkippedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.fault)
    }
}

/// Contents of a journal file.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) entries: Vec<Entry>,
    pub(super) problems: Vec<SkippedLine>,
    /// Documents whose text was changed since the last line about them was recorded.
    pub(super) changed: BTreeSet<String>,
    /// Places in `entries` of lines that were recorded against another text, with the documents that have another one now.
    outdated: Vec<(usize, Vec<String>)>,
    /// Ids of all intact lines, also of unknown kinds.
    ids: HashSet<ActionId>,
    /// Whether a line is about a document that was removed since.
    is_about_removed: bool,
}

/// Parses a journal. A bad line is skipped; the others count.
pub(super) fn load(bytes: &[u8], documents: &Documents) -> Loaded {
    let mut loaded = load_lines(bytes, documents);
    loaded.doubt_documents_without_spans();
    loaded
}

fn load_lines(bytes: &[u8], documents: &Documents) -> Loaded {
    let mut loaded = Loaded::default();
    let mut texts = Texts::default();
    // Lines about documents that are missing, with their places in the problems.
    let mut missing: Vec<(ActionId, usize)> = Vec::new();
    for line in file_lines(bytes) {
        if line.is_torn() {
            loaded.problems.push(SkippedLine { line: line.number, fault: LineError::Torn(line.length()) });
            break;
        }
        let fault = match journal_line::decode(line.text, documents, &mut texts) {
            Ok(Decoded { entry, faults, changed }) => {
                loaded.ids.insert(entry.id);
                loaded.add(entry, changed);
                // The lines of a document that was removed are no fault.
                let faults = faults.into_iter().filter(|fault| !matches!(fault, LineError::Removed(_)));
                loaded.problems.extend(faults.map(|fault| SkippedLine { line: line.number, fault }));
                None
            }
            Err(LineError::Removed(_)) => {
                loaded.is_about_removed = true;
                loaded.ids.extend(journal_line::id_of(line.text));
                None
            }
            Err(_) if line.is_blank() => None,
            Err(fault) => Some(fault),
        };
        if let Some(fault) = fault {
            let id = journal_line::id_of(line.text);
            loaded.ids.extend(id);
            if matches!(fault, LineError::NoDocument(_)) {
                missing.extend(id.map(|id| (id, loaded.problems.len())));
            }
            loaded.problems.push(SkippedLine { line: line.number, fault });
        }
    }
    loaded.forget_undone(&missing);
    loaded
}

/// An annotator of a project, with the journal and a way to record more.
#[derive(Debug)]
pub struct Annotator {
    /// All actions, and the state that follows from them.
    pub journal: Journal,
    /// Lines that were skipped when the journal was read.
    pub problems: Vec<SkippedLine>,
    /// Documents whose text was changed since the last line about them was recorded.
    pub changed: BTreeSet<String>,
    /// Writer number of ids that the caller numbers, and of ids numbered here.
    /// `None` when opened for reading.
    writers: Option<(u32, u32)>,
    /// Sequence numbers of the next line and of the next span.
    lines: u32,
    spans: u32,
    file: JournalAppender,
}

impl Project {
    /// Opens an annotator for writing and takes the annotator's lock.
    /// A new name gets an empty journal.
    ///
    /// `now` is in seconds since 1970, UTC.
    ///
    /// # Errors
    /// Another process has the annotator open (the error names it), or the file system refuses.
    pub fn annotator(&self, name: &AnnotatorName, now: u64) -> Result<Annotator, ProjectError> {
        Annotator::open(self, name, now)
    }

    /// As [`Self::annotator`]; if the journal cannot be written, it is opened for reading, with the reason.
    ///
    /// If the reason is a full disk, the annotator can record as soon as there is space.
    ///
    /// # Errors
    /// The name cannot be used, or the journal cannot be read either.
    pub fn annotator_or_reader(
        &self,
        name: &AnnotatorName,
        now: u64,
    ) -> Result<(Annotator, Option<ProjectError>), ProjectError> {
        Annotator::open_or_read(self, name, now)
    }

    /// Opens an annotator for reading, without a lock. Writes nothing.
    ///
    /// # Errors
    /// The journal exists and cannot be read.
    pub fn read_annotator(&self, name: &AnnotatorName) -> Result<Annotator, ProjectError> {
        Annotator::read_only(self, name)
    }

    /// Path of the journal of an annotator.
    pub fn journal_file(&self, name: &AnnotatorName) -> PathBuf {
        Files::of(self, name).journal
    }

    /// All annotators whose journal has at least one line, sorted by name.
    pub fn contributors(&self) -> Vec<AnnotatorName> {
        let mut names = self.annotators();
        names.retain(|name| std::fs::metadata(Files::of(self, name).journal).is_ok_and(|file| file.len() > 0));
        names
    }
}

impl Annotator {
    pub(super) fn open(project: &Project, name: &AnnotatorName, now: u64) -> Result<Self, ProjectError> {
        let mut annotator = Self::empty(project, name, now);
        annotator.open_for_writing(project)?;
        Ok(annotator)
    }

    fn open_or_read(
        project: &Project,
        name: &AnnotatorName,
        now: u64,
    ) -> Result<(Self, Option<ProjectError>), ProjectError> {
        let mut annotator = Self::empty(project, name, now);
        let refusal = match annotator.open_for_writing(project) {
            Ok(()) => return Ok((annotator, None)),
            Err(refusal @ (ProjectError::Lock(_) | ProjectError::Storage(_))) => refusal,
            Err(error) => return Err(error),
        };
        let file = &mut annotator.file;
        let Ok(bytes) = file.read() else { return Err(refusal) };
        let loaded = load(&bytes, &project.documents);
        let is_full = matches!(&refusal, ProjectError::Storage(error) if error.is_full());
        // What an interrupted import left must come into the journal before anything else.
        if is_full && !file.files.import.exists() {
            file.waits_for_space = true;
            annotator.writers = Some(free_writers(&loaded.ids));
        } else {
            file.lock = None;
        }
        annotator.replace_journal(loaded);
        Ok((annotator, Some(refusal)))
    }

    /// Takes the lock and opens the journal for writing.
    fn open_for_writing(&mut self, project: &Project) -> Result<(), ProjectError> {
        storage::make_folder(&project.annotations())?;
        let name = self.name();
        let lowercase = name.as_str().to_lowercase();
        let names = project.annotators();
        let same = names.iter().find(|other| other.as_str().to_lowercase() == lowercase);
        if let Some(other) = same.filter(|other| *other != name) {
            return Err(NameError::Case { name: name.to_string(), other: other.to_string() }.into());
        }
        self.file.take_lock()?;
        self.settle_import(project)?;
        let reopened = self.file.open()?;
        self.reload(&reopened, &project.documents);
        Ok(())
    }

    pub(super) fn read_only(project: &Project, name: &AnnotatorName) -> Result<Self, ProjectError> {
        let mut annotator = Self::empty(project, name, 0);
        let bytes = annotator.file.read()?;
        annotator.replace_journal(load(&bytes, &project.documents));
        Ok(annotator)
    }

    fn empty(project: &Project, name: &AnnotatorName, since: u64) -> Self {
        Self {
            journal: Journal::default(),
            problems: Vec::new(),
            changed: BTreeSet::new(),
            writers: None,
            lines: 0,
            spans: 0,
            file: JournalAppender::closed(name, Files::of(project, name), since),
        }
    }

    /// Annotator that is not open, whose lock the caller has taken.
    pub(super) fn locked(project: &Project, name: &AnnotatorName, lock: Lock) -> Self {
        let mut annotator = Self::empty(project, name, 0);
        annotator.file.lock = Some(lock);
        annotator
    }

    /// Ends the last line of the journal, or moves it to a file of its own if it is torn.
    /// The lock is held.
    pub(super) fn complete(&mut self) -> Result<(), ProjectError> {
        self.file.complete().map(drop)
    }

    /// Name of the annotator.
    pub fn name(&self) -> &AnnotatorName {
        &self.file.name
    }

    /// Whether the annotator was opened for reading only.
    pub fn is_read_only(&self) -> bool {
        self.file.is_read_only()
    }

    /// Returns the journal file alone, with the lock, without the actions in memory.
    pub fn into_appender(self) -> JournalAppender {
        self.file
    }

    /// Writer number for ids that the caller numbers (see [`Self::record_entries`]).
    ///
    /// Drawn at random at each opening and used by no line of the journal. 0 when opened for reading.
    pub fn writer(&self) -> u32 {
        self.writers.unwrap_or_default().0
    }

    /// Returns an id for a new span; never one with the number of [`Self::writer`].
    pub fn next_span(&mut self) -> SpanId {
        let id = SpanId { writer: self.writers.unwrap_or_default().1, sequence: self.spans };
        self.spans += 1;
        id
    }

    /// Records one operation at time `at` (seconds since 1970, UTC).
    /// It is on disk when this returns.
    ///
    /// # Errors
    /// The annotator was opened for reading only, the operation names a document or range that does not exist, or the
    /// file system refuses. Then nothing was recorded.
    #[cfg(test)]
    pub fn record(&mut self, documents: &Documents, at: u64, op: JournalOp) -> Result<ActionId, ProjectError> {
        self.record_all(documents, at, vec![op]).map(|ids| ids[0])
    }

    /// Records several operations at time `at` (seconds since 1970, UTC): all of them or none.
    /// They are on disk when this returns.
    ///
    /// # Errors
    /// As [`Self::record_entries`].
    pub fn record_all(
        &mut self,
        documents: &Documents,
        at: u64,
        ops: Vec<JournalOp>,
    ) -> Result<Vec<ActionId>, ProjectError> {
        let (entries, bytes) = self.prepare(documents, at, ops)?;
        self.append(documents, &bytes)?;
        let ids = entries.iter().map(|entry| entry.id).collect();
        self.add_entries(entries, &bytes);
        Ok(ids)
    }

    /// Records entries that have ids already: all of them or none.
    ///
    /// The ids consist of [`Self::writer`] and a sequence number of the caller. The entries are on disk when this returns.
    ///
    /// # Errors
    /// The annotator was opened for reading only, an entry names a document or range that does not exist, or the file
    /// system refuses. Then nothing was recorded.
    pub fn record_entries(&mut self, documents: &Documents, entries: Vec<Entry>) -> Result<(), ProjectError> {
        if self.is_read_only() {
            return Err(ProjectError::ReadOnly(self.name().clone()));
        }
        let bytes = lines(&entries, documents).map_err(ProjectError::Record)?;
        self.append(documents, &bytes)?;
        self.add_entries(entries, &bytes);
        Ok(())
    }

    /// Makes entries with ids from these operations, and their lines.
    pub(super) fn prepare(
        &mut self,
        documents: &Documents,
        at: u64,
        ops: Vec<JournalOp>,
    ) -> Result<(Vec<Entry>, Vec<u8>), ProjectError> {
        if self.is_read_only() {
            return Err(ProjectError::ReadOnly(self.name().clone()));
        }
        let mut entries = Vec::with_capacity(ops.len());
        for op in ops {
            entries.push(Entry {
                id: ActionId(SpanId { writer: self.writers.unwrap_or_default().1, sequence: self.lines }),
                at,
                op,
            });
            self.lines += 1;
        }
        let lines = lines(&entries, documents).map_err(ProjectError::Record)?;
        Ok((entries, lines))
    }

    /// Appends complete lines to the journal file.
    pub(super) fn append(&mut self, documents: &Documents, bytes: &[u8]) -> Result<(), ProjectError> {
        if let Some(reopened) = self.file.prepare()? {
            self.reload(&reopened, documents);
        }
        self.file.append(bytes)
    }

    /// Adds entries whose lines are on disk to the journal in memory.
    pub(super) fn add_entries(&mut self, entries: Vec<Entry>, lines: &[u8]) {
        self.file.remember(entries.iter().map(|entry| entry.id), lines);
        self.journal.extend(entries);
    }

    /// Reads the journal again.
    /// This is needed after [`Project::reload`] brought new documents.
    ///
    /// # Errors
    /// The file system refuses; the journal in memory is unchanged.
    pub fn reread(&mut self, documents: &Documents) -> Result<(), ProjectError> {
        if self.file.is_open() {
            let reopened = self.file.open()?;
            self.reload(&reopened, documents);
        } else {
            let bytes = self.file.read()?;
            self.replace_journal(load(&bytes, documents));
        }
        Ok(())
    }

    /// Takes the contents of a journal file that was opened.
    fn reload(&mut self, reopened: &Reopened, documents: &Documents) {
        let mut loaded = load(&reopened.bytes, documents);
        let missing = load(&reopened.missing, documents);
        loaded.entries.extend(missing.entries);
        loaded.problems.extend(missing.problems);
        loaded.changed.extend(missing.changed);
        self.writers.get_or_insert_with(|| free_writers(&loaded.ids));
        self.replace_journal(loaded);
    }

    fn replace_journal(&mut self, loaded: Loaded) {
        self.problems = loaded.problems;
        self.changed = loaded.changed;
        self.journal = Journal::replay(loaded.entries);
    }

    /// Completes or discards an interrupted import.
    /// It is completed if its documents had been written.
    pub(super) fn settle_import(&mut self, project: &Project) -> Result<(), ProjectError> {
        let Some(log) = self.file.files.import_log()? else { return Ok(()) };
        // The documents on disk decide; they may be newer than those in memory.
        let fresh = project.changed_documents(project.manifest.grid)?;
        let documents = fresh.as_ref().map_or(&project.documents, |(documents, _)| documents);
        if load(&log.bytes, documents).is_committed() {
            let lines = log.bytes.split_inclusive(|byte| *byte == b'\n');
            for line in lines {
                let id = line.strip_suffix(b"\n").and_then(journal_line::id_of);
                self.file.remember(id.into_iter(), line);
            }
            if self.file.is_open() {
                let reopened = self.file.open()?;
                self.reload(&reopened, documents);
            } else {
                self.file.complete()?;
            }
        }
        Ok(log.remove()?)
    }
}

impl Loaded {
    /// Drops what is said about actions that are undone, as those of an import that was undone with its documents.
    fn forget_undone(&mut self, missing: &[(ActionId, usize)]) {
        let mut undone = HashSet::new();
        for entry in &self.entries {
            match entry.op {
                JournalOp::Undo(id) => _ = undone.insert(id),
                JournalOp::Redo(id) => _ = undone.remove(&id),
                JournalOp::Do(_) | JournalOp::DoAll(_) => {}
            }
        }
        if undone.is_empty() {
            return;
        }
        let forgotten: HashSet<usize> =
            missing.iter().filter(|(id, _)| undone.contains(id)).map(|(_, place)| *place).collect();
        let mut place = 0;
        self.problems.retain(|_| {
            place += 1;
            !forgotten.contains(&(place - 1))
        });
        if !self.changed.is_empty() {
            let lasting = self.entries.iter().filter(|entry| !undone.contains(&entry.id));
            let documents: HashSet<&str> = lasting.flat_map(|entry| entry.op.documents()).collect();
            self.changed.retain(|document| documents.contains(document.as_str()));
        }
    }

    /// Adds a line. `changed`: the documents whose text was changed since it was recorded.
    fn add(&mut self, entry: Entry, changed: Vec<String>) {
        if !self.changed.is_empty() {
            // Whoever worked on the text as it is now has seen it.
            let seen = entry.op.documents().filter(|document| !changed.iter().any(|changed| changed == document));
            seen.for_each(|document| _ = self.changed.remove(document));
        }
        if !changed.is_empty() {
            self.changed.extend(changed.iter().cloned());
            self.outdated.push((self.entries.len(), changed));
        }
        self.entries.push(entry);
    }

    /// Puts the status of documents in doubt that were done without spans before their text was replaced.
    ///
    /// A lost span shows that a document must be reviewed. Without spans nothing does, and that another text has none
    /// either is not known. A status that was set for the present text is not in doubt.
    fn doubt_documents_without_spans(&mut self) {
        if self.outdated.is_empty() {
            return;
        }
        let places: HashSet<usize> = self.outdated.iter().map(|(place, _)| *place).collect();
        let entries = self.entries.iter().enumerate();
        let before = entries.filter(|(place, entry)| places.contains(place) || entry.op.documents().next().is_none());
        let journal = Journal::replay(before.map(|(_, entry)| entry.clone()));
        let is_doubtful = |document: &str| {
            let state = journal.annotation(document);
            state.status == Status::Done && state.spans().is_empty()
        };
        for (place, changed) in &self.outdated {
            let Some(entry) = self.entries.get_mut(*place) else { continue };
            let actions = match &mut entry.op {
                JournalOp::Do(action) => std::slice::from_mut(action),
                JournalOp::DoAll(actions) => actions.as_mut_slice(),
                JournalOp::Undo(_) | JournalOp::Redo(_) => &mut [],
            };
            let actions = actions.iter_mut().filter(|action| changed.contains(&action.document));
            let edits = actions.filter(|action| is_doubtful(&action.document)).flat_map(|action| &mut action.edits);
            edits.filter(|edit| **edit == Edit::Status(Status::Done)).for_each(|edit| *edit = Edit::Doubt);
        }
    }

    /// Whether the import whose log this is was committed.
    /// Its documents are in the project.
    pub(super) fn is_committed(&self) -> bool {
        !self.entries.is_empty() || self.is_about_removed
    }
}

/// Draws two different writer numbers that no line of the journal has.
fn free_writers(ids: &HashSet<ActionId>) -> (u32, u32) {
    let taken: HashSet<u32> = ids.iter().map(|id| id.0.writer).collect();
    loop {
        let writer = random_number();
        let spans = writer.wrapping_add(1);
        if !taken.contains(&writer) && !taken.contains(&spans) {
            return (writer, spans);
        }
    }
}
