//! The question before an import.

use ratatui::layout::Rect;

use crate::app::prompts::Prompt;

use super::super::Canvas;

impl Canvas<'_> {
    pub(super) fn import(&mut self, area: Rect) {
        let text = format!("Import which file? Its format: {}", self.state.session.formats.join(", "));
        let line = self.ask(area, &text, 1);
        self.input(line, "file ", &Prompt::Import);
    }
}
