//! What was done, when and to which document, and the way back to any moment of it.

use std::collections::HashMap;

use crate::{
    app::{command::Command, effect::Effect, event::Level, list, overlay::Overlay, project::Project, state::State},
    spans::{
        Action, Edit, LabelId, SpanId,
        journal::{HistoryItem, JournalOp},
    },
    text::{TextRange, number::with_noun, width},
};

use super::at_desk;

/// So many actions are shown: who imports tens of thousands of documents does not look for one of them here.
const MOST: usize = 2_000;
/// Cells of what an action did, at most.
const CELLS: usize = 200;

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// The document's id, of several the first one's.
    pub document: String,
    /// What was done.
    pub what: String,
    /// Whether it was taken back.
    pub undone: bool,
}

/// The list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// All that was done, newest first.
    pub rows: Vec<Row>,
    /// The row of the cursor.
    pub row: usize,
}

impl History {
    /// The row of the last thing that was not taken back.
    pub fn now(&self) -> usize {
        self.rows.iter().position(|row| !row.undone).unwrap_or(self.rows.len())
    }
}

/// Spans as they are at some moment of the history: what an edit that only names a span was about.
#[derive(Default)]
struct Known(HashMap<SpanId, (TextRange, LabelId)>);

impl Known {
    /// Learns what an action did; the row that tells of it, if it is to be shown.
    fn tell(&mut self, project: &Project, past: HistoryItem<'_>, shown: bool) -> Option<Row> {
        if !shown {
            for edit in past.actions.iter().flat_map(|action| &action.edits) {
                self.learn(edit);
            }
            return None;
        }
        let first = past.actions.first();
        let mut what: Vec<String> = Vec::new();
        for action in past.actions {
            let told = self.edits(project, action);
            if what.is_empty() {
                what = told;
            }
        }
        if past.actions.len() > 1 {
            what.push(format!("in {}", with_noun(past.actions.len(), "document")));
        }
        let document = first.map(|action| action.document.clone()).unwrap_or_default();
        let what = width::cut(&what.join(", "), CELLS);
        Some(Row { at: past.at, document, what, undone: past.undone })
    }

    fn learn(&mut self, edit: &Edit) {
        match edit {
            Edit::Add(span) => _ = self.0.insert(span.id, (span.range, span.label)),
            Edit::Relabel(id, label) => _ = self.0.entry(*id).and_modify(|known| known.1 = *label),
            Edit::Resize(id, range) => _ = self.0.entry(*id).and_modify(|known| known.0 = *range),
            _ => {}
        }
    }

    fn edits(&mut self, project: &Project, action: &Action) -> Vec<String> {
        let text = project.position(&action.document).and_then(|at| project.documents.get(at));
        let text = text.map_or("", |document| &document.text);
        action.edits.iter().map(|edit| self.edit(project, text, edit)).collect()
    }

    fn edit(&mut self, project: &Project, text: &str, edit: &Edit) -> String {
        let name = |label: LabelId| project.labels.name(label);
        let said = |known: Option<&(TextRange, LabelId)>| match known {
            Some((range, label)) => format!("{} \u{ab}{}\u{bb}", name(*label), range.of(text)),
            None => "a span".to_owned(),
        };
        match edit {
            Edit::Add(span) => {
                self.learn(edit);
                format!("+ {}", said(self.0.get(&span.id)))
            }
            Edit::Remove(id) => format!("- {}", said(self.0.get(id))),
            Edit::Relabel(id, label) => {
                let before = said(self.0.get(id));
                self.learn(edit);
                format!("{before} becomes {}", name(*label))
            }
            Edit::Resize(id, range) => {
                let before = said(self.0.get(id));
                self.learn(edit);
                format!("{before} becomes \u{ab}{}\u{bb}", range.of(text))
            }
            Edit::Status(status) => status.name().to_owned(),
            Edit::Reject(range, label) => format!("no {} \u{ab}{}\u{bb}", name(*label), range.of(text)),
            Edit::Readmit(range, label) => format!("perhaps {} \u{ab}{}\u{bb}", name(*label), range.of(text)),
            Edit::Note(note) if note.is_empty() => "no note".to_owned(),
            Edit::Note(note) => format!("note: {note}"),
        }
    }
}

/// Shows what was done.
pub(in super::super) fn ask(state: &mut State) {
    let Some(project) = &state.project else { return };
    let mut known = Known::default();
    let all = project.journal.history().count();
    let told = |(at, past): (usize, HistoryItem<'_>)| known.tell(project, past, at + MOST >= all);
    let mut rows: Vec<Row> = project.journal.history().enumerate().filter_map(told).collect();
    rows.reverse();
    let mut history = History { rows, row: 0 };
    if history.rows.is_empty() {
        return state.tell(Level::Info, "Nothing was done here yet");
    }
    history.row = history.now().min(history.rows.len() - 1);
    state.overlay = Some(Overlay::History(Box::new(history)));
}

/// Carries out a command of the list.
pub(in super::super) fn run(state: &mut State, command: Command, page: usize) -> Vec<Effect> {
    let Some(Overlay::History(history)) = &mut state.overlay else { return Vec::new() };
    if command == Command::Apply {
        let (to, now) = (history.row, history.now());
        state.overlay = None;
        return at_desk(state, |desk| desk.travel(to, now));
    }
    history.row = list::moved(command, history.row, history.rows.len(), page).unwrap_or(history.row);
    Vec::new()
}

impl super::Desk<'_> {
    /// Goes to the moment right after the action of row `to`; `now` is the row of the present one. Rows count from the newest.
    fn travel(&mut self, to: usize, now: usize) {
        if to == now {
            return self.tell(Level::Info, "This is where you are");
        }
        if self.is_read_only() {
            return;
        }
        let newest = |past: HistoryItem<'_>| past.id;
        let ops: Vec<JournalOp> = if to > now {
            let past = self.project.journal.history().rev().filter(|past| !past.undone);
            past.take(to - now).map(newest).map(JournalOp::Undo).collect()
        } else {
            let undone = self.project.journal.history().filter(|past| past.undone);
            undone.take(now - to).map(newest).map(JournalOp::Redo).collect()
        };
        let Some(JournalOp::Undo(last) | JournalOp::Redo(last)) = ops.last() else { return };
        let document = self.project.journal.actions_of(*last).first().map(|action| action.document.clone());
        let (steps, back) = (ops.len(), to > now);
        let effect = self.project.record_all(ops, self.now);
        self.effects.push(effect);
        let key = if back { "taken back; redo or the history does them again" } else { "done again" };
        let at = document.and_then(|document| self.project.position(&document));
        if let Some(at) = at {
            self.go(at);
        }
        self.tell(Level::Info, format!("{} {key}", with_noun(steps, "action")));
    }
}
