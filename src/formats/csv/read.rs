//! Reader of tables of spans.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use serde_json::{Map, Value};

use super::{
    columns::{Columns, number},
    records::{Record, Records, SAMPLE, head_of, separator_of},
};
use crate::{
    formats::{
        Problem,
        drafts::{Draft, RawSpan},
        offsets::{self, CODE_POINTS_FIRST, Offsets},
        problem::{Problems, quoted, with_noun},
        sink::Reading,
        source::{Source, Unreadable},
    },
    spans::{Split, Status},
};

/// Reads a table. Rows of one document that are apart are put together; then all documents are in memory.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    offsets::read_with_unit(source, reading, CODE_POINTS_FIRST, read_table)
}

fn read_table(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
) -> Result<Vec<String>, Unreadable> {
    let head = head_of(source)?;
    if head.trim().is_empty() {
        return Ok(Vec::new());
    }
    // A table of one column has no separator.
    let separator = separator_of(&head).unwrap_or(b',');
    let columns = match Columns::of(&first_records(source, separator)?, &reading.options.tags) {
        Ok(columns) => columns,
        Err(problem) => {
            reading.problems.push(problem);
            return Ok(Vec::new());
        }
    };
    report_columns(&columns, &mut reading.problems);
    let is_scattered = is_scattered(source, separator, &columns)?;
    let mut table =
        TableReader { columns, pending: Vec::new(), by_id: HashMap::new(), is_scattered, without_status: 0 };
    let mut records = Records::of(source, separator)?;
    let mut record = Record::default();
    let mut is_header = table.columns.has_header;
    while records.next_into(&mut record)? {
        if std::mem::take(&mut is_header) {
            continue;
        }
        table.row(&record, offsets, reading)?;
    }
    if records.ends_in_quotes(&record) {
        let message = "a quote is not closed: the record that begins here has the rest of the file";
        reading.problems.push(Problem::error(message).at(record.line));
    }
    table.push_all(offsets, reading)?;
    Ok(table.finish(separator, reading))
}

fn first_records(source: &dyn Source, separator: u8) -> Result<Vec<Record>, Unreadable> {
    let mut records = Records::of(source, separator)?;
    let mut list = Vec::new();
    let mut record = Record::default();
    while list.len() < SAMPLE && records.next_into(&mut record)? {
        list.push(record.clone());
    }
    Ok(list)
}

/// Notes which columns were taken for what, where their names do not say it.
fn report_columns(columns: &Columns, problems: &mut Problems) {
    if columns.has_header {
        return;
    }
    let mut parts = vec![format!("{} for the text", columns.text + 1)];
    parts.extend(columns.id.map(|at| format!("{} for the id", at + 1)));
    let names = ["start", "end", "label"];
    let span = columns.span.into_iter().flatten().zip(names);
    parts.extend(span.map(|(at, name)| format!("{} for {name}", at + 1)));
    let message = format!("the table has no header; columns were taken by what they hold: {}", parts.join(", "));
    problems.push(Problem::note(message).hint("a first line with doc_id,start,end,label,text,document names them"));
}

/// Whether rows of one document are apart, with those of others between them.
fn is_scattered(source: &dyn Source, separator: u8, columns: &Columns) -> Result<bool, Unreadable> {
    let (Some(id), Some(_)) = (columns.id, columns.span) else { return Ok(false) };
    let hasher = RandomState::new();
    let mut ended = HashSet::new();
    let mut current = None;
    let mut records = Records::of(source, separator)?;
    let mut record = Record::default();
    while records.next_into(&mut record)? {
        let key = hasher.hash_one(record.raw(id));
        if current == Some(key) {
            continue;
        }
        ended.extend(current.replace(key));
        if ended.contains(&key) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Document whose rows are being read.
struct Pending {
    draft: Draft,
    /// Line of its first row.
    line: usize,
    has_text: bool,
    has_status: bool,
}

struct TableReader {
    columns: Columns,
    /// The document that is being read; all of them in a table whose rows are scattered.
    pending: Vec<Pending>,
    /// Indices of documents by id, in a table whose rows are scattered.
    by_id: HashMap<String, usize>,
    is_scattered: bool,
    /// Documents that are done because they have spans and no status.
    without_status: usize,
}

impl TableReader {
    /// Reads a row, and hands over the document before it if the row begins another one.
    fn row(&mut self, record: &Record, offsets: &mut Offsets, reading: &mut Reading<'_>) -> Result<(), Unreadable> {
        let expected = self.columns.names.len();
        if record.cells().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        if record.len() != expected {
            let message = format!("{} instead of {expected}", with_noun(record.len(), "column"));
            let hint = "a cell with a separator, a quote or a line end must be in quotes";
            let problem = Problem::error(message).at(record.line).hint(hint);
            // Missing cells at the end are empty; a row with more cells was cut in the wrong places.
            if record.len() > expected || record.len() <= self.columns.text.min(self.last_of_span()) {
                reading.problems.push(problem);
                return Ok(());
            }
        }
        let at = match self.find(record) {
            Some(at) => at,
            None => {
                if !self.is_scattered {
                    self.push_all(offsets, reading)?;
                }
                self.begin(record, reading)
            }
        };
        if let Some(pending) = self.pending.get_mut(at) {
            add_span(&self.columns, record, &mut pending.draft, &mut reading.problems);
        }
        Ok(())
    }

    fn last_of_span(&self) -> usize {
        self.columns.span.and_then(|span| span.into_iter().max()).unwrap_or(usize::MAX)
    }

    /// The document to which a row belongs, if it was begun.
    fn find(&mut self, record: &Record) -> Option<usize> {
        self.columns.span?;
        let text = record.raw(self.columns.text);
        let at = match self.columns.id {
            Some(id) if self.is_scattered => *self.by_id.get(record.raw(id))?,
            Some(id) => {
                let at = self.pending.len().checked_sub(1)?;
                let known = self.pending.get(at)?.draft.id.as_deref();
                (known == Some(record.raw(id)) && known != Some("")).then_some(at)?
            }
            // Without ids the rows of a document have its text, or none.
            None => self.pending.len().checked_sub(1)?,
        };
        let pending = self.pending.get_mut(at)?;
        if !pending.has_text && !text.is_empty() {
            pending.has_text = true;
            text.clone_into(&mut pending.draft.text);
        }
        (text.is_empty() || pending.draft.text == text).then_some(at)
    }

    /// Begins the document of a row.
    fn begin(&mut self, record: &Record, reading: &mut Reading<'_>) -> usize {
        let columns = &self.columns;
        let text = record.raw(columns.text);
        let id = columns.id.map(|id| record.raw(id).to_owned()).filter(|id| !id.is_empty());
        let mut draft = Draft { id: id.clone(), text: text.to_owned(), ..Draft::default() };
        let status = columns.status.map(|at| record.cell(at)).filter(|status| !status.is_empty());
        let known = status.map(|name| Status::ALL.iter().copied().find(|status| status.name() == name));
        if let (Some(None), Some(name)) = (known, status) {
            let names = Status::ALL.iter().map(|status| status.name()).collect::<Vec<_>>().join(", ");
            let problem = Problem::warning(format!("unknown status {}: read as todo", quoted(name)));
            reading.problems.push(problem.at(record.line).hint(format!("use one of {names}")));
        }
        draft.status = known.flatten().unwrap_or_default();
        draft.split = columns.split.and_then(|at| record.cell(at).parse::<Split>().ok());
        let others = columns.others().filter(|(at, _)| !record.cell(*at).is_empty());
        draft.meta =
            others.map(|(at, name)| (name.to_owned(), Value::from(record.raw(at)))).collect::<Map<_, _>>().into();
        let at = self.pending.len();
        if let Some(id) = id.filter(|_| self.is_scattered) {
            self.by_id.insert(id, at);
        }
        let has_status = status.is_some();
        self.pending.push(Pending { draft, line: record.line, has_text: !text.is_empty(), has_status });
        at
    }

    /// Hands over the documents that were read.
    fn push_all(&mut self, offsets: &mut Offsets, reading: &mut Reading<'_>) -> Result<(), Unreadable> {
        for Pending { mut draft, line, has_text, has_status } in std::mem::take(&mut self.pending) {
            if !has_text && !draft.spans.is_empty() {
                let id = draft.id.as_deref().unwrap_or_default();
                let message = format!("document {}: no row has its text", quoted(id));
                let name = self.columns.names.get(self.columns.text).map_or("", String::as_str);
                let hint = format!("its first row needs it in the column {}", quoted(name));
                reading.problems.push(Problem::error(message).at(line).hint(hint));
                continue;
            }
            let has_spans = !draft.spans.is_empty() || draft.is_incomplete;
            if !has_status && has_spans {
                draft.status = Status::Done;
                self.without_status += 1;
            }
            let found = draft.place(offsets, line, reading);
            reading.push(found)?;
        }
        self.by_id.clear();
        Ok(())
    }

    fn finish(self, separator: u8, reading: &mut Reading<'_>) -> Vec<String> {
        if self.without_status > 0 {
            let documents = with_noun(self.without_status, "document");
            let message = format!("{documents} with spans and no status: done, as the spans are taken for complete");
            reading.problems.push(Problem::note(message).hint("a column `status` with partial in it says otherwise"));
        }
        let separator = match separator {
            b'\t' => "tab",
            b';' => "semicolon",
            b'|' => "bar",
            _ => "comma",
        };
        let kind = if self.columns.span.is_some() { "one row per span" } else { "one row per text" };
        vec![
            kind.to_owned(),
            separator.to_owned(),
            if self.columns.has_header { "one header line" } else { "no header" }.to_owned(),
            with_noun(reading.documents(), "document"),
            reading.spans_text(),
        ]
    }
}

/// Adds the span of a row, if it has one.
fn add_span(columns: &Columns, record: &Record, draft: &mut Draft, problems: &mut Problems) {
    let Some([start, end, label]) = columns.span else { return };
    let cells = [start, end, label].map(|at| record.cell(at));
    if cells.iter().all(|cell| cell.is_empty()) {
        return;
    }
    let [start_cell, end_cell, label_cell] = cells;
    match (number(start_cell), number(end_cell)) {
        (Some(start), Some(end)) if !label_cell.is_empty() => {
            let text = columns.span_text.map(|at| record.raw(at)).filter(|text| !text.is_empty()).map(str::to_owned);
            draft.spans.push(RawSpan { start, end, label: record.raw(label).to_owned(), text });
        }
        _ => {
            let shown = quoted(&format!("{start_cell}, {end_cell}, {label_cell}"));
            let message = format!("not the start, end and label of a span: {shown}: left out");
            problems.push(Problem::warning(message).at(record.line));
            draft.is_incomplete = true;
        }
    }
}
