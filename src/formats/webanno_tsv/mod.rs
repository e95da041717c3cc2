//! `webanno-tsv`: WebAnno TSV 3, the text format of WebAnno and INCEpTION.
//!
//! A file has sentences, each with its text and a row for each token: number, offsets in UTF-16 units, the token, and one
//! column for each feature of each layer. A value may stand for several annotations, and an annotation may have several
//! rows, so that every span has a place. A sentence is a document here.

mod escape;
mod layers;
mod read;
#[cfg(test)]
mod tests;
mod write;

use super::{
    format::{Format, Sample},
    source::Takes,
};
use layers::HEADER;

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "webanno-tsv",
    about: "WebAnno TSV 3, as WebAnno and INCEpTION export it",
    extensions: &["tsv"],
    cannot_hold: "ids, statuses, the split, white space at the ends of a span",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(read::read),
    write: Some(write::write),
};

/// Accepts the first line of the format.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    sample.text.starts_with(HEADER).then(|| (99, "the first line names WebAnno TSV 3".to_owned()))
}
