//! The question whose work is continued.

use ratatui::layout::Rect;

use crate::{app::overlays::whose_work::WhoseWork, text::number::with_noun, ui::Canvas};

/// Annotators that are named with their work.
const NAMED: usize = 3;

impl Canvas<'_> {
    pub(super) fn whose_work(&mut self, area: Rect, question: &WhoseWork) {
        let WhoseWork { own, others } = question;
        let named =
            others.iter().take(NAMED).map(|(name, done)| format!("{name} has done {}", with_noun(*done, "document")));
        let named = named.collect::<Vec<_>>().join(", ");
        let first = others.first().map_or("", |(name, _)| name);
        let text = format!("{named} here, and you are {own}. g goes on as {first}, b begins as {own}.");
        self.ask(area, &text, 0);
    }
}
