//! Annotations of other annotators in the files of an import.
//!
//! They belong to the same import as the documents: they are placed where the documents are, recorded in the same way, and
//! undone together.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{Annotator, AnnotatorName, ProjectError};
use crate::{
    formats::{FoundAnnotation, FoundDocuments},
    spans::{LabelId, Status},
    text::TextRange,
};

/// Spans and status that an annotator gave a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Work {
    /// Ranges in bytes, with labels of the project.
    pub(super) spans: Vec<(TextRange, LabelId)>,
    /// Status of the document; [`Status::Todo`] without spans adds nothing to a journal.
    pub(super) status: Status,
}

/// Work on a document of a file.
struct Placed {
    /// Place of the document in the file.
    document: usize,
    /// Index of the annotator.
    annotator: usize,
    work: Work,
}

/// The other annotators of an import, with their work.
#[derive(Default)]
pub(super) struct Others {
    /// Their journals, in the order of their names.
    pub(super) annotators: Vec<Annotator>,
    files: Vec<OthersOfFile>,
}

/// Work of others in one file.
#[derive(Default)]
pub(super) struct OthersOfFile {
    /// In the order of the documents.
    work: VecDeque<Placed>,
    /// Number of spans that each annotator of the file got here, by index.
    spans: BTreeMap<usize, usize>,
    /// Annotations of the user that were not chosen when the file was read.
    pub(super) own: usize,
    /// Annotations under names that no annotator can have.
    pub(super) unnamed: usize,
}

impl Others {
    /// Opens the journals of the annotators in the files, each once, except the user's.
    ///
    /// This is done before anything is written, because a journal that is in use refuses the import.
    ///
    /// # Errors
    /// A journal cannot be opened.
    pub(super) fn open(
        files: &[FoundDocuments],
        own: Option<&AnnotatorName>,
        mut open: impl FnMut(&AnnotatorName) -> Result<Annotator, ProjectError>,
    ) -> Result<Self, ProjectError> {
        let mut names: Vec<AnnotatorName> =
            files.iter().flat_map(FoundDocuments::other_annotators).filter_map(|name| name.parse().ok()).collect();
        names.sort();
        names.dedup();
        names.retain(|name| Some(name) != own);
        let annotators = names.iter().map(&mut open).collect::<Result<_, _>>()?;
        Ok(Self { annotators, files: Vec::new() })
    }

    /// Takes the work of others out of the next file. `own`: the user; `ids`: labels of the project by those of the file.
    pub(super) fn add_file(
        &mut self,
        found: &mut FoundDocuments,
        own: Option<&AnnotatorName>,
        ids: &HashMap<LabelId, LabelId>,
    ) {
        let places: HashMap<&str, usize> =
            self.annotators.iter().enumerate().map(|(at, one)| (one.name().as_str(), at)).collect();
        let mut file = OthersOfFile::default();
        for FoundAnnotation { document, annotator, spans, status } in found.take_others() {
            let Some(annotator) = places.get(annotator.as_str()).copied() else {
                let is_own = own.is_some_and(|own| own.as_str() == annotator);
                *(if is_own { &mut file.own } else { &mut file.unnamed }) += 1;
                continue;
            };
            let spans = spans.into_iter().filter_map(|(range, label)| Some((range, *ids.get(&label)?)));
            let work = Work { spans: spans.collect(), status };
            file.spans.entry(annotator).or_default();
            file.work.push_back(Placed { document, annotator, work });
        }
        self.files.push(file);
    }

    /// Takes the work in the next file; nothing if none is known.
    pub(super) fn next_file(&mut self) -> OthersOfFile {
        if self.files.is_empty() { OthersOfFile::default() } else { self.files.remove(0) }
    }
}

impl OthersOfFile {
    /// Takes the next work on a document, with the index of its annotator. Documents are asked for in their order.
    pub(super) fn next_on(&mut self, document: usize) -> Option<(usize, Work)> {
        let next = self.work.pop_front_if(|placed| placed.document == document)?;
        Some((next.annotator, next.work))
    }

    /// Counts spans that an annotator got.
    pub(super) fn count(&mut self, annotator: usize, spans: usize) {
        *self.spans.entry(annotator).or_default() += spans;
    }

    /// Names of the annotators of the file, with the number of spans that each got.
    pub(super) fn counts(&self, annotators: &[Annotator]) -> Vec<(String, usize)> {
        let counts = self.spans.iter();
        counts.filter_map(|(at, spans)| Some((annotators.get(*at)?.name().to_string(), *spans))).collect()
    }
}
