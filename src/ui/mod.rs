//! Drawing: a pure function from the state to terminal cells.

mod chart;
mod chrome;
mod grid;
mod hits;
mod model_marks;
mod overlays;
mod paint;
mod screens;
mod seen_marks;
mod sheet;
mod short;
mod text_pane;
pub mod theme;

#[cfg(test)]
mod edge_tests;
#[cfg(test)]
mod growth_tests;
#[cfg(test)]
mod learning_tests;
#[cfg(test)]
mod mistake_tests;
#[cfg(test)]
mod next_tests;
#[cfg(test)]
mod tests;

use ratatui::{Frame, layout::Rect};

use crate::app::{
    Screen, State,
    pointer::Target,
    screen::{Size, SizeClass},
};

pub use hits::HitMap;
pub use paint::Caps;
pub use theme::Theme;

use paint::Painter;

/// State, theme and painter that all parts of the screen draw with.
struct Canvas<'a> {
    state: &'a State,
    theme: &'a Theme,
    painter: Painter<'a>,
    hits: HitMap,
    /// Place of the terminal's cursor, in the text field that gets the keys.
    cursor: Option<(u16, u16)>,
    /// Rows of the message, which are above the key line; no overlay covers them.
    message_rows: u16,
}

/// Draws the whole screen.
pub fn draw(state: &State, theme: &Theme, caps: Caps, frame: &mut Frame<'_>) -> HitMap {
    let area = frame.area();
    let painter = Painter::new(frame.buffer_mut(), caps);
    let mut canvas = Canvas { state, theme, painter, hits: HitMap::default(), cursor: None, message_rows: 0 };
    canvas.screen(area);
    let Canvas { hits, cursor, painter, .. } = canvas;
    // A screen reader reads at the terminal's cursor.
    let cursor = cursor.or(painter.marked.filter(|_| caps.plain));
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    hits
}

impl Canvas<'_> {
    fn screen(&mut self, area: Rect) {
        if (Size { columns: area.width, rows: area.height }).class() == SizeClass::Tiny {
            return self.tiny(area);
        }
        let whole = self.chrome(area);
        let body = self.above_message(whole);
        let body = self.tutorial(body);
        match (&self.state.session.project, self.state.session.screen) {
            (None, _) => self.welcome(body),
            (Some(project), Screen::Tag) => self.tag(project, body),
            (Some(project), Screen::Documents) => self.documents(project, body),
            (Some(_), Screen::Train) => self.train(body),
            (Some(_), Screen::Evaluate) => self.evaluate(body),
            (Some(project), Screen::Explore) => self.explore(project, body),
        }
        self.messages(whole);
        self.overlay(area);
    }
}
