//! Readers of the records of JSON_MIN, CSV and TSV.
//!
//! The records of a task follow each other, one for each annotation; they become a task, which is read as any other.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    read::{TaskReader, each_value},
    records::{self, DATA, OF_ANNOTATION, OPTIONAL, Record, are_spans},
    short_write::LABEL,
};
use crate::formats::{
    LabelConfig, Problem,
    csv::records::{Record as Row, Records as Rows},
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
    let notes = each_value(source, &mut |value, line| reader.add_json(value, line))?;
    notes.report(&mut reader.tasks.reading.problems);
    reader.finish("Label Studio's JSON_MIN")
}

fn read_cells(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
    delimiter: u8,
) -> Result<Vec<String>, Unreadable> {
    let columns = Columns::of(source, delimiter, reading.options.config.as_ref())?;
    let mut reader = RecordReader::new(reading, offsets);
    let (mut rows, mut row) = (Rows::with_quotes(source, delimiter)?, Row::default());
    // The header, of which the columns were made.
    rows.next_into(&mut row)?;
    while rows.next_into(&mut row)? {
        if row.len() == columns.list.len() {
            reader.add(columns.record(&row), row.line)?;
        } else {
            let message = format!("{} cells where the header names {}", row.len(), columns.list.len());
            let hint = "a cell with line ends or quotes must be in quotes; quotes in it are doubled";
            reader.tasks.reading.problems.push(Problem::error(message).at(row.line).hint(hint));
        }
    }
    if rows.ends_in_quotes(&row) {
        let message = "a quote is not closed: the record that begins here has the rest of the file";
        reader.tasks.reading.problems.push(Problem::error(message).at(row.line));
    }
    reader.finish(if delimiter == b'\t' { "Label Studio's TSV" } else { "Label Studio's CSV" })
}

/// Columns of a table.
struct Columns {
    /// Meanings and names.
    list: Vec<(Column, String)>,
    /// Whether numbers are without quotes in this file, as the converter writes them: a number in quotes is a text.
    has_bare_numbers: bool,
}

/// Content of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// Id of the task.
    Id,
    /// Value of the annotation, by its index in [`OF_ANNOTATION`].
    OfAnnotation(usize),
    Agreement,
    History,
    /// Results of a control.
    Control,
    /// Field of the data.
    Data,
}

impl Columns {
    /// Finds out what the columns of a table contain, which all of its rows show together: a cell of a control may be empty.
    fn of(source: &dyn Source, delimiter: u8, config: Option<&LabelConfig>) -> Result<Self, Unreadable> {
        let (mut rows, mut row) = (Rows::with_quotes(source, delimiter)?, Row::default());
        rows.next_into(&mut row)?;
        let names: Vec<String> = row.cells().map(str::to_owned).collect();
        let mut values = vec![CellValues::default(); names.len()];
        let has_quotes = (0..row.len()).all(|at| row.is_quoted(at));
        let mut has_bare_numbers = false;
        while rows.next_into(&mut row)? {
            if row.len() == names.len() {
                let mut cells = row.cells().enumerate();
                has_bare_numbers = has_bare_numbers
                    || has_quotes && cells.any(|(at, cell)| !row.is_quoted(at) && number_or_text(cell).is_number());
                values.iter_mut().zip(row.cells()).for_each(|(values, cell)| values.add(cell));
            }
        }
        let renamed: HashSet<String> =
            names.iter().filter_map(|name| Some(name.strip_prefix(DATA)?.to_owned())).collect();
        let columns = names.into_iter().zip(values).map(|(name, values)| {
            if let Some(field) = name.strip_prefix(DATA) {
                return (Column::Data, field.to_owned());
            }
            let is_control = renamed.contains(&name)
                || is_control(&name, config).unwrap_or(values.has_spans || name == LABEL && !values.has_others);
            (column_of(&name).unwrap_or(if is_control { Column::Control } else { Column::Data }), name)
        });
        Ok(Self { list: columns.collect(), has_bare_numbers })
    }

    /// The value of a cell that holds an id or a time.
    fn value(&self, row: &Row, at: usize, cell: &str) -> Value {
        if self.has_bare_numbers && row.is_quoted(at) && !cell.is_empty() { cell.into() } else { number_or_text(cell) }
    }

    /// Record of a row. Lists of spans are JSON, and numbers may be those of ids and times.
    fn record(&self, row: &Row) -> Record {
        let mut record = empty();
        for ((place, (column, name)), cell) in self.list.iter().enumerate().zip(row.cells()) {
            match *column {
                Column::Id => record.id = self.value(row, place, cell),
                // The converter puts the number of an annotator in quotes, too.
                Column::OfAnnotation(0) => record.of_annotation[0] = number_or_text(cell),
                Column::OfAnnotation(at) => record.of_annotation[at] = self.value(row, place, cell),
                Column::Agreement => {
                    record.agreement = Some(self.value(row, place, cell)).filter(|value| !value.is_null());
                }
                Column::History => record.history = serde_json::from_str(cell).ok(),
                // An annotation without a result of this control.
                Column::Control if cell.is_empty() => {}
                Column::Control => record.output.push((name.clone(), result(cell))),
                Column::Data => _ = record.input.insert(name.clone(), cell.into()),
            }
        }
        record
    }
}

/// The column of this name, if it is neither one of the data nor one of a control.
fn column_of(name: &str) -> Option<Column> {
    if let Some(at) = OF_ANNOTATION.iter().position(|key| *key == name) {
        return Some(Column::OfAnnotation(at));
    }
    match name {
        "id" => Some(Column::Id),
        _ if name == OPTIONAL[0] => Some(Column::Agreement),
        _ if name == OPTIONAL[1] => Some(Column::History),
        _ => None,
    }
}

/// Values of the cells of a column.
#[derive(Clone, Default)]
struct CellValues {
    /// Whether a cell is a list of spans.
    has_spans: bool,
    /// Whether a cell is neither a list of spans, nor an empty list, nor empty.
    has_others: bool,
}

impl CellValues {
    fn add(&mut self, cell: &str) {
        if self.has_spans || self.has_others && !cell.starts_with("[{") {
            return;
        }
        let is_spans = cell.starts_with("[{") && serde_json::from_str(cell).is_ok_and(|list| are_spans(&list));
        self.has_spans = is_spans;
        self.has_others |= !is_spans && !matches!(cell, "" | "[]");
    }
}

struct RecordReader<'a, 'b> {
    tasks: TaskReader<'a, 'b>,
    /// Records of the last task, which may go on.
    open: Vec<Record>,
    /// Ids of their annotations as JSON.
    open_ids: HashSet<String>,
    /// Line of the first of them.
    line: usize,
    number: usize,
}

impl<'a, 'b> RecordReader<'a, 'b> {
    fn new(reading: &'a mut Reading<'b>, offsets: &'a mut Offsets) -> Self {
        let tasks = TaskReader::new(reading, offsets);
        Self { tasks, open: Vec::new(), open_ids: HashSet::new(), line: 0, number: 0 }
    }

    fn config(&self) -> Option<&'b LabelConfig> {
        self.tasks.reading.options.config.as_ref()
    }

    fn add_json(&mut self, value: Result<Value, Problem>, line: usize) -> Result<(), Unreadable> {
        self.number += 1;
        let problem = match value {
            Ok(Value::Object(fields)) => return self.add(from_json(fields, self.config()), line),
            Ok(value) => {
                let shown = quoted(&value.to_string());
                Problem::error(format!("record {} of the list is not an object: {shown}", self.number)).at(line)
            }
            Err(problem) => problem,
        };
        self.tasks.reading.problems.push(problem);
        Ok(())
    }

    fn add(&mut self, record: Record, line: usize) -> Result<(), Unreadable> {
        let id = Some(&record.of_annotation[1]).filter(|id| !id.is_null()).map(Value::to_string);
        if !self.goes_on(&record, id.as_deref()) {
            self.close()?;
            self.line = line;
        }
        self.open_ids.extend(id);
        self.open.push(record);
        Ok(())
    }

    /// Whether a record with this id of its annotation is another annotation of the task whose records are open.
    fn goes_on(&self, record: &Record, id: Option<&str>) -> bool {
        let Some((first, id)) = self.open.first().zip(id) else { return false };
        // Of a record without an id of its annotation, no other is known to be of the same task.
        let have_ids = self.open_ids.len() == self.open.len();
        have_ids && !self.open_ids.contains(id) && first.id == record.id && first.input == record.input
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        self.open_ids.clear();
        if self.open.is_empty() {
            return Ok(());
        }
        let task = records::task(std::mem::take(&mut self.open), self.config());
        self.tasks.add(task, self.line)
    }

    fn finish(mut self, kind: &str) -> Result<Vec<String>, Unreadable> {
        self.close()?;
        Ok(self.tasks.finish(kind))
    }
}

/// The record of an object of JSON_MIN.
///
/// Label Studio writes the data, then the id, then the results by control. Where the id comes first, an object was put
/// together by another program, or the data has an id, and only lists of spans are results.
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
    if config.is_none() {
        move_data_back(&mut record);
    }
    record
}

/// Moves fields from the results to the data if its text is among them: then the data has an id, in whose place the id of the
/// task was written, and what is between it and the first list of spans is data, too.
fn move_data_back(record: &mut Record) {
    let data = record.output.iter().position(|(_, value)| value.is_array() || value.is_object());
    let data = data.unwrap_or(record.output.len());
    let names_text = record.output.iter().take(data).any(|(key, value)| key == TEXT && value.is_string());
    let has_text = record.input.get(TEXT).is_some_and(Value::is_string)
        || !names_text && record.input.values().any(Value::is_string);
    if !has_text {
        record.input.extend(record.output.drain(..data));
    }
}

/// Field of the data with the text, if no configuration names it.
const TEXT: &str = "text";

/// Results of a control in a cell: a list, or a choice or text alone.
fn result(cell: &str) -> Value {
    let list = cell.starts_with('[').then(|| serde_json::from_str(cell).ok()).flatten();
    list.unwrap_or_else(|| cell.into())
}

/// Whether the configuration has a control of this name; `None` without a configuration.
fn is_control(name: &str, config: Option<&LabelConfig>) -> Option<bool> {
    config.map(|config| config.control(name).is_some())
}

fn number_or_text(cell: &str) -> Value {
    match serde_json::from_str(cell) {
        Ok(Value::Number(number)) => Value::Number(number),
        _ if cell.is_empty() => Value::Null,
        _ => cell.into(),
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
