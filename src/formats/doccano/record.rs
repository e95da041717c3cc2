//! Parts of a record: its text and its spans, as each generation of doccano has them.

use serde_json::{Map, Value};

use crate::formats::drafts::{self, RawSpan};

/// How a record keeps its spans, by the generation that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    /// Lists of start, end and name.
    Lists,
    /// `annotations` with `start_offset`, `end_offset` and the number of a label.
    Annotations,
    /// `entities` with ids, to which `relations` refer.
    Entities,
}

/// Key of the unit of offsets, in records whose spans do not show it, and its value.
pub(super) const OFFSETS: &str = "offset_unit";
pub(super) const UTF16: &str = "utf-16";

/// Keys of spans in order of preference.
pub(super) const SPANS: [&str; 4] = ["label", "labels", "entities", "annotations"];

/// The key of the spans of a record and their generation; `None` if it has none.
pub(super) fn spans_of(record: &Map<String, Value>) -> Option<(&str, Generation)> {
    let known = SPANS.iter().filter_map(|key| record.get_key_value(*key));
    let mut lists = known
        .chain(record.iter())
        .filter_map(|(key, value)| Some((key.as_str(), generation_of(record, key, value.as_array()?)?)));
    lists.next()
}

/// Generation of a list of spans under a key; `None` if the list has no span. Some of its elements may have faults.
fn generation_of(record: &Map<String, Value>, key: &str, list: &[Value]) -> Option<Generation> {
    if !SPANS.contains(&key) {
        // Lists of numbers are no spans, such as boxes in a picture.
        let has_span = list.iter().any(|span| drafts::is_span_list(span) && span.get(2).is_some_and(Value::is_string));
        return has_span.then_some(Generation::Lists);
    }
    let is_related = key == "entities" && record.contains_key("relations");
    if list.is_empty() {
        return Some(match key {
            "annotations" => Generation::Annotations,
            _ if is_related => Generation::Entities,
            _ => Generation::Lists,
        });
    }
    if list.iter().any(drafts::is_span_list) {
        return Some(Generation::Lists);
    }
    let has = |name: &str| list.iter().any(|span| span.get(name).is_some());
    has("start_offset")
        .then(|| if key == "entities" && has("id") { Generation::Entities } else { Generation::Annotations })
}

/// Whether a record may be doccano's: those of other tools have these keys.
pub(super) fn may_be_own(record: &Map<String, Value>) -> bool {
    const OTHERS: [&str; 9] =
        ["spans", "tokens", "answer", "_input_hash", "_task_hash", "annotation_id", "lead_time", "brat", "cas"];
    spans_of(record).is_some()
        || !OTHERS.iter().any(|key| record.contains_key(*key)) && !record.get("data").is_some_and(Value::is_object)
}

/// A key for spans that the record does not have.
pub(super) fn free_key(record: &Map<String, Value>) -> String {
    let names = SPANS.into_iter().map(str::to_owned).chain((2..).map(|number| format!("label_{number}")));
    names.into_iter().find(|name| !record.contains_key(name)).unwrap_or_default()
}

/// The key of the text of a record.
pub(super) fn text_key(record: &Map<String, Value>) -> Option<&str> {
    let mut texts = record.iter().filter(|(key, value)| value.is_string() && *key != "id");
    let known = ["text", "data"].into_iter().find(|key| record.get(*key).is_some_and(Value::is_string));
    known.or_else(|| {
        let only = texts.next()?;
        texts.next().is_none().then_some(only.0.as_str())
    })
}

/// Reads a span of a record.
pub(super) fn span(value: &Value) -> Result<RawSpan, String> {
    match value {
        Value::Array(list) => drafts::span_of_list(list),
        _ => drafts::span_of_object(value, ["start_offset", "end_offset", "label"]),
    }
}
