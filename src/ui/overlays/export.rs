//! The question before an export.

use ratatui::layout::Rect;

use crate::app::overlays::export::Export;

use super::super::Canvas;

impl Canvas<'_> {
    pub(super) fn export(&mut self, area: Rect, export: &Export) {
        let text = "Export to which format? conll2003, conll2002, tag-first, label-studio, jsonl or text";
        let line = self.ask(area, text, 1);
        self.input(line, "format ", &export.format);
    }
}
