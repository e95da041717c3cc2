//! Parts of a task: the annotation to read, its regions, and their offsets.

use serde_json::{Map, Value};

use crate::formats::offsets::StatedSpan;

/// Key of the annotations in a task: `completions` in files from before 2021.
pub(super) fn annotations_key(task: &Map<String, Value>) -> &'static str {
    if !task.contains_key("annotations") && task.contains_key("completions") { "completions" } else { "annotations" }
}

/// Index of the annotation to read.
/// The one of this annotator, or else the one marked as ground truth, or else the first that was not cancelled.
pub(super) fn chosen_annotation(annotations: &[Value], annotator: Option<&str>) -> Option<usize> {
    let mut all = annotations.iter();
    let own =
        annotator.and_then(|name| all.position(|one| is_valid(one) && annotator_of(one).as_deref() == Some(name)));
    let truth =
        || annotations.iter().position(|annotation| is_valid(annotation) && is_true(annotation, "ground_truth"));
    own.or_else(truth).or_else(|| annotations.iter().position(is_valid))
}

/// Who made an annotation, by a name that an annotator of a project can have: the mail address, the name, or `user-ID`.
pub(super) fn annotator_of(annotation: &Value) -> Option<String> {
    let by = annotation.get("completed_by")?;
    let texts = ["email", "username", "first_name"].iter().filter_map(|key| by.get(key)?.as_str());
    let name = match by {
        Value::Number(id) => format!("user-{id}"),
        Value::String(name) => name.clone(),
        person => match texts.into_iter().find(|text| !text.is_empty()) {
            Some(text) => text.to_owned(),
            None => format!("user-{}", person.get("id")?),
        },
    };
    let name: String = name.trim().chars().take(MOST_NAME).map(in_names).collect();
    (!name.is_empty()).then_some(name)
}

/// A character as an annotator's name may have it.
fn in_names(c: char) -> char {
    if c.is_alphanumeric() || "-_.@+".contains(c) { c } else { '_' }
}

/// Characters of an annotator's name.
const MOST_NAME: usize = 40;

pub(super) fn is_valid(annotation: &Value) -> bool {
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

/// Whether an item of a result is a span or an area of something that is not plain text, such as HTML or a sound.
pub(super) fn is_other_region(item: &Value) -> bool {
    let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
    kind.ends_with("labels") && kind != "labels"
}

/// Name of the text object of a result's spans, if no configuration gives it.
///
/// That is the name of the field if any item has it, otherwise the name in the first item.
pub(super) fn text_object_name<'a>(items: &'a [Value], field: &'a str) -> Option<&'a str> {
    let regions = items.iter().filter(|item| is_text_region(item, None));
    let mut names = regions.filter_map(|item| item.get("to_name")?.as_str());
    if names.clone().any(|name| name == field) { Some(field) } else { names.next() }
}

/// Offsets of a region and the copy of its text.
///
/// # Errors
/// It has no offsets: a word on which one.
pub(super) fn stated_span(item: &Value) -> Result<StatedSpan<'_>, String> {
    let text = item.pointer("/value/text").and_then(Value::as_str);
    Ok(StatedSpan { start: offset(item, "start")?, end: offset(item, "end")?, text })
}

fn offset(item: &Value, key: &str) -> Result<usize, String> {
    let number = item.get("value").and_then(|value| value.get(key)).and_then(Value::as_u64);
    let number = number.and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("`{key}` is missing or not an offset"))
}
