//! The labels that have a letter, one of which is given.

use crate::{
    app::{
        command::{Command, Context},
        conditions,
        key::Key,
        panel::{Commands, Opener, Opens, Outcome, Panel, own_rows},
        pointer::{Gesture, Target},
        session::Session,
    },
    spans::LabelId,
};

/// The labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels;

impl Opens for Labels {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::MoreLabels,
        name: "more-labels",
        hint: "more labels",
        doc: "Show the labels that have a letter, and give one",
        keys: &[(Context::Tag, "0")],
        when: conditions::documents,
        open: |session| Self::open(session).into(),
    }];
}

impl Commands for Labels {}

impl Panel for Labels {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Labels
    }

    fn press(&mut self, key: Key, session: &mut Session) -> Option<Outcome> {
        let letter = key.typed()?;
        let labels = session.project.as_ref().map(|project| &project.labels);
        let Some(label) = labels.and_then(|labels| labels.by_key(letter)).map(|label| label.id) else {
            session.warn(format!("No label has the key {letter}"));
            return Some(Outcome::close());
        };
        Some(give(label, session))
    }

    fn pointer(&mut self, gesture: Gesture, target: Option<Target>, session: &mut Session) -> Option<Outcome> {
        match (gesture, target) {
            (Gesture::Press, Some(Target::Label(label))) => Some(give(label, session)),
            _ => None,
        }
    }
}

impl Labels {
    fn open(session: &mut Session) -> Option<Self> {
        let labels = session.project.iter().flat_map(|project| project.labels.iter());
        if labels.filter_map(|label| label.key).any(|key| !key.is_ascii_digit()) {
            return Some(Self);
        }
        session.inform("Every label has a digit of its own");
        None
    }
}

/// Gives a label, and closes the overlay.
fn give(label: LabelId, session: &mut Session) -> Outcome {
    let effects = session.tag(|context| context.label(label));
    Outcome::close().then(effects)
}
