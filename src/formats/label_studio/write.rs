//! Writer of Label Studio's JSON.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::task::{annotations_key, chosen_annotation, is_text_region, stated_span, text_object_name};
use crate::{
    formats::{
        LabelConfig, WriteOptions,
        held_spans::label_of,
        loss_report::LossReport,
        offsets::{CODE_POINTS_FIRST, Offsets, SpanText},
        problem::{Problems, quoted, with_noun},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet, Span, SpanSource, Status},
    text::{CharRange, OffsetMap, TextRange},
};

/// Writes a list of tasks.
/// A document that was read from a task is written as that task with its regions updated; any other becomes a new task.
pub(super) fn write<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(TaskList { tasks: TaskWriter::new(labels, options), written: 0 })
}

struct TaskList<'a> {
    tasks: TaskWriter<'a>,
    /// Number of tasks written.
    written: usize,
}

impl Writer for TaskList<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let (task, spans) = self.tasks.task(document, annotation, &mut out.losses);
        out.push(if self.written == 0 { "[" } else { "," });
        out.push_indented_json(document, &task);
        self.written += 1;
        out.count(spans, 0);
    }

    fn finish(&mut self, out: &mut Output) {
        out.push(if self.written == 0 { "[]\n" } else { "\n]\n" });
    }
}

/// Makes tasks of documents.
pub(super) struct TaskWriter<'a> {
    labels: &'a LabelSet,
    config: LabelConfig,
    configured: bool,
    options: &'a WriteOptions,
}

impl<'a> TaskWriter<'a> {
    pub(super) fn new(labels: &'a LabelSet, options: &'a WriteOptions) -> Self {
        Self {
            labels,
            config: options.config.clone().unwrap_or_else(|| LabelConfig::new(LabelSet::default())),
            configured: options.config.is_some(),
            options,
        }
    }
}

/// Maximum bytes of copies of a text in its new regions, per byte of the text. A region may lack its copy: without a
/// maximum, many nested spans over a long text would fill the disk.
const COPIES: usize = 64;

/// Maximum number of regions of a task for which a changed span is searched: each search goes through all spans.
const MOST_CHANGED: usize = 1_000;

/// Identity of a span: code points and label name.
type SpanKey = (usize, usize, String);

impl<'a> TaskWriter<'a> {
    /// The task of a document, and the number of its spans that it has.
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
        let at = chosen_annotation(list, self.options.annotator.as_deref()).or_else(|| {
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
            chosen.insert("result".to_owned(), Value::Array(self.result(old, &wanted, (document, &field), losses)));
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
            let Some(label) = label_of(document, span, self.labels, losses) else { continue };
            let CharRange { start, end } = map.to_chars(span.range);
            wanted.push(((start, end, label.to_owned()), span));
        }
        wanted
    }

    /// The old result without regions of removed spans, with regions of new spans.
    /// `document` comes with the name of the field that has its text.
    fn result(
        &self,
        old: Vec<Value>,
        wanted: &[(SpanKey, &Span)],
        (document, field): (&Document, &str),
        losses: &mut LossReport,
    ) -> Vec<Value> {
        let to_name = if self.configured {
            Some(self.config.text_name.clone())
        } else {
            text_object_name(&old, field).map(str::to_owned)
        };
        let sample = old.iter().find(|item| is_text_region(item, to_name.as_deref())).cloned();
        let to = name_in(&sample, "to_name").or(to_name.as_deref()).unwrap_or(&self.config.text_name).to_owned();
        let mut unmatched = UnmatchedSpans::new(wanted, document);
        let mut result: Vec<Option<Value>> = Vec::with_capacity(old.len());
        let mut gone = Vec::new();
        for item in old {
            if !is_text_region(&item, to_name.as_deref()) {
                result.push(Some(item));
                continue;
            }
            match unmatched.kept(item) {
                Kept::Some(item) => result.push(Some(item)),
                Kept::Nothing(item, range) => {
                    gone.push((result.len(), item, range));
                    result.push(None);
                }
            }
        }
        // A span that was moved or got another label keeps its region, to which relations and notes refer.
        let mut lost: HashSet<String> = HashSet::new();
        for (count, (place, item, range)) in gone.into_iter().enumerate() {
            let id = item.get("id").and_then(Value::as_str).map(str::to_owned);
            let changed = if count < MOST_CHANGED { unmatched.changed(item, range) } else { None };
            match changed {
                Some(changed) => result[place] = Some(changed),
                None => lost.extend(id),
            }
        }
        let mut result: Vec<Value> = result.into_iter().flatten().collect();
        note_broken_relations(document, &result, &lost, losses);
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
            let control = self.config.control_of(label).filter(|_| self.configured);
            let from_name =
                control.or(name_in(&sample, "from_name")).or(self.config.control_of(label)).unwrap_or("label");
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

/// Notes relations of which a region is no longer there.
fn note_broken_relations(document: &Document, result: &[Value], lost: &HashSet<String>, losses: &mut LossReport) {
    let ends = result.iter().filter(|item| item.get("type").and_then(Value::as_str) == Some("relation"));
    let broken = ends.filter(|item| {
        let ids = ["from_id", "to_id"].into_iter().filter_map(|key| item.get(key)?.as_str());
        ids.into_iter().any(|id| lost.contains(id))
    });
    let count = broken.count();
    if count > 0 {
        let relations = with_noun(count, "relation");
        losses.note(format!("document {}: {relations} with a span that was removed", quoted(&document.id)));
    }
}

fn name_in<'v>(item: &'v Option<Value>, key: &str) -> Option<&'v str> {
    item.as_ref()?.get(key)?.as_str()
}

/// Marks a region of a prediction as one that a person changed.
fn set_changed(item: &mut Value) {
    let is_predicted = item.get("origin").and_then(Value::as_str) == Some("prediction");
    if let Some(fields) = item.as_object_mut().filter(|_| is_predicted) {
        fields.insert("origin".to_owned(), json!("prediction-changed"));
    }
}

/// What is left of a region after its document was edited.
enum Kept {
    /// The region, without the labels that were removed. It is as it was if it cannot be read, or has all its spans.
    Some(Value),
    /// Nothing of the region at this place: its span was removed or changed.
    Nothing(Value, TextRange),
}

/// Spans for which no region has been found so far.
struct UnmatchedSpans<'a> {
    map: OffsetMap,
    text: SpanText<'a>,
    offsets: Offsets,
    wanted: &'a [(SpanKey, &'a Span)],
    /// Indices of spans by start and end, then by label name; the next one is last.
    places: HashMap<(usize, usize), HashMap<&'a str, Vec<usize>>>,
    found: Vec<bool>,
}

impl<'a> UnmatchedSpans<'a> {
    fn new(wanted: &'a [(SpanKey, &'a Span)], document: &'a Document) -> Self {
        let mut places: HashMap<_, HashMap<&str, Vec<usize>>> = HashMap::new();
        for (at, ((start, end, name), _)) in wanted.iter().enumerate().rev() {
            places.entry((*start, *end)).or_default().entry(name).or_default().push(at);
        }
        Self {
            map: OffsetMap::new(&document.text),
            text: SpanText::new(&document.id, &document.text),
            offsets: Offsets::new(CODE_POINTS_FIRST),
            wanted,
            places,
            found: vec![false; wanted.len()],
        }
    }

    /// Returns an old region with those of its labels that are still wanted.
    fn kept(&mut self, mut item: Value) -> Kept {
        let labels = item.pointer("/value/labels").and_then(Value::as_array).cloned().unwrap_or_default();
        // What the reader reported is not reported again.
        let mut said = Problems::default();
        let stated = stated_span(&item).ok().filter(|_| !labels.is_empty()).map(|stated| (stated.start, stated.end));
        let placed = stated_span(&item).ok().and_then(|stated| self.offsets.place(&self.text, stated, &mut said));
        let Some((range, stated)) = placed.zip(stated) else { return Kept::Some(item) };
        let CharRange { start, end } = self.map.to_chars(range);
        let Self { places, found, .. } = self;
        let mut here = places.get_mut(&(start, end));
        let (mut stay, before) = (labels.clone(), labels.len());
        stay.retain(|label| {
            // What is no name of a label was not read, so nobody has removed it.
            let Some(name) = label.as_str().filter(|name| !name.is_empty()) else { return true };
            let spans = here.as_mut().and_then(|here| here.get_mut(name));
            let at = spans.and_then(Vec::pop);
            at.into_iter().for_each(|at| found[at] = true);
            at.is_some()
        });
        if stay.is_empty() {
            return Kept::Nothing(item, range);
        }
        let is_whole = stay.len() == before && stated == (start, end);
        if stay.len() < before {
            set_changed(&mut item);
        }
        if let Some(value) = item.get_mut("value").and_then(Value::as_object_mut).filter(|_| !is_whole) {
            value.insert("labels".to_owned(), Value::Array(stay));
            value.insert("start".to_owned(), json!(start));
            value.insert("end".to_owned(), json!(end));
        }
        Kept::Some(item)
    }

    /// Returns an old region as the imported span that it became: with another label, or with other ends.
    /// `None` if there is none.
    fn changed(&mut self, mut item: Value, range: TextRange) -> Option<Value> {
        // Spans of a file keep their source when they are changed.
        let open = self.wanted.iter().enumerate().filter(|(at, (_, span))| {
            !self.found[*at] && span.source == SpanSource::Import && span.range.overlaps(range)
        });
        let (at, (key, span)) = open.min_by_key(|(_, (_, span))| {
            let moved = span.range.start.abs_diff(range.start) + span.range.end.abs_diff(range.end);
            (moved, span.range)
        })?;
        self.found[at] = true;
        let (start, end, label) = key;
        let value = item.get_mut("value")?.as_object_mut()?;
        value.insert("start".to_owned(), json!(start));
        value.insert("end".to_owned(), json!(end));
        if value.contains_key("text") {
            value.insert("text".to_owned(), json!(span.range.of(self.text.text())));
        }
        value.insert("labels".to_owned(), json!([label]));
        set_changed(&mut item);
        Some(item)
    }

    fn rest(&self) -> impl Iterator<Item = &'a (SpanKey, &'a Span)> {
        self.wanted.iter().zip(&self.found).filter(|(_, found)| !**found).map(|(wanted, _)| wanted)
    }
}
