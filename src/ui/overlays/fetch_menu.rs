//! The question before a base model is downloaded.

use ratatui::layout::Rect;

use crate::{app::overlays::fetch_menu::FetchMenu, ui::Canvas};

impl Canvas<'_> {
    pub(super) fn fetch_menu(&mut self, area: Rect, menu: &FetchMenu) {
        let text = format!("{} y fetches it and trains, esc does neither.", menu.offer.question);
        self.ask(area, &text, 0);
    }
}
