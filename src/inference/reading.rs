//! What a model finds in sentences, with the probability that it gives to any tags of their words.

use std::ops::Range;

use super::{
    PredictError, Predictor, WordTag, decode,
    scores::{mean, softmax},
};
use crate::spans::{
    Sentence, WordSpan, first_rows,
    scheme::{Tag, decode as spans_of},
};

/// Answer of a model about one sentence.
pub struct SentenceReading<'m> {
    /// Spans that its tags form, read leniently.
    pub spans: Vec<WordSpan>,
    choices: Vec<Option<WordTag>>,
    /// Probability of each tag of each word; `None` for a word without a piece.
    probabilities: Vec<Option<Vec<f32>>>,
    tags: &'m [String],
}

impl SentenceReading<'_> {
    /// Mean probability of the tags that the model chose for these words.
    pub fn probability(&self, words: Range<usize>) -> f32 {
        decode::sureness(&self.choices, words)
    }

    /// Mean probability that the model gives to `tags` of these words; `tags` has one for each word of the sentence.
    /// Words without a piece are not counted, and a label that the model does not have has probability 0.
    pub fn probability_of<S: AsRef<str>>(&self, tags: &[S], words: Range<usize>) -> f32 {
        let rows = self.probabilities.get(words.clone()).unwrap_or_default();
        let pairs = rows.iter().zip(tags.get(words).unwrap_or_default());
        mean(pairs.filter_map(|(row, tag)| Some(probability_of(row.as_deref()?, tag.as_ref(), self.tags))))
    }
}

/// Probability of a tag: of the model's tag of that name, else of all its tags with the same label.
fn probability_of(row: &[f32], tag: &str, tags: &[String]) -> f32 {
    if let Some(at) = tags.iter().position(|known| known == tag) {
        return row.get(at).copied().unwrap_or_default();
    }
    let wanted = Tag::read(tag);
    let label = wanted.label();
    let same = tags.iter().zip(row).filter(|(known, _)| Tag::read(known).label() == label);
    same.map(|(_, probability)| *probability).sum()
}

/// Asks a model about sentences.
///
/// # Errors
/// The tokenizer refuses a sentence.
pub fn read_sentences<'m>(
    model: &'m Predictor,
    sentences: &[Sentence],
) -> Result<Vec<SentenceReading<'m>>, PredictError> {
    let texts: Vec<&[String]> = sentences.iter().map(|sentence| sentence.words.as_slice()).collect();
    let answers = model.pieces(&texts)?;
    let tags = model.tags();
    let readings = texts.iter().zip(answers).map(|(words, (pieces, rows))| {
        let choices = decode::word_tags(words.len(), &pieces.words, &rows, model.grammar());
        let first = first_rows(words.len(), &pieces.words, &rows);
        let probabilities = first.into_iter().map(|row| row.map(softmax)).collect();
        let spans = spans_of(&decode::names(&choices, tags));
        SentenceReading { spans, choices, probabilities, tags }
    });
    Ok(readings.collect())
}

#[cfg(test)]
mod tests {
    use super::{super::fake, *};

    fn sentence(words: &[&str]) -> Sentence {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Sentence { id: "d".into(), tags: vec!["O".into(); words.len()], words }
    }

    #[test]
    fn spans_come_with_the_probability_of_their_tags_and_of_any_others() {
        let model = fake::predictor(16);
        let sentences = [sentence(&["cheap", "lasagne", "verde", "\u{200b}"]), sentence(&[])];
        let found = read_sentences(&model, &sentences).unwrap();
        assert_eq!(found[0].spans, [WordSpan::new(0..1, "Price"), WordSpan::new(1..3, "Dish")]);
        assert!(found[1].spans.is_empty() && found[1].probability(0..0) == 0.0);
        let right = ["B-Price", "B-Dish", "I-Dish", "O"];
        let chosen = found[0].probability(0..4);
        assert!(chosen > 0.99 && (found[0].probability_of(&right, 0..4) - chosen).abs() < 1e-6, "{chosen}");
        let other = ["O", "B-Price", "B-Other", "O"];
        assert!(found[0].probability_of(&other, 0..3) < 0.01);
        // The tags of one word sum to one; a label that the model does not have is never likely.
        let sum: f32 = model.tags().iter().map(|tag| found[0].probability_of(&[tag], 0..1)).sum();
        assert!((sum - 1.0).abs() < 1e-5 && found[0].probability_of(&["B-Other"], 0..1) == 0.0);
    }

    #[test]
    fn a_model_without_borders_gives_a_label_the_sum_of_its_tags() {
        let model = fake::predictor_with(16, &["O", "PER", "X", "LOC", "Y"]);
        let found = read_sentences(&model, &[sentence(&["lasagne"])]).unwrap();
        assert!(found[0].probability_of(&["B-PER"], 0..1) > 0.99);
    }
}
