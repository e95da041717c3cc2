//! Finds further occurrences of a sequence of words, ignoring case.

use super::Document;
use crate::text::{TextRange, search::lowercased};

/// Consecutive words of a document's grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// In lower case. Neither the list nor a word is empty.
    words: Vec<String>,
    /// For each number of words found, with how many of them the search goes on if the next word differs.
    borders: Vec<usize>,
}

impl Phrase {
    /// Takes the words that `range` touches.
    /// `None` if it touches none, or an empty one.
    pub fn of(document: &Document, range: TextRange) -> Option<Self> {
        let touched = document.words_touching(range)?;
        let words: Vec<String> = touched.map(|at| lowercased(document.word(at)).collect()).collect();
        let borders = borders(&words);
        words.iter().all(|word| !word.is_empty()).then_some(Self { words, borders })
    }

    /// Finds these words in a document.
    /// Disjoint ranges from the first to the last word, in order.
    pub fn find_in(&self, document: &Document) -> Vec<TextRange> {
        let mut found = Vec::new();
        // In an ASCII text, words of different length differ; comparing lengths avoids reading the words.
        let is_ascii = document.text.is_ascii();
        let mut matched = 0;
        for (at, range) in document.words.iter().enumerate() {
            let word = range.of(&document.text);
            while matched > 0 && !self.is_word(matched, word, is_ascii) {
                matched = self.borders.get(matched).copied().unwrap_or(0);
            }
            matched += usize::from(self.is_word(matched, word, is_ascii));
            if matched == self.words.len() {
                found.extend(document.range_of_words(at + 1 - matched..at + 1));
                matched = 0;
            }
        }
        found
    }

    /// Whether a word of a document is word `at` of the phrase.
    fn is_word(&self, at: usize, word: &str, is_ascii: bool) -> bool {
        self.words
            .get(at)
            .is_some_and(|wanted| (!is_ascii || word.len() == wanted.len()) && is_lowercase_of(wanted, word))
    }
}

/// For each number of words, the greatest smaller number of words that these begin and end with (Knuth, Morris, Pratt).
fn borders(words: &[String]) -> Vec<usize> {
    let mut borders = vec![0; words.len().min(1)];
    let mut border = 0;
    for at in 1..words.len() {
        borders.push(border);
        while border > 0 && words[at] != words[border] {
            border = borders[border];
        }
        border += usize::from(words[at] == words[border]);
    }
    borders
}

/// Whether `wanted` is `word` in lower case.
/// Does not allocate, because it is called for all words of a project.
fn is_lowercase_of(wanted: &str, word: &str) -> bool {
    if word.is_ascii() { word.eq_ignore_ascii_case(wanted) } else { lowercased(word).eq(wanted.chars()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{Grid, growth::assert_linear};

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

    proptest! {
        #[test]
        fn occurrences_are_found_from_left_to_right(text in "[ab ]{1,40}", words in 1usize..5) {
            let document = Document::new("d", text, Grid::Space);
            let wanted: Vec<&str> = document.word_texts().take(words).collect();
            if let Some(range) = document.range_of_words(0..wanted.len()) {
                let mut expected = Vec::new();
                let mut at = 0;
                while at + wanted.len() <= document.words.len() {
                    let here = (at..at + wanted.len()).map(|word| document.word(word)).eq(wanted.iter().copied());
                    expected.extend(document.range_of_words(at..at + wanted.len()).filter(|_| here));
                    at += if here { wanted.len() } else { 1 };
                }
                prop_assert_eq!(Phrase::of(&document, range).unwrap().find_in(&document), expected);
            }
        }
    }

    #[test]
    fn a_long_phrase_of_repeated_words_is_found_in_linear_time() {
        let input = |n: usize| {
            let document = Document::new("d", format!("{}b", "a ".repeat(2 * n)), Grid::Space);
            let last = document.words.len();
            let phrase = Phrase::of(&document, document.range_of_words(last - n..last).unwrap()).unwrap();
            (document, phrase)
        };
        assert_linear(1_000, input, |(document, phrase)| phrase.find_in(document).len());
    }

    #[test]
    fn an_empty_word_is_no_phrase() {
        let document = Document::from_words("d", ["a", "", "b"]);
        assert_eq!(Phrase::of(&document, TextRange::new(0, 3)), None);
        assert!(Phrase::of(&document, TextRange::new(0, 1)).is_some());
    }
}
