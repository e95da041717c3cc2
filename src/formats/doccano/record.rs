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
