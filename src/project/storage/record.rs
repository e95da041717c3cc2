//! Records of what this program makes. A record is written and synced before the thing that it is about exists.
//!
//! A record is the file `.tagli-ID.json` beside the thing, with a random id that the thing carries, too. It only grows, by
//! one line for each step; a last line without line feed does not count. `FORMAT.md` describes the lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use serde::{Deserialize, Serialize};

use super::{append::Appender, dir::Dir, faults::step, open::SMALL};
use crate::{guard, project::file_names::check_file_name};

/// Version of the format of records.
const VERSION: u64 = 1;

/// Prefix of the names of temporary files and folders, markers and records.
pub(super) const PREFIX: &str = ".tagli-";

/// Random id of a thing that this program made: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::project) struct Id(String);

impl TryFrom<String> for Id {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_id = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_id { Ok(Self(text)) } else { Err("an id has 32 hexadecimal digits".to_owned()) }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Id {
    /// Draws an id.
    pub(in crate::project) fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// Id in a name with this suffix, such as `.tmp`.
    fn in_name(name: &str, suffix: &str) -> Option<Self> {
        let id = name.strip_prefix(PREFIX)?.strip_suffix(suffix)?;
        Self::try_from(id.to_owned()).ok()
    }

    /// Name of the record.
    pub(super) fn record(&self) -> String {
        format!("{PREFIX}{self}.json")
    }

    /// Name under which a thing is made.
    pub(super) fn temporary(&self) -> String {
        format!("{PREFIX}{self}.tmp")
    }

    /// Name under which a thing is removed.
    pub(super) fn retired(&self) -> String {
        format!("{PREFIX}{self}.old")
    }

    /// Name of the empty file that marks a folder.
    pub(super) fn marker(&self) -> String {
        format!("{PREFIX}{self}")
    }
}

/// Whether a name is one of a temporary file of this program.
pub(in crate::project) fn is_temporary(name: &str) -> bool {
    Id::in_name(name, ".tmp").is_some()
}

/// Subject of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::project) enum Subject {
    /// A folder of files, made under a temporary name and published under this one.
    Folder(String),
    /// A run in the folder of the record, whose `config.json` carries the id.
    Run {
        /// Whether this program made the folder itself, too.
        made: bool,
        /// The run that this one replaces when it is complete.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<Id>,
    },
}

/// Bytes at each end of a file from which its checksum is computed, so that large files are compared quickly.
const SAMPLE: usize = 64 << 10;

/// Size of a file and checksum of its ends, by which it is recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::project) struct Contents {
    bytes: u64,
    crc: u32,
}

impl Contents {
    /// Describes the contents of a file.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let (first, last) = match bytes.len() > 2 * SAMPLE {
            true => (bytes.get(..SAMPLE), bytes.get(bytes.len() - SAMPLE..)),
            false => (Some(bytes), None),
        };
        Self::sampled(bytes.len() as u64, &[first.unwrap_or_default(), last.unwrap_or_default()].concat())
    }

    /// Reads and describes a regular file; `None` if there is none.
    pub(super) fn read(dir: &Dir, name: &str) -> io::Result<Option<Self>> {
        let Some(mut file) = dir.open_file(name)? else { return Ok(None) };
        let (bytes, both) = (file.metadata()?.len(), 2 * SAMPLE as u64);
        let mut ends = Vec::new();
        if bytes > both {
            (&file).take(SAMPLE as u64).read_to_end(&mut ends)?;
            file.seek(SeekFrom::End(-(SAMPLE as i64)))?;
        }
        file.take(both).read_to_end(&mut ends)?;
        Ok(Some(Self::sampled(bytes, &ends)))
    }

    fn sampled(bytes: u64, ends: &[u8]) -> Self {
        Self { bytes, crc: crc32fast::hash(ends) }
    }
}

/// Last step of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::project) enum Stage {
    /// The thing is being made.
    Begun,
    /// It is complete; from now on it is published, also after a crash.
    Complete,
    /// It has its name.
    Published,
    /// It is being removed, because the thing with this id takes its place if there is one.
    Retired(Option<Id>),
}

#[derive(Serialize, Deserialize)]
struct Head {
    tagli_record: u64,
    id: Id,
    subject: Subject,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    files: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    File {
        name: String,
        #[serde(flatten)]
        contents: Contents,
    },
    Complete,
    Published,
    Retired {
        by: Option<Id>,
    },
}

/// A record on disk.
#[derive(Debug)]
pub(in crate::project) struct Record {
    pub(in crate::project) id: Id,
    pub(in crate::project) subject: Subject,
    /// Names of the thing's files. The contents count for a folder only, as the files of a run change.
    pub(in crate::project) files: BTreeMap<String, Contents>,
    pub(in crate::project) stage: Stage,
    file: File,
    appender: Appender,
    /// Length in bytes of the whole lines that were read, until something is appended.
    whole: Option<u64>,
}

/// First line of a new record; `files` are those whose contents change.
pub(super) fn first_line(id: &Id, subject: &Subject, files: &[&str]) -> io::Result<Vec<u8>> {
    let files = files.iter().map(|name| (*name).to_owned()).collect();
    let mut line =
        serde_json::to_vec(&Head { tagli_record: VERSION, id: id.clone(), subject: subject.clone(), files })?;
    line.push(b'\n');
    Ok(line)
}

impl Record {
    /// Reads the record of an id; `None` if there is none, or if it is not a record.
    pub(in crate::project) fn read(dir: &Dir, id: &Id) -> io::Result<Option<Self>> {
        let Some(file) = dir.open_to_append(id.record())? else { return Ok(None) };
        let bytes = guard::read_all(&file, SMALL)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut lines = bytes.get(..whole).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
        let head = lines.next().and_then(|line| serde_json::from_slice::<Head>(line).ok());
        let Some(head) = head.filter(|head| head.tagli_record == VERSION && head.id == *id) else { return Ok(None) };
        let appender = Appender::of(file.try_clone()?, &dir.path().join(id.record()))?;
        let whole = Some(whole as u64);
        let files = head.files.into_iter().map(|name| (name, Contents::default())).collect();
        let mut record = Self { id: head.id, subject: head.subject, files, stage: Stage::Begun, file, appender, whole };
        for line in lines {
            let Ok(line) = serde_json::from_slice(line) else { return Ok(None) };
            record.apply(line);
        }
        // A record from a stranger must not lead out of its folder.
        let mut names = record.files.keys().map(String::as_str).chain(record.target());
        let is_plain = names.all(|name| check_file_name(name).is_ok());
        drop(names);
        Ok(Some(record).filter(|_| is_plain))
    }

    /// Reads all records in a folder.
    pub(in crate::project) fn all(dir: &Dir) -> io::Result<Vec<Self>> {
        let names = dir.names()?;
        let ids = names.iter().filter_map(|name| Id::in_name(name.to_str()?, ".json"));
        let read: io::Result<Vec<Option<Self>>> = ids.map(|id| Self::read(dir, &id)).collect();
        Ok(read?.into_iter().flatten().collect())
    }

    /// File name of the record.
    pub(in crate::project) fn name(&self) -> String {
        self.id.record()
    }

    /// Name under which a folder is published; `None` for the record of a run.
    pub(in crate::project) fn target(&self) -> Option<&str> {
        match &self.subject {
            Subject::Folder(name) => Some(name),
            Subject::Run { .. } => None,
        }
    }

    /// The open file, to find out whether a name still leads to it.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Announces a file, before it is written.
    pub(super) fn add_file(&mut self, name: &str, contents: Contents) -> io::Result<()> {
        self.append(Line::File { name: name.to_owned(), contents })
    }

    /// Records that the thing is complete.
    pub(in crate::project) fn complete(&mut self) -> io::Result<()> {
        self.append(Line::Complete)
    }

    /// Records that the thing has its name.
    pub(in crate::project) fn publish(&mut self) -> io::Result<()> {
        self.append(Line::Published)
    }

    /// Announces that the thing is removed, because the one with the id `by` takes its place if there is one.
    pub(in crate::project) fn retire(&mut self, by: Option<&Id>) -> io::Result<()> {
        self.append(Line::Retired { by: by.cloned() })
    }

    fn append(&mut self, line: Line) -> io::Result<()> {
        step()?;
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        // Cut only here, where the lock is held: a reader may see a line that its writer has not finished.
        if let Some(whole) = self.whole.take() {
            self.appender.truncate(whole)?;
        }
        self.appender.append(&bytes)?;
        self.apply(line);
        Ok(())
    }

    fn apply(&mut self, line: Line) {
        match line {
            Line::File { name, contents } => {
                self.files.insert(name, contents);
            }
            Line::Complete => self.stage = Stage::Complete,
            Line::Published => self.stage = Stage::Published,
            Line::Retired { by } => self.stage = Stage::Retired(by),
        }
    }
}
