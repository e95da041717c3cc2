//! `cas-json`: documents of UIMA as JSON (version 0.4), as INCEpTION exports them, one file for each.
//!
//! A document whose layers are more than named entities, words and sentences keeps all of them in `foreign`; an export
//! changes only the entities.

mod key;
mod read;
mod write;

use super::{
    format::{Format, Sample},
    source::Takes,
};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "cas-json",
    about: "UIMA CAS JSON, as INCEpTION exports it: a file for each document, several in a zip file",
    extensions: &["json", "zip"],
    cannot_hold: "statuses, splits, further fields",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(read::read),
    write: Some(write::write),
};

/// Accepts an object that begins with the keys of the format.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let start = sample.text.trim_start();
    let is_cas = start.starts_with('{') && (start.contains("\"%TYPES\"") || start.contains("\"%FEATURE_STRUCTURES\""));
    is_cas.then(|| (96, "a CAS of UIMA".to_owned()))
}

#[cfg(test)]
mod tests;
