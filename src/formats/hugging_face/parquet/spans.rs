//! Tables with a text and a list of spans in each row.

use parquet::{
    basic::Type as Physical,
    schema::types::{Type, TypePtr},
};
use serde_json::{Map, Value};

use super::table::Table;
use crate::{
    formats::{
        Problem,
        drafts::{status_without_all, take_id},
        offsets::{Offsets, SpanText, StatedSpan},
        problem::{grouped, quoted, with_noun},
        sink::{Found, Reading},
        source::{Source, Unreadable},
    },
    spans::{Document, Status},
};

/// Names of the columns, the usual ones first.
const TEXTS: [&str; 5] = ["text", "sentence", "content", "document", "passage"];
const SPANS: [&str; 5] = ["spans", "entities", "ents", "labels", "annotations"];
/// Names of the parts of a span, the usual ones first.
const STARTS: [&str; 6] = ["start", "start_offset", "start_char", "begin", "char_start", "offset_start"];
const ENDS: [&str; 6] = ["end", "end_offset", "end_char", "stop", "char_end", "offset_end"];
const LABELS: [&str; 6] = ["label", "type", "entity_type", "tag", "entity", "category"];
const COPIES: [&str; 3] = ["text", "word", "entity_text"];

/// Name of the first of these that a column has.
fn among<'f>(fields: impl Iterator<Item = &'f str> + Clone, names: &[&str]) -> Option<&'f str> {
    names.iter().find_map(|name| fields.clone().find(|field| field == name))
}

/// Names of the columns with the text and with the list of spans, if there are both.
pub(super) fn columns_of(fields: &[TypePtr]) -> Option<[&str; 2]> {
    let texts = fields.iter().filter(|field| is_text(field)).map(|field| field.name());
    let lists = fields.iter().filter(|field| has_parts(field)).map(|field| field.name());
    Some([among(texts, &TEXTS)?, among(lists, &SPANS)?])
}

/// Whether a column has one text in each row.
fn is_text(field: &Type) -> bool {
    field.is_primitive() && field.get_physical_type() == Physical::BYTE_ARRAY
}

/// Whether start and end are somewhere in a column.
fn has_parts(field: &Type) -> bool {
    if field.is_primitive() {
        return false;
    }
    let names = field.get_fields().iter().map(|field| field.name());
    (among(names.clone(), &STARTS).is_some() && among(names, &ENDS).is_some())
        || field.get_fields().iter().any(|field| has_parts(field))
}

/// Reads the rows. The table is opened again, because the unit of offsets may need two readings.
pub(super) fn read(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
) -> Result<Vec<String>, Unreadable> {
    let Ok(table) = Table::open(source)? else { return Ok(Vec::new()) };
    let Some([text, spans]) = columns_of(&table.fields) else { return Ok(Vec::new()) };
    let mut number = 0_usize;
    let mut unread = 0_usize;
    let read = table.rows(&mut |row| {
        number += 1;
        match document(row, [text, spans], number, reading, offsets, &mut unread) {
            Ok(found) => reading.push(found),
            Err(what) => {
                reading.problems.push(Problem::error(format!("row {}: {what}", grouped(number))));
                Ok(())
            }
        }
    })?;
    reading.problems.extend(read.err());
    if unread > 0 {
        let spans = with_noun(unread, "span");
        reading.problems.push(Problem::warning(format!("{spans} without start, end or label: left out")));
    }
    let rows = with_noun(reading.documents(), "row");
    let columns = format!("texts in {}, spans in {}", quoted(text), quoted(spans));
    Ok(vec!["Parquet".to_owned(), columns, rows, reading.spans_text()])
}

fn document(
    mut row: Map<String, Value>,
    [text, spans]: [&str; 2],
    number: usize,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
    unread: &mut usize,
) -> Result<Found, String> {
    let Some(Value::String(text)) = row.shift_remove(text) else { return Err(format!("{} is no text", quoted(text))) };
    let stated = row.shift_remove(spans).unwrap_or_default();
    let id = take_id(&mut row, "id").unwrap_or_else(|| reading.next_id());
    let status = if stated.is_null() { Status::Todo } else { Status::Done };
    let mut found = Vec::new();
    let place = SpanText::new(&id, &text).at_line(number);
    let stated = listed(stated);
    let count = stated.len();
    for span in stated {
        let [start, end] = [&STARTS, &ENDS].map(|names| part(&span, names)?.as_u64()?.try_into().ok());
        let label = part(&span, &LABELS).and_then(Value::as_str).filter(|label| !label.is_empty());
        let (Some(start), Some(end), Some(label)) = (start, end, label) else {
            *unread += 1;
            continue;
        };
        let stated = StatedSpan { start, end, text: part(&span, &COPIES).and_then(Value::as_str) };
        if let Some(range) = offsets.place(&place, stated, &mut reading.problems) {
            found.push((range, reading.label(label)));
        }
    }
    let mut document = Document::new(id.clone(), text.clone(), reading.options.grid);
    document.split = reading.options.split;
    document.meta = row.into();
    let status = status_without_all(status, found.len() == count);
    Ok(Found { document, spans: found, status })
}

/// Part of a span by the first of these names that it has.
fn part<'s>(span: &'s Map<String, Value>, names: &[&str]) -> Option<&'s Value> {
    span.get(among(span.keys().map(String::as_str), names)?)
}

/// Spans of a list, which may be kept as lists of their parts.
fn listed(spans: Value) -> Vec<Map<String, Value>> {
    match spans {
        Value::Array(list) => list
            .into_iter()
            .filter_map(|span| match span {
                Value::Object(span) => Some(span),
                _ => None,
            })
            .collect(),
        Value::Object(parts) => {
            let mut spans: Vec<Map<String, Value>> = Vec::new();
            for (name, values) in parts {
                let Value::Array(values) = values else { continue };
                for (at, value) in values.into_iter().enumerate() {
                    if spans.len() <= at {
                        spans.push(Map::new());
                    }
                    if let Some(span) = spans.get_mut(at) {
                        span.insert(name.clone(), value);
                    }
                }
            }
            spans
        }
        _ => Vec::new(),
    }
}
