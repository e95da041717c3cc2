//! Parts of a task: its spans, and what its answer is about.

use serde_json::{Map, Value};

/// Whether a task is about its one span only, and not about its whole text.
pub(super) fn is_binary(task: &Map<String, Value>) -> bool {
    let view = task.get("_view_id").and_then(Value::as_str);
    match task.get("_is_binary").and_then(Value::as_bool) {
        Some(is_binary) => is_binary,
        // Older versions do not say it.
        None => view == Some("ner") || spans(task).iter().any(|span| span.get("answer").is_some()),
    }
}

pub(super) fn spans(task: &Map<String, Value>) -> &[Value] {
    task.get("spans").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Whether a span was asked about and refused.
pub(super) fn is_rejected(span: &Value) -> bool {
    span.get("answer").and_then(Value::as_str).is_some_and(|answer| answer != "accept")
}
