//! The curves of a run, and of two runs on common axes.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{
        evaluation::Evaluation,
        run_view::{self, RunView, StepLine},
        screens::train::Chart as Page,
    },
    runs::{Point, series::Sample},
    ui::{
        Canvas,
        chart::{Chart, Curve, Numbers, smoothed},
        grid::Stroke,
        paint::top,
    },
};

/// Columns for the values at the curves' ends.
const ENDS: u16 = 15;
const NAMED_ENDS: u16 = 25;
/// Columns from which on the values are at the curves' ends.
const ROOMY: u16 = 60;

/// A chart before it is drawn.
pub(super) struct Sheet {
    title: String,
    curves: Vec<Curve>,
    numbers: Numbers,
}

fn line(name: impl Into<String>, points: Vec<Sample>, style: Style, stroke: Stroke) -> Curve {
    Curve { name: name.into(), points, style, stroke, best: None }
}

/// Values of the evaluations over epochs.
fn over(points: &[Point], value: impl Fn(&Evaluation<'_>) -> f64) -> Vec<Sample> {
    run_view::evaluations(points).map(|one| (one.epoch, value(&one))).collect()
}

/// Values of the step lines over epochs.
fn over_steps(points: &[Point], value: fn(&StepLine) -> f64) -> Vec<Sample> {
    run_view::steps(points).map(|step| (step.epoch, value(&step))).collect()
}

/// The place of the highest value; of equal ones the last.
fn highest(points: &[Sample]) -> Option<usize> {
    let finite = points.iter().enumerate().filter(|(_, (_, y))| y.is_finite());
    finite.max_by(|(_, (_, a)), (_, (_, b))| a.total_cmp(b)).map(|(at, _)| at)
}

/// The place of the lowest value.
fn lowest(points: &[Sample]) -> Option<usize> {
    highest(&points.iter().map(|(x, y)| (*x, -y)).collect::<Vec<_>>())
}

/// The training loss with its noise taken out.
fn smooth_loss(raw: &[Sample]) -> Vec<Sample> {
    smoothed(raw, (raw.len() as f64 / 20.0).clamp(3.0, 30.0))
}

impl Canvas<'_> {
    /// The chosen curves of a run.
    pub(super) fn charts(&mut self, view: &RunView, page: Page, area: Rect) {
        let sheets = match page {
            Page::Both => vec![self.loss(view), self.f1(view)],
            Page::Loss => vec![self.loss(view)],
            Page::F1 => vec![self.f1(view)],
            Page::Rate => self.rate(view),
            Page::Labels => vec![self.label_curves(view)],
        };
        let ends = if page == Page::Labels && area.width >= 50 { NAMED_ENDS } else { ENDS };
        self.sheets(&sheets, view.horizon(), ends, area);
    }

    /// Charts below each other, the lowest with the ticks of the epochs.
    fn sheets(&mut self, sheets: &[Sheet], epochs: f64, ends: u16, area: Rect) {
        let axis = self.theme.border;
        let charts: Vec<Chart<'_>> = sheets
            .iter()
            .enumerate()
            .map(|(at, sheet)| {
                let Sheet { title, curves, numbers } = sheet;
                Chart { title, curves, epochs, numbers: *numbers, ticks: at + 1 == sheets.len(), ends, axis }
            })
            .collect();
        // Where it is narrow, the curves need the columns more than their names do.
        let caps = self.painter.caps;
        let above = charts.iter().all(|chart| chart.legend_width(caps) <= usize::from(area.width) + 2);
        let ends = if area.width < ROOMY && above { 0 } else { ends };
        let mut rest = area;
        for chart in charts {
            // Without the row of ticks of the lower chart, both get the same room for their curves.
            let (place, below) = if chart.ticks { (rest, rest) } else { top(rest, (rest.height / 2).max(1)) };
            Chart { ends, ..chart }.draw(&mut self.painter, place);
            rest = below;
        }
    }

    fn loss(&self, view: &RunView) -> Sheet {
        let raw = view.loss_points();
        let dots = self.theme.series(0).patch(self.theme.muted);
        let mut valid = line("valid", over(&view.points, |one| one.loss), self.theme.series(1), Stroke::Marked('o'));
        valid.best = lowest(&valid.points);
        let curves = vec![
            line("", raw.clone(), dots, Stroke::Dots),
            line("train", smooth_loss(&raw), self.theme.series(0), Stroke::Line),
            valid,
        ];
        let title = "loss: dots raw, line smoothed, o validation".to_owned();
        Sheet { title, curves, numbers: Numbers::Plain }
    }

    fn f1(&self, view: &RunView) -> Sheet {
        let points = &view.points;
        let mut curves =
            vec![line("piece", over(points, |one| one.piece.f1), self.theme.series(3), Stroke::Marked('+'))];
        let strict = view.evaluations().filter_map(|one| Some((one.epoch, one.strict_f1()?)));
        let strict: Vec<Sample> = strict.filter(|(_, f1)| f1.is_finite()).collect();
        if self.state.train.chart == Page::F1 && !strict.is_empty() {
            curves.push(line("strict", strict, self.theme.series(1), Stroke::Marked('s')));
        }
        let mut word = line("word", over(points, |one| one.word.f1), self.theme.series(2), Stroke::Marked('o'));
        word.best = highest(&word.points);
        curves.push(word);
        let title = match (view.evaluations().next().is_some(), self.no_validation(view)) {
            (false, true) => "F1: no document is in valid, so none is computed",
            (false, false) => "F1: validation, none computed yet",
            _ => "F1: validation, lenient; * best per word",
        };
        Sheet { title: title.to_owned(), curves, numbers: Numbers::Shares }
    }

    /// Whether a run is known to have no documents to validate on.
    fn no_validation(&self, view: &RunView) -> bool {
        let data = self.state.session.runs.info(&view.id).and_then(|info| info.data.as_ref());
        data.is_some_and(|data| data.documents[1] == 0)
    }

    fn rate(&self, view: &RunView) -> Vec<Sheet> {
        let rates = over_steps(&view.points, |step| step.rate);
        let rate = line("rate", rates, self.theme.series(0), Stroke::Line);
        let norms = over_steps(&view.points, |step| step.norm);
        let dots = self.theme.series(1).patch(self.theme.muted);
        let norm = line("norm", smooth_loss(&norms), self.theme.series(1), Stroke::Line);
        vec![
            Sheet { title: "learning rate".to_owned(), curves: vec![rate], numbers: Numbers::Small },
            Sheet {
                title: "gradient norm before clipping: dots raw, line smoothed".to_owned(),
                curves: vec![line("", norms, dots, Stroke::Dots), norm],
                numbers: Numbers::Plain,
            },
        ]
    }

    /// F1 of each label, or of the chosen one beside all labels together.
    fn label_curves(&self, view: &RunView) -> Sheet {
        let labels = view.evaluation().map(|last| last.labels.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let chosen = self.state.train.label.and_then(|at| labels.get(at));
        let shown: Vec<&String> = labels.iter().filter(|name| chosen.is_none_or(|chosen| chosen == *name)).collect();
        let mut curves = Vec::new();
        if chosen.is_some() {
            let all = over(&view.points, |one| one.word.f1);
            curves.push(line("all", all, self.theme.muted, Stroke::Marked('.')));
        }
        for (at, name) in shown.into_iter().enumerate() {
            let f1 = over(&view.points, |one| one.labels.get(name).map_or(f64::NAN, |scores| scores.f1));
            let style = self.label_style(name);
            let key = self.state.session.project.as_ref().and_then(|project| project.labels.find(name)?.key);
            let marker = key.or_else(|| char::from_digit(u32::try_from(at + 1).unwrap_or(36), 36)).unwrap_or('o');
            let mut curve = line(name.clone(), f1, style, Stroke::Marked(marker));
            curve.best = chosen.and_then(|_| highest(&curve.points));
            curves.push(curve);
        }
        let title = match chosen {
            Some(name) => format!("F1 of {name}: per word; up, down: others"),
            None => "F1 of labels: per word; up, down: one".to_owned(),
        };
        Sheet { title, curves, numbers: Numbers::Shares }
    }

    /// The chosen curves of two runs on common axes: A is the followed one.
    pub(super) fn common_charts(&mut self, a: (&[Point], f64), b: (&[Point], f64), page: Page, area: Rect) {
        let epochs = a.1.max(b.1);
        let runs = [(a.0, 'A', self.theme.series(0)), (b.0, 'B', self.theme.series(3))];
        let f1 = runs.map(|(points, letter, style)| word_f1(points, letter, style));
        let f1 = sheet("F1: validation, per word, lenient", f1, Numbers::Shares);
        let valid = runs.map(|(points, letter, style)| valid_loss(points, letter, style));
        let train = runs.map(|(points, letter, style)| {
            let losses = over_steps(points, |step| step.loss);
            let sign = Stroke::Signed(letter.to_ascii_lowercase());
            line("train", smooth_loss(&losses), style.patch(self.theme.muted), sign)
        });
        let sheets = match page {
            // Four curves in half a screen would be a tangle.
            Page::Both if valid.iter().all(|curve| !curve.points.is_empty()) => {
                vec![sheet("loss: validation", valid, Numbers::Plain), f1]
            }
            Page::Both => vec![sheet("loss: train, smoothed", train, Numbers::Plain), f1],
            Page::Loss => {
                let curves = train.into_iter().chain(valid);
                vec![sheet("loss: a b train, smoothed; A B validation", curves, Numbers::Plain)]
            }
            Page::F1 | Page::Labels => vec![f1],
            Page::Rate => {
                let rates = runs.map(|(points, letter, style)| {
                    let rates = over_steps(points, |step| step.rate);
                    line(letter, rates, style, Stroke::Signed(letter))
                });
                let norms = runs.map(|(points, letter, style)| {
                    let norms = over_steps(points, |step| step.norm);
                    line(letter, smooth_loss(&norms), style, Stroke::Signed(letter))
                });
                vec![
                    sheet("learning rate", rates, Numbers::Small),
                    sheet("gradient norm, smoothed", norms, Numbers::Plain),
                ]
            }
        };
        self.sheets(&sheets, epochs, ENDS, area);
    }
}

fn sheet(title: &str, curves: impl IntoIterator<Item = Curve>, numbers: Numbers) -> Sheet {
    Sheet { title: title.to_owned(), curves: curves.into_iter().collect(), numbers }
}

/// The validation loss of a run among two, its lowest value starred.
fn valid_loss(points: &[Point], letter: char, style: Style) -> Curve {
    let curve = line("valid", over(points, |one| one.loss), style, Stroke::Marked(letter));
    Curve { best: lowest(&curve.points), ..curve }
}

/// F1 per word of a run among two, its highest value starred.
fn word_f1(points: &[Point], letter: char, style: Style) -> Curve {
    let curve = line("word", over(points, |one| one.word.f1), style, Stroke::Marked(letter));
    Curve { best: highest(&curve.points), ..curve }
}
