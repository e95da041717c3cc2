//! Searches the sentences that were typed on the Explore screen before.

use crate::{
    app::{
        command::{Command, Context},
        exchange::{SentenceRequest, Sentences},
        list::ListCursor,
        panel::{Commands, Opens, Outcome, Panel, Request, own_rows},
        prompts::Prompt,
        session::Session,
    },
    text::{TextRange, search::Needle},
};

/// Default keys that go through the sentences found. Up and down have theirs in every text field.
const MOVES: &[(Command, &str)] =
    &[(Command::Up, ""), (Command::Down, ""), (Command::PageUp, "pageup"), (Command::PageDown, "pagedown")];

/// The search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentenceSearch {
    /// All sentences, the latest first.
    all: Vec<String>,
    /// Row of the cursor among those found.
    pub row: usize,
}

/// A sentence with the place of the first word that was searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundSentence<'a> {
    /// The sentence.
    pub text: &'a str,
    /// The place; empty if nothing was typed yet.
    pub place: TextRange,
}

impl Opens for SentenceSearch {}

impl Commands for SentenceSearch {
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(Context::Typing, MOVES)];
}

impl Panel for SentenceSearch {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Typing
    }

    fn prompt(&self) -> Option<Prompt> {
        Some(Prompt::SentenceSearch)
    }

    fn typed(&mut self, _: &mut Session) -> Outcome {
        self.row = 0;
        Outcome::none()
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let rows = self.found(session).len();
        Some(ListCursor { row: &mut self.row, rows, page: session.page() })
    }

    fn click(&self) -> Option<Command> {
        Some(Command::Accept)
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        let Some(sentence) = self.found(session).get(self.row).map(|found| found.text.to_owned()) else {
            session.inform("No sentence typed before has these words");
            return Outcome::none();
        };
        let sentences = Sentences { sentences: vec![sentence], ..Sentences::default() };
        Outcome::close().and(Request::Explore(SentenceRequest::Take(Box::new(sentences))))
    }
}

impl SentenceSearch {
    /// Opens the search of these sentences, the latest first.
    pub(in crate::app) fn ask(session: &mut Session, all: Vec<String>) -> Self {
        session.ask(&Prompt::SentenceSearch, "");
        Self { all, row: 0 }
    }

    /// Number of all sentences.
    pub fn all(&self) -> usize {
        self.all.len()
    }

    /// The sentences that contain every word typed.
    pub fn found(&self, session: &Session) -> Vec<FoundSentence<'_>> {
        let typed = session.prompts.text(&Prompt::SentenceSearch);
        let needles: Vec<Needle> = typed.split_whitespace().map(Needle::new).collect();
        let fitting = self.all.iter().filter(|text| needles.iter().all(|needle| needle.is_in(text)));
        let first = needles.first();
        let found = fitting.map(|text| {
            let place = first.and_then(|first| first.first_in(text)).unwrap_or_default();
            FoundSentence { text, place }
        });
        found.collect()
    }
}
