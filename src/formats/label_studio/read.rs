//! Reader of Label Studio's JSON.

use serde_json::{Map, Value};

use super::task::{
    Offsets, RegionText, annotations_key, chosen_annotation, is_text_region, region_range, text_object_name,
};
use crate::{
    formats::{
        Problem, Read, ReadOptions,
        corpus::{CorpusBuilder, NameIndex},
        decode,
        problem::{Problems, quoted, with_noun},
    },
    spans::{Document, LabelSet, Status},
    text::TextRange,
};

/// Reads a list of tasks, or one task.
pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Read {
    let mut problems = Problems::default();
    let Some(text) = decode::text(bytes, &mut problems) else {
        return Read { problems: problems.finish(), ..Read::default() };
    };
    let tasks = match serde_json::from_str(text) {
        Ok(Value::Array(tasks)) => tasks,
        Ok(task @ Value::Object(_)) => vec![task],
        Ok(_) => {
            problems.push(Problem::error("the file is not a list of tasks"));
            Vec::new()
        }
        Err(error) => {
            problems.push(Problem::error(format!("invalid JSON: {error}")).at(error.line()));
            Vec::new()
        }
    };
    let known = options
        .config
        .as_ref()
        .map_or_else(|| options.labels.clone(), |config| merged(&options.labels, &config.labels));
    let mut reader =
        TaskReader { options, builder: CorpusBuilder::new(known), problems, counts: TaskCounts::default() };
    for (at, task) in tasks.into_iter().enumerate() {
        if let Err(what) = reader.task(task) {
            reader.problems.push(Problem::error(format!("task {} of the list: {what}", at + 1)));
        }
    }
    reader.finish()
}

fn merged(first: &LabelSet, second: &LabelSet) -> LabelSet {
    if first.is_empty() {
        return second.clone();
    }
    let mut labels = first.clone();
    for label in second {
        labels.intern(&label.name);
    }
    labels
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

struct TaskReader<'a> {
    options: &'a ReadOptions,
    builder: CorpusBuilder,
    problems: Problems,
    counts: TaskCounts,
}

impl TaskReader<'_> {
    fn task(&mut self, task: Value) -> Result<(), String> {
        let object = task.as_object().ok_or("it is not an object")?;
        let data = object.get("data").and_then(Value::as_object).ok_or("it has no `data`")?;
        let (field, text) = self.text(data)?;
        let id = match object.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => format!("{}{}", self.options.id_prefix, self.builder.len() + 1),
        };
        let none = Vec::new();
        let annotations = object.get(annotations_key(object)).and_then(Value::as_array).unwrap_or(&none);
        let mut document = Document::new(id, text, self.options.grid);
        document.split = self.options.split;
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
        document.foreign = Some(task);
        self.builder.push(document, spans, status);
        Ok(())
    }

    /// Name and text of the field with the text.
    /// The configured one, or else `text`, or else the only text.
    fn text<'t>(&self, data: &'t Map<String, Value>) -> Result<(&'t str, &'t str), String> {
        let mut texts = data.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
        if let Some(config) = &self.options.config {
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
        let to_name = match &self.options.config {
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
                    self.problems.push(Problem::error(message));
                    continue;
                }
            };
            let labels = item.pointer("/value/labels").and_then(Value::as_array).unwrap_or(&none);
            let names: Vec<&str> = labels.iter().filter_map(Value::as_str).filter(|name| !name.is_empty()).collect();
            self.counts.unlabelled += usize::from(names.is_empty());
            spans.extend(names.into_iter().map(|name| (range, self.builder.label(name))));
        }
        spans
    }

    fn finish(mut self) -> Read {
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
            self.problems.push(Problem::note(format!("{} {what}", with_noun(count, thing))));
        }
        for (count, thing, what) in warnings.into_iter().filter(|(count, ..)| *count > 0) {
            self.problems.push(Problem::warning(format!("{} {what}", with_noun(count, thing))));
        }
        let corpus = self.builder.finish(&mut self.problems);
        let detected =
            vec!["Label Studio tasks".to_owned(), with_noun(corpus.documents.len(), "task"), corpus.spans_text()];
        Read { corpus, detected, problems: self.problems.finish() }
    }
}
