//! Stamps, by which a change of a file is noticed.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use super::storage::{LARGE, StorageError};
use crate::guard::{self, Links};

/// Length and CRC-32 of the bytes of a file.
pub(super) type Stamp = (usize, u32);

/// Bytes that are read at once.
const READ_AT_ONCE: usize = 64 << 10;

/// Stamp of the bytes of a file, of which only a block is in memory, however long its lines are.
/// A file that does not exist counts as empty.
pub(super) fn stamp_of(path: &Path) -> Result<Stamp, StorageError> {
    let read = || {
        let file = guard::open(path, Links::Refuse)?;
        guard::check_size(file.metadata()?.len(), LARGE)?;
        // The file may grow meanwhile.
        stamp_of_rest(file.take(LARGE))
    };
    match read() {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Stamp::default()),
        read => read.map_err(|cause| StorageError::new("read", path, cause)),
    }
}

/// Stamp of the bytes of a file that has one of these lengths. One of another length is not read; then `None`.
pub(super) fn stamp_of_length(path: &Path, lengths: &[usize]) -> Result<Option<Stamp>, StorageError> {
    let stamp = guard::open(path, Links::Refuse).and_then(|file| stamp_of_open(&file, lengths));
    stamp.map_err(|cause| StorageError::new("read", path, cause))
}

/// As [`stamp_of_length`], of an open file.
pub(super) fn stamp_of_open(mut file: &File, lengths: &[usize]) -> io::Result<Option<Stamp>> {
    let length = file.metadata()?.len();
    if !lengths.iter().any(|known| *known as u64 == length) {
        return Ok(None);
    }
    file.rewind()?;
    // The file may grow meanwhile.
    stamp_of_rest(file.take(length)).map(Some)
}

fn stamp_of_rest(mut file: impl Read) -> io::Result<Stamp> {
    let mut stamp = Stamp::default();
    let mut block = vec![0; READ_AT_ONCE];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(stamp),
            Ok(read) => stamp = stamp_of_more(stamp, block.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_stamp_of_a_file_is_that_of_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(stamp_of(&path).unwrap(), Stamp::default());
        let bytes: Vec<u8> = (0..3 * READ_AT_ONCE + 5).map(|at| u8::try_from(at % 251).unwrap()).collect();
        fs::write(&path, &bytes).unwrap();
        assert_eq!(stamp_of(&path).unwrap(), stamp(&bytes));
        for (length, found) in [(bytes.len(), Some(stamp(&bytes))), (bytes.len() + 1, None)] {
            assert_eq!(stamp_of_length(&path, &[1, length]).unwrap(), found);
            assert_eq!(stamp_of_open(&File::open(&path).unwrap(), &[length]).unwrap(), found);
        }
        // Too large, and all of it a hole.
        File::options().write(true).open(&path).unwrap().set_len(LARGE + 1).unwrap();
        assert!(stamp_of(&path).unwrap_err().to_string().contains("file"));
        assert!(stamp_of(folder.path()).is_err());
    }
}
