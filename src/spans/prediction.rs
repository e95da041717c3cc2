//! Answers of a model: entities of a text, and the likeliest labels of each word.

use super::{calibration::ScoreScale, strategy::Strategy};
use crate::text::TextRange;

/// Stretch of text to which a model gives a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Bytes of the text, from the start of the first word to the end of the last.
    pub range: TextRange,
    /// Name of the label.
    pub label: String,
    /// Probability from 0 to 1: of exactly this span if the model is calibrated, else the mean of its words.
    pub score: f32,
}

/// Likeliest labels of one word.
#[derive(Clone, Debug, PartialEq)]
pub struct WordGuess {
    /// Bytes of the word in the text.
    pub range: TextRange,
    /// Label names (`O` among them) and their probabilities, best first.
    /// A label's `B-` and `I-` tags are added up.
    pub labels: Vec<(String, f32)>,
}

/// Answer of a model about one text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelAnswer {
    /// Entities, in reading order.
    pub entities: Vec<Entity>,
    /// Likeliest labels of every word that has a word piece.
    pub words: Vec<WordGuess>,
    /// Scale with which scores are shares of right spans; `None` if the model is not calibrated.
    pub scale: Option<ScoreScale>,
}

/// How the score of a span changes without one word of its sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanInfluence {
    /// Bytes of the word in the text.
    pub word: TextRange,
    /// Score of the span without it.
    pub without: f32,
    /// That score minus the score in the whole sentence: negative for a word that speaks for the span.
    pub change: f32,
}

/// Entity or word piece that Hugging Face's pipeline returns.
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineEntity {
    /// Place, label and score. The label is a tag for [`Strategy::None`].
    pub entity: Entity,
    /// The pieces, decoded.
    pub word: String,
}

/// Answer of Hugging Face's pipeline about one text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineAnswer {
    /// Strategy by which pieces become entities.
    pub strategy: Strategy,
    /// Entities in reading order; every word piece for [`Strategy::None`].
    pub found: Vec<PipelineEntity>,
    /// Number of word pieces of the text.
    pub pieces: usize,
    /// Number of word pieces that are read; the others are cut off.
    pub longest: usize,
}

/// Answer together with the name of the model that gave it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prediction {
    /// Name of a run or a folder.
    pub model: String,
    /// Its answer.
    pub answer: ModelAnswer,
    /// Answer of the pipeline, if it was asked for.
    pub pipeline: Option<PipelineAnswer>,
}
