//! Asks for the note on the document in front.

use crate::{
    app::{
        command::{Command, Context},
        conditions,
        panel::{Commands, Opener, Opens, Outcome, Panel, own_rows},
        prompts::Prompt,
        session::Session,
    },
    spans::Edit,
};

/// The question.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Id of the document.
    pub document: String,
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

    fn prompt(&self) -> Option<Prompt> {
        Some(Prompt::Note(self.document.clone()))
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        let prompt = Prompt::Note(self.document.clone());
        let note = session.prompts.text(&prompt).trim().to_owned();
        let effects = session.tag(|context| {
            if context.annotation().note() != note {
                context.act(vec![Edit::Note(note)]);
            }
        });
        Outcome::close().then(effects)
    }
}

impl Note {
    /// Asks for the note, unless it could not be kept.
    fn open(session: &mut Session) -> Option<Self> {
        if let Some(why) = session.read_only() {
            session.warn(why);
            return None;
        }
        let project = session.project.as_ref()?;
        let at = session.tagging.document;
        let document = project.documents.get(at)?.id.clone();
        let note = project.annotation(at).note().to_owned();
        session.ask(&Prompt::Note(document.clone()), &note);
        Some(Self { document })
    }
}
