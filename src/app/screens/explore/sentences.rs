//! Sentences that come into the field without being typed: those typed before, pasted lines, a file, examples.

use super::{Explore, lines::Lines, sentence};
use crate::app::{
    command::{Command, Context},
    effect::Effect,
    exchange::{SentenceRequest, Sentences},
    panel::{Outcome, Request},
    prompts::Prompt,
    session::Session,
};

impl Explore {
    /// Remembers the sentence, so that it can be brought back.
    pub(super) fn remember(&mut self, session: &Session) {
        self.history.remember(sentence(session));
    }

    /// Brings back an earlier or later sentence.
    /// It asks the model about the sentence if the text has changed.
    pub(super) fn recall(&mut self, earlier: bool, session: &mut Session) -> Outcome {
        self.goal = None;
        let Some(text) = self.history.bring_back(earlier, sentence(session)) else {
            if !self.typing {
                session.inform(if earlier { "There is no sentence before this one" } else { "This is the last one" });
            }
            return Outcome::none();
        };
        self.show(&text, session)
    }

    /// Puts a sentence into the field.
    pub(super) fn show(&mut self, text: &str, session: &mut Session) -> Outcome {
        session.prompts.set(&Prompt::Sentence, "");
        session.prompts.insert(&Prompt::Sentence, text);
        self.ask(session).into()
    }

    /// Lets the user search the sentences typed before.
    pub(super) fn search(&mut self, session: &mut Session) -> Outcome {
        self.remember(session);
        let before = self.history.newest_first();
        if before.is_empty() {
            session.inform("No sentence was typed before");
            return Outcome::none();
        }
        Request::Explore(SentenceRequest::Search(before)).into()
    }

    /// Takes lines that were pasted; `None` if there is only one.
    pub(super) fn take_pasted(&mut self, text: &str, session: &mut Session) -> Option<Outcome> {
        let lines = Lines::pasted(text)?;
        Some(self.take_lines(lines, session))
    }

    /// Takes sentences of a file, examples of a label, or one that was typed before.
    pub(in crate::app) fn take(&mut self, sentences: Sentences, session: &mut Session) -> Vec<Effect> {
        let outcome = match Lines::given(sentences) {
            Ok(lines) => self.take_lines(lines, session),
            Err(sentence) => {
                self.remember(session);
                self.history.forget_lines();
                self.show(&sentence, session)
            }
        };
        outcome.effects
    }

    fn take_lines(&mut self, lines: Lines, session: &mut Session) -> Outcome {
        self.remember(session);
        let context = if self.typing { Context::Typing } else { Context::Explore };
        let keys = [Command::Later, Command::Earlier].map(|command| session.key(context, command));
        session.inform(lines.message(keys));
        let first = lines.line().to_owned();
        self.history.take(lines);
        self.show(&first, session)
    }

    /// The sentence in the field, the number of all, and what they are, where several came together.
    pub fn place(&self) -> Option<(usize, usize, &str)> {
        self.history.lines().map(Lines::place)
    }
}
