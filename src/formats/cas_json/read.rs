//! Reader of a CAS in JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::key;
use crate::{
    formats::{
        Problem,
        container::members::read_text,
        digits::{self, keep_digits},
        problem::{parser_message, quoted, with_noun},
        sink::{Found, NameIndex, Reading},
        source::{Source, Unreadable},
    },
    spans::{Document, Status},
    text::{OffsetMap, TextRange, Utf16Range},
};

type Structure = Map<String, Value>;

/// Reads one file: a document for each text in it.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let text = read_text(source)?;
    let kept = keep_digits(text.as_bytes());
    reading.problems.extend(digits::note((kept.len() - text.len()) / 2));
    let parsed: Result<Structure, _> = serde_json::from_slice(&kept);
    let mut tree = match parsed {
        Ok(tree) => tree,
        Err(error) => {
            let message = format!("invalid JSON: {} at byte {} of the line", parser_message(&error), error.column());
            reading.problems.push(Problem::error(message).at(error.line()));
            return Ok(Vec::new());
        }
    };
    drop(kept);
    drop(text);
    let Some(structures) = structures(&mut tree) else {
        let message = format!("{} is missing or neither a list nor an object", quoted(key::STRUCTURES));
        reading.problems.push(Problem::error(message).hint("UIMA CAS JSON 0.4 is read, as INCEpTION exports it"));
        return Ok(Vec::new());
    };
    let layers = Layers::of(&structures);
    let views: Vec<&Structure> = structures
        .iter()
        .filter(|one| type_of(one) == key::SOFA && one.get(key::TEXT).is_some_and(Value::is_string))
        .collect();
    for sofa in &views {
        let mut reader =
            Reader { reading, layers: &layers, unlabelled: 0, has_more: views.len() == 1 && layers.has_more };
        let mut found = reader.document(sofa, &structures, views.len());
        let Reader { unlabelled, has_more, .. } = reader;
        if unlabelled > 0 {
            let spans = with_noun(unlabelled, "span");
            let message =
                format!("document {}: {spans} without a value: the label is the layer", quoted(&found.document.id));
            reading.problems.push(Problem::warning(message));
        }
        if has_more {
            let mut kept = tree.clone();
            kept.insert(key::STRUCTURES.to_owned(), structures.iter().cloned().map(Value::Object).collect());
            found.document.foreign = Some(Box::new(json!({ "cas": kept })));
        }
        reading.push(found)?;
    }
    layers.report(reading);
    if views.is_empty() {
        reading.problems.push(Problem::note("there is no text in the file"));
    }
    Ok(vec!["CAS JSON".to_owned(), with_noun(reading.documents(), "text"), reading.spans_text()])
}

/// Takes the structures out of a file. In older files they are an object by their ids.
fn structures(tree: &mut Structure) -> Option<Vec<Structure>> {
    match tree.get_mut(key::STRUCTURES)?.take() {
        Value::Array(list) => Some(list.into_iter().filter_map(object).collect()),
        Value::Object(by_id) => Some(
            by_id
                .into_iter()
                .filter_map(|(id, structure)| {
                    let mut structure = object(structure)?;
                    let id: u64 = id.parse().ok()?;
                    structure.entry(key::ID).or_insert_with(|| json!(id));
                    Some(structure)
                })
                .collect(),
        ),
        _ => None,
    }
}

fn object(value: Value) -> Option<Structure> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

pub(super) fn type_of(structure: &Structure) -> &str {
    structure.get(key::TYPE).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a structure covers a part of a text.
fn is_span(structure: &Structure) -> bool {
    ["begin", "end"].iter().all(|key| structure.get(*key).is_some_and(Value::is_u64))
}

/// Layers of a file: those that are read as spans, and the others.
struct Layers {
    read: BTreeSet<String>,
    /// Number of spans by layer.
    others: BTreeMap<String, usize>,
    /// Whether anything is in the file that this program does not write itself.
    has_more: bool,
}

impl Layers {
    /// Entities are read, or, if there are none, the layers that the users have made.
    fn of(structures: &[Structure]) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for structure in structures.iter().filter(|one| is_span(one)) {
            *counts.entry(type_of(structure)).or_default() += 1;
        }
        let has_entities = counts.keys().any(|name| name.starts_with(key::ENTITIES));
        let (read, rest): (Vec<_>, Vec<_>) = counts.into_iter().partition(|(name, _)| match has_entities {
            true => name.starts_with(key::ENTITIES),
            false => !key::PACKAGES.iter().any(|package| name.starts_with(package)),
        });
        let plain = [key::TOKEN, key::SENTENCE, key::DOCUMENT, "uima.tcas.DocumentAnnotation"];
        let others: BTreeMap<String, usize> = rest
            .into_iter()
            .filter(|(name, _)| !plain.contains(name))
            .map(|(name, count)| (name.to_owned(), count))
            .collect();
        let has_more = structures.iter().any(|one| {
            let fields =
                one.keys().filter(|name| !name.starts_with('%') && !["@sofa", "begin", "end"].contains(&name.as_str()));
            match type_of(one) {
                key::SOFA | key::DOCUMENT | "uima.tcas.DocumentAnnotation" => false,
                key::ENTITY => fields.clone().any(|name| name != "value"),
                key::TOKEN | key::SENTENCE => fields.clone().next().is_some(),
                _ => true,
            }
        });
        Self { read: read.into_iter().map(|(name, _)| name.to_owned()).collect(), others, has_more }
    }

    fn report(&self, reading: &mut Reading<'_>) {
        let own: Vec<String> = self.read.iter().filter(|name| *name != key::ENTITY).map(|name| quoted(name)).collect();
        if !own.is_empty() {
            reading.problems.push(Problem::note(format!("spans are those of {}", own.join(", "))));
        }
        if !self.others.is_empty() {
            let list: Vec<String> =
                self.others.iter().map(|(name, count)| format!("{} ({count})", quoted(short(name)))).collect();
            let message = format!("layers that are kept for an export, not read: {}", list.join(", "));
            reading.problems.push(Problem::note(message));
        }
    }
}

/// Names of the layers that are read as spans.
pub(super) fn layers_read(structures: &[Structure]) -> BTreeSet<String> {
    Layers::of(structures).read
}

/// Name of a layer without its package.
fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Label of a span: its value, or else the first text that it has; `None` without one.
pub(super) fn label_of(structure: &Structure) -> Option<&str> {
    let fields = structure.keys().map(String::as_str);
    let fields = fields.filter(|name| !name.starts_with(['%', '@', '#', '^']) && *name != "identifier");
    ["value", "label"].into_iter().chain(fields).find_map(|name| filled(structure, name))
}

/// Text of a field, if it has one that is not empty.
fn filled<'s>(structure: &'s Structure, name: &str) -> Option<&'s str> {
    structure.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Offset in a field.
fn offset(structure: &Structure, name: &str) -> Option<usize> {
    structure.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok())
}

/// Label that a span without one gets.
pub(super) fn layer_label(structure: &Structure) -> &str {
    short(type_of(structure))
}

struct Reader<'r, 'b> {
    reading: &'r mut Reading<'b>,
    layers: &'r Layers,
    unlabelled: usize,
    has_more: bool,
}

impl Reader<'_, '_> {
    fn document(&mut self, sofa: &Structure, structures: &[Structure], views: usize) -> Found {
        let text = sofa.get(key::TEXT).and_then(Value::as_str).unwrap_or_default();
        let id = sofa.get(key::ID).and_then(Value::as_u64);
        let map = OffsetMap::new(text);
        // A structure without a text belongs to the only one.
        let mine = structures.iter().filter(|one| match one.get("@sofa").and_then(Value::as_u64) {
            Some(sofa) => Some(sofa) == id,
            None => views == 1,
        });
        let described = mine.clone().filter(|one| type_of(one) == key::DOCUMENT);
        let named =
            described.flat_map(|one| ["documentId", "documentTitle"].map(|name| one.get(name).and_then(Value::as_str)));
        let name = named.flatten().find(|name| !name.is_empty()).map(str::to_owned);
        let mut document_id = name.unwrap_or_else(|| self.reading.next_id());
        if views > 1 {
            document_id = format!("{document_id}-{}", sofa.get("sofaID").and_then(Value::as_str).unwrap_or_default());
        }
        let mut spans = Vec::new();
        let mut words = Vec::new();
        for structure in mine.filter(|one| is_span(one)) {
            let name = type_of(structure);
            let is_read = self.layers.read.contains(name);
            if !is_read && name != key::TOKEN {
                continue;
            }
            match range(structure, &map) {
                Ok(range) if is_read => spans.push((range, self.label(structure))),
                Ok(range) => words.push(range),
                Err(why) => {
                    let what = quoted(label_of(structure).unwrap_or(short(name)));
                    let message = format!("document {}: a span of {what} {why}: left out", quoted(&document_id));
                    self.reading.problems.push(Problem::warning(message));
                }
            }
        }
        let mut document = Document::new(document_id, text, self.reading.options.grid);
        if let Some(words) = disjoint(text, words) {
            document = document.with_words(words);
        }
        document.split = self.reading.options.split;
        let status = if spans.is_empty() { Status::Todo } else { Status::Done };
        Found { document, spans, status }
    }

    fn label(&mut self, structure: &Structure) -> NameIndex {
        let label = label_of(structure);
        self.unlabelled += usize::from(label.is_none());
        self.reading.label(label.unwrap_or_else(|| layer_label(structure)))
    }
}

/// Bytes of a span.
pub(super) fn range(structure: &Structure, map: &OffsetMap) -> Result<TextRange, String> {
    let offsets = offset(structure, "begin").zip(offset(structure, "end"));
    let (start, end) = offsets.ok_or("has no offsets")?;
    let range = map.from_utf16(Utf16Range { start, end }).map_err(|error| format!("has wrong offsets ({error})"))?;
    if range.is_empty() { Err("is empty".to_owned()) } else { Ok(range) }
}

/// Words in the order of the text without white space at their ends; `None` if they overlap or there are none.
fn disjoint(text: &str, mut words: Vec<TextRange>) -> Option<Vec<TextRange>> {
    for word in &mut words {
        let own = word.of(text);
        word.start += own.len() - own.trim_start().len();
        word.end = word.start + own.trim().len();
    }
    words.retain(|word| !word.is_empty());
    words.sort_unstable();
    let is_disjoint = words.windows(2).all(|pair| matches!(pair, [before, after] if before.end <= after.start));
    (is_disjoint && !words.is_empty()).then_some(words)
}
