//! The open project: documents, labels, the journal with its unsaved lines, and the model's suggestions.
//!
//! An edit changes the journal here at once; its line is kept until the storage has said that it is on disk. A failed
//! save loses nothing: the lines stay, and go out again with the next action or by hand.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::{
    spans::{ActionId, Annotation, Document, Entry, Journal, LabelId, LabelSet, Source, SpanId, Status, journal::Deed},
    text::TextRange,
};

use super::{
    effect::Effect,
    event::{Found, Opened},
};

/// A project as the screens see it.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder's name.
    pub name: String,
    /// Who tags.
    pub annotator: String,
    /// The documents, in order.
    pub documents: Vec<Document>,
    /// The labels, in order.
    pub labels: LabelSet,
    /// What was done, the unsaved included.
    pub journal: Journal,
    /// The device that a training would take, and why.
    pub device: String,
    /// Why nothing may be changed, if so.
    pub read_only: Option<String>,
    index: HashMap<String, usize>,
    /// How many documents have each status, kept up to date because every frame may ask.
    counts: [usize; Status::ALL.len()],
    today: HashSet<String>,
    suggestions: HashMap<String, (String, Vec<Found>)>,
    writer: u32,
    sequence: u32,
    saving: Saving,
}

/// Lines on their way to the disk.
#[derive(Clone, Debug, Default)]
struct Saving {
    attempt: u64,
    pending: VecDeque<Entry>,
    failure: Option<String>,
}

/// What "saved" on the screen says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveState {
    /// Every line is on disk.
    Saved,
    /// So many lines are on their way.
    Saving(usize),
    /// So many lines could not be written.
    Failed(usize),
}

/// A suggestion that does not collide with any span.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// Where, on word borders.
    pub range: TextRange,
    /// The label.
    pub label: LabelId,
    /// The model's probability.
    pub score: f32,
    /// The run whose model speaks.
    pub run: String,
}

impl Suggestion {
    /// Where a span that takes this suggestion comes from.
    pub fn source(&self) -> Source {
        Source::Model { run: self.run.clone(), score: self.score }
    }
}

/// A model that is less sure than this of what it suggests is guessing.
const LEAST_SCORE: f32 = 0.3;

static UNTOUCHED: Annotation = Annotation::untouched();

impl Project {
    /// The project that was opened.
    pub fn new(opened: Opened) -> Self {
        let index = opened.documents.iter().enumerate().map(|(at, document)| (document.id.clone(), at)).collect();
        let mut counts = [0; Status::ALL.len()];
        for document in &opened.documents {
            let status = opened.journal.annotation(&document.id).status;
            counts.iter_mut().zip(Status::ALL).filter(|(_, known)| *known == status).for_each(|(n, _)| *n += 1);
        }
        Self {
            name: opened.name,
            annotator: opened.annotator,
            documents: opened.documents,
            // Letters are commands.
            labels: opened.labels.with_digits(),
            journal: opened.journal,
            device: opened.device,
            read_only: opened.read_only,
            index,
            counts,
            today: opened.done_today.into_iter().collect(),
            suggestions: HashMap::new(),
            writer: opened.writer,
            sequence: 0,
            saving: Saving::default(),
        }
    }

    /// The place of the document with this id.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// What is said about document `at`.
    pub fn annotation(&self, at: usize) -> &Annotation {
        self.documents.get(at).map_or(&UNTOUCHED, |document| self.journal.annotation(&document.id))
    }

    /// When document `at` was last changed, in seconds since 1970, UTC; `None` if it never was.
    pub fn touched(&self, at: usize) -> Option<u64> {
        self.journal.touched(&self.documents.get(at)?.id)
    }

    /// How many documents have each status, in the order of [`Status::ALL`].
    pub fn counts(&self) -> [usize; Status::ALL.len()] {
        self.counts
    }

    /// How many documents were marked done today and still are.
    pub fn done_today(&self) -> usize {
        self.today.iter().filter(|id| self.journal.annotation(id).status == Status::Done).count()
    }

    /// Remembers that a document was marked done today.
    pub(super) fn mark_today(&mut self, at: usize) {
        if let Some(document) = self.documents.get(at) {
            self.today.insert(document.id.clone());
        }
    }

    /// An identity that nothing had before.
    pub(super) fn new_id(&mut self) -> SpanId {
        self.sequence = self.sequence.wrapping_add(1);
        SpanId { writer: self.writer, sequence: self.sequence }
    }

    /// Takes a deed into the journal and sends its line to the disk, with all that failed before.
    pub(super) fn record(&mut self, deed: Deed, at: u64) -> Effect {
        let entry = Entry { id: ActionId(self.new_id()), at, deed };
        let touched = self.subject(&entry.deed);
        let status = |project: &Self| touched.map(|at| project.annotation(at).status);
        let before = status(self);
        self.journal.push(entry.clone());
        let after = status(self);
        for (n, known) in self.counts.iter_mut().zip(Status::ALL) {
            *n = *n + usize::from(after == Some(known)) - usize::from(before == Some(known));
        }
        self.saving.pending.push_back(entry.clone());
        self.resend().unwrap_or_else(|| Effect::Record { attempt: self.saving.attempt, entries: vec![entry] })
    }

    /// The document that a deed is about. Only the next undo and the next redo are ever recorded.
    fn subject(&self, deed: &Deed) -> Option<usize> {
        let document = match deed {
            Deed::Do(action) => &action.document,
            Deed::Undo(_) => self.journal.undo_target()?.1,
            Deed::Redo(_) => self.journal.redo_target()?.1,
        };
        self.position(document)
    }

    /// Sends all lines that are not acknowledged, if saving failed before.
    pub(super) fn resend(&mut self) -> Option<Effect> {
        self.saving.failure.take()?;
        self.saving.attempt += 1;
        let entries = self.saving.pending.iter().cloned().collect();
        Some(Effect::Record { attempt: self.saving.attempt, entries })
    }

    /// These lines are on disk, whichever attempt brought them there.
    pub(super) fn saved(&mut self, ids: &[ActionId]) {
        self.saving.pending.retain(|entry| !ids.contains(&entry.id));
        if self.saving.pending.is_empty() {
            self.saving.failure = None;
        }
    }

    /// The lines of this attempt could not be written. Stale news are dropped.
    pub(super) fn save_failed(&mut self, attempt: u64, message: String) {
        if attempt == self.saving.attempt && !self.saving.pending.is_empty() {
            self.saving.failure = Some(message);
        }
    }

    /// What "saved" may say.
    pub fn save_state(&self) -> SaveState {
        match (self.saving.pending.len(), &self.saving.failure) {
            (0, _) => SaveState::Saved,
            (n, None) => SaveState::Saving(n),
            (n, Some(_)) => SaveState::Failed(n),
        }
    }

    /// Why the last save failed, while it is not put right.
    pub fn save_failure(&self) -> Option<&str> {
        self.saving.failure.as_deref()
    }

    /// Takes a model's suggestions for a document in place of earlier ones.
    pub(super) fn suggest(&mut self, document: String, run: String, found: Vec<Found>) {
        self.suggestions.insert(document, (run, found));
    }

    /// Drops all suggestions.
    pub(super) fn forget_suggestions(&mut self) {
        self.suggestions.clear();
    }

    /// The suggestions on document `at` that are still open: on word borders, with a label of this project, away from
    /// every span and from each other, and not mere guesses.
    pub fn suggestions(&self, at: usize) -> Vec<Suggestion> {
        let Some(document) = self.documents.get(at) else { return Vec::new() };
        let Some((run, found)) = self.suggestions.get(&document.id) else { return Vec::new() };
        let annotation = self.annotation(at);
        let mut open: Vec<Suggestion> = Vec::new();
        for one in found.iter().filter(|one| one.score >= LEAST_SCORE) {
            let words = document.words_touching(one.range).and_then(|words| document.range_of_words(words));
            let (Some(range), Some(label)) = (words, self.labels.find(&one.label)) else { continue };
            let free = annotation.spans().iter().all(|span| !span.range.overlaps(range))
                && open.iter().all(|other| !other.range.overlaps(range));
            if free && !range.is_empty() {
                open.push(Suggestion { range, label: label.id, score: one.score, run: run.clone() });
            }
        }
        open.sort_by_key(|suggestion| suggestion.range);
        open
    }
}
