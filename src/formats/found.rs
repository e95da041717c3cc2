//! All documents of a file in memory, with little more than their texts.
//!
//! A [`Corpus`] has an [`Annotation`] for each document, which takes as much memory as a short text. An import of a million
//! documents needs none.

use std::{
    collections::{BTreeSet, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    io,
};

use super::{
    Corpus,
    sink::{ByName, Found, LabelNames, NameIndex, OtherAnnotation, Sink},
};
use crate::{
    spans::{Annotation, Document, LabelId, LabelSet, Span, SpanId, SpanSource, Status},
    text::TextRange,
};

/// Documents of a file with their spans, as they were read.
#[derive(Clone, Debug, Default)]
pub struct FoundDocuments {
    /// Labels that keep their ids.
    known: LabelSet,
    list: Vec<Found>,
    /// Annotations of others, with the index of the document.
    others: Vec<(usize, OtherAnnotation)>,
    names: LabelNames,
}

/// Annotation of a document by another annotator than the one who is read.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundAnnotation {
    /// Index of the document.
    pub document: usize,
    /// Name of the annotator.
    pub annotator: String,
    /// Ranges in bytes, with their labels.
    pub spans: Vec<(TextRange, LabelId)>,
    /// Status of the document.
    pub status: Status,
}

impl FoundDocuments {
    /// Starts without documents; the labels of `known` keep their ids.
    pub(super) fn new(known: LabelSet) -> Self {
        Self { known, ..Self::default() }
    }

    /// Adds the names of the labels, all of which are known when the file is read.
    pub(super) fn with_names(self, names: LabelNames) -> Self {
        Self { names, ..self }
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are no documents.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The documents in the order of the file.
    pub fn documents(&self) -> impl Iterator<Item = &Document> + Clone {
        self.list.iter().map(|found| &found.document)
    }

    /// Number of words of all documents.
    pub fn word_count(&self) -> usize {
        self.documents().map(|document| document.words.count()).sum()
    }

    /// Number of spans of all documents.
    pub fn span_count(&self) -> usize {
        self.list.iter().map(|found| found.spans.len()).sum()
    }

    /// Whether a document has spans or a status, so that an import needs an annotator.
    pub fn is_annotated(&self) -> bool {
        self.list.iter().any(|found| !found.spans.is_empty() || found.status != Status::Todo)
    }

    /// Number that is the same, in one run of the program, for the same documents with the same fields, spans and statuses, and
    /// the same annotations of others.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for Found { document, spans, status } in &self.list {
            // Words are cut from the text, except where the file gives them.
            let words = document.words_given.then(|| document.words.to_vec());
            (&document.id, &document.text, words, document.split, spans, status).hash(&mut hasher);
            (&*document.meta, document.foreign.as_deref()).hash(&mut hasher);
        }
        for (document, OtherAnnotation { annotator, spans, status }) in &self.others {
            (document, annotator, spans, status).hash(&mut hasher);
        }
        // Spans have the places of the names in this order.
        self.names.from(0).for_each(|name| name.hash(&mut hasher));
        hasher.finish()
    }

    /// The first documents, at most `most`, each with the ranges and label names of its spans.
    pub fn first(&self, most: usize) -> Vec<(&Document, Vec<(TextRange, String)>)> {
        let (labels, ids) = self.label_ids();
        let first = self.list.iter().take(most);
        first
            .map(|found| {
                let spans = with_ids(found.spans.clone(), &ids).into_iter();
                (&found.document, spans.map(|(range, label)| (range, labels.name(label).to_owned())).collect())
            })
            .collect()
    }

    /// The known labels and those of the file, which are numbered in alphabetical order, so that numbers and keys do not
    /// depend on the order in which labels occur in the file.
    pub fn labels(&self) -> LabelSet {
        self.label_ids().0
    }

    fn label_ids(&self) -> (LabelSet, ByName<LabelId>) {
        let mut labels = self.known.clone();
        let interned = self.names.sorted().map(|(index, name)| (index, labels.intern(name)));
        let ids = ByName::new(&self.names, interned);
        (labels, ids)
    }

    /// Names of the labels that spans have, in the order of [`Self::labels`].
    pub fn used_labels(&self) -> Vec<String> {
        let (labels, ids) = self.label_ids();
        let others = self.others.iter().flat_map(|(_, other)| &other.spans);
        let spans = self.list.iter().flat_map(|found| &found.spans).chain(others);
        let used: HashSet<LabelId> = spans.filter_map(|(_, name)| ids.get(*name)).collect();
        labels.iter().filter(|label| used.contains(&label.id)).map(|label| label.name.clone()).collect()
    }

    /// Names of the other annotators, each once, in alphabetical order.
    pub fn other_annotators(&self) -> Vec<String> {
        let names: BTreeSet<&str> = self.others.iter().map(|(_, other)| other.annotator.as_str()).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Takes the annotations of other annotators; labels have the ids of [`Self::labels`].
    pub fn take_others(&mut self) -> Vec<FoundAnnotation> {
        let (_, ids) = self.label_ids();
        let others = std::mem::take(&mut self.others).into_iter();
        let with_label_ids = others.map(|(document, OtherAnnotation { annotator, spans, status })| FoundAnnotation {
            document,
            annotator,
            spans: with_ids(spans, &ids),
            status,
        });
        with_label_ids.collect()
    }

    /// Iterates over the documents with their spans and statuses; labels have the ids of [`Self::labels`].
    pub fn into_items(self) -> impl Iterator<Item = (Document, Vec<(TextRange, LabelId)>, Status)> {
        let (_, ids) = self.label_ids();
        self.list.into_iter().map(move |Found { document, spans, status }| (document, with_ids(spans, &ids), status))
    }

    /// As [`Self::into_items`], of copies.
    pub fn items(&self) -> impl Iterator<Item = (Document, Vec<(TextRange, LabelId)>, Status)> {
        let (_, ids) = self.label_ids();
        let list = self.list.iter();
        list.map(move |found| (found.document.clone(), with_ids(found.spans.clone(), &ids), found.status))
    }

    /// Returns the documents as a corpus; its spans are numbered from 0 across all documents.
    pub fn into_corpus(self) -> Corpus {
        let (labels, _) = self.label_ids();
        let mut corpus = Corpus { labels, ..Corpus::default() };
        corpus.documents.reserve_exact(self.list.len());
        corpus.annotations.reserve_exact(self.list.len());
        let mut sequence = 0;
        for (document, spans, status) in self.into_items() {
            let spans = spans.into_iter().map(|(range, label)| {
                let id = SpanId { writer: 0, sequence };
                sequence = sequence.saturating_add(1);
                Span { id, range, label, source: SpanSource::Import }
            });
            corpus.annotations.push(Annotation::new(spans.collect(), status));
            corpus.documents.push(document);
        }
        corpus
    }
}

/// Spans with the ids of their labels, without those that have none.
fn with_ids(spans: Vec<(TextRange, NameIndex)>, ids: &ByName<LabelId>) -> Vec<(TextRange, LabelId)> {
    spans.into_iter().filter_map(|(range, name)| Some((range, ids.get(name)?))).collect()
}

impl Sink for FoundDocuments {
    fn take(&mut self, found: Found, _: &LabelNames) -> io::Result<()> {
        self.list.push(found);
        Ok(())
    }

    fn take_others(&mut self, others: Vec<OtherAnnotation>) -> io::Result<()> {
        let document = self.list.len().saturating_sub(1);
        self.others.extend(others.into_iter().map(|other| (document, other)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{MOST_LABELS, ReadOptions, sink::Reading};

    /// One document with spans of these labels, the messages of its problems, and the description of its spans.
    fn found(known: LabelSet, labels: &[&str]) -> (FoundDocuments, Vec<String>, String) {
        let options = ReadOptions { labels: known, ..ReadOptions::default() };
        let mut found = FoundDocuments::new(options.labels.clone());
        let mut reading = Reading::new(&options, &mut found);
        let spans = labels.iter().map(|name| (TextRange::new(0, 5), reading.label(name))).collect();
        reading.push(Found { document: Document::from_words("1", ["tacos"]), spans, status: Status::Done }).unwrap();
        let text = reading.spans_text();
        let (problems, names) = reading.finish();
        (found.with_names(names), problems.into_iter().map(|problem| problem.message).collect(), text)
    }

    #[test]
    fn labels_are_numbered_by_name_after_the_known_ones() {
        let corpus = found(LabelSet::from_names(["Price"]), &["Zoo", "Dish", "Price"]).0.into_corpus();
        let names: Vec<_> = corpus.labels.iter().map(|label| label.name.as_str()).collect();
        assert_eq!(names, ["Price", "Dish", "Zoo"]);
        let read: Vec<_> = corpus.annotation(0).spans().iter().map(|s| (s.id.sequence, s.label.0)).collect();
        assert_eq!(read, [(0, 2), (1, 1), (2, 0)]);
        assert_eq!(corpus.annotation(1), &Annotation::untouched());
    }

    #[test]
    fn labels_of_the_project_that_no_span_of_the_file_has_are_not_counted() {
        let (found, problems, text) = found(LabelSet::restaurant(), &["Food", "Dish", "Food"]);
        assert_eq!((found.labels().len(), found.used_labels()), (9, vec!["Dish".to_owned(), "Food".to_owned()]));
        assert_eq!((problems, text.as_str(), found.is_annotated()), (Vec::new(), "3 spans of 2 labels", true));
        assert_eq!(found.into_corpus().used_labels(), ["Dish", "Food"]);
    }

    #[test]
    fn a_flood_of_labels_is_refused_in_time() {
        let names: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (found, problems, _) = found(LabelSet::default(), &names);
        let corpus = found.into_corpus();
        assert_eq!((corpus.labels.len(), corpus.span_count()), (MOST_LABELS, MOST_LABELS));
        assert!(problems[0].contains("100,000 different labels"));
    }

    #[test]
    fn the_fingerprint_depends_on_labels_fields_and_the_annotations_of_others() {
        let read = |format: &str, text: &str| {
            let format = crate::formats::find(format).unwrap();
            format.read_file(&text.as_bytes(), &ReadOptions::default()).unwrap().found.fingerprint()
        };
        let line = r#"{"id":"1","text":"pad thai","spans":[{"start":0,"end":3,"label":"A"},{"start":4,"end":8,"label":"B"}],"meta":{"stars":4}}"#;
        let swapped = line.replace("\"A\"", "\"C\"").replace("\"B\"", "\"A\"").replace("\"C\"", "\"B\"");
        let task = r#"[{"id":1,"data":{"text":"pad thai"},"annotations":[{"id":1,"completed_by":1,"result":[]},{"id":2,"completed_by":2,"result":[{"value":{"start":0,"end":3,"text":"pad","labels":["A"]},"from_name":"label","to_name":"text","type":"labels"}]}]}]"#;
        assert_eq!(read("jsonl", line), read("jsonl", line));
        assert_ne!(read("jsonl", line), read("jsonl", &swapped));
        assert_ne!(read("jsonl", line), read("jsonl", &line.replace("\"stars\":4", "\"stars\":5")));
        assert_ne!(
            read("label-studio", task),
            read("label-studio", &task.replace("\"end\":3,\"text\":\"pad\"", "\"end\":8,\"text\":\"pad thai\""))
        );
    }
}
