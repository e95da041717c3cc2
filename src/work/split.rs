//! Puts documents into splits by shares.
//!
//! Documents that are the same or nearly the same come into one split, so that no test document is known from the training.
//! Labels are shared out as documents are (`shares.rs`).

use std::collections::HashMap;

use super::{
    inspect::{self, Leak},
    shares::{groups_of, share_out},
};
use crate::{
    project::{Project, corpus::Chosen},
    spans::{Journal, Split, query::Query},
    text::near_duplicates::NearDuplicates,
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

impl Default for SplitRequest {
    /// The shares of the command line for documents without a split.
    fn default() -> Self {
        Self { shares: [80, 10, 10], seed: 1, again: false }
    }
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
    /// Documents of a split that another one has, too, after a move that did not look at that.
    pub leaks: Vec<Leak>,
}

/// Moves what a search finds to a split, or out of its splits; `None` if it finds nothing.
pub fn plan_move(project: &Project, journal: &Journal, query: &Query, to: Option<Split>) -> Option<SplitPlan> {
    let mut plan = SplitPlan::default();
    let mut splits = Vec::new();
    let mut is_found = false;
    for document in &project.documents {
        let annotation = journal.annotation(&document.id);
        let moves = Chosen::Found(query).has(document, annotation);
        is_found |= moves;
        let split = if moves { to } else { document.split };
        if split != document.split {
            plan.splits.insert(document.id.clone(), split);
        }
        if let Some(place) = split.map(place_of) {
            plan.documents[place] += 1;
            plan.spans[place] += annotation.spans().len();
        }
        splits.push(split);
    }
    let texts: Vec<&str> = project.documents.iter().map(|document| &*document.text).collect();
    plan.leaks = inspect::leaks(&splits, &NearDuplicates::among(&texts));
    is_found.then_some(plan)
}

/// Shares out the documents of a project. The same request gives the same plan.
pub fn plan(project: &Project, journal: &Journal, request: &SplitRequest) -> SplitPlan {
    let documents: Vec<_> = project.documents.iter().collect();
    let texts: Vec<&str> = documents.iter().map(|document| &*document.text).collect();
    let mut groups = groups_of(&texts);
    for group in &mut groups {
        for document in group.members.iter().filter_map(|at| documents.get(*at)) {
            for span in journal.annotation(&document.id).spans() {
                *group.spans.entry(span.label.0).or_default() += 1;
            }
            if let Some(split) = document.split.filter(|_| !request.again) {
                group.fixed.get_or_insert(place_of(split));
            }
        }
    }
    let together = groups.iter().filter(|group| group.members.len() > 1).map(|group| group.members.len()).sum();
    let targets = share_out(&groups, &request.shares, request.seed);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{Document, LabelId, LabelSet, Status},
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
    fn what_a_search_finds_is_moved_and_what_leaks_then_is_counted() {
        let mut texts: Vec<_> = (0..6).map(|at| (text(at / 2), Some(at as u32 % 2), None)).collect();
        texts[0].2 = Some(Split::Train);
        let (_dir, project, journal) = project(&texts);
        let search = |text: &str| Query::parse(text, &project.manifest.labels).0;
        let second = project.manifest.labels.name(LabelId(1));
        let made = plan_move(&project, &journal, &search(&format!("label:{second}")), Some(Split::Test)).unwrap();
        let mut moved: Vec<_> = made.splits.iter().map(|(id, split)| (id.as_str(), *split)).collect();
        moved.sort_unstable_by_key(|(id, _)| *id);
        assert_eq!(moved, ["d1", "d3", "d5"].map(|id| (id, Some(Split::Test))));
        assert_eq!((made.documents, made.spans), ([1, 0, 3], [1, 0, 3]));
        let leak = Leak { from: Split::Train, to: Split::Test, same: 1, nearly: 0 };
        assert_eq!(made.leaks, [leak], "d1 has the text of d0");
        let out = plan_move(&project, &journal, &search("split:train"), None).unwrap();
        assert_eq!(out.splits, HashMap::from([("d0".to_owned(), None)]));
        assert_eq!(plan_move(&project, &journal, &search("nowhere"), None), None);
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
