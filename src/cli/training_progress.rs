//! Progress of a training on standard error: about twenty lines, on a terminal one line that is drawn again.

use std::{
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use super::output::Output;
use crate::{
    runs::{Control, FolderSink, Phase, Point, RunSink, Status, across::clock},
    text::{number::grouped, width},
};

/// Lines of a whole training, apart from the first.
const LINES: usize = 20;
/// Time between two drawings of the line on a terminal.
const DRAW_INTERVAL: Duration = Duration::from_millis(100);
/// Columns of a terminal that does not say its size.
const COLUMNS: u16 = 80;

/// Sink of a run that also shows its progress.
pub(super) struct ProgressSink<'a> {
    sink: &'a mut dyn RunSink,
    output: Output,
    is_terminal: bool,
    progress: TrainingProgress,
    drawn: Option<Instant>,
    /// Number of the last line, among [`LINES`].
    line: Option<usize>,
}

impl<'a> ProgressSink<'a> {
    pub(super) fn new(sink: &'a mut dyn RunSink, output: Output) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self { sink, output, is_terminal, progress: TrainingProgress::default(), drawn: None, line: None }
    }

    /// Shows the progress, if it is time.
    fn show(&mut self, is_point: bool) {
        match self.is_terminal {
            true if self.drawn.is_none_or(|drawn| drawn.elapsed() >= DRAW_INTERVAL) => self.draw(false),
            false if is_point => {
                let line = self.progress.share(LINES);
                if self.line.is_none_or(|last| line > last) {
                    self.line = Some(line);
                    self.output.say(self.progress.words());
                }
            }
            _ => {}
        }
    }

    fn draw(&mut self, is_complete: bool) {
        let columns = crossterm::terminal::size().map_or(COLUMNS, |(columns, _)| columns);
        let words = self.progress.words();
        self.output.redraw(&width::cut(&words, usize::from(columns).saturating_sub(1)), is_complete);
        self.drawn = Some(Instant::now());
    }
}

/// What a training has reached.
#[derive(Debug, Default)]
struct TrainingProgress {
    status: Status,
    /// Steps and epochs of the last point.
    step: usize,
    epoch: f64,
    loss: Option<f64>,
    /// Loss and F1 per word of the last evaluation, and the best F1.
    valid: Option<(f64, f64)>,
    best: Option<f64>,
}

impl TrainingProgress {
    fn take(&mut self, point: &Point) {
        match point {
            Point::Step { step, epoch, loss, .. } => {
                self.step = *step;
                self.epoch = *epoch;
                self.loss = Some(*loss);
            }
            Point::Eval { split, loss, word, .. } if split == "valid" => {
                self.valid = Some((*loss, word.f1));
                self.best = Some(self.best.map_or(word.f1, |best| best.max(word.f1)));
            }
            Point::Eval { .. } | Point::Stage { .. } => {}
        }
    }

    /// Number of `parts` that are done.
    fn share(&self, parts: usize) -> usize {
        (self.step * parts).checked_div(self.status.steps).unwrap_or(0).min(parts)
    }

    fn words(&self) -> String {
        let Self { status, step, epoch, loss, .. } = self;
        if status.steps == 0 {
            return status.phase.name().to_owned();
        }
        let percent = self.share(100);
        let steps = format!("{}/{}", grouped(*step), grouped(status.steps));
        // The remaining time comes first, since a narrow terminal cuts the end.
        let rest = match status.phase {
            Phase::Training | Phase::Evaluating => status.eta.map(|eta| format!("  eta {}", clock(eta))),
            other => Some(format!("  {}", other.name())),
        };
        let mut words =
            format!("step {steps}, {percent} %{}  epoch {epoch:.1}/{}", rest.unwrap_or_default(), status.epochs);
        if let Some(loss) = loss {
            words += &format!("  loss {loss:.4}");
        }
        if let Some((loss, f1)) = self.valid {
            words += &format!("  valid {loss:.4}  F1 {f1:.4}");
        }
        if let Some(best) = self.best.filter(|best| self.valid.is_some_and(|(_, f1)| f1 < *best)) {
            words += &format!(" (best {best:.4})");
        }
        words
    }
}

impl RunSink for ProgressSink<'_> {
    fn point(&mut self, point: &Point) -> io::Result<()> {
        self.sink.point(point)?;
        self.progress.take(point);
        match point {
            Point::Stage { .. } => self.output.say(super::runs::line(point)),
            _ => self.show(matches!(point, Point::Step { .. })),
        }
        Ok(())
    }

    fn status(&mut self, status: &Status) -> io::Result<()> {
        self.sink.status(status)?;
        self.progress.status = status.clone();
        if self.is_terminal && status.phase.is_over() {
            // The line stays as it is at the end, and what follows has its own.
            self.draw(true);
        } else {
            self.show(false);
        }
        Ok(())
    }

    fn log(&mut self, line: &str) -> io::Result<()> {
        self.sink.log(line)
    }

    fn control(&mut self) -> Option<Control> {
        self.sink.control()
    }

    fn model(&mut self) -> io::Result<Box<dyn FolderSink>> {
        self.sink.model()
    }

    fn checkpoint(&mut self) -> io::Result<Option<Box<dyn FolderSink>>> {
        self.sink.checkpoint()
    }

    fn drop_checkpoint(&mut self) {
        self.sink.drop_checkpoint();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::Scores;

    fn step(step: usize) -> Point {
        let (epoch, loss) = (step as f64 / 10.0, 1.0 / step as f64);
        Point::Step { step, epoch, loss, lr: 0.1, grad_norm: 1.0, tokens_per_second: 1.0, seconds: None }
    }

    fn valid(f1: f64) -> Point {
        let word = Scores { f1, ..Scores::default() };
        let split = "valid".to_owned();
        Point::Eval {
            step: 1,
            epoch: 0.1,
            split,
            loss: 0.5,
            piece: word,
            word,
            labels: Default::default(),
            tables: None,
        }
    }

    #[test]
    fn a_line_has_the_values_and_the_time_that_is_left() {
        let status = Status { phase: Phase::Training, steps: 1500, epochs: 3.0, eta: Some(75.4), ..Status::default() };
        let mut progress = TrainingProgress { status, ..TrainingProgress::default() };
        progress.take(&step(1200));
        assert_eq!(progress.words(), "step 1,200/1,500, 80 %  eta 1:15  epoch 120.0/3  loss 0.0008");
        [valid(0.7), valid(0.6)].iter().for_each(|point| progress.take(point));
        progress.status.phase = Phase::Saving;
        let saving =
            "step 1,200/1,500, 80 %  saving  epoch 120.0/3  loss 0.0008  valid 0.5000  F1 0.6000 (best 0.7000)";
        assert_eq!(progress.words(), saving);
        assert_eq!(TrainingProgress::default().words(), "starting");
    }

    #[test]
    fn a_training_of_any_length_has_about_twenty_lines() {
        for steps in [1, 7, 150, 100_000] {
            let mut progress = TrainingProgress::default();
            progress.status.steps = steps;
            let mut lines = Vec::new();
            for at in 1..=steps {
                progress.take(&step(at));
                lines.push(progress.share(LINES));
            }
            lines.dedup();
            assert!(lines.len() <= LINES + 1 && lines.last() == Some(&LINES), "{steps}: {lines:?}");
        }
    }
}
