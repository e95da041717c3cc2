//! The history.

use std::cmp::Ordering;

use ratatui::layout::Rect;

use crate::{
    app::{
        overlays::history::{History, HistoryRow},
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
        let title = format!("{}, newest first", with_noun(history.rows.len(), "action"));
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        let now = history.now();
        for (line, at) in Self::page_of(rest, history.row, history.rows.len()) {
            if let Some(row) = history.rows.get(at) {
                self.history_row(project, row, at == now, line);
            }
            self.list_row(line, at, history.row);
        }
        let steps = history.row.abs_diff(now);
        let text = match history.row.cmp(&now) {
            Ordering::Equal => "> is where you are".to_owned(),
            Ordering::Greater => format!("enter takes {} back", with_noun(steps, "action")),
            Ordering::Less => format!("enter does {} again", with_noun(steps, "action")),
        };
        self.painter.text(foot.x, foot.y, foot.width, &text, self.theme.muted);
    }

    fn history_row(&mut self, project: &Project, row: &HistoryRow, now: bool, line: Rect) {
        let Rect { x, y, width, .. } = line;
        let style = if row.undone { self.theme.muted } else { self.theme.text };
        self.painter.text(x, y, 1, if now { ">" } else { " " }, self.theme.accent);
        let when = ago(self.state.session.now.saturating_sub(row.at));
        self.painter.text_before(x + 9, y, 7, &when, self.theme.muted);
        let ids = (width / 5).clamp(6, 20);
        self.painter.text(
            x + 11,
            y,
            ids,
            &tail(row.document(project), usize::from(ids), self.painter.caps.glyphs),
            self.theme.muted,
        );
        let start = x + 11 + ids + 1;
        let undone = if row.undone { " (taken back)" } else { "" };
        let text = format!("{}{undone}", row.description(project));
        self.painter.text(start, y, line.right().saturating_sub(start), &text, style);
    }
}
