//! `doccano`: JSON lines of doccano, of all its generations.
//!
//! `{"id":1,"text":"...","label":[[0,2,"ORG"]],"Comments":[]}` and metadata in further columns; before that `labels`; before
//! that `annotations` with numbers of labels; with relations `entities` and `relations`. Offsets count UTF-16 units.
//!
//! A document keeps its whole record in `foreign`, so that comments, relations and columns are written back unchanged.

mod read;
mod write;

use serde_json::{Map, Value};

use super::{
    drafts::{self, RawSpan},
    format::{Format, Sample},
    json_items::{JsonItems, JsonNotes},
};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "doccano",
    about: "doccano's JSON lines: text, label as [start, end, name]",
    extensions: &["jsonl", "json"],
    cannot_hold: "statuses, splits, given words",
    keeps_text: true,
    detect,
    read: Some(drafts::read::<read::Records>),
    write: Some(write::write),
};

/// How a record keeps its spans, by the generation that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Generation {
    /// Lists of start, end and name.
    Lists,
    /// `annotations` with `start_offset`, `end_offset` and the number of a label.
    Annotations,
    /// `entities` with ids, to which `relations` refer.
    Entities,
}

/// Key of the unit of offsets, in records whose spans do not show it, and its value.
const OFFSETS: &str = "offset_unit";
const UTF16: &str = "utf-16";

/// Keys of spans in order of preference.
const SPANS: [&str; 4] = ["label", "labels", "entities", "annotations"];

/// The key of the spans of a record and their generation; `None` if it has none.
fn spans_of(record: &Map<String, Value>) -> Option<(&str, Generation)> {
    let known = SPANS.iter().filter_map(|key| record.get_key_value(*key));
    let mut lists = known.chain(record.iter()).filter_map(|(key, value)| {
        let list = value.as_array()?;
        let is_known = SPANS.contains(&key.as_str());
        let generation = match list.first() {
            None if key == "annotations" => Generation::Annotations,
            None if key == "entities" && record.contains_key("relations") => Generation::Entities,
            None => Generation::Lists,
            Some(span) if drafts::is_span_list(span) => Generation::Lists,
            Some(span) if is_known && span.get("start_offset").is_some() => match span.get("id") {
                Some(_) if key == "entities" => Generation::Entities,
                _ => Generation::Annotations,
            },
            Some(_) => return None,
        };
        (is_known || !list.is_empty()).then_some((key.as_str(), generation))
    });
    lists.next()
}

/// The key of the text of a record.
fn text_key(record: &Map<String, Value>) -> Option<&str> {
    let mut texts = record.iter().filter(|(key, value)| value.is_string() && *key != "id");
    let known = ["text", "data"].into_iter().find(|key| record.get(*key).is_some_and(Value::is_string));
    known.or_else(|| {
        let only = texts.next()?;
        texts.next().is_none().then_some(only.0.as_str())
    })
}

/// Reads a span of a record.
fn span(value: &Value) -> Result<RawSpan, String> {
    match value {
        Value::Array(list) => drafts::span_of_list(list),
        _ => drafts::span_of_object(value, ["start_offset", "end_offset", "label"]),
    }
}

/// Accepts records with a text and a list of spans in doccano's manner.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let source = sample.text.as_bytes();
    let mut items = JsonItems::of(&source).ok()?;
    let mut notes = JsonNotes::default();
    let mut why = None;
    for _ in 0..20 {
        let Some(item) = items.next_item().ok()? else { break };
        let Ok(record) = item.object(&mut notes) else { break };
        text_key(&record)?;
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
