//! Cuts a text into words.
//! The grid on which people tag and on which CoNLL is written.
//!
//! There are four rules. All of them only find ranges; the text itself is never changed. Every grid guarantees that
//! ranges ascend and do not overlap, that everything except white space is in exactly one word, and that no character is
//! separated from its combining marks, joiners and invisible characters.

mod bert;
mod natural;
mod treebank;
mod unit;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use super::{TextRange, names::unknown_name};

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
    /// Words as people read them.
    /// `Denny's` `charges` `$10` `,` `till` `2` `a.m.` The default.
    #[default]
    Natural,
    /// Only white space separates.
    Space,
    /// The Penn Treebank's rule, on which CoNLL files are often based.
    /// `Denny` `'s`, `do` `n't`, `$` `10`.
    Treebank,
    /// BERT's pre-tokenization.
    /// Every punctuation mark and every CJK ideograph is a word.
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

/// Cuts `text` into words, as byte ranges in order.
/// Linear in the length of the text.
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
