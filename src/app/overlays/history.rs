//! The history.
//! All actions with their time and document, and the way back to any of them.

use std::collections::HashMap;

use crate::{
    app::{
        command::{Command, Context},
        conditions::{self, check},
        event::Level,
        list::{ListCursor, PAGED},
        panel::{Check, Commands, Opener, Opens, Outcome, Panel, Row, own_rows},
        project::Project,
        session::Session,
        tagging::TagContext,
    },
    spans::{
        Action, Edit, LabelId, SpanId,
        journal::{HistoryItem, JournalOp},
    },
    text::{TextRange, number::with_noun, width},
};

/// Most actions in the list.
/// An older one is hardly looked for here, and an import may be tens of thousands of actions.
const MOST: usize = 2_000;
/// Most cells of the description of an action.
const CELLS: usize = 200;

/// An action in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Seconds since 1970, UTC.
    pub at: u64,
    /// Id of the document; of several, the first one's.
    pub document: String,
    /// Description of the action.
    pub what: String,
    /// Whether it is undone.
    pub undone: bool,
}

/// The list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// All actions, newest first.
    pub rows: Vec<HistoryRow>,
    /// Row of the cursor.
    pub row: usize,
}

impl Opens for History {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::History,
        name: "history",
        hint: "history",
        doc: "Show all that was done, and go back to any moment",
        keys: &[(Context::Tag, "H")],
        when: conditions::documents,
        open: |session| Self::open(session).into(),
    }];
}

impl Commands for History {
    const ROWS: &'static [Row<Self>] = &[Row {
        command: Command::Apply,
        name: "apply",
        hint: "take back",
        doc: "Go to the moment right after this action",
        keys: &[(Context::History, "enter")],
        when: Self::is_elsewhere,
        run: Self::apply,
    }];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(Context::History, PAGED)];
}

impl Panel for History {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::History
    }

    fn hint(&self, command: Command, _: &Session) -> Option<&'static str> {
        (command == Command::Apply && self.row < self.now()).then_some("do again")
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        Some(ListCursor { row: &mut self.row, rows: self.rows.len(), page: session.page() })
    }

    /// Only a key goes back in time.
    fn click(&self) -> Option<Command> {
        None
    }
}

impl History {
    fn open(session: &mut Session) -> Option<Self> {
        let rows = rows(session.project.as_ref()?);
        let Some(last) = rows.len().checked_sub(1) else {
            session.inform("Nothing was done here yet");
            return None;
        };
        let mut history = Self { rows, row: 0 };
        history.row = history.now().min(last);
        Some(history)
    }

    /// Row of the last action that is not undone.
    pub fn now(&self) -> usize {
        self.rows.iter().position(|row| !row.undone).unwrap_or(self.rows.len())
    }

    /// The cursor is on another moment than the present one.
    fn is_elsewhere(&self, _: &Session) -> Check {
        check(self.row != self.now(), "This is where you are: go to the action to which you want to go back")
    }

    fn apply(&mut self, session: &mut Session) -> Outcome {
        let effects = session.tag(|context| go_to_moment(context, self.row, self.now()));
        Outcome::close().then(effects)
    }
}

/// Goes to the moment right after the action of row `to`.
/// `now` is the row of the present moment. Rows count from the newest.
fn go_to_moment(context: &mut TagContext<'_>, to: usize, now: usize) {
    if context.is_read_only() {
        return;
    }
    let history = context.project.journal.history();
    let ops: Vec<JournalOp> = if to > now {
        history.rev().filter(|past| !past.undone).take(to - now).map(|past| JournalOp::Undo(past.id)).collect()
    } else {
        history.filter(|past| past.undone).take(now - to).map(|past| JournalOp::Redo(past.id)).collect()
    };
    let Some(JournalOp::Undo(last) | JournalOp::Redo(last)) = ops.last() else { return };
    let document = context.project.journal.actions_of(*last).first().map(|action| action.document.clone());
    let actions = with_noun(ops.len(), "action");
    context.record_all(ops);
    if let Some(at) = document.and_then(|document| context.project.position(&document)) {
        context.go(at);
    }
    let done = if to > now { "taken back; redo or the history does them again" } else { "done again" };
    context.show(Level::Info, format!("{actions} {done}"));
}

/// The last actions of a project, newest first.
fn rows(project: &Project) -> Vec<HistoryRow> {
    let mut spans = KnownSpans::default();
    let all = project.journal.history().count();
    let mut rows = Vec::new();
    for (at, past) in project.journal.history().enumerate() {
        if at + MOST >= all {
            rows.push(spans.row(project, past));
        } else {
            past.actions.iter().flat_map(|action| &action.edits).for_each(|edit| spans.learn(edit));
        }
    }
    rows.reverse();
    rows
}

/// Ranges and labels of spans at a moment of the history.
/// They are needed for edits that only name a span.
#[derive(Default)]
struct KnownSpans(HashMap<SpanId, (TextRange, LabelId)>);

impl KnownSpans {
    /// Describes an action, and follows it.
    /// Of several documents, the edits of the first one are described.
    fn row(&mut self, project: &Project, past: HistoryItem<'_>) -> HistoryRow {
        let mut what = String::new();
        for action in past.actions {
            match what.is_empty() {
                true => what = self.edits(project, action),
                false => action.edits.iter().for_each(|edit| self.learn(edit)),
            }
        }
        let mut what = width::cut(&what, CELLS);
        if past.actions.len() > 1 {
            let comma = if what.is_empty() { "" } else { ", " };
            what = width::cut(&format!("{what}{comma}in {}", with_noun(past.actions.len(), "document")), CELLS);
        }
        let document = past.actions.first().map(|action| action.document.clone()).unwrap_or_default();
        HistoryRow { at: past.at, document, what, undone: past.undone }
    }

    /// Follows an edit.
    fn learn(&mut self, edit: &Edit) {
        match edit {
            Edit::Add(span) => _ = self.0.insert(span.id, (span.range, span.label)),
            Edit::Relabel(id, label) => _ = self.0.entry(*id).and_modify(|known| known.1 = *label),
            Edit::Resize(id, range) => _ = self.0.entry(*id).and_modify(|known| known.0 = *range),
            _ => {}
        }
    }

    /// Describes the first edits of an action, as many as there is room for, and follows all of them.
    fn edits(&mut self, project: &Project, action: &Action) -> String {
        let document = project.position(&action.document).and_then(|at| project.documents.get(at));
        let text = document.map_or("", |document| &document.text);
        let mut described = String::new();
        for edit in &action.edits {
            if width::width_up_to(&described, CELLS) < CELLS {
                let comma = if described.is_empty() { "" } else { ", " };
                described = format!("{described}{comma}{}", self.edit(project, text, edit));
            }
            self.learn(edit);
        }
        described
    }

    /// Describes an edit of spans as they are before it.
    fn edit(&self, project: &Project, text: &str, edit: &Edit) -> String {
        match edit {
            Edit::Add(span) => format!("+ {}", phrase(project, text, span.label, span.range)),
            Edit::Remove(id) => format!("- {}", self.span(project, text, *id)),
            Edit::Relabel(id, label) => {
                format!("{} becomes {}", self.span(project, text, *id), project.labels.name(*label))
            }
            Edit::Resize(id, range) => {
                format!("{} becomes \u{ab}{}\u{bb}", self.span(project, text, *id), width::cut(range.of(text), CELLS))
            }
            Edit::Status(status) => status.name().to_owned(),
            Edit::Doubt => "done, before the text was replaced".to_owned(),
            Edit::Reject(range, label) => format!("no {}", phrase(project, text, *label, *range)),
            Edit::Readmit(range, label) => format!("perhaps {}", phrase(project, text, *label, *range)),
            Edit::Note(note) if note.is_empty() => "no note".to_owned(),
            Edit::Note(note) => format!("note: {}", width::cut(note, CELLS)),
            Edit::Lose(_, Some(label)) => format!("+ {} (its place is unknown)", project.labels.name(*label)),
            Edit::Lose(id, None) => format!("{}: its place is unknown", self.span(project, text, *id)),
        }
    }

    fn span(&self, project: &Project, text: &str, id: SpanId) -> String {
        match self.0.get(&id) {
            Some((range, label)) => phrase(project, text, *label, *range),
            None => "a span".to_owned(),
        }
    }
}

/// Label and words of a span.
fn phrase(project: &Project, text: &str, label: LabelId, range: TextRange) -> String {
    let words = width::cut(range.of(text), CELLS);
    format!("{} \u{ab}{words}\u{bb}", project.labels.name(label))
}
