//! Contents of a file: labels, documents and their annotations.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::problem::{Problem, Problems, grouped};
use crate::{
    spans::{Annotation, Document, LabelId, LabelSet, Span, SpanId, SpanSource, Status},
    text::{TextRange, number::with_noun},
};

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

    /// Describes the spans and their labels: `12 spans of 3 labels`.
    pub(super) fn spans_text(&self) -> String {
        format!("{} of {}", with_noun(self.span_count(), "span"), with_noun(self.used_labels().len(), "label"))
    }

    /// Number of words of all documents.
    pub fn word_count(&self) -> usize {
        self.documents.iter().map(|document| document.words.count()).sum()
    }
}

/// Maximum number of labels.
/// A file with more probably has something else in the place of its labels.
pub(crate) const MOST_LABELS: usize = 2_000;

/// Index of a label name during reading.
/// Becomes a [`LabelId`] when all names are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameIndex(usize);

/// Builder of a corpus.
///
/// It numbers the labels at the end, in alphabetical order, so that numbers and keys do not depend on the order in which
/// labels occur in the file.
#[derive(Debug)]
pub(crate) struct CorpusBuilder {
    known: LabelSet,
    names: Vec<String>,
    by_name: HashMap<String, NameIndex>,
    documents: Vec<Document>,
    found: Vec<(Vec<(TextRange, NameIndex)>, Status)>,
}

impl CorpusBuilder {
    /// Starts with the labels of `known`, which keep their ids.
    pub(crate) fn new(known: LabelSet) -> Self {
        Self { known, names: Vec::new(), by_name: HashMap::new(), documents: Vec::new(), found: Vec::new() }
    }

    /// Returns the index of a label name, and adds the name if it is new.
    pub(crate) fn label(&mut self, name: &str) -> NameIndex {
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let index = NameIndex(self.names.len());
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), index);
        index
    }

    /// Adds a document with its spans.
    pub(crate) fn push(&mut self, document: Document, spans: Vec<(TextRange, NameIndex)>, status: Status) {
        self.documents.push(document);
        self.found.push((spans, status));
    }

    /// Number of documents so far.
    pub(crate) fn len(&self) -> usize {
        self.documents.len()
    }

    /// Returns the corpus; its spans are numbered from 0 across all documents.
    pub(crate) fn finish(self, problems: &mut Problems) -> Corpus {
        let mut labels = self.known;
        let mut ids: Vec<Option<LabelId>> = vec![None; self.names.len()];
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_unstable_by(|a, b| self.names[*a].cmp(&self.names[*b]));
        if order.len() > MOST_LABELS {
            problems.push(
                Problem::error(format!(
                    "the file names {} different labels; the spans of the first {} are kept",
                    grouped(order.len()),
                    grouped(MOST_LABELS)
                ))
                .hint("check that the column or field used as label is the right one"),
            );
        }
        for at in order.into_iter().take(MOST_LABELS) {
            ids[at] = Some(labels.intern(&self.names[at]));
        }
        let mut sequence = 0;
        let annotations = self.found.into_iter().map(|(spans, status)| {
            let named =
                spans.into_iter().filter_map(|(range, name)| Some((range, ids.get(name.0).copied().flatten()?)));
            let spans = named.map(|(range, label)| {
                let id = SpanId { writer: 0, sequence };
                sequence = sequence.saturating_add(1);
                Span { id, range, label, source: SpanSource::Import }
            });
            Annotation::new(spans.collect(), status)
        });
        let annotations = annotations.collect();
        Corpus { labels, documents: self.documents, annotations, provenance: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_numbered_by_name_after_the_known_ones() {
        let mut builder = CorpusBuilder::new(LabelSet::from_names(["Price"]));
        let (zoo, dish, price) = (builder.label("Zoo"), builder.label("Dish"), builder.label("Price"));
        let spans = [zoo, dish, price].map(|name| (TextRange::new(0, 5), name)).to_vec();
        builder.push(Document::from_words("1", ["tacos"]), spans, Status::Done);
        let corpus = builder.finish(&mut Problems::default());
        let names: Vec<_> = corpus.labels.iter().map(|label| label.name.as_str()).collect();
        assert_eq!(names, ["Price", "Dish", "Zoo"]);
        let read: Vec<_> = corpus.annotation(0).spans().iter().map(|s| (s.id.sequence, s.label.0)).collect();
        assert_eq!(read, [(0, 2), (1, 1), (2, 0)]);
        assert_eq!(corpus.annotation(1), &Annotation::untouched());
    }

    #[test]
    fn labels_of_the_project_that_no_span_of_the_file_has_are_not_counted() {
        let mut builder = CorpusBuilder::new(LabelSet::restaurant());
        let [dish, food] = ["Dish", "Food"].map(|name| builder.label(name));
        let spans = [food, dish, food].map(|name| (TextRange::new(0, 5), name)).to_vec();
        builder.push(Document::from_words("1", ["tacos"]), spans, Status::Done);
        let corpus = builder.finish(&mut Problems::default());
        assert_eq!((corpus.labels.len(), corpus.used_labels()), (9, vec!["Dish", "Food"]));
        assert_eq!(corpus.spans_text(), "3 spans of 2 labels");
    }

    #[test]
    fn a_flood_of_labels_is_refused_in_time() {
        let mut builder = CorpusBuilder::new(LabelSet::default());
        for n in 0..100_000 {
            builder.label(&n.to_string());
        }
        let mut problems = Problems::default();
        assert_eq!(builder.finish(&mut problems).labels.len(), MOST_LABELS);
        assert!(problems.finish()[0].message.contains("100,000 different labels"));
    }
}
