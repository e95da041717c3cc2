//! The question before a project is repaired.

use ratatui::layout::Rect;

use crate::app::{overlays::repair_menu::RepairMenu, pages};

use super::super::{Canvas, paint::top};

impl Canvas<'_> {
    pub(super) fn repair_menu(&mut self, area: Rect, menu: &RepairMenu) {
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let (columns, _) = pages::room(self.state.session.size);
        let lines = menu.lines(columns);
        let shown = usize::from(rest.height);
        let from = menu.top.min(lines.len().saturating_sub(shown));
        let place = match lines.len() > shown {
            true => format!("{}-{} of {}", from + 1, (from + shown).min(lines.len()), lines.len()),
            false => String::new(),
        };
        let start = self.painter.text_before(head.right(), head.y, head.width, &place, self.theme.muted);
        let title = format!("Repair {}?", menu.name);
        self.painter.text(head.x, head.y, start.saturating_sub(head.x + 1), &title, self.theme.accent);
        for (y, line) in (rest.top()..rest.bottom()).zip(lines.iter().skip(from)) {
            self.painter.text(rest.x, y, rest.width, &line.text, self.theme.text);
        }
    }
}
