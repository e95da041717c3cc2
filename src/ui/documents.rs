//! The Documents screen.

use ratatui::layout::Rect;

use crate::{
    app::project::Project,
    spans::Status,
    text::{
        number::{counted, grouped},
        width,
    },
};

use super::{
    Canvas, Target,
    paint::{bottom, inset, top},
};

impl Canvas<'_> {
    pub(super) fn documents(&mut self, project: &Project, body: Rect) {
        let (body, _) = bottom(body, 1);
        let (head, rest) = top(inset(body, 1), 1);
        self.filters(project, head);
        let (titles, rest) = top(rest, 1);
        let wide = rest.width;
        let columns = [("status", 0), ("spans", 9), ("part", 16), ("id", 23)];
        for (title, x) in columns {
            self.painter.text(titles.x + x, titles.y, 10, title, self.theme.muted);
        }
        // All ids, within reason: the columns stand still from page to page.
        let widest = project.documents.iter().take(2000).map(|document| width::width(&document.id)).max().unwrap_or(0);
        let id = u16::try_from(widest).unwrap_or(20).clamp(4, wide / 4);
        let text_at = 23 + id + 2;
        self.painter.text(titles.x + text_at, titles.y, 10, "text", self.theme.muted);
        let documents = &self.state.documents;
        let rows = usize::from(rest.height.max(1));
        let first = documents.row / rows * rows;
        if documents.shown().is_empty() {
            let text = "No document is like that; esc clears the search, f goes on to the next status";
            self.painter.text(rest.x, rest.y, wide, text, self.theme.muted);
        }
        for (y, (row, at)) in (rest.top()..rest.bottom()).zip(documents.shown().iter().enumerate().skip(first)) {
            let line = Rect { y, height: 1, ..rest };
            self.document_row(project, *at, text_at, line);
            if row == documents.row {
                self.painter.mark_row(line, y, self.theme.selection);
            }
            self.hits.add(line, Target::Row(row));
        }
    }

    /// Status, spans, part, id and the beginning of the text, which stands `text_at` columns from the left.
    fn document_row(&mut self, project: &Project, at: usize, text_at: u16, line: Rect) {
        let Some(document) = project.documents.get(at) else { return };
        let annotation = project.annotation(at);
        let style = match annotation.status {
            Status::Done => self.theme.ok,
            Status::Todo | Status::Skipped => self.theme.muted,
            Status::Partial => self.theme.text,
            Status::Flagged => self.theme.warn,
        };
        let Rect { x, y, width, .. } = line;
        self.painter.text(x, y, 8, annotation.status.name(), style);
        self.painter.text_before(x + 14, y, 5, &grouped(annotation.spans().len()), self.theme.text);
        self.painter.text(x + 16, y, 6, document.split.map_or("", |split| split.name()), self.theme.muted);
        self.painter.text(x + 23, y, text_at.saturating_sub(25), &document.id, self.theme.text);
        let text = document.text.lines().next().unwrap_or_default();
        self.painter.text(x + text_at, y, width.saturating_sub(text_at), text, self.theme.text);
    }

    /// How many documents there are of each status, which of them are shown, and the search.
    fn filters(&mut self, project: &Project, area: Rect) {
        let documents = &self.state.documents;
        let style = |on: bool| if on { self.theme.accent } else { self.theme.muted };
        let chosen = |status: Option<Status>| if documents.filter == status { "*" } else { "" };
        let mut pieces = vec![(
            format!("all {}{}", grouped(project.documents.len()), chosen(None)),
            style(documents.filter.is_none()),
        )];
        pieces.extend(Status::ALL.iter().zip(project.counts()).map(|(status, n)| {
            let text = format!("{} {}{}", status.name(), grouped(n), chosen(Some(*status)));
            (text, style(documents.filter == Some(*status)))
        }));
        let end = self.painter.pieces(area, &pieces) + 2;
        let room = area.right().saturating_sub(end);
        if documents.typing || !documents.search.text().is_empty() {
            let (before, after) = documents.search.parts();
            let text = format!("/{before}{after}");
            let used = self.painter.text(end, area.y, room, &text, self.theme.text);
            if documents.typing {
                let at = u16::try_from(width::width(before) + 1).unwrap_or(room).min(room.saturating_sub(1));
                self.cursor = Some((end + at, area.y));
            } else {
                let found = counted(documents.shown().len(), "document");
                self.painter.text_before(area.right(), area.y, room.saturating_sub(used + 2), &found, self.theme.muted);
            }
        }
    }
}
