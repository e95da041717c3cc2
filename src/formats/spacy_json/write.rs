//! Writer of spaCy's examples.

use serde_json::{Map, Value, json};

use crate::{
    formats::{
        WriteOptions,
        held_spans::{NamedSpan, named_spans},
        problem::{quoted, with_noun},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet},
    text::OffsetMap,
};

/// Group of spans for those that overlap others; spaCy's default name for it.
const GROUP: &str = "sc";

/// Writes a list of examples, one on each line.
pub(super) fn write<'a>(labels: &'a LabelSet, _: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(ExampleWriter { labels, examples: 0, overlapping: 0, misaligned: 0 })
}

struct ExampleWriter<'a> {
    labels: &'a LabelSet,
    /// Number of examples written.
    examples: usize,
    /// Spans that overlap others.
    overlapping: usize,
    /// Spans that begin or end inside a word.
    misaligned: usize,
}

impl Writer for ExampleWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let mut spans = named_spans(document, annotation, self.labels, &mut out.losses);
        let all = spans.len();
        spans.sort_unstable();
        spans.dedup();
        if spans.len() < all {
            let twice = with_noun(all - spans.len(), "span");
            out.losses.note(format!("document {}: {twice} there twice, written once", quoted(&document.id)));
        }
        self.misaligned += spans.iter().filter(|(range, _)| document.cuts_word(*range)).count();
        let (entities, others) = disjoint(&spans);
        self.overlapping += others.len();
        let map = OffsetMap::new(&document.text);
        let mut notes = Map::new();
        notes.insert("entities".to_owned(), list(&entities, &map));
        if !others.is_empty() {
            notes.insert("spans".to_owned(), json!({GROUP: list(&others, &map)}));
        }
        if let Some(cats) = document.meta.get("cats").filter(|cats| cats.is_object()) {
            notes.insert("cats".to_owned(), cats.clone());
        }
        out.push(if self.examples == 0 { "[\n" } else { ",\n" });
        out.push_json(document, &json!([&*document.text, notes]));
        self.examples += 1;
        out.count(spans.len(), 0);
    }

    fn finish(&mut self, out: &mut Output) {
        out.push(if self.examples == 0 { "[]\n" } else { "\n]\n" });
        if self.overlapping > 0 {
            let spans = with_noun(self.overlapping, "span");
            out.losses.note(format!("{spans} that overlap others: in `spans`, as spaCy's `entities` must not overlap"));
        }
        if self.misaligned > 0 {
            let spans = with_noun(self.misaligned, "span");
            out.losses.note(format!("{spans} inside words: spaCy's tokenizer may not train on them (W030)"));
        }
    }
}

/// Spans as spaCy has them.
fn list(spans: &[NamedSpan<'_>], map: &OffsetMap) -> Value {
    let spans = spans.iter().map(|(range, label)| {
        let range = map.to_chars(*range);
        json!([range.start, range.end, label])
    });
    spans.collect()
}

/// Splits sorted spans into those that do not overlap, the longest first, and the others.
fn disjoint<'l>(spans: &[NamedSpan<'l>]) -> (Vec<NamedSpan<'l>>, Vec<NamedSpan<'l>>) {
    let mut longest: Vec<NamedSpan<'l>> = spans.to_vec();
    longest.sort_by_key(|(range, _)| (std::cmp::Reverse(range.len()), range.start));
    let mut taken = std::collections::BTreeMap::new();
    let mut others = Vec::new();
    for (range, label) in longest {
        let before = taken.range(..range.end).next_back();
        if before.is_some_and(|(_, (other, _)): (&usize, &NamedSpan<'l>)| other.end > range.start) {
            others.push((range, label));
        } else {
            taken.insert(range.start, (range, label));
        }
    }
    others.sort_unstable();
    (taken.into_values().collect(), others)
}
