//! Asks for a file whose sentences the Explore screen goes through.

use crate::app::{
    command::Context,
    effect::Effect,
    panel::{Commands, Opens, Outcome, Panel, own_rows},
    prompts::Prompt,
    session::Session,
};

/// The question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentenceFile {
    /// The request for a file that is not answered yet.
    asked: Option<u64>,
}

impl Opens for SentenceFile {}

impl Commands for SentenceFile {}

impl Panel for SentenceFile {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Typing
    }

    fn prompt(&self) -> Option<Prompt> {
        Some(Prompt::SentenceFile)
    }

    fn is_answered(&self) -> bool {
        self.is_reading()
    }

    fn accept(&mut self, session: &mut Session) -> Outcome {
        if self.is_reading() {
            return Outcome::none();
        }
        match session.prompts.text(&Prompt::SentenceFile).trim() {
            "" => Outcome::close(),
            file => {
                let file = file.to_owned();
                let generation = session.next_generation();
                self.asked = Some(generation);
                Effect::ReadSentences { generation, file }.into()
            }
        }
    }

    fn holds(&self, _: &Session) -> bool {
        self.is_reading()
    }

    /// Goes back to the text field; a late answer is dropped.
    fn back(&mut self, _: &mut Session) -> bool {
        self.asked.take().is_some()
    }
}

impl SentenceFile {
    /// Opens the question.
    pub(in crate::app) fn ask(session: &mut Session) -> Self {
        session.ask(&Prompt::SentenceFile, "");
        Self::default()
    }

    /// Whether a file is being read.
    pub fn is_reading(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether the answer of this generation is waited for, which it no longer is afterwards.
    pub(in crate::app) fn is_answer(&mut self, generation: u64) -> bool {
        self.asked.take_if(|asked| *asked == generation).is_some()
    }
}
