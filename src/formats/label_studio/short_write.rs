//! Writers of the records of JSON_MIN, CSV and TSV, byte for byte as Label Studio's converter writes them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    numbers::{python_number, write_ujson},
    records::{self, DATA, OF_ANNOTATION, OPTIONAL, Record, created},
    task::{annotations_key, annotator_of, chosen_annotation, is_valid},
    write::TaskWriter,
};
use crate::{
    formats::{
        WriteOptions,
        loss_report::LossReport,
        problem::quoted,
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet},
    text::number::with_noun,
};

/// Writes JSON_MIN.
pub(super) fn write_json<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(JsonList { tasks: TaskWriter::new(labels, options), options, written: 0 })
}

/// Writes CSV.
pub(super) fn write_csv<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(Table { tasks: TaskWriter::new(labels, options), options, delimiter: ',', records: Vec::new() })
}

/// Writes TSV.
pub(super) fn write_tsv<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(Table { tasks: TaskWriter::new(labels, options), options, delimiter: '\t', records: Vec::new() })
}

struct JsonList<'a> {
    tasks: TaskWriter<'a>,
    options: &'a WriteOptions,
    /// Number of records written.
    written: usize,
}

impl Writer for JsonList<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let records = of_document(document, annotation, &self.tasks, self.options, out);
        let controls = records.iter().flat_map(|record| &record.output).map(|(name, _)| name.as_str());
        let taken = OF_ANNOTATION.into_iter().chain([OPTIONAL[0]]).chain(controls);
        report_taken(&document.id, &records, taken, &mut out.losses);
        for record in records {
            let mut text = if self.written == 0 { "[\n" } else { ",\n" }.to_owned();
            write_ujson(&Value::Object(object(record)), Some(0), &mut text);
            out.push(&text);
            self.written += 1;
        }
    }

    fn finish(&mut self, out: &mut Output) {
        out.push(if self.written == 0 { "[\n\n]" } else { "\n]" });
    }
}

/// Writer of lines, whose columns are known after the last document.
struct Table<'a> {
    tasks: TaskWriter<'a>,
    options: &'a WriteOptions,
    delimiter: char,
    records: Vec<Record>,
}

impl Writer for Table<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let records = of_document(document, annotation, &self.tasks, self.options, out);
        report_taken(&document.id, &records, OF_ANNOTATION.into_iter().chain(OPTIONAL), &mut out.losses);
        self.records.extend(records);
    }

    fn finish(&mut self, out: &mut Output) {
        out.push(&table(std::mem::take(&mut self.records), self.delimiter));
    }
}

/// Reports fields of the data that have the name of another field of the records of the document, as in `taken`. The converter
/// writes one of the two, which a reader takes for the other.
fn report_taken<'r>(
    document: &str,
    records: &'r [Record],
    taken: impl Iterator<Item = &'r str>,
    losses: &mut LossReport,
) {
    let Some(first) = records.first() else { return };
    let mut names: BTreeSet<&str> = taken.filter(|name| first.input.contains_key(*name)).collect();
    // An id equal to the id of the task is not lost.
    names.extend(first.input.get("id").filter(|id| **id != first.id).map(|_| "id"));
    for name in names {
        let what = format!("the field {} of its data has the name of another field of this format", quoted(name));
        losses.add(document, &what, "lost, as by the converter", "lost, as by the converter");
    }
}

/// The object of a record in JSON_MIN. A control with the name of a field takes its place.
fn object(record: Record) -> Map<String, Value> {
    let Record { id, input, output, of_annotation, agreement, .. } = record;
    let mut object = input;
    if !id.is_null() {
        object.insert("id".to_owned(), id);
    }
    object.extend(output);
    object.extend(OF_ANNOTATION.iter().map(|key| (*key).to_owned()).zip(of_annotation));
    object.extend(agreement.map(|agreement| (OPTIONAL[0].to_owned(), agreement)));
    object
}

/// A header with all columns in alphabetical order, and a line for each record.
fn table(records: Vec<Record>, delimiter: char) -> String {
    let fields: BTreeSet<&str> = records.iter().flat_map(|record| record.input.keys()).map(String::as_str).collect();
    let controls: BTreeSet<&str> =
        records.iter().flat_map(|record| &record.output).map(|(name, _)| name.as_str()).collect();
    let shared: BTreeSet<String> = fields.intersection(&controls).map(|name| (*name).to_owned()).collect();
    let rows: Vec<Map<String, Value>> = records.into_iter().map(|record| row(record, &shared)).collect();
    let mut columns: BTreeSet<&str> = OF_ANNOTATION.into_iter().collect();
    columns.extend(rows.iter().flat_map(Map::keys).map(String::as_str));
    let mut text = String::new();
    for (at, column) in columns.iter().enumerate() {
        text.extend((at > 0).then_some(delimiter));
        write_quoted(column, &mut text);
    }
    text.push_str("\r\n");
    for row in &rows {
        for (at, column) in columns.iter().enumerate() {
            text.extend((at > 0).then_some(delimiter));
            write_cell(row.get(*column).unwrap_or(&Value::Null), &mut text);
        }
        text.push_str("\r\n");
    }
    text
}

/// The cells of a record by column. A field of the data that is also a control somewhere in the file is renamed.
fn row(record: Record, shared: &BTreeSet<String>) -> Map<String, Value> {
    let Record { id, input, output, of_annotation, agreement, history } = record;
    let mut row = Map::new();
    if !id.is_null() {
        row.insert("id".to_owned(), id);
    }
    row.extend(output.into_iter().map(|(name, value)| (name, flat(value))));
    for (name, value) in input {
        row.insert(if shared.contains(&name) { format!("{DATA}{name}") } else { name }, flat(value));
    }
    for (key, value) in OF_ANNOTATION.into_iter().zip(of_annotation) {
        // The annotator is a text, also where it is a number.
        let is_text = key == OF_ANNOTATION[0] && value.is_number();
        row.insert(key.to_owned(), if is_text { Value::String(value.to_string()) } else { value });
    }
    row.extend(agreement.map(|agreement| (OPTIONAL[0].to_owned(), agreement)));
    row.extend(history.map(|history| (OPTIONAL[1].to_owned(), flat(history))));
    row
}

/// A list or an object as JSON in one line; any other value as it is.
fn flat(value: Value) -> Value {
    if !matches!(value, Value::Array(_) | Value::Object(_)) {
        return value;
    }
    let mut text = String::new();
    write_ujson(&value, None, &mut text);
    Value::String(text)
}

fn write_cell(value: &Value, to: &mut String) {
    match value {
        Value::Null => to.push_str("\"\""),
        Value::Bool(truth) => to.push_str(if *truth { "True" } else { "False" }),
        Value::Number(_) => to.push_str(&python_number(value)),
        Value::String(text) => write_quoted(text, to),
        other => write_quoted(&other.to_string(), to),
    }
}

fn write_quoted(text: &str, to: &mut String) {
    to.push('"');
    to.push_str(&text.replace('"', "\"\""));
    to.push('"');
}

/// Name of the control of spans, if no configuration gives it.
pub(super) const LABEL: &str = "label";

/// Records of a document; none if the format has no place for it.
fn of_document(
    document: &Document,
    annotation: &Annotation,
    tasks: &TaskWriter<'_>,
    options: &WriteOptions,
    out: &mut Output,
) -> Vec<Record> {
    let (task, spans) = tasks.task(document, annotation, &mut out.losses);
    let Value::Object(mut task) = task else { return Vec::new() };
    let id = document.id.as_str();
    if !task.contains_key("id") {
        task.insert("id".to_owned(), id.into());
    }
    let annotations = task.get(annotations_key(&task)).and_then(Value::as_array).cloned().unwrap_or_default();
    let chosen = chosen_annotation(&annotations, options.annotator.as_deref());
    if chosen.is_none() && !annotations.is_empty() {
        out.losses.add(id, "it is skipped, for which this format has no place", "left out", "left out");
        return Vec::new();
    }
    let only = chosen.filter(|chosen| !is_read_back(&annotations, *chosen, options));
    if only.is_some() {
        let others = with_noun(annotations.iter().filter(|one| is_valid(one)).count() - 1, "other annotation");
        let what = format!("{others} could be taken for the one that counts");
        out.losses.add(id, &what, "left out", "left out");
    }
    let (mut records, unknown) = records::records(&task, options.config.as_ref(), only);
    if chosen.is_some()
        && let [record] = records.as_mut_slice()
        && record.output.is_empty()
        && record.of_annotation.iter().all(Value::is_null)
    {
        // Without anything of an annotation, it would be read as none, and its document as not done.
        let control = options.config.as_ref().and_then(|config| config.control_of("")).unwrap_or(LABEL);
        record.output.push((control.to_owned(), Value::Array(Vec::new())));
    }
    if unknown > 0 {
        let what =
            format!("{} of a control that the labelling configuration does not have", with_noun(unknown, "span"));
        out.losses.add(id, &what, "left out", "left out");
    }
    out.count(spans.saturating_sub(unknown), 0);
    records
}

/// Whether a reader of all records of a task reads the annotation `chosen`: the one of the annotator, or else the oldest.
fn is_read_back(annotations: &[Value], chosen: usize, options: &WriteOptions) -> bool {
    let valid: Vec<(usize, &Value)> = annotations.iter().enumerate().filter(|(_, one)| is_valid(one)).collect();
    let have_ids = valid.iter().all(|(_, one)| one.get("id").is_some_and(|id| !id.is_null()));
    let own = annotations.get(chosen).and_then(annotator_of).filter(|name| options.annotator.as_ref() == Some(name));
    // Names other than numbers and mail addresses are not in a record.
    let is_named = own.is_some_and(|name| name.contains('@') || name.starts_with("user-"));
    let oldest = valid.iter().min_by_key(|entry| (created(entry.1), entry.0)).map(|(at, _)| *at);
    valid.len() < 2 || have_ids && (is_named || oldest == Some(chosen))
}
