//! Questions to models, their answers, and what becomes of an answer.

use super::{Beside, Explanation, Explore, sentence};
use crate::{
    app::{
        effect::Effect,
        exchange::AddedSentence,
        panel::{Outcome, Request},
        screen::Screen,
        session::Session,
    },
    spans::{Prediction, SpanInfluence},
};

/// Questions and answers.
impl Explore {
    /// Asks the model about the sentence, if there is one.
    pub(super) fn ask(&mut self, session: &mut Session) -> Option<Effect> {
        let text = sentence(session).to_owned();
        if text.trim().is_empty() {
            self.forget_answer();
            return None;
        }
        // A removed run can no longer be chosen.
        self.chosen.take_if(|chosen| !session.models().any(|run| run.id == *chosen));
        let run = self.model_asked(session);
        let generation = session.next_generation();
        self.asked = Some((generation, text.clone()));
        session.model_view.forget_question();
        self.explanation = None;
        // A model is not shown beside itself.
        let known = session.model_names();
        self.beside.take_if(|beside| run.as_ref() == Some(&beside.run) || !known.contains(&beside.run));
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
    pub(super) fn forget_answer(&mut self) {
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
    pub(super) fn explain(&mut self, session: &mut Session) -> Outcome {
        if self.explanation.take_if(|explanation| !explanation.is_waiting()).is_some() {
            return Outcome::none();
        }
        let run = self.model_asked(session).filter(|_| self.is_current(session));
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
    pub(super) fn add(&self, session: &mut Session) -> Outcome {
        let Some(prediction) = self.prediction().filter(|_| self.is_current(session)) else {
            session.inform("Type a sentence and wait for the model; then it can be added");
            return Outcome::none();
        };
        let spans = prediction.answer.entities.iter().filter(|entity| self.is_above_bar(entity)).cloned().collect();
        let text = sentence(session).trim_end().to_owned();
        Request::AddSentence(Box::new(AddedSentence { text, run: prediction.model.clone(), spans })).into()
    }
}
