//! Checksums of the documents of an import, which show those that were changed since, by whatever program.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::Documents;

/// Digits of a checksum in the file.
const DIGITS: usize = 8;

/// Checksums of documents, in an order that their owner knows. On disk they are one text, of eight hexadecimal digits each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Checksums(Vec<u32>);

impl Checksums {
    /// Checksums of the documents with these ids.
    pub(super) fn of<'a>(documents: &Documents, ids: impl Iterator<Item = &'a str>) -> Self {
        Self(ids.map(|id| documents.checksum(id).unwrap_or_default()).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over those of the documents with these ids that are not as they were. Nothing is known without checksums.
    pub(super) fn different<'a>(
        &self,
        documents: &Documents,
        ids: impl Iterator<Item = &'a str>,
    ) -> impl Iterator<Item = &'a str> {
        let known = ids.zip(&self.0);
        known.filter(move |(id, sum)| documents.checksum(id) != Some(**sum)).map(|(id, _)| id)
    }
}

impl Serialize for Checksums {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.iter().map(|sum| format!("{sum:08x}")).collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Checksums {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let digits = text.as_bytes().chunks_exact(DIGITS);
        let is_whole = digits.remainder().is_empty();
        let read = digits.map(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        let sums: Option<Vec<u32>> = read.collect();
        sums.filter(|_| is_whole).map(Self).ok_or_else(|| D::Error::custom("no checksums"))
    }
}
