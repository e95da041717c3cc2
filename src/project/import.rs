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

use super::{
    Annotator, DOCUMENTS, Documents, Project, ProjectError,
    documents::{self, UniqueIds},
    file_names::shown,
    file_stamp::{Stamp, stamp_of_more},
    journal,
    journal_appender::Files,
    read_documents::stamp_of,
    storage::{self, LARGE, OwnFile},
};
use crate::{
    guard,
    spans::{Action, Document, Edit, Entry, LabelId, Span, SpanSource, Split, Status, journal::JournalOp},
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
        self.import_each(annotator, at, items)
    }

    /// As [`Self::import`], with documents that come one at a time. Each is moved to its place among the documents.
    pub(super) fn import_each(
        &mut self,
        mut annotator: Option<&mut Annotator>,
        at: u64,
        items: impl IntoIterator<Item = ImportItem>,
    ) -> Result<ImportReport, ProjectError> {
        let _lock = self.lock()?;
        let changed = self.reload()?;
        if let Some(annotator) = annotator.as_deref_mut() {
            annotator.settle_import(self)?;
            if changed {
                annotator.reread(&self.documents)?;
            }
        }
        self.discard_uncommitted_imports()?;
        let mut report = ImportReport::default();
        let first = self.documents.len();
        let mut list = self.documents.extend();
        let mut ids = UniqueIds::default();
        let mut ops = Vec::new();
        let mut groups = SameText::groups(&self.documents);
        for mut item in items {
            let mut same = groups.get_mut(&*item.document.text);
            if let Some(known) = same.as_mut().and_then(|same| same.take(&item.document.id)) {
                item.document.id = known;
                report.known += 1;
                ops.extend(self.op_on_known(&item, annotator.as_deref_mut(), &mut report)?);
                continue;
            }
            if self.documents.is_gone(&item.document.id, &item.document.text) {
                report.removed += 1;
                continue;
            }
            report.documents += 1;
            report.same_text += usize::from(same.is_some());
            // No text is in two splits.
            item.document.split = item.document.split.or(same.and_then(|same| same.split));
            let id = ids.make(&item.document.id, |id| list.has(id));
            if id != item.document.id {
                report.renamed.push((std::mem::replace(&mut item.document.id, id.clone()), id));
            }
            report.spans += item.spans.len();
            ops.extend(self.op(&item, annotator.as_deref_mut())?);
            list.add_new(item.document).map_err(ProjectError::BadDocument)?;
        }
        let next = list.finish().0;
        let prepared = annotator.as_deref_mut().map(|annotator| annotator.prepare(&next, at, ops)).transpose()?;
        self.publish(annotator, next, first, prepared)?;
        Ok(report)
    }

    /// Writes the documents from position `first` on, and the journal lines.
    fn publish(
        &mut self,
        annotator: Option<&mut Annotator>,
        next: Documents,
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
    /// `None` if the annotator has worked on it.
    fn op_on_known(
        &self,
        item: &ImportItem,
        annotator: Option<&mut Annotator>,
        report: &mut ImportReport,
    ) -> Result<Option<JournalOp>, ProjectError> {
        let Some(annotator) = annotator else { return self.op(item, None) };
        let existing = annotator.journal.annotation(&item.document.id);
        if existing.status == Status::Todo && existing.spans().is_empty() {
            report.spans += item.spans.len();
            return self.op(item, Some(annotator));
        }
        let same = existing.spans().iter().map(|span| (span.range, span.label)).eq(item.spans.iter().copied());
        report.kept += usize::from(!same && !item.spans.is_empty());
        Ok(None)
    }

    /// Journal operation for an imported document, if it has spans or a status.
    fn op(&self, item: &ImportItem, annotator: Option<&mut Annotator>) -> Result<Option<JournalOp>, ProjectError> {
        if item.spans.is_empty() && item.status == Status::Todo {
            return Ok(None);
        }
        let annotator = annotator.ok_or(ProjectError::NoAnnotator)?;
        let mut edits = Vec::with_capacity(item.spans.len() + 1);
        for (range, label) in &item.spans {
            if self.manifest.labels.get(*label).is_none() {
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
        let error = project.import_each(None, 0, late).unwrap_err();
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
