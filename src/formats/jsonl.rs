//! `jsonl`: the exchange format of this program, one document per line.
//!
//! `{"id":"7","text":"...","spans":[{"start":4,"end":9,"label":"Dish"}],"words":[[0,3],[4,9]],"split":"train",
//! "status":"done","meta":{}}`. Offsets are code points, ends exclusive. Only `text` is required.

use serde_json::{Map, Value, json};

use super::{
    Problem, WriteOptions,
    drafts::{is_span_list, offset},
    format::{Format, Sample},
    held_spans::label_of,
    json_items::{FirstLines, JsonItems, JsonNotes},
    loss_report::LossReport,
    problem::{quoted, with_noun},
    sink::{Found, NameIndex, Reading},
    source::{Source, Takes, Unreadable},
    writer::{Output, Writer},
};
use crate::{
    spans::{Annotation, Document, LabelSet, Meta, Split, Status},
    text::{CharRange, OffsetMap, TextRange},
};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "jsonl",
    about: "one JSON object per line: id, text, spans in code points",
    extensions: &["jsonl", "ndjson"],
    cannot_hold: "who made a span and when",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(read),
    write: Some(write),
};

/// Accepts lines of JSON objects with a `text`.
/// Formats of other tools, whose lines have more keys, are more confident.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let line = sample.text.lines().find(|line| !line.trim().is_empty())?;
    // A line that is longer than the sample is incomplete and does not parse.
    let Ok(Value::Object(object)) = serde_json::from_str(line) else {
        let likely = line.starts_with('{') && sample.extension == "jsonl";
        return likely.then(|| (40, "a name that ends in .jsonl".to_owned()));
    };
    object.get("text")?.as_str()?;
    let confidence = if object.contains_key("spans") { 90 } else { 85 };
    Some((confidence, "a JSON object with a text on each line".to_owned()))
}

/// Reads one document per line, or per element of a list. One with an error is skipped and reported.
fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let mut reader =
        LineReader { reading, unknown: Vec::new(), span_keys: 0, other_spans: 0, answers: 0, done_by_spans: 0 };
    let mut ids = FirstLines::default();
    let mut notes = JsonNotes::default();
    let mut items = JsonItems::of(source)?;
    while let Some(item) = items.next_item()? {
        let line = item.line;
        match item.object(&mut notes).and_then(|object| reader.document(object)) {
            Err(problem) => {
                let problem = Problem { line: problem.line.or(Some(line)), ..problem };
                reader.reading.problems.push(problem);
            }
            Ok(found) => {
                reader.reading.problems.extend(ids.insert(&found.document.id, line));
                reader.reading.push(found)?;
            }
        }
    }
    let LineReader { reading, unknown, span_keys, other_spans, answers, done_by_spans } = reader;
    notes.report(&mut reading.problems);
    for (count, what, format) in [(other_spans, "spans", "doccano"), (answers, "answers", "prodigy")] {
        if count > 0 {
            let message = format!("{} with {what} of {format}, which are not read", with_noun(count, "document"));
            reading.problems.push(Problem::warning(message).hint(format!("--format {format} reads them")));
        }
    }
    if done_by_spans > 0 {
        let documents = with_noun(done_by_spans, "document");
        let message = format!("{documents} with `spans` and no `status`: done, as the spans are taken for complete");
        reading.problems.push(Problem::note(message).hint("a line with \"status\":\"partial\" is not done"));
    }
    if !unknown.is_empty() {
        let list = unknown.iter().map(|key| quoted(key)).collect::<Vec<_>>().join(", ");
        reading.problems.push(Problem::note(format!("unknown fields are kept in meta: {list}")));
    }
    if span_keys > 0 {
        let spans = with_noun(span_keys, "span");
        let message = format!("{spans} with fields other than start, end and label, which are not kept");
        reading.problems.push(Problem::note(message));
    }
    Ok(vec!["JSON lines".to_owned(), with_noun(reading.documents(), "document"), reading.spans_text()])
}

struct LineReader<'a, 'b> {
    reading: &'a mut Reading<'b>,
    /// Names of the first ten unknown fields.
    unknown: Vec<String>,
    /// Number of spans with unknown fields.
    span_keys: usize,
    /// Number of documents with a field that doccano has for spans, and with one that Prodigy has for answers.
    other_spans: usize,
    answers: usize,
    /// Number of documents that are done because they have spans and no status.
    done_by_spans: usize,
}

impl LineReader<'_, '_> {
    fn document(&mut self, mut object: Map<String, Value>) -> Result<Found, Problem> {
        let Some(Value::String(text)) = object.shift_remove("text") else {
            return Err(Problem::error("`text` is missing or not a string").hint("each line needs {\"text\": \"...\"}"));
        };
        let map = OffsetMap::new(&text);
        let spans = self.spans(object.shift_remove("spans"), &map)?;
        let words = words(object.shift_remove("words"), &map)?;
        let id = match object.shift_remove("id") {
            None | Some(Value::Null) => self.reading.next_id(),
            Some(Value::String(id)) => id,
            Some(Value::Number(id)) => id.to_string(),
            Some(other) => {
                return Err(Problem::error(format!(
                    "`id` is neither a string nor a number: {}",
                    quoted(&other.to_string())
                )));
            }
        };
        let split = self.split(object.shift_remove("split"))?;
        let given = object.shift_remove("status").filter(|status| !status.is_null());
        self.done_by_spans += usize::from(given.is_none() && spans.is_some());
        let status = status(given, spans.is_some())?;
        let cut = Document::new(id, text, self.reading.options.grid);
        let mut document = match words {
            None => cut,
            Some(words) => cut.with_words(words),
        };
        document.split = split;
        document.meta = match object.shift_remove("meta") {
            None | Some(Value::Null) => Meta::default(),
            Some(Value::Object(meta)) => meta.into(),
            Some(other) => {
                return Err(Problem::error(format!("`meta` is not an object: {}", quoted(&other.to_string()))));
            }
        };
        for (key, value) in object {
            let is_span_list = value.as_array().and_then(|list| list.first()).is_some_and(is_span_list);
            self.other_spans += usize::from(is_span_list);
            self.answers += usize::from(key == "answer" && value.is_string());
            if self.unknown.len() < 10 && !self.unknown.contains(&key) {
                self.unknown.push(key.clone());
            }
            document.meta.entry(key).or_insert(value);
        }
        Ok(Found { document, spans: spans.unwrap_or_default(), status })
    }

    fn split(&self, value: Option<Value>) -> Result<Option<Split>, Problem> {
        match value {
            None | Some(Value::Null) => Ok(self.reading.options.split),
            Some(Value::String(name)) if name.parse::<Split>().is_ok() => Ok(name.parse().ok()),
            Some(other) => Err(Problem::error(format!("unknown split {}", quoted(&other.to_string())))
                .hint("use one of train, valid, test")),
        }
    }

    fn spans(&mut self, value: Option<Value>, map: &OffsetMap) -> Result<Option<Vec<(TextRange, NameIndex)>>, Problem> {
        let list = match value {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(Problem::error("`spans` is not a list")),
        };
        let mut spans = Vec::with_capacity(list.len());
        for (at, span) in list.iter().enumerate() {
            let read = read_span(span, map);
            let (range, label) =
                read.map_err(|why| Problem::error(format!("span {}: {why}: {}", at + 1, quoted(&span.to_string()))))?;
            self.span_keys += usize::from(span.as_object().is_some_and(|object| object.len() > 3));
            spans.push((range, self.reading.label(label)));
        }
        Ok(Some(spans))
    }
}

/// Range and label of a span.
fn read_span<'v>(span: &'v Value, map: &OffsetMap) -> Result<(TextRange, &'v str), String> {
    let range = CharRange { start: offset(span, "start")?, end: offset(span, "end")? };
    let label = span.get("label").and_then(Value::as_str).ok_or("`label` is missing or not a string")?;
    let range = map.from_chars(range).map_err(|error| error.to_string())?;
    match (label.is_empty(), range.is_empty()) {
        (true, _) => Err("the label is empty".to_owned()),
        (_, true) => Err("the range is empty".to_owned()),
        _ => Ok((range, label)),
    }
}

fn words(value: Option<Value>, map: &OffsetMap) -> Result<Option<Vec<TextRange>>, Problem> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let ranges: Vec<CharRange> =
        serde_json::from_value(value).map_err(|_| Problem::error("`words` is not a list of [start, end]"))?;
    let mut words: Vec<TextRange> = Vec::with_capacity(ranges.len());
    for (at, range) in ranges.into_iter().enumerate() {
        let word = map.from_chars(range).map_err(|error| Problem::error(format!("word {}: {error}", at + 1)))?;
        if words.last().is_some_and(|before| before.end > word.start || *before == word) {
            return Err(Problem::error(format!("word {} begins before word {at} ends", at + 1)));
        }
        words.push(word);
    }
    Ok(Some(words))
}

/// Status of a document.
/// Without one, a document with spans is done and one without spans is still to do.
fn status(value: Option<Value>, has_spans: bool) -> Result<Status, Problem> {
    match value {
        None => Ok(if has_spans { Status::Done } else { Status::Todo }),
        Some(value) => serde_json::from_value(value.clone()).map_err(|_| {
            Problem::error(format!("unknown status {}", quoted(&value.to_string()))).hint(format!(
                "use one of {}",
                Status::ALL.iter().map(|status| status.name()).collect::<Vec<_>>().join(", ")
            ))
        }),
    }
}

/// Writes every document.
/// Only spans that do not fit their text or the label set are losses.
fn write<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(LineWriter { labels, options })
}

struct LineWriter<'a> {
    labels: &'a LabelSet,
    options: &'a WriteOptions,
}

impl Writer for LineWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let (object, spans) = object(document, annotation, self, &mut out.losses);
        out.push_json(document, &object);
        out.push("\n");
        out.count(spans, 0);
    }
}

fn object(
    document: &Document,
    annotation: &Annotation,
    writer: &LineWriter<'_>,
    losses: &mut LossReport,
) -> (Map<String, Value>, usize) {
    let map = OffsetMap::new(&document.text);
    let mut spans = Vec::with_capacity(annotation.spans().len());
    for span in annotation.spans() {
        let Some(label) = label_of(document, span, writer.labels, losses) else { continue };
        let CharRange { start, end } = map.to_chars(span.range);
        let mut object = json!({"start": start, "end": end, "label": label});
        if let (Some(score), Some(object)) = (writer.options.score(span), object.as_object_mut()) {
            object.insert("score".to_owned(), json!(score));
        }
        spans.push(object);
    }
    let count = spans.len();
    let mut object = Map::new();
    object.insert("id".to_owned(), json!(document.id));
    object.insert("text".to_owned(), json!(&*document.text));
    object.insert("spans".to_owned(), Value::Array(spans));
    if document.words_given {
        let words: Vec<_> = document.words.iter().map(|word| json!(map.to_chars(*word))).collect();
        object.insert("words".to_owned(), Value::Array(words));
    }
    if let Some(split) = document.split {
        object.insert("split".to_owned(), json!(split));
    }
    object.insert("status".to_owned(), json!(annotation.status));
    if !document.meta.is_empty() {
        object.insert("meta".to_owned(), Value::Object((*document.meta).clone()));
    }
    (object, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{OnLoss, Read, ReadOptions, Severity};

    fn one(line: &str) -> Read {
        FORMAT.read(line.as_bytes(), &ReadOptions::default())
    }

    #[test]
    fn offsets_are_code_points_and_ids_may_be_missing() {
        let read = one(
            "{\"text\":\"\u{1f355} pizza\",\"spans\":[{\"start\":2,\"end\":7,\"label\":\"Dish\"}]}\n{\"text\":\"\"}",
        );
        let (document, annotation) = read.corpus.pairs().next().unwrap();
        assert_eq!(annotation.spans()[0].range.of(&document.text), "pizza");
        assert_eq!((document.id.as_str(), annotation.status), ("1", Status::Done));
        assert_eq!(read.corpus.documents[1].id, "2");
        assert_eq!(read.corpus.annotation(1).status, Status::Todo);
        let [note] = &read.problems[..] else { panic!("{:?}", read.problems) };
        assert_eq!(note.severity, Severity::Note);
        assert!(note.message.starts_with("1 document with `spans` and no `status`: done"), "{note}");
        assert!(one("{\"text\":\"a\",\"spans\":[],\"status\":\"partial\"}").problems.is_empty());
    }

    #[test]
    fn a_bad_line_is_named_and_the_others_are_read() {
        let bad = [
            "nonsense",
            "[]",
            "{\"id\":\"a\"}",
            "{\"text\":\"abc\",\"spans\":[{\"start\":1,\"end\":9,\"label\":\"X\"}]}",
            "{\"text\":\"abc\",\"spans\":[{\"start\":2,\"end\":1,\"label\":\"X\"}]}",
            "{\"text\":\"abc\",\"spans\":[{\"start\":0,\"end\":1.5,\"label\":\"X\"}]}",
            "{\"text\":\"abc\",\"spans\":[{\"start\":0,\"end\":1}]}",
            "{\"text\":\"abc\",\"words\":[[0,2],[1,3]]}",
            "{\"text\":\"abc\",\"split\":\"half\"}",
            "{\"text\":\"abc\",\"status\":\"perhaps\"}",
            "{\"text\":\"abc\",\"meta\":3}",
            "{\"text\":\"\\ud800\"}",
        ];
        let read = one(&format!("{}\n\n{{\"text\":\"good\"}}\n", bad.join("\n")));
        assert_eq!(read.corpus.documents.len(), 1);
        let errors: Vec<_> = read.problems.iter().filter(|p| p.severity == Severity::Error).map(|p| p.line).collect();
        assert_eq!(errors, (1..=bad.len()).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn unknown_fields_stay_in_meta_and_are_said() {
        let read = one("{\"text\":\"a\",\"stars\":4,\"meta\":{\"city\":\"Bari\"}}");
        assert_eq!(Value::Object((*read.corpus.documents[0].meta).clone()), json!({"city": "Bari", "stars": 4}));
        assert!(read.problems[0].message.contains("`stars`"));
    }

    #[test]
    fn fields_of_other_tools_are_named_with_the_format_that_reads_them() {
        let read = one("{\"text\":\"a b\",\"label\":[[0,1,\"X\"]]}\n{\"text\":\"a b\",\"answer\":\"reject\"}");
        let hints: Vec<_> = read.problems.iter().filter_map(|problem| problem.hint.as_deref()).collect();
        assert_eq!(hints, ["--format doccano reads them", "--format prodigy reads them"], "{:?}", read.problems);
    }

    #[test]
    fn a_span_without_label_is_a_loss() {
        let mut corpus = one("{\"text\":\"abc\",\"spans\":[{\"start\":0,\"end\":1,\"label\":\"X\"}]}").corpus;
        corpus.labels = LabelSet::default();
        let mut options = WriteOptions::default();
        assert!(FORMAT.write(&corpus, &options).is_err());
        options.on_loss = OnLoss::Skip;
        assert_eq!(FORMAT.write(&corpus, &options).unwrap().spans_left_out, 1);
    }
}
