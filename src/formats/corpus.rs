//! Contents of a file: labels, documents and their annotations.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::spans::{Annotation, Document, LabelId, LabelSet};

/// Origin and terms of data, as far as the file gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Name or address of the data set.
    pub source: String,
    /// Citation that the authors ask for.
    pub citation: String,
    /// Name of the licence.
    pub licence: String,
}

/// Documents with one annotation each, and their labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Corpus {
    /// All labels of the spans.
    pub labels: LabelSet,
    /// The documents.
    pub documents: Vec<Document>,
    /// Annotation of each document, in the same order.
    pub annotations: Vec<Annotation>,
    /// Origin of the data, if known.
    pub provenance: Option<Provenance>,
}

static UNTOUCHED: Annotation = Annotation::untouched();

impl Corpus {
    /// All documents with their annotations; a missing one counts as untouched.
    pub fn pairs(&self) -> impl Iterator<Item = (&Document, &Annotation)> {
        self.documents.iter().enumerate().map(|(at, document)| (document, self.annotation(at)))
    }

    /// Annotation of document `index`; an untouched one if it is missing.
    pub fn annotation(&self, index: usize) -> &Annotation {
        self.annotations.get(index).unwrap_or(&UNTOUCHED)
    }

    /// Number of spans of all documents.
    pub fn span_count(&self) -> usize {
        self.annotations.iter().map(|annotation| annotation.spans().len()).sum()
    }

    /// Names of the labels that spans have, in the order of the label set.
    ///
    /// The label set may have more: those of the project into which a file is read.
    pub fn used_labels(&self) -> Vec<&str> {
        let used: HashSet<LabelId> =
            self.annotations.iter().flat_map(Annotation::spans).map(|span| span.label).collect();
        self.labels.iter().filter(|label| used.contains(&label.id)).map(|label| label.name.as_str()).collect()
    }

    /// Number of words of all documents.
    pub fn word_count(&self) -> usize {
        self.documents.iter().map(|document| document.words.count()).sum()
    }
}

/// Maximum number of labels.
/// A file with more probably has something else in the place of its labels.
pub(crate) const MOST_LABELS: usize = 2_000;
