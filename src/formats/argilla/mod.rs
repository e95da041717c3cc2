//! `argilla`: records of Argilla as JSON, of versions 1 and 2. Only read.
//!
//! Version 1 (`TokenClassificationRecord`): `text`, `tokens`, `annotation` and `prediction` as lists of `[label, start, end]`.
//! Version 2: `fields`, `responses` and `suggestions` by the names of questions. Offsets count code points. Responses of
//! annotators are read as spans; predictions and suggestions are not.

use serde_json::{Map, Value};

use super::{
    Problem,
    drafts::{self, Draft, DraftReader, RawSpan, read_spans, span_of_object, take_id},
    format::{Format, Sample},
    json_items::{JsonItems, JsonNotes},
    offsets::{CODE_POINTS_FIRST, Unit},
    problem::{Problems, quoted, with_noun},
    source::Takes,
};
use crate::spans::Status;

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "argilla",
    about: "Argilla's records as JSON, version 1 and 2; only read",
    extensions: &[],
    cannot_hold: "it is not written",
    keeps_text: true,
    takes: Takes::OneFile,
    detect,
    read: Some(drafts::read::<Records>),
    write: None,
};

/// Accepts records with the keys of either version.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let source = sample.text.as_bytes();
    let mut items = JsonItems::of(&source).ok()?;
    let record = items.next_item().ok()??.object(&mut JsonNotes::default()).ok()?;
    let has_fields = record.get("fields").is_some_and(Value::is_object);
    let is_second = has_fields && has_one(&record, &["responses", "suggestions"]);
    let has_tokens = record.contains_key("text") && record.contains_key("tokens");
    let is_first = has_tokens && has_one(&record, &["annotation", "prediction", "annotation_agent"]);
    let is_flat = record.keys().any(|key| key.ends_with(".suggestion") || key.ends_with(".responses"));
    (is_second || is_first || is_flat).then(|| (94, "records with the keys of Argilla".to_owned()))
}

fn has_one(record: &Map<String, Value>, keys: &[&str]) -> bool {
    keys.iter().any(|key| record.contains_key(*key))
}

/// Reader of records, with counts of what is reported once.
#[derive(Default)]
struct Records {
    /// Records with predictions or suggestions.
    suggested: usize,
    /// Records with responses of several annotators.
    several: usize,
    discarded: usize,
}

impl DraftReader for Records {
    const KIND: &'static str = "Argilla records";
    const UNITS: &'static [Unit] = CODE_POINTS_FIRST;

    fn drafts(&mut self, value: Value) -> Result<Vec<Draft>, Problem> {
        let Value::Object(record) = value else {
            return Err(Problem::error(format!("not a JSON object: {}", quoted(&value.to_string()))));
        };
        let draft = match record.get("fields").is_some_and(Value::is_object) {
            true => self.second(&record),
            false if record.get("text").is_some_and(Value::is_string) => Ok(self.first(&record)),
            false => Err(Problem::error("the record has neither `fields` nor a `text`")),
        };
        Ok(vec![draft?])
    }

    fn report(self, problems: &mut Problems) {
        let notes = [
            (self.suggested, "record", "with predictions or suggestions: they are not read as spans"),
            (self.discarded, "record", "discarded: read as skipped"),
        ];
        for (count, thing, what) in notes.into_iter().filter(|(count, ..)| *count > 0) {
            problems.push(Problem::note(format!("{} {what}", with_noun(count, thing))));
        }
        if self.several > 0 {
            let records = with_noun(self.several, "record");
            problems
                .push(Problem::warning(format!("{records} with responses of several annotators: the first is read")));
        }
    }
}

impl Records {
    /// A record of version 1, or one of version 2 as a flat row of a data set.
    fn first(&mut self, record: &Map<String, Value>) -> Draft {
        let text = record.get("text").and_then(Value::as_str).unwrap_or_default();
        let mut draft = Draft { id: take_id(record, "id"), text: text.to_owned(), ..Draft::default() };
        let flat = record.iter().find(|(key, _)| key.ends_with(".responses")).map(|(_, value)| value);
        let annotation = record.get("annotation").or(flat).filter(|value| !value.is_null());
        let list = annotation.map(entities).unwrap_or_default();
        // A flat row has a list of spans for each annotator.
        let by_users =
            list.first().is_some_and(|first| first.as_array().is_some_and(|inner| inner.iter().all(Value::is_object)));
        self.several += usize::from(by_users && list.len() > 1);
        let list = if by_users { list.first().map(entities).unwrap_or_default() } else { list };
        draft.spans = read_spans(list, &mut draft.faults, entity);
        let suggestion = record.iter().find(|(key, _)| key.ends_with(".suggestion")).map(|(_, value)| value);
        let predicted = record.get("prediction").or(suggestion).map(entities).unwrap_or_default();
        self.suggested += usize::from(!predicted.is_empty());
        draft.status = self.status(record.get("status"), annotation.is_some());
        draft.words = record.get("tokens").and_then(Value::as_array).and_then(|tokens| find_tokens(text, tokens));
        draft.meta = metadata(record).into();
        draft
    }

    fn second(&mut self, record: &Map<String, Value>) -> Result<Draft, Problem> {
        let fields = record.get("fields").and_then(Value::as_object);
        let mut texts = fields.into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?)));
        let text = texts.clone().find(|(name, _)| *name == "text").or_else(|| texts.next());
        let (_, text) = text.ok_or_else(|| Problem::error("the record has no field with a text"))?;
        let id = ["id", "_server_id", "external_id"].iter().find_map(|key| take_id(record, key));
        let mut draft = Draft { id, text: text.to_owned(), ..Draft::default() };
        let responses = responses(record.get("responses"));
        let submitted = responses.iter().filter(|response| response.is_submitted);
        self.several += usize::from(submitted.clone().count() > 1);
        let chosen = submitted.clone().next();
        draft.spans = chosen.map(|chosen| read_spans(chosen.spans, &mut draft.faults, entity)).unwrap_or_default();
        let suggestions = record.get("suggestions");
        let has_suggestions = suggestions.is_some_and(|value| match value {
            Value::Array(list) => !list.is_empty(),
            Value::Object(object) => !object.is_empty(),
            _ => false,
        });
        self.suggested += usize::from(has_suggestions);
        let is_discarded = chosen.is_none() && responses.iter().any(|response| response.is_discarded);
        draft.status = match (chosen, is_discarded) {
            (Some(_), _) => Status::Done,
            (None, true) => self.status(Some(&Value::from("discarded")), false),
            (None, false) => self.status(record.get("status").filter(|_| false), false),
        };
        draft.meta = metadata(record).into();
        Ok(draft)
    }

    fn status(&mut self, status: Option<&Value>, is_annotated: bool) -> Status {
        match status.and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
            Some("discarded") => {
                self.discarded += 1;
                Status::Skipped
            }
            Some("validated" | "completed" | "submitted") => Status::Done,
            // An annotation that nobody has validated was changed, and is not complete.
            Some("edited" | "default" | "pending") if is_annotated => Status::Partial,
            _ if is_annotated => Status::Done,
            _ => Status::Todo,
        }
    }
}

/// Response of an annotator.
struct Response<'r> {
    spans: &'r [Value],
    is_submitted: bool,
    is_discarded: bool,
}

/// Responses of a record: lists by question, or a list with the values of all questions for each annotator.
fn responses(value: Option<&Value>) -> Vec<Response<'_>> {
    let list = match value {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(questions)) => questions.values().filter_map(Value::as_array).flatten().collect(),
        _ => Vec::new(),
    };
    let read = list.into_iter().filter_map(|response| {
        let values = response.get("values").and_then(Value::as_object);
        let of_question = values.into_iter().flatten().map(|(_, value)| value.get("value").unwrap_or(value));
        let value = response.get("value").into_iter().chain(of_question).find(|value| is_spans(value))?;
        let status = response.get("status").and_then(Value::as_str).unwrap_or("submitted");
        Some(Response {
            spans: entities(value),
            is_submitted: status == "submitted",
            is_discarded: status == "discarded",
        })
    });
    read.collect()
}

/// Whether the value of a question is a list of spans.
fn is_spans(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(|span| span.get("start").is_some()))
}

/// The list of spans of an annotation, which version 1 of the API puts into an object.
fn entities(value: &Value) -> &[Value] {
    let list = value.as_array().or_else(|| value.get("entities")?.as_array());
    list.map(Vec::as_slice).unwrap_or_default()
}

/// Reads `[label, start, end]` or an object.
fn entity(value: &Value) -> Result<RawSpan, String> {
    match value.as_array().map(Vec::as_slice) {
        Some([label, start, end, ..]) => drafts::span_of_list(&[start.clone(), end.clone(), label.clone()]),
        Some(_) => Err("it is not [label, start, end]".to_owned()),
        None => span_of_object(value, ["start", "end", "label"]),
    }
}

/// Places of tokens, in code points, if all are in the text.
fn find_tokens(text: &str, tokens: &[Value]) -> Option<Vec<[usize; 2]>> {
    let mut rest = text;
    let mut at = 0;
    let mut places = Vec::with_capacity(tokens.len());
    for token in tokens {
        let token = token.as_str()?;
        let (gap, tail) = rest.split_at_checked(rest.find(token)?)?;
        at += gap.chars().count();
        let end = at + token.chars().count();
        if !token.trim().is_empty() {
            places.push([at, end]);
        }
        at = end;
        rest = tail.get(token.len()..)?;
    }
    Some(places)
}

fn metadata(record: &Map<String, Value>) -> Map<String, Value> {
    record.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
