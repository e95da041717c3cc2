//! The character grid: the cursor goes by characters (grapheme clusters), so that a span may begin or end inside a word.

use crate::{
    app::{command::Command, event::Level},
    spans::Document,
    text::{TextRange, width},
};

use super::{Desk, Tag};

/// What is told of a span that cuts a word.
const HALF: &str = "Half a word: no CoNLL file holds it, and training widens it to the word";

/// Where the cursor is on the character grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letters {
    /// The word and the byte in or behind it; `None` for the start of the word under the cursor: whatever moves the cursor by
    /// words leaves it there.
    place: Option<(usize, usize)>,
}

impl Letters {
    /// The byte under the cursor.
    pub(super) fn at(self, tag: &Tag, document: &Document) -> usize {
        let start = || document.words.get(tag.word).map_or(0, |word| word.start);
        self.place.filter(|(word, _)| *word == tag.word).map_or_else(start, |(_, at)| at)
    }
}

impl Tag {
    /// The cursor was put on a word: by characters, on its first one.
    pub(super) fn forget_letter(&mut self) {
        if let Some(letters) = &mut self.letters {
            letters.place = None;
        }
    }
}

impl Desk<'_> {
    /// Goes by characters, or by words again.
    pub(super) fn letters(&mut self) {
        self.tag.anchor = None;
        if self.tag.letters.take().is_some() {
            return self.tell(Level::Info, "The cursor goes by words again");
        }
        let at = self.tag.cursor(self.project).map_or(0, |range| range.start);
        self.letter_to(at);
        if self.tag.letters.is_none() {
            return self.tell(Level::Info, "There is no character here");
        }
        self.tell(Level::Warn, "By characters: half words fit no CoNLL file, and training widens them");
    }

    /// Puts the cursor on the character over a byte, or on the last one.
    pub(super) fn letter_to(&mut self, at: usize) {
        let Some(document) = self.document() else { return };
        let text = &document.text;
        let Some(cluster) = width::cluster_at(text, at).or_else(|| width::cluster_before(text, text.len())) else {
            return;
        };
        let words = &document.words;
        let over = document.words_touching(cluster).map(|words| words.start);
        let word = over.unwrap_or_else(|| words.partition_point(|word| word.start <= cluster.start).saturating_sub(1));
        self.tag.word = word;
        self.tag.letters = Some(Letters { place: Some((word, cluster.start)) });
    }

    /// Moves by a character.
    pub(super) fn by_letter(&mut self, left: bool) {
        let (Some(here), Some(document)) = (self.tag.cursor(self.project), self.document()) else { return };
        let to = match left {
            true => width::cluster_before(&document.text, here.start),
            false => width::cluster_at(&document.text, here.end),
        };
        (self.tag.last, self.tag.goal) = (None, None);
        self.letter_to(to.map_or(here.start, |cluster| cluster.start));
    }

    /// A range with an edge moved by a character; `None` if the text or the range ends there.
    pub(super) fn edge_by_letter(&self, range: TextRange, command: Command) -> Option<TextRange> {
        let text = &self.document()?.text;
        let moved = match command {
            Command::Lengthen => TextRange::new(range.start, width::cluster_at(text, range.end)?.end),
            Command::Shorten => TextRange::new(range.start, width::cluster_before(text, range.end)?.start),
            Command::LengthenLeft => TextRange::new(width::cluster_before(text, range.start)?.start, range.end),
            _ => TextRange::new(width::cluster_at(text, range.start)?.end, range.end),
        };
        (moved.start < moved.end).then_some(moved)
    }

    /// Says so if a span cuts a word.
    pub(super) fn warn_of_half_words(&mut self, range: TextRange) {
        if self.document().is_some_and(|document| document.cuts_word(range)) {
            self.tell(Level::Warn, HALF);
        }
    }
}
