//! Asks for the note on the document in front.

use crate::{
    app::{
        command::{Command, Context},
        conditions,
        field::Field,
        panel::{Commands, Opener, Opens, Outcome, Panel, own_rows},
        session::Session,
        tagging::TagContext,
    },
    spans::Edit,
};

/// The question.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The note.
    pub text: Field,
}

impl Opens for Note {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Note,
        name: "note",
        hint: "note",
        doc: "Write a note on this document",
        keys: &[(Context::Tag, "i")],
        when: conditions::documents,
        open: |session| Self::open(session).into(),
    }];
}

impl Commands for Note {}

impl Panel for Note {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Typing
    }

    fn field(&self) -> Option<&Field> {
        Some(&self.text)
    }

    fn field_mut(&mut self) -> Option<&mut Field> {
        Some(&mut self.text)
    }

    fn leave(&mut self, session: &mut Session) {
        if let Some((prompt, note)) = prompt(session) {
            session.keep_draft(prompt, self.text.text(), &note);
        }
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        let effects = session.tag(|context| self.record(context));
        Outcome::close().then(effects)
    }
}

impl Note {
    fn open(session: &mut Session) -> Option<Self> {
        let (prompt, note) = prompt(session)?;
        Some(Self { text: session.draft(&prompt, &note) })
    }

    fn record(&self, context: &mut TagContext<'_>) {
        let note = self.text.text().trim();
        if context.annotation().note() != note {
            context.act(vec![Edit::Note(note.to_owned())]);
        }
    }
}

/// Name of the prompt for the document in front, and the note that it has.
fn prompt(session: &Session) -> Option<(String, String)> {
    let project = session.project.as_ref()?;
    let at = session.tagging.document;
    let document = project.documents.get(at)?;
    Some((format!("note {}", document.id), project.annotation(at).note().to_owned()))
}
