//! Files packed with gzip or Zstandard, unpacked while they are read.

use std::{
    cell::Cell,
    io::{self, BufReader, Read},
    rc::Rc,
};

use flate2::bufread::MultiGzDecoder;

use super::limits::{Counted, Limited};
use crate::formats::Source;

/// Method with which a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Gzip,
    Zstandard,
}

impl Method {
    /// The method that a file's first bytes name.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            // The third byte is the only method that gzip has.
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // A frame, or one that programs skip and that may come first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstandard),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstandard => "Zstandard",
        }
    }

    /// Extensions that such files have beside the one of their contents.
    pub(super) fn extensions(self) -> [&'static str; 2] {
        match self {
            Self::Gzip => [".gz", ".gzip"],
            Self::Zstandard => [".zst", ".zstd"],
        }
    }
}

/// A packed file, seen as its contents.
pub(in crate::formats) struct Packed<'a> {
    source: &'a dyn Source,
    pub(super) method: Method,
}

impl<'a> Packed<'a> {
    pub(super) fn new(source: &'a dyn Source, method: Method) -> Self {
        Self { source, method }
    }
}

impl Source for Packed<'_> {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        let packed = Rc::new(Cell::new(0));
        let input = BufReader::new(Counted::new(self.source.bytes()?, &packed));
        let unpacked: Box<dyn Read + '_> = match self.method {
            Method::Gzip => Box::new(MultiGzDecoder::new(input)),
            Method::Zstandard => super::zstandard::unpack(input),
        };
        Ok(Box::new(Limited::new(Named { input: unpacked, method: self.method }, packed)))
    }

    fn check_unchanged(&self) -> io::Result<()> {
        self.source.check_unchanged()
    }

    fn beside(&self, name: &str) -> Option<Vec<u8>> {
        self.source.beside(name)
    }
}

/// Reader that names the packing in its errors.
struct Named<R> {
    input: R,
    method: Method,
}

impl<R: Read> Read for Named<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.input.read(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => {
                let name = self.method.name();
                io::Error::new(kind, format!("it cannot be unpacked ({name}): {error}; it may be damaged or cut off"))
            }
        })
    }
}
