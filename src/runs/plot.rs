//! Draws the curves of one run or several as a picture.
//! Loss above, F1 per word below.

use super::{
    Point,
    across::Across,
    curves::{Curves, Cut, Metric, Series},
    font,
    picture::{Anchor, Color, Picture, STROKE, Shape},
    scale::Scale,
    series::{Axis, Sample, bounds},
    window::{Part, Window, clip, part},
};

/// Size of the picture of one run and of its two frames, in units of the picture.
const WIDE: f64 = 720.0;
const HIGH: f64 = 480.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const FRAME: f64 = 176.0;
const TOPS: [f64; 2] = [32.0, 256.0];
/// Height of a row of text above the frames.
const ROW: f64 = 18.0;
/// Maximum number of ticks on an axis.
const TICKS: usize = 6;
/// Columns to which curves with more points are reduced: two for each unit.
const COLUMNS: usize = 1280;
/// Number of training losses from which a smoothed line is drawn over them.
const SMOOTHED: usize = 20;

const BLACK: Color = [0; 3];
const GRAY: Color = [0x66; 3];
const PALE: Color = [0xdd; 3];
const TRAIN: Color = [0x44, 0x77, 0xaa];
const VALID: Color = [0xcc, 0x66, 0x77];
const SCORE: Color = [0x22, 0x88, 0x33];
/// Colours of runs, which people who do not see all colours can tell apart (Paul Tol's bright scheme).
const RUNS: [Color; 7] = [
    [0x44, 0x77, 0xaa],
    [0xee, 0x66, 0x77],
    [0x22, 0x88, 0x33],
    [0xaa, 0x33, 0x77],
    [0xcc, 0xbb, 0x44],
    [0x66, 0xcc, 0xee],
    [0x77, 0x77, 0x77],
];

/// A run of the picture.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Name beside its colour; not shown for a single run.
    pub title: String,
    /// Its curves.
    pub curves: &'a Curves,
}

/// How the curves are drawn.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// Horizontal axis.
    pub across: Across,
    /// Whether the scale of the losses is logarithmic.
    pub log: bool,
    /// Title of the picture.
    pub title: Option<String>,
}

/// Draws the curves of a run by step, as SVG.
pub fn svg(points: &[Point]) -> String {
    let curves = Curves::of(points);
    let subject = Subject { title: String::new(), curves: &curves };
    picture(&[subject], &Style { across: Across::Step, ..Style::default() }).svg()
}

/// Draws the curves of runs on common axes.
pub fn picture(subjects: &[Subject<'_>], style: &Style) -> Picture {
    let end = subjects.iter().filter_map(|subject| subject.curves.end(style.across)).fold(0.0, f64::max);
    let mut plot = Plot { window: Window::new(0.0, end), style, top: 0.0, shapes: Vec::new() };
    plot.head(subjects);
    let shift = plot.top;
    plot.top = shift + TOPS[0];
    plot.losses(subjects);
    plot.top = shift + TOPS[1];
    plot.scores(subjects);
    plot.text(((LEFT + WIDE - RIGHT) / 2.0, shift + HIGH - 6.0), style.across.name(), Anchor::Middle, BLACK);
    let by = format!("Loss and F1 by {}", style.across.name());
    let title = style.title.as_ref().map_or_else(|| by.clone(), |title| format!("{title}: {by}"));
    Picture { width: WIDE, height: HIGH + shift, title, shapes: plot.shapes }
}

/// A picture that is being drawn.
struct Plot<'a> {
    window: Window,
    style: &'a Style,
    /// Upper end of the frame, or of what comes next.
    top: f64,
    shapes: Vec<Shape>,
}

/// A curve of a frame.
struct Curve {
    part: Part,
    color: Color,
    kind: Kind,
    /// Number of samples that cannot be drawn.
    left_out: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A line.
    Line,
    /// A line of dashes, with a dot at each point if they are few.
    Dashes,
    /// The values behind a smoothed line, pale.
    Raw,
}

impl Plot<'_> {
    /// The title, and the names of several runs beside their colours.
    fn head(&mut self, subjects: &[Subject<'_>]) {
        if let Some(title) = &self.style.title {
            self.top += ROW;
            self.text((LEFT, self.top), title, Anchor::Start, BLACK);
        }
        if subjects.len() < 2 {
            return;
        }
        for (at, subject) in subjects.iter().enumerate() {
            self.top += ROW;
            let y = self.top - 4.0;
            self.line(vec![(LEFT, y), (LEFT + 24.0, y)], color_of(at), 3.0, false);
            self.text((LEFT + 32.0, self.top), &subject.title, Anchor::Start, BLACK);
        }
    }

    fn losses(&mut self, subjects: &[Subject<'_>]) {
        let mut curves = Vec::new();
        for (at, subject) in subjects.iter().enumerate() {
            let (train, valid) = if subjects.len() > 1 { (color_of(at), color_of(at)) } else { (TRAIN, VALID) };
            let run = subject.curves;
            if subjects.len() == 1 {
                // Of several runs, they would cover each other.
                let kind = if run.lines() > SMOOTHED { Kind::Raw } else { Kind::Line };
                curves.push(self.curve(run, Metric::TrainLoss, train, kind));
            }
            if subjects.len() > 1 || run.lines() > SMOOTHED {
                curves.push(self.curve(run, Metric::SmoothLoss, train, Kind::Line));
            }
            let kind = if subjects.len() > 1 { Kind::Dashes } else { Kind::Line };
            curves.push(self.curve(run, Metric::ValidLoss, valid, kind));
        }
        let values = curves.iter().flat_map(|curve| curve.part.seen(self.window));
        let scale = if self.style.log { Scale::log(values, TICKS) } else { from_zero(values) };
        match subjects.len() {
            0 | 1 => {
                let is_smoothed = subjects.iter().any(|subject| subject.curves.lines() > SMOOTHED);
                let train = if is_smoothed { "training loss, smoothed over pale" } else { "training loss" };
                self.text((LEFT, self.top - 10.0), train, Anchor::Start, TRAIN);
                self.text((LEFT + 240.0, self.top - 10.0), "validation loss", Anchor::Start, VALID);
            }
            _ => self.text(
                (LEFT, self.top - 10.0),
                "loss: training, smoothed, and validation, dashed",
                Anchor::Start,
                BLACK,
            ),
        }
        self.frame(&curves, &scale);
    }

    fn scores(&mut self, subjects: &[Subject<'_>]) {
        let curves: Vec<Curve> = subjects
            .iter()
            .enumerate()
            .map(|(at, subject)| {
                let color = if subjects.len() > 1 { color_of(at) } else { SCORE };
                self.curve(subject.curves, Metric::WordF1, color, Kind::Line)
            })
            .collect();
        let scale = from_zero(curves.iter().flat_map(|curve| curve.part.seen(self.window)));
        let color = if subjects.len() > 1 { BLACK } else { SCORE };
        self.text((LEFT, self.top - 10.0), "F1 per word, validation", Anchor::Start, color);
        self.frame(&curves, &scale);
    }

    /// A curve; the scale of losses may be logarithmic.
    fn curve(&self, run: &Curves, metric: Metric<'_>, color: Color, kind: Kind) -> Curve {
        let window = self.window;
        let log = self.style.log && !metric.is_share();
        let cut = Cut { across: self.style.across, window, columns: COLUMNS, log };
        let Series { samples, skipped, below } = run.series(metric, cut);
        Curve { part: part(samples.into_iter(), window, COLUMNS), color, kind, left_out: skipped + below }
    }

    /// Grid, ticks and curves between two axes, and a note about what cannot be drawn.
    fn frame(&mut self, curves: &[Curve], scale: &Scale) {
        for (tick, label) in scale.ticks() {
            let Some(y) = self.y(scale, tick) else { continue };
            self.line(vec![(LEFT, y), (WIDE - RIGHT, y)], PALE, 1.0, false);
            self.text((LEFT - 6.0, y + 4.0), &label, Anchor::End, BLACK);
        }
        for (tick, label) in self.window.ticks(self.style.across, TICKS) {
            let Some(x) = self.x(tick) else { continue };
            self.text((x, self.top + FRAME + 16.0), &label, Anchor::Middle, BLACK);
        }
        let mut skipped = 0;
        for curve in curves {
            self.draw(curve, scale);
            skipped += curve.left_out;
        }
        if skipped > 0 {
            let why = if self.style.log { "no number or not above 0" } else { "no number" };
            let at = (WIDE - RIGHT, self.top - 10.0);
            self.text(at, &format!("{skipped} left out: {why}"), Anchor::End, GRAY);
        }
    }

    fn draw(&mut self, curve: &Curve, scale: &Scale) {
        if curve.kind == Kind::Raw {
            return self.draw_raw(curve, scale);
        }
        for run in self.runs(&curve.part.samples, scale) {
            self.line(run, curve.color, STROKE, curve.kind == Kind::Dashes);
        }
        let places: Vec<(f64, f64)> =
            curve.part.samples.iter().filter_map(|sample| self.place(*sample, scale)).collect();
        // A single point is invisible as a line.
        if places.len() == 1 || (curve.kind == Kind::Dashes && places.len() <= 40) {
            self.shapes.extend(places.into_iter().map(|at| Shape::Dot { at, color: curve.color }));
        }
    }

    /// The raw values as a pale line, or as the envelope of their columns.
    fn draw_raw(&mut self, curve: &Curve, scale: &Scale) {
        let columns = &curve.part.columns;
        if columns.is_empty() {
            let pale = curve.color.map(|part| part / 2 + 128);
            for run in self.runs(&curve.part.samples, scale) {
                self.line(run, pale, 1.0, false);
            }
            return;
        }
        let upper = columns.iter().filter_map(|column| self.place(column.high, scale));
        let lower = columns.iter().rev().filter_map(|column| self.place(column.low, scale));
        let points = upper.chain(lower).collect();
        self.shapes.push(Shape::Area { points, color: curve.color });
    }

    /// The connected parts of a curve in the frame, in units of the picture.
    fn runs(&self, samples: &[Sample], scale: &Scale) -> Vec<Vec<(f64, f64)>> {
        let places = samples.iter().filter_map(|(x, y)| Some((self.window.place(*x)?, scale.place(*y)?)));
        let places: Vec<Sample> = places.collect();
        let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
        for pair in places.windows(2) {
            let Some((from, to)) = clip(pair[0], pair[1]) else { continue };
            let [from, to] = [from, to].map(|place| self.at(place));
            match runs.last_mut().filter(|run| run.last() == Some(&from)) {
                Some(run) => run.push(to),
                None => runs.push(vec![from, to]),
            }
        }
        runs
    }

    /// Position of a sample in the frame; `None` outside.
    fn place(&self, (x, y): Sample, scale: &Scale) -> Option<(f64, f64)> {
        let place = (self.window.place(x)?, scale.place(y)?);
        let shown = -1e-9..=1.0 + 1e-9;
        (shown.contains(&place.0) && shown.contains(&place.1)).then(|| self.at(place))
    }

    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (LEFT + x * (WIDE - LEFT - RIGHT), self.top + FRAME * (1.0 - y))
    }

    fn x(&self, tick: f64) -> Option<f64> {
        self.window.place(tick).map(|share| self.at((share, 0.0)).0)
    }

    fn y(&self, scale: &Scale, tick: f64) -> Option<f64> {
        scale.place(tick).map(|share| self.at((0.0, share)).1)
    }

    fn line(&mut self, points: Vec<(f64, f64)>, color: Color, width: f64, dashed: bool) {
        self.shapes.push(Shape::Line { points, color, width, dashed });
    }

    /// Adds a text, cut where the picture ends.
    fn text(&mut self, at: (f64, f64), text: &str, anchor: Anchor, color: Color) {
        let room = if anchor == Anchor::Start { WIDE - RIGHT - at.0 } else { WIDE };
        self.shapes.push(Shape::Text { at, text: font::fitted(text, room), anchor, color });
    }
}

/// A linear scale that begins at 0.
fn from_zero(values: impl Iterator<Item = f64>) -> Scale {
    let (low, high) = bounds(values).unwrap_or((0.0, 1.0));
    Scale::Linear(Axis::covering(low.min(0.0), if high > 0.0 { high } else { 1.0 }, TICKS))
}

fn color_of(run: usize) -> Color {
    RUNS.get(run % RUNS.len()).copied().unwrap_or(BLACK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::Scores;

    fn step(step: usize, loss: f64) -> Point {
        let seconds = Some(step as f64 * 0.5);
        Point::Step { step, epoch: 0.1, loss, lr: 1e-4, grad_norm: 1.0, tokens_per_second: 1.0, seconds }
    }

    fn valid(step: usize, loss: f64, f1: f64) -> Point {
        let word = Scores { f1, ..Scores::default() };
        let (piece, labels, split) = (word, Default::default(), "valid".to_owned());
        Point::Eval { step, epoch: 0.1, split, loss, piece, word, labels, tables: None }
    }

    #[test]
    fn loss_and_f1_lie_where_their_numbers_are() {
        let picture = svg(&[step(0, 2.0), step(100, 1.0), valid(50, 1.5, 0.5)]);
        // From 0 to 100 steps the frame is 640 wide; from 0 to 2 the loss is 176 high.
        assert!(picture.contains("<polyline points=\"64.0,32.0 704.0,120.0\""), "{picture}");
        assert!(picture.contains("<circle cx=\"384.0\" cy=\"76.0\" r=\"3\" fill=\"#cc6677\"/>"), "{picture}");
        assert_eq!(picture, svg(&[step(0, 2.0), step(100, 1.0), valid(50, 1.5, 0.5)]));
    }

    #[test]
    fn what_is_no_number_is_left_out_and_nothing_is_a_picture_too() {
        let picture = svg(&[step(0, f64::NAN), step(1, f64::INFINITY), valid(1, f64::NAN, f64::NAN)]);
        assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
        assert!(picture.contains("3 left out: no number") && picture.contains("1 left out: no number"), "{picture}");
        let frame = svg(&[]);
        assert!(frame.starts_with("<svg ") && frame.ends_with("</svg>\n") && !frame.contains("<circle"));
        roxmltree::Document::parse(&svg(&[step(3, 0.5), valid(9, 0.25, 1.0)])).unwrap();
    }

    #[test]
    fn runs_are_told_apart_by_colours_and_titles_on_a_logarithmic_scale() {
        let a = Curves::of(&[step(10, 1.0), step(100, 0.1), valid(100, 0.0, 0.5)]);
        let b = Curves::of(&[step(10, 2.0), step(200, 0.01), valid(200, 0.1, 0.75)]);
        let subjects = [("a <&> b", &a), ("0002-mini", &b)];
        let subjects = subjects.map(|(title, curves)| Subject { title: title.to_owned(), curves });
        let style = Style { across: Across::Time, log: true, title: Some("Two".to_owned()) };
        let picture = picture(&subjects, &style);
        let text = picture.svg();
        assert_eq!(picture.height, HIGH + 3.0 * ROW);
        for part in ["a &lt;&amp;&gt; b", "0002-mini", "Two: Loss and F1 by time", "1:30", "#ee6677"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("1 left out: no number or not above 0"), "{text}");
    }

    #[test]
    fn very_many_points_become_an_envelope() {
        let points: Vec<Point> = (0..50_000).map(|n| step(n, if n == 31_415 { 9.0 } else { 1.0 })).collect();
        let picture = svg(&points);
        assert!(picture.len() < 100_000 && picture.contains("<polygon"), "{}", picture.len());
        // Of 10 units, which is the top tick, the spike has 9.
        let spike = picture.split_once("<polygon").and_then(|(_, rest)| rest.split_once('/')).unwrap().0;
        assert!(spike.contains(&format!(",{:.1}", 32.0 + 176.0 * 0.1)), "{spike}");
    }
}
