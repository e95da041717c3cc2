//! The question before the program is left.

use ratatui::layout::Rect;

use crate::{app::project::SaveState, runs::Phase};

use super::super::Canvas;

impl Canvas<'_> {
    pub(super) fn quit_menu(&mut self, area: Rect) {
        self.ask(area, &self.quit_text(), 0);
    }

    fn quit_text(&self) -> String {
        let runs = &self.state.session.runs;
        let mut text = String::new();
        if let Some(SaveState::Saving(n) | SaveState::Failed(n)) =
            self.state.session.project.as_ref().map(|project| project.save_state())
        {
            text.push_str(&format!("{n} of your actions are not on disk yet and would be lost. "));
        }
        if runs.is_ours() {
            let paused = runs.running().is_some_and(|run| run.status.phase == Phase::Paused);
            let word = if paused { "is paused" } else { "is going on" };
            text.push_str(&format!(
                "A training {word}. s stops it, keeps its model and leaves; k leaves and lets it go on; "
            ));
        } else {
            text.push_str("y leaves; ");
        }
        text + "esc stays."
    }
}
