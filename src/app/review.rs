//! Places to be looked at, where gold spans and a model differ: the search for them, and the user's decisions.
//!
//! Panels that show them take them from here, whatever their source is.

use std::{collections::HashSet, sync::Arc};

use crate::{
    spans::{Fate, ReviewFilter, ReviewItem, ReviewList, Span, Split, review::LabelledRange},
    text::{
        TextRange,
        number::{score, with_noun},
    },
};

use super::{
    effect::Effect,
    evaluation::{Evaluation, Tally},
    project::Project,
    project_runs::ProjectRuns,
};

/// Reason why nothing is decided at a place that was compared with another text.
pub(super) const OUTDATED: &str = "The text was changed since it was compared; find the places again first";

/// The list of places, and what the user has decided about them.
#[derive(Clone, Debug, Default)]
pub struct Review {
    /// The search that is not answered yet.
    asked: Option<Search>,
    /// The places that were found last.
    list: Option<Arc<ReviewList>>,
    /// Reason why the last search found no list, and what was searched.
    problem: Option<(Subject, String)>,
    /// Places whose gold spans the user has looked at and keeps, until the program ends.
    kept: HashSet<PlaceKey>,
    /// Ids of documents that the user has put on a list, in that order.
    marked: Vec<String>,
    /// Run whose gold is another annotator's, and the user knows it.
    knows_owner_of: Option<String>,
    /// Choice and order of the list that was in front last, and its place.
    pub(super) left: Option<(ReviewFilter, ReviewOrder, usize)>,
}

/// A search for places.
#[derive(Clone, Debug)]
struct Search {
    generation: u64,
    subject: Subject,
    /// Numbers of documents that were compared, and of all.
    progress: (usize, usize),
}

/// What a list of places is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Mistakes of a run on a split.
    Mistakes(String, Split),
    /// Mistakes in the sentences of a split that only one of two runs has right: the older run, and the newer one.
    Changes([String; 2], Split),
    /// Labels of the user that are probably wrong.
    Suspects,
}

impl Subject {
    fn of(list: &ReviewList) -> Self {
        match (list.split, &list.against) {
            (None, _) => Self::Suspects,
            (Some(split), None) => Self::Mistakes(list.run.clone(), split),
            (Some(split), Some(older)) => Self::Changes([older.clone(), list.run.clone()], split),
        }
    }

    /// The split; `None` for suspected labels.
    fn split(&self) -> Option<Split> {
        match self {
            Self::Mistakes(_, split) | Self::Changes(_, split) => Some(*split),
            Self::Suspects => None,
        }
    }

    /// The same on another split.
    pub(super) fn on(self, split: Split) -> Self {
        match self {
            Self::Mistakes(run, _) => Self::Mistakes(run, split),
            Self::Changes(runs, _) => Self::Changes(runs, split),
            Self::Suspects => Self::Suspects,
        }
    }
}

/// Identity of a place: its document, its bytes, and the labels of both sides.
type PlaceKey = (Arc<str>, TextRange, [Option<Arc<str>>; 2]);

fn key(item: &ReviewItem) -> PlaceKey {
    (Arc::clone(&item.document), item.range(), item.shared_labels())
}

/// An order of places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::VariantArray)]
pub enum ReviewOrder {
    /// Surest first: a confident difference is often a mistake in the gold spans.
    #[default]
    Surest,
    /// As in the documents.
    Given,
    /// Least sure first.
    Unsure,
}

impl ReviewOrder {
    /// The order after this one; after the last, the first.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Surest => Self::Given,
            Self::Given => Self::Unsure,
            Self::Unsure => Self::Surest,
        }
    }

    /// Name shown to the user.
    pub fn name(self) -> &'static str {
        match self {
            Self::Surest => "surest first",
            Self::Given => "as in the documents",
            Self::Unsure => "least sure first",
        }
    }

    /// Sorts indices of items.
    pub(super) fn sort(self, rows: &mut [usize], items: &[ReviewItem]) {
        match self {
            Self::Given => rows.sort_unstable(),
            Self::Surest => rows.sort_by_key(|row| (std::cmp::Reverse(sureness_key(items, *row)), *row)),
            Self::Unsure => rows.sort_by_key(|row| (sureness_key(items, *row), *row)),
        }
    }
}

/// Probability of the answer at an item that is not gold, as a key to sort by; bits of a non-negative float sort as it does.
fn sureness_key(items: &[ReviewItem], row: usize) -> u32 {
    items.get(row).and_then(ReviewItem::sureness).unwrap_or(0.0).max(0.0).to_bits()
}

/// What became of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing: gold and model still differ as they did.
    Open,
    /// The user has looked at it and keeps the gold spans.
    Kept,
    /// The gold spans were changed.
    Fixed,
}

impl Review {
    /// The places that were found last; `None` while others are searched, and if the last search found nothing to show.
    pub fn list(&self) -> Option<&Arc<ReviewList>> {
        self.list.as_ref().filter(|_| self.asked.is_none() && self.problem.is_none())
    }

    /// Takes up the places that were found before a search that found nothing; whether there are any.
    pub(super) fn take_up_list(&mut self) -> bool {
        if self.asked.is_some() || self.list.is_none() {
            return false;
        }
        self.problem = None;
        true
    }

    /// Numbers of documents that were compared and of all, while a search goes on.
    pub fn progress(&self) -> Option<(usize, usize)> {
        self.asked.as_ref().map(|search| search.progress)
    }

    /// Reason why the last search found nothing to show.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_ref().filter(|_| self.asked.is_none()).map(|(_, why)| why.as_str())
    }

    /// What the list is about, or the search that goes on; `None` before the first search.
    pub fn subject(&self) -> Option<Subject> {
        match (&self.asked, &self.problem, &self.list) {
            (Some(search), ..) => Some(search.subject.clone()),
            (None, Some((subject, _)), _) => Some(subject.clone()),
            (None, None, list) => list.as_deref().map(Subject::of),
        }
    }

    /// Split of the list, or of the search that goes on.
    pub fn split(&self) -> Option<Split> {
        self.subject()?.split()
    }

    /// Whether the list, or the search that goes on, is about suspected labels.
    pub fn is_of_suspects(&self) -> bool {
        self.subject() == Some(Subject::Suspects)
    }

    /// Returns the state for a project that was opened again: a search has ended with the project, and a document may have
    /// another text, in which its places are elsewhere. Suspects and decisions are those of one annotator.
    pub(super) fn carried(mut self, project: &Project, is_same_annotator: bool) -> Self {
        self.asked = None;
        if !is_same_annotator {
            self.list = self.list.filter(|list| list.split.is_some());
            self.problem = None;
            self.kept.clear();
            self.knows_owner_of = None;
            self.left = None;
        }
        self.follow(project);
        self
    }

    /// Finds the places again whose text was changed; those that are not certain are left out.
    fn follow(&mut self, project: &Project) {
        let Some(list) = self.list.as_mut().filter(|list| list.items.iter().any(|item| !is_current(project, item)))
        else {
            return;
        };
        let fates = list.fates(|id| project.documents.find(id));
        if let Some((.., place)) = &mut self.left {
            *place -= fates.iter().take(*place).filter(|fate| **fate == Fate::Lost).count();
        }
        for (item, fate) in list.items.iter().zip(&fates).filter(|(_, fate)| **fate != Fate::Same) {
            let was_kept = self.kept.remove(&key(item));
            if let Fate::Moved(moved) = fate {
                self.kept.extend(was_kept.then(|| key(moved)));
            }
        }
        Arc::make_mut(list).follow(fates);
    }

    /// Whether the list, or the search that goes on, is about this.
    pub(super) fn is_about(&self, subject: &Subject) -> bool {
        match &self.asked {
            Some(search) => search.subject == *subject,
            None => self.list().is_some_and(|list| Subject::of(list) == *subject),
        }
    }

    /// Begins a search, in place of an earlier one.
    pub(super) fn search(&mut self, generation: u64, subject: Subject) -> Effect {
        self.asked = Some(Search { generation, subject: subject.clone(), progress: (0, 0) });
        match subject {
            Subject::Mistakes(run, split) => Effect::FindMistakes { generation, run, against: None, split },
            Subject::Changes([older, run], split) => {
                Effect::FindMistakes { generation, run, against: Some(older), split }
            }
            Subject::Suspects => Effect::FindSuspects { generation },
        }
    }

    /// Takes the progress of the search that goes on.
    pub(super) fn progressed(&mut self, generation: u64, done: usize, all: usize) {
        if let Some(search) = self.asked.as_mut().filter(|search| search.generation == generation) {
            search.progress = (done, all);
        }
    }

    /// Takes the result of the search that goes on; false if it answers an earlier one.
    pub(super) fn found(&mut self, generation: u64, found: Result<Box<ReviewList>, String>) -> bool {
        let Some(search) = self.asked.take_if(|search| search.generation == generation) else { return false };
        match found {
            Ok(list) => {
                self.problem = None;
                self.list = Some(Arc::from(list));
            }
            Err(why) => {
                self.problem = Some((search.subject, why));
            }
        }
        true
    }

    /// What became of a place in the user's own annotation.
    pub(super) fn decision(&self, project: &Project, list: &ReviewList, item: &ReviewItem) -> Decision {
        let is_own = project.annotator == list.annotator;
        let fixed = match (&item.gold, &item.model) {
            (Some(gold), _) if is_own => span_of(project, &item.document, gold).is_none(),
            // Another annotator's gold may never have been there.
            (_, Some(model)) => span_of(project, &item.document, model).is_some(),
            (_, None) => false,
        };
        match fixed {
            true => Decision::Fixed,
            false if self.is_kept(item) => Decision::Kept,
            false => Decision::Open,
        }
    }

    /// Whether the user keeps the gold spans of a place.
    pub(super) fn is_kept(&self, item: &ReviewItem) -> bool {
        !self.kept.is_empty() && self.kept.contains(&key(item))
    }

    /// Keeps the gold spans of a place, or decides nothing about it again.
    pub(super) fn keep(&mut self, item: &ReviewItem, keep: bool) {
        if keep {
            self.kept.insert(key(item));
        } else {
            self.kept.remove(&key(item));
        }
    }

    /// Puts a document on the list to be worked through, or takes it off; returns whether it is on it now.
    pub(super) fn toggle_mark(&mut self, document: &str) -> bool {
        let before = self.marked.len();
        self.marked.retain(|marked| marked != document);
        let is_new = self.marked.len() == before;
        if is_new {
            self.marked.push(document.to_owned());
        }
        is_new
    }

    /// Whether a document is on the list to be worked through.
    pub fn is_marked(&self, document: &str) -> bool {
        self.marked.iter().any(|marked| marked == document)
    }

    /// Ids of the documents on that list.
    pub fn marked(&self) -> &[String] {
        &self.marked
    }

    /// Whether the user knows that the gold spans are another annotator's.
    /// Once asked, it is known for the run.
    pub(super) fn knows_owner(&mut self, run: &str) -> bool {
        self.knows_owner_of.replace(run.to_owned()).is_some_and(|known| known == run)
    }
}

/// Whether the document of a place still is as it was compared.
pub(super) fn is_current(project: &Project, item: &ReviewItem) -> bool {
    project.documents.find(&item.document).is_some_and(|document| item.is_of(document))
}

/// The user's span on the words of one side, with its label.
/// A span that begins or ends inside a word stands for whole words, as in a training.
pub(super) fn span_of<'p>(project: &'p Project, document: &str, side: &LabelledRange) -> Option<&'p Span> {
    let at = project.position(document)?;
    let document = project.documents.get(at)?;
    project.annotation(at).over(side.range).find(|span| {
        let words = document.words_touching(span.range).and_then(|words| document.range_of_words(words));
        words == Some(side.range) && project.labels.name(span.label) == &*side.label
    })
}

/// The evaluation with which the counts of a list must agree: the one of the weights that its run kept.
/// A list that compares two runs counts only some sentences.
fn table<'r>(runs: &'r ProjectRuns, list: &ReviewList) -> Option<Evaluation<'r>> {
    if list.against.is_some() {
        return None;
    }
    let view = runs.followed.as_ref().filter(|view| view.id == list.run)?;
    match list.split? {
        Split::Test => view.test(),
        Split::Valid => view.kept(runs.followed_info()?),
        Split::Train => None,
    }
}

/// Whether a list has the same counts for every label as an evaluation.
fn agrees(list: &ReviewList, evaluation: &Evaluation<'_>) -> bool {
    let known = evaluation.labels.iter().filter(|(_, scores)| scores.support > 0 || scores.found.unwrap_or(0) > 0);
    let counted = known.clone().all(|(label, scores)| {
        let counts = list.labels.get(label).copied().unwrap_or_default();
        let tally = Tally::of(scores);
        let same_wrong = tally.wrong.is_none_or(|wrong| wrong == counts.false_positives);
        tally.right == counts.true_positives && tally.missed == counts.false_negatives && same_wrong
    });
    counted && known.count() == list.labels.len()
}

/// How the counts of a list and the run's own table fit together, and what was left out, in a sentence.
pub fn agreement(runs: &ProjectRuns, list: &ReviewList) -> Option<String> {
    let changed = match (list.moved, list.left_out) {
        (0, 0) => None,
        (moved, 0) => Some(format!("{} found again in a text that was changed since", with_noun(moved, "place"))),
        (0, lost) => Some(format!("{} left out, as the text was changed since", with_noun(lost, "place"))),
        (moved, lost) => {
            Some(format!("{} found again, {lost} left out, as texts were changed since", with_noun(moved, "place")))
        }
    };
    let parts: Vec<String> = agreement_of_counts(runs, list).into_iter().chain(changed).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// F1 of the run's own table.
fn then(table: &Evaluation<'_>) -> String {
    score(table.word.f1, 3)
}

fn agreement_of_counts(runs: &ProjectRuns, list: &ReviewList) -> Option<String> {
    let table = table(runs, list);
    let now = score(list.overall().rates().f1, 3);
    let documents = with_noun(list.changed, "document");
    if list.split.is_none() {
        let what = "tagli train DIR --folds 5 lets models look";
        return (list.changed > 0).then(|| format!("no model has looked at {documents}; {what}"));
    }
    match (table, list.changed) {
        (None, 0) => None,
        (None, _) if list.against.is_some() => Some(format!("{documents} changed since the older run began")),
        (None, _) => Some(format!("{documents} changed since the run began")),
        (Some(table), 0) if agrees(list, &table) => Some("the counts are those of the run's table".to_owned()),
        (Some(table), 0) => {
            Some(format!("the counts are not those of the run's table: F1 {} there, {now} here", then(&table)))
        }
        (Some(table), _) => {
            Some(format!("{documents} changed since the run began: F1 {} then, {now} now", then(&table)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::MistakeKind;

    fn item(document: &str, model_probability: Option<f32>) -> ReviewItem {
        let gold = Some(LabelledRange { range: TextRange::new(0, 4), label: "Dish".into() });
        ReviewItem {
            document: document.into(),
            text: "".into(),
            kind: MistakeKind::Missed,
            gold,
            model: None,
            gold_probability: None,
            model_probability,
            span_score: None,
            suspicion: None,
            change: None,
        }
    }

    #[test]
    fn places_are_sorted_and_those_that_are_equally_sure_stay_in_order() {
        let items: Vec<ReviewItem> =
            [Some(0.5), Some(0.9), None, Some(0.5), Some(f32::NAN)].map(|sure| item("d", sure)).into();
        let sorted = |order: ReviewOrder| {
            let mut rows: Vec<usize> = (0..4).rev().collect();
            order.sort(&mut rows, &items);
            rows
        };
        assert_eq!(sorted(ReviewOrder::Surest), [1, 0, 3, 2]);
        assert_eq!(sorted(ReviewOrder::Unsure), [2, 0, 3, 1]);
        assert_eq!(sorted(ReviewOrder::Given), [0, 1, 2, 3]);
        let mut order = ReviewOrder::default();
        for _ in 0..3 {
            order = order.next();
        }
        assert_eq!(order, ReviewOrder::Surest);
    }

    #[test]
    fn only_the_latest_search_is_answered() {
        let mut review = Review::default();
        let of = |run: &str, split| Subject::Mistakes(run.into(), split);
        review.search(1, of("0001-mini", Split::Valid));
        review.search(2, of("0001-mini", Split::Test));
        review.progressed(1, 5, 9);
        assert_eq!(review.progress(), Some((0, 0)));
        review.progressed(2, 5, 9);
        assert_eq!((review.progress(), review.split()), (Some((5, 9)), Some(Split::Test)));
        assert!(!review.found(1, Ok(Box::default())) && review.list().is_none());
        assert!(review.found(2, Err("no model".into())));
        assert_eq!((review.problem(), review.progress()), (Some("no model"), None));
        review.search(3, of("0001-mini", Split::Valid));
        assert_eq!(review.problem(), None, "another answer is waited for");
        let found = ReviewList { run: "0001-mini".into(), split: Some(Split::Valid), ..ReviewList::default() };
        assert!(review.found(3, Ok(Box::new(found))));
        assert!(review.is_about(&of("0001-mini", Split::Valid)) && !review.is_about(&of("0001-mini", Split::Test)));
        review.search(4, of("0002-mini", Split::Valid));
        assert!(review.list().is_none() && !review.take_up_list(), "a search goes on");
        assert!(review.found(4, Err("no model".into())) && review.list().is_none());
        assert!(review.take_up_list() && review.is_about(&of("0001-mini", Split::Valid)));
        assert!(!review.is_of_suspects());
        review.search(5, Subject::Suspects);
        assert!(
            review.is_of_suspects() && !review.is_about(&of("0001-mini", Split::Valid)) && review.split().is_none()
        );
        assert!(review.found(5, Ok(Box::default())) && review.is_of_suspects(), "the list, too");
        let changes = Subject::Changes(["0001-mini".into(), "0002-mini".into()], Split::Valid);
        review.search(6, changes.clone());
        assert!(review.is_about(&changes) && !review.is_about(&of("0002-mini", Split::Valid)));
        let found = ReviewList { run: "0002-mini".into(), against: Some("0001-mini".into()), ..ReviewList::default() };
        assert!(review.found(6, Ok(Box::new(ReviewList { split: Some(Split::Test), ..found }))));
        assert_eq!(review.subject(), Some(changes.on(Split::Test)));
    }

    #[test]
    fn what_is_kept_and_marked_is_known_by_its_place() {
        let mut review = Review::default();
        let [first, second] = [item("d0", None), item("d1", None)];
        review.keep(&first, true);
        assert!(review.is_kept(&first) && !review.is_kept(&second));
        review.keep(&first, false);
        assert!(!review.is_kept(&first));
        assert!(review.toggle_mark("d1") && review.toggle_mark("d0") && review.is_marked("d1"));
        assert_eq!(review.marked(), ["d1", "d0"]);
        assert!(!review.toggle_mark("d1") && !review.is_marked("d1"));
        assert!(
            !review.knows_owner("0001-mini") && review.knows_owner("0001-mini") && !review.knows_owner("0002-mini")
        );
    }
}
