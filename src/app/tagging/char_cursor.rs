//! Position of the cursor while it moves by characters (grapheme clusters).

use crate::{
    spans::Document,
    text::{TextRange, clusters::cluster_at},
};

/// Position of the cursor while it moves by characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CharCursor {
    /// A word, and the character in or after it.
    /// `None`, or another word than the one under the cursor: the start of that one, where moves by words leave the
    /// cursor.
    pub(super) place: Option<(usize, TextRange)>,
}

impl CharCursor {
    /// Returns the character under the cursor; `under` is the word there.
    pub(super) fn range(self, under: usize, document: &Document) -> Option<TextRange> {
        match self.place {
            Some((word, range)) if word == under => Some(range),
            _ => cluster_at(&document.text, document.words.get(under).map_or(0, |word| word.start)),
        }
    }
}
