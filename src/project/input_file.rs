//! Files of the user that are read in blocks: for an import, a conversion, a training.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
    path::Path,
};

use super::{
    StorageError,
    storage::{self, shown_path},
};
use crate::{
    formats::Source,
    guard::{self, Links},
};

/// A regular file, or bytes that could be read only once and were kept.
#[derive(Debug)]
pub struct InputFile(Bytes);

#[derive(Debug)]
enum Bytes {
    File(File),
    Kept(Vec<u8>),
}

impl InputFile {
    /// Opens a regular file of at most `limit` bytes that the user named; a link is followed.
    ///
    /// # Errors
    /// It does not exist, is not a regular file or is larger, or cannot be read.
    pub fn open(path: &Path, limit: u64) -> Result<Self, StorageError> {
        let opened = guard::open(path, Links::Follow).and_then(|file| {
            guard::check_size(file.metadata()?.len(), limit)?;
            Ok(Self(Bytes::File(file)))
        });
        opened.map_err(|cause| StorageError::new("read", path, cause))
    }

    /// Copies what can be read only once, such as standard input, into a file without a name in `folder`.
    /// Where there are no such files, it is kept in memory.
    ///
    /// # Errors
    /// It cannot be read, or the disk is full.
    pub fn spool(mut input: impl Read, folder: &Path) -> io::Result<Self> {
        if let Some(mut file) = storage::unnamed_file(folder) {
            io::copy(&mut input, &mut file).map_err(|error| explain_full(error, folder))?;
            return Ok(Self(Bytes::File(file)));
        }
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        Ok(Self(Bytes::Kept(bytes)))
    }
}

/// Names the folder that has no room: the error is otherwise taken for one of what is read.
fn explain_full(error: io::Error, folder: &Path) -> io::Error {
    match error.kind() {
        kind @ (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
            let folder = shown_path(folder);
            io::Error::new(
                kind,
                format!("there is no room for a copy in {folder}; set TMPDIR to a folder with more space"),
            )
        }
        _ => error,
    }
}

impl Source for InputFile {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match &self.0 {
            Bytes::File(file) => Box::new(FileReader { file, offset: 0 }),
            Bytes::Kept(bytes) => Box::new(bytes.as_slice()),
        })
    }
}

/// Reader with an offset of its own, so that one open file has several.
struct FileReader<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for FileReader<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_often_as_needed_and_up_to_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "fish tacos").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("f", &link).unwrap();
        let spool = |folder| InputFile::spool(&b"fish tacos"[..], folder).unwrap();
        let nowhere = Path::new("/nowhere");
        for file in [InputFile::open(&link, 10).unwrap(), spool(folder.path()), spool(nowhere)] {
            for _ in 0..2 {
                let mut text = String::new();
                file.bytes().unwrap().read_to_string(&mut text).unwrap();
                assert_eq!(text, "fish tacos");
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the copy has no name");
        assert!(InputFile::open(&path, 9).unwrap_err().to_string().contains("it has 10 bytes"));
        assert!(InputFile::open(folder.path(), 9).unwrap_err().to_string().contains("not a regular file"));
    }
}
