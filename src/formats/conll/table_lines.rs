//! Lines of a table of words: those of the file, or the words of sentences that have a line each.
//!
//! Some files have a sentence on each line, and the columns of a word joined by bars or slashes:
//! `Anna|NNP|B-PER eats|VBZ|O`. Here each word becomes a line, and an empty line follows the last one.

use std::collections::VecDeque;

use super::columns::ColumnValues;
use crate::{
    formats::{Source, decode::Lines, source::Unreadable},
    spans::tag_form::{TagForm, TagRule, is_outside},
};

/// Characters that join the columns of a word.
const MARKS: [char; 2] = ['|', '/'];
/// Lines that show the layout.
const SAMPLE: usize = 2_000;
/// Words from which they show the layout.
const FEWEST: usize = 3;
/// Columns of a word; more than any such file has.
const MOST_COLUMNS: usize = 8;

/// First lines of a file, which show its layout. Their number and their bytes are limited.
pub(super) struct SampleLines {
    pub(super) lines: Vec<String>,
    most: usize,
    bytes: usize,
}

impl SampleLines {
    /// Bytes after which no line is added: lines may be long.
    const BYTES: usize = 16 << 20;

    pub(super) fn new(most: usize) -> Self {
        Self { lines: Vec::new(), most, bytes: 0 }
    }

    pub(super) fn is_full(&self) -> bool {
        self.lines.len() >= self.most || self.bytes >= Self::BYTES
    }

    pub(super) fn push(&mut self, line: &str) {
        if !self.is_full() {
            self.bytes += line.len();
            self.lines.push(line.to_owned());
        }
    }
}

/// Columns of words that are joined in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Joined {
    mark: char,
    columns: usize,
    /// Whether a line is a sentence; otherwise it is a word.
    is_sentence: bool,
}

impl Joined {
    /// Detects joined columns.
    ///
    /// # Errors
    /// The source cannot be read, or is no text.
    pub(super) fn of(source: &dyn Source, rule: Option<TagRule>) -> Result<Option<Self>, Unreadable> {
        let mut sample = SampleLines::new(SAMPLE);
        let mut lines = Lines::of(source)?;
        while !sample.is_full()
            && let Some((_, line)) = lines.next_line()?
        {
            if line.contains('\t') {
                return Ok(None);
            }
            if !line.trim().is_empty() && !line.starts_with('#') {
                sample.push(line);
            }
        }
        Ok(MARKS.into_iter().find_map(|mark| Self::with_mark(mark, &sample.lines, rule)))
    }

    fn with_mark(mark: char, lines: &[String], rule: Option<TagRule>) -> Option<Self> {
        let words = lines.iter().flat_map(|line| line.split_whitespace());
        let all = words.clone().count();
        let mut widths = [0_usize; MOST_COLUMNS + 1];
        for word in words.clone() {
            if let Some(width) = widths.get_mut(word.matches(mark).count() + 1) {
                *width += 1;
            }
        }
        let (columns, _) = widths.iter().enumerate().skip(2).max_by_key(|(columns, count)| (**count, *columns))?;
        // A word may itself contain the mark.
        let joined: usize = widths.iter().skip(columns).sum();
        if all < FEWEST || joined * 20 < all * 19 {
            return None;
        }
        let mut last = ColumnValues::default();
        let mut outside = 0;
        for word in words {
            let tag = word.rsplit(mark).next().unwrap_or_default();
            outside += usize::from(is_outside(tag));
            last.add(tag);
        }
        let tags = last.read_as_tags(rule);
        // Any words may be labels alone: most must be outside of spans.
        let shows_tags = tags.form != TagForm::Label || outside * 2 >= all;
        let is_sentence = lines.iter().any(|line| line.split_whitespace().nth(1).is_some());
        (tags.is_enough && tags.has_spans && shows_tags).then_some(Self { mark, columns, is_sentence })
    }

    /// Describes the layout for the user.
    pub(super) fn description(self) -> String {
        let lines = if self.is_sentence { "a sentence on each line" } else { "a word on each line" };
        format!("columns joined by {}, {lines}", self.mark)
    }

    /// Returns the columns of a word as a line with tabs.
    fn row(self, word: &str) -> String {
        let mut cells: Vec<&str> = word.rsplitn(self.columns, self.mark).collect();
        cells.reverse();
        cells.join("\t")
    }
}

/// Lines of a source, which may have joined columns.
pub(super) struct TableLines<'a> {
    lines: Lines<'a>,
    joined: Option<Joined>,
    /// Words of the last line, and the empty line after them.
    rows: VecDeque<String>,
    row: String,
    number: usize,
}

impl<'a> TableLines<'a> {
    /// Starts at the first line.
    ///
    /// # Errors
    /// The source cannot be read.
    pub(super) fn of(source: &'a dyn Source, joined: Option<Joined>) -> Result<Self, Unreadable> {
        Ok(Self { lines: Lines::of(source)?, joined, rows: VecDeque::new(), row: String::new(), number: 0 })
    }

    /// Returns the next line with the number of its line in the file, from 1.
    ///
    /// # Errors
    /// The source cannot be read, or the line is no text.
    pub(super) fn next_line(&mut self) -> Result<Option<(usize, &str)>, Unreadable> {
        let Some(joined) = self.joined else { return self.lines.next_line() };
        if let Some(row) = self.rows.pop_front() {
            self.row = row;
            return Ok(Some((self.number, &self.row)));
        }
        let Some((number, line)) = self.lines.next_line()? else { return Ok(None) };
        self.number = number;
        self.rows.extend(line.split_whitespace().map(|word| joined.row(word)));
        if joined.is_sentence && !self.rows.is_empty() {
            self.rows.push_back(String::new());
        }
        self.row = self.rows.pop_front().unwrap_or_default();
        Ok(Some((self.number, &self.row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_few_lines_and_few_bytes() {
        let count = |most: usize, line: &str| {
            let mut sample = SampleLines::new(most);
            (0..100).for_each(|_| sample.push(line));
            assert!(sample.is_full());
            sample.lines.len()
        };
        assert_eq!(count(20, "tacos O"), 20);
        assert_eq!(count(20, &"a".repeat(SampleLines::BYTES / 4)), 4);
    }
}
