//! A document: one text, the words on which it is tagged, and where it came from.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::text::{Grid, TextRange, words};

/// The part of a data set that a document belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Teaches the model.
    Train,
    /// Chooses between models and settings.
    Valid,
    /// Measured once, at the end.
    Test,
}

impl Split {
    /// All parts, in their usual order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];

    /// `train`, `valid` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }

    /// Reads the names in use: train/training, valid/validation/dev/val, test/testing, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "valid" | "validation" | "val" | "dev" => Some(Self::Valid),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }
}

/// One text to be tagged.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Identity inside the project.
    pub id: String,
    /// The text, never normalised.
    pub text: String,
    /// The grid of words, ascending and disjoint; white space lies between them, never inside the first or last byte.
    pub words: Vec<TextRange>,
    /// Whether the words were given by the file it came from (then they are kept on disk) or cut by [`Grid`].
    pub words_given: bool,
    /// The part of the data it belongs to, if anybody said.
    pub split: Option<Split>,
    /// What else is known about it.
    pub meta: Map<String, Value>,
    /// The imported object, untouched, for a lossless way back.
    pub foreign: Option<Value>,
}

impl Document {
    /// A document whose words are cut by `grid`.
    pub fn new(id: impl Into<String>, text: impl Into<String>, grid: Grid) -> Self {
        let text = text.into();
        let words = words::split(&text, grid);
        Self { id: id.into(), text, words, words_given: false, split: None, meta: Map::new(), foreign: None }
    }

    /// A document from words as a file gave them, joined by one blank. White space inside a word stays in it.
    pub fn from_words<S: AsRef<str>>(id: impl Into<String>, given: impl IntoIterator<Item = S>) -> Self {
        let mut text = String::new();
        let mut words = Vec::new();
        for word in given {
            if !words.is_empty() {
                text.push(' ');
            }
            let start = text.len();
            text.push_str(word.as_ref());
            words.push(TextRange::new(start, text.len()));
        }
        Self { id: id.into(), text, words, words_given: true, split: None, meta: Map::new(), foreign: None }
    }

    /// The text of word `index`; empty when there is no such word.
    pub fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |range| range.of(&self.text))
    }

    /// The words' texts in order.
    pub fn word_texts(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|range| range.of(&self.text))
    }

    /// The words that `range` touches, as half-open indices; `None` if it touches none.
    pub fn words_touching(&self, range: TextRange) -> Option<std::ops::Range<usize>> {
        let first = self.words.partition_point(|word| word.end <= range.start);
        let last = self.words.partition_point(|word| word.start < range.end);
        (first < last).then_some(first..last)
    }

    /// Whether `range` begins or ends inside a word: what formats of words and models cannot hold.
    pub fn cuts_word(&self, range: TextRange) -> bool {
        let whole = self.words_touching(range).and_then(|words| self.range_of_words(words));
        whole.is_some_and(|whole| whole.start < range.start || whole.end > range.end)
    }

    /// The bytes from the first to the last of these words; `None` for an empty or impossible choice.
    pub fn range_of_words(&self, words: std::ops::Range<usize>) -> Option<TextRange> {
        let chosen = self.words.get(words)?;
        Some(chosen.first()?.join(*chosen.last()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_words_keep_their_borders() {
        let document = Document::from_words("1", ["tacos", "", "al pastor"]);
        assert_eq!(document.text, "tacos  al pastor");
        assert_eq!(document.word_texts().collect::<Vec<_>>(), ["tacos", "", "al pastor"]);
    }

    #[test]
    fn a_range_finds_the_words_it_touches() {
        let document = Document::from_words("1", ["open", "till", "two"]);
        assert_eq!(document.words_touching(TextRange::new(2, 6)), Some(0..2));
        assert_eq!(document.words_touching(TextRange::new(4, 5)), None);
        assert_eq!(document.range_of_words(1..3), Some(TextRange::new(5, 13)));
        assert_eq!(document.range_of_words(3..3), None);
    }
}
