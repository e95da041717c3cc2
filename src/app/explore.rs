//! The Explore screen: a sentence is typed, and a model says what it finds in it: the one that suggests in Tag, or one
//! that was chosen.

use crate::{
    runs::RunSummary,
    spans::{Entity, Prediction, WordGuess},
    text::wrap::{TextLayout, Vertical},
};

use super::{
    command::{Command, Context},
    effect::Effect,
    event::Level,
    field::Field,
    state::{Size, State},
};

/// Sentences that are remembered.
const REMEMBERED: usize = 50;

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
    /// The run whose model was chosen; if none was, the one that suggests in Tag is asked.
    pub chosen: Option<String>,
    /// The newest request: generation and sentence.
    asked: Option<(u64, String)>,
    /// The newest answer with its sentence.
    answer: Option<(String, Prediction)>,
    /// Sentences left before, the latest last.
    before: Vec<String>,
    /// The place in `before` that was brought back, and what stood in the field then.
    recalled: Option<(usize, String)>,
    /// The column that moving up and down aims at.
    goal: Option<usize>,
}

impl Explore {
    /// What the model said last, about whatever was typed then.
    pub fn prediction(&self) -> Option<&Prediction> {
        self.answer.as_ref().map(|(_, prediction)| prediction)
    }

    /// Whether the model is being asked.
    pub fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether the answer is about the sentence as it stands.
    pub fn is_current(&self) -> bool {
        self.answer.as_ref().is_some_and(|(text, _)| text == self.field.text())
    }

    /// The spans of the last answer that lie in the part of the sentence that has not changed since.
    pub fn found(&self) -> Vec<&Entity> {
        let Some((text, prediction)) = &self.answer else { return Vec::new() };
        let same = text.bytes().zip(self.field.text().bytes()).take_while(|(old, new)| old == new).count();
        let whole = text == self.field.text();
        // A span that ends just where typing goes on may be about to grow: it stays, until the answer comes.
        prediction.answer.entities.iter().filter(|found| whole || found.range.end <= same).collect()
    }

    /// The likeliest labels of the word looked at: while typing, of the word at the cursor.
    pub fn guess(&self) -> Option<&WordGuess> {
        let (_, prediction) = self.answer.as_ref().filter(|_| self.is_current())?;
        let last = prediction.answer.words.len().checked_sub(1)?;
        let at = if self.typing { self.word_typed() } else { self.word };
        prediction.answer.words.get(at.min(last))
    }

    /// The word that the cursor of the text field is in or behind.
    fn word_typed(&self) -> usize {
        let (before, _) = self.field.parts();
        let words = self.prediction().map_or([].as_slice(), |prediction| &prediction.answer.words);
        words.iter().rposition(|guess| guess.range.start < before.len()).unwrap_or(0)
    }

    /// Leaves the text field: the word that was typed last is the one looked at.
    pub(super) fn leave(&mut self) {
        (self.typing, self.word) = (false, self.word_typed());
        self.remember();
    }

    /// Takes an answer; those to earlier questions are dropped.
    pub(super) fn answered(&mut self, generation: u64, answer: Result<Prediction, String>) {
        let Some((_, text)) = self.asked.take_if(|(asked, _)| *asked == generation) else { return };
        match answer {
            Ok(prediction) => {
                self.problem = None;
                self.word = self.word.min(prediction.answer.words.len().saturating_sub(1));
                self.answer = Some((text, prediction));
            }
            Err(problem) => (self.problem, self.answer) = (Some(problem), None),
        }
    }

    /// Forgets what a model said: another one is asked.
    fn forget(&mut self) {
        (self.asked, self.answer, self.problem) = (None, None, None);
    }

    /// Remembers the sentence, so that it can be brought back.
    pub(super) fn remember(&mut self) {
        self.recalled = None;
        let text = self.field.text().trim();
        if text.is_empty() || self.before.last().is_some_and(|last| last == text) {
            return;
        }
        let text = text.to_owned();
        self.before.retain(|before| *before != text);
        self.before.push(text);
        let many = self.before.len().saturating_sub(REMEMBERED);
        self.before.drain(..many);
    }

    /// Brings back an earlier sentence, or goes on to a later one; whether the text changed.
    fn recall(&mut self, earlier: bool) -> bool {
        let (at, typed) = match self.recalled.take() {
            Some((at, typed)) => (at, typed),
            None => (self.before.len(), self.field.text().to_owned()),
        };
        let now = self.field.text().to_owned();
        // What stands in the field already is no news.
        let news = |at: &usize| self.before.get(*at).is_some_and(|before| *before != now);
        let to = if earlier { (0..at).rev().find(news) } else { (at + 1..self.before.len()).find(news) };
        match to {
            Some(to) => {
                self.field = Field::new(self.before.get(to).cloned().unwrap_or_default());
                self.recalled = Some((to, typed));
                true
            }
            None if earlier => {
                self.recalled = Some((at, typed)).filter(|(at, _)| *at < self.before.len());
                false
            }
            // Behind the latest one is what was being typed.
            None => {
                let changed = now != typed;
                self.field = Field::new(typed);
                changed
            }
        }
    }
}

impl State {
    /// The runs whose models can be asked, newest first.
    pub fn models(&self) -> impl Iterator<Item = &RunSummary> {
        self.train.runs.iter().filter(|run| run.has_model)
    }

    /// The run whose model Explore asks: the one that was chosen, else the one that suggests.
    pub fn explored(&self) -> Option<&RunSummary> {
        let chosen = self.explore.chosen.as_ref().and_then(|chosen| self.models().find(|run| run.id == *chosen));
        chosen.or_else(|| self.suggester())
    }
}

impl Size {
    /// Columns of the sentence on the Explore screen, between its margins.
    pub fn sentence_columns(self) -> usize {
        usize::from(self.columns).saturating_sub(4).max(1)
    }
}

/// Asks the model about the sentence, if there is one.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    let text = state.explore.field.text().to_owned();
    if text.trim().is_empty() {
        state.explore.forget();
        return Vec::new();
    }
    // A run that was removed is chosen no more.
    state.explore.chosen = state.explore.chosen.take().filter(|chosen| state.models().any(|run| run.id == *chosen));
    let run = state.explored().map(|run| run.id.clone());
    let generation = state.next_generation();
    state.explore.asked = Some((generation, text.clone()));
    vec![Effect::Predict { generation, run, text }]
}

/// The sentence was typed on.
pub(super) fn typed(state: &mut State) -> Vec<Effect> {
    state.explore.recalled = None;
    ask(state)
}

/// Keeps the sentence and stays in the field: what is typed next must not become commands.
pub(super) fn keep(state: &mut State) {
    state.explore.remember();
    if !state.explore.field.text().trim().is_empty() {
        let [earlier, back] = [Command::Earlier, Command::Back].map(|command| state.key(Context::Typing, command));
        state.tell(Level::Info, format!("Kept: {earlier} brings it back; ctrl-u clears the line, {back} leaves it"));
    }
}

/// Carries out a command of this screen.
pub(super) fn run(state: &mut State, command: Command) -> Vec<Effect> {
    let columns = state.size.sentence_columns();
    let explore = &mut state.explore;
    let last = explore.prediction().map_or(0, |prediction| prediction.answer.words.len()).saturating_sub(1);
    if !matches!(command, Command::Up | Command::Down) {
        explore.goal = None;
    }
    match command {
        Command::Type => explore.typing = true,
        Command::Left => explore.word = explore.word.saturating_sub(1),
        Command::Right => explore.word = (explore.word + 1).min(last),
        Command::First => explore.word = 0,
        Command::Last => explore.word = last,
        Command::Up | Command::Down => {
            let glyphs = state.glyphs;
            let layout = TextLayout::new(explore.field.text(), columns, glyphs);
            by_line(explore, &layout, if command == Command::Up { Vertical::Up } else { Vertical::Down });
        }
        Command::Model => return other_model(state),
        Command::Earlier | Command::Later if explore.recall(command == Command::Earlier) => return ask(state),
        _ => {}
    }
    Vec::new()
}

/// Moves the word looked at to the line above or below.
fn by_line(explore: &mut Explore, layout: &TextLayout, to: Vertical) {
    let Some((text, prediction)) = explore.answer.as_ref().filter(|_| explore.is_current()) else { return };
    let words: Vec<_> = prediction.answer.words.iter().map(|guess| guess.range).collect();
    let Some(here) = words.get(explore.word) else { return };
    let goal = explore.goal.unwrap_or_else(|| layout.column_of(text, here.start));
    let word = layout.word_vertical(text, &words, explore.word, to, Some(goal));
    (explore.word, explore.goal) = (word.unwrap_or(explore.word), Some(goal));
}

/// Takes the next older model, after the oldest one the newest. Coming round to the one that suggests, none is chosen any
/// more: it is that one, whichever that will be.
fn other_model(state: &mut State) -> Vec<Effect> {
    let models: Vec<&str> = state.models().map(|run| run.id.as_str()).collect();
    if models.len() < 2 {
        let text =
            if models.is_empty() { "There is no model yet" } else { "There is one model; each training makes one" };
        state.tell(Level::Info, text);
        return Vec::new();
    }
    let at = state.explored().and_then(|run| models.iter().position(|model| *model == run.id)).unwrap_or(0);
    let next = models.get(at + 1).or(models.first()).map(|next| (*next).to_owned());
    let suggests = state.suggester().map(|run| run.id.clone());
    state.explore.chosen = next.filter(|next| suggests.as_ref() != Some(next));
    state.explore.forget();
    ask(state)
}
