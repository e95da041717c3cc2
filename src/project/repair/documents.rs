//! Repair of `documents.jsonl`: conflict markers, lines that are no documents, and two lines for one document.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{
    Finding,
    lines::{Fate, LineChanges, each_line},
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
    text::Grid,
};

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
    /// Cause of the first bad line.
    first_cause: String,
    split: Vec<usize>,
    /// Lines of each document.
    ids: HashMap<String, Vec<usize>>,
    /// Versions from which both sides of a conflict grew.
    base: HashMap<String, Value>,
}

impl Scan {
    fn add(&mut self, number: usize, line: &[u8]) {
        let line = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
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
            Ok(Some(Side::Both | Side::Ours | Side::Theirs)) => self.add_document(number, line),
        }
    }

    fn add_document(&mut self, number: usize, line: &[u8]) {
        // The words are not needed.
        match documents::parse(line, Grid::default()) {
            Ok((document, _)) => self.ids.entry(document.id).or_default().push(number),
            Err(why) => match documents_within(line) {
                Some((ids, fate)) => {
                    self.split.push(number);
                    ids.into_iter().for_each(|id| self.ids.entry(id).or_default().push(number));
                    self.changes.set(number, fate);
                }
                None => {
                    if self.bad.is_empty() {
                        self.first_cause = why;
                    }
                    self.bad.push(number);
                    self.changes.set(number, Fate::Aside);
                }
            },
        }
    }

    /// Lines that have the id of another line, by number.
    fn versions(&self, path: &Path) -> Result<BTreeMap<usize, Map<String, Value>>, StorageError> {
        let wanted: BTreeSet<usize> = self.ids.values().filter(|lines| lines.len() > 1).flatten().copied().collect();
        let mut versions = BTreeMap::new();
        if !wanted.is_empty() {
            each_line(path, |number, line| {
                let fields = wanted.contains(&number).then(|| serde_json::from_slice(line.trim_ascii()).ok());
                versions.extend(fields.flatten().map(|fields| (number, fields)));
            })?;
        }
        Ok(versions)
    }

    fn finish(mut self, versions: &BTreeMap<usize, Map<String, Value>>) -> Outcome {
        let mut left = Vec::new();
        if let Some(number) = self.out_of_order.or_else(|| (!self.sides.is_complete()).then_some(0)) {
            left.push(undecided(
                number,
                "the conflict markers of git are not in order; finish the merge with an editor",
            ));
        }
        let mut older = Vec::new();
        let mut several: Vec<(&String, &Vec<usize>)> = self.ids.iter().filter(|(_, lines)| lines.len() > 1).collect();
        several.sort_by_key(|(_, lines)| lines.first().copied());
        for (id, numbers) in several {
            match dropped(numbers, versions, self.base.get(id)) {
                Ok(dropped) => older.extend(dropped),
                Err((first, second)) => left.push(undecided(
                    second,
                    format!(
                        "document `{}` is in line {first}, too, with other contents, and nothing shows which of the two is right; \
                         remove one of the two lines, or give it another id, with an editor",
                        shown(id)
                    ),
                )),
            }
        }
        older.sort_unstable();
        older.iter().for_each(|number| self.changes.set(*number, Fate::Drop));
        let sentences = self.sentences(&older);
        Outcome { changes: self.changes, sentences, left }
    }

    fn sentences(&self, older: &[usize]) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.is_unmerged {
            sentences.push(
                "the conflict markers of an unfinished git merge are left out, and the documents of both sides stay"
                    .to_owned(),
            );
        }
        if !self.split.is_empty() {
            sentences.push(format!(
                "the documents in {} are separated: a line feed between them was lost",
                lines(&self.split)
            ));
        }
        if !older.is_empty() {
            sentences.push(format!(
                "{} left out, because another line has the same document, or a later version of it",
                lines_are(older)
            ));
        }
        if let Some(first) = self.bad.first() {
            sentences.push(format!(
                "{} moved to {DOCUMENTS}.{BAD}, where an editor can correct what is wrong ({}: {})",
                lines_are(&self.bad),
                line(*first),
                // The remedy after it is about the file itself.
                self.first_cause.split(';').next().unwrap_or_default()
            ));
        }
        sentences
    }
}

fn undecided(number: usize, what: impl Into<String>) -> Finding {
    let line = (number > 0).then_some(number);
    Finding { severity: Severity::Error, file: DOCUMENTS.to_owned(), line, what: what.into() }
}

fn id_of(line: &[u8]) -> Option<String> {
    documents::parse(line, Grid::default()).ok().map(|(document, _)| document.id)
}

/// Documents that follow each other on one line, because a line feed between them was lost.
fn documents_within(line: &[u8]) -> Option<(Vec<String>, Fate)> {
    let mut pieces = Vec::new();
    let mut values = serde_json::Deserializer::from_slice(line).into_iter::<IgnoredAny>();
    let mut start = 0;
    while let Some(value) = values.next() {
        value.ok()?;
        pieces.push(start..values.byte_offset());
        start = values.byte_offset();
    }
    let ids: Option<Vec<String>> = pieces.iter().map(|piece| id_of(line.get(piece.clone())?)).collect();
    Some((ids.filter(|ids| ids.len() > 1)?, Fate::split(pieces, line)))
}

/// Lines of one document that are left out. An error names two of which neither is a version of the other.
fn dropped(
    numbers: &[usize],
    versions: &BTreeMap<usize, Map<String, Value>>,
    base: Option<&Value>,
) -> Result<Vec<usize>, (usize, usize)> {
    let mut dropped = Vec::new();
    let mut kept: Option<usize> = None;
    for number in numbers {
        let Some(before) = kept else {
            kept = Some(*number);
            continue;
        };
        // A line with several documents is not compared.
        let (Some(first), Some(second)) = (versions.get(&before), versions.get(number)) else {
            return Err((before, *number));
        };
        if first == second || base == Some(&Value::Object(second.clone())) || is_corrected(second, first) {
            dropped.push(*number);
        } else if base == Some(&Value::Object(first.clone())) || is_corrected(first, second) {
            dropped.push(before);
            kept = Some(*number);
        } else {
            return Err((before, *number));
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
    let corrections =
        |fields: &Map<String, Value>| fields.get(WAS).and_then(Value::as_array).cloned().unwrap_or_default();
    let fingerprint = |fields: &Map<String, Value>| {
        fields.get("text").and_then(Value::as_str).map(|text| Value::from(Fingerprint::of(text).to_string()))
    };
    let (first, second) = (corrections(before), corrections(after));
    let Some(later) = second.strip_prefix(first.as_slice()) else { return false };
    let begins = later.first().and_then(|correction| correction.get("from")).cloned();
    let ends = later.last().and_then(|correction| correction.get("to")).cloned();
    !later.is_empty() && begins == fingerprint(before) && ends == fingerprint(after) && others(before) == others(after)
}
