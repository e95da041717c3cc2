//! `conllu`: CoNLL-U, the format of Universal Dependencies.
//!
//! A word has ten columns; entities are tags in the last one, `MISC`, under a key such as `name`, `NE` or `NER`. The key is
//! found by the values. A sentence that has more than words and tags is kept with its document, so that writing changes
//! nothing but the tags.

mod entities;
mod read;
mod rows;
#[cfg(test)]
mod tests;
mod write;

use super::{
    super::{
        decode,
        format::{Format, Sample},
        source::Takes,
    },
    row_id::RowId,
};
use rows::COLUMNS;

/// Row of the table of formats.
pub(in crate::formats) const FORMAT: Format = Format {
    name: "conllu",
    about: "CoNLL-U: ten columns, entities as tags in MISC (name=B-Dish)",
    extensions: &["conllu"],
    cannot_hold: "half-word, nested and overlapping spans, statuses, the split",
    keeps_text: false,
    takes: Takes::OneFile,
    detect,
    read: Some(read::read),
    write: Some(write::write),
};

/// Lines from which they show the format.
const FEWEST: usize = 3;

/// Accepts lines with ten columns and a word number, whose last column has keys or nothing.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let lines = decode::lines(sample.text)
        .map(|(_, line)| line)
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let mut all = 0;
    let mut fitting = 0;
    let mut with_key = 0;
    for line in lines {
        all += 1;
        let mut cells = line.split('\t');
        let number = cells.next().and_then(RowId::read);
        let misc = cells.clone().nth(COLUMNS - 2).unwrap_or_default();
        let is_fitting = number.is_some() && cells.count() == COLUMNS - 1 && (misc == "_" || misc.contains('='));
        fitting += usize::from(is_fitting);
        with_key += usize::from(is_fitting && misc.contains('='));
    }
    let is_enough = all >= FEWEST || with_key > 0 || sample.extension == "conllu";
    let is_most = fitting > 0 && fitting * 10 >= all * 9;
    (is_enough && is_most).then(|| (92, "word numbers, ten columns and MISC".to_owned()))
}
