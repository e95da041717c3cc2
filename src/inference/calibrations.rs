//! Calibration of the scores of answers by word, with and without the model's scale.

use std::collections::HashSet;

use super::{Logits, Predictor, decode::first_rows};
use crate::{
    model::WordPieces,
    spans::{Calibration, ScoreScale, WordSpan, scheme::decode},
};

/// Calibration of a model on gold sentences.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Calibrations {
    /// Scale of the model's scores; `None` if it is not calibrated.
    pub scale: Option<ScoreScale>,
    /// Of the scores that suggestions have.
    pub scores: Calibration,
    /// Of the probabilities of the same spans without the scale.
    pub without: Calibration,
}

impl Calibrations {
    /// Compares the scores of the model's spans with the gold tags of the same sentences.
    pub(super) fn of<S: AsRef<str>>(predictor: &Predictor, gold: &[Vec<S>], answers: &[(WordPieces, Logits)]) -> Self {
        let sentences = gold.iter().zip(answers);
        let sentences: Vec<_> = sentences
            .map(|(gold, (pieces, rows))| (gold.as_slice(), first_rows(gold.len(), &pieces.words, rows)))
            .collect();
        let mut scores = Vec::new();
        for (gold, rows) in &sentences {
            let gold: HashSet<WordSpan> = decode(gold).into_iter().collect();
            let found = predictor.scored_spans(rows).into_iter();
            scores.extend(found.map(|(span, score)| (score, gold.contains(&span))));
        }
        let scores = Calibration::of(&scores);
        let scale = predictor.scale();
        let without = predictor.spans().filter(|_| scale.is_some()).map(|spans| {
            let sentences = sentences.iter().map(|(gold, rows)| (*gold, rows.as_slice()));
            Calibration::of(&spans.compare(sentences, ScoreScale::NONE))
        });
        Self { scale, scores, without: without.unwrap_or(scores) }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fake, *};
    use crate::{
        inference::evaluate,
        spans::{Sentence, Temperature},
    };

    fn scale(temperature: f64) -> Option<ScoreScale> {
        ScoreScale::new(Temperature::new(temperature)?, 0.0)
    }

    fn sentence(tagged: &[(&str, &str)]) -> Sentence {
        let (words, tags) = tagged.iter().map(|(word, tag)| ((*word).to_owned(), (*tag).to_owned())).unzip();
        Sentence { id: "1".into(), words, tags }
    }

    #[test]
    fn the_scale_changes_the_scores_and_not_the_f1() {
        // Two of four spans are right, and the model is sure of all.
        let sentences = [
            sentence(&[("cheap", "B-Price"), ("lasagne", "O")]),
            sentence(&[("lasagne", "B-Dish"), ("now", "O"), ("cheap", "O")]),
        ];
        let of = |temperature| {
            let predictor = fake::predictor(512).calibrated(scale(temperature));
            evaluate(&predictor, &sentences).unwrap()
        };
        let (sure, flat) = (of(1.0), of(20.0));
        assert_eq!(sure.word.lenient.micro().f1.to_bits(), flat.word.lenient.micro().f1.to_bits());
        assert_eq!((sure.calibration.scores.spans, sure.calibration.scores.right), (4, 2));
        assert!(sure.calibration.scores.mean_score > 0.99, "{:?}", sure.calibration);
        assert!(flat.calibration.scores.mean_score < 0.6, "{:?}", flat.calibration);
        assert_eq!(flat.calibration.without, sure.calibration.scores);
        let plain = evaluate(&fake::predictor(512), &sentences).unwrap().calibration;
        assert_eq!((plain.scale, plain.scores), (None, plain.without));
    }
}
