//! Counts of right and wrong spans on sentences, as the documents of a project have them.

use super::error::LiveError;
use crate::{
    inference::{Evaluator, Precision, Predictor, Threads},
    model::BaseModel,
    spans::{
        Counting, LabelSet, Sentence,
        scheme::Tag,
        score::{EntityCounts, Mode, ScoreError, Scorer},
    },
};

/// Number of spans of a sentence.
pub(super) fn spans(sentence: &Sentence) -> usize {
    sentence.tags.iter().filter(|tag| matches!(Tag::read(tag), Tag::Inside { prefix: 'B', .. })).count()
}

pub(super) fn sum(counts: Vec<EntityCounts>) -> EntityCounts {
    let mut all = EntityCounts::default();
    counts.into_iter().for_each(|counts| all.add(counts));
    all
}

/// Compares two sides of a sentence, lenient.
pub(super) fn counts_of(gold: &[String], predicted: &[String]) -> Result<EntityCounts, ScoreError> {
    let found = Scorer::new(Mode::Default).add(gold, predicted)?;
    Ok(sum(found.into_iter().map(|(_, counts)| counts).collect()))
}

/// Counts of a model on each of these sentences, predicted as suggestions are.
pub(super) fn counts(
    model: &BaseModel,
    labels: &LabelSet,
    sentences: &[Sentence],
) -> Result<Vec<EntityCounts>, LiveError> {
    let model = with_present_tags(model.clone(), labels);
    counts_of_predictor(&Predictor::of(model, "cpu", Threads::One, Precision::Int8)?, sentences)
}

/// Counts on each of these sentences, per word and lenient.
pub(super) fn counts_of_predictor(
    predictor: &Predictor,
    sentences: &[Sentence],
) -> Result<Vec<EntityCounts>, LiveError> {
    let outcomes = Evaluator::new(predictor).add(sentences)?;
    let by_word = outcomes.into_iter().map(|outcome| {
        let counts = outcome.counts.into_iter().filter(|(counting, ..)| *counting == Counting::Word);
        sum(counts.map(|(.., counts)| counts).collect())
    });
    Ok(by_word.collect())
}

/// A model whose tags have the present names of their labels.
pub(super) fn with_present_tags(mut model: BaseModel, labels: &LabelSet) -> BaseModel {
    for tag in &mut model.config.tags {
        *tag = present_tag(tag, labels);
    }
    model
}

/// The tag with the present name of its label. What a model finds for a label that no longer exists is not suggested.
fn present_tag(tag: &str, labels: &LabelSet) -> String {
    match Tag::read(tag) {
        Tag::Inside { prefix, label } => {
            labels.named(label).map_or_else(|| "O".to_owned(), |label| format!("{prefix}-{}", label.name))
        }
        Tag::Outside => tag.to_owned(),
    }
}
