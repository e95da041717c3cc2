//! The editor of the label set.
//! A list on which labels are added, renamed, moved, merged and removed.

use crate::{
    app::{
        command::{Command, Context},
        conditions,
        effect::Effect,
        event::Level,
        key::Key,
        list::{self, ListCursor},
        panel::{Commands, Opener, Opening, Opens, Outcome, Panel, Row, own_rows},
        pointer::{Gesture, Target},
        project::Project,
        prompts::Prompt,
        session::{LabelEdit, Session},
    },
    spans::{Action, Document, Edit, Label, LabelChange, LabelId, LabelSet, journal::JournalOp},
};

/// Rows that a page key goes over: there are seldom more labels than fit.
const PAGE: usize = 9;

/// The list, and the question about its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelEditor {
    /// The label under the cursor.
    /// By its identity: it may move while a change is being written.
    pub at: Option<LabelId>,
    /// Number of the annotator's spans with each label, in the order of the list.
    pub spans: Vec<usize>,
    /// Open question.
    pub asking: Asking,
    /// Change that was refused, with the reason.
    pub problem: Option<String>,
    /// Row of the cursor while a move is carried out.
    row: usize,
}

/// A question of the editor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asking {
    /// None: keys are commands.
    #[default]
    Nothing,
    /// The name of a new label.
    New,
    /// Another name for this label.
    Name(LabelId),
    /// The guideline of this label.
    Guide(LabelId),
    /// The key of this label: the next key that is pressed.
    Key(LabelId),
    /// The label with which this one is merged: moves choose it, enter does it.
    Into(LabelId),
    /// Whether this label is removed with its spans.
    Removal(LabelId),
}

impl Asking {
    fn prompt(self) -> Option<Prompt> {
        Some(match self {
            Self::New => Prompt::NewLabel,
            Self::Name(id) => Prompt::LabelName(id),
            Self::Guide(id) => Prompt::LabelGuide(id),
            Self::Nothing | Self::Key(_) | Self::Into(_) | Self::Removal(_) => return None,
        })
    }

    /// The text that its field begins with.
    fn given(self, session: &Session) -> String {
        let label = |id| session.project.as_ref()?.labels.get(id).cloned();
        match self {
            Self::Name(id) => label(id).map(|label| label.name),
            Self::Guide(id) => label(id).and_then(|label| label.guide),
            _ => None,
        }
        .unwrap_or_default()
    }
}

impl Opens for LabelEditor {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::EditLabels,
        name: "labels",
        hint: "",
        doc: "Add, rename, merge and remove labels",
        keys: &[(Context::Everywhere, "f6")],
        when: conditions::project,
        open: LabelEditor::open,
    }];
}

const HERE: Context = Context::LabelEditor;

impl Commands for LabelEditor {
    const ROWS: &'static [Row<Self>] = &[
        Row::<Self>::new(
            Command::Apply,
            "apply",
            "rename",
            "Rename the label, or answer the question",
            &[(HERE, "enter")],
            Self::apply,
        ),
        Row::<Self>::new(Command::AddLabel, "add-label", "add", "Add a label", &[(HERE, "a")], Self::add),
        Row::<Self>::new(
            Command::RenameLabel,
            "rename-label",
            "rename",
            "Give the label another name; spans keep it",
            &[(HERE, "r")],
            |editor, session| editor.ask(session, |label| Asking::Name(label.id)),
        ),
        Row::<Self>::new(
            Command::KeyLabel,
            "label-key",
            "key",
            "Give the label another key",
            &[(HERE, "y")],
            // `y` is yes to a question.
            |editor, session| match editor.asking {
                Asking::Into(_) | Asking::Removal(_) => editor.answer(session),
                _ => editor.ask(session, |label| Asking::Key(label.id)),
            },
        ),
        Row::<Self>::new(
            Command::GuideLabel,
            "label-guide",
            "guide",
            "Write the guideline of the label for annotators",
            &[(HERE, "i")],
            |editor, session| editor.ask(session, |label| Asking::Guide(label.id)),
        ),
        Row::<Self>::new(
            Command::RecolorLabel,
            "label-colour",
            "colour",
            "Give the label the next colour",
            &[(HERE, "c")],
            |editor, session| editor.change_chosen(session, LabelChange::Recolor),
        ),
        Row::<Self>::new(
            Command::LabelLeft,
            "label-left",
            "move",
            "Move the label to the left on the label bar",
            &[(HERE, "K")],
            |editor, session| editor.change_chosen(session, |label| LabelChange::Move(label, true)),
        ),
        Row::<Self>::new(
            Command::LabelRight,
            "label-right",
            "move",
            "Move the label to the right on the label bar",
            &[(HERE, "J")],
            |editor, session| editor.change_chosen(session, |label| LabelChange::Move(label, false)),
        ),
        Row::<Self>::new(
            Command::MergeLabel,
            "merge-label",
            "merge",
            "Merge the label with another one",
            &[(HERE, "m")],
            |editor, session| editor.ask(session, |label| Asking::Into(label.id)),
        ),
        Row::<Self>::new(
            Command::RemoveLabel,
            "remove-label",
            "remove",
            "Remove the label with its spans; asks first",
            &[(HERE, "D delete")],
            |editor, session| editor.ask(session, |label| Asking::Removal(label.id)),
        ),
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(HERE, list::KEYS)];
}

impl Panel for LabelEditor {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        if self.prompt().is_some() { Context::Typing } else { Context::LabelEditor }
    }

    fn hint(&self, command: Command, _: &Session) -> Option<&'static str> {
        let answer = match self.asking {
            Asking::Into(_) => "merge",
            Asking::Removal(_) => "remove",
            _ => return None,
        };
        (command == Command::Apply).then_some(answer)
    }

    /// Takes the next key as the key of a label, if that is asked.
    fn press(&mut self, key: Key, session: &mut Session) -> Option<Outcome> {
        let Asking::Key(label) = self.asking else { return None };
        let typed = key.typed()?;
        self.asking = Asking::Nothing;
        Some(self.change(session, LabelChange::Key(label, typed)))
    }

    fn prompt(&self) -> Option<Prompt> {
        self.asking.prompt()
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        self.answer(session)
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let project = session.project.as_ref()?;
        // Other questions are answered or left first.
        if !matches!(self.asking, Asking::Nothing | Asking::Into(_)) {
            return None;
        }
        self.row = self.row(project);
        Some(ListCursor { row: &mut self.row, rows: project.labels.len(), page: PAGE })
    }

    fn arrived(&mut self, session: &mut Session) -> Outcome {
        let label = session.project.as_ref().and_then(|project| project.labels.iter().nth(self.row));
        self.at = label.map(|label| label.id).or(self.at);
        self.problem = None;
        Outcome::none()
    }

    fn pointer(&mut self, gesture: Gesture, target: Option<Target>, session: &mut Session) -> Option<Outcome> {
        let (Gesture::Press, Some(Target::Row(row))) = (gesture, target) else { return None };
        if let Some(list) = self.list(session) {
            *list.row = row;
            return Some(self.arrived(session));
        }
        Some(Outcome::none())
    }

    /// Leaves the question.
    fn back(&mut self, _: &mut Session) -> bool {
        std::mem::take(&mut self.asking) != Asking::Nothing
    }
}

impl LabelEditor {
    fn open(session: &mut Session) -> Opening<Self> {
        let Some(project) = &session.project else { return None.into() };
        if let Some(why) = session.read_only() {
            session.show(Level::Error, why);
            return None.into();
        }
        let at = project.labels.iter().next().map(|label| label.id);
        Self { at, spans: count(project), asking: Asking::default(), problem: None, row: 0 }.into()
    }

    /// The row of the cursor.
    pub fn row(&self, project: &Project) -> usize {
        project.labels.iter().position(|label| Some(label.id) == self.at).unwrap_or(0)
    }

    /// The label under the cursor, if it still exists.
    fn chosen(&self, session: &Session) -> Option<Label> {
        let labels = &session.project.as_ref()?.labels;
        labels.iter().find(|label| Some(label.id) == self.at).cloned()
    }

    /// Asks about the label under the cursor, unless another question is open.
    fn ask(&mut self, session: &mut Session, question: fn(Label) -> Asking) -> Outcome {
        let asking = self.chosen(session).map(question).unwrap_or_default();
        self.begin(session, asking)
    }

    fn add(&mut self, session: &mut Session) -> Outcome {
        self.begin(session, Asking::New)
    }

    /// Begins a question, unless another one is open.
    /// What was typed there before another screen came is in its field again.
    fn begin(&mut self, session: &mut Session, asking: Asking) -> Outcome {
        self.problem = None;
        if self.asking != Asking::Nothing {
            return Outcome::none();
        }
        self.asking = asking;
        if let Some(prompt) = asking.prompt() {
            let given = asking.given(session);
            session.ask(&prompt, &given);
        }
        Outcome::none()
    }

    fn apply(&mut self, session: &mut Session) -> Outcome {
        self.problem = None;
        match self.asking {
            Asking::Nothing => self.ask(session, |label| Asking::Name(label.id)),
            _ => self.answer(session),
        }
    }

    /// Takes the answer to the question.
    fn answer(&mut self, session: &mut Session) -> Outcome {
        let asked = std::mem::take(&mut self.asking);
        let typed = asked.prompt().map(|prompt| session.prompts.text(&prompt).to_owned()).unwrap_or_default();
        let change = match (asked, self.chosen(session)) {
            (Asking::New, _) => LabelChange::Add(typed.trim().to_owned()),
            (Asking::Name(id), _) => LabelChange::Rename(id, typed.trim().to_owned()),
            (Asking::Guide(id), _) => LabelChange::Guide(id, typed),
            (Asking::Into(from), Some(into)) => LabelChange::Merge(from, into.id),
            (Asking::Removal(id), _) => LabelChange::Remove(id),
            // The key is taken by `press`.
            (Asking::Key(_), _) => {
                self.asking = asked;
                return Outcome::none();
            }
            _ => return Outcome::none(),
        };
        let outcome = self.change(session, change);
        // What was typed can be corrected.
        if outcome.effects.is_empty() {
            self.asking = asked;
        }
        outcome
    }

    fn change_chosen(&mut self, session: &Session, change: fn(LabelId) -> LabelChange) -> Outcome {
        self.problem = None;
        match self.chosen(session).filter(|_| self.asking == Asking::Nothing) {
            Some(label) => self.change(session, change(label.id)),
            None => Outcome::none(),
        }
    }

    /// Asks for a change on disk, if the set can be changed so.
    fn change(&mut self, session: &Session, change: LabelChange) -> Outcome {
        match session.project.as_ref().map(|project| project.labels.check(&change)) {
            Some(Ok(())) => Effect::ChangeLabels(change).into(),
            Some(Err(error)) => {
                self.problem = Some(error.to_string());
                Outcome::none()
            }
            None => Outcome::none(),
        }
    }
}

/// Takes the label set on disk, or the reason why it could not be changed.
/// `editor` is the one that is open.
pub(in crate::app) fn labels_changed(
    session: &mut Session,
    editor: Option<&mut LabelEditor>,
    outcome: Result<LabelSet, String>,
) -> Vec<Effect> {
    let Some(project) = &mut session.project else { return Vec::new() };
    let mut effects = Vec::new();
    let problem = match outcome {
        Ok(labels) => {
            let actions = remove_spans(project, &labels);
            let inverse = inverse(&project.labels, &labels);
            project.set_labels(labels);
            let is_undo = std::mem::take(&mut session.undoes_label_edit);
            let after = project.journal.undo_target().map(|(id, _)| id);
            // Spans of a removed label are an action, which undo takes back.
            session.label_edit = (actions.is_empty() && !is_undo).then_some(LabelEdit { after, inverse });
            // Only now: if the label had stayed, its spans would have, too.
            if !actions.is_empty() {
                effects.push(project.record(JournalOp::DoAll(actions), session.now));
            }
            let armed = session.tagging.armed.and_then(|id| project.labels.get(id));
            session.tagging.armed = armed.map(|label| label.id);
            session.prompts.carried_out(Prompt::is_of_labels);
            None
        }
        Err(problem) => {
            session.undoes_label_edit = false;
            session.prompts.give_back(Prompt::is_of_labels);
            Some(problem)
        }
    };
    match (editor, problem) {
        (Some(editor), problem) => {
            editor.spans = count(project);
            editor.problem = problem;
        }
        (None, Some(problem)) => session.show(Level::Error, problem),
        (None, None) => {}
    }
    effects
}

/// The change that takes back the difference of two label sets: another name, key or guideline of one label.
fn inverse(before: &LabelSet, after: &LabelSet) -> Option<LabelChange> {
    let mut changes = after.iter().filter_map(|label| {
        let old = before.iter().find(|old| old.id == label.id)?;
        if old.name != label.name {
            Some(LabelChange::Rename(old.id, old.name.clone()))
        } else if old.guide != label.guide {
            Some(LabelChange::Guide(old.id, old.guide.clone().unwrap_or_default()))
        } else {
            old.key.filter(|_| old.key != label.key).map(|key| LabelChange::Key(old.id, key))
        }
    });
    let only = changes.next()?;
    (before.len() == after.len() && changes.next().is_none()).then_some(only)
}

/// Number of the annotator's spans with each label.
fn count(project: &Project) -> Vec<usize> {
    let mut spans = vec![0; project.labels.len()];
    for span in (0..project.documents.len()).flat_map(|at| project.annotation(at).spans()) {
        // A merged label counts for the one that it was merged with.
        let Some(id) = project.labels.get(span.label).map(|label| label.id) else { continue };
        let at = project.labels.iter().position(|label| label.id == id);
        if let Some(n) = at.and_then(|at| spans.get_mut(at)) {
            *n += 1;
        }
    }
    spans
}

/// Returns the edits that remove all spans of labels that are not in `labels`.
/// They are grouped by document.
fn remove_spans(project: &Project, labels: &LabelSet) -> Vec<Action> {
    let actions = project.documents.iter().map(|document| remove_spans_of(project, document, labels));
    actions.filter(|action| !action.edits.is_empty()).collect()
}

fn remove_spans_of(project: &Project, document: &Document, labels: &LabelSet) -> Action {
    let spans = project.journal.annotation(&document.id).spans().iter();
    let gone = spans.filter(|span| project.labels.get(span.label).is_some() && labels.get(span.label).is_none());
    Action { document: document.id.clone(), edits: gone.map(|span| Edit::Remove(span.id)).collect() }
}
