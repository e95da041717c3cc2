//! Tables with one row for each word: its text, its tag, and in one more column the sentence to which it belongs.
//!
//! Each sentence becomes a row of lists, as data sets of Hugging Face have it, and is read as one.

use serde_json::{Map, Value};

use super::{
    columns::WordColumns,
    records::{Record, Records, name_of, open_quote},
};
use crate::{
    formats::{
        Problem, TagOptions,
        hugging_face::Survey,
        json_items::FirstLines,
        problem::quoted,
        sink::Reading,
        source::{Source, Unreadable},
    },
    spans::tag_form::TagRule,
};

/// Names of the lists of words and of tags, which the reader of rows takes before others.
const TOKENS: &str = "tokens";
const TAGS: &str = "ner_tags";

/// Reads a table twice: how its tags are spelt shows only at the end.
pub(super) fn read(
    source: &dyn Source,
    separator: u8,
    columns: &WordColumns,
    reading: &mut Reading<'_>,
) -> Result<Vec<String>, Unreadable> {
    let mut survey = Survey::default();
    let mut sentences = Sentences::of(source, separator, columns, &reading.options.tags)?;
    while let Some(Sentence { row, .. }) = sentences.next_sentence(reading)? {
        survey.add(&row);
    }
    if columns.sentence.is_none() {
        let message = "no column names the sentences of the words: empty lines are taken for their borders";
        reading.problems.push(Problem::note(message).hint("name a column sentence"));
    }
    let mut rows = match survey.choose(source, reading) {
        Ok(rows) => rows,
        Err(problem) => {
            reading.problems.push(problem);
            return Ok(Vec::new());
        }
    };
    let mut ids = FirstLines::default();
    let mut sentences = Sentences::of(source, separator, columns, &reading.options.tags)?;
    sentences.is_reported = true;
    while let Some(Sentence { line, row }) = sentences.next_sentence(reading)? {
        match rows.read(row, reading) {
            Ok(found) => {
                reading.problems.extend(ids.insert(&found.document.id, line));
                reading.push(found)?;
            }
            Err(problem) => reading.problems.push(problem.at(line)),
        }
    }
    let mut detected = rows.finish("one row per word", reading);
    // The reader of rows knows the columns by other names.
    let [word, tag] = [columns.word, columns.tag].map(|at| quoted(columns.names.get(at).map_or("", String::as_str)));
    let own = [name_of(separator).to_owned(), format!("words in {word}"), format!("tags in {tag}")];
    detected.splice(1..3, own);
    Ok(detected)
}

/// Cells of a column. Tags that are whole numbers stand for names, as in data sets of Hugging Face.
fn cells(rows: &[Record], at: usize, may_be_numbers: bool) -> Value {
    let numbers: Option<Vec<i64>> = rows.iter().map(|row| row.cell(at).parse().ok()).collect();
    numbers.filter(|_| may_be_numbers).map_or_else(|| rows.iter().map(|row| row.cell(at)).collect(), Value::from)
}

/// A sentence: its rows as an object of lists, and the line on which it begins.
struct Sentence {
    line: usize,
    row: Map<String, Value>,
}

/// Sentences of a table, one at a time.
struct Sentences<'a> {
    records: Records<'a>,
    columns: &'a WordColumns,
    /// The record that was read last, if a sentence begins with it.
    next: Option<Record>,
    is_header: bool,
    /// Whether faults of the table were reported before.
    is_reported: bool,
    /// Whether tags are labels alone, also where they are numbers.
    are_labels: bool,
}

impl<'a> Sentences<'a> {
    fn of(
        source: &'a dyn Source,
        separator: u8,
        columns: &'a WordColumns,
        options: &TagOptions,
    ) -> Result<Self, Unreadable> {
        let records = Records::of(source, separator)?;
        let are_labels = options.rule == Some(TagRule::Labels);
        Ok(Self { records, columns, next: None, is_header: columns.has_header, is_reported: false, are_labels })
    }

    /// Reads the next sentence.
    fn next_sentence(&mut self, reading: &mut Reading<'_>) -> Result<Option<Sentence>, Unreadable> {
        let mut rows: Vec<Record> = self.next.take().into_iter().collect();
        let mut record = Record::default();
        while self.records.next_into(&mut record)? {
            if std::mem::take(&mut self.is_header) {
                continue;
            }
            let is_next = !rows.is_empty() && self.begins_sentence(&rows, &record);
            let is_empty = record.cells().all(|cell| cell.trim().is_empty());
            if is_next || (is_empty && !rows.is_empty()) {
                self.next = (!is_empty).then_some(record);
                break;
            }
            if !is_empty {
                rows.push(record.clone());
            }
        }
        let last = rows.last().filter(|last| !self.is_reported && self.records.ends_in_quotes(last));
        reading.problems.extend(last.map(|last| open_quote(last.line)));
        Ok(rows.first().map(|first| Sentence { line: first.line, row: self.row(&rows) }))
    }

    /// Whether a record is not of the sentence of these rows.
    fn begins_sentence(&self, rows: &[Record], record: &Record) -> bool {
        let Some(column) = self.columns.sentence else { return record.follows_empty_line };
        let id = record.cell(column);
        // In some tables only the first row of a sentence has its id.
        !id.is_empty() && rows.first().is_some_and(|first| first.cell(column) != id)
    }

    /// Rows of a sentence as one row of lists, the columns in their order.
    fn row(&self, rows: &[Record]) -> Map<String, Value> {
        let mut lists = Map::new();
        for (at, name) in self.columns.names.iter().enumerate() {
            let entry = if Some(at) == self.columns.sentence {
                ("id", rows.first().map(|first| first.cell(at)).unwrap_or_default().into())
            } else if at == self.columns.word {
                (TOKENS, rows.iter().map(|row| row.raw(at)).collect())
            } else {
                let name = if at == self.columns.tag { TAGS } else { name };
                let is_number = at == self.columns.tag && !self.are_labels;
                (name, cells(rows, at, is_number))
            };
            lists.entry(entry.0).or_insert(entry.1);
        }
        lists
    }
}
