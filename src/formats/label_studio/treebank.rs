//! Words as Label Studio's converter cuts them: the Treebank rules of NLTK 3.10 with the marks of label-studio-sdk 2.1.
//!
//! NLTK replaces parts of the text, one rule after the other, until blanks stand between all words. The same is done here
//! with characters that know where they come from. Only the order of the rules makes the words equal, so it is kept.
//! `tests/reference/treebank_tokens.py` compares them with NLTK's.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::TextRange;

/// Character of the text in progress.
#[derive(Clone, Copy, Debug)]
struct Piece {
    c: char,
    /// Bytes of the text from which it comes; `None` for an inserted blank.
    origin: Option<TextRange>,
}

const BLANK: Piece = Piece { c: ' ', origin: None };

/// A rule: looks at a place of the text, appends a replacement, and returns the number of replaced characters; 0 if it does
/// not apply there.
type Rule = fn(&[Piece], usize, &mut Vec<Piece>) -> usize;

/// Rules before blanks are put around the text, and those after it.
const FIRST: [Rule; 12] = [
    quote_at_start,
    backquotes,
    quote_after_bracket,
    comma_or_colon,
    last_comma_or_colon,
    ellipsis,
    sign,
    final_stop,
    question,
    apostrophe_before_blank,
    bracket,
    dashes,
];
const SECOND: [Rule; 14] = [
    two_apostrophes,
    quote,
    short_clitic,
    long_clitic,
    cannot,
    d_ye,
    gimme,
    gonna,
    gotta,
    lemme,
    more_n,
    wanna,
    it_is,
    it_was,
];

/// Cuts a text into words.
pub(super) fn words(text: &str) -> Vec<TextRange> {
    let mut pieces: Vec<Piece> =
        text.char_indices().map(|(at, c)| Piece { c, origin: Some(TextRange::new(at, at + c.len_utf8())) }).collect();
    pieces = FIRST.into_iter().fold(pieces, apply);
    pieces.insert(0, BLANK);
    pieces.push(BLANK);
    pieces = SECOND.into_iter().fold(pieces, apply);
    let words = pieces.split(|piece| is_blank(piece.c)).filter_map(|word| {
        let origin = word.first()?.origin?;
        Some(origin.join(word.last()?.origin?))
    });
    words.collect()
}

fn apply(pieces: Vec<Piece>, rule: Rule) -> Vec<Piece> {
    let mut out = Vec::with_capacity(pieces.len() + 8);
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        match rule(&pieces, at, &mut out) {
            0 => {
                out.push(*piece);
                at += 1;
            }
            replaced => at += replaced,
        }
    }
    out
}

/// White space of Python, which has four control characters more.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn at(pieces: &[Piece], place: usize) -> Option<char> {
    pieces.get(place).map(|piece| piece.c)
}

fn is(pieces: &[Piece], place: usize, text: &str) -> bool {
    text.chars().enumerate().all(|(offset, c)| at(pieces, place + offset) == Some(c))
}

/// Appends characters with a blank before and after them.
fn push_alone(pieces: &[Piece], range: std::ops::Range<usize>, out: &mut Vec<Piece>) {
    out.push(BLANK);
    out.extend_from_slice(pieces.get(range).unwrap_or_default());
    out.push(BLANK);
}

/// Appends two backquotes in place of an opening quote, which has one character or two.
fn push_backquotes(quote: &[Piece], out: &mut Vec<Piece>) {
    for piece in [quote.first(), quote.last()].into_iter().flatten() {
        out.push(Piece { c: '`', ..*piece });
    }
}

fn quote_at_start(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    let found = place == 0 && at(pieces, 0) == Some('"');
    if found {
        push_backquotes(pieces.get(..1).unwrap_or_default(), out);
    }
    usize::from(found)
}

fn backquotes(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    if !is(pieces, place, "``") {
        return 0;
    }
    push_alone(pieces, place..place + 2, out);
    2
}

fn quote_after_bracket(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    let is_before = matches!(at(pieces, place), Some(' ' | '(' | '[' | '{' | '<'));
    let length = match at(pieces, place + 1) {
        Some('"') => 1,
        Some('\'') if at(pieces, place + 2) == Some('\'') => 2,
        _ => return 0,
    };
    if !is_before {
        return 0;
    }
    out.extend(pieces.get(place));
    out.push(BLANK);
    push_backquotes(pieces.get(place + 1..place + 1 + length).unwrap_or_default(), out);
    out.push(BLANK);
    1 + length
}

fn comma_or_colon(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    let Some(next) = pieces.get(place + 1) else { return 0 };
    if !matches!(at(pieces, place), Some(':' | ',')) || is_digit(next.c) {
        return 0;
    }
    push_alone(pieces, place..place + 1, out);
    out.push(*next);
    2
}

/// Decimal digits of any script, as Python's `\d`.
static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\d$").ok());

fn is_digit(c: char) -> bool {
    let is_other = !c.is_ascii() && DIGIT.as_ref().is_some_and(|digit| digit.is_match(c.encode_utf8(&mut [0; 4])));
    c.is_ascii_digit() || is_other
}

fn last_comma_or_colon(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    let is_last = place + 1 == pieces.len() || place + 2 == pieces.len() && at(pieces, place + 1) == Some('\n');
    if !is_last || !matches!(at(pieces, place), Some(':' | ',')) {
        return 0;
    }
    push_alone(pieces, place..place + 1, out);
    1
}

fn ellipsis(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    if !is(pieces, place, "...") {
        return 0;
    }
    push_alone(pieces, place..place + 3, out);
    3
}

fn sign(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    one_of(pieces, place, out, ";@#$/%&")
}

fn question(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    one_of(pieces, place, out, "?!")
}

fn bracket(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    one_of(pieces, place, out, "][(){}<>")
}

fn one_of(pieces: &[Piece], place: usize, out: &mut Vec<Piece>, characters: &str) -> usize {
    if !at(pieces, place).is_some_and(|c| characters.contains(c)) {
        return 0;
    }
    push_alone(pieces, place..place + 1, out);
    1
}

/// The last full stop of the text, with closing marks and white space behind it.
fn final_stop(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    if at(pieces, place) == Some('.') || at(pieces, place + 1) != Some('.') {
        return 0;
    }
    let after = pieces.get(place + 2..).unwrap_or_default();
    let closing = after.iter().take_while(|piece| "])}>\"'".contains(piece.c)).count();
    if !after.iter().skip(closing).all(|piece| is_blank(piece.c)) {
        return 0;
    }
    out.extend(pieces.get(place));
    push_alone(pieces, place + 1..place + 2 + closing, out);
    pieces.len() - place
}

fn apostrophe_before_blank(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    let is_after = at(pieces, place).is_some_and(|c| c != '\'');
    if !is_after || !is(pieces, place + 1, "' ") {
        return 0;
    }
    out.extend(pieces.get(place));
    push_alone(pieces, place + 1..place + 2, out);
    3
}

fn dashes(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    if !is(pieces, place, "--") {
        return 0;
    }
    push_alone(pieces, place..place + 2, out);
    2
}

fn two_apostrophes(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    if !is(pieces, place, "''") {
        return 0;
    }
    push_alone(pieces, place..place + 2, out);
    2
}

fn quote(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    one_of(pieces, place, out, "\"")
}

fn short_clitic(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    clitic(pieces, place, out, &["'s", "'S", "'m", "'M", "'d", "'D", "'"])
}

fn long_clitic(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    clitic(pieces, place, out, &["'ll", "'LL", "'re", "'RE", "'ve", "'VE", "n't", "N'T"])
}

/// A clitic between a character and a blank.
fn clitic(pieces: &[Piece], place: usize, out: &mut Vec<Piece>, clitics: &[&str]) -> usize {
    if !at(pieces, place).is_some_and(|c| c != '\'' && c != ' ') {
        return 0;
    }
    let found = clitics.iter().map(|clitic| clitic.len()).zip(clitics);
    let found =
        found.filter(|(length, clitic)| is(pieces, place + 1, clitic) && at(pieces, place + 1 + length) == Some(' '));
    let Some((length, _)) = found.into_iter().next() else { return 0 };
    out.extend(pieces.get(place));
    push_alone(pieces, place + 1..place + 1 + length, out);
    length + 2
}

fn cannot(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    pair(pieces, place, out, ("can", "not"))
}

fn d_ye(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    pair(pieces, place, out, ("d", "'ye"))
}

fn gimme(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    pair(pieces, place, out, ("gim", "me"))
}

fn gonna(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    pair(pieces, place, out, ("gon", "na"))
}

fn gotta(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    pair(pieces, place, out, ("got", "ta"))
}

fn lemme(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    pair(pieces, place, out, ("lem", "me"))
}

fn more_n(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    pair(pieces, place, out, ("more", "'n"))
}

/// Only before white space, unlike the other pairs.
fn wanna(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    let is_before_blank = at(pieces, place + "wanna".len()).is_some_and(is_blank);
    if is_before_blank { pair(pieces, place, out, ("wan", "na")) } else { 0 }
}

/// Two words written as one, in any case, between borders of words.
fn pair(pieces: &[Piece], place: usize, out: &mut Vec<Piece>, (first, second): (&str, &str)) -> usize {
    let middle = place + first.len();
    let end = place + first.len() + second.len();
    let is_found = is_folded(pieces, place, first) && is_folded(pieces, middle, second);
    if !is_found || !is_border(pieces, place) || !is_border(pieces, end) {
        return 0;
    }
    push_alone(pieces, place..middle, out);
    out.extend_from_slice(pieces.get(middle..end).unwrap_or_default());
    out.push(BLANK);
    end - place
}

fn it_is(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    after_blank(pieces, place, out, "is")
}

fn it_was(pieces: &[Piece], place: usize, out: &mut Vec<Piece>) -> usize {
    after_blank(pieces, place, out, "was")
}

/// `'tis` and `'twas` after a blank.
fn after_blank(pieces: &[Piece], place: usize, out: &mut Vec<Piece>, second: &str) -> usize {
    let middle = place + 3;
    let end = place + 3 + second.len();
    let is_found =
        at(pieces, place) == Some(' ') && is_folded(pieces, place + 1, "'t") && is_folded(pieces, middle, second);
    if !is_found || !is_border(pieces, end) {
        return 0;
    }
    push_alone(pieces, place + 1..middle, out);
    out.extend_from_slice(pieces.get(middle..end).unwrap_or_default());
    out.push(BLANK);
    end - place
}

fn is_folded(pieces: &[Piece], place: usize, text: &str) -> bool {
    text.chars()
        .enumerate()
        .all(|(offset, c)| at(pieces, place + offset).is_some_and(|own| own.eq_ignore_ascii_case(&c)))
}

/// Whether a word begins or ends at a place, as Python's `\b`.
fn is_border(pieces: &[Piece], place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|before| at(pieces, before)).is_some_and(is_word);
    before != at(pieces, place).is_some_and(is_word)
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// A text of `tests/reference/treebank_tokens.json`, with the code points of NLTK's words.
    #[derive(Deserialize)]
    struct Case {
        text: String,
        spans: Vec<(usize, usize)>,
    }

    #[test]
    fn words_are_those_of_nltk() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../../tests/reference/treebank_tokens.json")).unwrap();
        assert!(cases.len() >= 60, "{}", cases.len());
        for case in cases {
            let map = crate::text::OffsetMap::new(&case.text);
            let found = words(&case.text).into_iter().map(|word| map.to_chars(word));
            assert_eq!(found.map(|range| (range.start, range.end)).collect::<Vec<_>>(), case.spans, "{:?}", case.text);
        }
    }

    #[test]
    fn long_texts_take_linear_time() {
        crate::text::growth::assert_linear(3_000, |n| ". ".repeat(n) + "\"'", |text| words(text).len());
    }
}
