//! Predictions in the task that a document keeps: suggestions for its annotators, and never spans of theirs.

use serde_json::Value;

use super::task::{is_text_region, stated_span, text_object_name};
use crate::{
    spans::{Document, Entity},
    text::{CharRange, OffsetMap},
};

/// Version of the model and spans of the last prediction of a document's task; `None` if it has none, or the text of the
/// document was changed since.
///
/// Offsets count code points: the reader has corrected them. A span without a score has the score of its prediction, or 1.
pub fn predictions(document: &Document) -> Option<(String, Vec<Entity>)> {
    let task = document.foreign.as_deref()?.as_object()?;
    let prediction = task.get("predictions")?.as_array()?.iter().rfind(|prediction| prediction.is_object())?;
    let items = prediction.get("result")?.as_array()?;
    let data = task.get("data")?.as_object()?;
    let (field, _) = data.iter().find(|(_, value)| value.as_str() == Some(&document.text))?;
    let to_name = text_object_name(items, field);
    let map = OffsetMap::new(&document.text);
    let whole = score(prediction).unwrap_or(1.0);
    let mut found = Vec::new();
    for item in items.iter().filter(|item| is_text_region(item, to_name)) {
        let Ok(stated) = stated_span(item) else { continue };
        let Ok(range) = map.from_chars(CharRange { start: stated.start, end: stated.end }) else { continue };
        let labels = item.pointer("/value/labels").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let score = score(item).unwrap_or(whole);
        let names = labels.iter().filter_map(Value::as_str).filter(|name| !name.is_empty() && !range.is_empty());
        found.extend(names.map(|label| Entity { range, label: label.to_owned(), score }));
    }
    let model = prediction.get("model_version").and_then(Value::as_str).filter(|name| !name.is_empty());
    Some((model.unwrap_or("import").to_owned(), found))
}

/// Score of a prediction or of a region, from 0 to 1.
#[allow(clippy::cast_possible_truncation, reason = "a score has few digits")]
fn score(item: &Value) -> Option<f32> {
    let score = item.get("score")?.as_f64()? as f32;
    score.is_finite().then(|| score.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        formats::{ReadOptions, find},
        spans::Status,
    };

    #[test]
    fn predictions_are_suggestions_and_no_spans() {
        let region = |start: usize, score: Value| {
            json!({"from_name": "ner", "to_name": "text", "type": "labels", "score": score,
                "value": {"start": start, "end": start + 5, "text": "tacos", "labels": ["Dish"]}})
        };
        // The offsets count UTF-16 units, as the region's own text shows.
        let tasks = json!([
            {"data": {"text": "\u{1f32e} tacos"}, "predictions": [7, {"model_version": "old", "result": []},
                {"model_version": "v2", "score": 0.25, "result": [region(3, json!(0.5)), region(3, Value::Null)]}]},
            {"data": {"text": "tacos"}, "predictions": [7]},
        ]);
        let read = find("label-studio").unwrap().read(tasks.to_string().as_bytes(), &ReadOptions::default());
        assert_eq!((read.corpus.span_count(), read.corpus.annotation(0).status), (0, Status::Todo));
        let [document, other] = &read.corpus.documents[..] else { panic!("{read:?}") };
        let (model, found) = predictions(document).unwrap();
        let found: Vec<_> = found.iter().map(|one| (one.range.of(&document.text), one.score)).collect();
        assert_eq!((model.as_str(), found), ("v2", vec![("tacos", 0.5), ("tacos", 0.25)]));
        assert_eq!(predictions(other), None);
        let mut changed = document.clone();
        changed.text = "two tacos".into();
        assert_eq!(predictions(&changed), None, "offsets of another text");
    }
}
