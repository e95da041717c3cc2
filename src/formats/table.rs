//! The table of formats: what each is called, how it is recognised, who reads and writes it, what it cannot hold.

use std::fmt;

use super::{Corpus, Problem, Read, ReadOptions, WriteOptions, Written, conll, decode, jsonl, label_studio, plain};

/// What the offsets in a file count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OffsetUnit {
    /// The file has no offsets: spans are tags on words.
    Words,
    /// Code points, as Python counts.
    CodePoints,
    /// UTF-16 units, as JavaScript counts.
    Utf16,
    /// The file has no spans at all.
    None,
}

const CONLL_LOSSES: &str = "half-word, nested and overlapping spans, ids, statuses, the white space between words";

type ReadFn = fn(&[u8], &ReadOptions) -> Read;
type WriteFn = fn(&Corpus, &WriteOptions) -> Result<Written, Vec<Problem>>;
type DetectFn = fn(&Sample<'_>) -> Option<(u8, String)>;

/// One file format.
pub struct Format {
    /// The name on the command line.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// File name extensions, the usual one first, without dot.
    pub extensions: &'static [&'static str],
    /// What its offsets count.
    pub unit: OffsetUnit,
    /// What is lost in it, in plain words; empty if nothing is.
    pub cannot_hold: &'static str,
    /// Whether texts come back character for character, not only word for word.
    pub keeps_text: bool,
    detect: DetectFn,
    read: Option<ReadFn>,
    write: Option<WriteFn>,
}

impl Format {
    /// Whether this version reads it.
    pub fn can_read(&self) -> bool {
        self.read.is_some()
    }

    /// Whether this version writes it.
    pub fn can_write(&self) -> bool {
        self.write.is_some()
    }

    /// Reads a file. A format that is not built yet gives one error that says so.
    pub fn read(&self, bytes: &[u8], options: &ReadOptions) -> Read {
        match self.read {
            Some(read) => read(bytes, options),
            None => Read { problems: vec![self.not_built("read", Self::can_read)], ..Read::default() },
        }
    }

    /// Writes a corpus.
    ///
    /// # Errors
    /// Every loss, if [`super::OnLoss::Fail`] is asked for and there is one; or that the format is not built yet.
    pub fn write(&self, corpus: &Corpus, options: &WriteOptions) -> Result<Written, Vec<Problem>> {
        match self.write {
            Some(write) => write(corpus, options),
            None => Err(vec![self.not_built("written", Self::can_write)]),
        }
    }

    fn not_built(&self, verb: &str, built: fn(&Self) -> bool) -> Problem {
        let others: Vec<_> = FORMATS.iter().filter(|format| built(format)).map(|format| format.name).collect();
        Problem::error(format!("the format {} cannot be {verb} yet", self.name))
            .hint(format!("built so far: {}", others.join(", ")))
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Format").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a file may be, with reasons.
#[derive(Clone, Debug)]
pub struct Guess {
    /// The format.
    pub format: &'static Format,
    /// From 0 to 100.
    pub confidence: u8,
    /// Why, in plain words.
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

/// What the file may be, likeliest first: by its content, then by its name. Empty only for bytes that are no text.
pub fn detect(name: &str, bytes: &[u8]) -> Vec<Guess> {
    let sample = Sample::new(name, bytes);
    let mut guesses: Vec<Guess> = FORMATS
        .iter()
        .filter_map(|format| {
            let (confidence, why) = (format.detect)(&sample)?;
            Some(Guess { format, confidence, why })
        })
        .collect();
    guesses.sort_by_key(|guess| std::cmp::Reverse(guess.confidence));
    guesses
}

/// The format with this name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// A format of the plan that no code reads or writes yet; it can still be recognised and named.
const fn planned(
    name: &'static str,
    about: &'static str,
    extensions: &'static [&'static str],
    unit: OffsetUnit,
    detect: DetectFn,
) -> Format {
    Format { name, about, extensions, unit, cannot_hold: "", keeps_text: true, detect, read: None, write: None }
}

/// Never recognised: another format of the same shape comes first, or only its name tells it.
const fn by_name_only(_: &Sample<'_>) -> Option<(u8, String)> {
    None
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

/// All formats: those of the plan that are not built yet answer [`Format::can_read`] with no.
pub static FORMATS: &[Format] = &[
    Format {
        name: "text",
        about: "one review a line",
        extensions: &["txt"],
        unit: OffsetUnit::None,
        cannot_hold: "spans, ids, line breaks inside a text",
        keeps_text: false,
        detect: plain::detect,
        read: Some(plain::read),
        write: Some(plain::write),
    },
    Format {
        name: "jsonl",
        about: "one JSON object a line: id, text, spans in code points",
        extensions: &["jsonl", "ndjson"],
        unit: OffsetUnit::CodePoints,
        cannot_hold: "who made a span and when",
        keeps_text: true,
        detect: jsonl::detect,
        read: Some(jsonl::read),
        write: Some(jsonl::write),
    },
    Format {
        name: "conll2003",
        about: "word, part of speech, chunk, tag; blanks between; -DOCSTART- lines",
        extensions: &["conll", "conll2003"],
        unit: OffsetUnit::Words,
        cannot_hold: CONLL_LOSSES,
        keeps_text: false,
        detect: conll::detect_conll2003,
        read: Some(conll::read_token_first),
        write: Some(conll::write_conll2003),
    },
    Format {
        name: "conll2002",
        about: "word, blank, tag",
        extensions: &["conll", "conll2002", "iob"],
        unit: OffsetUnit::Words,
        cannot_hold: CONLL_LOSSES,
        keeps_text: false,
        detect: conll::detect_conll2002,
        read: Some(conll::read_token_first),
        write: Some(conll::write_conll2002),
    },
    Format {
        name: "tag-first",
        about: "tag, tab, word: the layout of MIT Restaurant and of the lesson",
        extensions: &["bio", "tsv"],
        unit: OffsetUnit::Words,
        cannot_hold: CONLL_LOSSES,
        keeps_text: false,
        detect: conll::detect_tag_first,
        read: Some(conll::read_tag_first),
        write: Some(conll::write_tag_first),
    },
    Format {
        name: "label-studio",
        about: "Label Studio's JSON: a list of tasks with annotations",
        extensions: &["json"],
        unit: OffsetUnit::CodePoints,
        cannot_hold: "the statuses partial and flagged, the split, given words",
        keeps_text: true,
        detect: label_studio::detect,
        read: Some(label_studio::read),
        write: Some(label_studio::write),
    },
    planned("label-studio-min", "Label Studio's short JSON", &["json"], OffsetUnit::CodePoints, by_name_only),
    planned("label-studio-csv", "Label Studio's CSV", &["csv"], OffsetUnit::CodePoints, by_name_only),
    planned("label-studio-tsv", "Label Studio's TSV", &["tsv"], OffsetUnit::CodePoints, by_name_only),
    planned("label-studio-conll", "CoNLL as Label Studio writes it", &["conll"], OffsetUnit::Words, by_name_only),
    planned("doccano", "doccano's JSON lines", &["jsonl"], OffsetUnit::Utf16, |sample| {
        ["label", "labels", "entities"].iter().find_map(|key| by_keys(sample, &["text", key]))
    }),
    planned("prodigy", "Prodigy's JSON lines", &["jsonl"], OffsetUnit::CodePoints, |sample| {
        ["_input_hash", "answer"].iter().find_map(|key| by_keys(sample, &["text", key]))
    }),
    planned("brat", "brat standoff: .txt and .ann", &["ann"], OffsetUnit::CodePoints, |sample| {
        by_extension(sample, "ann").filter(|_| sample.text.lines().next().is_some_and(|line| line.contains('\t')))
    }),
    planned("hf-jsonl", "Hugging Face tokens and ner_tags", &["jsonl"], OffsetUnit::Words, |sample| {
        by_keys(sample, &["tokens", "ner_tags"])
    }),
    planned("parquet", "Hugging Face tokens and ner_tags as Parquet", &["parquet"], OffsetUnit::Words, |sample| {
        sample.text.starts_with("PAR1").then(|| (95, "the first four bytes".to_owned()))
    }),
    planned("spacy", "spaCy's DocBin", &["spacy"], OffsetUnit::Words, |sample| by_extension(sample, "spacy")),
    planned("spacy-json", "spaCy's JSON", &["json"], OffsetUnit::CodePoints, by_name_only),
    planned("slate", "SLATE's annotations", &["annotations"], OffsetUnit::Words, |sample| {
        by_extension(sample, "annotations")
    }),
    planned("yedda", "YEDDA's inline marks", &["ann"], OffsetUnit::CodePoints, |sample| {
        by_extension(sample, "ann").filter(|_| sample.text.contains("[@"))
    }),
    planned("csv", "one span a row", &["csv"], OffsetUnit::CodePoints, |sample| by_extension(sample, "csv")),
];
