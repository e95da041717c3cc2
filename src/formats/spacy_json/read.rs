//! Reader of spaCy's JSON.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::kind::{Kind, kind_of};
use crate::{
    formats::{
        Problem,
        drafts::{
            Draft, DraftReader, DraftWords, RawSpan, find_words, read_spans, span_of_list, span_of_object, take_id,
        },
        offsets::Unit,
        problem::{Problems, quoted, with_noun},
    },
    spans::{
        Status, WordSpan,
        scheme::{Tag, decode_tags},
    },
    text::{CharRange, OffsetMap, TextRange},
};

/// Reader of examples, with counts of what is reported once.
#[derive(Default)]
pub(in crate::formats) struct Examples {
    /// Spans that begin or end inside a token of the file.
    misaligned: usize,
    /// The first of them, quoted.
    first: Option<String>,
    /// Documents with tokens whose tags are missing.
    partial: usize,
    /// Texts that were joined from tokens.
    joined: usize,
    /// Documents whose tokens have attributes.
    attributes: usize,
    /// The first of these attributes.
    first_attribute: Option<String>,
}

/// Keys of a token that say where it is, and its tag.
const PLACE_OF_TOKEN: [&str; 5] = ["id", "start", "end", "orth", "ner"];

impl DraftReader for Examples {
    const KIND: &'static str = "spaCy examples";
    const UNITS: &'static [Unit] = &[Unit::CodePoints];

    fn drafts(&mut self, value: Value) -> Result<Vec<Draft>, Problem> {
        match (kind_of(&value), value) {
            (Some(Kind::Example), Value::Array(list)) => Ok(vec![self.example(list)?]),
            (Some(Kind::Doc), Value::Object(doc)) => Ok(vec![self.doc(doc)?]),
            (Some(Kind::Paragraphs), Value::Object(mut data)) => {
                let id = take_id(&mut data, "id");
                let Some(Value::Array(paragraphs)) = data.shift_remove("paragraphs") else { return Ok(Vec::new()) };
                let only = paragraphs.len() == 1;
                let drafts = paragraphs.into_iter().enumerate().map(|(at, paragraph)| {
                    let mut draft = self.paragraph(&paragraph)?;
                    draft.meta.extend(data.iter().map(|(key, value)| (key.clone(), value.clone())));
                    draft.id = id.as_ref().map(|id| if only { id.clone() } else { format!("{id}.{}", at + 1) });
                    Ok(draft)
                });
                drafts.collect()
            }
            (Some(Kind::Wrapped), Value::Object(mut data)) => {
                let Some(Value::Array(list)) = data.shift_remove("annotations") else { return Ok(Vec::new()) };
                let examples = list.into_iter().filter_map(|value| match value {
                    Value::Array(list) => Some(self.example(list)),
                    _ => None,
                });
                examples.collect()
            }
            (_, value) => Err(Problem::error(format!("not an example of spaCy: {}", quoted(&value.to_string())))
                .hint("an example is [\"text\", {\"entities\": [[0, 5, \"Dish\"]]}]")),
        }
    }

    fn report(self, problems: &mut Problems) {
        if let Some(first) = self.first {
            let spans = with_noun(self.misaligned, "span");
            let message =
                format!("{spans} inside tokens of the file, such as {first}: spaCy would not train on them (W030)");
            problems.push(Problem::warning(message));
        }
        if self.partial > 0 {
            let documents = with_noun(self.partial, "document");
            problems.push(Problem::note(format!("{documents} in which the tag of a token is missing: partial")));
        }
        if self.joined > 0 {
            let texts = with_noun(self.joined, "text");
            problems.push(Problem::note(format!("{texts} not in the file: the tokens are joined by blanks")));
        }
        if let Some(first) = self.first_attribute {
            let documents = with_noun(self.attributes, "document");
            let message = format!("{documents} with attributes of tokens, such as {}: not kept", quoted(&first));
            problems.push(Problem::note(message));
        }
    }
}

impl Examples {
    fn example(&mut self, list: Vec<Value>) -> Result<Draft, Problem> {
        let mut list = list.into_iter();
        let (Some(Value::String(text)), Some(Value::Object(mut notes))) = (list.next(), list.next()) else {
            return Err(Problem::error("an example is not a text and an object with `entities`"));
        };
        let mut draft = Draft { text, status: Status::Todo, ..Draft::default() };
        let entities = take_list(&mut notes, "entities");
        let list = entities.as_deref().unwrap_or_default();
        let is_tagged = list.first().is_some_and(Value::is_string);
        if is_tagged {
            self.tagged(&mut draft, &mut notes, list)?;
        } else {
            draft.spans = read_spans(list, &mut draft.faults, entity);
        }
        add_groups(&mut draft, &mut notes);
        if !is_tagged && (entities.is_some() || !draft.spans.is_empty()) {
            draft.status = Status::Done;
        }
        draft.meta = without_empty_cats(notes).into();
        Ok(draft)
    }

    /// Reads entities that are one tag for each word.
    fn tagged(&mut self, draft: &mut Draft, notes: &mut Map<String, Value>, tags: &[Value]) -> Result<(), Problem> {
        let words = take_list(notes, "words").or_else(|| take_list(notes, "tokens"));
        let words: Option<Vec<&str>> = words.as_ref().map_or_else(
            || Some(draft.text.split_whitespace().collect()),
            |words| words.iter().map(Value::as_str).collect(),
        );
        let places = words.as_ref().and_then(|words| find_words(&draft.text, words.iter().copied()));
        let (Some(words), Some(places)) = (words, places) else {
            return Err(Problem::error("the words of an example are not in its text"));
        };
        if words.len() != tags.len() {
            let [words, tags] = [with_noun(words.len(), "word"), with_noun(tags.len(), "tag")];
            return Err(Problem::error(format!("{words} and {tags} in `entities`")));
        }
        let tags = tags.iter().map(|tag| tag.as_str().unwrap_or_default());
        self.take_tags(draft, tags, &places);
        draft.words = Some(DraftWords::Found(places));
        Ok(())
    }

    /// Adds the spans of tags, of which there is one for each word.
    fn take_tags<'t>(&mut self, draft: &mut Draft, tags: impl Iterator<Item = &'t str> + Clone, words: &[TextRange]) {
        // A hyphen stands for a tag that nobody gave.
        let is_partial = tags.clone().any(|tag| matches!(tag, "-" | ""));
        self.partial += usize::from(is_partial);
        draft.status = if is_partial { Status::Partial } else { Status::Done };
        let tags = tags.map(|tag| if tag == "-" { Tag::Outside } else { Tag::read(tag) });
        let map = OffsetMap::new(&draft.text);
        for WordSpan { start, end, label } in decode_tags(tags) {
            let own = words.get(start..end).and_then(|words| Some(words.first()?.join(*words.last()?)));
            if let Some(CharRange { start, end }) = own.map(|range| map.to_chars(range)) {
                draft.spans.push(RawSpan { start, end, label, text: None });
            }
        }
    }

    fn doc(&mut self, mut doc: Map<String, Value>) -> Result<Draft, Problem> {
        let Some(Value::String(text)) = doc.shift_remove("text") else {
            return Err(Problem::error("`text` is missing or not a string"));
        };
        let id = take_id(&mut doc, "id");
        let mut draft = Draft { id, text, status: Status::Todo, ..Draft::default() };
        let entities = take_list(&mut doc, "ents");
        draft.spans = read_spans(entities.as_deref().unwrap_or_default(), &mut draft.faults, entity);
        add_groups(&mut draft, &mut doc);
        if entities.is_some() || !draft.spans.is_empty() {
            draft.status = Status::Done;
        }
        let tokens = take_list(&mut doc, "tokens").unwrap_or_default();
        self.note_attributes(tokens.iter());
        let places = tokens.iter().map(|token| {
            let [start, end] = ["start", "end"].map(|key| usize::try_from(token.get(key)?.as_u64()?).ok());
            Some([start?, end?])
        });
        match places.collect::<Option<Vec<_>>>() {
            Some(places) if places.is_empty() => {}
            Some(places) => {
                self.check_alignment(&draft, &places);
                draft.words = Some(DraftWords::Stated(places));
            }
            None => draft.words = Some(DraftWords::Misplaced),
        }
        // Sentences follow from the words.
        doc.shift_remove("sents");
        draft.meta = without_empty_cats(doc).into();
        Ok(draft)
    }

    /// Counts a document whose tokens have more than their places and tags of entities.
    fn note_attributes<'v>(&mut self, tokens: impl Iterator<Item = &'v Value>) {
        let keys = tokens.filter_map(Value::as_object).flat_map(Map::keys);
        if let Some(key) = keys.into_iter().find(|key| !PLACE_OF_TOKEN.contains(&key.as_str())) {
            self.attributes += 1;
            self.first_attribute.get_or_insert_with(|| key.clone());
        }
    }

    fn check_alignment(&mut self, draft: &Draft, tokens: &[[usize; 2]]) {
        for span in &draft.spans {
            let starts = tokens.binary_search_by_key(&span.start, |[start, _]| *start).is_ok();
            let ends = tokens.binary_search_by_key(&span.end, |[_, end]| *end).is_ok();
            if !starts || !ends {
                self.misaligned += 1;
                self.first.get_or_insert_with(|| {
                    let chars = draft.text.chars().skip(span.start);
                    quoted(&chars.take(span.end.saturating_sub(span.start)).collect::<String>())
                });
            }
        }
    }

    fn paragraph(&mut self, paragraph: &Value) -> Result<Draft, Problem> {
        let sentences = paragraph.get("sentences").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let tokens = sentences.iter().filter_map(|sentence| sentence.get("tokens")?.as_array()).flatten();
        let words: Option<Vec<&str>> = tokens.clone().map(|token| token.get("orth")?.as_str()).collect();
        let words = words.ok_or_else(|| Problem::error("a token has no `orth`"))?;
        self.note_attributes(tokens.clone());
        let raw = paragraph.get("raw").and_then(Value::as_str);
        let found = raw.and_then(|raw| Some((raw.to_owned(), find_words(raw, words.iter().copied())?)));
        let (text, places) = found.unwrap_or_else(|| {
            self.joined += 1;
            joined(&words)
        });
        let mut draft = Draft { text, ..Draft::default() };
        let has_tags = tokens.clone().any(|token| token.get("ner").is_some());
        if has_tags {
            let tags = tokens.map(|token| token.get("ner").and_then(Value::as_str).unwrap_or("-"));
            self.take_tags(&mut draft, tags, &places);
        }
        if let Some(list) = paragraph.get("entities").and_then(Value::as_array).filter(|_| !has_tags) {
            draft.spans = read_spans(list, &mut draft.faults, entity);
            draft.status = Status::Done;
        }
        let fields = paragraph.as_object().into_iter().flatten().filter(|(key, value)| {
            let is_empty = value.as_array().is_some_and(Vec::is_empty);
            !is_empty && !["raw", "sentences", "entities"].contains(&key.as_str())
        });
        draft.meta.extend(fields.map(|(key, value)| (key.clone(), value.clone())));
        draft.words = Some(DraftWords::Found(places));
        Ok(draft)
    }
}

/// Reads an entity, a list or an object.
fn entity(value: &Value) -> Result<RawSpan, String> {
    match value {
        Value::Array(list) => span_of_list(list),
        _ => span_of_object(value, ["start", "end", "label"]),
    }
}

/// Takes a list out of an object.
fn take_list(object: &mut Map<String, Value>, key: &str) -> Option<Vec<Value>> {
    match object.get_mut(key)?.take() {
        Value::Array(list) => {
            object.shift_remove(key);
            Some(list)
        }
        other => {
            object.insert(key.to_owned(), other);
            None
        }
    }
}

/// Adds the spans of the groups in `spans`, which may overlap.
fn add_groups(draft: &mut Draft, notes: &mut Map<String, Value>) {
    if !notes.get("spans").is_some_and(Value::is_object) {
        return;
    }
    let groups = notes.shift_remove("spans").unwrap_or_default();
    let mut known: HashSet<RawSpan> = draft.spans.iter().cloned().collect();
    for list in groups.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_array) {
        let spans = read_spans(list, &mut draft.faults, entity);
        draft.spans.extend(spans.into_iter().filter(|span| known.insert(span.clone())));
    }
}

/// Further fields. Every document of spaCy has categories, most have none in them.
fn without_empty_cats(mut fields: Map<String, Value>) -> Map<String, Value> {
    if fields.get("cats").and_then(Value::as_object).is_some_and(Map::is_empty) {
        fields.shift_remove("cats");
    }
    fields
}

/// Words joined by blanks, and their bytes.
fn joined(words: &[&str]) -> (String, Vec<TextRange>) {
    let mut at = 0;
    let places = words.iter().map(|word| {
        let start = at;
        at += word.len() + 1;
        TextRange::new(start, at - 1)
    });
    let places = places.collect();
    (words.join(" "), places)
}
