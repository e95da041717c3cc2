//! Imports of documents and their annotations.
//! All of them or none, also across a crash.
//!
//! Two files change, so there is a redo log. First the journal lines are written beside the journal
//! (`annotations/.NAME.import`). Then `documents.jsonl` is replaced; this commits the import. Then the lines are
//! appended to the journal and the log is removed. When the annotator is next opened, an interrupted import is completed
//! if it was committed, and discarded if not.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet, VecDeque},
    io::{self, Write},
    path::Path,
};

use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

use super::{
    Annotator, DOCUMENTS, Documents, Project, ProjectError,
    documents::{self, DocumentReader, UniqueIds},
    file_names::shown,
    file_stamp::stamp_of,
    file_stamp::{Stamp, stamp_of_more},
    import_record::ImportRecord,
    journal,
    journal_appender::Files,
    storage::{self, LARGE, OwnFile},
};
use crate::{
    guard,
    spans::{Action, Document, Edit, Entry, LabelId, LabelSet, Span, SpanSource, Split, Status, journal::JournalOp},
    text::{TextRange, number::with_noun},
};

/// Document to be imported, with its annotation.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportItem {
    /// The document; its id is changed if the project has the id already.
    pub document: Document,
    /// Spans in bytes, with labels of the project.
    pub spans: Vec<(TextRange, LabelId)>,
    /// Status of the document.
    /// [`Status::Todo`] without spans adds nothing to the journal.
    pub status: Status,
}

/// Treatment of an imported document whose id the project has already, for another text; with [`Self::Update`] also for other
/// spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumMessage, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum OnDuplicate {
    /// Leave it out.
    Skip,
    /// Give the document of the project its text, and its spans in place of the annotator's.
    Update,
    /// Add it under another id, with `-2` at its end.
    #[default]
    Copy,
}

/// Circumstances of an import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Time in seconds since 1970, UTC.
    pub at: u64,
    /// Treatment of ids that are in use.
    pub on_duplicate: OnDuplicate,
    /// Names of the files, for the record by which the import can be undone.
    pub files: Vec<String>,
}

/// Outcome of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Documents added.
    pub documents: usize,
    /// Spans added.
    pub spans: usize,
    /// Documents that the project has already, with the same id and text.
    /// They were not added again.
    pub known: usize,
    /// Documents that were removed or erased here before, or have a text that was corrected here.
    /// They were not added again.
    pub removed: usize,
    /// Known documents whose imported spans were left out.
    /// The annotator has worked on them here.
    pub kept: usize,
    /// Documents that were not added because their id is in use, as [`OnDuplicate::Skip`] says.
    pub skipped: usize,
    /// Documents of the project that got the text or the spans of imported ones.
    pub updated: usize,
    /// Documents added although another document has the same text.
    /// They get its split, so that no text is in two splits.
    pub same_text: usize,
    /// Ids that were in use for another text, with the ids given instead.
    pub renamed: Vec<(String, String)>,
    /// Other annotators of the file, and the number of spans that each got here.
    pub others: Vec<(String, usize)>,
}

impl ImportReport {
    /// Remark on documents that were in the project already; empty if there are none.
    pub fn left_out(&self) -> String {
        let known = with_noun(self.known, "document");
        let mut remark = match (self.known, self.kept) {
            (0, _) => String::new(),
            (_, 0) => format!("; {known} there already"),
            (_, kept) => format!("; {known} there already, {kept} of them with other work of yours, which was kept"),
        };
        if self.updated > 0 {
            remark.push_str(&format!("; {} updated", with_noun(self.updated, "document")));
        }
        if self.skipped > 0 {
            remark.push_str(&format!("; {} with an id that is in use, left out", with_noun(self.skipped, "document")));
        }
        if !self.renamed.is_empty() {
            let documents = with_noun(self.renamed.len(), "document");
            remark.push_str(&format!("; {documents} with an id that is in use, added under another one"));
        }
        for (name, spans) in &self.others {
            remark.push_str(&format!("; {} of {}", with_noun(*spans, "span"), shown(name)));
        }
        if self.removed > 0 {
            remark.push_str(&format!(
                "; {} that you removed or corrected, not added again",
                with_noun(self.removed, "document")
            ));
        }
        if self.same_text > 0 {
            remark.push_str(&format!(
                "; {} with the same text as another one, in its split",
                with_noun(self.same_text, "document")
            ));
        }
        remark
    }
}

/// Documents of the project that have one text.
#[derive(Default)]
struct SameText<'a> {
    /// Split of the first one.
    split: Option<Split>,
    ids: HashSet<&'a str>,
    /// Ids that [`UniqueIds`] may have made of a wanted id, in order.
    renamed: HashMap<&'a str, VecDeque<&'a str>>,
}

impl<'a> SameText<'a> {
    /// Groups documents by their text.
    fn groups(documents: &'a [Document]) -> HashMap<&'a str, Self> {
        let mut groups: HashMap<&str, Self> = HashMap::new();
        for document in documents {
            let id = document.id.as_str();
            let group =
                groups.entry(&document.text).or_insert_with(|| Self { split: document.split, ..Self::default() });
            group.ids.insert(id);
            if let Some((wanted, number)) = id.rsplit_once('-')
                && number.parse::<usize>().is_ok()
            {
                group.renamed.entry(wanted).or_default().push_back(id);
            }
        }
        groups
    }

    /// Takes the document that an imported one is: the one with its id, or else one that an earlier import renamed.
    fn take(&mut self, wanted: &str) -> Option<String> {
        if let Some(own) = self.ids.take(wanted) {
            return Some(own.to_owned());
        }
        let renamed = self.renamed.get_mut(wanted)?;
        while let Some(id) = renamed.pop_front() {
            if self.ids.remove(id) {
                return Some(id.to_owned());
            }
        }
        None
    }
}

/// What an import will do.
pub(super) struct Plan {
    /// The documents with the new ones at the end.
    pub(super) list: DocumentReader,
    pub(super) ops: Vec<JournalOp>,
    /// New contents of documents that are there, by id.
    pub(super) changes: HashMap<String, Document>,
    /// For each file.
    pub(super) reports: Vec<ImportReport>,
}

impl Project {
    /// Adds documents to the project, and annotations to the annotator's journal.
    /// The annotations are their spans and statuses.
    ///
    /// `at` is in seconds since 1970, UTC. A document that the project has, with the same id and text, is not added
    /// again: importing a file twice changes nothing. Its spans are imported if the annotator has not worked on it here.
    /// Each document of the project matches one of the data: a text that occurs twice gets two ids, as in an empty
    /// project.
    ///
    /// # Errors
    /// A document cannot be written, a span does not fit its text, a label is unknown, there are annotations and no
    /// annotator, or the file system refuses. Nothing is changed then, except after [`ProjectError::Unfinished`].
    pub fn import(
        &mut self,
        annotator: Option<&mut Annotator>,
        at: u64,
        items: Vec<ImportItem>,
    ) -> Result<ImportReport, ProjectError> {
        let options = ImportOptions { at, ..ImportOptions::default() };
        self.import_each(annotator, &options, [items]).map(|mut reports| reports.pop().unwrap_or_default())
    }

    /// As [`Self::import`], of several files as one action, with documents that come one at a time. Each is moved to its place
    /// among the documents.
    pub(super) fn import_each<I: IntoIterator<Item = ImportItem>>(
        &mut self,
        mut annotator: Option<&mut Annotator>,
        options: &ImportOptions,
        files: impl IntoIterator<Item = I>,
    ) -> Result<Vec<ImportReport>, ProjectError> {
        let _lock = self.lock()?;
        let changed = self.reload()?;
        if let Some(annotator) = annotator.as_deref_mut() {
            annotator.settle_import(self)?;
            if changed {
                annotator.reread(&self.documents)?;
            }
        }
        self.discard_uncommitted_imports()?;
        let first = self.documents.len();
        let labels = self.manifest.labels.clone();
        let plan = self.plan(annotator.as_deref_mut(), &labels, options.on_duplicate, files)?;
        let Plan { list, ops, changes, reports } = plan;
        let next = list.finish().0;
        let changed: Vec<String> = changes.keys().cloned().collect();
        let (next, whole) = if changes.is_empty() {
            (next, None)
        } else {
            let (documents, bytes) = self.with_changes(changes, next.iter().skip(first), options.at)?;
            (documents, Some(bytes))
        };
        let prepared =
            annotator.as_deref_mut().map(|annotator| annotator.prepare(&next, options.at, ops)).transpose()?;
        let lines = annotator.as_deref().zip(prepared.as_ref());
        let lines = lines.map(|(annotator, (entries, _))| (annotator.name(), entries.as_slice()));
        let added = next.split_at_checked(first).map_or(&[][..], |(_, added)| added);
        self.announce_import(&ImportRecord::new(options.at, options.files.clone(), added, changed, lines))?;
        self.publish(annotator, next, whole, first, prepared)?;
        Ok(reports)
    }

    /// Decides what becomes of each document. Changes nothing.
    ///
    /// # Errors
    /// As [`Self::import`].
    pub(super) fn plan<I: IntoIterator<Item = ImportItem>>(
        &self,
        mut annotator: Option<&mut Annotator>,
        labels: &LabelSet,
        on_duplicate: OnDuplicate,
        files: impl IntoIterator<Item = I>,
    ) -> Result<Plan, ProjectError> {
        let mut plan =
            Plan { list: self.documents.extend(), ops: Vec::new(), changes: HashMap::new(), reports: Vec::new() };
        let mut ids = UniqueIds::default();
        let mut groups = SameText::groups(&self.documents);
        for items in files {
            let mut report = ImportReport::default();
            for mut item in items {
                let mut same = groups.get_mut(&*item.document.text);
                if let Some(known) = same.as_mut().and_then(|same| same.take(&item.document.id)) {
                    item.document.id = known;
                    report.known += 1;
                    let op = self.op_on_known(&item, annotator.as_deref_mut(), labels, on_duplicate, &mut report)?;
                    plan.ops.extend(op);
                    continue;
                }
                if self.documents.is_gone(&item.document.id, &item.document.text) {
                    report.removed += 1;
                    continue;
                }
                // Of two documents of the import with one id, the second one is not there already.
                let is_there = self.documents.get(&item.document.id).is_some();
                let is_first = is_there && !plan.changes.contains_key(&item.document.id);
                match on_duplicate {
                    OnDuplicate::Skip if is_there => {
                        report.skipped += 1;
                        continue;
                    }
                    OnDuplicate::Update if is_first => {
                        report.updated += 1;
                        report.spans += item.spans.len();
                        plan.ops.extend(self.op_in_place(&item, annotator.as_deref_mut(), labels)?);
                        plan.changes.insert(item.document.id.clone(), item.document);
                        continue;
                    }
                    _ => {}
                }
                report.documents += 1;
                report.same_text += usize::from(same.is_some());
                // No text is in two splits.
                item.document.split = item.document.split.or(same.and_then(|same| same.split));
                let id = ids.make(&item.document.id, |id| plan.list.has(id));
                if id != item.document.id {
                    report.renamed.push((std::mem::replace(&mut item.document.id, id.clone()), id));
                }
                report.spans += item.spans.len();
                plan.ops.extend(self.op(&item, annotator.as_deref_mut(), labels)?);
                plan.list.add_new(item.document).map_err(ProjectError::BadDocument)?;
            }
            plan.reports.push(report);
        }
        Ok(plan)
    }

    /// Ids of documents that the project has for another text, for which [`OnDuplicate`] must be chosen.
    pub fn duplicates<'d>(&self, found: impl Iterator<Item = &'d Document> + Clone) -> Vec<String> {
        if !found.clone().any(|document| self.has_other_text(document)) {
            return Vec::new();
        }
        let mut groups = SameText::groups(&self.documents);
        let unknown =
            found.filter(|document| groups.get_mut(&*document.text).and_then(|same| same.take(&document.id)).is_none());
        let unknown = unknown.filter(|document| !self.documents.is_gone(&document.id, &document.text));
        unknown.filter(|document| self.has_other_text(document)).map(|document| document.id.clone()).collect()
    }

    /// Whether the project has the id of a document for another text.
    fn has_other_text(&self, document: &Document) -> bool {
        self.documents.get(&document.id).is_some_and(|own| own.text != document.text)
    }

    /// Writes the documents from position `first` on, or the whole file if lines of it change, and the journal lines.
    fn publish(
        &mut self,
        annotator: Option<&mut Annotator>,
        next: Documents,
        whole: Option<Vec<u8>>,
        first: usize,
        prepared: Option<(Vec<Entry>, Vec<u8>)>,
    ) -> Result<(), ProjectError> {
        let journal = annotator.zip(prepared).filter(|(_, (entries, _))| !entries.is_empty());
        let log = journal.as_ref().map(|(annotator, (_, lines))| (Files::of(self, annotator.name()).import, lines));
        if let Some((path, lines)) = &log {
            storage::replace(path, lines)?;
        }
        let path = self.root.join(DOCUMENTS);
        let written = Cell::default();
        let is_changed = Cell::new(false);
        let contents = |file: &mut dyn Write| {
            let mut file = Stamping { to: file, stamp: (0, 0) };
            if let Some(whole) = &whole {
                is_changed.set(stamp_of(&path).map_err(|error| error.cause)? != self.stamp);
                file.write_all(whole)?;
                written.set(file.stamp);
                return if is_changed.get() { Err(io::Error::other("it was changed")) } else { Ok(()) };
            }
            is_changed.set(copy_lines(&path, &mut file)? != self.stamp);
            if is_changed.get() {
                // Its documents may have the ids of the new ones.
                return Err(io::Error::other("it was changed"));
            }
            write_new(next.iter().skip(first), &mut file)?;
            written.set(file.stamp);
            Ok(())
        };
        if let Err(error) = storage::replace_with(&path, &contents) {
            // If only the sync of the folder failed, the new documents are there and the log is needed.
            let is_unchanged = is_changed.get() || stamp_of(&path).is_ok_and(|stamp| stamp == self.stamp);
            if let Some((path, lines)) = log.filter(|_| is_unchanged) {
                // If this fails too, a later import discards the log, because its documents are missing.
                OwnFile::read(&path, |bytes| bytes == lines).and_then(|log| log.map_or(Ok(()), OwnFile::remove)).ok();
            }
            if is_changed.get() {
                self.documents.forget_file();
                return Err(ProjectError::Changed(path));
            }
            return Err(error.into());
        }
        self.stamp = written.get();
        self.documents = next;
        let Some((annotator, (entries, lines))) = journal else { return Ok(()) };
        if let Err(why) = annotator.append(&self.documents, &lines) {
            return Err(ProjectError::Unfinished { name: annotator.name().clone(), why: Box::new(why) });
        }
        annotator.add_entries(entries, &lines);
        let log = OwnFile::read(&Files::of(self, annotator.name()).import, |bytes| bytes == lines)?;
        Ok(log.map_or(Ok(()), OwnFile::remove)?)
    }

    /// Journal operation for a document that the project has already.
    /// `None` if the annotator has worked on it and its spans stay.
    fn op_on_known(
        &self,
        item: &ImportItem,
        annotator: Option<&mut Annotator>,
        labels: &LabelSet,
        on_duplicate: OnDuplicate,
        report: &mut ImportReport,
    ) -> Result<Option<JournalOp>, ProjectError> {
        let Some(annotator) = annotator else { return self.op(item, None, labels) };
        let existing = annotator.journal.annotation(&item.document.id);
        if existing.status == Status::Todo && existing.spans().is_empty() {
            report.spans += item.spans.len();
            return self.op(item, Some(annotator), labels);
        }
        let same = existing.spans().iter().map(|span| (span.range, span.label)).eq(item.spans.iter().copied());
        if !same && on_duplicate == OnDuplicate::Update {
            report.updated += 1;
            report.spans += item.spans.len();
            return self.op_in_place(item, Some(annotator), labels);
        }
        report.kept += usize::from(!same && !item.spans.is_empty());
        Ok(None)
    }

    /// Journal operation that puts the spans of an imported document in place of the annotator's, if it has spans or a status.
    fn op_in_place(
        &self,
        item: &ImportItem,
        annotator: Option<&mut Annotator>,
        labels: &LabelSet,
    ) -> Result<Option<JournalOp>, ProjectError> {
        let existing = annotator.as_deref().map(|annotator| annotator.journal.annotation(&item.document.id));
        let old: Vec<Edit> =
            existing.into_iter().flat_map(|existing| existing.spans()).map(|span| Edit::Remove(span.id)).collect();
        let op = self.op(item, annotator, labels)?;
        Ok(op.map(|op| match op {
            JournalOp::Do(Action { document, edits }) => {
                JournalOp::Do(Action { document, edits: old.into_iter().chain(edits).collect() })
            }
            other => other,
        }))
    }

    /// Journal operation for an imported document, if it has spans or a status.
    fn op(
        &self,
        item: &ImportItem,
        annotator: Option<&mut Annotator>,
        labels: &LabelSet,
    ) -> Result<Option<JournalOp>, ProjectError> {
        if item.spans.is_empty() && item.status == Status::Todo {
            return Ok(None);
        }
        let annotator = annotator.ok_or(ProjectError::NoAnnotator)?;
        let mut edits = Vec::with_capacity(item.spans.len() + 1);
        for (range, label) in &item.spans {
            if labels.get(*label).is_none() {
                return Err(ProjectError::NoLabel { document: shown(&item.document.id), label: *label });
            }
            let id = annotator.next_span();
            edits.push(Edit::Add(Span { id, range: *range, label: *label, source: SpanSource::Import }));
        }
        if item.status != Status::Todo {
            edits.push(Edit::Status(item.status));
        }
        Ok(Some(JournalOp::Do(Action { document: item.document.id.clone(), edits })))
    }

    /// Removes logs of imports that were never committed.
    /// This happens before other documents can take their ids.
    ///
    /// No import is under way, because the caller holds the lock.
    fn discard_uncommitted_imports(&self) -> Result<(), ProjectError> {
        for name in self.annotators() {
            let Some(log) = Files::of(self, &name).import_log()? else { continue };
            if !journal::load(&log.bytes, &self.documents).is_committed() {
                log.remove()?;
            }
        }
        Ok(())
    }
}

/// Writes the lines of documents, each at once: the JSON of one comes in many small pieces.
fn write_new<'a>(mut documents: impl Iterator<Item = &'a Document>, to: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    documents.try_for_each(|document| {
        line.clear();
        documents::write(document, None, &mut line)?;
        to.write_all(&line)
    })
}

/// Copies the lines of a file, and ends the last one if it has no line feed. Returns the stamp of the file.
fn copy_lines(path: &Path, to: &mut Stamping<'_>) -> io::Result<Stamp> {
    let mut is_ended = true;
    storage::read_blocks(path, LARGE, |block| {
        is_ended = block.ends_with(b"\n");
        to.write_all(block)
    })
    .map_err(|error| error.cause)?;
    let copied = to.stamp;
    if !is_ended {
        to.write_all(b"\n")?;
    }
    Ok(copied)
}

/// Writer that computes the stamp of what it writes.
struct Stamping<'a> {
    to: &'a mut dyn Write,
    stamp: Stamp,
}

impl Write for Stamping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A larger file could not be opened.
        guard::check_size((self.stamp.0 + bytes.len()) as u64, LARGE)?;
        self.to.write_all(bytes)?;
        self.stamp = stamp_of_more(self.stamp, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::Manifest,
        spans::LabelSet,
        text::{Grid, growth::assert_linear},
    };

    #[test]
    fn documents_that_would_be_too_large_to_be_opened_are_not_written() {
        let mut bytes = Vec::new();
        let mut file = Stamping { to: &mut bytes, stamp: (usize::try_from(LARGE).unwrap() - 2, 7) };
        file.write_all(b"ab").unwrap();
        let error = file.write_all(b"c").unwrap_err();
        assert_eq!((error.kind(), bytes.as_slice()), (io::ErrorKind::FileTooLarge, &b"ab"[..]));
    }

    #[test]
    fn a_change_that_was_not_noticed_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let item = |id: &str| ImportItem {
            document: Document::new(id, "good", Grid::Natural),
            spans: Vec::new(),
            status: Status::Todo,
        };
        project.import(None, 0, vec![item("a")]).unwrap();
        let path = dir.path().join(DOCUMENTS);
        let theirs = "{\"id\":\"b\",\"text\":\"bad\"}\n";
        // Another program writes when the file has been compared.
        let late = std::iter::once_with(|| {
            std::fs::write(&path, theirs).unwrap();
            item("b")
        });
        let error = project.import_each(None, &ImportOptions::default(), [late]).unwrap_err();
        assert!(matches!(error, ProjectError::Changed(_)), "{error}");
        assert!(matches!(project.texts_of("a"), Err(ProjectError::Changed(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), theirs);
        let report = project.import(None, 0, vec![item("b")]).unwrap();
        assert_eq!(report.renamed, [("b".to_owned(), "b-2".to_owned())], "it can be done again");
    }

    #[test]
    fn many_documents_with_one_text_are_found_again_in_linear_time() {
        let documents = |n: usize| -> Vec<Document> {
            let ids = (0..n).map(|at| if at == 0 { "a".to_owned() } else { format!("a-{}", at + 1) });
            ids.map(|id| Document::new(id, "good", Grid::Natural)).collect()
        };
        for by_own_id in [true, false] {
            let found = |documents: &Vec<Document>| {
                let mut groups = SameText::groups(documents);
                let same = groups.get_mut("good").unwrap();
                let wanted = documents.iter().map(|document| if by_own_id { &document.id } else { "a" });
                wanted.filter_map(|wanted| same.take(wanted)).collect::<HashSet<_>>().len()
            };
            assert_eq!(found(&documents(50)), 50);
            assert_linear(2_000, documents, found);
        }
    }
}
