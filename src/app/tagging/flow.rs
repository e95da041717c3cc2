//! From document to document.
//! Documents are marked done, skipped or flagged; actions are undone and redone; a model is asked for suggestions ahead
//! of the cursor.

use crate::{
    app::{effect::Effect, event::Level},
    spans::{ActionId, Annotation, Edit, LabelChange, Split, Status, journal::JournalOp},
    text::{number::with_noun, width},
};

use super::TagContext;

/// Number of documents for which a model is asked at once.
/// These are the one in front and those after it.
const AHEAD: usize = 4;
/// Spans that the message about an undo names, and most cells of the words of each.
const NAMED: usize = 2;
const WORDS: usize = 16;

impl TagContext<'_> {
    /// Marks the document done, without its suggestions, and goes to the next.
    pub(in crate::app) fn done(&mut self) {
        if !self.was_drawn() || self.asks_about_flag() {
            return;
        }
        let left = self.project.suggestions(self.tag.document).len();
        let new = self.annotation().status != Status::Done;
        if !self.finish(Vec::new()) {
            return;
        }
        if new && left > 0 && self.message.is_none() {
            let left = with_noun(left, "suggestion");
            self.show(Level::Info, format!("Marked done; {left} not taken (undo goes back)"));
        }
    }

    /// Takes all suggestions, marks the document done, and goes to the next.
    pub(in crate::app) fn accept_done(&mut self) {
        if !self.was_drawn() || self.reads_on() || self.asks_about_flag() {
            return;
        }
        let edits = self.edits_that_take_all();
        let taken = edits.len();
        if self.finish(edits) && taken > 0 && self.message.is_none() {
            self.show(Level::Info, format!("Done with {} as suggested", with_noun(taken, "span")));
        }
    }

    /// Whether the document in front was on the screen, so that a key pressed twice never finishes the next one.
    fn was_drawn(&mut self) -> bool {
        if !self.reports_frames || self.tag.drawn == Some(self.tag.document) {
            return true;
        }
        self.show(Level::Info, "This is the next document; press the key again to finish it, too");
        false
    }

    /// Goes to the next page if a suggestion was not on the screen yet.
    /// Nobody can have agreed to it.
    fn reads_on(&mut self) -> bool {
        if !self.reports_frames {
            return false;
        }
        let suggestions = self.project.suggestions(self.tag.document).iter();
        let unseen = suggestions.filter(|suggestion| !self.tag.has_seen(suggestion.range)).count();
        let words = self.document().map(|document| &*document.words).unwrap_or_default();
        let next = words.iter().position(|word| !self.tag.has_seen(*word));
        let Some(next) = next.filter(|_| unseen > 0) else { return false };
        self.tag.put(next);
        let unseen = with_noun(unseen, "suggestion");
        self.show(
            Level::Info,
            format!("{unseen} from here on were not on the screen yet; read on, then the key again"),
        );
        true
    }

    /// Asks for the key again if it would end the flag of the document; false if it was asked before.
    /// Flag and done are one status, so that the flag would be lost without a word.
    fn asks_about_flag(&mut self) -> bool {
        if self.annotation().status != Status::Flagged || self.project.read_only.is_some() {
            return false;
        }
        // An action since then may have flagged the document again.
        let question = Some((self.tag.document, self.project.journal.len()));
        if std::mem::replace(&mut self.tag.asked_about_flag, question) == question {
            return false;
        }
        self.show(Level::Warn, "Flagged: the key again ends the flag; go to the next document to keep it");
        true
    }

    /// Records `edits` together with the status done, and goes to the next document.
    /// False if nothing may be changed.
    fn finish(&mut self, mut edits: Vec<Edit>) -> bool {
        let new = self.annotation().status != Status::Done;
        let was_flagged = self.annotation().status == Status::Flagged;
        // The annotator has seen the text as it is now: spans that have no place in it are given up.
        edits.extend(self.annotation().lost().map(|(id, _)| Edit::Remove(id)));
        if new {
            edits.push(Edit::Status(Status::Done));
        }
        if !edits.is_empty() && !self.act(edits) {
            return false;
        }
        if new {
            self.project.mark_today(self.tag.document, Some(self.now));
        }
        self.step(true);
        if was_flagged && self.message.is_none() {
            self.show(Level::Info, "Marked done and no longer flagged (undo brings the flag back)");
        }
        true
    }

    /// Marks the document skipped, and goes to the next.
    pub(in crate::app) fn skip(&mut self) {
        if !self.was_drawn() || self.asks_about_flag() {
            return;
        }
        if self.annotation().status == Status::Skipped || self.act(vec![Edit::Status(Status::Skipped)]) {
            self.step(true);
        }
    }

    /// Flags the document; gives a flagged one its earlier status.
    pub(in crate::app) fn flag(&mut self) {
        let before = self.annotation().status;
        let status = if before == Status::Flagged { self.status_before_flag() } else { Status::Flagged };
        if self.act(vec![Edit::Status(status)]) && status == Status::Flagged && before == Status::Done {
            self.show(Level::Info, "Flagged: no model trains on it until it is done again");
        }
    }

    fn status_before_flag(&self) -> Status {
        let before = self.document().map(|document| self.project.journal.status_before(&document.id));
        match before.unwrap_or_default() {
            // Spans were added while it was flagged.
            Status::Todo | Status::Flagged if !self.annotation().spans().is_empty() => Status::Partial,
            Status::Flagged => Status::Todo,
            before => before,
        }
    }

    /// Goes to the next document, or to the one before.
    pub(in crate::app) fn step(&mut self, forward: bool) {
        let target = match self.place_in_queue() {
            Some(place) => self.tag.queue.get(if forward { place + 1 } else { place.wrapping_sub(1) }).copied(),
            None if forward => Some(self.tag.document + 1),
            None => self.tag.document.checked_sub(1),
        };
        if let Some(target) = target.filter(|target| *target < self.project.documents.len()) {
            return self.go(target);
        }
        let which = if forward { "last" } else { "first" };
        let of = if self.tag.queue.is_empty() { "document" } else { "of those that were found; esc: all" };
        self.tag.anchor = None;
        self.tag.last = None;
        self.show(Level::Info, format!("This is the {which} {of}"));
    }

    /// Place of the document in front in the queue.
    fn place_in_queue(&self) -> Option<usize> {
        self.tag.queue.iter().position(|at| *at == self.tag.document)
    }

    /// Brings a document to the front.
    /// The cursor goes where it was there before, else to the first word that may want a label; in a project that was
    /// just opened, to the first word.
    pub(in crate::app) fn go(&mut self, document: usize) {
        let Some(words) = self.project.documents.get(document).map(|document| document.words.len()) else { return };
        let front = self.project.front();
        let tag = &mut *self.tag;
        if front == Some(tag.document) {
            tag.cursors.insert(tag.document, tag.word);
        }
        if tag.document != document {
            tag.seen.clear();
        }
        tag.document = document;
        tag.anchor = None;
        tag.last = None;
        tag.nest = false;
        tag.goal = None;
        tag.pressed = None;
        tag.asked_about_flag = None;
        tag.reset_char();
        // A document outside the queue ends it.
        if !tag.queue.contains(&document) {
            tag.queue.clear();
        }
        self.project.bring_to_front(document);
        let hit = self.tag.found_word(self.project);
        let seen = self.tag.cursors.get(&document).copied();
        let word = hit.or(seen).or_else(|| self.tag.first_stop(self.project).filter(|_| front.is_some()));
        self.tag.set_word(word.unwrap_or(0).min(words.saturating_sub(1)));
        self.suggest();
    }

    /// Asks the model for suggestions on this document and the next ones.
    /// Documents of the test split get none: spans that a model has proposed cannot test models.
    pub(in crate::app) fn suggest(&mut self) {
        let Some(run) = self.suggester.clone() else { return };
        let places: Vec<usize> = match self.place_in_queue() {
            Some(place) => self.tag.queue.iter().skip(place).take(AHEAD).copied().collect(),
            None => (self.tag.document..self.project.documents.len()).take(AHEAD).collect(),
        };
        let documents = places.into_iter().filter_map(|at| self.project.documents.get(at));
        let asked = documents.filter(|document| document.split != Some(Split::Test));
        let documents: Vec<String> = asked.map(|document| document.id.clone()).collect();
        if !documents.is_empty() {
            self.effects.push(Effect::Suggest { run, documents });
        }
    }

    /// Undoes the last action, and goes to its document.
    pub(in crate::app) fn undo(&mut self) {
        let target = self.project.journal.undo_target();
        if let Some((id, document)) = target.map(|(id, document)| (id, document.to_owned())) {
            let document = self.in_front_of(id).unwrap_or(document);
            self.undo_or_redo(JournalOp::Undo(id), &document);
            self.show_documents(id, "Taken back");
        }
    }

    /// Redoes the last undone action, and goes to its document.
    pub(in crate::app) fn redo(&mut self) {
        let target = self.project.journal.redo_target();
        if let Some((id, document)) = target.map(|(id, document)| (id, document.to_owned())) {
            let document = self.in_front_of(id).unwrap_or(document);
            self.undo_or_redo(JournalOp::Redo(id), &document);
            self.show_documents(id, "Done again");
        }
    }

    /// Redoes the undone actions that a new action has discarded.
    pub(in crate::app) fn bring_back(&mut self) {
        if self.is_read_only() {
            return;
        }
        let discarded = self.project.journal.discarded();
        let Some(last) = discarded.last().copied() else {
            return self.show(Level::Info, "No undone action was discarded");
        };
        let document = self.project.journal.actions_of(last).first().map(|action| action.document.clone());
        let actions = with_noun(discarded.len(), "action");
        self.record_all(discarded.into_iter().map(JournalOp::Redo).collect());
        if let Some(at) = document.and_then(|document| self.project.position(&document)) {
            self.go(at);
        }
        self.show(Level::Info, format!("{actions} done again; one undo for each takes them back"));
    }

    /// Goes to the next document that is neither done nor skipped.
    /// After the last one, it goes on with the first.
    pub(in crate::app) fn next_open(&mut self) {
        let all: Vec<usize> = match self.tag.queue.is_empty() {
            true => (0..self.project.documents.len()).collect(),
            false => self.tag.queue.clone(),
        };
        let here = all.iter().position(|at| *at == self.tag.document).map_or(0, |place| place + 1);
        let mut others = all.iter().skip(here).chain(all.iter().take(here.saturating_sub(1)));
        match others.find(|at| !matches!(self.project.status(**at), Status::Done | Status::Skipped)) {
            Some(at) => self.go(*at),
            None => self.show(Level::Info, "Every other document is done or skipped"),
        }
    }

    /// Reports how many documents an action has changed, if more than one.
    /// Not all of them are in sight.
    fn show_documents(&mut self, id: ActionId, done: &str) {
        let documents = self.project.journal.actions_of(id).len();
        let warns = self.message.as_ref().is_some_and(|message| message.level > Level::Info);
        if documents > 1 && !warns {
            self.show(Level::Info, format!("{done} in {}", with_noun(documents, "document")));
        }
    }

    /// Id of the document in front, if an action has changed it.
    fn in_front_of(&self, id: ActionId) -> Option<String> {
        let here = &self.document()?.id;
        let changed = self.project.journal.actions_of(id).iter().any(|action| action.document == *here);
        changed.then(|| here.clone())
    }

    /// Records an undo or redo, and goes to what it has changed in `document`.
    fn undo_or_redo(&mut self, op: JournalOp, document: &str) {
        if self.is_read_only() {
            return;
        }
        let verb = if matches!(op, JournalOp::Undo(_)) { "Taken back" } else { "Done again" };
        let before = self.project.journal.annotation(document).clone();
        self.record(op);
        self.restore_label(document);
        let after = self.project.journal.annotation(document).clone();
        let (gone, come) = before.changes(&after);
        let place = come.first().or(gone.first()).map(|span| span.range);
        let changes = self.describe_changes(&before, &after, document);
        let Some(at) = self.project.position(document) else {
            return self.show(Level::Warn, format!("The document {document} is no longer in the project"));
        };
        if at != self.tag.document {
            self.go(at);
        }
        self.tag.anchor = None;
        self.tag.last = None;
        self.tag.goal = None;
        match place {
            Some(range) if self.tag.chars.is_some() => self.go_to_char(range.start),
            Some(range) => {
                let words = self.document().and_then(|document| document.words_touching(range));
                self.tag.set_word(words.map_or(self.tag.word, |words| words.start));
            }
            None => {}
        }
        if !changes.is_empty() {
            self.show(Level::Info, format!("{verb}: {changes}"));
        }
    }

    /// Describes how an annotation of `document` has changed.
    /// Of many spans, the first ones are named.
    fn describe_changes(&self, before: &Annotation, after: &Annotation, document: &str) -> String {
        let document = self.project.position(document).and_then(|at| self.project.documents.get(at));
        let text = document.map_or("", |document| &document.text);
        let (gone, come) = before.changes(after);
        let spans = gone.iter().map(|span| (span, "removed")).chain(come.iter().map(|span| (span, "is there")));
        let mut parts: Vec<String> = spans
            .clone()
            .take(NAMED)
            .map(|(span, verb)| {
                let words = width::cut(span.range.of(text), WORDS);
                format!("{} \u{ab}{words}\u{bb} {verb}", self.project.labels.name(span.label))
            })
            .collect();
        if let more @ 1.. = spans.count().saturating_sub(NAMED) {
            parts.push(format!("{more} more"));
        }
        if before.status != after.status {
            parts.push(format!("document {}", after.status.name()));
        }
        if before.note() != after.note() {
            parts.push("another note".to_owned());
        }
        parts.join(", ")
    }

    /// Adds the removed label of a span that an undo or redo has brought back.
    fn restore_label(&mut self, document: &str) {
        let mut spans = self.project.journal.annotation(document).spans().iter();
        if let Some(span) = spans.find(|span| self.project.labels.get(span.label).is_none()) {
            let name = self.project.labels.name(span.label).to_owned();
            self.effects.push(Effect::ChangeLabels(LabelChange::Add(name)));
        }
    }

    /// Records several lines of the journal and sends them to the disk together.
    pub(in crate::app) fn record_all(&mut self, ops: Vec<JournalOp>) {
        let effect = self.project.record_all(ops, self.now);
        self.effects.push(effect);
    }

    /// Copies the text of the document to the clipboard.
    pub(in crate::app) fn copy_text(&mut self) {
        if let Some(text) = self.document().map(|document| document.text.to_string()) {
            self.effects.push(Effect::Copy(text));
        }
    }
}
