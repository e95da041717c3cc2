//! The question to which split documents are moved.

use ratatui::layout::Rect;

use crate::{app::overlays::split_menu::SplitMenu, ui::Canvas};

impl Canvas<'_> {
    pub(super) fn split_menu(&mut self, area: Rect, menu: &SplitMenu) {
        if let Some(project) = &self.state.session.project {
            self.ask(area, &menu.question(project), 0);
        }
    }
}
