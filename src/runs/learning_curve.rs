//! Learning curve: F1 on the validation split against the number of training sentences, and what more would bring.
//!
//! The curve is `F1 = limit - drop * n^-EXPONENT`. Limit and drop are fitted by least squares. On measured curves no family
//! forecast twice the data clearly better (`training/RECIPES.md`); .25 was taken because it was among the best there, and forecasts
//! less than a pure power law farther out. Three or four sizes do not determine it: a fit of all three numbers follows the noise.

use serde::{Deserialize, Serialize};

use crate::text::number::{self, signed};

/// Version of the file.
pub const FORMAT: u32 = 1;
/// Exponent of the curve.
const EXPONENT: f64 = 0.25;
/// Standard deviation of the error of a forecast for twice the data, beyond the noise of the points.
const MODEL_ERROR: f64 = 0.015;
/// Standard deviation of F1 between draws, where no size was drawn twice.
const USUAL_NOISE: f64 = 0.015;
/// Smallest standard error of a measured score: a bootstrap of a few sentences that are all wrong has none.
const LEAST_ERROR: f64 = 0.01;
/// Quantile of the normal distribution for an interval of 95 %.
pub(super) const NORMAL: f64 = 1.96;
/// How much more data is forecast, in relation to all.
const RATIOS: [f64; 2] = [1.5, 2.0];

/// Scores for one number of sentences.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Training sentences.
    pub sentences: usize,
    /// F1 per word of each draw on the validation split.
    pub f1: Vec<f64>,
}

/// Value with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Training sentences, or how many more.
    pub sentences: usize,
    /// F1, or by how much it rises.
    pub f1: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Learning curve of a project or of files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LearningCurve {
    /// Version of the file.
    #[serde(rename = "tagli_curve")]
    pub format: u32,
    /// Start, in seconds since 1970, UTC.
    pub started: u64,
    /// Annotator whose documents were used; empty for files.
    pub annotator: String,
    /// Base model.
    pub base: String,
    /// Recipe of the settings.
    pub recipe: String,
    /// Epochs of the trainings with all sentences; 0 in files of earlier versions.
    pub epochs: f64,
    /// Learning rate of the same; 0 in files of earlier versions.
    pub learning_rate: f64,
    /// Seed of the draws and of the trainings.
    pub seed: u64,
    /// Sentences of the training split.
    pub sentences: usize,
    /// Sentences of the validation split.
    pub valid: usize,
    /// Fingerprint of the validation split; empty for files.
    pub validated: String,
    /// Number of trainings that were planned.
    pub planned: usize,
    /// Scores, the fewest sentences first.
    pub points: Vec<CurvePoint>,
    /// F1 that 1.5 and 2 times the data would give.
    pub forecast: Vec<Expected>,
    /// Rise of F1 by a round number of further documents.
    pub more: Option<Expected>,
}

impl CurvePoint {
    fn mean(&self) -> f64 {
        self.f1.iter().sum::<f64>() / self.f1.len().max(1) as f64
    }

    /// Mean over the draws, with the interval of the mean.
    fn with_interval(&self, noise: f64) -> Expected {
        let half = NORMAL * noise / (self.f1.len().max(1) as f64).sqrt();
        let f1 = self.mean();
        score(Expected { sentences: self.sentences, f1, low: f1 - half, high: f1 + half })
    }

    fn x(&self) -> f64 {
        power(self.sentences)
    }
}

impl LearningCurve {
    /// Adds the score of a training.
    pub fn add(&mut self, sentences: usize, f1: f64) {
        match self.points.iter_mut().find(|point| point.sentences == sentences) {
            Some(point) => point.f1.push(f1),
            None => self.points.push(CurvePoint { sentences, f1: vec![f1] }),
        }
        self.points.sort_by_key(|point| point.sentences);
    }

    /// Number of trainings that are finished.
    pub fn finished(&self) -> usize {
        self.points.iter().map(|point| point.f1.len()).sum()
    }

    /// Whether the points are those of a learning curve: growing parts of the data, each with F1 from 0 to 1.
    pub fn is_sound(&self) -> bool {
        let is_score = |f1: &f64| (0.0..=1.0).contains(f1);
        self.points.is_sorted_by(|one, next| one.sentences < next.sentences)
            && self.points.last().is_none_or(|last| last.sentences <= self.sentences)
            && self.points.iter().all(|point| !point.f1.is_empty() && point.f1.iter().all(is_score))
    }

    /// Computes the forecasts from the points: none from fewer than three sizes.
    #[must_use]
    pub fn with_forecast(self) -> Self {
        let Some(fit) = Fit::of(&self.points) else { return Self { forecast: Vec::new(), more: None, ..self } };
        let all = self.points.last().map_or(0, |point| point.sentences);
        let forecast = RATIOS.iter().map(|ratio| fit.value((all as f64 * ratio).round() as usize, all)).collect();
        Self { forecast, more: Some(fit.rise(all, round_step(all))), ..self }
    }

    /// Each point with its mean over the draws and the interval of the mean.
    pub fn measured(&self) -> Vec<Expected> {
        let noise = noise(&self.points);
        self.points.iter().map(|point| point.with_interval(noise)).collect()
    }

    /// Names the settings by which it was measured: base, recipe, and epochs and learning rate with all sentences.
    pub fn settings_text(&self) -> String {
        let mut text = format!("{}, recipe {}", self.base, self.recipe);
        if self.epochs > 0.0 {
            text += &format!(", {} epochs, learning rate {:e}", self.epochs, self.learning_rate);
        }
        text
    }

    /// States what more documents would bring; `None` without a forecast.
    pub fn statement(&self) -> Option<String> {
        self.more.as_ref().map(Expected::rise_text)
    }
}

impl Expected {
    /// Says by how much F1 rises: `100 more documents: about +.02 (.00 to .04)`.
    pub fn rise_text(&self) -> String {
        let Self { sentences, f1, low, high } = *self;
        let [low, high] = [low, high].map(|end| number::score(end, 2));
        format!("{sentences} more documents: about {} ({low} to {high})", signed(f1, 2))
    }
}

/// Score that was measured once, with its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredScore {
    /// Training sentences.
    pub sentences: usize,
    /// F1 per word, from 0 to 1.
    pub f1: f64,
    /// Standard error of the F1, above 0.
    pub error: f64,
}

/// Forecasts the rise of F1 by `more` sentences after the first `sentences`; `None` from fewer than three scores.
pub fn expected_rise(scores: &[MeasuredScore], sentences: usize, more: usize) -> Option<Expected> {
    let weighted = scores.iter().map(|score| Weighted {
        x: power(score.sentences),
        f1: score.f1,
        weight: score.error.max(LEAST_ERROR).powi(-2),
    });
    let fit = Fit::through(&weighted.collect::<Vec<_>>())?;
    Some(fit.rise(sentences, more))
}

/// Number of further documents for which a gain is stated: a power of ten, at most as many as there are.
fn round_step(sentences: usize) -> usize {
    [1000, 100, 10].into_iter().find(|step| *step <= sentences / 2).unwrap_or_else(|| sentences.max(1))
}

fn power(sentences: usize) -> f64 {
    (sentences.max(1) as f64).powf(-EXPONENT)
}

/// Standard deviation of F1 between draws of one size, from all sizes.
fn noise(points: &[CurvePoint]) -> f64 {
    let freedom: usize = points.iter().map(|point| point.f1.len().saturating_sub(1)).sum();
    if freedom == 0 {
        return USUAL_NOISE;
    }
    let squares = points.iter().flat_map(|point| point.f1.iter().map(|f1| (f1 - point.mean()).powi(2)));
    // Few draws underestimate their own noise: the usual one counts as two more.
    ((squares.sum::<f64>() + 2.0 * USUAL_NOISE.powi(2)) / (freedom as f64 + 2.0)).sqrt()
}

/// Score on the axes of the fit.
#[derive(Clone, Copy, Debug)]
struct Weighted {
    /// `n^-EXPONENT`.
    x: f64,
    f1: f64,
    /// One divided by the variance of the error.
    weight: f64,
}

/// Line through scores over `n^-EXPONENT`, each weighted by how well it is known.
#[derive(Clone, Copy, Debug)]
struct Fit {
    /// Weighted means of the two axes.
    centre: (f64, f64),
    slope: f64,
    /// Variances of the mean and of the slope.
    variance: (f64, f64),
}

impl Fit {
    fn of(points: &[CurvePoint]) -> Option<Self> {
        let noise = noise(points).powi(2);
        let weighted = points.iter().map(|point| {
            let weight = point.f1.len() as f64 / noise;
            Weighted { x: point.x(), f1: point.mean(), weight }
        });
        Self::through(&weighted.collect::<Vec<_>>())
    }

    /// `None` for fewer than three scores, or if all are for the same number of sentences.
    fn through(points: &[Weighted]) -> Option<Self> {
        if points.len() < 3 {
            return None;
        }
        let weights: f64 = points.iter().map(|point| point.weight).sum();
        let x = points.iter().map(|point| point.weight * point.x).sum::<f64>() / weights;
        let f1 = points.iter().map(|point| point.weight * point.f1).sum::<f64>() / weights;
        let spread: f64 = points.iter().map(|point| point.weight * (point.x - x).powi(2)).sum();
        if spread <= 0.0 {
            return None;
        }
        let shared: f64 = points.iter().map(|point| point.weight * (point.x - x) * (point.f1 - f1)).sum();
        Some(Self { centre: (x, f1), slope: shared / spread, variance: (1.0 / weights, 1.0 / spread) })
    }

    fn at(&self, sentences: usize) -> f64 {
        self.centre.1 + self.slope * (power(sentences) - self.centre.0)
    }

    /// F1 at a number of sentences; `all` is the largest that was measured.
    fn value(&self, sentences: usize, all: usize) -> Expected {
        let distance = power(sentences) - self.centre.0;
        let variance = self.variance.0 + self.variance.1 * distance.powi(2) + model_error(all, sentences).powi(2);
        score(expected(sentences, self.at(sentences), variance))
    }

    /// Rise of F1 by `more` sentences.
    fn rise(&self, all: usize, more: usize) -> Expected {
        let sum = all.saturating_add(more);
        let distance = power(sum) - power(all);
        let variance = self.variance.1 * distance.powi(2) + model_error(all, sum).powi(2);
        expected(more, self.slope * distance, variance)
    }
}

fn model_error(all: usize, sentences: usize) -> f64 {
    MODEL_ERROR * (sentences as f64 / all.max(1) as f64).log2()
}

fn expected(sentences: usize, f1: f64, variance: f64) -> Expected {
    let half = NORMAL * variance.sqrt();
    Expected { sentences, f1, low: f1 - half, high: f1 + half }
}

/// The same within the range of F1.
fn score(expected: Expected) -> Expected {
    let Expected { sentences, f1, low, high } = expected;
    let [f1, low, high] = [f1, low, high].map(|value| value.clamp(0.0, 1.0));
    Expected { sentences, f1, low, high }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn curve(points: &[(usize, &[f64])]) -> LearningCurve {
        let mut curve = LearningCurve::default();
        for (sentences, f1) in points {
            f1.iter().for_each(|f1| curve.add(*sentences, *f1));
        }
        curve.with_forecast()
    }

    #[test]
    fn points_on_a_curve_of_the_family_are_continued_exactly() {
        let on = |sentences: usize| 0.9 - 1.6 * power(sentences);
        let found = curve(&[(400, &[on(400); 3]), (100, &[on(100); 3]), (200, &[on(200); 3])]);
        let forecast: Vec<usize> = found.forecast.iter().map(|expected| expected.sentences).collect();
        assert_eq!(forecast, [600, 800]);
        for expected in &found.forecast {
            assert!((expected.f1 - on(expected.sentences)).abs() < 1e-9);
            assert!(expected.low < expected.f1 && expected.f1 < expected.high);
        }
        let more = found.more.unwrap();
        assert!((more.f1 - (on(500) - on(400))).abs() < 1e-9 && more.sentences == 100);
        assert!(more.high - more.low < found.forecast[0].high - found.forecast[0].low);
    }

    #[test]
    fn scores_with_their_errors_are_continued_and_the_better_known_ones_count_more() {
        let on = |sentences: usize| 0.9 - 1.6 * power(sentences);
        let scores = |errors: [f64; 4]| {
            let sizes = [40, 80, 160, 320].into_iter().zip(errors);
            sizes.map(|(sentences, error)| MeasuredScore { sentences, f1: on(sentences), error }).collect::<Vec<_>>()
        };
        let found = expected_rise(&scores([0.04; 4]), 320, 100).unwrap();
        assert!((found.f1 - (on(420) - on(320))).abs() < 1e-9 && found.sentences == 100);
        let surer = expected_rise(&scores([0.01; 4]), 320, 100).unwrap();
        assert!(surer.high - surer.low < found.high - found.low);
        let mut odd = scores([0.5, 0.01, 0.01, 0.01]);
        odd[0].f1 = 0.9;
        let rise = expected_rise(&odd, 320, 100).unwrap();
        assert!((rise.f1 - found.f1).abs() < 0.01, "{rise:?}: a score that says little changes little");
        assert_eq!(expected_rise(&odd[..2], 320, 100), None);
        assert!(expected_rise(&scores([0.0; 4]), 320, 100).is_some_and(|rise| rise.low < rise.high));
    }

    #[test]
    fn the_statement_rounds_and_has_a_sign() {
        let found = curve(&[(80, &[0.50, 0.52]), (160, &[0.58, 0.56]), (320, &[0.62, 0.63])]);
        let statement = found.statement().unwrap();
        assert!(statement.starts_with("100 more documents: about +.0") && statement.contains(" to ."), "{statement}");
        assert_eq!([12, 20, 199, 200, 1999, 2000, 9000].map(round_step), [12, 10, 10, 100, 100, 1000, 1000]);
    }

    #[test]
    fn the_settings_are_named_as_far_as_they_are_known() {
        let curve = LearningCurve { base: "mini".into(), recipe: "quick".into(), ..LearningCurve::default() };
        assert_eq!(curve.settings_text(), "mini, recipe quick");
        let curve = LearningCurve { epochs: 6.0, learning_rate: 5e-4, ..curve };
        assert_eq!(curve.settings_text(), "mini, recipe quick, 6 epochs, learning rate 5e-4");
    }

    #[test]
    fn two_sizes_forecast_nothing_and_one_draw_has_the_usual_noise() {
        let found = curve(&[(80, &[0.5]), (160, &[0.6])]);
        assert_eq!((found.forecast.len(), found.statement()), (0, None));
        let measured = found.measured()[0];
        assert!((measured.high - measured.low - 2.0 * NORMAL * USUAL_NOISE).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn any_scores_give_ordered_finite_intervals(
            scores in prop::collection::vec(prop::collection::vec(0.0f64..1.0, 1..4), 0..6),
        ) {
            let mut curve = LearningCurve::default();
            for (at, draws) in scores.iter().enumerate() {
                draws.iter().for_each(|f1| curve.add(25 << at, *f1));
            }
            let curve = curve.with_forecast();
            prop_assert_eq!(curve.forecast.len(), if scores.len() < 3 { 0 } else { 2 });
            for one in curve.forecast.iter().chain(&curve.more).chain(&curve.measured()) {
                prop_assert!(one.low <= one.f1 && one.f1 <= one.high && one.high.is_finite());
            }
        }
    }
}
