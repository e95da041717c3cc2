//! Texts of the documents that lines of a journal are about, and the places of ranges in them.

use std::collections::HashMap;

use super::{
    document_history::Way,
    documents::Documents,
    text_anchor::{Anchor, Budget, Finder, Fingerprint},
};
use crate::{
    spans::Document,
    text::{CharRange, OffsetMap, TextRange},
};

/// Texts of the documents seen so far, with what finds offsets in them.
/// They are kept because many lines are about the same document.
#[derive(Default)]
pub(super) struct Texts<'a> {
    known: HashMap<&'a str, KnownText<'a>>,
    finder: Finder<'a>,
}

/// Text of a document.
pub(super) struct KnownText<'a> {
    pub(super) document: &'a Document,
    pub(super) map: OffsetMap,
    pub(super) fingerprint: Fingerprint,
    /// For lines that were recorded against another text.
    pub(super) budget: Budget,
}

impl<'a> Texts<'a> {
    /// Text of a document, and the search in all of them; `None` if there is no such document.
    pub(super) fn get(&mut self, id: &str, documents: &'a Documents) -> Option<(&mut KnownText<'a>, &mut Finder<'a>)> {
        let document = documents.get(id)?;
        let known = self.known.entry(&document.id).or_insert_with(|| KnownText {
            document,
            map: OffsetMap::new(&document.text),
            fingerprint: Fingerprint::of(&document.text),
            budget: Budget::default(),
        });
        Some((known, &mut self.finder))
    }
}

/// Search for the ranges of an action in a text that was changed.
pub(super) struct RangeSearch<'t, 'd> {
    /// Anchors of the ranges, in the order in which they are searched for.
    pub(super) anchors: std::vec::IntoIter<Anchor>,
    /// Way from the text of the line to the present one.
    /// Only if every correction between the two is known.
    pub(super) way: Option<Way>,
    pub(super) known: &'t mut KnownText<'d>,
    pub(super) finder: &'t mut Finder<'d>,
}

impl RangeSearch<'_, '_> {
    /// Place of the next range; `None` if it is not certain.
    pub(super) fn range(&mut self, range: CharRange) -> Option<TextRange> {
        let anchor = self.anchors.next();
        if let Some(way) = &self.way {
            return self.corrected(way.follow(range)?);
        }
        let anchor = anchor?;
        let length = range.end.checked_sub(range.start)?;
        let KnownText { document, map, budget, .. } = &mut *self.known;
        map.from_chars(self.finder.find(&document.text, length, &anchor, budget)?).ok()
    }

    /// Bytes of a range in a corrected text.
    /// Without white space at its ends, which a correction may have left there.
    fn corrected(&self, range: CharRange) -> Option<TextRange> {
        let range = self.known.map.from_chars(range).ok()?;
        let words = range.of(&self.known.document.text);
        let start = range.start + (words.len() - words.trim_start().len());
        let end = start + words.trim().len();
        (start < end || range.is_empty()).then_some(TextRange { start, end })
    }
}
