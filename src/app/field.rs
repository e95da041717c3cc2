//! A text field of one line: text, cursor, and what keys do to them.

use super::key::{Code, Key};
use crate::text::clusters::{cluster_at, cluster_before};

/// One line of text that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    text: String,
    /// Byte position, always between two graphemes.
    cursor: usize,
}

impl Field {
    /// A field without text.
    pub const fn empty() -> Self {
        Self { text: String::new(), cursor: 0 }
    }

    /// A field with this text, the cursor behind it.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before and after the cursor.
    pub fn parts(&self) -> (&str, &str) {
        self.text.split_at_checked(self.cursor).unwrap_or((&self.text, ""))
    }

    /// Takes a key.
    /// `None` if the key is none of the field's; else whether the text changed.
    pub fn press(&mut self, key: Key) -> Option<bool> {
        if let Some(c) = key.typed() {
            self.insert(c.encode_utf8(&mut [0; 4]));
            return Some(true);
        }
        match (key.code, key.ctrl) {
            (Code::Left, false) => self.cursor = self.left(),
            (Code::Right, false) => self.cursor = self.right(),
            (Code::Home, _) | (Code::Char('a'), true) => self.cursor = 0,
            (Code::End, _) | (Code::Char('e'), true) => self.cursor = self.text.len(),
            (Code::Backspace, _) => return Some(self.cut(self.left(), self.cursor)),
            (Code::Delete, _) => return Some(self.cut(self.cursor, self.right())),
            (Code::Char('w'), true) => return Some(self.cut(self.word(), self.cursor)),
            (Code::Char('u'), true) => return Some(self.cut(0, self.cursor)),
            _ => return None,
        }
        Some(false)
    }

    /// Start of the grapheme before the cursor.
    fn left(&self) -> usize {
        cluster_before(&self.text, self.cursor).map_or(0, |cluster| cluster.start)
    }

    /// End of the grapheme at the cursor.
    fn right(&self) -> usize {
        cluster_at(&self.text, self.cursor).map_or(self.text.len(), |cluster| cluster.end)
    }

    /// Start of the word before the cursor.
    fn word(&self) -> usize {
        let (before, _) = self.parts();
        let before = before.trim_end();
        before.char_indices().rev().find(|(_, c)| c.is_whitespace()).map_or(0, |(at, c)| at + c.len_utf8())
    }

    /// Puts text in at the cursor. Line ends and tabs become blanks, other control characters go.
    pub fn insert(&mut self, text: &str) {
        let clean = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c });
        let clean: String = clean.filter(|c| !c.is_control()).collect();
        self.replace(self.cursor, self.cursor, &clean);
    }

    /// Removes the text between two positions. Returns whether there was any.
    fn cut(&mut self, from: usize, to: usize) -> bool {
        self.replace(from, to, "");
        from < to
    }

    /// Replaces the text between two positions by another one, and puts the cursor behind it.
    ///
    /// What is there now may have joined the grapheme before or after it: the cursor goes to the end of that one.
    fn replace(&mut self, from: usize, to: usize, new: &str) {
        if self.text.get(from..to).is_none() {
            return;
        }
        self.text.replace_range(from..to, new);
        let end = from + new.len();
        let inside = cluster_at(&self.text, end).filter(|cluster| cluster.start < end);
        self.cursor = inside.map_or(end, |cluster| cluster.end);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{clusters::clusters, growth::assert_linear};

    fn press(field: &mut Field, names: &str) {
        for name in names.split(' ') {
            field.press(name.parse().unwrap());
        }
    }

    #[test]
    fn words_and_the_whole_line_are_cut() {
        let mut field = Field::new("tacos al pastor");
        press(&mut field, "ctrl-w X");
        assert_eq!(field.text(), "tacos al X");
        press(&mut field, "home right ctrl-u");
        assert_eq!(field.parts(), ("", "acos al X"));
    }

    #[test]
    fn pasted_control_characters_do_not_arrive() {
        let mut field = Field::default();
        field.insert("a\u{1b}[31m\nb");
        assert_eq!(field.text(), "a[31m b");
    }

    #[test]
    fn a_word_after_a_wide_blank_is_cut_alone() {
        let mut field = Field::new("\u{5bff}\u{53f8}\u{3000}\u{62c9}\u{9eba} ");
        press(&mut field, "ctrl-w");
        assert_eq!(field.text(), "\u{5bff}\u{53f8}\u{3000}");
    }

    #[test]
    fn a_key_in_a_long_text_costs_little() {
        for text in ["tacos ", "e\u{301}", "\u{1f1ee}"] {
            let field = |n: usize| Field::new(text.repeat(n / text.len()));
            assert_linear(25_000, field, |field| {
                let mut field = field.clone();
                press(&mut field, "left x \u{301} backspace delete right ctrl-w");
                field
            });
        }
    }

    proptest! {
        #[test]
        fn the_cursor_stays_between_graphemes(start in "\\PC{0,12}", keys in prop::collection::vec(0usize..9, 0..30)) {
            let names = ["left", "right", "home", "end", "backspace", "delete", "x", "\u{301}", "ctrl-w"];
            let mut field = Field::new(start);
            for key in keys {
                press(&mut field, names[key]);
                let (before, after) = field.parts();
                let whole = clusters(field.text()).count();
                prop_assert_eq!(clusters(before).count() + clusters(after).count(), whole);
            }
        }
    }
}
