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
    solid_text::SolidText,
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
    letters: OnceCell<SolidText>,
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

    /// Bytes of a span in each of these units that it fits.
    pub(crate) fn ranges(&self, span: StatedSpan<'_>, units: &'static [Unit]) -> impl Iterator<Item = TextRange> {
        units.iter().filter_map(move |unit| self.range(&span, *unit))
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
        let letters = self.letters.get_or_init(|| SolidText::new(self.text));
        if has_letters(letters, range, copy) { Fit::Letters } else { Fit::None }
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

/// Whether a copy of the text of a range, in which white space was collapsed or written as `\n`, has its letters.
///
/// Reads only the copy, however long the range is.
fn has_letters(text: &SolidText, range: TextRange, copy: &str) -> bool {
    let copied = copy.split("\\n").flat_map(str::chars).filter(|c| !c.is_whitespace());
    copied.eq(text.of(range).chars())
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
/// If the unit can matter, the file is read a first time, of which only the evidence for the units is kept. `read` places each
/// span by the offsets that it gets.
///
/// # Errors
/// Those of `read`.
pub(crate) fn read_with_unit(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    units: &'static [Unit],
    read: impl Fn(&dyn Source, &mut Reading<'_>, &mut Offsets) -> Result<Vec<String>, Unreadable>,
) -> Result<Vec<String>, Unreadable> {
    let mut offsets = Offsets::new(units);
    if units.len() > 1 && may_differ(source)? {
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
mod tests;
