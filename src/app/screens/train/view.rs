//! How the curves of the Train screen are drawn: axes, window, and the cursor that reads them out.

use crate::{
    app::{panel::Outcome, run_view::RunView, session::Session},
    runs::{Across, curves::Curves, window::Window},
};

use super::{Page, Train};

/// Share of the window by which the cursor moves at least.
const CURSOR_STEP: f64 = 1.0 / 160.0;
/// Change of the window's width by one zoom.
const ZOOM: f64 = 0.5;
/// Share of the window by which it moves.
const PAN: f64 = 0.25;

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
    fn read(&mut self, later: bool, curves: &[&Curves], whole: Window) {
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
    fn zoom(&mut self, factor: f64, whole: Window) {
        let shown = self.shown(whole);
        let around = self.cursor.unwrap_or(shown.from + shown.width() / 2.0);
        self.set_window(shown.zoomed(whole, around, factor), whole);
    }

    fn pan(&mut self, share: f64, whole: Window) {
        self.set_window(self.shown(whole).moved(whole, share), whole);
    }

    fn set_window(&mut self, window: Window, whole: Window) {
        // All of the axis grows with the run.
        self.window = Some(window).filter(|window| *window != whole);
    }

    /// Goes to another axis; window and cursor stay at their steps.
    fn go_across(&mut self, across: Across, curves: &Curves) {
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

/// Commands.
impl Train {
    /// The whole horizontal axis of what is in front.
    pub fn whole(&self, view: &RunView) -> Window {
        let across = self.view.across;
        let own = view.horizon_across(across);
        let others =
            self.others.iter().filter(|_| self.page == Page::Compare).filter_map(|other| other.curves.end(across));
        Window::new(0.0, others.fold(own, f64::max))
    }

    /// Changes the view of the curves in front.
    fn change_view(&mut self, session: &Session, change: impl FnOnce(&mut ChartView, Window)) -> Outcome {
        if let Some(view) = &session.runs.followed {
            let whole = self.whole(view);
            change(&mut self.view, whole);
        }
        Outcome::none()
    }

    pub(super) fn toggle_log_scale(&mut self, _: &mut Session) -> Outcome {
        self.view.log = !self.view.log;
        Outcome::none()
    }

    /// Goes to the next horizontal axis that the runs in front have.
    pub(super) fn next_axis(&mut self, session: &mut Session) -> Outcome {
        let Some(view) = &session.runs.followed else { return Outcome::none() };
        let mut next = self.view.across.next();
        let others = self.others.iter().filter(|_| self.page == Page::Compare).map(|other| &other.curves);
        let has_time = std::iter::once(&view.curves).chain(others).all(Curves::has_time);
        let is_skipped = next == Across::Time && !has_time;
        if is_skipped {
            next = next.next();
        }
        self.view.go_across(next, &view.curves);
        session.inform(match is_skipped {
            true => format!("Curves by {}; by time there are none: an earlier version kept no times", next.name()),
            false => format!("Curves by {}", next.name()),
        });
        Outcome::none()
    }

    pub(super) fn zoom_in(&mut self, session: &mut Session) -> Outcome {
        self.change_view(session, |view, whole| view.zoom(ZOOM, whole))
    }

    pub(super) fn zoom_out(&mut self, session: &mut Session) -> Outcome {
        self.change_view(session, |view, whole| view.zoom(1.0 / ZOOM, whole))
    }

    pub(super) fn pan_left(&mut self, session: &mut Session) -> Outcome {
        self.change_view(session, |view, whole| view.pan(-PAN, whole))
    }

    pub(super) fn pan_right(&mut self, session: &mut Session) -> Outcome {
        self.change_view(session, |view, whole| view.pan(PAN, whole))
    }

    pub(super) fn show_whole(&mut self, _: &mut Session) -> Outcome {
        self.view.window = None;
        self.view.cursor = None;
        Outcome::none()
    }

    pub(super) fn read_left(&mut self, session: &mut Session) -> Outcome {
        self.read(session, false)
    }

    pub(super) fn read_right(&mut self, session: &mut Session) -> Outcome {
        self.read(session, true)
    }

    fn read(&mut self, session: &Session, later: bool) -> Outcome {
        let Some(view) = &session.runs.followed else { return Outcome::none() };
        let whole = self.whole(view);
        let others = self.others.iter().filter(|_| self.page == Page::Compare).map(|other| &other.curves);
        let curves: Vec<&Curves> = std::iter::once(&view.curves).chain(others).collect();
        self.view.read(later, &curves, whole);
        Outcome::none()
    }

    /// Puts the cursor away, or else goes back to the whole axis. False if there is neither.
    pub(super) fn leave_view(&mut self) -> bool {
        self.view.cursor.take().is_some() || self.view.window.take().is_some()
    }
}
