//! Reader of WebAnno TSV 3.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    escape::{number_of, parts, unescaped},
    layers::{HEADER, Layers, TEXT},
};
use crate::{
    formats::{
        Problem, Source,
        decode::Lines,
        drafts::status_without_all,
        problem::{quoted, with_noun},
        sink::{Found, Reading},
        source::Unreadable,
    },
    spans::{Document, Status, tag_form::ONLY_LABEL},
    text::TextRange,
};

/// Reads a sentence as a document.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let mut layers = Layers::default();
    let mut reader = SentenceReader::default();
    let mut is_header = true;
    let mut lines = Lines::of(source)?;
    while let Some((number, line)) = lines.next_line()? {
        if is_header && (line.starts_with("#FORMAT=") || layers.add(line) || line.trim().is_empty()) {
            if number == 1 && !line.starts_with(HEADER) {
                reading.problems.push(Problem::warning(format!("the file does not begin with {HEADER}")));
            }
            continue;
        }
        if is_header {
            is_header = false;
            reader.label = layers.label_column(reading.options.tags.tag_column, &mut reading.problems);
            if reader.label.is_none() {
                let message = "the file has no layer of spans: its texts are read without spans";
                reading.problems.push(Problem::note(message));
            }
        }
        if let Some(text) = line.strip_prefix(TEXT) {
            if !reader.sentence.rows.is_empty() {
                reader.push(reading)?;
            }
            reader.sentence.lines.push(unescaped(text));
        } else if line.trim().is_empty() {
            reader.push(reading)?;
        } else if let Some(comment) = line.strip_prefix('#') {
            reader.sentence.comments.push(comment.to_owned());
        } else if let Err(problem) = reader.row(line) {
            reader.sentence.has_faults = true;
            reading.problems.push(problem.at(number));
        }
    }
    reader.push(reading)?;
    Ok(reader.finish(reading))
}

/// A token, or a part of one with a span of its own.
struct Row {
    /// Offsets in the file.
    start: usize,
    end: usize,
    token: String,
    is_part: bool,
    /// Values of the label column, with the numbers of their annotations.
    values: Vec<(String, Option<u64>)>,
}

/// Lines of a sentence.
#[derive(Default)]
struct SentenceLines {
    /// Text; several lines if it has line breaks and the file is of an early version.
    lines: Vec<String>,
    comments: Vec<String>,
    rows: Vec<Row>,
    /// Whether a row could not be read, which may have had a label.
    has_faults: bool,
}

#[derive(Default)]
struct SentenceReader {
    /// Column with the labels; `None` if there is no layer of spans.
    label: Option<usize>,
    sentence: SentenceLines,
    /// Numbers of the annotations of the sentence before.
    before: HashSet<u64>,
    /// Offset of the next text in the file, if one character separates two texts.
    offset: usize,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    words: usize,
    cut: usize,
    unlabelled: usize,
    without_text: usize,
}

impl SentenceReader {
    /// Reads the row of a token.
    fn row(&mut self, line: &str) -> Result<(), Problem> {
        let cells: Vec<&str> = line.split('\t').collect();
        let [number, offsets, token, ..] = cells.as_slice() else {
            let message = format!("not a row of a token: {}", quoted(line));
            return Err(Problem::error(message)
                .hint("a row has a number such as 1-1, offsets such as 0-4, a token, and values"));
        };
        let Some((start, end)) = offsets.split_once('-').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)))
        else {
            return Err(Problem::error(format!("{} are no offsets such as 0-4", quoted(offsets))));
        };
        let cell = match self.label {
            Some(column) => *cells
                .get(column)
                .ok_or_else(|| Problem::error(format!("the row has no column {}: {}", column + 1, quoted(line))))?,
            None => "_",
        };
        let values = if matches!(cell, "_" | "") { Vec::new() } else { parts(cell).map(named).collect() };
        let is_part = number.contains('.');
        self.sentence.rows.push(Row { start, end, token: unescaped(token), is_part, values });
        Ok(())
    }

    /// Hands the sentence over, if there is one.
    fn push(&mut self, reading: &mut Reading<'_>) -> Result<(), Unreadable> {
        let sentence = std::mem::take(&mut self.sentence);
        if sentence.rows.is_empty() && sentence.lines.is_empty() {
            return Ok(());
        }
        let text = if sentence.lines.is_empty() {
            self.counts.without_text += 1;
            joined(&sentence.rows)
        } else {
            sentence.lines.join("\n")
        };
        let mut places = Places::new(&text, self.offset);
        let mut words = Vec::new();
        // Ranges and labels of annotations, those of several rows under their number.
        let mut spans: Vec<(TextRange, String)> = Vec::new();
        let mut numbered: HashMap<u64, usize> = HashMap::new();
        let mut is_whole = !sentence.has_faults;
        for row in &sentence.rows {
            let Some(range) = places.find(row) else {
                let message = format!(
                    "the token {} is not in the text of its sentence at {}-{}",
                    quoted(&row.token),
                    row.start,
                    row.end
                );
                reading.problems.push(Problem::error(message));
                is_whole &= row.values.is_empty();
                continue;
            };
            if !row.is_part && !range.is_empty() {
                words.push(range);
            }
            for (label, number) in &row.values {
                match number.and_then(|number| numbered.get(&number)).and_then(|at| spans.get_mut(*at)) {
                    Some((known, _)) => *known = known.join(range),
                    None => {
                        if let Some(number) = *number {
                            numbered.insert(number, spans.len());
                            self.counts.cut += usize::from(self.before.contains(&number));
                        }
                        spans.push((range, label.clone()));
                    }
                }
            }
        }
        self.before = numbered.into_keys().collect();
        self.offset = places.end_of_text().saturating_add(1);
        self.counts.words += words.len();
        let mut placed = Vec::with_capacity(spans.len());
        is_whole &= spans.iter().all(|(range, _)| !range.is_empty());
        for (range, label) in spans.into_iter().filter(|(range, _)| !range.is_empty()) {
            self.counts.unlabelled += usize::from(label.is_empty());
            placed.push((range, reading.label(if label.is_empty() { ONLY_LABEL } else { &label })));
        }
        let mut document = Document::new(reading.next_id(), text, reading.options.grid).with_words(words);
        document.split = reading.options.split;
        if !sentence.comments.is_empty() {
            document.meta.insert("comments".to_owned(), sentence.comments.into_iter().map(Value::from).collect());
        }
        let status = if self.label.is_some() { Status::Done } else { Status::Todo };
        reading.push(Found { document, spans: placed, status: status_without_all(status, is_whole) })
    }

    /// Reports the counts and returns the properties of the file.
    fn finish(self, reading: &mut Reading<'_>) -> Vec<String> {
        let Counts { words, cut, unlabelled, without_text } = self.counts;
        let warnings = [
            (cut, "span", "that goes on in the next sentence: read as two, since a sentence is a document"),
            (without_text, "sentence", "without its text: the words are joined as their offsets show"),
        ];
        for (count, thing, what) in warnings.into_iter().filter(|(count, ..)| *count > 0) {
            reading.problems.push(Problem::warning(format!("{} {what}", with_noun(count, thing))));
        }
        if unlabelled > 0 {
            let message =
                format!("{} without a label: they get the label {}", with_noun(unlabelled, "span"), quoted(ONLY_LABEL));
            reading.problems.push(Problem::note(message));
        }
        let sentences = with_noun(reading.documents(), "sentence");
        vec!["WebAnno TSV 3".to_owned(), sentences, with_noun(words, "word"), reading.spans_text()]
    }
}

/// Value and number of one annotation; an empty value for one without a label.
fn named(part: &str) -> (String, Option<u64>) {
    let (value, number) = number_of(part);
    (if value == "*" { String::new() } else { unescaped(value) }, number)
}

/// The text of tokens, with as many blanks between two as their offsets show, at most one.
fn joined(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut end = None;
    for row in rows.iter().filter(|row| !row.is_part) {
        if end.is_some_and(|end| row.start > end) {
            text.push(' ');
        }
        text.push_str(&row.token);
        end = Some(row.end);
    }
    text
}

/// Places of the tokens of a sentence in its text.
struct Places<'t> {
    text: &'t str,
    /// Byte of each UTF-16 unit of the text, and of its end.
    units: Vec<usize>,
    /// Offset in the file at which the text begins, once the first token is found, and the one that is expected.
    base: Option<usize>,
    expected: usize,
    /// End of the last token, and start of the last whole one.
    end: usize,
    token: usize,
    /// Bytes of the text that searches by spelling have passed.
    searched: usize,
}

/// Maximum number of times that the text of a sentence is searched for tokens which are not at their offsets.
const MOST_SEARCHES: usize = 16;

impl<'t> Places<'t> {
    fn new(text: &'t str, expected: usize) -> Self {
        let mut units = Vec::with_capacity(text.len() + 1);
        for (at, c) in text.char_indices() {
            units.extend(std::iter::repeat_n(at, c.len_utf16()));
        }
        units.push(text.len());
        Self { text, units, base: None, expected, end: 0, token: 0, searched: 0 }
    }

    /// Offset in the file at which the text ends.
    fn end_of_text(&self) -> usize {
        self.base.unwrap_or(self.expected).saturating_add(self.units.len().saturating_sub(1))
    }

    /// Finds a token by its offsets, or else as the next one with its spelling.
    /// Some programs write offsets in code points.
    fn find(&mut self, row: &Row) -> Option<TextRange> {
        let range = self.by_offsets(row).or_else(|| self.by_spelling(row))?;
        if !row.is_part {
            let unit = self.units.partition_point(|at| *at < range.start);
            self.base = self.base.or_else(|| row.start.checked_sub(unit));
            self.token = range.start;
            self.end = range.end;
        }
        Some(range)
    }

    fn by_offsets(&self, row: &Row) -> Option<TextRange> {
        // The spelling of the first token may occur before it, where the text has no tokens.
        let base = self.base.unwrap_or(self.expected);
        let start = *self.units.get(row.start.checked_sub(base)?)?;
        let end = *self.units.get(row.end.checked_sub(base)?)?;
        let found = self.text.get(start..end)?;
        (found == row.token).then(|| TextRange::new(start, end))
    }

    fn by_spelling(&mut self, row: &Row) -> Option<TextRange> {
        if self.searched > MOST_SEARCHES * self.text.len().max(1 << 16) {
            return None;
        }
        let from = if row.is_part { self.token } else { self.end };
        let rest = self.text.get(from..)?;
        let found = rest.find(&row.token);
        self.searched += found.unwrap_or(rest.len());
        let start = from + found?;
        Some(TextRange::new(start, start + row.token.len()))
    }
}
