//! The record of imports (`imports.jsonl`), by which the last one can be undone, and its undo.
//!
//! A line names the first and the last document that an import added, the documents that it changed, and its lines in
//! journals. It is written before the import. A line whose documents are missing is of one that was interrupted or undone.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Annotator, AnnotatorName, DOCUMENTS, Documents, Project, ProjectError,
    corrections::corrected_words,
    document_history::Correction,
    document_lines::{self, NewLine, rewrite_lines},
    documents::{self, WAS},
    file_names::shown,
    import_sums::Checksums,
    stamp,
    storage::{self, LARGE, SMALL},
    undone_import::UndoneImport,
};
use crate::{
    spans::{ActionId, Document, Entry, SpanId, journal::JournalOp},
    text::OffsetMap,
};

/// Name of the file.
pub(super) const IMPORTS: &str = "imports.jsonl";
/// Size of the file in bytes up to which checksums are added. A file that is larger than [`SMALL`] could not be read.
const MOST_WITH_SUMS: u64 = SMALL / 2;

/// An import, as its line in the file describes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ImportRecord {
    /// Seconds since 1970, UTC.
    at: u64,
    /// Names of the files.
    #[serde(default)]
    files: Vec<String>,
    /// Ids of the first and the last document that was added, and their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    added: Option<(String, String, usize)>,
    /// Ids of documents whose text was changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changed: Vec<String>,
    /// Annotator, first line and number of lines in the annotator's journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<(String, ActionId, u32)>,
    /// Checksums of the documents that were added, then of those that were changed, in their order. Empty in records of
    /// earlier versions, and if there are too many.
    #[serde(default, skip_serializing_if = "Checksums::is_empty")]
    sums: Checksums,
}

impl ImportRecord {
    /// Record of an import after which there are the documents `next`, and these lines in the journals of annotators: it adds
    /// the documents from position `first` on and changes others.
    pub(super) fn new<'a>(
        (at, files): (u64, Vec<String>),
        next: &Documents,
        first: usize,
        changed: Vec<String>,
        lines: impl Iterator<Item = (&'a AnnotatorName, &'a [Entry])>,
    ) -> Self {
        let added = (**next).get(first..).unwrap_or_default();
        let ids = added.iter().map(|document| document.id.as_str()).chain(changed.iter().map(String::as_str));
        let sums = Checksums::of(next, ids);
        let ends = added.first().zip(added.last());
        let added = ends.map(|(first, last)| (first.id.clone(), last.id.clone(), added.len()));
        let lines = lines.filter_map(|(name, entries)| {
            let number = u32::try_from(entries.len()).ok()?;
            Some((name.to_string(), entries.first()?.id, number))
        });
        Self { at, files, added, changed, lines: lines.collect(), sums }
    }

    /// Ids of its lines in the journal of an annotator, in the order of the journal. The file may name any number of lines.
    fn lines_in<'a>(&'a self, annotator: &'a Annotator) -> impl Iterator<Item = ActionId> {
        let name = annotator.name().as_str();
        let own: Vec<(SpanId, u32)> = self
            .lines
            .iter()
            .filter(|(annotator, ..)| annotator == name)
            .map(|(_, first, number)| (first.0, *number))
            .collect();
        let is_own = move |line: &ActionId| {
            let is_of = |(first, number): &(SpanId, u32)| {
                let offset = line.0.sequence.checked_sub(first.sequence);
                line.0.writer == first.writer && offset.is_some_and(|offset| offset < *number)
            };
            own.iter().any(is_of)
        };
        annotator.journal.actions().filter(is_own)
    }

    /// Whether a line of it in the journal of an annotator is not undone.
    fn is_in_effect(&self, annotator: &Annotator) -> bool {
        self.lines_in(annotator).any(|line| annotator.journal.is_in_effect(line))
    }

    /// Whether it changed a text, which was not changed again since.
    fn has_changed(&self, documents: &Documents) -> bool {
        self.changed.iter().any(|id| documents.corrections(id).last().is_some_and(|last| last.at() == self.at))
    }

    /// Whether there is nothing to undo.
    fn is_empty(&self) -> bool {
        self.added.is_none() && self.changed.is_empty() && self.lines.is_empty()
    }
}

impl Project {
    fn imports_file(&self) -> PathBuf {
        self.root.join(IMPORTS)
    }

    /// Adds the record of an import that is about to be written.
    pub(super) fn announce_import(&self, record: &ImportRecord) -> Result<(), ProjectError> {
        if record.is_empty() {
            return Ok(());
        }
        let path = self.imports_file();
        let mut bytes = storage::read_if_there(&path, SMALL)?.unwrap_or_default();
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        let length = bytes.len();
        serde_json::to_writer(&mut bytes, record).map_err(ProjectError::Unwritable)?;
        if bytes.len() as u64 > MOST_WITH_SUMS {
            bytes.truncate(length);
            let record = ImportRecord { sums: Checksums::default(), ..record.clone() };
            serde_json::to_writer(&mut bytes, &record).map_err(ProjectError::Unwritable)?;
        }
        bytes.push(b'\n');
        Ok(storage::replace(&path, &bytes)?)
    }

    /// The documents after an import that changes some of them, and the bytes of their file.
    pub(super) fn with_changes<'d>(
        &mut self,
        changes: HashMap<String, Document>,
        new: impl Iterator<Item = &'d Document>,
        at: u64,
    ) -> Result<(Documents, Vec<u8>), ProjectError> {
        let before = self.unchanged_bytes()?;
        if let Some(id) = changes.keys().find(|id| self.documents.has_unknown_corrections(id)) {
            let why = "its field `was` cannot be read; use a newer tagli, or correct it with an editor";
            return Err(ProjectError::Document { id: shown(id), why });
        }
        let project = &*self;
        let find = |id: &str| {
            let (id, new) = changes.get_key_value(id)?;
            Some(move |fields: &mut Map<String, Value>| project.update(id, fields, new, at))
        };
        let mut bytes = rewrite_lines(&before, changes.len(), find).map_err(ProjectError::Unwritable)?;
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        for document in new {
            documents::write(document, None, &mut bytes)
                .map_err(|error| ProjectError::Unwritable(serde_json::Error::io(error)))?;
        }
        Ok((self.parsed(&bytes)?, bytes))
    }

    /// Gives the line of a document the text of an imported one.
    fn update(&self, id: &str, fields: &mut Map<String, Value>, new: &Document, at: u64) -> NewLine {
        let old = fields.get("text").and_then(Value::as_str).unwrap_or_default();
        let mut was = self.documents.corrections(id).to_vec();
        was.push(Correction::new(old, &new.text, at));
        fields.insert("text".to_owned(), Value::from(&*new.text));
        fields.shift_remove("words");
        if new.words_given {
            let map = OffsetMap::new(&new.text);
            let words = new.words.iter().map(|word| json!(map.to_chars(*word)));
            fields.insert("words".to_owned(), words.collect());
        }
        fields.insert(WAS.to_owned(), serde_json::to_value(was).unwrap_or_default());
        NewLine::Changed
    }

    /// The bytes of `documents.jsonl`, if they are those from which the documents were read.
    fn unchanged_bytes(&mut self) -> Result<Vec<u8>, ProjectError> {
        let path = self.root.join(DOCUMENTS);
        let bytes = storage::read(&path, LARGE)?;
        if stamp(&bytes) != self.stamp {
            self.documents.forget_file();
            return Err(ProjectError::Changed(path));
        }
        Ok(bytes)
    }

    fn parsed(&self, bytes: &[u8]) -> Result<Documents, ProjectError> {
        let next = Documents::from_jsonl(bytes, self.manifest.grid);
        next.map_err(|problems| ProjectError::Documents { path: self.root.join(DOCUMENTS), problems })
    }

    /// Undoes the last import that is recorded. Documents that were changed since stay as they are, also those that another
    /// program changed; labels that it added stay, too. `now` is in seconds since 1970, UTC.
    ///
    /// First the journals are written, then the documents, then the record. So an undo that was interrupted can be repeated.
    ///
    /// # Errors
    /// No import is recorded, an annotator is open in another process, or the file system refuses.
    pub fn undo_import(&mut self, now: u64) -> Result<UndoneImport, ProjectError> {
        // Nobody must be working on what is removed.
        let names = self.annotators();
        let mut annotators: Vec<Annotator> =
            names.iter().map(|name| self.annotator(name, now)).collect::<Result<_, _>>()?;
        let _lock = self.lock()?;
        if self.reload()? {
            annotators.iter_mut().try_for_each(|annotator| annotator.reread(&self.documents))?;
        }
        let path = self.imports_file();
        let recorded = storage::read_if_there(&path, SMALL)?.unwrap_or_default();
        let mut lines: Vec<&[u8]> = recorded.split_inclusive(|byte| *byte == b'\n').collect();
        let before = self.unchanged_bytes()?;
        let mut unknown = Vec::new();
        let mut found = None;
        while found.is_none() {
            let line = lines.pop().ok_or_else(|| ProjectError::NoImport(path.clone()))?;
            let Ok(record) = serde_json::from_slice::<ImportRecord>(line) else {
                // Perhaps of a newer version.
                unknown.push(line);
                continue;
            };
            let added = self.added_by(&record, &before)?;
            // One that was interrupted or undone has left nothing.
            let is_there = !added.is_empty()
                || record.has_changed(&self.documents)
                || annotators.iter().any(|one| record.is_in_effect(one));
            found = is_there.then_some((record, added));
        }
        lines.extend(unknown.into_iter().rev());
        let Some((record, added)) = found else { return Err(ProjectError::NoImport(path)) };
        let since = Since::new(&record, &added, &self.documents, &annotators);
        let ops: Vec<Vec<JournalOp>> = annotators.iter().map(|annotator| since.undo_ops(&record, annotator)).collect();
        let untouched = added.iter().map(String::as_str).filter(|id| !since.was_worked_on(id));
        let removed: HashSet<&str> = untouched.collect();
        let untouched = record.changed.iter().map(String::as_str).filter(|id| !since.was_worked_on(id));
        let changed: HashSet<&str> = untouched.collect();
        let mut undone = UndoneImport { at: record.at, files: record.files.clone(), ..UndoneImport::default() };
        let worked_on = since.worked_on.iter();
        let kept = worked_on.filter(|id| self.documents.get(id).is_some() || self.documents.is_removed(id));
        undone.kept = kept.map(|id| (*id).to_owned()).collect();
        undone.kept.sort_unstable();
        undone.removed = removed.len();
        for (annotator, ops) in annotators.iter_mut().zip(ops).filter(|(_, ops)| !ops.is_empty()) {
            undone.annotations += ops.len();
            annotator.record_all(&self.documents, now, ops)?;
        }
        undone.restored = self.take_back_documents(&before, &removed, &changed)?;
        storage::replace(&path, &lines.concat())?;
        Ok(undone)
    }

    /// Writes `documents.jsonl`, which has the bytes `before`, without some documents, and others with their earlier text.
    /// Returns the number of the latter.
    fn take_back_documents(
        &mut self,
        before: &[u8],
        removed: &HashSet<&str>,
        changed: &HashSet<&str>,
    ) -> Result<usize, ProjectError> {
        if removed.is_empty() && changed.is_empty() {
            return Ok(0);
        }
        let restored = Cell::new(0);
        let count = &restored;
        let project = &*self;
        let find = |id: &str| {
            let is_removed = removed.contains(id);
            let id = *removed.get(id).or_else(|| changed.get(id))?;
            Some(move |fields: &mut Map<String, Value>| {
                if is_removed {
                    return NewLine::Removed;
                }
                let new = project.take_back_text(id, fields);
                count.update(|restored| restored + usize::from(new == NewLine::Changed));
                new
            })
        };
        let bytes = rewrite_lines(before, removed.len() + changed.len(), find).map_err(ProjectError::Unwritable)?;
        let next = self.parsed(&bytes)?;
        storage::replace(&self.root.join(DOCUMENTS), &bytes)?;
        self.stamp = stamp(&bytes);
        self.documents = next;
        Ok(restored.get())
    }

    /// Gives the line of a document the text before its last correction, as if that had not been, if that is possible.
    fn take_back_text(&self, id: &str, fields: &mut Map<String, Value>) -> NewLine {
        let corrections = self.documents.corrections(id);
        let Some((document, (last, earlier))) = self.documents.get(id).zip(corrections.split_last()) else {
            return NewLine::Same;
        };
        let Some(old) = last.old_text(&document.text) else { return NewLine::Same };
        if document.words_given {
            fields.insert("words".to_owned(), corrected_words(document, &old, self));
        }
        fields.insert("text".to_owned(), old.into());
        if earlier.is_empty() {
            fields.shift_remove(WAS);
        } else {
            fields.insert(WAS.to_owned(), serde_json::to_value(earlier).unwrap_or_default());
        }
        NewLine::Changed
    }

    /// Ids of the documents that an import added, in the order of the file; none if they are not there.
    ///
    /// # Errors
    /// Others are among them, so that it is not certain which these are.
    fn added_by(&self, record: &ImportRecord, bytes: &[u8]) -> Result<Vec<String>, ProjectError> {
        let Some((first, last, number)) = &record.added else { return Ok(Vec::new()) };
        let mut added = Vec::new();
        let mut is_inside = false;
        for id in document_lines::ids(bytes) {
            is_inside |= id == *first;
            if is_inside {
                let is_last = id == *last;
                added.push(id);
                if is_last {
                    break;
                }
            }
        }
        match added.len() {
            0 => Ok(added),
            found if found == *number && added.last() == Some(last) => Ok(added),
            _ => Err(ProjectError::MixedImport { first: shown(first), last: shown(last) }),
        }
    }
}

/// What was done since an import with the documents that it is about.
struct Since<'a> {
    worked_on: HashSet<&'a str>,
}

impl<'a> Since<'a> {
    fn new(record: &'a ImportRecord, added: &'a [String], documents: &Documents, annotators: &'a [Annotator]) -> Self {
        let mut worked_on = HashSet::new();
        for id in added {
            let is_corrected = !documents.corrections(id).is_empty() || documents.has_unknown_corrections(id);
            if is_corrected || documents.is_removed(id) {
                worked_on.insert(id.as_str());
            }
        }
        for id in &record.changed {
            // The last correction is the import's, unless a person has corrected the text again.
            if documents.corrections(id).last().is_none_or(|last| last.at() != record.at) {
                worked_on.insert(id.as_str());
            }
        }
        let ids = added.iter().chain(&record.changed).map(String::as_str);
        worked_on.extend(record.sums.different(documents, ids));
        let is_added: HashSet<&str> = added.iter().map(String::as_str).collect();
        for annotator in annotators {
            let own: HashSet<ActionId> = record.lines_in(annotator).collect();
            let about = own.iter().flat_map(|line| annotator.journal.actions_of(*line)).map(|action| &action.document);
            let about = about.chain(added).chain(&record.changed);
            for id in about {
                // What was done with other documents before the import is no reason to keep what it did.
                let lines = annotator.journal.lines_in_effect(id).filter(|(line, _)| !own.contains(line));
                if lines.map(|(_, at)| at).any(|at| is_added.contains(id.as_str()) || at >= record.at) {
                    worked_on.insert(id.as_str());
                }
            }
        }
        Self { worked_on }
    }

    fn was_worked_on(&self, id: &str) -> bool {
        self.worked_on.contains(id)
    }

    /// Operations that undo an import's lines in the journal of an annotator, in the order of the lines.
    fn undo_ops(&self, record: &ImportRecord, annotator: &Annotator) -> Vec<JournalOp> {
        let journal = &annotator.journal;
        let mut lines: Vec<ActionId> = record.lines_in(annotator).collect();
        lines.retain(|line| {
            let action = journal.actions_of(*line).first().filter(|_| journal.is_in_effect(*line));
            action.is_some_and(|action| !self.was_worked_on(&action.document))
        });
        lines.sort_unstable();
        lines.into_iter().map(JournalOp::Undo).collect()
    }
}

#[cfg(test)]
mod tests;
