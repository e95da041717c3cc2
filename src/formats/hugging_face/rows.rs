//! Rows of a data set as documents.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::names::{self, HINT};
use crate::{
    formats::{
        Problem, Source,
        drafts::{status_without_all, take_id},
        problem::{Problems, quoted, with_noun},
        sink::{Found, Reading},
    },
    spans::{
        Document, Status,
        scheme::{Tag, decode_tags},
        tag_form::{ONLY_LABEL, TagForm, TagRule},
    },
};

/// Names of the field with the tokens, the usual one first.
const TOKENS: [&str; 7] = ["tokens", "words", "token", "word", "sentence", "text", "inputs"];
/// Names of the field with the tags, the usual one first.
const TAGS: [&str; 9] = ["ner_tags", "tags", "labels", "ner", "ner_tag", "ner_labels", "tag", "label", "bio_tags"];
/// Different tags that are counted to find their spelling.
const MOST_TAGS: usize = 10_000;
/// Fields that are looked at for words and tags. Rows with more have names as keys, which are no fields.
const MOST_FIELDS: usize = 1_000;
/// Fields that a message names.
const MOST_NAMED: usize = 10;

/// What the rows of a file hold together.
#[derive(Debug, Default)]
pub(in crate::formats) struct Survey {
    fields: Vec<Field>,
    /// Places of the fields by their names.
    by_name: HashMap<String, usize>,
}

/// Values of one field.
#[derive(Debug, Default)]
struct Field {
    name: String,
    /// Rows in which it is a list of strings, or empty.
    texts: usize,
    /// Rows in which it is a list of numbers, or empty.
    numbers: usize,
    /// Rows in which it has a value.
    rows: usize,
    /// Different strings and how often each occurs.
    tags: HashMap<String, usize>,
}

impl Field {
    fn is_list(&self) -> bool {
        self.is_texts() || self.numbers * 2 > self.rows
    }

    fn is_texts(&self) -> bool {
        // A few rows may have faults, which are reported one by one.
        self.texts * 2 > self.rows
    }

    /// Whether its strings are tags with letters.
    fn has_tags(&self) -> bool {
        let all: usize = self.tags.values().sum();
        let tags = self.tags.iter().filter(|(tag, _)| *tag == "O" || TagForm::OURS.reads(tag));
        all > 0 && tags.map(|(_, count)| count).sum::<usize>() * 10 >= all * 9
    }

    fn form(&self) -> Option<TagForm> {
        TagForm::of(self.tags.iter().map(|(tag, count)| (tag.as_str(), *count)))
    }
}

impl Survey {
    /// Adds a row.
    pub(in crate::formats) fn add(&mut self, row: &Map<String, Value>) {
        for (name, value) in row.iter().filter(|(_, value)| !value.is_null()) {
            let Some(field) = self.field(name) else { continue };
            field.rows += 1;
            let Value::Array(list) = value else { continue };
            field.texts += usize::from(list.iter().all(|value| value.is_string() || value.is_null()));
            field.numbers += usize::from(list.iter().all(|value| value.is_i64() || value.is_null()));
            for tag in list.iter().filter_map(Value::as_str) {
                if let Some(count) = field.tags.get_mut(tag) {
                    *count += 1;
                } else if field.tags.len() < MOST_TAGS {
                    field.tags.insert(tag.to_owned(), 1);
                }
            }
        }
    }

    /// The field of this name, which is added if it is new; `None` if there are too many.
    fn field(&mut self, name: &str) -> Option<&mut Field> {
        let at = match self.by_name.get(name) {
            Some(at) => *at,
            None if self.fields.len() >= MOST_FIELDS => return None,
            None => {
                self.by_name.insert(name.to_owned(), self.fields.len());
                self.fields.push(Field { name: name.to_owned(), ..Field::default() });
                self.fields.len() - 1
            }
        };
        self.fields.get_mut(at)
    }

    /// Whether a row has the fields of a data set of tagged words.
    pub(in crate::formats) fn is_tagged(&self) -> bool {
        self.token_field().is_some_and(|tokens| self.tag_fields(tokens).next().is_some())
    }

    fn token_field(&self) -> Option<&Field> {
        let texts = self.fields.iter().filter(|field| field.is_texts());
        ranked(texts.clone(), &TOKENS).or_else(|| texts.clone().find(|field| !field.has_tags()))
    }

    /// Fields that may hold the tags, the likeliest first.
    fn tag_fields(&self, tokens: &Field) -> impl Iterator<Item = &Field> {
        let lists = self.fields.iter().filter(|field| field.is_list() && field.name != tokens.name);
        let mut fields: Vec<(usize, &Field)> = lists
            .filter_map(|field| {
                let name = field.name.to_ascii_lowercase();
                let rank = TAGS.iter().position(|known| *known == name);
                let rank = rank.or_else(|| name.contains("ner").then_some(TAGS.len()));
                Some((rank.or_else(|| field.has_tags().then_some(TAGS.len() + 1))?, field))
            })
            .collect();
        fields.sort_by_key(|(rank, _)| *rank);
        fields.into_iter().map(|(_, field)| field)
    }

    /// Error of rows without a list of this kind.
    fn no_list_of(&self, what: &str) -> Problem {
        let named = self.fields.iter().take(MOST_NAMED).map(|field| quoted(&field.name)).collect::<Vec<_>>().join(", ");
        let more = if self.fields.len() > MOST_NAMED { ", \u{2026}" } else { "" };
        Problem::error(format!("no field of the rows is a list of {what}: they have {named}{more}"))
            .hint("--word-column N and --tag-column N name the fields by their place in the rows, from 1")
    }

    /// Chooses the fields. Names of tags that are numbers are read from a file beside the source.
    ///
    /// # Errors
    /// There are no such fields, or the names of the numbers are not known.
    pub(in crate::formats) fn choose(self, source: &dyn Source, reading: &mut Reading<'_>) -> Result<Rows, Problem> {
        let options = reading.options.tags;
        let chosen = [options.word_column, options.tag_column];
        let [word, tag] = chosen.map(|column| column.map(|at| self.fields.get(at).filter(|field| field.is_list())));
        let tokens = word.unwrap_or_else(|| self.token_field()).ok_or_else(|| self.no_list_of("words"))?;
        let mut candidates = self.tag_fields(tokens);
        let tags = tag.unwrap_or_else(|| candidates.next()).ok_or_else(|| self.no_list_of("tags"))?;
        if let Some(other) = candidates.next().filter(|_| tag.is_none()) {
            let at = self.fields.iter().position(|field| field.name == other.name).unwrap_or_default() + 1;
            let message =
                format!("{} and {} may both be tags: the first is read", quoted(&tags.name), quoted(&other.name));
            reading.problems.push(Problem::note(message).hint(format!("--tag-column {at} reads the other")));
        }
        let is_numbers = tags.numbers > tags.texts;
        let names = if is_numbers { names_of(source, &tags.name, reading)? } else { Vec::new() };
        let form = match is_numbers {
            true => TagForm::of(names.iter().map(|name| (name.as_str(), 1))),
            false => tags.form(),
        };
        let form = if options.rule == Some(TagRule::Labels) { Some(TagForm::Label) } else { form };
        Ok(Rows {
            tokens: tokens.name.clone(),
            tags: tags.name.clone(),
            is_numbers,
            form: form.unwrap_or(TagForm::OURS),
            names,
            faulty: 0,
            orphans: 0,
            lost: 0,
        })
    }
}

/// Names of the tags in a field of numbers: the user's, or those in a file beside the source.
///
/// # Errors
/// There are none.
fn names_of(source: &dyn Source, field: &str, reading: &mut Reading<'_>) -> Result<Vec<String>, Problem> {
    if !reading.options.tag_names.is_empty() {
        return Ok(reading.options.tag_names.clone());
    }
    let found = names::names_beside(source).ok_or_else(|| {
        let message = format!("the tags in {} are numbers, and their names are not known", quoted(field));
        Problem::error(message).hint(HINT)
    });
    let (names, file) = found?;
    let shown = names.iter().take(5).map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let more = if names.len() > 5 { ", \u{2026}" } else { "" };
    let message = format!("the names of tags are those in {file} beside the file: {shown}{more}");
    reading.problems.push(Problem::note(message));
    Ok(names)
}

/// The field whose name comes first in a list of names.
fn ranked<'f>(fields: impl Iterator<Item = &'f Field>, names: &[&str]) -> Option<&'f Field> {
    let ranks = fields.filter_map(|field| {
        let name = field.name.to_ascii_lowercase();
        Some((names.iter().position(|known| *known == name)?, field))
    });
    ranks.min_by_key(|(rank, _)| *rank).map(|(_, field)| field)
}

/// Reader of rows whose fields are known.
#[derive(Debug)]
pub(in crate::formats) struct Rows {
    tokens: String,
    tags: String,
    is_numbers: bool,
    form: TagForm,
    names: Vec<String>,
    /// Number of tags that are none in the spelling of the file.
    faulty: usize,
    /// Number of tags with I- that begin a span.
    orphans: usize,
    /// Number of spans on empty tokens only.
    lost: usize,
}

impl Rows {
    /// Reads a row as a document.
    ///
    /// # Errors
    /// It has no tokens, another number of tags, or a tag without a name.
    pub(in crate::formats) fn read(
        &mut self,
        mut row: Map<String, Value>,
        reading: &mut Reading<'_>,
    ) -> Result<Found, Problem> {
        let Some(Value::Array(tokens)) = row.shift_remove(&self.tokens) else {
            return Err(Problem::error(format!("{} is missing or not a list", quoted(&self.tokens))));
        };
        let tokens: Option<Vec<&str>> = tokens.iter().map(Value::as_str).collect();
        let tokens =
            tokens.ok_or_else(|| Problem::error(format!("{} has a value that is no string", quoted(&self.tokens))))?;
        let tags = match row.shift_remove(&self.tags) {
            Some(Value::Array(tags)) => Some(tags),
            None | Some(Value::Null) => None,
            Some(_) => return Err(Problem::error(format!("{} is not a list", quoted(&self.tags)))),
        };
        let id = take_id(&mut row, "id").unwrap_or_else(|| reading.next_id());
        let mut document = Document::from_words(id, &tokens);
        document.split = reading.options.split;
        let mut spans = Vec::new();
        let mut is_whole = true;
        if let Some(tags) = &tags {
            if tags.len() != tokens.len() {
                let [words, found] = [with_noun(tokens.len(), "token"), with_noun(tags.len(), "tag")];
                return Err(Problem::error(format!("{words} and {found}")).hint("each token needs one tag"));
            }
            let tags = tags.iter().map(|tag| self.tag(tag)).collect::<Result<Vec<_>, _>>()?;
            let mut faulty = 0;
            let mut lost = 0;
            let orphans = orphans(self.form, &tags);
            let parsed = tags.iter().map(|tag| {
                read_whole(self.form, tag).unwrap_or_else(|| {
                    faulty += 1;
                    Tag::Outside
                })
            });
            for span in decode_tags(parsed) {
                match document.range_of_words(span.start..span.end).filter(|range| !range.is_empty()) {
                    Some(range) => spans.push((range, reading.label(&span.label))),
                    None => lost += 1,
                }
            }
            is_whole = faulty == 0 && lost == 0;
            self.faulty += faulty;
            self.orphans += orphans;
            self.lost += lost;
        }
        document.meta = row.into();
        let status = if tags.is_some() { Status::Done } else { Status::Todo };
        Ok(Found { document, spans, status: status_without_all(status, is_whole) })
    }

    /// The name of a tag.
    fn tag<'t>(&'t self, tag: &'t Value) -> Result<&'t str, Problem> {
        match tag {
            Value::String(name) if !self.is_numbers => Ok(name),
            Value::Null => Ok("O"),
            Value::Number(number) if self.is_numbers => match number.as_i64() {
                // Trainers do not look at tokens with this number.
                Some(-100) => Ok("O"),
                number => {
                    let number = number.unwrap_or(i64::MAX);
                    let name = usize::try_from(number).ok().and_then(|at| self.names.get(at));
                    name.map(String::as_str).ok_or_else(|| names::unnamed(number, self.names.len()))
                }
            },
            other => Err(Problem::error(format!("{} is no tag", quoted(&other.to_string())))),
        }
    }

    /// Reports oddities, and returns the properties of the file.
    pub(in crate::formats) fn finish(self, kind: &str, reading: &mut Reading<'_>) -> Vec<String> {
        report(&mut reading.problems, self.faulty, "tag", "that is none in the spelling of the file: read as O");
        if self.form != TagForm::Label {
            let what = "without a B- before: each begins a span, as in conlleval";
            report(&mut reading.problems, self.orphans, "I- tag", what);
        }
        report(&mut reading.problems, self.lost, "span", "on empty words only: left out");
        match self.form {
            TagForm::Letter => {
                let message = format!("tags have no label: all spans get the label {}", quoted(ONLY_LABEL));
                reading.problems.push(Problem::note(message).hint("rename it in the project with `L`"));
            }
            TagForm::Label => reading
                .problems
                .push(Problem::note("tags have no B- and I-: adjacent words with the same label are read as one span")),
            _ => {}
        }
        let kinds = if self.is_numbers { "numbers of names" } else { "strings" };
        vec![
            kind.to_owned(),
            format!("words in {}", quoted(&self.tokens)),
            format!("tags in {}, {kinds}", quoted(&self.tags)),
            with_noun(reading.documents(), "row"),
            reading.spans_text(),
        ]
    }
}

/// Number of tags with I- that continue no span.
fn orphans(form: TagForm, tags: &[&str]) -> usize {
    let mut before = Tag::Outside;
    let mut count = 0;
    for tag in tags {
        let tag = read_whole(form, tag).unwrap_or(Tag::Outside);
        let is_open = matches!(before, Tag::Inside { prefix: 'B' | 'I', .. }) && before.label() == tag.label();
        count += usize::from(matches!(tag, Tag::Inside { prefix: 'I', .. }) && !is_open);
        before = tag;
    }
    count
}

/// Reads a tag, whose label may contain the bar: a row has one tag for each word.
fn read_whole(form: TagForm, tag: &str) -> Option<Tag<'_>> {
    form.read(tag).map(|read| if form.has_parts(tag) { form.whole(tag) } else { read })
}

fn report(problems: &mut Problems, count: usize, thing: &str, what: &str) {
    if count > 0 {
        problems.push(Problem::warning(format!("{} {what}", with_noun(count, thing))));
    }
}
