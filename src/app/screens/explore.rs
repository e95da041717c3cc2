//! The Explore screen: the user types a sentence, and a model finds entities in it.
//! The entities are shown while the user types.
//!
//! The model is the one that suggests on the Tag screen, unless another one was chosen here.

mod asking;
mod beside;
mod choices;
mod explanation;
mod history;
mod lines;
mod rows;
mod sentences;
mod view;

pub use beside::{Beside, is_among};
pub use explanation::Explanation;
use history::History;

use crate::{
    app::{
        command::{Command, Context},
        effect::Effect,
        panel::{Outcome, Panel, own_rows},
        prompts::Prompt,
        screen::{Screen, Size},
        session::Session,
    },
    spans::{Prediction, Strategy},
    text::wrap::{TextLayout, Vertical},
};

/// State of the Explore screen.
#[derive(Clone, Debug, Default)]
pub struct Explore {
    /// Whether the sentence is being typed.
    pub typing: bool,
    /// Word under the cursor, while nothing is typed.
    pub word: usize,
    /// Reason why the model gives no answer.
    pub problem: Option<String>,
    /// The run whose model was chosen.
    /// Without one the model that suggests in Tag is asked.
    pub chosen: Option<String>,
    /// Strategy of the pipeline whose entities are shown; `None` for the answer by word.
    pub strategy: Option<Strategy>,
    /// Spans with a lower score are hidden.
    pub bar: f32,
    /// Why a span has its score, if that was asked.
    pub explanation: Option<Explanation>,
    /// A second model that reads the same sentence.
    pub beside: Option<Beside>,
    /// The newest question: generation and sentence.
    asked: Option<(u64, String)>,
    /// The newest answer with its sentence.
    answer: Option<(String, Prediction)>,
    /// Sentences that were typed before.
    history: History,
    /// Column that moving up and down aims at.
    goal: Option<usize>,
}

/// The sentence that is typed, or was.
pub fn sentence(session: &Session) -> &str {
    session.prompts.text(&Prompt::Sentence)
}

/// Columns of the sentence between its margins.
pub(in crate::app) fn sentence_columns(size: Size) -> usize {
    usize::from(size.columns).saturating_sub(4).max(1)
}

/// The cursor on the words of the sentence.
impl Explore {
    fn go_to_word(&mut self, word: usize) -> Outcome {
        self.word = word.min(self.words().len().saturating_sub(1));
        self.goal = None;
        Outcome::none()
    }

    /// Moves to the line above or below.
    fn move_by_line(&mut self, to: Vertical, session: &Session) {
        let Some((text, prediction)) = self.answer.as_ref().filter(|_| self.is_current(session)) else { return };
        let words: Vec<_> = prediction.answer.words.iter().map(|guess| guess.range).collect();
        let Some(here) = words.get(self.word) else { return };
        let layout = TextLayout::new(sentence(session), sentence_columns(session.size), session.glyphs);
        let goal = self.goal.unwrap_or_else(|| layout.column_of(text, here.start));
        let word = layout.word_vertical(text, &words, self.word, to, Some(goal));
        self.word = word.unwrap_or(self.word);
        self.goal = Some(goal);
    }
}

impl Panel for Explore {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        if self.typing { Context::Typing } else { Context::Explore }
    }

    fn prompt(&self) -> Option<Prompt> {
        self.typing.then_some(Prompt::Sentence)
    }

    fn typed(&mut self, session: &mut Session) -> Outcome {
        self.history.typed(sentence(session));
        self.ask(session).into()
    }

    /// Takes several lines as sentences, with the first one in the field.
    fn paste(&mut self, text: &str, session: &mut Session) -> Option<Outcome> {
        self.take_pasted(text, session)
    }

    /// Keeps the sentence and stays in the field.
    /// What is typed next must not become commands.
    fn accept(&mut self, session: &mut Session) -> Outcome {
        self.remember(session);
        if !sentence(session).trim().is_empty() {
            let [earlier, back] =
                [Command::Earlier, Command::Back].map(|command| session.key(Context::Typing, command));
            session.inform(format!("Kept: {earlier} brings it back; ctrl-u clears the line, {back} leaves it"));
        }
        Outcome::none()
    }

    fn travel(&mut self, command: Command, session: &mut Session) -> Outcome {
        match command {
            Command::Up => self.move_by_line(Vertical::Up, session),
            Command::Down => self.move_by_line(Vertical::Down, session),
            Command::First => return self.go_to_word(0),
            Command::Last => return self.go_to_word(usize::MAX),
            _ => {}
        }
        Outcome::none()
    }

    fn enter(&mut self, session: &mut Session) -> Outcome {
        self.typing = true;
        self.ask_again(session).into()
    }

    fn leave(&mut self, session: &mut Session) {
        self.remember(session);
    }

    /// Leaves the text field with the cursor on the word that was typed last.
    fn back(&mut self, session: &mut Session) -> bool {
        if !self.typing {
            return false;
        }
        self.word = self.word_typed(session);
        self.typing = false;
        self.remember(session);
        true
    }

    fn next_step(&self, session: &Session) -> Option<String> {
        if session.suggesting().is_none() {
            return Some(match session.runs.is_busy() {
                true => "the model answers here as soon as the training is over".to_owned(),
                false => {
                    let train = session.key(Context::Explore, Command::Go(Screen::Train));
                    format!("there is no model yet: tag some documents, then train ({train})")
                }
            });
        }
        if sentence(session).trim().is_empty() {
            let [file, examples, field] = [Command::SentenceFile, Command::Examples, Command::Type]
                .map(|command| session.key(self.context(session), command));
            let how = if self.typing { "type any sentence".to_owned() } else { format!("{field} types a sentence") };
            return Some(format!("{how}; {file}: from a file, {examples}: with a label"));
        }
        let other = if self.typing { Command::Back } else { Command::Type };
        let [left, right, other] =
            [Command::Left, Command::Right, other].map(|command| session.key(Context::Explore, command));
        Some(match self.typing {
            true => format!("{other} then {left} or {right}: other labels for a word"),
            false => format!("{left} and {right} look at the other words; {other} types on"),
        })
    }

    fn model_changed(&mut self, session: &mut Session) -> Vec<Effect> {
        self.ask(session).into_iter().collect()
    }
}
