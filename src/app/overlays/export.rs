//! Asks for the format of an export.

use crate::app::{
    command::{Command, Context},
    conditions,
    effect::Effect,
    field::Field,
    panel::{Commands, Opener, Opens, Outcome, Panel, own_rows},
    session::Session,
};

/// The question.
#[derive(Clone, Debug, PartialEq)]
pub struct Export {
    /// The name of the format.
    pub format: Field,
}

impl Opens for Export {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Export,
        name: "export",
        hint: "",
        doc: "Write the project in another format",
        keys: &[(Context::Everywhere, "")],
        when: conditions::project,
        open: |_| Self { format: Field::new("conll2003") }.into(),
    }];
}

impl Commands for Export {}

impl Panel for Export {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Typing
    }

    fn field(&self) -> Option<&Field> {
        Some(&self.format)
    }

    fn field_mut(&mut self) -> Option<&mut Field> {
        Some(&mut self.format)
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        let generation = session.next_generation();
        let format = self.format.text().trim().to_owned();
        Outcome::close().then([Effect::Export { generation, format }])
    }
}
