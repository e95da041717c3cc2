//! What is read from a file and written to one: labels, documents and what is said about each.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::problem::{Problem, Problems, grouped};
use crate::{
    spans::{Annotation, Document, LabelId, LabelSet, Span, SpanId, SpanSource, Status},
    text::TextRange,
};

/// Where data comes from and on what terms, as far as the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Name or address of the data set.
    pub source: String,
    /// How it wants to be cited.
    pub citation: String,
    /// The licence's name.
    pub licence: String,
}

/// Documents with one annotation each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Corpus {
    /// Every label that a span names.
    pub labels: LabelSet,
    /// The texts.
    pub documents: Vec<Document>,
    /// What is said about each document, in the same order and number.
    pub annotations: Vec<Annotation>,
    /// Whence it all comes, if known.
    pub provenance: Option<Provenance>,
}

static UNTOUCHED: Annotation = Annotation::untouched();

impl Corpus {
    /// Each document with its annotation; one that has none counts as untouched.
    pub fn pairs(&self) -> impl Iterator<Item = (&Document, &Annotation)> {
        self.documents.iter().enumerate().map(|(at, document)| (document, self.annotation(at)))
    }

    /// The annotation of document `index`, untouched if there is none.
    pub fn annotation(&self, index: usize) -> &Annotation {
        self.annotations.get(index).unwrap_or(&UNTOUCHED)
    }

    /// How many spans there are in all documents.
    pub fn span_count(&self) -> usize {
        self.annotations.iter().map(|annotation| annotation.spans().len()).sum()
    }

    /// How many words all documents have.
    pub fn word_count(&self) -> usize {
        self.documents.iter().map(|document| document.words.len()).sum()
    }
}

/// More labels than any label set has: beyond it is not labels that were read.
pub(crate) const MOST_LABELS: usize = 2_000;

/// A label name met while reading; becomes a [`LabelId`] when all names are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameIndex(usize);

/// Puts a corpus together. Labels are numbered at the end, in alphabetical order, so that the numbers and keys do not
/// hang on which label happens to come first in the file.
#[derive(Debug)]
pub(crate) struct CorpusBuilder {
    known: LabelSet,
    names: Vec<String>,
    by_name: HashMap<String, NameIndex>,
    documents: Vec<Document>,
    found: Vec<(Vec<(TextRange, NameIndex)>, Status)>,
}

impl CorpusBuilder {
    /// Begins with the labels of `known`, which keep their ids.
    pub(crate) fn new(known: LabelSet) -> Self {
        Self { known, names: Vec::new(), by_name: HashMap::new(), documents: Vec::new(), found: Vec::new() }
    }

    /// The place of a label's name.
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

    /// How many documents there are so far.
    pub(crate) fn len(&self) -> usize {
        self.documents.len()
    }

    /// The corpus; spans are numbered through from 0.
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
                .hint("is the column or field that was taken for the labels the right one?"),
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
