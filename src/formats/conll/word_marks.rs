//! What the words of a file have beside their spelling: marks of other programs, places in the text.
//!
//! WikiANN puts the language before each word (`en:Paris`), the Weibo corpus the number of a character in its word behind it
//! (`\u{5317}0`). Files of characters may have the blanks between words as rows of their own, as KLUE has. Other files give
//! the offsets of each word, which show where words follow each other without a blank.

use super::{
    layout::ColumnLayout,
    sentences::{Sentence, Sentences},
};
use crate::{
    formats::{
        Problem, Source,
        problem::{Problems, quoted},
        source::Unreadable,
    },
    spans::Document,
    text::TextRange,
};

/// Words at the beginning of a file that show what all of them have.
const SAMPLE: usize = 20_000;
/// Words from which a mark on all of them is one.
const FEWEST: usize = 5;
/// Longest mark before words, in bytes: the code of a language and a colon.
const LONGEST_PREFIX: usize = 12;

/// What is known of the words so far.
#[derive(Debug)]
struct WordSurvey {
    words: usize,
    /// Begins every word.
    prefix: Option<String>,
    /// Words of one character and a digit, and those whose character is an ideograph.
    numbered: usize,
    ideographs: usize,
    /// Words of one character, and words that are a blank.
    single: usize,
    blank: usize,
    /// For each column that is neither word nor tag: rows in which it begins the offsets of the word, alone or with the next.
    offsets: Vec<usize>,
}

impl WordSurvey {
    fn new() -> Self {
        Self { words: 0, prefix: None, numbered: 0, ideographs: 0, single: 0, blank: 0, offsets: Vec::new() }
    }

    /// Adds a sentence.
    fn add(&mut self, sentence: &Sentence) {
        self.offsets.resize(sentence.others().count(), 0);
        for (at, word) in sentence.words().enumerate() {
            if self.words == 0 {
                self.prefix = prefix(word).map(str::to_owned);
            }
            if self.prefix.as_ref().is_some_and(|prefix| !is_with_prefix(word, prefix)) {
                self.prefix = None;
            }
            self.words += 1;
            let mut characters = word.chars();
            match (characters.next(), characters.next(), characters.next()) {
                (Some(only), None, _) => {
                    self.single += 1;
                    self.blank += usize::from(only == ' ');
                }
                (Some(first), Some(digit), None) if digit.is_ascii_digit() => {
                    self.numbered += 1;
                    self.ideographs += usize::from(first >= '\u{2e80}');
                }
                _ => {}
            }
            for (column, count) in self.offsets.iter_mut().enumerate() {
                let is_place = offsets(sentence, at, column).is_some_and(|(start, end)| fits(word, start, end));
                *count += usize::from(is_place);
            }
        }
    }

    /// Decides what the words of the file have.
    fn finish(self) -> WordMarks {
        let Self { words, prefix, numbered, ideographs, single, blank, offsets } = self;
        if words < FEWEST {
            return WordMarks::None;
        }
        if let Some(prefix) = prefix {
            return WordMarks::Prefix(prefix);
        }
        if numbered == words && ideographs * 2 > words {
            return WordMarks::Numbers;
        }
        if blank > 0 && single == words {
            return WordMarks::Blanks;
        }
        match offsets.iter().position(|count| *count == words) {
            Some(column) => WordMarks::Offsets { column },
            None => WordMarks::None,
        }
    }
}

/// What the words of a file have beside their spelling.
#[derive(Debug)]
pub(super) enum WordMarks {
    None,
    /// A mark before each word.
    Prefix(String),
    /// A digit behind each character.
    Numbers,
    /// Blanks as words of their own.
    Blanks,
    /// Offsets from this column on, of those beside word and tag.
    Offsets {
        column: usize,
    },
}

impl WordMarks {
    /// Decides what the words of a file have, by its first sentences.
    ///
    /// # Errors
    /// The source cannot be read, or is no text.
    pub(super) fn of(source: &dyn Source, layout: ColumnLayout) -> Result<Self, Unreadable> {
        let mut words = WordSurvey::new();
        // The reading of the documents reports faulty lines.
        let mut unreported = Problems::default();
        let mut sentences = Sentences::of(source, layout)?;
        let mut sentence = Sentence::of(&layout);
        while words.words < SAMPLE && sentences.next_into(&mut sentence, &mut unreported)? {
            words.add(&sentence);
        }
        Ok(words.finish())
    }

    /// Reports what is not taken for a part of the words.
    pub(super) fn report(&self, problems: &mut Problems) {
        problems.extend(match self {
            Self::Prefix(prefix) => {
                Some(Problem::note(format!("all words begin with {}: it is left out", quoted(prefix))))
            }
            Self::Numbers => Some(Problem::note(
                "all words are a character and a digit, the number of the character in its word: the digits are left out",
            )),
            Self::Blanks => Some(Problem::note("some words are a blank: they are the white space of the text")),
            Self::None | Self::Offsets { .. } => None,
        });
    }

    /// The spelling of a word.
    pub(super) fn spelling<'w>(&self, word: &'w str) -> &'w str {
        match self {
            Self::Prefix(prefix) => word.strip_prefix(prefix.as_str()).unwrap_or(word),
            Self::Numbers => word.strip_suffix(|c: char| c.is_ascii_digit()).unwrap_or(word),
            Self::None | Self::Blanks | Self::Offsets { .. } => word,
        }
    }

    /// Makes a document of a sentence. Also returns the place of each row's word in its text, unless the rows are the words of
    /// the document.
    pub(super) fn document(&self, id: String, sentence: &Sentence) -> (Document, Option<Vec<TextRange>>) {
        if matches!(self, Self::None) {
            let (text, words) = sentence.joined_words();
            return (Document::with_given_words(id, text, words), None);
        }
        let mut text = String::new();
        let mut rows = Vec::with_capacity(sentence.lines.len());
        for (at, word) in sentence.words().map(|word| self.spelling(word)).enumerate() {
            if at > 0 && self.has_gap(sentence, at) {
                text.push(' ');
            }
            let start = text.len();
            text.push_str(word);
            rows.push(TextRange::new(start, text.len()));
        }
        if matches!(self, Self::Blanks) {
            let words: Vec<_> = rows.iter().copied().filter(|row| row.of(&text) != " ").collect();
            return (Document::with_given_words(id, text, words), Some(rows));
        }
        (Document::with_given_words(id, text, rows), None)
    }

    /// Whether there is white space before a word of a text that is joined.
    fn has_gap(&self, sentence: &Sentence, at: usize) -> bool {
        let Self::Offsets { column } = *self else { return !matches!(self, Self::Blanks) };
        let [before, own] = [at - 1, at].map(|row| offsets(sentence, row, column));
        before.zip(own).is_none_or(|((_, end), (start, _))| start != end)
    }
}

/// Beginning of a word that may be a mark before all of them: letters and a colon.
fn prefix(word: &str) -> Option<&str> {
    let colon = word.find(':')?;
    let code = word.get(..colon)?;
    let is_code =
        (2..LONGEST_PREFIX).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if is_code { word.get(..=colon) } else { None }
}

fn is_with_prefix(word: &str, prefix: &str) -> bool {
    word.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty())
}

/// Offsets of a row's word: in one cell (`0-5`), or in this column and the next.
fn offsets(sentence: &Sentence, row: usize, column: usize) -> Option<(usize, usize)> {
    let mut columns = sentence.others().skip(column);
    let first = columns.next()?.cell(row)?;
    let both = match first.split_once('-') {
        Some(both) => both,
        None => (first, columns.next()?.cell(row)?),
    };
    Some((both.0.parse().ok()?, both.1.parse().ok()?))
}

/// Whether a word has this length, in code points, UTF-16 units or bytes.
fn fits(word: &str, start: usize, end: usize) -> bool {
    let Some(length) = end.checked_sub(start).filter(|length| *length > 0) else { return false };
    length == word.chars().count() || length == word.encode_utf16().count() || length == word.len()
}
