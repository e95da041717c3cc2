//! Runs of words or characters to which an annotator gave the same labels.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    ops::Range,
};

use crate::spans::LabelId;

/// Labels that one annotator gave one place; none means "O".
pub(super) type Labels = BTreeSet<LabelId>;

/// Places with the same labels, between two ends of labelled ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// One past the last place.
    pub(super) end: usize,
    /// Number of places.
    pub(super) length: usize,
    /// Their labels.
    pub(super) labels: Labels,
}

/// Splits the places `0..length` at the ends of labelled ranges, in reading order. Places without labels are runs, too.
///
/// The time is linear in the ranges times the labels that are used at one place.
pub(super) fn runs(mut ranges: Vec<(Range<usize>, LabelId)>, length: usize) -> Vec<Run> {
    let mut borders: Vec<usize> = ranges.iter().flat_map(|(range, _)| [range.start, range.end]).collect();
    borders.extend([0, length]);
    borders.sort_unstable();
    borders.dedup();
    ranges.sort_by_key(|(range, _)| range.start);
    let mut rest = ranges.into_iter().peekable();
    // Ranges over the place, by their end, and how many have each label.
    let mut open: BinaryHeap<Reverse<(usize, LabelId)>> = BinaryHeap::new();
    let mut counts: BTreeMap<LabelId, usize> = BTreeMap::new();
    let mut runs = Vec::with_capacity(borders.len());
    for border in borders.windows(2) {
        let &[start, end] = border else { continue };
        while let Some((range, label)) = rest.next_if(|(range, _)| range.start <= start) {
            open.push(Reverse((range.end, label)));
            *counts.entry(label).or_default() += 1;
        }
        while open.peek().is_some_and(|Reverse((end, _))| *end <= start) {
            let Some(Reverse((_, label))) = open.pop() else { break };
            match counts.remove(&label) {
                None | Some(1) => {}
                Some(count) => _ = counts.insert(label, count - 1),
            }
        }
        runs.push(Run { end, length: end - start, labels: counts.keys().copied().collect() });
    }
    runs
}
