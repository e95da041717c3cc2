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
}

impl ImportRecord {
    /// Record of an import that adds documents, changes others, and adds these lines to the journals of annotators.
    pub(super) fn new<'a>(
        at: u64,
        files: Vec<String>,
        added: &[Document],
        changed: Vec<String>,
        lines: impl Iterator<Item = (&'a AnnotatorName, &'a [Entry])>,
    ) -> Self {
        let ends = added.first().zip(added.last());
        let added = ends.map(|(first, last)| (first.id.clone(), last.id.clone(), added.len()));
        let lines = lines.filter_map(|(name, entries)| {
            let number = u32::try_from(entries.len()).ok()?;
            Some((name.to_string(), entries.first()?.id, number))
        });
        Self { at, files, added, changed, lines: lines.collect() }
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
        serde_json::to_writer(&mut bytes, record).map_err(ProjectError::Unwritable)?;
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

    /// Undoes the last import that is recorded. Documents that were worked on since stay as they are; labels that it added
    /// stay, too. `now` is in seconds since 1970, UTC.
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
        undone.kept = since.worked_on.iter().map(|id| (*id).to_owned()).collect();
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
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        project::{ImportItem, ImportOptions, Manifest, OnDuplicate, corrections::NewText, import_others::Others},
        spans::{Action, Edit, LabelId, LabelSet, Status},
        text::{Grid, TextRange},
    };

    fn item(id: &str, text: &str, span: bool) -> ImportItem {
        let spans = if span { vec![(TextRange::new(0, 4), LabelId(2))] } else { Vec::new() };
        let status = if span { Status::Done } else { Status::Todo };
        ImportItem { document: Document::new(id, text, Grid::Natural), spans, status }
    }

    fn project(dir: &Path) -> (Project, Annotator) {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        project.import(Some(&mut ada), 1, vec![item("old", "good fish", false)]).unwrap();
        (project, ada)
    }

    fn import(project: &mut Project, ada: &mut Annotator, at: u64, items: Vec<ImportItem>, how: OnDuplicate) {
        let options = ImportOptions { at, on_duplicate: how, files: vec!["a.txt".to_owned()] };
        project.import_each(Some(ada), &options, [items], Others::default()).unwrap();
    }

    fn ids(project: &Project) -> Vec<&str> {
        project.documents.iter().map(|document| document.id.as_str()).collect()
    }

    #[test]
    fn the_last_import_is_undone_as_if_it_had_not_been() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let (mut project, mut ada) = project(dir);
        let before = std::fs::read(dir.join(DOCUMENTS)).unwrap();
        let items = || vec![item("a", "pork", true), item("b", "fish", true), item("old", "good fish", true)];
        import(&mut project, &mut ada, 2, items(), OnDuplicate::Copy);
        drop(ada);
        assert_eq!(ids(&project), ["old", "a", "b"]);
        let undone = project.undo_import(3).unwrap();
        assert_eq!((undone.removed, undone.annotations, undone.kept.len(), undone.at), (2, 3, 0, 2));
        assert_eq!(std::fs::read(dir.join(DOCUMENTS)).unwrap(), before);
        let ada = project.read_annotator(&"ada".parse().unwrap()).unwrap();
        assert!(ada.problems.is_empty() && ada.journal.annotation("old").spans().is_empty(), "{:?}", ada.problems);
        // The ids are free again, also for other texts, and nothing has to be reviewed.
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        import(&mut project, &mut ada, 4, vec![item("a", "beef stew", false)], OnDuplicate::Copy);
        ada.reread(&project.documents).unwrap();
        assert_eq!((ids(&project), ada.changed.len(), ada.problems.len()), (vec!["old", "a"], 0, 0));
        drop(ada);
        // The one before can be undone, too, and then there is none.
        project.undo_import(5).unwrap();
        assert_eq!(project.undo_import(6).unwrap().removed, 1);
        assert!(matches!(project.undo_import(7), Err(ProjectError::NoImport(_))));
        assert!(ids(&project).is_empty());
    }

    #[test]
    fn an_update_replaces_lost_spans_and_counts_what_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (mut project, mut ada) = project(folder.path());
        let spans = |spans: &[(usize, usize, u32)], status| {
            let spans = spans.iter().map(|(start, end, label)| (TextRange::new(*start, *end), LabelId(*label)));
            vec![ImportItem { spans: spans.collect(), status, ..item("a", "pork stew", false) }]
        };
        let update = |project: &mut Project, ada: &mut Annotator, items| {
            let options = ImportOptions { at: 3, on_duplicate: OnDuplicate::Update, files: Vec::new() };
            let report = project.import_each(Some(ada), &options, [items], Others::default()).unwrap().remove(0);
            (report.updated, report.spans, report.kept)
        };
        // Two nested spans, the shorter one first.
        let nested = [(0, 4, 1), (0, 9, 2)];
        import(&mut project, &mut ada, 2, spans(&nested, Status::Done), OnDuplicate::Copy);
        assert_eq!(
            update(&mut project, &mut ada, spans(&nested, Status::Done)),
            (0, 0, 0),
            "the order does not matter"
        );
        assert_eq!(update(&mut project, &mut ada, spans(&[], Status::Todo)), (0, 0, 0), "nothing is changed");
        assert_eq!(update(&mut project, &mut ada, spans(&[(5, 9, 2)], Status::Done)), (1, 1, 0));
        assert_eq!(ada.journal.annotation("a").spans().len(), 1);
        // The words of the span go, and it waits for a review; the import is one.
        project.correct_document("a", NewText::Text("pork"), 4, false).unwrap();
        ada.reread(&project.documents).unwrap();
        assert_eq!(ada.journal.annotation("a").lost().len(), 1);
        let whole = ImportItem { spans: vec![(TextRange::new(0, 4), LabelId(2))], ..item("a", "pork", false) };
        assert_eq!(update(&mut project, &mut ada, vec![ImportItem { status: Status::Done, ..whole }]), (1, 1, 0));
        let annotation = ada.journal.annotation("a");
        assert_eq!((annotation.lost().len(), annotation.spans().len(), annotation.status), (0, 1, Status::Done));
    }

    #[test]
    fn a_text_that_comes_into_a_second_split_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let (mut project, mut ada) = project(folder.path());
        let split = |id: &str, text: &str, split| {
            let mut item = item(id, text, false);
            item.document.split = split;
            item
        };
        use crate::spans::Split::{Test, Train};
        let first = vec![split("a", "pork stew", Some(Train)), split("b", "beef stew", Some(Test))];
        import(&mut project, &mut ada, 2, first, OnDuplicate::Copy);
        let items = vec![
            split("a", "beef stew", None),
            split("c", "beef stew", None),
            split("d", "beef stew", Some(Train)),
            split("e", "new", Some(Train)),
        ];
        let options = ImportOptions { at: 3, on_duplicate: OnDuplicate::Update, files: Vec::new() };
        let report = project.import_each(Some(&mut ada), &options, [items], Others::default()).unwrap().remove(0);
        assert_eq!((report.updated, report.same_text, report.in_two_splits), (1, 1, 2));
        let remark = report.left_out();
        assert!(remark.contains("2 documents with a text that is in another split, too"), "{remark}");
    }

    #[test]
    fn an_undo_passes_over_what_never_happened_and_keeps_what_it_does_not_know() {
        let folder = tempfile::tempdir().unwrap();
        let (mut project, mut ada) = project(folder.path());
        import(&mut project, &mut ada, 2, vec![item("a", "pork stew", true)], OnDuplicate::Copy);
        drop(ada);
        let path = folder.path().join(IMPORTS);
        let newer = "{\"at\":9,\"added\":{\"since\":\"2027\"}}\n";
        let interrupted = "{\"at\":5,\"changed\":[\"old\"]}\n";
        // A stranger names more lines than fit the memory.
        let (writer, many) = ("0000000000000001", u32::MAX);
        let stranger = format!("{{\"at\":6,\"lines\":[[\"ada\",\"{writer}-0\",{many}]]}}\n");
        let before = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = before.lines().collect();
        assert_eq!(lines.len(), 2);
        std::fs::write(&path, format!("{before}{newer}{interrupted}{stranger}")).unwrap();
        let undone = project.undo_import(10).unwrap();
        assert_eq!((undone.at, undone.removed), (2, 1));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n{newer}", lines[0]));
        assert_eq!(ids(&project), ["old"]);
    }

    #[test]
    fn what_was_worked_on_since_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (mut project, mut ada) = project(folder.path());
        let items = ["a", "b", "c", "d"].map(|id| item(id, "pork stew", true));
        import(&mut project, &mut ada, 2, items.into(), OnDuplicate::Copy);
        let note = |document: &str| {
            JournalOp::Do(Action { document: document.to_owned(), edits: vec![Edit::Note("hm".to_owned())] })
        };
        let mut ben = project.annotator(&"ben".parse().unwrap(), 0).unwrap();
        ben.record(&project.documents, 3, note("b")).unwrap();
        let undone = ben.record(&project.documents, 3, note("c")).unwrap();
        ben.record(&project.documents, 3, JournalOp::Undo(undone)).unwrap();
        let refused = project.undo_import(4).unwrap_err();
        assert!(matches!(refused, ProjectError::Lock(_)), "{refused}");
        drop((ada, ben));
        project.correct_document("d", NewText::Text("beef stew"), 3, false).unwrap();
        let undone = project.undo_import(4).unwrap();
        assert_eq!((undone.removed, undone.kept.as_slice()), (2, ["b".to_owned(), "d".to_owned()].as_slice()));
        assert_eq!(ids(&project), ["old", "b", "d"]);
        let ada = project.read_annotator(&"ada".parse().unwrap()).unwrap();
        assert_eq!(ada.journal.annotation("b").spans().len(), 1);
        assert!(ada.problems.is_empty(), "{:?}", ada.problems);
    }

    #[test]
    fn an_id_that_is_in_use_is_left_out_updated_or_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (mut project, mut ada) = project(folder.path());
        import(&mut project, &mut ada, 2, vec![item("a", "pork stew", true)], OnDuplicate::Copy);
        let other = item("a", "cold beef stew", true);
        let duplicates = project.duplicates([&other.document].into_iter());
        assert_eq!(duplicates, ["a"]);
        assert!(project.duplicates([&item("a", "pork stew", true).document].into_iter()).is_empty());
        import(&mut project, &mut ada, 3, vec![other.clone()], OnDuplicate::Skip);
        assert_eq!((ids(&project), &*project.documents[1].text), (vec!["old", "a"], "pork stew"));
        import(&mut project, &mut ada, 4, vec![other.clone(), item("new", "soup", false)], OnDuplicate::Update);
        assert_eq!((ids(&project), &*project.documents[1].text), (vec!["old", "a", "new"], "cold beef stew"));
        let spans = ada.journal.annotation("a").spans();
        assert_eq!(spans.iter().map(|span| span.range.of("cold beef stew")).collect::<Vec<_>>(), ["cold"]);
        drop(ada);
        let undone = project.undo_import(5).unwrap();
        assert_eq!((undone.removed, undone.restored, undone.kept.len()), (1, 1, 0));
        assert_eq!((ids(&project), &*project.documents[1].text), (vec!["old", "a"], "pork stew"));
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        assert_eq!(ada.journal.annotation("a").spans()[0].range.of("pork stew"), "pork");
        import(&mut project, &mut ada, 6, vec![other], OnDuplicate::Copy);
        assert_eq!(ids(&project), ["old", "a", "a-2"]);
    }
}
