//! Writer of Prodigy's tasks.

use serde_json::{Map, Value, json};

use super::{
    read::{TaskContents, Tasks, span_of_task},
    task::{is_binary, is_rejected},
    tokens,
};
use crate::{
    formats::{
        WriteOptions,
        held_spans::{NamedSpan, UnmatchedSpans, kept_record, named_spans},
        offsets::{CODE_POINTS_FIRST, SpanText, StatedSpan},
        problem::with_noun,
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet, Status},
    text::{CharRange, OffsetMap},
};

/// Writes one task on each line. A document that was read from a task is written as that task: unchanged if nothing was done,
/// or else with its spans and its answer updated.
pub(super) fn write<'a>(labels: &'a LabelSet, _: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(TaskWriter { labels, misaligned: 0 })
}

struct TaskWriter<'a> {
    labels: &'a LabelSet,
    /// Spans that begin or end inside a token.
    misaligned: usize,
}

/// A document with what places its spans.
struct Target<'d> {
    document: &'d Document,
    text: SpanText<'d>,
    map: OffsetMap,
}

impl Writer for TaskWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let spans = named_spans(document, annotation, self.labels, &mut out.losses);
        let count = spans.len();
        let text = SpanText::new(&document.id, &document.text);
        let on = Target { document, text, map: OffsetMap::new(&document.text) };
        let kept = kept_record(document, text_of);
        let task = match kept {
            Some(Value::Object(task)) if is_same(&task, annotation.status, &spans, &on.map) => with_tokens(task, &on),
            Some(Value::Object(task)) => self.updated(with_tokens(task, &on), annotation.status, spans, &on),
            _ => self.updated(new_task(&on), annotation.status, spans, &on),
        };
        out.push_json(document, &task);
        out.push("\n");
        out.count(count, 0);
    }

    fn finish(&mut self, out: &mut Output) {
        if self.misaligned > 0 {
            let spans = with_noun(self.misaligned, "span");
            out.losses.note(format!("{spans} inside tokens: written without token_start and token_end"));
        }
    }
}

/// Text of a task; `None` for records of other tools, which have their spans under these keys.
fn text_of(task: &Value) -> Option<&str> {
    const OTHERS: [&str; 7] = ["label", "labels", "entities", "annotations", "annotation", "prediction", "fields"];
    let is_task = OTHERS.iter().all(|key| task.get(key).is_none_or(|value| !value.is_array() && !value.is_object()));
    task.get("text").filter(|_| is_task)?.as_str()
}

/// Whether a task says what a document says.
fn is_same(task: &Map<String, Value>, status: Status, spans: &[NamedSpan<'_>], map: &OffsetMap) -> bool {
    let TaskContents { spans: old, status: was, .. } = Tasks::default().contents(task);
    if was != status || old.len() != spans.len() {
        return false;
    }
    let mut unmatched = UnmatchedSpans::new(spans.to_vec());
    old.iter().all(|span| {
        let range = map.from_chars(CharRange { start: span.start, end: span.end }).ok();
        unmatched.take(range, &span.label).is_some()
    })
}

/// The task with tokens in place of the names of their fields.
fn with_tokens(mut task: Map<String, Value>, on: &Target<'_>) -> Map<String, Value> {
    if let Some(fields) = tokens::kept_fields(task.get("tokens")) {
        let tokens = tokens::build(&on.document.text, &on.document.words, &on.map, &fields);
        task.insert("tokens".to_owned(), Value::Array(tokens));
    }
    task
}

fn new_task(on: &Target<'_>) -> Map<String, Value> {
    let document = on.document;
    let mut task = Map::new();
    task.insert("id".to_owned(), json!(document.id));
    task.insert("text".to_owned(), json!(&*document.text));
    if !document.meta.is_empty() {
        task.insert("meta".to_owned(), Value::Object((*document.meta).clone()));
    }
    if document.words_given {
        let tokens = tokens::build(&document.text, &document.words, &on.map, &tokens::FIELDS);
        task.insert("tokens".to_owned(), Value::Array(tokens));
    }
    task
}

impl TaskWriter<'_> {
    /// The task with the spans and the status of its document.
    fn updated(
        &mut self,
        mut task: Map<String, Value>,
        status: Status,
        spans: Vec<NamedSpan<'_>>,
        on: &Target<'_>,
    ) -> Map<String, Value> {
        let was_binary = is_binary(&task);
        let old = match task.get_mut("spans").map(Value::take) {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        };
        let mut unmatched = UnmatchedSpans::new(spans);
        let mut list = Vec::with_capacity(old.len());
        for mut item in old {
            // A text that is done has only the spans that it has.
            if is_rejected(&item) {
                list.extend((status != Status::Done).then_some(item));
                continue;
            }
            let Ok(read) = span_of_task(&item) else {
                list.push(item);
                continue;
            };
            let stated = StatedSpan { start: read.start, end: read.end, text: None };
            let Some(range) = unmatched.take(on.text.ranges(stated, CODE_POINTS_FIRST), &read.label) else { continue };
            let CharRange { start, end } = on.map.to_chars(range);
            // A span whose offsets count another unit gets ours.
            if let Some(object) = item.as_object_mut().filter(|_| (read.start, read.end) != (start, end)) {
                object.insert("start".to_owned(), json!(start));
                object.insert("end".to_owned(), json!(end));
            }
            list.push(item);
        }
        for span in unmatched.rest() {
            let span = self.span(span, &task, on);
            list.push(span);
        }
        if !list.is_empty() || status == Status::Done {
            task.insert("spans".to_owned(), Value::Array(list));
        } else {
            task.shift_remove("spans");
        }
        if was_binary && matches!(status, Status::Done | Status::Partial) {
            task.insert("_is_binary".to_owned(), json!(false));
        }
        match status {
            Status::Done => _ = task.insert("answer".to_owned(), json!("accept")),
            Status::Skipped => _ = task.insert("answer".to_owned(), json!("ignore")),
            Status::Todo | Status::Partial | Status::Flagged => _ = task.shift_remove("answer"),
        }
        match status {
            Status::Flagged => _ = task.insert("flagged".to_owned(), json!(true)),
            _ => _ = task.shift_remove("flagged"),
        }
        task
    }

    /// A new span of a task.
    fn span(&mut self, (range, label): NamedSpan<'_>, task: &Map<String, Value>, on: &Target<'_>) -> Value {
        let CharRange { start, end } = on.map.to_chars(range);
        let mut span = Map::new();
        span.insert("start".to_owned(), json!(start));
        span.insert("end".to_owned(), json!(end));
        if let Some(tokens) = task.get("tokens").and_then(Value::as_array) {
            match token_range(tokens, start, end) {
                Some([first, last]) => {
                    span.insert("token_start".to_owned(), json!(first));
                    span.insert("token_end".to_owned(), json!(last));
                }
                None => self.misaligned += 1,
            }
        }
        span.insert("label".to_owned(), json!(label));
        // Without it a reader may take another unit for likelier.
        if !on.text.shows_unit(range) {
            span.insert("text".to_owned(), json!(range.of(&on.document.text)));
        }
        Value::Object(span)
    }
}

/// Ids of the first and the last token of a span; `None` if it ends inside a token.
fn token_range(tokens: &[Value], start: usize, end: usize) -> Option<[u64; 2]> {
    Some([token_id(tokens, "start", start)?, token_id(tokens, "end", end)?])
}

/// Id of the token that has this offset.
fn token_id(tokens: &[Value], key: &str, offset: usize) -> Option<u64> {
    let offset = u64::try_from(offset).ok()?;
    let found = tokens.partition_point(|token| number(token, key).is_some_and(|at| at < offset));
    let token = tokens.get(found).filter(|token| number(token, key) == Some(offset))?;
    Some(number(token, "id").unwrap_or(found as u64))
}

fn number(token: &Value, key: &str) -> Option<u64> {
    token.get(key)?.as_u64()
}
