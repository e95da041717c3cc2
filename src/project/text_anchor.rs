//! Fingerprints of texts, and the search for a range in a text that was changed.
//!
//! A journal line holds no words of its document, only hashes: a journal is never rewritten, and git merges two of them by
//! keeping every line, so words in it could never be erased. `FORMAT.md` describes the hashes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::text::{CharRange, TextRange};

/// Code points of context on each side of a range that are hashed with it.
const CONTEXT: usize = 10;
/// Most code points of context, where fewer occur more than once.
const MOST_CONTEXT: usize = 160;
/// Bytes of text times ranges of an action, above which no context is hashed.
/// Whether each is unique would take too long to find out.
const MOST_WORK: usize = 1 << 26;
/// Code points that are compared for all lines of a journal about one document.
/// Those that were recorded against other texts.
const MOST_COMPARED: usize = 1 << 29;

/// Modulus of the hashes: the largest prime below 2^32.
const MODULUS: u64 = 4_294_967_291;
const FACTOR: u64 = 2_654_435_761;

/// Fingerprint of a text: CRC-32 of its UTF-8.
/// Every change of up to four bytes is noticed for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint(u32);

impl Fingerprint {
    /// Computes the fingerprint of a text.
    pub(super) fn of(text: &str) -> Self {
        Self(crc32fast::hash(text.as_bytes()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let number = u32::from_str_radix(&text, 16).ok().filter(|_| text.len() == 8 && !text.starts_with('+'));
        number.map(Self).ok_or_else(|| D::Error::custom("a fingerprint has eight hexadecimal digits"))
    }
}

/// Hashes of a range with the text before it, and with the text after it.
///
/// A hash is there only if what it covers occurs once in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Anchor(Option<Window>, Option<Window>);

/// Code points of context, and the hash of range and context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Window(usize, u32);

/// Computes the anchors of ranges of a text; empty if that would take too long.
pub(super) fn anchors(text: &str, ranges: &[TextRange]) -> Vec<Anchor> {
    if text.len().saturating_mul(ranges.len()) > MOST_WORK {
        return Vec::new();
    }
    ranges.iter().map(|range| Anchor(window_before(text, *range), window_after(text, *range))).collect()
}

/// Window from some context before a range to its end.
fn window_before(text: &str, range: TextRange) -> Option<Window> {
    let before = text.get(..range.start)?;
    contexts().find_map(|most| {
        let starts = before.char_indices().rev().map(|(at, _)| at).take(most);
        let (context, start) = starts.fold((0, range.start), |(count, _), at| (count + 1, at));
        unique(text, context, TextRange::new(start, range.end))
    })
}

/// Window from the start of a range to the end of some context after it.
fn window_after(text: &str, range: TextRange) -> Option<Window> {
    let after = text.get(range.end..)?;
    contexts().find_map(|most| {
        let ends = after.char_indices().map(|(at, c)| range.end + at + c.len_utf8()).take(most);
        let (context, end) = ends.fold((0, range.end), |(count, _), at| (count + 1, at));
        unique(text, context, TextRange::new(range.start, end))
    })
}

fn contexts() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(CONTEXT), |context| Some(context * 2).filter(|context| *context <= MOST_CONTEXT))
}

/// The window over `range`, if its text occurs once.
fn unique(text: &str, context: usize, range: TextRange) -> Option<Window> {
    let window = text.get(range.start..range.end)?;
    let is_unique = text.find(window) == text.rfind(window);
    is_unique.then(|| Window(context, window.chars().fold(0, add)))
}

/// The hash of a text with one more code point.
fn add(hash: u32, c: char) -> u32 {
    reduced(u64::from(hash) * FACTOR + u64::from(u32::from(c)) + 1)
}

fn reduced(number: u64) -> u32 {
    u32::try_from(number % MODULUS).unwrap_or_default()
}

/// Steps that may still be taken to find ranges in a changed text.
///
/// A journal from a stranger may ask for any number of them. Each document has its own, so that one of many lines takes
/// nothing from the others.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MOST_COMPARED)
    }
}

impl Budget {
    fn spend(&mut self, steps: usize) -> Option<()> {
        self.0 = self.0.checked_sub(steps)?;
        Some(())
    }

    /// A budget that allows nothing.
    #[cfg(test)]
    pub(super) fn spent() -> Self {
        Self(0)
    }
}

/// Powers of the factor of the hashes, as many as were asked for.
#[derive(Debug)]
struct Powers(Vec<u32>);

impl Powers {
    fn get(&mut self, exponent: usize) -> u32 {
        while self.0.len() <= exponent {
            let last = self.0.last().copied().unwrap_or(1);
            self.0.push(reduced(u64::from(last) * FACTOR));
        }
        self.0.get(exponent).copied().unwrap_or(1)
    }
}

/// Search in the texts of a journal, which keeps the last text hashed.
#[derive(Debug)]
pub(super) struct Finder<'a> {
    powers: Powers,
    last: Option<(&'a str, HashedText)>,
}

impl Default for Finder<'_> {
    fn default() -> Self {
        Self { powers: Powers(vec![1]), last: None }
    }
}

impl<'a> Finder<'a> {
    /// Finds the range of which these are length and anchor.
    ///
    /// `None` unless the place is certain: the range with the text before and after it fits there and nowhere else, or
    /// on one side, with enough text on both sides together, and an end without text beside it is not inside a word.
    pub(super) fn find(
        &mut self,
        text: &'a str,
        length: usize,
        anchor: &Anchor,
        budget: &mut Budget,
    ) -> Option<CharRange> {
        let hashed = match self.last.take() {
            Some((last, hashed)) if std::ptr::eq(last, text) => hashed,
            _ => {
                budget.spend(text.len())?;
                HashedText::new(text)
            }
        };
        let found = hashed.find(length, anchor, &mut self.powers, budget);
        self.last = Some((text, hashed));
        found
    }
}

/// A text in which the hash of each piece is known in constant time.
#[derive(Debug)]
struct HashedText {
    /// Hash of the code points before each position.
    before: Vec<u32>,
    /// Whether each code point is a letter or a digit.
    in_word: Vec<bool>,
}

impl HashedText {
    /// Hashes a text.
    fn new(text: &str) -> Self {
        let mut before = vec![0];
        let mut hash = 0;
        for c in text.chars() {
            hash = add(hash, c);
            before.push(hash);
        }
        Self { before, in_word: text.chars().map(char::is_alphanumeric).collect() }
    }

    /// The work of [`Finder::find`].
    fn find(&self, length: usize, anchor: &Anchor, powers: &mut Powers, budget: &mut Budget) -> Option<CharRange> {
        let Anchor(before, after) = anchor;
        let context = [before, after].map(|window| window.map_or(0, |window| window.0));
        let lefts = self.starts(length, *before, powers, budget)?;
        let lefts: Vec<usize> = lefts.into_iter().map(|start| start + context[0]).collect();
        let rights = self.starts(length, *after, powers, budget)?;
        let both: Vec<usize> = lefts.iter().filter(|start| rights.binary_search(start).is_ok()).copied().collect();
        let (start, context) = match (both.as_slice(), lefts.as_slice(), rights.as_slice()) {
            ([start], _, _) => (*start, context),
            ([], [start], []) => (*start, [context[0], 0]),
            ([], [], [start]) => (*start, [0, context[1]]),
            _ => return None,
        };
        let end = start + length;
        let is_whole = start == context[0] && end + context[1] == self.in_word.len();
        let is_certain = is_whole || context[0] + context[1] >= CONTEXT;
        let cuts_word =
            (context[0] == 0 && self.is_inside_word(start)) || (context[1] == 0 && self.is_inside_word(end));
        (is_certain && !cuts_word).then_some(CharRange { start, end })
    }

    /// Whether a position is between two letters or digits.
    fn is_inside_word(&self, at: usize) -> bool {
        let pair = at.checked_sub(1).and_then(|before| self.in_word.get(before..=at));
        pair == Some(&[true, true])
    }

    /// Positions at which a window begins, ascending.
    fn starts(
        &self,
        length: usize,
        window: Option<Window>,
        powers: &mut Powers,
        budget: &mut Budget,
    ) -> Option<Vec<usize>> {
        let Some(Window(context, hash)) = window else { return Some(Vec::new()) };
        budget.spend(self.before.len())?;
        let length = length.checked_add(context)?;
        if length >= self.before.len() {
            return Some(Vec::new());
        }
        let power = powers.get(length);
        let pairs = self.before.iter().zip(self.before.iter().skip(length)).enumerate();
        let found = pairs.filter(|(_, (before, after))| {
            let skipped = reduced(u64::from(**before) * u64::from(power));
            reduced(u64::from(skipped) + u64::from(hash)) == **after
        });
        Some(found.map(|(start, _)| start).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::OffsetMap;

    fn find(text: &str, length: usize, anchor: &Anchor) -> Option<CharRange> {
        Finder::default().find(text, length, anchor, &mut Budget::default())
    }

    /// Finds the piece between brackets of the old text in the new one.
    fn moved(old: &str, new: &str) -> Option<String> {
        let start = old.find('[').unwrap();
        let end = old.find(']').unwrap() - 1;
        let old = old.replace(['[', ']'], "");
        let range = TextRange::new(start, end);
        let anchor = anchors(&old, &[range])[0];
        let length = OffsetMap::new(&old).to_chars(range);
        let found = find(new, length.end - length.start, &anchor)?;
        let bytes = OffsetMap::new(new).from_chars(found).unwrap();
        Some(format!("{}[{}]{}", &new[..bytes.start], bytes.of(new), &new[bytes.end..]))
    }

    #[test]
    fn a_range_is_found_where_its_surroundings_are() {
        let found = |old, new| moved(old, new).unwrap_or_default();
        let old = "the [fish tacos] at this place are cheap and good";
        for new in [
            "so: the fish tacos at this place are cheap and good",
            "the fish tacos at this place are cheep and good",
            "All fish tacos at this place are cheap and good",
            "the fish tacos at this place",
        ] {
            assert_eq!(found(old, new), new.replace("fish tacos", "[fish tacos]"), "{new}");
        }
        assert_eq!(
            found("in the caf\u{e9}: [\u{1f355}]", "at in the caf\u{e9}: \u{1f355}!"),
            "at in the caf\u{e9}: [\u{1f355}]!"
        );
        // A short text that did not change.
        assert_eq!(found("[good] tacos", "good tacos"), "[good] tacos");
        // The second of two.
        let new = "very good fish today, the beer was warm; good [fish] tomorrow";
        assert_eq!(
            found("good fish today, the beer was warm; good [fish] tomorrow", &new.replace(['[', ']'], "")),
            new
        );
    }

    #[test]
    fn a_place_that_is_not_certain_is_not_chosen() {
        for (old, new) in [
            // The words themselves were changed, or are gone.
            ("the [fish tcaos] at this place are cheap", "the fish tacos at this place are cheap"),
            ("the [fish tacos] at this place are cheap", "another review"),
            // Only the words are the same.
            ("[good] tacos, warm beer, slow service", "nothing was as good as it looked on the picture"),
            ("so [good]", "it was good enough"),
            // Too little is the same.
            ("[tacos]", "no tacos today, they said"),
            ("ok [good]", "is it ok good grief no"),
            ("caf\u{e9}: [\u{1f355}]", "the caf\u{e9}: \u{1f355}!"),
            // The end that nothing proves is inside a word.
            ("the [fish taco] there today", "we had the fish tacos there today"),
            ("we had good [fish taco]", "we had good fish tacos there today"),
            ("[taco] and beer for two", "shrimptaco and beer for two"),
            // Both sides fit, in two places.
            ("here: [fish] and chips", "here: fish and chips. here: fish and chips"),
            // One side fits here and the other there.
            ("we had the [fish] and after that coffee", "we had the fish with rice, then fish and after that coffee"),
        ] {
            assert_eq!(moved(old, new), None, "{old} / {new}");
        }
    }

    #[test]
    fn the_hashes_are_those_of_the_format() {
        // Computed with Python: `h = (h * 2654435761 + ord(c) + 1) % 4294967291` for each character.
        let anchors = anchors("caf\u{e9} taco", &[TextRange::new(6, 10)]);
        assert_eq!(serde_json::to_string(&anchors).unwrap(), "[[[5,2777593637],[0,1322186964]]]");
        assert_eq!(Fingerprint::of("caf\u{e9} taco").to_string(), "b874d39b");
        for bad in ["\"3f9\"", "\"+3f9a01c\"", "\"3f9a01cx\"", "7"] {
            assert!(serde_json::from_str::<Fingerprint>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_journal_cannot_make_the_search_last_for_ever() {
        let text = "ab".repeat(1000);
        let hashed = HashedText::new(&text);
        let mut powers = Powers(vec![1]);
        let mut budget = Budget(5000);
        let window = Some(Window(0, 7));
        let tried = (0..10).take_while(|_| hashed.starts(4, window, &mut powers, &mut budget).is_some()).count();
        assert_eq!((tried, powers.0.len()), (2, 5));
        for huge in [usize::MAX, 1 << 40] {
            assert_eq!(find(&text, huge, &Anchor(Some(Window(usize::MAX, 7)), None)), None);
            assert_eq!(find(&text, 4, &Anchor(Some(Window(huge, 7)), None)), None);
        }
        assert!(anchors(&"ab".repeat(1 << 20), &[TextRange::new(0, 2); 64]).is_empty());
    }

    proptest! {
        #[test]
        fn a_range_in_an_unchanged_text_is_found_where_it_was(text in "[ab ]{0,30}", start in 0usize..30, length in 0usize..8) {
            let range = TextRange::new(start.min(text.len()), (start + length).min(text.len()));
            let anchor = anchors(&text, &[range])[0];
            let found = find(&text, range.len(), &anchor);
            if let Some(found) = found {
                prop_assert_eq!((found.start, found.end), (range.start, range.end));
            }
            if anchor.0.is_some() && anchor.1.is_some() {
                prop_assert!(found.is_some());
            }
        }
    }
}
