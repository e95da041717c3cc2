//! Readers of the records of JSON_MIN, CSV and TSV.
//!
//! The records of a task follow each other, one for each annotation; they become a task, which is read as any other.

use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};

use super::{
    read::{Stopped, TaskReader, each_value},
    records::{self, DATA, OF_ANNOTATION, OPTIONAL, Record, are_spans},
    short_write::LABEL,
};
use crate::formats::{
    LabelConfig, Problem, decode,
    offsets::{CODE_POINTS_FIRST, Offsets, read_with_unit},
    problem::quoted,
    sink::Reading,
    source::{Source, Unreadable},
};

/// Reads JSON_MIN.
pub(super) fn read_json(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    read_with_unit(source, reading, CODE_POINTS_FIRST, read_json_records)
}

/// Reads CSV.
pub(super) fn read_csv(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    read_with_unit(source, reading, CODE_POINTS_FIRST, |source, reading, offsets| {
        read_cells(source, reading, offsets, b',')
    })
}

/// Reads TSV.
pub(super) fn read_tsv(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    read_with_unit(source, reading, CODE_POINTS_FIRST, |source, reading, offsets| {
        read_cells(source, reading, offsets, b'\t')
    })
}

fn read_json_records(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
) -> Result<Vec<String>, Unreadable> {
    let mut reader = RecordReader::new(reading, offsets);
    let problems = each_value(source, &mut |value| reader.add_json(value))?;
    reader.tasks.reading.problems.extend(problems);
    reader.finish("Label Studio's JSON_MIN")
}

fn read_cells(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
    delimiter: u8,
) -> Result<Vec<String>, Unreadable> {
    let mut reader = RecordReader::new(reading, offsets);
    let input = decode::body(source)?;
    let mut rows = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(input);
    let mut row = ByteRecord::new();
    let mut header = Vec::new();
    for name in rows.byte_headers().map_err(unreadable)? {
        header.push(cell_text(name, source)?);
    }
    while rows.read_byte_record(&mut row).map_err(unreadable)? {
        let line = row.position().map_or(1, |position| usize::try_from(position.line()).unwrap_or(usize::MAX));
        if row.len() != header.len() {
            let message = format!("{} cells where the header names {}", row.len(), header.len());
            let hint = "a cell with line ends or quotes must be in quotes; quotes in it are doubled";
            reader.tasks.reading.problems.push(Problem::error(message).at(line).hint(hint));
            continue;
        }
        let mut cells = Vec::with_capacity(header.len());
        for (name, cell) in header.iter().zip(&row) {
            cells.push((name.clone(), cell_text(cell, source)?));
        }
        if reader.add_cells(cells).is_err() {
            break;
        }
    }
    reader.finish(if delimiter == b'\t' { "Label Studio's TSV" } else { "Label Studio's CSV" })
}

fn unreadable(error: csv::Error) -> Unreadable {
    std::io::Error::from(error).into()
}

fn cell_text(cell: &[u8], source: &dyn Source) -> Result<String, Unreadable> {
    match std::str::from_utf8(cell) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Unreadable::Encoding(decode::encoding_fault(source)?)),
    }
}

struct RecordReader<'a, 'b> {
    tasks: TaskReader<'a, 'b>,
    /// Records of the last task, which may go on.
    open: Vec<Record>,
    number: usize,
}

impl<'a, 'b> RecordReader<'a, 'b> {
    fn new(reading: &'a mut Reading<'b>, offsets: &'a mut Offsets) -> Self {
        Self { tasks: TaskReader::new(reading, offsets), open: Vec::new(), number: 0 }
    }

    fn config(&self) -> Option<&'b LabelConfig> {
        self.tasks.reading.options.config.as_ref()
    }

    fn add_json(&mut self, value: Value) -> Result<(), Stopped> {
        self.number += 1;
        let Value::Object(fields) = value else {
            let shown = quoted(&value.to_string());
            let message = format!("record {} of the list is not an object: {shown}", self.number);
            self.tasks.reading.problems.push(Problem::error(message));
            return Ok(());
        };
        let record = from_json(fields, self.config());
        self.add(record)
    }

    fn add_cells(&mut self, cells: Vec<(String, String)>) -> Result<(), Stopped> {
        let record = from_cells(cells, self.config());
        self.add(record)
    }

    fn add(&mut self, record: Record) -> Result<(), Stopped> {
        if !self.open.iter().all(|other| are_of_one_task(other, &record)) {
            self.close()?;
        }
        self.open.push(record);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Stopped> {
        if self.open.is_empty() {
            return Ok(());
        }
        let task = records::task(std::mem::take(&mut self.open), self.config());
        self.tasks.add(task)
    }

    fn finish(mut self, kind: &str) -> Result<Vec<String>, Unreadable> {
        // A refusal is returned as the failure.
        self.close().ok();
        match self.tasks.failure() {
            Some(failure) => Err(failure),
            None => Ok(self.tasks.finish(kind)),
        }
    }
}

/// Whether two records are two annotations of one task.
fn are_of_one_task(a: &Record, b: &Record) -> bool {
    let [a_id, b_id] = [a, b].map(|record| &record.of_annotation[1]);
    !a_id.is_null() && !b_id.is_null() && a_id != b_id && a.id == b.id && a.input == b.input
}

/// The record of an object of JSON_MIN.
///
/// Label Studio writes the data, then the id, then the results by control. Where the id comes first, an object was put
/// together by another program, and only lists of spans are results.
fn from_json(fields: Map<String, Value>, config: Option<&LabelConfig>) -> Record {
    let mut record = empty();
    let mut is_after_data = false;
    for (key, value) in fields {
        if key == "id" {
            record.id = value;
            is_after_data = !record.input.is_empty();
        } else if let Some(at) = OF_ANNOTATION.iter().position(|name| *name == key) {
            record.of_annotation[at] = value;
        } else if key == OPTIONAL[0] {
            record.agreement = Some(value);
        } else if is_control(&key, config).unwrap_or(is_after_data || are_spans(&value)) {
            record.output.push((key, value));
        } else {
            record.input.insert(key, value);
        }
    }
    record
}

/// The record of a line of CSV: lists of spans are JSON, and numbers may be those of ids and times.
fn from_cells(cells: Vec<(String, String)>, config: Option<&LabelConfig>) -> Record {
    let mut record = empty();
    let renamed: Vec<String> = cells.iter().filter_map(|(name, _)| Some(name.strip_prefix(DATA)?.to_owned())).collect();
    for (name, cell) in cells {
        if name == "id" {
            record.id = number_or_text(cell);
        } else if let Some(at) = OF_ANNOTATION.iter().position(|key| *key == name) {
            record.of_annotation[at] = number_or_text(cell);
        } else if name == OPTIONAL[0] {
            record.agreement = Some(number_or_text(cell)).filter(|value| !value.is_null());
        } else if name == OPTIONAL[1] {
            record.history = serde_json::from_str(&cell).ok();
        } else if let Some(field) = name.strip_prefix(DATA) {
            record.input.insert(field.to_owned(), cell.into());
        } else {
            let spans = cell.starts_with("[{").then(|| serde_json::from_str(&cell).ok()).flatten();
            let is_spans = spans.as_ref().is_some_and(are_spans) || name == LABEL && cell == "[]";
            let is_output = renamed.contains(&name) || is_control(&name, config).unwrap_or(is_spans);
            match (is_output, spans) {
                (true, Some(spans)) => record.output.push((name, spans)),
                // An annotation without a result of this control.
                (true, None) if cell.is_empty() => {}
                (true, None) => record.output.push((name, choice(cell))),
                (false, _) => {
                    record.input.insert(name, cell.into());
                }
            }
        }
    }
    record
}

fn choice(cell: String) -> Value {
    let list = cell.starts_with('[').then(|| serde_json::from_str(&cell).ok()).flatten();
    list.unwrap_or(Value::String(cell))
}

/// Whether the configuration has a control of this name; `None` without a configuration.
fn is_control(name: &str, config: Option<&LabelConfig>) -> Option<bool> {
    config.map(|config| config.control(name).is_some())
}

fn number_or_text(cell: String) -> Value {
    match serde_json::from_str(&cell) {
        Ok(Value::Number(number)) => Value::Number(number),
        _ if cell.is_empty() => Value::Null,
        _ => Value::String(cell),
    }
}

fn empty() -> Record {
    Record {
        id: Value::Null,
        input: Map::new(),
        output: Vec::new(),
        of_annotation: Default::default(),
        agreement: None,
        history: None,
    }
}
