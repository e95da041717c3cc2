//! The curves of a run: its points as columns of numbers, over epochs, steps or time.
//!
//! Numbers that are not finite stay in them: whoever draws leaves them out and counts them. Pure.

use std::collections::BTreeMap;

use super::{Across, Point, series::Sample};

/// Number of which a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric<'a> {
    /// Training loss.
    TrainLoss,
    /// Learning rate.
    Rate,
    /// Norm of the gradient before clipping.
    Norm,
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

/// A line about training steps.
#[derive(Clone, Copy, Debug)]
struct Line {
    step: f64,
    epoch: f64,
    /// Not a number where the line has none.
    seconds: f64,
    loss: f64,
    rate: f64,
    norm: f64,
}

impl Line {
    const ORIGIN: Self = Self { step: 0.0, epoch: 0.0, seconds: 0.0, loss: 0.0, rate: 0.0, norm: 0.0 };

    fn x(&self, across: Across) -> f64 {
        match across {
            Across::Epoch => self.epoch,
            Across::Step => self.step,
            Across::Time => self.seconds,
        }
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
    lines: Vec<Line>,
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
            Point::Step { step, epoch, loss, lr, grad_norm, seconds, .. } => self.lines.push(Line {
                step: real(*step),
                epoch: *epoch,
                seconds: seconds.unwrap_or(f64::NAN),
                loss: *loss,
                rate: *lr,
                norm: *grad_norm,
            }),
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
    pub fn samples(&self, metric: Metric<'_>, across: Across) -> impl Iterator<Item = Sample> + Clone {
        // A run may have very many lines, and few evaluations.
        let is_of_line = matches!(metric, Metric::TrainLoss | Metric::Rate | Metric::Norm);
        let lines = if is_of_line { self.lines.as_slice() } else { &[] };
        let scored = if is_of_line { &[] } else { self.scored.as_slice() };
        let lines = lines.iter().map(move |line| (line.x(across), of_line(line, metric)));
        lines.chain(scored.iter().map(move |scored| (self.x_of(scored, across), of_scored(scored, metric))))
    }

    /// Names of the labels that the evaluations have, sorted.
    pub fn labels(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.scored.iter().flat_map(|scored| scored.labels.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether there is no point that can be drawn.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.scored.is_empty()
    }

    /// Whether the points have times. Runs of earlier versions have none.
    pub fn has_time(&self) -> bool {
        self.lines.iter().any(|line| line.seconds.is_finite())
    }

    /// The largest number on an axis; `None` without a finite one.
    pub fn end(&self, across: Across) -> Option<f64> {
        let lines = self.lines.iter().map(|line| line.x(across));
        let xs = lines.chain(self.scored.iter().map(|scored| self.x_of(scored, across)));
        xs.filter(|x| x.is_finite()).reduce(f64::max)
    }

    /// Converts a number of one axis to another by interpolation between the training lines.
    /// Before the first line it begins at 0, after the last it goes on as before. `None` if it cannot be computed.
    pub fn convert(&self, x: f64, from: Across, to: Across) -> Option<f64> {
        if from == to {
            return Some(x);
        }
        let at = self.lines.partition_point(|line| line.x(from) < x);
        let upper = at.min(self.lines.len().checked_sub(1)?);
        let lower = upper.checked_sub(1).map_or(Line::ORIGIN, |lower| self.lines[lower]);
        let upper = self.lines[upper];
        let share = (x - lower.x(from)) / (upper.x(from) - lower.x(from));
        let converted = lower.x(to) + share * (upper.x(to) - lower.x(to));
        converted.is_finite().then_some(converted)
    }

    /// Places of all points, in the order of the file: lines first.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        let lines = self.lines.iter().map(|line| Place {
            step: line.step,
            epoch: line.epoch,
            seconds: Some(line.seconds).filter(|seconds| seconds.is_finite()),
        });
        let scored = self.scored.iter().map(|scored| Place {
            step: scored.step,
            epoch: scored.epoch,
            seconds: self.convert(scored.step, Across::Step, Across::Time),
        });
        lines.chain(scored)
    }

    /// The point with the nearest place on an axis; of equally near ones the first.
    pub fn nearest(&self, x: f64, across: Across) -> Option<Place> {
        let places = self.places().filter(|place| place.x(across).is_finite());
        places.min_by(|a, b| (a.x(across) - x).abs().total_cmp(&(b.x(across) - x).abs()))
    }

    /// The highest of a curve; of equal ones the last.
    pub fn highest(&self, metric: Metric<'_>, across: Across) -> Option<Sample> {
        let finite = self.samples(metric, across).filter(|(_, y)| y.is_finite());
        finite.max_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// The lowest of a curve; of equal ones the last.
    pub fn lowest(&self, metric: Metric<'_>, across: Across) -> Option<Sample> {
        let finite = self.samples(metric, across).filter(|(_, y)| y.is_finite());
        finite.max_by(|(_, a), (_, b)| b.total_cmp(a))
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

fn of_line(line: &Line, metric: Metric<'_>) -> f64 {
    match metric {
        Metric::TrainLoss => line.loss,
        Metric::Rate => line.rate,
        Metric::Norm => line.norm,
        _ => f64::NAN,
    }
}

fn of_scored(scored: &Scored, metric: Metric<'_>) -> f64 {
    match metric {
        Metric::ValidLoss => scored.loss,
        Metric::WordF1 => scored.word,
        Metric::PieceF1 => scored.piece,
        Metric::StrictF1 => scored.strict,
        Metric::Label(name) => scored.labels.get(name).copied().unwrap_or(f64::NAN),
        Metric::TrainLoss | Metric::Rate | Metric::Norm => f64::NAN,
    }
}

#[allow(clippy::cast_precision_loss, reason = "numbers of steps stay far below 2^52")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::Scores;

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
        let f1: Vec<Sample> = curves.samples(Metric::WordF1, Across::Time).collect();
        assert_eq!(f1, [(5.0, 0.5), (6.0, 0.7), (7.0, 0.6)]);
        assert_eq!(curves.samples(Metric::TrainLoss, Across::Step).collect::<Vec<_>>(), [(10.0, 1.0), (20.0, 1.0)]);
        assert_eq!(curves.convert(5.0, Across::Step, Across::Time), Some(2.0), "it begins at 0");
        assert_eq!(curves.convert(2.5, Across::Epoch, Across::Step), Some(25.0));
        assert_eq!((curves.end(Across::Time), curves.end(Across::Epoch)), (Some(7.0), Some(2.5)));
    }

    #[test]
    fn a_run_of_an_earlier_version_has_no_times() {
        let curves = Curves::of(&[line(10, None), valid(10, 0.5)]);
        assert!(!curves.has_time() && curves.end(Across::Time).is_none());
        assert!(curves.samples(Metric::WordF1, Across::Time).all(|(x, y)| x.is_nan() && y == 0.5));
        assert_eq!(curves.convert(1.0, Across::Step, Across::Time), None);
        assert_eq!(Curves::default().convert(1.0, Across::Step, Across::Epoch), None);
    }
}
