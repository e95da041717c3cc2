//! Names of tags that a data set has as numbers.

use serde_json::{Map, Value};

use crate::formats::{Problem, Source, decode_text, problem::quoted};

/// Files beside the data that may have the names, the most specific first.
const FILES: [&str; 7] = [
    "labels.txt",
    "label_list.txt",
    "labels.json",
    "label_list.json",
    "dataset_info.json",
    "dataset_infos.json",
    "config.json",
];

/// Names of tags from a file beside the data, and the name of that file.
pub(super) fn names_beside(source: &dyn Source) -> Option<(Vec<String>, &'static str)> {
    FILES.iter().find_map(|name| Some((read_tag_names(&source.beside(name)?).ok()?, *name)))
}

/// Keys under which files of models and data sets keep names by number, or numbers by name.
const MAPS: [&str; 5] = ["id2label", "label2id", "names", "label_list", "labels"];

/// Reads names of tags in the order of their numbers: one per line, or JSON as data sets and models have it beside them
/// (a list, `id2label`, `label2id`, or `features` with the names of a `ClassLabel`).
///
/// # Errors
/// The file is no text, or has no such names.
pub fn read_tag_names(bytes: &[u8]) -> Result<Vec<String>, Problem> {
    let text = decode_text(bytes)?;
    let names = match serde_json::from_str::<Value>(text) {
        Ok(json) => names_in(&json),
        Err(_) if text.trim_start().starts_with(['{', '[']) => None,
        Err(_) => Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()),
    };
    names.filter(|names| !names.is_empty()).ok_or_else(|| {
        Problem::error("the file has no names of tags")
            .hint("write one name per line, in the order of the numbers: O, B-Dish, I-Dish")
    })
}

/// Names in a JSON value: those of its list or map, or of the first one in it that has names.
fn names_in(json: &Value) -> Option<Vec<String>> {
    match json {
        Value::Array(list) => list.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
        Value::Object(object) => {
            by_number(object).or_else(|| MAPS.iter().find_map(|key| names_in(object.get(*key)?))).or_else(|| {
                let features = object.get("features").or_else(|| object.values().next()?.get("features"))?;
                // Several fields may have names, such as parts of speech: those of entities come first.
                let fields = features.as_object()?;
                let ner = fields.iter().filter(|(name, _)| name.contains("ner"));
                ner.chain(fields).find_map(|(_, feature)| class_label_names(feature))
            })
        }
        _ => None,
    }
}

/// Names of the classes of a feature, also of a list of them, as `datasets` describes it.
pub(super) fn class_label_names(feature: &Value) -> Option<Vec<String>> {
    if let Some(names) = feature.get("names") {
        return names_in(names);
    }
    if let Value::Array(list) = feature {
        return class_label_names(list.first()?);
    }
    class_label_names(feature.get("feature").or_else(|| feature.get("class_label"))?)
}

/// The names of `{"0": "O"}` or `{"O": 0}`, if their numbers are all from 0 on.
fn by_number(object: &Map<String, Value>) -> Option<Vec<String>> {
    let mut names = vec![None; object.len()];
    for (key, value) in object {
        let (number, name) = match value {
            Value::String(name) => (key.parse().ok()?, name),
            Value::Number(number) => (usize::try_from(number.as_u64()?).ok()?, key),
            _ => return None,
        };
        *names.get_mut(number)? = Some(name.clone());
    }
    names.into_iter().collect()
}

/// Error of a number without a name.
pub(super) fn unnamed(number: i64, names: usize) -> Problem {
    let number = quoted(&number.to_string());
    Problem::error(format!("the tag {number} has no name: there are {names} names")).hint(HINT)
}

/// How the names are given.
pub(super) const HINT: &str = "--tag-names gives them in the order of the numbers: O,B-Dish,I-Dish, or a file with one per \
                               line; labels.txt, the dataset_info.json of a data set and the config.json of a model are \
                               found beside the data";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_data_sets_and_models_keep_them() {
        for text in [
            "O\r\nB-Dish\r\nI-Dish\r\n",
            r#"["O","B-Dish","I-Dish"]"#,
            r#"{"0":"O","2":"I-Dish","1":"B-Dish"}"#,
            r#"{"model_type":"bert","id2label":{"0":"O","1":"B-Dish","2":"I-Dish"}}"#,
            r#"{"label2id":{"O":0,"B-Dish":1,"I-Dish":2}}"#,
            r#"{"features":{"pos":{"feature":{"names":["NN"]}},"ner_tags":{"feature":{"names":["O","B-Dish","I-Dish"],"_type":"ClassLabel"},"_type":"Sequence"}}}"#,
            r#"{"default":{"features":{"ner_tags":{"feature":{"names":["O","B-Dish","I-Dish"]}}}}}"#,
            r#"{"features":{"ner_tags":[{"names":["O","B-Dish","I-Dish"],"_type":"ClassLabel"}]}}"#,
        ] {
            assert_eq!(read_tag_names(text.as_bytes()).unwrap(), ["O", "B-Dish", "I-Dish"], "{text}");
        }
        for text in ["", "{}", "{\"0\":\"O\",\"7\":\"B-Dish\"}", "[1]", "{\"a\"", "{\"names\":3}", "\u{feff}\n"] {
            assert!(read_tag_names(text.as_bytes()).is_err(), "{text}");
        }
    }
}
