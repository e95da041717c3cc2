//! Documents of a file on their way to whoever wants them, one at a time.

use std::{collections::HashMap, io};

use super::{
    MOST_LABELS, Problem, ReadOptions,
    problem::{Problems, grouped, with_noun},
    source::Unreadable,
};
use crate::{
    spans::{Document, Status},
    text::TextRange,
};

/// Receiver of the documents of a file, in the order of the file.
pub(crate) trait Sink {
    /// Takes a document. `names` has the labels of its spans.
    ///
    /// # Errors
    /// The document cannot be kept; the reading ends with this error.
    fn take(&mut self, found: Found, names: &LabelNames) -> io::Result<()>;

    /// Whether it looks at the further fields of documents ([`Document::meta`]). Otherwise a reader may leave them out.
    fn wants_fields(&self) -> bool {
        true
    }

    /// Takes what others have annotated in the document before. Whoever wants only one annotation keeps nothing of it.
    ///
    /// # Errors
    /// The annotations cannot be kept; the reading ends with this error.
    fn take_others(&mut self, _others: Vec<OtherAnnotation>) -> io::Result<()> {
        Ok(())
    }
}

/// Annotation of a document by another annotator than the one who is read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OtherAnnotation {
    /// Name of the annotator in the file, with the characters that a name in a project may have.
    pub(crate) annotator: String,
    /// Ranges in bytes, with their labels.
    pub(crate) spans: Vec<(TextRange, NameIndex)>,
    /// Status of the document.
    pub(crate) status: Status,
}

/// Document of a file with its spans.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The document.
    pub(crate) document: Document,
    /// Ranges in bytes, with their labels.
    pub(crate) spans: Vec<(TextRange, NameIndex)>,
    /// Status of the document.
    pub(crate) status: Status,
}

/// Index of a label name in [`LabelNames`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NameIndex(usize);

impl NameIndex {
    /// The index, from 0.
    pub(crate) fn at(self) -> usize {
        self.0
    }
}

/// Names of the labels of a file, in the order in which they occur.
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelNames {
    names: Vec<String>,
    by_name: HashMap<String, NameIndex>,
    /// Whether a document has a span with the name.
    used: Vec<bool>,
}

impl LabelNames {
    /// Names that are compared one by one, which is faster than a hash of the name.
    const FEW: usize = 12;

    /// Returns the index of a name, and adds the name if it is new.
    pub(crate) fn intern(&mut self, name: &str) -> NameIndex {
        if let Some(at) = self.names.iter().take(Self::FEW).position(|known| known == name) {
            return NameIndex(at);
        }
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let index = NameIndex(self.names.len());
        self.names.push(name.to_owned());
        self.used.push(false);
        self.by_name.insert(name.to_owned(), index);
        index
    }

    /// Name at an index.
    pub(crate) fn name(&self, index: NameIndex) -> &str {
        self.names.get(index.0).map_or("", String::as_str)
    }

    /// The names from an index on.
    pub(crate) fn from(&self, first: usize) -> impl Iterator<Item = &str> {
        self.names.iter().skip(first).map(String::as_str)
    }

    /// Number of names.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The first [`MOST_LABELS`] names in alphabetical order, each with its index.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = (NameIndex, &str)> {
        let mut order: Vec<(NameIndex, &str)> =
            self.names.iter().enumerate().map(|(at, name)| (NameIndex(at), name.as_str())).collect();
        order.sort_unstable_by_key(|(_, name)| *name);
        order.into_iter().take(MOST_LABELS)
    }

    fn mark_used(&mut self, index: NameIndex) {
        if let Some(used) = self.used.get_mut(index.0) {
            *used = true;
        }
    }
}

/// Values by the index of a label name.
#[derive(Debug)]
pub(crate) struct ByName<T>(Vec<Option<T>>);

impl<T: Copy> ByName<T> {
    /// Values of some names of `names`.
    pub(crate) fn new(names: &LabelNames, values: impl IntoIterator<Item = (NameIndex, T)>) -> Self {
        let mut list = vec![None; names.len()];
        for (index, value) in values {
            if let Some(slot) = list.get_mut(index.0) {
                *slot = Some(value);
            }
        }
        Self(list)
    }

    /// Value of a name, if it has one.
    pub(crate) fn get(&self, index: NameIndex) -> Option<T> {
        self.0.get(index.0).copied().flatten()
    }
}

/// A reading in progress: its options, where the documents go, and what was found so far.
pub(crate) struct Reading<'a> {
    /// Options of the caller.
    pub(crate) options: &'a ReadOptions,
    /// Problems of the file.
    pub(crate) problems: Problems,
    sink: &'a mut dyn Sink,
    names: LabelNames,
    documents: usize,
    spans: usize,
    is_refused: bool,
}

impl<'a> Reading<'a> {
    /// Starts a reading.
    pub(crate) fn new(options: &'a ReadOptions, sink: &'a mut dyn Sink) -> Self {
        let (problems, names) = Default::default();
        Self { options, problems, sink, names, documents: 0, spans: 0, is_refused: false }
    }

    /// Returns the index of a label name.
    pub(crate) fn label(&mut self, name: &str) -> NameIndex {
        self.names.intern(name)
    }

    /// Id for the next document, if the file gives it none.
    pub(crate) fn next_id(&self) -> String {
        let number = (self.documents + 1).to_string();
        if self.options.id_prefix.is_empty() { number } else { format!("{}{number}", self.options.id_prefix) }
    }

    /// Hands a document over.
    ///
    /// # Errors
    /// The sink refuses it.
    pub(crate) fn push(&mut self, found: Found) -> Result<(), Unreadable> {
        self.documents += 1;
        self.spans += found.spans.len();
        found.spans.iter().for_each(|(_, name)| self.names.mark_used(*name));
        let taken = self.sink.take(found, &self.names);
        self.is_refused |= taken.is_err();
        Ok(taken?)
    }

    /// Hands over a document and what others have annotated in it.
    ///
    /// # Errors
    /// The sink refuses it.
    pub(crate) fn push_with_others(&mut self, found: Found, others: Vec<OtherAnnotation>) -> Result<(), Unreadable> {
        self.push(found)?;
        others.iter().flat_map(|other| &other.spans).for_each(|(_, name)| self.names.mark_used(*name));
        if others.is_empty() {
            return Ok(());
        }
        let taken = self.sink.take_others(others);
        self.is_refused |= taken.is_err();
        Ok(taken?)
    }

    /// Whether the further fields of documents are wanted.
    pub(crate) fn wants_fields(&self) -> bool {
        self.sink.wants_fields()
    }

    /// Whether the sink has refused a document, so that the reading must end.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Number of documents so far.
    pub(crate) fn documents(&self) -> usize {
        self.documents
    }

    /// Describes the spans so far and their labels: `12 spans of 3 labels`.
    pub(crate) fn spans_text(&self) -> String {
        let labels = self.names.used.iter().filter(|used| **used).count();
        format!("{} of {}", with_noun(self.spans, "span"), with_noun(labels, "label"))
    }

    /// Returns the problems of the file and the names of its labels.
    pub(crate) fn finish(mut self) -> (Vec<Problem>, LabelNames) {
        if self.names.len() > MOST_LABELS {
            self.problems.push(
                Problem::error(format!(
                    "the file names {} different labels; the spans of the first {} are kept",
                    grouped(self.names.len()),
                    grouped(MOST_LABELS)
                ))
                .hint("check that the column or field used as label is the right one"),
            );
        }
        (self.problems.finish(), self.names)
    }
}
