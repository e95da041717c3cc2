//! Numbers that spaCy has for strings.

use std::{collections::HashMap, sync::LazyLock};

use super::values::Elements;

/// Strings that have small numbers of their own in spaCy 3, in the order of their numbers.
static SYMBOLS: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("symbols.txt").lines().collect());
static SYMBOL_IDS: LazyLock<HashMap<&str, u64>> = LazyLock::new(|| SYMBOLS.iter().copied().zip(0..).collect());

/// Number of a string: its place among the symbols, or its hash.
pub(super) fn id_of(string: &str) -> u64 {
    SYMBOL_IDS.get(string).copied().unwrap_or_else(|| murmur_hash_64a(string.as_bytes(), 1))
}

/// Strings by their numbers.
pub(super) struct StringTable<'a> {
    packed: &'a [u8],
    /// Number of each string, and the place of its bytes in `packed`, in ascending order: a file may have millions of short
    /// strings.
    places: Vec<(u64, u32)>,
}

impl<'a> StringTable<'a> {
    /// The symbols and the strings of a list; `None` if an element is no string.
    pub(super) fn new(strings: Elements<'a>) -> Option<Self> {
        let packed = strings.bytes();
        let mut places = Vec::new();
        let mut at = 0;
        for string in strings {
            let id = id_of(rmp_serde::from_slice(string).ok()?);
            if symbol(id).is_none() {
                places.push((id, u32::try_from(at).ok()?));
            }
            at += string.len();
        }
        places.sort_unstable();
        Some(Self { packed, places })
    }

    pub(super) fn get(&self, id: u64) -> Option<&'a str> {
        symbol(id).or_else(|| {
            let last = self.places.partition_point(|(other, _)| *other <= id).checked_sub(1)?;
            let (found, at) = *self.places.get(last)?;
            let string = self.packed.get(usize::try_from(at).ok()?..).filter(|_| found == id)?;
            rmp_serde::from_slice(string).ok()
        })
    }
}

/// The symbol with this number.
fn symbol(id: u64) -> Option<&'static str> {
    usize::try_from(id).ok().and_then(|at| SYMBOLS.get(at)).copied()
}

/// Austin Appleby's MurmurHash64A, in the byte order of x86 on every machine.
fn murmur_hash_64a(bytes: &[u8], seed: u64) -> u64 {
    const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
    const SHIFT: u32 = 47;
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let (blocks, rest) = bytes.as_chunks::<8>();
    for block in blocks {
        let mut word = u64::from_le_bytes(*block).wrapping_mul(FACTOR);
        word ^= word >> SHIFT;
        hash = (hash ^ word.wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(FACTOR);
    }
    hash ^= hash >> SHIFT;
    hash = hash.wrapping_mul(FACTOR);
    hash ^ (hash >> SHIFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_spacy() {
        // `spacy.strings.StringStore()[text]`, spaCy 3.8.18.
        let known = [
            ("", 0),
            ("PERSON", 380),
            ("ORTH", 65),
            ("tacos", 5_646_669_767_552_006_879),
            ("abcdefghijklmn", 4_132_059_048_485_630_569),
            ("case", 8_110_129_090_154_140_942),
            ("\u{e9}", 16_256_712_947_286_012_828),
        ];
        for (string, id) in known {
            assert_eq!(id_of(string), id, "{string}");
        }
        assert_eq!(murmur_hash_64a(b"PERSON", 1), 11_121_653_176_597_302_729);
        let packed = rmp_serde::to_vec(&["tacos", "PERSON", "tacos"]).unwrap();
        let table = StringTable::new(Elements::of(&packed).unwrap()).unwrap();
        assert_eq!(
            [id_of("tacos"), 380, 77, 1 << 40].map(|id| table.get(id)),
            [Some("tacos"), Some("PERSON"), Some("ENT_IOB"), None]
        );
    }
}
