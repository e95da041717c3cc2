//! The history.
//! All actions with their time and document, and the way back to any of them; between them the changes of the labels.

use std::collections::{HashMap, HashSet};

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
        Action, ActionId, Edit, LabelId, LabelRecord, SpanId,
        journal::{HistoryItem, JournalOp},
    },
    text::{TextRange, number::with_noun, width},
};

/// Most actions in the list.
/// An older one is hardly looked for here, and an import may be tens of thousands of actions.
const MOST: usize = 2_000;
/// Most cells of the description of an action.
const CELLS: usize = 200;
/// Most edits in the description of an action. With its comma, each takes at least four cells.
const EDITS: usize = CELLS / 4;

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryRow {
    /// An action of the annotator.
    Action(PastAction),
    /// A change of the labels, by whichever annotator.
    Labels(LabelRecord),
}

/// An action in the list. It is described only when it is shown: 2,000 descriptions would take longer than a key may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastAction {
    /// Id of its line.
    id: ActionId,
    /// Seconds since 1970, UTC.
    at: u64,
    /// Whether it is undone.
    undone: bool,
    /// The spans that its description names, as they were before it.
    spans: KnownSpans,
}

impl HistoryRow {
    /// Time, in seconds since 1970, UTC.
    pub fn at(&self) -> u64 {
        match self {
            Self::Action(action) => action.at,
            Self::Labels(record) => record.at,
        }
    }

    /// Whether it is an action that is undone.
    pub fn is_undone(&self) -> bool {
        matches!(self, Self::Action(action) if action.undone)
    }

    /// What was changed: the id of the document, of several the first one's, or the labels.
    pub fn place<'p>(&self, project: &'p Project) -> &'p str {
        match self {
            Self::Action(action) => project.journal.actions_of(action.id).first().map_or("", |action| &action.document),
            Self::Labels(_) => "labels",
        }
    }

    /// Describes it in a few words.
    pub fn description(&self, project: &Project) -> String {
        match self {
            Self::Action(action) => action.description(project),
            Self::Labels(record) => width::cut(&record.to_string(), CELLS),
        }
    }

    fn is_action(&self) -> bool {
        matches!(self, Self::Action(_))
    }
}

impl PastAction {
    /// Describes the edits of its document; of several documents, those of the first one.
    fn description(&self, project: &Project) -> String {
        let actions = project.journal.actions_of(self.id);
        let Some(first) = actions.first() else { return String::new() };
        let what = width::cut(&self.spans.clone().edits(project, first), CELLS);
        if actions.len() < 2 {
            return what;
        }
        let comma = if what.is_empty() { "" } else { ", " };
        width::cut(&format!("{what}{comma}in {}", with_noun(actions.len(), "document")), CELLS)
    }
}

/// The list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// All actions and changes of the labels, newest first.
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
        self.rows.iter().position(|row| row.is_action() && !row.is_undone()).unwrap_or(self.rows.len())
    }

    /// Number of actions in the list.
    pub fn actions(&self) -> usize {
        self.rows.iter().filter(|row| row.is_action()).count()
    }

    /// Actions between the present moment and the row of the cursor.
    /// `None` on a change of the labels, which is no moment of the annotator's work.
    pub fn steps(&self) -> Option<Steps> {
        let now = self.now();
        if !self.rows.get(self.row)?.is_action() {
            return None;
        }
        let between = self.rows.get(self.row.min(now)..self.row.max(now)).unwrap_or_default();
        let actions = between.iter().filter(|row| row.is_action()).count();
        Some(if self.row > now { Steps::Back(actions) } else { Steps::Forth(actions) })
    }

    /// The cursor is on another moment than the present one.
    fn is_elsewhere(&self, _: &Session) -> Check {
        match self.steps() {
            None => Err("Labels are changed back in their own list; here actions are taken back"),
            Some(steps) => {
                check(steps != Steps::Forth(0), "This is where you are: go to the action to which you want to go back")
            }
        }
    }

    fn apply(&mut self, session: &mut Session) -> Outcome {
        let Some(steps) = self.steps() else { return Outcome::none() };
        let effects = session.tag(|context| go_to_moment(context, steps));
        Outcome::close().then(effects)
    }
}

/// Way from the present moment to another one, with its number of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// They are taken back.
    Back(usize),
    /// They are done again.
    Forth(usize),
}

/// Goes to the moment that is this many actions away.
fn go_to_moment(context: &mut TagContext<'_>, steps: Steps) {
    if context.is_read_only() {
        return;
    }
    let history = context.project.journal.history();
    let ops: Vec<JournalOp> = match steps {
        Steps::Back(actions) => {
            history.rev().filter(|past| !past.undone).take(actions).map(|past| JournalOp::Undo(past.id)).collect()
        }
        Steps::Forth(actions) => {
            history.filter(|past| past.undone).take(actions).map(|past| JournalOp::Redo(past.id)).collect()
        }
    };
    let Some(JournalOp::Undo(last) | JournalOp::Redo(last)) = ops.last() else { return };
    let document = context.project.journal.actions_of(*last).first().map(|action| action.document.clone());
    let actions = with_noun(ops.len(), "action");
    context.record_all(ops);
    if let Some(at) = document.and_then(|document| context.project.position(&document)) {
        context.go_to_change(at);
    }
    let done = match steps {
        Steps::Back(_) => "taken back; redo or the history does them again",
        Steps::Forth(_) => "done again",
    };
    context.show(Level::Info, format!("{actions} {done}"));
}

/// The last actions of a project, newest first.
fn rows(project: &Project) -> Vec<HistoryRow> {
    let history = || project.journal.history();
    let mut listed: Vec<HistoryItem<'_>> = history().rev().take(MOST).collect();
    listed.reverse();
    let named: HashSet<SpanId> = listed.iter().flat_map(named_spans).collect();
    let mut spans = KnownSpans::default();
    let follow = |spans: &mut KnownSpans, past: HistoryItem<'_>| {
        let edits = past.actions.iter().flat_map(|action| &action.edits);
        edits.filter(|edit| edit.span().is_some_and(|id| named.contains(&id))).for_each(|edit| spans.learn(edit));
    };
    if !named.is_empty() {
        let older = history().count() - listed.len();
        history().take(older).for_each(|past| follow(&mut spans, past));
    }
    let rows = listed.into_iter().map(|past| {
        let before = named_spans(&past).filter_map(|id| Some((id, *spans.0.get(&id)?))).collect();
        follow(&mut spans, past);
        PastAction { id: past.id, at: past.at, undone: past.undone, spans: KnownSpans(before) }
    });
    with_labels(rows.collect(), &project.label_records)
}

/// Actions and changes of the labels, both from the oldest on, as one list from the newest on.
fn with_labels(actions: Vec<PastAction>, records: &[LabelRecord]) -> Vec<HistoryRow> {
    let mut records = records.iter().rev().cloned().peekable();
    let mut rows = Vec::with_capacity(actions.len() + records.len());
    for action in actions.into_iter().rev() {
        while let Some(newer) = records.next_if(|record| record.at > action.at) {
            rows.push(HistoryRow::Labels(newer));
        }
        rows.push(HistoryRow::Action(action));
    }
    rows.extend(records.map(HistoryRow::Labels));
    rows
}

/// The spans that the description of an action names by their ids.
fn named_spans(past: &HistoryItem<'_>) -> impl Iterator<Item = SpanId> {
    let described = past.actions.first().into_iter().flat_map(|action| action.edits.iter().take(EDITS));
    described.filter(|edit| !matches!(edit, Edit::Add(_))).filter_map(Edit::span)
}

/// Ranges and labels of spans at a moment of the history.
/// They are needed for edits that only name a span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct KnownSpans(HashMap<SpanId, (TextRange, LabelId)>);

impl KnownSpans {
    /// Follows an edit.
    fn learn(&mut self, edit: &Edit) {
        match edit {
            Edit::Add(span) => _ = self.0.insert(span.id, (span.range, span.label)),
            Edit::Relabel(id, label) => _ = self.0.entry(*id).and_modify(|known| known.1 = *label),
            Edit::Resize(id, range) => _ = self.0.entry(*id).and_modify(|known| known.0 = *range),
            _ => {}
        }
    }

    /// Describes the first edits of an action, as many as there is room for, and follows them.
    fn edits(&mut self, project: &Project, action: &Action) -> String {
        let document = project.position(&action.document).and_then(|at| project.documents.get(at));
        let text = document.map_or("", |document| &document.text);
        let mut described = String::new();
        for edit in action.edits.iter().take(EDITS) {
            let comma = if described.is_empty() { "" } else { ", " };
            described = format!("{described}{comma}{}", self.edit(project, text, edit));
            if width::width_up_to(&described, CELLS) == CELLS {
                break;
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
