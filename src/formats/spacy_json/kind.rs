//! Kinds of JSON by their shape.

use serde_json::{Map, Value};

/// Kinds of JSON that spaCy reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
pub(super) fn kind_of(value: &Value) -> Option<Kind> {
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
