//! Positions in a text in three units.
//! Bytes (ours), code points (files on disk, Python), UTF-16 units (JavaScript).

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A half-open range of **bytes** of a text.
/// Both ends are character boundaries of that text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextRange {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl TextRange {
    /// The bytes from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Length in bytes; 0 for a reversed range.
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether the range contains no byte.
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether the byte at `offset` is inside.
    pub fn contains(self, offset: usize) -> bool {
        self.start <= offset && offset < self.end
    }

    /// Whether every byte of `other` is inside.
    pub fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two share at least one byte.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The smallest range that covers both.
    pub fn join(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// Text of the range; empty when the range does not fit `text`.
    /// It may be outside, or end inside a character.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// The range without white space at its ends; empty if it has nothing else.
    #[must_use]
    pub fn trimmed(self, text: &str) -> Self {
        let own = self.of(text);
        let start = self.start + (own.len() - own.trim_start().len());
        Self::new(start, start + own.trim().len())
    }
}

impl From<Range<usize>> for TextRange {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

impl From<TextRange> for Range<usize> {
    fn from(range: TextRange) -> Self {
        range.start..range.end
    }
}

/// A half-open range of **code points**. JSON: `[start, end]`.
/// Python string indices, Label Studio and our files use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "[usize; 2]", into = "[usize; 2]")]
pub struct CharRange {
    /// First code point.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
}

impl From<[usize; 2]> for CharRange {
    fn from([start, end]: [usize; 2]) -> Self {
        Self { start, end }
    }
}

impl From<CharRange> for [usize; 2] {
    fn from(range: CharRange) -> Self {
        [range.start, range.end]
    }
}

/// A half-open range of **UTF-16 code units** (JavaScript string indices).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Utf16Range {
    /// First unit.
    pub start: usize,
    /// One past the last unit.
    pub end: usize,
}

/// Reason why a range of another unit does not fit a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OffsetError {
    /// The range ends after the text does.
    #[error("offset {offset} is past the end of the text, which has {length} {unit}")]
    PastEnd {
        /// The offending offset.
        offset: usize,
        /// Length of the text in the same unit.
        length: usize,
        /// `characters` or `UTF-16 units`.
        unit: &'static str,
    },
    /// The range ends before it starts.
    #[error("the range ends at {end}, before it starts at {start}")]
    Reversed {
        /// Start as given.
        start: usize,
        /// End as given.
        end: usize,
    },
    /// The UTF-16 offset is between the two halves of a surrogate pair.
    #[error("offset {offset} is inside a character (half of a surrogate pair)")]
    InsideCharacter {
        /// The offending offset.
        offset: usize,
    },
}

/// Converts offsets of one text between the units.
///
/// Building is linear, a query logarithmic; the map holds one entry per non-ASCII character.
#[derive(Clone, Debug)]
pub struct OffsetMap {
    /// Positions just **after** each character of more than one byte.
    /// They are in bytes, code points and UTF-16 units.
    steps: Vec<[usize; 3]>,
    end: [usize; 3],
}

const BYTE: usize = 0;
const CHAR: usize = 1;
const UTF16: usize = 2;

impl OffsetMap {
    /// Builds the map in one pass.
    pub fn new(text: &str) -> Self {
        let mut at = [0, 0, 0];
        let mut steps = Vec::new();
        for c in text.chars() {
            at[BYTE] += c.len_utf8();
            at[CHAR] += 1;
            at[UTF16] += c.len_utf16();
            if !c.is_ascii() {
                steps.push(at);
            }
        }
        Self { steps, end: at }
    }

    /// Length of the text in code points.
    pub fn chars(&self) -> usize {
        self.end[CHAR]
    }

    /// Converts `offset` from unit `from` to unit `to`; `None` inside a character.
    /// `offset` must not be past the end.
    fn convert(&self, offset: usize, from: usize, to: usize) -> Option<usize> {
        let index = self.steps.partition_point(|step| step[from] <= offset);
        let base = if index == 0 { [0, 0, 0] } else { self.steps[index - 1] };
        let plain = offset - base[from];
        // Between `base` and the next wide character all units agree; past its first unit, `offset` is inside it.
        if let Some(next) = self.steps.get(index) {
            let narrow = next[CHAR] - 1 - base[CHAR];
            if plain > narrow {
                return None;
            }
        }
        Some(base[to] + plain)
    }

    fn range(&self, start: usize, end: usize, from: usize, unit: &'static str) -> Result<TextRange, OffsetError> {
        if end < start {
            return Err(OffsetError::Reversed { start, end });
        }
        if end > self.end[from] {
            return Err(OffsetError::PastEnd { offset: end, length: self.end[from], unit });
        }
        Ok(TextRange::new(self.to_byte(start, from)?, self.to_byte(end, from)?))
    }

    fn to_byte(&self, offset: usize, from: usize) -> Result<usize, OffsetError> {
        self.convert(offset, from, BYTE).ok_or(OffsetError::InsideCharacter { offset })
    }

    /// Converts a range of code points to bytes.
    ///
    /// # Errors
    /// The range is reversed or ends past the text.
    pub fn from_chars(&self, range: CharRange) -> Result<TextRange, OffsetError> {
        self.range(range.start, range.end, CHAR, "characters")
    }

    /// Converts a range of UTF-16 units to bytes.
    ///
    /// # Errors
    /// The range is reversed, ends past the text or cuts a surrogate pair.
    pub fn from_utf16(&self, range: Utf16Range) -> Result<TextRange, OffsetError> {
        self.range(range.start, range.end, UTF16, "UTF-16 units")
    }

    /// Converts a range of bytes to code points.
    /// An end outside the text or inside a character moves down to the nearest boundary.
    pub fn to_chars(&self, range: TextRange) -> CharRange {
        CharRange { start: self.floor(range.start, CHAR), end: self.floor(range.end, CHAR) }
    }

    /// Converts a range of bytes to UTF-16 units.
    /// An end outside the text or inside a character moves down to the nearest boundary.
    pub fn to_utf16(&self, range: TextRange) -> Utf16Range {
        Utf16Range { start: self.floor(range.start, UTF16), end: self.floor(range.end, UTF16) }
    }

    /// Offset in unit `to` of the last character boundary up to `byte`.
    fn floor(&self, byte: usize, to: usize) -> usize {
        let byte = byte.min(self.end[BYTE]);
        (0..4).find_map(|back| self.convert(byte.saturating_sub(back), BYTE, to)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_differ_after_an_emoji() {
        let text = "caf\u{e9} \u{1f355}!";
        let map = OffsetMap::new(text);
        let pizza = TextRange::new(6, 10);
        assert_eq!(pizza.of(text), "\u{1f355}");
        assert_eq!(map.to_chars(pizza), CharRange { start: 5, end: 6 });
        assert_eq!(map.from_utf16(Utf16Range { start: 5, end: 7 }), Ok(pizza));
        assert_eq!(map.from_utf16(Utf16Range { start: 5, end: 6 }), Err(OffsetError::InsideCharacter { offset: 6 }));
        assert!(matches!(map.from_chars(CharRange { start: 0, end: 8 }), Err(OffsetError::PastEnd { length: 7, .. })));
    }

    proptest! {
        #[test]
        fn every_boundary_survives_the_round_trip(text in "\\PC{0,40}", a in 0usize..40, b in 0usize..40) {
            let boundaries: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            let (a, b) = (a % boundaries.len(), b % boundaries.len());
            let range = TextRange::new(boundaries[a.min(b)], boundaries[a.max(b)]);
            let map = OffsetMap::new(&text);
            let chars = map.to_chars(range);
            prop_assert_eq!((chars.start, chars.end), (a.min(b), a.max(b)));
            prop_assert_eq!(map.from_chars(chars), Ok(range));
            let [start, end] = [range.start, range.end].map(|at| text[..at].encode_utf16().count());
            prop_assert_eq!(map.from_utf16(Utf16Range { start, end }), Ok(range));
            prop_assert_eq!(map.to_utf16(range), Utf16Range { start, end });
        }

        #[test]
        fn any_byte_has_a_place(text in "\\PC{0,20}", byte in 0usize..100) {
            let map = OffsetMap::new(&text);
            prop_assert!(map.to_chars(TextRange::new(0, byte)).end <= text.chars().count());
        }
    }
}
