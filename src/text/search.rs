//! Finds a text in a text, ignoring case.
//! Positions refer to the original, even where a lower-case letter is longer or shorter than its upper-case form.

use std::borrow::Cow;

use super::TextRange;

/// Maximum bytes of a term that is compared with the text at every place where it may begin.
const SHORT: usize = 64;

/// Search term, prepared once for many texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    folded: String,
}

impl Needle {
    /// Prepares a search for `text`, ignoring case.
    pub fn new(text: &str) -> Self {
        Self { folded: fold(text).text.into_owned() }
    }

    /// Whether the term is empty. An empty term is found nowhere.
    pub fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }

    /// Whether `text` contains the term. Takes linear time.
    pub fn is_in(&self, text: &str) -> bool {
        // Most texts are ASCII, and a list of tens of thousands is searched at every key press.
        if text.is_ascii() && self.folded.len() <= SHORT {
            return self.is_in_ascii(text.as_bytes());
        }
        !self.is_empty() && fold(text).text.contains(&self.folded)
    }

    fn is_in_ascii(&self, text: &[u8]) -> bool {
        let needle = self.folded.as_bytes();
        let Some(first) = needle.first().copied() else { return false };
        let mut starts = memchr::memchr2_iter(first, first.to_ascii_uppercase(), text);
        starts.any(|at| text.get(at..at + needle.len()).is_some_and(|found| found.eq_ignore_ascii_case(needle)))
    }

    /// Finds the first occurrence of the term in `text`.
    pub fn first_in(&self, text: &str) -> Option<TextRange> {
        let folded = fold(text);
        let start = folded.text.find(&self.folded).filter(|_| !self.is_empty())?;
        Some(TextRange::new(folded.source_start(start), folded.source_end(start + self.folded.len())))
    }

    /// Finds the term in `text`: disjoint ranges in order, each of whole characters. `i` finds the whole of `İ`, whose
    /// lower-case form is two characters.
    pub fn find_in(&self, text: &str) -> Vec<TextRange> {
        if self.is_empty() {
            return Vec::new();
        }
        let folded = fold(text);
        let mut found: Vec<TextRange> = Vec::new();
        for (start, _) in folded.text.match_indices(&self.folded) {
            let range = TextRange::new(folded.source_start(start), folded.source_end(start + self.folded.len()));
            if found.last().is_none_or(|last| last.end <= range.start) {
                found.push(range);
            }
        }
        found
    }
}

/// Lower-case characters of a text, as a search compares them.
pub fn lowercased(text: &str) -> impl Iterator<Item = char> {
    // The final sigma is the same letter as the other one; its form depends only on the letters that follow.
    text.chars().flat_map(char::to_lowercase).map(|c| if c == '\u{3c2}' { '\u{3c3}' } else { c })
}

/// Lower-case text with a map back to the original positions.
struct Folded<'t> {
    text: Cow<'t, str>,
    /// Bytes of each character whose length changed.
    /// In the folded text and in the original.
    steps: Vec<(TextRange, TextRange)>,
}

fn fold(text: &str) -> Folded<'_> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Folded { text: Cow::Borrowed(text), steps: Vec::new() };
    }
    if text.is_ascii() {
        return Folded { text: Cow::Owned(text.to_ascii_lowercase()), steps: Vec::new() };
    }
    let mut folded = String::with_capacity(text.len());
    let mut steps = Vec::new();
    for (at, c) in text.char_indices() {
        let start = folded.len();
        match c {
            // As in `lowercased`.
            '\u{3c2}' => folded.push('\u{3c3}'),
            _ => folded.extend(c.to_lowercase()),
        }
        if folded.len() - start != c.len_utf8() {
            steps.push((TextRange::new(start, folded.len()), TextRange::new(at, at + c.len_utf8())));
        }
    }
    Folded { text: Cow::Owned(folded), steps }
}

impl Folded<'_> {
    /// Original start of the character that contains folded byte `at`.
    fn source_start(&self, at: usize) -> usize {
        self.source(at, |(_, source)| source.start)
    }

    /// Original end of the character that ends at, or contains, folded byte `at`.
    fn source_end(&self, at: usize) -> usize {
        self.source(at, |(_, source)| source.end)
    }

    fn source(&self, at: usize, inside: impl Fn(&(TextRange, TextRange)) -> usize) -> usize {
        let index = self.steps.partition_point(|(folded, _)| folded.end <= at);
        if let Some(step) = self.steps.get(index).filter(|(folded, _)| folded.start < at) {
            return inside(step);
        }
        let before = index.checked_sub(1).and_then(|index| self.steps.get(index));
        before.map_or(at, |(folded, source)| source.end + (at - folded.end))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::growth::assert_linear;

    fn found<'t>(text: &'t str, needle: &str) -> Vec<&'t str> {
        Needle::new(needle).find_in(text).into_iter().map(|range| range.of(text)).collect()
    }

    #[test]
    fn case_is_ignored() {
        assert_eq!(found("Tacos, TACOS, tacos", "tAcos"), ["Tacos", "TACOS", "tacos"]);
        assert_eq!(found("CAF\u{c9} caf\u{e9}", "Caf\u{e9}"), ["CAF\u{c9}", "caf\u{e9}"]);
        assert_eq!(
            found("\u{39f}\u{394}\u{39f}\u{3a3} \u{3bf}\u{3b4}\u{3bf}\u{3c2}", "\u{3bf}\u{3b4}\u{3bf}\u{3c3}").len(),
            2
        );
        assert_eq!(found("STRA\u{1e9e}E", "stra\u{df}e"), ["STRA\u{1e9e}E"]);
    }

    #[test]
    fn positions_are_original_where_lengths_change() {
        // Two bytes become three, three become two, and the Kelvin sign three to one.
        assert_eq!(found("\u{130}\u{130} tacos", "tacos"), ["tacos"]);
        assert_eq!(found("\u{1e9e}\u{212a}\u{130} tacos \u{212a}", "k"), ["\u{212a}", "\u{212a}"]);
        assert_eq!(found("\u{130}stanbul", "i"), ["\u{130}"]);
        assert_eq!(found("\u{130}\u{130}", "\u{307}i"), ["\u{130}\u{130}"]);
    }

    #[test]
    fn a_long_term_of_equal_letters_is_found_in_linear_time() {
        let input = |n: usize| ("a".repeat(2 * n), Needle::new(&format!("{}b", "a".repeat(n))));
        assert_linear(10_000, input, |(text, needle)| {
            (needle.is_in(text), needle.first_in(text), needle.find_in(text))
        });
    }

    #[test]
    fn an_empty_term_is_found_nowhere() {
        assert_eq!(Needle::new("").find_in("tacos"), []);
        assert_eq!(Needle::new("tacos").find_in(""), []);
        assert!(!Needle::new("").is_in("tacos") && Needle::new("").first_in("tacos").is_none());
    }

    proptest! {
        #[test]
        fn a_piece_of_a_text_is_found_in_it(
            before in "\\PC{0,10}",
            needle in "\\PC{1,5}",
            after in "[\u{130}\u{212a}\u{1e9e}\u{3a3}a-z]{0,10}",
            (short, other) in ("[a-cA-C]{1,3}", "[a-cA-C ]{0,12}"),
        ) {
            let text = format!("{before}{needle}{after}");
            let found = Needle::new(&needle).find_in(&text);
            prop_assert_eq!(Needle::new(&needle).first_in(&text), found.first().copied());
            prop_assert!(!found.is_empty() && Needle::new(&needle).is_in(&text));
            let plain = Needle::new(&short);
            prop_assert_eq!(plain.is_in(&other), !plain.find_in(&other).is_empty());
            let mut at = 0;
            for range in found {
                prop_assert!(range.start >= at && text.get(range.start..range.end).is_some_and(|hit| !hit.is_empty()));
                prop_assert!(fold(range.of(&text)).text.contains(&*fold(&needle).text));
                at = range.end;
            }
        }
    }
}
