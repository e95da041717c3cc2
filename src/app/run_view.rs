//! A run as its files show it.
//! Curves, evaluations, and which weights its model holds.

use crate::runs::{Across, Phase, Point, RunSummary, Settings, Status, curves::Curves, metrics, series::Sample};

use super::evaluation::Evaluation;

/// A run that is followed.
#[derive(Clone, Debug, Default)]
pub struct RunView {
    /// The run's folder name.
    pub id: String,
    /// Its status.
    pub status: Status,
    /// All lines read so far.
    pub points: Vec<Point>,
    /// The curves of these lines.
    pub curves: Curves,
    /// Places of the evaluations on the validation split among the lines.
    scored: Vec<usize>,
    /// Place of the last evaluation on the test split.
    tested: Option<usize>,
    /// Whether the lines that it had when it was opened were read, at least in part.
    pub is_read: bool,
    pub(super) generation: u64,
}

/// A line about a training step.
#[derive(Clone, Copy, Debug)]
pub struct StepLine {
    /// Epochs done.
    pub epoch: f64,
    /// Mean loss since the line before.
    pub loss: f64,
    /// Learning rate.
    pub rate: f64,
    /// Norm of the gradient before clipping.
    pub norm: f64,
    /// Word pieces a second.
    pub speed: f64,
}

/// The step lines among points.
pub fn steps(points: &[Point]) -> impl DoubleEndedIterator<Item = StepLine> {
    points.iter().filter_map(|point| match point {
        Point::Step { epoch, loss, lr, grad_norm, tokens_per_second, .. } => {
            Some(StepLine { epoch: *epoch, loss: *loss, rate: *lr, norm: *grad_norm, speed: *tokens_per_second })
        }
        Point::Eval { .. } | Point::Stage { .. } => None,
    })
}

impl RunView {
    /// A run of which nothing was read yet.
    pub(super) fn new(id: String, status: Status, generation: u64) -> Self {
        Self { id, status, generation, ..Self::default() }
    }

    /// The last evaluation on the validation split.
    pub fn evaluation(&self) -> Option<Evaluation<'_>> {
        self.evaluations().next_back()
    }

    /// The evaluation on the test split.
    ///
    /// It is shown only on request: scores that decide between runs are no longer a test.
    pub fn test(&self) -> Option<Evaluation<'_>> {
        self.points.get(self.tested?).and_then(Evaluation::of)
    }

    /// The evaluation of the weights that the run keeps, or would keep if it ended now.
    pub fn kept(&self, info: &RunSummary) -> Option<Evaluation<'_>> {
        self.kept_at(&self.status, info.settings.as_ref())
    }

    /// The same with a status that may be newer.
    fn kept_at(&self, status: &Status, settings: Option<&Settings>) -> Option<Evaluation<'_>> {
        let written = status.checkpoint.filter(|_| status.phase.is_over());
        if written.is_none() && settings.is_none() {
            return None;
        }
        let keep_best = settings.is_some_and(|settings| settings.keep_best);
        metrics::kept(self.scored_points(), keep_best, written).and_then(Evaluation::of)
    }

    /// The evaluation by which the run is compared with others.
    ///
    /// Once it is over, the one of its kept weights; before, the last one.
    pub fn compared(&self, info: &RunSummary) -> Option<Evaluation<'_>> {
        match info.status.phase.is_over() {
            true => self.kept_at(&info.status, info.settings.as_ref()),
            false => self.evaluation(),
        }
    }

    /// The evaluation with the highest F1 per word on the validation split.
    fn best(&self) -> Option<Evaluation<'_>> {
        metrics::kept(self.scored_points(), true, None).and_then(Evaluation::of)
    }

    /// The evaluations on the validation split, in order.
    pub fn evaluations(&self) -> impl DoubleEndedIterator<Item = Evaluation<'_>> {
        self.scored_points().filter_map(Evaluation::of)
    }

    /// Their lines.
    fn scored_points(&self) -> impl DoubleEndedIterator<Item = &Point> + Clone {
        // They are few, and the lines may be very many.
        self.scored.iter().filter_map(|at| self.points.get(*at))
    }

    /// F1 per word of the last evaluation on the validation split.
    pub(super) fn last_f1(&self) -> Option<f64> {
        self.evaluation().map(|evaluation| evaluation.word.f1)
    }

    /// The training loss, step line by step line: epoch and loss.
    pub fn loss_points(&self) -> Vec<Sample> {
        steps(&self.points).map(|step| (step.epoch, step.loss)).collect()
    }

    /// The training loss as `n` means over equal stretches.
    /// Every loss if there are at most `n`.
    pub fn losses(&self, n: usize) -> Vec<f64> {
        let losses = self.loss_points();
        let chunk = losses.len().div_ceil(n.max(1)).max(1);
        losses.chunks(chunk).map(|part| part.iter().map(|(_, loss)| loss).sum::<f64>() / part.len() as f64).collect()
    }

    /// The last step line.
    pub fn step(&self) -> Option<StepLine> {
        steps(&self.points).next_back()
    }

    /// Adds lines that were read.
    pub(super) fn add(&mut self, points: Vec<Point>) {
        for point in points {
            self.curves.push(&point);
            if point.valid_f1().is_some() {
                self.scored.push(self.points.len());
            } else if Evaluation::of(&point).is_some_and(|evaluation| evaluation.split == "test") {
                self.tested = Some(self.points.len());
            }
            self.points.push(point);
        }
        self.is_read = true;
    }

    /// End of a horizontal axis, as [`RunView::horizon`].
    pub fn horizon_across(&self, across: Across) -> f64 {
        let horizon = self.curves.convert(self.horizon(), Across::Epoch, across);
        horizon.or_else(|| self.curves.end(across)).unwrap_or(1.0)
    }

    /// Epochs on the axis of the curves.
    ///
    /// All planned epochs, fewer while the run is near its start, and only those done once it is over.
    pub fn horizon(&self) -> f64 {
        let last = self.points.iter().rev().take(2).map(Point::epoch).fold(0.0, f64::max);
        let done = if self.status.epoch.is_finite() { self.status.epoch.max(last) } else { last };
        if self.status.phase.is_over() && done > 0.0 {
            return done;
        }
        let mut shown = self.status.epochs.max(done).max(0.01);
        for _ in 0..4 {
            if shown / 2.0 > done * 1.3 && shown / 2.0 >= 1.0 {
                shown /= 2.0;
            }
        }
        shown
    }
}

/// Weights that a run's model contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Those after this step.
    Step(usize),
    /// There is a model; the log says which weights it holds.
    Some,
    /// There is no model.
    None,
}

/// Finds the weights that the model of a run contains.
/// It uses the run's list entry and its points.
pub fn weights(info: &RunSummary, view: &RunView) -> Weights {
    let status = &view.status;
    match (status.phase, &info.settings) {
        (Phase::Failed, _) if info.has_model => Weights::Some,
        (Phase::Done | Phase::Stopped, _) if status.step == 0 => Weights::None,
        (Phase::Done | Phase::Stopped, Some(settings)) => {
            let best = view.best().filter(|_| settings.keep_best).map(|evaluation| evaluation.step);
            let step = status.checkpoint.or(best);
            Weights::Step(step.unwrap_or(status.step))
        }
        (Phase::Done | Phase::Stopped, None) => Weights::Some,
        (Phase::Failed, _) => Weights::None,
        _ => status.checkpoint.map_or(Weights::None, Weights::Step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::Scores;

    fn eval(split: &str, step: usize, f1: f64) -> Point {
        let scores = Scores { f1, ..Scores::default() };
        let (split, labels) = (split.to_owned(), [].into());
        Point::Eval { step, epoch: 1.0, split, loss: 0.5, piece: scores, word: scores, labels, tables: None }
    }

    #[test]
    fn evaluations_are_found_by_their_places() {
        let mut view = RunView::new("0001-mini".to_owned(), Status::default(), 1);
        view.add(vec![eval("valid", 10, 0.5), eval("test", 10, 0.1), eval("valid", 20, 0.7)]);
        view.add(vec![eval("valid", 30, 0.6), eval("test", 30, 0.2)]);
        let step = |found: Option<Evaluation<'_>>| found.map(|evaluation| evaluation.step);
        assert_eq!([step(view.test()), step(view.best()), step(view.evaluation())], [Some(30), Some(20), Some(30)]);
        let settings = Some(Settings { keep_best: true, ..Settings::lesson("mini") });
        let going = RunSummary { settings, ..RunSummary::default() };
        assert_eq!([step(view.compared(&going)), step(view.kept(&going))], [Some(30), Some(20)]);
        let status = Status { phase: Phase::Done, checkpoint: Some(10), ..Status::default() };
        let done = RunSummary { status, ..going };
        assert_eq!(step(view.compared(&done)), Some(10), "the weights that were written, by the newer status");
    }
}
