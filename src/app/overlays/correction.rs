//! Corrects the text of the document in front, or removes the document.
//! Takes either back.

use crate::app::{
    command::{Command, Context},
    conditions::{self, always, check},
    effect::{DocumentChange, Effect},
    panel::{Check, Commands, NoPanel, Opener, Opening, Opens, Outcome, Panel, own_rows},
    prompts::Prompt,
    session::Session,
};

/// The question for the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// Id of the document.
    pub document: String,
    /// Text that was shown when the question was asked.
    pub shown: String,
}

impl Opens for Correction {
    const OPENERS: &'static [Opener<Self>] = &[
        Opener {
            command: Command::CorrectText,
            name: "correct-text",
            hint: "",
            doc: "Correct the text; spans go with their words",
            keys: &[(Context::Tag, "")],
            when: conditions::documents,
            open,
        },
        Opener {
            command: Command::UndoCorrection,
            name: "revert-text",
            hint: "",
            doc: "Take back the last correction of the text, one at a time",
            keys: &[(Context::Tag, "")],
            when: conditions::documents,
            open: |session| change(session, |shown| DocumentChange::UndoCorrection { shown }),
        },
        Opener {
            command: Command::RemoveDocument,
            name: "remove-document",
            hint: "",
            doc: "Remove the document from the project; can be taken back",
            keys: &[(Context::Tag, "")],
            when: conditions::documents,
            open: |session| change(session, |_| DocumentChange::Remove),
        },
        Opener {
            command: Command::RestoreDocument,
            name: "restore-document",
            hint: "",
            doc: "Bring back the document that was removed last",
            keys: &[(Context::Tag, "")],
            when: has_removed,
            open: restore,
        },
    ];
}

fn has_removed(panel: &NoPanel, session: &Session) -> Check {
    always(panel, session)?;
    check(session.removed_document.is_some(), "No document was removed since the program was started")
}

/// Id and text of the document in front, if it may be changed now.
fn changeable(session: &mut Session) -> Option<(String, String)> {
    let read_only = session.read_only().map_or(Ok(()), Err);
    if let Err(why) = read_only.and_then(|()| conditions::no_training(session, "change documents")) {
        session.warn(why);
        return None;
    }
    let document = session.project.as_ref()?.documents.get(session.tagging.document)?;
    Some((document.id.clone(), document.text.to_string()))
}

/// Asks for the text, unless a line cannot hold it.
fn open(session: &mut Session) -> Opening<Correction> {
    let Some((document, text)) = changeable(session) else { return None.into() };
    if text.contains(char::is_control) {
        session.warn(
            "This text has several lines or control characters; in a shell: tagli documents correct DIR ID --file F",
        );
        return None.into();
    }
    session.ask(&Prompt::Correction(document.clone()), &text);
    Correction { document, shown: text }.into()
}

/// Changes the document in front; the change is made of its text.
fn change(session: &mut Session, change: impl FnOnce(String) -> DocumentChange) -> Opening<Correction> {
    let effects = changeable(session).map(|(id, text)| Effect::ChangeDocument { id, change: change(text) });
    Opening { panel: None, effects: effects.into_iter().collect() }
}

fn restore(session: &mut Session) -> Opening<Correction> {
    if changeable(session).is_none() && !session.project.as_ref().is_some_and(|project| project.documents.is_empty()) {
        return None.into();
    }
    let id = session.removed_document.clone();
    let effects = id.map(|id| Effect::ChangeDocument { id, change: DocumentChange::Restore });
    Opening { panel: None, effects: effects.into_iter().collect() }
}

impl Commands for Correction {}

impl Panel for Correction {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Typing
    }

    fn prompt(&self) -> Option<Prompt> {
        Some(Prompt::Correction(self.document.clone()))
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        let text = session.prompts.text(&Prompt::Correction(self.document.clone()));
        if self.shown == text {
            return Outcome::close();
        }
        let change = DocumentChange::Correct { shown: self.shown.clone(), text: text.to_owned() };
        Outcome::close().then([Effect::ChangeDocument { id: self.document.clone(), change }])
    }
}
