//! Journal of an annotator.
//! Actions, and undo and redo lines that name an action, in order.
//!
//! The state of a document results from its actions that are not undone, in journal order. Entries may occur twice and in
//! a merged order: an id counts once, and an edit that no longer fits changes nothing.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::{
    annotation::{Annotation, Edit, SpanId, SpanSource, Status},
    label::LabelSet,
};

/// Identity of a journal line, unique over all writers.
/// It has the form of a [`SpanId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(pub SpanId);

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ActionId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Edits of one document that are undone and redone together.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Id of the document.
    pub document: String,
    /// Edits, in order.
    pub edits: Vec<Edit>,
}

impl Action {
    fn is_import(&self) -> bool {
        self.edits.iter().any(|edit| matches!(edit, Edit::Add(span) if span.source == SpanSource::Import))
    }
}

/// Operation of a journal line.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalOp {
    /// Edits one document.
    Do(Action),
    /// Edits several documents, each named once; undone and redone as a whole.
    DoAll(Vec<Action>),
    /// Undoes the action with this id.
    Undo(ActionId),
    /// Redoes the undone action with this id.
    Redo(ActionId),
}

/// Action in the list of all actions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryItem<'a> {
    /// Id of its line.
    pub id: ActionId,
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// Its edits, document by document; never empty.
    pub actions: &'a [Action],
    /// Whether it is undone and can be redone.
    pub undone: bool,
}

/// Line of a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Id of the line.
    pub id: ActionId,
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// Its operation.
    pub op: JournalOp,
}

/// Journal of one annotator, with the resulting state of each document.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    records: Vec<Record>,
    /// Index of each action in `records`.
    index: HashMap<ActionId, usize>,
    /// Ids of all lines.
    seen: HashSet<ActionId>,
    undone: HashSet<ActionId>,
    /// Actions not seen yet that a line has already undone (`true`) or redone.
    /// A merged file may have any order.
    pending: HashMap<ActionId, bool>,
    /// Indices into `records` of each document.
    by_document: HashMap<String, Vec<usize>>,
    states: HashMap<String, Annotation>,
    /// Actions that undo reverts next; the next one is last.
    undo: Vec<ActionId>,
    /// Actions that redo repeats next; the next one is last.
    redo: Vec<ActionId>,
    /// Inverse edits of the latest small actions on one document.
    inverses: HashMap<ActionId, Vec<Edit>>,
    /// Undone actions that a new action discarded, in redo order.
    /// The newest discard is last.
    discarded: Vec<Vec<ActionId>>,
}

/// Action of a journal, on one or several documents.
#[derive(Clone, Debug)]
struct Record {
    id: ActionId,
    /// Seconds since 1970, UTC.
    at: u64,
    actions: Vec<Action>,
}

/// Maximum number of edits of an action that is undone by its inverse edits.
const MAX_INVERSE_EDITS: usize = 16;
/// Maximum number of actions whose inverse edits are kept.
/// Undoing an earlier action recomputes the document's state.
const MAX_INVERSES: usize = 1_000;

static UNTOUCHED: Annotation = Annotation::untouched();

impl Journal {
    /// Builds a journal from lines.
    pub fn replay(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut journal = Self::default();
        for entry in entries {
            journal.push(entry);
        }
        journal
    }

    /// Adds a line. Returns whether it was new.
    pub fn push(&mut self, entry: Entry) -> bool {
        if !self.seen.insert(entry.id) {
            return false;
        }
        match entry.op {
            JournalOp::Do(action) => self.add(Record { id: entry.id, at: entry.at, actions: vec![action] }),
            JournalOp::DoAll(actions) => self.add(Record { id: entry.id, at: entry.at, actions }),
            JournalOp::Undo(id) => self.set_undone(id, true),
            JournalOp::Redo(id) => self.set_undone(id, false),
        }
        true
    }

    /// Replaces merged labels by the labels into which they were merged.
    ///
    /// Changes the journal in memory only, not its file.
    pub fn resolve(&mut self, labels: &LabelSet) {
        if labels.retired().is_empty() {
            return;
        }
        for edit in self.records.iter_mut().flat_map(|record| &mut record.actions).flat_map(|action| &mut action.edits)
        {
            match edit {
                Edit::Add(span) => span.label = labels.resolve(span.label),
                Edit::Relabel(_, label) | Edit::Reject(_, label) | Edit::Readmit(_, label) => {
                    *label = labels.resolve(*label);
                }
                Edit::Remove(_) | Edit::Resize(..) | Edit::Status(_) | Edit::Note(_) => {}
            }
        }
        let documents: Vec<String> = self.states.keys().cloned().collect();
        documents.into_iter().for_each(|document| self.rebuild(document));
    }

    /// Returns the annotation of a document.
    /// An untouched one if the document was never edited.
    pub fn annotation(&self, document: &str) -> &Annotation {
        self.states.get(document).unwrap_or(&UNTOUCHED)
    }

    /// Returns the time of the last edit of a document, undone or not.
    /// In seconds since 1970, UTC.
    pub fn last_change(&self, document: &str) -> Option<u64> {
        let last = *self.by_document.get(document)?.last()?;
        self.records.get(last).map(|record| record.at)
    }

    /// Returns the action that undo would revert, with its document.
    pub fn undo_target(&self) -> Option<(ActionId, &str)> {
        self.target(&self.undo)
    }

    /// Iterates over the edits of the action that undo would revert.
    pub fn undo_edits(&self) -> impl Iterator<Item = &Edit> {
        self.undo.last().into_iter().flat_map(|id| self.actions_of(*id)).flat_map(|action| &action.edits)
    }

    /// Returns the edits of an action, document by document; nothing for an unknown id.
    pub fn actions_of(&self, id: ActionId) -> &[Action] {
        self.record(id).map_or(&[], |record| &record.actions)
    }

    fn record(&self, id: ActionId) -> Option<&Record> {
        self.records.get(*self.index.get(&id)?)
    }

    /// Iterates over the actions that undo can revert, then over those for redo.
    /// The former are oldest first, the latter in redo order.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = HistoryItem<'_>> {
        let done = self.undo.iter().map(|id| (id, false));
        let undone = self.redo.iter().rev().map(|id| (id, true));
        done.chain(undone).filter_map(|(id, undone)| {
            let Record { id, at, actions } = self.record(*id)?;
            Some(HistoryItem { id: *id, at: *at, actions, undone })
        })
    }

    /// Returns the undone actions that were last discarded by a new action.
    /// They are in their order, without those redone since.
    pub fn discarded(&self) -> Vec<ActionId> {
        for discarded in self.discarded.iter().rev() {
            let undone: Vec<ActionId> = discarded.iter().copied().filter(|id| self.undone.contains(id)).collect();
            if undone.iter().any(|id| !self.redo.contains(id)) {
                return undone;
            }
        }
        Vec::new()
    }

    /// Returns the status that a document had before its current one.
    pub fn status_before(&self, document: &str) -> Status {
        let (mut before, mut now) = (Status::Todo, Status::Todo);
        for edit in self.lasting(document).flat_map(|action| &action.edits) {
            if let Edit::Status(status) = edit
                && *status != now
            {
                before = now;
                now = *status;
            }
        }
        before
    }

    /// Returns the action that redo would repeat, with its document.
    pub fn redo_target(&self) -> Option<(ActionId, &str)> {
        self.target(&self.redo)
    }

    /// Returns the documents that got `status` at `time` or later and still have it.
    /// `time` is in seconds since 1970, UTC.
    ///
    /// A status that was imported together with spans does not count.
    pub fn with_status_since(&self, status: Status, time: u64) -> Vec<&str> {
        let recent = self.records.iter().filter(|record| record.at >= time && !self.undone.contains(&record.id));
        let mut found: Vec<&str> = recent
            .flat_map(|record| &record.actions)
            .filter(|action| action.edits.contains(&Edit::Status(status)) && !action.is_import())
            .map(|action| action.document.as_str())
            .filter(|document| self.annotation(document).status == status)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    fn target(&self, stack: &[ActionId]) -> Option<(ActionId, &str)> {
        let id = *stack.last()?;
        Some((id, self.actions_of(id).first()?.document.as_str()))
    }

    /// Iterates over the actions on a document that are not undone.
    fn lasting(&self, document: &str) -> impl Iterator<Item = &Action> {
        let records = self.by_document.get(document).into_iter().flatten().filter_map(|at| self.records.get(*at));
        let lasting = records.filter(|record| !self.undone.contains(&record.id));
        lasting.flat_map(|record| &record.actions).filter(move |action| action.document == document)
    }

    /// Adds a new action and applies it unless it is already undone.
    fn add(&mut self, record: Record) {
        let Record { id, ref actions, .. } = record;
        let at = self.records.len();
        self.index.insert(id, at);
        let undone = self.pending.remove(&id) == Some(true);
        for action in actions {
            let of_document = self.by_document.entry(action.document.clone()).or_default();
            if of_document.last() != Some(&at) {
                of_document.push(at);
            }
            if !undone && actions.len() > 1 {
                self.states.entry(action.document.clone()).or_default().apply_all(&action.edits);
            }
        }
        if let ([action], false) = (actions.as_slice(), undone) {
            self.apply(id, action);
        }
        if undone {
            self.undone.insert(id);
        } else {
            self.undo.push(id);
            if !self.redo.is_empty() {
                self.discarded.push(self.redo.drain(..).rev().collect());
            }
        }
        self.records.push(record);
    }

    /// Undoes (`true`) or redoes an action.
    fn set_undone(&mut self, id: ActionId, undo: bool) {
        let Some(&at) = self.index.get(&id) else {
            self.pending.insert(id, undo);
            return;
        };
        let (from, to) = if undo { (&mut self.undo, &mut self.redo) } else { (&mut self.redo, &mut self.undo) };
        let changed = if undo { self.undone.insert(id) } else { self.undone.remove(&id) };
        // Usually the action is the last one; this keeps a long series of undos fast.
        if from.pop_if(|last| *last == id).is_none() {
            from.retain(|other| *other != id);
        }
        if !changed {
            to.retain(|other| *other != id);
        }
        to.push(id);
        if changed && !self.set_last_undone(id, at, undo) {
            let mut documents: Vec<String> = self.actions_of(id).iter().map(|action| action.document.clone()).collect();
            documents.dedup();
            documents.into_iter().for_each(|document| self.rebuild(document));
        }
    }

    /// Applies an action on one document.
    fn apply(&mut self, id: ActionId, action: &Action) {
        let state = self.states.entry(action.document.clone()).or_default();
        if action.edits.len() > MAX_INVERSE_EDITS {
            return state.apply_all(&action.edits);
        }
        if self.inverses.len() >= MAX_INVERSES {
            self.inverses.clear();
        }
        let mut inverse: Vec<Edit> = action.edits.iter().filter_map(|edit| state.apply(edit)).collect();
        inverse.reverse();
        self.inverses.insert(id, inverse);
    }

    /// Undoes or redoes an action on one document. Returns whether it could.
    /// The document's state is not recomputed.
    ///
    /// It can if no later action on the document is in effect and, for undo, the inverse edits are known.
    fn set_last_undone(&mut self, id: ActionId, at: usize, undo: bool) -> bool {
        let Some([action]) = self.records.get(at).map(|record| record.actions.as_slice()) else { return false };
        let later = self.by_document.get(&action.document).into_iter().flatten().rev().take_while(|other| **other > at);
        let mut later = later.filter_map(|other| self.records.get(*other));
        if later.any(|record| !self.undone.contains(&record.id)) {
            return false;
        }
        match (undo, self.inverses.remove(&id)) {
            (true, Some(edits)) => {
                let state = self.states.entry(action.document.clone()).or_default();
                edits.iter().for_each(|edit| _ = state.apply(edit));
            }
            (true, None) => return false,
            (false, _) => {
                let action = action.clone();
                self.apply(id, &action);
            }
        }
        true
    }

    /// Computes the state of a document again from its actions.
    fn rebuild(&mut self, document: String) {
        // Inverse edits of later actions were made for another state.
        self.inverses.clear();
        let mut state = Annotation::default();
        state.apply_all(self.lasting(&document).flat_map(|action| &action.edits));
        self.states.insert(document, state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        spans::{LabelId, Span, SpanSource},
        text::TextRange,
    };

    fn id(sequence: u32) -> ActionId {
        ActionId(SpanId { writer: 1, sequence })
    }

    fn add(n: u32) -> Entry {
        let span = Span {
            id: id(n).0,
            range: TextRange::new(n as usize, n as usize + 1),
            label: LabelId(0),
            source: SpanSource::Human,
        };
        let action = Action { document: format!("d{}", n % 2), edits: vec![Edit::Add(span)] };
        Entry { id: id(n), at: 0, op: JournalOp::Do(action) }
    }

    #[test]
    fn undo_names_an_action_and_redo_brings_it_back() {
        let mut journal = Journal::replay([add(0), add(1), add(2)]);
        assert_eq!(journal.undo_target(), Some((id(2), "d0")));
        journal.push(Entry { id: id(3), at: 0, op: JournalOp::Undo(id(0)) });
        assert_eq!(journal.annotation("d0").spans().len(), 1);
        assert_eq!(journal.redo_target(), Some((id(0), "d0")));
        journal.push(Entry { id: id(4), at: 0, op: JournalOp::Redo(id(0)) });
        assert_eq!(journal.annotation("d0").spans().len(), 2);
        assert_eq!(journal.redo_target(), None);
    }

    #[test]
    fn what_was_done_since_is_counted_once_and_not_when_undone() {
        let done = |sequence, at, document: &str| {
            let action = Action { document: document.into(), edits: vec![Edit::Status(Status::Done)] };
            Entry { id: id(sequence), at, op: JournalOp::Do(action) }
        };
        let undo = Entry { id: id(9), at: 50, op: JournalOp::Undo(id(3)) };
        let journal =
            Journal::replay([done(0, 10, "old"), done(1, 30, "new"), done(2, 40, "new"), done(3, 40, "back"), undo]);
        assert_eq!(journal.with_status_since(Status::Done, 20), ["new"]);
        assert_eq!(journal.with_status_since(Status::Done, 0), ["new", "old"]);
    }

    #[test]
    fn what_is_done_to_several_documents_is_undone_as_a_whole() {
        let on = |document: &str, n: u32| {
            let JournalOp::Do(action) = add(n).op else { unreachable!() };
            Action { document: document.into(), ..action }
        };
        let all = Entry { id: id(5), at: 7, op: JournalOp::DoAll(vec![on("d0", 5), on("d1", 6), on("d2", 7)]) };
        let mut journal = Journal::replay([add(0), all]);
        let spans = |journal: &Journal| ["d0", "d1", "d2"].map(|document| journal.annotation(document).spans().len());
        assert_eq!((spans(&journal), journal.undo_target()), ([2, 1, 1], Some((id(5), "d0"))));
        assert_eq!(journal.undo_edits().count(), 3);
        journal.push(Entry { id: id(8), at: 0, op: JournalOp::Undo(id(5)) });
        assert_eq!((spans(&journal), journal.last_change("d2")), ([1, 0, 0], Some(7)));
        journal.push(Entry { id: id(9), at: 0, op: JournalOp::Redo(id(5)) });
        assert_eq!(spans(&journal), [2, 1, 1]);
    }

    #[test]
    fn the_history_is_in_order_with_what_was_taken_back_at_its_end() {
        let undo = |n, of| Entry { id: id(n), at: 0, op: JournalOp::Undo(id(of)) };
        let journal = Journal::replay([add(0), add(1), add(2), undo(8, 2), undo(9, 1)]);
        let history: Vec<(ActionId, bool)> = journal.history().map(|past| (past.id, past.undone)).collect();
        assert_eq!(history, [(id(0), false), (id(1), true), (id(2), true)]);
    }

    #[test]
    fn the_status_before_is_the_last_other_one_that_lasts() {
        let status = |n, status| {
            let action = Action { document: "d".into(), edits: vec![Edit::Status(status)] };
            Entry { id: id(n), at: 0, op: JournalOp::Do(action) }
        };
        let mut journal = Journal::replay([status(0, Status::Done), status(1, Status::Flagged)]);
        assert_eq!((journal.status_before("d"), journal.status_before("e")), (Status::Done, Status::Todo));
        journal.push(Entry { id: id(2), at: 0, op: JournalOp::Undo(id(0)) });
        assert_eq!(journal.status_before("d"), Status::Todo);
    }

    #[test]
    fn a_new_action_ends_redo() {
        let mut journal = Journal::replay([add(0), Entry { id: id(9), at: 0, op: JournalOp::Undo(id(0)) }]);
        assert!(journal.redo_target().is_some());
        assert!(journal.discarded().is_empty());
        journal.push(add(1));
        assert_eq!((journal.redo_target(), journal.discarded()), (None, vec![id(0)]));
        // It is not lost: it can be done again by its name.
        journal.push(Entry { id: id(10), at: 0, op: JournalOp::Redo(id(0)) });
        assert!(journal.discarded().is_empty() && journal.annotation("d0").spans().len() == 1);
    }

    proptest! {
        #[test]
        fn lines_that_arrive_twice_or_late_change_nothing(order in Just((0u32..12).collect::<Vec<_>>()).prop_shuffle()) {
            // Twelve lines: eight actions, two undone. Any order, with every line given twice, leads to the same spans.
            let line = |n: u32| if n < 8 { add(n) } else { Entry { id: id(n), at: 0, op: JournalOp::Undo(id(n - 8)) } };
            let straight = Journal::replay((0..10).map(line));
            let merged = Journal::replay(order.iter().chain(&order).filter(|n| **n < 10).map(|n| line(*n)));
            for document in ["d0", "d1"] {
                prop_assert_eq!(straight.annotation(document), merged.annotation(document));
            }
        }

        #[test]
        fn what_is_taken_back_step_by_step_is_what_is_left_when_all_is_done_anew(
            steps in prop::collection::vec((0u8..8, 0u8..4, 0u32..4, 0u32..3, 0usize..20), 0..40),
        ) {
            let mut journal = Journal::default();
            for (n, (kind, what, span, label, of)) in (100..).zip(steps) {
                let of = id(100 + u32::try_from(of).unwrap());
                let span = Span { id: id(span).0, range: TextRange::new(label as usize, 9 - span as usize), label: LabelId(label), source: SpanSource::Human };
                let edit = match what {
                    0 => Edit::Relabel(span.id, span.label),
                    1 => Edit::Remove(span.id),
                    _ => Edit::Add(span),
                };
                let action = Action { document: format!("d{}", label % 2), edits: vec![edit, Edit::Status(Status::Done)] };
                // One that changes much, and one on both documents.
                let edits = |n: usize| std::iter::repeat_n(action.edits.clone(), n).flatten().collect();
                let much = Action { document: action.document.clone(), edits: edits(MAX_INVERSE_EDITS) };
                let both = ["d0", "d1"].map(|document| Action { document: document.into(), edits: edits(1) });
                let op = match kind {
                    5 if of.0.sequence.is_multiple_of(2) => JournalOp::Do(much),
                    5 => JournalOp::DoAll(both.to_vec()),
                    3 => JournalOp::Undo(of),
                    2 => JournalOp::Redo(of),
                    1 => JournalOp::Undo(journal.undo_target().map_or(of, |(id, _)| id)),
                    0 => JournalOp::Redo(journal.redo_target().map_or(of, |(id, _)| id)),
                    _ => JournalOp::Do(action),
                };
                journal.push(Entry { id: id(n), at: 0, op });
                for document in ["d0", "d1"] {
                    let mut rebuilt = journal.clone();
                    rebuilt.rebuild(document.to_owned());
                    prop_assert_eq!(rebuilt.annotation(document), journal.annotation(document));
                }
            }
        }
    }
}
