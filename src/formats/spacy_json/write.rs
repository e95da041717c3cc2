//! Writer of spaCy's examples.

use serde_json::{Map, Value, json};

use crate::{
    formats::{
        WriteOptions,
        disjoint::{Disjoint, longest_first},
        held_spans::{NamedSpan, named_spans},
        problem::{quoted, with_noun},
        spacy::OVERLAPPING,
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet},
    text::OffsetMap,
};

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
        let count = spans.len();
        let Disjoint { kept, others } = longest_first(spans, |(range, _)| (*range).into());
        let entities: Vec<NamedSpan<'_>> = kept.into_values().collect();
        let mut others: Vec<NamedSpan<'_>> = others.into_iter().map(|(span, _)| span).collect();
        others.sort_unstable();
        self.overlapping += others.len();
        let map = OffsetMap::new(&document.text);
        let mut notes = Map::new();
        notes.insert("entities".to_owned(), list(&entities, &map));
        if !others.is_empty() {
            notes.insert("spans".to_owned(), json!({OVERLAPPING: list(&others, &map)}));
        }
        if let Some(cats) = document.meta.get("cats").filter(|cats| cats.is_object()) {
            notes.insert("cats".to_owned(), cats.clone());
        }
        out.push(if self.examples == 0 { "[\n" } else { ",\n" });
        out.push_json(document, &json!([&*document.text, notes]));
        self.examples += 1;
        out.count(count, 0);
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
