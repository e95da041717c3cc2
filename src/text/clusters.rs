//! Grapheme clusters of a text, none of them longer than `LONGEST` bytes.
//!
//! Unicode has no limit: a letter may carry a million marks. Such a cluster is cut at the same places everywhere, so
//! that a cell of the screen and a step of a cursor cost little in any text.

use std::iter;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::TextRange;

/// Maximum bytes of a cluster. An emoji of a family with skin tones has 41, a letter with 50 marks about 100.
const LONGEST: usize = 256;

/// Maximum bytes that are read before a byte whose cluster is searched. In a longer cluster or row of flags, the search
/// begins there instead of at its start, and the cluster that it finds may be cut elsewhere.
const REACH: usize = 16 << 10;

/// Returns the first cluster of `text`; empty only for an empty text.
pub fn first_cluster(text: &str) -> &str {
    let length = match text.as_bytes() {
        // Two printable ASCII characters are always two clusters.
        [b' '..=b'~'] => 1,
        [b' '..=b'~', next, ..] if next.is_ascii() => 1,
        _ => {
            let near = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text);
            let first = near.graphemes(true).next().unwrap_or_default();
            first.len() - torn_flag(text, first)
        }
    };
    text.get(..length).unwrap_or(text)
}

/// Bytes at the end of a cut cluster that are the first half of a flag, whose second half follows.
///
/// Cut apart, the halves of all flags that follow would be paired otherwise than when they are read backwards.
fn torn_flag(text: &str, cluster: &str) -> usize {
    let Some(last) = cluster.chars().next_back().filter(is_half_flag) else { return 0 };
    let next = text.get(cluster.len()..).and_then(|rest| rest.chars().next()).filter(is_half_flag);
    let alone = cluster.chars().rev().take_while(is_half_flag).count() % 2 == 1;
    if next.is_some() && alone && cluster.len() > last.len_utf8() { last.len_utf8() } else { 0 }
}

fn is_half_flag(c: &char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// Iterates over the clusters of `text`; their ranges cover it without gaps.
pub fn clusters(text: &str) -> impl Iterator<Item = TextRange> {
    let mut at = 0;
    iter::from_fn(move || {
        let range = TextRange::new(at, at + first_cluster(text.get(at..)?).len());
        at = range.end;
        (!range.is_empty()).then_some(range)
    })
}

/// Iterates over the clusters of `text` from the last to the first.
pub fn clusters_back(text: &str) -> impl Iterator<Item = TextRange> {
    let mut end = text.len();
    // Pieces of the cluster that Unicode has there; the next one is last.
    let mut pieces: Vec<TextRange> = Vec::new();
    iter::from_fn(move || {
        if pieces.is_empty() {
            let start = flag_before(text, end).or_else(|| uncut_start(text, end.checked_sub(1)?))?;
            let uncut = text.get(start..end).unwrap_or_default();
            pieces.extend(clusters(uncut).map(|piece| TextRange::new(start + piece.start, start + piece.end)));
            end = start;
        }
        pieces.pop()
    })
}

/// Start of the flag before the boundary `end` between two flags of many. Does not count all halves before it, as a search
/// from the outside must.
fn flag_before(text: &str, end: usize) -> Option<usize> {
    let after = text.get(end..)?.chars().next().filter(is_half_flag)?;
    // An even number of halves is before a boundary. Before a third one there is nothing that joins the flag.
    let halves = text.get(..end)?.chars().rev().take(3).filter(is_half_flag).count();
    (halves == 3).then(|| end - 2 * after.len_utf8())
}

/// Finds the cluster that contains the byte at `offset`; `None` past the end.
///
/// Reads no further than the neighbouring clusters of Unicode, except in a row of flags: there it counts the halves before
/// the byte, because nothing else says which of them belong together. In any text it reads at most 16 KiB before the byte.
pub fn cluster_at(text: &str, offset: usize) -> Option<TextRange> {
    let from = text.floor_char_boundary(offset.min(text.len()).saturating_sub(REACH));
    let start = from + uncut_start(text.get(from..)?, offset - from)?;
    let pieces = clusters(text.get(start..)?).map(|piece| TextRange::new(start + piece.start, start + piece.end));
    pieces.take_while(|piece| piece.start <= offset).find(|piece| piece.end > offset)
}

/// Finds the cluster before the cluster boundary `offset`; `None` at the start.
pub fn cluster_before(text: &str, offset: usize) -> Option<TextRange> {
    cluster_at(text, offset.min(text.len()).checked_sub(1)?)
}

/// Start of the cluster that Unicode has around the byte at `offset`, however long it is.
fn uncut_start(text: &str, offset: usize) -> Option<usize> {
    let offset = text.floor_char_boundary(offset);
    let mut cursor = GraphemeCursor::new(offset, text.len(), true);
    match cursor.is_boundary(text, 0).ok()? {
        true => Some(offset),
        false => cursor.prev_boundary(text, 0).ok()?,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::growth::assert_linear;

    /// Runs of characters that join: marks, joiners, emoji, halves of flags, Hangul, and signs that join what follows.
    fn joining() -> impl Strategy<Value = String> {
        let character = prop::sample::select(
            "a \n\r\u{301}\u{200d}\u{1f468}\u{1f3fb}\u{1f1ee}\u{1f1f9}\u{1100}\u{1161}\u{600}\u{915}\u{94d}"
                .chars()
                .collect::<Vec<_>>(),
        );
        prop::collection::vec((character, 1usize..150), 0..8)
            .prop_map(|runs| runs.into_iter().flat_map(|(c, count)| std::iter::repeat_n(c, count)).collect())
    }

    proptest! {
        #[test]
        fn clusters_are_the_same_from_every_side(text in joining()) {
            let all: Vec<TextRange> = clusters(&text).collect();
            let mut back: Vec<TextRange> = clusters_back(&text).collect();
            back.reverse();
            prop_assert_eq!(&back, &all);
            let mut at = 0;
            for cluster in all {
                prop_assert!(cluster.start == at && !cluster.is_empty() && cluster.len() <= LONGEST);
                prop_assert_eq!(clusters(&text[at..]).next().map(|next| next.len()), Some(cluster.len()));
                prop_assert_eq!(cluster_at(&text, cluster.start), Some(cluster));
                prop_assert_eq!(cluster_at(&text, cluster.end - 1), Some(cluster));
                at = cluster.end;
            }
            prop_assert_eq!((at, cluster_at(&text, at)), (text.len(), None));
        }

        #[test]
        fn clusters_are_those_of_unicode_in_any_usual_text(text in "\\PC{0,40}") {
            let uncut: Vec<&str> = text.graphemes(true).collect();
            prop_assert_eq!(clusters(&text).map(|range| range.of(&text)).collect::<Vec<_>>(), uncut);
        }
    }

    #[test]
    fn a_cluster_without_end_is_read_in_linear_time() {
        assert_linear(20_000, |n| format!("a{}", "\u{301}".repeat(n)), |text| clusters(text).count());
        assert_linear(20_000, |n| "\u{915}\u{94d}".repeat(n), |text| clusters_back(text).count());
    }

    #[test]
    fn a_cluster_is_found_in_bounded_time_and_covers_its_byte_in_any_text() {
        for repeated in ["\u{301}", "\u{915}\u{94d}", "\u{1f1ee}\u{1f1f9}", "\u{1f468}\u{200d}"] {
            let find = |text: &String| {
                // One call for a thousand bytes: the time is linear only if none reads the whole text.
                let offsets = (0..text.len()).step_by(1_000);
                offsets
                    .filter_map(|at| cluster_at(text, at).filter(|found| found.start <= at && at < found.end))
                    .count()
            };
            let text = |n: usize| format!("a{}", repeated.repeat(n));
            assert_eq!(find(&text(10_000)), text(10_000).len().div_ceil(1_000));
            assert_linear(30_000, text, find);
        }
    }

    #[test]
    fn flags_without_end_are_read_backwards_in_linear_time() {
        assert_linear(5_000, |n| "\u{1f1ee}\u{1f1f9}".repeat(n), |text| clusters_back(text).count());
    }
}
