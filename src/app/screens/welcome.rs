//! The welcome screen: recent projects, a new one, the samples, and the tutorial.

use crate::{
    app::{
        command::{Command, Context},
        conditions::{always, check},
        effect::{Effect, NewProject},
        event::{Damage, Level, WelcomeItem},
        list::{self, ListCursor},
        panel::{Check, Commands, Outcome, Panel, Request, Row as CommandRow, own_rows},
        prompts::Prompt,
        session::Session,
    },
    text::number::with_noun,
};

#[cfg(test)]
mod tests;

/// Name of the tutorial's project.
const TUTORIAL: &str = "tutorial";

/// The welcome screen.
#[derive(Clone, Debug, Default)]
pub struct Welcome {
    /// Recent projects, and samples.
    pub places: Vec<WelcomeItem>,
    /// The row of the cursor, among [`Self::rows`].
    pub selected: usize,
    /// Name of what is being opened.
    pub opening: Option<String>,
    /// A new project that is being described.
    pub form: Option<Form>,
    /// Whether the project that is being opened begins with the tutorial.
    pub(in crate::app) tutorial: bool,
    /// Whether the cursor was put by the user in this visit.
    settled: bool,
}

/// A row of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row<'a> {
    /// A project that was open before.
    Recent(&'a WelcomeItem),
    /// A new project.
    New,
    /// A sample that the program carries.
    Sample(&'a WelcomeItem),
    /// The tutorial, on a copy of a sample.
    Tutorial,
}

impl Row<'_> {
    /// Identity of the row, the same in another list.
    fn identity(self) -> String {
        match self {
            Self::Recent(place) | Self::Sample(place) => place.path.clone(),
            Self::New => "new".to_owned(),
            Self::Tutorial => "tutorial".to_owned(),
        }
    }
}

/// The questions of the form: a name, a hint, and the text field of the answer.
pub const QUESTIONS: [(&str, &str, Prompt); 3] = [
    ("folder", "Where it goes, such as ~/reviews; it is made if it is not there.", Prompt::Folder),
    ("labels", "Names with commas, or a Label Studio .xml; empty: the usual eight.", Prompt::Labels),
    ("texts", "One text a line, JSON lines, CoNLL, Label Studio; or empty for now.", Prompt::Texts),
];

/// The form for a new project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The question whose answer is being typed.
    pub at: usize,
    /// The problem, and what to do.
    pub problem: Option<String>,
    /// The folder that contains other files, once the user was warned of them.
    among: Option<String>,
}

/// The answer to a question of the form.
fn answer(prompt: &Prompt, session: &Session) -> String {
    session.prompts.text(prompt).trim().to_owned()
}

impl Welcome {
    /// All rows, in order.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let (samples, recent): (Vec<&WelcomeItem>, Vec<&WelcomeItem>) =
            self.places.iter().partition(|place| place.sample);
        let tutorial = (!samples.is_empty()).then_some(Row::Tutorial);
        let recent = recent.into_iter().map(Row::Recent);
        recent.chain([Row::New]).chain(samples.into_iter().map(Row::Sample)).chain(tutorial).collect()
    }

    /// The project in which the tutorial was left.
    pub fn left_tutorial(&self) -> Option<&WelcomeItem> {
        self.places.iter().find(|place| place.step.is_some())
    }

    /// The row under the cursor.
    pub fn row(&self) -> Row<'_> {
        self.rows().get(self.selected).copied().unwrap_or(Row::New)
    }

    /// Takes another list of projects; the cursor stays on its row.
    /// At first it is on the newest project, or on the tutorial.
    pub(in crate::app) fn offer(&mut self, places: Vec<WelcomeItem>) {
        let here = std::mem::replace(&mut self.settled, true).then(|| self.row().identity());
        self.places = places;
        let rows = self.rows();
        let same = here.and_then(|here| rows.iter().position(|row| row.identity() == here));
        let first = if matches!(rows.first(), Some(Row::Recent(_))) { 0 } else { rows.len().saturating_sub(1) };
        self.selected = same.unwrap_or(first);
    }

    /// Takes the number of documents of a project, and how many of them are done.
    pub(in crate::app) fn counted(&mut self, path: &str, done: usize, documents: usize) {
        if let Some(place) = self.places.iter_mut().find(|place| place.path == path) {
            place.count = Some((done, documents));
        }
    }

    /// Takes the damage of a project.
    pub(in crate::app) fn damaged(&mut self, path: &str, damage: Damage) {
        if let Some(place) = self.places.iter_mut().find(|place| place.path == path) {
            place.damage = Some(damage);
        }
    }

    /// Takes the reason why a project could not be opened or made.
    pub(in crate::app) fn failed(&mut self, session: &mut Session, message: String) -> Vec<Effect> {
        self.opening = None;
        self.tutorial = false;
        match &mut self.form {
            Some(form) => form.problem = Some(message),
            None => session.show(Level::Error, message),
        }
        // With a project open from the start, the list of projects is not known yet.
        if self.places.is_empty() { vec![Effect::Close] } else { Vec::new() }
    }

    /// The folder of the new project holds this many other files.
    /// The same answer again confirms it.
    pub(in crate::app) fn in_use(&mut self, session: &Session, files: usize) {
        let opening = self.opening.take();
        let Some(form) = &mut self.form else { return };
        let dir = opening.unwrap_or_else(|| answer(&Prompt::Folder, session));
        form.problem = Some(format!(
            "{dir} is no project and holds {} of something else. Enter again makes the project among what is there; \
             or give another folder.",
            with_noun(files, "file")
        ));
        form.at = 0;
        form.among = Some(dir);
    }

    /// Goes on with the tutorial where it was left; else begins it.
    pub(in crate::app) fn continue_tutorial(&mut self) -> Outcome {
        let left = self.left_tutorial().filter(|_| self.opening.is_none()).map(|place| place.path.clone());
        match left {
            Some(path) => {
                self.opening = Some("the tutorial".to_owned());
                self.form = None;
                Effect::Open(path).into()
            }
            None => self.begin_tutorial(),
        }
    }

    /// Opens a fresh copy of the first sample with the tutorial.
    fn begin_tutorial(&mut self) -> Outcome {
        let sample = self.places.iter().find(|place| place.sample).map(|place| place.name.clone());
        let Some(sample) = sample.filter(|_| self.opening.is_none()) else { return Outcome::none() };
        self.tutorial = true;
        self.opening = Some("the tutorial".to_owned());
        self.form = None;
        Effect::CopySample { sample, name: TUTORIAL.to_owned() }.into()
    }

    fn new_project(&mut self, session: &mut Session) -> Outcome {
        if self.opening.is_none() {
            session.message = None;
            self.show_form(session);
        }
        Outcome::none()
    }

    fn show_form(&mut self, session: &mut Session) {
        self.form = Some(Form::default());
        QUESTIONS.iter().for_each(|(_, _, prompt)| session.ask(prompt, ""));
    }

    fn open(&mut self, session: &mut Session) -> Outcome {
        if self.opening.is_some() {
            return Outcome::none();
        }
        // An earlier problem must not be shown beside what comes now.
        session.message = None;
        match self.row() {
            Row::Recent(WelcomeItem { damage: Some(_), .. }) => self.ask_repair(session),
            Row::Recent(place) | Row::Sample(place) => {
                let path = place.path.clone();
                self.opening = Some(place.name.clone());
                Effect::Open(path).into()
            }
            Row::New => self.show_form(session).into(),
            Row::Tutorial => self.continue_tutorial(),
        }
    }

    /// Asks whether the project under the cursor is repaired, or says why it cannot be.
    fn ask_repair(&mut self, session: &mut Session) -> Outcome {
        let Row::Recent(WelcomeItem { path, name, damage: Some(damage), .. }) = self.row() else {
            return Outcome::none();
        };
        match &damage.repair {
            Ok(steps) => {
                let [path, name] = [path, name].map(String::clone);
                Request::AskRepair { path, name, steps: steps.clone() }.into()
            }
            Err(why) => {
                session.show(Level::Error, why.clone());
                Outcome::none()
            }
        }
    }

    fn is_on_damaged(&self, _: &Session) -> Check {
        let is_damaged = matches!(self.row(), Row::Recent(WelcomeItem { damage: Some(_), .. }));
        check(is_damaged && self.form.is_none(), "Nothing is known to repair here")
    }

    fn fresh_copy(&mut self, _: &mut Session) -> Outcome {
        match self.row() {
            Row::Tutorial => self.begin_tutorial(),
            Row::Sample(place) if self.opening.is_none() => {
                let name = place.name.clone();
                self.opening = Some(format!("a fresh copy of {name}"));
                Effect::CopySample { sample: name.clone(), name }.into()
            }
            _ => Outcome::none(),
        }
    }

    fn on_sample(&self, _: &Session) -> Check {
        let sample = match self.row() {
            Row::Sample(_) => true,
            Row::Tutorial => self.left_tutorial().is_some(),
            Row::Recent(_) | Row::New => false,
        };
        check(sample && self.form.is_none(), "Only of a sample a fresh copy is made")
    }
}

impl Commands for Welcome {
    const ROWS: &'static [CommandRow<Self>] = &[
        CommandRow {
            command: Command::Open,
            name: "open",
            hint: "open",
            doc: "Open what the cursor is on",
            keys: &[(Context::Welcome, "enter")],
            when: always,
            run: Self::open,
        },
        CommandRow {
            command: Command::NewProject,
            name: "new-project",
            hint: "new",
            doc: "Make a project of your own texts",
            keys: &[(Context::Welcome, "n")],
            when: always,
            run: Self::new_project,
        },
        CommandRow {
            command: Command::FreshCopy,
            name: "fresh-copy",
            hint: "fresh copy",
            doc: "Make a fresh copy of the sample and open it",
            keys: &[(Context::Welcome, "c")],
            when: Self::on_sample,
            run: Self::fresh_copy,
        },
        CommandRow {
            command: Command::AskRepair,
            name: "repair-project",
            hint: "repair",
            doc: "Show how the project can be repaired; asks first",
            keys: &[(Context::Welcome, "r")],
            when: Self::is_on_damaged,
            run: Self::ask_repair,
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[
        (Context::Welcome, list::KEYS),
        (Context::Form, &[(Command::Up, "up shift-tab"), (Command::Down, "down tab")]),
    ];
}

impl Panel for Welcome {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        if self.form.is_some() { Context::Form } else { Context::Welcome }
    }

    fn hint(&self, command: Command, session: &Session) -> Option<&'static str> {
        (command == Command::Open && self.is_on_damaged(session).is_ok()).then_some("repair")
    }

    fn prompt(&self) -> Option<Prompt> {
        let (_, _, prompt) = QUESTIONS.get(self.form.as_ref()?.at)?;
        Some(prompt.clone())
    }

    fn prompts(&self) -> Vec<Prompt> {
        let questions = self.form.iter().flat_map(|_| &QUESTIONS);
        questions.map(|(_, _, prompt)| prompt.clone()).collect()
    }

    fn is_answered(&self) -> bool {
        self.opening.is_some()
    }

    fn typed(&mut self, _: &mut Session) -> Outcome {
        if let Some(form) = &mut self.form {
            form.problem = None;
        }
        Outcome::none()
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        let Some(form) = self.form.as_mut().filter(|_| self.opening.is_none()) else { return Outcome::none() };
        if answer(&Prompt::Folder, session).is_empty() {
            form.at = 0;
            form.problem = Some("Say where the project goes: a folder, such as ~/reviews.".to_owned());
            return Outcome::none();
        }
        // Once the user was warned that the folder contains other files, enter answers that.
        if form.at + 1 < QUESTIONS.len() && form.problem.is_none() {
            form.at += 1;
            return Outcome::none();
        }
        let [dir, labels, texts] =
            [Prompt::Folder, Prompt::Labels, Prompt::Texts].map(|prompt| answer(&prompt, session));
        let among = form.among.as_ref() == Some(&dir);
        form.problem = None;
        self.opening = Some(dir.clone());
        Effect::NewProject(NewProject { dir, labels, texts, among }).into()
    }

    fn list(&mut self, _: &Session) -> Option<ListCursor<'_>> {
        let places = self.rows().len();
        match &mut self.form {
            Some(_) if self.opening.is_some() => None,
            Some(form) => Some(ListCursor { row: &mut form.at, rows: QUESTIONS.len(), page: 1 }),
            None => Some(ListCursor { row: &mut self.selected, rows: places, page: 1 }),
        }
    }

    fn back(&mut self, _: &mut Session) -> bool {
        self.form.take().is_some()
    }

    fn next_step(&self, session: &Session) -> Option<String> {
        if self.opening.is_some() {
            return None;
        }
        if self.form.is_some() {
            return Some("enter goes on, and makes the project after the last line; esc leaves".to_owned());
        }
        let enter = session.key(Context::Welcome, Command::Open);
        let copy = || session.key(Context::Welcome, Command::FreshCopy);
        Some(match self.row() {
            Row::Recent(WelcomeItem { damage: Some(damage), .. }) => {
                let repair = session.key(Context::Welcome, Command::AskRepair);
                let shows = if damage.repair.is_ok() { "the repair" } else { "why no key repairs it" };
                format!("it has a {} and cannot be opened; {repair} shows {shows}", damage.name)
            }
            Row::Recent(_) => format!("{enter} opens it where you left off"),
            Row::New => format!("{enter} asks for a folder, labels and texts"),
            Row::Sample(_) => format!("{enter} opens a copy of it that is yours; {} makes a fresh one", copy()),
            Row::Tutorial if self.left_tutorial().is_some() => {
                format!("{enter} goes on where you left it; {} begins again", copy())
            }
            Row::Tutorial => format!("{enter} begins: two minutes round the loop, on a copy of a sample"),
        })
    }
}
