//! Stamps, by which a change of a file is noticed.

/// Length and CRC-32 of the bytes of a file.
pub(super) type Stamp = (usize, u32);

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
