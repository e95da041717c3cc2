//! Comparison of the live model with the model that makes the suggestions.

use serde::{Deserialize, Serialize};

use super::Version;
use crate::{runs::suggester::MIN_VALIDATION_SPANS, spans::score::EntityCounts};

/// Documents of a comparison with the memory after which all of them count half.
const MOST_AGAINST_MEMORY: usize = 20;

/// Distance in F1, times the root of the number of gold spans, up to which a version is not clearly worse than an earlier
/// one: about the standard error of such a difference.
const TOLERANCE: f64 = 0.7;

/// Largest number of spans or documents that a file may claim: sums stay far from where numbers end.
pub(super) const MOST_COUNTED: usize = 1 << 31;

/// Whether counts from a file are possible.
pub(super) fn are_possible(counts: EntityCounts) -> bool {
    let EntityCounts { true_positives, false_positives, false_negatives } = counts;
    [true_positives, false_positives, false_negatives].iter().all(|count| *count < MOST_COUNTED)
}

/// Counts of spans of both sides on the same documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Of the live model.
    pub learner: EntityCounts,
    /// Of the model that makes the suggestions, or of the memory if there is none.
    pub rival: EntityCounts,
}

impl Pair {
    /// Adds the counts of other documents.
    pub fn add(&mut self, other: Self) {
        self.learner.add(other.learner);
        self.rival.add(other.rival);
    }

    fn halved(self) -> Self {
        let [learner, rival] = [self.learner, self.rival].map(|counts| EntityCounts {
            true_positives: counts.true_positives / 2,
            false_positives: counts.false_positives / 2,
            false_negatives: counts.false_negatives / 2,
        });
        Self { learner, rival }
    }

    /// F1 of the live model and of its rival.
    pub fn f1(self) -> [f64; 2] {
        [self.learner, self.rival].map(|counts| counts.rates().f1)
    }
}

/// Progressive validation: predictions made before each document was learned, by both sides.
///
/// The live model changes from document to document, its rival does not: what is compared is the result of learning on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contest {
    /// Name of the model that makes the suggestions; `None` if only the memory does.
    pub rival: Option<String>,
    /// Start of the rival in seconds since 1970, UTC, if it is a run: the name of one that was removed may be given again.
    #[serde(default)]
    pub rival_started: u64,
    /// Documents since the rival took over.
    pub documents: usize,
    /// Counts on these documents.
    pub counts: Pair,
}

impl Contest {
    /// Begins without documents.
    pub fn against(rival: Option<String>) -> Self {
        Self { rival, ..Self::default() }
    }

    /// Whether its numbers are possible.
    pub(super) fn is_sound(&self) -> bool {
        self.documents < MOST_COUNTED && [self.counts.learner, self.counts.rival].into_iter().all(are_possible)
    }

    /// Whether the rival is an earlier version of the live model.
    fn is_against_version(&self) -> bool {
        self.rival.as_ref().is_some_and(|rival| rival.parse::<Version>().is_ok())
    }

    /// Adds a document.
    ///
    /// Against the memory, older documents count less and less: both begin with nothing, and how good a model was that had
    /// learned five documents says nothing about now.
    pub fn add(&mut self, counts: Pair) {
        if self.rival.is_none() && self.documents >= MOST_AGAINST_MEMORY {
            self.documents /= 2;
            self.counts = self.counts.halved();
        }
        self.documents += 1;
        self.counts.add(counts);
    }
}

/// What the decision between the two rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// Predictions made before each document was learned.
    pub contest: &'a Contest,
    /// Counts on the validation split of what was learned last, and of its rival; `None` if one of them is not known.
    pub valid: Option<Pair>,
    /// Documents that are needed as long as no model makes suggestions.
    pub least_documents: usize,
}

/// Whether the live model makes the suggestions from now on.
///
/// Against a run, it does if its F1 is higher, or equal, since it has learned more. The counts of the documents since its
/// rival took over and those of the validation split are added; the latter only from [`MIN_VALIDATION_SPANS`] gold spans
/// on. Where no model makes suggestions, its rival is the memory of what was tagged, on [`Evidence::least_documents`].
///
/// Against an earlier version of itself the rule is softer: it takes over unless it is clearly worse, also without a
/// document. It has learned more, and a round brings some ten spans to compare: by the strict rule, losses of the first
/// candidates were counted against all later ones, and in a simulation one version made the suggestions for 200 documents
/// (F1 .532) while the newest would have had .599.
pub fn takes_over(evidence: &Evidence<'_>) -> bool {
    let Evidence { contest, valid, least_documents } = evidence;
    let valid = valid.filter(|pair| pair.learner.support() >= MIN_VALIDATION_SPANS);
    let mut counts = contest.counts;
    counts.add(valid.unwrap_or_default());
    let [learner, rival] = counts.f1();
    if contest.is_against_version() {
        return learner + tolerance(counts.rival.support()) >= rival;
    }
    let least = if contest.rival.is_some() { 1 } else { *least_documents };
    if valid.is_none() && contest.documents < least {
        return false;
    }
    learner > 0.0 && learner >= rival
}

/// Distance in F1 on this many gold spans that does not count as clearly worse.
#[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn tolerance(spans: usize) -> f64 {
    TOLERANCE / (spans as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(right: usize, predicted: usize, gold: usize) -> EntityCounts {
        EntityCounts { true_positives: right, false_positives: predicted - right, false_negatives: gold - right }
    }

    fn contest(rival: Option<&str>, documents: usize, learner: EntityCounts, other: EntityCounts) -> Contest {
        Contest {
            rival: rival.map(str::to_owned),
            documents,
            counts: Pair { learner, rival: other },
            ..Contest::default()
        }
    }

    fn decides(contest: &Contest, valid: Option<Pair>) -> bool {
        takes_over(&Evidence { contest, valid, least_documents: 5 })
    }

    #[test]
    fn the_better_one_suggests_and_of_equal_ones_the_newer() {
        let other = counts(5, 10, 10);
        for (right, expected) in [(4, false), (5, true), (6, true)] {
            let contest = contest(Some("0001-mini"), 1, counts(right, 10, 10), other);
            assert_eq!(decides(&contest, None), expected, "{right}");
        }
        let nothing = contest(Some("0001-mini"), 9, counts(0, 3, 10), counts(0, 0, 10));
        assert!(!decides(&nothing, None), "two that find nothing are not equally good");
    }

    #[test]
    fn without_a_document_nothing_is_decided() {
        let contest = Contest::against(Some("0001-mini".into()));
        assert!(!decides(&contest, None));
    }

    #[test]
    fn a_newer_version_suggests_unless_it_is_clearly_worse() {
        assert!(decides(&Contest::against(Some("live-3".into())), None), "without a document");
        // 16 spans: a distance of 0.175 is none.
        for (right, version, run) in [(8, true, true), (7, true, false), (6, true, false), (5, false, false)] {
            for (rival, expected) in [("live-3", version), ("0001-mini", run)] {
                let contest = contest(Some(rival), 5, counts(right, 16, 16), counts(8, 16, 16));
                assert_eq!(decides(&contest, None), expected, "{right} {rival}");
            }
        }
        // The more spans, the smaller the distance.
        let many = contest(Some("live-3"), 200, counts(600, 1600, 1600), counts(800, 1600, 1600));
        assert!(!decides(&many, None));
    }

    #[test]
    fn without_a_model_it_needs_some_documents_and_must_be_as_good_as_the_memory() {
        let memory = counts(2, 3, 10);
        assert!(!decides(&contest(None, 4, counts(9, 10, 10), memory), None));
        assert!(decides(&contest(None, 5, counts(9, 10, 10), memory), None));
        assert!(!decides(&contest(None, 5, counts(1, 3, 10), memory), None));
    }

    #[test]
    fn against_the_memory_old_documents_count_less_and_against_a_model_all_the_same() {
        for (rival, expected) in [(None, true), (Some("0001-mini"), false)] {
            let mut contest = Contest::against(rival.map(str::to_owned));
            let one =
                |learner: usize, rival: usize| Pair { learner: counts(learner, 4, 4), rival: counts(rival, 4, 4) };
            (0..40).for_each(|_| contest.add(one(0, 2)));
            (0..30).for_each(|_| contest.add(one(3, 2)));
            assert_eq!(decides(&contest, None), expected, "{contest:?}");
        }
    }

    #[test]
    fn a_validation_split_counts_from_20_spans_on() {
        let worse = contest(Some("0001-mini"), 5, counts(4, 10, 10), counts(5, 10, 10));
        let valid = |spans: usize| Some(Pair { learner: counts(spans, spans, spans), rival: counts(0, 0, spans) });
        assert!(!decides(&worse, valid(19)));
        assert!(decides(&worse, valid(20)));
        let better = contest(Some("0001-mini"), 5, counts(6, 10, 10), counts(5, 10, 10));
        let against = Some(Pair { learner: counts(0, 9, 20), rival: counts(20, 20, 20) });
        assert!(!decides(&better, against));
        // Then it decides alone, too: documents that were done before are evidence at once.
        assert!(decides(&Contest::against(Some("0001-mini".into())), valid(20)));
        assert!(decides(&Contest::against(None), valid(20)));
    }
}
