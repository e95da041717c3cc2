//! Patterns: phrases, and rules for words in a row, each with the label it gives. The meaning is that of spaCy's two
//! matchers; `formats::patterns` reads them.
//!
//! A phrase is compared with the text from the first to the last of some words, character by character, case and all;
//! only white space, however much, is the same as one blank. So it is found on any grid, but where it would begin or
//! end inside a word. It is found as well where its own words, cut by any [`Grid`], stand with blanks between them:
//! `Denny's` in `Denny 's`, as files of given words have it.
//!
//! A rule says of each word in turn what must hold, and how often. Words that are empty or white space alone are passed
//! over by both.

use std::{
    borrow::Cow,
    cell::Cell,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap},
    ops::Bound,
};

use regex::Regex;

use super::Document;
use crate::text::{Grid, TextRange, words};

/// How many words after its first a rule is still looked up by a word that must stand there.
const FARTHEST: usize = 3;

/// Answers that are remembered during one search.
const ANSWERS: usize = 1 << 26;

/// No such place.
const NONE: usize = usize::MAX;

/// Phrases and rules in the order of their file.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    /// Label and line of each.
    origins: Vec<(String, usize)>,
    /// Each way to write each phrase, white space collapsed, and whose it is: of two the earlier pattern.
    phrases: BTreeMap<String, usize>,
    /// What rules ask of a word: all of these must hold.
    questions: Vec<Vec<Test>>,
    rules: Vec<Rule>,
    /// Slots of all rules.
    slots: usize,
    /// Rules that can only match where the word so many places on is this one: as it stands, in small letters.
    known: [[HashMap<String, Vec<usize>>; 2]; FARTHEST + 1],
    /// All other rules.
    open: Vec<usize>,
}

/// A stretch of text that a pattern is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Where, in bytes: whole words of the document's grid.
    pub range: TextRange,
    /// Name of the label.
    pub label: String,
    /// The pattern's line in its file, from 1.
    pub pattern: usize,
}

/// Words in a row.
#[derive(Clone, Debug)]
struct Rule {
    slots: Vec<Slot>,
    pattern: usize,
    /// Where its slots begin among those of all rules.
    at: usize,
}

/// What must hold of one word of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// What [`Patterns::add_question`] gave.
    pub(crate) question: usize,
    /// Whether it takes a word for which the answer is no.
    pub(crate) negated: bool,
    /// Whether it may be left out.
    pub(crate) optional: bool,
    /// Whether it may take further words.
    pub(crate) repeats: bool,
}

/// The side from which a word is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// As it stands.
    Text,
    /// In small letters.
    Lower,
    /// `Xxxx`, `dd.d`: the kinds of its characters.
    Shape,
    /// Its first character.
    Prefix,
    /// Its last three characters.
    Suffix,
}

/// A question about one word.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// It is one of these.
    OneOf(Side, BTreeSet<String>),
    /// The expression is found in it.
    Regex(Side, Regex),
    /// At most so many characters must be put in, taken out or changed to get this.
    Fuzzy(Side, String, usize),
    /// Its length in characters may be less than, equal to, more than the number.
    Length([bool; 3], f64),
    /// A blank follows.
    Spaced,
    /// One of these holds.
    Any(Vec<Test>),
    /// This does not hold.
    Not(Box<Test>),
}

impl Patterns {
    /// The names of the labels that the patterns give, each with the line of its pattern.
    pub fn labels(&self) -> impl Iterator<Item = (&str, usize)> {
        self.origins.iter().map(|(label, line)| (label.as_str(), *line))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.origins.len()
    }

    /// Disjoint matches in reading order. Of two that overlap the one of more words stays, of equal ones that which
    /// begins first, of those in one place that of the earlier pattern.
    ///
    /// The work is at most linear in the words of the document times the words of all patterns; far less where the
    /// patterns say which words they need.
    pub fn find(&self, document: &Document) -> Vec<Match> {
        if self.is_empty() {
            return Vec::new();
        }
        let words = Words::of(document);
        let found = Search::new(self, &words).run().into_iter().filter_map(|(start, end, pattern)| {
            let range = words.ranges.get(start)?.join(*words.ranges.get(end.checked_sub(1)?)?);
            let (label, line) = self.origins.get(pattern)?.clone();
            Some(Match { range, label, pattern: line })
        });
        let mut matches: Vec<Match> = found.collect();
        matches.sort_unstable_by_key(|found| found.range.start);
        matches
    }

    /// Adds a phrase with its label and line. One without a word is found nowhere.
    pub(crate) fn add_phrase(&mut self, label: String, line: usize, phrase: &str) {
        let mut plain = String::new();
        collapse(phrase, &mut plain);
        let plain = plain.trim_end();
        for grid in Grid::ALL {
            let cut: Vec<&str> = words::split(plain, grid).into_iter().map(|word| word.of(plain)).collect();
            self.phrases.entry(cut.join(" ")).or_insert(self.origins.len());
        }
        self.phrases.remove("");
        self.origins.push((label, line));
    }

    /// Adds a question for slots: whether all of these hold. Any word will do where there are none.
    pub(crate) fn add_question(&mut self, tests: Vec<Test>) -> usize {
        self.questions.push(tests);
        self.questions.len() - 1
    }

    /// Adds a rule with its label and line. One without a slot is found nowhere.
    pub(crate) fn add_rule(&mut self, label: String, line: usize, slots: Vec<Slot>) {
        let index = self.rules.len();
        match self.anchors(&slots) {
            None => self.open.push(index),
            Some(anchors) => {
                for (offset, side, word) in anchors {
                    let known = &mut self.known[offset][usize::from(side == Side::Lower)];
                    known.entry(word).or_default().push(index);
                }
            }
        }
        let at = self.slots;
        self.slots += slots.len();
        self.rules.push(Rule { slots, pattern: self.origins.len(), at });
        self.origins.push((label, line));
    }

    /// Whether a slot takes other words than a few, or any number: what makes searches slow.
    pub(crate) fn is_loose(&self, slot: Slot) -> bool {
        slot.optional || slot.repeats || self.known_words(slot).is_none()
    }

    /// The only words that a slot may take, as they are seen from that side; `None` if others may do.
    fn known_words(&self, slot: Slot) -> Option<(Side, &BTreeSet<String>)> {
        self.questions.get(slot.question)?.iter().find_map(|test| match test {
            Test::OneOf(side @ (Side::Text | Side::Lower), words) if !slot.negated => Some((*side, words)),
            _ => None,
        })
    }

    /// The words one of which must stand, so many words after its first, wherever a rule matches; `None` if there are
    /// no such words.
    fn anchors(&self, slots: &[Slot]) -> Option<Vec<(usize, Side, String)>> {
        let mut anchors = Vec::new();
        let mut offsets = BTreeSet::from([0]);
        for (at, slot) in slots.iter().enumerate() {
            match self.known_words(*slot) {
                // The same again, of a word that may stand several times.
                Some(_) if at > 0 && slots[at - 1] == *slot => {}
                Some((side, words)) => {
                    for offset in &offsets {
                        anchors.extend(words.iter().map(|word| (*offset, side, word.clone())));
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
            if offsets.last().is_none_or(|last| *last > FARTHEST) {
                return None;
            }
        }
        None
    }
}

/// Adds a text to another with each stretch of white space as one blank, none in front.
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
            Self::OneOf(side, words) => words.contains(word.from(*side).as_ref()),
            Self::Regex(side, regex) => regex.is_match(&word.from(*side)),
            Self::Fuzzy(side, wanted, edits) => {
                let given = word.from(*side);
                let (mine, theirs) = (letters(&given), letters(wanted));
                let least = (mine & !theirs).count_ones().max((theirs & !mine).count_ones());
                // Far the most words are too different at first sight.
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

/// Which characters a text has, as bits; several may share one.
fn letters(text: &str) -> u64 {
    text.chars().fold(0, |letters, c| letters | 1 << (u32::from(c) % 64))
}

/// A word as it is asked about, one for all places where it stands.
struct Word<'t> {
    text: &'t str,
    lower: String,
    /// Whether a blank follows.
    spaced: bool,
}

impl Word<'_> {
    fn from(&self, side: Side) -> Cow<'_, str> {
        let border = |at: Option<(usize, char)>, none: usize| at.map_or(none, |(at, _)| at);
        let range = match side {
            Side::Lower => return Cow::Borrowed(&self.lower),
            Side::Shape => return Cow::Owned(shape(self.text)),
            Side::Text => 0..self.text.len(),
            Side::Prefix => 0..border(self.text.char_indices().nth(1), self.text.len()),
            Side::Suffix => border(self.text.char_indices().nth_back(2), 0)..self.text.len(),
        };
        Cow::Borrowed(self.text.get(range).unwrap_or_default())
    }
}

/// Capital letters as `X`, other letters as `x`, digits as `d`, the rest as it is; of many alike in a row four.
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

/// The words of a document that patterns see.
struct Words<'t> {
    text: &'t str,
    ranges: Vec<TextRange>,
    /// The different words.
    kinds: Vec<Word<'t>>,
    /// Which of them stands where.
    order: Vec<usize>,
}

impl<'t> Words<'t> {
    fn of(document: &'t Document) -> Self {
        let text = &*document.text;
        let seen = |range: &TextRange| !range.of(text).trim().is_empty();
        let ranges: Vec<TextRange> = document.words.iter().copied().filter(seen).collect();
        let (mut kinds, mut order, mut indices) = (Vec::new(), Vec::with_capacity(ranges.len()), HashMap::new());
        for range in &ranges {
            let word = range.of(text);
            let spaced = text.as_bytes().get(range.end) == Some(&b' ');
            order.push(*indices.entry((word, spaced)).or_insert_with(|| {
                kinds.push(Word { text: word, lower: word.to_lowercase(), spaced });
                kinds.len() - 1
            }));
        }
        Self { text, ranges, kinds, order }
    }
}

/// A search through one document.
///
/// It goes from word to word with all rules at once. Of the ways to be at one place in a rule it remembers the one that
/// began first, so each place costs the same however many ways lead to it. What is left is for each word the longest
/// match that ends with it.
struct Search<'p, 't> {
    patterns: &'p Patterns,
    words: &'p Words<'t>,
    /// For each slot of each rule at which word the earliest way to it began.
    begun: Vec<usize>,
    /// The rules among them that have begun.
    active: Vec<usize>,
    /// For each rule the last step in which it was put among those to look at.
    seen: Vec<usize>,
    /// Steps made.
    steps: usize,
    /// For each kind of word, once it was met, which open rules it may begin.
    openings: Vec<Option<Box<[u64]>>>,
    /// For each kind of word the answers to all questions as far as they were asked; empty if there were too many.
    answers: Vec<Cell<Option<bool>>>,
    /// For each number of words the first word and the pattern of the longest match that ends after so many.
    longest: Vec<(usize, usize)>,
}

impl<'p, 't> Search<'p, 't> {
    fn new(patterns: &'p Patterns, words: &'p Words<'t>) -> Self {
        let answers = words.kinds.len().saturating_mul(patterns.questions.len());
        Self {
            patterns,
            words,
            begun: vec![NONE; patterns.slots],
            active: Vec::new(),
            seen: vec![0; patterns.rules.len()],
            steps: 0,
            openings: vec![None; words.kinds.len()],
            answers: vec![Cell::new(None); if answers > ANSWERS { 0 } else { answers }],
            longest: vec![(NONE, NONE); words.ranges.len() + 1],
        }
    }

    /// Matches as first word, one past the last, and pattern; disjoint.
    ///
    /// Always the longest of those left is taken. Others that end after it but began before its end may have shorter
    /// ones behind them, which begin later. As none is longer than what was just taken they lie within that length of
    /// its end, so only there is searched again, and all such searches together are no more than the first.
    fn run(&mut self) -> Vec<(usize, usize, usize)> {
        let count = self.words.ranges.len();
        self.scan(0, count);
        let mut queue: BinaryHeap<_> = (1..=count).filter_map(|end| self.candidate(end)).collect();
        let mut taken = vec![false; count];
        let mut found = Vec::new();
        while let Some((length, Reverse(start), Reverse(pattern))) = queue.pop() {
            let end = start + length;
            let stale = self.longest[end] != (start, pattern);
            if stale || taken[start] || taken[end - 1] {
                continue;
            }
            taken[start..end].fill(true);
            found.push((start, end, pattern));
            let free = taken[end..].iter().take(length).take_while(|taken| !**taken).count();
            if self.longest[end + 1..=end + free].iter().any(|(start, _)| *start < end) {
                self.scan(end, end + free);
                queue.extend((end + 1..=end + free).filter_map(|end| self.candidate(end)));
            }
        }
        found
    }

    /// The longest match that ends before word `end`; the greatest candidate is to be taken first.
    fn candidate(&self, end: usize) -> Option<(usize, Reverse<usize>, Reverse<usize>)> {
        let (start, pattern) = self.longest[end];
        (start != NONE).then(|| (end - start, Reverse(start), Reverse(pattern)))
    }

    /// Finds the longest match that ends after each of the words `from..to` and does not begin before `from`.
    fn scan(&mut self, from: usize, to: usize) {
        self.longest[from + 1..=to].fill((NONE, NONE));
        let mut phrase = String::new();
        for at in from..to {
            self.steps += 1;
            self.phrases(at, to, &mut phrase);
            let mut due = std::mem::take(&mut self.active);
            self.begin(at, to, &mut due);
            due.retain(|rule| self.step(*rule, at));
            self.active = due;
        }
        for rule in self.active.drain(..) {
            let rule = &self.patterns.rules[rule];
            self.begun[rule.at..rule.at + rule.slots.len()].fill(NONE);
        }
    }

    /// Notes the phrases that begin with word `at`.
    fn phrases(&mut self, at: usize, to: usize, so_far: &mut String) {
        so_far.clear();
        if self.patterns.phrases.is_empty() {
            return;
        }
        let mut from = self.words.ranges[at].start;
        for end in at..to {
            let word = self.words.ranges[end];
            collapse(TextRange::new(from, word.end).of(self.words.text), so_far);
            from = word.end;
            let written = so_far.trim_end();
            let next = self.patterns.phrases.range::<str, _>((Bound::Included(written), Bound::Unbounded)).next();
            match next {
                Some((phrase, pattern)) if phrase == written => {
                    self.longest[end + 1] = self.longest[end + 1].min((at, *pattern));
                }
                Some((phrase, _)) if phrase.starts_with(written) => {}
                _ => break,
            }
        }
    }

    /// Adds to the rules that have begun those that may begin with word `at`; all that are due find their beginning.
    fn begin(&mut self, at: usize, to: usize, due: &mut Vec<usize>) {
        let patterns = self.patterns;
        for rule in &*due {
            self.seen[*rule] = self.steps;
        }
        for (known, place) in patterns.known.iter().zip(at..to) {
            let word = &self.words.kinds[self.words.order[place]];
            let rules = [known[0].get(word.text), known[1].get(&word.lower)];
            for rule in rules.into_iter().flatten().flatten() {
                self.enter(*rule, at, due);
            }
        }
        let kind = self.words.order[at];
        let opening = self.openings[kind].take().unwrap_or_else(|| self.opening(kind));
        for (block, bits) in opening.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                self.enter(patterns.open[block * 64 + bits.trailing_zeros() as usize], at, due);
                bits &= bits - 1;
            }
        }
        self.openings[kind] = Some(opening);
    }

    /// Lets a rule begin with word `at`.
    fn enter(&mut self, index: usize, at: usize, due: &mut Vec<usize>) {
        if self.seen[index] != self.steps {
            self.seen[index] = self.steps;
            due.push(index);
        }
        let rule = &self.patterns.rules[index];
        let places = rule.slots.iter().zip(&mut self.begun[rule.at..]);
        // What has begun already began before.
        for (slot, begun) in places.take_while(|(_, begun)| **begun == NONE) {
            *begun = at;
            if !slot.optional {
                break;
            }
        }
    }

    /// Whether a slot takes a kind of word.
    fn takes(&self, slot: Slot, kind: usize) -> bool {
        let ask = || self.patterns.questions[slot.question].iter().all(|test| test.holds(&self.words.kinds[kind]));
        let known = self.answers.get(kind * self.patterns.questions.len() + slot.question);
        let answer = known.and_then(Cell::get).unwrap_or_else(ask);
        if let Some(known) = known {
            known.set(Some(answer));
        }
        answer != slot.negated
    }

    /// Which open rules may begin with a kind of word, as bits.
    fn opening(&self, kind: usize) -> Box<[u64]> {
        let may_begin = |rule: &usize| {
            let slots = &self.patterns.rules[*rule].slots;
            let first = slots.iter().position(|slot| !slot.optional).map_or(slots.len(), |last| last + 1);
            slots.iter().take(first).any(|slot| self.takes(*slot, kind))
        };
        let bits = |block: &[usize]| {
            block.iter().enumerate().filter(|(_, rule)| may_begin(rule)).fold(0, |bits, (at, _)| bits | 1 << at)
        };
        self.patterns.open.chunks(64).map(bits).collect()
    }

    /// Takes a rule over word `at`, notes its match if it has one, and says whether it goes on.
    fn step(&mut self, rule: usize, at: usize) -> bool {
        let rule = &self.patterns.rules[rule];
        let kind = self.words.order[at];
        let mut alive = false;
        // The earliest beginning that gets to the next slot with this word.
        let mut coming = NONE;
        for (slot, place) in rule.slots.iter().zip(rule.at..) {
            let begun = self.begun[place];
            let passed = if begun != NONE && self.takes(*slot, kind) { begun } else { NONE };
            let here = if slot.repeats { coming.min(passed) } else { coming };
            self.begun[place] = here;
            alive |= here != NONE;
            coming = if slot.optional { passed.min(here) } else { passed };
        }
        if coming != NONE {
            self.longest[at + 1] = self.longest[at + 1].min((coming, rule.pattern));
        }
        alive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found of phrases: first byte, one past the last, and which of them.
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
