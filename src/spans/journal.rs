//! Journal of an annotator.
//! Actions, and undo and redo lines that name an action, in order.
//!
//! The state of a document results from its actions that are not undone, in journal order. Entries may occur twice and in
//! a merged order: an id counts once, and an edit that no longer fits changes nothing.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt, iter,
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::{
    annotation::{Annotation, Edit, SpanId, SpanSource, Status},
    label::LabelSet,
    stack::Stack,
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

impl JournalOp {
    /// Ids of the documents that it edits; none for undo and redo.
    pub fn documents(&self) -> impl Iterator<Item = &str> {
        let actions = match self {
            Self::Do(action) => std::slice::from_ref(action),
            Self::DoAll(actions) => actions,
            Self::Undo(_) | Self::Redo(_) => &[],
        };
        actions.iter().map(|action| action.document.as_str())
    }
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
    /// Actions not seen yet that a line has already undone (`true`) or redone; a merged file may have any order.
    pending: HashMap<ActionId, bool>,
    /// Actions on each document, in order: index into `records`, and index into the record's actions.
    by_document: HashMap<String, Vec<(usize, usize)>>,
    states: HashMap<String, Annotation>,
    /// Indices into `records` of the actions that undo can revert; the next one is last.
    undo: Stack,
    /// Indices into `records` of the actions that redo can repeat; the next one is last.
    redo: Stack,
    /// Inverse edits of the latest small actions on one document.
    inverses: HashMap<ActionId, Vec<Edit>>,
    /// Actions whose inverse edits were kept, the oldest first.
    /// Some may be gone from `inverses`.
    with_inverse: VecDeque<ActionId>,
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
    /// Whether its line is a [`JournalOp::DoAll`].
    is_for_all: bool,
    undone: bool,
}

impl Record {
    /// Whether one of its actions is about such a document.
    fn is_about_any(&self, is_such: &impl Fn(&str) -> bool) -> bool {
        self.actions.iter().any(|action| is_such(&action.document))
    }
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
        journal.extend(entries);
        journal
    }

    /// Adds a line. Returns whether it was new.
    pub fn push(&mut self, entry: Entry) -> bool {
        let new = self.seen.insert(entry.id);
        if let Some(record) = new.then(|| self.enter(entry)).flatten() {
            self.follow(record);
        }
        new
    }

    /// Adds lines. The state of a document is computed once, however many of the lines change it.
    pub fn extend(&mut self, entries: impl IntoIterator<Item = Entry>) {
        let mut entries = entries.into_iter().peekable();
        let Some(first) = entries.next() else { return };
        if entries.peek().is_none() {
            self.push(first);
            return;
        }
        let mut changed = HashSet::new();
        for entry in iter::once(first).chain(entries) {
            if self.seen.insert(entry.id) {
                changed.extend(self.enter(entry));
            }
        }
        self.rebuild_documents_of(changed);
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
                Edit::Lose(_, label) => *label = label.map(|label| labels.resolve(label)),
                Edit::Remove(_) | Edit::Resize(..) | Edit::Status(_) | Edit::Doubt | Edit::Note(_) => {}
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
        let (last, _) = *self.by_document.get(document)?.last()?;
        self.records.get(last).map(|record| record.at)
    }

    /// Returns the action that undo would revert, with its document.
    pub fn undo_target(&self) -> Option<(ActionId, &str)> {
        self.target(&self.undo)
    }

    /// Iterates over the edits of the action that undo would revert.
    pub fn undo_edits(&self) -> impl Iterator<Item = &Edit> {
        let last = self.undo.last().and_then(|at| self.records.get(at));
        last.into_iter().flat_map(|record| &record.actions).flat_map(|action| &action.edits)
    }

    /// Whether there is an action with this id that is not undone.
    pub fn is_in_effect(&self, id: ActionId) -> bool {
        self.record(id).is_some_and(|record| !record.undone)
    }

    /// Iterates over the ids of all actions, undone or not, in their order.
    pub fn actions(&self) -> impl Iterator<Item = ActionId> {
        self.records.iter().map(|record| record.id)
    }

    /// Iterates over the actions on a document that are not undone, with their times in seconds since 1970, UTC.
    pub fn lines_in_effect(&self, document: &str) -> impl Iterator<Item = (ActionId, u64)> {
        let places = self.by_document.get(document).into_iter().flatten();
        let records = places.filter_map(|(record, _)| self.records.get(*record));
        records.filter(|record| !record.undone).map(|record| (record.id, record.at))
    }

    /// Returns the edits of an action, document by document; nothing for an unknown id.
    pub fn actions_of(&self, id: ActionId) -> &[Action] {
        self.record(id).map_or(&[], |record| &record.actions)
    }

    /// Whether an action was made over a list of documents, of which none had to be in front of the user.
    /// Its line is a [`JournalOp::DoAll`].
    pub fn is_for_all(&self, id: ActionId) -> bool {
        self.record(id).is_some_and(|record| record.is_for_all)
    }

    fn record(&self, id: ActionId) -> Option<&Record> {
        self.records.get(*self.index.get(&id)?)
    }

    /// Iterates over the actions that undo can revert, then over those for redo.
    /// The former are oldest first, the latter in redo order.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = HistoryItem<'_>> {
        let records = self.undo.iter().chain(self.redo.iter().rev()).filter_map(|at| self.records.get(at));
        records.map(|Record { id, at, actions, undone, .. }| HistoryItem { id: *id, at: *at, actions, undone: *undone })
    }

    /// Returns the undone actions that were last discarded by a new action.
    /// They are in their order, without those redone since.
    pub fn discarded(&self) -> Vec<ActionId> {
        for discarded in self.discarded.iter().rev() {
            let records = discarded.iter().filter_map(|id| self.index.get(id));
            let undone: Vec<usize> =
                records.copied().filter(|at| self.records.get(*at).is_some_and(|record| record.undone)).collect();
            if undone.iter().any(|at| !self.redo.contains(*at)) {
                return undone.into_iter().filter_map(|at| self.records.get(at)).map(|record| record.id).collect();
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
        let recent = self.records.iter().filter(|record| record.at >= time && !record.undone);
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

    /// Leaves undone actions out of redo, and out of what is restored, if none of their documents is there.
    ///
    /// An import that was undone has left them, with as many lines as it had documents. Changes the journal in memory only.
    pub fn forget_redo(&mut self, is_there: impl Fn(&str) -> bool) {
        let present: Vec<bool> = self.records.iter().map(|record| record.is_about_any(&is_there)).collect();
        let stale: Vec<usize> = self.redo.iter().filter(|at| present.get(*at) != Some(&true)).collect();
        stale.into_iter().for_each(|at| self.redo.remove(at));
        for discarded in &mut self.discarded {
            discarded.retain(|id| self.index.get(id).and_then(|at| present.get(*at)) == Some(&true));
        }
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    fn target(&self, stack: &Stack) -> Option<(ActionId, &str)> {
        let record = self.records.get(stack.last()?)?;
        Some((record.id, record.actions.first()?.document.as_str()))
    }

    /// Iterates over the actions on a document that are not undone.
    fn lasting(&self, document: &str) -> impl Iterator<Item = &Action> {
        let places = self.by_document.get(document).into_iter().flatten();
        places.filter_map(|(record, action)| {
            self.records.get(*record).filter(|record| !record.undone)?.actions.get(*action)
        })
    }

    /// Enters a line into the order of actions, without changing states.
    ///
    /// Returns the index of the record that came into effect by it, or that is no longer in effect.
    fn enter(&mut self, entry: Entry) -> Option<usize> {
        match entry.op {
            JournalOp::Do(action) => self.add(entry.id, entry.at, vec![action], false),
            JournalOp::DoAll(actions) => self.add(entry.id, entry.at, actions, true),
            JournalOp::Undo(id) => self.set_undone(id, true),
            JournalOp::Redo(id) => self.set_undone(id, false),
        }
    }

    /// Adds a new action, which an earlier line may have undone already.
    fn add(&mut self, id: ActionId, time: u64, actions: Vec<Action>, is_for_all: bool) -> Option<usize> {
        let at = self.records.len();
        self.index.insert(id, at);
        for (place, action) in actions.iter().enumerate() {
            self.by_document.entry(action.document.clone()).or_default().push((at, place));
        }
        let undone = self.pending.remove(&id) == Some(true);
        self.records.push(Record { id, at: time, actions, is_for_all, undone });
        if undone {
            return None;
        }
        self.undo.push(at);
        let redo = std::mem::take(&mut self.redo);
        if !redo.is_empty() {
            let records = redo.iter().rev().filter_map(|at| self.records.get(at));
            self.discarded.push(records.map(|record| record.id).collect());
        }
        Some(at)
    }

    /// Undoes (`true`) or redoes an action.
    fn set_undone(&mut self, id: ActionId, undo: bool) -> Option<usize> {
        let Some(&at) = self.index.get(&id) else {
            self.pending.insert(id, undo);
            return None;
        };
        let (from, to) = if undo { (&mut self.undo, &mut self.redo) } else { (&mut self.redo, &mut self.undo) };
        from.remove(at);
        to.push(at);
        let record = self.records.get_mut(at)?;
        let before = std::mem::replace(&mut record.undone, undo);
        (before != undo).then_some(at)
    }

    /// Changes the states after a record came into effect, or is no longer in effect.
    ///
    /// If no later action builds on it, its own edits are enough, and they or their inverse are applied.
    fn follow(&mut self, at: usize) {
        let Some(record) = self.records.get(at) else { return };
        let undone = record.undone;
        let inverse = self.inverses.remove(&record.id);
        match (self.is_last(record, at), undone, inverse) {
            (true, false, _) => self.apply(at),
            (true, true, Some(edits)) => self.revert(at, &edits),
            _ => self.rebuild_documents_of([at]),
        }
    }

    /// Whether no later action on the documents of a record is in effect.
    fn is_last(&self, record: &Record, at: usize) -> bool {
        record.actions.iter().all(|action| {
            let places = self.by_document.get(&action.document).into_iter().flatten();
            let mut later = places.rev().map(|(other, _)| *other).take_while(|other| *other > at);
            later.all(|other| self.records.get(other).is_none_or(|other| other.undone))
        })
    }

    /// Applies the actions of a record.
    fn apply(&mut self, at: usize) {
        let Self { records, states, inverses, with_inverse, .. } = self;
        let Some(record) = records.get(at) else { return };
        match record.actions.as_slice() {
            [action] if action.edits.len() <= MAX_INVERSE_EDITS => {
                while with_inverse.len() >= MAX_INVERSES
                    && let Some(oldest) = with_inverse.pop_front()
                {
                    inverses.remove(&oldest);
                }
                let state = states.entry(action.document.clone()).or_default();
                let mut inverse: Vec<Edit> = action.edits.iter().filter_map(|edit| state.apply(edit)).collect();
                inverse.reverse();
                inverses.insert(record.id, inverse);
                with_inverse.push_back(record.id);
            }
            actions => {
                for action in actions {
                    states.entry(action.document.clone()).or_default().apply_all(&action.edits);
                }
            }
        }
    }

    /// Applies the inverse edits of a record, whose only action is the last one on its document.
    fn revert(&mut self, at: usize, inverse: &[Edit]) {
        let Some([action]) = self.records.get(at).map(|record| record.actions.as_slice()) else { return };
        let state = self.states.entry(action.document.clone()).or_default();
        inverse.iter().for_each(|edit| _ = state.apply(edit));
    }

    /// Computes the states of all documents of these records again.
    fn rebuild_documents_of(&mut self, records: impl IntoIterator<Item = usize>) {
        let records = records.into_iter().filter_map(|at| self.records.get(at));
        let actions = records.flat_map(|record| &record.actions);
        let documents: HashSet<String> = actions.map(|action| action.document.clone()).collect();
        documents.into_iter().for_each(|document| self.rebuild(document));
    }

    /// Computes the state of a document again from its actions.
    fn rebuild(&mut self, document: String) {
        // Inverse edits of later actions on the document were made for another state.
        for (at, _) in self.by_document.get(&document).into_iter().flatten() {
            if let Some(record) = self.records.get(*at) {
                self.inverses.remove(&record.id);
            }
        }
        let mut state = Annotation::default();
        state.apply_all(self.lasting(&document).flat_map(|action| &action.edits));
        self.states.insert(document, state);
    }
}

#[cfg(test)]
mod tests;
