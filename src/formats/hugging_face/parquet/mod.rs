//! `parquet`: tables of Hugging Face's `datasets`, with columns of words and tags, or of texts and spans.
//!
//! A group of rows is in memory at a time. Rows go as JSON objects through the same readers as those of `hf-jsonl`; numbers
//! of classes get their names from the description that `datasets` keeps in the file.

mod pages;
mod spans;
mod table;
mod thrift;
mod values;
mod write;

use self::table::{MAGIC, Table};
use super::rows::Survey;
use crate::formats::{
    Problem,
    format::{Format, Sample},
    offsets::{self, CODE_POINTS_FIRST},
    problem::{first_names, grouped, quoted},
    sink::Reading,
    source::{Source, Takes, Unreadable},
};

/// Row of the table of formats.
pub(in crate::formats) const FORMAT: Format = Format {
    name: "parquet",
    about: "Hugging Face's tables in Parquet: tokens and ner_tags with the names of their classes",
    extensions: &["parquet"],
    cannot_hold: "the same as hf-jsonl",
    keeps_text: false,
    takes: Takes::OneFile,
    detect,
    read: Some(read),
    write: Some(write::write),
};

fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    sample.bytes.starts_with(MAGIC).then(|| (98, "the first four bytes".to_owned()))
}

fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let table = match Table::open(source)? {
        Ok(table) => table,
        Err(fault) => {
            reading.problems.push(Problem::error(format!("the table cannot be read: {fault}")));
            return Ok(Vec::new());
        }
    };
    if !table.skipped.is_empty() {
        let list = first_names(table.skipped.iter().map(|name| quoted(name)));
        reading
            .problems
            .push(Problem::note(format!("columns that are no text, numbers or lists of them are not kept: {list}")));
    }
    if table.is_empty() {
        return Ok(vec!["Parquet".to_owned(), "no rows".to_owned()]);
    }
    if spans::columns_of(&table.fields).is_some() {
        return offsets::read_with_unit(source, reading, CODE_POINTS_FIRST, spans::read);
    }
    let mut survey = Survey::default();
    if let Err(fault) = table.rows(&mut |row| {
        survey.add(&row);
        Ok(())
    })? {
        reading.problems.push(fault);
    }
    let mut rows = match survey.choose(source, reading) {
        Ok(rows) => rows,
        Err(problem) => {
            reading.problems.push(problem);
            return Ok(Vec::new());
        }
    };
    let mut number = 0_usize;
    // The first reading has reported what cannot be read.
    let _ = table.rows(&mut |row| {
        number += 1;
        match rows.read(row, reading) {
            Ok(found) => reading.push(found),
            Err(problem) => {
                let message = format!("row {}: {}", grouped(number), problem.message);
                reading.problems.push(Problem { message, ..problem });
                Ok(())
            }
        }
    })?;
    Ok(rows.finish("Parquet", reading))
}

#[cfg(test)]
mod tests;
