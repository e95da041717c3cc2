//! `brat`: brat's standoff format, a text and a file of annotations beside it for each document.
//!
//! The files are in a folder or in a zip archive. A document whose annotations are more than spans keeps the lines in
//! `foreign`, so that relations, events, attributes and notes are written back as they were, as far as their spans remain.

mod read;
mod standoff;
mod write;

use super::{
    decode,
    format::{Format, Sample},
    source::Takes,
};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "brat",
    about: "brat's standoff: pairs of .txt and .ann, in a folder or a zip file",
    extensions: &["zip", "ann"],
    cannot_hold: "line breaks at the ends of a span, labels with white space, statuses, splits, given words",
    keeps_text: true,
    takes: Takes::Folder,
    detect,
    read: Some(read::read),
    write: Some(write::write),
};

/// Accepts the annotations of one document, so that the reader can ask for its text.
/// Pairs of files are recognised by their names.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let lines = decode::lines(sample.text).map(|(_, line)| line).filter(|line| !line.is_empty());
    let is_standoff = lines.clone().count() > 0
        && lines.clone().all(|line| {
            let (id, rest) = line.split_once('\t').unwrap_or_default();
            let mut id = id.chars();
            let has_kind = id.next().is_some_and(|kind| "TREAMN#*".contains(kind));
            has_kind && id.all(|c| c.is_ascii_digit()) && rest.contains(' ')
        })
        && lines.clone().any(|line| standoff::TextBound::parse(line).is_ok_and(|bound| bound.is_some()));
    is_standoff.then(|| (88, "annotations of brat".to_owned()))
}

#[cfg(test)]
mod tests;
