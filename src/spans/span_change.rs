//! Spans whose words were changed by a correction of the text.

use std::fmt;

/// Span whose words are not the same after a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanChange {
    /// Name of the annotator whose span it is.
    pub annotator: String,
    /// Name of its label.
    pub label: String,
    /// Words before.
    pub old: String,
    /// Words after; `None` if the place of the span is not certain, so that it is to be reviewed.
    pub new: Option<String>,
}

impl fmt::Display for SpanChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, old, new, .. } = self;
        match new {
            Some(new) => write!(f, "{label} \"{old}\" is \"{new}\" now"),
            None => write!(f, "{label} \"{old}\" is to be reviewed"),
        }
    }
}
