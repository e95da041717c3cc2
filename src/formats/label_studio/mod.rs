//! `label-studio`: Label Studio's JSON, a list of tasks with annotations, as exported and as imported.
//!
//! A document keeps its whole task in `foreign`; writing changes only the regions of the one annotation that was read,
//! so that other annotators' work, drafts, relations, predictions and unknown fields come back untouched.

mod read;
mod write;

use serde_json::{Map, Value};

use super::table::{Format, Sample};
use crate::text::{CharRange, OffsetMap, TextRange, Utf16Range};

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

/// A list of objects, or one object, with `data` and a list of annotations or predictions.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let start = sample.text.trim_start();
    let has = |key: &str| start.contains(&format!("\"{key}\""));
    let tasks = start.starts_with(['[', '{']) && has("data");
    let results = has("annotations") || has("predictions") || has("completions");
    match (tasks, results) {
        (true, true) => Some((90, "tasks with data and annotations".to_owned())),
        (true, false) if start.starts_with('[') => Some((70, "a list of tasks with data".to_owned())),
        _ => None,
    }
}

/// The key under which a task has its annotations: `completions` in files of before 2021.
fn annotations_key(task: &Map<String, Value>) -> &'static str {
    if !task.contains_key("annotations") && task.contains_key("completions") { "completions" } else { "annotations" }
}

/// The annotation of a task that counts: the ground truth if one is marked so, else the first that was not cancelled.
fn chosen_annotation(annotations: &[Value]) -> Option<usize> {
    let is = |annotation: &Value, key: &str| annotation.get(key).and_then(Value::as_bool) == Some(true);
    let valid =
        |annotation: &Value| annotation.is_object() && !is(annotation, "was_cancelled") && !is(annotation, "skipped");
    let truth = annotations.iter().position(|annotation| valid(annotation) && is(annotation, "ground_truth"));
    truth.or_else(|| annotations.iter().position(valid))
}

/// Whether an item of a result is a span of plain text with labels, on the text called `to_name` if that is known.
fn is_text_region(item: &Value, to_name: Option<&str>) -> bool {
    let kind = item.get("type").and_then(Value::as_str);
    let target = item.get("to_name").and_then(Value::as_str);
    // Bare regions without a type are met in hand-made imports.
    let labels = kind == Some("labels") || kind.is_none() && item.pointer("/value/labels").is_some();
    labels && item.get("value").is_some() && (to_name.is_none() || target.is_none() || target == to_name)
}

/// The name of the text object that the spans of a result are on, where no configuration says it: the field's own name
/// if any item has it, otherwise whatever the items say.
fn text_object_name<'a>(items: &'a [Value], field: &'a str) -> Option<&'a str> {
    let names =
        || items.iter().filter(|item| is_text_region(item, None)).filter_map(|item| item.get("to_name")?.as_str());
    if names().any(|name| name == field) { Some(field) } else { names().next() }
}

/// How far the offsets of a region can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offsets {
    /// Code points, and the region's own text does not contradict.
    Good,
    /// UTF-16 units, as its text shows.
    Utf16,
    /// Its text is another than that at its offsets.
    Stale,
}

/// The bytes of a region. Offsets count code points; where the region's own text says that they must have been UTF-16
/// units, as older versions wrote, they are read so.
fn region_range(item: &Value, text: &str, map: &OffsetMap) -> Result<(TextRange, Offsets), String> {
    let offset = |key: &str| {
        let value = item.get("value").and_then(|value| value.get(key));
        let number = value.and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| format!("`{key}` is missing or no offset"))
    };
    let (start, end) = (offset("start")?, offset("end")?);
    let said =
        item.pointer("/value/text").and_then(Value::as_str).map(|said| without_white_space(&said.replace("\\n", "\n")));
    let fits = |range: TextRange| said.as_ref().is_none_or(|said| *said == without_white_space(range.of(text)));
    let points = map.from_chars(CharRange { start, end });
    if let Some(range) = points.ok().filter(|range| !range.is_empty() && fits(*range)) {
        return Ok((range, Offsets::Good));
    }
    let units = map.from_utf16(Utf16Range { start, end }).ok();
    if let Some(range) = units.filter(|range| !range.is_empty() && said.is_some() && fits(*range)) {
        return Ok((range, Offsets::Utf16));
    }
    let range = points.map_err(|error| error.to_string())?;
    if range.is_empty() { Err("the region is empty".to_owned()) } else { Ok((range, Offsets::Stale)) }
}

/// What two copies of a region's text have in common when white space was collapsed or written as `\n`.
fn without_white_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests;
