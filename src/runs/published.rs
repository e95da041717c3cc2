//! Published results on a known test set, to be shown beside one's own.
//!
//! A result is shown only beside a score of the same sentences, with the same labels, counted in the same way: figures on
//! parts of a test set, or per piece and per word, say nothing about each other. Results whose sentences are not stated
//! by their source are not here.

use crate::spans::{Counting, TextFingerprint};

/// A published result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishedResult {
    /// The model.
    pub model: &'static str,
    /// F1 of all labels together.
    pub f1: f64,
    /// How it was counted.
    pub counting: Counting,
    /// Where it is stated.
    pub source: &'static str,
}

/// A published test set.
#[derive(Debug)]
pub struct PublishedTest {
    /// Its name, with the split.
    pub name: &'static str,
    /// Fingerprint of its sentences, from `tests/reference/mit_restaurant_test.py`.
    fingerprint: TextFingerprint,
    /// Labels, sorted.
    labels: &'static [&'static str],
    /// Results on it, the best first.
    pub results: &'static [PublishedResult],
}

const MIT_RESTAURANT: &[&str] =
    &["Amenity", "Cuisine", "Dish", "Hours", "Location", "Price", "Rating", "Restaurant_Name"];

const LESSON: &str = "Carpentries lesson \"Text Analysis in Python\", fine-tuning episode";

const TESTS: &[PublishedTest] = &[
    PublishedTest {
        name: "MIT Restaurant, official test split, 1,521 sentences",
        fingerprint: TextFingerprint { sentences: 1521, sum: 0x0e09_02d4_70b1_1ca0 },
        labels: MIT_RESTAURANT,
        results: &[
            PublishedResult {
                model: "RoBERTa-large",
                f1: 0.8165,
                counting: Counting::Word,
                source: "model card of tner/roberta-large-mit-restaurant",
            },
            PublishedResult {
                model: "DeBERTa-v3-large",
                f1: 0.8159,
                counting: Counting::Word,
                source: "model card of tner/deberta-v3-large-mit-restaurant",
            },
        ],
    },
    PublishedTest {
        name: "MIT Restaurant, the lesson's test split, 706 sentences",
        fingerprint: TextFingerprint { sentences: 706, sum: 0x785a_e9da_234e_1471 },
        labels: MIT_RESTAURANT,
        results: &[PublishedResult { model: "DistilBERT", f1: 0.779, counting: Counting::Word, source: LESSON }],
    },
    PublishedTest {
        name: "MIT Restaurant, the lesson's validation split, 815 sentences",
        fingerprint: TextFingerprint { sentences: 815, sum: 0x95ae_18fa_4d63_082f },
        labels: MIT_RESTAURANT,
        results: &[PublishedResult { model: "DistilBERT", f1: 0.795, counting: Counting::Piece, source: LESSON }],
    },
];

/// Returns the published test set with these sentences and labels.
pub fn published_test<'a>(
    fingerprint: TextFingerprint,
    labels: impl IntoIterator<Item = &'a str>,
) -> Option<&'static PublishedTest> {
    let mut labels: Vec<&str> = labels.into_iter().collect();
    labels.sort_unstable();
    TESTS.iter().find(|test| test.fingerprint == fingerprint && test.labels == labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_set_is_known_by_all_its_sentences_and_labels() {
        let of = |sentences, sum| TextFingerprint { sentences, sum };
        let labels = MIT_RESTAURANT.iter().copied();
        let full = published_test(of(1521, 0x0e09_02d4_70b1_1ca0), labels.clone().rev()).unwrap();
        assert!(full.name.contains("1,521") && full.results.iter().all(|result| result.counting == Counting::Word));
        assert!(published_test(of(1520, 0x0e09_02d4_70b1_1ca0), labels.clone()).is_none());
        assert!(published_test(of(1521, 0x0e09_02d4_70b1_1ca0), labels.clone().skip(1)).is_none());
        assert!(published_test(of(706, 0x95ae_18fa_4d63_082f), labels).is_none());
        // The parts make up the whole, so no figure on one of them can be taken for one on another.
        let parts: Vec<TextFingerprint> = TESTS[1..].iter().map(|test| test.fingerprint).collect();
        let sum = parts.iter().fold(0_u64, |sum, part| sum.wrapping_add(part.sum));
        assert_eq!((parts.iter().map(|part| part.sentences).sum::<usize>(), sum), (1521, TESTS[0].fingerprint.sum));
    }
}
