//! The question for a note.

use ratatui::layout::Rect;

use crate::app::{overlays::note::Note, prompts::Prompt};

use super::super::Canvas;

impl Canvas<'_> {
    pub(super) fn note(&mut self, area: Rect, note: &Note) {
        let line = self.ask(area, "A note on this document, for yourself and others; empty for none", 1);
        self.input(line, "note ", &Prompt::Note(note.document.clone()));
    }
}
