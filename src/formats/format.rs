//! Description of a format.
//! Its name, how it is recognised, its reader and writer, and what it cannot hold.

use std::{
    fmt,
    io::{self, Read as _},
};

use super::{
    Corpus, FoundDocuments, Problem, Read, ReadOptions, Severity, Source, WriteOptions, Written,
    container::{Container, members},
    decode,
    json_items::FirstRecord,
    sink::{LabelNames, Reading, Sink},
    source::{Takes, Unreadable},
    writer::{WriteFn, Writer, write_corpus},
};

use crate::spans::LabelSet;

/// Reads a source and hands its documents to the reading. Returns the properties of the file for the user.
pub(super) type ReadFn = fn(&dyn Source, &mut Reading<'_>) -> Result<Vec<String>, Unreadable>;
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
    /// Files that its reader takes at once.
    pub(super) takes: Takes,
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

    /// Whether files of this format can be read.
    pub fn can_read(&self) -> bool {
        self.read.is_some()
    }

    /// Whether files of this format can be written.
    pub fn can_write(&self) -> bool {
        self.write.is_some()
    }

    /// Whether it is written as an archive, which may also be unpacked into a folder.
    pub fn makes_folders(&self) -> bool {
        self.can_write() && self.extensions.contains(&"zip")
    }

    /// Reads a file into memory. A format that is only recognised gives one error.
    pub fn read(&self, bytes: &[u8], options: &ReadOptions) -> Read {
        match self.read_file(&bytes, options) {
            Ok(ReadFile { found, detected, problems }) => Read { corpus: found.into_corpus(), detected, problems },
            // Bytes in memory can always be read.
            Err(error) => Read { problems: vec![Problem::error(error.to_string())], ..Read::default() },
        }
    }

    /// As [`Self::read`], for a file that is not in memory, and with less memory for each document.
    ///
    /// # Errors
    /// The source cannot be read. Problems of its contents are in [`ReadFile::problems`].
    pub fn read_file(&self, source: &dyn Source, options: &ReadOptions) -> io::Result<ReadFile> {
        let mut found = FoundDocuments::new(options.known_labels());
        let Streamed { names, detected, problems } = self.read_into(source, options, &mut found)?;
        // Of a file that is no text nothing is kept.
        let Some(detected) = detected else { return Ok(ReadFile { problems, ..ReadFile::default() }) };
        Ok(ReadFile { found: found.with_names(names), detected, problems })
    }

    /// As [`Self::read_file`], and hands over each document instead of keeping it.
    ///
    /// # Errors
    /// The source cannot be read, or the sink refuses a document.
    pub(crate) fn read_into(
        &self,
        source: &dyn Source,
        options: &ReadOptions,
        sink: &mut dyn Sink,
    ) -> io::Result<Streamed> {
        let mut reading = Reading::new(options, sink);
        let detected = self.read_each(source, &mut reading)?;
        source.check_unchanged()?;
        let (problems, names) = reading.finish();
        Ok(Streamed { names, detected, problems })
    }

    /// Reads a file and hands over each document. Returns the properties of the file; `None` if it is no text.
    fn read_each(&self, source: &dyn Source, reading: &mut Reading<'_>) -> io::Result<Option<Vec<String>>> {
        let container = Container::open(source)?;
        match self.read_contents(container.contents(), reading) {
            Ok(detected) => Ok(Some(detected)),
            Err(Unreadable::Io(error)) => Err(error),
            Err(Unreadable::Encoding(problem)) => {
                reading.problems.push(problem);
                Ok(None)
            }
        }
    }

    /// Reads what a container holds: one file, or each of several.
    fn read_contents(&self, contents: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
        let Some(files) = contents.files().filter(|_| self.takes != Takes::Folder) else {
            return self.read_plain(contents, reading);
        };
        match members::only(files)? {
            Some(only) => self.read_plain(&*only, reading),
            None => members::read_each(files, (self.name, self.takes), reading, &|file, reading| {
                self.read_plain(file, reading).map(|_| ())
            }),
        }
    }

    /// Reads a file that is neither packed nor an archive.
    pub(super) fn read_plain(&self, source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
        match self.read {
            Some(read) => read(source, reading),
            None => {
                reading.problems.push(self.unsupported("read"));
                Ok(Vec::new())
            }
        }
    }

    /// Writes a corpus.
    ///
    /// # Errors
    /// Every loss, if [`super::OnLoss::Fail`] is asked for and there is one; or the format is only recognised.
    pub fn write(&self, corpus: &Corpus, options: &WriteOptions) -> Result<Written, Vec<Problem>> {
        match self.write {
            Some(write) => write_corpus(write, corpus, options),
            None => Err(vec![self.unsupported("written")]),
        }
    }

    /// Makes the writer of one file. The label set has the labels of all spans that will come.
    ///
    /// # Errors
    /// The format is only recognised.
    pub(super) fn writer<'a>(
        &self,
        labels: &'a LabelSet,
        options: &'a WriteOptions,
    ) -> Result<Box<dyn Writer + 'a>, Problem> {
        self.write.map(|write| write(labels, options)).ok_or_else(|| self.unsupported("written"))
    }

    fn unsupported(&self, verb: &str) -> Problem {
        if self.read.is_some() {
            return Problem::error(format!("files of the format {} can only be read", self.name));
        }
        if !self.about.is_empty() {
            return Problem::error(self.about).hint("--format reads it in the format that you name, also as text");
        }
        Problem::error(format!("files of the format {} cannot be {verb} yet", self.name))
            .hint("tagli help formats lists the formats")
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Format").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What is known of a file after its documents were handed over.
#[derive(Debug)]
pub(crate) struct Streamed {
    /// Names of the labels.
    pub(crate) names: LabelNames,
    /// Properties of the file for the user; `None` if it is no text.
    pub(crate) detected: Option<Vec<String>>,
    /// Problems in the order in which they were found.
    pub(crate) problems: Vec<Problem>,
}

/// Contents of a file. If the problems contain an error, documents are missing.
#[derive(Clone, Debug, Default)]
pub struct ReadFile {
    /// Documents and spans.
    pub found: FoundDocuments,
    /// Properties of the file for the user; see [`Read::detected`].
    pub detected: Vec<String>,
    /// Problems in the order in which they were found.
    pub problems: Vec<Problem>,
}

impl ReadFile {
    /// Whether something in the file could not be read.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// The beginning of a file and its name, as detectors see it.
pub(crate) struct Sample<'a> {
    /// The name's extension in lower case.
    pub(crate) extension: String,
    /// The start of the text, whole lines if it has a line end. It has the first record of JSON, unless that is very long.
    pub(crate) text: &'a str,
    /// The same as bytes, for formats that are no text.
    pub(crate) bytes: &'a [u8],
}

impl<'a> Sample<'a> {
    /// Bytes that are looked at.
    pub(super) const LONGEST: usize = 1 << 16;
    /// Bytes that are looked at where the first record of JSON has not ended before.
    const LONGEST_RECORD: usize = 4 << 20;

    pub(super) fn new(name: &str, bytes: &'a [u8]) -> Self {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
        let start = decode::start_of(bytes, Self::LONGEST);
        let cut = bytes.len() > Self::LONGEST;
        let text = match FirstRecord::of(bytes.get(..Self::LONGEST_RECORD).unwrap_or(bytes)) {
            FirstRecord::EndsAt(end) if end > Self::LONGEST => decode::start_of(bytes, end),
            _ => start.rfind('\n').filter(|_| cut).and_then(|end| start.get(..=end)).unwrap_or(start),
        };
        Self { extension, text, bytes }
    }

    /// Whether the bytes are UTF-8 text, as far as they go.
    pub(super) fn is_text(&self) -> bool {
        match std::str::from_utf8(self.bytes) {
            Ok(text) => !text.contains('\0'),
            Err(error) => error.error_len().is_none() && !self.text.contains('\0'),
        }
    }

    /// As many bytes of the beginning of a source as [`Self::new`] looks at, and one more if there are more.
    pub(super) fn head(source: &dyn Source) -> io::Result<Vec<u8>> {
        let most = (Self::LONGEST + decode::MARK.len() + 1) as u64;
        let (mut input, mut head) = (source.bytes()?, Vec::new());
        input.by_ref().take(most).read_to_end(&mut head)?;
        if FirstRecord::of(&head) == FirstRecord::Open {
            input.take(Self::LONGEST_RECORD as u64 - most).read_to_end(&mut head)?;
        }
        Ok(head)
    }
}
