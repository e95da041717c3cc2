//! References between annotations of a kept record, of which some have lost their target.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

/// Finds the items that refer to something removed, directly or through other items.
///
/// Each item has an id and the ids to which it refers. Returns the places of those found.
pub(super) fn find_dangling<K: Copy + Eq + Hash>(
    items: &[(K, Vec<K>)],
    removed: impl IntoIterator<Item = K>,
) -> HashSet<usize> {
    let mut referring: HashMap<K, Vec<usize>> = HashMap::new();
    for (at, (_, targets)) in items.iter().enumerate() {
        targets.iter().for_each(|target| referring.entry(*target).or_default().push(at));
    }
    let mut dangling = HashSet::new();
    let mut open: Vec<K> = removed.into_iter().collect();
    while let Some(id) = open.pop() {
        for at in referring.remove(&id).unwrap_or_default() {
            if dangling.insert(at) {
                open.extend(items.get(at).map(|(own, _)| *own));
            }
        }
    }
    dangling
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::growth::assert_linear;

    #[test]
    fn items_go_with_their_targets_through_any_number_of_steps() {
        let items = [(1, vec![9]), (2, vec![1, 5]), (3, vec![2, 3]), (4, vec![4]), (5, vec![])];
        let mut found: Vec<usize> = find_dangling(&items, [9, 7]).into_iter().collect();
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2]);
    }

    #[test]
    fn a_long_chain_takes_linear_time() {
        assert_linear(
            20_000,
            |n| (0..n).rev().map(|at| (at + 1, vec![at])).collect::<Vec<(usize, Vec<usize>)>>(),
            |items| assert_eq!(find_dangling(items, [0]).len(), items.len()),
        );
    }
}
