//! The curves of a run: its points as columns of numbers, over epochs, steps or time.
//!
//! Numbers that are not finite stay in them: whoever draws leaves them out and counts them. Pure.

use std::collections::BTreeMap;

pub use super::training_lines::{Cut, Series};

use super::{
    Across, Point,
    series::Sample,
    training_lines::{Field, TrainingLines, next_of},
};

/// Number of which a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric<'a> {
    /// Training loss.
    TrainLoss,
    /// Learning rate.
    Rate,
    /// Norm of the gradient before clipping.
    Norm,
    /// Training loss without its noise.
    SmoothLoss,
    /// Norm of the gradient without its noise.
    SmoothNorm,
    /// Loss on the validation split.
    ValidLoss,
    /// F1 per word on the validation split, lenient.
    WordF1,
    /// F1 per word piece on the validation split, lenient.
    PieceF1,
    /// F1 per word on the validation split, strict.
    StrictF1,
    /// F1 of a label on the validation split, per word, lenient.
    Label(&'a str),
}

impl Metric<'_> {
    /// Whether it goes from 0 to 1.
    pub fn is_share(self) -> bool {
        matches!(self, Self::WordF1 | Self::PieceF1 | Self::StrictF1 | Self::Label(_))
    }
}

/// An evaluation of the validation split.
#[derive(Clone, Debug)]
struct Scored {
    step: f64,
    epoch: f64,
    loss: f64,
    word: f64,
    piece: f64,
    /// Not a number where the evaluation has none.
    strict: f64,
    labels: BTreeMap<String, f64>,
}

/// Place of a point on all axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Steps done.
    pub step: f64,
    /// Epochs done.
    pub epoch: f64,
    /// Seconds of training; `None` for runs of earlier versions.
    pub seconds: Option<f64>,
}

/// The curves of a run.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    lines: TrainingLines,
    scored: Vec<Scored>,
}

impl Curves {
    /// Curves of these points.
    pub fn of(points: &[Point]) -> Self {
        let mut curves = Self::default();
        points.iter().for_each(|point| curves.push(point));
        curves
    }

    /// Adds a point.
    pub fn push(&mut self, point: &Point) {
        match point {
            Point::Step { step, epoch, loss, lr, grad_norm, seconds, .. } => {
                self.lines.push([real(*step), *epoch, seconds.unwrap_or(f64::NAN)], [*loss, *lr, *grad_norm]);
            }
            Point::Eval { step, epoch, split, loss, piece, word, labels, tables } if split == "valid" => {
                self.scored.push(Scored {
                    step: real(*step),
                    epoch: *epoch,
                    loss: *loss,
                    word: word.f1,
                    piece: piece.f1,
                    strict: tables.as_ref().map_or(f64::NAN, |tables| tables.word_strict.all.f1),
                    labels: labels.iter().map(|(name, scores)| (name.clone(), scores.f1)).collect(),
                });
            }
            Point::Eval { .. } | Point::Stage { .. } => {}
        }
    }

    /// The points of a curve, in the order of the file.
    pub fn series(&self, metric: Metric<'_>, cut: Cut) -> Series {
        if let Some(field) = field(metric) {
            return self.lines.series(field, cut);
        }
        Series::of(self.scores(metric, cut.across), cut.log)
    }

    /// The values of the evaluations.
    fn scores(&self, metric: Metric<'_>, across: Across) -> impl Iterator<Item = Sample> {
        self.scored.iter().map(move |scored| (self.x_of(scored, across), of_scored(scored, metric)))
    }

    /// The finite point of a curve at the nearest place.
    pub fn at(&self, metric: Metric<'_>, x: f64, across: Across) -> Option<Sample> {
        if let Some(field) = field(metric) {
            return self.lines.at(field, x, across);
        }
        let finite = self.scores(metric, across).filter(|(x, y)| x.is_finite() && y.is_finite());
        finite.min_by(|a, b| (a.0 - x).abs().total_cmp(&(b.0 - x).abs()))
    }

    /// Number of training lines.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// Whether evaluations have a metric.
    pub fn has(&self, metric: Metric<'_>) -> bool {
        self.scored.iter().any(|scored| of_scored(scored, metric).is_finite())
    }

    /// Whether there is no point that can be drawn.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.scored.is_empty()
    }

    /// Whether the points have times. Runs of earlier versions have none.
    pub fn has_time(&self) -> bool {
        self.lines.end(Across::Time).is_some()
    }

    /// The largest number on an axis; `None` without a finite one.
    pub fn end(&self, across: Across) -> Option<f64> {
        let scored = self.scored.iter().map(|scored| self.x_of(scored, across)).filter(|x| x.is_finite());
        self.lines.end(across).into_iter().chain(scored).reduce(f64::max)
    }

    /// Converts a number of one axis to another by interpolation between the training lines.
    /// Before the first line it begins at 0, after the last it goes on as before. `None` if it cannot be computed.
    pub fn convert(&self, x: f64, from: Across, to: Across) -> Option<f64> {
        if from == to { Some(x) } else { self.lines.convert(x, from, to) }
    }

    /// The point with the nearest place on an axis.
    pub fn nearest(&self, x: f64, across: Across) -> Option<Place> {
        let line = self.lines.nearest(x, across, None).map(|line| Place {
            step: line.step,
            epoch: line.epoch,
            seconds: Some(line.seconds).filter(|seconds| seconds.is_finite()),
        });
        let scored = self.scored.iter().map(|scored| Place {
            step: scored.step,
            epoch: scored.epoch,
            seconds: self.convert(scored.step, Across::Step, Across::Time),
        });
        let places = line.into_iter().chain(scored).filter(|place| place.x(across).is_finite());
        places.min_by(|a, b| (a.x(across) - x).abs().total_cmp(&(b.x(across) - x).abs()))
    }

    /// The next place of a point on one side of a number, at least `gap` away.
    pub fn beside(&self, x: f64, gap: f64, later: bool, across: Across) -> Option<f64> {
        let scored = self.scored.iter().map(|scored| self.x_of(scored, across)).filter(|x| x.is_finite());
        let found = [self.lines.beside(x, gap, later, across), next_of(scored, x, gap, later)];
        found.into_iter().flatten().reduce(if later { f64::min } else { f64::max })
    }

    /// The highest of a score; of equal ones the last.
    pub fn highest(&self, metric: Metric<'_>, across: Across) -> Option<Sample> {
        self.scores(metric, across).filter(|(_, y)| y.is_finite()).max_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// The lowest of a score; of equal ones the last.
    pub fn lowest(&self, metric: Metric<'_>, across: Across) -> Option<Sample> {
        self.scores(metric, across).filter(|(_, y)| y.is_finite()).max_by(|(_, a), (_, b)| b.total_cmp(a))
    }

    /// Where an evaluation is: its time is the one at which its step was done.
    fn x_of(&self, scored: &Scored, across: Across) -> f64 {
        match across {
            Across::Epoch => scored.epoch,
            Across::Step => scored.step,
            Across::Time => self.convert(scored.step, Across::Step, Across::Time).unwrap_or(f64::NAN),
        }
    }
}

impl Place {
    /// Its number on an axis; not a number where the point has none.
    pub fn x(&self, across: Across) -> f64 {
        match across {
            Across::Epoch => self.epoch,
            Across::Step => self.step,
            Across::Time => self.seconds.unwrap_or(f64::NAN),
        }
    }
}

/// Number of a training line that a metric is, if it is one.
fn field(metric: Metric<'_>) -> Option<Field> {
    match metric {
        Metric::TrainLoss => Some(Field::Loss),
        Metric::Rate => Some(Field::Rate),
        Metric::Norm => Some(Field::Norm),
        Metric::SmoothLoss => Some(Field::SmoothLoss),
        Metric::SmoothNorm => Some(Field::SmoothNorm),
        _ => None,
    }
}

fn of_scored(scored: &Scored, metric: Metric<'_>) -> f64 {
    match metric {
        Metric::ValidLoss => scored.loss,
        Metric::WordF1 => scored.word,
        Metric::PieceF1 => scored.piece,
        Metric::StrictF1 => scored.strict,
        Metric::Label(name) => scored.labels.get(name).copied().unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}

#[allow(clippy::cast_precision_loss, reason = "numbers of steps stay far below 2^52")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::{Scores, window::Window};

    fn line(step: usize, seconds: Option<f64>) -> Point {
        let epoch = step as f64 / 10.0;
        Point::Step { step, epoch, loss: 1.0, lr: 0.1, grad_norm: 2.0, tokens_per_second: 1.0, seconds }
    }

    fn valid(step: usize, f1: f64) -> Point {
        let word = Scores { f1, ..Scores::default() };
        let (epoch, split, labels) = (step as f64 / 10.0, "valid".to_owned(), Default::default());
        Point::Eval { step, epoch, split, loss: 0.5, piece: word, word, labels, tables: None }
    }

    #[test]
    fn an_evaluation_has_the_time_at_which_its_step_was_done() {
        let points = [line(10, Some(4.0)), line(20, Some(6.0)), valid(15, 0.5), valid(20, 0.7), valid(25, 0.6)];
        let curves = Curves::of(&points);
        let cut = |across| Cut { across, window: Window::new(0.0, 100.0), columns: 100, log: false };
        assert_eq!(curves.series(Metric::WordF1, cut(Across::Time)).samples, [(5.0, 0.5), (6.0, 0.7), (7.0, 0.6)]);
        assert_eq!(curves.series(Metric::TrainLoss, cut(Across::Step)).samples, [(10.0, 1.0), (20.0, 1.0)]);
        assert_eq!(curves.at(Metric::WordF1, 16.0, Across::Step), Some((15.0, 0.5)));
        assert_eq!(curves.beside(10.0, 1.0, true, Across::Step), Some(15.0));
        assert_eq!(curves.convert(5.0, Across::Step, Across::Time), Some(2.0), "it begins at 0");
        assert_eq!(curves.convert(2.5, Across::Epoch, Across::Step), Some(25.0));
        assert_eq!((curves.end(Across::Time), curves.end(Across::Epoch)), (Some(7.0), Some(2.5)));
    }

    #[test]
    fn a_run_of_an_earlier_version_has_no_times() {
        let curves = Curves::of(&[line(10, None), valid(10, 0.5)]);
        assert!(!curves.has_time() && curves.end(Across::Time).is_none());
        let cut = Cut { across: Across::Time, window: Window::new(0.0, 9.0), columns: 9, log: false };
        assert_eq!(curves.series(Metric::WordF1, cut), Series { skipped: 1, ..Series::default() });
        assert_eq!(curves.convert(1.0, Across::Step, Across::Time), None);
        assert_eq!(Curves::default().convert(1.0, Across::Step, Across::Epoch), None);
    }
}
