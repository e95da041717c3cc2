//! Floor 1: annotations as pure values.
//! Documents, labels, spans, edits that can be undone, tag schemes and entity scores. No I/O.

pub mod adjudication;
pub mod agreement;
pub mod annotation;
pub mod consistency;
pub mod dataset;
pub mod document;
mod document_list;
mod document_words;
pub mod gazetteer;
mod grammar;
pub mod journal;
pub mod label;
mod label_index;
mod label_merge;
pub mod mistakes;
pub mod notation;
pub mod patterns;
pub mod phrase;
pub mod prediction;
pub mod query;
pub mod review;
pub mod scheme;
pub mod score;
mod span_change;
mod stack;
pub mod suspects;
pub mod tag_form;

pub use annotation::{Annotation, Edit, Span, SpanId, SpanSource, Status};
pub use dataset::{Dataset, HalfWords, Sentence};
pub use document::{Document, Meta, Split};
pub use document_list::DocumentList;
pub use document_words::Words;
pub use gazetteer::Gazetteer;
pub use grammar::Grammar;
pub use journal::{Action, ActionId, Entry, Journal};
pub use label::{Label, LabelChange, LabelId, LabelSet};
pub use label_merge::SameId;
pub use mistakes::{Confusion, Mistake, MistakeKind};
pub use patterns::Patterns;
pub use prediction::{Entity, ModelAnswer, Prediction, WordGuess};
pub use review::{ReviewFilter, ReviewItem, ReviewList};
pub use scheme::{Scheme, WordSpan};
pub use span_change::SpanChange;
