//! From document to document: done, skip, flag, undo and redo.

use crate::{
    app::{effect::Effect, event::Level},
    spans::{Edit, Split, Status, journal::Deed},
    text::number::counted,
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
                self.project.mark_today(self.tag.document);
            }
            self.step(true);
            if taken > 0 && self.told.is_none() {
                self.tell(Level::Info, format!("Done with {} of the model's", counted(taken, "span")));
            }
            if new && left > 0 && self.told.is_none() {
                let left = counted(left, "suggestion");
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
        let status = match (self.annotation().status, self.annotation().spans().is_empty()) {
            (Status::Flagged, true) => Status::Todo,
            (Status::Flagged, false) => Status::Partial,
            _ => Status::Flagged,
        };
        let trained = self.annotation().status == Status::Done;
        if self.act(vec![Edit::Status(status)]) && status == Status::Flagged && trained {
            self.tell(Level::Info, "Flagged: it teaches no model until it is done again");
        }
    }

    /// Goes to the next document, or to the one before.
    pub(super) fn step(&mut self, forward: bool) {
        let last = self.project.documents.len().saturating_sub(1);
        let target = if forward { self.tag.document + 1 } else { self.tag.document.wrapping_sub(1) };
        if target > last {
            let text = if forward { "This is the last document" } else { "This is the first document" };
            (self.tag.anchor, self.tag.last) = (None, None);
            return self.tell(Level::Info, text);
        }
        self.go(target);
    }

    /// Brings a document to the front, with the cursor where it was there.
    pub(super) fn go(&mut self, document: usize) {
        let Some(words) = self.project.documents.get(document).map(|document| document.words.len()) else { return };
        let tag = &mut *self.tag;
        tag.cursors.insert(tag.document, tag.word);
        tag.document = document;
        tag.word = tag.cursors.get(&document).copied().unwrap_or(0).min(words.saturating_sub(1));
        (tag.anchor, tag.last, tag.nest, tag.goal) = (None, None, false, None);
        self.suggest();
    }

    /// Asks the model, if there is one, for suggestions on this document and the next ones. Those of the test part get
    /// none: what a model has proposed cannot test models.
    pub(super) fn suggest(&mut self) {
        let Some(run) = self.suggester.clone() else { return };
        let ahead = self.project.documents.iter().skip(self.tag.document).take(AHEAD);
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
        self.suggester.is_some() && tests
    }

    pub(super) fn undo(&mut self) {
        if let Some((id, document)) = self.project.journal.undo_target() {
            let document = document.to_owned();
            self.turn(Deed::Undo(id), &document);
        }
    }

    pub(super) fn redo(&mut self) {
        if let Some((id, document)) = self.project.journal.redo_target() {
            let document = document.to_owned();
            self.turn(Deed::Redo(id), &document);
        }
    }

    /// Records an undo or redo and goes to what it changed.
    fn turn(&mut self, deed: Deed, document: &str) {
        if let Some(why) = &self.project.read_only {
            let why = format!("Nothing can be changed here: {why}");
            return self.tell(Level::Error, why);
        }
        let before = self.project.journal.annotation(document).clone();
        let effect = self.project.record(deed, self.now);
        self.effects.push(effect);
        let after = self.project.journal.annotation(document);
        let gone = before.spans().iter().find(|span| !after.spans().contains(span));
        let come = after.spans().iter().find(|span| !before.spans().contains(span));
        let place = come.or(gone).map(|span| span.range);
        let Some(at) = self.project.position(document) else {
            return self.tell(Level::Warn, format!("The document {document} is no longer in the project"));
        };
        if at != self.tag.document {
            self.go(at);
        }
        (self.tag.anchor, self.tag.last, self.tag.goal) = (None, None, None);
        let words = place.and_then(|range| self.document()?.words_touching(range));
        if let Some(words) = words {
            self.tag.word = words.start;
        }
    }

    pub(super) fn copy(&mut self) {
        if let Some(text) = self.document().map(|document| document.text.clone()) {
            self.effects.push(Effect::Copy(text));
        }
    }
}
