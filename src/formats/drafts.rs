//! Documents of a file before its offsets are read: which unit they count shows only when all of them were seen.
//!
//! [`read`] reads a file of JSON values; other files of spans use [`Draft::place`] by themselves.

use serde_json::{Map, Value};

use super::{
    Problem,
    json_items::{FirstLines, JsonItems, JsonNotes},
    offsets::{self, Offsets, SpanText, StatedSpan, Unit},
    problem::{Problems, quoted, with_noun},
    sink::{Found, Reading},
    source::{Source, Unreadable},
};
use crate::{
    spans::{Document, Meta, Split, Status},
    text::TextRange,
};

/// Span of a file, with offsets in the unit of the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RawSpan {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) label: String,
    /// Copy of its text, if the file has one.
    pub(super) text: Option<String>,
}

/// Words that a file has for a document.
#[derive(Debug)]
pub(super) enum DraftWords {
    /// Start and end of each, in the unit of the file.
    Stated(Vec<[usize; 2]>),
    /// Bytes of each, where their texts were found.
    Found(Vec<TextRange>),
    /// Their texts do not follow one another in the text, or have no offsets.
    Misplaced,
}

/// Document of a file, with offsets in the unit of the file.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) id: Option<String>,
    pub(super) text: String,
    /// Words, if the file has them.
    pub(super) words: Option<DraftWords>,
    pub(super) spans: Vec<RawSpan>,
    /// Descriptions of spans that could not be read.
    pub(super) faults: Vec<String>,
    /// Whether a span could not be read and was reported.
    pub(super) is_incomplete: bool,
    pub(super) status: Status,
    pub(super) split: Option<Split>,
    pub(super) meta: Meta,
    pub(super) foreign: Option<Box<Value>>,
}

/// Reader of the JSON values of one format.
pub(super) trait DraftReader: Default {
    /// Kind of the values, for the user.
    const KIND: &'static str;
    /// Units that offsets may count, the usual one of the format first.
    const UNITS: &'static [Unit];

    /// Reads the documents of a value; most formats have one.
    ///
    /// # Errors
    /// Description of the fault.
    fn drafts(&mut self, value: Value) -> Result<Vec<Draft>, Problem>;

    /// Reports what was counted in all values.
    fn report(self, problems: &mut Problems);
}

/// Reads a file of JSON values.
///
/// # Errors
/// The source cannot be read or is no text.
pub(super) fn read<R: DraftReader>(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    offsets::read_with_unit(source, reading, R::UNITS, read_values::<R>)
}

fn read_values<R: DraftReader>(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
) -> Result<Vec<String>, Unreadable> {
    let mut drafter = R::default();
    let mut notes = JsonNotes::default();
    let mut ids = FirstLines::default();
    let mut items = JsonItems::of(source)?;
    while let Some(item) = items.next_item()? {
        let line = item.line;
        match item.value(&mut notes).and_then(|value| drafter.drafts(value)) {
            Ok(drafts) => {
                for draft in drafts {
                    let found = draft.place(offsets, line, reading);
                    reading.problems.extend(ids.insert(&found.document.id, line));
                    reading.push(found)?;
                }
            }
            Err(problem) => reading.problems.push(Problem { line: problem.line.or(Some(line)), ..problem }),
        }
    }
    notes.report(&mut reading.problems);
    drafter.report(&mut reading.problems);
    Ok(vec![R::KIND.to_owned(), with_noun(reading.documents(), "document"), reading.spans_text()])
}

impl Draft {
    /// Returns the document with its spans in bytes. What does not fit the text is reported and left out.
    pub(super) fn place(self, offsets: &mut Offsets, line: usize, reading: &mut Reading<'_>) -> Found {
        let id = self.id.unwrap_or_else(|| reading.next_id());
        let on = SpanText::new(&id, &self.text).at_line(line);
        let mut spans = Vec::with_capacity(self.spans.len());
        for RawSpan { start, end, label, text } in &self.spans {
            let stated = StatedSpan { start: *start, end: *end, text: text.as_deref() };
            if let Some(range) = offsets.place(&on, stated, &mut reading.problems) {
                spans.push((range, reading.label(label)));
            }
        }
        for fault in &self.faults {
            let message = format!("document {}: the span {fault}: left out", quoted(&id));
            reading.problems.push(Problem::warning(message).at(line));
        }
        let words = self.words.map(|words| place_words(words, &on, offsets));
        if let Some(None) = words {
            let message = format!("document {}: its words do not fit its text: they are not read", quoted(&id));
            reading.problems.push(Problem::warning(message).at(line));
        }
        let is_whole = spans.len() == self.spans.len() && self.faults.is_empty() && !self.is_incomplete;
        let status = status_without_all(self.status, is_whole);
        let mut document = Document::new(id.clone(), self.text.as_str(), reading.options.grid);
        if let Some(words) = words.flatten() {
            document = document.with_words(words);
        }
        document.split = self.split.or(reading.options.split);
        document.meta = self.meta;
        document.foreign = self.foreign;
        Found { document, spans, status }
    }
}

/// Bytes of words without white space at their ends; `None` if they do not fit the text.
fn place_words(words: DraftWords, on: &SpanText<'_>, offsets: &Offsets) -> Option<Vec<TextRange>> {
    let ranges = match words {
        DraftWords::Stated(words) => offsets.words(on, &words)?,
        DraftWords::Found(ranges) => ranges,
        DraftWords::Misplaced => return None,
    };
    Some(trimmed_words(on.text(), ranges))
}

/// Words without white space at their ends; those that have nothing else are left out.
pub(super) fn trimmed_words(text: &str, words: impl IntoIterator<Item = TextRange>) -> Vec<TextRange> {
    words.into_iter().map(|word| word.trimmed(text)).filter(|word| !word.is_empty()).collect()
}

/// Bytes of words in a text; `None` unless they follow one another there with nothing but white space between them.
pub(super) fn find_words<'w>(text: &str, words: impl Iterator<Item = &'w str>) -> Option<Vec<TextRange>> {
    let mut at = 0;
    let mut places = Vec::new();
    for word in words {
        let start = at + text.get(at..)?.find(word)?;
        // A word must not be found behind a part of the text that no word has.
        if !text.get(at..start)?.trim().is_empty() {
            return None;
        }
        at = start + word.len();
        places.push(TextRange::new(start, at));
    }
    Some(places)
}

/// Status of a document that is `status`, but not done if a span of it was left out.
///
/// The place of such a span must not count as one without a span.
pub(in crate::formats) fn status_without_all(status: Status, is_whole: bool) -> Status {
    if status == Status::Done && !is_whole { Status::Partial } else { status }
}

/// Id in a field, a number or a string that is not empty.
pub(super) fn id_of(object: &Map<String, Value>, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// Takes an id out of an object. Empty ones are removed, too; anything else that is no id stays where it is.
pub(super) fn take_id(object: &mut Map<String, Value>, key: &str) -> Option<String> {
    let id = id_of(object, key);
    let is_empty = object.get(key).is_some_and(|value| value.is_null() || value.as_str() == Some(""));
    if id.is_some() || is_empty {
        object.shift_remove(key);
    }
    id
}

/// An offset in a field of a span.
pub(super) fn offset(span: &Value, key: &str) -> Result<usize, String> {
    let number = span.get(key).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("`{key}` is missing or not an offset"))
}

/// A span from an object with these keys.
///
/// # Errors
/// Description of the fault.
pub(super) fn span_of_object(span: &Value, [start, end, label]: [&str; 3]) -> Result<RawSpan, String> {
    let name = match span.get(label) {
        Some(Value::String(name)) if !name.is_empty() => name.clone(),
        Some(Value::Number(name)) => name.to_string(),
        _ => return Err(format!("`{label}` is missing or not a name")),
    };
    let text = span.get("text").and_then(Value::as_str).map(str::to_owned);
    Ok(RawSpan { start: offset(span, start)?, end: offset(span, end)?, label: name, text })
}

/// A span from a list of start, end and label.
///
/// # Errors
/// Description of the fault.
pub(super) fn span_of_list(span: &[Value]) -> Result<RawSpan, String> {
    let [start, end, label, ..] = span else { return Err("it is not [start, end, label]".to_owned()) };
    let [start, end] = [start, end].map(|offset| offset.as_u64().and_then(|offset| usize::try_from(offset).ok()));
    let label = match label {
        Value::String(name) if !name.is_empty() => name.clone(),
        Value::Number(name) => name.to_string(),
        _ => return Err("its label is not a name".to_owned()),
    };
    let (start, end) = start.zip(end).ok_or("its start or end is not an offset")?;
    Ok(RawSpan { start, end, label, text: None })
}

/// Reads each element of a list of spans; the faults have the number of the span.
pub(super) fn read_spans<'v>(
    list: impl IntoIterator<Item = &'v Value>,
    faults: &mut Vec<String>,
    read: impl Fn(&Value) -> Result<RawSpan, String>,
) -> Vec<RawSpan> {
    let mut spans = Vec::new();
    for (at, span) in list.into_iter().enumerate() {
        match read(span) {
            Ok(span) => spans.push(span),
            Err(why) => faults.push(format!("number {}: {why}: {}", at + 1, quoted(&span.to_string()))),
        }
    }
    spans
}

/// Whether a value is a list of start, end and label.
pub(super) fn is_span_list(span: &Value) -> bool {
    span.as_array().is_some_and(|span| span.len() >= 3 && span_of_list(span).is_ok())
}
