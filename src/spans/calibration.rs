//! Calibration of a model's scores: of spans with a score of .9, nine in ten should be right.
//!
//! Two numbers are fitted. Logits are divided by the temperature before they become probabilities of tags (Guo et al. 2017, "On
//! Calibration of Modern Neural Networks"); it changes no order of tags, only how sure they look. Most words are outside every
//! span and easy, so that spans are still scored too high: the shift is added to the log odds of each span.

use std::cmp::Ordering;

/// Smallest temperature that is believed.
pub const LOWEST: f64 = 0.05;
/// Largest temperature that is believed.
pub const HIGHEST: f64 = 20.0;

/// Smallest number of words to fit a temperature on.
pub const LEAST_WORDS: usize = 200;
/// Smallest number of those words whose best tag is wrong: without mistakes, the best temperature is the smallest one.
pub const LEAST_WRONG: usize = 10;

/// Smallest number of right spans, and of wrong ones, to fit a shift on.
pub const LEAST_SPANS: usize = 10;
/// Largest shift in either direction.
pub const FARTHEST: f64 = 8.0;
/// Distance from 0 and 1 at which a probability counts as certain.
const CERTAIN: f64 = 1e-6;

/// Halvings of the range of temperatures: it is found to a millionth.
const HALVINGS: usize = 32;

/// Number of bins of the calibration error.
pub const BINS: usize = 10;

/// Divisor of a model's logits, between [`LOWEST`] and [`HIGHEST`].
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Temperature(f64);

impl Temperature {
    /// Divides by one.
    pub const NONE: Self = Self(1.0);

    /// Checks a temperature; `None` if it is not a number or outside the limits.
    pub fn new(value: f64) -> Option<Self> {
        (LOWEST..=HIGHEST).contains(&value).then_some(Self(value))
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }

    /// Converts logits to probabilities. Logits that are no numbers give such probabilities.
    pub fn probabilities(self, logits: &[f32]) -> Vec<f64> {
        let mut row: Vec<f64> = logits.iter().map(|logit| f64::from(*logit) / self.0).collect();
        let highest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|value| *value = (*value - highest).exp());
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|value| *value /= sum);
        row
    }

    /// Finds the temperature with the smallest negative log likelihood of the gold tags of words.
    /// A word is its logits and its gold tag.
    ///
    /// The likelihood has one maximum, which is found by halving, so that the same words always give the same temperature. It
    /// is rounded to four digits behind the point.
    ///
    /// # Errors
    /// There are too few words, or too few mistakes among them.
    pub fn fit(words: &[(&[f32], usize)]) -> Result<Self, NotFitted> {
        if words.len() < LEAST_WORDS {
            return Err(NotFitted::FewWords(words.len()));
        }
        if words.iter().any(|(row, _)| row.iter().any(|logit| !logit.is_finite())) {
            return Err(NotFitted::NotFinite);
        }
        let wrong = words.iter().filter(|(row, gold)| best(row) != Some(*gold)).count();
        if wrong < LEAST_WRONG {
            return Err(NotFitted::FewWrong { words: words.len(), wrong });
        }
        // Logarithms of the inverse temperature, in which the slope rises.
        let mut low = (1.0 / HIGHEST).ln();
        let mut high = (1.0 / LOWEST).ln();
        for _ in 0..HALVINGS {
            let middle = low + (high - low) / 2.0;
            if slope(words, Self((-middle).exp())) < 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let found = (-(low + (high - low) / 2.0)).exp();
        Ok(Self(((found * 1e4).round() / 1e4).clamp(LOWEST, HIGHEST)))
    }
}

/// Slope of the negative log likelihood of the gold tags, by the inverse temperature.
fn slope(words: &[(&[f32], usize)], temperature: Temperature) -> f64 {
    words.iter().map(|(row, gold)| word_slope(row, *gold, temperature)).sum()
}

fn word_slope(row: &[f32], gold: usize, temperature: Temperature) -> f64 {
    let shares = temperature.probabilities(row);
    let expected: f64 = shares.iter().zip(row).map(|(share, logit)| share * f64::from(*logit)).sum();
    expected - row.get(gold).map_or(0.0, |logit| f64::from(*logit))
}

/// The first of the highest values.
fn best(row: &[f32]) -> Option<usize> {
    let better = |best: (usize, f32), next: (usize, f32)| if next.1 > best.1 { next } else { best };
    row.iter().copied().enumerate().reduce(better).map(|(at, _)| at)
}

/// How logits become scores of spans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreScale {
    /// Divisor of the logits.
    pub temperature: Temperature,
    /// Added to the log odds of spans; at most [`FARTHEST`] in either direction.
    shift: f64,
}

impl ScoreScale {
    /// Leaves probabilities as they are.
    pub const NONE: Self = Self { temperature: Temperature::NONE, shift: 0.0 };

    /// Checks a shift; `None` if it is not a number or too far.
    pub fn new(temperature: Temperature, shift: f64) -> Option<Self> {
        (-FARTHEST..=FARTHEST).contains(&shift).then_some(Self { temperature, shift })
    }

    /// The shift.
    pub fn shift(self) -> f64 {
        self.shift
    }

    /// Returns the score of a span with this probability at the temperature.
    pub fn score(self, probability: f32) -> f32 {
        if self.shift == 0.0 {
            return probability;
        }
        (1.0 / (1.0 + (-log_odds(probability) - self.shift).exp())) as f32
    }

    /// Adds the shift with which the scores of these spans sum up to the number of right ones: the likeliest one.
    /// 0 with too few right or wrong spans. Rounded to four digits behind the point.
    pub fn fit_shift(temperature: Temperature, spans: &[(f32, bool)]) -> Self {
        let right = spans.iter().filter(|(_, right)| *right).count();
        if right < LEAST_SPANS || spans.len() - right < LEAST_SPANS {
            return temperature.into();
        }
        let mut low = -FARTHEST;
        let mut high = FARTHEST;
        for _ in 0..HALVINGS {
            let middle = Self { temperature, shift: low + (high - low) / 2.0 };
            let sum: f64 = spans.iter().map(|(probability, _)| f64::from(middle.score(*probability))).sum();
            if sum < right as f64 {
                low = middle.shift;
            } else {
                high = middle.shift;
            }
        }
        Self { temperature, shift: ((low + (high - low) / 2.0) * 1e4).round() / 1e4 }
    }
}

fn log_odds(probability: f32) -> f64 {
    let share = f64::from(probability).clamp(CERTAIN, 1.0 - CERTAIN);
    (share / (1.0 - share)).ln()
}

impl From<Temperature> for ScoreScale {
    fn from(temperature: Temperature) -> Self {
        Self { temperature, shift: 0.0 }
    }
}

/// Reason why no temperature is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFitted {
    /// Too few words.
    #[error("{0} tagged words are too few to calibrate scores; it takes {LEAST_WORDS}")]
    FewWords(usize),
    /// Too few wrong words.
    #[error("{wrong} wrong tags of {words} are too few to calibrate scores; it takes {LEAST_WRONG}")]
    FewWrong {
        /// Number of words.
        words: usize,
        /// Number of those whose best tag is wrong.
        wrong: usize,
    },
    /// A logit is not a number.
    #[error("scores cannot be calibrated: the model gives values that are not numbers")]
    NotFinite,
}

/// How far scores are from the share of right spans.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Calibration {
    /// Number of spans.
    pub spans: usize,
    /// Number of right ones.
    pub right: usize,
    /// Mean of their scores.
    pub mean_score: f64,
    /// Expected calibration error, from 0 to 1.
    pub error: f64,
    /// Error that chance alone gives scores that are exactly right, with as many spans.
    pub by_chance: f64,
}

impl Calibration {
    /// Compares scores with whether their spans are right, in [`BINS`] bins of equal numbers of spans.
    ///
    /// The error is the mean over all spans of the distance between mean score and share of right spans in their bin (expected
    /// calibration error with equal mass). With few spans chance alone makes it large, as [`Calibration::by_chance`] shows.
    pub fn of(scores: &[(f32, bool)]) -> Self {
        let mut sorted: Vec<&(f32, bool)> = scores.iter().collect();
        sorted.sort_by(|one, other| one.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal));
        let spans = sorted.len();
        let mut apart = 0.0;
        let mut by_chance = 0.0;
        for bin in 0..BINS {
            let members = sorted.get(bin * spans / BINS..(bin + 1) * spans / BINS).unwrap_or_default();
            let scores: f64 = members.iter().map(|(score, _)| f64::from(*score)).sum();
            let right = members.iter().filter(|(_, right)| *right).count();
            apart += (scores - right as f64).abs();
            by_chance += mean_distance(members);
        }
        let count = spans.max(1) as f64;
        Self {
            spans,
            right: scores.iter().filter(|(_, right)| *right).count(),
            mean_score: scores.iter().map(|(score, _)| f64::from(*score)).sum::<f64>() / count,
            error: apart / count,
            by_chance: by_chance / count,
        }
    }
}

/// Mean distance between the sum of some scores and the number of right spans, if each score is the chance that its span is
/// right: of a normal distribution, which a bin of some spans comes close to.
fn mean_distance(members: &[&(f32, bool)]) -> f64 {
    let variance: f64 = members.iter().map(|(score, _)| f64::from(*score) * (1.0 - f64::from(*score))).sum();
    (variance.max(0.0) * std::f64::consts::FRAC_2_PI).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Words on which a model is right as often as its probabilities at this temperature say: two tags, logits of all
    /// kinds.
    fn words_of(temperature: f64) -> Vec<(Vec<f32>, usize)> {
        let mut words = Vec::new();
        for step in 1..40 {
            let distance = f64::from(step) / 10.0;
            let share = 1.0 / (1.0 + (-distance).exp());
            let right = (share * 1000.0).round() as usize;
            let row = vec![(distance * temperature) as f32, 0.0];
            words.extend((0..1000).map(|at| (row.clone(), usize::from(at >= right))));
        }
        words
    }

    fn fit(words: &[(Vec<f32>, usize)]) -> Result<Temperature, NotFitted> {
        Temperature::fit(&words.iter().map(|(row, gold)| (row.as_slice(), *gold)).collect::<Vec<_>>())
    }

    #[test]
    fn the_temperature_that_made_the_logits_is_found() {
        for made in [0.3, 1.0, 2.5, 9.0] {
            let found = fit(&words_of(made)).unwrap().value();
            assert!((found / made - 1.0).abs() < 0.01, "{made}: {found}");
        }
        // Always wrong: no probability is low enough.
        let wrong = vec![(vec![1.0, 0.0], 1); 300];
        assert_eq!(fit(&wrong).map(Temperature::value), Ok(HIGHEST));
    }

    #[test]
    fn too_little_is_not_fitted_and_says_so() {
        let right = vec![(vec![5.0, 0.0], 0); 1000];
        assert_eq!(fit(&right), Err(NotFitted::FewWrong { words: 1000, wrong: 0 }));
        assert_eq!(fit(&right[..LEAST_WORDS - 1]), Err(NotFitted::FewWords(LEAST_WORDS - 1)));
        let mut broken = words_of(1.0);
        broken[7].0[1] = f32::NAN;
        assert_eq!(fit(&broken), Err(NotFitted::NotFinite));
        assert_eq!(fit(&broken).unwrap_err().to_string().split(':').count(), 2);
    }

    #[test]
    fn a_shift_makes_the_mean_score_the_share_of_right_spans() {
        let spans: Vec<(f32, bool)> = (0..200).map(|at| (0.5 + at as f32 / 401.0, at % 3 == 0)).collect();
        let scale = ScoreScale::fit_shift(Temperature::NONE, &spans);
        let shifted: Vec<(f32, bool)> = spans.iter().map(|(score, right)| (scale.score(*score), *right)).collect();
        let [before, after] = [&spans, &shifted].map(|scores| Calibration::of(scores));
        assert!(scale.shift() < -1.0 && after.error < before.error, "{scale:?}");
        assert!((after.mean_score - 67.0 / 200.0).abs() < 1e-3, "{after:?}");
        assert!(shifted.windows(2).all(|pair| pair[0].0 <= pair[1].0), "the order of spans stays");
        // Nine wrong spans are too few.
        let few: Vec<(f32, bool)> = (0..100).map(|at| (0.9, at >= LEAST_SPANS - 1)).collect();
        assert_eq!(ScoreScale::fit_shift(Temperature::NONE, &few), ScoreScale::NONE);
        assert_eq!(ScoreScale::NONE.score(0.7).to_bits(), 0.7_f32.to_bits());
        for wrong in [f64::NAN, f64::INFINITY, 8.01] {
            assert_eq!(ScoreScale::new(Temperature::NONE, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn temperatures_outside_the_limits_are_refused() {
        for wrong in [f64::NAN, f64::INFINITY, -1.0, 0.0, 0.049, 20.01] {
            assert_eq!(Temperature::new(wrong), None, "{wrong}");
        }
        assert_eq!(Temperature::new(LOWEST).map(Temperature::value), Some(LOWEST));
    }

    #[test]
    fn the_error_is_the_mean_distance_of_score_and_share() {
        // Ten bins of two: in each, one of two is right, at a score of .75.
        let scores: Vec<(f32, bool)> = (0..20).map(|at| (0.75, at % 2 == 0)).collect();
        let found = Calibration::of(&scores);
        assert_eq!((found.spans, found.right), (20, 10));
        assert!((found.error - 0.25).abs() < 1e-9 && (found.mean_score - 0.75).abs() < 1e-9, "{found:?}");
        assert_eq!(Calibration::of(&[]), Calibration::default());
        // Two spans at .75: both right 9 of 16 times, one 6, none 1; the normal distribution is near that.
        let exact = (9.0 * 0.5 + 6.0 * 0.5 + 1.5) / 16.0 / 2.0;
        assert!((found.by_chance - exact).abs() < 0.06, "{found:?} {exact}");
        // Too high in one half and too low in the other: the mean hides it, the error does not.
        let apart: Vec<(f32, bool)> = (0..20).map(|at| if at < 10 { (0.9, false) } else { (0.1, true) }).collect();
        assert!((Calibration::of(&apart).error - 0.9).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn a_temperature_keeps_the_order_of_tags(logits in prop::collection::vec(-40.0_f32..40.0, 1..9), value in LOWEST..HIGHEST) {
            let shares = Temperature::new(value).unwrap().probabilities(&logits);
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let highest = shares.iter().copied().fold(0.0, f64::max);
            prop_assert!((shares[best(&logits).unwrap()] - highest).abs() < 1e-12);
        }

        #[test]
        fn no_other_temperature_is_likelier(seed in prop::collection::vec((-4.0_f32..4.0, -4.0_f32..4.0, 0usize..3), 200..260)) {
            let rows: Vec<(Vec<f32>, usize)> = seed.into_iter().map(|(a, b, gold)| (vec![a, b, 0.0], gold)).collect();
            let words: Vec<(&[f32], usize)> = rows.iter().map(|(row, gold)| (row.as_slice(), *gold)).collect();
            let likelihood = |temperature: f64| -> f64 {
                let temperature = Temperature::new(temperature).unwrap();
                words.iter().map(|(row, gold)| -temperature.probabilities(row)[*gold].ln()).sum()
            };
            let found = Temperature::fit(&words).unwrap().value();
            for other in [0.05, 0.2, 0.7, 0.95 * found, 1.05 * found, 1.0, 2.0, 5.0, 20.0] {
                let other = other.clamp(LOWEST, HIGHEST);
                prop_assert!(likelihood(found) <= likelihood(other) + 1e-6, "{} {}", found, other);
            }
        }

        #[test]
        fn the_error_lies_between_the_bias_and_one(scores in prop::collection::vec((0.0_f32..1.0, any::<bool>()), 1..60)) {
            let found = Calibration::of(&scores);
            let bias = (found.mean_score - found.right as f64 / found.spans as f64).abs();
            prop_assert!(found.error <= 1.0 && found.error + 1e-9 >= bias, "{:?}", found);
        }
    }
}
