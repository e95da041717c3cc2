//! Questions of a record of version 2, with the answers of its annotators.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// A question with its answers, in the order of the file.
pub(super) struct Question<'r> {
    pub(super) name: &'r str,
    pub(super) answers: Vec<Answer<'r>>,
}

/// Answer of an annotator.
pub(super) struct Answer<'r> {
    /// Id of the annotator; the place in the list where there is none.
    pub(super) user: String,
    pub(super) value: &'r Value,
    status: Option<&'r str>,
}

impl Answer<'_> {
    /// Whether the answer has this status. One without a status is submitted.
    pub(super) fn is(&self, status: &str) -> bool {
        self.status.unwrap_or("submitted") == status
    }
}

impl Question<'_> {
    /// Whether its answers can be lists of spans, as empty ones can.
    pub(super) fn may_have_spans(&self) -> bool {
        !self.answers.is_empty() && self.answers.iter().all(|answer| is_spans(answer.value) || answer.value.is_null())
    }

    /// Whether an answer has a span.
    pub(super) fn has_spans(&self) -> bool {
        self.answers.iter().any(|answer| is_spans(answer.value) && answer.value.get(0).is_some())
    }
}

/// Whether the value of a question is a list of spans.
fn is_spans(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(|span| span.get("start").is_some()))
}

/// The question and the rest of a key of a flat row: `ner.responses.status`.
pub(super) fn flat_question(key: &str) -> Option<(&str, &str)> {
    const ENDS: [&str; 6] = [
        ".responses",
        ".responses.users",
        ".responses.status",
        ".suggestion",
        ".suggestion.agent",
        ".suggestion.score",
    ];
    ENDS.iter().find_map(|end| Some((key.strip_suffix(end)?, *end)))
}

/// Questions of a record, whichever way it has their answers.
pub(super) fn questions_of(record: &Map<String, Value>) -> Vec<Question<'_>> {
    let mut questions = Questions::default();
    match record.get("responses") {
        // Answers by question.
        Some(Value::Object(by_question)) => {
            for (name, answers) in by_question {
                for (at, answer) in answers.as_array().into_iter().flatten().enumerate() {
                    questions.add(name, answer_of(answer, answer.get("value"), at));
                }
            }
        }
        // The answers of an annotator to all questions.
        Some(Value::Array(responses)) => {
            for (at, response) in responses.iter().enumerate() {
                let values = response.get("values").and_then(Value::as_object);
                for (name, value) in values.into_iter().flatten() {
                    questions.add(name, answer_of(response, Some(value.get("value").unwrap_or(value)), at));
                }
            }
        }
        _ => {}
    }
    for (key, value) in record {
        if let Some((name, ".responses")) = flat_question(key) {
            questions.add(name, flat_answers(record, name, value));
        }
    }
    questions.list
}

/// Questions in the order in which they occur.
#[derive(Default)]
struct Questions<'r> {
    list: Vec<Question<'r>>,
    by_name: HashMap<&'r str, usize>,
}

impl<'r> Questions<'r> {
    /// Adds answers to a question, which may be new.
    fn add(&mut self, name: &'r str, answers: impl IntoIterator<Item = Answer<'r>>) {
        let at = *self.by_name.entry(name).or_insert(self.list.len());
        if at == self.list.len() {
            self.list.push(Question { name, answers: Vec::new() });
        }
        if let Some(question) = self.list.get_mut(at) {
            question.answers.extend(answers);
        }
    }
}

fn answer_of<'r>(response: &'r Value, value: Option<&'r Value>, at: usize) -> Option<Answer<'r>> {
    let status = response.get("status").and_then(Value::as_str);
    Some(Answer { user: user_of(response.get("user_id"), at), value: value?, status })
}

fn user_of(user: Option<&Value>, at: usize) -> String {
    match user {
        Some(Value::String(user)) => user.clone(),
        None | Some(Value::Null) => at.to_string(),
        Some(other) => other.to_string(),
    }
}

/// Answers of a flat row: a list of values, beside lists of the annotators and of the statuses.
fn flat_answers<'r>(record: &'r Map<String, Value>, name: &str, values: &'r Value) -> Vec<Answer<'r>> {
    let beside = ["users", "status"].map(|what| record.get(&format!("{name}.responses.{what}")));
    let at = |list: usize, at: usize| beside.get(list).copied().flatten().and_then(|list| list.get(at));
    // A row of one annotator may have the spans themselves.
    if is_spans(values) && values.get(0).is_some() {
        let status = at(1, 0).and_then(Value::as_str);
        return vec![Answer { user: user_of(at(0, 0), 0), value: values, status }];
    }
    let values = values.as_array().into_iter().flatten().enumerate();
    let answers = values.map(|(place, value)| {
        let status = at(1, place).and_then(Value::as_str);
        Answer { user: user_of(at(0, place), place), value, status }
    });
    answers.collect()
}
