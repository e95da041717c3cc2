//! Imports of documents and their annotations.
//! All of them or none, also across a crash.
//!
//! Two files change, so there is a redo log. First the journal lines are written beside the journal
//! (`annotations/.NAME.import`). Then `documents.jsonl` is replaced; this commits the import. Then the lines are
//! appended to the journal and the log is removed. When the annotator is next opened, an interrupted import is completed
//! if it was committed, and discarded if not.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{
    Annotator, Project, ProjectError,
    documents::DocumentReader,
    file_names::shown,
    import_commit::NewEntries,
    import_others::{Others, OthersOfFile, Work},
    import_record::ImportRecord,
};
use crate::{
    spans::{
        Action, Annotation, Document, Edit, LabelId, LabelSet, OnDuplicate, Span, SpanSource, Split, Status, UniqueIds,
        journal::JournalOp,
    },
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
    /// They get its split, unless they have one.
    pub same_text: usize,
    /// Documents added or updated whose text is in another split, too.
    pub in_two_splits: usize,
    /// Ids that were in use for another text, with the ids given instead.
    pub renamed: Vec<(String, String)>,
    /// Other annotators of the file, and the number of spans that each got here.
    pub others: Vec<(String, usize)>,
    /// Annotations of the user that were left out, because another one of their document was read as the user's.
    pub own_left_out: usize,
    /// Annotations that were left out, because no annotator can have the name under which they are.
    pub unnamed: usize,
    /// Why the history will not list the labels that the import added; `None` if it does, or there are none.
    pub labels_unlisted: Option<String>,
}

impl ImportReport {
    /// Adds the outcome of another file of the same import.
    pub fn add(&mut self, other: Self) {
        self.documents += other.documents;
        self.spans += other.spans;
        self.known += other.known;
        self.removed += other.removed;
        self.kept += other.kept;
        self.skipped += other.skipped;
        self.updated += other.updated;
        self.same_text += other.same_text;
        self.in_two_splits += other.in_two_splits;
        self.renamed.extend(other.renamed);
        for (name, spans) in other.others {
            match self.others.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known += spans,
                None => self.others.push((name, spans)),
            }
        }
        self.own_left_out += other.own_left_out;
        self.unnamed += other.unnamed;
        self.labels_unlisted = self.labels_unlisted.take().or(other.labels_unlisted);
    }

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
        if self.own_left_out > 0 {
            let annotations = with_noun(self.own_left_out, "annotation");
            remark.push_str(&format!("; {annotations} of yours left out: another one of the document was taken"));
        }
        if self.unnamed > 0 {
            let annotations = with_noun(self.unnamed, "annotation");
            remark.push_str(&format!("; {annotations} left out: no annotator can have the name in the file"));
        }
        if let Some(error) = &self.labels_unlisted {
            remark.push_str(&format!("; the history will not list the new labels: {error}"));
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
        if self.in_two_splits > 0 {
            let documents = with_noun(self.in_two_splits, "document");
            remark.push_str(&format!("; {documents} with a text that is in another split, too"));
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
    /// Operations of the other annotators, by index.
    pub(super) ops_of_others: Vec<Vec<JournalOp>>,
    /// New contents of documents that are there, by id.
    pub(super) changes: HashMap<String, Document>,
    /// For each file.
    pub(super) reports: Vec<ImportReport>,
}

/// What decides where the documents of an import go.
struct Placing<'a> {
    labels: &'a LabelSet,
    on_duplicate: OnDuplicate,
    ids: UniqueIds,
    /// Documents of the project by their text.
    groups: HashMap<&'a str, SameText<'a>>,
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
        let reports = self.import_each(annotator, &options, [items], Others::default());
        reports.map(|mut reports| reports.pop().unwrap_or_default())
    }

    /// As [`Self::import`], of several files as one action, with documents that come one at a time and annotations of others.
    /// Each document is moved to its place among the documents.
    pub(super) fn import_each<I: IntoIterator<Item = ImportItem>>(
        &mut self,
        mut annotator: Option<&mut Annotator>,
        options: &ImportOptions,
        files: impl IntoIterator<Item = I>,
        mut others: Others,
    ) -> Result<Vec<ImportReport>, ProjectError> {
        let _lock = self.lock()?;
        let changed = self.reload()?;
        for one in annotator.as_deref_mut().into_iter().chain(&mut others.annotators) {
            one.settle_import(self)?;
            if changed {
                one.reread(&self.documents)?;
            }
        }
        self.discard_uncommitted_imports()?;
        let first = self.documents.len();
        let labels = self.manifest.labels.clone();
        let plan = self.plan(annotator.as_deref_mut(), &labels, options.on_duplicate, files, &mut others)?;
        let Plan { list, ops, ops_of_others, changes, reports } = plan;
        let next = list.finish().0;
        let changed: Vec<String> = changes.keys().cloned().collect();
        let (next, whole) = if changes.is_empty() {
            (next, None)
        } else {
            let (documents, bytes) = self.with_changes(changes, next.iter().skip(first), options.at)?;
            (documents, Some(bytes))
        };
        let own = annotator.map(|annotator| (annotator, ops)).into_iter();
        let mut journals = Vec::new();
        for (annotator, ops) in own.chain(others.annotators.iter_mut().zip(ops_of_others)) {
            let (entries, lines) = annotator.prepare(&next, options.at, ops)?;
            if !entries.is_empty() {
                journals.push(NewEntries { annotator, entries, lines });
            }
        }
        let lines = journals.iter().map(|new| (new.annotator.name(), new.entries.as_slice()));
        let made = (options.at, options.files.clone());
        self.announce_import(&ImportRecord::new(made, &next, first, changed, lines))?;
        self.publish(next, whole, first, journals)?;
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
        others: &mut Others,
    ) -> Result<Plan, ProjectError> {
        let mut plan = Plan {
            list: self.documents.extend(),
            ops: Vec::new(),
            ops_of_others: others.annotators.iter().map(|_| Vec::new()).collect(),
            changes: HashMap::new(),
            reports: Vec::new(),
        };
        let groups = SameText::groups(&self.documents);
        let mut placing = Placing { labels, on_duplicate, ids: UniqueIds::default(), groups };
        for items in files {
            let mut report = ImportReport::default();
            let mut work = others.next_file();
            for (at, item) in items.into_iter().enumerate() {
                let id = self.place(item, annotator.as_deref_mut(), &mut placing, &mut plan, &mut report)?;
                place_others(at, id.as_deref(), &mut work, others, &placing, &mut plan)?;
            }
            report.own_left_out = work.own;
            report.unnamed = work.unnamed;
            report.others = work.counts(&others.annotators);
            plan.reports.push(report);
        }
        Ok(plan)
    }

    /// Decides what becomes of a document. Returns the id that it has in the project, if it comes or is there.
    fn place(
        &self,
        mut item: ImportItem,
        annotator: Option<&mut Annotator>,
        placing: &mut Placing<'_>,
        plan: &mut Plan,
        report: &mut ImportReport,
    ) -> Result<Option<String>, ProjectError> {
        let mut same = placing.groups.get_mut(&*item.document.text);
        if let Some(known) = same.as_mut().and_then(|same| same.take(&item.document.id)) {
            item.document.id = known;
            report.known += 1;
            plan.ops.extend(self.op_on_known(&item, annotator, placing, report)?);
            return Ok(Some(item.document.id));
        }
        if self.documents.is_gone(&item.document.id, &item.document.text) {
            report.removed += 1;
            return Ok(None);
        }
        // Of two documents of the import with one id, the second one is not there already.
        let there = self.documents.get(&item.document.id);
        let is_first = !plan.changes.contains_key(&item.document.id);
        let split_of_text = same.map(|same| same.split);
        match (placing.on_duplicate, there) {
            (OnDuplicate::Skip, Some(_)) => {
                report.skipped += 1;
                return Ok(None);
            }
            (OnDuplicate::Update, Some(there)) if is_first => {
                report.updated += 1;
                report.spans += item.spans.len();
                report.in_two_splits += usize::from(split_of_text.is_some_and(|split| split != there.split));
                plan.ops.extend(op_in_place(&item, annotator, placing.labels)?);
                let id = item.document.id.clone();
                plan.changes.insert(id.clone(), item.document);
                return Ok(Some(id));
            }
            _ => {}
        }
        report.documents += 1;
        if let Some(split) = split_of_text {
            item.document.split = item.document.split.or(split);
            let is_in_it = item.document.split == split;
            *(if is_in_it { &mut report.same_text } else { &mut report.in_two_splits }) += 1;
        }
        let id = placing.ids.make(&item.document.id, |id| plan.list.has(id));
        if id != item.document.id {
            report.renamed.push((std::mem::replace(&mut item.document.id, id.clone()), id.clone()));
        }
        report.spans += item.spans.len();
        plan.ops.extend(op(&item, annotator, placing.labels)?);
        plan.list.add_new(item.document).map_err(ProjectError::BadDocument)?;
        Ok(Some(id))
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

    /// Journal operation for a document that the project has already.
    /// `None` if the annotator has worked on it and its spans stay.
    fn op_on_known(
        &self,
        item: &ImportItem,
        annotator: Option<&mut Annotator>,
        placing: &Placing<'_>,
        report: &mut ImportReport,
    ) -> Result<Option<JournalOp>, ProjectError> {
        let Some(annotator) = annotator else { return op(item, None, placing.labels) };
        let existing = annotator.journal.annotation(&item.document.id);
        if is_untouched(existing) {
            report.spans += item.spans.len();
            return op(item, Some(annotator), placing.labels);
        }
        let has_same = has_spans(existing, &item.spans);
        if !has_same && placing.on_duplicate == OnDuplicate::Update {
            let op = op_in_place(item, Some(annotator), placing.labels)?;
            if op.is_some() {
                report.updated += 1;
                report.spans += item.spans.len();
            }
            return Ok(op);
        }
        report.kept += usize::from(!has_same && !item.spans.is_empty());
        Ok(None)
    }
}

/// Gives other annotators their work on the document at place `at` of its file, which has this id in the project.
///
/// Nothing takes the place of what an annotator has done here.
fn place_others(
    at: usize,
    id: Option<&str>,
    file: &mut OthersOfFile,
    others: &mut Others,
    placing: &Placing<'_>,
    plan: &mut Plan,
) -> Result<(), ProjectError> {
    while let Some((index, Work { spans, status })) = file.next_on(at) {
        let Some((id, annotator)) = id.zip(others.annotators.get_mut(index)) else { continue };
        if !is_untouched(annotator.journal.annotation(id)) {
            continue;
        }
        file.count(index, spans.len());
        let op = op_of(id, &spans, status, Some(annotator), placing.labels)?;
        if let Some(ops) = plan.ops_of_others.get_mut(index) {
            ops.extend(op);
        }
    }
    Ok(())
}

/// Whether an annotator has not worked on a document.
fn is_untouched(annotation: &Annotation) -> bool {
    annotation.status == Status::Todo && annotation.spans().is_empty()
}

/// Whether an annotation has these spans and no others, in whatever order.
fn has_spans(annotation: &Annotation, spans: &[(TextRange, LabelId)]) -> bool {
    let mut own: Vec<(TextRange, LabelId)> = annotation.spans().iter().map(|span| (span.range, span.label)).collect();
    let mut spans = spans.to_vec();
    own.sort_unstable();
    spans.sort_unstable();
    own == spans && annotation.lost().len() == 0
}

/// Journal operation that puts the spans of an imported document in place of the annotator's, also of those that have lost
/// their place; `None` if the document has neither spans nor a status.
fn op_in_place(
    item: &ImportItem,
    annotator: Option<&mut Annotator>,
    labels: &LabelSet,
) -> Result<Option<JournalOp>, ProjectError> {
    let mut old = Vec::new();
    if let Some(annotator) = annotator.as_deref() {
        let existing = annotator.journal.annotation(&item.document.id);
        old.extend(existing.spans().iter().map(|span| Edit::Remove(span.id)));
        old.extend(existing.lost().map(|(id, _)| Edit::Remove(id)));
    }
    let op = op(item, annotator, labels)?;
    Ok(op.map(|op| match op {
        JournalOp::Do(Action { document, edits }) => {
            JournalOp::Do(Action { document, edits: old.into_iter().chain(edits).collect() })
        }
        other => other,
    }))
}

/// Journal operation for an imported document, if it has spans or a status.
fn op(
    item: &ImportItem,
    annotator: Option<&mut Annotator>,
    labels: &LabelSet,
) -> Result<Option<JournalOp>, ProjectError> {
    op_of(&item.document.id, &item.spans, item.status, annotator, labels)
}

/// Journal operation that adds spans to a document and sets its status, if there are any.
fn op_of(
    document: &str,
    spans: &[(TextRange, LabelId)],
    status: Status,
    annotator: Option<&mut Annotator>,
    labels: &LabelSet,
) -> Result<Option<JournalOp>, ProjectError> {
    if spans.is_empty() && status == Status::Todo {
        return Ok(None);
    }
    let annotator = annotator.ok_or(ProjectError::NoAnnotator)?;
    let mut edits = Vec::with_capacity(spans.len() + 1);
    for (range, label) in spans {
        if labels.get(*label).is_none() {
            return Err(ProjectError::NoLabel { document: shown(document), label: *label });
        }
        let id = annotator.next_span();
        edits.push(Edit::Add(Span { id, range: *range, label: *label, source: SpanSource::Import }));
    }
    if status != Status::Todo {
        edits.push(Edit::Status(status));
    }
    Ok(Some(JournalOp::Do(Action { document: document.to_owned(), edits })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{DOCUMENTS, Manifest},
        spans::LabelSet,
        text::{Grid, growth::assert_linear},
    };

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
        let error = project.import_each(None, &ImportOptions::default(), [late], Others::default()).unwrap_err();
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
