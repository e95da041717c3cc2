//! How the curves of the Train screen are drawn: axes, window, and the cursor that reads them out.

use crate::runs::{Across, curves::Curves, window::Window};

/// Share of the window by which the cursor moves at least.
const CURSOR_STEP: f64 = 1.0 / 160.0;

/// How curves are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChartView {
    /// Horizontal axis.
    pub across: Across,
    /// Whether the vertical axis is logarithmic, except for shares.
    pub log: bool,
    /// Part of the horizontal axis that is drawn; `None` for all of it.
    pub window: Option<Window>,
    /// Number of the horizontal axis where the curves are read out.
    pub cursor: Option<f64>,
}

impl ChartView {
    /// The part of the axis that is drawn, of the whole one.
    pub fn shown(&self, whole: Window) -> Window {
        self.window.map_or(whole, |window| window.within(whole))
    }

    /// Moves the cursor to the next point on one side; at first to the last point in sight.
    /// The window follows.
    pub(super) fn read(&mut self, later: bool, curves: &[&Curves], whole: Window) {
        let shown = self.shown(whole);
        let gap = shown.width() * CURSOR_STEP;
        let cursor = self.cursor.filter(|cursor| whole.contains(*cursor));
        let next = match cursor {
            None => beside(curves, shown.to, 0.0, false, self.across).filter(|x| shown.contains(*x)),
            Some(cursor) => beside(curves, cursor, gap, later, self.across).filter(|x| whole.contains(*x)),
        };
        self.cursor = next.or(cursor);
        if let (Some(window), Some(cursor)) = (&mut self.window, self.cursor)
            && !window.contains(cursor)
        {
            let by = if cursor < window.from { cursor - window.from } else { cursor - window.to };
            *window = window.moved(whole, by / window.width());
        }
    }

    /// Zooms around the cursor, or around the middle.
    pub(super) fn zoom(&mut self, factor: f64, whole: Window) {
        let shown = self.shown(whole);
        let around = self.cursor.unwrap_or(shown.from + shown.width() / 2.0);
        self.set_window(shown.zoomed(whole, around, factor), whole);
    }

    pub(super) fn pan(&mut self, share: f64, whole: Window) {
        self.set_window(self.shown(whole).moved(whole, share), whole);
    }

    fn set_window(&mut self, window: Window, whole: Window) {
        // All of the axis grows with the run.
        self.window = Some(window).filter(|window| *window != whole);
    }

    /// Goes to another axis; window and cursor stay at their steps.
    pub(super) fn go_across(&mut self, across: Across, curves: &Curves) {
        let from = self.across;
        self.window = self.window.and_then(|window| {
            let left = curves.convert(window.from, from, across)?;
            Some(Window::new(left, curves.convert(window.to, from, across)?))
        });
        let cursor = self.cursor.and_then(|cursor| curves.convert(cursor, from, across));
        // Exactly on a point again.
        self.cursor = cursor.and_then(|cursor| curves.nearest(cursor, across)).map(|place| place.x(across));
        self.across = across;
    }
}

/// The next place of a point of any run on one side of a number.
fn beside(curves: &[&Curves], x: f64, gap: f64, later: bool, across: Across) -> Option<f64> {
    let found = curves.iter().filter_map(|curves| curves.beside(x, gap, later, across));
    found.reduce(if later { f64::min } else { f64::max })
}
