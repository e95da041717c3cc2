//! The work of one annotator as a corpus for the formats.

use super::Project;
use crate::{
    formats::{Corpus, Provenance},
    spans::{
        Annotation, Document, Journal, Split, Status,
        query::{DocumentFacts, Query},
    },
};

/// Choice of documents.
#[derive(Clone, Copy, Debug)]
pub enum Chosen<'a> {
    /// Those that are done.
    Done,
    /// Every one.
    All,
    /// Those that a search finds.
    Found(&'a Query),
}

impl Chosen<'_> {
    /// Whether a document is one of them.
    pub fn has(self, document: &Document, annotation: &Annotation) -> bool {
        match self {
            Self::Done => annotation.status == Status::Done,
            Self::All => true,
            Self::Found(query) => query.holds(&Facts { document, annotation }),
        }
    }
}

/// What is known of a document without a model.
struct Facts<'a> {
    document: &'a Document,
    annotation: &'a Annotation,
}

impl DocumentFacts for Facts<'_> {
    fn document(&self) -> &Document {
        self.document
    }

    fn annotation(&self) -> &Annotation {
        self.annotation
    }

    fn mismatch(&self) -> Option<bool> {
        None
    }

    fn uncertainty(&self) -> Option<f32> {
        None
    }
}

impl Project {
    /// Chosen documents of one split (or of all) with their annotations.
    pub fn corpus(&self, journal: &Journal, split: Option<Split>, chosen: Chosen<'_>) -> Corpus {
        let origin = &self.manifest.provenance;
        let provenance = (!origin.is_empty()).then(|| Provenance {
            source: origin.source.clone(),
            citation: origin.citation.clone(),
            licence: origin.licence.clone(),
        });
        let mut corpus = Corpus { labels: self.manifest.labels.clone(), provenance, ..Corpus::default() };
        for document in &self.documents {
            let annotation = journal.annotation(&document.id);
            if split.is_none_or(|split| document.split == Some(split)) && chosen.has(document, annotation) {
                corpus.documents.push(document.clone());
                corpus.annotations.push(annotation.clone());
            }
        }
        corpus
    }
}
