//! `spacy-json`: JSON of spaCy, of versions 2 and 3.
//!
//! Read: examples `["text", {"entities": [[0, 5, "Dish"]]}]` as lists and as lines, the JSON of `Doc.to_json`, and the
//! training data of version 2 (`paragraphs`, `sentences`, `tokens`). Written: a list of examples, one on each line, as both
//! versions train from it. Offsets count code points.

mod kind;
mod read;
mod write;

use super::{
    drafts,
    format::{Format, Sample},
    json_items::{JsonItems, JsonNotes},
    source::Takes,
};
use kind::{Kind, kind_of};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "spacy-json",
    about: "spaCy's JSON: [text, {entities: [[start, end, label]]}]",
    extensions: &["json"],
    cannot_hold: "ids, statuses, splits, given words, further fields",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(drafts::read::<read::Examples>),
    write: Some(write::write),
};

/// Accepts values whose first is one of spaCy's.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let source = sample.text.as_bytes();
    let mut items = JsonItems::of(&source).ok()?;
    let value = items.next_item().ok()??.value(&mut JsonNotes::default());
    let Ok(value) = value else {
        // A value that is longer than the sample.
        let is_likely = sample.text.contains("\"paragraphs\"") && sample.text.contains("\"sentences\"");
        return is_likely.then(|| (80, "the keys of spaCy's training data".to_owned()));
    };
    let why = match kind_of(&value)? {
        Kind::Example | Kind::Wrapped => "texts with entities, as spaCy is trained",
        Kind::Doc => "objects with text and ents, as spaCy writes a Doc",
        Kind::Paragraphs => "training data of spaCy 2",
    };
    Some((93, why.to_owned()))
}

#[cfg(test)]
mod tests;
