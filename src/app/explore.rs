//! The Explore screen: a sentence is typed, and the newest model says what it finds in it.

use super::{
    command::Command,
    effect::Effect,
    event::{Found, Guess, Prediction},
    field::Field,
    state::State,
};

/// What the Explore screen holds.
#[derive(Clone, Debug, Default)]
pub struct Explore {
    /// The sentence.
    pub field: Field,
    /// Whether it is being typed.
    pub typing: bool,
    /// The word looked at, while nothing is typed.
    pub word: usize,
    /// Why the model says nothing.
    pub problem: Option<String>,
    /// The newest request: generation and sentence.
    asked: Option<(u64, String)>,
    /// The newest answer with its sentence.
    answer: Option<(String, Prediction)>,
}

impl Explore {
    /// What the model said last, about whatever was typed then.
    pub fn prediction(&self) -> Option<&Prediction> {
        self.answer.as_ref().map(|(_, prediction)| prediction)
    }

    /// Whether the answer is about the sentence as it stands.
    pub fn is_current(&self) -> bool {
        self.answer.as_ref().is_some_and(|(text, _)| text == self.field.text())
    }

    /// The spans of the last answer that lie in the part of the sentence that has not changed since.
    pub fn found(&self) -> Vec<&Found> {
        let Some((text, prediction)) = &self.answer else { return Vec::new() };
        let same = text.bytes().zip(self.field.text().bytes()).take_while(|(old, new)| old == new).count();
        let whole = text == self.field.text();
        // A span that ends just where typing goes on may be about to grow: it stays, until the answer comes.
        prediction.found.iter().filter(|found| whole || found.range.end <= same).collect()
    }

    /// The likeliest labels of the word looked at.
    pub fn guess(&self) -> Option<&Guess> {
        let (_, prediction) = self.answer.as_ref().filter(|_| self.is_current())?;
        prediction.words.get(self.word.min(prediction.words.len().saturating_sub(1)))
    }

    pub(super) fn answered(&mut self, generation: u64, answer: Result<Prediction, String>) {
        let Some((_, text)) = self.asked.take_if(|(asked, _)| *asked == generation) else { return };
        match answer {
            Ok(prediction) => {
                self.problem = None;
                if !self.typing || self.word >= prediction.words.len() {
                    self.word = self.word.min(prediction.words.len().saturating_sub(1));
                }
                self.answer = Some((text, prediction));
            }
            Err(problem) => (self.problem, self.answer) = (Some(problem), None),
        }
    }
}

/// Asks the model about the sentence, if there is one.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    let text = state.explore.field.text().to_owned();
    if text.trim().is_empty() {
        (state.explore.asked, state.explore.answer, state.explore.problem) = (None, None, None);
        return Vec::new();
    }
    let generation = state.next_generation();
    state.explore.asked = Some((generation, text.clone()));
    vec![Effect::Predict { generation, run: None, text }]
}

/// Carries out a command of this screen.
pub(super) fn run(state: &mut State, command: Command) {
    let explore = &mut state.explore;
    let words = explore.prediction().map_or(0, |prediction| prediction.words.len());
    match command {
        Command::Type => explore.typing = true,
        Command::Left => explore.word = explore.word.saturating_sub(1),
        Command::Right => explore.word = (explore.word + 1).min(words.saturating_sub(1)),
        _ => {}
    }
}
