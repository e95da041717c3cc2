//! Intervals of scores by the bootstrap over sentences.
//!
//! A resample draws as many sentences as there are, with replacement; a score is computed on each resample, and the middle
//! 95 % of the values are its interval. Sentences are drawn, not spans, because the spans of a sentence depend on each
//! other. Of a sentence only its counts are kept, and of equal counts one copy, so that a file of any size can be scored.
//!
//! The resamples are the same on every machine: `Draws` is SplitMix64 from a fixed seed. All ways of counting, and
//! several models, get the same resamples, so that their differences are paired.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::score::{EntityCounts, Rates, Report, mean_rates};
use crate::text::hash::mixed;

/// Number of resamples.
pub const RESAMPLES: usize = 1000;
/// Seed of the resamples.
pub const SEED: u64 = 42;
/// Share of the resamples in an interval.
pub const LEVEL: f64 = 0.95;

/// Random numbers: SplitMix64.
struct Draws(u64);

impl Draws {
    /// Draws a number below `end`. The deviation from equal chances is below `end` / 2^64.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let product = u128::from(mixed(self.0)) * end as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }
}

/// Counts of one label in a sentence, with the number of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cell {
    column: u32,
    right: u32,
    predicted: u32,
    gold: u32,
}

/// Counts of each sentence, in one or several ways.
#[derive(Clone, Debug, Default)]
pub struct SentenceCounts {
    /// Column of each label, for each way.
    columns: Vec<BTreeMap<String, u32>>,
    /// Number of columns.
    width: u32,
    /// Numbers of the different sentences.
    numbers: HashMap<Arc<[Cell]>, u32>,
    /// The different sentences.
    different: Vec<Arc<[Cell]>>,
    /// Number of each sentence's counts in `different`.
    sentences: Vec<u32>,
}

impl SentenceCounts {
    /// Starts without sentences; each will be counted in `ways` ways.
    pub fn new(ways: usize) -> Self {
        Self { columns: vec![BTreeMap::new(); ways], ..Self::default() }
    }

    /// Number of sentences.
    pub fn len(&self) -> usize {
        self.sentences.len()
    }

    /// Whether there are no sentences.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// Adds a sentence: its counts for each way and label.
    pub fn add<'a>(&mut self, counts: impl IntoIterator<Item = (usize, &'a str, EntityCounts)>) {
        let mut cells: Vec<Cell> = Vec::new();
        for (way, label, counts) in counts {
            let Some(column) = self.column(way, label) else { continue };
            let EntityCounts { true_positives, .. } = counts;
            let [right, predicted, gold] = [true_positives, counts.predicted(), counts.support()].map(saturated);
            cells.push(Cell { column, right, predicted, gold });
        }
        cells.sort_unstable_by_key(|cell| cell.column);
        let number = match self.numbers.get(cells.as_slice()) {
            Some(number) => *number,
            None => {
                let (number, cells): (u32, Arc<[Cell]>) = (saturated(self.different.len()), cells.into());
                self.different.push(Arc::clone(&cells));
                self.numbers.insert(cells, number);
                number
            }
        };
        self.sentences.push(number);
    }

    fn column(&mut self, way: usize, label: &str) -> Option<u32> {
        let columns = self.columns.get_mut(way)?;
        if let Some(column) = columns.get(label) {
            return Some(*column);
        }
        columns.insert(label.to_owned(), self.width);
        self.width += 1;
        Some(self.width - 1)
    }

    /// Returns the counts of all sentences in one way; its tags are not counted.
    pub fn report(&self, way: usize) -> Report {
        let mut times = vec![0_u32; self.different.len()];
        for number in &self.sentences {
            times[*number as usize] += 1;
        }
        let mut sums = vec![Sums::default(); self.width as usize];
        self.sum(&times, &mut sums);
        let mut report = Report::default();
        for (label, column) in self.columns.get(way).into_iter().flatten() {
            if let Some(counts) = sums.get(*column as usize).and_then(|sums| sums.counts()) {
                report.overall.add(counts);
                report.labels.insert(label.clone(), counts);
            }
        }
        report
    }

    /// Scores the usual number of resamples from the usual seed.
    pub fn resample(&self) -> Vec<Resampled> {
        self.resample_with(RESAMPLES, SEED)
    }

    /// Scores resamples, for each way.
    pub fn resample_with(&self, resamples: usize, seed: u64) -> Vec<Resampled> {
        let mut found: Vec<Resampled> = self.columns.iter().map(Resampled::new).collect();
        let mut draws = Draws(seed);
        let mut times = vec![0_u32; self.different.len()];
        let mut sums = vec![Sums::default(); self.width as usize];
        for _ in 0..if self.is_empty() { 0 } else { resamples } {
            times.fill(0);
            for _ in 0..self.sentences.len() {
                let number = self.sentences.get(draws.below(self.sentences.len())).copied().unwrap_or(0);
                times[number as usize] += 1;
            }
            self.sum(&times, &mut sums);
            for (found, columns) in found.iter_mut().zip(&self.columns) {
                found.add(columns, &sums);
            }
        }
        found
    }

    /// Sums the counts of all sentences, each as often as it was drawn.
    fn sum(&self, times: &[u32], sums: &mut [Sums]) {
        sums.fill(Sums::default());
        for (cells, times) in self.different.iter().zip(times).filter(|(_, times)| **times > 0) {
            for cell in cells.iter() {
                if let Some(sum) = sums.get_mut(cell.column as usize) {
                    sum.add(cell, u64::from(*times));
                }
            }
        }
    }
}

/// Converts a count of spans in a sentence, or of sentences.
fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Counts of one label in a resample.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    right: u64,
    predicted: u64,
    gold: u64,
}

impl Sums {
    fn add(&mut self, cell: &Cell, times: u64) {
        self.right += times * u64::from(cell.right);
        self.predicted += times * u64::from(cell.predicted);
        self.gold += times * u64::from(cell.gold);
    }

    /// Returns the counts; `None` if no entity is on either side.
    fn counts(self) -> Option<EntityCounts> {
        let [right, predicted, gold] =
            [self.right, self.predicted, self.gold].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        (predicted + gold > 0).then(|| EntityCounts {
            true_positives: right,
            false_positives: predicted.saturating_sub(right),
            false_negatives: gold.saturating_sub(right),
        })
    }
}

/// F1 in each resample, counted in one way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resampled {
    /// F1 of all labels together.
    pub overall: Values,
    /// Macro average over the labels that occur in the resample.
    pub plain: Values,
    /// Average weighted with the numbers of gold entities.
    pub weighted: Values,
    /// F1 of each label.
    pub labels: BTreeMap<String, Values>,
}

impl Resampled {
    fn new(columns: &BTreeMap<String, u32>) -> Self {
        let labels = columns.keys().map(|label| (label.clone(), Values::default())).collect();
        Self { labels, ..Self::default() }
    }

    /// Adds the scores of a resample.
    fn add(&mut self, columns: &BTreeMap<String, u32>, sums: &[Sums]) {
        let mut overall = EntityCounts::default();
        let mut rates: Vec<(Rates, usize)> = Vec::with_capacity(columns.len());
        for (column, values) in columns.values().zip(self.labels.values_mut()) {
            let counts = sums.get(*column as usize).and_then(|sums| sums.counts());
            values.0.push(counts.map(|counts| counts.rates().f1));
            if let Some(counts) = counts {
                overall.add(counts);
                rates.push((counts.rates(), counts.support()));
            }
        }
        let has_any = !rates.is_empty();
        self.overall.0.push(has_any.then(|| overall.rates().f1));
        self.plain.0.push(has_any.then(|| mean_rates(rates.iter().map(|(rates, _)| (*rates, 1))).f1));
        self.weighted.0.push(has_any.then(|| mean_rates(rates.iter().copied()).f1));
    }
}

/// A score in each resample; `None` where it is not defined, because the resample has no entity of the label on either side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Vec<Option<f64>>);

impl Values {
    /// Interval of a score; `None` if every resample has the same value.
    /// Without a hit, or without a miss, the resamples cannot show how far the score may be off.
    pub fn interval(&self) -> Option<Interval> {
        let mut values = self.0.iter().flatten();
        let first = values.next()?;
        values.any(|value| value.total_cmp(first).is_ne()).then(|| self.middle()).flatten()
    }

    /// Middle [`LEVEL`] of the values, as numpy's `percentile` computes it.
    /// `None` if there is no value.
    pub fn middle(&self) -> Option<Interval> {
        let mut sorted: Vec<f64> = self.0.iter().flatten().copied().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - LEVEL) / 2.0;
        Some(Interval { low: quantile(&sorted, tail)?, high: quantile(&sorted, 1.0 - tail)? })
    }

    /// Returns this score minus another one, in each resample.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one.zip(*other).map(|(one, other)| one - other)).collect())
    }

    /// Share of the resamples in which a difference is not on the side of `observed`: zero, or of the other sign.
    /// `None` for an observed difference of zero, which has no side, and without a value.
    #[expect(clippy::cast_precision_loss, reason = "there are few resamples")]
    pub fn share_against(&self, observed: f64) -> Option<f64> {
        let all = self.0.iter().flatten();
        let against = all.clone().filter(|value| **value * observed <= 0.0).count();
        let count = all.count();
        (count > 0 && observed != 0.0).then(|| against as f64 / count as f64)
    }
}

/// Linear interpolation between the two values around a place.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "there are few resamples, and the place is among them"
)]
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let below = place.floor() as usize;
    let low = *sorted.get(below)?;
    let high = sorted.get(below + 1).copied().unwrap_or(low);
    Some(low + (high - low) * (place - place.floor()))
}

/// Interval of a score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::spans::score::{Mode, Scorer, score};

    /// Values of tests/reference/bootstrap.py.
    #[derive(Deserialize)]
    struct Reference {
        resamples: usize,
        seed: u64,
        sentences: Vec<Vec<(usize, String, [usize; 3])>>,
        ways: Vec<Expected>,
        /// Difference of the first two ways: ends of the interval, share.
        difference: [f64; 3],
    }

    #[derive(Deserialize)]
    struct Expected {
        overall: [f64; 2],
        #[serde(rename = "macro")]
        plain: [f64; 2],
        weighted: [f64; 2],
        labels: BTreeMap<String, [f64; 2]>,
    }

    fn near(values: &Values, expected: [f64; 2]) {
        let Interval { low, high } = values.interval().unwrap();
        assert!((low - expected[0]).abs() < 1e-9 && (high - expected[1]).abs() < 1e-9, "{low} {high} {expected:?}");
    }

    fn counts([right, predicted, gold]: [usize; 3]) -> EntityCounts {
        EntityCounts { true_positives: right, false_positives: predicted - right, false_negatives: gold - right }
    }

    #[test]
    fn intervals_are_those_of_numpy() {
        let text = include_str!("../../tests/reference/bootstrap.json");
        let reference: Reference = serde_json::from_str(text).unwrap();
        let mut all = SentenceCounts::new(reference.ways.len());
        for sentence in &reference.sentences {
            all.add(sentence.iter().map(|(way, label, numbers)| (*way, label.as_str(), counts(*numbers))));
        }
        assert!(all.different.len() < all.len());
        let found = all.resample_with(reference.resamples, reference.seed);
        for (found, expected) in found.iter().zip(&reference.ways) {
            near(&found.overall, expected.overall);
            near(&found.plain, expected.plain);
            near(&found.weighted, expected.weighted);
            assert!(found.labels.keys().eq(expected.labels.keys()));
            for (values, expected) in found.labels.values().zip(expected.labels.values()) {
                near(values, *expected);
            }
        }
        let [low, high, share] = reference.difference;
        let difference = found[0].overall.minus(&found[1].overall);
        near(&difference, [low, high]);
        assert!((difference.share_against(1.0).unwrap() - share).abs() < 1e-9);
    }

    #[test]
    fn a_label_that_a_resample_does_not_have_is_left_out_of_it() {
        let mut all = SentenceCounts::new(1);
        all.add([(0, "Dish", counts([1, 1, 1]))]);
        (0..9).for_each(|_| all.add([(0, "Price", counts([0, 1, 0]))]));
        let found = all.resample_with(200, 7).remove(0);
        let dish = &found.labels["Dish"];
        assert!(dish.0.iter().flatten().all(|f1| (f1 - 1.0).abs() < 1e-12));
        assert!((50..100).contains(&dish.0.iter().filter(|f1| f1.is_none()).count()), "about a third of 200");
        assert_eq!(found.overall.0.iter().flatten().count(), 200);
        assert_eq!(SentenceCounts::new(1).resample()[0].overall.interval(), None);
        // Without a hit, or without a miss, no resample differs from another.
        assert_eq!([dish, &found.labels["Price"]].map(Values::interval), [None, None]);
        assert!(found.overall.interval().is_some());
    }

    #[test]
    fn equal_models_do_not_differ_in_any_resample() {
        let mut all = SentenceCounts::new(2);
        for numbers in [[1, 2, 1], [0, 1, 1], [2, 2, 2]] {
            all.add([(0, "Dish", counts(numbers)), (1, "Dish", counts(numbers))]);
        }
        let found = all.resample();
        let difference = found[0].overall.minus(&found[1].overall);
        assert_eq!((difference.middle(), difference.interval()), (Some(Interval::default()), None));
        assert_eq!((difference.share_against(0.0), difference.share_against(0.1)), (None, Some(1.0)));
        assert_eq!(Values::default().share_against(0.1), None);
    }

    proptest! {
        #[test]
        fn intervals_are_ordered_and_between_zero_and_one(
            sentences in prop::collection::vec(prop::collection::vec((0u8..3, 0usize..3, 0usize..3), 0..4), 1..20)
        ) {
            let mut all = SentenceCounts::new(1);
            for sentence in &sentences {
                let labelled: BTreeMap<u8, (usize, usize)> = sentence.iter().map(|(label, a, b)| (*label, (*a, *b))).collect();
                let names = ["A", "B", "C"];
                all.add(labelled.iter().map(|(label, (right, more))| {
                    (0, names[usize::from(*label)], counts([*right, right + more, right + 1]))
                }));
            }
            let found = all.resample_with(50, 3).remove(0);
            for values in [&found.overall, &found.plain, &found.weighted].into_iter().chain(found.labels.values()) {
                if let Some(Interval { low, high }) = values.interval() {
                    prop_assert!((0.0..=1.0).contains(&low) && low <= high && high <= 1.0);
                }
            }
        }

        #[test]
        fn one_resample_of_a_single_sentence_is_its_score(turn in 0usize..5) {
            let gold = vec![["B-A", "I-A", "O", "B-B", "O"].map(str::to_owned).to_vec()];
            let mut predicted = gold.clone();
            predicted[0].rotate_left(turn);
            let report = score(&gold, &predicted, Mode::Default).unwrap();
            let mut all = SentenceCounts::new(1);
            let mut scorer = Scorer::new(Mode::Default);
            all.add(scorer.add(&gold[0], &predicted[0]).unwrap().into_iter().map(|(label, counts)| (0, label, counts)));
            let found = all.resample_with(1, 9).remove(0);
            prop_assert_eq!(&all.report(0).labels, &report.labels);
            prop_assert_eq!(all.report(0).overall, report.overall);
            let values = [&found.overall, &found.plain, &found.weighted].map(|values| values.0[0].unwrap());
            let expected = [report.micro().f1, report.macro_average().f1, report.weighted_average().f1];
            prop_assert!(values.into_iter().zip(expected).all(|(value, expected)| (value - expected).abs() < 1e-12));
        }
    }
}
