//! The mouse on the text.
//! It moves the cursor, selects while it is dragged, and labels the selection with an armed label.

use crate::text::clusters::cluster_at;

use super::TagContext;

impl TagContext<'_> {
    /// Begins to point at the text.
    /// The cursor goes to the word or character over a byte.
    pub(in crate::app) fn press_text(&mut self, at: usize) {
        self.tag.anchor = None;
        self.point_at(at);
        self.tag.pressed = self.start_of_cursor();
    }

    /// Extends the selection to a byte, if the button was pressed on the text.
    pub(in crate::app) fn drag_text(&mut self, at: usize) {
        if self.tag.pressed.is_none() {
            return;
        }
        let before = self.start_of_cursor();
        self.point_at(at);
        // A hand that trembles over one word does not select.
        if self.tag.anchor.is_some() || self.start_of_cursor() != before {
            self.tag.anchor = self.tag.pressed;
        }
    }

    /// Ends pointing at the text.
    /// An armed label goes to the selection, or to the word pointed at.
    pub(in crate::app) fn release_text(&mut self) {
        let pressed = self.tag.pressed.take().is_some();
        if let Some(label) = self.tag.armed.filter(|_| pressed) {
            self.label(label);
        }
    }

    /// Puts the cursor on the word, or the character, over a byte.
    /// Between words, it goes to the word before.
    fn point_at(&mut self, at: usize) {
        if self.tag.chars.is_some() {
            return self.go_to_char(at);
        }
        let Some(document) = self.document() else { return };
        let over = cluster_at(&document.text, at).and_then(|cluster| document.words_touching(cluster));
        let word = match over {
            Some(words) => words.start,
            None => document.words.partition_point(|word| word.start <= at).saturating_sub(1),
        };
        self.tag.put(word);
    }

    fn start_of_cursor(&self) -> Option<usize> {
        self.tag.cursor(self.project).map(|here| here.start)
    }
}
