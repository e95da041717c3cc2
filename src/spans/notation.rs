//! Notation for a text with spans, for tests and for authors of samples:
//!
//! ```text
//! The [tacos](Dish) at [El Camino](Restaurant_Name) were |cheap|
//! ```
//!
//! `[words](Label)` is a span; spans may nest. One bar is a cursor, two bars are the ends of a selection. A backslash
//! escapes the next character: `\[`, `\]`, `\|` and `\\` in the text, `\)` and `\\` in a label.

use crate::text::{TextRange, width::clean};

/// Text with spans and a cursor or selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Text without notation.
    pub text: String,
    /// Ranges of the text and labels, ascending by start, longer ones first.
    pub spans: Vec<(TextRange, String)>,
    /// Selection; empty for a cursor.
    pub selection: Option<TextRange>,
}

/// Reason why a text cannot be parsed or written in this notation.
/// Columns are characters, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotationError {
    /// A `[` without a `]`.
    #[error("column {column}: `[` has no `](Label)`; write `\\[` for a bracket of the text")]
    Unclosed {
        /// Column of the bracket.
        column: usize,
    },
    /// A `]` without a `[`, or without a label after it.
    #[error(
        "column {column}: `]` must close a `[`, and `(Label)` must follow; \
         write `\\]` for a bracket of the text"
    )]
    Closing {
        /// Column of the bracket.
        column: usize,
    },
    /// An empty span or label.
    #[error("column {column}: a span needs at least one character and a label")]
    Empty {
        /// Column of the span's end.
        column: usize,
    },
    /// More than two bars.
    #[error(
        "column {column}: a text has at most two bars, the ends of the selection; write `\\|` for a bar of the text"
    )]
    Bar {
        /// Column of the third bar.
        column: usize,
    },
    /// A backslash at the end.
    #[error("column {column}: nothing follows the backslash; write `\\\\` for a backslash of the text")]
    Backslash {
        /// Column of the backslash.
        column: usize,
    },
    /// When writing: a range that does not fit the text, or is empty.
    #[error("the span `{label}` at bytes {start} to {end} does not fit the text")]
    Range {
        /// Its label.
        label: String,
        /// Its first byte.
        start: usize,
        /// One past its last byte.
        end: usize,
    },
    /// When writing: two overlapping spans of which neither contains the other.
    #[error("the spans `{first}` and `{second}` cross each other, and brackets cannot show that")]
    Crossing {
        /// Label of the span that begins first.
        first: String,
        /// Label of the other span.
        second: String,
    },
}

impl Marked {
    /// Parses the notation.
    ///
    /// # Errors
    /// The first error in the text.
    pub fn parse(source: &str) -> Result<Self, NotationError> {
        let mut parser = Parser { chars: source.chars(), column: 0, marked: Self::default() };
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut bars: Vec<usize> = Vec::new();
        while let Some(c) = parser.next() {
            let (at, column) = (parser.marked.text.len(), parser.column);
            match c {
                '[' => open.push((at, column)),
                ']' => {
                    let (start, _) = open.pop().ok_or(NotationError::Closing { column })?;
                    parser.close(TextRange::new(start, at))?;
                }
                '|' if bars.len() == 2 => return Err(NotationError::Bar { column }),
                '|' => bars.push(at),
                '\\' => {
                    let escaped = parser.next().ok_or(NotationError::Backslash { column })?;
                    parser.marked.text.push(escaped);
                }
                plain => parser.marked.text.push(plain),
            }
        }
        if let Some((_, column)) = open.pop() {
            return Err(NotationError::Unclosed { column });
        }
        let mut marked = parser.marked;
        // Inner spans close first, but of two spans with the same range the outer one comes first.
        marked.spans.reverse();
        marked.spans.sort_by_key(|(range, _)| reading_order(*range));
        marked.selection = bars.first().zip(bars.last()).map(|(start, end)| TextRange::new(*start, *end));
        Ok(marked)
    }

    /// Writes the notation, with brackets inside the bars of the selection.
    ///
    /// # Errors
    /// A span or the selection does not fit the text, or two spans cross.
    pub fn print(&self) -> Result<String, NotationError> {
        let mut spans: Vec<(TextRange, &str)> =
            self.spans.iter().map(|(range, label)| (*range, label.as_str())).collect();
        spans.sort_by_key(|(range, _)| reading_order(*range));
        let selection = self.selection.map(|range| (range, "selection"));
        for (range, label) in spans.iter().copied().chain(selection) {
            let fits = self.text.get(range.start..range.end).is_some();
            if !fits || range.is_empty() && self.selection != Some(range) || label.is_empty() {
                return Err(NotationError::Range {
                    label: clean(label).into_owned(),
                    start: range.start,
                    end: range.end,
                });
            }
        }
        let mut out = String::with_capacity(self.text.len() + 16 * spans.len());
        let mut waiting = spans.into_iter().peekable();
        let mut open: Vec<(TextRange, &str)> = Vec::new();
        for (at, c) in self.text.char_indices().map(|(at, c)| (at, Some(c))).chain([(self.text.len(), None)]) {
            while let Some((_, label)) = open.pop_if(|(range, _)| range.end == at) {
                out.push_str("](");
                push_escaped(&mut out, label, ")\\");
                out.push(')');
            }
            self.push_bars(&mut out, at);
            while let Some(span) = waiting.next_if(|(range, _)| range.start == at) {
                if let Some(outer) = open.last().filter(|outer| !outer.0.covers(span.0)) {
                    return Err(NotationError::Crossing { first: outer.1.to_owned(), second: span.1.to_owned() });
                }
                open.push(span);
                out.push('[');
            }
            if let Some(c) = c {
                push_escaped(&mut out, c.encode_utf8(&mut [0; 4]), "[]|\\");
            }
        }
        Ok(out)
    }

    fn push_bars(&self, out: &mut String, at: usize) {
        let Some(selection) = self.selection else { return };
        if at == selection.start || at == selection.end {
            out.push('|');
        }
    }
}

/// Sort key of reading order: by start, the longer range first.
fn reading_order(range: TextRange) -> (usize, std::cmp::Reverse<usize>) {
    (range.start, std::cmp::Reverse(range.end))
}

fn push_escaped(out: &mut String, text: &str, special: &str) {
    for c in text.chars() {
        if special.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
}

struct Parser<'s> {
    chars: std::str::Chars<'s>,
    column: usize,
    marked: Marked,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        self.column += 1;
        Some(c)
    }

    /// Parses `(Label)` after the bracket that closes the span over `range`.
    fn close(&mut self, range: TextRange) -> Result<(), NotationError> {
        let bracket = self.column;
        if self.next() != Some('(') {
            return Err(NotationError::Closing { column: bracket });
        }
        let mut label = String::new();
        loop {
            let c = self.next().ok_or(NotationError::Closing { column: bracket })?;
            let column = self.column;
            match c {
                ')' if label.is_empty() || range.is_empty() => return Err(NotationError::Empty { column: bracket }),
                ')' => break,
                '\\' => label.push(self.next().ok_or(NotationError::Backslash { column })?),
                plain => label.push(plain),
            }
        }
        self.marked.spans.push((range, label));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans(marked: &Marked) -> Vec<(&str, &str)> {
        marked.spans.iter().map(|(range, label)| (range.of(&marked.text), label.as_str())).collect()
    }

    #[test]
    fn spans_and_selection_are_read() {
        let source = "The [tacos](Dish) at [El Camino](Restaurant_Name) were |cheap|";
        let marked = Marked::parse(source).unwrap();
        assert_eq!(marked.text, "The tacos at El Camino were cheap");
        assert_eq!(spans(&marked), [("tacos", "Dish"), ("El Camino", "Restaurant_Name")]);
        assert_eq!(marked.selection.map(|range| range.of(&marked.text)), Some("cheap"));
        assert_eq!(marked.print().as_deref(), Ok(source));
    }

    #[test]
    fn one_bar_is_a_cursor() {
        let marked = Marked::parse("the |tacos").unwrap();
        assert_eq!(marked.selection, Some(TextRange::new(4, 4)));
        assert_eq!(marked.print().as_deref(), Ok("the |tacos"));
    }

    #[test]
    fn spans_nest_with_the_outer_one_first() {
        let source = "[[[El](A)](B) Camino's](C) [patio](D)";
        let marked = Marked::parse(source).unwrap();
        assert_eq!(spans(&marked), [("El Camino's", "C"), ("El", "B"), ("El", "A"), ("patio", "D")]);
        assert_eq!(marked.print().as_deref(), Ok(source));
    }

    #[test]
    fn a_backslash_takes_the_next_character_as_it_is() {
        let source = "\\[a\\] \\| \\\\ (b) [c](d\\)e)";
        let marked = Marked::parse(source).unwrap();
        assert_eq!(marked.text, "[a] | \\ (b) c");
        assert_eq!(spans(&marked), [("c", "d)e")]);
        assert_eq!(marked.print().as_deref(), Ok(source));
    }

    #[test]
    fn invalid_notation_is_reported_with_its_column() {
        let error = |source: &str| Marked::parse(source).unwrap_err();
        assert_eq!(error("é [tacos"), NotationError::Unclosed { column: 3 });
        assert_eq!(error("tacos]"), NotationError::Closing { column: 6 });
        assert_eq!(error("[tacos] are"), NotationError::Closing { column: 7 });
        assert_eq!(error("[tacos](Dish"), NotationError::Closing { column: 7 });
        assert_eq!(error("[](Dish)"), NotationError::Empty { column: 2 });
        assert_eq!(error("[tacos]()"), NotationError::Empty { column: 7 });
        assert_eq!(error("|a|b|"), NotationError::Bar { column: 5 });
        assert_eq!(error("a\\"), NotationError::Backslash { column: 2 });
    }

    #[test]
    fn what_brackets_cannot_show_is_an_error() {
        let span = |start, end| (TextRange::new(start, end), "X".to_owned());
        let marked = |spans| Marked { text: "tacos é".into(), spans, selection: None };
        assert!(matches!(marked(vec![span(0, 3), span(2, 5)]).print(), Err(NotationError::Crossing { .. })));
        assert!(matches!(marked(vec![span(0, 7)]).print(), Err(NotationError::Range { .. })));
        assert!(matches!(marked(vec![span(2, 2)]).print(), Err(NotationError::Range { .. })));
    }

    proptest! {
        #[test]
        fn anything_can_be_read_or_refused(source in "[a-c\\[\\]()|\\\\é ]{0,30}") {
            if let Ok(marked) = Marked::parse(&source) {
                let printed = marked.print().unwrap();
                prop_assert_eq!(Marked::parse(&printed), Ok(marked));
            }
        }

        #[test]
        fn what_is_written_is_read_back(
            text in "\\PC{0,20}",
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 4),
            label in "\\PC{1,4}",
        ) {
            let borders: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let mut cuts: Vec<usize> = cuts.iter().map(|index| borders[index.index(borders.len())]).collect();
            cuts.sort_unstable();
            let ranges = [TextRange::new(cuts[0], cuts[3]), TextRange::new(cuts[1], cuts[2])];
            let real = ranges.into_iter().filter(|range| !range.is_empty());
            let spans = real.map(|range| (range, label.clone())).collect();
            let marked = Marked { text, spans, selection: Some(TextRange::new(cuts[0], cuts[2])) };
            let printed = marked.print().unwrap();
            prop_assert_eq!(Marked::parse(&printed), Ok(marked));
        }
    }
}
