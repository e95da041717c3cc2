//! `doccano`: JSON lines of doccano, of all its generations.
//!
//! `{"id":1,"text":"...","label":[[0,2,"ORG"]],"Comments":[]}` and metadata in further columns; before that `labels`; before
//! that `annotations` with numbers of labels; with relations `entities` and `relations`. Offsets count UTF-16 units.
//!
//! A document keeps its whole record in `foreign`, so that comments, relations and columns are written back unchanged.

mod read;
mod record;
mod write;

use super::{
    drafts,
    format::{Format, Sample},
    json_items::{JsonItems, JsonNotes},
    source::Takes,
};
use record::{spans_of, text_key};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "doccano",
    about: "doccano's JSON lines: text, label as [start, end, name]",
    extensions: &["jsonl", "json"],
    cannot_hold: "statuses, splits, given words",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(drafts::read::<read::Records>),
    write: Some(write::write),
};

/// Accepts records with a text and a list of spans in doccano's manner.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let source = sample.text.as_bytes();
    let mut items = JsonItems::of(&source).ok()?;
    let mut notes = JsonNotes::default();
    let mut why = None;
    for _ in 0..20 {
        let Some(item) = items.next_item().ok()? else { break };
        // Faults are reported by the reader.
        let Some(record) = item.object(&mut notes).ok().filter(|record| text_key(record).is_some()) else { continue };
        // Label Studio's short JSON has texts and labels, too.
        if ["annotation_id", "annotator", "lead_time"].iter().any(|key| record.contains_key(*key)) {
            return None;
        }
        match spans_of(&record) {
            Some((key, _)) => why = why.or_else(|| Some(key.to_owned())),
            // Records without work, and those of texts with labels, have no spans.
            None if record.contains_key("spans") || record.contains_key("tokens") => return None,
            None => {}
        }
    }
    why.map(|key| (92, format!("JSON objects with a text and {key} in doccano's form")))
}

#[cfg(test)]
mod tests;
