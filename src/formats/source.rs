//! Bytes of a file that a reader gets in blocks, as often as it needs them.

use std::io::{self, Read};

use super::Problem;

/// Bytes that can be read from their beginning more than once, without being in memory as a whole.
pub trait Source {
    /// Returns a reader at the first byte.
    ///
    /// # Errors
    /// The bytes cannot be read.
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>>;

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

impl Source for &[u8] {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(*self))
    }
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
