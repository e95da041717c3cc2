//! Probabilities of all tags of each word, by its first piece.

use super::{PredictError, Predictor, decode, scores::softmax};
use crate::spans::first_rows;

/// Number of sentences that are computed together, so that few logits are in memory at once.
const SENTENCES: usize = 512;

/// Answer of a model for one sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WordProbabilities {
    /// Chosen tag of each word, as an index into the model's tags; `None` for a word without a piece.
    pub chosen: Vec<Option<usize>>,
    /// Probability of each tag of the model, for each word; empty for a word without a piece.
    pub rows: Vec<Vec<f32>>,
}

/// Computes the probabilities of the words of sentences.
///
/// # Errors
/// The tokenizer refuses a sentence.
pub fn word_probabilities<S: AsRef<str> + Sync>(
    predictor: &Predictor,
    sentences: &[&[S]],
) -> Result<Vec<WordProbabilities>, PredictError> {
    let mut all = Vec::with_capacity(sentences.len());
    for chunk in sentences.chunks(SENTENCES) {
        let found = predictor.pieces(chunk)?;
        all.extend(chunk.iter().zip(&found).map(|(words, (pieces, logits))| {
            let choices = decode::word_tags(words.len(), &pieces.words, logits, predictor.grammar());
            let first = first_rows(words.len(), &pieces.words, logits).into_iter();
            WordProbabilities {
                chosen: choices.iter().map(|choice| choice.map(|choice| choice.tag)).collect(),
                rows: first.map(|row| row.map(softmax).unwrap_or_default()).collect(),
            }
        }));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::fake;

    #[test]
    fn each_word_has_the_probabilities_of_its_first_piece() {
        let predictor = fake::predictor(512);
        let words = ["gnocchi", "\u{200b}", "cheap"];
        let found = word_probabilities(&predictor, &[&words, &[]]).unwrap();
        let names: Vec<Option<&str>> =
            found[0].chosen.iter().map(|tag| tag.map(|tag| predictor.tags()[tag].as_str())).collect();
        assert_eq!(names, [Some("B-Dish"), None, Some("B-Price")]);
        let sums: Vec<f32> = found[0].rows.iter().map(|row| row.iter().sum()).collect();
        assert!((sums[0] - 1.0).abs() < 1e-5 && sums[1] == 0.0 && found[0].rows[1].is_empty(), "{sums:?}");
        let chosen = found[0].chosen[2].unwrap();
        assert!(found[0].rows[2][chosen] > 0.9);
        assert_eq!(found[1], WordProbabilities::default());
    }
}
