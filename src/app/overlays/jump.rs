//! Asks for the letters of a word; the cursor goes there while they are typed.

use crate::{
    app::{
        command::{Command, Context},
        conditions,
        panel::{Commands, Opener, Opens, Outcome, Panel, own_rows},
        prompts::Prompt,
        session::Session,
    },
    spans::Document,
    text::search::Needle,
};

/// Default keys that go to another word with the same letters.
const MOVES: &[(Command, &str)] = &[(Command::Down, "down ctrl-n"), (Command::Up, "up ctrl-p")];

/// The question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The word under the cursor before.
    from: usize,
}

/// Preference between several words to which the cursor can go.
enum Towards {
    /// The first one from the word on at which the jump began.
    Nearest,
    /// The one after the cursor.
    Next,
    /// The one before the cursor.
    Previous,
}

impl Opens for Jump {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Jump,
        name: "jump",
        hint: "jump",
        doc: "Go to a word by its letters",
        keys: &[(Context::Tag, "'")],
        when: conditions::documents,
        open: |session| Self::open(session).into(),
    }];
}

impl Commands for Jump {
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(Context::Typing, MOVES)];
}

impl Panel for Jump {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Typing
    }

    fn prompt(&self) -> Option<Prompt> {
        Some(Prompt::Jump)
    }

    fn typed(&mut self, session: &mut Session) -> Outcome {
        self.go(&Towards::Nearest, session).into()
    }

    fn travel(&mut self, command: Command, session: &mut Session) -> Outcome {
        let towards = if command == Command::Down { Towards::Next } else { Towards::Previous };
        self.go(&towards, session).into()
    }

    fn accept(&mut self, _: &mut Session) -> Outcome {
        Outcome::close()
    }

    /// The cursor goes back to where it was.
    fn back(&mut self, session: &mut Session) -> bool {
        session.tagging.put(self.from);
        false
    }
}

impl Jump {
    /// Asks for the letters; the cursor goes where letters lead that were left there.
    fn open(session: &mut Session) -> Self {
        let jump = Self { from: session.tagging.word };
        session.ask(&Prompt::Jump, "");
        if let Some(word) = jump.target(&Towards::Nearest, session) {
            session.tagging.put(word);
        }
        jump
    }

    /// Moves the cursor to a word that has the letters.
    fn go(&self, towards: &Towards, session: &mut Session) {
        if session.prompts.text(&Prompt::Jump).is_empty() {
            return session.tagging.put(self.from);
        }
        match self.target(towards, session) {
            Some(word) => session.tagging.put(word),
            None => session.inform("No word of this text holds that"),
        }
    }

    /// The word that has the letters.
    /// At the end of the text, the search goes on at its other end.
    fn target(&self, towards: &Towards, session: &Session) -> Option<usize> {
        let needle = Needle::new(session.prompts.text(&Prompt::Jump));
        if needle.is_empty() {
            return None;
        }
        let here = session.tagging.word;
        let places = words_with(&needle, session.project.as_ref()?.documents.get(session.tagging.document)?);
        match towards {
            Towards::Nearest => places.iter().find(|at| **at >= self.from).or(places.first()),
            Towards::Next => places.iter().find(|at| **at > here).or(places.first()),
            Towards::Previous => places.iter().rev().find(|at| **at < here).or(places.last()),
        }
        .copied()
    }
}

/// The words that begin with the needle.
/// Where there are none, those that contain it.
fn words_with(needle: &Needle, document: &Document) -> Vec<usize> {
    let found = needle.find_in(&document.text).into_iter();
    let mut places: Vec<usize> = found.filter_map(|range| Some(document.words_touching(range)?.start)).collect();
    places.dedup();
    if places.iter().any(|at| begins_with(document.word(*at), needle)) {
        places.retain(|at| begins_with(document.word(*at), needle));
    }
    places
}

fn begins_with(word: &str, needle: &Needle) -> bool {
    needle.first_in(word).is_some_and(|range| range.start == 0)
}
