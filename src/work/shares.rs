//! Shares out groups of documents: into splits, or into the folds of a cross-validation.
//!
//! Labels are shared out as documents are: the rarest label first, each group into the part that lacks most of its share of
//! the label (after Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", ECML 2011).

use std::{cmp::Reverse, collections::HashMap};

use crate::text::{hash::mixed, near_duplicates::NearDuplicates};

/// Documents that stay together.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// Places of the documents.
    pub(super) members: Vec<usize>,
    /// Number of their spans of each label.
    pub(super) spans: HashMap<u32, usize>,
    /// Part of a member that keeps its own.
    pub(super) fixed: Option<usize>,
}

/// Groups texts that are the same or nearly the same. Every text is in one group.
pub(super) fn groups_of(texts: &[&str]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for (at, first) in NearDuplicates::among(texts).group.iter().enumerate() {
        let place = *places.entry(*first).or_insert_with(|| {
            groups.push(Group::default());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.members.push(at);
        }
    }
    groups
}

/// What a part should have and has.
#[derive(Clone, Debug, Default)]
struct Room {
    share: f64,
    documents: usize,
    spans: HashMap<u32, usize>,
}

impl Room {
    /// By how much it has less of something than its share; `total` is what all parts have.
    fn lacks(&self, has: usize, total: usize) -> f64 {
        self.share * total as f64 - has as f64
    }

    /// By how much it has less of a label than its share, with the number of spans in all parts; 0 without a label.
    fn lacks_of(&self, label: Option<(u32, usize)>) -> f64 {
        label.map_or(0.0, |(label, total)| self.lacks(self.spans.get(&label).copied().unwrap_or_default(), total))
    }

    fn enter(&mut self, group: &Group) {
        self.documents += group.members.len();
        group.spans.iter().for_each(|(label, count)| *self.spans.entry(*label).or_default() += count);
    }
}

/// Returns the part of each group, as a place in `shares`. The same arguments give the same parts.
pub(super) fn share_out(groups: &[Group], shares: &[u32], seed: u64) -> Vec<usize> {
    let whole: f64 = shares.iter().map(|share| f64::from(*share)).sum();
    let mut rooms: Vec<Room> =
        shares.iter().map(|share| Room { share: f64::from(*share) / whole.max(1.0), ..Room::default() }).collect();
    let mut targets: Vec<Option<usize>> = vec![None; groups.len()];
    let mut totals: HashMap<u32, usize> = HashMap::new();
    for (group, target) in groups.iter().zip(&mut targets) {
        group.spans.iter().for_each(|(label, count)| *totals.entry(*label).or_default() += count);
        if let Some(room) = group.fixed.and_then(|place| rooms.get_mut(place)) {
            room.enter(group);
            *target = group.fixed;
        }
    }
    let documents: usize = groups.iter().map(|group| group.members.len()).sum();
    // Larger groups first, while there is room for them; otherwise in an order that depends on the seed only.
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_cached_key(|at| {
        let size = groups.get(*at).map_or(0, |group| group.members.len());
        (Reverse(size), mixed(*at as u64 ^ seed.rotate_left(32)))
    });
    let mut labels: Vec<(u32, usize)> = totals.into_iter().collect();
    labels.sort_by_key(|(label, total)| (*total, *label));
    // Groups without a label come last.
    let rounds = labels.into_iter().map(|(label, total)| (Some(label), total)).chain([(None, 0)]);
    for (label, total) in rounds {
        for at in &order {
            let (Some(group), Some(target)) = (groups.get(*at), targets.get_mut(*at)) else { continue };
            if target.is_some() || label.is_some_and(|label| !group.spans.contains_key(&label)) {
                continue;
            }
            let place = neediest(&rooms, label.map(|label| (label, total)), documents);
            if let Some(room) = rooms.get_mut(place) {
                room.enter(group);
            }
            *target = Some(place);
        }
    }
    targets.into_iter().map(Option::unwrap_or_default).collect()
}

/// The part that lacks most of the label; of equal ones, the one that lacks most documents.
/// `label` has the number of its spans in all parts. A part without a share gets nothing.
fn neediest(rooms: &[Room], label: Option<(u32, usize)>, documents: usize) -> usize {
    let needs = rooms.iter().enumerate().filter(|(_, room)| room.share > 0.0);
    let most = needs.max_by(|(a, room_a), (b, room_b)| {
        let lacking = room_a.lacks(room_a.documents, documents).total_cmp(&room_b.lacks(room_b.documents, documents));
        room_a.lacks_of(label).total_cmp(&room_b.lacks_of(label)).then(lacking).then(b.cmp(a))
    });
    most.map_or(0, |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_group_has_a_part_with_a_share_and_the_parts_are_of_one_size(
            labels in prop::collection::vec(0u32..4, 10..80), folds in 2usize..7, seed in 0u64..100,
        ) {
            let groups: Vec<Group> = labels.iter().enumerate().map(|(at, label)| Group {
                members: vec![at], spans: HashMap::from([(*label, 1)]), fixed: None,
            }).collect();
            let mut shares = vec![1; folds];
            shares.push(0);
            let parts = share_out(&groups, &shares, seed);
            prop_assert_eq!(&parts, &share_out(&groups, &shares, seed));
            for label in 0..4 {
                let counts: Vec<usize> = (0..=folds)
                    .map(|part| (0..labels.len()).filter(|at| parts[*at] == part && labels[*at] == label).count())
                    .collect();
                let (least, most) = (counts[..folds].iter().min().unwrap(), counts.iter().max().unwrap());
                prop_assert!(most - least <= 1 && counts[folds] == 0, "{:?}", counts);
            }
        }
    }

    #[test]
    fn near_duplicates_are_one_group() {
        let groups = groups_of(&["cheap tacos near the old harbour", "thai", "cheap tacos near the harbour", "Thai!"]);
        let members: Vec<&[usize]> = groups.iter().map(|group| group.members.as_slice()).collect();
        assert_eq!(members, [&[0, 2][..], &[1, 3]]);
    }
}
