//! The question before the program ends.
//! It is asked while a training runs or work is not saved.

use crate::app::{
    command::{Command, Context},
    conditions::check,
    effect::{Effect, Leave},
    panel::{Check, Commands, Opens, Panel, Row, own_rows},
    session::Session,
};

/// The question.
#[derive(Clone, Debug, PartialEq)]
pub struct QuitMenu;

impl Opens for QuitMenu {}

impl Commands for QuitMenu {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::QuitNow,
            name: "quit-now",
            hint: "leave",
            doc: "Leave without waiting for anything more",
            keys: &[(Context::QuitMenu, "y")],
            when: |_, session| {
                let why = "A training runs in this program; it is stopped, or left to go on";
                check(!session.runs.is_ours(), why)
            },
            run: |_, _| Effect::Quit(Leave::Plain).into(),
        },
        Row {
            command: Command::QuitStop,
            name: "quit-stop",
            hint: "stop it and leave",
            doc: "End the run, keep its model, then leave",
            keys: &[(Context::QuitMenu, "s")],
            when: ours,
            run: |_, _| Effect::Quit(Leave::StopRun).into(),
        },
        Row {
            command: Command::QuitKeep,
            name: "quit-keep",
            hint: "leave, it goes on",
            doc: "Leave the screen and let the run go on",
            keys: &[(Context::QuitMenu, "k")],
            when: ours,
            run: |_, _| Effect::Quit(Leave::KeepRun).into(),
        },
    ];
}

impl Panel for QuitMenu {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::QuitMenu
    }
}

fn ours(_: &QuitMenu, session: &Session) -> Check {
    check(session.runs.is_ours(), "No training runs in this program")
}
