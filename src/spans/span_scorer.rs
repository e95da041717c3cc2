//! Finds the spans of a sentence in logits, and scores each with its probability.

use std::collections::HashSet;

use super::{
    calibration::{ScoreScale, Temperature},
    grammar::Grammar,
    scheme::{WordSpan, decode},
    span_odds::{SpanOdds, SpanTags},
};

/// Rule that turns logits of words into spans with scores, for a model that was trained on IOB2 tags.
///
/// The tags are the likeliest sequence that follows the grammar. The score of a span is its probability among all such
/// sequences ([`SpanOdds`]), so that it falls where another border is likely, too.
#[derive(Clone, Debug)]
pub struct SpanScorer {
    tags: Vec<String>,
    grammar: Grammar,
    kinds: SpanTags,
}

impl SpanScorer {
    /// Makes the rule for these tags.
    pub fn new(tags: &[String]) -> Self {
        Self { tags: tags.to_vec(), grammar: Grammar::new(tags), kinds: SpanTags::new(tags) }
    }

    /// Returns the spans of a sentence with their scores: one row of logits for each word, `None` for a word without a piece.
    pub fn find(&self, rows: &[Option<&[f32]>], scale: ScoreScale) -> Vec<(WordSpan, f32)> {
        let names: Vec<&str> = self.grammar.best(rows).into_iter().map(|tag| self.name(tag)).collect();
        let odds = self.odds(rows, scale.temperature);
        let spans = decode(&names).into_iter();
        spans.map(|span| (span.clone(), scale.score(odds.of(span.start..span.end, &span.label)))).collect()
    }

    /// The grammar of the tags.
    pub fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    /// Returns the probabilities of all spans of a sentence.
    pub fn odds(&self, rows: &[Option<&[f32]>], temperature: Temperature) -> SpanOdds<'_> {
        SpanOdds::new(&self.kinds, rows, temperature)
    }

    /// Returns the scores of the spans of sentences, and whether each is right: a gold span with the same words and label.
    /// A sentence is its gold tags and the logits of its words.
    pub fn compare<'a, S: AsRef<str> + 'a>(
        &self,
        sentences: impl IntoIterator<Item = (&'a [S], &'a [Option<&'a [f32]>])>,
        scale: ScoreScale,
    ) -> Vec<(f32, bool)> {
        let mut scores = Vec::new();
        for (gold, rows) in sentences {
            let gold: HashSet<WordSpan> = decode(gold).into_iter().collect();
            let found = self.find(rows, scale).into_iter();
            scores.extend(found.map(|(span, score)| (score, gold.contains(&span))));
        }
        scores
    }

    fn name(&self, tag: usize) -> &str {
        self.tags.get(tag).map_or("O", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::dataset::tag_names;

    /// O, B-Dish, I-Dish, B-Price, I-Price.
    fn scorer() -> SpanScorer {
        SpanScorer::new(&tag_names(&["Dish".to_owned(), "Price".to_owned()]))
    }

    #[test]
    fn a_span_follows_the_grammar_and_has_its_probability() {
        let rows = [
            Some(&[9.0, 0.0, 0.0, 0.0, 0.0][..]),
            // The best tag alone would begin a span inside.
            Some(&[0.0, 2.0, 3.0, 0.0, 0.0][..]),
            None,
        ];
        let found = scorer().find(&rows, ScoreScale::NONE);
        let [(span, score)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(*span, WordSpan::new(1..2, "Dish"));
        // Of the second word's tags, those inside a span are not possible.
        let expected = 2.0_f32.exp() / (2.0 + 2.0_f32.exp());
        assert!((score - expected).abs() < 1e-3, "{score} {expected}");
        let flatter = scorer().find(&rows, ScoreScale::new(Temperature::new(4.0).unwrap(), 0.0).unwrap());
        assert!(flatter[0].1 < *score, "{flatter:?}");
        let lower = scorer().find(&rows, ScoreScale::new(Temperature::NONE, -1.0).unwrap());
        assert!(lower[0].1 < *score && lower[0].0 == *span, "{lower:?}");
    }

    #[test]
    fn a_span_is_right_if_words_and_label_are() {
        let row = [0.0, 9.0, 0.0, 0.0, 0.0];
        let rows = [Some(&row[..])];
        for (gold, right) in [("B-Dish", true), ("I-Dish", true), ("B-Price", false), ("O", false)] {
            let gold = [gold.to_owned()];
            let found = scorer().compare([(&gold[..], &rows[..])], ScoreScale::NONE);
            assert_eq!(found.iter().map(|(_, right)| *right).collect::<Vec<_>>(), [right], "{gold:?}");
        }
    }
}
