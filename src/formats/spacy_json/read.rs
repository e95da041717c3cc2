//! Reader of spaCy's JSON.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::kind::{Kind, kind_of};
use crate::{
    formats::{
        Problem,
        drafts::{Draft, DraftReader, RawSpan, read_spans, span_of_list, span_of_object, take_id},
        offsets::Unit,
        problem::{Problems, quoted, with_noun},
    },
    spans::{
        Status, WordSpan,
        scheme::{Tag, decode_tags},
    },
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
}

impl DraftReader for Examples {
    const KIND: &'static str = "spaCy examples";
    const UNITS: &'static [Unit] = &[Unit::CodePoints];

    fn drafts(&mut self, value: Value) -> Result<Vec<Draft>, Problem> {
        match (kind_of(&value), value) {
            (Some(Kind::Example), Value::Array(list)) => Ok(vec![self.example(list)?]),
            (Some(Kind::Doc), Value::Object(doc)) => Ok(vec![self.doc(doc)?]),
            (Some(Kind::Paragraphs), Value::Object(mut data)) => {
                let id = take_id(&data, "id");
                let Some(Value::Array(paragraphs)) = data.shift_remove("paragraphs") else { return Ok(Vec::new()) };
                let only = paragraphs.len() == 1;
                let drafts = paragraphs.into_iter().enumerate().map(|(at, paragraph)| {
                    let mut draft = self.paragraph(&paragraph)?;
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
    }
}

impl Examples {
    fn example(&mut self, list: Vec<Value>) -> Result<Draft, Problem> {
        let mut list = list.into_iter();
        let (Some(Value::String(text)), Some(Value::Object(notes))) = (list.next(), list.next()) else {
            return Err(Problem::error("an example is not a text and an object with `entities`"));
        };
        let mut draft = Draft { text, status: Status::Todo, ..Draft::default() };
        let none = Vec::new();
        let entities = notes.get("entities").and_then(Value::as_array);
        let list = entities.unwrap_or(&none);
        if list.first().is_some_and(Value::is_string) {
            self.tagged(&mut draft, &notes, list)?;
        } else {
            draft.spans = read_spans(list, &mut draft.faults, entity);
        }
        self.add_groups(&mut draft, &notes);
        if entities.is_some() || !draft.spans.is_empty() {
            draft.status = Status::Done;
        }
        draft.meta.extend(notes.get("cats").map(|cats| ("cats".to_owned(), cats.clone())));
        Ok(draft)
    }

    /// Reads entities that are one tag for each word.
    fn tagged(&mut self, draft: &mut Draft, notes: &Map<String, Value>, tags: &[Value]) -> Result<(), Problem> {
        let words = notes.get("words").or_else(|| notes.get("tokens")).and_then(Value::as_array);
        let words: Option<Vec<&str>> = words.map_or_else(
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
        draft.words = Some(places);
        Ok(())
    }

    /// Adds the spans of tags, of which there is one for each word.
    fn take_tags<'t>(&mut self, draft: &mut Draft, tags: impl Iterator<Item = &'t str> + Clone, words: &[[usize; 2]]) {
        // A hyphen stands for a tag that nobody gave.
        let is_partial = tags.clone().any(|tag| matches!(tag, "-" | ""));
        self.partial += usize::from(is_partial);
        draft.status = if is_partial { Status::Partial } else { Status::Done };
        let tags = tags.map(|tag| if tag == "-" { Tag::Outside } else { Tag::read(tag) });
        for WordSpan { start, end, label } in decode_tags(tags) {
            let ends = words.get(start).zip(end.checked_sub(1).and_then(|last| words.get(last)));
            if let Some(([start, _], [_, end])) = ends {
                draft.spans.push(RawSpan { start: *start, end: *end, label, text: None });
            }
        }
    }

    /// Adds the spans of the groups in `spans`, which may overlap.
    fn add_groups(&mut self, draft: &mut Draft, notes: &Map<String, Value>) {
        let groups = notes.get("spans").and_then(Value::as_object);
        let mut known: HashSet<RawSpan> = draft.spans.iter().cloned().collect();
        for list in groups.into_iter().flat_map(Map::values).filter_map(Value::as_array) {
            let spans = read_spans(list, &mut draft.faults, entity);
            draft.spans.extend(spans.into_iter().filter(|span| known.insert(span.clone())));
        }
    }

    fn doc(&mut self, mut doc: Map<String, Value>) -> Result<Draft, Problem> {
        let Some(Value::String(text)) = doc.shift_remove("text") else {
            return Err(Problem::error("`text` is missing or not a string"));
        };
        let mut draft = Draft { text, status: Status::Todo, ..Draft::default() };
        let entities = doc.get("ents").and_then(Value::as_array);
        draft.spans = read_spans(entities.map(Vec::as_slice).unwrap_or_default(), &mut draft.faults, entity);
        self.add_groups(&mut draft, &doc);
        if entities.is_some() || !draft.spans.is_empty() {
            draft.status = Status::Done;
        }
        let tokens = doc.get("tokens").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let places = tokens.iter().map(|token| {
            let [start, end] = ["start", "end"].map(|key| usize::try_from(token.get(key)?.as_u64()?).ok());
            Some([start?, end?])
        });
        if let Some(places) = places.collect::<Option<Vec<_>>>().filter(|places| !places.is_empty()) {
            self.check_alignment(&draft, &places);
            let chars: Vec<char> = draft.text.chars().collect();
            let words = places.into_iter().filter(|[start, end]| {
                chars.get(*start..*end).is_none_or(|word| word.iter().any(|c| !c.is_whitespace()))
            });
            draft.words = Some(words.collect());
        }
        draft.meta.extend(
            doc.shift_remove("cats")
                .filter(|cats| *cats != Value::Object(Map::new()))
                .map(|cats| ("cats".to_owned(), cats)),
        );
        Ok(draft)
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
        let cats = paragraph.get("cats").filter(|cats| cats.as_array().is_none_or(|cats| !cats.is_empty()));
        draft.meta.extend(cats.map(|cats| ("cats".to_owned(), cats.clone())));
        let written = places.into_iter().zip(&words).filter(|(_, word)| !word.trim().is_empty());
        draft.words = Some(written.map(|(place, _)| place).collect());
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

/// Places of words in a text, in code points, if all follow one another there.
fn find_words<'w>(text: &str, words: impl Iterator<Item = &'w str>) -> Option<Vec<[usize; 2]>> {
    let mut rest = text;
    let mut at = 0;
    let mut places = Vec::new();
    for word in words {
        let before = rest.find(word)?;
        let (gap, tail) = rest.split_at_checked(before)?;
        // A word must not be found behind a part of the text that no word has.
        if gap.chars().any(|c| !c.is_whitespace()) {
            return None;
        }
        at += gap.chars().count();
        let end = at + word.chars().count();
        places.push([at, end]);
        at = end;
        rest = tail.get(word.len()..)?;
    }
    Some(places)
}

/// Words joined by blanks, and their places in code points.
fn joined(words: &[&str]) -> (String, Vec<[usize; 2]>) {
    let mut at = 0;
    let places = words.iter().map(|word| {
        let start = at;
        at += word.chars().count() + 1;
        [start, at - 1]
    });
    let places = places.collect();
    (words.join(" "), places)
}
