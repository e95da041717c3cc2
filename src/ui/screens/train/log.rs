//! The end of a run's log.

use ratatui::layout::Rect;

use crate::{
    app::screens::train::log,
    ui::{Canvas, paint::top},
};

impl Canvas<'_> {
    pub(super) fn log_page(&mut self, area: Rect) {
        let size = self.state.session.size;
        let shown = &self.state.train.log;
        let (head, rest) = top(area, 1);
        let title = format!("log of {}", shown.run);
        match &shown.lines {
            Some(Ok(lines)) if !lines.is_empty() => {
                let rows = shown.rows(log::columns(size), self.painter.caps.glyphs);
                let height = log::height(size);
                let first = shown.top(rows.len(), height);
                let last = (first + height).min(rows.len());
                let title = format!("{title}, rows {}-{last} of {}", first + 1, rows.len());
                self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
                for (y, row) in (rest.top()..rest.bottom()).zip(rows.iter().skip(first)) {
                    self.painter.text(rest.x, y, rest.width, row, self.theme.text);
                }
            }
            other => {
                self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
                let (text, style) = match other {
                    None => ("is being read", self.theme.muted),
                    Some(Ok(_)) => ("nothing is written in it yet", self.theme.muted),
                    Some(Err(why)) => (why.as_str(), self.theme.bad),
                };
                self.paragraph(rest, text, style);
            }
        }
    }
}
