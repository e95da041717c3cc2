//! Reader of Prodigy's tasks.

use serde_json::{Map, Value};

use super::{
    task::{self, is_binary},
    tokens,
};
use crate::{
    formats::{
        Problem,
        drafts::{Draft, DraftReader, DraftWords, RawSpan, id_of, read_spans, span_of_object},
        offsets::{CODE_POINTS_FIRST, Unit},
        problem::{Problems, quoted, with_noun},
    },
    spans::{Meta, Status},
};

/// Reader of tasks, with counts of what is reported once.
#[derive(Default)]
pub(in crate::formats) struct Tasks {
    rejected: usize,
    rejected_spans: usize,
    ignored: usize,
    binary: usize,
    /// Tasks without an answer that have spans.
    unanswered: usize,
    unknown_answers: usize,
}

impl DraftReader for Tasks {
    const KIND: &'static str = "Prodigy tasks";
    const UNITS: &'static [Unit] = CODE_POINTS_FIRST;

    fn drafts(&mut self, value: Value) -> Result<Vec<Draft>, Problem> {
        let Value::Object(mut task) = value else {
            return Err(Problem::error(format!("not a JSON object: {}", quoted(&value.to_string()))));
        };
        let Some(text) = task.get("text").and_then(Value::as_str).map(str::to_owned) else {
            let view = task.get("_view_id").and_then(Value::as_str).unwrap_or_default();
            let problem = Problem::error("`text` is missing or not a string");
            return Err(match view {
                "" => problem,
                view => problem.hint(format!("only tasks about a text can be read; this one is of {}", quoted(view))),
            });
        };
        let TaskContents { spans, faults, status } = self.contents(&task);
        let mut draft = Draft { id: id_of(&task, "id"), text, spans, faults, status, ..Draft::default() };
        if let Some(list) = task.get("tokens").and_then(Value::as_array) {
            let words = tokens::words(list);
            let fields = words.as_ref().and_then(|words| tokens::fields_of(&draft.text, list, words));
            task.extend(fields.map(|fields| ("tokens".to_owned(), fields)));
            draft.words = Some(words.map_or(DraftWords::Misplaced, DraftWords::Stated));
        }
        draft.meta = match task.get("meta") {
            Some(Value::Object(meta)) => meta.clone().into(),
            _ => Meta::default(),
        };
        draft.foreign = Some(Box::new(Value::Object(task)));
        Ok(vec![draft])
    }

    fn report(self, problems: &mut Problems) {
        let notes = [
            (self.rejected, "task", "rejected: spans not read, and not done"),
            (self.rejected_spans, "span", "rejected: not read, and the text not done"),
            (self.ignored, "task", "ignored: read as skipped"),
            (self.binary, "task", "about a single span, accepted: partial, as the rest of the text was not looked at"),
            (self.unanswered, "task", "with spans and without an answer: partial"),
        ];
        for (count, thing, what) in notes.into_iter().filter(|(count, ..)| *count > 0) {
            let note = Problem::note(format!("{} {what}", with_noun(count, thing)));
            problems.push(match what.contains("without an answer") {
                true => note.hint("a line with \"answer\":\"accept\" is done; --format jsonl reads spans as complete"),
                false => note,
            });
        }
        if self.unknown_answers > 0 {
            let tasks = with_noun(self.unknown_answers, "task");
            problems.push(Problem::warning(format!("{tasks} with an unknown answer: to do")));
        }
    }
}

/// What a task says of its text.
pub(super) struct TaskContents {
    pub(super) spans: Vec<RawSpan>,
    pub(super) faults: Vec<String>,
    pub(super) status: Status,
}

impl Tasks {
    /// Spans and status of a task. What was rejected is not positive.
    pub(super) fn contents(&mut self, task: &Map<String, Value>) -> TaskContents {
        let all = task::spans(task);
        let accepted = all.iter().filter(|span| !task::is_rejected(span));
        let rejected = all.len() - accepted.clone().count();
        self.rejected_spans += rejected;
        let status = self.status(task, rejected < all.len(), rejected > 0);
        let is_flagged = task.get("flagged").and_then(Value::as_bool) == Some(true);
        let mut contents = TaskContents {
            spans: Vec::new(),
            faults: Vec::new(),
            status: if is_flagged { Status::Flagged } else { status },
        };
        // An ignored task may be taken up again.
        if matches!(task.get("answer").and_then(Value::as_str), None | Some("accept" | "ignore")) {
            contents.spans = read_spans(accepted, &mut contents.faults, span_of_task);
        }
        contents
    }

    /// Status of a task, by its answer.
    fn status(&mut self, task: &Map<String, Value>, has_spans: bool, has_rejected: bool) -> Status {
        let is_binary = is_binary(task);
        match task.get("answer").and_then(Value::as_str) {
            Some("accept") if is_binary || has_rejected => {
                self.binary += usize::from(is_binary && has_spans);
                if has_spans { Status::Partial } else { Status::Todo }
            }
            Some("accept") => Status::Done,
            Some("reject") => {
                self.rejected += 1;
                // The text itself was rejected, or only the span that was asked about.
                if is_binary { Status::Todo } else { Status::Skipped }
            }
            Some("ignore") => {
                self.ignored += 1;
                Status::Skipped
            }
            Some(_) => {
                self.unknown_answers += 1;
                Status::Todo
            }
            None if has_spans => {
                self.unanswered += 1;
                Status::Partial
            }
            None => Status::Todo,
        }
    }
}

/// Reads a span, with its copy of the text if it has one.
pub(super) fn span_of_task(span: &Value) -> Result<RawSpan, String> {
    span_of_object(span, ["start", "end", "label"])
}
