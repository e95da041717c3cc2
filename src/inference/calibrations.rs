//! Calibration of the scores of answers by word, with and without the model's scale.

use std::collections::HashSet;

use super::{Logits, Predictor};
use crate::{
    model::WordPieces,
    spans::{Calibration, ScoreScale, WordSpan, first_rows, scheme::decode},
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

/// Scores of a model's spans, sentence by sentence.
#[derive(Default)]
pub(super) struct CalibrationCounter {
    /// Score of each span, and whether it is right.
    scores: Vec<(f32, bool)>,
    /// The same without the scale, if the model has one.
    without: Vec<(f32, bool)>,
}

impl CalibrationCounter {
    /// Compares the scores of the model's spans with the gold tags of a sentence.
    pub(super) fn add(&mut self, predictor: &Predictor, gold: &[&str], (pieces, rows): (&WordPieces, &Logits)) {
        let rows = first_rows(gold.len(), &pieces.words, rows);
        let spans: HashSet<WordSpan> = decode(gold).into_iter().collect();
        let found = predictor.scored_spans(&rows).into_iter();
        self.scores.extend(found.map(|(span, score)| (score, spans.contains(&span))));
        if let Some(scorer) = predictor.spans().filter(|_| predictor.scale().is_some()) {
            self.without.extend(scorer.compare([(gold, rows.as_slice())], ScoreScale::NONE));
        }
    }

    /// Returns the calibration on all sentences.
    pub(super) fn finish(&self, scale: Option<ScoreScale>) -> Calibrations {
        let scores = Calibration::of(&self.scores);
        let without = if self.without.is_empty() { scores } else { Calibration::of(&self.without) };
        Calibrations { scale, scores, without }
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
