//! Units of which words are made, and the rules that several grids share.

use unicode_width::UnicodeWidthChar;

use super::super::{TextRange, clusters::clusters, width::is_hidden};

/// Smallest possible word of a grid.
/// A grapheme cluster with the invisible characters around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    /// Its bytes in the text.
    pub(super) range: TextRange,
    /// Character that decides the kind of the unit.
    pub(super) base: char,
}

impl Unit {
    pub(super) fn is_digit(self) -> bool {
        self.base.is_numeric()
    }

    /// Whether it is neither letter nor digit.
    pub(super) fn is_mark(self) -> bool {
        !self.base.is_alphanumeric()
    }

    /// Base character in a canonical form.
    /// Lower case, straight apostrophe, plain hyphen.
    pub(super) fn folded(self) -> char {
        match self.base {
            '\u{2018}' | '\u{2019}' | '\u{b4}' | '`' => '\'',
            '\u{2010}' | '\u{2011}' => '-',
            other => other.to_ascii_lowercase(),
        }
    }
}

/// Splits a chunk into units.
///
/// Invisible characters (zero-width characters, lone combining marks) join the unit before them, at the front the one
/// after them, so that a word is visible unless the chunk has nothing visible.
pub(super) fn units(text: &str, chunk: TextRange) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut front_unseen = false;
    let inside = chunk.of(text);
    for cluster in clusters(inside) {
        let range = TextRange::new(chunk.start + cluster.start, chunk.start + cluster.end);
        let unit = Unit { range, base: base(cluster.of(inside)) };
        let unseen = is_hidden(unit.base) || unit.base.width() == Some(0);
        match units.last_mut() {
            Some(last) if unseen || front_unseen => {
                last.range.end = unit.range.end;
                last.base = if front_unseen { unit.base } else { last.base };
                front_unseen &= unseen;
            }
            _ => {
                front_unseen = unseen;
                units.push(unit);
            }
        }
    }
    units
}

fn base(cluster: &str) -> char {
    cluster.chars().next().unwrap_or('\u{fffd}')
}

/// Range that neighbouring units cover; empty for none.
pub(super) fn joined(units: &[Unit]) -> TextRange {
    match units {
        [first, .., last] => first.range.join(last.range),
        [only] => only.range,
        [] => TextRange::default(),
    }
}

/// Length in units of the ellipsis or dash at `at`, which is one word; 0 for none.
///
/// An ellipsis is two or more full stops, a dash two or more hyphens.
pub(super) fn dash_or_ellipsis(units: &[Unit], at: usize) -> usize {
    let Some(first) = units.get(at).filter(|unit| matches!(unit.base, '.' | '-')) else { return 0 };
    let length = units.iter().skip(at).take_while(|unit| unit.base == first.base).count();
    if length > 1 { length } else { 0 }
}

/// Whether the units on both sides of `at` are digits.
/// An example is the colon of `9:30`.
pub(super) fn between_digits(units: &[Unit], at: usize) -> bool {
    [at.checked_sub(1), at.checked_add(1)]
        .into_iter()
        .all(|index| index.and_then(|index| units.get(index)).is_some_and(|unit| unit.is_digit()))
}

/// Abbreviations without an inner full stop, in lower case.
/// They occur in restaurant reviews.
const ABBREVIATIONS: [&str; 19] = [
    "approx", "ave", "blvd", "dept", "dr", "etc", "hwy", "inc", "jr", "ltd", "mr", "mrs", "ms", "mt", "prof", "rd",
    "sr", "st", "vs",
];

/// Whether a full stop after `word` belongs to it.
///
/// It does after one or two letters between full stops (`a.m`, `U.S`, `Ph.D`, also after a number, `10p.m`), and after a
/// known abbreviation.
pub(super) fn is_abbreviation(word: &str) -> bool {
    // No abbreviation is longer, and reading a long word again at each of its full stops would take quadratic time.
    if word.len() > 16 {
        return false;
    }
    let letters = word.trim_start_matches(|c: char| !c.is_alphabetic());
    letters.contains('.') && letters.split('.').all(is_one_or_two_letters)
        || ABBREVIATIONS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn is_one_or_two_letters(part: &str) -> bool {
    matches!(part.chars().count(), 1 | 2) && part.chars().all(char::is_alphabetic)
}
