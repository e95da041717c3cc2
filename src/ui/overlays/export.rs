//! The question before an export.

use ratatui::layout::Rect;

use crate::app::prompts::Prompt;

use super::super::Canvas;

impl Canvas<'_> {
    pub(super) fn export(&mut self, area: Rect) {
        let text = format!("Export to which format? {}", self.state.session.formats.join(", "));
        let line = self.ask(area, &text, 1);
        self.input(line, "format ", &Prompt::Export);
    }
}
