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
    annotations_key, annotator_of, chosen_annotation, is_other_region, is_text_region, is_valid, stated_span,
    text_object_name,
};
use crate::{
    formats::{
        Problem, decode,
        digits::{self, KeepDigits},
        offsets::{CODE_POINTS_FIRST, Offsets, SpanText, read_with_unit},
        problem::{quoted, with_noun},
        sink::{Found, NameIndex, OtherAnnotation, Reading},
        source::{Source, Unreadable},
    },
    spans::{Document, Status},
    text::{OffsetMap, TextRange},
};

/// Reads a list of tasks, or one task.
/// The tasks before invalid JSON are read.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    read_with_unit(source, reading, CODE_POINTS_FIRST, read_tasks)
}

fn read_tasks(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
) -> Result<Vec<String>, Unreadable> {
    let mut reader = TaskReader::new(reading, offsets);
    let problems = each_value(source, &mut |task| reader.add(task))?;
    if let Some(failure) = reader.failure() {
        return Err(failure);
    }
    reader.reading.problems.extend(problems);
    Ok(reader.finish("Label Studio tasks"))
}

/// Takes the values of a JSON list, or the only object, one at a time. Returns the problems of the JSON.
///
/// # Errors
/// The source cannot be read, or is no text.
pub(super) fn each_value(
    source: &dyn Source,
    take: &mut dyn FnMut(Value) -> Result<(), Stopped>,
) -> Result<Vec<Problem>, Unreadable> {
    let mut problems = Vec::new();
    let mut bytes = KeepDigits::new(decode::body(source)?);
    let mut input = serde_json::Deserializer::from_reader(BufReader::new(&mut bytes));
    let read = input.deserialize_any(ListVisitor(take)).and_then(|()| input.end());
    if let Err(error) = read {
        if error.is_io() {
            return Err(io::Error::from(error).into());
        }
        if let Some(problem) = decode::find_encoding_fault(source)? {
            return Err(Unreadable::Encoding(problem));
        }
        // Only the visitor reports data that is valid JSON.
        problems.push(match error.is_data() {
            true => Problem::error("the file is not a list of tasks"),
            false => Problem::error(format!("invalid JSON: {error}")).at(error.line()),
        });
    }
    drop(input);
    problems.extend(digits::note(bytes.quoted()));
    Ok(problems)
}

/// Takes each value of a list as soon as it is read, so that the list is never in memory.
struct ListVisitor<'t>(&'t mut dyn FnMut(Value) -> Result<(), Stopped>);

impl<'de> Visitor<'de> for ListVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tasks")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while let Some(value) = values.next_element()? {
            (self.0)(value).map_err(de::Error::custom)?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<(), A::Error> {
        let object = Map::deserialize(MapAccessDeserializer::new(fields))?;
        (self.0)(Value::Object(object)).map_err(de::Error::custom)
    }
}

/// Counts of what is reported once for the file instead of once for each task.
#[derive(Default)]
struct TaskCounts {
    several: usize,
    cancelled: usize,
    predicted: usize,
    /// Tasks with the numbers of predictions in place of the predictions.
    numbered: usize,
    drafts: usize,
    other_items: usize,
    other_regions: usize,
    unlabelled: usize,
    done_without_spans: usize,
    with_spans: usize,
}

/// Reader of tasks that come one at a time.
pub(super) struct TaskReader<'a, 'b> {
    pub(super) reading: &'a mut Reading<'b>,
    offsets: &'a mut Offsets,
    counts: TaskCounts,
    /// Number of tasks so far.
    number: usize,
    /// Cause for which the sink refused a document; a visitor cannot return it.
    failure: Option<Unreadable>,
}

/// The sink refused a document.
#[derive(Debug, thiserror::Error)]
#[error("the reading was stopped")]
pub(super) struct Stopped;

/// Text of a task, on which the regions are.
struct TaskText<'a> {
    /// Field of the data with the text.
    field: &'a str,
    text: SpanText<'a>,
    map: OffsetMap,
}

/// Spans of an annotation, and what is missing.
#[derive(Default)]
struct ReadRegions {
    spans: Vec<(TextRange, NameIndex)>,
    /// Whether the place of a region is not known, or a region is of something that is not plain text.
    is_incomplete: bool,
}

impl ReadRegions {
    /// Status of a document with this annotation: not done if a part of it could not be read.
    fn status(&self) -> Status {
        if self.is_incomplete { Status::Partial } else { Status::Done }
    }
}

impl<'a, 'b> TaskReader<'a, 'b> {
    pub(super) fn new(reading: &'a mut Reading<'b>, offsets: &'a mut Offsets) -> Self {
        Self { reading, offsets, counts: TaskCounts::default(), number: 0, failure: None }
    }

    /// Reads the next task of the list. A task with an error is skipped and reported.
    pub(super) fn add(&mut self, task: Value) -> Result<(), Stopped> {
        self.number += 1;
        match self.task(task) {
            Ok((found, others)) => self.reading.push_with_others(found, others).map_err(|failure| {
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

    /// The cause for which [`Self::add`] stopped.
    pub(super) fn failure(&mut self) -> Option<Unreadable> {
        self.failure.take()
    }

    fn task(&mut self, mut task: Value) -> Result<(Found, Vec<OtherAnnotation>), String> {
        let object = task.as_object_mut().ok_or("it is not an object")?;
        let data = object.get("data").and_then(Value::as_object).ok_or("it has no `data`")?;
        let (field, text) = self.text(data)?;
        let (field, text) = (field.to_owned(), text.to_owned());
        let id = match object.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => self.reading.next_id(),
        };
        let others = data.iter().filter(|(key, _)| **key != field).map(|(key, value)| (key.clone(), value.clone()));
        let meta = others.collect();
        let on = TaskText { field: &field, text: SpanText::new(&id, &text), map: OffsetMap::new(&text) };
        let none = &mut Vec::new();
        let annotations = object.get_mut(annotations_key(object)).and_then(Value::as_array_mut).unwrap_or(none);
        let (spans, status, others) = self.annotations(annotations, &on);
        self.suggestions(object, &on);
        self.counts.drafts +=
            usize::from(object.get("drafts").and_then(Value::as_array).is_some_and(|d| !d.is_empty()));
        let mut document = Document::new(id.clone(), text.as_str(), self.reading.options.grid);
        document.split = self.reading.options.split;
        document.meta = meta;
        document.foreign = Some(Box::new(task));
        Ok((Found { document, spans, status }, others))
    }

    /// Reads the annotations of a task: the spans and the status of the one that counts, and those of other annotators.
    fn annotations(
        &mut self,
        annotations: &mut [Value],
        on: &TaskText<'_>,
    ) -> (Vec<(TextRange, NameIndex)>, Status, Vec<OtherAnnotation>) {
        self.counts.several += usize::from(annotations.len() > 1);
        let Some(chosen) = chosen_annotation(annotations, self.reading.options.annotator.as_deref()) else {
            self.counts.cancelled += usize::from(!annotations.is_empty());
            return (Vec::new(), if annotations.is_empty() { Status::Todo } else { Status::Skipped }, Vec::new());
        };
        let own = annotations.get(chosen).and_then(annotator_of);
        let read = annotations.get_mut(chosen).map(|annotation| self.regions(annotation, on)).unwrap_or_default();
        let status = read.status();
        let is_empty = read.spans.is_empty();
        self.counts.done_without_spans += usize::from(status == Status::Done && is_empty);
        self.counts.with_spans += usize::from(!is_empty);
        let mut others: Vec<OtherAnnotation> = Vec::new();
        for (at, annotation) in annotations.iter_mut().enumerate() {
            let Some(annotator) = annotator_of(annotation).filter(|name| at != chosen && own.as_ref() != Some(name))
            else {
                continue;
            };
            // Of several by one annotator, the first counts.
            if others.iter().any(|other| other.annotator == annotator) {
                continue;
            }
            let (spans, status) = if is_valid(annotation) {
                let read = self.regions(annotation, on);
                let status = read.status();
                (read.spans, status)
            } else {
                (Vec::new(), Status::Skipped)
            };
            others.push(OtherAnnotation { annotator, spans, status });
        }
        (read.spans, status, others)
    }

    /// Reads the predictions of a task, so that their offsets are right; suggestions are made of them later.
    fn suggestions(&mut self, task: &mut Map<String, Value>, on: &TaskText<'_>) {
        let Some(predictions) = task.get_mut("predictions").and_then(Value::as_array_mut) else { return };
        self.counts.predicted += usize::from(predictions.iter().any(Value::is_object));
        self.counts.numbered += usize::from(predictions.iter().any(Value::is_number));
        for prediction in predictions {
            self.place(prediction, on, &mut None);
        }
    }

    /// Name and text of the field with the text.
    /// The configured one, or else `text`, or else the only text.
    fn text<'t>(&self, data: &'t Map<String, Value>) -> Result<(&'t str, &'t str), String> {
        let texts: Vec<(&str, &str)> =
            data.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect();
        if let Some(config) = &self.reading.options.config {
            let field = &config.text_field;
            let found = texts.iter().find(|(key, _)| key == field).copied();
            return found.ok_or_else(|| format!("its data has no text {}", quoted(field)));
        }
        if let Some(found) = texts.iter().find(|(key, _)| *key == "text") {
            return Ok(*found);
        }
        let (files, mut texts): (Vec<_>, Vec<_>) = texts.into_iter().partition(|(_, text)| is_address(text));
        match (texts.pop(), texts.is_empty(), files.first()) {
            (Some(only), true, _) => Ok(only),
            (Some(last), false, _) => {
                let names: Vec<String> = texts.iter().chain([&last]).take(4).map(|(key, _)| quoted(key)).collect();
                Err(format!(
                    "its data has several texts ({}) and none is named `text`; give the labelling configuration: \
                     --config FILE.xml",
                    names.join(", ")
                ))
            }
            (None, _, Some((field, _))) => Err(format!(
                "its data has no text: {} is the address of a file, as for images and sounds, which cannot be read here",
                quoted(field)
            )),
            (None, _, None) => Err("its data has no text".to_owned()),
        }
    }

    /// Reads the spans of an annotation.
    fn regions(&mut self, annotation: &mut Value, on: &TaskText<'_>) -> ReadRegions {
        let mut read = Some(ReadRegions::default());
        self.place(annotation, on, &mut read);
        read.unwrap_or_default()
    }

    /// Finds the place of each region of an annotation or prediction, and corrects its offsets where they are not code
    /// points. `read` gets the spans; without one, nothing is counted.
    fn place(&mut self, annotation: &mut Value, on: &TaskText<'_>, read: &mut Option<ReadRegions>) {
        let Some(items) = annotation.get_mut("result").and_then(Value::as_array_mut) else { return };
        let to_name = match &self.reading.options.config {
            Some(config) => Some(config.text_name.clone()),
            None => text_object_name(items, on.field).map(str::to_owned),
        };
        for item in items {
            if !is_text_region(item, to_name.as_deref()) {
                if let Some(read) = read {
                    let is_region = is_other_region(item);
                    self.counts.other_regions += usize::from(is_region);
                    self.counts.other_items += usize::from(!is_region);
                    read.is_incomplete |= is_region;
                }
                continue;
            }
            let placed = match stated_span(item) {
                Ok(stated) => {
                    let range = self.offsets.place(&on.text, stated, &mut self.reading.problems);
                    range.map(|range| (range, stated.start, stated.end))
                }
                Err(what) => {
                    let message = format!("document {}: {what}: {}", quoted(on.text.id()), quoted(&item.to_string()));
                    self.reading.problems.push(Problem::warning(message).hint("the region is left out"));
                    None
                }
            };
            let Some((range, start, end)) = placed else {
                read.iter_mut().for_each(|read| read.is_incomplete = true);
                continue;
            };
            let right = on.map.to_chars(range);
            if (right.start, right.end) != (start, end)
                && let Some(value) = item.get_mut("value").and_then(Value::as_object_mut)
            {
                value.insert("start".to_owned(), right.start.into());
                value.insert("end".to_owned(), right.end.into());
            }
            let Some(read) = read else { continue };
            let labels = item.pointer("/value/labels").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let names: Vec<&str> = labels.iter().filter_map(Value::as_str).filter(|name| !name.is_empty()).collect();
            self.counts.unlabelled += usize::from(names.is_empty());
            read.spans.extend(names.into_iter().map(|name| (range, self.reading.label(name))));
        }
    }

    /// Reports the counts and returns the properties of the file.
    pub(super) fn finish(mut self, kind: &str) -> Vec<String> {
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
                counts.numbered,
                "task",
                "with the numbers of predictions in place of the predictions: Label Studio left them out of the file",
            ),
            (counts.drafts, "task", "with drafts: kept, but not read"),
            (
                counts.other_items,
                "result",
                "other than spans of this text (choices, relations, other texts): kept, not read",
            ),
        ];
        for (count, thing, what) in notes.into_iter().filter(|(count, ..)| *count > 0) {
            self.reading.problems.push(Problem::note(format!("{} {what}", with_noun(count, thing))));
        }
        let warnings = [
            (
                counts.other_regions,
                "region",
                "of HTML, dialogues, images or sounds: kept, not read; their documents are not done",
            ),
            (counts.unlabelled, "region", "without a label: left out"),
        ];
        for (count, thing, what) in warnings.into_iter().filter(|(count, ..)| *count > 0) {
            self.reading.problems.push(Problem::warning(format!("{} {what}", with_noun(count, thing))));
        }
        if counts.with_spans == 0 && counts.done_without_spans > 0 {
            let documents = with_noun(counts.done_without_spans, "document");
            let message = format!("no task has a span of its text: {documents} done without spans");
            self.reading
                .problems
                .push(Problem::warning(message).hint("a model learns from them that nothing is labelled"));
        }
        let tasks = with_noun(self.reading.documents(), "task");
        vec![kind.to_owned(), tasks, self.reading.spans_text()]
    }
}

/// Whether a text is the address of a file.
fn is_address(text: &str) -> bool {
    let starts = ["http://", "https://", "s3://", "gs://", "azure-blob://", "/data/"];
    starts.iter().any(|start| text.starts_with(start)) && !text.contains(char::is_whitespace)
}
