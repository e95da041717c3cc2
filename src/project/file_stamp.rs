//! Stamps, by which a change of a file is noticed.

use std::{
    fs::File,
    io::{self, Read, Seek},
};

/// Length and CRC-32 of the bytes of a file.
pub(super) type Stamp = (usize, u32);

/// Bytes that are read at once.
const READ_AT_ONCE: usize = 64 << 10;

/// Stamp of the contents of an open file.
pub(super) fn stamp_of_open(mut file: &File) -> io::Result<Stamp> {
    file.rewind()?;
    let mut stamp = Stamp::default();
    let mut block = vec![0; READ_AT_ONCE];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(stamp),
            read => stamp = stamp_of_more(stamp, block.get(..read).unwrap_or_default()),
        }
    }
}

/// Stamp of contents.
pub(super) fn stamp(bytes: &[u8]) -> Stamp {
    stamp_of_more((0, 0), bytes)
}

/// Stamp of contents to which bytes were appended.
pub(super) fn stamp_of_more((length, crc): Stamp, bytes: &[u8]) -> Stamp {
    let mut hasher = crc32fast::Hasher::new_with_initial(crc);
    hasher.update(bytes);
    (length + bytes.len(), hasher.finalize())
}
