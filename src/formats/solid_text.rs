//! A text without its white space, to compare it with copies whose white space differs.

use memchr::memchr;

use crate::text::TextRange;

/// A text without its white space, with the places of what was left out.
pub(super) struct SolidText {
    letters: String,
    /// Each stretch of white space, and the number of bytes of letters before it.
    gaps: Vec<(TextRange, usize)>,
}

impl SolidText {
    /// Takes the white space out of a text.
    pub(super) fn new(text: &str) -> Self {
        let mut solid = Self { letters: String::with_capacity(text.len()), gaps: Vec::with_capacity(text.len() / 6) };
        // Most texts have no other white space than blanks, which are found faster.
        let has_blanks_only = text.is_ascii() && !text.bytes().any(|byte| (b'\t'..=b'\r').contains(&byte));
        let mut rest = text;
        loop {
            let next = match has_blanks_only {
                true => memchr(b' ', rest.as_bytes()),
                false => rest.find(char::is_whitespace),
            };
            let Some((before, after)) = next.and_then(|at| rest.split_at_checked(at)) else {
                solid.letters.push_str(rest);
                return solid;
            };
            solid.letters.push_str(before);
            rest = after.trim_start();
            let gap = TextRange::new(text.len() - after.len(), text.len() - rest.len());
            solid.gaps.push((gap, solid.letters.len()));
        }
    }

    /// All letters.
    pub(super) fn letters(&self) -> &str {
        &self.letters
    }

    /// Letters of a range of the text.
    pub(super) fn of(&self, range: TextRange) -> &str {
        self.letters.get(self.before(range.start)..self.before(range.end)).unwrap_or_default()
    }

    /// Number of bytes of letters before a place in the text.
    pub(super) fn before(&self, offset: usize) -> usize {
        let next = self.gaps.partition_point(|(gap, _)| gap.start < offset);
        match next.checked_sub(1).and_then(|last| self.gaps.get(last)) {
            Some((gap, before)) => before + offset.saturating_sub(gap.end),
            None => offset,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn letters_are_those_of_the_text(text in "[a \\t\u{2003}\u{e9}]{0,20}", start in 0usize..40, end in 0usize..40) {
            let solid = SolidText::new(&text);
            let without = |part: &str| part.split_whitespace().collect::<String>();
            prop_assert_eq!(solid.letters(), without(&text));
            let range = TextRange::new(text.floor_char_boundary(start.min(end)), text.floor_char_boundary(start.max(end)));
            prop_assert_eq!(solid.of(range), without(range.of(&text)));
            prop_assert_eq!(solid.before(range.start), without(&text[..range.start]).len());
        }
    }
}
