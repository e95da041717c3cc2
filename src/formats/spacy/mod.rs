//! `spacy`: spaCy's binary collection of documents (`DocBin`), a `.spacy` file.
//!
//! It is MessagePack packed by zlib: a table of 64-bit numbers with one row for each token, and the strings whose numbers
//! they are. Spans are the entities of a document, and those that overlap another are in its span group `sc`, where spaCy's
//! span categorizer expects them. Spans that end inside a word cut the token there, so that none is lost.

mod read;
mod strings;
mod write;

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use serde::{Deserialize, Serialize};

use super::format::{Format, Sample};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "spacy",
    about: "spaCy's binary DocBin, for spacy train",
    extensions: &["spacy"],
    cannot_hold: "words that a span cuts, the statuses flagged and skipped",
    keeps_text: true,
    detect,
    read: Some(read::read),
    write: Some(write::write),
};

/// Columns of the table, as spaCy numbers them.
const ORTH: u64 = 65;
const ENT_IOB: u64 = 77;
const ENT_TYPE: u64 = 78;

/// Value of [`ENT_IOB`] for a token of which nothing is known.
const MISSING: u64 = 0;
const INSIDE: u64 = 1;
const OUTSIDE: u64 = 2;
const BEGIN: u64 = 3;

/// Span group for spans that overlap entities.
const GROUP: &str = "sc";

/// Bytes of MessagePack, which it keeps apart from lists of numbers.
#[derive(Debug)]
struct Bin<B>(B);

impl<B: AsRef<[u8]>> Serialize for Bin<B> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0.as_ref())
    }
}

/// A group of spans, of which each is packed by [`pack_span`].
#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    attrs: std::collections::BTreeMap<&'a str, &'a str>,
    spans: Vec<Bin<Vec<u8>>>,
}

/// The same, as it is read.
#[derive(Deserialize)]
struct ReadGroup<'a> {
    #[serde(borrow)]
    spans: Vec<&'a [u8]>,
}

/// Bytes of a packed span: three numbers of 8 bytes (id, knowledge base, label), four of 4 bytes (tokens, characters).
const SPAN_BYTES: usize = 40;

/// Packs a span: label, tokens and code points.
fn pack_span(label: u64, tokens: [usize; 2], chars: [usize; 2]) -> Vec<u8> {
    let mut packed = vec![0; 16];
    packed.extend(label.to_be_bytes());
    for number in [tokens[0], tokens[1], chars[0], chars[1]] {
        packed.extend(i32::try_from(number).unwrap_or(i32::MAX).to_be_bytes());
    }
    packed
}

/// Unpacks label and tokens of a span.
fn unpack_span(packed: &[u8]) -> Option<(u64, [usize; 2])> {
    if packed.len() != SPAN_BYTES {
        return None;
    }
    let label = u64::from_be_bytes(packed.get(16..24)?.try_into().ok()?);
    let [start, end] =
        [24..28, 28..32].map(|at| packed.get(at).and_then(|bytes| bytes.try_into().ok()).map(i32::from_be_bytes));
    Some((label, [usize::try_from(start?).ok()?, usize::try_from(end?).ok()?]))
}

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
