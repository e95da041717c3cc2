//! Documents that are shown without suggestions, so that suggestions can be judged by labels that they did not influence.

use std::{collections::HashSet, sync::Arc};

use crate::{
    config::LiveSettings,
    runs::live::Exposure,
    spans::{Document, choice::is_held_back},
};

/// Which documents are held back, and which can no longer be.
#[derive(Clone, Debug, Default)]
pub(super) struct HoldBack {
    /// One document in this many is held back; 0 for none.
    every: usize,
    /// Whether documents are held back now.
    is_on: bool,
    /// Ids of documents whose suggestions the user has seen.
    exposed: HashSet<String>,
    /// Those of them that are not reported yet.
    unreported: Vec<String>,
    /// Whether all of them are reported, and not only those of the rate.
    reports_all: bool,
    /// What earlier sessions have noted.
    earlier: Arc<Exposure>,
}

impl HoldBack {
    /// Holds one document in `every` back; 0 for none.
    pub(super) fn new(every: usize) -> Self {
        Self { every, is_on: every > 0, reports_all: every == 0, ..Self::default() }
    }

    /// Goes on with what earlier sessions have noted.
    pub(super) fn after(self, earlier: Arc<Exposure>) -> Self {
        Self { earlier, ..self }
    }

    /// What earlier sessions have noted.
    pub(super) fn into_earlier(self) -> Arc<Exposure> {
        self.earlier
    }

    /// Whether a document is shown without suggestions, and always was.
    pub(super) fn hides(&self, document: &Document) -> bool {
        self.is_on
            && is_held_back(&document.id, self.every)
            && !self.exposed.contains(&document.id)
            && self.earlier.is_unseen(&document.id)
    }

    /// Takes note that the user has seen suggestions for a document.
    pub(super) fn expose(&mut self, document: &str) {
        if !self.exposed.contains(document) {
            self.exposed.insert(document.to_owned());
            self.note(document);
        }
    }

    /// Keeps for later sessions that the user knows what models find in a document.
    pub(super) fn note(&mut self, document: &str) {
        if self.reports_all || is_held_back(document, self.every) {
            self.unreported.push(document.to_owned());
        }
    }

    /// Takes the ids of documents that later sessions must know.
    pub(super) fn take_unreported(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unreported)
    }

    /// Holds documents back from now on, or no longer; returns one in how many, 0 for none.
    pub(super) fn toggle(&mut self) -> usize {
        self.is_on = !self.is_on;
        if self.is_on && self.every == 0 {
            self.every = LiveSettings::default().held_back;
        }
        if self.is_on { self.every } else { 0 }
    }

    /// The same rule for another user, who has seen nothing yet in this session.
    pub(super) fn for_another(self) -> Self {
        Self { exposed: HashSet::new(), unreported: Vec::new(), ..self }
    }
}
