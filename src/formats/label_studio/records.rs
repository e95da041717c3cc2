//! Records of Label Studio's short formats (JSON_MIN, CSV, TSV): a task and one of its annotations in one flat object.
//!
//! After Label Studio's converter (label-studio-sdk 2.1.2, `converter.py`, `csv2.py`): annotations that are not cancelled,
//! the newest first; results by the name of their control; a single choice as its name alone.

use std::cmp::Reverse;

use serde_json::{Map, Value, json};

use super::task::{annotations_key, is_text_region, is_valid};
use crate::formats::LabelConfig;

/// Fields of a record that come from its annotation, in the order of JSON_MIN.
pub(super) const OF_ANNOTATION: [&str; 5] = ["annotator", "annotation_id", "created_at", "updated_at", "lead_time"];
/// Fields that records of some versions have, too.
pub(super) const OPTIONAL: [&str; 2] = ["agreement", "history"];
/// What is put before the name of a field of the data that is also the name of a control, in CSV.
pub(super) const DATA: &str = "_data_";

/// A task with one of its annotations, or with none.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Id of the task.
    pub(super) id: Value,
    /// The data of the task.
    pub(super) input: Map<String, Value>,
    /// Results by control, in the order in which the annotation has them.
    pub(super) output: Vec<(String, Value)>,
    /// Values of [`OF_ANNOTATION`]; null where there are none.
    pub(super) of_annotation: [Value; OF_ANNOTATION.len()],
    /// Agreement of the task, if it has one.
    pub(super) agreement: Option<Value>,
    /// History of the annotation, if it has one.
    pub(super) history: Option<Value>,
}

/// Records of a task, and the number of labels of spans whose control the configuration does not have.
///
/// `only` is the index of the only annotation that is wanted.
pub(super) fn records(
    task: &Map<String, Value>,
    config: Option<&LabelConfig>,
    only: Option<usize>,
) -> (Vec<Record>, usize) {
    let annotations = task.get(annotations_key(task)).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if annotations.is_empty() {
        return (vec![record(task, &Value::Null, Vec::new())], 0);
    }
    let wanted =
        annotations.iter().enumerate().filter(|(at, one)| is_valid(one) && only.is_none_or(|only| only == *at));
    let mut wanted: Vec<&Value> = wanted.map(|(_, annotation)| annotation).collect();
    wanted.sort_by_key(|&annotation| Reverse(created(annotation)));
    let (mut list, mut unknown) = (Vec::with_capacity(wanted.len()), 0);
    for annotation in wanted {
        let (output, left_out) = output(annotation, config);
        unknown += left_out;
        list.push(record(task, annotation, output));
    }
    (list, unknown)
}

/// Time at which an annotation was created, as its text; empty if it has none.
pub(super) fn created(annotation: &Value) -> &str {
    annotation.get("created_at").and_then(Value::as_str).unwrap_or_default()
}

fn record(task: &Map<String, Value>, annotation: &Value, output: Vec<(String, Value)>) -> Record {
    Record {
        id: task.get("id").cloned().unwrap_or_default(),
        input: task.get("data").and_then(Value::as_object).cloned().unwrap_or_default(),
        output,
        of_annotation: [
            annotator(annotation),
            value_of(annotation, "id"),
            value_of(annotation, "created_at"),
            value_of(annotation, "updated_at"),
            value_of(annotation, "lead_time"),
        ],
        agreement: task.get("agreement").cloned(),
        history: Some(value_of(annotation, "history")).filter(|history| !history.is_null()),
    }
}

fn value_of(annotation: &Value, key: &str) -> Value {
    annotation.get(key).cloned().unwrap_or_default()
}

/// Who made an annotation: a number, a text or a mail address; null for anybody else.
fn annotator(annotation: &Value) -> Value {
    match annotation.get("completed_by") {
        None => Value::Null,
        Some(Value::Object(person)) => person.get("email").cloned().unwrap_or_default(),
        // As Python writes it.
        Some(Value::Null) => json!("None"),
        Some(by) => by.clone(),
    }
}

/// Results of an annotation by control, and the number of labels of spans whose control is not in the configuration.
fn output(annotation: &Value, config: Option<&LabelConfig>) -> (Vec<(String, Value)>, usize) {
    let items = annotation.get("result").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut lists: Vec<(String, Vec<(String, Value)>)> = Vec::new();
    let mut unknown = 0;
    for item in items {
        let Some(name) = item.get("from_name").and_then(Value::as_str) else { continue };
        let kind = match config {
            Some(config) => config.control(name).map(|control| control.kind.clone()),
            None => Some(kind_of(item)),
        };
        let Some(kind) = kind else {
            let labels = item.pointer("/value/labels").and_then(Value::as_array).map_or(0, Vec::len);
            unknown += if is_text_region(item, None) { labels } else { 0 };
            continue;
        };
        let mut value = item.get("value").cloned().unwrap_or_else(|| json!({}));
        for size in ["original_width", "original_height"] {
            if let (Some(value), Some(number)) = (value.as_object_mut(), item.get(size)) {
                value.insert(size.to_owned(), number.clone());
            }
        }
        match lists.iter_mut().find(|(control, _)| control == name) {
            Some((_, list)) => list.push((kind, value)),
            None => lists.push((name.to_owned(), vec![(kind, value)])),
        }
    }
    (lists.into_iter().map(|(name, list)| (name, shortened(list))).collect(), unknown)
}

/// Kind of the control of a result, by the type of the result.
fn kind_of(item: &Value) -> String {
    let kind = item.get("type").and_then(Value::as_str).unwrap_or("labels");
    match kind {
        "choices" => "Choices".to_owned(),
        "textarea" => "TextArea".to_owned(),
        other => other.to_owned(),
    }
}

/// Values of one control: single choices and texts as these alone, and one of them without its list.
fn shortened(list: Vec<(String, Value)>) -> Value {
    let is_simple = list.last().is_some_and(|(kind, _)| kind == "Choices" || kind == "TextArea");
    let mut values: Vec<Value> =
        list.into_iter().map(|(kind, value)| only_value(&kind, &value).unwrap_or(value)).collect();
    if is_simple && values.len() == 1 { values.remove(0) } else { Value::Array(values) }
}

fn only_value(kind: &str, value: &Value) -> Option<Value> {
    let key = match kind {
        "Choices" => "choices",
        "TextArea" => "text",
        _ => return None,
    };
    match value.get(key)?.as_array()?.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// Makes a task of the records of its annotations, oldest first.
pub(super) fn task(mut records: Vec<Record>, config: Option<&LabelConfig>) -> Value {
    records.sort_by_cached_key(|record| record.of_annotation[2].as_str().unwrap_or_default().to_owned());
    let mut task = Map::new();
    let Some(first) = records.first() else { return Value::Object(task) };
    if !first.id.is_null() {
        task.insert("id".to_owned(), first.id.clone());
    }
    task.insert("data".to_owned(), Value::Object(first.input.clone()));
    if let Some(agreement) = &first.agreement {
        task.insert("agreement".to_owned(), agreement.clone());
    }
    let object = match config {
        Some(config) => config.text_name.clone(),
        None => "text".to_owned(),
    };
    let annotations = records.into_iter().filter_map(|record| annotation(record, config, &object)).collect();
    task.insert("annotations".to_owned(), Value::Array(annotations));
    Value::Object(task)
}

/// Annotation of a record; `None` if it has none.
fn annotation(record: Record, config: Option<&LabelConfig>, object: &str) -> Option<Value> {
    let Record { id, output, of_annotation, history, .. } = record;
    if output.is_empty() && of_annotation.iter().all(Value::is_null) {
        return None;
    }
    let [annotator, annotation_id, created, updated, lead_time] = of_annotation;
    let owner = match &annotation_id {
        Value::Null => plain(&id),
        id => plain(id),
    };
    let mut result = Vec::new();
    for (control, value) in output {
        let known = config.and_then(|config| config.control(&control));
        let values = match value {
            Value::Array(values) => values,
            one => vec![one],
        };
        for value in values {
            let (kind, value) = full_value(known.map(|control| control.kind.as_str()), value);
            let to_name = known.and_then(|control| control.objects.first()).map_or(object, String::as_str);
            let item_id = format!("{owner}-{}", result.len() + 1);
            result.push(json!({
                "value": value, "id": item_id, "from_name": control, "to_name": to_name, "type": kind, "origin": "manual",
            }));
        }
    }
    let by = match annotator {
        Value::String(mail) if mail.contains('@') => json!({"email": mail}),
        by => by,
    };
    let fields = [
        ("id", annotation_id),
        ("completed_by", by),
        ("created_at", created),
        ("updated_at", updated),
        ("lead_time", lead_time),
        ("history", history.unwrap_or_default()),
    ];
    let mut annotation: Map<String, Value> =
        fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.to_owned(), value)).collect();
    annotation.insert("result".to_owned(), Value::Array(result));
    Some(Value::Object(annotation))
}

/// Type and value of a result of which a record has the short form.
fn full_value(kind: Option<&str>, value: Value) -> (String, Value) {
    let is_text = kind == Some("TextArea");
    match value {
        Value::Object(fields) => {
            let keys = ["labels", "choices", "taxonomy", "rating", "number", "pairwise"];
            let found = keys.into_iter().find(|key| fields.contains_key(*key));
            let own = kind.map(str::to_lowercase);
            (own.unwrap_or_else(|| found.unwrap_or("labels").to_owned()), Value::Object(fields))
        }
        short if is_text => ("textarea".to_owned(), json!({"text": [short]})),
        short => ("choices".to_owned(), json!({"choices": [short]})),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a value of a record is a list of spans.
pub(super) fn are_spans(value: &Value) -> bool {
    value.as_array().is_some_and(|list| {
        !list.is_empty() && list.iter().all(|span| span.get("start").is_some() && span.get("end").is_some())
    })
}
