//! Floor 1: what annotation is made of, as pure values: documents, labels, spans, edits that can be undone, tag
//! schemes and entity scores. No I/O.

pub mod annotation;
pub mod dataset;
pub mod document;
mod grammar;
pub mod journal;
pub mod label;
pub mod notation;
pub mod scheme;
pub mod score;

pub use annotation::{Annotation, Edit, Source, Span, SpanId, Status};
pub use dataset::{Dataset, HalfWords, Sentence};
pub use document::{Document, Split};
pub use grammar::Grammar;
pub use journal::{Action, ActionId, Entry, Journal};
pub use label::{Label, LabelId, LabelSet};
pub use scheme::{Scheme, WordSpan};
