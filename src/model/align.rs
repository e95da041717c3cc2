//! Tags of word pieces, and windows over long sentences.
//! A sentence is long if it exceeds the model's longest input.

use std::ops::Range;

use super::tokenizer::WordPieces;
use crate::runs::LabelMode;

/// Tag of a piece that is neither trained on nor scored; PyTorch's `ignore_index`.
pub const IGNORE: i64 = -100;

/// Returns one tag id for each piece, from `tags`, one for each word.
///
/// `inside_of` turns the id of `B-X` into the id of `I-X`, and any other into itself. Pieces of a word without a tag are
/// ignored.
pub fn piece_tags(
    pieces: &WordPieces,
    tags: &[usize],
    mode: LabelMode,
    inside_of: &dyn Fn(usize) -> usize,
) -> Vec<i64> {
    let mut before = None;
    let mut labels = Vec::with_capacity(pieces.words.len());
    for &word in &pieces.words {
        let is_first = before.replace(word) != Some(word);
        let tag = tags.get(word).copied();
        let tag = match mode {
            _ if is_first => tag,
            LabelMode::First => None,
            LabelMode::AllB => tag,
            LabelMode::AllI => tag.map(inside_of),
        };
        labels.push(tag.and_then(|tag| i64::try_from(tag).ok()).unwrap_or(IGNORE));
    }
    labels
}

/// Window of a long sentence, as ranges of its pieces.
/// It goes through the model at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Input of the model.
    pub pieces: Range<usize>,
    /// Pieces whose output is used. Over all windows these tile the sentence.
    pub keep: Range<usize>,
}

/// Returns windows over pieces, of at most `longest` pieces (without special ones).
///
/// Only a word that is longer than a window is cut. Neighbours share at most `stride` pieces, and each keeps that half of
/// them for which it has more context.
///
/// `words` contains the word of each piece ([`WordPieces::words`]).
pub fn word_windows(words: &[usize], longest: usize, stride: usize) -> Vec<Window> {
    cut(words.len(), longest, stride, &|at| at == 0 || words.get(at - 1) != words.get(at))
}

fn cut(pieces: usize, longest: usize, stride: usize, is_border: &dyn Fn(usize) -> bool) -> Vec<Window> {
    let end_of = |start: usize| {
        let most = start.saturating_add(longest.max(1)).min(pieces);
        if most == pieces { most } else { (start + 1..=most).rev().find(|&at| is_border(at)).unwrap_or(most) }
    };
    let mut windows: Vec<Window> = Vec::new();
    let (mut start, mut kept) = (0, 0);
    while start < pieces {
        let end = end_of(start);
        if end == pieces {
            windows.push(Window { pieces: start..end, keep: kept..end });
            break;
        }
        // As far back as the stride allows, provided that the next window reaches further than this one.
        let back = end.saturating_sub(stride).max(start + 1);
        let next = (back..end).find(|&at| is_border(at) && end_of(at) > end).unwrap_or(end);
        let middle = next + (end - next) / 2;
        let shared = next.max(kept + 1)..=end;
        let border = shared.filter(|&at| is_border(at)).min_by_key(|at| at.abs_diff(middle)).unwrap_or(end);
        windows.push(Window { pieces: start..end, keep: kept..border });
        start = next;
        kept = border;
    }
    windows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(words: &[usize]) -> WordPieces {
        WordPieces { words: words.to_vec(), ..WordPieces::default() }
    }

    #[test]
    fn each_mode_labels_the_pieces_that_its_script_labels() {
        // O, B-X, I-X are 0, 1, 2; the second word has three pieces, the third none.
        let (pieces, tags) = (pieces(&[0, 1, 1, 1, 3]), [0, 1, 2, 2]);
        let inside = |tag| if tag == 1 { 2 } else { tag };
        assert_eq!(piece_tags(&pieces, &tags, LabelMode::First, &inside), [0, 1, IGNORE, IGNORE, 2]);
        assert_eq!(piece_tags(&pieces, &tags, LabelMode::AllB, &inside), [0, 1, 1, 1, 2]);
        assert_eq!(piece_tags(&pieces, &tags, LabelMode::AllI, &inside), [0, 1, 2, 2, 2]);
        assert_eq!(piece_tags(&pieces, &tags[..2], LabelMode::AllI, &inside), [0, 1, 2, 2, IGNORE]);
    }

    #[test]
    fn a_short_sentence_is_one_window() {
        assert_eq!(word_windows(&[0, 1, 2, 3, 4], 5, 2), [Window { pieces: 0..5, keep: 0..5 }]);
        assert_eq!(word_windows(&[], 5, 2), []);
    }

    #[test]
    fn neighbours_share_the_stride_and_halve_it() {
        let expected = [
            Window { pieces: 0..6, keep: 0..5 },
            Window { pieces: 4..10, keep: 5..9 },
            Window { pieces: 8..11, keep: 9..11 },
        ];
        assert_eq!(word_windows(&Vec::from_iter(0..11), 6, 2), expected);
    }

    #[test]
    fn a_word_longer_than_a_window_is_cut_and_others_are_not() {
        let expected = [
            Window { pieces: 0..2, keep: 0..2 },
            Window { pieces: 2..5, keep: 2..5 },
            Window { pieces: 5..7, keep: 5..7 },
        ];
        assert_eq!(word_windows(&[0, 0, 1, 1, 1, 1, 2], 3, 1), expected);
    }

    proptest! {
        #[test]
        fn kept_ranges_tile_and_windows_respect_words(
            lengths in prop::collection::vec(1usize..7, 0..30),
            longest in 1usize..12,
            stride in 0usize..14,
        ) {
            let pieces_of = |(word, &n): (usize, &usize)| std::iter::repeat_n(word, n);
            let words: Vec<usize> = lengths.iter().enumerate().flat_map(pieces_of).collect();
            let windows = word_windows(&words, longest, stride);
            let mut kept = 0;
            for window in &windows {
                prop_assert!(window.pieces.len() <= longest && !window.keep.is_empty());
                prop_assert!(window.pieces.start <= window.keep.start && window.keep.end <= window.pieces.end);
                prop_assert_eq!(window.keep.start, kept);
                kept = window.keep.end;
                let inside_a_word = |at: usize| at > 0 && at < words.len() && words[at - 1] == words[at];
                for at in [window.pieces.start, window.pieces.end, window.keep.start, window.keep.end] {
                    prop_assert!(!inside_a_word(at) || lengths[words[at]] > longest);
                }
            }
            prop_assert_eq!(kept, words.len());
            for pair in windows.windows(2) {
                prop_assert!(pair[0].pieces.end.saturating_sub(pair[1].pieces.start) <= stride);
                prop_assert!(pair[0].pieces.end < pair[1].pieces.end);
            }
        }
    }
}
