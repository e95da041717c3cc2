//! Writer of doccano's records.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{
    read::UTF16_FIRST,
    record::{Generation, OFFSETS, UTF16, free_key, may_be_own, span, spans_of, text_key},
};
use crate::{
    formats::{
        WriteOptions,
        held_spans::{NamedSpan, UnmatchedSpans, kept_record, named_spans},
        loss_report::LossReport,
        offsets::{SpanText, StatedSpan},
        problem::{quoted, with_noun},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet},
    text::{CharRange, OffsetMap, TextRange},
};

/// Writes one record on each line. A document that was read from a record is written as that record with its spans updated.
pub(super) fn write<'a>(labels: &'a LabelSet, _: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(RecordWriter { labels })
}

struct RecordWriter<'a> {
    labels: &'a LabelSet,
}

impl Writer for RecordWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let spans = named_spans(document, annotation, self.labels, &mut out.losses);
        let count = spans.len();
        let on = OffsetText::new(document);
        // Without it a reader may take another unit for likelier, as some spans end inside words.
        let is_certain = spans.iter().all(|(range, _)| on.text.shows_unit(*range));
        let mut record = base(document, &mut out.losses);
        let found = spans_of(&record).map(|(key, generation)| (key.to_owned(), generation));
        // A record whose own lists have no spans gets one where there are some.
        let has_list = found.is_some() || count > 0;
        let (key, generation) = found.unwrap_or_else(|| (free_key(&record), Generation::Lists));
        let old = match record.get_mut(&key).map(Value::take) {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        };
        let (list, removed) = updated(old, spans, &on, generation);
        if let Some(Value::Array(relations)) = record.get_mut("relations").filter(|_| !removed.is_empty()) {
            let before = relations.len();
            relations.retain(|relation| {
                let ends = ["from_id", "to_id"].map(|key| relation.get(key).map(Value::to_string));
                !ends.iter().flatten().any(|end| removed.contains(end))
            });
            if relations.len() < before {
                let gone = with_noun(before - relations.len(), "relation");
                let id = quoted(&document.id);
                out.losses.note(format!("document {id}: {gone} left out, as a span of it was removed or changed"));
            }
        }
        if has_list {
            record.insert(key, Value::Array(list));
        }
        if record.get(OFFSETS).is_some_and(|unit| unit == UTF16) {
            record.shift_remove(OFFSETS);
        }
        if !is_certain {
            record.entry(OFFSETS).or_insert_with(|| json!(UTF16));
        }
        out.push_json(document, &record);
        out.push("\n");
        out.count(count, 0);
    }
}

/// The record from which the document was read, or a new one.
fn base(document: &Document, losses: &mut LossReport) -> Map<String, Value> {
    let kept = kept_record(document, |record| {
        let record = record.as_object().filter(|record| may_be_own(record))?;
        record.get(text_key(record)?)?.as_str()
    });
    if let Some(Value::Object(record)) = kept {
        return record;
    }
    let mut record = Map::new();
    let id = document.id.parse::<u64>().ok().filter(|number| number.to_string() == document.id);
    record.insert("id".to_owned(), id.map_or_else(|| json!(document.id), |number| json!(number)));
    record.insert("text".to_owned(), json!(&*document.text));
    if !document.meta.contains_key("label") {
        record.insert("label".to_owned(), json!([]));
    }
    for (key, value) in document.meta.iter() {
        if record.contains_key(key) {
            let what = format!("the field {} has the name of one of doccano's", quoted(key));
            losses.add(&document.id, &what, "left out", "left out");
            continue;
        }
        record.insert(key.clone(), value.clone());
    }
    record
}

/// A text with its offsets in all units.
struct OffsetText<'d> {
    text: SpanText<'d>,
    map: OffsetMap,
    /// Bytes at which characters of two UTF-16 units begin.
    wide: Vec<usize>,
}

impl<'d> OffsetText<'d> {
    fn new(document: &'d Document) -> Self {
        let text = SpanText::new(&document.id, &document.text);
        let wide = document.text.char_indices().filter(|(_, c)| c.len_utf16() > 1).map(|(at, _)| at).collect();
        Self { text, map: OffsetMap::new(&document.text), wide }
    }

    /// Ranges that a span of a kept record may have, in the units of its file.
    fn ranges(&self, start: usize, end: usize) -> impl Iterator<Item = TextRange> {
        self.text.ranges(StatedSpan { start, end, text: None }, UTF16_FIRST)
    }

    /// Start and end in UTF-16 units.
    fn units(&self, range: TextRange) -> [usize; 2] {
        let CharRange { start, end } = self.map.to_chars(range);
        // Each character of four bytes has two units.
        [(start, range.start), (end, range.end)].map(|(chars, byte)| chars + self.wide.partition_point(|at| *at < byte))
    }
}

/// The old list without removed spans, with new ones; and the ids of the removed ones.
fn updated(
    old: Vec<Value>,
    spans: Vec<NamedSpan<'_>>,
    text: &OffsetText<'_>,
    generation: Generation,
) -> (Vec<Value>, HashSet<String>) {
    let mut unmatched = UnmatchedSpans::new(spans);
    let mut removed = HashSet::new();
    let mut list = Vec::with_capacity(old.len());
    let mut next_id =
        old.iter().filter_map(|span| span.get("id")?.as_u64()).max().map_or(0, |last| last.saturating_add(1));
    for mut item in old {
        // What could not be read stays as it is.
        let Ok(read) = span(&item) else {
            list.push(item);
            continue;
        };
        let mut ranges = text.ranges(read.start, read.end).peekable();
        if ranges.peek().is_none() {
            drop(ranges);
            list.push(item);
            continue;
        }
        match unmatched.take(ranges, &read.label) {
            Some(range) => {
                let [start, end] = text.units(range);
                if [read.start, read.end] != [start, end] {
                    set_offsets(&mut item, start, end);
                }
                list.push(item);
            }
            None => removed.extend(item.get("id").map(Value::to_string)),
        }
    }
    for (range, label) in unmatched.rest() {
        let [start, end] = text.units(range);
        list.push(match generation {
            Generation::Lists => json!([start, end, label]),
            Generation::Annotations => {
                // In these files labels are numbers.
                let number = label.parse::<u64>().ok();
                let label = number.map_or_else(|| json!(label), |number| json!(number));
                json!({"label": label, "start_offset": start, "end_offset": end})
            }
            Generation::Entities => {
                let id = next_id;
                next_id = next_id.saturating_add(1);
                json!({"id": id, "label": label, "start_offset": start, "end_offset": end})
            }
        });
    }
    (list, removed)
}

fn set_offsets(item: &mut Value, start: usize, end: usize) {
    match item {
        Value::Array(list) => {
            for (place, offset) in list.iter_mut().zip([start, end]) {
                *place = json!(offset);
            }
        }
        Value::Object(object) => {
            object.insert("start_offset".to_owned(), json!(start));
            object.insert("end_offset".to_owned(), json!(end));
        }
        _ => {}
    }
}
