//! Asks for the format of an export.

use crate::{
    app::{
        command::{Command, Context},
        conditions,
        effect::Effect,
        panel::{Commands, Opener, Opens, Outcome, Panel, own_rows},
        prompts::Prompt,
        session::Session,
    },
    text::width::clean,
};

/// The question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export;

impl Opens for Export {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Export,
        name: "export",
        hint: "",
        doc: "Write the project in another format",
        keys: &[(Context::Everywhere, "")],
        when: conditions::project,
        open: |session| {
            session.ask(&Prompt::Export, "conll2003");
            Self.into()
        },
    }];
}

impl Commands for Export {}

impl Panel for Export {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Typing
    }

    fn prompt(&self) -> Option<Prompt> {
        Some(Prompt::Export)
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        let generation = session.next_generation();
        let format = session.prompts.text(&Prompt::Export).trim().to_owned();
        if !session.formats.is_empty() && !session.formats.contains(&format.as_str()) {
            session.warn(format!("Unknown format `{}`; use one of those above", clean(&format)));
            return Outcome::none();
        }
        Outcome::close().then([Effect::Export { generation, format }])
    }
}
