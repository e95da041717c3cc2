//! Values of rows as JSON, with the names of classes in place of their numbers.

use parquet::record::{Field, Row};
use serde_json::{Map, Value, json};

/// Features of a data set by the names of its columns.
#[derive(Debug, Default)]
pub(super) struct Features(Map<String, Value>);

impl Features {
    /// Reads the description that `datasets` keeps in a file.
    pub(super) fn read(description: &str) -> Self {
        let read: Option<Value> = serde_json::from_str(description).ok();
        let features = read.and_then(|mut read| read.pointer_mut("/info/features").map(Value::take));
        match features {
            Some(Value::Object(features)) => Self(features),
            _ => Self::default(),
        }
    }

    /// A row as an object, with names of classes.
    pub(super) fn object(&self, row: &Row) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, field) in row.get_column_iter() {
            let value = json_of(field);
            let value = match self.0.get(name) {
                Some(feature) => named(value, feature),
                None => value,
            };
            object.insert(name.clone(), value);
        }
        object
    }
}

/// Puts names in the place of numbers, wherever the feature describes classes.
fn named(value: Value, feature: &Value) -> Value {
    if let Some(Value::Array(names)) = feature.get("names") {
        return with_names(value, names);
    }
    match (value, feature) {
        (Value::Array(list), Value::Array(features)) => match features.first() {
            Some(feature) => list.into_iter().map(|value| named(value, feature)).collect(),
            None => Value::Array(list),
        },
        (value, Value::Object(fields)) if fields.contains_key("_type") => match fields.get("feature") {
            // A list of structures may be kept as a structure of lists.
            Some(inner) => match value {
                Value::Array(list) => list.into_iter().map(|value| named(value, inner)).collect(),
                value => named(value, inner),
            },
            None => value,
        },
        (Value::Object(object), Value::Object(fields)) => Value::Object(
            object
                .into_iter()
                .map(|(name, value)| {
                    let value = match fields.get(&name) {
                        Some(feature) => named(value, feature),
                        None => value,
                    };
                    (name, value)
                })
                .collect(),
        ),
        (value, _) => value,
    }
}

fn with_names(value: Value, names: &[Value]) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(|value| with_names(value, names)).collect(),
        // Trainers do not look at tokens with this number.
        Value::Number(number) if number.as_i64() == Some(-100) => Value::Null,
        Value::Number(number) => {
            let name = number.as_u64().and_then(|number| names.get(usize::try_from(number).ok()?));
            name.cloned().unwrap_or(Value::Number(number))
        }
        other => other,
    }
}

fn json_of(field: &Field) -> Value {
    match field {
        Field::Null | Field::Bytes(_) => Value::Null,
        Field::Bool(value) => json!(value),
        Field::Byte(value) => json!(value),
        Field::Short(value) => json!(value),
        Field::Int(value) => json!(value),
        Field::Long(value) => json!(value),
        Field::UByte(value) => json!(value),
        Field::UShort(value) => json!(value),
        Field::UInt(value) => json!(value),
        Field::ULong(value) => json!(value),
        Field::Float(value) => json!(value),
        Field::Double(value) => json!(value),
        Field::Str(text) => json!(text),
        Field::Group(row) => row.get_column_iter().map(|(name, field)| (name.clone(), json_of(field))).collect(),
        Field::ListInternal(list) => list.elements().iter().map(json_of).collect(),
        Field::MapInternal(map) => {
            map.entries().iter().map(|(key, value)| json!([json_of(key), json_of(value)])).collect()
        }
        other => Value::String(other.to_string()),
    }
}
