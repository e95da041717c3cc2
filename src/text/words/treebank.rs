//! The Penn Treebank's rule, as far as ranges allow it.
//! Clitics and most marks are words of their own.
//!
//! `$` `10`, `20` `%`, `Denny` `'s`, `do` `n't`, `can` `not`, `(`, `and` `/` `or`; but `tex-mex`, `1,000`, `9:30` stay. The
//! original splits off only the full stop at the end of a sentence and knows where sentences end; here every full stop
//! at the end of a word is split off, unless the word is an initial or an abbreviation.

use super::{
    super::TextRange,
    unit::{Unit, between_digits, dash_or_ellipsis, is_abbreviation, joined, units},
};

/// Cuts one chunk without white space.
pub(super) fn cut(text: &str, chunk: TextRange, words: &mut Vec<TextRange>) {
    let units = units(text, chunk);
    let (mut start, mut at) = (0, 0);
    while at < units.len() {
        let alone = separator(&units, at);
        if alone == 0 {
            at += 1;
            continue;
        }
        split_part(text, &units[start..at], words);
        words.push(joined(&units[at..at + alone]));
        at += alone;
        start = at;
    }
    split_part(text, &units[start..], words);
}

/// Length in units of the separating word at `at`.
/// 0 if the unit may be part of a longer word.
fn separator(units: &[Unit], at: usize) -> usize {
    let Some(unit) = units.get(at).filter(|unit| unit.is_mark()) else { return 0 };
    match unit.folded() {
        '.' | '-' => dash_or_ellipsis(units, at),
        ',' | ':' => usize::from(!between_digits(units, at)),
        '\'' | '_' | '*' | '+' | '=' | '~' | '^' | '|' | '\\' | '\u{b7}' | '\u{b0}' => 0,
        _ => 1,
    }
}

/// Splits the last full stop, the outer apostrophes and the clitics off a part.
///
/// A part consists of letters, digits, apostrophes, hyphens and similar marks.
fn split_part(text: &str, part: &[Unit], words: &mut Vec<TextRange>) {
    let mut rest = part;
    while let [first, others @ ..] = rest
        && first.folded() == '\''
        && !is_clitic(rest)
        && whole_pair(rest).is_none()
    {
        words.push(first.range);
        rest = others;
    }
    let mut behind = Vec::new();
    while let [others @ .., last] = rest
        && (last.folded() == '\'' || last.base == '.' && !keeps_stop(text, others))
    {
        behind.push(last.range);
        rest = others;
    }
    while let Some(cut) = clitic_start(rest) {
        let (host, clitic) = rest.split_at(cut);
        behind.push(joined(clitic));
        rest = host;
    }
    if let Some(cut) = whole_pair(rest) {
        let (front, back) = rest.split_at(cut);
        words.push(joined(front));
        words.push(joined(back));
    } else if !rest.is_empty() {
        words.push(joined(rest));
    }
    words.extend(behind.into_iter().rev());
}

fn keeps_stop(text: &str, word: &[Unit]) -> bool {
    matches!(word, [initial] if initial.base.is_uppercase()) || is_abbreviation(joined(word).of(text))
}

const CLITICS: [&str; 7] = ["n't", "'ll", "'re", "'ve", "'s", "'m", "'d"];

/// Two words written as one, and the length of the first in characters.
const PAIRS: [(&str, usize); 10] = [
    ("cannot", 3),
    ("gimme", 3),
    ("gonna", 3),
    ("gotta", 3),
    ("lemme", 3),
    ("wanna", 3),
    ("more'n", 4),
    ("d'ye", 1),
    ("'tis", 2),
    ("'twas", 2),
];

fn is_spelled(units: &[Unit], pattern: &str) -> bool {
    units.len() == pattern.len() && units.iter().map(|unit| unit.folded()).eq(pattern.chars())
}

fn is_clitic(units: &[Unit]) -> bool {
    CLITICS.iter().any(|clitic| is_spelled(units, clitic))
}

fn whole_pair(units: &[Unit]) -> Option<usize> {
    PAIRS.iter().find(|(word, _)| is_spelled(units, word)).map(|(_, first)| *first)
}

/// Index of the clitic at the end, if there is one with a word before it.
fn clitic_start(units: &[Unit]) -> Option<usize> {
    CLITICS.iter().find_map(|clitic| {
        let cut = units.len().checked_sub(clitic.len()).filter(|cut| *cut > 0)?;
        units.get(cut..).is_some_and(|tail| is_spelled(tail, clitic)).then_some(cut)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Grid, split};

    fn words(text: &str) -> Vec<&str> {
        split(text, Grid::Treebank).into_iter().map(|range| range.of(text)).collect()
    }

    #[test]
    fn clitics_are_words() {
        assert_eq!(words("Denny's don't I'll"), ["Denny", "'s", "do", "n't", "I", "'ll"]);
        assert_eq!(words("DON\u{2019}T wouldn't've"), ["DO", "N\u{2019}T", "would", "n't", "'ve"]);
        assert_eq!(words("cannot gonna 'Tis"), ["can", "not", "gon", "na", "'T", "is"]);
        assert_eq!(words("denny 's n't"), ["denny", "'s", "n't"]);
        assert_eq!(words("fries' 'best'"), ["fries", "'", "'", "best", "'"]);
    }

    #[test]
    fn marks_are_words_and_numbers_stay_whole() {
        assert_eq!(words("\"$3.88 (20% off)\""), ["\"", "$", "3.88", "(", "20", "%", "off", ")", "\""]);
        assert_eq!(words("1,000 at 9:30, 24/7"), ["1,000", "at", "9:30", ",", "24", "/", "7"]);
        assert_eq!(words("tex-mex -- A&W...yes"), ["tex-mex", "--", "A", "&", "W", "...", "yes"]);
    }

    #[test]
    fn full_stops_of_abbreviations_and_initials_stay() {
        assert_eq!(
            words("Mr. J. Smith eats at 9 p.m. in Boston."),
            ["Mr.", "J.", "Smith", "eats", "at", "9", "p.m.", "in", "Boston", "."]
        );
        assert_eq!(words("good.)"), ["good", ".", ")"]);
    }
}
