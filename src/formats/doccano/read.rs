//! Reader of doccano's records.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::record::{Generation, OFFSETS, SPANS, UTF16, span, spans_of, text_key};
use crate::{
    formats::{
        Problem,
        drafts::{Draft, DraftReader, id_of, read_spans},
        offsets::Unit,
        problem::{Problems, quoted, with_noun},
    },
    spans::Status,
    text::{OffsetMap, Utf16Range},
};

/// Units of offsets, the usual one first: doccano's pages count as JavaScript does, unless a project counts clusters.
/// Programs that make its files often count as Python does.
pub(super) const UTF16_FIRST: &[Unit] = &[Unit::Utf16, Unit::CodePoints, Unit::Graphemes];

/// Reader of records, with counts of what is reported once.
#[derive(Default)]
pub(in crate::formats) struct Records {
    /// Records that have no spans.
    bare: usize,
    /// Spans whose labels are numbers.
    numbered: usize,
    /// Records with spans of several users.
    shared: usize,
    /// Relations that are kept.
    relations: usize,
    /// Records with labels of the whole text.
    classified: usize,
    comments: usize,
}

impl DraftReader for Records {
    const KIND: &'static str = "doccano records";
    const UNITS: &'static [Unit] = UTF16_FIRST;

    fn drafts(&mut self, value: Value) -> Result<Vec<Draft>, Problem> {
        let Value::Object(record) = &value else {
            return Err(Problem::error(format!("not a JSON object: {}", quoted(&value.to_string()))));
        };
        let Some(text_key) = text_key(record) else {
            return Err(Problem::error("`text` is missing or not a string")
                .hint("each record needs {\"text\": \"...\", \"label\": [[0, 5, \"Dish\"]]}"));
        };
        let text = record.get(text_key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut draft = Draft { id: id_of(record, "id"), text, ..Draft::default() };
        let spans = spans_of(record);
        if let Some((key, generation)) = spans {
            let list = record.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            draft.spans = read_spans(list, &mut draft.faults, span);
            if record.get(OFFSETS).and_then(Value::as_str) == Some(UTF16) {
                let map = OffsetMap::new(&draft.text);
                for span in &mut draft.spans {
                    let range = map.from_utf16(Utf16Range { start: span.start, end: span.end }).ok();
                    span.text = range.map(|range| range.of(&draft.text).to_owned());
                }
            }
            if generation == Generation::Annotations {
                self.numbered += list.iter().filter(|span| span.get("label").is_some_and(Value::is_number)).count();
                let users: BTreeSet<u64> = list.iter().filter_map(|span| span.get("user")?.as_u64()).collect();
                self.shared += usize::from(users.len() > 1);
            }
        }
        let is_approved = record.get("annotation_approver").is_some_and(|name| !name.is_null());
        let is_empty = draft.spans.is_empty() && draft.faults.is_empty();
        draft.status = if is_empty && !is_approved { Status::Todo } else { Status::Done };
        self.bare += usize::from(draft.status == Status::Todo && spans.is_some());
        self.relations += length(record, "relations");
        self.comments += length(record, "Comments");
        let used = spans.map_or("", |(key, _)| key);
        self.classified += SPANS.iter().filter(|key| **key != used && length(record, key) > 0).count();
        draft.meta = columns(record, text_key, used).into();
        draft.foreign = Some(Box::new(value));
        Ok(vec![draft])
    }

    fn report(self, problems: &mut Problems) {
        let kept = "kept for an export to doccano, not read as spans";
        let notes = [
            (self.bare, "record", "without spans: to do, as doccano does not say whether anyone has looked at them"),
            (self.relations, "relation", kept),
            (self.comments, "comment", kept),
            (self.classified, "record", "with labels of the whole text: kept in meta"),
        ];
        for (count, thing, what) in notes.into_iter().filter(|(count, ..)| *count > 0) {
            problems.push(Problem::note(format!("{} {what}", with_noun(count, thing))));
        }
        if self.numbered > 0 {
            let message =
                format!("{} whose label is doccano's number of it, not a name", with_noun(self.numbered, "span"));
            problems.push(Problem::warning(message).hint("rename the labels in the project with `L`"));
        }
        if self.shared > 0 {
            let records = with_noun(self.shared, "record");
            problems.push(Problem::warning(format!("{records} with spans of several users: they are read together")));
        }
    }
}

fn length(record: &Map<String, Value>, key: &str) -> usize {
    record.get(key).and_then(Value::as_array).map_or(0, Vec::len)
}

/// Columns other than id, text, spans and what goes with them.
fn columns(record: &Map<String, Value>, text_key: &str, spans_key: &str) -> Map<String, Value> {
    let mut columns = Map::new();
    for (key, value) in record {
        let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        match (key.as_str(), value) {
            ("id" | "relations" | "Comments" | OFFSETS, _) => {}
            (key, _) if key == text_key || key == spans_key || is_empty => {}
            // Records of before 2020 have all columns in an object.
            ("meta", Value::Object(meta)) => columns.extend(meta.clone()),
            _ => _ = columns.insert(key.clone(), value.clone()),
        }
    }
    columns
}
