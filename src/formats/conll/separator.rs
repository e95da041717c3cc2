//! Columns of a line: the separator between them, and their places.

use crate::{
    formats::decode::{first_mark, marks_of},
    text::TextRange,
};

/// Separator between two columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// One tab; columns may be empty and may contain spaces.
    Tab,
    /// One or more spaces or tabs.
    Spaces,
}

/// Number of columns of a line.
pub(super) struct Width {
    /// All of them.
    pub(super) columns: usize,
    /// Those up to the last one that is not empty.
    pub(super) filled: usize,
}

impl Separator {
    /// Splits a line into columns.
    pub(super) fn split(self, line: &str) -> impl Iterator<Item = &str> + Clone {
        // Empty pieces between spaces are not columns; empty pieces between tabs are.
        let tab = self == Separator::Tab;
        line.split(move |c| c == '\t' || (!tab && c == ' ')).filter(move |column| tab || !column.is_empty())
    }

    /// As [`Self::split`], to places in the line, of which at most `most` are kept.
    pub(super) fn cut(self, line: &str, most: usize, cells: &mut Vec<TextRange>) -> Width {
        cells.clear();
        let mut cut = Cut { keeps_empty: self == Separator::Tab, most, cells, columns: 0, filled: 0, start: 0 };
        let (blocks, rest) = line.as_bytes().as_chunks::<8>();
        for (at, block) in blocks.iter().enumerate() {
            let mut marks = self.marks(u64::from_le_bytes(*block));
            while marks != 0 {
                cut.end_cell(8 * at + first_mark(marks));
                marks &= marks - 1;
            }
        }
        for (at, byte) in rest.iter().enumerate() {
            if *byte == b'\t' || *byte == b' ' && !cut.keeps_empty {
                cut.end_cell(8 * blocks.len() + at);
            }
        }
        cut.end_cell(line.len());
        Width { columns: cut.columns, filled: cut.filled }
    }

    /// Marks the separators among eight bytes.
    fn marks(self, block: u64) -> u64 {
        let tabs = marks_of(b'\t', block);
        if self == Separator::Tab { tabs } else { tabs | marks_of(b' ', block) }
    }
}

/// A line that is being split.
struct Cut<'c> {
    keeps_empty: bool,
    most: usize,
    cells: &'c mut Vec<TextRange>,
    columns: usize,
    filled: usize,
    /// Place where the next cell begins.
    start: usize,
}

impl Cut<'_> {
    fn end_cell(&mut self, end: usize) {
        if self.keeps_empty || end > self.start {
            self.columns += 1;
            if self.columns <= self.most {
                self.cells.push(TextRange::new(self.start, end));
            }
        }
        if end > self.start {
            self.filled = self.columns;
        }
        self.start = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_places_of_cells_are_those_of_the_text(line in "[ab \t\u{109}\u{220}\u{a0}]{0,40}", most in 0usize..6) {
            for separator in [Separator::Tab, Separator::Spaces] {
                let mut cells = Vec::new();
                let Width { columns, filled } = separator.cut(&line, most, &mut cells);
                let split: Vec<&str> = separator.split(&line).collect();
                let empty = split.iter().rev().take_while(|cell| cell.is_empty()).count();
                prop_assert_eq!((columns, filled), (split.len(), split.len() - empty));
                let found: Vec<&str> = cells.iter().map(|cell| cell.of(&line)).collect();
                prop_assert_eq!(&found[..], &split[..most.min(split.len())]);
            }
        }
    }
}
