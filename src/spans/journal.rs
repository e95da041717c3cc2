//! What an annotator did, in order: actions, and undo and redo lines that name an action.
//!
//! The state of a document is the fold of its actions that are not undone, in journal order. Entries may arrive twice
//! and in a merged order: an id counts once, and an edit that no longer fits changes nothing.

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

/// Identity of a journal line, unique over all writers; the same form as a [`SpanId`].
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

/// One thing that a person did to one document; undone and redone as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// The document's id.
    pub document: String,
    /// The changes, in order.
    pub edits: Vec<Edit>,
}

impl Action {
    fn is_import(&self) -> bool {
        self.edits.iter().any(|edit| matches!(edit, Edit::Add(span) if span.source == SpanSource::Import))
    }
}

/// What a journal line says.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalOp {
    /// Something was done.
    Do(Action),
    /// Something was done to several documents, each named once; undone and redone as a whole.
    DoAll(Vec<Action>),
    /// The action with this id was taken back.
    Undo(ActionId),
    /// The undone action with this id was done again.
    Redo(ActionId),
}

/// Something that was done, for a list of all that was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryItem<'a> {
    /// Identity of its line.
    pub id: ActionId,
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// What was done, document by document; never empty.
    pub actions: &'a [Action],
    /// Whether it was taken back, and may be done again.
    pub undone: bool,
}

/// One line of a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Identity of the line.
    pub id: ActionId,
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// What it says.
    pub op: JournalOp,
}

/// All that one annotator did, with the state that follows from it.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    actions: Vec<(ActionId, u64, Vec<Action>)>,
    /// Where an action stands in `actions`.
    index: HashMap<ActionId, usize>,
    seen: HashSet<ActionId>,
    undone: HashSet<ActionId>,
    /// Undo or redo lines whose action has not been seen (a merged file may hold them in another order).
    waiting: HashMap<ActionId, bool>,
    by_document: HashMap<String, Vec<usize>>,
    states: HashMap<String, Annotation>,
    /// What undo takes back next, last first; what redo brings back next, last first.
    undo: Vec<ActionId>,
    redo: Vec<ActionId>,
    /// What takes back an action on one document, of the latest ones that changed little.
    backs: HashMap<ActionId, Vec<Edit>>,
    /// What redo could have brought back when something else was done, in the order in which it would; newest last.
    given_up: Vec<Vec<ActionId>>,
}

/// An action of so many edits at most is taken back edit by edit.
const FEW: usize = 16;
/// So many actions can be taken back so; a state is made anew for earlier ones.
const LATEST: usize = 1_000;

static UNTOUCHED: Annotation = Annotation::untouched();

impl Journal {
    /// The journal that these lines make.
    pub fn replay(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut journal = Self::default();
        for entry in entries {
            journal.push(entry);
        }
        journal
    }

    /// Takes one more line; whether it was new.
    pub fn push(&mut self, entry: Entry) -> bool {
        if !self.seen.insert(entry.id) {
            return false;
        }
        match entry.op {
            JournalOp::Do(action) => self.act(entry.id, entry.at, vec![action]),
            JournalOp::DoAll(actions) => self.act(entry.id, entry.at, actions),
            JournalOp::Undo(id) => self.turn(id, true),
            JournalOp::Redo(id) => self.turn(id, false),
        }
        true
    }

    /// Gives every span the label that its own one is now: of a merged label, the one that it went into. In memory alone; the
    /// lines on disk stay as they are.
    pub fn resolve(&mut self, labels: &LabelSet) {
        if labels.retired().is_empty() {
            return;
        }
        for edit in self.actions.iter_mut().flat_map(|(_, _, actions)| actions).flat_map(|action| &mut action.edits) {
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

    /// What this annotator says about a document; an untouched annotation if nothing.
    pub fn annotation(&self, document: &str) -> &Annotation {
        self.states.get(document).unwrap_or(&UNTOUCHED)
    }

    /// The documents that this annotator ever touched, in no order.
    pub fn documents(&self) -> impl Iterator<Item = &str> {
        self.by_document.keys().map(String::as_str)
    }

    /// When something was last done to a document, in seconds since 1970, UTC; what was undone since counts too.
    pub fn last_change(&self, document: &str) -> Option<u64> {
        let last = *self.by_document.get(document)?.last()?;
        self.actions.get(last).map(|(_, at, _)| *at)
    }

    /// The action that undo would take back, with its document.
    pub fn undo_target(&self) -> Option<(ActionId, &str)> {
        self.target(&self.undo)
    }

    /// The edits of the action that undo would take back.
    pub fn undo_edits(&self) -> impl Iterator<Item = &Edit> {
        self.undo.last().into_iter().flat_map(|id| self.actions_of(*id)).flat_map(|action| &action.edits)
    }

    /// What the action with this id did, document by document; nothing for an id that is not known.
    pub fn actions_of(&self, id: ActionId) -> &[Action] {
        self.index.get(&id).and_then(|at| self.actions.get(*at)).map_or(&[], |(_, _, actions)| actions)
    }

    /// All that undo can take back, first thing first, and after that all that redo can bring back, in the order in which
    /// it would.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = HistoryItem<'_>> {
        let past = |undone| {
            move |id: &ActionId| {
                let (id, at, actions) = self.actions.get(*self.index.get(id)?)?;
                Some(HistoryItem { id: *id, at: *at, actions, undone })
            }
        };
        self.undo.iter().filter_map(past(false)).chain(self.redo.iter().rev().filter_map(past(true)))
    }

    /// The actions that were taken back last and then given up because something else was done, in their order; those that were
    /// done again since are not among them.
    pub fn discarded(&self) -> Vec<ActionId> {
        let undone =
            |ids: &Vec<ActionId>| ids.iter().copied().filter(|id| self.undone.contains(id)).collect::<Vec<_>>();
        let waiting = |ids: &Vec<ActionId>| ids.iter().any(|id| !self.redo.contains(id));
        self.given_up.iter().rev().map(undone).find(|ids| !ids.is_empty() && waiting(ids)).unwrap_or_default()
    }

    /// The status that a document had before it got the one that it has now.
    pub fn status_before(&self, document: &str) -> Status {
        let (mut before, mut now) = (Status::Todo, Status::Todo);
        for edit in self.lasting(document).flat_map(|action| &action.edits) {
            if let Edit::Status(status) = edit {
                (before, now) = if *status == now { (before, now) } else { (now, *status) };
            }
        }
        before
    }

    /// The action that redo would bring back, with its document.
    pub fn redo_target(&self) -> Option<(ActionId, &str)> {
        self.target(&self.redo)
    }

    /// The documents that have `status` now and were given it at `time` (seconds since 1970, UTC) or later, by a person:
    /// what was imported together with its spans does not count.
    pub fn with_status_since(&self, status: Status, time: u64) -> Vec<&str> {
        let recent = self.actions.iter().filter(|(id, at, _)| *at >= time && !self.undone.contains(id));
        let mut found: Vec<&str> = recent
            .flat_map(|(_, _, actions)| actions)
            .filter(|action| action.edits.contains(&Edit::Status(status)) && !action.is_import())
            .map(|action| action.document.as_str())
            .filter(|document| self.annotation(document).status == status)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// How many lines were taken.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing was ever done.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    fn target(&self, stack: &[ActionId]) -> Option<(ActionId, &str)> {
        let id = *stack.last()?;
        Some((id, self.actions_of(id).first()?.document.as_str()))
    }

    /// What was done to a document and was not taken back.
    fn lasting(&self, document: &str) -> impl Iterator<Item = &Action> {
        let places = self.by_document.get(document).into_iter().flatten();
        let lasting = places.filter_map(|at| self.actions.get(*at)).filter(|(id, _, _)| !self.undone.contains(id));
        lasting.flat_map(|(_, _, actions)| actions).filter(move |action| action.document == document)
    }

    fn act(&mut self, id: ActionId, when: u64, actions: Vec<Action>) {
        let at = self.actions.len();
        self.index.insert(id, at);
        let undone = self.waiting.remove(&id) == Some(true);
        for action in &actions {
            let places = self.by_document.entry(action.document.clone()).or_default();
            if places.last() != Some(&at) {
                places.push(at);
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
                self.given_up.push(self.redo.drain(..).rev().collect());
            }
        }
        self.actions.push((id, when, actions));
    }

    fn turn(&mut self, id: ActionId, back: bool) {
        let Some(&at) = self.index.get(&id) else {
            self.waiting.insert(id, back);
            return;
        };
        let (from, to) = if back { (&mut self.undo, &mut self.redo) } else { (&mut self.redo, &mut self.undo) };
        let changed = if back { self.undone.insert(id) } else { self.undone.remove(&id) };
        // The usual case is the last one, many times over when somebody goes far back.
        if from.pop_if(|last| *last == id).is_none() {
            from.retain(|other| *other != id);
        }
        if !changed {
            to.retain(|other| *other != id);
        }
        to.push(id);
        if changed && !self.turn_last(id, at, back) {
            let actions = self.actions.get(at).map(|(_, _, actions)| actions);
            let mut documents: Vec<String> = actions.into_iter().flatten().map(|a| a.document.clone()).collect();
            documents.dedup();
            documents.into_iter().for_each(|document| self.rebuild(document));
        }
    }

    /// Applies an action on one document.
    fn apply(&mut self, id: ActionId, action: &Action) {
        let state = self.states.entry(action.document.clone()).or_default();
        if action.edits.len() > FEW {
            return state.apply_all(&action.edits);
        }
        if self.backs.len() >= LATEST {
            self.backs.clear();
        }
        let mut back: Vec<Edit> = action.edits.iter().filter_map(|edit| state.apply(edit)).collect();
        back.reverse();
        self.backs.insert(id, back);
    }

    /// Takes back the last thing done to a document, or does again what comes after everything that lasts there: the state is
    /// not made anew for that. Whether it could.
    fn turn_last(&mut self, id: ActionId, at: usize, back: bool) -> bool {
        let Some((_, _, actions)) = self.actions.get(at) else { return false };
        let [action] = actions.as_slice() else { return false };
        let places = self.by_document.get(&action.document).into_iter().flatten().rev();
        let lasts = |other: &usize| self.actions.get(*other).is_some_and(|(id, _, _)| !self.undone.contains(id));
        if places.take_while(|other| **other > at).any(lasts) {
            return false;
        }
        match (back, self.backs.remove(&id)) {
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

    fn rebuild(&mut self, document: String) {
        // What takes back a later action there was made for another state.
        self.backs.clear();
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
        let told: Vec<(ActionId, bool)> = journal.history().map(|past| (past.id, past.undone)).collect();
        assert_eq!(told, [(id(0), false), (id(1), true), (id(2), true)]);
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
                let much = Action { document: action.document.clone(), edits: edits(FEW) };
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
                    let mut anew = journal.clone();
                    anew.rebuild(document.to_owned());
                    prop_assert_eq!(anew.annotation(document), journal.annotation(document));
                }
            }
        }
    }
}
