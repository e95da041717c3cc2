//! Wraps a text into lines of a given width.
//! The result is pure data: `ui` draws it, cursor keys move on it.
//!
//! Lines break at the text's own line breaks, else after white space, else between wide characters (CJK, emoji), else
//! inside a word too long for a line. White space that does not fit hangs over the edge and takes no cells. A line is
//! a byte range and a width; its graphemes are computed on demand, so that a text of a megabyte costs little.

use std::borrow::Cow;

use super::{
    TextRange,
    width::{Glyphs, Grapheme, graphemes},
};

/// Line of a wrapped text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisualLine {
    /// Bytes on it, with the blanks at its end, without the line break.
    pub range: TextRange,
    /// Cells up to the last visible character.
    pub width: usize,
}

/// Grapheme cluster with its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedGrapheme<'t> {
    /// Its bytes in the text.
    pub range: TextRange,
    /// First cell, counted from the left edge.
    pub column: usize,
    /// Cells; 0 for a blank that hangs over the edge.
    pub width: usize,
    /// Drawn form; empty for a blank that hangs over the edge.
    pub shown: Cow<'t, str>,
    /// Whether `shown` replaces characters that cannot be drawn.
    pub odd: bool,
}

/// Vertical direction of a cursor movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vertical {
    /// Towards the beginning.
    Up,
    /// Towards the end.
    Down,
}

/// Text wrapped into lines.
///
/// Pass its methods the text that it was made from; with another text they return no useful positions, but do not panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLayout {
    lines: Vec<VisualLine>,
    width: usize,
    glyphs: Glyphs,
}

impl TextLayout {
    /// Wraps `text` into lines of `width` cells (at least 1), in one pass.
    pub fn new(text: &str, width: usize, glyphs: Glyphs) -> Self {
        let mut breaker = Breaker::new(width.max(1));
        for grapheme in graphemes(text, glyphs) {
            breaker.place(&grapheme, grapheme.range.of(text));
        }
        breaker.end(text.len());
        Self { lines: breaker.lines, width: breaker.width, glyphs }
    }

    /// Lines; at least one.
    pub fn lines(&self) -> &[VisualLine] {
        &self.lines
    }

    /// Width it was made for, in cells.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Glyphs it was made for.
    pub fn glyphs(&self) -> Glyphs {
        self.glyphs
    }

    /// Iterates over the graphemes of line `line` from left to right.
    /// Empty for a line that does not exist.
    pub fn graphemes<'t>(&self, text: &'t str, line: usize) -> impl Iterator<Item = PlacedGrapheme<'t>> + use<'t> {
        let range = self.lines.get(line).map_or_else(TextRange::default, |line| line.range);
        let edge = self.width;
        let ellipsis = self.glyphs.ellipsis();
        let mut column = 0;
        graphemes(range.of(text), self.glyphs).map(move |grapheme| {
            let at = column;
            let bytes = TextRange::new(range.start + grapheme.range.start, range.start + grapheme.range.end);
            let Grapheme { shown, width, odd, .. } = grapheme;
            if at + width <= edge {
                column += width;
                return PlacedGrapheme { range: bytes, column: at, width, shown, odd };
            }
            if is_blank(bytes.of(text)) {
                column = edge;
                return PlacedGrapheme { range: bytes, column: edge, width: 0, shown: Cow::Borrowed(""), odd };
            }
            // The cluster is wider than the whole line.
            column = edge;
            let shown = ellipsis.chars().take(edge - at).collect();
            PlacedGrapheme { range: bytes, column: at, width: edge - at, shown: Cow::Owned(shown), odd: true }
        })
    }

    /// Line of the byte at `offset`; the last line for an offset past the end.
    pub fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|line| line.range.start <= offset).saturating_sub(1)
    }

    /// First cell of the byte at `offset` on its line.
    pub fn column_of(&self, text: &str, offset: usize) -> usize {
        let line = self.line_of(offset);
        let placed = self.graphemes(text, line).find(|placed| placed.range.end > offset);
        placed.map_or_else(|| self.lines.get(line).map_or(0, |line| line.width), |placed| placed.column)
    }

    /// Word on line `line` that is nearest to cell `column`.
    /// Of two at the same distance, the left one.
    ///
    /// `words` must ascend.
    pub fn nearest_word(&self, text: &str, words: &[TextRange], line: usize, column: usize) -> Option<usize> {
        let range = self.lines.get(line)?.range;
        let first = words.partition_point(|word| word.end <= range.start);
        let mut best: Option<(usize, usize)> = None;
        let mut word = first;
        for placed in self.graphemes(text, line) {
            while words.get(word).is_some_and(|candidate| candidate.end <= placed.range.start) {
                word += 1;
            }
            if words.get(word).is_some_and(|candidate| candidate.contains(placed.range.start)) {
                let right = (placed.column + placed.width).saturating_sub(1);
                let distance =
                    if column < placed.column { placed.column - column } else { column.saturating_sub(right) };
                if best.is_none_or(|(nearest, _)| distance < nearest) {
                    best = Some((distance, word));
                }
            }
        }
        best.map(|(_, word)| word)
    }

    /// Word above or below `word`, on the next line that has words.
    ///
    /// `goal` is the column to aim at when several such moves follow each other; without it, the middle of `word`.
    pub fn word_vertical(
        &self,
        text: &str,
        words: &[TextRange],
        word: usize,
        to: Vertical,
        goal: Option<usize>,
    ) -> Option<usize> {
        let range = *words.get(word)?;
        let goal = goal.unwrap_or_else(|| self.middle(text, range));
        match to {
            Vertical::Up => {
                (0..self.line_of(range.start)).rev().find_map(|line| self.nearest_word(text, words, line, goal))
            }
            Vertical::Down => {
                let below = self.line_of(range.end.saturating_sub(1).max(range.start)) + 1;
                // The rest of `word` itself may be on the next line; the result must be another word.
                (below..self.lines.len())
                    .find_map(|line| self.nearest_word(text, words, line, goal).filter(|found| *found > word))
            }
        }
    }

    /// Middle cell of the part of `range` on its first line.
    fn middle(&self, text: &str, range: TextRange) -> usize {
        let line = self.line_of(range.start);
        let covered = self.graphemes(text, line).filter(|placed| range.contains(placed.range.start));
        let (left, right) = covered.fold((usize::MAX, 0), |(left, right), placed| {
            (left.min(placed.column), right.max(placed.column + placed.width.saturating_sub(1)))
        });
        left.min(right).midpoint(right)
    }
}

/// Whether a line may break after the cluster.
/// White space, except no-break spaces and line breaks.
fn is_blank(cluster: &str) -> bool {
    !cluster.is_empty()
        && cluster.chars().all(|c| c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}' | '\n' | '\r'))
}

/// Whether the cluster is a closing mark.
/// Such marks do not begin a line in CJK typesetting.
fn is_closing_mark(cluster: &str) -> bool {
    cluster.starts_with([
        '\u{3001}', '\u{3002}', '\u{ff0c}', '\u{ff0e}', '\u{ff01}', '\u{ff1f}', '\u{ff1a}', '\u{ff1b}', '\u{ff09}',
        '\u{300d}', '\u{300f}', '\u{3011}', '\u{300b}', '\u{3009}',
    ])
}

/// Position at which the line may break.
#[derive(Clone, Copy)]
struct BreakPoint {
    /// First byte of the next line.
    at: usize,
    /// Cells before it, blanks included.
    column: usize,
    /// Cells before it up to the last visible character.
    inked: usize,
}

struct Breaker {
    width: usize,
    lines: Vec<VisualLine>,
    start: usize,
    column: usize,
    inked: usize,
    break_point: Option<BreakPoint>,
    after_wide: bool,
}

impl Breaker {
    fn new(width: usize) -> Self {
        Self { width, lines: Vec::new(), start: 0, column: 0, inked: 0, break_point: None, after_wide: false }
    }

    fn place(&mut self, grapheme: &Grapheme<'_>, cluster: &str) {
        if matches!(cluster, "\n" | "\r\n") {
            self.end(grapheme.range.start);
            self.start = grapheme.range.end;
            return;
        }
        if is_blank(cluster) {
            self.column += grapheme.width;
            self.break_point = Some(BreakPoint { at: grapheme.range.end, column: self.column, inked: self.inked });
            self.after_wide = false;
            return;
        }
        let wide = grapheme.width > 1 && !grapheme.odd;
        if (wide || self.after_wide) && !is_closing_mark(cluster) && self.column > 0 {
            self.break_point = Some(BreakPoint { at: grapheme.range.start, column: self.column, inked: self.inked });
        }
        while self.column > 0 && self.column + grapheme.width > self.width {
            self.wrap(grapheme.range.start);
        }
        self.column += grapheme.width;
        self.inked = self.column;
        self.after_wide = wide;
    }

    /// Ends the line at its last break point, or at `here` if it has none.
    fn wrap(&mut self, here: usize) {
        let here = BreakPoint { at: here, column: self.column, inked: self.inked };
        let end = self.break_point.take().unwrap_or(here);
        self.push(end.at, end.inked);
        self.column -= end.column;
        self.inked = self.inked.saturating_sub(end.column);
    }

    /// Ends the line at `end`; the next one begins empty.
    fn end(&mut self, end: usize) {
        self.push(end, self.inked);
        self.column = 0;
        self.inked = 0;
        self.break_point = None;
        self.after_wide = false;
    }

    fn push(&mut self, end: usize, inked: usize) {
        self.lines.push(VisualLine { range: TextRange::new(self.start, end), width: inked.min(self.width) });
        self.start = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{Grid, words},
        *,
    };

    fn lines(text: &str, width: usize) -> Vec<&str> {
        TextLayout::new(text, width, Glyphs::Unicode).lines().iter().map(|line| line.range.of(text)).collect()
    }

    #[test]
    fn words_wrap_and_long_ones_break() {
        assert_eq!(lines("the tacos were cheap", 10), ["the tacos ", "were cheap"]);
        assert_eq!(lines("the tacos", 5), ["the ", "tacos"]);
        assert_eq!(lines("go supercalifragil yes", 8), ["go ", "supercal", "ifragil ", "yes"]);
        assert_eq!(lines("a\n\nb\r\n", 5), ["a", "", "b", ""]);
        assert_eq!(lines("", 5), [""]);
    }

    #[test]
    fn blanks_hang_over_the_edge() {
        let text = "tacos    were";
        let layout = TextLayout::new(text, 6, Glyphs::Unicode);
        assert_eq!(layout.lines()[0], VisualLine { range: TextRange::new(0, 9), width: 5 });
        let hanging = layout.graphemes(text, 0).filter(|placed| placed.width == 0).count();
        assert_eq!(hanging, 3);
    }

    #[test]
    fn wide_characters_break_anywhere_but_before_a_closing_mark() {
        assert_eq!(lines("\u{62c9}\u{9eba}\u{9928}\u{3002}", 6), ["\u{62c9}\u{9eba}", "\u{9928}\u{3002}"]);
        assert_eq!(lines("ab\u{62c9}\u{9eba}cd", 5), ["ab\u{62c9}", "\u{9eba}cd"]);
    }

    #[test]
    fn a_cluster_wider_than_the_line_is_cut() {
        let text = "\u{62c9}";
        let layout = TextLayout::new(text, 1, Glyphs::Unicode);
        let placed: Vec<_> = layout.graphemes(text, 0).collect();
        assert!(matches!(&placed[..], [only] if only.width == 1 && only.shown == "\u{2026}"));
    }

    #[test]
    fn up_and_down_find_the_nearest_word() {
        let text = "the tacos at El\n\nCamino were cheap";
        let words = words::split(text, Grid::Natural);
        let layout = TextLayout::new(text, 40, Glyphs::Unicode);
        let name = |word: Option<usize>| word.map(|word| words[word].of(text));
        assert_eq!(name(layout.word_vertical(text, &words, 1, Vertical::Down, None)), Some("Camino"));
        assert_eq!(name(layout.word_vertical(text, &words, 6, Vertical::Up, None)), Some("El"));
        assert_eq!(name(layout.word_vertical(text, &words, 5, Vertical::Up, Some(0))), Some("the"));
        assert_eq!(layout.word_vertical(text, &words, 0, Vertical::Up, None), None);
        assert_eq!(layout.word_vertical(text, &words, 6, Vertical::Down, None), None);
        assert_eq!(layout.column_of(text, 24), 7);
    }

    #[test]
    fn a_word_on_two_lines_is_left_by_both_ends() {
        let text = "a supercalifragil b";
        let words = words::split(text, Grid::Natural);
        let layout = TextLayout::new(text, 10, Glyphs::Unicode);
        assert_eq!(layout.word_vertical(text, &words, 1, Vertical::Down, None), None);
        assert_eq!(layout.word_vertical(text, &words, 1, Vertical::Up, None), Some(0));
        assert_eq!(layout.word_vertical(text, &words, 0, Vertical::Down, None), Some(1));
    }

    proptest! {
        #[test]
        fn lines_tile_the_text_and_fit(
            text in "([a-z]{1,12}|[ \u{62c9}\u{3002}\u{1f355}\u{301}\u{200b}\u{1b}\t.-]|\n|\r\n){0,30}",
            width in 1usize..20,
        ) {
            let layout = TextLayout::new(&text, width, Glyphs::Unicode);
            let mut at = 0;
            for (index, line) in layout.lines().iter().enumerate() {
                let gap = text.get(at..line.range.start);
                prop_assert!(matches!(gap, Some("" | "\n" | "\r\n")), "before {:?}", line);
                let mut column = 0;
                let mut byte = line.range.start;
                for placed in layout.graphemes(&text, index) {
                    prop_assert_eq!(placed.range.start, byte);
                    prop_assert!(placed.column >= column && placed.column + placed.width <= width);
                    prop_assert!(placed.width > 0 || placed.range.of(&text).trim().is_empty());
                    column = placed.column + placed.width;
                    byte = placed.range.end;
                }
                prop_assert_eq!(byte, line.range.end);
                prop_assert!(line.width <= width);
                at = line.range.end;
            }
            prop_assert_eq!(at, text.len());
        }

        #[test]
        fn every_byte_is_where_its_line_says(text in "[a-z \n\u{62c9}]{0,60}", width in 1usize..12) {
            let layout = TextLayout::new(&text, width, Glyphs::Unicode);
            for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace() && width > 1) {
                let (line, column) = (layout.line_of(at), layout.column_of(&text, at));
                let placed = layout.graphemes(&text, line).find(|placed| placed.column == column);
                prop_assert_eq!(placed.map(|placed| placed.range.start), Some(at), "{:?}", c);
            }
        }
    }
}
