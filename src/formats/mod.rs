//! Floor 3: bytes to documents and spans, and back.
//! One file per format, one table that lists them. Bytes come from a [`Source`] of the caller.
//!
//! A reader hands over one document at a time (`sink.rs`) and keeps nothing else of the file, so that a file larger than the
//! memory can be read. [`FoundDocuments`] and [`Corpus`] are for callers that need all documents at once.
//!
//! Reading never panics and does not stop at the first error: it returns what could be read with a list of problems.
//! Writing reports what the format cannot hold before anything is lost, and [`check_round_trip`] reads the bytes again.

mod argilla;
mod brat;
mod cas_json;
mod conll;
mod container;
mod conversion;
mod corpus;
mod csv;
mod dangling;
mod decode;
mod detect;
mod digits;
mod disjoint;
mod doccano;
mod drafts;
mod fit;
mod format;
mod found;
mod held_spans;
mod hugging_face;
mod json_items;
mod json_room;
mod jsonl;
pub mod label_config;
mod label_studio;
mod loss_report;
mod offsets;
pub mod patterns;
mod plain;
mod problem;
mod prodigy;
mod round_trip;
mod sentences;
mod several;
mod sink;
mod slate;
mod solid_text;
mod source;
mod spacy;
mod spacy_json;
mod table;
mod tag_files;
mod texts;
mod webanno_tsv;
mod writer;
mod written_labels;
mod xml_limits;
mod yedda;

pub use conll::{TagSentence, TagViolation, TagViolations, tag_violations};
pub use container::each_file;
pub use conversion::{Conversion, Converted, Input, InputReport, NotConverted, Place};
pub(crate) use corpus::MOST_LABELS;
pub use corpus::{Corpus, Provenance};
pub use decode::decode_text;
pub use detect::{detect, detect_source, detect_with};
pub(crate) use digits::keep_digits;
pub use format::{Format, ReadFile};
pub use found::{FoundAnnotation, FoundDocuments};
pub use hugging_face::read_tag_names;
pub use label_config::LabelConfig;
pub use label_studio::predictions;
pub use problem::{LossPlace, Problem, Severity, parser_message};
pub use round_trip::{RoundTrip, check_round_trip};
pub use sentences::{SentencesRead, TakeBlock};
pub use source::{Files, ReadSeek, Source};
pub use table::{FORMATS, Guess, UnknownFormat, find, find_by_extension, names};
pub use tag_files::read_tags;

pub use crate::spans::OnLoss;
use crate::{
    spans::{LabelSet, Scheme, Span, SpanSource, Split, tag_form::TagRule},
    text::Grid,
};
use problem::Problems;

/// Options for reading.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Rule that cuts texts into words where the file does not.
    pub grid: Grid,
    /// Prefix of the running number that a document without an id gets as its id.
    pub id_prefix: String,
    /// Known labels, which keep their ids.
    pub labels: LabelSet,
    /// Split of the documents, where the file does not give one.
    pub split: Option<Split>,
    /// Labelling configuration of Label Studio.
    /// The field with the text and the controls that label it.
    pub config: Option<LabelConfig>,
    /// Choices for files of tagged words.
    pub tags: TagOptions,
    /// Names of tags that are numbers in a file, in the order of the numbers; none if the file has them.
    pub tag_names: Vec<String>,
    /// Annotator who is read, if the file has annotations of several. Without one, the file decides.
    pub annotator: Option<String>,
}

/// Choices of the user for files of tagged words, in place of what their contents show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TagOptions {
    /// Column of the word, from 0.
    pub word_column: Option<usize>,
    /// Column of the tag, from 0.
    pub tag_column: Option<usize>,
    /// Rule of the tags.
    pub rule: Option<TagRule>,
    /// Whether the first line names the columns.
    pub header: Option<bool>,
}

impl ReadOptions {
    /// Labels that keep their ids: the known ones, and those of the labelling configuration.
    fn known_labels(&self) -> LabelSet {
        let Some(config) = &self.config else { return self.labels.clone() };
        if self.labels.is_empty() {
            return config.labels.clone();
        }
        let mut labels = self.labels.clone();
        for label in &config.labels {
            labels.intern(&label.name);
        }
        labels
    }
}

/// Result of reading. If the problems contain an error, the corpus is incomplete.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Labels, documents, spans.
    pub corpus: Corpus,
    /// Properties of the file for the user.
    /// `tag first`, `tab`, `IOB2 tags`, `706 sentences`.
    pub detected: Vec<String>,
    /// Problems in the order in which they were found.
    pub problems: Vec<Problem>,
}

impl Read {
    /// Whether something in the file could not be read.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Options for writing.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// Tag scheme, for formats with tags.
    pub scheme: Scheme,
    /// Treatment of content that the format cannot hold.
    pub on_loss: OnLoss,
    /// Labelling configuration of Label Studio.
    /// The names of the field and of the controls.
    pub config: Option<LabelConfig>,
    /// Whether the scores of spans that a model has found are written, by formats that can hold them.
    pub scores: bool,
    /// Annotator whose annotation is written, for formats that have those of several.
    pub annotator: Option<String>,
    /// Number of losses that are listed; the others are counted.
    pub listed_losses: usize,
}

impl WriteOptions {
    /// The score to write for a span, with as many digits as it has.
    pub(crate) fn score(&self, span: &Span) -> Option<f64> {
        match &span.source {
            SpanSource::Model { score, .. } if self.scores => score.to_string().parse().ok(),
            _ => None,
        }
    }
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            scheme: Scheme::Bio,
            on_loss: OnLoss::Fail,
            config: None,
            scores: false,
            annotator: None,
            listed_losses: Problems::KEPT,
        }
    }
}

/// Bytes of a written file, not yet on disk, with an account of them.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Contents of the file.
    pub bytes: Vec<u8>,
    /// Columns of the file, if it has columns: words that look like tags would hide which is which.
    pub tags: TagOptions,
    /// Changes, omissions and notes. Never an error.
    pub problems: Vec<Problem>,
    /// Documents in the file, as indices into the corpus.
    pub documents: Vec<usize>,
    /// Number of spans in the file.
    pub spans_written: usize,
    /// Number of them that were changed to fit.
    pub spans_changed: usize,
    /// Number of spans of the corpus that are not in the file.
    pub spans_left_out: usize,
    /// Number of documents whose text was changed to fit.
    pub texts_changed: usize,
}

#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod tests;
