//! The history.

use ratatui::layout::Rect;

use crate::{
    app::{
        overlays::history::{History, HistoryRow, Steps},
        project::Project,
    },
    text::number::{ago, with_noun},
};

use super::super::{
    Canvas,
    paint::{bottom, top},
    short::tail,
};

impl Canvas<'_> {
    pub(super) fn history(&mut self, area: Rect, history: &History) {
        let Some(project) = &self.state.session.project else { return };
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let (rest, foot) = bottom(rest, 1);
        let actions = history.actions();
        let labels = match history.rows.len() - actions {
            0 => String::new(),
            changes => format!(" and {} of the labels", with_noun(changes, "change")),
        };
        let title = format!("{}{labels}, newest first", with_noun(actions, "action"));
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        let now = history.now();
        for (line, at) in Self::page_of(rest, history.row, history.rows.len()) {
            if let Some(row) = history.rows.get(at) {
                self.history_row(project, row, at == now, line);
            }
            self.list_row(line, at, history.row);
        }
        let text = match history.steps() {
            None => "a change of the labels".to_owned(),
            Some(Steps::Forth(0)) => "> is where you are".to_owned(),
            Some(Steps::Back(actions)) => format!("enter takes {} back", with_noun(actions, "action")),
            Some(Steps::Forth(actions)) => format!("enter does {} again", with_noun(actions, "action")),
        };
        self.painter.text(foot.x, foot.y, foot.width, &text, self.theme.muted);
    }

    fn history_row(&mut self, project: &Project, row: &HistoryRow, now: bool, line: Rect) {
        let Rect { x, y, width, .. } = line;
        let style = if row.is_undone() { self.theme.muted } else { self.theme.text };
        self.painter.text(x, y, 1, if now { ">" } else { " " }, self.theme.accent);
        let when = ago(self.state.session.now.saturating_sub(row.at()));
        self.painter.text_before(x + 9, y, 7, &when, self.theme.muted);
        let ids = (width / 5).clamp(6, 20);
        self.painter.text(
            x + 11,
            y,
            ids,
            &tail(row.place(project), usize::from(ids), self.painter.caps.glyphs),
            self.theme.muted,
        );
        let start = x + 11 + ids + 1;
        let undone = if row.is_undone() { " (taken back)" } else { "" };
        let text = format!("{}{undone}", row.description(project));
        self.painter.text(start, y, line.right().saturating_sub(start), &text, style);
    }
}
