//! A small chart: curves over epochs, steps or time.
//! It has ticks at nice numbers and the last value at each curve's end.
//!
//! Dots are Braille, two by four to a cell, or ASCII signs. Of curves that share a cell the later one gives the colour;
//! markers and the words at their ends distinguish curves, too.

use ratatui::{
    layout::Rect,
    style::{Modifier, Style},
};

use crate::{
    runs::{
        Across,
        curves::Series,
        scale::Scale,
        series::{Axis, Sample, bounds},
        window::{Part, Window, part},
    },
    text::width,
};

use super::{
    grid::{Grid, Stroke, cell, column, row},
    paint::{Caps, Painter, share, top},
};

/// One curve, in the window that is drawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Curve {
    /// Name at its end, before the last value; empty for none.
    pub(super) name: String,
    pub(super) part: Part,
    pub(super) style: Style,
    pub(super) stroke: Stroke,
    /// The best of the points, drawn as `*`.
    pub(super) best: Option<Sample>,
    /// The last point in the window.
    pub(super) last: Option<Sample>,
    /// The point that is read out: the nearest to the cursor.
    pub(super) read: Option<Sample>,
    /// Number of points that are not finite.
    pub(super) skipped: usize,
    /// Number of points that a logarithmic axis has no place for.
    pub(super) below: usize,
}

impl Curve {
    /// Takes what is drawn of a series in a window of columns.
    pub(super) fn of(name: &str, series: &Series, window: Window, columns: usize, look: (Style, Stroke)) -> Self {
        let part = part(series.samples.iter().copied(), window, columns);
        let last = part.last(window);
        let Series { skipped, below, .. } = *series;
        let name = name.to_owned();
        Self { name, part, style: look.0, stroke: look.1, best: None, last, read: None, skipped, below }
    }

    /// The sign of its points.
    fn marker(&self, caps: Caps) -> char {
        match self.stroke {
            Stroke::Marked(marker) | Stroke::Signed(marker) => marker,
            Stroke::Line => caps.pick('\u{2500}', '-'),
            Stroke::Dots => caps.pick('\u{b7}', '.'),
        }
    }
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
    /// Horizontal axis.
    pub(super) across: Across,
    /// Part of it that is drawn.
    pub(super) window: Window,
    /// Whether the vertical axis is logarithmic; shares never are.
    pub(super) log: bool,
    /// Place on the horizontal axis where a line is drawn.
    pub(super) cursor: Option<f64>,
    pub(super) numbers: Numbers,
    /// Whether the ticks of the horizontal axis are written below the curves.
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
    /// Draws the chart; the last row shows the horizontal axis.
    pub(super) fn draw(&self, painter: &mut Painter<'_>, area: Rect) {
        if painter.caps.plain {
            return self.words(painter, area);
        }
        let has_head = self.ends == 0 || area.height >= TITLED || self.cursor.is_some();
        let (head, area) = top(area, u16::from(has_head));
        if head.height > 0 {
            self.head(painter, head);
        }
        let width = area.width.saturating_sub(GUTTER + 1 + self.ends);
        let height = area.height.saturating_sub(u16::from(self.ticks));
        if width < 4 || height < 2 {
            return self.words(painter, area);
        }
        let plot = Rect::new(area.x + GUTTER + 1, area.y, width, height);
        let scale = self.scale(height);
        self.axes(painter, head, plot, &scale);
        self.cursor(painter, plot);
        let mut grid = Grid::new(plot.width, plot.height, painter.caps);
        for curve in self.curves {
            if curve.stroke == Stroke::Dots && !curve.part.columns.is_empty() {
                self.envelope(&mut grid, curve, &scale);
                continue;
            }
            let places = curve.part.samples.iter().filter_map(|point| self.place(point, &scale));
            grid.curve(&places.collect::<Vec<_>>(), curve.stroke, curve.style);
        }
        for curve in self.curves {
            let best = curve.best.and_then(|best| self.place(&best, &scale));
            grid.curve(best.as_slice(), Stroke::Marked('*'), curve.style.add_modifier(Modifier::BOLD));
        }
        grid.draw(painter, plot);
        self.ends(painter, plot, &scale);
    }

    /// Draws each column of very many points from the lowest to the highest.
    fn envelope(&self, grid: &mut Grid, curve: &Curve, scale: &Scale) {
        for column in &curve.part.columns {
            let places = [column.low, (column.low.0, column.high.1)].map(|end| self.place(&end, scale));
            let places: Vec<(f64, f64)> = places.into_iter().flatten().collect();
            grid.curve(&places, Stroke::Line, curve.style);
        }
    }

    /// Place of a point on the grid: from 0 to 1 on both axes, outside below or above.
    /// `None` if it has none.
    fn place(&self, (x, y): &Sample, scale: &Scale) -> Option<(f64, f64)> {
        Some((self.window.place(*x)?, scale.place(*y)?))
    }

    /// The line of the cursor, behind the curves.
    fn cursor(&self, painter: &mut Painter<'_>, plot: Rect) {
        let inside = self.cursor.filter(|cursor| self.window.contains(*cursor));
        let Some(place) = inside.and_then(|cursor| self.window.place(cursor)) else { return };
        let x = plot.x + column(place, plot.width);
        let line = painter.caps.pick("\u{250a}", "!");
        for y in plot.top()..plot.bottom() {
            painter.text(x, y, 1, line, self.axis);
        }
    }

    /// The values at the cursor, as long as they fit: with names and places, with names, or with markers alone.
    fn read(&self, caps: Caps, room: u16) -> Option<Vec<(String, Style)>> {
        let cursor = self.cursor?;
        let read: Vec<(&Curve, Sample)> = self.curves.iter().filter_map(|curve| Some((curve, curve.read?))).collect();
        if read.is_empty() {
            return None;
        }
        let mut pieces = Vec::new();
        for less in 0..3 {
            pieces = vec![(self.short_title().to_owned(), Style::new())];
            for (curve, (x, y)) in &read {
                // Evaluations are rare: the nearest may be elsewhere.
                let is_elsewhere = less < 1 && (x - cursor).abs() > self.window.width() * 1e-9;
                let place = if is_elsewhere { format!(" at {}", self.across.short_words(*x)) } else { String::new() };
                let name = match curve.name.as_str() {
                    _ if less > 1 => "",
                    "" => "raw ",
                    name => &format!("{name} "),
                };
                let text = format!("{} {name}{}{place}", curve.marker(caps), self.number(*y).trim());
                pieces.push((text, curve.style));
            }
            let wide: usize = pieces.iter().map(|(text, _)| width::width(text) + 2).sum();
            if wide <= usize::from(room) + 2 {
                break;
            }
        }
        Some(pieces)
    }

    fn short_title(&self) -> &str {
        self.title.split(':').next().unwrap_or_default()
    }

    /// The title, or the values at the cursor.
    /// Without room at the curves' ends, it contains their names and last values as well.
    fn head(&self, painter: &mut Painter<'_>, area: Rect) {
        if let Some(pieces) = self.read(painter.caps, area.width) {
            painter.pieces(area, &pieces);
            return;
        }
        let pieces = self.legend(painter.caps);
        if self.ends > 0 || pieces.len() < 2 {
            painter.text(area.x, area.y, area.width, self.title, Style::new());
        } else {
            painter.pieces(area, &pieces);
        }
    }

    /// The title's first word, and the name and last value of each curve that has one.
    fn legend(&self, caps: Caps) -> Vec<(String, Style)> {
        let title = self.short_title().to_owned();
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
        let (_, value) = curve.last.filter(|_| !curve.name.is_empty())?;
        let marker = curve.marker(caps);
        let star = if curve.best.is_some() && curve.best == curve.last { "*" } else { "" };
        let text = format!("{marker} {} {}{star}", width::cut(&curve.name, name), self.number(value).trim());
        Some((text, value))
    }

    /// The same without lines: the last values in words, and the best.
    fn words(&self, painter: &mut Painter<'_>, area: Rect) {
        let named = self.curves.iter().filter(|curve| !curve.name.is_empty());
        let title = self.short_title();
        for (y, curve) in (area.top()..area.bottom()).zip(named) {
            let value = curve.last.map_or_else(|| "none yet".to_owned(), |(_, value)| self.number(value));
            let best =
                curve.best.map(|(x, y)| format!(", best {} at {}", self.number(y).trim(), self.across.place_words(x)));
            let read = curve.read.map(|(_, y)| format!("; at the cursor {}", self.number(y).trim()));
            let rest = best.unwrap_or_default() + &read.unwrap_or_default();
            let text = format!("{title} {}: {}{rest}", curve.name, value.trim());
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

    fn scale(&self, rows: u16) -> Scale {
        let values = self.curves.iter().flat_map(|curve| curve.part.seen(self.window));
        let most = usize::from(rows / 2 + 1).min(6);
        if self.is_log() {
            return Scale::log(values, most);
        }
        let (low, high) = bounds(values).unwrap_or((f64::NAN, f64::NAN));
        let (low, high) = match self.numbers {
            // A flat curve gets some room, but no share is above 1 or below 0.
            Numbers::Shares if high - low < 0.02 => ((low - 0.1).max(0.0), (high + 0.1).min(1.0).max(high)),
            Numbers::Shares => (low, high),
            // Curves far from 0 would be flat.
            Numbers::Plain if low > high / 2.0 => (low, high),
            Numbers::Plain | Numbers::Small => (low.min(0.0), high),
        };
        Scale::Linear(Axis::covering(low, high, most))
    }

    fn is_log(&self) -> bool {
        self.log && self.numbers != Numbers::Shares
    }

    /// Says how many points cannot be drawn, and why.
    /// Examples are those of a loss that overflowed.
    fn left_out(&self) -> Option<String> {
        let skipped: usize = self.curves.iter().map(|curve| curve.skipped).sum();
        let below: usize = self.curves.iter().map(|curve| curve.below).sum();
        match (skipped, below) {
            (0, 0) => None,
            (skipped, 0) => Some(format!("{skipped} no number")),
            (0, below) => Some(format!("{below} not above 0")),
            _ => Some(format!("{skipped} no number, {below} not above 0")),
        }
    }

    fn axes(&self, painter: &mut Painter<'_>, head: Rect, plot: Rect, scale: &Scale) {
        let line = painter.caps.pick("\u{2502}", "|");
        for y in plot.top()..plot.bottom() {
            painter.text(plot.x - 1, y, 1, line, self.axis);
        }
        for (tick, label) in scale.ticks() {
            let y = plot.y + row(scale.place(tick).unwrap_or(0.0), plot.height);
            painter.text_before(plot.x - 1, y, GUTTER, &self.tick(tick, &label), self.axis);
        }
        if let Some(text) = self.left_out() {
            painter.text_before(head.right(), head.y, head.width / 2, &text, self.axis);
        }
        if !self.ticks {
            return;
        }
        let y = plot.bottom();
        // Whole epochs where there are some.
        let room = usize::from(plot.width / 5) + 1;
        let whole = cell(self.window.width() / 1e3, 1001) + 1;
        let most = match self.across {
            Across::Epoch if whole > 2 => room.min(whole),
            Across::Epoch => room,
            // Their numbers are longer.
            Across::Step | Across::Time => usize::from(plot.width / 9) + 1,
        };
        // Without room at the ends, the axis' name is to the left.
        let mut taken = if self.ends > 0 { plot.x.saturating_sub(GUTTER) } else { plot.x - 1 };
        for (tick, text) in self.window.ticks(self.across, most).into_iter().filter(|(tick, _)| *tick > 0.0) {
            let x = plot.x + column(self.window.place(tick).unwrap_or(0.0), plot.width);
            let wide = u16::try_from(text.len()).unwrap_or(0);
            // The last tick may be at the edge.
            let start = x.saturating_sub(wide / 2).min((plot.right() + self.ends).saturating_sub(wide));
            if start > taken {
                painter.text(start, y, wide, &text, self.axis);
                taken = start + wide;
            }
        }
        if self.ends > 0 {
            painter.text(plot.right() + 2, y, self.ends.saturating_sub(2), self.across.name(), self.axis);
        } else {
            painter.text(plot.x - GUTTER - 1, y, GUTTER, self.across.name(), self.axis);
        }
    }

    /// Text of a tick that fits and says exactly its number; empty if there is none.
    fn tick(&self, tick: f64, label: &str) -> String {
        if tick == 0.0 {
            return "0".to_owned();
        }
        let plain = if tick > 0.0 && tick < 1.0 { label.trim_start_matches('0') } else { label };
        let power = format!("{tick:e}");
        let whole = whole_mantissa(&power);
        let forms = match self.numbers {
            Numbers::Small => [power, whole, String::new()],
            _ => [plain.to_owned(), power, whole],
        };
        let mut forms = forms.into_iter();
        forms.find(|form| form.len() <= usize::from(GUTTER) && form.parse() == Ok(tick)).unwrap_or_default()
    }

    /// The last values, each on the row where its curve ends or the next free one.
    fn ends(&self, painter: &mut Painter<'_>, plot: Rect, scale: &Scale) {
        let mut taken: Vec<u16> = Vec::new();
        let name = usize::from(self.ends).saturating_sub(9).max(1);
        for curve in self.curves.iter().filter(|_| self.ends > 0) {
            let Some((text, value)) = self.end(curve, painter.caps, name) else { continue };
            let wanted = plot.y + row(scale.place(value).unwrap_or(0.0), plot.height);
            let rows = (plot.top()..plot.bottom()).filter(|y| !taken.contains(y));
            let Some(y) = rows.min_by_key(|y| y.abs_diff(wanted)) else { continue };
            taken.push(y);
            painter.text(plot.right() + 1, y, self.ends.saturating_sub(1), &text, curve.style);
        }
    }
}

/// `45e-5` for `4.5e-4`: a whole number and a power of ten.
fn whole_mantissa(number: &str) -> String {
    let parts = number.split_once('e').and_then(|(mantissa, power)| Some((mantissa, power.parse::<i32>().ok()?)));
    let Some((mantissa, power)) = parts else { return number.to_owned() };
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let places = i32::try_from(decimals.len()).unwrap_or(0);
    format!("{whole}{decimals}e{}", power - places)
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
        let (across, window, axis) = (Across::Epoch, Window::new(0.0, 3.0), Style::new());
        Chart { title, curves, across, window, log: false, cursor: None, numbers, ticks: true, ends: 14, axis }
    }

    fn curve(name: &str, points: &[Sample], stroke: Stroke, best: Option<Sample>) -> Curve {
        let series = Series::of(points.iter().copied(), false);
        Curve { best, ..Curve::of(name, &series, Window::new(0.0, 3.0), 80, (Style::new(), stroke)) }
    }

    fn drawn(area: Rect, caps: Caps) -> String {
        let loss: Vec<(f64, f64)> = (1..60).map(|n| f64::from(n) / 20.0).map(|x| (x, 1.6 * (-x).exp() + 0.2)).collect();
        let curves = [
            curve("train", &loss, Stroke::Line, None),
            curve("valid", &[(1.0, 0.9), (2.0, 0.5), (3.0, f64::NAN)], Stroke::Marked('o'), Some((2.0, 0.5))),
        ];
        let mut buffer = Buffer::empty(area);
        chart("loss: some", &curves, Numbers::Plain).draw(&mut Painter::new(&mut buffer, caps), area);
        let rows = (area.top()..area.bottom())
            .map(|y| (area.left()..area.right()).map(|x| buffer[(x, y)].symbol()).collect::<String>());
        rows.map(|row| row.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_narrow_chart_tells_its_values_above() {
        let curves = [curve("word", &[(1.0, 0.5), (2.0, 0.75), (3.0, 0.7)], Stroke::Marked('o'), Some((2.0, 0.75)))];
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

    #[test]
    fn ticks_say_their_numbers_exactly_or_nothing() {
        let chart = chart("loss", &[], Numbers::Plain);
        let shown =
            [(0.0045, "0.0045"), (0.00045, "0.00045"), (1500.0, "1500"), (2e-5, "2e-5"), (0.0, "0.0"), (0.5, "0.5")];
        let shown = shown.map(|(tick, label)| chart.tick(tick, label));
        assert_eq!(shown, [".0045", "45e-5", "1500", "2e-5", "0", ".5"]);
        assert_eq!(chart.tick(0.000_123_45, "0.00012345"), "");
        assert_eq!(Chart { numbers: Numbers::Small, ..chart }.tick(1.5e-4, "0.00015"), "15e-5");
    }

    #[test]
    fn a_logarithmic_axis_leaves_zeros_out_and_says_so() {
        let series = Series::of([(0.5, 10.0), (1.0, 0.0), (2.0, 0.1), (2.5, -1.0), (3.0, f64::NAN)], true);
        let look = (Style::new(), Stroke::Marked('o'));
        let curves = [Curve::of("norm", &series, Window::new(0.0, 3.0), 80, look)];
        assert_eq!((curves[0].last, curves[0].below), (Some((2.0, 0.1)), 2));
        let area = Rect::new(0, 0, 60, 9);
        let mut buffer = Buffer::empty(area);
        let chart = Chart { log: true, cursor: Some(1.9), ..chart("gradient norm", &curves, Numbers::Plain) };
        chart.draw(&mut Painter::new(&mut buffer, Caps::default()), area);
        let rows: Vec<String> = (0..9).map(|y| (0..60).map(|x| buffer[(x, y)].symbol()).collect::<String>()).collect();
        assert!(rows[0].ends_with("1 no number, 2 not above 0"), "{rows:?}");
        assert!(rows[1].starts_with("   10") && rows[7].starts_with("   .1"), "{rows:?}");
        assert!(rows[4].contains('\u{250a}'), "{rows:?}");
    }

    #[test]
    fn a_zoomed_chart_shows_the_line_between_two_points_outside() {
        let window = Window::new(1.2, 1.8);
        let series = Series::of([(0.0, 0.0), (3.0, 3.0)], false);
        let curves = [Curve::of("loss", &series, window, 80, (Style::new(), Stroke::Line))];
        let area = Rect::new(0, 0, 60, 9);
        let mut buffer = Buffer::empty(area);
        let chart = Chart { window, ..chart("loss", &curves, Numbers::Plain) };
        chart.draw(&mut Painter::new(&mut buffer, Caps::default()), area);
        let foot: String = (0..60).map(|x| buffer[(x, 8)].symbol()).collect();
        assert!(foot.contains("1.2") && foot.contains("1.6") && !foot.contains("3.0"), "{foot}");
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
            let best = points.last().copied();
            for (stroke, log) in [Stroke::Marked('o'), Stroke::Signed('o'), Stroke::Line, Stroke::Dots].into_iter().zip([false, true, false, true]) {
                let series = Series::of(points.iter().copied(), log);
                let curve = Curve::of("train", &series, Window::new(0.0, 3.0), 4, (Style::new(), stroke));
                let curves = [Curve { best, read: best, ..curve }];
                for numbers in [Numbers::Shares, Numbers::Plain, Numbers::Small] {
                    let mut painter = Painter::new(&mut buffer, Caps::default());
                    Chart { log, cursor: Some(1.0), ..chart("loss", &curves, numbers) }.draw(&mut painter, area);
                }
            }
        }
    }
}
