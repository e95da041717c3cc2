//! Finds further occurrences of a sequence of words, ignoring case.

use super::Document;
use crate::text::{TextRange, search::lowercased};

/// Consecutive words of a document's grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// In lower case. Neither the list nor a word is empty.
    words: Vec<String>,
}

impl Phrase {
    /// Takes the words that `range` touches.
    /// `None` if it touches none, or an empty one.
    pub fn of(document: &Document, range: TextRange) -> Option<Self> {
        let touched = document.words_touching(range)?;
        let words: Vec<String> = touched.map(|at| lowercased(document.word(at)).collect()).collect();
        words.iter().all(|word| !word.is_empty()).then_some(Self { words })
    }

    /// Finds these words in a document.
    /// Disjoint ranges from the first to the last word, in order.
    pub fn find_in(&self, document: &Document) -> Vec<TextRange> {
        let words = &document.words;
        let (mut found, mut at) = (Vec::new(), 0);
        // In an ASCII text, words of different length differ; comparing lengths avoids reading the words.
        let is_ascii = document.text.is_ascii();
        while at + self.words.len() <= words.len() {
            let here = words.iter().skip(at).zip(&self.words).all(|(word, wanted)| {
                (!is_ascii || word.len() == wanted.len()) && is_lowercase_of(wanted, word.of(&document.text))
            });
            if here {
                found.extend(document.range_of_words(at..at + self.words.len()));
            }
            at += if here { self.words.len() } else { 1 };
        }
        found
    }
}

/// Whether `wanted` is `word` in lower case.
/// Does not allocate, because it is called for all words of a project.
fn is_lowercase_of(wanted: &str, word: &str) -> bool {
    if word.is_ascii() { word.eq_ignore_ascii_case(wanted) } else { lowercased(word).eq(wanted.chars()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Grid;

    fn found(text: &str, phrase: &str) -> Vec<(usize, usize)> {
        let document = Document::new("d", text, Grid::Natural);
        let start = text.find(phrase).unwrap();
        let phrase = Phrase::of(&document, TextRange::new(start, start + phrase.len())).unwrap();
        phrase.find_in(&document).into_iter().map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn whole_words_are_found_in_any_case() {
        assert_eq!(found("Tacos, tacos and taco; TACOS", "tacos"), [(0, 5), (7, 12), (23, 28)]);
        assert_eq!(found("El Camino. el  camino el", "El Camino"), [(0, 9), (11, 21)]);
        // A small sigma at the end of a word has a form of its own.
        assert_eq!(
            found("\u{39f}\u{394}\u{39f}\u{3a3} \u{3bf}\u{3b4}\u{3bf}\u{3c2}", "\u{39f}\u{394}\u{39f}\u{3a3}"),
            [(0, 8), (9, 17)]
        );
        assert_eq!(found("\u{c9}clair \u{e9}clair", "\u{e9}clair"), [(0, 7), (8, 15)]);
    }

    #[test]
    fn repeated_words_are_found_once() {
        assert_eq!(found("so so so so so", "so so"), [(0, 5), (6, 11)]);
    }

    #[test]
    fn an_empty_word_is_no_phrase() {
        let document = Document::from_words("d", ["a", "", "b"]);
        assert_eq!(Phrase::of(&document, TextRange::new(0, 3)), None);
        assert!(Phrase::of(&document, TextRange::new(0, 1)).is_some());
    }
}
