//! The welcome screen: what can be opened.

use ratatui::layout::Rect;

use super::{
    Canvas, Target,
    paint::{bottom, inset, top},
};

impl Canvas<'_> {
    pub(super) fn welcome(&mut self, body: Rect) {
        let (body, _) = bottom(body, 1);
        let area = inset(body, 2);
        let (head, rest) = top(area, 2);
        let welcome = &self.state.welcome;
        let text = match &welcome.opening {
            Some(name) => format!("Opening {name}"),
            None if welcome.places.is_empty() => {
                "No project yet. Make one: tagli new DIR, then tagli import DIR FILE".to_owned()
            }
            None => "Open a project".to_owned(),
        };
        self.painter.text(head.x, head.y, head.width, &text, self.theme.accent);
        let rows = usize::from(rest.height.max(1));
        let first = welcome.selected / rows * rows;
        for (y, (row, place)) in (rest.top()..rest.bottom()).zip(welcome.places.iter().enumerate().skip(first)) {
            let kind = if place.sample { "sample" } else { "" };
            self.painter.text(rest.x, y, 24, &place.name, self.theme.text);
            let path = if place.sample { kind } else { place.path.as_str() };
            self.painter.text(rest.x + 26, y, rest.width.saturating_sub(26), path, self.theme.muted);
            if row == welcome.selected {
                self.painter.mark_row(rest, y, self.theme.selection);
            }
            self.hits.add(Rect::new(rest.x, y, rest.width, 1), Target::Row(row));
        }
    }
}
