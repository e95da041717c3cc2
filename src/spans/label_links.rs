//! Ways from a label that was merged to the label into which it was merged.

use std::collections::HashSet;

use super::label::LabelId;

/// Way along links.
pub(super) struct Way {
    /// Labels on the way, in order; none of them was known before.
    pub(super) path: Vec<LabelId>,
    /// Place in the path at which a circle begins that ends with the path.
    pub(super) circle: Option<usize>,
}

/// Follows links from a label, as far as they lead to labels that are not `known`, and adds these.
pub(super) fn follow(first: LabelId, known: &mut HashSet<LabelId>, next: impl Fn(LabelId) -> Option<LabelId>) -> Way {
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
        let next = |id: LabelId| [None, Some(2), Some(3), Some(2), Some(1), None][id.0 as usize].map(LabelId);
        let mut known = HashSet::new();
        let ways = [1, 4, 5].map(|first| {
            let Way { path, circle } = follow(LabelId(first), &mut known, next);
            (path.into_iter().map(|id| id.0).collect::<Vec<_>>(), circle)
        });
        assert_eq!(ways, [(vec![1, 2, 3], Some(1)), (vec![4], None), (vec![5], None)]);
    }
}
