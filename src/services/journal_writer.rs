//! Appends actions to the annotator's journal, synced to disk.

use crate::{
    app::Event,
    project::{Annotator, Documents},
    spans::Entry,
};

/// Writer of one annotator's journal.
pub(super) struct JournalWriter {
    annotator: Annotator,
    /// Newest attempt to record that failed.
    /// Entries of it, or of an older one, are dropped.
    failed: Option<u64>,
}

impl JournalWriter {
    pub(super) fn new(annotator: Annotator) -> Self {
        Self { annotator, failed: None }
    }

    /// The annotator, with everything that was recorded.
    pub(super) fn annotator(&self) -> &Annotator {
        &self.annotator
    }

    /// Records entries and returns the answer.
    /// `None` for entries that build on a failed attempt.
    pub(super) fn record(&mut self, documents: &Documents, attempt: u64, entries: &[Entry]) -> Option<Event> {
        if self.failed.is_some_and(|failed| attempt <= failed) {
            return None;
        }
        Some(match self.annotator.record_entries(documents, entries.to_vec()) {
            Ok(()) => Event::Saved { attempt, ids: entries.iter().map(|entry| entry.id).collect() },
            Err(error) => {
                self.failed = Some(attempt);
                Event::SaveFailed { attempt, message: error.to_string() }
            }
        })
    }
}
