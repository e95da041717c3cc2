//! Puts documents into splits by shares.
//!
//! Documents that are the same or nearly the same come into one split, so that no test document is known from the training.
//! Labels are shared out as documents are: the rarest label first, each document into the split that lacks most of its
//! share of the label (after Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", ECML 2011).

use std::collections::HashMap;

use crate::{
    project::Project,
    spans::{Journal, LabelId, Split},
    text::{hash::mixed, near_duplicates::NearDuplicates},
};

/// Request to share out documents.
#[derive(Clone, Copy, Debug)]
pub struct SplitRequest {
    /// Shares of training, validation and test, in the order of [`Split::ALL`]; at least one is above 0.
    pub shares: [u32; 3],
    /// Seed of the order in which documents are taken.
    pub seed: u64,
    /// Whether documents that have a split are shared out again.
    pub again: bool,
}

/// Splits of documents that are to be set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitPlan {
    /// Ids with their new splits.
    pub splits: HashMap<String, Option<Split>>,
    /// Documents in each split afterwards, in the order of [`Split::ALL`].
    pub documents: [usize; 3],
    /// Spans in each split afterwards.
    pub spans: [usize; 3],
    /// Number of documents that are kept together with one that is the same or nearly the same.
    pub together: usize,
}

/// Documents that come into one split.
struct Group {
    members: Vec<usize>,
    spans: HashMap<LabelId, usize>,
    /// Split of a member that keeps its own.
    fixed: Option<usize>,
}

/// What a split should have and has.
#[derive(Clone, Debug, Default)]
struct Room {
    share: f64,
    documents: usize,
    spans: HashMap<LabelId, usize>,
}

impl Room {
    /// By how much it has less of something than its share; `total` is what all splits have.
    fn lacks(&self, has: usize, total: usize) -> f64 {
        self.share * total as f64 - has as f64
    }
}

/// Shares out the documents of a project. The same request gives the same plan.
pub fn plan(project: &Project, journal: &Journal, request: &SplitRequest) -> SplitPlan {
    let documents: Vec<_> = project.documents.iter().collect();
    let texts: Vec<&str> = documents.iter().map(|document| &*document.text).collect();
    let found = NearDuplicates::among(&texts);
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for (at, first) in found.group.iter().enumerate() {
        let place = *places.entry(*first).or_insert_with(|| {
            groups.push(Group { members: Vec::new(), spans: HashMap::new(), fixed: None });
            groups.len() - 1
        });
        let (Some(group), Some(document)) = (groups.get_mut(place), documents.get(at)) else { continue };
        group.members.push(at);
        for span in journal.annotation(&document.id).spans() {
            *group.spans.entry(span.label).or_default() += 1;
        }
        if let Some(split) = document.split.filter(|_| !request.again) {
            group.fixed.get_or_insert(place_of(split));
        }
    }
    let together = groups.iter().filter(|group| group.members.len() > 1).map(|group| group.members.len()).sum();
    let targets = share_out(&groups, request);
    let mut plan = SplitPlan { together, ..SplitPlan::default() };
    for (group, target) in groups.iter().zip(targets) {
        for document in group.members.iter().filter_map(|at| documents.get(*at)) {
            let keeps = document.split.filter(|_| !request.again);
            let place = keeps.map_or(target, place_of);
            if let Some(split) = Split::ALL.get(place).filter(|split| document.split != Some(**split)) {
                plan.splits.insert(document.id.clone(), Some(*split));
            }
            plan.documents[place] += 1;
            plan.spans[place] += journal.annotation(&document.id).spans().len();
        }
    }
    plan
}

/// Place of a split in [`Split::ALL`].
fn place_of(split: Split) -> usize {
    Split::ALL.iter().position(|other| *other == split).unwrap_or_default()
}

/// The split of each group, as its place in [`Split::ALL`].
fn share_out(groups: &[Group], request: &SplitRequest) -> Vec<usize> {
    let whole: f64 = request.shares.iter().map(|share| f64::from(*share)).sum();
    let mut rooms = request.shares.map(|share| Room { share: f64::from(share) / whole.max(1.0), ..Room::default() });
    let mut targets: Vec<Option<usize>> = vec![None; groups.len()];
    let mut totals: HashMap<LabelId, usize> = HashMap::new();
    for (group, target) in groups.iter().zip(&mut targets) {
        group.spans.iter().for_each(|(label, count)| *totals.entry(*label).or_default() += count);
        if let Some(place) = group.fixed {
            enter(&mut rooms[place], group);
            *target = Some(place);
        }
    }
    let documents: usize = groups.iter().map(|group| group.members.len()).sum();
    // Larger groups first, while there is room for them; otherwise in an order that depends on the seed only.
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_cached_key(|at| {
        let size = groups.get(*at).map_or(0, |group| group.members.len());
        (std::cmp::Reverse(size), mixed(*at as u64 ^ request.seed.rotate_left(32)))
    });
    let mut labels: Vec<(LabelId, usize)> = totals.into_iter().collect();
    labels.sort_by_key(|(label, total)| (*total, *label));
    for (label, total) in labels {
        for at in &order {
            let (Some(group), Some(target)) = (groups.get(*at), targets.get_mut(*at)) else { continue };
            if target.is_none() && group.spans.contains_key(&label) {
                let wants = [0, 1, 2].map(|place: usize| {
                    let room = &rooms[place];
                    room.lacks(room.spans.get(&label).copied().unwrap_or_default(), total)
                });
                let place = neediest(&rooms, wants, documents);
                enter(&mut rooms[place], group);
                *target = Some(place);
            }
        }
    }
    for at in order {
        let (Some(group), Some(target)) = (groups.get(at), targets.get_mut(at)) else { continue };
        if target.is_none() {
            let place = neediest(&rooms, [0.0; 3], documents);
            enter(&mut rooms[place], group);
            *target = Some(place);
        }
    }
    targets.into_iter().map(Option::unwrap_or_default).collect()
}

/// The split that lacks most; of equal ones, the one that lacks most documents. A split without a share gets nothing.
fn neediest(rooms: &[Room; 3], wants: [f64; 3], documents: usize) -> usize {
    let needs = rooms.iter().zip(wants).enumerate().filter(|(_, (room, _))| room.share > 0.0);
    let most = needs.max_by(|(a, (room_a, want_a)), (b, (room_b, want_b))| {
        let lacking = room_a.lacks(room_a.documents, documents).total_cmp(&room_b.lacks(room_b.documents, documents));
        want_a.total_cmp(want_b).then(lacking).then(b.cmp(a))
    });
    most.map_or(0, |(place, _)| place)
}

fn enter(room: &mut Room, group: &Group) {
    room.documents += group.members.len();
    group.spans.iter().for_each(|(label, count)| *room.spans.entry(*label).or_default() += count);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{Document, LabelSet, Status},
        text::{Grid, TextRange},
    };

    /// A project of these texts, whose first word has a label or none.
    fn project(texts: &[(String, Option<u32>, Option<Split>)]) -> (tempfile::TempDir, Project, Journal) {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut anna = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
        let items = texts.iter().enumerate().map(|(at, (text, label, split))| ImportItem {
            document: Document { split: *split, ..Document::new(format!("d{at}"), text.as_str(), Grid::Natural) },
            spans: label.iter().map(|label| (TextRange::new(0, 2), LabelId(*label))).collect(),
            status: Status::Done,
        });
        project.import(Some(&mut anna), 0, items.collect()).unwrap();
        (dir, project, anna.journal)
    }

    fn text(at: usize) -> String {
        (0..8).map(|word| format!("w{} ", at * 8 + word)).collect()
    }

    const TENTHS: SplitRequest = SplitRequest { shares: [80, 10, 10], seed: 1, again: false };

    #[test]
    fn documents_and_each_label_have_their_shares() {
        let texts: Vec<_> = (0..300)
            .map(|at| (text(at), [None, Some(0), Some(1)][at % 3].filter(|l| *l == 0 || at % 2 == 0), None))
            .collect();
        let (_dir, project, journal) = project(&texts);
        let made = plan(&project, &journal, &TENTHS);
        assert_eq!((made.documents, made.spans), ([240, 30, 30], [120, 15, 15]));
        assert_eq!(made, plan(&project, &journal, &TENTHS), "the same request, the same plan");
        assert_ne!(made.splits, plan(&project, &journal, &SplitRequest { seed: 2, ..TENTHS }).splits);
        let only_two = plan(&project, &journal, &SplitRequest { shares: [1, 0, 1], ..TENTHS });
        assert_eq!(only_two.documents, [150, 0, 150]);
    }

    #[test]
    fn what_is_nearly_the_same_stays_together_and_with_a_split_that_is_there() {
        let mut texts: Vec<_> = (0..40).map(|at| (text(at / 2), Some(0), None)).collect();
        texts[7].2 = Some(Split::Test);
        texts[8].2 = Some(Split::Valid);
        let (_dir, project, journal) = project(&texts);
        let made = plan(&project, &journal, &TENTHS);
        let split = |at: usize| made.splits.get(&format!("d{at}")).copied().flatten().or(texts[at].2);
        assert!((0..20).all(|pair| split(2 * pair) == split(2 * pair + 1)), "{made:?}");
        assert_eq!((split(6), split(9), made.together), (Some(Split::Test), Some(Split::Valid), 40));
        assert!(!made.splits.contains_key("d7"), "it has a split");
        let again = plan(&project, &journal, &SplitRequest { again: true, ..TENTHS });
        assert_eq!(again.documents, [32, 4, 4]);
    }
}
