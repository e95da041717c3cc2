//! The help: keys of the panel in front.

use ratatui::layout::Rect;

use crate::app::overlays::help::Help;

use super::super::{
    Canvas,
    paint::{bottom, top},
};

impl Canvas<'_> {
    pub(super) fn help(&mut self, area: Rect, help: &Help) {
        let sheet = self.sheet(area, area.height);
        let lines = help.rows(&self.state.session);
        let (head, rest) = top(sheet, 1);
        let (rest, foot) = bottom(rest, 1);
        let shown = usize::from(rest.height);
        let from = help.top.min(lines.len().saturating_sub(shown));
        let kind = if help.about.is_overlay() { "list" } else { "screen" };
        let title = format!("keys of the {} {kind}", help.about.name());
        let place = format!("{}-{} of {}", from + 1, (from + shown).min(lines.len()), lines.len());
        let start = self.painter.text_before(head.right(), head.y, head.width, &place, self.theme.muted);
        self.painter.text(head.x, head.y, start.saturating_sub(head.x + 1), &title, self.theme.accent);
        for (y, (keys, doc)) in (rest.top()..rest.bottom()).zip(lines.iter().skip(from)) {
            let used = self.painter.text(rest.x, y, rest.width, keys, self.theme.accent);
            self.painter.text(rest.x + used, y, rest.width.saturating_sub(used), doc, self.theme.text);
        }
        self.page_names(foot, None);
    }
}
