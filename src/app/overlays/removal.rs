//! The question before a run is removed.

use crate::app::{
    command::{Command, Context},
    conditions::always,
    effect::Effect,
    panel::{Commands, Opens, Outcome, Panel, Row, own_rows},
    session::Session,
};

/// Question whether to remove a run with its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Folder name of the run.
    pub run: String,
}

impl Panel for Removal {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::RemoveMenu
    }
}

impl Commands for Removal {
    const ROWS: &'static [Row<Self>] = &[Row {
        command: Command::RemoveRun,
        name: "remove-now",
        hint: "remove it",
        doc: "Remove the run with its model",
        keys: &[(Context::RemoveMenu, "y")],
        when: always,
        run: |removal, _| Outcome::close().then([Effect::RemoveRun { run: removal.run.clone() }]),
    }];
}

/// It is opened on request of the Train screen, not by a command.
impl Opens for Removal {}
