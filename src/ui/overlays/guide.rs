//! The guide: guidelines of the labels and the project's `GUIDE.md`.

use ratatui::layout::Rect;

use crate::app::{
    command::{Command, Context},
    overlays::guide::{Guide, lines},
    pages::{self, Kind},
};

use super::super::{
    Canvas,
    paint::{bottom, top},
};

impl Canvas<'_> {
    pub(super) fn guide(&mut self, area: Rect, guide: &Guide) {
        let Some(project) = &self.state.session.project else { return };
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let (rest, foot) = bottom(rest, 1);
        let (columns, _) = pages::room(self.state.session.size);
        let lines = lines(project, columns);
        let shown = usize::from(rest.height);
        let from = guide.top.min(lines.len().saturating_sub(shown));
        let place = format!("{}-{} of {}", from + 1, (from + shown).min(lines.len()), lines.len());
        let start = self.painter.text_before(head.right(), head.y, head.width, &place, self.theme.muted);
        let title = "how to tag here";
        self.painter.text(head.x, head.y, start.saturating_sub(head.x + 1), title, self.theme.accent);
        let editor = self.state.session.key(Context::Everywhere, Command::EditLabels);
        let write = self.state.session.key(Context::LabelEditor, Command::GuideLabel);
        let source = format!("from the label editor ({editor}, there {write} writes it) and the project's GUIDE.md");
        self.painter.text(foot.x, foot.y, foot.width, &source, self.theme.muted);
        for (y, line) in (rest.top()..rest.bottom()).zip(lines.iter().skip(from)) {
            let style = if line.kind == Kind::Heading { self.theme.accent } else { self.theme.text };
            self.painter.text(rest.x, y, rest.width, &line.text, style);
        }
    }
}
