//! A text with its spans.
//! Every line of text has one mark row under it, always, so that no label moves the text.
//!
//! A mark row shows each span under its words: `└Dish─┘`, in ASCII `=Dish=`. A span inside another one is bracketed
//! within the outer one's marks. Suggestions are dotted and show their score: `┄Hours?.91`; with less room
//! `Ho?.91` or `Ho?`.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::screen::Size,
    text::{
        TextRange,
        width::{self, Glyphs},
        wrap::{PlacedGrapheme, TextLayout},
    },
};

use super::{
    paint::{Caps, Painter},
    seen_marks::{SeenLine, SeenMark, seen_marks},
};

/// Cells between the start of a line and the arrow before it.
/// A line gets the arrow where it has words that are read from right to left.
const RIGHT_TO_LEFT: u16 = 2;

/// Mark of a span or a suggestion.
#[derive(Clone, Debug, Default)]
pub(super) struct Mark {
    /// Name of the label.
    pub(super) name: String,
    /// Letters of the label, shown where its name does not fit.
    pub(super) tag: String,
    /// Key of the label, shown where its letters do not fit.
    pub(super) key: Option<char>,
    /// Style of the words and the mark.
    pub(super) style: Style,
    /// Score of a suggestion; `None` for a span.
    pub(super) score: Option<f32>,
}

/// A mark on a line.
struct DrawnMark {
    mark: Mark,
    range: TextRange,
    /// Whether another mark is around it.
    nested: bool,
}

/// A text to be drawn with its marks.
pub(super) struct TextPane<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// Its lines.
    pub(super) layout: &'a TextLayout,
    /// Ranges of its marks in reading order, outer ones before the inner ones that begin with them.
    /// Those out of [`sight`] may be missing.
    pub(super) ranges: &'a [TextRange],
    /// Makes the mark of a range, given by its index. Called only for marks that are drawn.
    pub(super) mark: &'a dyn Fn(usize) -> Mark,
    /// Ranges with a style over all others: selection, then cursor.
    pub(super) highlights: &'a [(TextRange, Style)],
    /// The selection, which gets marks of its own where there is no span.
    pub(super) selection: Option<TextRange>,
    /// Byte that must be in sight.
    pub(super) focus: usize,
    /// Style of text.
    pub(super) text_style: Style,
    /// Style of characters that are shown as symbols.
    pub(super) odd_style: Style,
}

/// Second mark row, under the first one of every line: the same words as another side has them.
pub(super) struct Below<'a> {
    /// Ranges of its marks in reading order.
    pub(super) ranges: &'a [TextRange],
    /// Makes the mark of a range, given by its index.
    pub(super) mark: &'a dyn Fn(usize) -> Mark,
}

/// Places of what was drawn.
#[derive(Default)]
pub(super) struct Drawn {
    /// First line in sight.
    pub(super) first: usize,
    /// Number of lines in sight.
    pub(super) shown: usize,
    /// Number of all lines.
    pub(super) lines: usize,
    /// Cell of the focus.
    pub(super) focus: Option<(u16, u16)>,
    /// Cells and first byte of every grapheme, for the mouse.
    pub(super) cells: Vec<(Rect, usize)>,
}

impl Drawn {
    /// Range of the lines in sight, if not all are.
    pub(super) fn lines_in_sight(&self) -> Option<String> {
        let last = self.first + self.shown;
        (self.shown < self.lines).then(|| format!("lines {}-{last} of {}", self.first + 1, self.lines))
    }
}

impl TextPane<'_> {
    /// Draws the lines that `area` has room for.
    pub(super) fn draw(&self, painter: &mut Painter<'_>, area: Rect) -> Drawn {
        self.draw_above(None, painter, area)
    }

    /// The same with a second mark row under each line, if there is one.
    pub(super) fn draw_above(&self, below: Option<&Below<'_>>, painter: &mut Painter<'_>, area: Rect) -> Drawn {
        let layout = self.layout;
        let (lines, focus_line) = (layout.lines().len(), layout.line_of(self.focus));
        let rows_each = rows_each(below.is_some());
        let seen = sight_in(layout, self.focus, area.height, rows_each);
        let mut drawn = Drawn { first: seen.start, shown: seen.len(), lines, focus: None, cells: Vec::new() };
        let in_sight: Vec<SeenLine<'_>> = seen.clone().map(|line| self.line_in_sight(line)).collect();
        let marks = seen_marks(self.ranges, &in_sight);
        for ((row, number), (line, marks)) in seen.enumerate().zip(in_sight.iter().zip(marks)) {
            let y = area.y + u16::try_from(row).unwrap_or(u16::MAX).saturating_mul(rows_each);
            if y >= area.bottom() {
                break;
            }
            let marks: Vec<DrawnMark> =
                marks.into_iter().map(|seen| drawn_mark(seen, self.ranges, self.mark)).collect();
            let row = Rect { y, height: 1, ..area };
            drawn.cells.extend(self.line(painter, &line.graphemes, &marks, row));
            if y + 1 < area.bottom() {
                self.marks(painter, line, &marks, (self.selection, Rect { y: y + 1, ..row }));
            }
            if number == focus_line {
                let column = layout.column_of(self.text, self.focus).min(usize::from(area.width.saturating_sub(1)));
                drawn.focus = Some((area.x + u16::try_from(column).unwrap_or(0), y));
            }
        }
        if let Some(below) = below {
            self.draw_below(below, &in_sight, painter, area);
        }
        drawn
    }

    /// Draws the second mark row of the lines in sight.
    fn draw_below(&self, below: &Below<'_>, in_sight: &[SeenLine<'_>], painter: &mut Painter<'_>, area: Rect) {
        let rows = (area.top()..area.bottom()).skip(2).step_by(usize::from(rows_each(true)));
        for ((y, line), marks) in rows.zip(in_sight).zip(seen_marks(below.ranges, in_sight)) {
            let marks: Vec<DrawnMark> =
                marks.into_iter().map(|seen| drawn_mark(seen, below.ranges, below.mark)).collect();
            self.marks(painter, line, &marks, (None, Rect { y, height: 1, ..area }));
        }
    }

    fn line_in_sight(&self, line: usize) -> SeenLine<'_> {
        let bytes = self.layout.lines().get(line).map(|line| line.range).unwrap_or_default();
        let graphemes = self.layout.graphemes(self.text, line);
        SeenLine { bytes, graphemes: graphemes.take_while(|placed| placed.width > 0).collect() }
    }

    /// Draws the text of a line with its `marks`; returns the cells of its graphemes.
    fn line(
        &self,
        painter: &mut Painter<'_>,
        graphemes: &[PlacedGrapheme<'_>],
        marks: &[DrawnMark],
        row: Rect,
    ) -> Vec<(Rect, usize)> {
        let mut cells = Vec::new();
        for placed in graphemes {
            let (Ok(column), Ok(wide)) = (u16::try_from(placed.column), u16::try_from(placed.width)) else { break };
            if column + wide > row.width {
                continue;
            }
            let mut style = if placed.odd { self.odd_style } else { self.text_style };
            for drawn in marks.iter().filter(|drawn| drawn.range.contains(placed.range.start)) {
                style = style.patch(drawn.mark.style);
            }
            for (_, over) in self.highlights.iter().filter(|(range, _)| range.contains(placed.range.start)) {
                style = style.patch(*over);
            }
            painter.buffer.set_stringn(row.x + column, row.y, &placed.shown, usize::from(wide), style);
            // Letters are drawn in the order in which they are stored, which is not the one in which they are read.
            if placed.range.of(self.text).chars().any(width::is_right_to_left) {
                let margin = row.x.saturating_sub(RIGHT_TO_LEFT);
                painter.text(margin, row.y, 1, painter.caps.pick("\u{2190}", "<"), self.odd_style);
            }
            cells.push((Rect::new(row.x + column, row.y, wide, 1), placed.range.start));
        }
        cells
    }

    /// Draws a mark row of a line, with marks of its own where the selection is.
    fn marks(
        &self,
        painter: &mut Painter<'_>,
        line: &SeenLine<'_>,
        marks: &[DrawnMark],
        (selection, row): (Option<TextRange>, Rect),
    ) {
        // The cell under the second half of a wide letter stays empty.
        let mut cells: Vec<Option<(String, Style)>> = vec![None; usize::from(row.width)];
        let selected = selection.and_then(|range| piece(line, range));
        for column in selected.iter().flat_map(|piece| piece.start..piece.end) {
            if let Some(cell) = cells.get_mut(column) {
                *cell = Some(("^".to_owned(), self.text_style));
            }
        }
        let pieces: Vec<(&DrawnMark, Piece)> =
            marks.iter().filter_map(|drawn| Some((drawn, piece(line, drawn.range)?))).collect();
        for (at, (drawn, piece)) in pieces.iter().enumerate() {
            let inner = pieces.iter().skip(at + 1).filter(|(inside, _)| drawn.range.covers(inside.range));
            let taken: Vec<&Piece> = inner.map(|(_, piece)| piece).collect();
            for (column, glyph) in drawing(&drawn.mark, piece, &taken, drawn.nested, painter.caps) {
                if let Some(cell) = cells.get_mut(column) {
                    *cell = Some((glyph, drawn.mark.style));
                }
            }
        }
        for (column, cell) in (0..row.width).zip(&cells) {
            if let Some((glyph, style)) = cell {
                painter.text(row.x + column, row.y, 2, glyph, *style);
            }
        }
    }
}

fn drawn_mark(seen: SeenMark, ranges: &[TextRange], mark: &dyn Fn(usize) -> Mark) -> DrawnMark {
    let range = ranges.get(seen.index).copied().unwrap_or_default();
    DrawnMark { mark: mark(seen.index), range, nested: seen.nested }
}

/// Rows of a line with one mark row, or with two.
pub(super) fn rows_each(is_double: bool) -> u16 {
    if is_double { 3 } else { 2 }
}

/// Lines in sight in `rows` rows, `rows_each` for each line, with the byte at `focus` among them.
/// The text moves by whole pages, so that it does not scroll with every move of the cursor.
pub(super) fn sight_in(layout: &TextLayout, focus: usize, rows: u16, rows_each: u16) -> std::ops::Range<usize> {
    let lines = layout.lines().len();
    let fits = usize::from(rows / rows_each.max(1)).max(1);
    // One line of the page before stays in sight.
    let step = fits.saturating_sub(1).max(1);
    let first = if lines <= fits { 0 } else { (layout.line_of(focus) / step * step).min(lines - fits) };
    first..lines.min(first + fits)
}

/// Columns of a span on one line.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: usize,
    end: usize,
    /// Whether the span begins on this line.
    opens: bool,
    /// Whether the span ends on this line.
    closes: bool,
}

/// The columns of `range` on a line; `None` if it has none there.
fn piece(line: &SeenLine<'_>, range: TextRange) -> Option<Piece> {
    let from = line.graphemes.partition_point(|placed| placed.range.start < range.start);
    let to = line.graphemes.partition_point(|placed| placed.range.start < range.end);
    let inside = line.graphemes.get(from..to)?;
    // Blanks at the end of a line are in no word and get no mark.
    let last = inside.iter().rev().find(|placed| !placed.shown.trim().is_empty())?;
    let start = inside.first()?.column;
    let end = last.column + last.width;
    Some(Piece { start, end, opens: range.start >= line.bytes.start, closes: range.end <= line.bytes.end })
}

/// Cells of a mark, later ones over earlier ones.
/// `taken` are the spans inside it, which are drawn later.
fn drawing(mark: &Mark, piece: &Piece, taken: &[&Piece], nested: bool, caps: Caps) -> Vec<(usize, String)> {
    // A screen reader would read the strokes aloud.
    let [open, fill, close, dots] = if caps.plain {
        [' '; 4]
    } else {
        caps.pick(['\u{2514}', '\u{2500}', '\u{2518}', '\u{2504}'], ['=', '=', '=', '.'])
    };
    let (open, close) = if nested { ('[', ']') } else { (open, close) };
    let wide = piece.end - piece.start;
    let line = if mark.score.is_some() { dots } else { fill };
    // Where there is no room for the frame and the letters, the letters are drawn.
    let opens = !caps.plain && mark.score.is_none() && piece.opens && wide >= 3;
    let closes = !caps.plain && mark.score.is_none() && piece.closes && wide >= 4;
    let mut cells: Vec<(usize, String)> = (piece.start..piece.end).map(|column| (column, line.to_string())).collect();
    let (from, room) = free(piece.start + usize::from(opens)..piece.end - usize::from(closes), taken);
    if opens {
        cells.push((piece.start, open.to_string()));
    }
    if closes {
        cells.push((piece.end - 1, close.to_string()));
    }
    let mut column = from;
    for grapheme in width::graphemes(&mark_text(mark, room, caps.glyphs), caps.glyphs) {
        cells.push((column, grapheme.shown.to_string()));
        cells.extend((column + 1..column + grapheme.width).map(|under| (under, String::new())));
        column += grapheme.width;
    }
    cells
}

/// Longest run of columns in `range` without an inner span: its start and length.
fn free(range: std::ops::Range<usize>, taken: &[&Piece]) -> (usize, usize) {
    let mut best = (range.start, 0);
    let mut start = range.start;
    for column in range.clone().chain([range.end]) {
        let blocked = column == range.end || taken.iter().any(|piece| (piece.start..piece.end).contains(&column));
        if blocked {
            if column - start > best.1 {
                best = (start, column - start);
            }
            start = column + 1;
        }
    }
    best
}

/// Text of a mark in `room` cells.
/// It is the name, else the letters, else the first of them, else the key. A suggestion has `?` in any room, and its
/// score where it fits beside one of the letters.
fn mark_text(mark: &Mark, room: usize, glyphs: Glyphs) -> String {
    let key = mark.key.map(String::from).unwrap_or_default();
    let name = drawable(&mark.name, &key, glyphs);
    let tag = drawable(&mark.tag, &key, glyphs);
    let Some(score) = mark.score else {
        // A name is cut only where the rest says more than the letters do.
        let begun = Some(begin(&name, room)).filter(|cut| cut.len() > tag.len() && cut.starts_with(&*tag));
        let first = begin(&tag, room);
        let choices = [Some(name), begun, Some(tag), Some(first), Some(key)];
        return choices.into_iter().flatten().find(|choice| fits(choice, room)).unwrap_or_default();
    };
    let long = two_digits(score);
    let choices = [
        format!("{name}?{long}"),
        format!("{tag}?{long}"),
        format!("{}?{long}", begin(&tag, room.saturating_sub(long.len() + 1))),
        format!("{}?", begin(&tag, room.saturating_sub(1))),
        format!("{key}?"),
    ];
    // A score without a letter before it would be no help.
    let lettered = choices.into_iter().find(|choice| fits(choice, room) && !choice.starts_with('?'));
    lettered.unwrap_or_else(|| "?".repeat(room.min(1)))
}

/// A name or letters as the terminal can draw them.
/// Letters that it cannot draw would become question marks, which belong to suggestions: then it is the key, if there
/// is one.
fn drawable(text: &str, key: &str, glyphs: Glyphs) -> String {
    let clean = width::clean_for(text, glyphs).into_owned();
    let lost = clean.matches('?').count() > text.matches('?').count();
    if lost && !key.is_empty() { key.to_owned() } else { clean }
}

fn fits(text: &str, room: usize) -> bool {
    !text.is_empty() && width::width(text) <= room
}

/// The beginning of a clean text that fits in `room` cells.
fn begin(text: &str, room: usize) -> String {
    let mut used = 0;
    // A clean text looks the same with either set of glyphs.
    let fitting = width::graphemes(text, Glyphs::Unicode).take_while(|grapheme| {
        used += grapheme.width;
        used <= room
    });
    fitting.map(|grapheme| grapheme.shown).collect()
}

/// A score with two digits: `.91`; `1.0` for certainty.
pub(super) fn two_digits(score: f32) -> String {
    let text = format!("{:.2}", score.clamp(0.0, 1.0));
    text.strip_prefix('0').map_or_else(|| "1.0".to_owned(), str::to_owned)
}

/// Rows that a text needs at this width, mark rows included.
pub(super) fn height(text: &str, columns: u16, size: Size, glyphs: Glyphs) -> u16 {
    let lines = TextLayout::new(text, usize::from(columns.max(1)), glyphs).lines().len();
    u16::try_from(lines * 2).unwrap_or(size.rows).min(size.rows)
}
