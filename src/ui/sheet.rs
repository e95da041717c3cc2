//! Elements of overlays.
//! They are a sheet over the screen, a question, a text field, rows of a list, and a text in one line.

use ratatui::layout::Rect;

use crate::{
    app::prompts::Prompt,
    text::{
        TextRange,
        width::{self, Glyphs},
    },
};

use super::{
    Canvas, Target,
    chrome::{MESSAGE_ROWS, blank, wrapped},
    paint::{first_of_page, inset, top},
};

impl Canvas<'_> {
    /// Empties rows of the screen between its status line and its key line, or the message above that.
    /// They begin `rows` above those.
    pub(super) fn sheet(&mut self, area: Rect, rows: u16) -> Rect {
        let (_, body) = top(area, 2);
        let below = 1 + self.message_rows;
        let rows = rows.min(body.height.saturating_sub(below));
        let sheet = Rect { y: body.bottom().saturating_sub(below + rows), height: rows, ..body };
        blank(&mut self.painter, sheet);
        if sheet.y == body.y {
            return inset(sheet, 2);
        }
        self.painter.rule(sheet, self.theme.border);
        inset(top(sheet, 1).1, 2)
    }

    /// Draws a question and returns the `more` rows below it.
    pub(super) fn ask(&mut self, area: Rect, text: &str, more: u16) -> Rect {
        let room = usize::from(area.width.saturating_sub(4));
        // The end says how to answer, so nothing is cut while the screen has rows.
        let most = usize::from(area.height.saturating_sub(5 + more + self.message_rows)).max(MESSAGE_ROWS);
        let lines = wrapped(text, room, most, self.painter.caps.glyphs);
        let rows = u16::try_from(lines.len()).unwrap_or(1);
        let sheet = self.sheet(area, rows + more + 1);
        for (y, line) in (sheet.top()..sheet.bottom()).zip(&lines) {
            self.painter.text(sheet.x, y, sheet.width, line, self.theme.accent);
        }
        top(sheet, rows).1
    }

    /// A text field with its cursor, after a word.
    /// A text that the next letter replaces is marked like a selection.
    pub(super) fn input(&mut self, area: Rect, word: &str, prompt: &Prompt) {
        let prompts = &self.state.session.prompts;
        let used = self.painter.text(area.x, area.y, area.width, word, self.theme.accent);
        let (before, after) = prompts.field(prompt).parts();
        let is_replaced = prompts.is_replaced(prompt);
        let style = if is_replaced { self.theme.text.patch(self.theme.selection) } else { self.theme.text };
        let room = area.width.saturating_sub(used + 1);
        let x = area.x + used;
        // A text that is longer than its place shows the part before the cursor.
        let shown = width::end_within(before, usize::from(room), self.painter.caps.glyphs);
        let cursor = x + self.painter.text(x, area.y, room, shown, style);
        self.painter.text(cursor, area.y, area.right().saturating_sub(cursor), after, style);
        self.cursor = Some((cursor, area.y));
    }

    /// The rows of a list that are in sight, with their places.
    /// The page of the row of the cursor.
    pub(super) fn page_of(area: Rect, row: usize, all: usize) -> impl Iterator<Item = (Rect, usize)> {
        let rows = usize::from(area.height.max(1));
        let first = first_of_page(row, rows, all);
        (area.top()..area.bottom()).zip(first..all).map(move |(y, at)| (Rect { y, height: 1, ..area }, at))
    }

    pub(super) fn list_row(&mut self, line: Rect, at: usize, row: usize) {
        if at == row {
            self.painter.mark_row(line, line.y, self.theme.selection);
        }
        self.hits.add(line, Target::Row(at));
    }

    /// A stretch of a text in one line, with the text around it.
    /// The stretch itself is marked.
    pub(super) fn line_around(&mut self, text: &str, range: TextRange, area: Rect) {
        let room = usize::from(area.width);
        let words = range.of(text);
        let before = text.get(..range.start).unwrap_or_default();
        // Not more than could be in sight: a text may be long.
        let near = before.char_indices().rev().take(4 * room).last().map_or(before.len(), |(at, _)| at);
        let lead: Vec<_> = width::graphemes(before.get(near..).unwrap_or_default(), Glyphs::Unicode).collect();
        // A third of the line is for the text before, or more if all fits.
        let most = if text.len() <= 4 * room && width::width(text) <= room { room } else { room / 3 };
        let mut used = 0;
        let fitting = lead.iter().rev().take_while(|grapheme| {
            used += grapheme.width;
            used <= most
        });
        let taken = fitting.count();
        let cut = taken < lead.len() || near > 0;
        let lead: String = lead.iter().skip(lead.len() - taken).map(|grapheme| grapheme.shown.as_ref()).collect();
        // A cut text begins with an ellipsis and a whole word.
        let ellipsis = self.painter.caps.glyphs.ellipsis();
        let whole =
            lead.find(' ').filter(|_| cut).map(|at| format!("{ellipsis}{}", lead.get(at..).unwrap_or_default()));
        let lead = whole.unwrap_or(lead);
        let mut x = area.x;
        for (part, style) in [
            (lead.as_str(), self.theme.muted),
            (words, self.theme.text.patch(self.theme.selection)),
            (text.get(range.end..).unwrap_or_default(), self.theme.muted),
        ] {
            let left = area.right().saturating_sub(x);
            x += self.painter.text(x, area.y, left, &width::cut(part, usize::from(left)), style);
        }
    }
}
