//! A second model that reads the same sentence.

use crate::spans::{Entity, Prediction};

/// The second model, and its newest answer.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Its run.
    pub run: String,
    /// Generation of the newest question, until it is answered.
    asked: Option<u64>,
    /// The newest answer, with its sentence.
    answer: Option<(String, Prediction)>,
    /// Reason why it gives no answer.
    pub problem: Option<String>,
}

impl Beside {
    /// The model of a run, which was not asked yet.
    pub(super) fn new(run: String) -> Self {
        Self { run, asked: None, answer: None, problem: None }
    }

    /// Follows a question.
    pub(super) fn ask(&mut self, generation: u64) {
        self.asked = Some(generation);
    }

    /// Whether a question is not answered yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// Forgets question and answer.
    pub(super) fn forget(&mut self) {
        *self = Self::new(std::mem::take(&mut self.run));
    }

    /// Takes the answer to this generation about `text`; others are dropped.
    pub(super) fn answered(&mut self, generation: u64, text: &str, answer: &Result<Prediction, String>) -> bool {
        if self.asked.take_if(|asked| *asked == generation).is_none() {
            return false;
        }
        self.problem = answer.as_ref().err().cloned();
        self.answer = answer.as_ref().ok().map(|prediction| (text.to_owned(), prediction.clone()));
        true
    }

    /// Its answer about `text`, if it has one.
    pub fn prediction(&self, text: &str) -> Option<&Prediction> {
        self.answer.as_ref().filter(|(of, _)| of == text).map(|(_, prediction)| prediction)
    }
}

/// Whether a span with the same words and label is among these.
pub fn is_among(entity: &Entity, others: &[&Entity]) -> bool {
    others.iter().any(|other| other.range == entity.range && other.label == entity.label)
}
