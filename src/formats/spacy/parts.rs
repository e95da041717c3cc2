//! Parts of a DocBin: its columns, and how bytes and spans are packed in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Columns of the table, as spaCy numbers them.
pub(super) const ORTH: u64 = 65;
pub(super) const ENT_IOB: u64 = 77;
pub(super) const ENT_TYPE: u64 = 78;

/// Value of [`ENT_IOB`] for a token of which nothing is known.
pub(super) const MISSING: u64 = 0;
pub(super) const INSIDE: u64 = 1;
pub(super) const OUTSIDE: u64 = 2;
pub(super) const BEGIN: u64 = 3;

/// Span group for spans that overlap entities: spaCy's default name for it.
pub(in crate::formats) const OVERLAPPING: &str = "sc";

/// Bytes of MessagePack, which it keeps apart from lists of numbers.
#[derive(Debug)]
pub(super) struct Bin<B>(pub(super) B);

impl<B: AsRef<[u8]>> Serialize for Bin<B> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0.as_ref())
    }
}

/// A group of spans, of which each is packed by [`pack_span`].
#[derive(Serialize)]
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) attrs: BTreeMap<&'a str, &'a str>,
    pub(super) spans: Vec<Bin<Vec<u8>>>,
}

/// The same, as it is read.
#[derive(Deserialize)]
pub(super) struct ReadGroup<'a> {
    #[serde(borrow)]
    pub(super) spans: Vec<&'a [u8]>,
}

/// Bytes of a packed span: three numbers of 8 bytes (id, knowledge base, label), four of 4 bytes (tokens, characters).
pub(super) const SPAN_BYTES: usize = 40;

/// Packs a span: label, tokens and code points.
pub(super) fn pack_span(label: u64, tokens: [usize; 2], chars: [usize; 2]) -> Vec<u8> {
    let mut packed = vec![0; 16];
    packed.extend(label.to_be_bytes());
    for number in [tokens[0], tokens[1], chars[0], chars[1]] {
        packed.extend(i32::try_from(number).unwrap_or(i32::MAX).to_be_bytes());
    }
    packed
}

/// Unpacks label and tokens of a span.
pub(super) fn unpack_span(packed: &[u8]) -> Option<(u64, [usize; 2])> {
    if packed.len() != SPAN_BYTES {
        return None;
    }
    let label = u64::from_be_bytes(packed.get(16..24)?.try_into().ok()?);
    let [start, end] =
        [24..28, 28..32].map(|at| packed.get(at).and_then(|bytes| bytes.try_into().ok()).map(i32::from_be_bytes));
    Some((label, [usize::try_from(start?).ok()?, usize::try_from(end?).ok()?]))
}
