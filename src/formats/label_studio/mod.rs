//! `label-studio`: Label Studio's JSON.
//! A list of tasks with annotations, as exported and as imported.
//!
//! A document keeps its whole task in `foreign`. Writing changes only the regions of the one annotation that was read, so
//! that the work of other annotators, drafts, relations, predictions and unknown fields are written back unchanged.

pub(super) mod conll;
mod read;
mod task;
mod treebank;
mod write;

use super::format::{Format, Sample};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "label-studio",
    about: "Label Studio's JSON: a list of tasks with annotations",
    extensions: &["json"],
    cannot_hold: "the statuses partial and flagged, the split, given words",
    keeps_text: true,
    detect,
    read: Some(read::read),
    write: Some(write::write),
};

/// Accepts a list of objects, or one object, of Label Studio's form.
/// They have `data` and a list of annotations or predictions.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let start = sample.text.trim_start();
    let tasks = start.starts_with(['[', '{']) && start.contains("\"data\"");
    let results = ["\"annotations\"", "\"predictions\"", "\"completions\""].iter().any(|key| start.contains(key));
    match (tasks, results) {
        (true, true) => Some((90, "tasks with data and annotations".to_owned())),
        (true, false) if start.starts_with('[') => Some((70, "a list of tasks with data".to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
