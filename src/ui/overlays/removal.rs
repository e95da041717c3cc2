//! The question before a run is removed.
//! It names the files removed with it, and the model that suggests then.

use ratatui::layout::Rect;

use crate::{
    app::overlays::removal::Removal,
    text::number::bytes,
    ui::{Canvas, paint::share},
};

impl Canvas<'_> {
    pub(super) fn removal(&mut self, area: Rect, removal: &Removal) {
        self.ask(area, &self.removal_text(&removal.run), 0);
    }

    fn removal_text(&self, id: &str) -> String {
        let session = &self.state.session;
        let Some(run) = session.runs.info(id) else { return format!("{id} is gone already. esc goes back.") };
        let f1 = run.word_f1.map(|f1| format!(", F1 per word {}", share(f1))).unwrap_or_default();
        let mut text = format!("Remove {id} of {}{f1}? {} on disk: its curves, its log", run.when, bytes(run.bytes));
        text.push_str(if run.has_model { " and its model go for good." } else { " go for good; it has no model." });
        if session.suggesting().as_ref() == Some(&run.id) {
            text.push_str(&match session.suggesting_without(&run.id) {
                None => " No other run has a model; only patterns and earlier tags suggest then.".to_owned(),
                Some(next) => format!(" Suggestions then come from {next}."),
            });
        }
        text + " y removes it, esc keeps it."
    }
}
