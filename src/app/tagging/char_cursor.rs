//! Position of the cursor while it moves by characters (grapheme clusters).

use crate::spans::Document;

/// Position of the cursor while it moves by characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CharCursor {
    /// A word, and a byte in or after it.
    /// `None`, or another word than the one under the cursor: the start of that one, where moves by words leave the
    /// cursor.
    pub(super) place: Option<(usize, usize)>,
}

impl CharCursor {
    /// Returns the byte under the cursor; `under` is the word there.
    pub(super) fn at(self, under: usize, document: &Document) -> usize {
        match self.place {
            Some((word, at)) if word == under => at,
            _ => document.words.get(under).map_or(0, |word| word.start),
        }
    }
}
