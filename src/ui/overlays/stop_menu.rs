//! The menu for stopping a run.

use ratatui::layout::Rect;

use crate::ui::Canvas;

impl Canvas<'_> {
    pub(super) fn stop_menu(&mut self, area: Rect) {
        let running = self.state.session.runs.running();
        let epoch = running.map(|run| format!(", now in epoch {:.1} of {}", run.status.epoch, run.status.epochs));
        let text = format!(
            "End the run{}? Its model is kept either way. e after this epoch, n now, esc lets it go on.",
            epoch.unwrap_or_default()
        );
        self.ask(area, &text, 0);
    }
}
