//! The editor of the label set: a list over the screen, on which labels are added, renamed, moved, merged and removed.

use crate::spans::{Action, Edit, LabelChange, LabelId, journal::Deed};

use super::{
    command::Command, effect::Effect, event::Level, field::Field, key::Key, overlay::Overlay, project::Project,
    state::State,
};

/// The list, and what is being asked of its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelEditor {
    /// The row of the cursor.
    pub row: usize,
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
    /// Another name for the label of the row.
    Name(Field),
    /// What the annotator should know about it.
    Guide(Field),
    /// The next key is its key.
    Key,
    /// With which label it is merged: moves choose, enter does it.
    Into(LabelId),
    /// Whether it is removed with its spans.
    Removal,
}

impl LabelEditor {
    /// What is being typed.
    pub fn field(&self) -> Option<&Field> {
        match &self.asking {
            Asking::New(field) | Asking::Name(field) | Asking::Guide(field) => Some(field),
            _ => None,
        }
    }

    pub(super) fn field_mut(&mut self) -> Option<&mut Field> {
        match &mut self.asking {
            Asking::New(field) | Asking::Name(field) | Asking::Guide(field) => Some(field),
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
    state.overlay =
        Some(Overlay::LabelEditor(Box::new(LabelEditor { row: 0, spans, asking: Asking::default(), problem: None })));
}

fn editor(state: &mut State) -> Option<&mut LabelEditor> {
    match &mut state.overlay {
        Some(Overlay::LabelEditor(editor)) => Some(editor),
        _ => None,
    }
}

/// The label of the row.
fn chosen(state: &mut State) -> Option<LabelId> {
    let row = editor(state)?.row;
    Some(state.project.as_ref()?.labels.iter().nth(row)?.id)
}

/// Carries out a command of the list.
pub(super) fn run(state: &mut State, command: Command) -> Vec<Effect> {
    let (id, all) = (chosen(state), state.project.as_ref().map_or(0, |project| project.labels.len()));
    let name = id.and_then(|id| Some(state.project.as_ref()?.labels.get(id)?.name.clone())).unwrap_or_default();
    let guide = id.and_then(|id| state.project.as_ref()?.labels.get(id)?.guide.clone()).unwrap_or_default();
    let Some(editor) = editor(state) else { return Vec::new() };
    editor.problem = None;
    let last = all.saturating_sub(1);
    match (command, id) {
        (Command::Up, _) => editor.row = editor.row.saturating_sub(1),
        (Command::Down, _) => editor.row = (editor.row + 1).min(last),
        (Command::First, _) => editor.row = 0,
        (Command::Last, _) => editor.row = last,
        (Command::AddLabel, _) => editor.asking = Asking::New(Field::default()),
        (Command::RenameLabel, Some(_)) => editor.asking = Asking::Name(Field::new(name)),
        (Command::GuideLabel, Some(_)) => editor.asking = Asking::Guide(Field::new(guide)),
        (Command::KeyLabel, Some(_)) => editor.asking = Asking::Key,
        (Command::MergeLabel, Some(id)) => editor.asking = Asking::Into(id),
        (Command::RemoveLabel, Some(_)) => editor.asking = Asking::Removal,
        (Command::RecolorLabel, Some(id)) => return change(state, LabelChange::Recolor(id)),
        (Command::LabelLeft, Some(id)) => {
            editor.row = editor.row.saturating_sub(1);
            return change(state, LabelChange::Move(id, true));
        }
        (Command::LabelRight, Some(id)) => {
            editor.row = (editor.row + 1).min(last);
            return change(state, LabelChange::Move(id, false));
        }
        (Command::Apply, _) => return answer(state),
        _ => {}
    }
    Vec::new()
}

/// Takes the answer to what is asked.
pub(super) fn answer(state: &mut State) -> Vec<Effect> {
    let id = chosen(state);
    let Some(editor) = editor(state) else { return Vec::new() };
    match (std::mem::take(&mut editor.asking), id) {
        (Asking::New(field), _) => change(state, LabelChange::Add(field.text().trim().to_owned())),
        (Asking::Name(field), Some(id)) => change(state, LabelChange::Rename(id, field.text().trim().to_owned())),
        (Asking::Guide(field), Some(id)) => change(state, LabelChange::Guide(id, field.text().to_owned())),
        (Asking::Into(from), Some(into)) => change(state, LabelChange::Merge(from, into)),
        (Asking::Removal, Some(id)) => remove(state, id),
        (Asking::Nothing, Some(_)) => run(state, Command::RenameLabel),
        _ => Vec::new(),
    }
}

/// Whether the next key is the key of a label: takes it.
pub(super) fn press(state: &mut State, key: Key) -> Option<Vec<Effect>> {
    let id = chosen(state)?;
    let editor = editor(state)?;
    let typed = key.typed().filter(|_| editor.asking == Asking::Key)?;
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

/// Removes a label; its spans go first, as one action that can be taken back.
fn remove(state: &mut State, id: LabelId) -> Vec<Effect> {
    let now = state.now;
    let Some(project) = &mut state.project else { return Vec::new() };
    let of = |label: LabelId| project.labels.get(label).is_some_and(|label| label.id == id);
    let actions: Vec<Action> = project
        .documents
        .iter()
        .map(|document| {
            let spans = project.journal.annotation(&document.id).spans().iter();
            let edits = spans.filter(|span| of(span.label)).map(|span| Edit::Remove(span.id)).collect();
            Action { document: document.id.clone(), edits }
        })
        .filter(|action| !action.edits.is_empty())
        .collect();
    let mut effects = Vec::new();
    if !actions.is_empty() {
        effects.push(project.record(Deed::DoAll(actions), now));
    }
    effects.extend(change(state, LabelChange::Remove(id)));
    effects
}

/// The label set on disk has changed, or could not be.
pub(super) fn changed(state: &mut State, outcome: Result<crate::spans::LabelSet, String>) {
    let Some(project) = &mut state.project else { return };
    let told = match outcome {
        Ok(labels) => {
            project.set_labels(labels);
            None
        }
        Err(message) => Some(message),
    };
    let (spans, last) = (count(project), project.labels.len().saturating_sub(1));
    match (editor(state), told) {
        (Some(editor), told) => {
            (editor.spans, editor.problem) = (spans, told);
            editor.row = editor.row.min(last);
        }
        (None, Some(told)) => state.tell(Level::Error, told),
        (None, None) => {}
    }
}
