//! Description of a format.
//! Its name, how it is recognised, its reader and writer, and what it cannot hold.

use std::fmt;

use super::{Corpus, Problem, Read, ReadOptions, WriteOptions, Written, decode};

pub(super) type ReadFn = fn(&[u8], &ReadOptions) -> Read;
pub(super) type WriteFn = fn(&Corpus, &WriteOptions) -> Result<Written, Vec<Problem>>;
/// Confidence from 0 to 100 and the reason for it.
/// `None` if the file is not of this format.
pub(super) type DetectFn = fn(&Sample<'_>) -> Option<(u8, String)>;

/// A file format.
pub struct Format {
    /// Name on the command line.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// File name extensions without dot, the usual one first.
    pub extensions: &'static [&'static str],
    /// Losses when writing it, in plain words; empty if there are none.
    pub cannot_hold: &'static str,
    /// Whether texts come back character for character, not only word for word.
    pub keeps_text: bool,
    /// Recognises the format in the beginning of a file.
    pub(super) detect: DetectFn,
    /// Reader; `None` if the format is only recognised.
    pub(super) read: Option<ReadFn>,
    /// Writer; `None` if the format is only recognised.
    pub(super) write: Option<WriteFn>,
}

impl Format {
    /// Extension for a new file of this format, without dot.
    pub fn extension(&self) -> &'static str {
        self.extensions.first().copied().unwrap_or("txt")
    }

    /// Reads a file. A format that is only recognised gives one error.
    pub fn read(&self, bytes: &[u8], options: &ReadOptions) -> Read {
        match self.read {
            Some(read) => read(bytes, options),
            None => Read { problems: vec![self.unsupported("read")], ..Read::default() },
        }
    }

    /// Writes a corpus.
    ///
    /// # Errors
    /// Every loss, if [`super::OnLoss::Fail`] is asked for and there is one; or the format is only recognised.
    pub fn write(&self, corpus: &Corpus, options: &WriteOptions) -> Result<Written, Vec<Problem>> {
        match self.write {
            Some(write) => write(corpus, options),
            None => Err(vec![self.unsupported("written")]),
        }
    }

    fn unsupported(&self, verb: &str) -> Problem {
        Problem::error(format!("files of the format {} cannot be {verb} yet", self.name))
            .hint("tagli help formats lists the formats")
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Format").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The beginning of a file and its name, as detectors see it.
pub(crate) struct Sample<'a> {
    /// The name's extension in lower case.
    pub(crate) extension: String,
    /// The start of the text, whole lines if it has a line end.
    pub(crate) text: &'a str,
}

impl<'a> Sample<'a> {
    /// Bytes that are looked at.
    const LONGEST: usize = 1 << 16;

    pub(super) fn new(name: &str, bytes: &'a [u8]) -> Self {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
        let start = decode::start_of(bytes, Self::LONGEST);
        let cut = bytes.len() > Self::LONGEST;
        let text = start.rfind('\n').filter(|_| cut).and_then(|end| start.get(..=end)).unwrap_or(start);
        Self { extension, text }
    }
}
