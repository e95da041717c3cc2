//! Writer of Label Studio's JSON.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::task::{
    Offsets, RegionText, annotations_key, chosen_annotation, is_text_region, region_range, text_object_name,
};
use crate::{
    formats::{
        LabelConfig, WriteOptions,
        fit::LossReport,
        problem::quoted,
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet, Span, Status},
    text::{CharRange, OffsetMap},
};

/// Writes a list of tasks.
/// A document that was read from a task is written as that task with its regions updated; any other becomes a new task.
pub(super) fn write<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(TaskWriter::new(labels, options))
}

pub(super) struct TaskWriter<'a> {
    labels: &'a LabelSet,
    options: &'a WriteOptions,
    config: LabelConfig,
    configured: bool,
    /// Number of tasks written.
    tasks: usize,
}

impl Writer for TaskWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let (task, spans) = self.task(document, annotation, &mut out.losses);
        out.push(if self.tasks == 0 { "[" } else { "," });
        out.push_indented_json(document, &task);
        self.tasks += 1;
        out.count(spans, 0);
    }

    fn finish(&mut self, out: &mut Output) {
        out.push(if self.tasks == 0 { "[]\n" } else { "\n]\n" });
    }
}

/// Maximum bytes of copies of a text in its new regions, per byte of the text. A region may lack its copy: without a
/// maximum, many nested spans over a long text would fill the disk.
const COPIES: usize = 64;

/// Identity of a span: code points and label name.
type SpanKey = (usize, usize, String);

impl<'a> TaskWriter<'a> {
    pub(super) fn new(labels: &'a LabelSet, options: &'a WriteOptions) -> Self {
        let config = options.config.clone().unwrap_or_else(|| LabelConfig::new(LabelSet::default()));
        Self { labels, options, config, configured: options.config.is_some(), tasks: 0 }
    }

    /// Returns the task of a document, and its number of spans.
    pub(super) fn task(&self, document: &Document, annotation: &Annotation, losses: &mut LossReport) -> (Value, usize) {
        let wanted = self.wanted(document, annotation, losses);
        let count = wanted.len();
        let mut task = self.base(document);
        let field = self.field(&task, document);
        let key = annotations_key(&task);
        let list = task.entry(key).or_insert_with(|| Value::Array(Vec::new()));
        if !list.is_array() {
            *list = Value::Array(Vec::new());
        }
        let Value::Array(list) = list else { return (Value::Object(task), 0) };
        let at = chosen_annotation(list).or_else(|| {
            // A document without work gets no annotation.
            let skipped = annotation.status == Status::Skipped && list.is_empty();
            if count == 0 && annotation.status != Status::Done && !skipped {
                return None;
            }
            list.push(if skipped && count == 0 {
                json!({"result": [], "was_cancelled": true})
            } else {
                json!({"result": []})
            });
            Some(list.len() - 1)
        });
        if let Some(Value::Object(chosen)) = at.and_then(|at| list.get_mut(at)) {
            let old = match chosen.get_mut("result").map(Value::take) {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            };
            chosen.insert("result".to_owned(), Value::Array(self.result(old, &wanted, document, &field)));
        }
        (Value::Object(task), count)
    }

    /// The task from which the document was read, if it still contains its text.
    /// Otherwise a new one.
    fn base(&self, document: &Document) -> Map<String, Value> {
        let kept = document.foreign.as_deref().and_then(Value::as_object).filter(|task| {
            let texts = task.get("data").and_then(Value::as_object);
            texts.is_some_and(|data| data.values().any(|value| value.as_str() == Some(&document.text)))
        });
        if let Some(task) = kept {
            return task.clone();
        }
        let mut data = Map::new();
        data.insert(self.config.text_field.clone(), json!(&*document.text));
        for (key, value) in document.meta.iter() {
            data.entry(key.clone()).or_insert_with(|| value.clone());
        }
        let mut task = Map::new();
        match document.id.parse::<u64>() {
            Ok(number) => task.insert("id".to_owned(), json!(number)),
            Err(_) => task.insert("id".to_owned(), json!(document.id)),
        };
        task.insert("data".to_owned(), Value::Object(data));
        task
    }

    fn field(&self, task: &Map<String, Value>, document: &Document) -> String {
        let data = task.get("data").and_then(Value::as_object);
        let mut fields = data.into_iter().flatten().filter(|(_, value)| value.as_str() == Some(&document.text));
        let configured = &self.config.text_field;
        match fields.clone().any(|(key, _)| key == configured) {
            true => configured.clone(),
            false => fields.next().map_or_else(|| configured.clone(), |(key, _)| key.clone()),
        }
    }

    fn wanted<'s>(
        &self,
        document: &Document,
        annotation: &'s Annotation,
        losses: &mut LossReport,
    ) -> Vec<(SpanKey, &'s Span)> {
        let map = OffsetMap::new(&document.text);
        let mut wanted = Vec::with_capacity(annotation.spans().len());
        for span in annotation.spans() {
            let text = span.range.of(&document.text);
            match self.labels.get(span.label).filter(|label| !text.is_empty() && !label.name.is_empty()) {
                Some(label) => {
                    let CharRange { start, end } = map.to_chars(span.range);
                    wanted.push(((start, end, label.name.clone()), span));
                }
                None => {
                    let what = format!("the span {} ({}) has no text or no label", span.id, quoted(text));
                    losses.add_at(&document.id, span.range, &what, "left out", "left out");
                }
            }
        }
        wanted
    }

    /// The old result without regions of removed spans, with regions of new spans.
    fn result(&self, old: Vec<Value>, wanted: &[(SpanKey, &Span)], document: &Document, field: &str) -> Vec<Value> {
        let to_name = if self.configured {
            Some(self.config.text_name.clone())
        } else {
            text_object_name(&old, field).map(str::to_owned)
        };
        let sample = old.iter().find(|item| is_text_region(item, to_name.as_deref()));
        let control = self.config.controls.first().map_or("label", String::as_str);
        let from_name = name_in(sample, "from_name").unwrap_or(control).to_owned();
        let to = name_in(sample, "to_name").or(to_name.as_deref()).unwrap_or(&self.config.text_name).to_owned();
        let mut unmatched = UnmatchedSpans::new(wanted);
        let text = RegionText::new(&document.text);
        let mut result = Vec::with_capacity(old.len());
        for item in old {
            if is_text_region(&item, to_name.as_deref()) {
                result.extend(unmatched.kept(item, &text));
            } else {
                result.push(item);
            }
        }
        let used: HashSet<String> =
            result.iter().filter_map(|item| item.get("id")?.as_str().map(str::to_owned)).collect();
        let mut room = COPIES * document.text.len();
        for ((start, end, label), span) in unmatched.rest() {
            let mut id = span.id.to_string();
            while used.contains(&id) {
                id.push('_');
            }
            let mut value = json!({"start": start, "end": end, "labels": [label]});
            if let Some(left) = room.checked_sub(span.range.len()) {
                room = left;
                value = json!({"start": start, "end": end, "text": span.range.of(&document.text), "labels": [label]});
            }
            let mut region = json!({
                "id": id, "from_name": from_name, "to_name": to, "type": "labels", "origin": "manual", "value": value,
            });
            if let (Some(score), Some(region)) = (self.options.score(span), region.as_object_mut()) {
                region.insert("score".to_owned(), json!(score));
            }
            result.push(region);
        }
        result
    }
}

fn name_in<'v>(item: Option<&'v Value>, key: &str) -> Option<&'v str> {
    item?.get(key)?.as_str()
}

/// Spans for which no region has been found so far.
struct UnmatchedSpans<'a> {
    wanted: &'a [(SpanKey, &'a Span)],
    /// Indices of spans by start and end, then by label name; the next one is last.
    places: HashMap<(usize, usize), HashMap<&'a str, Vec<usize>>>,
    found: Vec<bool>,
}

impl<'a> UnmatchedSpans<'a> {
    fn new(wanted: &'a [(SpanKey, &'a Span)]) -> Self {
        let mut places: HashMap<_, HashMap<&str, Vec<usize>>> = HashMap::new();
        for (at, ((start, end, name), _)) in wanted.iter().enumerate().rev() {
            places.entry((*start, *end)).or_default().entry(name).or_default().push(at);
        }
        Self { wanted, places, found: vec![false; wanted.len()] }
    }

    /// Returns an old region with those of its labels that are still wanted.
    /// `None` if there are none.
    ///
    /// A region that cannot be read as a span is returned unchanged.
    fn kept(&mut self, mut item: Value, text: &RegionText) -> Option<Value> {
        let labels = item.pointer("/value/labels").and_then(Value::as_array).cloned().unwrap_or_default();
        let Some((range, offsets)) = region_range(&item, text).ok().filter(|_| !labels.is_empty()) else {
            return Some(item);
        };
        let CharRange { start, end } = text.map.to_chars(range);
        let Self { places, found, .. } = self;
        let mut here = places.get_mut(&(start, end));
        let mut stay = labels;
        stay.retain(|label| {
            let spans = here.as_mut().zip(label.as_str()).and_then(|(here, name)| here.get_mut(name));
            let at = spans.and_then(Vec::pop);
            at.into_iter().for_each(|at| found[at] = true);
            at.is_some()
        });
        if stay.is_empty() {
            return None;
        }
        let value = item.get_mut("value")?.as_object_mut()?;
        value.insert("labels".to_owned(), Value::Array(stay));
        if offsets == Offsets::Utf16 {
            value.insert("start".to_owned(), json!(start));
            value.insert("end".to_owned(), json!(end));
        }
        Some(item)
    }

    fn rest(&self) -> impl Iterator<Item = &'a (SpanKey, &'a Span)> {
        self.wanted.iter().zip(&self.found).filter(|(_, found)| !**found).map(|(wanted, _)| wanted)
    }
}
