//! The journal of one annotator: read with every fault told and survived, appended to line by line, each on disk
//! before it counts.

use std::{collections::HashSet, fmt, path::PathBuf};

use super::{
    Project, ProjectError,
    documents::Documents,
    file_names::{AnnotatorName, NameError},
    journal_line::{self, LineError, Maps},
    lock::{Holder, Lock},
    storage::{self, Appender, StorageError},
};
use crate::spans::{ActionId, Entry, Journal, SpanId, journal::JournalOp};

/// A line of a journal that was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedLine {
    /// Line, from 1.
    pub line: usize,
    /// Why.
    pub fault: LineError,
}

impl fmt::Display for SkippedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.fault)
    }
}

/// What the bytes of a journal say.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) entries: Vec<Entry>,
    pub(super) problems: Vec<SkippedLine>,
    /// Every line that is whole, understood or not.
    ids: HashSet<ActionId>,
    /// Bytes up to the end of the last whole line.
    pub(super) whole: usize,
    /// The last whole line lacks its line feed.
    unended: bool,
}

/// Reads a journal. A bad line costs itself only.
pub(super) fn load(bytes: &[u8], documents: &Documents) -> Loaded {
    let mut loaded = Loaded::default();
    let mut maps = Maps::default();
    for (at, piece) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let ended = piece.strip_suffix(b"\n");
        let text = ended.unwrap_or(piece);
        let fault = match journal_line::decode(text, documents, &mut maps) {
            Ok((entry, faults)) => {
                loaded.ids.insert(entry.id);
                loaded.entries.push(entry);
                loaded.problems.extend(faults.into_iter().map(|fault| SkippedLine { line: at + 1, fault }));
                None
            }
            Err(_) if ended.is_some() && text.iter().all(u8::is_ascii_whitespace) => None,
            Err(LineError::Damaged(_)) if ended.is_none() => {
                loaded.problems.push(SkippedLine { line: at + 1, fault: LineError::Torn(piece.len()) });
                return loaded;
            }
            Err(fault) => Some(fault),
        };
        if let Some(fault) = fault {
            loaded.ids.extend(journal_line::id_of(text));
            loaded.problems.push(SkippedLine { line: at + 1, fault });
        }
        loaded.whole += piece.len();
        loaded.unended = ended.is_none();
    }
    loaded
}

/// One annotator of a project: what they did, and the way to do more.
#[derive(Debug)]
pub struct Annotator {
    /// Everything done, with the state that follows from it.
    pub journal: Journal,
    /// The lines that were skipped when the journal was read.
    pub problems: Vec<SkippedLine>,
    name: AnnotatorName,
    files: Files,
    /// Writer number of lines and spans that the caller counts, and of those that are counted here.
    writers: Option<(u32, u32)>,
    /// The next line's and the next span's number.
    lines: u32,
    spans: u32,
    /// The lines recorded since opening, to be written again should another file take the journal's place.
    session: Vec<(ActionId, Vec<u8>)>,
    reloads: u32,
    /// `None` when opened for reading only.
    open: Option<(Appender, Lock)>,
}

/// Where the files of one annotator are.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) journal: PathBuf,
    pub(super) torn: PathBuf,
    pub(super) lock: PathBuf,
    /// The annotations of an import that may not be in the journal yet.
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
}

impl Annotator {
    pub(super) fn open(project: &Project, name: &AnnotatorName, now: u64) -> Result<Self, ProjectError> {
        let files = Files::of(project, name);
        storage::make_folder(&project.annotations())?;
        let same = |other: &&AnnotatorName| other.as_str().to_lowercase() == name.as_str().to_lowercase();
        if let Some(other) = project.annotators().iter().find(same).filter(|other| *other != name) {
            return Err(NameError::Case { name: name.to_string(), other: other.to_string() }.into());
        }
        let lock = Lock::take(&files.lock, &format!("annotator `{name}`"), &Holder::this(now))?;
        storage::remove_leftovers(&project.annotations());
        let mut annotator = Self::empty(name, files);
        annotator.settle_import(project)?;
        annotator.open = Some((annotator.reopen(&project.documents)?, lock));
        Ok(annotator)
    }

    pub(super) fn read_only(project: &Project, name: &AnnotatorName) -> Result<Self, ProjectError> {
        let mut annotator = Self::empty(name, Files::of(project, name));
        annotator.take(load(&annotator.bytes()?, &project.documents));
        Ok(annotator)
    }

    fn empty(name: &AnnotatorName, files: Files) -> Self {
        Self {
            journal: Journal::default(),
            problems: Vec::new(),
            name: name.clone(),
            files,
            writers: None,
            lines: 0,
            spans: 0,
            session: Vec::new(),
            reloads: 0,
            open: None,
        }
    }

    /// The annotator's name.
    pub fn name(&self) -> &AnnotatorName {
        &self.name
    }

    /// Whether nothing can be recorded.
    pub fn is_read_only(&self) -> bool {
        self.open.is_none()
    }

    /// The number of this opening: random, and no line's that was there. Who numbers spans and lines without asking
    /// each time makes their ids from this and counts of their own (see [`Self::record_entries`]). 0 when opened for
    /// reading.
    pub fn writer(&self) -> u32 {
        self.writers.unwrap_or_default().0
    }

    /// How often the journal was read anew because another file had taken its place or it had grown by itself.
    /// Whoever shows what it says compares this with the number shown.
    pub fn reloads(&self) -> u32 {
        self.reloads
    }

    /// An id for a span that is made; never one made from [`Self::writer`].
    pub fn next_span(&mut self) -> SpanId {
        let id = SpanId { writer: self.writers.unwrap_or_default().1, sequence: self.spans };
        self.spans += 1;
        id
    }

    /// Writes down what was done at `at` (seconds since 1970, UTC); on disk when this returns.
    ///
    /// # Errors
    /// Opened for reading only; about no document of the project or with a range that is none of its text; or the
    /// file system cannot take it. Then nothing was recorded.
    pub fn record(&mut self, documents: &Documents, at: u64, op: JournalOp) -> Result<ActionId, ProjectError> {
        self.record_all(documents, at, vec![op]).map(|ids| ids[0])
    }

    /// [`Self::record`] for several operations at once: all of them or none.
    ///
    /// # Errors
    /// As there.
    pub fn record_all(
        &mut self,
        documents: &Documents,
        at: u64,
        ops: Vec<JournalOp>,
    ) -> Result<Vec<ActionId>, ProjectError> {
        let (entries, bytes) = self.prepare(documents, at, ops)?;
        self.append(documents, &bytes)?;
        let ids = entries.iter().map(|entry| entry.id).collect();
        self.keep(entries, &bytes);
        Ok(ids)
    }

    /// Writes down entries that have their ids already ([`Self::writer`] and a count of the caller's own): all of them
    /// or none; on disk when this returns.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn record_entries(&mut self, documents: &Documents, entries: Vec<Entry>) -> Result<(), ProjectError> {
        if self.open.is_none() {
            return Err(ProjectError::ReadOnly(self.name.clone()));
        }
        let bytes = lines(&entries, documents).map_err(ProjectError::Record)?;
        self.append(documents, &bytes)?;
        self.keep(entries, &bytes);
        Ok(())
    }

    /// Entries with ids for these operations, and their lines.
    pub(super) fn prepare(
        &mut self,
        documents: &Documents,
        at: u64,
        ops: Vec<JournalOp>,
    ) -> Result<(Vec<Entry>, Vec<u8>), ProjectError> {
        if self.open.is_none() {
            return Err(ProjectError::ReadOnly(self.name.clone()));
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
        Ok((entries.clone(), lines(&entries, documents).map_err(ProjectError::Record)?))
    }

    /// Puts whole lines at the end of the journal.
    pub(super) fn append(&mut self, documents: &Documents, bytes: &[u8]) -> Result<(), ProjectError> {
        self.refresh(documents)?;
        let Some((file, _)) = &mut self.open else { return Err(ProjectError::ReadOnly(self.name.clone())) };
        Ok(file.append(bytes)?)
    }

    /// Takes entries whose lines are on disk.
    pub(super) fn keep(&mut self, entries: Vec<Entry>, lines: &[u8]) {
        for (entry, line) in entries.into_iter().zip(lines.split_inclusive(|byte| *byte == b'\n')) {
            self.session.push((entry.id, line.to_vec()));
            self.journal.push(entry);
        }
    }

    /// Reads the journal anew if its file is not as it was left (after a `git pull`, say); writes what was recorded
    /// since opening again if it is not in there. Opened for reading only: reads it anew in any case. Whether the
    /// journal was read.
    ///
    /// # Errors
    /// The file system cannot.
    pub fn refresh(&mut self, documents: &Documents) -> Result<bool, ProjectError> {
        let is_current = self.open.as_ref().is_some_and(|(file, _)| file.is_current());
        if !is_current {
            self.reread(documents)?;
        }
        Ok(!is_current)
    }

    /// Reads the journal anew: after [`Project::reload`] brought documents that it may speak of.
    ///
    /// # Errors
    /// The file system cannot; the journal stays as it was.
    pub fn reread(&mut self, documents: &Documents) -> Result<(), ProjectError> {
        if self.open.is_some() {
            let file = self.reopen(documents)?;
            if let Some((open, _)) = &mut self.open {
                *open = file;
            }
        } else {
            self.take(load(&self.bytes()?, documents));
        }
        self.reloads += 1;
        Ok(())
    }

    fn bytes(&self) -> Result<Vec<u8>, StorageError> {
        Ok(storage::read_if_there(&self.files.journal)?.unwrap_or_default())
    }

    fn take(&mut self, loaded: Loaded) {
        self.problems = loaded.problems;
        self.journal = Journal::replay(loaded.entries);
    }

    /// Reads the file, sets a torn end aside, and makes it ready for the next line.
    fn reopen(&mut self, documents: &Documents) -> Result<Appender, ProjectError> {
        let mut file = Appender::open(&self.files.journal)?;
        let bytes = self.bytes()?;
        let mut loaded = load(&bytes, documents);
        if let Some(torn) = bytes.get(loaded.whole..).filter(|torn| !torn.is_empty()) {
            let mut aside = torn.to_vec();
            aside.push(b'\n');
            Appender::open(&self.files.torn)?.append(&aside)?;
            file.cut(loaded.whole as u64)?;
        }
        if loaded.unended {
            file.append(b"\n")?;
        }
        let missing = self.session.iter().filter(|(id, _)| !loaded.ids.contains(id));
        let missing: Vec<u8> = missing.flat_map(|(_, line)| line.iter().copied()).collect();
        if !missing.is_empty() {
            file.append(&missing)?;
            let missing = load(&missing, documents);
            loaded.entries.extend(missing.entries);
            loaded.problems.extend(missing.problems);
        }
        self.writers.get_or_insert_with(|| free_writers(&loaded.ids));
        self.take(loaded);
        Ok(file)
    }

    /// Finishes an import that was cut off between the documents and their annotations, or forgets one that was cut
    /// off before the documents.
    pub(super) fn settle_import(&mut self, project: &Project) -> Result<(), ProjectError> {
        let Some(pending) = storage::read_if_there(&self.files.import)? else { return Ok(()) };
        // What decides is on disk now, which may be more than when the project was read.
        let fresh = project.changed_documents(project.manifest.grid)?;
        let documents = fresh.as_ref().map_or(&project.documents, |(documents, _)| documents);
        if load(&pending, documents).is_committed() {
            let lines = pending.split_inclusive(|byte| *byte == b'\n');
            let lines = lines.filter_map(|line| Some((journal_line::id_of(line.strip_suffix(b"\n")?)?, line.to_vec())));
            self.session.extend(lines);
            let file = self.reopen(documents)?;
            if let Some((open, _)) = &mut self.open {
                *open = file;
            }
        }
        Ok(storage::remove_file(&self.files.import)?)
    }
}

impl Loaded {
    /// Of the lines of a pending import: whether its documents are in the project.
    pub(super) fn is_committed(&self) -> bool {
        !self.entries.is_empty()
    }
}

fn lines(entries: &[Entry], documents: &Documents) -> Result<Vec<u8>, LineError> {
    let mut maps = Maps::default();
    let mut bytes = Vec::new();
    entries.iter().try_for_each(|entry| journal_line::encode(entry, documents, &mut maps, &mut bytes))?;
    Ok(bytes)
}

/// Two random numbers that differ and that no line here has as its writer.
fn free_writers(ids: &HashSet<ActionId>) -> (u32, u32) {
    let taken: HashSet<u32> = ids.iter().map(|id| id.0.writer).collect();
    loop {
        // The low 32 bits of a version 4 UUID are random.
        let [.., a, b, c, d] = uuid::Uuid::new_v4().into_bytes();
        let writer = u32::from_be_bytes([a, b, c, d]);
        let spans = writer.wrapping_add(1);
        if !taken.contains(&writer) && !taken.contains(&spans) {
            return (writer, spans);
        }
    }
}
