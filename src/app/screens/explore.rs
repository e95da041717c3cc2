//! The Explore screen: the user types a sentence, and a model finds entities in it.
//! The entities are shown while the user types.
//!
//! The model is the one that suggests on the Tag screen, unless another one was chosen here.

mod beside;
mod explanation;
mod history;
mod pasted;

pub use beside::{Beside, is_among};
pub use explanation::Explanation;
use history::History;
use pasted::Pasted;

use crate::{
    app::{
        command::{Command, Context},
        conditions::{always, not_only_runs},
        effect::Effect,
        exchange::AddedSentence,
        list,
        panel::{Commands, Outcome, Panel, Request, Row, own_rows},
        prompts::Prompt,
        screen::{Screen, Size},
        session::Session,
    },
    runs::RunSummary,
    spans::{Entity, PipelineAnswer, Prediction, SpanInfluence, Strategy, WordGuess},
    text::wrap::{TextLayout, Vertical},
};

/// Highest bar that can be set.
const HIGHEST_BAR: f32 = 0.9;
/// Change of the bar by one key.
const BAR_STEP: f32 = 0.1;

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
        let entities = self.entities_of(prediction);
        let above = entities.into_iter().filter(|entity| self.is_above_bar(entity));
        above.filter(|entity| self.is_current(session) || entity.range.end <= unchanged).collect()
    }

    /// The entities of an answer in the way that is chosen, those below the bar included.
    pub fn entities_of<'a>(&self, prediction: &'a Prediction) -> Vec<&'a Entity> {
        match self.strategy {
            None => prediction.answer.entities.iter().collect(),
            Some(strategy) => {
                let pipeline = prediction.pipeline.iter().filter(|pipeline| pipeline.strategy == strategy);
                pipeline.flat_map(|pipeline| &pipeline.found).map(|found| &found.entity).collect()
            }
        }
    }

    /// The answer of the pipeline about the sentence in the field, if its strategy is the chosen one.
    pub fn pipeline(&self, session: &Session) -> Option<&PipelineAnswer> {
        let pipeline = self.prediction().filter(|_| self.is_current(session))?.pipeline.as_ref()?;
        Some(pipeline).filter(|pipeline| self.strategy == Some(pipeline.strategy))
    }

    /// Whether the score of a span is high enough to be shown.
    pub fn is_above_bar(&self, entity: &Entity) -> bool {
        entity.score >= self.bar
    }

    /// Number of spans of the sentence that are hidden because of their score.
    pub fn hidden(&self, session: &Session) -> usize {
        let Some(prediction) = self.prediction().filter(|_| self.is_current(session)) else { return 0 };
        self.entities_of(prediction).into_iter().filter(|entity| !self.is_above_bar(entity)).count()
    }

    /// The span found by word that the cursor is in.
    fn entity_here(&self, session: &Session) -> Option<&Entity> {
        let here = self.guess(session)?.range;
        let entities = &self.prediction()?.answer.entities;
        entities.iter().find(|entity| entity.range.start <= here.start && here.end <= entity.range.end)
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
        session.model_view.forget_question();
        self.explanation = None;
        // A model is not shown beside itself.
        self.beside.take_if(|beside| {
            run.as_ref() == Some(&beside.run) || !session.models().any(|known| known.id == beside.run)
        });
        let beside = self.beside.as_mut().map(|beside| {
            let generation = session.next_generation();
            beside.ask(generation);
            (generation, beside.run.clone())
        });
        Some(Effect::Predict { generation, run, text, strategy: self.strategy, beside })
    }

    /// Asks again if the screen is in front and waits: a question of another screen may have taken the place of its own.
    pub(in crate::app) fn ask_again(&mut self, session: &mut Session) -> Option<Effect> {
        if session.screen != Screen::Explore {
            return None;
        }
        self.explanation.take_if(|explanation| explanation.is_waiting());
        let is_beside_waiting = self.beside.as_ref().is_some_and(Beside::is_waiting);
        if self.is_waiting() || is_beside_waiting { self.ask(session) } else { None }
    }

    /// Takes an answer; those to earlier questions are dropped.
    pub(in crate::app) fn answered(&mut self, session: &Session, generation: u64, answer: Result<Prediction, String>) {
        let beside = self.beside.as_mut();
        if beside.is_some_and(|beside| beside.answered(generation, sentence(session), &answer)) {
            return;
        }
        if let (Some(explanation), Err(problem)) = (&mut self.explanation, &answer)
            && explanation.answered(generation, Err(problem.clone()))
        {
            return;
        }
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
        self.explanation = None;
        self.beside.iter_mut().for_each(Beside::forget);
    }

    /// Takes an explanation.
    pub(in crate::app) fn explained(&mut self, generation: u64, influences: Vec<SpanInfluence>) {
        if let Some(explanation) = &mut self.explanation {
            explanation.answered(generation, Ok(influences));
        }
    }

    /// Asks which words speak for the span under the cursor, or puts that away.
    fn explain(&mut self, session: &mut Session) -> Outcome {
        if self.explanation.take_if(|explanation| !explanation.is_waiting()).is_some() {
            return Outcome::none();
        }
        let run = self.run_asked(session).map(|run| run.id.clone()).filter(|_| self.is_current(session));
        let Some((run, span)) = run.zip(self.entity_here(session).cloned()) else {
            session.inform("There is no span of the model under the cursor; go to one");
            return Outcome::none();
        };
        let generation = session.next_generation();
        self.explanation = Some(Explanation::new(span.clone(), generation));
        session.model_view.forget_question();
        let text = sentence(session).to_owned();
        Effect::Explain { generation, run, text, range: span.range, label: span.label }.into()
    }

    /// Adds the sentence to the project, with the spans by word that are above the bar.
    fn add(&self, session: &mut Session) -> Outcome {
        let Some(prediction) = self.prediction().filter(|_| self.is_current(session)) else {
            session.inform("Type a sentence and wait for the model; then it can be added");
            return Outcome::none();
        };
        let spans = prediction.answer.entities.iter().filter(|entity| self.is_above_bar(entity)).cloned().collect();
        let text = sentence(session).trim_end().to_owned();
        Request::AddSentence(Box::new(AddedSentence { text, run: prediction.model.clone(), spans })).into()
    }

    /// Shows the entities of the next strategy of the pipeline; after the last one those by word.
    fn next_strategy(&mut self, session: &mut Session) -> Outcome {
        let all = Strategy::ALL;
        let next = self.strategy.map_or(0, |now| all.iter().position(|one| *one == now).map_or(0, |at| at + 1));
        self.strategy = all.get(next).copied();
        session.inform(match self.strategy {
            None => "By word: spans on your words, as suggestions are".to_owned(),
            Some(Strategy::None) => "Pipeline, strategy none: every word piece with its tag".to_owned(),
            Some(strategy) => format!("Pipeline, strategy {}: as transformers finds them", strategy.name()),
        });
        self.ask(session).into()
    }

    /// Raises or lowers the bar by a step.
    fn move_bar(&mut self, up: bool, session: &mut Session) -> Outcome {
        let moved = if up { self.bar + BAR_STEP } else { self.bar - BAR_STEP };
        // Rounded, since sums of tenths are not exact.
        self.bar = ((moved * 10.0).round() / 10.0).clamp(0.0, HIGHEST_BAR);
        session.inform(match self.bar > 0.0 {
            true => format!("Spans with a score of {:.1} and more", self.bar),
            false => "Spans with any score".to_owned(),
        });
        Outcome::none()
    }

    /// Shows the next other model beside this one; after the last one none.
    fn next_beside(&mut self, session: &mut Session) -> Outcome {
        let asked = self.run_asked(session).map(|run| run.id.clone());
        let models: Vec<String> = session.models().map(|run| run.id.clone()).collect();
        let others: Vec<String> = models.into_iter().filter(|run| Some(run) != asked.as_ref()).collect();
        if others.is_empty() {
            session.inform("There is no second model to show beside this one; each training makes one");
            return Outcome::none();
        }
        let now = self.beside.as_ref().and_then(|beside| others.iter().position(|run| *run == beside.run));
        let next = if self.beside.is_some() { now.map_or(0, |at| at + 1) } else { 0 };
        self.beside = others.get(next).cloned().map(Beside::new);
        self.ask(session).into()
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
        self.history.remember(sentence(session));
    }

    /// Brings back an earlier or later sentence.
    /// It asks the model about the sentence if the text has changed.
    fn recall(&mut self, earlier: bool, session: &mut Session) -> Outcome {
        self.goal = None;
        let Some(text) = self.history.bring_back(earlier, sentence(session)) else { return Outcome::none() };
        self.show(&text, session)
    }

    /// Puts a sentence into the field.
    fn show(&mut self, text: &str, session: &mut Session) -> Outcome {
        session.prompts.set(&Prompt::Sentence, "");
        session.prompts.insert(&Prompt::Sentence, text);
        self.ask(session).into()
    }

    /// The sentence in the field and the number of all, where several were pasted.
    pub fn place(&self) -> Option<(usize, usize)> {
        self.history.pasted().map(Pasted::place)
    }

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
        let pasted = Pasted::of(text)?;
        self.remember(session);
        let keys = [Command::Later, Command::Earlier].map(|command| session.key(Context::Typing, command));
        session.inform(pasted.message(keys));
        let first = pasted.line().to_owned();
        self.history.paste(pasted);
        Some(self.show(&first, session))
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
            command: Command::AddSentence,
            name: "add-sentence",
            hint: "add",
            doc: "Add the sentence with its spans to the project",
            keys: &[(Context::Explore, "s"), (Context::Typing, "")],
            when: not_only_runs,
            run: |screen, session| screen.add(session),
        },
        Row {
            command: Command::Explain,
            name: "explain",
            hint: "why",
            doc: "Show how the span's score changes without each word",
            keys: &[(Context::Explore, "e")],
            when: always,
            run: Self::explain,
        },
        Row {
            command: Command::Aggregation,
            name: "aggregation",
            hint: "strategy",
            doc: "Show what the next pipeline strategy finds, and pieces",
            keys: &[(Context::Explore, "t"), (Context::Typing, "ctrl-y")],
            when: always,
            run: Self::next_strategy,
        },
        Row {
            command: Command::Beside,
            name: "beside",
            hint: "two models",
            doc: "Show the spans of a second model beside the first",
            keys: &[(Context::Explore, "c"), (Context::Typing, "")],
            when: always,
            run: Self::next_beside,
        },
        Row {
            command: Command::RaiseBar,
            name: "raise-bar",
            hint: "surer, more",
            doc: "Show only spans that are surer by .1",
            keys: &[(Context::Explore, ">")],
            when: always,
            run: |screen, session| screen.move_bar(true, session),
        },
        Row {
            command: Command::LowerBar,
            name: "lower-bar",
            hint: "surer, more",
            doc: "Show spans that are less sure by .1, too",
            keys: &[(Context::Explore, "<")],
            when: always,
            run: |screen, session| screen.move_bar(false, session),
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
