//! The open project: documents, labels, the journal with its unsaved lines, and the model's suggestions.
//!
//! An edit changes the journal here at once; its line is kept until the storage has said that it is on disk. A failed
//! save loses nothing: the lines stay, and go out again with the next action or by hand.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::spans::{
    ActionId, Annotation, Document, Entity, Entry, Gazetteer, Journal, LabelSet, Span, SpanId, Status,
    journal::JournalOp,
};

use super::{
    effect::Effect,
    event::Opened,
    pace::Pace,
    suggestions::{Advice, Adviser, Opinion, Suggestion},
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
    /// How far each document is: lists ask of all at once.
    statuses: Vec<Status>,
    /// How many documents have each status, kept up to date because every frame may ask.
    counts: [usize; Status::ALL.len()],
    today: HashSet<String>,
    /// Words of the documents that are done.
    words_done: usize,
    pace: Pace,
    advice: Advice,
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

static UNTOUCHED: Annotation = Annotation::untouched();

impl Project {
    /// The project that was opened.
    pub fn new(opened: Opened) -> Self {
        let index = opened.documents.iter().enumerate().map(|(at, document)| (document.id.clone(), at)).collect();
        let (mut counts, mut words_done, mut statuses) = ([0; Status::ALL.len()], 0, Vec::new());
        for document in &opened.documents {
            let status = opened.journal.annotation(&document.id).status;
            statuses.push(status);
            counts.iter_mut().zip(Status::ALL).filter(|(_, known)| **known == status).for_each(|(n, _)| *n += 1);
            words_done += if status == Status::Done { document.words.len() } else { 0 };
        }
        Self {
            name: opened.name,
            annotator: opened.annotator,
            documents: opened.documents,
            labels: opened.labels.with_keys(),
            journal: opened.journal,
            device: opened.device,
            read_only: opened.read_only,
            index,
            statuses,
            counts,
            today: opened.done_today.into_iter().collect(),
            words_done,
            pace: Pace::default(),
            advice: Advice::new(opened.gazetteer, opened.patterns),
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

    /// How far document `at` is.
    pub fn status(&self, at: usize) -> Status {
        self.statuses.get(at).copied().unwrap_or_default()
    }

    /// When document `at` was last changed, in seconds since 1970, UTC; `None` if it never was.
    pub fn touched(&self, at: usize) -> Option<u64> {
        self.journal.last_change(&self.documents.get(at)?.id)
    }

    /// How many documents have each status, in the order of [`Status::ALL`].
    pub fn counts(&self) -> [usize; Status::ALL.len()] {
        self.counts
    }

    /// How many documents were marked done today and still are.
    pub fn done_today(&self) -> usize {
        self.today.iter().filter(|id| self.journal.annotation(id).status == Status::Done).count()
    }

    /// Remembers that a document was marked done today; by a hand at `now` (seconds since 1970), whose pace that tells, or with
    /// many others at once.
    pub(super) fn mark_today(&mut self, at: usize, now: Option<u64>) {
        if let Some(document) = self.documents.get(at) {
            self.today.insert(document.id.clone());
            now.into_iter().for_each(|now| self.pace.mark(now));
        }
    }

    /// How many words the documents have that are done: what a model has to learn from.
    pub fn words_done(&self) -> usize {
        self.words_done
    }

    /// Seconds that a document takes, lately, pauses left out; `None` while that is not known.
    pub fn pace(&self) -> Option<f64> {
        self.pace.seconds()
    }

    /// Seconds that the documents will take that are neither done nor skipped, at this pace.
    #[allow(clippy::cast_precision_loss, reason = "numbers of documents are small")]
    pub fn seconds_left(&self) -> Option<f64> {
        let open = Status::ALL
            .into_iter()
            .zip(self.counts)
            .filter(|(status, _)| matches!(status, Status::Todo | Status::Partial | Status::Flagged));
        Some(self.pace()? * open.map(|(_, n)| n).sum::<usize>() as f64)
    }

    /// An identity that nothing had before.
    pub(super) fn new_id(&mut self) -> SpanId {
        self.sequence = self.sequence.wrapping_add(1);
        SpanId { writer: self.writer, sequence: self.sequence }
    }

    /// Takes an operation into the journal and sends its line to the disk, with all that failed before.
    pub(super) fn record(&mut self, op: JournalOp, at: u64) -> Effect {
        self.record_all(vec![op], at)
    }

    /// Takes several operations into the journal, one after the other, and sends their lines to the disk together.
    pub(super) fn record_all(&mut self, ops: Vec<JournalOp>, at: u64) -> Effect {
        let entries: Vec<Entry> = ops.into_iter().map(|op| Entry { id: ActionId(self.new_id()), at, op }).collect();
        let subjects: HashSet<usize> = entries.iter().flat_map(|entry| self.subjects(&entry.op)).collect();
        let before: Vec<(usize, Annotation)> =
            subjects.into_iter().map(|at| (at, self.annotation(at).clone())).collect();
        for entry in &entries {
            self.journal.push(entry.clone());
        }
        for (at, before) in before {
            let Some(document) = self.documents.get(at) else { continue };
            let after = self.journal.annotation(&document.id);
            if let Some(status) = self.statuses.get_mut(at) {
                *status = after.status;
            }
            for (n, &known) in self.counts.iter_mut().zip(Status::ALL) {
                *n = *n + usize::from(after.status == known) - usize::from(before.status == known);
            }
            let words = |annotation: &Annotation| {
                if annotation.status == Status::Done { document.words.len() } else { 0 }
            };
            self.words_done = self.words_done + words(after) - words(&before);
            self.advice.changed(document, &before, after);
        }
        if let Some(document) = self.advice.front().and_then(|at| self.documents.get(at)) {
            self.advice.look_again(document, self.journal.annotation(&document.id), &self.labels);
        }
        self.saving.pending.extend(entries.iter().cloned());
        self.resend().unwrap_or(Effect::Record { attempt: self.saving.attempt, entries })
    }

    /// The documents that an operation is about.
    fn subjects(&self, op: &JournalOp) -> Vec<usize> {
        let actions = match op {
            JournalOp::Do(action) => std::slice::from_ref(action),
            JournalOp::DoAll(actions) => actions,
            JournalOp::Undo(id) | JournalOp::Redo(id) => self.journal.actions_of(*id),
        };
        actions.iter().filter_map(|action| self.position(&action.document)).collect()
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
    pub(super) fn suggest(&mut self, document: &str, run: String, found: Vec<Entity>, uncertainty: Option<f32>) {
        self.advice.found(document.to_owned(), Opinion { run, found, uncertainty });
        if self.front().is_some() && self.front() == self.position(document) {
            self.look();
        }
    }

    /// Whether what a model found in document `at` differs from its spans; `None` if no model was asked about it, or nobody has
    /// tagged it yet.
    pub fn mismatch(&self, at: usize) -> Option<bool> {
        let (document, annotation) = (self.documents.get(at)?, self.annotation(at));
        // Where nobody has said anything yet, nothing can be seen otherwise.
        if annotation.status != Status::Done && annotation.spans().is_empty() {
            return None;
        }
        let label = |name: &str| self.labels.named(name).map(|label| label.id);
        let found = self.advice.of_model(&document.id)?.found.iter().map(|found| (found.range, label(&found.label)));
        let spans = annotation.spans().iter().map(|span| (span.range, Some(span.label)));
        let (mut found, mut spans): (Vec<_>, Vec<_>) = (found.collect(), spans.collect());
        found.sort_unstable();
        spans.sort_unstable();
        Some(found != spans)
    }

    /// Whether a model was asked about the document with this id.
    pub(super) fn model_has_spoken(&self, document: &str) -> bool {
        self.advice.of_model(document).is_some()
    }

    /// What a model finds in document `at`, on word borders, with the run's name. The spans have no identity of their own.
    ///
    /// # Errors
    /// Why it says nothing.
    pub fn model_spans(&self, at: usize) -> Result<(String, Vec<Span>), &'static str> {
        let document = self.documents.get(at).ok_or("There is no such document")?;
        self.advice.of_model_as_spans(document, &self.labels)
    }

    /// How unsure a model is of document `at`, in nats a word; `None` if none was asked.
    pub fn uncertainty(&self, at: usize) -> Option<f32> {
        self.advice.of_model(&self.documents.get(at)?.id)?.uncertainty
    }

    /// How often models have said something, or what they said was dropped.
    pub(super) fn opinions(&self) -> usize {
        self.advice.opinions()
    }

    /// Of how many documents a model has said something.
    pub fn asked(&self) -> usize {
        self.advice.asked()
    }

    /// Drops all that models suggested.
    pub(super) fn forget_suggestions(&mut self) {
        self.advice.forget();
        self.look();
    }

    /// Whether patterns or what was tagged before may suggest something.
    pub(super) fn has_advisers(&self) -> bool {
        self.advice.has_advisers()
    }

    /// The document in front, once one was.
    pub(super) fn front(&self) -> Option<usize> {
        self.advice.front()
    }

    /// Brings a document to the front: the only one with suggestions.
    pub(super) fn look_at(&mut self, at: usize) {
        if let Some(document) = self.documents.get(at) {
            self.advice.look(at, document, self.journal.annotation(&document.id), &self.labels);
        }
    }

    fn look(&mut self) {
        if let Some(at) = self.advice.front() {
            self.look_at(at);
        }
    }

    /// The label set has changed on disk.
    pub(super) fn set_labels(&mut self, labels: LabelSet) {
        let merged = labels.retired() != self.labels.retired();
        self.labels = labels.with_keys();
        self.advice.renamed();
        if merged {
            self.journal.resolve(&self.labels);
            let journal = &self.journal;
            self.advice.learn_anew(Gazetteer::of(&self.documents, |id| journal.annotation(id)));
        }
        self.look();
    }

    /// Raises or lowers the bar for suggestions by a step; says where it is, or `None` at its end.
    pub(super) fn move_bar(&mut self, up: bool) -> Option<f32> {
        let moved = self.advice.move_bar(up);
        if let Some(document) = self.advice.front().and_then(|at| self.documents.get(at)) {
            self.advice.sift(self.journal.annotation(&document.id));
        }
        moved.then(|| self.advice.bar())
    }

    /// Lets somebody suggest, or not; whether it may now.
    pub(super) fn toggle_adviser(&mut self, adviser: Adviser) -> bool {
        let document = self.advice.front().and_then(|at| self.documents.get(at));
        let on = self.advice.toggle(adviser, document);
        self.look();
        on
    }

    /// The suggestions on document `at` that are still open, in reading order; only the one in front has any.
    pub fn suggestions(&self, at: usize) -> &[Suggestion] {
        self.advice.open(at)
    }

    /// Whether somebody moved the bar.
    pub fn bar_moved(&self) -> bool {
        self.advice.bar_moved()
    }

    /// Below this score nothing is suggested.
    pub fn bar(&self) -> f32 {
        self.advice.bar()
    }
}
