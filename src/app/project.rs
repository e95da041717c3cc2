//! The open project.
//! It holds the documents, the labels, the journal with its unsaved lines, and the suggestions.
//!
//! An edit changes the journal here at once; its line is kept until the storage has confirmed that it is on disk. A failed
//! save loses nothing: the lines stay, and are sent again with the next action or by hand.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use crate::{
    runs::live::{FinishedDocument, Predicted},
    spans::{
        ActionId, Annotation, DocumentList, Entry, Gazetteer, HalfWords, Journal, LabelId, LabelRecord, LabelSet, Span,
        SpanId, SpanSource, Split, Status, adjudication::ADJUDICATOR, dataset::word_spans, journal::JournalOp,
        mistakes::compare,
    },
};

use super::{
    effect::Effect,
    event::Opened,
    finished::{FinishReport, Finished, Finishing, Taken},
    hold_back::HoldBack,
    pace::Pace,
    suggestions::{HELD_BACK, ModelOutput, Suggestion, SuggestionSource, Suggestions, entity_spans},
};

/// The open project.
#[derive(Clone, Debug)]
pub struct Project {
    /// Name of its folder.
    pub name: String,
    /// Path of its folder.
    pub folder: String,
    /// Name of the annotator.
    pub annotator: String,
    /// The documents, in order.
    pub documents: DocumentList,
    /// The labels, in order.
    pub labels: LabelSet,
    /// Changes of the labels that were recorded, the oldest first.
    pub label_records: Vec<LabelRecord>,
    /// The annotator's journal, with the lines that are not saved yet.
    pub journal: Journal,
    /// The device that a training would take, and why.
    pub device: String,
    /// The project's tagging guide (`GUIDE.md`); empty without one.
    pub guide: String,
    /// Reason why nothing may be changed, if any.
    pub read_only: Option<String>,
    /// Ids of documents that were erased, or of which earlier texts were.
    pub(super) erased: Arc<HashSet<String>>,
    /// Whether another annotator has a journal here.
    pub has_others: bool,
    /// Whether it is no project, but a run outside any, or a folder of such runs.
    pub only_runs: bool,
    /// Status of each document, kept since lists need all of them at once.
    statuses: Vec<Status>,
    /// Number of documents of each status, kept since every frame may need it.
    counts: [usize; Status::ALL.len()],
    /// Number of documents whose text was changed so that they must be looked at again.
    to_review: usize,
    /// Ids of the documents that were marked done today.
    today: HashSet<String>,
    /// Words of the documents that are done.
    words_done: usize,
    pace: Pace,
    suggestions: Suggestions,
    finishing: Finishing,
    /// Number of this program run in the identities that it makes.
    writer: u32,
    /// Number of the last identity.
    sequence: u32,
    saving: Saving,
}

/// Journal lines on their way to the disk.
#[derive(Clone, Debug, Default)]
struct Saving {
    attempt: u64,
    pending: VecDeque<Entry>,
    failure: Option<String>,
    /// Seconds for which the disk has not answered, if that is long.
    delay: Option<u64>,
}

/// Save state shown to the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveState {
    /// Every line is on disk.
    Saved,
    /// This many lines are on their way.
    Saving(usize),
    /// This many lines could not be written.
    Failed(usize),
}

static UNTOUCHED: Annotation = Annotation::untouched();

impl Project {
    /// Makes a project from its files.
    pub fn new(opened: Opened) -> Self {
        let documents = opened.documents.iter();
        let statuses: Vec<Status> =
            documents.clone().map(|document| opened.journal.annotation(&document.id).status).collect();
        let mut counts = [0; Status::ALL.len()];
        for (n, known) in counts.iter_mut().zip(Status::ALL.iter()) {
            *n = statuses.iter().filter(|status| *status == known).count();
        }
        let done = documents.zip(&statuses).filter(|(_, status)| **status == Status::Done);
        // The adjudicator sees what others have labelled, so that no label of theirs is free of suggestions.
        let held_back = if opened.annotator == ADJUDICATOR { 0 } else { opened.live.held_back };
        let words_done = done.map(|(document, _)| document.words.len()).sum();
        let annotations = opened.documents.iter().map(|document| opened.journal.annotation(&document.id));
        let to_review = annotations.filter(|annotation| annotation.needs_review()).count();
        Self {
            name: opened.name,
            folder: opened.folder,
            annotator: opened.annotator,
            documents: opened.documents,
            labels: opened.labels.with_keys(),
            label_records: opened.label_records,
            journal: opened.journal,
            device: opened.device,
            guide: opened.guide,
            read_only: opened.read_only,
            has_others: opened.has_others,
            erased: opened.erased,
            only_runs: opened.only_runs,
            finishing: Finishing::new(
                statuses.iter().map(|status| matches!(status, Status::Done | Status::Flagged)).collect(),
            ),
            statuses,
            counts,
            to_review,
            today: opened.done_today.into_iter().collect(),
            words_done,
            pace: Pace::default(),
            suggestions: Suggestions::new(
                opened.gazetteer,
                opened.patterns,
                opened.predicted,
                HoldBack::new(held_back).after(opened.exposure),
            ),
            writer: opened.writer,
            sequence: 0,
            saving: Saving::default(),
        }
    }

    /// Whether the user is the adjudicator.
    pub fn is_adjudicator(&self) -> bool {
        self.annotator == ADJUDICATOR
    }

    /// Position of the document with this id.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.documents.position(id)
    }

    /// Annotation of document `at`; an untouched one if there is no such document.
    pub fn annotation(&self, at: usize) -> &Annotation {
        self.documents.get(at).map_or(&UNTOUCHED, |document| self.journal.annotation(&document.id))
    }

    /// Status of document `at`.
    pub fn status(&self, at: usize) -> Status {
        self.statuses.get(at).copied().unwrap_or_default()
    }

    /// Time of the last change of document `at`, in seconds since 1970, UTC.
    /// `None` if it was never changed.
    pub fn touched(&self, at: usize) -> Option<u64> {
        self.journal.last_change(&self.documents.get(at)?.id)
    }

    /// Number of documents of each status, in the order of [`Status::ALL`].
    pub fn counts(&self) -> [usize; Status::ALL.len()] {
        self.counts
    }

    /// Number of documents whose text was changed, so that spans have lost their place or the status is in doubt.
    pub fn to_review(&self) -> usize {
        self.to_review
    }

    /// Number of documents that have one of these statuses.
    pub fn count(&self, wanted: &[Status]) -> usize {
        let counts = Status::ALL.iter().zip(self.counts);
        counts.filter(|(status, _)| wanted.contains(status)).map(|(_, n)| n).sum()
    }

    /// Number of documents that were marked done today and still are.
    pub fn done_today(&self) -> usize {
        self.today.iter().filter(|id| self.journal.annotation(id).status == Status::Done).count()
    }

    /// Counts a document as done today.
    /// `now` (seconds since 1970) goes into the pace; `None` where many documents were marked at once.
    pub(super) fn mark_today(&mut self, at: usize, now: Option<u64>) {
        if let Some(document) = self.documents.get(at) {
            self.today.insert(document.id.clone());
        }
        if let Some(now) = now {
            self.pace.mark(now);
        }
    }

    /// Number of words in the documents that are done: what a model can learn from.
    pub fn words_done(&self) -> usize {
        self.words_done
    }

    /// Seconds that a document has taken lately, without pauses.
    /// `None` while too few are known.
    pub fn pace(&self) -> Option<f64> {
        self.pace.seconds()
    }

    /// Seconds that the documents take that are neither done nor skipped, at this pace.
    #[allow(clippy::cast_precision_loss, reason = "numbers of documents are small")]
    pub fn seconds_left(&self) -> Option<f64> {
        let open = self.count(&[Status::Todo, Status::Partial, Status::Flagged]);
        Some(self.pace()? * open as f64)
    }

    /// Returns an identity that nothing had before.
    pub(super) fn new_id(&mut self) -> SpanId {
        self.sequence = self.sequence.wrapping_add(1);
        SpanId { writer: self.writer, sequence: self.sequence }
    }

    /// Adds a line to the journal and sends it to the disk.
    /// Lines that could not be saved before go first.
    pub(super) fn record(&mut self, op: JournalOp, at: u64) -> Effect {
        self.record_all(vec![op], at)
    }

    /// Adds several lines to the journal and sends them to the disk together.
    pub(super) fn record_all(&mut self, ops: Vec<JournalOp>, at: u64) -> Effect {
        self.record_and_keep(ops, at).0
    }

    /// Does the same, and returns the documents that the lines change, with their annotations before.
    pub(super) fn record_and_keep(&mut self, ops: Vec<JournalOp>, at: u64) -> (Effect, HashMap<usize, Annotation>) {
        let entries: Vec<Entry> = ops.into_iter().map(|op| Entry { id: ActionId(self.new_id()), at, op }).collect();
        let subjects: HashSet<usize> = entries.iter().flat_map(|entry| self.subjects(&entry.op)).collect();
        let before: HashMap<usize, Annotation> =
            subjects.into_iter().map(|at| (at, self.annotation(at).clone())).collect();
        self.journal.extend(entries.iter().cloned());
        for (at, before) in &before {
            self.annotation_changed(*at, before);
        }
        if let Some(document) = self.front().and_then(|at| self.documents.get(at)) {
            self.suggestions.refresh_gazetteer(document, self.journal.annotation(&document.id), &self.labels);
        }
        self.saving.pending.extend(entries.iter().cloned());
        let effect = self.resend().unwrap_or(Effect::Record { attempt: self.saving.attempt, entries });
        (effect, before)
    }

    /// Updates what is kept about document `at`, whose annotation was `before`.
    fn annotation_changed(&mut self, at: usize, before: &Annotation) {
        let Some(document) = self.documents.get(at) else { return };
        let after = self.journal.annotation(&document.id);
        if let Some(status) = self.statuses.get_mut(at) {
            *status = after.status;
        }
        for (n, known) in self.counts.iter_mut().zip(Status::ALL.iter()) {
            *n = *n + usize::from(after.status == *known) - usize::from(before.status == *known);
        }
        self.to_review = self.to_review + usize::from(after.needs_review()) - usize::from(before.needs_review());
        if before.status == Status::Done {
            self.words_done -= document.words.len();
        }
        if after.status == Status::Done {
            self.words_done += document.words.len();
        }
        self.suggestions.annotation_changed(document, before, after);
        if before.status != Status::Done && after.status == Status::Done {
            self.note_finished(at);
        } else if before.status == Status::Done && after.status != Status::Done {
            // Finished again in a later session, it is not new to the user.
            self.suggestions.hold_back.note(&document.id);
            self.finishing.waiting.push(FinishReport::Reopened(document.id.clone()));
        }
    }

    /// Keeps what was predicted and suggested in document `at`, which was finished just now.
    fn note_finished(&mut self, at: usize) {
        let Some(document) = self.documents.get(at) else { return };
        let output = self.suggestions.output(&document.id);
        let held_back = self.is_unaided(at) && self.finishing.is_first(at);
        let is_before = self.finishing.is_before(at, output.map(|output| output.run.as_str()));
        let predicted = output.filter(|_| is_before).map(|output| Predicted {
            model: output.run.clone(),
            spans: entity_spans(document, &self.labels, &output.found),
        });
        let document = FinishedDocument { id: document.id.clone(), predicted, held_back };
        let taken = Taken::count(self.suggestions.shown(at), self.journal.annotation(&document.id));
        self.finishing.waiting.push(FinishReport::Finished(Finished { document, taken }));
    }

    /// Whether no suggestion can have influenced the labels of document `at`, because it was held back.
    fn is_unaided(&self, at: usize) -> bool {
        let is_by_hand = |span: &Span| span.source == SpanSource::Human;
        !self.is_adjudicator() && self.is_held_back(at) && self.annotation(at).spans().iter().all(is_by_hand)
    }

    /// Takes the documents that were finished or reopened since the last call, in order.
    pub(super) fn take_finished(&mut self) -> Vec<FinishReport> {
        std::mem::take(&mut self.finishing.waiting)
    }

    /// Positions of the documents that a line changes.
    fn subjects(&self, op: &JournalOp) -> Vec<usize> {
        let actions = match op {
            JournalOp::Do(action) => std::slice::from_ref(action),
            JournalOp::DoAll(actions) => actions,
            JournalOp::Undo(id) | JournalOp::Redo(id) => self.journal.actions_of(*id),
        };
        actions.iter().filter_map(|action| self.position(&action.document)).collect()
    }

    /// Sends all unsaved lines again, if saving failed before.
    pub(super) fn resend(&mut self) -> Option<Effect> {
        self.saving.failure.take()?;
        self.saving.attempt += 1;
        let entries = self.saving.pending.iter().cloned().collect();
        Some(Effect::Record { attempt: self.saving.attempt, entries })
    }

    /// Drops lines that are on disk, by whichever attempt.
    pub(super) fn saved(&mut self, ids: &[ActionId]) {
        let ids: HashSet<ActionId> = ids.iter().copied().collect();
        self.saving.pending.retain(|entry| !ids.contains(&entry.id));
        self.saving.delay = None;
        if self.saving.pending.is_empty() {
            self.saving.failure = None;
        }
    }

    /// Keeps why the lines of an attempt could not be written.
    /// News of an earlier attempt are ignored.
    pub(super) fn save_failed(&mut self, attempt: u64, message: String) {
        self.saving.delay = None;
        if attempt == self.saving.attempt && !self.saving.pending.is_empty() {
            self.saving.failure = Some(message);
        }
    }

    /// Keeps for how long the disk has not answered.
    pub(super) fn save_delayed(&mut self, seconds: u64) {
        self.saving.delay = Some(seconds).filter(|_| !self.saving.pending.is_empty());
    }

    /// Seconds for which the disk has not answered, if lines wait for it for long.
    pub fn save_delay(&self) -> Option<u64> {
        self.saving.delay
    }

    /// Save state shown to the user.
    pub fn save_state(&self) -> SaveState {
        match (self.saving.pending.len(), &self.saving.failure) {
            (0, _) => SaveState::Saved,
            (n, None) => SaveState::Saving(n),
            (n, Some(_)) => SaveState::Failed(n),
        }
    }

    /// Reason why the last save failed, until a later one succeeds.
    pub fn save_failure(&self) -> Option<&str> {
        self.saving.failure.as_deref()
    }

    /// Replaces a model's suggestions for a document.
    pub(super) fn suggest(&mut self, document: &str, output: ModelOutput) {
        self.suggestions.set_output(document.to_owned(), output, &self.labels);
        if self.front().is_some() && self.front() == self.position(document) {
            self.refresh_suggestions();
        }
    }

    /// Whether the spans of document `at` differ from the model's.
    /// `None` if no model was asked about it, or if it is not done and has no spans to compare.
    pub fn mismatch(&self, at: usize) -> Option<bool> {
        let document = self.documents.get(at)?;
        let annotation = self.annotation(at);
        if annotation.status != Status::Done && annotation.spans().is_empty() {
            return None;
        }
        let found = self.suggestions.output(&document.id)?.found.iter();
        let mut found: Vec<_> = found.map(|found| (found.range, self.label_id(&found.label))).collect();
        let mut spans: Vec<_> = annotation.spans().iter().map(|span| (span.range, Some(span.label))).collect();
        found.sort_unstable();
        spans.sort_unstable();
        Some(found != spans)
    }

    /// Number of places at which the model differs from the spans of document `at`, as in its view of the document.
    /// `None` as for [`Self::mismatch`].
    pub fn disagreement(&self, at: usize) -> Option<usize> {
        self.mismatch(at)?;
        let document = self.documents.get(at)?;
        let found = &self.suggestions.output(&document.id)?.found;
        let (own, _) = word_spans(document, self.annotation(at), &self.labels, HalfWords::Snap);
        Some(compare(&own, &entity_spans(document, &self.labels, found)).len())
    }

    /// Places per word at which the model differs from the spans of document `at`, or, if it has none, from what patterns
    /// and earlier spans suggest there. `None` if no model was asked about it, or if it has no words.
    #[allow(clippy::cast_precision_loss, reason = "numbers of words are small")]
    pub(super) fn divergence(&self, at: usize) -> Option<f32> {
        let document = self.documents.get(at)?;
        let model = entity_spans(document, &self.labels, &self.suggestions.output(&document.id)?.found);
        let annotation = self.annotation(at);
        let other = match annotation.spans() {
            [] => self.suggestions.remembered(document, &self.labels),
            _ => word_spans(document, annotation, &self.labels, HalfWords::Snap).0,
        };
        let words = document.words.len();
        (words > 0).then(|| compare(&other, &model).len() as f32 / words as f32)
    }

    fn label_id(&self, name: &str) -> Option<LabelId> {
        self.labels.named(name).map(|label| label.id)
    }

    /// The run whose model has answered for document `at`.
    pub(super) fn answering_model(&self, at: usize) -> Option<&str> {
        self.suggestions.output(&self.documents.get(at)?.id).map(|output| output.run.as_str())
    }

    /// Whether document `at` is shown without suggestions, so that they can be judged, and always was.
    pub fn is_held_back(&self, at: usize) -> bool {
        let document = self.documents.get(at).filter(|document| document.split != Some(Split::Test));
        document.is_some_and(|document| self.suggestions.hold_back.hides(document))
    }

    /// Whether document `at` is held back and not done yet, so that nothing may show what a model finds in it.
    pub fn hides_model(&self, at: usize) -> bool {
        self.is_held_back(at) && self.status(at) != Status::Done
    }

    /// Holds documents back from now on, or no longer; returns one in how many, 0 for none.
    pub(super) fn toggle_hold_back(&mut self) -> usize {
        let every = self.suggestions.hold_back.toggle();
        self.refresh_suggestions();
        every
    }

    /// Takes note that the user sees what a model finds in document `at`.
    pub(super) fn expose(&mut self, at: usize) {
        if let Some(document) = self.documents.get(at) {
            self.suggestions.hold_back.expose(&document.id);
        }
    }

    /// Which documents are held back. Those that were finished here count as seen: what models find in them was shown.
    pub(super) fn hold_back(&self) -> HoldBack {
        let mut hold_back = self.suggestions.hold_back.clone();
        let finished = self.finishing.known().filter_map(|at| self.documents.get(at));
        finished.for_each(|document| hold_back.expose(&document.id));
        hold_back
    }

    /// Goes on with what was held back before the project was read again.
    pub(super) fn set_hold_back(&mut self, hold_back: HoldBack) {
        let earlier = std::mem::take(&mut self.suggestions.hold_back).into_earlier();
        self.suggestions.hold_back = hold_back.after(earlier);
    }

    /// Takes the ids of documents that count as shown with suggestions in later sessions.
    pub(super) fn take_shown(&mut self) -> Vec<String> {
        self.suggestions.hold_back.take_unreported()
    }

    /// Whether a model has answered for the document with this id.
    pub(super) fn has_model_output(&self, document: &str) -> bool {
        self.suggestions.output(document).is_some()
    }

    /// Returns the run that answered for document `at`, and its spans.
    /// The spans are on word borders and have no identities.
    ///
    /// # Errors
    /// Why there are none, as shown to the user.
    pub fn model_spans(&self, at: usize) -> Result<(String, Vec<Span>), &'static str> {
        let document = self.documents.get(at).ok_or("There is no such document")?;
        if self.hides_model(at) {
            return Err(HELD_BACK);
        }
        self.suggestions.model_spans(document, &self.labels)
    }

    /// A model's uncertainty about document `at`, in nats a word, if known.
    pub fn uncertainty(&self, at: usize) -> Option<f32> {
        self.suggestions.output(&self.documents.get(at)?.id)?.uncertainty
    }

    /// Number that changes with the answers of models.
    /// It also changes with the labels that they are compared with.
    pub(super) fn model_revision(&self) -> usize {
        self.suggestions.revision()
    }

    /// Number of documents for which a model has answered.
    pub fn model_output_count(&self) -> usize {
        self.suggestions.output_count()
    }

    /// Drops all suggestions of models.
    pub(super) fn forget_suggestions(&mut self) {
        self.suggestions.clear_outputs();
        self.refresh_suggestions();
    }

    /// Whether patterns or earlier spans may suggest something.
    pub(super) fn has_local_sources(&self) -> bool {
        self.suggestions.has_local_sources()
    }

    /// The document in front; `None` before the first one.
    pub(super) fn front(&self) -> Option<usize> {
        self.suggestions.front()
    }

    /// Brings a document to the front: it alone has suggestions.
    pub(super) fn bring_to_front(&mut self, at: usize) {
        if let Some(document) = self.documents.get(at) {
            self.suggestions.refresh(at, document, self.journal.annotation(&document.id), &self.labels);
        }
    }

    fn refresh_suggestions(&mut self) {
        if let Some(at) = self.front() {
            self.bring_to_front(at);
        }
    }

    /// Replaces the label set after it has changed on disk.
    pub(super) fn set_labels(&mut self, labels: LabelSet) {
        let merged = labels.retired() != self.labels.retired();
        self.labels = labels.with_keys();
        self.suggestions.labels_changed();
        if merged {
            self.journal.resolve(&self.labels);
            let journal = &self.journal;
            let gazetteer = Gazetteer::of(&self.documents, |id| journal.annotation(id));
            self.suggestions.set_gazetteer(gazetteer);
        }
        self.refresh_suggestions();
    }

    /// Raises or lowers the bar for suggestions by a step.
    /// Returns its new value, or `None` at its end.
    pub(super) fn move_bar(&mut self, up: bool) -> Option<f32> {
        let moved = self.suggestions.move_bar(up);
        if let Some(document) = self.front().and_then(|at| self.documents.get(at)) {
            self.suggestions.filter_open(document, self.journal.annotation(&document.id));
        }
        moved.then(|| self.suggestions.bar())
    }

    /// Turns a source of suggestions on or off; returns whether it is on now.
    pub(super) fn toggle_source(&mut self, source: SuggestionSource) -> bool {
        let document = self.front().and_then(|at| self.documents.get(at));
        let on = self.suggestions.toggle(source, document);
        self.refresh_suggestions();
        on
    }

    /// The open suggestions on document `at`, in reading order.
    /// Only the document in front has any.
    pub fn suggestions(&self, at: usize) -> &[Suggestion] {
        self.suggestions.open(at)
    }

    /// Whether the bar for suggestions was moved.
    pub fn is_bar_moved(&self) -> bool {
        self.suggestions.is_bar_moved()
    }

    /// Score below which suggestions are hidden.
    pub fn bar(&self) -> f32 {
        self.suggestions.bar()
    }
}
