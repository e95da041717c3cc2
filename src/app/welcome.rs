//! The welcome screen: recent projects, a new one, the samples, the tutorial; and the way back to it.

use super::{
    command::Command,
    effect::{Effect, NewProject},
    event::{Level, Place},
    explore::Explore,
    field::Field,
    keymap::Facts,
    list,
    overlay::Overlay,
    project::SaveState,
    state::{Goal, Screen, State},
    train::Train,
    tutorial::Tutorial,
};

#[cfg(test)]
mod tests;

/// What the tutorial's project is called.
const TUTORIAL: &str = "tutorial";

/// What the welcome screen holds.
#[derive(Clone, Debug, Default)]
pub struct Welcome {
    /// Recent projects, and samples.
    pub places: Vec<Place>,
    /// The row of the cursor, among [`Self::rows`].
    pub selected: usize,
    /// What is being opened.
    pub opening: Option<String>,
    /// A new project that is being described.
    pub form: Option<Form>,
    /// What is being opened begins with the tutorial.
    pub(super) tutorial: bool,
    /// The cursor is somebody's, not left over from another visit.
    settled: bool,
}

/// A row of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row<'a> {
    /// A project that was open before.
    Recent(&'a Place),
    /// A new project.
    New,
    /// A sample that the program carries.
    Sample(&'a Place),
    /// The tutorial, on a copy of a sample.
    Tutorial,
}

impl Row<'_> {
    /// What tells this row from the others, also in another list.
    fn identity(self) -> String {
        match self {
            Self::Recent(place) | Self::Sample(place) => place.path.clone(),
            Self::New => "new".to_owned(),
            Self::Tutorial => "tutorial".to_owned(),
        }
    }
}

/// The questions of the form: a name and what is to be known.
pub const QUESTIONS: [(&str, &str); 3] = [
    ("folder", "Where it goes, such as ~/reviews; it is made if it is not there."),
    ("labels", "Names with commas, or a Label Studio .xml; empty: the usual eight."),
    ("texts", "One text a line, JSON lines, CoNLL, Label Studio; or empty for now."),
];

/// A new project as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The answers to [`QUESTIONS`].
    pub fields: [Field; 3],
    /// The one that is being typed.
    pub at: usize,
    /// What is wrong and what to do.
    pub problem: Option<String>,
    /// The folder that holds other files, once that was said.
    among: Option<String>,
}

impl Form {
    fn text(&self, at: usize) -> String {
        self.fields.get(at).map_or("", Field::text).trim().to_owned()
    }
}

impl Welcome {
    /// All rows, in order.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let (samples, recent): (Vec<&Place>, Vec<&Place>) = self.places.iter().partition(|place| place.sample);
        let tutorial = (!samples.is_empty()).then_some(Row::Tutorial);
        let recent = recent.into_iter().map(Row::Recent);
        recent.chain([Row::New]).chain(samples.into_iter().map(Row::Sample)).chain(tutorial).collect()
    }

    /// Where somebody left the tutorial.
    pub fn left_tutorial(&self) -> Option<&Place> {
        self.places.iter().find(|place| place.step.is_some())
    }

    /// The row under the cursor.
    pub fn row(&self) -> Row<'_> {
        self.rows().get(self.selected).copied().unwrap_or(Row::New)
    }

    /// Takes another list; the cursor stays where it is. At first it is on the newest project, or on the tutorial.
    pub(super) fn offer(&mut self, places: Vec<Place>) {
        let here = std::mem::replace(&mut self.settled, true).then(|| self.row().identity());
        self.places = places;
        let rows = self.rows();
        let same = here.and_then(|here| rows.iter().position(|row| row.identity() == here));
        let first = if matches!(rows.first(), Some(Row::Recent(_))) { 0 } else { rows.len().saturating_sub(1) };
        self.selected = same.unwrap_or(first);
    }

    /// So much of a project is done.
    pub(super) fn counted(&mut self, path: &str, done: usize, documents: usize) {
        if let Some(place) = self.places.iter_mut().find(|place| place.path == path) {
            place.count = Some((done, documents));
        }
    }

    /// The field that is being typed in.
    pub fn field(&self) -> Option<&Field> {
        self.form.as_ref().and_then(|form| form.fields.get(form.at))
    }

    pub(super) fn field_mut(&mut self) -> Option<&mut Field> {
        // While a project is made of them the answers stay as they are.
        let form = self.form.as_mut().filter(|_| self.opening.is_none());
        form.and_then(|form| form.fields.get_mut(form.at))
    }

    /// What was typed may put right what was wrong.
    pub(super) fn typed(&mut self) {
        if let Some(form) = &mut self.form {
            form.problem = None;
        }
    }

    /// Adds what conditions may ask about this screen.
    pub(super) fn facts(&self, facts: &mut Facts) {
        let sample = match self.row() {
            Row::Sample(_) => true,
            Row::Tutorial => self.left_tutorial().is_some(),
            Row::Recent(_) | Row::New => false,
        };
        facts.on_sample = sample && self.form.is_none();
    }
}

/// A project could not be opened or made.
pub(super) fn failed(state: &mut State, message: String) -> Vec<Effect> {
    (state.welcome.opening, state.welcome.tutorial, state.carried) = (None, false, None);
    state.judging = false;
    match &mut state.welcome.form {
        Some(form) => form.problem = Some(message),
        None => state.tell(Level::Error, message),
    }
    // Where a project was open from the start, nothing is known yet of what else there is to open.
    if state.welcome.places.is_empty() { vec![Effect::Close] } else { Vec::new() }
}

/// The folder of a new project holds so many files of something else: the same answer again means it.
pub(super) fn in_use(state: &mut State, files: usize) {
    let opening = state.welcome.opening.take();
    let Some(form) = &mut state.welcome.form else { return };
    let dir = opening.unwrap_or_else(|| form.text(0));
    form.problem = Some(format!(
        "{dir} is no project and holds {} of something else. Enter again makes the project among what is there; \
         or give another folder.",
        crate::text::number::with_noun(files, "file")
    ));
    (form.at, form.among) = (0, Some(dir));
}

/// Carries out a command of this screen.
pub(super) fn run(state: &mut State, command: Command) -> Vec<Effect> {
    let welcome = &mut state.welcome;
    if let Some(row) = list::moved(command, welcome.selected, welcome.rows().len(), 1) {
        welcome.selected = row;
        return Vec::new();
    }
    match command {
        Command::NewProject if welcome.opening.is_none() => {
            (welcome.form, state.message) = (Some(Form::default()), None);
        }
        Command::Open if welcome.opening.is_none() => return open(state),
        Command::FreshCopy if matches!(welcome.row(), Row::Tutorial) => return begin_tutorial(state),
        Command::FreshCopy if welcome.opening.is_none() => {
            if let Row::Sample(place) = welcome.row() {
                let name = place.name.clone();
                welcome.opening = Some(format!("a fresh copy of {name}"));
                return vec![Effect::CopySample { sample: name.clone(), name }];
            }
        }
        _ => {}
    }
    Vec::new()
}

fn open(state: &mut State) -> Vec<Effect> {
    // What went wrong before must not stand beside what comes now.
    state.message = None;
    let welcome = &mut state.welcome;
    match welcome.row() {
        Row::Recent(place) | Row::Sample(place) => {
            let (name, path) = (place.name.clone(), place.path.clone());
            welcome.opening = Some(name);
            vec![Effect::Open(path)]
        }
        Row::New => {
            welcome.form = Some(Form::default());
            Vec::new()
        }
        Row::Tutorial => go_on_with_tutorial(state),
    }
}

/// Goes on with the tutorial where it was left; else begins it.
pub(super) fn go_on_with_tutorial(state: &mut State) -> Vec<Effect> {
    let welcome = &mut state.welcome;
    let left = welcome.left_tutorial().filter(|_| welcome.opening.is_none()).map(|place| place.path.clone());
    match left {
        Some(path) => {
            (welcome.opening, welcome.form) = (Some("the tutorial".to_owned()), None);
            vec![Effect::Open(path)]
        }
        None => begin_tutorial(state),
    }
}

/// Opens a fresh copy of the first sample with the tutorial on it.
fn begin_tutorial(state: &mut State) -> Vec<Effect> {
    let welcome = &mut state.welcome;
    let sample = welcome.places.iter().find(|place| place.sample).map(|place| place.name.clone());
    let Some(sample) = sample.filter(|_| welcome.opening.is_none()) else { return Vec::new() };
    (welcome.tutorial, welcome.opening, welcome.form) = (true, Some("the tutorial".to_owned()), None);
    vec![Effect::CopySample { sample, name: TUTORIAL.to_owned() }]
}

/// Carries out a command of the form.
pub(super) fn fill_in(state: &mut State, command: Command) -> Vec<Effect> {
    let welcome = &mut state.welcome;
    let Some(form) = welcome.form.as_mut().filter(|_| welcome.opening.is_none()) else { return Vec::new() };
    match command {
        Command::Up => form.at = form.at.saturating_sub(1),
        Command::Down => form.at = (form.at + 1).min(QUESTIONS.len() - 1),
        Command::Accept if form.text(0).is_empty() => {
            (form.at, form.problem) = (0, Some("Say where the project goes: a folder, such as ~/reviews.".to_owned()));
        }
        // Once it was said that the folder holds other files, enter answers that.
        Command::Accept if form.at + 1 < QUESTIONS.len() && form.problem.is_none() => form.at += 1,
        Command::Accept => {
            let [dir, labels, texts] = [0, 1, 2].map(|at| form.text(at));
            let among = form.among.as_ref() == Some(&dir);
            form.problem = None;
            welcome.opening = Some(dir.clone());
            return vec![Effect::NewProject(NewProject { dir, labels, texts, among })];
        }
        _ => {}
    }
    Vec::new()
}

/// Asks for a file to import, if the project can be opened anew now.
pub(super) fn ask_import(state: &mut State) -> Vec<Effect> {
    let Some(project) = &state.project else { return Vec::new() };
    let why_not = match (project.save_state(), &project.read_only) {
        (_, Some(why)) => Some(format!("Nothing can be changed here: {why}")),
        _ if state.train.is_ours() => Some("A training of this project runs: import when it has ended".to_owned()),
        (SaveState::Saved, _) => None,
        _ => Some("Not everything is saved yet; then it can be imported".to_owned()),
    };
    match why_not {
        Some(why) => state.tell(Level::Warn, why),
        None => state.overlay = Some(Overlay::Import(Field::default())),
    }
    Vec::new()
}

/// What is taken over when the same project is opened again, for what is new in it or for another annotator.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    train: Train,
    explore: Explore,
    /// The id of the document in front, and the word under the cursor.
    document: Option<String>,
    word: usize,
    screen: Screen,
    tutorial: Option<Tutorial>,
}

/// Takes up what was put aside; the document to be in front, and whether anything was carried.
pub(super) fn take_up(state: &mut State, first: usize) -> (usize, bool) {
    let Some(carried) = state.carried.take() else { return (first, false) };
    let Carried { train, explore, document, word, screen, tutorial } = *carried;
    (state.train, state.explore, state.tutorial) = (train.without_runs(), explore, tutorial);
    state.screen = screen;
    let place = |id: String| state.project.as_ref()?.position(&id);
    let document = document.and_then(place);
    if document.is_some() {
        state.tag.word = word;
    }
    (document.unwrap_or(first), true)
}

/// Imports a file. The project is closed meanwhile, so that nothing can be tagged in what is about to change.
pub(super) fn import(state: &mut State, file: &str) -> Vec<Effect> {
    let saved = state.project.as_ref().is_some_and(|project| project.save_state() == SaveState::Saved);
    if file.is_empty() || !saved {
        return Vec::new();
    }
    put_aside(state);
    state.welcome.opening = Some(file.to_owned());
    vec![Effect::Import(file.to_owned())]
}

/// Opens the project, all of which is saved, for another annotator; for `None`, for who opened it first. It is closed
/// meanwhile, so that nothing is tagged that nobody would write down.
pub(super) fn open_as(state: &mut State, who: Option<String>) -> Vec<Effect> {
    let name = state.project.as_ref().map(|project| project.name.clone());
    put_aside(state);
    state.welcome.opening = name;
    state.judging = true;
    vec![Effect::OpenAs(who)]
}

/// Closes the project; what is about to be opened takes up what was in front.
fn put_aside(state: &mut State) {
    let document = state.project.as_ref().and_then(|project| project.documents.get(state.tag.document));
    let carried = Carried {
        document: document.map(|document| document.id.clone()),
        word: state.tag.word,
        screen: state.screen,
        train: std::mem::take(&mut state.train),
        explore: std::mem::take(&mut state.explore),
        tutorial: state.tutorial.take(),
    };
    // Not to go back to the welcome screen, as its effect would.
    close(state);
    state.carried = Some(Box::new(carried));
}

/// Goes back to the welcome screen, if nothing is lost by it.
pub(super) fn leave_project(state: &mut State) -> Vec<Effect> {
    let Some(project) = &state.project else { return Vec::new() };
    if state.train.is_ours() {
        state.tell(Level::Warn, "A training of this project runs: let it end or stop it (Train screen, S), then leave");
        return Vec::new();
    }
    match project.save_state() {
        SaveState::Saved => return close(state),
        SaveState::Saving(_) => {
            state.leaving = Some(Goal::Projects);
            state.tell(Level::Info, "Closing as soon as everything is saved");
        }
        SaveState::Failed(n) => {
            let n = crate::text::number::with_noun(n, "action");
            state.tell(Level::Warn, format!("{n} of yours not on disk yet: ctrl-s tries again; q leaves without"));
        }
    }
    Vec::new()
}

/// Closes the project; everything of it is saved.
pub(super) fn close(state: &mut State) -> Vec<Effect> {
    if state.project.take().is_none() {
        return Vec::new();
    }
    (state.tag, state.documents, state.train) = Default::default();
    (state.evaluate, state.explore) = Default::default();
    (state.screen, state.overlay, state.message, state.tutorial) = (Screen::Tag, None, None, None);
    vec![Effect::Close]
}
