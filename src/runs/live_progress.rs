//! What more documents bring to the live model, from its F1 on successive stretches of documents.

use super::{
    learning_curve::{Expected, MeasuredScore, NORMAL, expected_rise},
    live::Estimate,
};

/// Fewest documents of each of the two stretches that are compared.
pub const STRETCH: usize = 50;
/// Rise of F1 that an interval must exclude before more documents are said to bring nothing measurable.
pub const SMALL: f64 = 0.05;
/// Documents that a model must have learned before its F1 is on the curve of the forecast.
const FIRST_OF_CURVE: f64 = 20.0;

/// Numbers of further documents for which a rise is forecast: the largest that is at most as many as were learned.
const FORECAST: [usize; 3] = [1000, 100, 10];

/// Difference of F1 between the last documents and as many before them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Number of the last documents.
    pub documents: usize,
    /// F1 on the documents before them.
    pub before: f64,
    /// F1 on them.
    pub after: f64,
    /// Lower end of the 95 % interval of the difference.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Conclusion from a difference of F1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// F1 has risen: the interval is above 0.
    Rising,
    /// Nothing measurable: the interval contains 0 and excludes a rise of [`SMALL`].
    Flat,
    /// F1 has fallen: the interval is below 0.
    Falling,
    /// Not known: the interval contains 0 and a rise of [`SMALL`].
    Unknown,
}

impl Change {
    /// Compares the last stretches of a course with as many before them.
    ///
    /// Takes the fewest documents, at least [`STRETCH`], for which the interval is at most [`SMALL`] to each side, else as
    /// many as there are: so the choice depends on how exact the comparison is, and not on what it says. Stretches without
    /// an interval are left out. `None` if there are too few documents.
    pub fn of(course: &[Estimate]) -> Option<Self> {
        let course: Vec<&Estimate> = course.iter().filter(|one| error(one).is_some()).collect();
        let mut found: Option<Self> = None;
        for stretches in 1..=course.len() / 2 {
            let (rest, last) = course.split_at(course.len() - stretches);
            let (_, before) = rest.split_at(rest.len() - stretches);
            let Some(pair) = Pooled::of(before).zip(Pooled::of(last)) else { continue };
            let change = Self::between(pair.0, pair.1);
            if pair.0.documents < STRETCH || pair.1.documents < STRETCH {
                continue;
            }
            found = Some(change);
            if change.high - change.low <= 2.0 * SMALL {
                break;
            }
        }
        found
    }

    fn between(before: Pooled, after: Pooled) -> Self {
        let rise = after.f1 - before.f1;
        let half = NORMAL * (before.variance + after.variance).sqrt();
        let documents = after.documents;
        Self { documents, before: before.f1, after: after.f1, low: rise - half, high: rise + half }
    }

    /// The difference of F1.
    pub fn rise(self) -> f64 {
        self.after - self.before
    }

    /// What follows from the interval.
    pub fn trend(self) -> Trend {
        match self {
            Self { low, .. } if low > 0.0 => Trend::Rising,
            Self { high, .. } if high < 0.0 => Trend::Falling,
            Self { high, .. } if high <= SMALL => Trend::Flat,
            _ => Trend::Unknown,
        }
    }
}

/// F1 on several stretches together.
#[derive(Clone, Copy, Debug)]
struct Pooled {
    documents: usize,
    f1: f64,
    /// Variance of the error of the F1.
    variance: f64,
}

impl Pooled {
    /// Mean over the documents. `None` if a stretch has no interval, or if there is no document.
    fn of(stretches: &[&Estimate]) -> Option<Self> {
        let documents: usize = stretches.iter().map(|one| one.documents).sum();
        if documents == 0 {
            return None;
        }
        let mut pooled = Self { documents, f1: 0.0, variance: 0.0 };
        for one in stretches {
            let share = one.documents as f64 / documents as f64;
            pooled.f1 += share * one.f1;
            pooled.variance += (share * error(one)?).powi(2);
        }
        Some(pooled)
    }
}

/// Standard error of an estimate, from its interval.
fn error(estimate: &Estimate) -> Option<f64> {
    estimate.interval.map(|interval| (interval.high - interval.low) / (2.0 * NORMAL))
}

/// Forecasts the rise of F1 by a round number of further documents, from the course so far.
///
/// `learned` is the number of documents that the model has learned. `None` with fewer than three stretches on which the
/// model had learned enough.
pub fn forecast(course: &[Estimate], learned: usize) -> Option<Expected> {
    let known = course.iter().filter(|one| one.learned as f64 >= FIRST_OF_CURVE);
    let scores = known.filter_map(|one| Some(MeasuredScore { sentences: one.learned, f1: one.f1, error: error(one)? }));
    let more = FORECAST.into_iter().find(|more| *more <= learned)?;
    expected_rise(&scores.collect::<Vec<_>>(), learned, more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::Interval;

    /// Stretches of 25 documents with these F1, each known to `half` on both sides.
    fn course(f1: &[f64], half: f64) -> Vec<Estimate> {
        let stretch = |(at, f1): (usize, &f64)| Estimate {
            learned: 25 * at,
            documents: 25,
            f1: *f1,
            interval: Some(Interval { low: f1 - half, high: f1 + half }),
        };
        f1.iter().enumerate().map(stretch).collect()
    }

    fn trend(f1: &[f64], half: f64) -> Option<(usize, Trend)> {
        Change::of(&course(f1, half)).map(|change| (change.documents, change.trend()))
    }

    #[test]
    fn a_clear_rise_and_a_clear_fall_are_seen_in_fifty_documents() {
        assert_eq!(trend(&[0.1, 0.2, 0.5, 0.6], 0.1), Some((50, Trend::Rising)));
        assert_eq!(trend(&[0.6, 0.6, 0.3, 0.3], 0.1), Some((50, Trend::Falling)));
    }

    #[test]
    fn nothing_measurable_needs_an_interval_that_excludes_a_rise() {
        assert_eq!(trend(&[0.61, 0.6, 0.62, 0.59], 0.1), Some((50, Trend::Unknown)), "within .1 nothing is known");
        assert_eq!(trend(&[0.61, 0.6, 0.62, 0.59], 0.03), Some((50, Trend::Flat)));
        let change = Change::of(&course(&[0.61, 0.6, 0.62, 0.59], 0.03)).unwrap();
        assert!(change.low < 0.0 && change.high > 0.0 && change.high < SMALL && change.rise().abs() < 1e-9);
    }

    #[test]
    fn more_documents_are_compared_until_the_interval_is_narrow() {
        // Half of the width for a difference of means of n stretches is .08 * sqrt(2 / n).
        assert_eq!(trend(&[0.6; 20], 0.08), Some((150, Trend::Flat)), "six stretches: .046 to both sides");
        assert_eq!(trend(&[0.6; 20], 0.2), Some((250, Trend::Unknown)), "all that there are");
        let rising: Vec<f64> = (0..20).map(|at| 0.3 + 0.015 * f64::from(at)).collect();
        assert_eq!(trend(&rising, 0.08), Some((150, Trend::Rising)));
    }

    #[test]
    fn too_few_documents_say_nothing() {
        assert_eq!(trend(&[0.6, 0.6, 0.6], 0.05), None);
        assert_eq!(trend(&[], 0.05), None);
        let mut known = course(&[0.6; 5], 0.02);
        known[4].interval = None;
        assert_eq!(Change::of(&known).map(|change| change.documents), Some(50), "without the stretch that has begun");
        known[3].interval = None;
        assert_eq!(Change::of(&known), None);
        known[3] = Estimate { documents: 0, ..known[2] };
        assert_eq!(Change::of(&known), None);
    }

    #[test]
    fn the_forecast_continues_the_course_and_leaves_out_its_beginning() {
        let on = |learned: usize| 0.9 - 1.6 * (learned as f64).powf(-0.25);
        let mut course: Vec<Estimate> = course(&[0.0; 9], 0.05);
        for one in &mut course {
            one.f1 = if one.learned == 0 { 0.0 } else { on(one.learned) };
        }
        let rise = forecast(&course, 200).unwrap();
        assert!((rise.f1 - (on(300) - on(200))).abs() < 1e-9 && rise.sentences == 100, "{rise:?}");
        assert!(rise.low < rise.f1 && rise.f1 < rise.high);
        assert_eq!(forecast(&course[..3], 75), None, "the first stretch is not on the curve");
    }
}
