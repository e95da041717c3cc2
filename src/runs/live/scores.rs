//! Scores of the live model on single documents, and estimates from them.

use serde::{Deserialize, Serialize};

use super::{
    Estimate,
    contest::{MOST_COUNTED, are_possible},
};
use crate::spans::{SentenceCounts, score::EntityCounts};

/// Scores that are kept; of more, the newest ones.
const MOST_KEPT: usize = 5_000;
/// Documents of the estimates for now.
const RECENT: usize = 50;
/// Documents of a point of the course.
const STRETCH: usize = 25;
/// Resamples for an interval.
const RESAMPLES: usize = 200;

/// Score of what was learned so far on a document that it had not learned, whatever model made the suggestions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentScore {
    /// Documents that it had learned by then.
    pub learned: usize,
    /// Counts of spans.
    pub counts: EntityCounts,
    /// Whether it was shown without suggestions.
    pub held_back: bool,
}

/// What the scores say; computing it takes long if there are many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimates {
    /// From the last documents; `None` without a document.
    pub recent: Option<Estimate>,
    /// From the last documents that were shown without suggestions.
    pub unaided: Option<Estimate>,
    /// From stretches of successive documents, oldest first.
    pub course: Vec<Estimate>,
}

/// Scores of the live model, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scores(Vec<DocumentScore>);

impl Scores {
    /// Adds the score of a document.
    pub fn add(&mut self, score: DocumentScore) {
        self.0.push(score);
        let surplus = self.0.len().saturating_sub(MOST_KEPT);
        self.0.drain(..surplus);
    }

    /// Whether the numbers are possible.
    pub(super) fn are_sound(&self) -> bool {
        self.0.len() <= MOST_KEPT
            && self.0.iter().all(|score| score.learned < MOST_COUNTED && are_possible(score.counts))
    }

    /// Computes the estimates.
    pub fn estimates(&self) -> Estimates {
        let last = self.0.get(self.0.len().saturating_sub(RECENT)..).unwrap_or_default();
        Estimates {
            recent: estimate(last.iter()),
            unaided: estimate(self.0.iter().rev().filter(|score| score.held_back).take(RECENT)),
            course: self.0.chunks_exact(STRETCH).filter_map(|stretch| estimate(stretch.iter())).collect(),
        }
    }
}

/// Estimates F1 from documents; `None` without a document.
#[allow(clippy::cast_precision_loss, reason = "there are few documents")]
fn estimate<'a>(scores: impl Iterator<Item = &'a DocumentScore>) -> Option<Estimate> {
    let mut counts = SentenceCounts::new(1);
    let mut all = EntityCounts::default();
    let mut learned = 0;
    for score in scores {
        counts.add([(0, "", score.counts)]);
        all.add(score.counts);
        learned += score.learned;
    }
    let documents = counts.len();
    let learned = learned.checked_div(documents)?;
    let resampled = counts.resample_with(RESAMPLES, crate::spans::bootstrap::SEED);
    let interval = resampled.first().and_then(|resampled| resampled.overall.interval());
    Some(Estimate { learned, documents, f1: all.rates().f1, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(learned: usize, right: usize, held_back: bool) -> DocumentScore {
        let counts = EntityCounts { true_positives: right, false_positives: 0, false_negatives: 2 - right };
        DocumentScore { learned, counts, held_back }
    }

    #[test]
    fn estimates_are_of_the_last_documents_and_of_stretches() {
        let mut scores = Scores::default();
        assert_eq!(scores.estimates(), Estimates::default());
        for at in 0..60 {
            scores.add(score(at, usize::from(at >= 10) * 2, at % 20 == 0));
        }
        let Estimates { recent, unaided, course } = scores.estimates();
        let recent = recent.unwrap();
        assert_eq!((recent.documents, recent.learned, recent.f1), (50, 34, 1.0));
        assert_eq!(recent.interval, None, "without a miss nothing says how far it is off");
        let unaided = unaided.unwrap();
        assert_eq!((unaided.documents, unaided.learned, unaided.f1), (3, 20, 0.8));
        assert_eq!((course.len(), course[0].learned, course[1].f1), (2, 12, 1.0));
        let interval = course[0].interval.unwrap();
        assert!(interval.low < course[0].f1 && course[0].f1 < interval.high, "{interval:?}");
    }

    #[test]
    fn only_the_newest_scores_are_kept() {
        let mut scores = Scores::default();
        (0..MOST_KEPT + 7).for_each(|at| scores.add(score(at, 1, false)));
        assert_eq!((scores.0.len(), scores.0[0].learned), (MOST_KEPT, 7));
    }
}
