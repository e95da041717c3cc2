//! `csv`: a table with one row for each span, as spreadsheets and pandas have it.
//!
//! `doc_id,start,end,label,text,document,status,split`: `text` has the span, `document` the whole document, in
//! its first row only. Offsets count code points. Tables with other names and orders of columns are read, and tables of texts
//! without spans; the columns are known by their names and by what they hold. Tables with one row for each word are read, too.

mod columns;
mod read;
pub(super) mod records;
mod word_rows;
mod write;

use super::{
    TagOptions,
    format::{Format, Sample},
    source::Takes,
};
use columns::{Columns, NoColumns};
use records::{Record, Records, SAMPLE};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "csv",
    about: "a table with one row for each span: doc_id, start, end, label, text",
    extensions: &["csv"],
    cannot_hold: "given words, further fields",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(read::read),
    write: Some(write::write),
};

/// Accepts a table with the columns of spans; with the extension, any table.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let is_named = matches!(sample.extension.as_str(), "csv" | "tsv");
    let Some(separator) = records::separator_of(sample.text) else {
        return (sample.extension == "csv" && !sample.text.trim().is_empty())
            .then(|| (40, "a name that ends in .csv".to_owned()));
    };
    let source = sample.text.as_bytes();
    let mut input = Records::of(&source, separator).ok()?;
    let mut rows = Vec::new();
    let mut row = Record::default();
    while rows.len() < SAMPLE && input.next_into(&mut row).ok()? {
        rows.push(row.clone());
    }
    // Label Studio's tables have spans as JSON in a cell.
    if rows.iter().any(|row| row.cells().any(|cell| cell.starts_with("[{\""))) {
        return None;
    }
    match Columns::of(&rows, &TagOptions::default()) {
        Ok(columns) if columns.span.is_some() => {
            let confidence = if columns.has_header { 88 } else { 60 };
            Some((confidence, "a table with start, end and label of spans".to_owned()))
        }
        Err(NoColumns::Words(words)) if is_named && words.has_header => {
            Some((70, "a table with a row for each word and its tag".to_owned()))
        }
        Ok(columns) if is_named && columns.has_header => Some((60, "a table with a column of texts".to_owned())),
        _ => (sample.extension == "csv").then(|| (40, "a name that ends in .csv".to_owned())),
    }
}

#[cfg(test)]
mod tests;
