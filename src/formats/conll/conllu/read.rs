//! Reader of CoNLL-U.
//!
//! The key of the tags shows only when the whole file was seen, so it is read twice.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    entities::{EntityValues, KEY, NAMES},
    rows::{COLUMNS, FOREIGN, Row, Sentence, Token, Whole, keyed},
};
use crate::{
    formats::{
        Problem, Source,
        conll::{columns::ColumnValues, meta::META_COMMENTS, row_id::RowId},
        decode::Lines,
        drafts::status_without_all,
        problem::{Problems, quoted, with_noun},
        sink::{Found, Reading},
        source::Unreadable,
    },
    spans::{
        Document, Status, WordSpan,
        scheme::decode_tags,
        tag_form::{TagForm, TagRule},
    },
};

/// Keys of tags in treebanks, the likeliest first. Others are found by their values.
const KEYS: [&str; 4] = ["name", "ner", "ne", "nertag"];
/// Different keys that are counted.
const MOST_KEYS: usize = 200;

/// Reads a sentence as a document.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let entities = Survey::of(source, reading.options.tags.rule)?.entities(&mut reading.problems);
    let mut sentences = Sentences::of(source)?;
    let mut counts = Counts::default();
    while let Some(sentence) = sentences.next(&mut reading.problems)? {
        push(sentence, &entities, &mut counts, reading)?;
    }
    counts.report(&entities, &mut reading.problems);
    let sentences = with_noun(reading.documents(), "sentence");
    let tags = match &entities {
        Entities::Tags { key, .. } => format!("tags under {}", quoted(key)),
        Entities::Mentions(_) => format!("mentions under {}", quoted(KEY)),
        Entities::None => "no tags".to_owned(),
    };
    Ok(vec!["CoNLL-U".to_owned(), tags, sentences, with_noun(counts.words, "word"), reading.spans_text()])
}

/// Place of the entities in the rows of a file.
enum Entities {
    /// Tags under a key.
    Tags {
        key: String,
        form: TagForm,
    },
    /// Mentions under [`KEY`].
    Mentions(EntityValues),
    None,
}

/// What the file as a whole shows.
#[derive(Default)]
struct Survey {
    values: HashMap<String, ColumnValues>,
    mentions: Option<EntityValues>,
    has_mentions: bool,
    rule: Option<TagRule>,
}

impl Survey {
    fn of(source: &dyn Source, rule: Option<TagRule>) -> Result<Self, Unreadable> {
        let mut survey = Self { rule, ..Self::default() };
        let mut lines = Lines::of(source)?;
        while let Some((_, line)) = lines.next_line()? {
            if line.starts_with('#') {
                let names = keyed(line).filter(|(key, _)| *key == NAMES);
                survey.mentions = survey.mentions.or_else(|| EntityValues::read(names?.1));
            } else if let Ok(row) = Row::read(line) {
                survey.add(&row);
            }
        }
        Ok(survey)
    }

    fn add(&mut self, row: &Row) {
        for (key, value) in row.misc() {
            self.has_mentions |= key == KEY;
            if let Some(values) = self.values.get_mut(key) {
                values.add(value);
            } else if self.values.len() < MOST_KEYS {
                let mut values = ColumnValues::default();
                values.add(value);
                self.values.insert(key.to_owned(), values);
            }
        }
    }

    /// Chooses the key of the tags, and reports what is not read.
    fn entities(self, problems: &mut Problems) -> Entities {
        let mut found: Vec<(usize, &str, TagForm)> = Vec::new();
        for (key, values) in &self.values {
            let tags = values.read_as_tags(self.rule);
            let known = KEYS.iter().position(|name| key.eq_ignore_ascii_case(name));
            // Letters alone may be anything, too.
            let has_label = tags.form != TagForm::Label && (tags.form != TagForm::Letter || known.is_some());
            let is_lettered = has_label && tags.has_spans && tags.share >= 0.9;
            // Labels alone: any value would be one, so the key must say it.
            let is_label = tags.form == TagForm::Label && tags.has_spans && known.is_some_and(|known| known > 0);
            let has_only_o = !tags.has_spans && tags.is_enough && known.is_some();
            if is_lettered || is_label || has_only_o {
                found.push((known.unwrap_or(KEYS.len()), key, tags.form));
            }
        }
        found.sort_by_key(|(known, key, _)| (*known, *key));
        if let [(_, key, form), others @ ..] = found.as_slice() {
            if !others.is_empty() {
                let names: Vec<String> = others.iter().map(|(_, key, _)| quoted(key)).collect();
                let message =
                    format!("tags are read under {}; under {} there are tags, too", quoted(key), names.join(", "));
                problems.push(Problem::note(message).hint("remove that key from MISC to read the other"));
            }
            if *form == TagForm::Label {
                let message = "tags have no B- and I-: adjacent words with the same label are read as one span";
                problems.push(Problem::note(message));
            }
            return Entities::Tags { key: (*key).to_owned(), form: *form };
        }
        match (self.mentions, self.has_mentions) {
            (Some(values), true) => {
                let message = format!("spans are the mentions under {}, pronouns among them", quoted(KEY));
                problems.push(Problem::note(message));
                Entities::Mentions(values)
            }
            (None, true) => {
                let message = format!("mentions under {} are not read: no comment names their values", quoted(KEY));
                problems
                    .push(Problem::warning(message).hint(format!("a line such as # {NAMES} = eid-etype-head-other")));
                Entities::None
            }
            (_, false) => {
                let message = "no key of MISC has tags of entities: the texts are read without spans";
                problems.push(Problem::note(message).hint("entities are values such as name=B-Dish"));
                Entities::None
            }
        }
    }
}

/// Reader of the sentences of a file.
struct Sentences<'a> {
    lines: Lines<'a>,
    /// Line of the first row of the last sentence.
    line: usize,
}

impl<'a> Sentences<'a> {
    fn of(source: &'a dyn Source) -> Result<Self, Unreadable> {
        Ok(Self { lines: Lines::of(source)?, line: 0 })
    }

    /// Returns the next sentence. Lines that are no rows are added to `problems`.
    fn next(&mut self, problems: &mut Problems) -> Result<Option<Sentence>, Unreadable> {
        let mut sentence = Sentence::default();
        while let Some((number, line)) = self.lines.next_line()? {
            if line.trim().is_empty() {
                if !sentence.rows.is_empty() {
                    return Ok(Some(sentence));
                }
                // The comments of a sentence none of whose rows can be read are not those of the next one.
                if sentence.has_faults {
                    sentence = Sentence::default();
                }
                continue;
            }
            if line.starts_with('#') {
                sentence.comments.push(line.to_owned());
                continue;
            }
            match Row::read(line) {
                Ok(row) => {
                    if sentence.rows.is_empty() {
                        self.line = number;
                    }
                    sentence.rows.push(row);
                }
                Err(columns) => {
                    sentence.has_faults = true;
                    let message = if columns == COLUMNS {
                        format!("no word number, or no word, in the first two columns: {}", quoted(line))
                    } else {
                        format!("{} instead of {COLUMNS}: {}", with_noun(columns, "column"), quoted(line))
                    };
                    problems.push(Problem::error(message).at(number).hint("an empty line ends a sentence"));
                }
            }
        }
        Ok((!sentence.rows.is_empty()).then_some(sentence))
    }
}

#[derive(Default)]
struct Counts {
    words: usize,
    /// Tokens of several words.
    long: usize,
    /// Words that are not in the text.
    empty: usize,
    /// Sentences whose words are not those of their text.
    differing: usize,
    /// Mentions over sentence ends, or with faulty brackets.
    cut: usize,
}

impl Counts {
    fn report(&self, entities: &Entities, problems: &mut Problems) {
        let notes = [
            (
                self.long,
                "token",
                "of several words (such as 1-2): the token is the word here, with the tag of its words",
            ),
            (self.empty, "empty word", "(such as 3.1), which are not in the text: not read"),
        ];
        for (count, thing, what) in notes.into_iter().filter(|(count, ..)| *count > 0) {
            problems.push(Problem::note(format!("{} {what}", with_noun(count, thing))));
        }
        if self.differing > 0 {
            let sentences = with_noun(self.differing, "sentence");
            let message = format!("{sentences} whose words are not those of `# text`: the words are joined instead");
            problems.push(Problem::warning(message));
        }
        if self.cut > 0 && matches!(entities, Entities::Mentions(_)) {
            let message =
                format!("{} that begin or end outside of a sentence: left out", with_noun(self.cut, "mention"));
            problems.push(Problem::warning(message));
        }
    }
}

/// Hands a sentence over as a document.
fn push(
    sentence: Sentence,
    entities: &Entities,
    counts: &mut Counts,
    reading: &mut Reading<'_>,
) -> Result<(), Unreadable> {
    let tokens = sentence.tokens();
    counts.words += tokens.len();
    counts.long += tokens.iter().filter(|token| token.end > token.row + 1).count();
    counts.empty += sentence.rows.iter().filter(|row| row.id == RowId::Empty).count();
    let (text, words, whole) = sentence.text(&tokens);
    counts.differing += usize::from(whole == Whole::Differs);
    let cut = counts.cut;
    let spans = spans(&sentence, &tokens, entities, counts);
    let id = sentence.comment("sent_id").map(str::to_owned).filter(|id| !id.is_empty());
    let mut document = Document::new(id.unwrap_or_else(|| reading.next_id()), text, reading.options.grid);
    document.split = reading.options.split;
    document = document.with_words(words);
    document.meta = meta(&sentence).into();
    let key = match entities {
        Entities::Tags { key, .. } => key.as_str(),
        _ => KEY,
    };
    if !is_plain(&sentence, key) {
        let lines: Vec<&str> =
            sentence.comments.iter().chain(sentence.rows.iter().map(|row| &row.line)).map(String::as_str).collect();
        document.foreign = Some(Box::new(json!({ FOREIGN: { "key": key, "lines": lines } })));
    }
    let found = spans.len();
    let mut placed = Vec::with_capacity(found);
    for span in spans {
        if let Some(range) = document.range_of_words(span.start..span.end) {
            placed.push((range, reading.label(&span.label)));
        }
    }
    let status = if matches!(entities, Entities::None) { Status::Todo } else { Status::Done };
    let status = status_without_all(status, placed.len() == found && counts.cut == cut && !sentence.has_faults);
    reading.push(Found { document, spans: placed, status })
}

fn spans(sentence: &Sentence, tokens: &[Token], entities: &Entities, counts: &mut Counts) -> Vec<WordSpan> {
    match entities {
        Entities::Tags { key, form } => decode_tags(tokens.iter().map(|token| sentence.tag(*token, key, *form))),
        Entities::Mentions(values) => {
            let (spans, cut) = values.spans(sentence, tokens);
            counts.cut += cut;
            spans
        }
        Entities::None => Vec::new(),
    }
}

/// Comments as further fields of the document, except those that become its id and text.
fn meta(sentence: &Sentence) -> Map<String, Value> {
    let mut meta = Map::new();
    let mut others = Vec::new();
    for line in &sentence.comments {
        match keyed(line) {
            Some(("sent_id" | "text", _)) => {}
            Some((key, value)) if key != META_COMMENTS && !key.is_empty() => {
                meta.insert(key.to_owned(), Value::from(value));
            }
            _ => others.push(Value::from(line.trim_start_matches('#').trim())),
        }
    }
    if !others.is_empty() {
        meta.insert(META_COMMENTS.to_owned(), Value::Array(others));
    }
    meta
}

/// Whether the document has all that the sentence has.
fn is_plain(sentence: &Sentence, key: &str) -> bool {
    let has_known = sentence.comments.iter().all(|line| matches!(keyed(line), Some(("sent_id" | "text", _))));
    has_known && sentence.rows.iter().all(|row| row.is_plain(key))
}
