//! The question before a project is repaired.
//!
//! It lists every step, since each may change what the labels of spans mean. Copies of the files are kept.

use crate::app::{
    command::{Command, Context},
    conditions::always,
    effect::Effect,
    list::{ListCursor, PAGED},
    pages::{self, Line},
    panel::{Commands, Opens, Outcome, Panel, Row, own_rows},
    session::Session,
};

const HERE: Context = Context::RepairMenu;

/// Question whether a project is repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairMenu {
    /// The project, as [`WelcomeItem::path`](crate::app::event::WelcomeItem).
    pub path: String,
    /// Name of the project.
    pub name: String,
    /// Steps of the repair, one sentence each.
    pub steps: Vec<String>,
    /// The first line shown.
    pub top: usize,
}

impl RepairMenu {
    /// The question with its steps, in lines of at most `width` columns.
    pub fn lines(&self, width: usize) -> Vec<Line> {
        let head = "The project cannot be opened as it is. The repair does this:".to_owned();
        let steps = self.steps.iter().map(|step| format!("- {step}"));
        let foot = "A copy of each file that is changed is kept beside it.".to_owned();
        let before = [head, String::new()].into_iter();
        let text: Vec<String> = before.chain(steps).chain([String::new(), foot]).collect();
        pages::lines(text.iter().map(String::as_str), width)
    }

    fn repair(&mut self, session: &mut Session) -> Outcome {
        let Self { path, name, steps, .. } = self.clone();
        session.inform(format!("{name} is being repaired"));
        Outcome::close().then([Effect::RepairProject { path, steps }])
    }
}

impl Panel for RepairMenu {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        HERE
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let (columns, page) = pages::room(session.size);
        let last = self.lines(columns).len().saturating_sub(page);
        self.top = self.top.min(last);
        Some(ListCursor { row: &mut self.top, rows: last + 1, page })
    }

    fn click(&self) -> Option<Command> {
        None
    }
}

impl Commands for RepairMenu {
    const ROWS: &'static [Row<Self>] = &[Row {
        command: Command::RepairProject,
        name: "repair-now",
        hint: "repair it",
        doc: "Repair the project as shown, and keep copies",
        keys: &[(HERE, "y")],
        when: always,
        run: Self::repair,
    }];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(HERE, PAGED)];
}

/// It is opened on request of the welcome screen, not by a command.
impl Opens for RepairMenu {}
