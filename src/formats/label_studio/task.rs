//! Parts of a task: the annotation to read, its regions, and their offsets.

use serde_json::{Map, Value};

use crate::text::{CharRange, OffsetMap, TextRange, Utf16Range};

/// Key of the annotations in a task: `completions` in files from before 2021.
pub(super) fn annotations_key(task: &Map<String, Value>) -> &'static str {
    if !task.contains_key("annotations") && task.contains_key("completions") { "completions" } else { "annotations" }
}

/// Index of the annotation to read.
/// The one marked as ground truth, or else the first that was not cancelled.
pub(super) fn chosen_annotation(annotations: &[Value]) -> Option<usize> {
    let truth = annotations.iter().position(|annotation| is_valid(annotation) && is_true(annotation, "ground_truth"));
    truth.or_else(|| annotations.iter().position(is_valid))
}

fn is_valid(annotation: &Value) -> bool {
    annotation.is_object() && !is_true(annotation, "was_cancelled") && !is_true(annotation, "skipped")
}

fn is_true(annotation: &Value, key: &str) -> bool {
    annotation.get(key).and_then(Value::as_bool) == Some(true)
}

/// Whether an item of a result is a labelled span of plain text.
/// It must be on the text object `to_name` if that is given.
pub(super) fn is_text_region(item: &Value, to_name: Option<&str>) -> bool {
    let kind = item.get("type").and_then(Value::as_str);
    let target = item.get("to_name").and_then(Value::as_str);
    // Imports made by hand may have regions without a type.
    let labels = kind == Some("labels") || kind.is_none() && item.pointer("/value/labels").is_some();
    labels && item.get("value").is_some() && (to_name.is_none() || target.is_none() || target == to_name)
}

/// Name of the text object of a result's spans, if no configuration gives it.
///
/// That is the name of the field if any item has it, otherwise the name in the first item.
pub(super) fn text_object_name<'a>(items: &'a [Value], field: &'a str) -> Option<&'a str> {
    let regions = items.iter().filter(|item| is_text_region(item, None));
    let mut names = regions.filter_map(|item| item.get("to_name")?.as_str());
    if names.clone().any(|name| name == field) { Some(field) } else { names.next() }
}

/// Reliability of the offsets of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offsets {
    /// They count code points, and the region's own text does not contradict them.
    Good,
    /// They count UTF-16 units, as the region's own text shows.
    Utf16,
    /// The region's own text differs from the text at its offsets.
    Stale,
}

/// Range of a region in bytes.
///
/// Offsets count code points. Older versions wrote UTF-16 units; the region's own text shows which ones it has.
pub(super) fn region_range(item: &Value, text: &str, map: &OffsetMap) -> Result<(TextRange, Offsets), String> {
    let (start, end) = (offset(item, "start")?, offset(item, "end")?);
    let own_text = item.pointer("/value/text").and_then(Value::as_str);
    let own_text = own_text.map(|own| without_white_space(&own.replace("\\n", "\n")));
    let fits = |range: TextRange| own_text.as_ref().is_none_or(|own| *own == without_white_space(range.of(text)));
    let points = map.from_chars(CharRange { start, end });
    if let Some(range) = points.ok().filter(|range| !range.is_empty() && fits(*range)) {
        return Ok((range, Offsets::Good));
    }
    let units = map.from_utf16(Utf16Range { start, end }).ok();
    if let Some(range) = units.filter(|range| !range.is_empty() && own_text.is_some() && fits(*range)) {
        return Ok((range, Offsets::Utf16));
    }
    let range = points.map_err(|error| error.to_string())?;
    if range.is_empty() { Err("the region is empty".to_owned()) } else { Ok((range, Offsets::Stale)) }
}

fn offset(item: &Value, key: &str) -> Result<usize, String> {
    let number = item.get("value").and_then(|value| value.get(key)).and_then(Value::as_u64);
    let number = number.and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("`{key}` is missing or not an offset"))
}

/// A text without white space, for comparisons.
/// In copies it may have been collapsed or written as `\n`.
fn without_white_space(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
