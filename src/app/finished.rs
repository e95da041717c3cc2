//! Documents that were finished: what a model had predicted for them, and how many suggestions were taken as they were.

use std::collections::{HashMap, VecDeque};

use crate::{
    runs::live::FinishedDocument,
    spans::{Annotation, LabelId},
    text::TextRange,
};

/// Number of documents over which the share of taken suggestions is computed.
const COUNTED: usize = 20;

/// A document that was finished.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finished {
    /// What the live model may learn from it.
    pub(super) document: FinishedDocument,
    /// Its suggestions; `None` if none was shown.
    pub(super) taken: Option<Taken>,
}

/// Change of a document that the live model waits to learn, or no longer does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FinishReport {
    /// It was finished.
    Finished(Finished),
    /// The document with this id is no longer done.
    Reopened(String),
}

/// Suggestions that were shown, and those of them that were taken as they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Documents in which they were.
    pub documents: usize,
    /// Suggestions that were shown.
    pub shown: usize,
    /// Those that are spans of the finished document, with the same range and label.
    pub taken: usize,
}

impl Taken {
    /// Counts the suggestions of a document that was finished with this annotation; `None` without suggestions.
    pub(super) fn count(shown: &[(TextRange, LabelId)], annotation: &Annotation) -> Option<Self> {
        let mut spans: Vec<_> = annotation.spans().iter().map(|span| (span.range, span.label)).collect();
        spans.sort_unstable();
        let taken = shown.iter().filter(|one| spans.binary_search(one).is_ok()).count();
        (!shown.is_empty()).then_some(Self { documents: 1, shown: shown.len(), taken })
    }

    fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Option<Self> {
        all.copied().reduce(|sum, one| Self {
            documents: sum.documents + one.documents,
            shown: sum.shown + one.shown,
            taken: sum.taken + one.taken,
        })
    }

    /// Share of the suggestions that were taken as they were, in percent.
    pub fn percent(self) -> usize {
        (200 * self.taken + self.shown) / (2 * self.shown).max(1)
    }
}

/// Suggestions of the documents that were finished last, while the project is open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakenCounts {
    /// Ids of documents with suggestions, oldest first.
    documents: VecDeque<(String, Taken)>,
}

impl TakenCounts {
    /// Adds a document, in place of what was counted when it was finished before.
    pub(super) fn add(&mut self, id: String, taken: Taken) {
        self.documents.retain(|(known, _)| *known != id);
        self.documents.push_back((id, taken));
        if self.documents.len() > 2 * COUNTED {
            self.documents.pop_front();
        }
    }

    /// Suggestions of the last 20 documents that had any, or of fewer if there are not as many.
    pub fn last(&self) -> Option<Taken> {
        Taken::sum(self.documents.iter().rev().take(COUNTED).map(|(_, taken)| taken))
    }

    /// Suggestions of the 20 documents before those; `None` if there are not as many.
    pub fn before(&self) -> Option<Taken> {
        let before = self.documents.iter().rev().skip(COUNTED).map(|(_, taken)| taken);
        Taken::sum(before).filter(|sum| sum.documents == COUNTED)
    }
}

/// Documents of the project that a model may have learned.
#[derive(Clone, Debug, Default)]
pub(super) struct Finishing {
    /// Whether each document was done, or flagged after that, when the project was opened.
    done_before: Vec<bool>,
    /// Model that had answered for a document when it was first finished.
    first: HashMap<usize, Option<String>>,
    /// Documents that were finished or reopened, in order, and not reported yet.
    pub(super) waiting: Vec<FinishReport>,
}

impl Finishing {
    /// Begins with a project that was opened.
    pub(super) fn new(done_before: Vec<bool>) -> Self {
        Self { done_before, ..Self::default() }
    }

    /// Whether document `at` was never finished before.
    pub(super) fn is_first(&self, at: usize) -> bool {
        !self.done_before.get(at).copied().unwrap_or_default() && !self.first.contains_key(&at)
    }

    /// Documents that were finished since the project was opened.
    pub(super) fn known(&self) -> impl Iterator<Item = usize> {
        self.first.keys().copied()
    }

    /// Whether `model` answered for document `at` before that was finished for the first time.
    /// Any other answer may come from a model that has learned the document.
    pub(super) fn is_before(&mut self, at: usize, model: Option<&str>) -> bool {
        if self.done_before.get(at).copied().unwrap_or_default() {
            return false;
        }
        let first = self.first.entry(at).or_insert_with(|| model.map(str::to_owned));
        model.is_some() && first.as_deref() == model
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(shown: usize, taken: usize) -> Taken {
        Taken { documents: 1, shown, taken }
    }

    #[test]
    fn the_last_twenty_documents_are_compared_with_the_twenty_before() {
        let mut counts = TakenCounts::default();
        assert_eq!((counts.last(), counts.before()), (None, None));
        for at in 0..39 {
            counts.add(format!("d{at}"), taken(2, usize::from(at >= 19)));
        }
        assert_eq!(counts.last().map(|sum| (sum.documents, sum.shown, sum.percent())), Some((20, 40, 50)));
        assert_eq!(counts.before(), None, "19 are not as many");
        counts.add("d39".to_owned(), taken(2, 2));
        assert_eq!(counts.last().map(|sum| (sum.documents, sum.taken)), Some((20, 21)));
        assert_eq!(counts.before().map(|sum| (sum.documents, sum.taken)), Some((20, 1)));
    }

    #[test]
    fn a_document_that_is_finished_again_counts_once() {
        let mut counts = TakenCounts::default();
        counts.add("a".to_owned(), taken(3, 1));
        counts.add("b".to_owned(), taken(1, 1));
        counts.add("a".to_owned(), taken(3, 3));
        assert_eq!(counts.last(), Some(Taken { documents: 2, shown: 4, taken: 4 }));
    }

    #[test]
    fn percent_is_rounded() {
        assert_eq!([taken(3, 1), taken(3, 2), taken(8, 1), taken(1, 0)].map(Taken::percent), [33, 67, 13, 0]);
    }

    #[test]
    fn only_an_answer_from_before_the_first_time_is_a_prediction() {
        let mut finishing = Finishing::new(vec![false, true, false]);
        assert!(finishing.is_before(0, Some("live-3")));
        assert!(finishing.is_before(0, Some("live-3")), "finished again after an undo");
        assert!(!finishing.is_before(0, Some("live-4")), "it may have learned the document");
        assert!(!finishing.is_before(1, Some("live-3")), "done when the project was opened");
        assert!(!finishing.is_before(2, None) && !finishing.is_before(2, Some("live-3")));
    }
}
