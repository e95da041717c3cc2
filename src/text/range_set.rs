//! A set of byte ranges of a text, prepared once and queried many times.

use super::TextRange;

/// Union of byte ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeSet {
    /// Ascending, without overlap.
    ranges: Vec<TextRange>,
}

impl RangeSet {
    /// Builds the union of ranges in any order.
    pub fn new(ranges: impl IntoIterator<Item = TextRange>) -> Self {
        let mut all: Vec<TextRange> = ranges.into_iter().collect();
        // Most ranges come in order, which a stable sort sees in one pass.
        all.sort_by_key(|range| range.start);
        let mut ranges: Vec<TextRange> = Vec::with_capacity(all.len());
        for range in all {
            match ranges.last_mut().filter(|last| last.end > range.start) {
                Some(last) => *last = last.join(range),
                None => ranges.push(range),
            }
        }
        Self { ranges }
    }

    /// Merged ranges in order.
    /// Ranges that overlap become one, ranges that only meet stay apart.
    pub fn ranges(&self) -> &[TextRange] {
        &self.ranges
    }

    /// Whether one of the ranges overlaps `range`.
    /// As in [`TextRange::overlaps`].
    pub fn overlaps(&self, range: TextRange) -> bool {
        let first = self.ranges.partition_point(|covered| covered.end <= range.start);
        self.ranges.get(first).is_some_and(|covered| covered.overlaps(range))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_overlaps_what_one_of_its_ranges_overlaps(
            ranges in prop::collection::vec((0usize..40, 0usize..9), 0..12),
            (start, len) in (0usize..45, 0usize..6),
        ) {
            let ranges: Vec<TextRange> = ranges.into_iter().map(|(start, len)| TextRange::new(start, start + len)).collect();
            let asked = TextRange::new(start, start + len);
            let one_by_one = ranges.iter().any(|range| range.overlaps(asked));
            prop_assert_eq!(RangeSet::new(ranges).overlaps(asked), one_by_one);
        }
    }
}
