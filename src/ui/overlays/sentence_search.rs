//! The sentences that were typed on the Explore screen before.

use ratatui::layout::Rect;

use super::super::{
    Canvas,
    paint::{bottom, top},
};
use crate::{
    app::{overlays::sentence_search::SentenceSearch, prompts::Prompt},
    text::number::with_noun,
};

impl Canvas<'_> {
    pub(super) fn sentence_search(&mut self, area: Rect, panel: &SentenceSearch) {
        let sheet = self.sheet(area, area.height * 3 / 4);
        let (line, rest) = top(sheet, 1);
        self.input(line, "search ", &Prompt::SentenceSearch);
        let (rest, foot) = bottom(rest, 1);
        let found = panel.found(&self.state.session);
        if found.is_empty() {
            let text = "no sentence typed before has these words; esc leaves";
            self.painter.text(rest.x, rest.y, rest.width, text, self.theme.muted);
        }
        for (line, at) in Self::page_of(rest, panel.row, found.len()) {
            if let Some(sentence) = found.get(at) {
                self.line_around(sentence.text, sentence.place, line);
            }
            self.list_row(line, at, panel.row);
        }
        let all = with_noun(panel.all(), "sentence");
        let note = format!("{} of {all} typed before, the latest first; enter takes one", found.len());
        self.painter.text(foot.x, foot.y, foot.width, &note, self.theme.muted);
    }
}
