//! Limits for what is unpacked: a few kilobytes can hold terabytes.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use crate::text::number;

/// Bytes that any packed file may unpack to, whatever its size.
const ALWAYS_FINE: u64 = 64 << 20;
/// Bytes that a packed byte may unpack to beyond that. Texts shrink to a tenth, logs and tables to a fiftieth.
const MOST_PER_BYTE: u64 = 250;
/// Bytes that a packed file may unpack to.
const MOST: u64 = 64 << 30;

/// Checks that `packed` bytes may unpack to `unpacked` bytes.
///
/// # Errors
/// They are too many; the error says how to read them all the same.
pub(in crate::formats) fn check(unpacked: u64, packed: u64) -> io::Result<()> {
    let [size, most] = [unpacked, MOST].map(number::bytes);
    let text = if unpacked > MOST {
        format!("it unpacks to more than {most}, the most that is read of a packed file")
    } else if unpacked > ALWAYS_FINE && unpacked / MOST_PER_BYTE > packed {
        format!(
            "it unpacks to {size} or more, over {MOST_PER_BYTE} times its size, as files do that are made to fill a disk"
        )
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{text}; if you trust it, unpack it and read the result")))
}

/// Reader that counts the bytes that were read, where others see the count.
pub(in crate::formats) struct Counted<R> {
    input: R,
    count: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    pub(in crate::formats) fn new(input: R, count: &Rc<Cell<u64>>) -> Self {
        Self { input, count: Rc::clone(count) }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(bytes)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// Reader of what `input` unpacks from the bytes that are counted in `packed`.
pub(in crate::formats) struct Limited<R> {
    input: R,
    packed: Rc<Cell<u64>>,
    unpacked: u64,
}

impl<R> Limited<R> {
    pub(in crate::formats) fn new(input: R, packed: Rc<Cell<u64>>) -> Self {
        Self { input, packed, unpacked: 0 }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(bytes)?;
        self.unpacked += read as u64;
        check(self.unpacked, self.packed.get())?;
        Ok(read)
    }
}
