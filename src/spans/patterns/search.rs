//! Searches a document for patterns.

use std::{
    cell::Cell,
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    ops::Bound,
};

use super::{Match, Patterns, Slot, Word, collapse};
use crate::{spans::Document, text::TextRange};

/// Maximum number of answers cached during one search.
const MAX_CACHED_ANSWERS: usize = 1 << 26;

/// Marks the absence of a word or pattern index.
const NONE: usize = usize::MAX;

impl Patterns {
    /// Finds disjoint matches in reading order.
    ///
    /// Of two matches that overlap, the one with more words stays, of equally long ones the one that begins first, of
    /// those in the same place the one of the earlier pattern.
    ///
    /// The time is at most linear in the words of the document times the words of all patterns, and far less where the
    /// patterns need particular words.
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
}

/// Words of a document without those that patterns skip.
struct Words<'t> {
    text: &'t str,
    ranges: Vec<TextRange>,
    /// Distinct words.
    kinds: Vec<Word<'t>>,
    /// Index into `kinds` of each word.
    order: Vec<usize>,
}

impl<'t> Words<'t> {
    fn of(document: &'t Document) -> Self {
        let text = &*document.text;
        let ranges: Vec<TextRange> =
            document.words.iter().copied().filter(|range| !range.of(text).trim().is_empty()).collect();
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

/// Search of one document.
///
/// It advances all rules word by word at the same time. For each slot of a rule it remembers only the earliest beginning
/// that leads to it, so that a slot costs the same however many ways lead to it. The result is, for each word, the longest
/// match that ends with it.
struct Search<'p, 't> {
    patterns: &'p Patterns,
    words: &'p Words<'t>,
    /// First word of the earliest match so far that has reached a slot.
    /// There is one for each slot of each rule.
    begun: Vec<usize>,
    /// Rules that have begun.
    active: Vec<usize>,
    /// For each rule, the last step in which it was due.
    seen: Vec<usize>,
    /// Steps made.
    steps: usize,
    /// For each kind of word seen so far, the open rules that it may begin, as bits.
    openings: Vec<Option<Box<[u64]>>>,
    /// Cached answers to all questions for each kind of word.
    /// Empty if there would be too many.
    answers: Vec<Cell<Option<bool>>>,
    /// First word and pattern of the longest match that ends after some words.
    /// The index is the number of these words.
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
            answers: vec![Cell::new(None); if answers > MAX_CACHED_ANSWERS { 0 } else { answers }],
            longest: vec![(NONE, NONE); words.ranges.len() + 1],
        }
    }

    /// Returns disjoint matches as first word, one past the last, and pattern.
    ///
    /// The longest remaining match is taken first. A match that ends after it but began before its end may hide shorter
    /// ones that begin later. None of these is longer than the match just taken, so they are within that length of its
    /// end; only there the search is repeated, and all repetitions together cost at most as much as the first search.
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

    /// Returns the longest match that ends before word `end`.
    /// It has a form of which the greatest is taken first.
    fn candidate(&self, end: usize) -> Option<(usize, Reverse<usize>, Reverse<usize>)> {
        let (start, pattern) = self.longest[end];
        (start != NONE).then(|| (end - start, Reverse(start), Reverse(pattern)))
    }

    /// Finds the longest match that ends after each of the words `from..to`.
    /// Matches do not begin before `from`.
    fn scan(&mut self, from: usize, to: usize) {
        self.longest[from + 1..=to].fill((NONE, NONE));
        let mut phrase = String::new();
        for at in from..to {
            self.steps += 1;
            self.match_phrases(at, to, &mut phrase);
            let mut due = std::mem::take(&mut self.active);
            self.begin_rules(at, to, &mut due);
            due.retain(|rule| self.advance(*rule, at));
            self.active = due;
        }
        for rule in self.active.drain(..) {
            let rule = &self.patterns.rules[rule];
            self.begun[rule.at..rule.at + rule.slots.len()].fill(NONE);
        }
    }

    /// Records the phrases that begin with word `at`.
    fn match_phrases(&mut self, at: usize, to: usize, so_far: &mut String) {
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

    /// Adds the rules that may begin with word `at` to those that have begun.
    fn begin_rules(&mut self, at: usize, to: usize, due: &mut Vec<usize>) {
        let patterns = self.patterns;
        for rule in &*due {
            self.seen[*rule] = self.steps;
        }
        for (known, at_anchor) in patterns.known.iter().zip(at..to) {
            let word = &self.words.kinds[self.words.order[at_anchor]];
            let rules = [known[0].get(word.text), known[1].get(&word.lower)];
            for rule in rules.into_iter().flatten().flatten() {
                self.begin_rule(*rule, at, due);
            }
        }
        let kind = self.words.order[at];
        let opening = self.openings[kind].take().unwrap_or_else(|| self.opening(kind));
        for (block, bits) in opening.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                self.begin_rule(patterns.open[block * 64 + bits.trailing_zeros() as usize], at, due);
                bits &= bits - 1;
            }
        }
        self.openings[kind] = Some(opening);
    }

    /// Begins a rule with word `at`.
    fn begin_rule(&mut self, index: usize, at: usize, due: &mut Vec<usize>) {
        if self.seen[index] != self.steps {
            self.seen[index] = self.steps;
            due.push(index);
        }
        let rule = &self.patterns.rules[index];
        let slots = rule.slots.iter().zip(&mut self.begun[rule.at..]);
        // A slot that is already reached was reached by an earlier beginning.
        for (slot, begun) in slots.take_while(|(_, begun)| **begun == NONE) {
            *begun = at;
            if !slot.optional {
                break;
            }
        }
    }

    /// Whether a slot takes a kind of word.
    fn takes(&self, slot: Slot, kind: usize) -> bool {
        let cached = self.answers.get(kind * self.patterns.questions.len() + slot.question);
        let answer = cached.and_then(Cell::get).unwrap_or_else(|| {
            self.patterns.questions[slot.question].iter().all(|test| test.holds(&self.words.kinds[kind]))
        });
        if let Some(cached) = cached {
            cached.set(Some(answer));
        }
        answer != slot.negated
    }

    /// Returns the open rules that may begin with a kind of word, as bits.
    fn opening(&self, kind: usize) -> Box<[u64]> {
        let blocks = self.patterns.open.chunks(64);
        blocks
            .map(|block| {
                let begins = block.iter().enumerate().filter(|(_, rule)| self.may_begin(**rule, kind));
                begins.fold(0, |bits, (at, _)| bits | 1 << at)
            })
            .collect()
    }

    /// Whether a rule may begin with a kind of word.
    fn may_begin(&self, rule: usize, kind: usize) -> bool {
        let slots = &self.patterns.rules[rule].slots;
        let first = slots.iter().position(|slot| !slot.optional).map_or(slots.len(), |last| last + 1);
        slots.iter().take(first).any(|slot| self.takes(*slot, kind))
    }

    /// Advances a rule over word `at` and records a match.
    /// Returns whether the rule can continue.
    fn advance(&mut self, rule: usize, at: usize) -> bool {
        let rule = &self.patterns.rules[rule];
        let kind = self.words.order[at];
        let mut alive = false;
        // Earliest beginning that reaches the next slot with this word.
        let mut coming = NONE;
        for (slot, index) in rule.slots.iter().zip(rule.at..) {
            let begun = self.begun[index];
            let passed = if begun != NONE && self.takes(*slot, kind) { begun } else { NONE };
            let here = if slot.repeats { coming.min(passed) } else { coming };
            self.begun[index] = here;
            alive |= here != NONE;
            coming = if slot.optional { passed.min(here) } else { passed };
        }
        if coming != NONE {
            self.longest[at + 1] = self.longest[at + 1].min((coming, rule.pattern));
        }
        alive
    }
}
