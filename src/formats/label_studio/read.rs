//! Reader of Label Studio's JSON.

use std::{
    fmt,
    io::{self, BufReader},
};

use serde::{
    Deserialize, Deserializer as _,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Value};

use super::task::{
    Offsets, RegionText, annotations_key, chosen_annotation, is_text_region, region_range, text_object_name,
};
use crate::{
    formats::{
        Problem, decode,
        digits::{self, KeepDigits},
        problem::{quoted, with_noun},
        sink::{Found, NameIndex, Reading},
        source::{Source, Unreadable},
    },
    spans::{Document, Status},
    text::TextRange,
};

/// Reads a list of tasks, or one task.
/// The tasks before invalid JSON are read.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let mut reader = TaskReader { reading, counts: TaskCounts::default(), number: 0, failure: None };
    let mut bytes = KeepDigits::new(decode::body(source)?);
    let mut input = serde_json::Deserializer::from_reader(BufReader::new(&mut bytes));
    let read = input.deserialize_any(TasksVisitor(&mut reader)).and_then(|()| input.end());
    if let Some(failure) = reader.failure.take() {
        return Err(failure);
    }
    if let Err(error) = read {
        if error.is_io() {
            return Err(io::Error::from(error).into());
        }
        if let Some(problem) = decode::find_encoding_fault(source)? {
            return Err(Unreadable::Encoding(problem));
        }
        // Only the visitor reports data that is valid JSON.
        let problem = match error.is_data() {
            true => Problem::error("the file is not a list of tasks"),
            false => Problem::error(format!("invalid JSON: {error}")).at(error.line()),
        };
        reader.reading.problems.push(problem);
    }
    drop(input);
    reader.reading.problems.extend(digits::note(bytes.quoted()));
    Ok(reader.finish())
}

/// Takes each task of a list as soon as it is read, so that the list is never in memory.
struct TasksVisitor<'t, 'a, 'b>(&'t mut TaskReader<'a, 'b>);

impl<'de> Visitor<'de> for TasksVisitor<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tasks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut tasks: A) -> Result<(), A::Error> {
        while let Some(task) = tasks.next_element()? {
            self.0.add(task).map_err(de::Error::custom)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, task: A) -> Result<(), A::Error> {
        let task = Map::deserialize(MapAccessDeserializer::new(task))?;
        self.0.add(Value::Object(task)).map_err(de::Error::custom)
    }
}

/// Counts of what is reported once for the file instead of once for each task.
#[derive(Default)]
struct TaskCounts {
    several: usize,
    cancelled: usize,
    predicted: usize,
    other_items: usize,
    utf16: usize,
    stale: usize,
    unlabelled: usize,
}

struct TaskReader<'a, 'b> {
    reading: &'a mut Reading<'b>,
    counts: TaskCounts,
    /// Number of tasks so far.
    number: usize,
    /// Cause for which the sink refused a document; a visitor cannot return it.
    failure: Option<Unreadable>,
}

/// The sink refused a document.
#[derive(Debug, thiserror::Error)]
#[error("the reading was stopped")]
struct Stopped;

impl TaskReader<'_, '_> {
    /// Reads the next task of the list. A task with an error is skipped and reported.
    fn add(&mut self, task: Value) -> Result<(), Stopped> {
        self.number += 1;
        match self.task(task) {
            Ok(found) => self.reading.push(found).map_err(|failure| {
                self.failure = Some(failure);
                Stopped
            }),
            Err(what) => {
                let problem = Problem::error(format!("task {} of the list: {what}", self.number));
                self.reading.problems.push(problem);
                Ok(())
            }
        }
    }

    fn task(&mut self, task: Value) -> Result<Found, String> {
        let object = task.as_object().ok_or("it is not an object")?;
        let data = object.get("data").and_then(Value::as_object).ok_or("it has no `data`")?;
        let (field, text) = self.text(data)?;
        let id = match object.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => self.reading.next_id(),
        };
        let none = Vec::new();
        let annotations = object.get(annotations_key(object)).and_then(Value::as_array).unwrap_or(&none);
        let mut document = Document::new(id, text, self.reading.options.grid);
        document.split = self.reading.options.split;
        let others = data.iter().filter(|(key, _)| *key != field).map(|(key, value)| (key.clone(), value.clone()));
        document.meta = others.collect();
        let (spans, status) = match chosen_annotation(annotations).and_then(|at| annotations.get(at)) {
            Some(annotation) => (self.spans(annotation, &document, field), Status::Done),
            None => (Vec::new(), if annotations.is_empty() { Status::Todo } else { Status::Skipped }),
        };
        self.counts.several += usize::from(annotations.len() > 1);
        self.counts.cancelled += usize::from(status == Status::Skipped);
        let predicted = object.get("predictions").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        self.counts.predicted += usize::from(predicted);
        document.foreign = Some(Box::new(task));
        Ok(Found { document, spans, status })
    }

    /// Name and text of the field with the text.
    /// The configured one, or else `text`, or else the only text.
    fn text<'t>(&self, data: &'t Map<String, Value>) -> Result<(&'t str, &'t str), String> {
        let mut texts = data.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
        if let Some(config) = &self.reading.options.config {
            let field = &config.text_field;
            return texts
                .find(|(key, _)| *key == field)
                .ok_or_else(|| format!("its data has no text {}", quoted(field)));
        }
        if let Some(found) = texts.clone().find(|(key, _)| *key == "text") {
            return Ok(found);
        }
        match (texts.next(), texts.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err("its data has no text".to_owned()),
            _ => {
                Err("its data has several texts and none is named `text`; give the labelling configuration".to_owned())
            }
        }
    }

    fn spans(&mut self, annotation: &Value, document: &Document, field: &str) -> Vec<(TextRange, NameIndex)> {
        let none = Vec::new();
        let items = annotation.get("result").and_then(Value::as_array).unwrap_or(&none);
        let to_name = match &self.reading.options.config {
            Some(config) => Some(config.text_name.as_str()),
            None => text_object_name(items, field),
        };
        let text = RegionText::new(&document.text);
        let mut spans = Vec::new();
        for item in items {
            if !is_text_region(item, to_name) {
                self.counts.other_items += 1;
                continue;
            }
            let range = match region_range(item, &text) {
                Ok((range, offsets)) => {
                    self.counts.utf16 += usize::from(offsets == Offsets::Utf16);
                    self.counts.stale += usize::from(offsets == Offsets::Stale);
                    range
                }
                Err(what) => {
                    let message = format!("document {}: {what}: {}", quoted(&document.id), quoted(&item.to_string()));
                    self.reading.problems.push(Problem::error(message));
                    continue;
                }
            };
            let labels = item.pointer("/value/labels").and_then(Value::as_array).unwrap_or(&none);
            let names: Vec<&str> = labels.iter().filter_map(Value::as_str).filter(|name| !name.is_empty()).collect();
            self.counts.unlabelled += usize::from(names.is_empty());
            spans.extend(names.into_iter().map(|name| (range, self.reading.label(name))));
        }
        spans
    }

    /// Reports the counts and returns the properties of the file.
    fn finish(mut self) -> Vec<String> {
        let counts = std::mem::take(&mut self.counts);
        let notes = [
            (
                counts.several,
                "task",
                "with several annotations: the ground truth or else the first one is read, the others are kept",
            ),
            (counts.cancelled, "task", "with cancelled annotations only: read as skipped"),
            (counts.predicted, "task", "with predictions: kept, but not read as spans"),
            (
                counts.other_items,
                "result",
                "other than spans of this text (choices, relations, other texts): kept, not read",
            ),
        ];
        let warnings = [
            (counts.utf16, "region", "whose offsets count UTF-16 units, as their own text shows: read as such"),
            (counts.stale, "region", "whose own text differs from the text at its offsets: the offsets are used"),
            (counts.unlabelled, "region", "without a label: left out"),
        ];
        for (count, thing, what) in notes.into_iter().filter(|(count, ..)| *count > 0) {
            self.reading.problems.push(Problem::note(format!("{} {what}", with_noun(count, thing))));
        }
        for (count, thing, what) in warnings.into_iter().filter(|(count, ..)| *count > 0) {
            self.reading.problems.push(Problem::warning(format!("{} {what}", with_noun(count, thing))));
        }
        let tasks = with_noun(self.reading.documents(), "task");
        vec!["Label Studio tasks".to_owned(), tasks, self.reading.spans_text()]
    }
}
