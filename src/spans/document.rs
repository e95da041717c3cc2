//! A document: a text, the words on which it is tagged, and its origin.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::Words;
use crate::text::{Grid, TextRange, names::unknown_name};

/// Split of a data set to which a document belongs.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(ascii_case_insensitive, parse_err_ty = String, parse_err_fn = unknown_split)]
pub enum Split {
    /// Training.
    #[strum(to_string = "train", serialize = "training")]
    Train,
    /// Validation: chooses between models and settings.
    #[strum(to_string = "valid", serialize = "validation", serialize = "val", serialize = "dev")]
    Valid,
    /// Test: scored once, at the end.
    #[strum(to_string = "test", serialize = "testing")]
    Test,
}

impl Split {
    /// All splits in their usual order.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name in files: `train`, `valid` or `test`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

fn unknown_split(name: &str) -> String {
    unknown_name("split", name, Split::ALL.iter().map(|split| split.name()))
}

/// Text to be tagged.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Id, unique in the project.
    pub id: String,
    /// Text, never normalised. Clones share it.
    pub text: Arc<str>,
    /// Words, ascending and disjoint.
    /// White space separates them and is never their first or last byte.
    pub words: Words,
    /// Whether the words come from the imported file, not from a [`Grid`].
    /// Then they are kept on disk.
    pub words_given: bool,
    /// Split it is assigned to, if any.
    pub split: Option<Split>,
    /// Further fields of the imported document.
    pub meta: Meta,
    /// Imported object, unchanged, for a lossless export.
    pub foreign: Option<Box<Value>>,
}

/// Further fields of an imported document.
/// Most documents have none, and there may be millions of them, so none take the memory of a pointer.
#[derive(Clone, Debug, Default)]
pub struct Meta(Option<Box<Map<String, Value>>>);

static NO_FIELDS: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl Deref for Meta {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        self.0.as_deref().unwrap_or(&NO_FIELDS)
    }
}

impl DerefMut for Meta {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.0.get_or_insert_default()
    }
}

impl From<Map<String, Value>> for Meta {
    fn from(fields: Map<String, Value>) -> Self {
        Self((!fields.is_empty()).then(|| Box::new(fields)))
    }
}

impl FromIterator<(String, Value)> for Meta {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        Map::from_iter(fields).into()
    }
}

impl PartialEq for Meta {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Document {
    /// Creates a document whose words are cut by `grid`.
    pub fn new(id: impl Into<String>, text: impl Into<Arc<str>>, grid: Grid) -> Self {
        let text = text.into();
        let words = Words::cut(&text, grid);
        Self { id: id.into(), text, words, words_given: false, split: None, meta: Meta::default(), foreign: None }
    }

    /// Creates a document from the words of a file, joined by blanks.
    /// White space inside a word is kept.
    pub fn from_words<S: AsRef<str>>(id: impl Into<String>, given: impl IntoIterator<Item = S>) -> Self {
        let given = given.into_iter();
        let mut words = Vec::with_capacity(given.size_hint().0);
        let mut text = String::with_capacity(8 * given.size_hint().0);
        for word in given {
            if !words.is_empty() {
                text.push(' ');
            }
            let start = text.len();
            text.push_str(word.as_ref());
            words.push(TextRange::new(start, text.len()));
        }
        Self::with_given_words(id, text, words)
    }

    /// Creates a document with words of a file, ascending and disjoint.
    pub fn with_given_words(id: impl Into<String>, text: impl Into<Arc<str>>, words: impl Into<Words>) -> Self {
        let (text, words) = (text.into(), words.into());
        Self { id: id.into(), text, words, words_given: true, split: None, meta: Meta::default(), foreign: None }
    }

    /// Gives the document words of a file, ascending and disjoint.
    #[must_use]
    pub fn with_words(self, words: impl Into<Words>) -> Self {
        Self { words: words.into(), words_given: true, ..self }
    }

    /// Text of word `index`; empty if the word does not exist.
    pub fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |range| range.of(&self.text))
    }

    /// Iterates over the texts of the words.
    pub fn word_texts(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|range| range.of(&self.text))
    }

    /// Finds the words that overlap `range`, as a range of indices.
    /// `None` if there are none.
    pub fn words_touching(&self, range: TextRange) -> Option<std::ops::Range<usize>> {
        let first = self.words.partition_point(|word| word.end <= range.start);
        let last = self.words.partition_point(|word| word.start < range.end);
        (first < last).then_some(first..last)
    }

    /// Whether `range` begins or ends inside a word.
    /// Word formats and models cannot represent that.
    pub fn cuts_word(&self, range: TextRange) -> bool {
        let whole = self.words_touching(range).and_then(|words| self.range_of_words(words));
        whole.is_some_and(|whole| whole.start < range.start || whole.end > range.end)
    }

    /// Bytes from the first to the last of the words.
    /// `None` for an empty or invalid range of indices.
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
        assert_eq!(&*document.text, "tacos  al pastor");
        assert_eq!(document.word_texts().collect::<Vec<_>>(), ["tacos", "", "al pastor"]);
    }

    #[test]
    fn a_document_without_further_fields_is_small() {
        let mut document = Document::from_words("1", ["tacos"]);
        assert!(size_of::<Document>() <= 128, "{} bytes", size_of::<Document>());
        assert!(document.meta.is_empty() && document.meta.0.is_none());
        document.meta.extend(None);
        assert_eq!(document.meta, Meta::default());
        document.meta.insert("stars".to_owned(), 4.into());
        assert_eq!(document.meta.get("stars"), Some(&Value::from(4)));
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
