//! Spans on their way into a format that has offsets, and the spans that a kept record of that format has already.

use std::collections::HashMap;

use serde_json::Value;

use super::{loss_report::LossReport, problem::quoted};
use crate::{
    spans::{Annotation, Document, LabelSet, Span},
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
    let spans = annotation.spans().iter();
    spans.filter_map(|span| Some((span.range, label_of(document, span, labels, losses)?))).collect()
}

/// Name of a span's label. `None` after a loss was added: the span has no text or no label.
pub(super) fn label_of<'l>(
    document: &Document,
    span: &Span,
    labels: &'l LabelSet,
    losses: &mut LossReport,
) -> Option<&'l str> {
    let text = span.range.of(&document.text);
    let name = labels.get(span.label).map(|label| label.name.as_str());
    let name = name.filter(|name| !text.is_empty() && !name.is_empty());
    if name.is_none() {
        let what = format!("the span {} ({}) has no text or no label", span.id, quoted(text));
        losses.add_at(&document.id, span.range, &what, "left out", "left out");
    }
    name
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
