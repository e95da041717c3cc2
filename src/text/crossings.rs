//! Finds out whether a range crosses one of many others: whether they overlap, and none is inside the other.

use super::{TextRange, max_tree::MaxTree};

/// Ranges, prepared once and asked many times.
#[derive(Clone, Debug)]
pub struct Crossings {
    /// Starts in order, and the end of each.
    starts: Vec<usize>,
    ends_by_start: MaxTree,
    /// Ends in order, and the distance of each start from the greatest number.
    ends: Vec<usize>,
    starts_by_end: MaxTree,
}

impl Crossings {
    /// Prepares ranges in any order.
    pub fn new(ranges: impl IntoIterator<Item = TextRange>) -> Self {
        let mut ranges: Vec<TextRange> = ranges.into_iter().collect();
        ranges.sort_by_key(|range| range.start);
        let starts = ranges.iter().map(|range| range.start).collect();
        let ends_by_start = MaxTree::new(ranges.iter().map(|range| range.end));
        ranges.sort_by_key(|range| range.end);
        let ends = ranges.iter().map(|range| range.end).collect();
        let starts_by_end = MaxTree::new(ranges.iter().map(|range| usize::MAX - range.start));
        Self { starts, ends_by_start, ends, starts_by_end }
    }

    /// Whether one of the ranges crosses `range`, in logarithmic time.
    pub fn crosses(&self, range: TextRange) -> bool {
        let next = self.starts.partition_point(|start| *start <= range.start);
        let begins_inside = self.ends_by_start.next_above(next, range.end).and_then(|at| self.starts.get(at));
        let next = self.ends.partition_point(|end| *end <= range.start);
        let ends_inside =
            self.starts_by_end.next_above(next, usize::MAX - range.start).and_then(|at| self.ends.get(at));
        begins_inside.is_some_and(|start| *start < range.end) || ends_inside.is_some_and(|end| *end < range.end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_comparison_with_each_finds(
            ranges in prop::collection::vec((0usize..12, 1usize..9), 0..12),
            (start, len) in (0usize..12, 1usize..9),
        ) {
            let ranges: Vec<TextRange> = ranges.into_iter().map(|(start, len)| TextRange::new(start, start + len)).collect();
            let asked = TextRange::new(start, start + len);
            let crosses = |range: &TextRange| range.overlaps(asked) && !range.covers(asked) && !asked.covers(*range);
            prop_assert_eq!(Crossings::new(ranges.clone()).crosses(asked), ranges.iter().any(crosses));
        }
    }
}
