//! The labels that have a letter.

use ratatui::layout::Rect;

use crate::text::width;

use super::super::{Canvas, Target, paint::top};

/// Most cells of a label's name.
const NAME: usize = 30;

impl Canvas<'_> {
    pub(super) fn more_labels(&mut self, area: Rect) {
        let Some(project) = &self.state.session.project else { return };
        let labels: Vec<_> =
            project.labels.iter().filter(|label| label.key.is_some_and(|key| !key.is_ascii_digit())).collect();
        let widest = labels.iter().map(|label| width::width_up_to(&label.name, NAME)).max().unwrap_or(1);
        let column = u16::try_from(widest + 5).unwrap_or(35);
        let columns = (area.width.saturating_sub(4) / column).max(1);
        let rows = u16::try_from(labels.len()).unwrap_or(u16::MAX).div_ceil(columns);
        let sheet = self.sheet(area, rows.saturating_add(2));
        let (head, rest) = top(sheet, 1);
        self.painter.text(head.x, head.y, head.width, "the letter of a label gives it; esc leaves", self.theme.accent);
        for (at, label) in (0u16..).zip(labels) {
            let x = rest.x + at % columns * column;
            let y = rest.y + at / columns;
            if y >= rest.bottom() {
                break;
            }
            let key = label.key.map(String::from).unwrap_or_default();
            self.painter.text(x, y, 2, &key, self.theme.accent);
            let name = width::cut(&label.name, widest);
            self.painter.text(x + 2, y, column - 3, &name, self.theme.label(label.color));
            self.hits.add(Rect::new(x, y, column - 1, 1), Target::Label(label.id));
        }
    }
}
