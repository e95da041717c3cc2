//! What the drawing and the other parts of the screen read.

use super::{Explore, sentence};
use crate::{
    app::{prompts::Prompt, session::Session},
    spans::{Entity, PipelineAnswer, Prediction, WordGuess},
};

/// Views of the state for drawing.
impl Explore {
    /// Name of the model that is asked: the run that was chosen, else the model that suggests.
    pub fn model_asked(&self, session: &Session) -> Option<String> {
        let chosen = self.chosen.clone().filter(|chosen| session.models().any(|run| run.id == *chosen));
        chosen.or_else(|| session.suggesting())
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
    pub(super) fn entity_here(&self, session: &Session) -> Option<&Entity> {
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
    pub(super) fn words(&self) -> &[WordGuess] {
        self.prediction().map_or(&[][..], |prediction| prediction.answer.words.as_slice())
    }

    /// The word that the cursor of the text field is in or behind.
    pub(super) fn word_typed(&self, session: &Session) -> usize {
        let (before, _) = session.prompts.field(&Prompt::Sentence).parts();
        self.words().iter().rposition(|guess| guess.range.start < before.len()).unwrap_or(0)
    }
}
