//! The natural grid: words as people read them.
//!
//! White space separates. Marks at both ends are split off, each its own word. Inside, letters and digits stay together
//! across apostrophes, hyphens, single full stops and the signs of names and addresses (`Denny's`, `tex-mex`,
//! `4.5`, `A&W`); digits also across `,` `:` `/` and dashes (`1,000`, `9:30`, `24/7`); all other marks separate there
//! too (`tacos,burritos`, `and/or`). A currency sign, percent or degree stays with its number, the full stop of an
//! abbreviation with its letters. Each emoji is a word, a run of full stops or hyphens is one (`...`, `--`), and each
//! character of a script written without spaces (Han, Hiragana, Thai, Lao, Khmer, Myanmar), because there a span may
//! end anywhere.

use super::{
    super::TextRange,
    unit::{Unit, between_digits, dash_or_ellipsis, is_abbreviation, joined, units},
};

/// Cuts one chunk without white space.
pub(super) fn cut(text: &str, chunk: TextRange, words: &mut Vec<TextRange>) {
    let units = units(text, chunk);
    let address = is_address(chunk.of(text));
    let (mut start, mut at) = (0, 0);
    while at < units.len() {
        let alone = separator(&units, at, address);
        if alone == 0 {
            at += 1;
            continue;
        }
        split_marks(text, &units[start..at], words);
        words.push(joined(&units[at..at + alone]));
        at += alone;
        start = at;
    }
    split_marks(text, &units[start..], words);
}

/// Whether the chunk is a web or mail address, whose inner marks do not separate.
fn is_address(chunk: &str) -> bool {
    chunk.contains("://")
        || chunk.starts_with("www.")
        || chunk.split_once('@').is_some_and(|(_, domain)| domain.contains('.'))
}

/// Length in units of the separating word at `at`.
/// 0 if the unit may be part of a longer word.
fn separator(units: &[Unit], at: usize, address: bool) -> usize {
    let Some(unit) = units.get(at) else { return 0 };
    let separates = match unit.base {
        c if is_unspaced(c) && !c.is_numeric() => true,
        c if c.is_alphanumeric() => false,
        '.' | '-' => return dash_or_ellipsis(units, at),
        c if address && c.is_ascii() => at == 0 || at + 1 == units.len(),
        ',' | ':' | '/' | '\u{2013}' | '\u{2212}' => !between_digits(units, at),
        c => !stays_inside(c),
    };
    usize::from(separates)
}

/// Whether a mark does not end a word when letters follow.
fn stays_inside(mark: char) -> bool {
    const SIGNS: &str = "'`&@_*+=#%~^\u{b4}\u{2018}\u{2019}\u{2010}\u{2011}\u{b7}\u{b0}\u{2030}";
    SIGNS.contains(mark) || is_currency(mark)
}

/// Splits marks off both ends of a part, each its own word.
fn split_marks(text: &str, part: &[Unit], words: &mut Vec<TextRange>) {
    let front = part.iter().enumerate().take_while(|(at, unit)| unit.is_mark() && !opens_number(&part[*at..])).count();
    let (marks, rest) = part.split_at(front);
    words.extend(marks.iter().map(|mark| mark.range));
    let mut end = rest.len();
    while end > 0 && rest[end - 1].is_mark() && !belongs_to_word(text, &rest[..end]) {
        end -= 1;
    }
    let (word, marks) = rest.split_at(end);
    if !word.is_empty() {
        words.push(joined(word));
    }
    words.extend(marks.iter().map(|mark| mark.range));
}

/// Whether the part begins with a sign that belongs to its number.
/// `$10`, `.5`, `$.99`.
fn opens_number(part: &[Unit]) -> bool {
    match part {
        [sign, digit, ..] if digit.is_digit() => sign.base == '.' || is_currency(sign.base),
        [sign, point, digit, ..] => is_currency(sign.base) && point.base == '.' && digit.is_digit(),
        _ => false,
    }
}

/// Whether the last mark of the part belongs to its word.
/// `20%`, `5€`, `400°`, `a.m.`.
fn belongs_to_word(text: &str, part: &[Unit]) -> bool {
    let Some((mark, before)) = part.split_last() else { return false };
    match mark.base {
        '.' => is_abbreviation(joined(before).of(text)),
        '%' | '\u{2030}' | '\u{b0}' => before.last().is_some_and(|unit| unit.is_digit()),
        sign => is_currency(sign) && before.last().is_some_and(|unit| unit.is_digit()),
    }
}

/// Whether `c` is a currency sign (general category Sc, Unicode 16).
fn is_currency(c: char) -> bool {
    matches!(u32::from(c), 0x24 | 0xa2..=0xa5 | 0x58f | 0x60b | 0x7fe | 0x7ff | 0x9f2 | 0x9f3 | 0x9fb | 0xaf1 | 0xbf9
        | 0xe3f | 0x17db | 0x20a0..=0x20cf | 0xa838 | 0xfdfc | 0xfe69 | 0xff04 | 0xffe0 | 0xffe1 | 0xffe5 | 0xffe6
        | 0x11fdd..=0x11fe0 | 0x1e2ff | 0x1ecb0)
}

/// Whether `c` belongs to a script without spaces between words.
///
/// Katakana and Hangul do not count: people read a run of them as one word.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0xe01..=0xe3e | 0xe40..=0xeff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x1950..=0x19df
        | 0x1a20..=0x1aaf | 0x2e80..=0x2fdf | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3038..=0x303b | 0x3041..=0x309f
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xa9e0..=0xa9ff | 0xaa60..=0xaadf | 0xf900..=0xfaff
        | 0x1b001..=0x1b152 | 0x20000..=0x323af)
}

#[cfg(test)]
mod tests {
    use super::super::{Grid, split};

    fn words(text: &str) -> Vec<&str> {
        split(text, Grid::Natural).into_iter().map(|range| range.of(text)).collect()
    }

    fn one(text: &str) {
        assert_eq!(words(text), [text]);
    }

    #[test]
    fn a_word_as_people_read_it_stays_whole() {
        for text in [
            "Denny's",
            "Denny\u{2019}s",
            "tex-mex",
            "jack-in-the-box",
            "$10",
            "20%",
            "\u{20ac}5",
            "5\u{20ac}",
            "$4.50",
            "$.99",
            ".5",
            "4.5",
            "1,000",
            "9:30",
            "9:30pm",
            "24/7",
            "10-12",
            "10\u{2013}12",
            "a.m.",
            "U.S.",
            "p.m.",
            "10p.m.",
            "Mr.",
            "A&W",
            "M&M's",
            "400\u{b0}",
            "US$10",
            "caf\u{e9}",
            "cafe\u{301}",
            "www.dennys.com/menu",
            "me@dennys.com",
            "7-Eleven",
            "\u{30e9}\u{30fc}\u{30e1}\u{30f3}",
            "\u{bd84}\u{c2dd}\u{c9d1}",
        ] {
            one(text);
        }
    }

    #[test]
    fn marks_at_the_ends_are_words() {
        assert_eq!(words("2 am,"), ["2", "am", ","]);
        assert_eq!(words("2 a.m.,"), ["2", "a.m.", ","]);
        assert_eq!(
            words("(the \u{201c}best\u{201d} tacos!!)"),
            ["(", "the", "\u{201c}", "best", "\u{201d}", "tacos", "!", "!", ")"]
        );
        assert_eq!(words("'fries'"), ["'", "fries", "'"]);
        assert_eq!(words("*great*"), ["*", "great", "*"]);
        assert_eq!(words("#1 -5 ($10.50)."), ["#", "1", "-", "5", "(", "$10.50", ")", "."]);
        assert_eq!(words("$$$ & %"), ["$", "$", "$", "&", "%"]);
        assert_eq!(words("cheap. Good."), ["cheap", ".", "Good", "."]);
    }

    #[test]
    fn dashes_and_ellipses_are_one_word_and_separate() {
        assert_eq!(words("good...but -- hm\u{2026}no"), ["good", "...", "but", "--", "hm", "\u{2026}", "no"]);
        assert_eq!(words("tacos\u{2014}cheap--here"), ["tacos", "\u{2014}", "cheap", "--", "here"]);
    }

    #[test]
    fn separating_marks_separate_without_spaces() {
        assert_eq!(words("tacos,burritos/fries"), ["tacos", ",", "burritos", "/", "fries"]);
        assert_eq!(words("$10/person,max"), ["$10", "/", "person", ",", "max"]);
        assert_eq!(words("open(late)\"yes\""), ["open", "(", "late", ")", "\"", "yes", "\""]);
    }

    #[test]
    fn emoji_are_words_and_stay_whole() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        let text = format!("tacos\u{1f32e}\u{1f32e}great{family}\u{1f1ee}\u{1f1f9}");
        assert_eq!(words(&text), ["tacos", "\u{1f32e}", "\u{1f32e}", "great", family, "\u{1f1ee}\u{1f1f9}"]);
    }

    #[test]
    fn scripts_without_spaces_can_be_tagged_anywhere() {
        assert_eq!(words("\u{62c9}\u{9eba}10\u{5143}\u{3002}"), ["\u{62c9}", "\u{9eba}", "10", "\u{5143}", "\u{3002}"]);
        assert_eq!(words("\u{e15}\u{e49}\u{e21}\u{e22}\u{e33}"), ["\u{e15}\u{e49}", "\u{e21}", "\u{e22}\u{e33}"]);
    }

    #[test]
    fn addresses_keep_their_marks_but_not_the_sentences() {
        assert_eq!(words("(http://a.b/c?d=e,f)."), ["(", "http://a.b/c?d=e,f", ")", "."]);
    }
}
