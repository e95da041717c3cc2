//! A grid of dots under a chart.
//! Two by four to a cell in Braille, one by three in ASCII, with markers on top.

use ratatui::{layout::Rect, style::Style};

use super::paint::{Caps, Painter};
use crate::runs::window::clip;

/// Style of a curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stroke {
    /// Single dots: raw values behind a smoothed line.
    Dots,
    /// A line.
    #[default]
    Line,
    /// A line with a marker at every point.
    Marked(char),
    /// A line with markers at intervals.
    /// They distinguish two lines without colour.
    Signed(char),
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and a share is at most 1")]
pub(super) fn cell(share: f64, cells: u32) -> usize {
    let last = f64::from(cells.saturating_sub(1));
    (share.clamp(0.0, 1.0) * last).round() as usize
}

pub(super) fn column(share: f64, width: u16) -> u16 {
    u16::try_from(cell(share, u32::from(width))).unwrap_or(0)
}

pub(super) fn row(share: f64, height: u16) -> u16 {
    u16::try_from(cell(1.0 - share.clamp(0.0, 1.0), u32::from(height))).unwrap_or(0)
}

/// The number at `step` of `steps` equal ones from `a` to `b`, rounded.
fn between(a: usize, b: usize, step: usize, steps: usize) -> usize {
    (a * (steps - step) + b * step + steps / 2) / steps
}

/// Dots in cells.
pub(super) struct Grid {
    width: u32,
    height: u32,
    caps: Caps,
    cells: Vec<(u8, Option<char>, Style)>,
}

impl Grid {
    pub(super) fn new(width: u16, height: u16, caps: Caps) -> Self {
        let cells = vec![(0, None, Style::new()); usize::from(width) * usize::from(height)];
        Self { width: u32::from(width), height: u32::from(height), caps, cells }
    }

    /// Dots in a cell: two by four in Braille, one by three in ASCII.
    fn dots(&self) -> (u32, u32) {
        self.caps.pick((2, 4), (1, 3))
    }

    /// Draws a curve. Places go from 0 to 1 on both axes; what is outside is cut off.
    pub(super) fn curve(&mut self, places: &[(f64, f64)], stroke: Stroke, style: Style) {
        if stroke != Stroke::Dots {
            for pair in places.windows(2) {
                if let Some((from, to)) = clip(pair[0], pair[1]) {
                    self.line(self.dot(from), self.dot(to), style);
                }
            }
        }
        let inside = places.iter().filter(|(x, y)| (0.0..=1.0).contains(x) && (0.0..=1.0).contains(y));
        let dots: Vec<(usize, usize)> = inside.map(|place| self.dot(*place)).collect();
        // About one marker in eight cells, the last value among them.
        let every = (dots.len() / (self.width as usize / 8).max(1)).max(1);
        let last = dots.len().saturating_sub(1);
        for (at, (x, y)) in dots.into_iter().enumerate() {
            match stroke {
                Stroke::Marked(marker) => self.set(x, y, style, Some(marker)),
                Stroke::Signed(marker) => self.set(x, y, style, (last - at).is_multiple_of(every).then_some(marker)),
                Stroke::Line | Stroke::Dots => self.set(x, y, style, None),
            }
        }
    }

    /// The dot at a place from 0 to 1 on both axes.
    fn dot(&self, (x, y): (f64, f64)) -> (usize, usize) {
        let (across, down) = self.dots();
        (cell(x, self.width * across), cell(1.0 - y, self.height * down))
    }

    fn line(&mut self, from: (usize, usize), to: (usize, usize), style: Style) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
        for step in 0..=steps {
            let x = between(from.0, to.0, step, steps);
            let y = between(from.1, to.1, step, steps);
            self.set(x, y, style, None);
        }
    }

    fn set(&mut self, x: usize, y: usize, style: Style, marker: Option<char>) {
        let (across, down) = self.dots();
        let across = across as usize;
        let down = down as usize;
        let at = y / down * self.width as usize + x / across;
        if let Some(cell) = self.cells.get_mut(at) {
            // Braille's dots are numbered down the left column, then down the right, the fourth row last.
            let bit = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]][y % down][x % across];
            *cell = (cell.0 | bit, marker.or(cell.1), style);
        }
    }

    pub(super) fn draw(&self, painter: &mut Painter<'_>, plot: Rect) {
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
