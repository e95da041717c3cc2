//! Commands that change how curves are looked at.

use crate::{
    app::{panel::Outcome, run_view::RunView, session::Session},
    runs::{Across, curves::Curves, window::Window},
};

use super::{Page, Train, view::ChartView};

/// Change of the window's width by one zoom.
const ZOOM: f64 = 0.5;
/// Share of the window by which it moves.
const PAN: f64 = 0.25;

/// Commands.
impl Train {
    /// The whole horizontal axis of what is in front.
    pub fn whole(&self, view: &RunView) -> Window {
        let across = self.view.across;
        let own = view.horizon_across(across);
        let others =
            self.others.iter().filter(|_| self.page == Page::Compare).filter_map(|other| other.view.curves.end(across));
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
        let others = self.others.iter().filter(|_| self.page == Page::Compare).map(|other| &other.view.curves);
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
        let others = self.others.iter().filter(|_| self.page == Page::Compare).map(|other| &other.view.curves);
        let curves: Vec<&Curves> = std::iter::once(&view.curves).chain(others).collect();
        self.view.read(later, &curves, whole);
        Outcome::none()
    }

    /// Puts the cursor away, or else goes back to the whole axis. False if there is neither.
    pub(super) fn leave_view(&mut self) -> bool {
        self.view.cursor.take().is_some() || self.view.window.take().is_some()
    }
}
