//! `spacy-json`: JSON of spaCy, of versions 2 and 3.
//!
//! Read: examples `["text", {"entities": [[0, 5, "Dish"]]}]` as lists and as lines, the JSON of `Doc.to_json`, and the
//! training data of version 2 (`paragraphs`, `sentences`, `tokens`). Written: a list of examples, one on each line, as both
//! versions train from it. Offsets count code points.

mod read;
mod write;

use serde_json::{Map, Value};

use super::{
    drafts,
    format::{Format, Sample},
    json_items::{JsonItems, JsonNotes},
};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "spacy-json",
    about: "spaCy's JSON: [text, {entities: [[start, end, label]]}]",
    extensions: &["json"],
    cannot_hold: "ids, statuses, splits, given words, further fields",
    keeps_text: true,
    detect,
    read: Some(drafts::read::<read::Examples>),
    write: Some(write::write),
};

/// Kinds of JSON that spaCy reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A text with its annotations.
    Example,
    /// `Doc.to_json`.
    Doc,
    /// Training data of version 2.
    Paragraphs,
    /// Several examples under the key `annotations`, as a widely used web page for spaCy saves them.
    Wrapped,
}

/// The kind of a value; `None` if it is none of spaCy's.
fn kind_of(value: &Value) -> Option<Kind> {
    if let Value::Array(list) = value {
        return match list.as_slice() {
            [Value::String(_), Value::Object(_), ..] => Some(Kind::Example),
            _ => None,
        };
    }
    let object = value.as_object()?;
    if has_list(object, "paragraphs") {
        return Some(Kind::Paragraphs);
    }
    if has_list(object, "annotations") && object.contains_key("classes") {
        return Some(Kind::Wrapped);
    }
    let is_doc = has_list(object, "ents") || has_list(object, "tokens") && object.contains_key("sents");
    (object.get("text")?.is_string() && is_doc).then_some(Kind::Doc)
}

fn has_list(object: &Map<String, Value>, key: &str) -> bool {
    object.get(key).is_some_and(Value::is_array)
}

/// Accepts values whose first is one of spaCy's.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let source = sample.text.as_bytes();
    let mut items = JsonItems::of(&source).ok()?;
    let value = items.next_item().ok()??.value(&mut JsonNotes::default());
    let Ok(value) = value else {
        // A value that is longer than the sample.
        let is_likely = sample.text.contains("\"paragraphs\"") && sample.text.contains("\"sentences\"");
        return is_likely.then(|| (80, "the keys of spaCy's training data".to_owned()));
    };
    let why = match kind_of(&value)? {
        Kind::Example | Kind::Wrapped => "texts with entities, as spaCy is trained",
        Kind::Doc => "objects with text and ents, as spaCy writes a Doc",
        Kind::Paragraphs => "training data of spaCy 2",
    };
    Some((93, why.to_owned()))
}

#[cfg(test)]
mod tests;
