//! The list of sentences that only one of two runs has right: those that the newer one broke, or those that it fixed.

use std::collections::HashSet;

use crate::{
    app::{panel::Outcome, session::Session},
    spans::{ReviewList, SentenceChange},
};

use super::Mistakes;

impl Mistakes {
    /// Chooses one of the two lists where two runs are compared: what was broken, unless nothing was.
    pub(super) fn choose_change(&mut self) {
        let Some(list) = &self.list else { return };
        let wanted = self.filter.change.unwrap_or(SentenceChange::Broken);
        let is_empty = !has(list, wanted) && has(list, wanted.other());
        let chosen = if is_empty { wanted.other() } else { wanted };
        self.filter.change = list.against.is_some().then_some(chosen);
    }

    /// Shows the other list, unless it is empty.
    pub(super) fn other_change(&mut self, session: &mut Session, list: &ReviewList) -> Outcome {
        let Some(next) = self.filter.change.map(SentenceChange::other) else { return Outcome::none() };
        if !has(list, next) {
            session.inform(format!("{} {} no sentence that {} has otherwise", list.run, next.verb(), older(list)));
            return Outcome::none();
        }
        self.filter.change = Some(next);
        self.choose_rows();
        self.remember(session);
        Outcome::none()
    }

    /// Number of sentences in the list that is shown.
    pub fn sentences(&self) -> usize {
        let rows = (0..self.rows.len()).filter_map(|row| self.item(row));
        rows.map(|item| &*item.document).collect::<HashSet<&str>>().len()
    }
}

fn has(list: &ReviewList, change: SentenceChange) -> bool {
    list.items.iter().any(|item| item.change == Some(change))
}

/// The older run of a list that compares two.
fn older(list: &ReviewList) -> &str {
    list.against.as_deref().unwrap_or_default()
}
