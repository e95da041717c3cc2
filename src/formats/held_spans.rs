//! Spans on their way into a format that has offsets, and the spans that a kept record of that format has already.

use std::collections::HashMap;

use serde_json::Value;

use super::{fit::LossReport, problem::quoted};
use crate::{
    spans::{Annotation, Document, LabelSet},
    text::TextRange,
};

/// Span with the name of its label.
pub(super) type NamedSpan<'l> = (TextRange, &'l str);

/// Returns the spans of a document that have a text and a label. Others are losses.
pub(super) fn named_spans<'l>(
    document: &Document,
    annotation: &Annotation,
    labels: &'l LabelSet,
    losses: &mut LossReport,
) -> Vec<NamedSpan<'l>> {
    let mut spans = Vec::with_capacity(annotation.spans().len());
    for span in annotation.spans() {
        let text = span.range.of(&document.text);
        match labels.get(span.label).filter(|label| !text.is_empty() && !label.name.is_empty()) {
            Some(label) => spans.push((span.range, label.name.as_str())),
            None => {
                let what = format!("the span {} ({}) has no text or no label", span.id, quoted(text));
                losses.add(&document.id, &what, "left out", "left out");
            }
        }
    }
    spans
}

/// Spans for which no span of a kept record was found so far.
pub(super) struct UnmatchedSpans<'l> {
    /// Number of spans by label and range.
    counts: HashMap<&'l str, HashMap<TextRange, usize>>,
    order: Vec<NamedSpan<'l>>,
}

impl<'l> UnmatchedSpans<'l> {
    /// None is found yet.
    pub(super) fn new(spans: Vec<NamedSpan<'l>>) -> Self {
        let mut counts: HashMap<&str, HashMap<_, _>> = HashMap::new();
        for (range, label) in &spans {
            *counts.entry(*label).or_default().entry(*range).or_default() += 1;
        }
        Self { counts, order: spans }
    }

    /// Takes one of the ranges with this label out of the list. Returns the one that was there.
    pub(super) fn take(&mut self, ranges: impl IntoIterator<Item = TextRange>, label: &str) -> Option<TextRange> {
        let counts = self.counts.get_mut(label)?;
        ranges.into_iter().find(|range| take_one(counts, *range))
    }

    /// The spans that are left, in their order.
    pub(super) fn rest(mut self) -> Vec<NamedSpan<'l>> {
        // Of equal spans the first ones are left.
        let order = std::mem::take(&mut self.order).into_iter();
        order
            .filter(|(range, label)| self.counts.get_mut(label).is_some_and(|counts| take_one(counts, *range)))
            .collect()
    }
}

/// Takes one off the count of a range. Returns whether there was one.
fn take_one(counts: &mut HashMap<TextRange, usize>, range: TextRange) -> bool {
    match counts.get_mut(&range) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

/// The record of the document, if it is of the format and still has its text.
pub(super) fn kept_record(document: &Document, text_of: impl Fn(&Value) -> Option<&str>) -> Option<Value> {
    let record = document.foreign.as_deref()?;
    (text_of(record) == Some(&*document.text)).then(|| record.clone())
}
