//! The question for the letters of a word.

use ratatui::layout::Rect;

use crate::app::prompts::Prompt;

use super::super::Canvas;

impl Canvas<'_> {
    pub(super) fn jump(&mut self, area: Rect) {
        let sheet = self.sheet(area, 2);
        self.input(sheet, "jump to ", &Prompt::Jump);
    }
}
