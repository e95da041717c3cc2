//! Lists of MessagePack whose elements are found one at a time: an element of one byte may be a whole map in memory.

/// Elements of a list, as the bytes of each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Elements<'a> {
    left: usize,
    bytes: &'a [u8],
}

impl<'a> Elements<'a> {
    /// Elements of a packed list; `None` if it is something else.
    pub(super) fn of(packed: &'a [u8]) -> Option<Self> {
        let (marker, rest) = packed.split_first()?;
        let (left, bytes) = match marker {
            0x90..=0x9f => (u64::from(marker & 0x0f), rest),
            0xdc => number::<2>(rest)?,
            0xdd => number::<4>(rest)?,
            _ => return None,
        };
        Some(Self { left: usize::try_from(left).ok()?, bytes })
    }

    /// Bytes of the elements that were not taken.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let (element, rest) = self.bytes.split_at_checked(length(self.bytes)?)?;
        self.bytes = rest;
        Some(element)
    }
}

/// Fields of a packed map, each with its name and the bytes of its value. It ends before a key that is no text.
pub(super) fn fields(packed: &[u8]) -> Option<impl Iterator<Item = (&str, &[u8])>> {
    let (marker, rest) = packed.split_first()?;
    let (count, bytes) = match marker {
        0x80..=0x8f => (u64::from(marker & 0x0f), rest),
        0xde => number::<2>(rest)?,
        0xdf => number::<4>(rest)?,
        _ => return None,
    };
    // Keys and values take turns.
    let mut both = Elements { left: usize::try_from(count).ok()?.checked_mul(2)?, bytes };
    Some(std::iter::from_fn(move || Some((rmp_serde::from_slice(both.next()?).ok()?, both.next()?))))
}

/// Number of bytes of the first value; `None` if it is cut off or no value begins with its first byte.
fn length(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    // Values that are still to come: the first one and those in it.
    let mut open = 1_u64;
    while open > 0 {
        let (marker, after) = rest.split_first()?;
        let (inside, own, after) = match marker {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => (0, 0, after),
            0x80..=0x8f => (2 * u64::from(marker & 0x0f), 0, after),
            0x90..=0x9f => (u64::from(marker & 0x0f), 0, after),
            0xa0..=0xbf => (0, u64::from(marker & 0x1f), after),
            0xc1 => return None,
            0xc4 | 0xd9 => sized::<1>(after, 0)?,
            0xc5 | 0xda => sized::<2>(after, 0)?,
            0xc6 | 0xdb => sized::<4>(after, 0)?,
            // Extensions have a byte for their kind.
            0xc7 => sized::<1>(after, 1)?,
            0xc8 => sized::<2>(after, 1)?,
            0xc9 => sized::<4>(after, 1)?,
            0xcc | 0xd0 => (0, 1, after),
            0xcd | 0xd1 => (0, 2, after),
            0xca | 0xce | 0xd2 => (0, 4, after),
            0xcb | 0xcf | 0xd3 => (0, 8, after),
            0xd4..=0xd8 => (0, 1 + (1 << (marker - 0xd4)), after),
            0xdc => counted::<2>(after, 1)?,
            0xdd => counted::<4>(after, 1)?,
            0xde => counted::<2>(after, 2)?,
            0xdf => counted::<4>(after, 2)?,
        };
        open += inside;
        open -= 1;
        rest = after.get(usize::try_from(own).ok()?..)?;
    }
    Some(bytes.len() - rest.len())
}

/// A number of `N` bytes, the highest first, and what follows it.
fn number<const N: usize>(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<N>()?;
    Some((number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), rest))
}

/// A value with its length before it: values in it, its bytes, and where they begin.
fn sized<const N: usize>(bytes: &[u8], more: u64) -> Option<(u64, u64, &[u8])> {
    number::<N>(bytes).map(|(length, rest)| (0, length + more, rest))
}

/// A list or a map with its number of elements before them, as in [`sized`].
fn counted<const N: usize>(bytes: &[u8], of_each: u64) -> Option<(u64, u64, &[u8])> {
    number::<N>(bytes).map(|(count, rest)| (of_each * count, 0, rest))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::formats::spacy::parts::Bin;

    #[test]
    fn each_element_has_the_bytes_that_the_library_wrote() {
        let long = "a".repeat(300);
        let values = json!([
            null, true, 7, 200, 70_000, 5_000_000_000_u64, -3, -100, -1_000, -100_000, -5_000_000_000_i64, 0.5, "", "a",
            "a".repeat(40), long, "a".repeat(70_000), [], {}, [1, [2, {"a": [null]}]], {"k": {}, "l": "x"},
            vec![0; 20], vec![0; 70_000]
        ]);
        let packed = rmp_serde::to_vec(&values).unwrap();
        let mut elements = Elements::of(&packed).unwrap();
        let read: Vec<Value> = elements.by_ref().map(|bytes| rmp_serde::from_slice(bytes).unwrap()).collect();
        assert_eq!((Value::Array(read), elements.bytes()), (values, &[][..]));
        let bytes = rmp_serde::to_vec(&vec![Bin(vec![1; 3]), Bin(vec![2; 300]), Bin(vec![3; 70_000])]).unwrap();
        assert_eq!(Elements::of(&bytes).unwrap().map(<[u8]>::len).collect::<Vec<_>>(), [5, 303, 70_005]);
        // Numbers of 32 bits and extensions, which the library writes for other types.
        for value in
            [&[0xca, 0, 0, 0, 0][..], &[0xd6, 1, 0, 0, 0, 0], &[0xd8; 18], &[0xc7, 2, 1, 0, 0], &[0xc8, 0, 1, 9, 9]]
        {
            assert_eq!(length(&[value, &[0]].concat()), Some(value.len()), "{value:?}");
        }
    }

    #[test]
    fn what_is_cut_off_has_no_length() {
        let packed = rmp_serde::to_vec(&json!({"a": [1, {"b": "text"}], "c": 0.5})).unwrap();
        assert_eq!(length(&packed), Some(packed.len()));
        assert!((0..packed.len()).all(|end| length(&packed[..end]).is_none()));
        assert_eq!(fields(&packed).unwrap().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "c"]);
        assert!(fields(&[0xc1]).is_none() && Elements::of(&[0x80]).is_none() && length(&[0xc1]).is_none());
        // Many more elements than bytes.
        let mut many = Elements::of(&[0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0]).unwrap();
        assert_eq!((many.next(), many.next()), (Some(&[0xc0][..]), None));
        assert_eq!(length(&[0xdf, 0xff, 0xff, 0xff, 0xff, 0xc0]), None);
    }
}
