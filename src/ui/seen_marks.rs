//! Choice of the marks that are drawn on a line of text, where there may be very many.
//!
//! A mark is drawn over those before it in reading order, so of many marks most are hidden. The work is linear in the
//! number of marks and does not depend on how they overlap.

use crate::text::{TextRange, wrap::PlacedGrapheme};

/// Maximum number of marks of a line that are all drawn. Of more, only those that are on top of a character.
const ALL_DRAWN: usize = 64;

/// A line of text in sight.
#[derive(Clone, Debug)]
pub(super) struct SeenLine<'t> {
    /// Its bytes in the text.
    pub(super) bytes: TextRange,
    /// Its characters from left to right, without the blanks that hang over the edge.
    pub(super) graphemes: Vec<PlacedGrapheme<'t>>,
}

/// A mark to be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeenMark {
    /// Index of its range.
    pub(super) index: usize,
    /// Whether another mark is around it, or on the same characters before it.
    pub(super) nested: bool,
}

/// Chooses the marks of each line. `ranges` are in reading order, outer ones before the inner ones that begin with them.
pub(super) fn seen_marks(ranges: &[TextRange], lines: &[SeenLine<'_>]) -> Vec<Vec<SeenMark>> {
    let mut owners: Option<Vec<usize>> = None;
    let mut first = 0;
    let mut chosen = Vec::with_capacity(lines.len());
    for SeenLine { bytes, graphemes } in lines {
        let over = ranges.iter().enumerate().filter(|(_, range)| range.overlaps(*bytes)).map(|(index, _)| index);
        let mut indices: Vec<usize> = over.take(ALL_DRAWN + 1).collect();
        if indices.len() > ALL_DRAWN {
            let owners = owners.get_or_insert_with(|| owners_of(ranges, lines));
            indices =
                owners.iter().skip(first).take(graphemes.len()).copied().filter(|at| *at < ranges.len()).collect();
            indices.sort_unstable();
            indices.dedup();
        }
        first += graphemes.len();
        chosen.push(indices);
    }
    let nested = nested(ranges);
    let chosen = chosen.into_iter().map(|indices| {
        // Every index is one of a range, of which `nested` has as many.
        indices.into_iter().map(|index| SeenMark { index, nested: nested[index] }).collect()
    });
    chosen.collect()
}

/// For each range, whether one before it reaches at least as far.
fn nested(ranges: &[TextRange]) -> Vec<bool> {
    let mut reach = 0;
    let mut nested = Vec::with_capacity(ranges.len());
    for (at, range) in ranges.iter().enumerate() {
        nested.push(at > 0 && reach >= range.end);
        reach = reach.max(range.end);
    }
    nested
}

/// For each character of the lines, the index of the last range over it; `usize::MAX` if there is none.
fn owners_of(ranges: &[TextRange], lines: &[SeenLine<'_>]) -> Vec<usize> {
    let starts: Vec<usize> = lines.iter().flat_map(|line| &line.graphemes).map(|placed| placed.range.start).collect();
    let mut owners = vec![usize::MAX; starts.len()];
    // For each character, itself or a later one up to which all have an owner.
    let mut next: Vec<usize> = (0..=starts.len()).collect();
    for (index, range) in ranges.iter().enumerate().rev() {
        let end = starts.partition_point(|start| *start < range.end);
        let mut at = free_from(&mut next, starts.partition_point(|start| *start < range.start));
        while at < end {
            owners[at] = index;
            next[at] = at + 1;
            at = free_from(&mut next, at + 1);
        }
        if free_from(&mut next, 0) == starts.len() {
            break;
        }
    }
    owners
}

/// First character at `at` or after that has no owner.
fn free_from(next: &mut [usize], mut at: usize) -> usize {
    while next[at] != at {
        // Halving the way keeps the next searches short.
        next[at] = next[next[at]];
        at = next[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use proptest::prelude::*;

    use super::*;
    use crate::text::{width::Glyphs, wrap::TextLayout};

    fn lines(text: &str) -> Vec<SeenLine<'_>> {
        let layout = TextLayout::new(text, 10, Glyphs::Unicode);
        let line = |at: usize| {
            let graphemes = layout.graphemes(text, at).collect();
            SeenLine { bytes: layout.lines()[at].range, graphemes }
        };
        (0..layout.lines().len()).map(line).collect()
    }

    proptest! {
        #[test]
        fn what_is_left_out_is_hidden(spans in prop::collection::vec((0usize..40, 1usize..40), 0..200)) {
            let mut ranges: Vec<TextRange> =
                spans.into_iter().map(|(start, len)| TextRange::new(start, start + len)).collect();
            ranges.sort_by_key(|range| (range.start, Reverse(range.end)));
            let text = "ab".repeat(25);
            let lines = lines(&text);
            for (SeenLine { bytes, graphemes }, seen) in lines.iter().zip(seen_marks(&ranges, &lines)) {
                let over: Vec<usize> = (0..ranges.len()).filter(|at| ranges[*at].overlaps(*bytes)).collect();
                let kept: Vec<usize> = seen.iter().map(|mark| mark.index).collect();
                prop_assert!(over.len() > ALL_DRAWN || kept == over);
                prop_assert!(kept.is_sorted() && kept.iter().all(|index| over.contains(index)));
                for placed in graphemes {
                    let top = |indices: &[usize]| {
                        indices.iter().copied().rfind(|at| ranges[*at].contains(placed.range.start))
                    };
                    prop_assert_eq!(top(&kept), top(&over));
                }
                for SeenMark { index, nested } in seen {
                    let around = |other: usize| {
                        ranges[other].covers(ranges[index]) && (ranges[other] != ranges[index] || other < index)
                    };
                    prop_assert_eq!(nested, over.iter().any(|other| *other != index && around(*other)));
                }
            }
        }
    }
}
