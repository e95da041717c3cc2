//! A small chart: curves over epochs with ticks at nice numbers and the last value at each curve's end.
//!
//! Dots are Braille, two by four to a cell, or ASCII signs. Of curves that share a cell the later one gives the colour;
//! what a curve is can also be told by its marker and by the words at its end.

use ratatui::{layout::Rect, style::Style};

use crate::runs::series::{Axis, Sample, bounds, smooth};

use super::paint::{Caps, Painter, share};

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    /// Single dots: raw values behind a smoothed line.
    Dots,
    /// A line.
    Line,
    /// A line with a marker at every point.
    Marked(char),
}

/// One curve.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    /// Said at its end together with the last value; empty for none.
    pub(super) name: &'static str,
    pub(super) points: Vec<Sample>,
    pub(super) style: Style,
    pub(super) stroke: Stroke,
}

/// Curves on common axes.
#[derive(Clone, Debug)]
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    pub(super) curves: &'a [Curve],
    /// The right end of the horizontal axis, which begins at 0.
    pub(super) epochs: f64,
    /// Values are shares: written `.795`, and the axis need not begin at 0.
    pub(super) shares: bool,
    pub(super) axis: Style,
}

/// Columns for the title and the ticks' numbers.
const GUTTER: u16 = 8;
/// Columns for the values at the curves' ends.
const ENDS: u16 = 12;

impl Chart<'_> {
    /// Draws the chart; the last row tells the epochs.
    pub(super) fn draw(&self, painter: &mut Painter<'_>, area: Rect) {
        let (width, height) = (area.width.saturating_sub(GUTTER + 1 + ENDS), area.height.saturating_sub(1));
        if painter.caps.plain || width < 4 || height < 2 {
            return self.words(painter, area);
        }
        let plot = Rect::new(area.x + GUTTER + 1, area.y, width, height);
        let axis = self.axis(height);
        self.scale(painter, area, plot, &axis);
        let mut grid = Grid::new(plot.width, plot.height, painter.caps);
        for curve in self.curves {
            let points = curve.points.iter().filter(|(x, _)| x.is_finite());
            let places = points.filter_map(|(x, y)| Some((x / self.epochs.max(1e-9), axis.place(*y)?)));
            let places: Vec<(f64, f64)> = places.collect();
            grid.curve(&places, curve.stroke, curve.style);
        }
        grid.draw(painter, plot);
        self.ends(painter, plot, &axis);
    }

    /// The same without lines: the last values in words.
    fn words(&self, painter: &mut Painter<'_>, area: Rect) {
        let named = self.curves.iter().filter(|curve| !curve.name.is_empty());
        for (y, curve) in (area.top()..area.bottom()).zip(named) {
            let last = curve.points.iter().rev().find(|(_, value)| value.is_finite());
            let value = last.map_or_else(|| "none yet".to_owned(), |(_, value)| self.number(*value));
            let text = format!("{} {}: {}", self.title, curve.name, value.trim());
            painter.text(area.x, y, area.width, &text, curve.style);
        }
    }

    fn number(&self, value: f64) -> String {
        if self.shares { share(value) } else { plain(value) }
    }

    fn axis(&self, rows: u16) -> Axis {
        let values = self.curves.iter().flat_map(|curve| curve.points.iter().map(|(_, y)| *y));
        let (low, high) = bounds(values).unwrap_or((f64::NAN, f64::NAN));
        Axis::covering(if self.shares { low } else { low.min(0.0) }, high, usize::from(rows / 2 + 1).min(6))
    }

    /// How many values of the curves are no numbers: a loss that blew up.
    fn skipped(&self) -> usize {
        self.curves.iter().flat_map(|curve| &curve.points).filter(|(x, y)| !(x.is_finite() && y.is_finite())).count()
    }

    fn scale(&self, painter: &mut Painter<'_>, area: Rect, plot: Rect, axis: &Axis) {
        painter.text(area.x, area.y, GUTTER, self.title, self.axis.remove_modifier(ratatui::style::Modifier::DIM));
        let line = painter.caps.pick("\u{2502}", "|");
        for y in plot.top()..plot.bottom() {
            painter.text(plot.x - 1, y, 1, line, self.axis);
        }
        for tick in axis.ticks() {
            let y = plot.y + row(axis.place(tick).unwrap_or(0.0), plot.height);
            let label = axis.label(tick);
            let text = if self.shares { label.strip_prefix('0').unwrap_or(&label) } else { &label };
            painter.text_before(plot.x - 1, y, GUTTER.saturating_sub(2), text, self.axis);
        }
        let y = plot.bottom();
        // Whole epochs where there are some.
        let (room, whole) = (usize::from(plot.width / 5) + 1, cell(self.epochs / 1e3, 1001) + 1);
        let epochs = Axis::covering(0.0, self.epochs, if whole > 2 { room.min(whole) } else { room });
        for tick in epochs.ticks().into_iter().filter(|tick| *tick > 0.0 && *tick <= self.epochs) {
            let x = plot.x + column(tick / self.epochs.max(1e-9), plot.width);
            let text = epochs.label(tick);
            let wide = u16::try_from(text.len()).unwrap_or(0);
            painter.text(x.saturating_sub(wide / 2), y, wide, &text, self.axis);
        }
        painter.text(plot.right() + 2, y, ENDS, "epoch", self.axis);
        if self.skipped() > 0 {
            painter.text(plot.right() + 1, plot.y, ENDS, &format!("{} no number", self.skipped()), self.axis);
        }
    }

    /// The last values, each on the row where its curve ends or the next free one.
    fn ends(&self, painter: &mut Painter<'_>, plot: Rect, axis: &Axis) {
        let mut taken: Vec<u16> = Vec::new();
        for curve in self.curves.iter().filter(|curve| !curve.name.is_empty()) {
            let Some((_, value)) = curve.points.iter().rev().find(|(_, y)| y.is_finite()) else { continue };
            let wanted = plot.y + row(axis.place(*value).unwrap_or(0.0), plot.height);
            let rows = (plot.top()..plot.bottom()).filter(|y| !taken.contains(y));
            let Some(y) = rows.min_by_key(|y| y.abs_diff(wanted)) else { continue };
            taken.push(y);
            let marker = if let Stroke::Marked(marker) = curve.stroke { marker } else { ' ' };
            let text = format!("{marker} {} {}", curve.name, self.number(*value).trim());
            painter.text(plot.right(), y, ENDS, &text, curve.style);
        }
    }
}

/// A number with three figures, as short as can be.
fn plain(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        x if x < 0.01 => format!("{value:.0e}"),
        x if x < 1.0 => format!("{value:.2}").replacen("0.", ".", 1),
        x if x < 10.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and a share is at most 1")]
fn cell(share: f64, cells: u32) -> usize {
    let last = f64::from(cells.saturating_sub(1));
    (share.clamp(0.0, 1.0) * last).round() as usize
}

fn column(share: f64, width: u16) -> u16 {
    u16::try_from(cell(share, u32::from(width))).unwrap_or(0)
}

fn row(share: f64, height: u16) -> u16 {
    u16::try_from(cell(1.0 - share.clamp(0.0, 1.0), u32::from(height))).unwrap_or(0)
}

/// Dots in cells.
struct Grid {
    width: u32,
    height: u32,
    caps: Caps,
    cells: Vec<(u8, Option<char>, Style)>,
}

impl Grid {
    fn new(width: u16, height: u16, caps: Caps) -> Self {
        let cells = vec![(0, None, Style::new()); usize::from(width) * usize::from(height)];
        Self { width: u32::from(width), height: u32::from(height), caps, cells }
    }

    /// Dots in a cell: two by four in Braille, one by three in ASCII.
    fn dots(&self) -> (u32, u32) {
        self.caps.pick((2, 4), (1, 3))
    }

    fn curve(&mut self, places: &[(f64, f64)], stroke: Stroke, style: Style) {
        let (across, down) = self.dots();
        let dot = |(x, y): (f64, f64)| (cell(x, self.width * across), cell(1.0 - y, self.height * down));
        let dots: Vec<(usize, usize)> = places.iter().map(|place| dot(*place)).collect();
        if stroke != Stroke::Dots {
            for pair in dots.windows(2) {
                self.line(pair[0], pair[1], style);
            }
        }
        for (x, y) in dots {
            match stroke {
                Stroke::Marked(marker) => self.set(x, y, style, Some(marker)),
                Stroke::Line | Stroke::Dots => self.set(x, y, style, None),
            }
        }
    }

    fn line(&mut self, from: (usize, usize), to: (usize, usize), style: Style) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
        let between = |a: usize, b: usize, n: usize| (a * (steps - n) + b * n + steps / 2) / steps;
        for n in 0..=steps {
            self.set(between(from.0, to.0, n), between(from.1, to.1, n), style, None);
        }
    }

    fn set(&mut self, x: usize, y: usize, style: Style, marker: Option<char>) {
        let (across, down) = self.dots();
        let (across, down) = (across as usize, down as usize);
        let at = y / down * self.width as usize + x / across;
        if let Some(cell) = self.cells.get_mut(at) {
            // Braille's dots are numbered down the left column, then down the right, the fourth row last.
            let bit = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]][y % down][x % across];
            *cell = (cell.0 | bit, marker.or(cell.1), style);
        }
    }

    fn draw(&self, painter: &mut Painter<'_>, plot: Rect) {
        for (y, line) in (plot.top()..plot.bottom()).zip(self.cells.chunks(self.width.max(1) as usize)) {
            for (x, (bits, marker, style)) in (plot.left()..plot.right()).zip(line) {
                let sign = match (marker, bits) {
                    (Some(marker), _) => *marker,
                    (None, 0) => continue,
                    (None, bits) => self.sign(*bits),
                };
                painter.text(x, y, 1, sign.encode_utf8(&mut [0; 4]), *style);
            }
        }
    }

    fn sign(&self, bits: u8) -> char {
        let ascii = match bits & 0x07 {
            0x01 => '\'',
            0x02 => '-',
            0x04 => '.',
            _ => ':',
        };
        self.caps.pick(char::from_u32(0x2800 + u32::from(bits)).unwrap_or('.'), ascii)
    }
}

/// The same curve with its noise taken out: a mean over about `window` points.
pub(super) fn smoothed(points: &[Sample], window: f64) -> Vec<Sample> {
    smooth(points, 1.0 - 1.0 / window.max(1.0)).samples
}

/// A curve in one row, from its least to its greatest value.
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

    fn drawn(area: Rect, caps: Caps) -> String {
        let loss: Vec<(f64, f64)> = (1..60).map(|n| f64::from(n) / 20.0).map(|x| (x, 1.6 * (-x).exp() + 0.2)).collect();
        let curves = [
            Curve { name: "train", points: loss, style: Style::new(), stroke: Stroke::Line },
            Curve {
                name: "valid",
                points: vec![(1.0, 0.9), (2.0, 0.5), (3.0, f64::NAN)],
                style: Style::new(),
                stroke: Stroke::Marked('o'),
            },
        ];
        let mut buffer = Buffer::empty(area);
        let chart = Chart { title: "loss", curves: &curves, epochs: 3.0, shares: false, axis: Style::new() };
        chart.draw(&mut Painter { buffer: &mut buffer, caps }, area);
        let rows = (area.top()..area.bottom())
            .map(|y| (area.left()..area.right()).map(|x| buffer[(x, y)].symbol()).collect::<String>());
        rows.map(|row| row.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
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
        assert_eq!(drawn(Rect::new(0, 0, 40, 2), caps), "loss train: .28\nloss valid: .50");
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
            let curves = [Curve { name: "train", points, style: Style::new(), stroke: Stroke::Marked('o') }];
            let chart = Chart { title: "loss", curves: &curves, epochs: 3.0, shares: true, axis: Style::new() };
            chart.draw(&mut Painter { buffer: &mut buffer, caps: Caps::default() }, area);
        }
    }
}
