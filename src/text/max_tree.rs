//! Greatest values of the stretches of a list, by which the next value above a bound is found in logarithmic time.

/// A list of numbers as a binary tree, in which each node has the greatest number below it.
#[derive(Clone, Debug, Default)]
pub struct MaxTree {
    /// Node 1 is the root, and 2n and 2n + 1 are below node n. The second half has the numbers, and zeros behind them.
    nodes: Vec<usize>,
}

impl MaxTree {
    /// The tree of an empty list.
    pub const fn empty() -> Self {
        Self { nodes: Vec::new() }
    }

    /// Builds the tree of a list, in linear time.
    pub fn new(values: impl ExactSizeIterator<Item = usize>) -> Self {
        let mut tree = Self::empty();
        tree.fill(values);
        tree
    }

    /// Replaces the list, in linear time.
    pub fn fill(&mut self, values: impl ExactSizeIterator<Item = usize>) {
        let leaves = match values.len() {
            0 => 0,
            count => count.next_power_of_two(),
        };
        self.nodes.clear();
        self.nodes.reserve_exact(2 * leaves);
        self.nodes.resize(leaves, 0);
        self.nodes.extend(values);
        self.nodes.resize(2 * leaves, 0);
        for node in (1..leaves).rev() {
            self.nodes[node] = self.nodes[2 * node].max(self.nodes[2 * node + 1]);
        }
    }

    /// Index of the first number at index `from` or later that is greater than `bound`.
    pub fn next_above(&self, from: usize, bound: usize) -> Option<usize> {
        let leaves = self.nodes.len() / 2;
        if from >= leaves {
            return None;
        }
        let mut node = leaves + from;
        while self.nodes[node] <= bound {
            // The nearest node to the right that covers none of what was seen.
            node >>= node.trailing_ones();
            if node == 0 {
                return None;
            }
            node += 1;
        }
        while node < leaves {
            node = if self.nodes[2 * node] > bound { 2 * node } else { 2 * node + 1 };
        }
        Some(node - leaves)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_search_of_the_list_finds(
            values in prop::collection::vec(0usize..9, 0..20),
            from in 0usize..24,
            bound in 0usize..10,
        ) {
            let tree = MaxTree::new(values.iter().copied());
            let found = (from..values.len()).find(|at| values[*at] > bound);
            prop_assert_eq!(tree.next_above(from, bound), found);
        }
    }
}
