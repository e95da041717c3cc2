//! Reader of tables of spans.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use serde_json::Value;

use super::{
    columns::{Columns, NoColumns, number},
    records::{Record, Records, SAMPLE, head_of, name_of, open_quote, separator_of},
    word_rows,
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
    spans::{Meta, Split, Status},
};

/// A table whose columns are known.
struct Table {
    separator: u8,
    columns: Columns,
    /// Whether rows of one document are apart, with those of others between them.
    is_scattered: bool,
}

/// Reads a table. Rows of one document that are apart are put together; then all documents are in memory.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let head = head_of(source)?;
    if head.trim().is_empty() {
        return Ok(Vec::new());
    }
    // A table of one column has no separator.
    let separator = separator_of(&head).unwrap_or(b',');
    let first = first_records(source, separator)?;
    let columns = match Columns::of(&first, &reading.options.tags) {
        Ok(columns) => columns,
        Err(NoColumns::Words(words)) => return word_rows::read(source, separator, &words, reading),
        Err(NoColumns::Unknown(problem)) => {
            reading.problems.push(problem);
            return Ok(Vec::new());
        }
    };
    report_columns(&columns, &mut reading.problems);
    let is_scattered = is_scattered(source, separator, &columns)?;
    let table = Table { separator, columns, is_scattered };
    offsets::read_with_unit(source, reading, CODE_POINTS_FIRST, |source, reading, offsets| {
        read_rows(&table, source, reading, offsets)
    })
}

fn read_rows(
    table: &Table,
    source: &dyn Source,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
) -> Result<Vec<String>, Unreadable> {
    let mut rows = RowReader::new(&table.columns, table.is_scattered);
    let mut records = Records::of(source, table.separator)?;
    let mut record = Record::default();
    let mut is_header = table.columns.has_header;
    while records.next_into(&mut record)? {
        if std::mem::take(&mut is_header) {
            continue;
        }
        rows.row(&record, offsets, reading)?;
    }
    if records.ends_in_quotes(&record) {
        reading.problems.push(open_quote(record.line));
    }
    rows.push_all(offsets, reading)?;
    Ok(rows.finish(table.separator, reading))
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

/// Number of things, and the first of them.
#[derive(Default)]
struct Counted {
    count: usize,
    first: String,
}

impl Counted {
    fn add(&mut self, thing: &str) {
        if self.count == 0 {
            thing.clone_into(&mut self.first);
        }
        self.count += 1;
    }
}

struct RowReader<'c> {
    columns: &'c Columns,
    /// The document that is being read; all of them in a table whose rows are scattered.
    pending: Vec<Pending>,
    /// Indices of documents by id, in a table whose rows are scattered.
    by_id: HashMap<String, usize>,
    is_scattered: bool,
    /// Documents that are done because they have spans and no status.
    without_status: usize,
    /// Unknown splits.
    splits: Counted,
    /// Columns in which a row says otherwise than the rows of its document before.
    differing: Counted,
}

impl<'c> RowReader<'c> {
    fn new(columns: &'c Columns, is_scattered: bool) -> Self {
        Self {
            columns,
            pending: Vec::new(),
            by_id: HashMap::new(),
            is_scattered,
            without_status: 0,
            splits: Counted::default(),
            differing: Counted::default(),
        }
    }

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
                self.begin(record)
            }
        };
        if let Some(pending) = self.pending.get_mut(at) {
            add_span(self.columns, record, &mut pending.draft, &mut reading.problems);
        }
        self.add_fields(at, record, &mut reading.problems);
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
    fn begin(&mut self, record: &Record) -> usize {
        let text = record.raw(self.columns.text);
        let id = self.columns.id.map(|id| record.raw(id).to_owned()).filter(|id| !id.is_empty());
        let draft = Draft { id: id.clone(), text: text.to_owned(), ..Draft::default() };
        let at = self.pending.len();
        if let Some(id) = id.filter(|_| self.is_scattered) {
            self.by_id.insert(id, at);
        }
        self.pending.push(Pending { draft, line: record.line, has_text: !text.is_empty(), has_status: false });
        at
    }

    /// Adds what a row says of its document: status, split and further columns. The first row that says it counts.
    fn add_fields(&mut self, at: usize, record: &Record, problems: &mut Problems) {
        let Self { columns, pending, splits, differing, .. } = self;
        let Some(Pending { draft, has_status, .. }) = pending.get_mut(at) else { return };
        if let Some((name, column)) =
            columns.status.map(|at| (record.cell(at), at)).filter(|(name, _)| !name.is_empty())
        {
            let status = Status::ALL.iter().copied().find(|status| status.name() == name);
            match status {
                Some(status) if *has_status && status != draft.status => differing.add(columns.name(column)),
                Some(status) => draft.status = status,
                None => add_unknown_status(name, record.line, &mut draft.meta, problems),
            }
            *has_status = true;
        }
        if let Some((name, column)) = columns.split.map(|at| (record.cell(at), at)).filter(|(name, _)| !name.is_empty())
        {
            match (name.parse::<Split>().ok(), draft.split) {
                (Some(split), Some(before)) if split != before => differing.add(columns.name(column)),
                (Some(split), _) => draft.split = Some(split),
                (None, _) => {
                    let is_new = draft.meta.insert("split".to_owned(), Value::from(name)).is_none();
                    if is_new {
                        splits.add(name);
                    }
                }
            }
        }
        for (column, name) in columns.others() {
            let cell = record.raw(column);
            if cell.trim().is_empty() {
                continue;
            }
            match draft.meta.get(name) {
                Some(before) if before.as_str() != Some(cell) => differing.add(name),
                Some(_) => {}
                None => _ = draft.meta.insert(name.to_owned(), Value::from(cell)),
            }
        }
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
            let is_assumed = !has_status && has_spans;
            if is_assumed {
                draft.status = Status::Done;
            }
            let found = draft.place(offsets, line, reading);
            self.without_status += usize::from(is_assumed && found.status == Status::Done);
            reading.push(found)?;
        }
        self.by_id.clear();
        Ok(())
    }

    fn finish(self, separator: u8, reading: &mut Reading<'_>) -> Vec<String> {
        if self.splits.count > 0 {
            let documents = with_noun(self.splits.count, "document");
            let message = format!("{documents} with an unknown split, such as {}", quoted(&self.splits.first));
            let hint = "it is kept in meta; train, valid and test are read as splits";
            reading.problems.push(Problem::warning(message).hint(hint));
        }
        if self.differing.count > 0 {
            let cells = with_noun(self.differing.count, "cell");
            let message = format!(
                "{cells} with another value than an earlier row of the document, such as in the column {}: not kept",
                quoted(&self.differing.first)
            );
            reading.problems.push(Problem::warning(message));
        }
        if self.without_status > 0 {
            let documents = with_noun(self.without_status, "document");
            let message = format!("{documents} with spans and no status: done, as the spans are taken for complete");
            reading.problems.push(Problem::note(message).hint("a column `status` with partial in it says otherwise"));
        }
        let kind = if self.columns.span.is_some() { "one row per span" } else { "one row per text" };
        vec![
            kind.to_owned(),
            name_of(separator).to_owned(),
            if self.columns.has_header { "one header line" } else { "no header" }.to_owned(),
            with_noun(reading.documents(), "document"),
            reading.spans_text(),
        ]
    }
}

/// Keeps a status that is none of ours, and reports it for the first row of its document.
fn add_unknown_status(name: &str, line: usize, meta: &mut Meta, problems: &mut Problems) {
    if meta.insert("status".to_owned(), Value::from(name)).is_none() {
        let names = Status::ALL.iter().map(|status| status.name()).collect::<Vec<_>>().join(", ");
        let problem = Problem::warning(format!("unknown status {}: read as todo, and kept in meta", quoted(name)));
        problems.push(problem.at(line).hint(format!("use one of {names}")));
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
