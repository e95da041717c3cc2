//! Taking documents and their annotations into a project: all of them or none, whatever happens in between.
//!
//! Two files change, so there is a redo log. The journal lines are first written beside the journal
//! (`annotations/.NAME.import`); then `documents.jsonl` is replaced, which is the moment at which the import counts;
//! then the lines join the journal and the log goes. An import that was cut off is finished, or forgotten if it never
//! counted, when the annotator is next opened.

use std::collections::{HashMap, HashSet};

use super::{
    Annotator, DOCUMENTS, Documents, LOCK, Project, ProjectError, documents,
    file_names::shown,
    journal::{self, Files},
    lock::Lock,
    stamp, storage,
};
use crate::{
    spans::{Action, Document, Edit, Entry, LabelId, Span, SpanSource, Split, Status, journal::JournalOp},
    text::{TextRange, number::with_noun},
};

/// A document to be imported, with what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportItem {
    /// The document; its id is changed if the project has it already.
    pub document: Document,
    /// Spans in bytes, with labels of the project.
    pub spans: Vec<(TextRange, LabelId)>,
    /// How far it is; [`Status::Todo`] and no spans leave no trace in the journal.
    pub status: Status,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Documents added.
    pub documents: usize,
    /// Spans added.
    pub spans: usize,
    /// Documents that were in the project already, with the same id and text, and were not added again.
    pub known: usize,
    /// Of these, documents whose spans in the file were left out because the annotator has worked on them here.
    pub kept: usize,
    /// Documents added although another one has just this text; they go into its part, so that nothing that tests or
    /// validates also teaches.
    pub same_text: usize,
    /// Ids that were in use for another text, and the ids given instead.
    pub renamed: Vec<(String, String)>,
}

impl ImportReport {
    /// What there is to say of documents that were there already; empty if none was.
    pub fn left_out(&self) -> String {
        let known = with_noun(self.known, "document");
        let mut said = match (self.known, self.kept) {
            (0, _) => String::new(),
            (_, 0) => format!("; {known} there already"),
            (_, kept) => format!("; {known} there already, {kept} of them with other work of yours, which stays"),
        };
        if self.same_text > 0 {
            said.push_str(&format!(
                "; {} with the text of another one, in its part",
                with_noun(self.same_text, "document")
            ));
        }
        said
    }
}

/// Puts a document into the part of one that has just this text, if there is one and nobody said where it goes.
fn take_part(document: &mut Document, same: &[&str], parts: &HashMap<&str, Option<Split>>) -> bool {
    let Some(split) = same.first().and_then(|id| parts.get(*id)) else { return false };
    document.split = document.split.or(*split);
    true
}

/// Which of the ids with the same text is this document's: its own, else one that an import gave it instead. An id
/// that is `answered` stands for an earlier document of the same data.
fn known_as(document: &Document, ids: &[&str], answered: &HashSet<String>) -> Option<String> {
    let given = |id: &str| {
        let rest = id.strip_prefix(document.id.as_str()).and_then(|rest| rest.strip_prefix('-'));
        rest.is_some_and(|n| n.parse::<usize>().is_ok())
    };
    let free = || ids.iter().filter(|id| !answered.contains(**id));
    let own = free().find(|id| **id == document.id).or_else(|| free().find(|id| given(id)));
    own.map(|id| (*id).to_owned())
}

impl Project {
    /// Adds documents, and their spans and status to the annotator's journal. `at` in seconds since 1970, UTC.
    ///
    /// A document that the project has, with the same id and text, is not added again: importing a file twice changes
    /// nothing. Its spans are taken if the annotator has not touched it here. Each document of the project stands for
    /// one of the data: what is there twice gets two ids, as in an empty project.
    ///
    /// # Errors
    /// A document cannot be written, a span does not fit its text, a label is unknown, there are annotations and no
    /// annotator, or the file system cannot: then nothing is changed, except after [`ProjectError::Unfinished`].
    pub fn import(
        &mut self,
        mut annotator: Option<&mut Annotator>,
        at: u64,
        items: Vec<ImportItem>,
    ) -> Result<ImportReport, ProjectError> {
        let _lock = Lock::wait(&self.root.join(LOCK))?;
        let changed = self.reload()?;
        if let Some(annotator) = annotator.as_deref_mut() {
            annotator.settle_import(self)?;
            if changed {
                annotator.reread(&self.documents)?;
            }
        }
        self.forget_failed_imports()?;
        let path = self.root.join(DOCUMENTS);
        let mut bytes = storage::read_if_there(&path)?.unwrap_or_default();
        if bytes.last().is_some_and(|last| *last != b'\n') {
            bytes.push(b'\n');
        }
        let mut report = ImportReport::default();
        let mut list = self.documents.to_vec();
        let first = list.len();
        let mut taken: HashSet<String> = list.iter().map(|document| document.id.clone()).collect();
        let mut ops = Vec::new();
        let mut here: HashMap<&str, Vec<&str>> = HashMap::new();
        for document in self.documents.iter() {
            here.entry(&document.text).or_default().push(&document.id);
        }
        let parts: HashMap<&str, Option<Split>> =
            self.documents.iter().map(|document| (document.id.as_str(), document.split)).collect();
        let mut answered = HashSet::new();
        for mut item in items {
            let same = here.get(item.document.text.as_str());
            if let Some(known) = same.and_then(|same| known_as(&item.document, same, &answered)) {
                answered.insert(known.clone());
                item.document.id = known;
                report.known += 1;
                ops.extend(self.op_on_known(&item, annotator.as_deref_mut(), &mut report)?);
                continue;
            }
            report.documents += 1;
            report.same_text += usize::from(same.is_some_and(|same| take_part(&mut item.document, same, &parts)));
            let id = documents::unique(&item.document.id, &mut taken);
            if id != item.document.id {
                report.renamed.push((std::mem::replace(&mut item.document.id, id.clone()), id));
            }
            report.spans += item.spans.len();
            ops.extend(self.op(&item, annotator.as_deref_mut())?);
            list.push(item.document);
        }
        let next = self.documents.replaced_by(list).map_err(ProjectError::BadDocument)?;
        for document in next.iter().skip(first) {
            documents::write(document, None, &mut bytes)?;
        }
        let prepared = annotator.as_deref_mut().map(|annotator| annotator.prepare(&next, at, ops)).transpose()?;
        self.publish(annotator, next, &bytes, prepared)?;
        Ok(report)
    }

    fn publish(
        &mut self,
        annotator: Option<&mut Annotator>,
        next: Documents,
        bytes: &[u8],
        prepared: Option<(Vec<Entry>, Vec<u8>)>,
    ) -> Result<(), ProjectError> {
        let journal = annotator.zip(prepared).filter(|(_, (entries, _))| !entries.is_empty());
        let log = journal.as_ref().map(|(annotator, (_, lines))| (Files::of(self, annotator.name()).import, lines));
        if let Some((path, lines)) = &log {
            storage::replace(path, lines)?;
        }
        if let Err(error) = storage::replace(&self.root.join(DOCUMENTS), bytes) {
            // A folder that could not be synced may hold the new documents all the same: then the log is needed.
            let there = storage::read_if_there(&self.root.join(DOCUMENTS)).ok().flatten().unwrap_or_default();
            if let Some((path, _)) = log.filter(|_| stamp(&there) == self.stamp) {
                // If this fails too, the log is forgotten later: its documents are not there.
                storage::remove_file(&path).ok();
            }
            return Err(error.into());
        }
        self.stamp = stamp(bytes);
        self.documents = next;
        let Some((annotator, (entries, lines))) = journal else { return Ok(()) };
        if let Err(why) = annotator.append(&self.documents, &lines) {
            return Err(ProjectError::Unfinished { name: annotator.name().clone(), why: Box::new(why) });
        }
        annotator.keep(entries, &lines);
        Ok(storage::remove_file(&Files::of(self, annotator.name()).import)?)
    }

    /// What the journal says about an imported document that is here already: nothing if the annotator worked on it.
    fn op_on_known(
        &self,
        item: &ImportItem,
        annotator: Option<&mut Annotator>,
        report: &mut ImportReport,
    ) -> Result<Option<JournalOp>, ProjectError> {
        let Some(annotator) = annotator else { return self.op(item, None) };
        let here = annotator.journal.annotation(&item.document.id);
        if here.status == Status::Todo && here.spans().is_empty() {
            report.spans += item.spans.len();
            return self.op(item, Some(annotator));
        }
        let same = here.spans().iter().map(|span| (span.range, span.label)).eq(item.spans.iter().copied());
        report.kept += usize::from(!same && !item.spans.is_empty());
        Ok(None)
    }

    /// What the journal says about an imported document, if anything.
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

    /// Removes the logs of imports that never counted, before other documents can take their ids. Nobody is
    /// importing: we hold the lock.
    fn forget_failed_imports(&self) -> Result<(), ProjectError> {
        for name in self.annotators() {
            let path = Files::of(self, &name).import;
            let Some(bytes) = storage::read_if_there(&path)? else { continue };
            if !journal::load(&bytes, &self.documents).is_committed() {
                storage::remove_file(&path)?;
            }
        }
        Ok(())
    }
}
