//! `argilla`: records of Argilla as JSON, of versions 1 and 2. Only read.
//!
//! Version 1 (`TokenClassificationRecord`): `text`, `tokens`, `annotation` and `prediction` as lists of `[label, start, end]`.
//! Version 2: `fields`, `responses` and `suggestions` by the names of questions. Offsets count code points. Responses of
//! annotators are read as spans; predictions and suggestions are not. Of several questions one is read, of several annotators
//! the first; other answers, fields and texts are kept in meta.

mod questions;

use std::collections::BTreeSet;

use questions::{Question, questions_of};
use serde_json::{Map, Value};

use super::{
    Problem,
    drafts::{self, Draft, DraftReader, DraftWords, RawSpan, find_words, id_of, read_spans, span_of_object},
    format::{Format, Sample},
    json_items::{JsonItems, JsonNotes},
    offsets::{CODE_POINTS_FIRST, Unit},
    problem::{Problems, first_names, quoted, with_noun},
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
    let is_flat = record.keys().any(|key| questions::flat_question(key).is_some());
    (is_second || is_first || is_flat).then(|| (94, "records with the keys of Argilla".to_owned()))
}

fn has_one(record: &Map<String, Value>, keys: &[&str]) -> bool {
    keys.iter().any(|key| record.contains_key(*key))
}

/// Reader of records, with counts of what is reported once.
#[derive(Default)]
struct Records {
    /// Question whose spans are read: the first of the file that has some.
    question: Option<String>,
    /// Further questions with spans.
    other_questions: BTreeSet<String>,
    /// Records with predictions or suggestions.
    suggested: usize,
    /// Records with responses of several annotators.
    several: usize,
    discarded: usize,
    /// Records with vectors or metrics.
    with_numbers: usize,
}

impl DraftReader for Records {
    const KIND: &'static str = "Argilla records";
    const UNITS: &'static [Unit] = CODE_POINTS_FIRST;

    fn drafts(&mut self, value: Value) -> Result<Vec<Draft>, Problem> {
        let Value::Object(record) = value else {
            return Err(Problem::error(format!("not a JSON object: {}", quoted(&value.to_string()))));
        };
        self.with_numbers +=
            usize::from(NUMBERS.iter().any(|key| record.get(*key).is_some_and(|value| !is_empty(value))));
        let is_flat = record.keys().any(|key| questions::flat_question(key).is_some());
        let has_fields = record.get("fields").is_some_and(Value::is_object);
        match record.get("text").is_some_and(Value::is_string) {
            _ if has_fields || is_flat => Ok(vec![self.second(&record)?]),
            true => Ok(vec![self.first(&record)]),
            false => Err(Problem::error("the record has neither `fields` nor a `text`")),
        }
    }

    fn report(self, problems: &mut Problems) {
        let notes = [
            (self.suggested, "record", "with predictions or suggestions: they are not read as spans"),
            (self.discarded, "record", "discarded: read as skipped"),
            (self.with_numbers, "record", "with vectors or metrics: not kept"),
        ];
        for (count, thing, what) in notes.into_iter().filter(|(count, ..)| *count > 0) {
            problems.push(Problem::note(format!("{} {what}", with_noun(count, thing))));
        }
        if self.several > 0 {
            let records = with_noun(self.several, "record");
            problems
                .push(Problem::warning(format!("{records} with responses of several annotators: the first is read")));
        }
        if let (Some(question), false) = (&self.question, self.other_questions.is_empty()) {
            let others = first_names(self.other_questions.iter().map(|name| quoted(name)));
            let message = format!("spans are those of the question {}; kept in meta: {others}", quoted(question));
            problems.push(Problem::warning(message));
        }
    }
}

/// Keys with much that is no annotation.
const NUMBERS: [&str; 2] = ["vectors", "metrics"];
/// Keys of a record that are read, or have nothing of the annotator.
const READ: [&str; 12] = [
    "id",
    "_server_id",
    "text",
    "tokens",
    "fields",
    "responses",
    "suggestions",
    "metadata",
    "status",
    "annotation",
    "prediction",
    "prediction_agent",
];

/// Keys of texts that are no field.
const DATES: [&str; 3] = ["external_id", "inserted_at", "updated_at"];

impl Records {
    /// A record of version 1.
    fn first(&mut self, record: &Map<String, Value>) -> Draft {
        let text = record.get("text").and_then(Value::as_str).unwrap_or_default();
        let mut draft = Draft { id: id_of(record, "id"), text: text.to_owned(), ..Draft::default() };
        let annotation = record.get("annotation").filter(|value| !value.is_null());
        draft.spans = read_spans(annotation.map(entities).unwrap_or_default(), &mut draft.faults, entity);
        self.suggested += usize::from(record.get("prediction").is_some_and(|value| !entities(value).is_empty()));
        draft.status = self.status(record.get("status"), annotation.is_some());
        draft.words = record.get("tokens").and_then(Value::as_array).map(|tokens| {
            let tokens: Option<Vec<&str>> = tokens.iter().map(Value::as_str).collect();
            let found = tokens.and_then(|tokens| find_words(text, tokens.into_iter()));
            found.map_or(DraftWords::Misplaced, DraftWords::Found)
        });
        draft.meta = fields_of(record).into();
        draft
    }

    /// A record of version 2, or the same as a flat row of a data set.
    fn second(&mut self, record: &Map<String, Value>) -> Result<Draft, Problem> {
        let fields = record.get("fields").and_then(Value::as_object);
        let texts = fields.unwrap_or(record).iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        // A flat row has its fields beside everything else.
        let is_field = |name: &str| {
            fields.is_some() || name == "text" || !(READ.contains(&name) || DATES.contains(&name) || name.contains('.'))
        };
        let mut texts = texts.filter(|(name, _)| is_field(name));
        let text = texts.clone().find(|(name, _)| *name == "text").or_else(|| texts.next());
        let (text_field, text) = text.ok_or_else(|| Problem::error("the record has no field with a text"))?;
        let id = ["id", "_server_id", "external_id"].iter().find_map(|key| id_of(record, key));
        let mut draft = Draft { id, text: text.to_owned(), ..Draft::default() };
        let questions = questions_of(record);
        let chosen = self.choose(&questions);
        let answers = chosen.map(|question| question.answers.as_slice()).unwrap_or_default();
        let submitted = answers.iter().filter(|answer| answer.is("submitted"));
        let users: BTreeSet<&str> = submitted.clone().map(|answer| answer.user.as_str()).collect();
        self.several += usize::from(users.len() > 1);
        let answer = submitted.clone().next();
        let list = answer.map(|answer| entities(answer.value)).unwrap_or_default();
        draft.spans = read_spans(list, &mut draft.faults, entity);
        self.suggested += usize::from(has_suggestions(record));
        draft.status = match answer {
            Some(_) => Status::Done,
            None if answers.iter().any(|answer| answer.is("discarded")) => {
                self.discarded += 1;
                Status::Skipped
            }
            None => Status::Todo,
        };
        let mut meta = fields_of(record);
        meta.shift_remove(text_field);
        for (name, value) in fields.into_iter().flatten().filter(|(name, _)| *name != text_field) {
            meta.entry(name.clone()).or_insert_with(|| value.clone());
        }
        // What the annotator, or the first one, has said of other questions.
        let user = answer.map(|answer| answer.user.as_str());
        for question in questions.iter().filter(|question| chosen.is_none_or(|chosen| chosen.name != question.name)) {
            let answers = question.answers.iter();
            let theirs = answers.clone().find(|answer| Some(answer.user.as_str()) == user);
            if let Some(answer) = theirs.or_else(|| answers.clone().next()).filter(|answer| !is_empty(answer.value)) {
                meta.entry(question.name.to_owned()).or_insert_with(|| answer.value.clone());
            }
        }
        draft.meta = meta.into();
        Ok(draft)
    }

    /// The question whose spans are read.
    fn choose<'q, 'r>(&mut self, questions: &'q [Question<'r>]) -> Option<&'q Question<'r>> {
        let with_spans = questions.iter().filter(|question| question.may_have_spans());
        let named = with_spans.clone().filter(|question| question.has_spans());
        if let Some(first) = named.clone().next() {
            self.question.get_or_insert_with(|| first.name.to_owned());
        }
        let known = self.question.as_deref();
        self.other_questions
            .extend(named.map(|question| question.name).filter(|name| Some(*name) != known).map(str::to_owned));
        let known = with_spans.clone().find(|question| Some(question.name) == known);
        // Before any question had spans, the first that may have some tells whether anyone has looked at the text.
        known.or_else(|| with_spans.clone().next().filter(|_| self.question.is_none()))
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

/// Whether a record of version 2 has suggestions.
fn has_suggestions(record: &Map<String, Value>) -> bool {
    let flat = record.iter().filter(|(key, _)| key.ends_with(".suggestion")).map(|(_, value)| value);
    record.get("suggestions").into_iter().chain(flat).any(|value| !is_empty(value))
}

/// Whether a value says nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// Fields of a record that are not read otherwise.
fn fields_of(record: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = record.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    let others = record.iter().filter(|(key, value)| {
        !READ.contains(&key.as_str())
            && !NUMBERS.contains(&key.as_str())
            && questions::flat_question(key).is_none()
            && !is_empty(value)
    });
    for (key, value) in others {
        fields.entry(key.clone()).or_insert_with(|| value.clone());
    }
    fields
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

#[cfg(test)]
mod tests;
