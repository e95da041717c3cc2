//! `label-studio`: Label Studio's JSON, a list of tasks with annotations, as exported and as imported; and its short formats
//! `label-studio-min`, `label-studio-csv` and `label-studio-tsv`.
//!
//! A document keeps its whole task in `foreign`. Writing changes only the regions of the one annotation that was read, so
//! that the work of other annotators, drafts, relations, predictions and unknown fields are written back unchanged. The
//! offsets in it count code points, whatever the file counted; a region that fits nowhere stays as it was.

pub(super) mod conll;
mod numbers;
mod predictions;
mod read;
mod records;
mod short_read;
mod short_write;
mod task;
mod treebank;
mod write;

pub use predictions::predictions;
use serde::de::Deserialize;
use serde_json::Value;

use super::{
    decode,
    format::{Format, Sample},
    source::Takes,
};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "label-studio",
    about: "Label Studio's JSON: a list of tasks with annotations",
    extensions: &["json"],
    cannot_hold: "the statuses partial and flagged, the split, given words",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(read::read),
    write: Some(write::write),
};

/// What the short formats cannot hold.
const SHORT: &str = "skipped documents, drafts, predictions and relations, the ids of regions, the statuses partial and \
                     flagged, the split, given words";

/// Row of the table of formats.
pub(super) const JSON_MIN: Format = Format {
    name: "label-studio-min",
    about: "Label Studio's JSON_MIN: one object per annotation",
    extensions: &["json"],
    cannot_hold: SHORT,
    keeps_text: true,
    takes: Takes::OneFile,
    detect: detect_min,
    read: Some(short_read::read_json),
    write: Some(short_write::write_json),
};

/// Row of the table of formats.
pub(super) const CSV: Format = Format {
    name: "label-studio-csv",
    about: "Label Studio's CSV: one line per annotation, spans as JSON",
    extensions: &["csv"],
    cannot_hold: SHORT,
    keeps_text: true,
    takes: Takes::OneFile,
    detect: |sample| detect_cells(sample, ','),
    read: Some(short_read::read_csv),
    write: Some(short_write::write_csv),
};

/// Row of the table of formats.
pub(super) const TSV: Format = Format {
    name: "label-studio-tsv",
    about: "Label Studio's TSV: as its CSV, with tabs",
    extensions: &["tsv"],
    cannot_hold: SHORT,
    keeps_text: true,
    takes: Takes::OneFile,
    detect: |sample| detect_cells(sample, '\t'),
    read: Some(short_read::read_tsv),
    write: Some(short_write::write_tsv),
};

/// Accepts a list whose first object has the fields of an annotation beside those of the data.
fn detect_min(sample: &Sample<'_>) -> Option<(u8, String)> {
    let first = sample.text.trim_start().strip_prefix('[')?;
    // A sample ends in the middle of the list, and perhaps of its first object.
    let first = Value::deserialize(&mut serde_json::Deserializer::from_str(first));
    let fields = match &first {
        Ok(Value::Object(fields)) => fields,
        Err(_) if KEYS.iter().all(|key| sample.text.contains(&format!("\"{key}\":"))) => {
            return Some((60, "records with annotators".to_owned()));
        }
        _ => return None,
    };
    if KEYS.iter().all(|key| fields.contains_key(*key)) {
        return Some((95, "records with annotators".to_owned()));
    }
    // Records that another program has put together or cut down, by the form of their spans.
    fields.values().any(are_labelled).then(|| (85, "records with regions".to_owned()))
}

/// Whether a value is a list of spans, each with a list of labels, as no other tool writes them.
fn are_labelled(value: &Value) -> bool {
    let has_labels = |span: &Value| span.get("labels").is_some_and(Value::is_array);
    records::are_spans(value) && value.as_array().is_some_and(|spans| spans.iter().all(has_labels))
}

/// Fields that every record has.
const KEYS: [&str; 3] = ["annotator", "annotation_id", "lead_time"];

/// Accepts a first line that names the columns of all records.
fn detect_cells(sample: &Sample<'_>, delimiter: char) -> Option<(u8, String)> {
    let (_, header) = decode::lines(sample.text).next()?;
    let columns: Vec<&str> = header.split(delimiter).map(|name| name.trim_matches('"')).collect();
    KEYS.iter().all(|key| columns.contains(key)).then(|| (95, "columns of Label Studio".to_owned()))
}

/// Accepts a list of objects, or one object, of Label Studio's form.
/// They have `data` and a list of annotations or predictions.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let start = sample.text.trim_start();
    let tasks = start.starts_with(['[', '{']) && start.contains("\"data\"");
    let results = ["\"annotations\"", "\"predictions\"", "\"completions\""].iter().any(|key| start.contains(key));
    match (tasks, results) {
        (true, true) => Some((90, "tasks with data and annotations".to_owned())),
        (true, false) if start.starts_with('[') => Some((70, "a list of tasks with data".to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod short_tests;
#[cfg(test)]
mod tests;
