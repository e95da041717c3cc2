//! Asks for a file to import.

use crate::app::{
    command::{Command, Context},
    conditions,
    panel::{Commands, Opener, Opening, Opens, Outcome, Panel, Request, own_rows},
    project::SaveState,
    prompts::Prompt,
    session::Session,
};

/// The question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import;

impl Opens for Import {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Import,
        name: "import",
        hint: "",
        doc: "Bring texts from a file into the project",
        keys: &[(Context::Everywhere, "")],
        when: conditions::project,
        open,
    }];
}

/// Asks for a file, if the project can be closed and opened again now.
fn open(session: &mut Session) -> Opening<Import> {
    let Some(project) = &session.project else { return None.into() };
    let why_not = match project.save_state() {
        _ if project.read_only.is_some() => session.read_only(),
        _ if session.runs.is_ours() => Some("A training of this project runs: import when it has ended".to_owned()),
        SaveState::Saved => None,
        _ => Some("Not everything is saved yet; then it can be imported".to_owned()),
    };
    match why_not {
        None => {
            session.ask(&Prompt::Import, "");
            Import.into()
        }
        Some(why) => {
            session.warn(why);
            None.into()
        }
    }
}

impl Commands for Import {}

impl Panel for Import {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Typing
    }

    fn prompt(&self) -> Option<Prompt> {
        Some(Prompt::Import)
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        match session.prompts.text(&Prompt::Import).trim() {
            "" => Outcome::close(),
            file => Outcome::close().and(Request::Import(file.to_owned())),
        }
    }
}
