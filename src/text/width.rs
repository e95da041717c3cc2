//! Measures text in terminal cells.
//! Also replaces characters that must never reach a terminal.
//!
//! Text from files is hostile: escape sequences, bidi overrides, characters without a shape. Everything drawn goes
//! through [`graphemes`] or [`clean`], which show a replacement for each of them.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{
    TextRange,
    clusters::{clusters_back, first_cluster},
};

/// Cells of a tab, at any column.
pub const TAB: usize = 4;

/// Maximum number of code points drawn for one cluster.
/// More (marks heaped on a letter) would smear over other lines.
const CLUSTER: usize = 16;

/// Character set that the terminal can draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Glyphs {
    /// All of Unicode; control characters as control pictures.
    #[default]
    Unicode,
    /// ASCII only.
    /// Letters lose their accents, quotes and dashes become plain, the rest becomes one `?` per cell.
    Ascii,
}

impl Glyphs {
    /// Mark at the place where a text was cut. Each of its characters takes one cell.
    pub fn ellipsis(self) -> &'static str {
        match self {
            Self::Unicode => "\u{2026}",
            Self::Ascii => "...",
        }
    }
}

/// Grapheme cluster of a text and its drawn form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grapheme<'t> {
    /// Its bytes.
    pub range: TextRange,
    /// Drawn form, free of control characters.
    pub shown: Cow<'t, str>,
    /// Cells, at least 1.
    pub width: usize,
    /// Whether `shown` is a replacement, such as `␛` for ESC.
    /// It is drawn muted to set it apart from real text.
    pub odd: bool,
}

/// Iterator over the grapheme clusters of a text. Created by [`graphemes`].
#[derive(Clone, Debug)]
pub struct Graphemes<'t> {
    text: &'t str,
    at: usize,
    glyphs: Glyphs,
}

/// Iterates over the grapheme clusters of `text`.
/// Their ranges cover it without gaps.
pub fn graphemes(text: &str, glyphs: Glyphs) -> Graphemes<'_> {
    Graphemes { text, at: 0, glyphs }
}

impl<'t> Iterator for Graphemes<'t> {
    type Item = Grapheme<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        let cluster = first_cluster(self.text.get(self.at..)?);
        if cluster.is_empty() {
            return None;
        }
        let range = TextRange::new(self.at, self.at + cluster.len());
        self.at = range.end;
        let (shown, width, odd) = show(cluster, self.glyphs);
        Some(Grapheme { range, shown, width, odd })
    }
}

fn show(cluster: &str, glyphs: Glyphs) -> (Cow<'_, str>, usize, bool) {
    let mut chars = cluster.chars();
    let Some(base) = chars.next() else { return (Cow::Borrowed(cluster), 0, false) };
    let tail = chars.as_str();
    if matches!(base, ' '..='~') && tail.is_empty() {
        return (Cow::Borrowed(cluster), 1, false);
    }
    if base == '\t' {
        let tab = if glyphs == Glyphs::Unicode { "\u{2192}   " } else { ">   " };
        return (Cow::Borrowed(tab), TAB, true);
    }
    let drawable = !is_hidden(base) && tail.chars().all(|c| !is_hidden(c) || is_joiner(c, base));
    if !drawable || cluster.chars().nth(CLUSTER).is_some() {
        let shown = replacement(cluster, glyphs);
        let width = shown.width().max(1);
        return (Cow::Owned(shown), width, true);
    }
    let width = cluster.width();
    match glyphs {
        Glyphs::Ascii => {
            let shown = plain(base, width.max(1));
            let cells = shown.len();
            (shown, cells, true)
        }
        Glyphs::Unicode if width == 0 => {
            let shown = replacement(cluster, glyphs);
            let width = shown.width();
            (Cow::Owned(shown), width, true)
        }
        Glyphs::Unicode => (Cow::Borrowed(cluster), width, false),
    }
}

/// Replaces characters that must not reach the terminal.
/// Keeps at most [`CLUSTER`] code points.
fn replacement(cluster: &str, glyphs: Glyphs) -> String {
    let mut shown = String::new();
    for c in cluster.chars().take(CLUSTER) {
        match u8::try_from(c) {
            Ok(control) if control < 0x20 || control == 0x7f => shown.push_str(&control_picture(control, glyphs)),
            _ if is_hidden(c) => shown.push_str(&code_point(c)),
            _ if glyphs == Glyphs::Ascii => shown.push_str(&plain(c, c.width().unwrap_or(0))),
            _ if shown.is_empty() && c.width() == Some(0) => shown.push_str(&on_dotted_circle(c)),
            _ => shown.push(c),
        }
    }
    shown
}

fn code_point(c: char) -> String {
    format!("<{:x}>", u32::from(c))
}

/// Puts a combining mark without a letter on a dotted circle.
/// Unicode's charts do the same. Marks that do not combine with it are unchanged.
fn on_dotted_circle(mark: char) -> String {
    let shown = format!("\u{25cc}{mark}");
    if shown.width() == 1 && shown.graphemes(true).count() == 1 { shown } else { code_point(mark) }
}

fn control_picture(control: u8, glyphs: Glyphs) -> String {
    match glyphs {
        Glyphs::Ascii => format!("^{}", char::from(control ^ 0x40)),
        Glyphs::Unicode if control == 0x7f => '\u{2421}'.to_string(),
        Glyphs::Unicode => char::from_u32(0x2400 + u32::from(control)).unwrap_or('\u{2426}').to_string(),
    }
}

/// U+00C0 to U+00FF without accents.
const LATIN: &[u8; 64] = b"AAAAAAACEEEEIIIIDNOOOOOxOUUUUYPsaaaaaaaceeeeiiiidnooooo/ouuuuypy";

/// Closest ASCII text for a visible character.
fn plain(base: char, width: usize) -> Cow<'static, str> {
    let accented = u32::from(base).checked_sub(0xc0).and_then(|index| LATIN.get(usize::try_from(index).ok()?));
    match base {
        ' '..='~' => Cow::Owned(base.to_string()),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => Cow::Borrowed(" "),
        '\u{3000}' => Cow::Borrowed("  "),
        '\u{2018}' | '\u{2019}' | '\u{b4}' | '\u{2bc}' | '\u{2032}' => Cow::Borrowed("'"),
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => Cow::Borrowed("\""),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Cow::Borrowed("-"),
        '\u{2026}' => Cow::Borrowed("..."),
        '\u{2022}' | '\u{b7}' => Cow::Borrowed("*"),
        _ => match accented {
            Some(letter) => Cow::Owned(char::from(*letter).to_string()),
            None => Cow::Owned("?".repeat(width)),
        },
    }
}

/// Whether a character is written from right to left.
///
/// Covers the blocks of bidirectional class R or AL, assigned or not (Unicode 16, DerivedBidiClass.txt), without the
/// digits and marks among them.
pub fn is_right_to_left(c: char) -> bool {
    let block = matches!(u32::from(c),
        0x0590..=0x08ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x1_0800..=0x1_0fff | 0x1_e800..=0x1_efff);
    block && c.is_alphabetic()
}

/// Whether a character has no shape of its own or controls the terminal.
///
/// These are controls, bidi overrides, zero-width characters, fillers, tags, noncharacters, and half syllables of Hangul
/// without their first half: general categories Cc, Zl, Zp and Cf (except signs that are drawn, such as the Arabic end
/// of ayah), and the characters that Unicode calls default ignorable.
pub(crate) fn is_hidden(c: char) -> bool {
    match u32::from(c) {
        0x20..=0x7e => false,
        0..=0x9f | 0xad | 0x34f | 0x61c | 0x115f..=0x11ff | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f => true,
        0x2028..=0x202e
        | 0x2060..=0x206f
        | 0x3164
        | 0xd7b0..=0xd7ff
        | 0xfdd0..=0xfdef
        | 0xfe00..=0xfe0f
        | 0xfeff
        | 0xffa0 => true,
        0xfff0..=0xfffb | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff => true,
        code => code & 0xfffe == 0xfffe,
    }
}

/// Whether a hidden character has a function in a cluster with this base.
///
/// It may choose between text and emoji style, join emoji, Persian or Indic letters, complete a Hangul syllable, or spell
/// the flag of a region.
fn is_joiner(c: char, base: char) -> bool {
    match c {
        '\u{fe00}'..='\u{fe0f}' => true,
        '\u{200c}' | '\u{200d}' => !base.is_ascii(),
        '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7ff}' => {
            matches!(base, '\u{1100}'..='\u{115e}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7a3}')
        }
        '\u{e0020}'..='\u{e007f}' => base == '\u{1f3f4}',
        _ => false,
    }
}

/// Width of `text` in cells when drawn on one line.
pub fn width(text: &str) -> usize {
    graphemes(text, Glyphs::Unicode).map(|grapheme| grapheme.width).sum()
}

/// Width of `text` in cells, at most `most`. Reads only as much of the text as that takes.
pub fn width_up_to(text: &str, most: usize) -> usize {
    let mut cells = 0;
    for grapheme in graphemes(text, Glyphs::Unicode) {
        cells += grapheme.width;
        if cells >= most {
            return most;
        }
    }
    cells
}

/// Longest end of `text` that takes at most `cells` cells when drawn with `glyphs`.
pub fn end_within(text: &str, cells: usize, glyphs: Glyphs) -> &str {
    let mut start = text.len();
    let mut left = cells;
    for cluster in clusters_back(text) {
        let (_, width, _) = show(cluster.of(text), glyphs);
        if width > left {
            break;
        }
        left -= width;
        start = cluster.start;
    }
    text.get(start..).unwrap_or_default()
}

/// Makes `text` safe for a terminal, on one line: line breaks and tabs are shown as symbols too.
pub fn clean(text: &str) -> Cow<'_, str> {
    clean_for(text, Glyphs::Unicode)
}

/// [`clean`] for a terminal that can draw `glyphs`.
pub fn clean_for(text: &str, glyphs: Glyphs) -> Cow<'_, str> {
    if graphemes(text, glyphs).all(|grapheme| !grapheme.odd) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(graphemes(text, glyphs).map(|grapheme| grapheme.shown).collect())
}

/// [`clean_for`] of only so much of the beginning of `text` that it is wider than `cells` cells, if all of it is.
pub fn clean_start(text: &str, cells: usize, glyphs: Glyphs) -> Cow<'_, str> {
    let mut used = 0;
    let wider = graphemes(text, glyphs).find(|grapheme| {
        used += grapheme.width;
        used > cells
    });
    clean_for(wider.and_then(|grapheme| text.get(..grapheme.range.end)).unwrap_or(text), glyphs)
}

/// Cleans `text` as [`clean`] does and cuts it to at most `width` cells. A cut text ends with an ellipsis.
pub fn cut(text: &str, width: usize) -> String {
    cut_for(text, width, Glyphs::Unicode)
}

/// [`cut`] for a terminal that can draw `glyphs`.
/// The ellipsis of ASCII has fewer dots if `width` is less than 3.
pub fn cut_for(text: &str, width: usize, glyphs: Glyphs) -> String {
    let ellipsis: String = glyphs.ellipsis().chars().take(width).collect();
    let room = width - ellipsis.chars().count();
    let mut shown = String::new();
    let (mut cells, mut fitting) = (0, 0);
    for grapheme in graphemes(text, glyphs) {
        cells += grapheme.width;
        if cells > width {
            shown.truncate(fitting);
            shown.push_str(&ellipsis);
            return shown;
        }
        shown.push_str(&grapheme.shown);
        if cells <= room {
            fitting = shown.len();
        }
    }
    shown
}

/// Cuts `text` as [`cut`] does and pads it with blanks to exactly `width` cells.
pub fn fit(text: &str, width: usize) -> String {
    let mut shown = cut(text, width);
    let missing = width.saturating_sub(self::width(&shown));
    shown.extend(std::iter::repeat_n(' ', missing));
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, glyphs: Glyphs) -> String {
        clean_for(text, glyphs).into_owned()
    }

    fn is_harmless(c: char) -> bool {
        !c.is_control() && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}')
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let text = "a\u{1b}[2Jb\r\n\u{9b}31m\u{202e}\u{7f}\u{0}";
        assert_eq!(shown(text, Glyphs::Unicode), "a\u{241b}[2Jb\u{240d}\u{240a}<9b>31m<202e>\u{2421}\u{2400}");
        assert_eq!(shown(text, Glyphs::Ascii), "a^[[2Jb^M^J<9b>31m<202e>^?^@");
        assert_eq!(shown("a\tb", Glyphs::Ascii), "a>   b");
    }

    #[test]
    fn zero_width_characters_are_seen_unless_they_join() {
        assert_eq!(clean("ta\u{200b}cos"), "ta<200b>cos");
        assert_eq!(clean("ta\u{200d}cos"), "ta<200d>cos");
        assert_eq!(clean("\u{feff}x"), "<feff>x");
        for text in
            ["\u{1f468}\u{200d}\u{1f469}", "\u{645}\u{6cc}\u{200c}\u{62e}", "1\u{fe0f}\u{20e3}", "\u{2764}\u{fe0f}"]
        {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn ascii_terminals_get_ascii() {
        assert_eq!(
            shown("caf\u{e9} cafe\u{301} \u{2018}ok\u{2019} \u{20ac}5 \u{62c9}\u{2026}", Glyphs::Ascii),
            "cafe cafe 'ok' ?5 ??..."
        );
    }

    #[test]
    fn a_mark_without_a_letter_has_a_cell() {
        let marks: Vec<_> = graphemes("\u{301}", Glyphs::Unicode).collect();
        assert!(matches!(&marks[..], [mark] if mark.width == 1 && mark.shown == "\u{25cc}\u{301}"));
        let heap = |marks: usize| format!("a{}", "\u{301}".repeat(marks));
        assert!(clean(&heap(100)).chars().count() <= CLUSTER);
        // More than a cluster may have are the next ones: 1,001 bytes are four.
        assert_eq!(graphemes(&heap(500), Glyphs::Unicode).map(|mark| mark.width).collect::<Vec<_>>(), [1; 4]);
    }

    #[test]
    fn a_cut_text_says_so_and_fits() {
        assert_eq!(cut("Restaurant_Name", 8), "Restaur\u{2026}");
        assert_eq!(cut("Dish", 4), "Dish");
        assert_eq!(cut("\u{62c9}\u{9eba}\u{9928}", 5), "\u{62c9}\u{9eba}\u{2026}");
        assert_eq!(cut("\u{62c9}\u{9eba}\u{9928}", 4), "\u{62c9}\u{2026}");
        assert_eq!(cut("Dish", 0), "");
        assert_eq!(fit("\u{62c9}\u{9eba}\u{9928}", 4), "\u{62c9}\u{2026} ");
        let in_ascii = [0, 1, 3, 8].map(|width| cut_for("Restaurant_Name", width, Glyphs::Ascii));
        assert_eq!(in_ascii, ["", ".", "...", "Resta..."]);
        assert_eq!(fit("ok", 4), "ok  ");
    }

    proptest! {
        #[test]
        fn parts_of_a_text_are_what_the_whole_would_give(text in "[a-z\\PC\\p{Cc}\\p{Mn}]{0,30}", cells in 0usize..20) {
            prop_assert_eq!(width_up_to(&text, cells), width(&text).min(cells));
            for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
                let whole = cut_for(&clean_for(&text, glyphs), cells, glyphs);
                prop_assert_eq!(cut_for(&clean_start(&text, cells, glyphs), cells, glyphs), whole);
                let end = end_within(&text, cells, glyphs);
                let all: Vec<_> = graphemes(&text, glyphs).collect();
                let fits = |at: &usize| all[*at..].iter().map(|grapheme| grapheme.width).sum::<usize>() <= cells;
                let first = (0..=all.len()).find(fits).unwrap();
                prop_assert_eq!(end, &text[all.get(first).map_or(text.len(), |grapheme| grapheme.range.start)..]);
            }
        }

        #[test]
        fn clean_text_is_safe_and_stays_as_it_is(
            text in "[a-z\\PC\\p{Cc}\\p{Cf}\\p{Zl}\\p{Mn}\u{1f468}\u{200d}]{0,30}",
        ) {
            for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
                let once = shown(&text, glyphs);
                prop_assert!(once.chars().all(is_harmless), "{:?}", once);
                prop_assert!(glyphs == Glyphs::Unicode || once.is_ascii());
                prop_assert_eq!(shown(&once, glyphs), once);
            }
        }

        #[test]
        fn graphemes_tile_the_text_and_have_the_width_they_show(text in "[a-z\\PC\\p{Cc}\\p{Cf}]{0,30}") {
            for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
                let mut at = 0;
                for grapheme in graphemes(&text, glyphs) {
                    prop_assert_eq!(grapheme.range.start, at);
                    prop_assert!(grapheme.width > 0);
                    prop_assert_eq!(grapheme.shown.width(), grapheme.width, "{:?}", grapheme);
                    at = grapheme.range.end;
                }
                prop_assert_eq!(at, text.len());
            }
        }

        #[test]
        fn cut_never_takes_more_than_it_may(text in "\\PC{0,20}", cells in 0usize..20) {
            prop_assert!(width(&cut(&text, cells)) <= cells);
            prop_assert!(cut_for(&text, cells, Glyphs::Ascii).len() <= cells);
            prop_assert_eq!(width(&fit(&text, cells)), cells);
        }
    }
}
