//! The question for a file of sentences.

use ratatui::layout::Rect;

use super::super::{Canvas, paint::top};
use crate::app::{overlays::sentence_file::SentenceFile, prompts::Prompt};

impl Canvas<'_> {
    pub(super) fn sentence_file(&mut self, area: Rect, panel: &SentenceFile) {
        let sheet = self.sheet(area, 3);
        let (line, note) = top(sheet, 1);
        self.input(line, "sentences of the file ", &Prompt::SentenceFile);
        let text = match panel.is_reading() {
            true => "the file is being read; esc gives it up",
            false => "text by line, or any format; nothing is imported",
        };
        self.painter.text(note.x, note.y, note.width, text, self.theme.muted);
    }
}
