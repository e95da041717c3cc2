//! The Explore screen: the user types a sentence, and a model finds entities in it.
//! The entities are shown while the user types.
//!
//! The model is the one that suggests on the Tag screen, unless another one was chosen here.

use crate::{
    app::{
        command::{Command, Context},
        conditions::always,
        effect::Effect,
        list,
        panel::{Commands, Outcome, Panel, Row, own_rows},
        prompts::Prompt,
        screen::{Screen, Size},
        session::Session,
    },
    runs::RunSummary,
    spans::{Entity, Prediction, WordGuess},
    text::wrap::{TextLayout, Vertical},
};

/// Number of sentences that are remembered.
const REMEMBERED: usize = 50;

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
    /// The newest question: generation and sentence.
    asked: Option<(u64, String)>,
    /// The newest answer with its sentence.
    answer: Option<(String, Prediction)>,
    /// Sentences that were typed before, the latest last.
    earlier: Vec<String>,
    /// Index in `earlier` that was brought back, and the text of the field before that.
    recalled: Option<(usize, String)>,
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

/// Views of the state for drawing.
impl Explore {
    /// The run whose model is asked: the chosen one, else the one that suggests.
    pub fn run_asked<'a>(&self, session: &'a Session) -> Option<&'a RunSummary> {
        let chosen = self.chosen.as_ref().and_then(|chosen| session.models().find(|run| run.id == *chosen));
        chosen.or_else(|| session.suggester())
    }

    /// The last answer, even if the sentence has changed since.
    pub fn prediction(&self) -> Option<&Prediction> {
        self.answer.as_ref().map(|(_, prediction)| prediction)
    }

    /// Whether a question is not answered yet.
    pub fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether the last answer is about the sentence in the field.
    pub fn is_current(&self, session: &Session) -> bool {
        self.answer.as_ref().is_some_and(|(text, _)| text == sentence(session))
    }

    /// Whether a sentence of more than one word was answered.
    pub(in crate::app) fn has_explored(&self, session: &Session) -> bool {
        self.is_current(session) && sentence(session).trim().contains(' ')
    }

    /// The entities of the last answer that are still valid.
    /// They are in the part of the sentence that has not changed since.
    pub fn entities(&self, session: &Session) -> Vec<&Entity> {
        let Some((text, prediction)) = &self.answer else { return Vec::new() };
        let unchanged = text.bytes().zip(sentence(session).bytes()).take_while(|(old, new)| old == new).count();
        // An entity that ends where typing goes on may be about to grow: it stays until the answer comes.
        let entities = prediction.answer.entities.iter();
        entities.filter(|entity| self.is_current(session) || entity.range.end <= unchanged).collect()
    }

    /// The likeliest labels of a word.
    /// It is the word under the cursor, or the one that is being typed.
    pub fn guess(&self, session: &Session) -> Option<&WordGuess> {
        let (_, prediction) = self.answer.as_ref().filter(|_| self.is_current(session))?;
        let last = prediction.answer.words.len().checked_sub(1)?;
        let at = if self.typing { self.word_typed(session) } else { self.word };
        prediction.answer.words.get(at.min(last))
    }

    /// Words of the last answer.
    fn words(&self) -> &[WordGuess] {
        self.prediction().map_or(&[][..], |prediction| prediction.answer.words.as_slice())
    }

    /// The word that the cursor of the text field is in or behind.
    fn word_typed(&self, session: &Session) -> usize {
        let (before, _) = session.prompts.field(&Prompt::Sentence).parts();
        self.words().iter().rposition(|guess| guess.range.start < before.len()).unwrap_or(0)
    }
}

/// Questions and answers.
impl Explore {
    /// Asks the model about the sentence, if there is one.
    fn ask(&mut self, session: &mut Session) -> Option<Effect> {
        let text = sentence(session).to_owned();
        if text.trim().is_empty() {
            self.forget_answer();
            return None;
        }
        // A removed run can no longer be chosen.
        self.chosen.take_if(|chosen| !session.models().any(|run| run.id == *chosen));
        let run = self.run_asked(session).map(|run| run.id.clone());
        let generation = session.next_generation();
        self.asked = Some((generation, text.clone()));
        Some(Effect::Predict { generation, run, text })
    }

    /// Takes an answer; those to earlier questions are dropped.
    pub(in crate::app) fn answered(&mut self, generation: u64, answer: Result<Prediction, String>) {
        let Some((_, text)) = self.asked.take_if(|(asked, _)| *asked == generation) else { return };
        match answer {
            Ok(prediction) => {
                self.problem = None;
                self.word = self.word.min(prediction.answer.words.len().saturating_sub(1));
                self.answer = Some((text, prediction));
            }
            Err(problem) => {
                self.problem = Some(problem);
                self.answer = None;
            }
        }
    }

    /// Forgets question and answer, because another model is asked.
    fn forget_answer(&mut self) {
        self.asked = None;
        self.answer = None;
        self.problem = None;
    }

    /// Takes the next older model, after the oldest one the newest.
    ///
    /// On the model that suggests, none is chosen: then the model that suggests is asked, whichever that becomes.
    fn next_model(&mut self, session: &mut Session) -> Outcome {
        let models: Vec<&str> = session.models().map(|run| run.id.as_str()).collect();
        if models.len() < 2 {
            let none = models.is_empty();
            session.inform(if none { "There is no model yet" } else { "There is one model; each training makes one" });
            return Outcome::none();
        }
        let now = self.run_asked(session).and_then(|run| models.iter().position(|model| *model == run.id)).unwrap_or(0);
        let next = models.get(now + 1).or(models.first());
        let suggester = session.suggester().map(|run| run.id.as_str());
        self.chosen = next.filter(|next| suggester != Some(**next)).map(|next| (*next).to_owned());
        self.goal = None;
        self.forget_answer();
        self.ask(session).into()
    }
}

/// Sentences typed before.
impl Explore {
    /// Remembers the sentence, so that it can be brought back.
    fn remember(&mut self, session: &Session) {
        self.recalled = None;
        let text = sentence(session).trim();
        if text.is_empty() || self.earlier.last().is_some_and(|last| last == text) {
            return;
        }
        let text = text.to_owned();
        self.earlier.retain(|earlier| *earlier != text);
        self.earlier.push(text);
        let surplus = self.earlier.len().saturating_sub(REMEMBERED);
        self.earlier.drain(..surplus);
    }

    /// Brings back an earlier or later sentence.
    /// It asks the model about the sentence if the text has changed.
    fn recall(&mut self, earlier: bool, session: &mut Session) -> Outcome {
        self.goal = None;
        if self.bring_back(earlier, session) { self.ask(session).into() } else { Outcome::none() }
    }

    /// Puts an earlier or later sentence into the field; whether that changed the text.
    fn bring_back(&mut self, earlier: bool, session: &mut Session) -> bool {
        let now = sentence(session).to_owned();
        let (at, typed) = self.recalled.take().unwrap_or_else(|| (self.earlier.len(), now.clone()));
        // A sentence that is in the field already is passed over.
        let mut others = self.earlier.iter().enumerate().filter(|(_, sentence)| **sentence != now);
        let to = if earlier { others.rfind(|(to, _)| *to < at) } else { others.find(|(to, _)| *to > at) };
        match to {
            Some((to, sentence)) => {
                session.prompts.set(&Prompt::Sentence, sentence.clone());
                self.recalled = Some((to, typed));
                true
            }
            None if earlier => {
                self.recalled = Some((at, typed)).filter(|(at, _)| *at < self.earlier.len());
                false
            }
            // After the latest sentence comes the text that was being typed.
            None => {
                let changed = now != typed;
                session.prompts.set(&Prompt::Sentence, typed);
                changed
            }
        }
    }
}

/// Moves of the cursor.
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
        self.recalled = None;
        self.ask(session).into()
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

    fn enter(&mut self, _: &mut Session) -> Outcome {
        self.typing = true;
        Outcome::none()
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
        if session.models().next().is_none() {
            return Some(match session.runs.is_busy() {
                true => "the model answers here as soon as the training is over".to_owned(),
                false => {
                    let train = session.key(Context::Explore, Command::Go(Screen::Train));
                    format!("there is no model yet: tag some documents, then train ({train})")
                }
            });
        }
        if sentence(session).trim().is_empty() {
            return Some("type any sentence: the model marks what it finds while you type".to_owned());
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

impl Commands for Explore {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::Type,
            name: "type",
            hint: "type",
            doc: "Go into the text field",
            keys: &[(Context::Explore, "i enter")],
            when: always,
            run: |screen, _| {
                screen.typing = true;
                screen.goal = None;
                Outcome::none()
            },
        },
        Row {
            command: Command::Model,
            name: "model",
            hint: "model",
            doc: "Ask the model of another run",
            keys: &[(Context::Explore, "m ctrl-o"), (Context::Typing, "ctrl-o")],
            when: always,
            run: Self::next_model,
        },
        Row {
            command: Command::Earlier,
            name: "earlier-sentence",
            hint: "earlier",
            doc: "Bring back the sentence typed before",
            keys: &[(Context::Explore, ""), (Context::Typing, "up")],
            when: always,
            run: |screen, session| screen.recall(true, session),
        },
        Row {
            command: Command::Later,
            name: "later-sentence",
            hint: "",
            doc: "Bring back the sentence typed after it",
            keys: &[(Context::Explore, ""), (Context::Typing, "down")],
            when: always,
            run: |screen, session| screen.recall(false, session),
        },
        Row {
            command: Command::Left,
            name: "left",
            hint: "",
            doc: "Go left by a word",
            keys: &[(Context::Explore, "left h")],
            when: always,
            run: |screen, _| screen.go_to_word(screen.word.saturating_sub(1)),
        },
        Row {
            command: Command::Right,
            name: "right",
            hint: "",
            doc: "Go right by a word",
            keys: &[(Context::Explore, "right l")],
            when: always,
            run: |screen, _| screen.go_to_word(screen.word.saturating_add(1)),
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(Context::Explore, list::KEYS)];
}
