//! The question for the text of a document.

use ratatui::layout::Rect;

use crate::app::{overlays::correction::Correction, prompts::Prompt};

use super::super::Canvas;

impl Canvas<'_> {
    pub(super) fn correction(&mut self, area: Rect, correction: &Correction) {
        let line =
            self.ask(area, "The text of this document; spans go with their words (revert-text takes it back)", 1);
        self.input(line, "text ", &Prompt::Correction(correction.document.clone()));
    }
}
