//! A text field of one line: text, cursor, and what keys do to them.

use unicode_segmentation::UnicodeSegmentation;

use super::key::{Code, Key};

/// One line of text that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    text: String,
    /// Byte position, always between two graphemes.
    cursor: usize,
}

impl Field {
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
        let (before, after) = self.parts();
        let left = before.graphemes(true).next_back().map_or(0, str::len);
        let right = after.graphemes(true).next().map_or(0, str::len);
        let word = before.len() - before.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
        match (key.code, key.ctrl) {
            (Code::Left, false) => self.cursor -= left,
            (Code::Right, false) => self.cursor += right,
            (Code::Home, _) | (Code::Char('a'), true) => self.cursor = 0,
            (Code::End, _) | (Code::Char('e'), true) => self.cursor = self.text.len(),
            (Code::Backspace, _) => return Some(self.cut(left, 0)),
            (Code::Delete, _) => return Some(self.cut(0, right)),
            (Code::Char('w'), true) => return Some(self.cut(word, 0)),
            (Code::Char('u'), true) => return Some(self.cut(self.cursor, 0)),
            _ => return None,
        }
        Some(false)
    }

    /// Puts text in at the cursor.
    /// Line ends and tabs become blanks, other control characters go.
    pub fn insert(&mut self, text: &str) {
        let clean = text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c });
        let clean: String = clean.filter(|c| !c.is_control()).collect();
        let (before, after) = self.parts();
        let joined = format!("{before}{clean}{after}");
        // What was typed may have joined the grapheme before or after it: the cursor goes to the end of that one.
        let end = before.len() + clean.len();
        self.cursor = joined.grapheme_indices(true).map(|(at, g)| at + g.len()).find(|at| *at >= end).unwrap_or(end);
        self.text = joined;
    }

    fn cut(&mut self, before: usize, after: usize) -> bool {
        let start = self.cursor.saturating_sub(before);
        let (head, tail) = (self.text.get(..start), self.text.get(self.cursor + after..));
        let (Some(head), Some(tail)) = (head, tail) else { return false };
        let joined = format!("{head}{tail}");
        let changed = joined.len() != self.text.len();
        self.text = joined;
        self.cursor =
            self.text.grapheme_indices(true).map(|(at, _)| at).find(|at| *at >= start).unwrap_or(self.text.len());
        changed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    proptest! {
        #[test]
        fn the_cursor_stays_between_graphemes(start in "\\PC{0,12}", keys in prop::collection::vec(0usize..9, 0..30)) {
            let names = ["left", "right", "home", "end", "backspace", "delete", "x", "\u{301}", "ctrl-w"];
            let mut field = Field::new(start);
            for key in keys {
                press(&mut field, names[key]);
                let (before, after) = field.parts();
                let whole = field.text().graphemes(true).count();
                prop_assert_eq!(before.graphemes(true).count() + after.graphemes(true).count(), whole);
            }
        }
    }
}
