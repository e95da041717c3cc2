//! The cursor by characters, for spans that begin or end inside a word.
//! Characters are grapheme clusters.

use crate::{
    app::{command::Command, event::Level},
    text::{
        TextRange,
        clusters::{cluster_at, cluster_before},
    },
};

use super::{CharCursor, TagContext, Tagging};

/// Warning about a span that cuts a word.
const HALF_WORD: &str = "Half a word: no CoNLL file holds it, and training widens it to the word";

impl Tagging {
    /// Puts the cursor by characters on the first character of its word.
    pub(super) fn reset_char(&mut self) {
        if let Some(chars) = &mut self.chars {
            chars.place = None;
        }
    }
}

impl TagContext<'_> {
    /// Switches between moving by characters and moving by words.
    pub(in crate::app) fn toggle_chars(&mut self) {
        self.tag.anchor = None;
        if self.tag.chars.take().is_some() {
            return self.show(Level::Info, "The cursor goes by words again");
        }
        let at = self.tag.focus(self.project);
        self.go_to_char(at);
        if self.tag.chars.is_none() {
            return self.show(Level::Info, "There is no character here");
        }
        self.show(Level::Warn, "By characters: half words fit no CoNLL file, and training widens them");
    }

    /// Puts the cursor by characters on the character over a byte, or on the last one.
    pub(super) fn go_to_char(&mut self, at: usize) {
        let Some(document) = self.document() else { return };
        let text = &document.text;
        let Some(cluster) = cluster_at(text, at).or_else(|| cluster_before(text, text.len())) else {
            return;
        };
        let words = &document.words;
        let over = document.words_touching(cluster).map(|words| words.start);
        let word = over.unwrap_or_else(|| words.partition_point(|word| word.start <= cluster.start).saturating_sub(1));
        self.tag.set_word(word);
        self.tag.chars = Some(CharCursor { place: Some((word, cluster)) });
    }

    /// Moves the cursor by a character.
    pub(super) fn move_by_char(&mut self, left: bool) {
        let Some(here) = self.tag.cursor(self.project) else { return };
        let Some(document) = self.document() else { return };
        let to = match left {
            true => cluster_before(&document.text, here.start),
            false => cluster_at(&document.text, here.end),
        };
        self.tag.last = None;
        self.tag.goal = None;
        self.go_to_char(to.map_or(here.start, |cluster| cluster.start));
    }

    /// Returns a range with an edge moved by a character.
    /// `None` if the text or the range ends there.
    pub(super) fn edge_by_char(&self, range: TextRange, command: Command) -> Option<TextRange> {
        let text = &self.document()?.text;
        let moved = match command {
            Command::Lengthen => TextRange::new(range.start, cluster_at(text, range.end)?.end),
            Command::Shorten => TextRange::new(range.start, cluster_before(text, range.end)?.start),
            Command::LengthenLeft => TextRange::new(cluster_before(text, range.start)?.start, range.end),
            _ => TextRange::new(cluster_at(text, range.start)?.end, range.end),
        };
        (moved.start < moved.end).then_some(moved)
    }

    /// Shows a warning if a span cuts a word.
    pub(super) fn warn_of_half_words(&mut self, range: TextRange) {
        if self.document().is_some_and(|document| document.cuts_word(range)) {
            self.show(Level::Warn, HALF_WORD);
        }
    }
}
