//! Ways from a label that was merged to the label into which it was merged.

use std::{collections::HashSet, hash::Hash};

/// Way along links between labels, which are given by their ids.
pub(super) struct Way<T> {
    /// Labels on the way, in order; none of them was known before.
    pub(super) path: Vec<T>,
    /// Place in the path at which a circle begins that ends with the path.
    pub(super) circle: Option<usize>,
}

/// Follows links from a label, as far as they lead to labels that are not `known`, and adds these.
pub(super) fn follow<T: Copy + Eq + Hash>(first: T, known: &mut HashSet<T>, next: impl Fn(T) -> Option<T>) -> Way<T> {
    let mut path = Vec::new();
    let mut at = Some(first);
    while let Some(id) = at.filter(|id| known.insert(*id)) {
        path.push(id);
        at = next(id);
    }
    let circle = at.and_then(|end| path.iter().position(|id| *id == end));
    Way { path, circle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_ends_in_a_circle_or_where_it_is_known() {
        // 1 -> 2 -> 3 -> 2, 4 -> 1, 5 -> nothing.
        let links = [None, Some(2), Some(3), Some(2), Some(1), None];
        let mut known = HashSet::new();
        let ways = [1, 4, 5].map(|first| {
            let Way { path, circle } = follow(first, &mut known, |at: usize| links[at]);
            (path, circle)
        });
        assert_eq!(ways, [(vec![1, 2, 3], Some(1)), (vec![4], None), (vec![5], None)]);
    }
}
