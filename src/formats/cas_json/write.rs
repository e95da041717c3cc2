//! Writer of documents as CAS in JSON.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    key,
    read::{label_of, layer_label, layers_read, range, type_of},
};
use crate::{
    formats::{
        WriteOptions,
        container::pack::Pack,
        dangling::find_dangling,
        held_spans::{NamedSpan, UnmatchedSpans, named_spans},
        problem::{quoted, with_noun},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet},
    text::{OffsetMap, TextRange, Utf16Range},
};

/// Makes a writer: one document is written as a file, several as an archive of files.
pub(super) fn write<'a>(labels: &'a LabelSet, _: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(CasWriter { labels, pack: Pack::new(&[]), first: None, count: 0 })
}

struct CasWriter<'a> {
    labels: &'a LabelSet,
    pack: Pack,
    /// Id and bytes of the first document, while it is the only one.
    first: Option<(String, Vec<u8>)>,
    count: usize,
}

impl Writer for CasWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let wanted = named_spans(document, annotation, self.labels, &mut out.losses);
        let tree = match kept(document) {
            Some(tree) => changed(tree, document, &wanted, out),
            None => fresh(document, &wanted),
        };
        out.count(wanted.len(), 0);
        let mut bytes = serde_json::to_vec_pretty(&tree).unwrap_or_default();
        bytes.push(b'\n');
        self.count += 1;
        if self.count == 1 {
            self.first = Some((document.id.clone(), bytes));
            return;
        }
        if let Some((id, bytes)) = self.first.take() {
            self.add(&id, &bytes, out);
        }
        self.add(&document.id, &bytes, out);
    }

    fn finish(&mut self, out: &mut Output) {
        match (self.first.take(), self.count) {
            (Some((_, bytes)), _) => out.bytes.extend(bytes),
            (None, 0) => {
                let empty = json!({key::TYPES: {}, key::STRUCTURES: [], key::VIEWS: {}});
                out.push(&format!("{empty}\n"));
            }
            (None, _) => self.pack.finish(out),
        }
    }
}

impl CasWriter<'_> {
    fn add(&mut self, id: &str, bytes: &[u8], out: &mut Output) {
        let name = self.pack.name(id, &[".json"]);
        self.pack.add(&format!("{name}.json"), bytes, out);
    }
}

/// The file from which a document was read, if it still has its text.
fn kept(document: &Document) -> Option<Map<String, Value>> {
    let tree = document.foreign.as_deref()?.get("cas")?.as_object()?;
    let structures = tree.get(key::STRUCTURES)?.as_array()?;
    let mut texts = structures.iter().filter_map(|one| one.get(key::TEXT)?.as_str());
    texts.any(|text| text == &*document.text).then(|| tree.clone())
}

/// A new file: the text, its words and sentences, and the spans.
fn fresh(document: &Document, wanted: &[NamedSpan<'_>]) -> Map<String, Value> {
    let text = &*document.text;
    let map = OffsetMap::new(text);
    let mut structures = vec![json!({
        key::ID: 1, key::TYPE: key::SOFA, "sofaNum": 1, "sofaID": "_InitialView", "mimeType": "text/plain", "sofaString": text,
    })];
    let Utf16Range { end, .. } = map.to_utf16(TextRange::new(0, text.len()));
    structures.push(json!({
        key::ID: 2, key::TYPE: key::DOCUMENT, "%FLAGS": ["DocumentAnnotation"], "@sofa": 1, "begin": 0, "end": end,
        "language": "x-unspecified", "documentTitle": document.id, "documentId": document.id,
    }));
    let sentences = lines(text).map(|range| (key::SENTENCE, range));
    for (name, range) in sentences.chain(document.words.iter().map(|word| (key::TOKEN, *word))) {
        if !range.is_empty() {
            structures.push(span(structures.len() + 1, name, range, &map, None));
        }
    }
    for (range, label) in wanted {
        structures.push(span(structures.len() + 1, key::ENTITY, *range, &map, Some(label)));
    }
    let members: Vec<usize> = (2..=structures.len()).collect();
    let tree = json!({
        key::TYPES: types(),
        key::STRUCTURES: structures,
        key::VIEWS: {"_InitialView": {"%SOFA": 1, key::MEMBERS: members}},
    });
    match tree {
        Value::Object(tree) => tree,
        _ => Map::new(),
    }
}

/// Ranges of the lines of a text, without white space at their ends.
fn lines(text: &str) -> impl Iterator<Item = TextRange> {
    text.split_inclusive(['\n', '\r']).scan(0, move |start, line| {
        let from = *start;
        *start += line.len();
        Some(TextRange::new(from, *start).trimmed(text))
    })
}

fn span(id: usize, name: &str, range: TextRange, map: &OffsetMap, value: Option<&str>) -> Value {
    let Utf16Range { start, end } = map.to_utf16(range);
    match value {
        Some(value) => json!({key::ID: id, key::TYPE: name, "@sofa": 1, "begin": start, "end": end, "value": value}),
        None => json!({key::ID: id, key::TYPE: name, "@sofa": 1, "begin": start, "end": end}),
    }
}

/// Types of a new file beside those that UIMA has itself.
fn types() -> Value {
    let [title, id, value, identifier] = ["documentTitle", "documentId", "value", "identifier"]
        .map(|name| json!({"%NAME": name, "%RANGE": "uima.cas.String"}));
    json!({
        key::DOCUMENT: {
            "%NAME": key::DOCUMENT, "%SUPER_TYPE": "uima.tcas.DocumentAnnotation",
            "documentTitle": title, "documentId": id,
        },
        key::ENTITY: {
            "%NAME": key::ENTITY, "%SUPER_TYPE": "uima.tcas.Annotation",
            "value": value, "identifier": identifier,
        },
        key::SENTENCE: {"%NAME": key::SENTENCE, "%SUPER_TYPE": "uima.tcas.Annotation"},
        key::TOKEN: {"%NAME": key::TOKEN, "%SUPER_TYPE": "uima.tcas.Annotation"},
    })
}

/// The file from which the document was read, with the spans that are wanted now.
fn changed(
    mut tree: Map<String, Value>,
    document: &Document,
    wanted: &[NamedSpan<'_>],
    out: &mut Output,
) -> Map<String, Value> {
    let map = OffsetMap::new(&document.text);
    let mut structures = match tree.get_mut(key::STRUCTURES).map(Value::take) {
        Some(Value::Array(structures)) => structures,
        _ => Vec::new(),
    };
    let layers = layers_read(structures.iter().filter_map(Value::as_object));
    let mut unmatched = UnmatchedSpans::new(wanted.to_vec());
    let mut removed = remove_unwanted(&mut structures, &layers, &map, &mut unmatched);
    let dangling = remove_dangling(&mut structures, &mut removed);
    if dangling > 0 {
        let message = format!("{} that refer to removed spans left out", with_noun(dangling, "annotation"));
        out.losses.note(format!("document {}: {message}", quoted(&document.id)));
    }
    let sofa = structures.iter().find(|one| one.get(key::TEXT).and_then(Value::as_str) == Some(&*document.text));
    let sofa = sofa.and_then(|sofa| sofa.get(key::ID)).cloned().unwrap_or(json!(1));
    let layer = if layers.len() == 1 { layers.iter().next().map(String::as_str) } else { None };
    let layer = layer.unwrap_or(key::ENTITY);
    let feature = label_feature(&structures, layer);
    // Removed ids are not given again.
    let ids = structures.iter().filter_map(|one| one.get(key::ID)?.as_u64()).chain(removed.iter().copied());
    let mut last = ids.max().unwrap_or_default();
    let mut added = Vec::new();
    for (range, label) in unmatched.rest() {
        last = last.saturating_add(1);
        let mut object = placed(last, layer, &sofa, map.to_utf16(range));
        object.insert(feature.clone(), json!(label));
        structures.push(Value::Object(object));
        added.push(last);
    }
    if layer == key::ENTITY
        && let Some(known) = tree.get_mut(key::TYPES).and_then(Value::as_object_mut)
    {
        let mut all = types();
        let entity = all.get_mut(key::ENTITY).map(Value::take).unwrap_or_default();
        known.entry(key::ENTITY).or_insert(entity);
    }
    tree.insert(key::STRUCTURES.to_owned(), Value::Array(structures));
    change_members(&mut tree, &sofa, &removed, &added);
    tree
}

/// Removes the spans of a file that are not wanted. Returns their ids.
fn remove_unwanted(
    structures: &mut Vec<Value>,
    layers: &BTreeSet<String>,
    map: &OffsetMap,
    unmatched: &mut UnmatchedSpans<'_>,
) -> BTreeSet<u64> {
    let mut removed = BTreeSet::new();
    structures.retain(|structure| {
        let Value::Object(object) = structure else { return true };
        if !layers.contains(type_of(object)) {
            return true;
        }
        let label = label_of(object).unwrap_or_else(|| layer_label(object));
        let is_wanted = unmatched.take(range(object, map).ok(), label).is_some();
        if !is_wanted {
            removed.extend(object.get(key::ID).and_then(Value::as_u64));
        }
        is_wanted
    });
    removed
}

/// A span of a layer, without its label.
fn placed(id: u64, layer: &str, sofa: &Value, range: Utf16Range) -> Map<String, Value> {
    let Utf16Range { start, end } = range;
    let parts = [
        (key::ID, json!(id)),
        (key::TYPE, json!(layer)),
        ("@sofa", sofa.clone()),
        ("begin", json!(start)),
        ("end", json!(end)),
    ];
    parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Name of the feature with the label of a layer.
fn label_feature(structures: &[Value], layer: &str) -> String {
    let mut spans = structures.iter().filter_map(Value::as_object).filter(|object| type_of(object) == layer);
    let found = spans.find_map(|object| {
        let label = label_of(object)?;
        object
            .iter()
            .find(|(name, value)| !name.starts_with('%') && value.as_str() == Some(label))
            .map(|(name, _)| name.clone())
    });
    found.unwrap_or_else(|| "value".to_owned())
}

/// Removes structures that refer to removed ones, directly or through others, and the elements of lists. Returns how many
/// structures were removed.
fn remove_dangling(structures: &mut Vec<Value>, removed: &mut BTreeSet<u64>) -> usize {
    let items: Vec<(Option<u64>, Vec<Option<u64>>)> = structures
        .iter()
        .map(|structure| {
            let fields = structure.as_object().into_iter().flatten();
            let targets = fields.filter(|(name, _)| name.starts_with('@')).filter_map(|(_, id)| id.as_u64());
            (structure.get(key::ID).and_then(Value::as_u64), targets.map(Some).collect())
        })
        .collect();
    let dangling = find_dangling(&items, removed.iter().copied().map(Some));
    removed.extend(dangling.iter().filter_map(|at| items.get(*at)?.0));
    let mut at = 0..;
    structures.retain(|_| at.next().is_none_or(|at| !dangling.contains(&at)));
    for structure in structures.iter_mut() {
        let is_list = structure.get(key::TYPE).and_then(Value::as_str).is_some_and(|name| name.ends_with("FSArray"));
        if let Some(Value::Array(elements)) = structure.get_mut(key::ELEMENTS).filter(|_| is_list) {
            elements.retain(|id| id.as_u64().is_none_or(|id| !removed.contains(&id)));
        }
    }
    dangling.len()
}

/// Removes and adds members of the view of a text.
fn change_members(tree: &mut Map<String, Value>, sofa: &Value, removed: &BTreeSet<u64>, added: &[u64]) {
    let Some(views) = tree.get_mut(key::VIEWS).and_then(Value::as_object_mut) else { return };
    for view in views.values_mut() {
        let is_mine = view.get("%SOFA") == Some(sofa);
        if let Some(members) = view.get_mut(key::MEMBERS).and_then(Value::as_array_mut) {
            members.retain(|id| id.as_u64().is_none_or(|id| !removed.contains(&id)));
            if is_mine {
                members.extend(added.iter().map(|id| json!(id)));
            }
        }
    }
}
