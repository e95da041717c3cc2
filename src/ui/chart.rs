//! A small chart: curves over epochs.
//! It has ticks at nice numbers and the last value at each curve's end.
//!
//! Dots are Braille, two by four to a cell, or ASCII signs. Of curves that share a cell the later one gives the colour;
//! markers and the words at their ends distinguish curves, too.

use ratatui::{
    layout::Rect,
    style::{Modifier, Style},
};

use crate::{
    runs::series::{Axis, Sample, bounds, smooth},
    text::width,
};

use super::{
    grid::{Grid, Stroke, cell, column, row},
    paint::{Caps, Painter, share, top},
};

/// One curve.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    /// Name at its end, before the last value; empty for none.
    pub(super) name: String,
    pub(super) points: Vec<Sample>,
    pub(super) style: Style,
    pub(super) stroke: Stroke,
    /// The best of the points, drawn as `*`.
    pub(super) best: Option<usize>,
}

/// Kinds of numbers on the vertical axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// From 0 to 1, written `.795`; the axis need not begin at 0.
    Shares,
    /// Written with three figures.
    Plain,
    /// From 0 on, written `5.0e-4`.
    Small,
}

/// Curves on common axes.
#[derive(Clone, Debug)]
pub(super) struct Chart<'a> {
    /// Title above the curves, where there is room.
    pub(super) title: &'a str,
    pub(super) curves: &'a [Curve],
    /// The right end of the horizontal axis, which begins at 0.
    pub(super) epochs: f64,
    pub(super) numbers: Numbers,
    /// Whether the epochs are written below the curves.
    pub(super) ticks: bool,
    /// Columns for the values at the curves' ends; 0 puts them into the title's row.
    pub(super) ends: u16,
    pub(super) axis: Style,
}

/// Columns for the ticks' numbers, and one for the line.
const GUTTER: u16 = 5;
/// Rows from which a title has a row of its own.
const TITLED: u16 = 5;

impl Chart<'_> {
    /// Draws the chart; the last row shows the epochs.
    pub(super) fn draw(&self, painter: &mut Painter<'_>, area: Rect) {
        if painter.caps.plain {
            return self.words(painter, area);
        }
        let (head, area) = top(area, u16::from(self.ends == 0 || area.height >= TITLED));
        if head.height > 0 {
            self.head(painter, head);
        }
        let width = area.width.saturating_sub(GUTTER + 1 + self.ends);
        let height = area.height.saturating_sub(u16::from(self.ticks));
        if width < 4 || height < 2 {
            return self.words(painter, area);
        }
        let plot = Rect::new(area.x + GUTTER + 1, area.y, width, height);
        let axis = self.axis(height);
        self.scale(painter, head, plot, &axis);
        let mut grid = Grid::new(plot.width, plot.height, painter.caps);
        for curve in self.curves {
            let places: Vec<(f64, f64)> = curve.points.iter().filter_map(|point| self.place(point, &axis)).collect();
            grid.curve(&places, curve.stroke, curve.style);
        }
        for curve in self.curves {
            let best = curve.best.and_then(|at| self.place(curve.points.get(at)?, &axis));
            grid.curve(best.as_slice(), Stroke::Marked('*'), curve.style.add_modifier(Modifier::BOLD));
        }
        grid.draw(painter, plot);
        self.ends(painter, plot, &axis);
    }

    /// Place of a point on the grid, from 0 to 1 on both axes.
    /// `None` if a number is not finite.
    fn place(&self, (x, y): &Sample, axis: &Axis) -> Option<(f64, f64)> {
        Some((x / self.epochs.max(1e-9), axis.place(*y)?)).filter(|(x, _)| x.is_finite())
    }

    /// The title.
    /// Without room at the curves' ends, it contains their names and last values as well.
    fn head(&self, painter: &mut Painter<'_>, area: Rect) {
        let pieces = self.legend(painter.caps);
        if self.ends > 0 || pieces.len() < 2 {
            painter.text(area.x, area.y, area.width, self.title, Style::new());
        } else {
            painter.pieces(area, &pieces);
        }
    }

    /// The title's first word, and the name and last value of each curve that has one.
    fn legend(&self, caps: Caps) -> Vec<(String, Style)> {
        let title = self.title.split(':').next().unwrap_or_default().to_owned();
        let ends = self.curves.iter().filter_map(|curve| Some((self.end(curve, caps, 20)?.0, curve.style)));
        std::iter::once((title, Style::new())).chain(ends).collect()
    }

    /// Columns that the title's row takes with the names and values of all curves.
    pub(super) fn legend_width(&self, caps: Caps) -> usize {
        self.legend(caps).iter().map(|(text, _)| width::width(text) + 2).sum()
    }

    /// Text for the end of a curve, and its last value.
    /// The text has the marker, the name and the last value, starred if it is the best. `None` without values.
    fn end(&self, curve: &Curve, caps: Caps, name: usize) -> Option<(String, f64)> {
        let at = curve.points.iter().rposition(|(_, y)| y.is_finite()).filter(|_| !curve.name.is_empty())?;
        let (_, value) = curve.points.get(at)?;
        let marker = match curve.stroke {
            Stroke::Marked(marker) | Stroke::Signed(marker) => marker,
            Stroke::Line => caps.pick('\u{2500}', '-'),
            Stroke::Dots => caps.pick('\u{b7}', '.'),
        };
        let star = if curve.best == Some(at) { "*" } else { "" };
        let text = format!("{marker} {} {}{star}", width::cut(&curve.name, name), self.number(*value).trim());
        Some((text, *value))
    }

    /// The same without lines: the last values in words, and the best.
    fn words(&self, painter: &mut Painter<'_>, area: Rect) {
        let named = self.curves.iter().filter(|curve| !curve.name.is_empty());
        let title = self.title.split(':').next().unwrap_or_default();
        for (y, curve) in (area.top()..area.bottom()).zip(named) {
            let last = curve.points.iter().rev().find(|(_, value)| value.is_finite());
            let value = last.map_or_else(|| "none yet".to_owned(), |(_, value)| self.number(*value));
            let best = curve.best.and_then(|at| curve.points.get(at));
            let best = best.map(|(x, y)| format!(", best {} at epoch {x:.1}", self.number(*y).trim()));
            let text = format!("{title} {}: {}{}", curve.name, value.trim(), best.unwrap_or_default());
            painter.text(area.x, y, area.width, &text, curve.style);
        }
    }

    fn number(&self, value: f64) -> String {
        match self.numbers {
            Numbers::Shares => share(value),
            Numbers::Plain => plain(value),
            Numbers::Small => format!("{value:.1e}"),
        }
    }

    fn axis(&self, rows: u16) -> Axis {
        let values = self.curves.iter().flat_map(|curve| curve.points.iter().map(|(_, y)| *y));
        let (low, high) = bounds(values).unwrap_or((f64::NAN, f64::NAN));
        let (low, high) = match self.numbers {
            // A flat curve gets some room, but no share is above 1 or below 0.
            Numbers::Shares if high - low < 0.02 => ((low - 0.1).max(0.0), (high + 0.1).min(1.0).max(high)),
            Numbers::Shares => (low, high),
            // Curves far from 0 would be flat.
            Numbers::Plain if low > high / 2.0 => (low, high),
            Numbers::Plain | Numbers::Small => (low.min(0.0), high),
        };
        Axis::covering(low, high, usize::from(rows / 2 + 1).min(6))
    }

    /// Number of values that are not finite.
    /// Examples are those of a loss that overflowed.
    fn skipped(&self) -> usize {
        self.curves.iter().flat_map(|curve| &curve.points).filter(|(x, y)| !(x.is_finite() && y.is_finite())).count()
    }

    fn scale(&self, painter: &mut Painter<'_>, head: Rect, plot: Rect, axis: &Axis) {
        let line = painter.caps.pick("\u{2502}", "|");
        for y in plot.top()..plot.bottom() {
            painter.text(plot.x - 1, y, 1, line, self.axis);
        }
        for tick in axis.ticks() {
            let y = plot.y + row(axis.place(tick).unwrap_or(0.0), plot.height);
            painter.text_before(plot.x - 1, y, GUTTER, &self.tick(axis, tick), self.axis);
        }
        if self.skipped() > 0 {
            let text = format!("{} no number", self.skipped());
            painter.text_before(head.right(), head.y, head.width / 2, &text, self.axis);
        }
        if !self.ticks {
            return;
        }
        let y = plot.bottom();
        // Whole epochs where there are some.
        let room = usize::from(plot.width / 5) + 1;
        let whole = cell(self.epochs / 1e3, 1001) + 1;
        let epochs = Axis::covering(0.0, self.epochs, if whole > 2 { room.min(whole) } else { room });
        for tick in epochs.ticks().into_iter().filter(|tick| *tick > 0.0 && *tick <= self.epochs) {
            let x = plot.x + column(tick / self.epochs.max(1e-9), plot.width);
            let text = epochs.label(tick);
            let wide = u16::try_from(text.len()).unwrap_or(0);
            painter.text(x.saturating_sub(wide / 2), y, wide, &text, self.axis);
        }
        if self.ends > 0 {
            painter.text(plot.right() + 2, y, self.ends.saturating_sub(2), "epoch", self.axis);
        } else {
            painter.text(plot.x - GUTTER - 1, y, GUTTER, "epoch", self.axis);
        }
    }

    fn tick(&self, axis: &Axis, tick: f64) -> String {
        let label = axis.label(tick);
        let label = if tick > 0.0 && tick < 1.0 { label.trim_start_matches('0').to_owned() } else { label };
        match self.numbers {
            _ if tick == 0.0 => "0".to_owned(),
            Numbers::Small => format!("{tick:.0e}"),
            _ if label.len() >= usize::from(GUTTER) => format!("{tick:.0e}"),
            _ => label,
        }
    }

    /// The last values, each on the row where its curve ends or the next free one.
    fn ends(&self, painter: &mut Painter<'_>, plot: Rect, axis: &Axis) {
        let mut taken: Vec<u16> = Vec::new();
        let name = usize::from(self.ends).saturating_sub(9).max(1);
        for curve in self.curves.iter().filter(|_| self.ends > 0) {
            let Some((text, value)) = self.end(curve, painter.caps, name) else { continue };
            let wanted = plot.y + row(axis.place(value).unwrap_or(0.0), plot.height);
            let rows = (plot.top()..plot.bottom()).filter(|y| !taken.contains(y));
            let Some(y) = rows.min_by_key(|y| y.abs_diff(wanted)) else { continue };
            taken.push(y);
            painter.text(plot.right() + 1, y, self.ends.saturating_sub(1), &text, curve.style);
        }
    }
}

/// Formats a number with three figures, as short as possible.
pub(super) fn plain(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        x if !x.is_finite() => "-".to_owned(),
        x if x < 0.0005 => format!("{value:.0e}"),
        x if x < 0.9995 => format!("{value:.3}").replacen("0.", ".", 1),
        x if x < 10.0 => format!("{value:.2}"),
        x if x < 100.0 => format!("{value:.1}"),
        x if x < 1e6 => format!("{value:.0}"),
        _ => format!("{value:.1e}"),
    }
}

/// The curve without its noise: a mean over about `window` points.
pub(super) fn smoothed(points: &[Sample], window: f64) -> Vec<Sample> {
    smooth(points, 1.0 - 1.0 / window.max(1.0)).samples
}

/// Draws a curve in one row, from its least to its greatest value.
pub(super) fn spark(values: &[f64], caps: Caps) -> String {
    let signs: [char; 8] = caps.pick(
        ['\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}'],
        ['_', '.', ',', '-', '~', '=', '+', '#'],
    );
    let Some((low, high)) = bounds(values.iter().copied()) else { return String::new() };
    let finite = values.iter().filter(|value| value.is_finite());
    finite.map(|value| signs[cell((value - low) / (high - low).max(1e-12), 8).min(7)]).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::text::width::Glyphs;

    fn chart<'a>(title: &'a str, curves: &'a [Curve], numbers: Numbers) -> Chart<'a> {
        Chart { title, curves, epochs: 3.0, numbers, ticks: true, ends: 14, axis: Style::new() }
    }

    fn drawn(area: Rect, caps: Caps) -> String {
        let loss: Vec<(f64, f64)> = (1..60).map(|n| f64::from(n) / 20.0).map(|x| (x, 1.6 * (-x).exp() + 0.2)).collect();
        let curves = [
            Curve { name: "train".into(), points: loss, style: Style::new(), stroke: Stroke::Line, best: None },
            Curve {
                name: "valid".into(),
                points: vec![(1.0, 0.9), (2.0, 0.5), (3.0, f64::NAN)],
                style: Style::new(),
                stroke: Stroke::Marked('o'),
                best: Some(1),
            },
        ];
        let mut buffer = Buffer::empty(area);
        chart("loss: some", &curves, Numbers::Plain).draw(&mut Painter::new(&mut buffer, caps), area);
        let rows = (area.top()..area.bottom())
            .map(|y| (area.left()..area.right()).map(|x| buffer[(x, y)].symbol()).collect::<String>());
        rows.map(|row| row.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_narrow_chart_tells_its_values_above() {
        let curves = [Curve {
            name: "word".into(),
            points: vec![(1.0, 0.5), (2.0, 0.75), (3.0, 0.7)],
            style: Style::new(),
            stroke: Stroke::Marked('o'),
            best: Some(1),
        }];
        let area = Rect::new(0, 0, 26, 5);
        let mut buffer = Buffer::empty(area);
        let chart = Chart { ends: 0, ..chart("F1: some", &curves, Numbers::Shares) };
        chart.draw(&mut Painter::new(&mut buffer, Caps::default()), area);
        let row = |y| (0..26).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        assert_eq!(row(0).trim_end(), "F1  o word .700");
        assert_eq!(row(4).trim_end(), "epoch       1      2     3");
        assert!((1..4).any(|y| row(y).contains('*')), "the best is marked");
    }

    fn snapshot(name: &str, caps: Caps) {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, drawn(Rect::new(0, 0, 46, 8), caps));
        });
    }

    #[test]
    fn curves_fall_in_ascii() {
        let caps = Caps { glyphs: Glyphs::Ascii, plain: false };
        snapshot("chart-ascii", caps);
    }

    #[test]
    fn curves_fall_in_braille() {
        snapshot("chart-braille", Caps::default());
    }

    #[test]
    fn a_reader_hears_the_last_values() {
        let caps = Caps { plain: true, ..Caps::default() };
        assert_eq!(drawn(Rect::new(0, 0, 50, 2), caps), "loss train: .284\nloss valid: .500, best .500 at epoch 2.0");
    }

    proptest! {
        #[test]
        fn any_values_can_be_drawn(
            points in prop::collection::vec((any::<f64>(), any::<f64>()), 0..20),
            w in 0u16..50,
            h in 0u16..12,
        ) {
            let area = Rect::new(0, 0, w, h);
            let mut buffer = Buffer::empty(area);
            let best = points.len().checked_sub(1);
            for stroke in [Stroke::Marked('o'), Stroke::Signed('o'), Stroke::Line, Stroke::Dots] {
                let curves = [Curve { name: "train".into(), points: points.clone(), style: Style::new(), stroke, best }];
                for numbers in [Numbers::Shares, Numbers::Plain, Numbers::Small] {
                    let mut painter = Painter::new(&mut buffer, Caps::default());
                    chart("loss", &curves, numbers).draw(&mut painter, area);
                }
            }
        }
    }
}
