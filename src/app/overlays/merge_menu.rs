//! The question before a `project.json` that git left unmerged is merged.
//!
//! It lists every decision, since each changes what the labels of somebody's spans mean. A copy of the file is kept.

use crate::app::{
    command::{Command, Context},
    conditions::always,
    effect::Effect,
    list::{ListCursor, PAGED},
    pages::{self, Line},
    panel::{Commands, Opens, Outcome, Panel, Row, own_rows},
    session::Session,
};

const HERE: Context = Context::MergeMenu;

/// Question whether the two sides of a `project.json` are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeMenu {
    /// The project, as [`WelcomeItem::path`](crate::app::event::WelcomeItem).
    pub path: String,
    /// Name of the project.
    pub name: String,
    /// What would be decided, one sentence each.
    pub decisions: Vec<String>,
    /// The first line shown.
    pub top: usize,
}

impl MergeMenu {
    /// The question with its decisions, in lines of at most `width` columns.
    pub fn lines(&self, width: usize) -> Vec<Line> {
        let head = "Git has not merged project.json: it holds two versions. Merged, it has the labels of both.";
        let decisions = self.decisions.iter().map(|decision| format!("- {decision}"));
        let foot = "The file as it is now is kept beside it, as project.json.before-merge.";
        let text: Vec<String> = [head.to_owned(), String::new()]
            .into_iter()
            .chain(decisions)
            .chain([String::new(), foot.to_owned()])
            .collect();
        pages::lines(text.iter().map(String::as_str), width)
    }

    fn merge(&mut self, session: &mut Session) -> Outcome {
        let Self { path, name, decisions, .. } = self.clone();
        session.inform(format!("project.json of {name} is being merged"));
        Outcome::close().then([Effect::MergeManifest { path, decisions }])
    }
}

impl Panel for MergeMenu {
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

impl Commands for MergeMenu {
    const ROWS: &'static [Row<Self>] = &[Row {
        command: Command::MergeManifest,
        name: "merge-now",
        hint: "merge it",
        doc: "Merge project.json as shown, and keep a copy",
        keys: &[(HERE, "y")],
        when: always,
        run: Self::merge,
    }];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(HERE, PAGED)];
}

/// It is opened on request of the welcome screen, not by a command.
impl Opens for MergeMenu {}
