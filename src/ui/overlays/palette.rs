//! The palette: commands and labels by name.

use ratatui::layout::Rect;

use crate::{
    app::{overlays::palette::Palette, prompts::Prompt},
    text::width,
};

use super::super::{
    Canvas, Target,
    chrome::wrapped,
    paint::{bottom, first_of_page, top},
};

impl Canvas<'_> {
    /// Draws commands by name with their keys.
    /// Below is the whole sentence of the one under the cursor.
    pub(super) fn palette(&mut self, area: Rect, palette: &Palette) {
        let row = palette.row;
        let sheet = self.sheet(area, area.height * 3 / 4);
        let (line, rest) = top(sheet, 1);
        self.input(line, ":", &Prompt::Palette);
        let (rest, note) = bottom(rest, if rest.width < 76 { 3 } else { 2 });
        let entries = palette.entries(&self.state.session);
        if entries.is_empty() {
            let text = "no command has these words; esc leaves";
            self.painter.text(rest.x, rest.y, rest.width, text, self.theme.muted);
        }
        let rows = usize::from(rest.height.max(1));
        let first = first_of_page(row, rows, entries.len());
        let shown: Vec<_> = entries.iter().enumerate().skip(first).take(rows).collect();
        let name = widest(entries.iter().map(|entry| entry.name.as_str()), 24);
        let keys = widest(entries.iter().map(|entry| entry.keys.as_str()), 12);
        let text = rest.x + name + keys + 4;
        for (y, (at, entry)) in (rest.top()..rest.bottom()).zip(shown) {
            let muted = self.theme.muted;
            let [plain, accent] = match entry.action.works() {
                true => [self.theme.text, self.theme.accent],
                false => [muted, muted],
            };
            self.painter.text(rest.x, y, name, &entry.name, plain);
            self.painter.text(rest.x + name + 2, y, keys, &entry.keys, accent);
            self.painter.text(text, y, rest.right().saturating_sub(text), &entry.doc, self.theme.muted);
            if at == row {
                self.painter.mark_row(rest, y, self.theme.selection);
            }
            self.hits.add(Rect::new(rest.x, y, rest.width, 1), Target::Row(at));
        }
        self.painter.rule(Rect { x: area.x, width: area.width, ..note }, self.theme.border);
        if let Some(entry) = entries.get(row) {
            let (rule, note) = top(note, 1);
            let place = format!(" {} of {} ", row + 1, entries.len());
            self.painter.text_before(rule.right(), rule.y, rule.width, &place, self.theme.muted);
            let rows = usize::from(note.height);
            let lines = wrapped(&entry.doc, usize::from(note.width), rows, self.painter.caps.glyphs);
            for (y, line) in (note.top()..note.bottom()).zip(lines) {
                self.painter.text(note.x, y, note.width, &line, self.theme.text);
            }
        }
    }
}

/// Cells of the widest text, at most `most`.
fn widest<'a>(texts: impl Iterator<Item = &'a str>, most: usize) -> u16 {
    let wide = texts.map(width::width).max().unwrap_or(0);
    u16::try_from(wide.min(most)).unwrap_or(0)
}
