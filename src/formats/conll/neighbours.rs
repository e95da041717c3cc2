//! Pairs of neighbouring tags, counted: what a tag shows depends on the tag before it alone, and a file has few different pairs.

use super::known_tags::OUTSIDE;

/// Counts of pairs of tags, by the numbers of the tags.
pub(super) struct Neighbours {
    /// How often each pair occurs: rows by the first tag, columns by the second.
    counts: Vec<usize>,
}

impl Neighbours {
    /// Tags whose pairs are counted. Most files have fewer.
    pub(super) const MOST: usize = 64;

    pub(super) fn new() -> Self {
        Self { counts: vec![0; Self::MOST * Self::MOST] }
    }

    /// Adds the tags of a sentence, each below [`Self::MOST`]. Calls `is_new` with each pair that no sentence had before, and
    /// with the place of its second tag.
    pub(super) fn add(&mut self, tags: &[u32], mut is_new: impl FnMut([u32; 2], usize)) {
        let mut before = OUTSIDE;
        for (at, tag) in tags.iter().enumerate() {
            if let Some(count) = self.counts.get_mut(before as usize * Self::MOST + *tag as usize) {
                if *count == 0 {
                    is_new([before, *tag], at);
                }
                *count += 1;
            }
            before = *tag;
        }
        // Nothing follows the last tag.
        self.counts.get_mut(before as usize * Self::MOST).into_iter().for_each(|count| *count += 1);
    }

    /// The pairs that occurred, each with its count.
    pub(super) fn pairs(&self) -> impl Iterator<Item = ([u32; 2], usize)> {
        let pairs = (0..).flat_map(|before| (0..Self::MOST as u32).map(move |tag| [before, tag]));
        pairs.zip(self.counts.iter().copied()).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_is_counted_and_new_once() {
        let mut neighbours = Neighbours::new();
        let mut new = Vec::new();
        for tags in [&[OUTSIDE, 3, 3, 63][..], &[3, 3, 3]] {
            neighbours.add(tags, |pair, at| new.push((pair, at)));
        }
        assert_eq!(new, [([0, 0], 0), ([0, 3], 1), ([3, 3], 2), ([3, 63], 3)]);
        let pairs: Vec<_> = neighbours.pairs().collect();
        // The last tag of a sentence is followed by none.
        assert_eq!(pairs, [([0, 0], 1), ([0, 3], 2), ([3, 0], 1), ([3, 3], 3), ([3, 63], 1), ([63, 0], 1)]);
    }
}
