//! Repair of `documents.jsonl`: conflict markers, lines that are no documents, and two lines for one document.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
    path::Path,
};

use memchr::memmem;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{
    Finding,
    lines::{Fate, LineChanges, bytes_outside, each_line},
    sentences::{line, lines, lines_are},
};
use crate::{
    formats::Severity,
    project::{
        DOCUMENTS, Documents, Stamp, StorageError,
        documents::{self, DocumentReader, WAS},
        file_names::{BAD, shown},
        merge_sides::{Side, SideReader},
        stamp_of,
        text_anchor::Fingerprint,
    },
    text::{Grid, number::with_noun},
};

/// Beginning of a document as this program writes it.
const START: &[u8] = b"{\"id\":\"";

/// Repair of the file.
#[derive(Debug)]
pub(super) struct DocumentsRepair {
    /// The documents as they would be.
    pub(super) documents: Documents,
    pub(super) changes: LineChanges,
    /// What would be done, one sentence each.
    pub(super) sentences: Vec<String>,
    /// Decisions that are left to a person. If there is one, the file is not changed.
    pub(super) left: Vec<Finding>,
    /// Whether git left conflict markers in the file.
    pub(super) is_unmerged: bool,
    /// Stamp of the file as it was read.
    pub(super) stamp: Stamp,
}

impl DocumentsRepair {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn of(path: &Path, grid: Grid) -> Result<Self, StorageError> {
        // Before the lines: a change in between is then noticed when the repair is carried out.
        let stamp = stamp_of(path)?;
        let mut scan = Scan::default();
        each_line(path, |number, line| scan.add(number, line))?;
        scan.settle_rescued();
        let versions = scan.versions(path)?;
        let is_unmerged = scan.is_unmerged;
        let mut outcome = scan.finish(&versions);
        if !outcome.left.is_empty() {
            outcome.changes = LineChanges::default();
            outcome.sentences.clear();
        }
        let mut reader = DocumentReader::default();
        each_line(path, |number, line| outcome.changes.each_kept(number, line, |line| reader.add_line(line, grid)))?;
        let (documents, _) = reader.finish();
        let Outcome { changes, sentences, left } = outcome;
        Ok(Self { documents, changes, sentences, left, is_unmerged, stamp })
    }
}

/// Result of the reading, before the documents are read as they would be.
struct Outcome {
    changes: LineChanges,
    sentences: Vec<String>,
    left: Vec<Finding>,
}

/// Place of a document in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Number of the line, from 1.
    line: usize,
    /// Number among the documents of the line, from 0.
    piece: usize,
}

/// Documents behind a torn one on its line.
struct Rescued {
    line: usize,
    /// Bytes of the torn one.
    rest: usize,
    ids: Vec<String>,
    /// Why the line is no document.
    why: String,
}

/// What the lines of the file are.
#[derive(Default)]
struct Scan {
    sides: SideReader,
    /// Lines with a marker that cannot come there.
    out_of_order: Option<usize>,
    /// Whether there are markers.
    is_unmerged: bool,
    changes: LineChanges,
    bad: Vec<usize>,
    /// The first bad line with its cause.
    first_cause: Option<(usize, String)>,
    split: Vec<usize>,
    rescued: Vec<Rescued>,
    /// Bytes in separated lines that belong to no document.
    rest: usize,
    /// Places of each document.
    ids: HashMap<String, Vec<Place>>,
    /// Versions from which both sides of a conflict grew.
    base: HashMap<String, Value>,
}

impl Scan {
    fn add(&mut self, number: usize, line: &[u8]) {
        let (mark, line) = line.split_at(mark_length(number, line));
        match self.sides.side_of(line) {
            Err(_) => _ = self.out_of_order.get_or_insert(number),
            Ok(None) => {
                self.is_unmerged = true;
                self.changes.set(number, Fate::Drop);
            }
            Ok(Some(Side::Base)) => {
                self.changes.set(number, Fate::Drop);
                if let (Some(id), Ok(value)) = (id_of(line), serde_json::from_slice(line)) {
                    self.base.insert(id, value);
                }
            }
            Ok(Some(Side::Both | Side::Ours | Side::Theirs)) if line.trim_ascii().is_empty() => {}
            Ok(Some(Side::Both | Side::Ours | Side::Theirs)) => self.add_document(number, line, mark.len()),
        }
    }

    fn add_place(&mut self, id: String, line: usize, piece: usize) {
        self.ids.entry(id).or_default().push(Place { line, piece });
    }

    fn add_bad(&mut self, number: usize, why: String) {
        if self.first_cause.as_ref().is_none_or(|(first, _)| number < *first) {
            self.first_cause = Some((number, why));
        }
        self.bad.push(number);
        self.changes.set(number, Fate::Aside);
    }

    /// Adds a line without its byte order mark, which has `mark` bytes.
    fn add_document(&mut self, number: usize, line: &[u8], mark: usize) {
        // The words are not needed.
        match documents::parse(line, Grid::default()) {
            Ok((document, _)) => self.add_place(document.id, number, 0),
            Err(why) => match Within::of(line) {
                Some(within) => {
                    self.split.push(number);
                    self.changes.set(number, within.fate(mark));
                    if within.rest > 0 {
                        self.rescued.push(Rescued { line: number, rest: within.rest, ids: within.ids, why });
                    } else {
                        let ids = within.ids.into_iter().enumerate();
                        ids.for_each(|(piece, id)| self.add_place(id, number, piece));
                    }
                }
                None => self.add_bad(number, why),
            },
        }
    }

    /// Decides about documents behind torn ones: a line of which one is elsewhere, too, is moved aside as it is.
    fn settle_rescued(&mut self) {
        let rescued = std::mem::take(&mut self.rescued);
        let mut seen = HashMap::<String, usize>::new();
        rescued.iter().flat_map(|one| &one.ids).for_each(|id| *seen.entry(id.clone()).or_default() += 1);
        for Rescued { line, rest, ids, why } in rescued {
            if ids.iter().all(|id| seen.get(id) == Some(&1) && !self.ids.contains_key(id)) {
                self.rest += rest;
                ids.into_iter().enumerate().for_each(|(piece, id)| self.add_place(id, line, piece));
            } else {
                self.add_bad(line, why);
            }
        }
        self.bad.sort_unstable();
        self.split.retain(|line| self.bad.binary_search(line).is_err());
    }

    /// Documents that have the id of another one, by place.
    fn versions(&self, path: &Path) -> Result<BTreeMap<Place, Map<String, Value>>, StorageError> {
        let wanted: BTreeSet<Place> = self.ids.values().filter(|places| places.len() > 1).flatten().copied().collect();
        let mut versions = BTreeMap::new();
        if !wanted.is_empty() {
            each_line(path, |number, line| {
                let mut place = Place { line: number, piece: 0 };
                self.changes.each_kept(number, line, |kept| {
                    let (_, text) = kept.split_at(mark_length(number, kept));
                    let fields = wanted.contains(&place).then(|| serde_json::from_slice(text.trim_ascii()).ok());
                    versions.extend(fields.flatten().map(|fields| (place, fields)));
                    place.piece += 1;
                });
            })?;
        }
        Ok(versions)
    }

    fn finish(mut self, versions: &BTreeMap<Place, Map<String, Value>>) -> Outcome {
        let mut left = Vec::new();
        if let Some(number) = self.out_of_order.or_else(|| (!self.sides.is_complete()).then_some(0)) {
            left.push(undecided(
                number,
                "the conflict markers of git are not in order; finish the merge with an editor",
            ));
        }
        let mut older = Vec::new();
        let mut several: Vec<(&String, &Vec<Place>)> = self.ids.iter().filter(|(_, places)| places.len() > 1).collect();
        several.sort_by_key(|(_, places)| places.first().copied());
        for (id, places) in several {
            match dropped(places, versions, self.base.get(id)) {
                Ok(dropped) => older.extend(dropped),
                Err((first, second)) => left.push(undecided(
                    second.line,
                    format!(
                        "document `{}` is in line {}, too, with other contents, and nothing shows which of the two is right; \
                         remove one of the two lines, or give it another id, with an editor",
                        shown(id),
                        first.line
                    ),
                )),
            }
        }
        older.sort_unstable();
        // From the last one: the numbers of those before it stay.
        older.iter().rev().for_each(|place| self.changes.leave_out(place.line, place.piece));
        let sentences = self.sentences(&older);
        Outcome { changes: self.changes, sentences, left }
    }

    fn sentences(&self, older: &[Place]) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.is_unmerged {
            sentences.push(
                "the conflict markers of an unfinished git merge are left out, and the documents of both sides stay"
                    .to_owned(),
            );
        }
        if !self.split.is_empty() {
            sentences.push(format!(
                "the documents in {} are separated: a line feed between them was lost{}",
                lines(&self.split),
                match self.rest {
                    0 => String::new(),
                    rest => format!(
                        "; {} there belong to no whole document, and {DOCUMENTS}.{BAD} keeps them",
                        with_noun(rest, "byte")
                    ),
                }
            ));
        }
        let (of_split, whole): (Vec<Place>, Vec<Place>) =
            older.iter().partition(|place| self.split.binary_search(&place.line).is_ok());
        if !whole.is_empty() {
            sentences.push(format!(
                "{} left out, because another line has the same document, or a later version of it",
                lines_are(&line_numbers(whole))
            ));
        }
        if !of_split.is_empty() {
            let count = with_noun(of_split.len(), "document");
            sentences.push(format!(
                "{count} in {} left out, because another line has the same, or a later version",
                lines_are(&line_numbers(of_split))
            ));
        }
        if let Some((first, cause)) = &self.first_cause {
            sentences.push(format!(
                "{} moved to {DOCUMENTS}.{BAD}, where an editor can correct what is wrong ({}: {})",
                lines_are(&self.bad),
                line(*first),
                // The remedy after it is about the file itself.
                cause.split(';').next().unwrap_or_default()
            ));
        }
        sentences
    }
}

/// Numbers of the lines, each once. The places are in their order.
fn line_numbers(places: Vec<Place>) -> Vec<usize> {
    let mut numbers: Vec<usize> = places.into_iter().map(|place| place.line).collect();
    numbers.dedup();
    numbers
}

fn undecided(number: usize, what: impl Into<String>) -> Finding {
    let line = (number > 0).then_some(number);
    Finding { severity: Severity::Error, file: DOCUMENTS.to_owned(), line, what: what.into() }
}

fn id_of(line: &[u8]) -> Option<String> {
    documents::parse(line, Grid::default()).ok().map(|(document, _)| document.id)
}

/// Length of the byte order mark of a line, which only the first one may have.
fn mark_length(number: usize, line: &[u8]) -> usize {
    let mark = b"\xef\xbb\xbf";
    if number == 1 && line.starts_with(mark) { mark.len() } else { 0 }
}

/// Documents at the end of one line, because a line feed before or between them was lost.
pub(super) struct Within {
    ids: Vec<String>,
    pieces: Vec<Range<usize>>,
    /// Bytes of a torn document before them.
    rest: usize,
}

impl Within {
    /// Finds the documents that follow each other up to the end of a line without byte order mark.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let line = line.trim_ascii_end();
        let (mut ids, mut pieces) = (Vec::new(), Vec::new());
        let mut at = 0;
        while at < line.len() {
            if let Some((id, length)) = document_at(line.get(at..)?) {
                ids.push(id);
                pieces.push(at..at + length);
                at += length;
            } else {
                ids.clear();
                pieces.clear();
                at = next_start(line, at + 1)?;
            }
        }
        let rest = bytes_outside(line, &pieces);
        (ids.len() > 1 || rest > 0).then_some(Self { ids, pieces, rest })
    }

    /// Treatment of the line. In the file a byte order mark of `mark` bytes is before it; it stays before a document that is
    /// the first of the line.
    fn fate(&self, mark: usize) -> Fate {
        let pieces = self.pieces.iter().map(|piece| match piece.start {
            0 => 0..piece.end + mark,
            start => start + mark..piece.end + mark,
        });
        Fate::split(pieces.collect(), self.rest)
    }
}

/// Id and length of the document at the beginning of `bytes`.
fn document_at(bytes: &[u8]) -> Option<(String, usize)> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    let length = values.byte_offset();
    Some((id_of(bytes.get(..length)?)?, length))
}

/// Next place from `from` on where a document may begin behind a torn one.
fn next_start(line: &[u8], from: usize) -> Option<usize> {
    memmem::find_iter(line.get(from..)?, START).map(|at| from + at).find(|at| !may_be_part(line, *at))
}

/// Whether what begins at `at` may be a part of the document before it.
fn may_be_part(line: &[u8], at: usize) -> bool {
    let (before, _) = line.split_at(at);
    before.trim_ascii_end().last().is_none_or(|byte| b":[,".contains(byte))
}

/// Places of one document that are left out. An error names two of which neither is a version of the other.
fn dropped(
    places: &[Place],
    versions: &BTreeMap<Place, Map<String, Value>>,
    base: Option<&Value>,
) -> Result<Vec<Place>, (Place, Place)> {
    let mut dropped = Vec::new();
    let mut kept: Option<Place> = None;
    for place in places {
        let Some(before) = kept else {
            kept = Some(*place);
            continue;
        };
        let (Some(first), Some(second)) = (versions.get(&before), versions.get(place)) else {
            return Err((before, *place));
        };
        if first == second || base == Some(&Value::Object(second.clone())) || is_corrected(second, first) {
            dropped.push(*place);
        } else if base == Some(&Value::Object(first.clone())) || is_corrected(first, second) {
            dropped.push(before);
            kept = Some(*place);
        } else {
            return Err((before, *place));
        }
    }
    Ok(dropped)
}

/// Whether the second version of a document is the first one after corrections of its text, and differs in nothing else.
fn is_corrected(before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    let others = |fields: &Map<String, Value>| {
        let mut fields = fields.clone();
        ["text", "words", WAS].iter().for_each(|name| _ = fields.remove(*name));
        fields
    };
    let fingerprint = |fields: &Map<String, Value>| {
        fields.get("text").and_then(Value::as_str).map(|text| Value::from(Fingerprint::of(text).to_string()))
    };
    let Some(later) = corrections(after).strip_prefix(corrections(before)) else { return false };
    let begins = later.first().and_then(|correction| correction.get("from")).cloned();
    let ends = later.last().and_then(|correction| correction.get("to")).cloned();
    !later.is_empty() && begins == fingerprint(before) && ends == fingerprint(after) && others(before) == others(after)
}

/// Corrections of the text of a document, in their order.
fn corrections(fields: &Map<String, Value>) -> &[Value] {
    fields.get(WAS).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
