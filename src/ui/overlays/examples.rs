//! Sentences of the project with a label.

use ratatui::layout::Rect;

use super::super::{Canvas, paint::top};
use crate::{app::overlays::examples::Examples, text::TextRange};

impl Canvas<'_> {
    pub(super) fn examples(&mut self, area: Rect, panel: &Examples) {
        let Some(project) = &self.state.session.project else { return };
        let sheet = self.sheet(area, area.height * 3 / 4);
        let (head, rest) = top(sheet, 1);
        let color = project.labels.iter().find(|label| label.id == panel.label).map(|label| label.color);
        let style = color.map_or(self.theme.accent, |color| self.theme.label(color));
        self.painter.text(head.x, head.y, head.width, &panel.title(project), style);
        if panel.found.is_empty() {
            self.painter.text(rest.x, rest.y, rest.width, "no span has this label", self.theme.muted);
        }
        for (line, at) in Self::page_of(rest, panel.row, panel.found.len()) {
            if let Some(example) = panel.found.get(at)
                && let Some(document) = project.documents.get(example.document)
            {
                let start = example.sentence.start;
                let span = TextRange::new(example.span.start - start, example.span.end - start);
                self.line_around(example.sentence.of(&document.text), span, line);
            }
            self.list_row(line, at, panel.row);
        }
    }
}
