//! `prodigy`: JSON lines of Prodigy, as `db-out` writes and `db-in` reads them.
//!
//! `{"text":"..","spans":[{"start":0,"end":5,"label":"Dish"}],"tokens":[{"text":"..","start":0,"end":5,"id":0,"ws":true}],
//! "answer":"accept"}`. Offsets count code points, ends are exclusive, except for `token_end`. Only accepted answers are
//! positive; an answer about a single span (`_is_binary`) says nothing about the rest of its text.
//!
//! A document keeps its whole task in `foreign`, so that hashes and unknown keys are written back unchanged. Of tokens that
//! follow from the words of the document only the names of their fields are kept there.

mod read;
mod task;
mod tokens;
mod write;

use serde_json::{Map, Value};

use super::{
    drafts,
    format::{Format, Sample},
    json_items::{JsonItems, JsonNotes},
    source::Takes,
};
use task::spans;

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "prodigy",
    about: "Prodigy's JSON lines: text, spans, tokens, answer",
    extensions: &["jsonl", "json"],
    cannot_hold: "the split, whether a document without spans was begun",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(drafts::read::<read::Tasks>),
    write: Some(write::write),
};

/// Keys that only Prodigy writes.
const KEYS: [&str; 6] = ["_input_hash", "_task_hash", "_is_binary", "_view_id", "_session_id", "answer"];

/// A key that only Prodigy's spans have.
fn key_of_spans(task: &Map<String, Value>) -> Option<&'static str> {
    ["token_start", "answer", "input_hash"]
        .into_iter()
        .find(|key| spans(task).iter().any(|span| span.get(key).is_some()))
}

/// Accepts objects with a text and keys of Prodigy.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let source = sample.text.as_bytes();
    let mut items = JsonItems::of(&source).ok()?;
    let mut notes = JsonNotes::default();
    while let Some(item) = items.next_item().ok()? {
        let Ok(task) = item.object(&mut notes) else { continue };
        let key = KEYS.iter().find(|key| task.contains_key(**key)).copied();
        if let Some(key) = key.or_else(|| key_of_spans(&task)) {
            return task.get("text")?.is_string().then(|| (93, format!("JSON objects with a text and {key}")));
        }
    }
    None
}

#[cfg(test)]
mod tests;
