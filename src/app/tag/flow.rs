//! From document to document: done, skip, flag, undo and redo.

use crate::{
    app::{effect::Effect, event::Level},
    spans::{ActionId, Edit, LabelChange, Split, Status, journal::JournalOp},
    text::number::with_noun,
};

use super::Desk;

/// How many documents ahead suggestions are asked for.
const AHEAD: usize = 4;
/// Why there are no suggestions on a document of the test part.
pub(in super::super) const TESTS: &str = "This text tests models, so none suggests anything here";

impl Desk<'_> {
    /// Marks the document done, with all suggestions if `take`, and goes to the next.
    pub(super) fn done(&mut self, take: bool) {
        // There is nothing to take: an untouched text must not become one in which nothing is to be found.
        if take && self.no_suggestions_here() && self.annotation().spans().is_empty() {
            let text = format!("{TESTS}: label it by hand; then it is done without them");
            return self.tell(Level::Info, text);
        }
        let mut edits = if take { self.suggested() } else { Vec::new() };
        let taken = edits.len();
        let left = if take { 0 } else { self.project.suggestions(self.tag.document).len() };
        let new = self.annotation().status != Status::Done;
        if new {
            edits.push(Edit::Status(Status::Done));
        }
        if edits.is_empty() || self.act(edits) {
            if new {
                self.project.mark_today(self.tag.document, Some(self.now));
            }
            self.step(true);
            if taken > 0 && self.told.is_none() {
                self.tell(Level::Info, format!("Done with {} as suggested", with_noun(taken, "span")));
            }
            if new && left > 0 && self.told.is_none() {
                let left = with_noun(left, "suggestion");
                self.tell(Level::Info, format!("Done without the {left} there; go back and take them, or not"));
            }
        }
    }

    pub(super) fn skip(&mut self) {
        if self.annotation().status == Status::Skipped || self.act(vec![Edit::Status(Status::Skipped)]) {
            self.step(true);
        }
    }

    pub(super) fn flag(&mut self) {
        let status = match self.annotation().status {
            Status::Flagged => {
                let before = self.document().map(|document| self.project.journal.status_before(&document.id));
                match before.unwrap_or_default() {
                    // What was tagged while it was flagged is begun.
                    Status::Todo | Status::Flagged if !self.annotation().spans().is_empty() => Status::Partial,
                    Status::Flagged => Status::Todo,
                    before => before,
                }
            }
            _ => Status::Flagged,
        };
        let trained = self.annotation().status == Status::Done;
        if self.act(vec![Edit::Status(status)]) && status == Status::Flagged && trained {
            self.tell(Level::Info, "Flagged: it teaches no model until it is done again");
        }
    }

    /// Goes to the next document, or to the one before.
    pub(super) fn step(&mut self, forward: bool) {
        let target = match self.tag.queue.iter().position(|at| *at == self.tag.document) {
            Some(place) => self.tag.queue.get(if forward { place + 1 } else { place.wrapping_sub(1) }).copied(),
            None if forward => Some(self.tag.document + 1),
            None => self.tag.document.checked_sub(1),
        };
        let Some(target) = target.filter(|target| *target < self.project.documents.len()) else {
            let which = if forward { "last" } else { "first" };
            let of = if self.tag.queue.is_empty() { "document" } else { "of those that were found; esc: all" };
            (self.tag.anchor, self.tag.last) = (None, None);
            return self.tell(Level::Info, format!("This is the {which} {of}"));
        };
        self.go(target);
    }

    /// Brings a document to the front, with the cursor where it was there.
    pub(super) fn go(&mut self, document: usize) {
        let Some(words) = self.project.documents.get(document).map(|document| document.words.len()) else { return };
        let tag = &mut *self.tag;
        // Nothing was in front of a project that was just opened. There the cursor is on the first word, where one begins to
        // read; who goes on to another document wants to go on labelling.
        let goes_on = self.project.front().is_some();
        if self.project.front() == Some(tag.document) {
            tag.cursors.insert(tag.document, tag.word);
        }
        tag.document = document;
        (tag.anchor, tag.last, tag.nest, tag.goal, tag.pressed) = (None, None, false, None, None);
        tag.forget_letter();
        // Who leaves what was found goes along all documents again.
        if !tag.queue.contains(&document) {
            tag.queue.clear();
        }
        self.project.look_at(document);
        let seen = self.tag.cursors.get(&document).copied();
        let stop = || self.tag.first_stop(self.project).filter(|_| goes_on);
        let word = seen.or_else(stop).unwrap_or(0);
        self.tag.word = word.min(words.saturating_sub(1));
        self.suggest();
    }

    /// Asks the model, if there is one, for suggestions on this document and the next ones. Those of the test part get
    /// none: what a model has proposed cannot test models.
    pub(super) fn suggest(&mut self) {
        let Some(run) = self.suggester.clone() else { return };
        let here = self.tag.queue.iter().position(|at| *at == self.tag.document);
        let places: Vec<usize> = match here {
            Some(place) => self.tag.queue.iter().skip(place).take(AHEAD).copied().collect(),
            None => (self.tag.document..self.project.documents.len()).take(AHEAD).collect(),
        };
        let ahead = places.into_iter().filter_map(|at| self.project.documents.get(at));
        let documents =
            ahead.filter(|document| document.split != Some(Split::Test)).map(|document| document.id.clone());
        let documents: Vec<String> = documents.collect();
        if !documents.is_empty() {
            self.effects.push(Effect::Suggest { run, documents });
        }
    }

    /// Whether the document in front gets no suggestions because it is of the test part, and there is a model.
    pub(super) fn no_suggestions_here(&self) -> bool {
        let tests = self.document().is_some_and(|document| document.split == Some(Split::Test));
        tests && (self.suggester.is_some() || self.project.has_advisers())
    }

    pub(super) fn undo(&mut self) {
        if let Some((id, document)) = self.project.journal.undo_target() {
            let document = self.nearest(id, document);
            self.turn(JournalOp::Undo(id), &document);
            self.tell_of_many(id, "Taken back");
        }
    }

    pub(super) fn redo(&mut self) {
        if let Some((id, document)) = self.project.journal.redo_target() {
            let document = self.nearest(id, document);
            self.turn(JournalOp::Redo(id), &document);
            self.tell_of_many(id, "Done again");
        }
    }

    /// Does again what was taken back and then given up because something else was done.
    pub(super) fn bring_back(&mut self) {
        if self.is_read_only() {
            return;
        }
        let lost = self.project.journal.discarded();
        let Some(last) = lost.last().copied() else {
            return self.tell(Level::Info, "Nothing that was taken back has been given up");
        };
        let document = self.project.journal.actions_of(last).first().map(|action| action.document.clone());
        let told = format!("{} done again; one undo for each takes them back", with_noun(lost.len(), "action"));
        let effect = self.project.record_all(lost.into_iter().map(JournalOp::Redo).collect(), self.now);
        self.effects.push(effect);
        if let Some(at) = document.and_then(|document| self.project.position(&document)) {
            self.go(at);
        }
        self.tell(Level::Info, told);
    }

    /// Goes to the next document that is neither done nor skipped, round the end.
    pub(super) fn next_open(&mut self) {
        let all: Vec<usize> = match self.tag.queue.is_empty() {
            true => (0..self.project.documents.len()).collect(),
            false => self.tag.queue.clone(),
        };
        let here = all.iter().position(|at| *at == self.tag.document).map_or(0, |place| place + 1);
        let open = |at: &&usize| !matches!(self.project.status(**at), Status::Done | Status::Skipped);
        let next = all.iter().skip(here).chain(all.iter().take(here.saturating_sub(1))).find(open).copied();
        match next {
            Some(at) => self.go(at),
            None => self.tell(Level::Info, "Every other document is done or skipped"),
        }
    }

    /// What is not all in sight is told.
    fn tell_of_many(&mut self, id: ActionId, what: &str) {
        let documents = self.project.journal.actions_of(id).len();
        if documents > 1 && self.told.is_none() {
            self.tell(Level::Info, format!("{what} in {}", with_noun(documents, "document")));
        }
    }

    /// Of the documents that an action is about the one in front, if it is among them; else the first.
    fn nearest(&self, id: ActionId, first: &str) -> String {
        let here = self.document().map_or("", |document| document.id.as_str());
        let touched = self.project.journal.actions_of(id).iter().any(|action| action.document == here);
        (if touched { here } else { first }).to_owned()
    }

    /// Records an undo or redo and goes to what it changed.
    fn turn(&mut self, op: JournalOp, document: &str) {
        if self.is_read_only() {
            return;
        }
        let before = self.project.journal.annotation(document).clone();
        let effect = self.project.record(op, self.now);
        self.effects.push(effect);
        let after = self.project.journal.annotation(document);
        // Spans that come back want their label back.
        let lacking = after.spans().iter().find(|span| self.project.labels.get(span.label).is_none());
        if let Some(name) = lacking.map(|span| self.project.labels.name(span.label).to_owned()) {
            self.effects.push(Effect::ChangeLabels(LabelChange::Add(name)));
        }
        let after = self.project.journal.annotation(document);
        let (gone, come) = before.changes(after);
        let place = come.first().or(gone.first()).map(|span| span.range);
        let Some(at) = self.project.position(document) else {
            return self.tell(Level::Warn, format!("The document {document} is no longer in the project"));
        };
        if at != self.tag.document {
            self.go(at);
        }
        (self.tag.anchor, self.tag.last, self.tag.goal) = (None, None, None);
        match place {
            Some(range) if self.tag.letters.is_some() => self.letter_to(range.start),
            Some(range) => {
                let words = self.document().and_then(|document| document.words_touching(range));
                self.tag.word = words.map_or(self.tag.word, |words| words.start);
            }
            None => {}
        }
    }

    pub(super) fn copy(&mut self) {
        if let Some(text) = self.document().map(|document| document.text.clone()) {
            self.effects.push(Effect::Copy(text));
        }
    }
}
