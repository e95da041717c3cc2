//! The table of formats: the name of each, how it is recognised, who reads and writes it, what it cannot hold.
//!
//! A format is described in its own file by a constant of type [`Format`]; [`FORMATS`] lists them in the order in which
//! users see them. Every other list of formats (arguments, completions, the question before an export) derives from it.

use std::fmt;

use super::{
    Corpus, Problem, Read, ReadOptions, WriteOptions, Written, conll, decode, jsonl, label_studio, plain,
    problem::quoted,
};

/// All formats that can be read and written.
pub static FORMATS: &[&Format] =
    &[&plain::FORMAT, &jsonl::FORMAT, &conll::CONLL2003, &conll::CONLL2002, &conll::TAG_FIRST, &label_studio::FORMAT];

/// The format for any text; its reader names the first byte that is none.
const FALLBACK: &Format = &plain::FORMAT;

/// Formats that are recognised so that the error can name them, and that nothing reads or writes yet.
static RECOGNISED: &[Format] = &[
    recognised("doccano", |sample| {
        ["label", "labels", "entities"].iter().find_map(|key| by_keys(sample, &["text", key]))
    }),
    recognised("prodigy", |sample| ["_input_hash", "answer"].iter().find_map(|key| by_keys(sample, &["text", key]))),
    recognised("brat", |sample| {
        by_extension(sample, "ann").filter(|_| sample.text.lines().next().is_some_and(|line| line.contains('\t')))
    }),
    recognised("hf-jsonl", |sample| by_keys(sample, &["tokens", "ner_tags"])),
    recognised("parquet", |sample| sample.text.starts_with("PAR1").then(|| (95, "the first four bytes".to_owned()))),
    recognised("spacy", |sample| by_extension(sample, "spacy")),
    recognised("slate", |sample| by_extension(sample, "annotations")),
    recognised("yedda", |sample| by_extension(sample, "ann").filter(|_| sample.text.contains("[@"))),
    recognised("csv", |sample| by_extension(sample, "csv")),
];

pub(super) type ReadFn = fn(&[u8], &ReadOptions) -> Read;
pub(super) type WriteFn = fn(&Corpus, &WriteOptions) -> Result<Written, Vec<Problem>>;
/// Confidence from 0 to 100 and the reason for it, or `None` if the file is not of this format.
pub(super) type DetectFn = fn(&Sample<'_>) -> Option<(u8, String)>;

/// A file format.
pub struct Format {
    /// Name on the command line.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// File name extensions without dot, the usual one first.
    pub extensions: &'static [&'static str],
    /// What is lost in it, in plain words; empty if nothing is.
    pub cannot_hold: &'static str,
    /// Whether texts come back character for character, not only word for word.
    pub keeps_text: bool,
    pub(super) detect: DetectFn,
    pub(super) read: Option<ReadFn>,
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
            .hint(format!("use one of {}", names()))
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Format").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A format that a file may have.
#[derive(Clone, Debug)]
pub struct Guess {
    /// The format.
    pub format: &'static Format,
    /// From 0 to 100.
    pub confidence: u8,
    /// The reason, in plain words.
    pub why: String,
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

    fn new(name: &str, bytes: &'a [u8]) -> Self {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
        let start = decode::start_of(bytes, Self::LONGEST);
        let cut = bytes.len() > Self::LONGEST;
        let text = start.rfind('\n').filter(|_| cut).and_then(|end| start.get(..=end)).unwrap_or(start);
        Self { extension, text }
    }
}

/// The likeliest format of a file: by its content, then by its name.
pub fn detect(name: &str, bytes: &[u8]) -> Guess {
    let first = guesses(name, bytes).into_iter().next();
    first.unwrap_or_else(|| Guess { format: FALLBACK, confidence: 0, why: "nothing else fits".to_owned() })
}

/// The formats that a file may have, likeliest first. Empty only for bytes that are no text.
pub(super) fn guesses(name: &str, bytes: &[u8]) -> Vec<Guess> {
    let sample = Sample::new(name, bytes);
    let mut guesses: Vec<Guess> = FORMATS
        .iter()
        .copied()
        .chain(RECOGNISED)
        .filter_map(|format| {
            let (confidence, why) = (format.detect)(&sample)?;
            Some(Guess { format, confidence, why })
        })
        .collect();
    guesses.sort_by_key(|guess| std::cmp::Reverse(guess.confidence));
    guesses
}

/// No format has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {}; use one of {}", quoted(.0), names())]
pub struct UnknownFormat(String);

/// The format with this name.
///
/// # Errors
/// There is none; the error lists all names.
pub fn find(name: &str) -> Result<&'static Format, UnknownFormat> {
    let found = FORMATS.iter().copied().find(|format| format.name == name);
    found.ok_or_else(|| UnknownFormat(name.to_owned()))
}

/// The names of all formats, with commas between them.
pub fn names() -> String {
    FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ")
}

/// The format for a new file with this extension, given without dot and in lower case.
pub fn find_by_extension(extension: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.extensions.contains(&extension))
}

const fn recognised(name: &'static str, detect: DetectFn) -> Format {
    Format { name, about: "", extensions: &[], cannot_hold: "", keeps_text: true, detect, read: None, write: None }
}

fn by_extension(sample: &Sample<'_>, extension: &str) -> Option<(u8, String)> {
    (sample.extension == extension).then(|| (60, format!("a name that ends in .{extension}")))
}

/// Recognises JSON lines by keys of the first object, all of which it must have.
fn by_keys(sample: &Sample<'_>, keys: &[&str]) -> Option<(u8, String)> {
    let line = sample.text.lines().find(|line| !line.trim().is_empty())?;
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).ok()?;
    let all = keys.iter().all(|key| object.contains_key(*key));
    all.then(|| (92, format!("JSON lines with {}", keys.join(" and "))))
}
