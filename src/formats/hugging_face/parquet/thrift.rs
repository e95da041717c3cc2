//! Headers of pages, in Thrift's compact encoding.
//!
//! The library reads them only together with the contents, for which it reserves whatever size a header states. Here the size
//! is known before.

/// Structures in structures that are read.
const DEEPEST: usize = 8;

/// Value of a field.
#[derive(Debug, PartialEq, Eq)]
enum Value {
    Number(i64),
    Fields(Vec<(i64, Value)>),
    /// A kind that no header needs.
    Other,
}

/// Fields of a structure by their numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(i64, Value)>);

impl Fields {
    /// Reads a structure at the beginning of `bytes`. Returns it with the number of its bytes; `None` if it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut input = Input { bytes };
        let fields = input.fields(DEEPEST)?;
        Some((Self(fields), bytes.len() - input.bytes.len()))
    }

    /// A number, or a truth value as 0 or 1.
    pub(super) fn number(&self, field: i64) -> Option<i64> {
        self.0.iter().find_map(|(number, value)| match value {
            Value::Number(value) if *number == field => Some(*value),
            _ => None,
        })
    }

    /// A number that is not negative and fits.
    pub(super) fn size<N: TryFrom<i64>>(&self, field: i64) -> Option<N> {
        self.number(field).filter(|number| *number >= 0).and_then(|number| N::try_from(number).ok())
    }

    /// A structure in this one.
    pub(super) fn inner(&mut self, field: i64) -> Option<Self> {
        self.0.iter_mut().find_map(|(number, value)| match value {
            Value::Fields(fields) if *number == field => Some(Self(std::mem::take(fields))),
            _ => None,
        })
    }
}

struct Input<'a> {
    bytes: &'a [u8],
}

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.bytes = self.bytes.get(count..)?;
        Some(())
    }

    /// A number in groups of seven bits, the lowest first.
    fn plain(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number whose sign is in the lowest bit.
    fn signed(&mut self) -> Option<i64> {
        let number = self.plain()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.plain()?).ok()
    }

    fn fields(&mut self, deeper: usize) -> Option<Vec<(i64, Value)>> {
        let deeper = deeper.checked_sub(1)?;
        let mut fields = Vec::new();
        let mut number = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(fields);
            }
            number = match head >> 4 {
                0 => self.signed()?,
                step => number.checked_add(i64::from(step))?,
            };
            let value = match head & 0xf {
                1 => Value::Number(1),
                2 => Value::Number(0),
                kind => self.value(kind, deeper)?,
            };
            fields.push((number, value));
        }
    }

    fn value(&mut self, kind: u8, deeper: usize) -> Option<Value> {
        match kind {
            // Truth values in a list take a byte.
            1..=3 => self.skip(1)?,
            4..=6 => return self.signed().map(Value::Number),
            7 => self.skip(8)?,
            8 => {
                let length = self.length()?;
                self.skip(length)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = if head >> 4 == 15 { self.length()? } else { usize::from(head >> 4) };
                self.many(count, &[head & 0xf], deeper)?;
            }
            11 => {
                let count = self.length()?;
                if count > 0 {
                    let kinds = self.byte()?;
                    self.many(count, &[kinds >> 4, kinds & 0xf], deeper)?;
                }
            }
            12 => return self.fields(deeper).map(Value::Fields),
            _ => return None,
        }
        Some(Value::Other)
    }

    fn many(&mut self, count: usize, kinds: &[u8], deeper: usize) -> Option<()> {
        let deeper = deeper.checked_sub(1)?;
        for _ in 0..count {
            for kind in kinds {
                self.value(*kind, deeper)?;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_and_its_statistics_skipped() {
        // 1: 0, 2: 300, 3: -1, 5: { 1: 7, 5: { 1: "ab", 2: [true, 1.0] } }, 6: true.
        let mut bytes = vec![0x15, 0, 0x15, 0xd8, 0x04, 0x15, 1, 0x2c, 0x15, 14, 0x4c, 0x18, 2, b'a', b'b'];
        bytes.extend([0x19, 0x21, 1, 2, 0, 0, 0x11, 0, 0xff]);
        let (mut fields, length) = Fields::read(&bytes).unwrap();
        assert_eq!(length, bytes.len() - 1);
        assert_eq!([1, 2, 3, 6, 9].map(|field| fields.number(field)), [Some(0), Some(300), Some(-1), Some(1), None]);
        assert_eq!((fields.size::<u32>(2), fields.size::<u32>(3), fields.size::<u8>(2)), (Some(300), None, None));
        assert_eq!(fields.inner(5).unwrap().number(1), Some(7));
        for cut in 0..length {
            assert_eq!(Fields::read(&bytes[..cut]), None, "{cut}");
        }
        assert_eq!(Fields::read(&[0x1c; 100]), None, "nested without end");
        assert_eq!(Fields::read(&[0x19, 0xf3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None, "a list without end");
    }
}
