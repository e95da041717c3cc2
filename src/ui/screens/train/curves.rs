//! The curves of a run, and of several runs on common axes.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{
        run_view::RunView,
        screens::train::{Chart as Page, compare, view::ChartView},
    },
    runs::{
        Across,
        curves::{Curves, Cut, Metric},
        window::Window,
    },
    ui::{
        Canvas,
        chart::{Chart, Curve, Numbers},
        grid::Stroke,
        paint::{clock, top},
    },
};

/// Columns for the values at the curves' ends.
const ENDS: u16 = 15;
const NAMED_ENDS: u16 = 25;
/// Columns from which on the values are at the curves' ends.
const ROOMY: u16 = 60;
/// Dots in a column of cells.
const DOTS: usize = 2;

/// A chart before it is drawn.
pub(super) struct Sheet {
    title: String,
    curves: Vec<Curve>,
    numbers: Numbers,
}

/// A run among those on common axes.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) curves: &'a Curves,
    letter: char,
    style: Style,
}

/// What of the curves is drawn, and how.
#[derive(Clone, Copy)]
struct Frame {
    across: Across,
    window: Window,
    log: bool,
    cursor: Option<f64>,
    columns: usize,
}

impl Frame {
    fn new(view: &ChartView, whole: Window, area: Rect) -> Self {
        let columns = usize::from(area.width) * DOTS;
        Self { across: view.across, window: view.shown(whole), log: view.log, cursor: view.cursor, columns }
    }

    /// The curve of a metric.
    fn curve(&self, name: &str, curves: &Curves, metric: Metric<'_>, look: (Style, Stroke)) -> Curve {
        let log = self.log && !metric.is_share();
        let Self { across, window, columns, .. } = *self;
        let series = curves.series(metric, Cut { across, window, columns, log });
        let read = self.cursor.and_then(|cursor| curves.at(metric, cursor, across));
        Curve { read, ..Curve::of(name, &series, window, columns, look) }
    }

    /// The curve of a score, with its highest value starred.
    fn score(&self, name: &str, curves: &Curves, metric: Metric<'_>, look: (Style, Stroke)) -> Curve {
        Curve { best: curves.highest(metric, self.across), ..self.curve(name, curves, metric, look) }
    }

    /// The curve of the validation loss, with its lowest value starred.
    fn valid_loss(&self, curves: &Curves, look: (Style, Stroke)) -> Curve {
        let best = curves.lowest(Metric::ValidLoss, self.across);
        Curve { best, ..self.curve("valid", curves, Metric::ValidLoss, look) }
    }

    /// Ending of the title of a chart with this scale.
    fn scale_words(&self) -> &'static str {
        if self.log { " (log)" } else { "" }
    }
}

impl Canvas<'_> {
    /// The chosen curves of a run, as they are looked at on the Train screen.
    pub(super) fn charts(&mut self, view: &RunView, page: Page, area: Rect) {
        let train = &self.state.train;
        let frame = Frame::new(&train.view, train.whole(view), area);
        self.charts_in(view, page, frame, area);
    }

    /// The curves of a whole run by epoch.
    pub(super) fn whole_charts(&mut self, view: &RunView, page: Page, area: Rect) {
        let frame = Frame::new(&ChartView::default(), Window::new(0.0, view.horizon()), area);
        self.charts_in(view, page, frame, area);
    }

    fn charts_in(&mut self, view: &RunView, page: Page, frame: Frame, area: Rect) {
        let sheets = match page {
            Page::Both => vec![self.loss(view, frame), self.f1(view, frame)],
            Page::Loss => vec![self.loss(view, frame)],
            Page::F1 => vec![self.f1(view, frame)],
            Page::Rate => self.rate(view, frame),
            Page::Labels => vec![self.label_curves(view, frame)],
        };
        let ends = if page == Page::Labels && area.width >= 50 { NAMED_ENDS } else { ENDS };
        let rest = self.cursor_line(&[&view.curves], frame, area);
        self.sheets(&sheets, frame, ends, rest);
    }

    /// A line with step, epoch and time of the point under the cursor, if there is one; returns the rest of the area.
    fn cursor_line(&mut self, runs: &[&Curves], frame: Frame, area: Rect) -> Rect {
        let Some(cursor) = frame.cursor else { return area };
        let (line, rest) = top(area, 1);
        self.painter.text(line.x, line.y, line.width, &place_words(runs, cursor, frame.across), self.theme.accent);
        rest
    }

    /// Charts below each other, the lowest with the ticks of the horizontal axis.
    fn sheets(&mut self, sheets: &[Sheet], frame: Frame, ends: u16, area: Rect) {
        let axis = self.theme.border;
        let charts = sheets.iter().enumerate().map(|(at, sheet)| {
            let Sheet { title, curves, numbers } = sheet;
            let Frame { across, window, log, cursor, .. } = frame;
            let ticks = at + 1 == sheets.len();
            Chart { title, curves, across, window, log, cursor, numbers: *numbers, ticks, ends, axis }
        });
        let charts: Vec<Chart<'_>> = charts.collect();
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

    fn loss(&self, view: &RunView, frame: Frame) -> Sheet {
        let curves = &view.curves;
        let train = self.theme.series(0);
        let curves = vec![
            frame.curve("", curves, Metric::TrainLoss, (train.patch(self.theme.muted), Stroke::Dots)),
            frame.curve("train", curves, Metric::SmoothLoss, (train, Stroke::Line)),
            frame.valid_loss(curves, (self.theme.series(1), Stroke::Marked('o'))),
        ];
        let title = format!("loss{}: dots raw, line smoothed, o validation", frame.scale_words());
        Sheet { title, curves, numbers: Numbers::Plain }
    }

    fn f1(&self, view: &RunView, frame: Frame) -> Sheet {
        let run = &view.curves;
        let mut curves = vec![frame.curve("piece", run, Metric::PieceF1, (self.theme.series(3), Stroke::Marked('+')))];
        if self.state.train.chart == Page::F1 && run.has(Metric::StrictF1) {
            let strict = frame.curve("strict", run, Metric::StrictF1, (self.theme.series(1), Stroke::Marked('s')));
            // Evaluations of earlier versions have none.
            curves.push(Curve { skipped: 0, ..strict });
        }
        curves.push(frame.score("word", run, Metric::WordF1, (self.theme.series(2), Stroke::Marked('o'))));
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

    fn rate(&self, view: &RunView, frame: Frame) -> Vec<Sheet> {
        let run = &view.curves;
        let norm = self.theme.series(1);
        let norms = vec![
            frame.curve("", run, Metric::Norm, (norm.patch(self.theme.muted), Stroke::Dots)),
            frame.curve("norm", run, Metric::SmoothNorm, (norm, Stroke::Line)),
        ];
        let rate = frame.curve("rate", run, Metric::Rate, (self.theme.series(0), Stroke::Line));
        let log = frame.scale_words();
        let title = format!("gradient norm before clipping{log}: dots raw, line smoothed");
        vec![
            Sheet { title: format!("learning rate{log}"), curves: vec![rate], numbers: Numbers::Small },
            Sheet { title, curves: norms, numbers: Numbers::Plain },
        ]
    }

    /// F1 of each label, or of the chosen one beside all labels together.
    fn label_curves(&self, view: &RunView, frame: Frame) -> Sheet {
        let labels = view.evaluation().map(|last| last.labels.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let chosen = self.state.train.label.and_then(|at| labels.get(at));
        let shown: Vec<&String> = labels.iter().filter(|name| chosen.is_none_or(|chosen| chosen == *name)).collect();
        let mut curves = Vec::new();
        if chosen.is_some() {
            curves.push(frame.curve("all", &view.curves, Metric::WordF1, (self.theme.muted, Stroke::Marked('.'))));
        }
        for (at, name) in shown.into_iter().enumerate() {
            let key = self.state.session.project.as_ref().and_then(|project| project.labels.find(name)?.key);
            let marker = key.or_else(|| char::from_digit(u32::try_from(at + 1).unwrap_or(36), 36)).unwrap_or('o');
            let metric = Metric::Label(name);
            let mut curve = frame.curve(name, &view.curves, metric, (self.label_style(name), Stroke::Marked(marker)));
            curve.best = chosen.and_then(|_| view.curves.highest(metric, frame.across));
            curves.push(curve);
        }
        let title = match chosen {
            Some(name) => format!("F1 of {name}: per word; up, down: others"),
            None => "F1 of labels: per word; up, down: one".to_owned(),
        };
        Sheet { title, curves, numbers: Numbers::Shares }
    }

    /// The runs that are compared: the followed one and those beside it that were read.
    pub(super) fn shown_runs<'a>(&self, view: &'a RunView, others: &'a [(usize, &'a Curves)]) -> Vec<Shown<'a>> {
        let all = std::iter::once((0, &view.curves)).chain(others.iter().copied());
        all.map(|(at, curves)| Shown { curves, letter: compare::letter(at), style: self.run_style(at) }).collect()
    }

    /// Style of a run among those that are compared.
    pub(super) fn run_style(&self, run: usize) -> Style {
        // The first two have the colours that differ most.
        self.theme.series([0, 3, 1, 2, 4, 5].get(run).copied().unwrap_or(run))
    }

    /// The chosen curves of several runs on common axes.
    pub(super) fn common_charts(&mut self, runs: &[Shown<'_>], whole: Window, page: Page, area: Rect) {
        let frame = Frame::new(&self.state.train.view, whole, area);
        let sheets = self.common_sheets(runs, frame, page);
        let curves: Vec<&Curves> = runs.iter().map(|run| run.curves).collect();
        let rest = self.cursor_line(&curves, frame, area);
        self.sheets(&sheets, frame, ENDS, rest);
    }

    fn common_sheets(&self, runs: &[Shown<'_>], frame: Frame, page: Page) -> Vec<Sheet> {
        let log = frame.scale_words();
        let f1 = runs.iter().map(|run| frame.score("word", run.curves, Metric::WordF1, run.marked()));
        let f1 = sheet("F1: validation, per word, lenient", f1, Numbers::Shares);
        let valid = runs.iter().map(|run| frame.valid_loss(run.curves, run.marked()));
        let valid: Vec<Curve> = valid.collect();
        let train = runs.iter().map(|run| {
            let sign = Stroke::Signed(run.letter.to_ascii_lowercase());
            frame.curve("train", run.curves, Metric::SmoothLoss, (run.style.patch(self.theme.muted), sign))
        });
        match page {
            // Four curves in half a screen would be a tangle.
            Page::Both if valid.iter().all(|curve| curve.last.is_some()) => {
                vec![sheet(&format!("loss{log}: validation"), valid, Numbers::Plain), f1]
            }
            Page::Both => vec![sheet(&format!("loss{log}: train, smoothed"), train, Numbers::Plain), f1],
            Page::Loss => {
                let title = format!("loss{log}: small letters train, smoothed; capitals validation");
                vec![sheet(&title, train.chain(valid), Numbers::Plain)]
            }
            Page::F1 | Page::Labels => vec![f1],
            Page::Rate => {
                let rates = runs.iter().map(|run| frame.curve("", run.curves, Metric::Rate, run.signed()).named(run));
                let norms =
                    runs.iter().map(|run| frame.curve("", run.curves, Metric::SmoothNorm, run.signed()).named(run));
                vec![
                    sheet(&format!("learning rate{log}"), rates, Numbers::Small),
                    sheet(&format!("gradient norm, smoothed{log}"), norms, Numbers::Plain),
                ]
            }
        }
    }
}

impl Shown<'_> {
    fn marked(&self) -> (Style, Stroke) {
        (self.style, Stroke::Marked(self.letter))
    }

    fn signed(&self) -> (Style, Stroke) {
        (self.style, Stroke::Signed(self.letter))
    }
}

impl Curve {
    /// The same with the letter of its run as name.
    fn named(self, run: &Shown<'_>) -> Self {
        Self { name: run.letter.to_string(), ..self }
    }
}

fn sheet(title: &str, curves: impl IntoIterator<Item = Curve>, numbers: Numbers) -> Sheet {
    Sheet { title: title.to_owned(), curves: curves.into_iter().collect(), numbers }
}

/// Step, epoch and time of the point under the cursor.
fn place_words(runs: &[&Curves], cursor: f64, across: Across) -> String {
    let places = runs.iter().filter_map(|run| run.nearest(cursor, across));
    let Some(place) = places.min_by(|a, b| (a.x(across) - cursor).abs().total_cmp(&(b.x(across) - cursor).abs()))
    else {
        return across.place_words(cursor);
    };
    let time = place.seconds.map(|seconds| format!(", {}", clock(seconds))).unwrap_or_default();
    format!("{}, epoch {:.2}{time}", Across::Step.place_words(place.step), place.epoch)
}
