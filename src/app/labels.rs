//! The editor of the label set: a list over the screen, on which labels are added, renamed, moved, merged and removed.

use crate::spans::{Action, Document, Edit, LabelChange, LabelId, LabelSet, journal::JournalOp};

use super::{
    command::Command, effect::Effect, event::Level, field::Field, key::Key, list, overlay::Overlay, project::Project,
    state::State,
};

/// Rows that a key for a page goes over: there are seldom more labels than that in sight.
const PAGE: usize = 9;

/// The list, and what is being asked of its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelEditor {
    /// The label under the cursor. By its identity: it may move while a change is on its way to the disk.
    pub at: Option<LabelId>,
    /// How many spans of the annotator have each label, in the order of the list.
    pub spans: Vec<usize>,
    /// What is being asked.
    pub asking: Asking,
    /// What was not done, and why.
    pub problem: Option<String>,
}

/// A question of the editor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Asking {
    /// None: keys are commands.
    #[default]
    Nothing,
    /// The name of a new label.
    New(Field),
    /// Another name for this label.
    Name(LabelId, Field),
    /// What the annotator should know about it.
    Guide(LabelId, Field),
    /// The next key is its key.
    Key(LabelId),
    /// With which other label this one is merged: moves choose that, enter does it.
    Into(LabelId),
    /// Whether it is removed with its spans.
    Removal(LabelId),
}

impl LabelEditor {
    /// The row of the cursor.
    pub fn row(&self, project: &Project) -> usize {
        project.labels.iter().position(|label| Some(label.id) == self.at).unwrap_or(0)
    }

    /// What is being typed.
    pub fn field(&self) -> Option<&Field> {
        match &self.asking {
            Asking::New(field) | Asking::Name(_, field) | Asking::Guide(_, field) => Some(field),
            _ => None,
        }
    }

    pub(super) fn field_mut(&mut self) -> Option<&mut Field> {
        match &mut self.asking {
            Asking::New(field) | Asking::Name(_, field) | Asking::Guide(_, field) => Some(field),
            _ => None,
        }
    }
}

fn count(project: &Project) -> Vec<usize> {
    let mut spans = vec![0; project.labels.len()];
    let place = |id: LabelId| {
        let id = project.labels.get(id)?.id;
        project.labels.iter().position(|label| label.id == id)
    };
    for span in (0..project.documents.len()).flat_map(|at| project.annotation(at).spans()) {
        if let Some(n) = place(span.label).and_then(|at| spans.get_mut(at)) {
            *n += 1;
        }
    }
    spans
}

/// Opens the editor.
pub(super) fn ask(state: &mut State) {
    let Some(project) = &state.project else { return };
    if let Some(why) = &project.read_only {
        let why = format!("Nothing can be changed here: {why}");
        return state.tell(Level::Error, why);
    }
    let spans = count(project);
    let at = project.labels.iter().next().map(|label| label.id);
    state.overlay =
        Some(Overlay::LabelEditor(Box::new(LabelEditor { at, spans, asking: Asking::default(), problem: None })));
}

fn editor(state: &mut State) -> Option<&mut LabelEditor> {
    match &mut state.overlay {
        Some(Overlay::LabelEditor(editor)) => Some(editor),
        _ => None,
    }
}

/// The label under the cursor, if it is there still.
fn chosen(state: &mut State) -> Option<LabelId> {
    let at = editor(state)?.at?;
    let project = state.project.as_ref()?;
    project.labels.iter().any(|label| label.id == at).then_some(at)
}

/// Carries out a command of the list.
pub(super) fn run(state: &mut State, command: Command) -> Vec<Effect> {
    let id = chosen(state);
    let Some(project) = &state.project else { return Vec::new() };
    let label = id.and_then(|id| project.labels.get(id)).cloned();
    let ids: Vec<LabelId> = project.labels.iter().map(|label| label.id).collect();
    let row = ids.iter().position(|known| Some(*known) == id).unwrap_or(0);
    let Some(editor) = editor(state) else { return Vec::new() };
    editor.problem = None;
    match (&editor.asking, command) {
        // `y` is yes here, as in every question.
        (Asking::Into(_) | Asking::Removal(_), Command::Apply | Command::KeyLabel) => return answer(state),
        (Asking::Nothing, _) | (Asking::Into(_), Command::Up | Command::Down | Command::First | Command::Last) => {}
        // What is asked is answered or left first.
        _ => return Vec::new(),
    }
    if let Some(to) = list::moved(command, row, ids.len(), PAGE) {
        editor.at = ids.get(to).copied();
        return Vec::new();
    }
    match (command, label) {
        (Command::AddLabel, _) => editor.asking = Asking::New(Field::default()),
        (Command::Apply, _) => return answer(state),
        (Command::RenameLabel, Some(label)) => editor.asking = Asking::Name(label.id, Field::new(label.name)),
        (Command::GuideLabel, Some(label)) => {
            editor.asking = Asking::Guide(label.id, Field::new(label.guide.unwrap_or_default()));
        }
        (Command::KeyLabel, Some(label)) => editor.asking = Asking::Key(label.id),
        (Command::MergeLabel, Some(label)) => editor.asking = Asking::Into(label.id),
        (Command::RemoveLabel, Some(label)) => editor.asking = Asking::Removal(label.id),
        (Command::RecolorLabel, Some(label)) => return change(state, LabelChange::Recolor(label.id)),
        (Command::LabelLeft, Some(label)) => return change(state, LabelChange::Move(label.id, true)),
        (Command::LabelRight, Some(label)) => return change(state, LabelChange::Move(label.id, false)),
        _ => {}
    }
    Vec::new()
}

/// Takes the answer to what is asked.
pub(super) fn answer(state: &mut State) -> Vec<Effect> {
    let chosen = chosen(state);
    let Some(editor) = editor(state) else { return Vec::new() };
    let asked = std::mem::take(&mut editor.asking);
    let wanted = match (asked.clone(), chosen) {
        (Asking::New(field), _) => LabelChange::Add(field.text().trim().to_owned()),
        (Asking::Name(id, field), _) => LabelChange::Rename(id, field.text().trim().to_owned()),
        (Asking::Guide(id, field), _) => LabelChange::Guide(id, field.text().to_owned()),
        (Asking::Into(from), Some(into)) => LabelChange::Merge(from, into),
        (Asking::Removal(id), _) => LabelChange::Remove(id),
        (Asking::Nothing, Some(_)) => return run(state, Command::RenameLabel),
        _ => return Vec::new(),
    };
    let effects = change(state, wanted);
    // What was typed can be put right.
    if let Some(editor) = self::editor(state).filter(|_| effects.is_empty()) {
        editor.asking = asked;
    }
    effects
}

/// Whether the next key is the key of a label: takes it.
pub(super) fn press(state: &mut State, key: Key) -> Option<Vec<Effect>> {
    let editor = editor(state)?;
    let Asking::Key(id) = editor.asking else { return None };
    let typed = key.typed()?;
    editor.asking = Asking::Nothing;
    Some(change(state, LabelChange::Key(id, typed)))
}

/// Leaves what is asked; whether something was.
pub(super) fn back(state: &mut State) -> bool {
    editor(state).is_some_and(|editor| std::mem::take(&mut editor.asking) != Asking::Nothing)
}

/// Asks for a change on disk, if the set can be changed so.
fn change(state: &mut State, change: LabelChange) -> Vec<Effect> {
    let tried = state.project.as_ref().map(|project| project.labels.clone().change(&change));
    match tried {
        Some(Ok(())) => vec![Effect::ChangeLabels(change)],
        Some(Err(error)) => {
            if let Some(editor) = editor(state) {
                editor.problem = Some(error.to_string());
            }
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// The label set on disk has changed, or could not be.
pub(super) fn changed(state: &mut State, outcome: Result<LabelSet, String>) -> Vec<Effect> {
    let now = state.now;
    let Some(project) = &mut state.project else { return Vec::new() };
    let (mut told, mut effects) = (None, Vec::new());
    match outcome {
        Ok(labels) => {
            let known = |labels: &LabelSet, id: LabelId| labels.get(id).is_some();
            let removed = |id: LabelId| known(&project.labels, id) && !known(&labels, id);
            let actions = spans_of(project, removed);
            project.set_labels(labels);
            // Only now: had the label stayed, its spans would have, too.
            if !actions.is_empty() {
                effects.push(project.record(JournalOp::DoAll(actions), now));
            }
            let labels = &project.labels;
            state.tag.armed = state.tag.armed.and_then(|id| labels.get(id)).map(|label| label.id);
        }
        Err(message) => told = Some(message),
    }
    let spans = count(project);
    match (editor(state), told) {
        (Some(editor), told) => (editor.spans, editor.problem) = (spans, told),
        (None, Some(told)) => state.tell(Level::Error, told),
        (None, None) => {}
    }
    effects
}

/// The edits that remove all spans of some labels, document by document.
fn spans_of(project: &Project, gone: impl Fn(LabelId) -> bool) -> Vec<Action> {
    let of = |document: &Document| {
        let spans = project.journal.annotation(&document.id).spans().iter();
        let edits = spans.filter(|span| gone(span.label)).map(|span| Edit::Remove(span.id)).collect();
        Action { document: document.id.clone(), edits }
    };
    project.documents.iter().map(of).filter(|action| !action.edits.is_empty()).collect()
}
