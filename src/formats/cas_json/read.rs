//! Reader of a CAS in JSON.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::key;
use crate::{
    formats::{
        Problem,
        drafts::{status_without_all, trimmed_words},
        json_items::{JsonItems, JsonNotes},
        problem::{first_names, quoted, with_noun},
        sink::{Found, NameIndex, Reading},
        source::{Source, Unreadable},
    },
    spans::{Document, Status},
    text::{OffsetMap, TextRange, Utf16Range},
};

type Structure = Map<String, Value>;

/// Reads one file: a document for each text in it.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let mut notes = JsonNotes::default();
    let mut items = JsonItems::of(source)?;
    let Some(item) = items.next_item()? else { return Ok(Vec::new()) };
    let mut tree = match item.object(&mut notes) {
        Ok(tree) => tree,
        Err(problem) => {
            reading.problems.push(problem);
            return Ok(Vec::new());
        }
    };
    notes.report(&mut reading.problems);
    if let Some(more) = items.next_item()? {
        let message = "there is more than one document in the file: only the first is read";
        reading.problems.push(Problem::error(message).at(more.line));
    }
    let Some(structures) = structures(&mut tree) else {
        let message = format!("{} is missing or neither a list nor an object", quoted(key::STRUCTURES));
        reading.problems.push(Problem::error(message).hint("UIMA CAS JSON 0.4 is read, as INCEpTION exports it"));
        return Ok(Vec::new());
    };
    let layers = Layers::of(structures.iter());
    let views: Vec<&Structure> = structures
        .iter()
        .filter(|one| type_of(one) == key::SOFA && one.get(key::TEXT).is_some_and(Value::is_string))
        .collect();
    let ViewGroups { mut by_view, lost } = ViewGroups::of(&structures, &views);
    let lost = lost.into_iter().filter(|one| layers.are_read(one)).count();
    if lost > 0 {
        let message = format!("{} of no text of the file: left out", with_noun(lost, "span"));
        let hint = "`@sofa` is the id of a structure with a text";
        reading.problems.push(Problem::warning(message).hint(hint));
    }
    // Structures of several texts may refer to one another: they cannot be kept with one of them.
    let is_kept = views.len() == 1 && layers.has_more;
    let has_text = !views.is_empty();
    let mut only = None;
    for sofa in &views {
        let mut reader = ViewReader { reading, layers: &layers, unlabelled: 0, is_file_whole: lost == 0 };
        // Of several views with one id, the first has the structures.
        let mine = by_view.remove(&id_of(sofa)).unwrap_or_default();
        let found = reader.document(sofa, &mine, views.len());
        reader.report_unlabelled(&found);
        if is_kept {
            only = Some(found);
        } else {
            reading.push(found)?;
        }
    }
    if let Some(mut found) = only {
        // The tree is moved, not copied: it takes many times the memory of the file.
        tree.insert(key::STRUCTURES.to_owned(), structures.into_iter().map(Value::Object).collect());
        let kept = Map::from_iter([("cas".to_owned(), Value::Object(tree))]);
        found.document.foreign = Some(Box::new(Value::Object(kept)));
        reading.push(found)?;
    }
    layers.report(is_kept, reading);
    if !has_text {
        reading.problems.push(Problem::note("there is no text in the file"));
    }
    Ok(vec!["CAS JSON".to_owned(), with_noun(reading.documents(), "text"), reading.spans_text()])
}

fn id_of(structure: &Structure) -> Option<u64> {
    structure.get(key::ID).and_then(Value::as_u64)
}

/// Structures of a file by the text to which they belong.
struct ViewGroups<'s> {
    /// Those of each view, by its id. A structure that names no view belongs to the only one.
    by_view: HashMap<Option<u64>, Vec<&'s Structure>>,
    /// Those that belong to no view with a text.
    lost: Vec<&'s Structure>,
}

impl<'s> ViewGroups<'s> {
    fn of(structures: &'s [Structure], views: &[&Structure]) -> Self {
        let mut by_view: HashMap<Option<u64>, Vec<&Structure>> =
            views.iter().map(|&view| (id_of(view), Vec::new())).collect();
        let mut lost = Vec::new();
        for one in structures {
            let named = one.get("@sofa").filter(|view| !view.is_null());
            let group = match (named, views) {
                (Some(named), _) => named.as_u64().and_then(|id| by_view.get_mut(&Some(id))),
                (None, [only]) => by_view.get_mut(&id_of(only)),
                (None, _) => None,
            };
            group.unwrap_or(&mut lost).push(one);
        }
        Self { by_view, lost }
    }
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

/// Whether a structure covers a part of a text, or should: its offsets may be wrong, or one of them missing.
fn is_span(structure: &Structure) -> bool {
    ["begin", "end"].iter().any(|key| structure.get(*key).is_some_and(|offset| !offset.is_null()))
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
    fn of<'s>(mut structures: impl Iterator<Item = &'s Structure> + Clone) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for structure in structures.clone().filter(|one| is_span(one)) {
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
        let has_more = structures.any(|one| {
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

    /// Whether a structure is a span of a layer that is read.
    fn are_read(&self, structure: &Structure) -> bool {
        is_span(structure) && self.read.contains(type_of(structure))
    }

    /// Reports the layers that are read, and those that are not. `is_kept` says whether these can be written again.
    fn report(&self, is_kept: bool, reading: &mut Reading<'_>) {
        let own = first_names(self.read.iter().filter(|name| *name != key::ENTITY).map(|name| quoted(name)));
        if !own.is_empty() {
            reading.problems.push(Problem::note(format!("spans are those of {own}")));
        }
        let list = first_names(self.others.iter().map(|(name, count)| format!("{} ({count})", quoted(short(name)))));
        match (is_kept, list.as_str()) {
            (true, "") => {}
            (true, list) => {
                let message = format!("layers that are kept for an export, not read: {list}");
                reading.problems.push(Problem::note(message));
            }
            (false, _) if !self.has_more => {}
            (false, "") => {
                let message = "further fields and structures are not kept, as the file has several texts";
                reading.problems.push(Problem::warning(message));
            }
            (false, list) => {
                let message = format!("layers that are neither read nor kept, as the file has several texts: {list}");
                reading.problems.push(Problem::warning(message));
            }
        }
    }
}

/// Names of the layers that are read as spans.
pub(super) fn layers_read<'s>(structures: impl Iterator<Item = &'s Structure> + Clone) -> BTreeSet<String> {
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

struct ViewReader<'r, 'b> {
    reading: &'r mut Reading<'b>,
    layers: &'r Layers,
    unlabelled: usize,
    /// Whether each span of the file belongs to a text.
    is_file_whole: bool,
}

impl ViewReader<'_, '_> {
    /// Reads the document of a view with its structures.
    fn document(&mut self, sofa: &Structure, structures: &[&Structure], views: usize) -> Found {
        let text = sofa.get(key::TEXT).and_then(Value::as_str).unwrap_or_default();
        let map = OffsetMap::new(text);
        let described = structures.iter().filter(|one| type_of(one) == key::DOCUMENT);
        let named =
            described.flat_map(|one| ["documentId", "documentTitle"].map(|name| one.get(name).and_then(Value::as_str)));
        let name = named.flatten().find(|name| !name.is_empty()).map(str::to_owned);
        let mut document_id = name.unwrap_or_else(|| self.reading.next_id());
        if views > 1 {
            document_id = format!("{document_id}-{}", sofa.get("sofaID").and_then(Value::as_str).unwrap_or_default());
        }
        let mut spans = Vec::new();
        let mut words = Vec::new();
        let mut is_whole = self.is_file_whole;
        for structure in structures.iter().filter(|one| is_span(one)) {
            let name = type_of(structure);
            let is_read = self.layers.read.contains(name);
            if !is_read && name != key::TOKEN {
                continue;
            }
            match range(structure, &map) {
                Ok(range) if is_read => spans.push((range, self.label(structure))),
                Ok(range) => words.push(range),
                Err(why) => {
                    is_whole &= !is_read;
                    let what = quoted(label_of(structure).unwrap_or(short(name)));
                    let message = format!("document {}: a span of {what} {why}: left out", quoted(&document_id));
                    self.reading.problems.push(Problem::warning(message));
                }
            }
        }
        let words = self.words(&document_id, text, words);
        let mut document = Document::new(document_id, text, self.reading.options.grid);
        if let Some(words) = words {
            document = document.with_words(words);
        }
        document.split = self.reading.options.split;
        let status = if spans.is_empty() { Status::Todo } else { Status::Done };
        Found { document, spans, status: status_without_all(status, is_whole) }
    }

    fn report_unlabelled(self, found: &Found) {
        if self.unlabelled > 0 {
            let spans = with_noun(self.unlabelled, "span");
            let message =
                format!("document {}: {spans} without a value: the label is the layer", quoted(&found.document.id));
            self.reading.problems.push(Problem::warning(message));
        }
    }

    /// Words in the order of the text; `None` if there are none, or if they overlap, which is reported.
    fn words(&mut self, id: &str, text: &str, words: Vec<TextRange>) -> Option<Vec<TextRange>> {
        let mut words = trimmed_words(text, words);
        words.sort_unstable();
        if words.windows(2).all(|pair| matches!(pair, [before, after] if before.end <= after.start)) {
            return (!words.is_empty()).then_some(words);
        }
        let message = format!("document {}: its words overlap: they are not read", quoted(id));
        self.reading.problems.push(Problem::warning(message));
        None
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
    let (start, end) = offsets.ok_or_else(|| unusable_offsets(structure))?;
    let range = map.from_utf16(Utf16Range { start, end }).map_err(|error| format!("has wrong offsets ({error})"))?;
    if range.is_empty() { Err("is empty".to_owned()) } else { Ok(range) }
}

/// Says why a span has no offsets that can be used.
fn unusable_offsets(structure: &Structure) -> String {
    let given = ["begin", "end"].map(|name| structure.get(name).map_or("nothing".to_owned(), Value::to_string));
    format!("has offsets that are no whole numbers from 0 on ({})", quoted(&given.join(", ")))
}
