//! Reader of Label Studio's JSON.

use serde_json::{Map, Value};

use super::task::{
    annotations_key, annotator_of, chosen_annotation, is_other_region, is_text_region, is_valid, stated_span,
    text_object_name,
};
use crate::{
    formats::{
        Problem,
        json_items::{JsonItems, JsonNotes},
        offsets::{CODE_POINTS_FIRST, Offsets, SpanText, read_with_unit},
        problem::{quoted, with_noun},
        sink::{Found, NameIndex, OtherAnnotation, Reading},
        source::{Source, Unreadable},
    },
    spans::{Document, Status},
    text::{OffsetMap, TextRange},
};

/// Reads a list of tasks, or one task.
/// A task that is no JSON is reported, and those after it are read.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    read_with_unit(source, reading, CODE_POINTS_FIRST, read_tasks)
}

fn read_tasks(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
) -> Result<Vec<String>, Unreadable> {
    let mut reader = TaskReader::new(reading, offsets);
    let notes = each_value(source, &mut |value, line| reader.add_read(value, line))?;
    notes.report(&mut reader.reading.problems);
    Ok(reader.finish("Label Studio tasks"))
}

/// Takes each value of a list with its line. One that is no JSON is a problem in its place.
pub(super) type TakeValue<'t> = dyn FnMut(Result<Value, Problem>, usize) -> Result<(), Unreadable> + 't;

/// Takes the values of a JSON list, or the only object, one at a time. Returns what is to be reported of all of them.
///
/// # Errors
/// The source cannot be read, or is no text; or those of `take`.
pub(super) fn each_value(source: &dyn Source, take: &mut TakeValue<'_>) -> Result<JsonNotes, Unreadable> {
    let mut notes = JsonNotes::default();
    let mut items = JsonItems::of(source)?;
    while let Some(item) = items.next_item()? {
        take(item.value(&mut notes), item.line)?;
    }
    Ok(notes)
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
}

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
        Self { reading, offsets, counts: TaskCounts::default(), number: 0 }
    }

    /// Reads the next task of the list, if it is JSON.
    fn add_read(&mut self, task: Result<Value, Problem>, line: usize) -> Result<(), Unreadable> {
        match task {
            Ok(task) => self.add(task, line),
            Err(problem) => {
                self.number += 1;
                self.reading.problems.push(problem);
                Ok(())
            }
        }
    }

    /// Reads the next task of the list, which begins on this line. A task with an error is skipped and reported.
    ///
    /// # Errors
    /// The sink refuses the document.
    pub(super) fn add(&mut self, task: Value, line: usize) -> Result<(), Unreadable> {
        self.number += 1;
        match self.task(task) {
            Ok((found, others)) => self.reading.push_with_others(found, others),
            Err(what) => {
                let problem = Problem::error(format!("task {} of the list: {what}", self.number));
                self.reading.problems.push(problem.at(line));
                Ok(())
            }
        }
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
        self.drafts(object, &on);
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
            let status = if annotations.is_empty() { Status::Todo } else { Status::Skipped };
            annotations.iter_mut().for_each(|annotation| self.correct(annotation, on));
            return (Vec::new(), status, Vec::new());
        };
        let own = annotations.get(chosen).and_then(annotator_of);
        let read = annotations.get_mut(chosen).map(|annotation| self.regions(annotation, on)).unwrap_or_default();
        let status = read.status();
        let is_empty = read.spans.is_empty();
        self.counts.done_without_spans += usize::from(status == Status::Done && is_empty);
        self.counts.with_spans += usize::from(!is_empty);
        let (mut valid, cancelled): (Vec<_>, Vec<_>) =
            annotations.iter_mut().enumerate().filter(|(at, _)| *at != chosen).partition(|(_, one)| is_valid(one));
        valid.extend(cancelled);
        let mut others: Vec<OtherAnnotation> = Vec::new();
        for (_, annotation) in valid {
            // Of several by one annotator the first counts, or the first that is not cancelled.
            let annotator = annotator_of(annotation)
                .filter(|name| own.as_ref() != Some(name) && others.iter().all(|other| other.annotator != *name));
            match annotator {
                Some(annotator) if is_valid(annotation) => {
                    let read = self.regions(annotation, on);
                    let status = read.status();
                    others.push(OtherAnnotation { annotator, spans: read.spans, status });
                }
                annotator => {
                    self.correct(annotation, on);
                    others.extend(annotator.map(|annotator| OtherAnnotation {
                        annotator,
                        spans: Vec::new(),
                        status: Status::Skipped,
                    }));
                }
            }
        }
        (read.spans, status, others)
    }

    /// Corrects the offsets of an annotation that is kept and not read. A region without place stays as it is.
    fn correct(&mut self, annotation: &mut Value, on: &TaskText<'_>) {
        let problems = std::mem::take(&mut self.reading.problems);
        self.place(annotation, on, &mut None);
        self.reading.problems = problems;
    }

    /// Counts the drafts of a task, and corrects their offsets.
    fn drafts(&mut self, task: &mut Map<String, Value>, on: &TaskText<'_>) {
        let Some(drafts) = task.get_mut("drafts").and_then(Value::as_array_mut) else { return };
        self.counts.drafts += usize::from(!drafts.is_empty());
        drafts.iter_mut().for_each(|draft| self.correct(draft, on));
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
        let mut texts: Vec<(&str, &str)> =
            data.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect();
        if let Some(config) = &self.reading.options.config {
            let field = &config.text_field;
            let found = texts.iter().find(|(key, _)| key == field).copied();
            return found.ok_or_else(|| format!("its data has no text {}", quoted(field)));
        }
        if let Some(found) = texts.iter().find(|(key, _)| *key == "text") {
            return Ok(*found);
        }
        // A blank field beside others is an empty cell of a table.
        if texts.iter().any(|(_, text)| !text.trim().is_empty()) {
            texts.retain(|(_, text)| !text.trim().is_empty());
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
