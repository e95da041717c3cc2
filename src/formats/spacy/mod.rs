//! `spacy`: spaCy's binary collection of documents (`DocBin`), a `.spacy` file.
//!
//! It is MessagePack packed by zlib: a table of 64-bit numbers with one row for each token, and the strings whose numbers
//! they are. Spans are the entities of a document, and those that overlap another are in its span group `sc`, where spaCy's
//! span categorizer expects them. Spans that end inside a word cut the token there, so that none is lost.

mod parts;
mod read;
mod strings;
mod values;
mod write;

use std::io::Read as _;

use super::{
    format::{Format, Sample},
    source::Takes,
};
use flate2::read::ZlibDecoder;

pub(super) use parts::OVERLAPPING;

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "spacy",
    about: "spaCy's binary DocBin, for spacy train",
    extensions: &["spacy"],
    cannot_hold: "words that a span cuts, the statuses flagged and skipped",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(read::read),
    write: Some(write::write),
};

/// Accepts zlib data that begins as spaCy's.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    if sample.bytes.first() != Some(&0x78) {
        return None;
    }
    let mut start = Vec::new();
    // What can be unpacked of the beginning is enough.
    let _ = ZlibDecoder::new(sample.bytes).take(256).read_to_end(&mut start);
    let is_map = matches!(start.first(), Some(0x81..=0x8f));
    let has_keys =
        start.windows(8).any(|bytes| bytes == b"\xa7version") && start.windows(6).any(|bytes| bytes == b"\xa5attrs");
    (is_map && has_keys).then(|| (97, "a DocBin of spaCy".to_owned()))
}

#[cfg(test)]
mod tests;
