//! Patterns: phrases, and rules for consecutive words, each with its label.
//! They mean the same as in spaCy's two matchers; `formats::patterns` reads them.
//!
//! A phrase is compared with the text of whole words, character by character and with case; any white space equals one
//! blank. So it is found on any grid, except where it would begin or end inside a word. It is also found where its own
//! words, cut by any [`Grid`], are separated by blanks: `Denny's` in `Denny 's`, as in files with given words.
//!
//! A rule has a condition for each word in turn, with the number of words that it may take. Both skip words that are
//! empty or only white space.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use regex::Regex;

use crate::text::{Grid, TextRange, words};

mod search;

/// Maximum distance of a rule's anchor from its first word, in words.
/// The rule is looked up by its anchor.
const MAX_ANCHOR_OFFSET: usize = 3;

/// Phrases and rules, in the order of their file.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    /// Label and line of each.
    origins: Vec<(String, usize)>,
    /// Each spelling of each phrase, and the first pattern that has it.
    /// White space is collapsed.
    phrases: BTreeMap<String, usize>,
    /// Conditions of rules on a word: all tests of one must hold.
    questions: Vec<Vec<Test>>,
    rules: Vec<Rule>,
    /// Number of slots of all rules.
    slots: usize,
    /// Rules by a word they need.
    /// For each distance from the first word, by the word's text and by its lower case.
    known: [[HashMap<String, Vec<usize>>; 2]; MAX_ANCHOR_OFFSET + 1],
    /// Rules that need no particular word.
    open: Vec<usize>,
}

/// Text that a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Its bytes: whole words of the document's grid.
    pub range: TextRange,
    /// Name of the label.
    pub label: String,
    /// The pattern's line in its file, from 1.
    pub pattern: usize,
}

/// Conditions for consecutive words.
#[derive(Clone, Debug)]
struct Rule {
    slots: Vec<Slot>,
    pattern: usize,
    /// Index of its first slot among those of all rules.
    at: usize,
}

/// Condition for one word of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Index that [`Patterns::add_question`] returned.
    pub(crate) question: usize,
    /// Whether it takes words for which the question's answer is no.
    pub(crate) negated: bool,
    /// Whether it may take no word.
    pub(crate) optional: bool,
    /// Whether it may take several words.
    pub(crate) repeats: bool,
}

/// Attribute of a word that a test reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// Its text.
    Text,
    /// Its text in lower case.
    Lower,
    /// The kinds of its characters: `Xxxx`, `dd.d`.
    Shape,
    /// Its first character.
    Prefix,
    /// Its last three characters.
    Suffix,
}

/// Test of one word.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// It is one of these.
    OneOf(Attribute, BTreeSet<String>),
    /// The expression is found in it.
    Regex(Attribute, Regex),
    /// Its Levenshtein distance to the text is at most the number.
    Fuzzy(Attribute, String, usize),
    /// Its length in characters may be less than, equal to, or greater than the number.
    Length([bool; 3], f64),
    /// A blank follows.
    Spaced,
    /// One of these tests holds.
    Any(Vec<Test>),
    /// The test does not hold.
    Not(Box<Test>),
}

impl Patterns {
    /// Iterates over the label of each pattern, with the pattern's line.
    pub fn labels(&self) -> impl Iterator<Item = (&str, usize)> {
        self.origins.iter().map(|(label, line)| (label.as_str(), *line))
    }

    /// Whether there are no patterns.
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// Number of patterns.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.origins.len()
    }

    /// Adds a phrase with its label and line. A phrase without a word is found nowhere.
    pub(crate) fn add_phrase(&mut self, label: String, line: usize, phrase: &str) {
        let mut plain = String::new();
        collapse(phrase, &mut plain);
        let plain = plain.trim_end();
        for &grid in Grid::ALL {
            let cut: Vec<&str> = words::split(plain, grid).into_iter().map(|word| word.of(plain)).collect();
            self.phrases.entry(cut.join(" ")).or_insert(self.origins.len());
        }
        self.phrases.remove("");
        self.origins.push((label, line));
    }

    /// Adds a question for slots: whether all of these tests hold.
    /// Without tests, every word is accepted.
    pub(crate) fn add_question(&mut self, tests: Vec<Test>) -> usize {
        self.questions.push(tests);
        self.questions.len() - 1
    }

    /// Adds a rule with its label and line. A rule without a slot is found nowhere.
    pub(crate) fn add_rule(&mut self, label: String, line: usize, slots: Vec<Slot>) {
        let index = self.rules.len();
        match self.anchors(&slots) {
            None => self.open.push(index),
            Some(anchors) => {
                for (offset, attribute, word) in anchors {
                    let known = &mut self.known[offset][usize::from(attribute == Attribute::Lower)];
                    known.entry(word).or_default().push(index);
                }
            }
        }
        let at = self.slots;
        self.slots += slots.len();
        self.rules.push(Rule { slots, pattern: self.origins.len(), at });
        self.origins.push((label, line));
    }

    /// Whether a slot takes any number of words, or other words than a few known ones.
    /// Such slots make searches slow.
    pub(crate) fn is_loose(&self, slot: Slot) -> bool {
        slot.optional || slot.repeats || self.known_words(slot).is_none()
    }

    /// The only words that a slot takes, by text or lower case.
    /// `None` if it takes others, too.
    fn known_words(&self, slot: Slot) -> Option<(Attribute, &BTreeSet<String>)> {
        self.questions.get(slot.question)?.iter().find_map(|test| match test {
            Test::OneOf(attribute @ (Attribute::Text | Attribute::Lower), words) if !slot.negated => {
                Some((*attribute, words))
            }
            _ => None,
        })
    }

    /// Words of which every match of a rule contains one.
    /// Each has its distance from the match's first word.
    ///
    /// `None` if the rule needs no particular word.
    fn anchors(&self, slots: &[Slot]) -> Option<Vec<(usize, Attribute, String)>> {
        let mut anchors = Vec::new();
        let mut offsets = BTreeSet::from([0]);
        for (at, slot) in slots.iter().enumerate() {
            match self.known_words(*slot) {
                // A repetition of the slot before, which has the same words.
                Some(_) if at > 0 && slots[at - 1] == *slot => {}
                Some((attribute, words)) => {
                    for offset in &offsets {
                        anchors.extend(words.iter().map(|word| (*offset, attribute, word.clone())));
                    }
                    if !slot.optional {
                        return Some(anchors);
                    }
                }
                None if slot.repeats => return None,
                None => {
                    let next = offsets.iter().map(|offset| offset + 1);
                    let skipped = offsets.iter().copied().filter(|_| slot.optional);
                    offsets = next.chain(skipped).collect();
                }
            }
            if offsets.last().is_none_or(|last| *last > MAX_ANCHOR_OFFSET) {
                return None;
            }
        }
        None
    }
}

/// Appends a text with any white space collapsed to one blank.
/// There are no blanks at the front.
fn collapse(text: &str, into: &mut String) {
    for c in text.chars() {
        match c.is_whitespace() {
            false => into.push(c),
            true if into.is_empty() || into.ends_with(' ') => {}
            true => into.push(' '),
        }
    }
}

impl Test {
    fn holds(&self, word: &Word) -> bool {
        match self {
            Self::OneOf(attribute, words) => words.contains(word.attribute(*attribute).as_ref()),
            Self::Regex(attribute, regex) => regex.is_match(&word.attribute(*attribute)),
            Self::Fuzzy(attribute, wanted, edits) => {
                let given = word.attribute(*attribute);
                let (mine, theirs) = (letters(&given), letters(wanted));
                // Lower bound of the distance, by which most words are excluded cheaply.
                let least = (mine & !theirs).count_ones().max((theirs & !mine).count_ones());
                least as usize <= *edits
                    && given.chars().count().abs_diff(wanted.chars().count()) <= *edits
                    && strsim::levenshtein(&given, wanted) <= *edits
            }
            Self::Length([less, equal, more], number) => {
                let length = word.text.chars().count() as f64;
                *less && length < *number || *equal && length == *number || *more && length > *number
            }
            Self::Spaced => word.spaced,
            Self::Any(tests) => tests.iter().any(|test| test.holds(word)),
            Self::Not(test) => !test.holds(word),
        }
    }
}

/// Set of the characters of a text as bits; several characters may share a bit.
fn letters(text: &str) -> u64 {
    text.chars().fold(0, |letters, c| letters | 1 << (u32::from(c) % 64))
}

/// Distinct word of a document, with what tests need to know about it.
struct Word<'t> {
    text: &'t str,
    lower: String,
    /// Whether a blank follows.
    spaced: bool,
}

impl Word<'_> {
    fn attribute(&self, attribute: Attribute) -> Cow<'_, str> {
        let range = match attribute {
            Attribute::Lower => return Cow::Borrowed(&self.lower),
            Attribute::Shape => return Cow::Owned(shape(self.text)),
            Attribute::Text => 0..self.text.len(),
            Attribute::Prefix => 0..self.text.char_indices().nth(1).map_or(self.text.len(), |(at, _)| at),
            Attribute::Suffix => self.text.char_indices().nth_back(2).map_or(0, |(at, _)| at)..self.text.len(),
        };
        Cow::Borrowed(self.text.get(range).unwrap_or_default())
    }
}

/// Shape of a word.
/// Upper-case letters become `X`, other letters `x`, digits `d`; the rest is unchanged.
///
/// At most four equal characters in a row are kept, and a word of 100 characters or more is `LONG`, as in spaCy.
fn shape(text: &str) -> String {
    if text.chars().nth(99).is_some() {
        return "LONG".to_owned();
    }
    let (mut shape, mut last, mut alike) = (String::new(), None, 0);
    for c in text.chars() {
        let kind = match c {
            _ if c.is_alphabetic() && c.is_uppercase() => 'X',
            _ if c.is_alphabetic() => 'x',
            _ if c.is_numeric() => 'd',
            _ => c,
        };
        alike = if last == Some(kind) { alike + 1 } else { 1 };
        last = Some(kind);
        if alike <= 4 {
            shape.push(kind);
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::Document;

    /// Matches of phrases: first byte, one past the last, and index of the phrase.
    fn found(phrases: &[&str], document: &Document) -> Vec<(usize, usize, usize)> {
        let mut patterns = Patterns::default();
        for (at, phrase) in phrases.iter().enumerate() {
            patterns.add_phrase("X".to_owned(), at, phrase);
        }
        patterns.find(document).iter().map(|found| (found.range.start, found.range.end, found.pattern)).collect()
    }

    #[test]
    fn a_phrase_is_found_on_every_grid_where_its_borders_are_those_of_words() {
        let text = "Denny's, denny's and a Denny's-like tex-mex";
        for (grid, expected) in [
            (Grid::Natural, &[(0, 7, 0), (36, 43, 1)][..]),
            (Grid::Bert, &[(0, 7, 0), (23, 30, 0), (36, 43, 1)]),
            (Grid::Treebank, &[(0, 7, 0), (36, 43, 1)]),
            (Grid::Space, &[(36, 43, 1)]),
        ] {
            assert_eq!(found(&["Denny's", "tex-mex"], &Document::new("d", text, grid)), expected, "{grid}");
        }
    }

    #[test]
    fn given_words_may_cut_a_phrase_or_hold_it() {
        let document = Document::from_words("d", ["Denny", "'s", "tacos", "", "al pastor", "al", "pastor"]);
        assert_eq!(found(&["Denny's", "al pastor"], &document), [(0, 8, 0), (16, 25, 1), (26, 35, 1)]);
        assert_eq!(found(&["tacos al  pastor"], &document), [(9, 25, 0)]);
        assert_eq!(found(&["pastor al", "Denny's tacos"], &document), [(0, 14, 1)]);
    }

    #[test]
    fn white_space_is_white_space_and_case_matters() {
        let text = "pad  thai, pad\n\tthai, Pad Thai, padthai, pad\u{a0}thai";
        let document = Document::new("d", text, Grid::Natural);
        assert_eq!(found(&[" pad thai ", "pad tha", "", " "], &document), [(0, 9, 0), (11, 20, 0), (41, 50, 0)]);
    }

    #[test]
    fn the_longest_stays_then_the_first_then_the_earlier_pattern() {
        let document = Document::new("d", "a b c d e", Grid::Space);
        assert_eq!(found(&["a b", "b c d", "d e", "a", "e"], &document), [(0, 1, 3), (2, 7, 1), (8, 9, 4)]);
        assert_eq!(found(&["b c", "a b", "c d", "a  b"], &document), [(0, 3, 1), (4, 7, 2)]);
    }
}
