//! Differences between two models on the same sentences, with paired bootstrap intervals.

use std::collections::BTreeMap;

use super::{
    bootstrap::{Interval, Resampled, SentenceCounts, Values},
    score::Report,
};

/// Difference of one score between two models, the first minus the second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Difference {
    /// Score of the first model, and of the second.
    pub scores: [f64; 2],
    /// Interval of the difference; both models are scored on the same resamples.
    /// `None` if no resample has a score of both.
    pub interval: Option<Interval>,
    /// Share of the resamples in which the difference is zero or has the other sign.
    /// `None` if the scores are the same.
    pub against: Option<f64>,
}

impl Difference {
    fn new(scores: [f64; 2], values: [&Values; 2]) -> Self {
        let difference = values[0].minus(values[1]);
        let against = difference.share_against(scores[0] - scores[1]);
        Self { scores, interval: difference.middle(), against }
    }

    /// The first score minus the second.
    pub fn observed(&self) -> f64 {
        self.scores[0] - self.scores[1]
    }

    /// Whether zero is outside of the interval, so that the sentences alone do not explain the difference.
    pub fn is_clear(&self) -> bool {
        self.interval.is_some_and(|interval| interval.low > 0.0 || interval.high < 0.0)
    }
}

/// Differences of F1 between two models, counted in one way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    /// All labels together.
    pub overall: Difference,
    /// Macro average.
    pub plain: Difference,
    /// Weighted average.
    pub weighted: Difference,
    /// Each label that has a gold entity.
    pub labels: BTreeMap<String, Difference>,
    /// Number of sentences.
    pub sentences: usize,
}

impl Differences {
    /// Compares two ways of `counts`, which were resampled together.
    pub fn new(counts: &SentenceCounts, resampled: &[Resampled], ways: [usize; 2]) -> Self {
        let reports = ways.map(|way| counts.report(way));
        let nothing = Resampled::default();
        let values = ways.map(|way| resampled.get(way).unwrap_or(&nothing));
        let of = |score: fn(&Report) -> f64, value: fn(&Resampled) -> &Values| {
            Difference::new([score(&reports[0]), score(&reports[1])], values.map(value))
        };
        Self {
            overall: of(|report| report.micro().f1, |resampled| &resampled.overall),
            plain: of(|report| report.macro_average().f1, |resampled| &resampled.plain),
            weighted: of(|report| report.weighted_average().f1, |resampled| &resampled.weighted),
            labels: labels(&reports, values),
            sentences: counts.len(),
        }
    }
}

fn labels(reports: &[Report; 2], values: [&Resampled; 2]) -> BTreeMap<String, Difference> {
    let gold = reports[0].labels.iter().filter(|(_, counts)| counts.support() > 0);
    let none = Values::default();
    gold.map(|(label, counts)| {
        let other = reports[1].labels.get(label).copied().unwrap_or_default();
        let values = values.map(|resampled| resampled.labels.get(label).unwrap_or(&none));
        (label.clone(), Difference::new([counts.rates().f1, other.rates().f1], values))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::score::EntityCounts;

    fn counts(right: usize, predicted: usize, gold: usize) -> EntityCounts {
        EntityCounts { true_positives: right, false_positives: predicted - right, false_negatives: gold - right }
    }

    #[test]
    fn a_model_that_is_better_everywhere_is_clearly_better_and_one_sentence_decides_nothing() {
        let mut all = SentenceCounts::new(3);
        for at in 0..60 {
            // The third is better than the second in one sentence.
            let third = usize::from(at == 0);
            all.add([
                (0, "Dish", counts(2, 2, 2)),
                (1, "Dish", counts(1, 2, 2)),
                (2, "Dish", counts(1 + third, 2, 2)),
                (1, "Price", counts(0, 1, 0)),
            ]);
        }
        let resampled = all.resample();
        let clear = Differences::new(&all, &resampled, [0, 1]);
        assert!(clear.overall.is_clear() && clear.overall.against == Some(0.0), "{clear:?}");
        assert_eq!((clear.sentences, clear.labels.keys().map(String::as_str).collect()), (60, vec!["Dish"]));
        assert!((clear.labels["Dish"].observed() - 0.5).abs() < 1e-9);
        assert!(clear.plain.observed() > clear.weighted.observed());
        let other = Differences::new(&all, &resampled, [2, 1]).labels["Dish"];
        // The sentence is missing in (59/60)^60 of the resamples, about .37.
        let against = other.against.unwrap();
        assert!(!other.is_clear() && (0.3..0.45).contains(&against), "{other:?}");
        let back = Differences::new(&all, &resampled, [1, 2]).labels["Dish"];
        assert!((back.observed() + other.observed()).abs() < 1e-12 && (back.against.unwrap() - against).abs() < 1e-12);
        assert_eq!(Differences::new(&all, &resampled, [1, 1]).overall.against, None, "a tie has no side");
    }
}
