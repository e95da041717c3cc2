//! The question for the letters of a word.

use ratatui::layout::Rect;

use crate::app::overlays::jump::Jump;

use super::super::Canvas;

impl Canvas<'_> {
    pub(super) fn jump(&mut self, area: Rect, jump: &Jump) {
        let sheet = self.sheet(area, 2);
        self.input(sheet, "jump to ", &jump.letters);
        // The message goes here, since its own line is under this one.
        if let Some(message) = &self.state.session.message {
            self.painter.text_before(sheet.right(), sheet.y, sheet.width / 2, &message.text, self.theme.warn);
        }
    }
}
