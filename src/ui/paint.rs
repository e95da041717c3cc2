//! Basic drawing: text cut to its place, hairlines, numbers.
//! Also the abilities of the terminal.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use crate::text::width::{self, Glyphs};

/// Abilities of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Unicode, or ASCII alone (`--ascii`).
    pub glyphs: Glyphs,
    /// For screen readers (`--plain`): no lines, no curves, words for everything.
    pub plain: bool,
}

impl Caps {
    /// `unicode` where it can be drawn, else `ascii`.
    pub fn pick<T>(self, unicode: T, ascii: T) -> T {
        if self.glyphs == Glyphs::Unicode && !self.plain { unicode } else { ascii }
    }
}

/// A rectangle of a buffer to draw in; nothing is ever drawn outside it.
pub(super) struct Painter<'a> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) caps: Caps,
    /// The row that the cursor of a list was drawn on last.
    pub(super) marked: Option<(u16, u16)>,
}

impl<'a> Painter<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, caps: Caps) -> Self {
        Self { buffer, caps, marked: None }
    }

    /// Draws `text` from column `x` in at most `room` cells; returns the cells used.
    /// Foreign characters are cleaned.
    pub(super) fn text(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        let room = room.min(area.right().saturating_sub(x));
        if room == 0 || y < area.top() || y >= area.bottom() || x < area.left() {
            return 0;
        }
        let clean = width::clean_start(text, usize::from(room), self.caps.glyphs);
        let cut = width::cut_for(&clean, usize::from(room), self.caps.glyphs);
        let (end, _) = self.buffer.set_stringn(x, y, cut, usize::from(room), style);
        end.saturating_sub(x)
    }

    /// Draws `text` so that it ends before column `end`.
    /// Returns the column where it starts.
    pub(super) fn text_before(&mut self, end: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        let wide = u16::try_from(width::width_up_to(text, usize::from(room))).unwrap_or(room);
        let x = end.saturating_sub(wide);
        self.text(x, y, wide, text, style);
        x
    }

    /// Draws pieces one after the other, two blanks between.
    /// Those that do not fit are left out.
    pub(super) fn pieces(&mut self, area: Rect, pieces: &[(String, Style)]) -> u16 {
        let mut x = area.x;
        for (text, style) in pieces {
            let wide = u16::try_from(width::width_up_to(text, usize::from(area.width) + 1)).unwrap_or(u16::MAX);
            let gap = if x == area.x { 0 } else { 2 };
            if text.is_empty() || x.saturating_add(gap).saturating_add(wide) > area.right() {
                continue;
            }
            x += gap + self.text(x + gap, area.y, wide, text, *style);
        }
        x
    }

    /// A hairline over the whole width of `area`'s first row.
    pub(super) fn rule(&mut self, area: Rect, style: Style) {
        if !self.caps.plain {
            let line = self.caps.pick("\u{2500}", "-").repeat(usize::from(area.width));
            self.text(area.x, area.y, area.width, &line, style);
        }
    }

    /// A hairline down `area`'s first column.
    pub(super) fn rule_down(&mut self, area: Rect, style: Style) {
        if !self.caps.plain {
            for y in area.top()..area.bottom() {
                self.text(area.x, y, 1, self.caps.pick("\u{2502}", "|"), style);
            }
        }
    }

    /// Lays a style over a row.
    pub(super) fn mark_row(&mut self, area: Rect, y: u16, style: Style) {
        let row = Rect::new(area.x, y, area.width, 1).intersection(self.buffer.area);
        self.marked = Some((row.x, row.y));
        self.buffer.set_style(row, style);
    }
}

/// First row of the page with row `at` of a list; the last page is full if there are enough rows.
pub(super) fn first_of_page(at: usize, rows: usize, all: usize) -> usize {
    let rows = rows.max(1);
    (at / rows * rows).min(all.saturating_sub(rows))
}

/// `n` rows from the top of `area`, and the rest.
pub(super) fn top(area: Rect, n: u16) -> (Rect, Rect) {
    let n = n.min(area.height);
    (Rect { height: n, ..area }, Rect { y: area.y + n, height: area.height - n, ..area })
}

/// The rest of `area`, and `n` rows from its bottom.
pub(super) fn bottom(area: Rect, n: u16) -> (Rect, Rect) {
    top(area, area.height.saturating_sub(n))
}

/// `n` columns from the left of `area`, and the rest.
pub(super) fn left(area: Rect, n: u16) -> (Rect, Rect) {
    let n = n.min(area.width);
    (Rect { width: n, ..area }, Rect { x: area.x + n, width: area.width - n, ..area })
}

/// `area` with `n` columns taken away on both sides.
pub(super) fn inset(area: Rect, n: u16) -> Rect {
    let n = n.min(area.width / 2);
    Rect { x: area.x + n, width: area.width - 2 * n, ..area }
}

/// A share from 0 to 1 in a column of four cells.
/// `.795`, `1.00`, and `-` for what is no number.
pub(super) fn share(x: f64) -> String {
    match x {
        x if !x.is_finite() => "   -".to_owned(),
        x if x >= 0.9995 => "1.00".to_owned(),
        x if x < 0.0 => format!("{x:.2}"),
        x => format!("{x:.3}").trim_start_matches('0').to_owned(),
    }
}

/// Seconds as `1:52`, `2:03:10`.
pub(super) fn clock(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "-".to_owned();
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and this is checked")]
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([share(0.7951), share(1.0), share(0.0), share(f64::NAN)], [".795", "1.00", ".000", "   -"]);
        assert_eq!([clock(112.0), clock(7390.0), clock(f64::INFINITY)], ["1:52", "2:03:10", "-"]);
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        let mut painter = Painter::new(&mut buffer, Caps::default());
        assert_eq!(painter.text(2, 0, 9, "tacos", Style::new()), 2);
        assert_eq!(painter.text(0, 3, 9, "tacos", Style::new()), 0);
        assert_eq!(painter.text(9, 0, 9, "tacos", Style::new()), 0);
    }
}
