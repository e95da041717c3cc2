//! Units in which files count the offsets of spans, tried against the text.
//!
//! Files seldom say their unit: Python counts code points, JavaScript UTF-16 units, and some programs count a line end of two
//! characters as one. Where spans have a copy of their own text, it shows the unit; elsewhere the borders of words do. A reader
//! calls [`read_with_unit`], which reads the file twice if its unit can matter, and places each span by [`Offsets::place`].

use std::{
    cell::{Cell, OnceCell},
    io::{self, Read as _},
};

use memchr::{memchr_iter, memmem};

use super::{
    Problem,
    problem::{Problems, quoted, with_noun},
    sink::{Found, LabelNames, Reading, Sink},
    source::{Source, Unreadable},
};
use crate::text::{TextRange, clusters};

/// What a file counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Code points, as Python does.
    CodePoints,
    /// UTF-16 units, as JavaScript and Java do.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
    /// Code points, and CR LF as one.
    CodePointsCrlf,
    /// UTF-16 units, and CR LF as one.
    Utf16Crlf,
    /// Grapheme clusters, as people count characters.
    Graphemes,
}

/// Number of units.
const UNITS: usize = 6;

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::CodePoints => "code points",
            Self::Utf16 => "UTF-16 units",
            Self::Bytes => "bytes",
            Self::CodePointsCrlf => "code points with CR LF as one",
            Self::Utf16Crlf => "UTF-16 units with CR LF as one",
            Self::Graphemes => "grapheme clusters",
        }
    }

    /// Units and bytes of the first item of a text; `None` at its end.
    fn first_item(self, text: &str) -> Option<(usize, usize)> {
        let first = text.chars().next()?;
        let joins = matches!(self, Self::CodePointsCrlf | Self::Utf16Crlf);
        if joins && text.starts_with("\r\n") {
            return Some((1, 2));
        }
        let bytes = first.len_utf8();
        Some(match self {
            Self::CodePoints | Self::CodePointsCrlf => (1, bytes),
            Self::Utf16 | Self::Utf16Crlf => (first.len_utf16(), bytes),
            Self::Bytes => (bytes, bytes),
            Self::Graphemes => (1, clusters::first_cluster(text).len()),
        })
    }
}

/// Units of formats that count code points by their own rules, likeliest first.
pub(crate) const CODE_POINTS_FIRST: &[Unit] =
    &[Unit::CodePoints, Unit::Utf16, Unit::CodePointsCrlf, Unit::Utf16Crlf, Unit::Bytes];

/// A text with what is needed to place many spans on it.
pub(crate) struct SpanText<'a> {
    /// Id of the document, for messages.
    id: &'a str,
    /// Line of the file, for messages.
    line: Option<usize>,
    text: &'a str,
    /// Whether all units are the same: only ASCII, and no CR.
    is_plain: bool,
    places: [OnceCell<Places>; UNITS],
    letters: OnceCell<Letters>,
    /// Searches of a text that were made.
    searches: Cell<usize>,
}

/// Maximum number of searches in one text, so that a file of misplaced spans over a long text is read in time.
const MOST_SEARCHES: usize = 1_000;

impl<'a> SpanText<'a> {
    /// Prepares the text of the document `id`.
    pub(crate) fn new(id: &'a str, text: &'a str) -> Self {
        let is_plain = text.is_ascii() && !text.contains('\r');
        Self {
            id,
            line: None,
            text,
            is_plain,
            places: Default::default(),
            letters: OnceCell::new(),
            searches: Cell::new(0),
        }
    }

    /// Id of the document.
    pub(crate) fn id(&self) -> &str {
        self.id
    }

    /// The text.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// Adds the line of the file on which the document begins, for messages.
    pub(crate) fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Bytes of a span if its offsets count `unit`; `None` if they do not fit the text, or the span is empty.
    fn range(&self, span: &StatedSpan<'_>, unit: Unit) -> Option<TextRange> {
        let range = TextRange::new(self.byte(span.start, unit)?, self.byte(span.end, unit)?);
        (!range.is_empty()).then_some(range)
    }

    fn byte(&self, offset: usize, unit: Unit) -> Option<usize> {
        if self.is_plain {
            return (offset <= self.text.len()).then_some(offset);
        }
        let places = self.places.get(unit as usize)?.get_or_init(|| Places::new(self.text, unit));
        places.byte(self.text, offset, unit)
    }

    fn fit(&self, range: TextRange, copy: &str) -> Fit {
        if range.of(self.text) == copy {
            return Fit::Exact;
        }
        let letters = self.letters.get_or_init(|| Letters::new(self.text));
        if letters.are_in(range, copy) { Fit::Letters } else { Fit::None }
    }

    /// Whether the offsets of a span can be read without a copy of its text: all units are the same, or its ends are borders
    /// of words, so that no other unit is likelier.
    pub(crate) fn shows_unit(&self, range: TextRange) -> bool {
        self.is_plain || self.has_word_borders(range)
    }

    /// Whether the ends of a range are borders of words.
    fn has_word_borders(&self, range: TextRange) -> bool {
        let before = self.text.get(..range.start).and_then(|text| text.chars().next_back());
        let after = self.text.get(range.end..).and_then(|text| text.chars().next());
        let inside = range.of(self.text);
        is_border(before, inside.chars().next()) && is_border(after, inside.chars().next_back())
    }

    /// The only place where a copy of a span's text occurs.
    fn only_place(&self, copy: &str) -> Option<TextRange> {
        if copy.trim().is_empty() {
            return None;
        }
        let decoded = [copy.to_owned(), copy.replace("\\n", "\n"), copy.replace("\\n", "\r\n")];
        let mut places = decoded.iter().enumerate().filter(|(at, copy)| *at == 0 || **copy != decoded[0]);
        places.find_map(|(_, copy)| self.find_once(copy))
    }

    fn find_once(&self, copy: &str) -> Option<TextRange> {
        if self.searches.get() >= MOST_SEARCHES {
            return None;
        }
        self.searches.set(self.searches.get() + 1);
        let at = memmem::find(self.text.as_bytes(), copy.as_bytes())?;
        let next = at + self.text.get(at..)?.chars().next()?.len_utf8();
        let again = memmem::find(self.text.as_bytes().get(next..)?, copy.as_bytes());
        again.is_none().then(|| TextRange::new(at, at + copy.len()))
    }
}

/// Whether a text is a part of it, widened to whole words.
fn is_widened(text: &str, part: &str) -> bool {
    // Letters that a word may have around the part; a longer text is not read.
    const MOST: usize = 100;
    if part.trim().is_empty() || text.len() > part.len() + MOST {
        return false;
    }
    let Some(at) = text.find(part) else { return false };
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + part.len()..).unwrap_or_default());
    before.chars().chain(after.chars()).all(char::is_alphanumeric)
}

/// Whether a word may end between a character inside a span and its neighbour outside.
fn is_border(outside: Option<char>, inside: Option<char>) -> bool {
    let Some(inside) = inside.filter(|inside| !inside.is_whitespace()) else { return false };
    !(inside.is_alphanumeric() && outside.is_some_and(char::is_alphanumeric))
}

/// Agreement of the text of a range with a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// They are equal.
    Exact,
    /// They have the same letters: white space in the copy was collapsed, or its line ends are written as `\n`.
    Letters,
    /// They differ.
    None,
}

/// Bytes of some offsets of a text; those between are counted from there.
struct Places(Vec<(usize, usize)>);

impl Places {
    /// Bytes between two places that are kept.
    const STEP: usize = 256;

    fn new(text: &str, unit: Unit) -> Self {
        let (mut places, mut offset, mut byte, mut kept) = (Vec::new(), 0, 0, 0);
        while let Some((units, bytes)) = unit.first_item(text.get(byte..).unwrap_or_default()) {
            (offset, byte) = (offset + units, byte + bytes);
            if byte >= kept + Self::STEP {
                places.push((offset, byte));
                kept = byte;
            }
        }
        Self(places)
    }

    /// Byte of an offset; `None` inside of an item and past the end.
    fn byte(&self, text: &str, offset: usize, unit: Unit) -> Option<usize> {
        let next = self.0.partition_point(|(kept, _)| *kept <= offset);
        let (mut at, mut byte) = next.checked_sub(1).and_then(|last| self.0.get(last)).copied().unwrap_or_default();
        while at < offset {
            let (units, bytes) = unit.first_item(text.get(byte..)?)?;
            (at, byte) = (at + units, byte + bytes);
        }
        (at == offset).then_some(byte)
    }
}

/// A text without its white space.
struct Letters {
    letters: String,
    /// Each stretch of white space, and the number of bytes of white space before it.
    gaps: Vec<(TextRange, usize)>,
}

impl Letters {
    fn new(text: &str) -> Self {
        let mut letters = String::with_capacity(text.len());
        let mut gaps: Vec<(TextRange, usize)> = Vec::new();
        for (at, c) in text.char_indices() {
            let end = at + c.len_utf8();
            match gaps.last_mut() {
                _ if !c.is_whitespace() => letters.push(c),
                Some((gap, _)) if gap.end == at => gap.end = end,
                _ => gaps.push((TextRange::new(at, end), at - letters.len())),
            }
        }
        Self { letters, gaps }
    }

    fn of(&self, range: TextRange) -> &str {
        self.letters.get(self.before(range.start)..self.before(range.end)).unwrap_or_default()
    }

    /// Whether a copy of the text of a range, in which white space was collapsed or written as `\n`, has its letters.
    ///
    /// Reads only the copy, however long the range is.
    fn are_in(&self, range: TextRange, copy: &str) -> bool {
        let copied = copy.split("\\n").flat_map(str::chars).filter(|c| !c.is_whitespace());
        copied.eq(self.of(range).chars())
    }

    /// Number of bytes before `offset` that are not white space.
    fn before(&self, offset: usize) -> usize {
        let next = self.gaps.partition_point(|(gap, _)| gap.start < offset);
        let Some((gap, before)) = next.checked_sub(1).and_then(|last| self.gaps.get(last)) else { return offset };
        gap.start - before + offset.saturating_sub(gap.end)
    }
}

/// Span as a file states it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StatedSpan<'a> {
    /// Offset of its first character, in the unit of the file.
    pub(crate) start: usize,
    /// Offset after its last character.
    pub(crate) end: usize,
    /// Copy of its text, if the file has one.
    pub(crate) text: Option<&'a str>,
}

/// Evidence for the units, from the spans of a file.
#[derive(Clone, Debug, Default)]
struct Votes {
    /// Spans whose copy of their text is at the offsets.
    texts: [usize; UNITS],
    /// Spans without such a copy that begin and end at borders of words.
    borders: [usize; UNITS],
    /// Spans that lie elsewhere in another unit, with and without a copy of their text.
    telling: [usize; 2],
}

/// Offsets of a file: their unit, and what became of the spans.
#[derive(Clone, Debug)]
pub(crate) struct Offsets {
    /// Units that are possible, the usual one of the format first.
    units: &'static [Unit],
    unit: Unit,
    /// Collected while the file is read for the first time.
    votes: Option<Votes>,
    /// Evidence that decided, if there was any.
    telling: Option<&'static str>,
    in_other_unit: usize,
    inside_theirs: usize,
}

impl Offsets {
    /// Offsets in the first of these units, unless the text of a span shows another one.
    pub(crate) fn new(units: &'static [Unit]) -> Self {
        let unit = units.first().copied().unwrap_or(Unit::CodePoints);
        Self { units, unit, votes: None, telling: None, in_other_unit: 0, inside_theirs: 0 }
    }

    fn trial(units: &'static [Unit]) -> Self {
        Self { votes: Some(Votes::default()), ..Self::new(units) }
    }

    /// Offsets in the unit for which most spans are evidence; in the usual one if there is none, or as much.
    fn decided(self) -> Self {
        let decided = Self::new(self.units);
        let votes = self.votes.unwrap_or_default();
        let (counts, telling) = match votes.telling {
            [0, 0] => return decided,
            [0, _] => (votes.borders, "as the borders of their words suggest"),
            _ => (votes.texts, "as their own text shows"),
        };
        // Of equal counts the last is the maximum, so the usual unit is compared last.
        let best = self.units.iter().rev().copied().max_by_key(|unit| counts[*unit as usize]);
        Self { unit: best.unwrap_or(decided.unit), telling: Some(telling), ..decided }
    }

    /// Place of a span in its text. `None` after it has added a warning: the span fits nowhere, and its document is not
    /// complete without it.
    ///
    /// Where the offsets do not fit the span's own text, the other units are tried, then the only place of that text.
    pub(crate) fn place(
        &mut self,
        text: &SpanText<'_>,
        span: StatedSpan<'_>,
        problems: &mut Problems,
    ) -> Option<TextRange> {
        let stated = text.range(&span, self.unit);
        if self.votes.is_some() {
            self.vote(text, &span, stated);
            return stated;
        }
        let Some(copy) = span.text else {
            return stated.or_else(|| left_out(text, &span, problems));
        };
        if let Some(range) = stated.filter(|range| text.fit(*range, copy) != Fit::None) {
            return Some(range);
        }
        let others = self.units.iter().filter_map(|unit| text.range(&span, *unit));
        let mut fits: Vec<_> = others.map(|range| (range, text.fit(range, copy))).collect();
        fits.sort_by_key(|(_, fit)| *fit != Fit::Exact);
        if let Some((range, _)) = fits.into_iter().find(|(_, fit)| *fit != Fit::None) {
            self.in_other_unit += 1;
            return Some(range);
        }
        // Some tools widen a span to whole words and keep the text that was selected.
        if let Some(range) = stated.filter(|range| is_widened(range.of(text.text), copy)) {
            self.inside_theirs += 1;
            return Some(range);
        }
        let Some(found) = text.only_place(copy) else { return left_out(text, &span, problems) };
        let message = format!("{}: {} does not fit the text", document(text), described(&span));
        let hint = "it is read at the only place where its text occurs";
        problems.push(with_line(Problem::warning(message).hint(hint), text));
        Some(found)
    }

    /// Bytes of words; `None` if one does not fit the text or begins before the last one ends.
    pub(crate) fn words(&self, text: &SpanText<'_>, words: &[[usize; 2]]) -> Option<Vec<TextRange>> {
        let mut ranges: Vec<TextRange> = Vec::with_capacity(words.len());
        for &[start, end] in words {
            let range = text.range(&StatedSpan { start, end, text: None }, self.unit)?;
            if ranges.last().is_some_and(|before| before.end > range.start) {
                return None;
            }
            ranges.push(range);
        }
        Some(ranges)
    }

    /// Counts a span as evidence for the units that it fits. `usual` is its range in the usual one.
    fn vote(&mut self, text: &SpanText<'_>, span: &StatedSpan<'_>, usual: Option<TextRange>) {
        let Some(votes) = &mut self.votes else { return };
        let mut is_telling = false;
        for unit in self.units {
            let range = text.range(span, *unit);
            is_telling |= range != usual;
            let (count, is_evidence) = match span.text {
                Some(copy) => (&mut votes.texts, range.is_some_and(|range| text.fit(range, copy) != Fit::None)),
                None => (&mut votes.borders, range.is_some_and(|range| text.has_word_borders(range))),
            };
            count[*unit as usize] += usize::from(is_evidence);
        }
        votes.telling[usize::from(span.text.is_none())] += usize::from(is_telling);
    }

    /// Reports how the offsets were read, and adds their unit to the properties of the file if it can be told.
    fn report(&self, problems: &mut Problems, detected: &mut Vec<String>) {
        if let Some(why) = self.telling {
            detected.push(format!("offsets in {}", self.unit.name()));
            if self.units.first() != Some(&self.unit) {
                problems.push(Problem::note(format!("the offsets count {}, {why}: converted", self.unit.name())));
            }
        }
        if self.in_other_unit > 0 {
            let spans = with_noun(self.in_other_unit, "span");
            let message = format!("{spans} with offsets in another unit than the file has, as their own text shows");
            problems.push(Problem::warning(message).hint("each is read where its text is"));
        }
        if self.inside_theirs > 0 {
            let spans = with_noun(self.inside_theirs, "span");
            let message =
                format!("{spans} whose own text is a part of the text at their offsets: the offsets are used");
            problems.push(Problem::warning(message));
        }
    }
}

/// Reports a span that fits nowhere.
fn left_out(text: &SpanText<'_>, span: &StatedSpan<'_>, problems: &mut Problems) -> Option<TextRange> {
    let message = format!("{}: {} fits nowhere in the text: left out", document(text), described(span));
    problems.push(with_line(Problem::warning(message), text));
    None
}

fn document(text: &SpanText<'_>) -> String {
    format!("document {}", quoted(text.id))
}

fn described(span: &StatedSpan<'_>) -> String {
    let StatedSpan { start, end, text } = span;
    let copy = text.map(|copy| format!(" ({})", quoted(copy))).unwrap_or_default();
    format!("the span {start}-{end}{copy}")
}

fn with_line(problem: Problem, text: &SpanText<'_>) -> Problem {
    match text.line {
        Some(line) => problem.at(line),
        None => problem,
    }
}

/// Reads a file of spans whose offsets are in one of these units, the usual one of the format first.
///
/// If the unit can matter, the file is read a first time, of which only the evidence for the units is kept.
///
/// # Errors
/// Those of `read`.
pub(crate) fn read_with_unit(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    units: &'static [Unit],
    read: fn(&dyn Source, &mut Reading<'_>, &mut Offsets) -> Result<Vec<String>, Unreadable>,
) -> Result<Vec<String>, Unreadable> {
    let mut offsets = Offsets::new(units);
    if may_differ(source)? {
        let mut trial = Offsets::trial(units);
        read(source, &mut Reading::new(reading.options, &mut Nowhere), &mut trial)?;
        offsets = trial.decided();
    }
    let mut detected = read(source, reading, &mut offsets)?;
    offsets.report(&mut reading.problems, &mut detected);
    Ok(detected)
}

/// Takes documents and keeps none.
struct Nowhere;

impl Sink for Nowhere {
    fn take(&mut self, _: Found, _: &LabelNames) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a file may have texts in which the units differ: characters other than ASCII, or CR, plain or as JSON escapes.
fn may_differ(source: &dyn Source) -> io::Result<bool> {
    const BLOCK: usize = 1 << 16;
    let (mut input, mut block) = (source.bytes()?, Vec::new());
    loop {
        // The last byte of the block before, which may be the backslash of an escape.
        let kept = block.last().copied();
        block.clear();
        block.extend(kept);
        if input.by_ref().take(BLOCK as u64).read_to_end(&mut block)? == 0 {
            return Ok(false);
        }
        let has_escape = memchr_iter(b'\\', &block).any(|at| matches!(block.get(at + 1), Some(b'u' | b'r')));
        if has_escape || !block.is_ascii() || block.contains(&b'\r') {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::formats::ReadOptions;

    const PIZZA: &str = "Ciao \u{1f355}!\r\nVisit Bari soon.\r\nAsk Luigi.";

    fn stated<'a>(start: usize, end: usize, text: impl Into<Option<&'a str>>) -> StatedSpan<'a> {
        StatedSpan { start, end, text: text.into() }
    }

    /// Offsets of a part of a text in a unit.
    fn offsets_of(text: &str, part: &str, unit: Unit) -> (usize, usize) {
        let count = |end: usize| {
            let (mut byte, mut offset) = (0, 0);
            while byte < end {
                let (units, bytes) = unit.first_item(&text[byte..]).unwrap();
                (byte, offset) = (byte + bytes, offset + units);
            }
            offset
        };
        let at = text.find(part).unwrap();
        (count(at), count(at + part.len()))
    }

    fn decided(spans: &[StatedSpan<'_>], units: &'static [Unit]) -> Offsets {
        let (mut trial, mut problems) = (Offsets::trial(units), Problems::default());
        for span in spans {
            trial.place(&SpanText::new("1", PIZZA), *span, &mut problems);
        }
        trial.decided()
    }

    const ALL: [Unit; UNITS] =
        [Unit::CodePoints, Unit::Utf16, Unit::Bytes, Unit::CodePointsCrlf, Unit::Utf16Crlf, Unit::Graphemes];
    static EVERY: &[Unit] = &ALL;

    #[test]
    fn each_unit_is_told_by_the_text_of_spans_or_by_their_words() {
        for has_copy in [true, false] {
            // In this text a cluster is what is counted as one with CR LF joined, so it cannot be told from it.
            for unit in &ALL[..5] {
                let spans = ["Bari", "Luigi"].map(|part| {
                    let (start, end) = offsets_of(PIZZA, part, *unit);
                    stated(start, end, has_copy.then_some(part))
                });
                let mut offsets = decided(&spans, EVERY);
                assert_eq!(offsets.unit, *unit, "{has_copy}");
                let (mut problems, text) = (Problems::default(), SpanText::new("1", PIZZA));
                let read = spans.map(|span| offsets.place(&text, span, &mut problems).unwrap().of(PIZZA));
                assert_eq!(read, ["Bari", "Luigi"]);
                let mut detected = Vec::new();
                offsets.report(&mut problems, &mut detected);
                assert_eq!(detected, [format!("offsets in {}", unit.name())]);
                assert_eq!(problems.finish().len(), usize::from(*unit != Unit::CodePoints));
            }
        }
        let family = "\u{1f468}\u{200d}\u{1f373} Luigi";
        let text = SpanText::new("1", family);
        assert_eq!(text.range(&stated(2, 7, None), Unit::Graphemes).unwrap().of(family), "Luigi");
    }

    #[test]
    fn without_evidence_the_usual_unit_stays_and_nothing_is_said() {
        let offsets = decided(&[stated(0, 4, "Ciao")], CODE_POINTS_FIRST);
        let (mut problems, mut detected) = (Problems::default(), Vec::new());
        offsets.report(&mut problems, &mut detected);
        assert_eq!((offsets.unit, detected.len()), (Unit::CodePoints, 0));
    }

    #[test]
    fn a_span_that_fits_nowhere_is_moved_to_its_only_place_or_left_out_by_name() {
        let (mut offsets, mut problems) = (Offsets::new(CODE_POINTS_FIRST), Problems::default());
        let text = "Dinner with Luigi and Anna and Anna";
        let on = SpanText::new("7", text).at_line(3);
        let mut read = |start, end, copy| offsets.place(&on, stated(start, end, copy), &mut problems);
        assert_eq!(read(12, 20, Some("Luigi")), Some(TextRange::new(12, 17)));
        assert_eq!(read(12, 99, Some("Anna")), None);
        assert_eq!(read(12, 99, None), None);
        assert_eq!(read(5, 5, Some("")), None);
        assert_eq!(read(9, 2, Some(" ")), None);
        assert_eq!(read(12, 17, Some("uig")), Some(TextRange::new(12, 17)), "a span that was widened to its word");
        let list = problems.finish();
        assert_eq!((list.len(), list[0].line), (5, Some(3)));
        assert_eq!(list[0].message, "document `7`: the span 12-20 (`Luigi`) does not fit the text");
        assert_eq!(list[1].message, "document `7`: the span 12-99 (`Anna`) fits nowhere in the text: left out");
    }

    #[test]
    fn a_span_in_another_unit_than_its_file_is_read_where_its_text_is() {
        let (mut offsets, mut problems) = (Offsets::new(CODE_POINTS_FIRST), Problems::default());
        let (start, end) = offsets_of(PIZZA, "Luigi", Unit::Utf16);
        let read = offsets.place(&SpanText::new("1", PIZZA), stated(start, end, "Luigi"), &mut problems);
        assert_eq!(read.unwrap().of(PIZZA), "Luigi");
        offsets.report(&mut problems, &mut Vec::new());
        assert!(problems.finish()[0].message.starts_with("1 span with offsets in another unit"));
    }

    #[test]
    fn many_misplaced_spans_over_a_long_text_are_read_in_time() {
        let (mut offsets, mut problems) = (Offsets::new(CODE_POINTS_FIRST), Problems::default());
        let long = "a".repeat(1 << 16);
        let text = SpanText::new("1", &long);
        for _ in 0..3 * MOST_SEARCHES {
            assert_eq!(offsets.place(&text, stated(0, 1, "ab"), &mut problems), None);
        }
        assert_eq!(text.searches.get(), MOST_SEARCHES);
    }

    #[test]
    fn a_file_is_read_twice_only_where_units_may_differ() {
        let far = |end: &str| format!("{}{end}", "a".repeat((1 << 16) - 1));
        for (text, expected) in [
            ("plain \\n \"text\"\n".to_owned(), false),
            ("caf\u{e9}".to_owned(), true),
            (far("\\u00e9"), true),
            (far("\\r\\n"), true),
            (far("\\t"), false),
            ("a\r\n".to_owned(), true),
        ] {
            assert_eq!(may_differ(&text.as_bytes()).unwrap(), expected, "{text:?}");
            let options = ReadOptions::default();
            let mut nowhere = Nowhere;
            let mut reading = Reading::new(&options, &mut nowhere);
            let count = |source: &dyn Source, _: &mut Reading<'_>, offsets: &mut Offsets| {
                assert!(source.bytes().is_ok());
                Ok(vec![format!("{:?}", offsets.votes.is_some())])
            };
            let detected = read_with_unit(&text.as_bytes(), &mut reading, CODE_POINTS_FIRST, count).unwrap();
            assert_eq!(detected, ["false"], "the last reading is no trial");
        }
    }

    proptest! {
        #[test]
        fn a_copy_has_the_letters_that_the_text_has(text in "[ab \n\u{e9}\u{3000}]{0,20}", copy in "([ab \u{e9}]|\\\\n){0,6}") {
            let letters = Letters::new(&text);
            let of = |text: &str| text.replace("\\n", "\n").split_whitespace().collect::<String>();
            let borders: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            for (from, start) in borders.iter().enumerate() {
                for end in &borders[from..] {
                    let range = TextRange::new(*start, *end);
                    let own = range.of(&text);
                    prop_assert!(letters.are_in(range, own));
                    prop_assert_eq!(letters.are_in(range, &copy), of(&copy) == of(own));
                }
            }
        }

        #[test]
        fn offsets_of_every_unit_come_back(
            text in "([a-c \u{e9}\u{1f355}\u{301}\u{200d}]|\r\n){0,40}|\u{1f355}{600}", a in 0usize..99, b in 0usize..99,
        ) {
            for unit in ALL {
                let (mut borders, mut byte, mut offset) = (vec![(0, 0)], 0, 0);
                while let Some((units, bytes)) = unit.first_item(&text[byte..]) {
                    (byte, offset) = (byte + bytes, offset + units);
                    borders.push((offset, byte));
                }
                let (a, b) = (borders[a % borders.len()], borders[b % borders.len()]);
                let (from, to) = (a.min(b), a.max(b));
                let on = SpanText::new("1", &text);
                let expected = (from.1 < to.1).then(|| TextRange::new(from.1, to.1));
                prop_assert_eq!(on.range(&stated(from.0, to.0, None), unit), expected);
                prop_assert_eq!(on.range(&stated(from.0, offset + 1, None), unit), None);
            }
        }
    }
}
