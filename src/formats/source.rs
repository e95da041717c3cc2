//! Bytes of a file that a reader gets in blocks, as often as it needs them.

use std::io::{self, Cursor, Read, Seek};

use super::Problem;
use crate::text::number;

/// Most bytes that are kept in memory for a reader which needs all of them.
const MOST_KEPT: u64 = 1 << 30;

/// Bytes that can be read from their beginning more than once, without being in memory as a whole.
pub trait Source {
    /// Returns a reader at the first byte.
    ///
    /// # Errors
    /// The bytes cannot be read.
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>>;

    /// Returns a reader that can go to any place, for formats with a table of contents at the end of the file.
    /// A source that has none keeps all its bytes in memory meanwhile.
    ///
    /// # Errors
    /// The bytes cannot be read, or are too many to be kept.
    fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        Ok(Box::new(Cursor::new(keep_all(self.bytes()?, "cannot be read from its end; unpack it first")?)))
    }

    /// The files in it, if it is a folder or an archive with several.
    fn files(&self) -> Option<&dyn Files> {
        None
    }

    /// Checks that the bytes are still those that were opened. Asked after the last of them was read.
    ///
    /// # Errors
    /// They have changed meanwhile, so that what was read may be a mixture of old and new.
    fn check_unchanged(&self) -> io::Result<()> {
        Ok(())
    }

    /// Returns the bytes of a small file of this name in the folder of the file, if there is one.
    fn beside(&self, name: &str) -> Option<Vec<u8>> {
        let _ = name;
        None
    }
}

/// Reads everything into memory.
///
/// # Errors
/// The bytes cannot be read, or are too many: `consequence` says what follows from that, and what to do.
pub(super) fn keep_all(input: impl Read, consequence: &str) -> io::Result<Vec<u8>> {
    keep(input, MOST_KEPT, consequence)
}

fn keep(input: impl Read, most: u64, consequence: &str) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    input.take(most + 1).read_to_end(&mut kept)?;
    if kept.len() as u64 > most {
        let text = format!("it has more than {} and {consequence}", number::bytes(most));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(kept)
}

impl Source for &[u8] {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(*self))
    }

    fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        Ok(Box::new(Cursor::new(*self)))
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        (**self).bytes()
    }

    fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        (**self).seekable()
    }

    fn files(&self) -> Option<&dyn Files> {
        (**self).files()
    }

    fn check_unchanged(&self) -> io::Result<()> {
        (**self).check_unchanged()
    }

    fn beside(&self, name: &str) -> Option<Vec<u8>> {
        (**self).beside(name)
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        (**self).bytes()
    }

    fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        (**self).seekable()
    }

    fn files(&self) -> Option<&dyn Files> {
        (**self).files()
    }

    fn check_unchanged(&self) -> io::Result<()> {
        (**self).check_unchanged()
    }

    fn beside(&self, name: &str) -> Option<Vec<u8>> {
        (**self).beside(name)
    }
}

/// Reader that can go to any place.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Files that are read together: those of a folder or of an archive.
pub trait Files {
    /// Names of the files, each once, as paths with `/` from the folder on, in the order in which they are read.
    fn names(&self) -> &[String];

    /// Whether they are packed together, so that no further packing is expected in them.
    fn is_archive(&self) -> bool {
        false
    }

    /// Names of entries that are not read: links, devices.
    fn left_out(&self) -> &[String] {
        &[]
    }

    /// Opens the file with this index in [`Self::names`].
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    fn open(&self, index: usize) -> io::Result<Box<dyn Source + '_>>;
}

/// Files that a reader takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// One file. Of a folder, each file is read by itself.
    OneFile,
    /// A folder as a whole.
    Folder,
    /// One file with a text on each line; of a folder, each file is one text.
    Texts,
}

/// Cause that ends the reading of a file before its end.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// The source or the sink refuses.
    Io(io::Error),
    /// The file is not UTF-8 text.
    Encoding(Problem),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_limit_is_not_kept() {
        assert_eq!(keep(io::repeat(7).take(2_000), 2_000, "").unwrap().len(), 2_000);
        let error = keep(io::repeat(7), 2_000, "must be split").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(error.to_string().ends_with("and must be split"), "{error}");
    }
}
