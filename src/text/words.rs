//! Cuts a text into words: the grid on which people tag and on which CoNLL is written.
//!
//! There are four rules. All of them only find ranges; the text itself is never changed. Every grid guarantees that
//! ranges ascend and do not overlap, that everything except white space is in exactly one word, and that no character is
//! separated from its combining marks, joiners and invisible characters.

mod bert;
mod natural;
mod treebank;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

use super::{TextRange, names::unknown_name, width::is_hidden};

/// Rule by which a text is cut into words.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive, parse_err_ty = String, parse_err_fn = unknown_grid)]
pub enum Grid {
    /// Words as people read them: `Denny's` `charges` `$10` `,` `till` `2` `a.m.` The default.
    #[default]
    Natural,
    /// Only white space separates.
    Space,
    /// The Penn Treebank's rule, on which CoNLL files are often based: `Denny` `'s`, `do` `n't`, `$` `10`.
    Treebank,
    /// BERT's pre-tokenization: every punctuation mark and every CJK ideograph is a word.
    Bert,
}

impl Grid {
    /// All grids.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name in files and on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

fn unknown_grid(name: &str) -> String {
    unknown_name("word grid", name, Grid::ALL)
}

/// Cuts `text` into words, as byte ranges in order. Linear in the length of the text.
pub fn split(text: &str, grid: Grid) -> Vec<TextRange> {
    let mut words = Vec::with_capacity(text.len() / 5);
    for chunk in chunks(text) {
        let plain = chunk.of(text).bytes().all(|byte| byte.is_ascii_alphanumeric());
        match grid {
            Grid::Space => words.push(chunk),
            Grid::Natural if plain => words.push(chunk),
            Grid::Bert if plain => words.push(chunk),
            Grid::Natural => natural::cut(text, chunk, &mut words),
            Grid::Treebank => treebank::cut(text, chunk, &mut words),
            Grid::Bert => bert::cut(text, chunk, &mut words),
        }
    }
    words
}

/// Ranges between white space, none of them empty.
fn chunks(text: &str) -> impl Iterator<Item = TextRange> {
    let mut at = 0;
    text.split_inclusive(char::is_whitespace).filter_map(move |piece| {
        let start = at;
        at += piece.len();
        let range = TextRange::new(start, start + piece.trim_end_matches(char::is_whitespace).len());
        (!range.is_empty()).then_some(range)
    })
}

/// Smallest possible word of a grid: a grapheme cluster with the invisible characters around it.
#[derive(Clone, Copy, Debug)]
struct Unit {
    range: TextRange,
    /// Character that decides the kind of the unit.
    base: char,
}

impl Unit {
    fn is_digit(self) -> bool {
        self.base.is_numeric()
    }

    /// Whether it is neither letter nor digit.
    fn is_mark(self) -> bool {
        !self.base.is_alphanumeric()
    }

    /// Base character in a canonical form: lower case, straight apostrophe, plain hyphen.
    fn folded(self) -> char {
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
fn units(text: &str, chunk: TextRange) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut front_unseen = false;
    for (at, cluster) in chunk.of(text).grapheme_indices(true) {
        let start = chunk.start + at;
        let unit = Unit { range: TextRange::new(start, start + cluster.len()), base: base(cluster) };
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
fn joined(units: &[Unit]) -> TextRange {
    match units {
        [first, .., last] => first.range.join(last.range),
        [only] => only.range,
        [] => TextRange::default(),
    }
}

/// Length in units of the ellipsis or dash at `at`, which is one word; 0 for none.
///
/// An ellipsis is two or more full stops, a dash two or more hyphens.
fn dash_or_ellipsis(units: &[Unit], at: usize) -> usize {
    let Some(first) = units.get(at).filter(|unit| matches!(unit.base, '.' | '-')) else { return 0 };
    let length = units.iter().skip(at).take_while(|unit| unit.base == first.base).count();
    if length > 1 { length } else { 0 }
}

/// Whether the units on both sides of `at` are digits, as around the colon of `9:30`.
fn between_digits(units: &[Unit], at: usize) -> bool {
    [at.checked_sub(1), at.checked_add(1)]
        .into_iter()
        .all(|index| index.and_then(|index| units.get(index)).is_some_and(|unit| unit.is_digit()))
}

/// Abbreviations without an inner full stop that occur in restaurant reviews, in lower case.
const ABBREVIATIONS: [&str; 19] = [
    "approx", "ave", "blvd", "dept", "dr", "etc", "hwy", "inc", "jr", "ltd", "mr", "mrs", "ms", "mt", "prof", "rd",
    "sr", "st", "vs",
];

/// Whether a full stop after `word` belongs to it.
///
/// It does after one or two letters between full stops (`a.m`, `U.S`, `Ph.D`, also after a number, `10p.m`), and after a
/// known abbreviation.
fn is_abbreviation(word: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str, grid: Grid) -> Vec<&str> {
        split(text, grid).into_iter().map(|range| range.of(text)).collect()
    }

    /// Checks the guarantees of every grid.
    fn check(text: &str, grid: Grid) -> Result<(), TestCaseError> {
        let mut at = 0;
        for range in split(text, grid) {
            prop_assert!(range.start >= at && !range.is_empty(), "{grid}: {range:?} after {at}");
            prop_assert!(text.get(at..range.start).is_some_and(|gap| gap.chars().all(char::is_whitespace)));
            prop_assert!(text.get(range.start..range.end).is_some_and(|word| !word.contains(char::is_whitespace)));
            at = range.end;
        }
        prop_assert!(text.get(at..).is_some_and(|gap| gap.chars().all(char::is_whitespace)));
        Ok(())
    }

    proptest! {
        #[test]
        fn words_are_in_order_and_leave_out_nothing_but_white_space(text in "\\PC{0,60}") {
            for &grid in Grid::ALL {
                check(&text, grid)?;
            }
        }

        #[test]
        fn hostile_text_keeps_the_guarantees_too(
            text in "[a-z0-9 .,'$%\\-\t\r\n\u{0}\u{1b}\u{301}\u{200b}\u{200d}\u{600}\u{1f355}\u{fe0f}\u{4e2d}]{0,40}"
        ) {
            for &grid in Grid::ALL {
                check(&text, grid)?;
            }
        }

        #[test]
        fn no_grid_separates_a_letter_from_its_accents(text in "[a-c.!$ ]{1,5}(\u{301}[a-c.!$ ]?){1,5}") {
            for &grid in Grid::ALL {
                for range in split(&text, grid) {
                    let torn = range.of(&text).starts_with('\u{301}')
                        && !text.get(..range.start).unwrap_or_default().ends_with(char::is_whitespace);
                    prop_assert!(range.start == 0 || !torn, "{}: {:?}", grid, range);
                }
            }
        }

        #[test]
        fn plain_text_has_the_words_that_its_spaces_make(given in prop::collection::vec("[a-z]{4,6}", 1..8)) {
            let text = given.join(" ");
            for grid in [Grid::Natural, Grid::Space, Grid::Bert] {
                prop_assert_eq!(words(&text, grid), given.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_grid_is_written_as_it_is_read() {
        for &grid in Grid::ALL {
            assert_eq!(grid.to_string().parse(), Ok(grid));
            assert_eq!(serde_json::to_string(&grid).unwrap(), format!("\"{grid}\""));
        }
        assert!("words".parse::<Grid>().unwrap_err().contains("treebank"));
    }

    #[test]
    fn one_sentence_on_four_grids() {
        let text = "Denny's isn't $10, it's open till 2 am.";
        assert_eq!(
            words(text, Grid::Natural),
            ["Denny's", "isn't", "$10", ",", "it's", "open", "till", "2", "am", "."]
        );
        assert_eq!(words(text, Grid::Space), ["Denny's", "isn't", "$10,", "it's", "open", "till", "2", "am."]);
        assert_eq!(
            words(text, Grid::Treebank),
            ["Denny", "'s", "is", "n't", "$", "10", ",", "it", "'s", "open", "till", "2", "am", "."]
        );
        assert_eq!(
            words(text, Grid::Bert),
            ["Denny", "'", "s", "isn", "'", "t", "$", "10", ",", "it", "'", "s", "open", "till", "2", "am", "."]
        );
    }

    #[test]
    fn invisible_characters_join_visible_ones() {
        assert_eq!(words("\u{200b}tacos\u{feff} \u{202e}!", Grid::Natural), ["\u{200b}tacos\u{feff}", "\u{202e}!"]);
        assert_eq!(words(" \u{200b} ", Grid::Natural), ["\u{200b}"]);
        assert_eq!(words(" \u{301}tacos", Grid::Natural), ["\u{301}tacos"]);
    }

    #[test]
    fn no_text_has_no_words() {
        for &grid in Grid::ALL {
            assert_eq!(split("", grid), []);
            assert_eq!(split(" \t\r\n\u{3000}", grid), []);
        }
    }
}
