//! From document to document.
//! Documents are marked done, skipped or flagged; actions are undone and redone; a model is asked for suggestions ahead
//! of the cursor.

use std::iter;

use crate::{
    app::{effect::Effect, event::Level},
    spans::{ActionId, Annotation, Edit, LabelChange, NextDocument, Split, Status, journal::JournalOp},
    text::{TextRange, number::with_noun, width},
};

use super::{TagContext, edits::Taking};

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
        let Taking { edits, left } = self.take_sure_ones();
        let taken = edits.len();
        if !self.finish(edits) || self.message.is_some() {
            return;
        }
        let done =
            if taken > 0 { format!("Done with {} as suggested", with_noun(taken, "span")) } else { "Done".into() };
        match left {
            0 if taken == 0 => {}
            0 => self.show(Level::Info, done),
            left => {
                let left = self.less_sure_ones(left);
                self.show(Level::Info, format!("{done}; {left} not taken (undo goes back)"));
            }
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
        let sure = suggestions.filter(|suggestion| suggestion.score >= self.settings.take_above);
        let unseen = sure.filter(|suggestion| !self.tag.has_seen(suggestion.range)).count();
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

    /// Goes to the next document, or to the one before; from outside the queue, back to it.
    pub(in crate::app) fn step(&mut self, forward: bool) {
        let target = match (self.place_in_queue(), self.tag.left_at) {
            (Some(place), _) => self.tag.queue.get(if forward { place + 1 } else { place.wrapping_sub(1) }).copied(),
            (None, Some(left)) => self.tag.queue.get(left).or(self.tag.queue.last()).copied(),
            (None, None) if self.chooses_next() => self.tag.next.neighbour(self.project, forward),
            (None, None) if forward => Some(self.tag.document + 1),
            (None, None) => self.tag.document.checked_sub(1),
        };
        if let Some(target) = target.filter(|target| *target < self.project.documents.len()) {
            return self.go(target);
        }
        self.tag.anchor = None;
        self.tag.last = None;
        self.show_end_of_documents(forward);
    }

    /// Shows why no document follows.
    fn show_end_of_documents(&mut self, forward: bool) {
        let text = match (self.tag.queue.is_empty(), forward) {
            (true, true) if self.chooses_next() => "Every open document was in front already".to_owned(),
            (true, false) if self.chooses_next() => "No document was in front before this one".to_owned(),
            (is_empty, _) => {
                let which = if forward { "last" } else { "first" };
                let of = if is_empty { "document" } else { "of those that were found; esc: all" };
                format!("This is the {which} {of}")
            }
        };
        self.show(Level::Info, text);
    }

    /// Whether a rule chooses the next document; the documents of a queue have their own order.
    fn chooses_next(&self) -> bool {
        self.settings.next != NextDocument::InOrder && self.tag.queue.is_empty()
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
        tag.left_at = None;
        tag.keeps_answer = false;
        tag.next.arrived(document);
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

    /// Brings a document to the front in which something was undone or redone.
    /// One outside the queue does not end it: "next" and "previous" return to it.
    pub(in crate::app) fn go_to_change(&mut self, document: usize) {
        if self.tag.queue.is_empty() || self.tag.queue.contains(&document) {
            return self.go(document);
        }
        let left_at = self.place_in_queue().or(self.tag.left_at);
        let queue = std::mem::take(&mut self.tag.queue);
        self.go(document);
        self.tag.queue = queue;
        self.tag.left_at = left_at;
    }

    /// Asks the model for suggestions on this document and the next ones.
    /// Documents of the test split get none: spans that a model has proposed cannot test models. The one in front is not
    /// asked about where its suggestions stay.
    pub(in crate::app) fn suggest(&mut self) {
        let Some(run) = self.suggester.clone() else { return };
        let places: Vec<usize> = match self.place_in_queue() {
            Some(place) => self.tag.queue.iter().skip(place).take(AHEAD).copied().collect(),
            None if self.chooses_next() => {
                iter::once(self.tag.document).chain(self.tag.next.coming(self.project)).take(AHEAD).collect()
            }
            None => (self.tag.document..self.project.documents.len()).take(AHEAD).collect(),
        };
        let kept = Some(self.tag.document).filter(|_| self.tag.keeps_answer);
        let places = places.into_iter().filter(|at| Some(*at) != kept);
        let documents = places.filter_map(|at| self.project.documents.get(at));
        let asked = documents.filter(|document| document.split != Some(Split::Test));
        let documents: Vec<String> = asked.map(|document| document.id.clone()).collect();
        if !documents.is_empty() {
            self.effects.push(Effect::Suggest { run, documents });
        }
    }

    /// Undoes the last action, and goes to its document.
    pub(in crate::app) fn undo(&mut self) {
        if let Some((id, document)) = self.project.journal.undo_target() {
            let document = document.to_owned();
            self.undo_or_redo(JournalOp::Undo(id), id, document);
        }
    }

    /// Redoes the last undone action, and goes to its document.
    pub(in crate::app) fn redo(&mut self) {
        if let Some((id, document)) = self.project.journal.redo_target() {
            let document = document.to_owned();
            self.undo_or_redo(JournalOp::Redo(id), id, document);
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
            self.go_to_change(at);
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
        let left = self.tag.left_at.unwrap_or(0);
        let here = all.iter().position(|at| *at == self.tag.document);
        let (before, after) = here.map_or((left, left), |place| (place, place + 1));
        let mut others = all.iter().skip(after).chain(all.iter().take(before));
        match others.find(|at| !matches!(self.project.status(**at), Status::Done | Status::Skipped)) {
            Some(at) => self.go(*at),
            None => self.show(Level::Info, "Every other document is done or skipped"),
        }
    }

    /// Whether the document in front is one that an action has changed.
    fn is_in_front(&self, id: ActionId) -> bool {
        let here = self.document().map(|document| document.id.as_str());
        self.project.journal.actions_of(id).iter().any(|action| Some(action.document.as_str()) == here)
    }

    /// Records the undo or redo of an action, and goes to what it has changed.
    /// `document` is the first document of the action. What was done in other documents without a look at them leaves
    /// the user here.
    fn undo_or_redo(&mut self, op: JournalOp, id: ActionId, document: String) {
        if self.is_read_only() {
            return;
        }
        let verb = if matches!(op, JournalOp::Undo(_)) { "Taken back" } else { "Done again" };
        let is_in_front = self.is_in_front(id);
        let stays = !is_in_front && self.project.journal.is_for_all(id);
        let here = self.document().map(|document| document.id.clone()).filter(|_| is_in_front);
        let document = here.unwrap_or(document);
        let (effect, before) = self.project.record_and_keep(vec![op], self.now);
        self.effects.push(effect);
        self.restore_label(&document);
        let position = self.project.position(&document);
        let Some((at, before)) = position.and_then(|at| Some((at, before.get(&at)?))) else {
            return self.show(Level::Warn, format!("The document {document} is no longer in the project"));
        };
        let (place, changes) = self.find_changes(at, before);
        if !stays {
            self.show_change(at, place);
        }
        match self.project.journal.actions_of(id).len() {
            0 | 1 if changes.is_empty() => {}
            0 | 1 if stays => self.show(Level::Info, format!("{verb} in {document}: {changes}")),
            0 | 1 => self.show(Level::Info, format!("{verb}: {changes}")),
            // Not all of them are in sight.
            documents => self.show(Level::Info, format!("{verb} in {}", with_noun(documents, "document"))),
        }
    }

    /// Goes to a document that an undo or redo has changed, and to the place of the change.
    fn show_change(&mut self, document: usize, place: Option<TextRange>) {
        if document != self.tag.document {
            self.go_to_change(document);
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
    }

    /// Finds how the annotation of document `at` has changed since `before`: the first place, and a description.
    /// Of many spans, the first ones are named.
    fn find_changes(&self, at: usize, before: &Annotation) -> (Option<TextRange>, String) {
        let after = self.project.annotation(at);
        let text = self.project.documents.get(at).map_or("", |document| &document.text);
        let (gone, come) = before.changes(after);
        let place = come.first().or(gone.first()).map(|span| span.range);
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
        (place, parts.join(", "))
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
