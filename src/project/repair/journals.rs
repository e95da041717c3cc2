//! Repair of an annotator's files: conflict markers, damaged lines, a torn end, and an import that was interrupted.

use super::{
    Finding,
    lines::{Fate, LineChanges, bytes_outside},
    sentences::{lines, lines_are},
};
use crate::{
    formats::Severity,
    project::{
        ANNOTATIONS, Annotator, AnnotatorName, Project, ProjectError, Stamp,
        file_names::BAD,
        journal,
        journal_appender::Files,
        journal_line,
        journal_lines::{file_lines, intact_within},
        lock::Lock,
        stamp,
        storage::{StorageError, check_appendable, check_replaceable},
    },
    text::number::with_noun,
};

/// Repair of the files of one annotator.
#[derive(Debug)]
pub(super) struct JournalRepair {
    pub(super) name: AnnotatorName,
    /// Bytes of the journal as it would be.
    pub(super) bytes: Vec<u8>,
    pub(super) changes: LineChanges,
    /// Whether git left conflict markers in the journal.
    pub(super) is_unmerged: bool,
    /// Whether the journal has a torn end, which is moved.
    is_torn: bool,
    /// Whether an import was interrupted.
    pub(super) has_import: bool,
    /// What would be done, one sentence each.
    pub(super) sentences: Vec<String>,
    /// Decisions that are left to a person.
    pub(super) left: Vec<Finding>,
    /// Stamps of the journal and of the log of the import as they were read.
    pub(super) stamps: [Option<Stamp>; 2],
}

impl JournalRepair {
    /// Reads the files. `project` has the documents that it would have; `is_readable`: whether those are all of them.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub(super) fn of(project: &Project, name: &AnnotatorName, is_readable: bool) -> Result<Self, StorageError> {
        let files = Files::of(project, name);
        let found = files.bytes()?;
        let scan = Scan::of(&found);
        let mut repair = Self {
            name: name.clone(),
            sentences: scan.sentences(name),
            is_unmerged: scan.is_unmerged,
            is_torn: scan.torn.is_some(),
            bytes: scan.bytes,
            changes: scan.changes,
            has_import: false,
            left: Vec::new(),
            stamps: [Some(stamp(&found)), None],
        };
        repair.look_at_import(project, &files, is_readable);
        Ok(repair)
    }

    /// Path of the journal in the folder of the project.
    pub(super) fn file(&self) -> String {
        file_of(&self.name)
    }

    fn look_at_import(&mut self, project: &Project, files: &Files, is_readable: bool) {
        let log = match files.import_log() {
            Ok(None) => return,
            Ok(Some(log)) => log,
            Err(error) => return self.leave(error.to_string()),
        };
        self.stamps[1] = Some(stamp(&log.bytes));
        if !is_readable {
            return self.leave(
                "an import was interrupted; it is completed or discarded once the documents can be read".to_owned(),
            );
        }
        self.has_import = true;
        let lines = file_lines(&log.bytes).count();
        self.sentences.push(match journal::load(&log.bytes, &project.documents).is_committed() {
            true => format!(
                "an import that was interrupted is completed: of its {}, those that are missing here are added",
                with_noun(lines, "line")
            ),
            false => "an import that was interrupted is discarded: its documents were never added".to_owned(),
        });
    }

    fn leave(&mut self, what: String) {
        self.left.push(Finding { severity: Severity::Error, file: self.file(), line: None, what });
    }

    /// Checks that what the repair moves out of the journal can be written. Writes nothing.
    ///
    /// # Errors
    /// The file system would refuse.
    pub(super) fn check(&self, project: &Project) -> Result<(), StorageError> {
        let files = Files::of(project, &self.name);
        check_replaceable(&files.journal)?;
        self.changes.check(&files.journal)?;
        if self.is_torn { check_appendable(&files.torn, u64::MAX) } else { Ok(()) }
    }

    /// Changes the journal, whose lock is given and held until this returns.
    ///
    /// # Errors
    /// The file system refuses.
    pub(super) fn carry_out(&self, project: &Project, lock: Lock) -> Result<(), ProjectError> {
        if !self.changes.is_empty() {
            self.changes.carry_out(&Files::of(project, &self.name).journal, self.stamps[0].unwrap_or_default())?;
        }
        let mut annotator = Annotator::locked(project, &self.name, lock);
        if self.has_import {
            annotator.settle_import(project)?;
        }
        // A torn end is moved, as at every opening.
        annotator.complete()
    }
}

fn file_of(name: &AnnotatorName) -> String {
    format!("{ANNOTATIONS}/{name}.jsonl")
}

/// End of a sentence about lines that are separated: what becomes of the rest of them, in bytes.
fn in_no_line(rest: usize, file: &str) -> String {
    match rest {
        0 => String::new(),
        _ => format!("; {} there belong to no intact line, and {file}.{BAD} keeps them", with_noun(rest, "byte")),
    }
}

/// What the lines of a journal are.
#[derive(Default)]
struct Scan {
    bytes: Vec<u8>,
    changes: LineChanges,
    is_unmerged: bool,
    bad: Vec<usize>,
    split: Vec<usize>,
    /// Bytes in separated lines that belong to no intact line.
    rest: usize,
    /// Length of a torn end in bytes.
    torn: Option<usize>,
}

impl Scan {
    fn of(found: &[u8]) -> Self {
        let mut scan = Self::default();
        for line in file_lines(found) {
            if line.is_marker() {
                scan.is_unmerged = true;
                scan.changes.set(line.number, Fate::Drop);
            } else if !line.is_blank() && !journal_line::is_intact(line.text) {
                let pieces = intact_within(line.text);
                if !pieces.is_empty() {
                    scan.split.push(line.number);
                    let rest = bytes_outside(line.text, &pieces);
                    scan.rest += rest;
                    scan.changes.set(line.number, Fate::split(pieces, rest));
                } else if line.is_ended {
                    scan.bad.push(line.number);
                    scan.changes.set(line.number, Fate::Aside);
                } else {
                    scan.torn = Some(line.length());
                    continue;
                }
            }
            scan.changes.each_kept(line.number, line.text, |kept| {
                scan.bytes.extend_from_slice(kept);
                scan.bytes.push(b'\n');
            });
        }
        scan
    }

    fn sentences(&self, name: &AnnotatorName) -> Vec<String> {
        let file = file_of(name);
        let mut sentences = Vec::new();
        if self.is_unmerged {
            sentences.push(
                "the conflict markers of an unfinished git merge are left out, and the lines of both sides stay; one that is \
                 there twice counts once"
                    .to_owned(),
            );
        }
        if !self.split.is_empty() {
            sentences.push(format!(
                "the lines in {} are separated: a line feed between them was lost{}",
                lines(&self.split),
                in_no_line(self.rest, &file)
            ));
        }
        if !self.bad.is_empty() {
            sentences.push(format!(
                "{} moved to {file}.{BAD}: the checksum is wrong or missing; a copy or git may have what was there",
                lines_are(&self.bad)
            ));
        }
        if let Some(torn) = self.torn {
            sentences.push(format!(
                "the torn end ({}), which was never shown as saved, is moved to {file}.torn",
                with_noun(torn, "byte")
            ));
        }
        sentences
    }
}
