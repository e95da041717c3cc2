//! Spans that do not overlap, for formats that hold no others.

use std::{cmp::Reverse, collections::BTreeMap, ops::Range};

/// Spans that were separated by [`longest_first`].
pub(super) struct Disjoint<S> {
    /// Spans that do not overlap, by their starts.
    pub(super) kept: BTreeMap<usize, S>,
    /// The others, each with the start of one in `kept` that it overlaps.
    pub(super) others: Vec<(S, usize)>,
}

/// Separates spans: of those that overlap the longest is kept, of equally long ones the first.
pub(super) fn longest_first<S>(mut spans: Vec<S>, range_of: impl Fn(&S) -> Range<usize>) -> Disjoint<S> {
    spans.sort_by_key(|span| (Reverse(range_of(span).len()), range_of(span).start));
    let mut kept: BTreeMap<usize, S> = BTreeMap::new();
    let mut others = Vec::new();
    for span in spans {
        let range = range_of(&span);
        let before = kept.range(..range.end).next_back();
        match before.filter(|(_, other)| range_of(other).end > range.start).map(|(start, _)| *start) {
            Some(start) => others.push((span, start)),
            None => _ = kept.insert(range.start, span),
        }
    }
    Disjoint { kept, others }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_and_of_equal_ones_the_first_is_kept() {
        let spans = vec![(0, 2, 'a'), (1, 5, 'b'), (4, 6, 'c'), (5, 7, 'd'), (1, 5, 'e'), (8, 9, 'f')];
        let Disjoint { kept, others } = longest_first(spans, |(start, end, _)| *start..*end);
        assert_eq!(kept.into_values().map(|(.., name)| name).collect::<String>(), "bdf");
        let others: Vec<_> = others.into_iter().map(|((.., name), start)| (name, start)).collect();
        assert_eq!(others, [('e', 1), ('a', 1), ('c', 1)]);
    }
}
