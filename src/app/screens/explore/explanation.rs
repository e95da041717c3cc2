//! Why a span has its score: how the score changes without each of the other words.

use crate::spans::{Entity, SpanInfluence};

/// Question about a span of the sentence, and its answer.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The span.
    pub span: Entity,
    /// Generation of the question, until it is answered.
    asked: Option<u64>,
    /// The words that change the score most, the strongest first.
    pub influences: Vec<SpanInfluence>,
    /// Reason why there is no answer.
    pub problem: Option<String>,
}

impl Explanation {
    /// A question that was asked with this generation.
    pub(super) fn new(span: Entity, generation: u64) -> Self {
        Self { span, asked: Some(generation), influences: Vec::new(), problem: None }
    }

    /// Whether the question is not answered yet.
    pub fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// Takes the answer to this generation; false if it is of another one.
    pub(super) fn answered(&mut self, generation: u64, answer: Result<Vec<SpanInfluence>, String>) -> bool {
        if self.asked.take_if(|asked| *asked == generation).is_none() {
            return false;
        }
        match answer {
            Ok(mut influences) => {
                // Of equal ones, the first in the text.
                influences.sort_by(|one, other| other.change.abs().total_cmp(&one.change.abs()));
                self.influences = influences;
            }
            Err(problem) => self.problem = Some(problem),
        }
        true
    }
}
