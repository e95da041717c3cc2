//! Tokens of a task: the words of the document, as objects.

use serde_json::{Map, Value, json};

use crate::text::{CharRange, OffsetMap, TextRange};

/// Fields of a token in the order in which Prodigy writes them.
pub(super) const FIELDS: [&str; 5] = ["text", "start", "end", "id", "ws"];

/// Start and end of each token that has a text; `None` if one has no offsets.
pub(super) fn words(tokens: &[Value]) -> Option<Vec<[usize; 2]>> {
    let mut words = Vec::with_capacity(tokens.len());
    for token in tokens {
        let [start, end] = ["start", "end"].map(|key| usize::try_from(token.get(key)?.as_u64()?).ok());
        let is_blank = token.get("text").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty());
        if !is_blank {
            words.push([start?, end?]);
        }
    }
    Some(words)
}

/// Builds tokens with these fields from words.
pub(super) fn build(text: &str, words: &[TextRange], map: &OffsetMap, fields: &[&str]) -> Vec<Value> {
    let mut tokens = Vec::with_capacity(words.len());
    for (id, word) in words.iter().enumerate() {
        let CharRange { start, end } = map.to_chars(*word);
        let has_space = text.get(word.end..).is_some_and(|rest| rest.starts_with(' '));
        let mut token = Map::new();
        for field in fields {
            let value = match *field {
                "text" => json!(word.of(text)),
                "start" => json!(start),
                "end" => json!(end),
                "id" => json!(id),
                _ => json!(has_space),
            };
            token.insert((*field).to_owned(), value);
        }
        tokens.push(Value::Object(token));
    }
    tokens
}

/// The fields of tokens, in place of the tokens, if these follow from them and the words of the text.
pub(super) fn fields_of(text: &str, tokens: &[Value], words: &[[usize; 2]]) -> Option<Value> {
    let first = tokens.first()?.as_object()?;
    let fields: Vec<&str> =
        first.keys().map(|key| FIELDS.into_iter().find(|field| field == key)).collect::<Option<_>>()?;
    let map = OffsetMap::new(text);
    let ranges = words.iter().map(|[start, end]| map.from_chars(CharRange { start: *start, end: *end }).ok());
    // Words of a document have no white space at their ends.
    let ranges = ranges.map(|range| range.filter(|range| range.trimmed(text) == *range));
    let ranges: Vec<TextRange> = ranges.collect::<Option<_>>()?;
    let built = build(text, &ranges, &map, &fields);
    let is_same = built.len() == tokens.len()
        && built.iter().zip(tokens).all(|(one, two)| {
            let keys = [one, two].map(|token| token.as_object().map(|token| token.keys().collect::<Vec<_>>()));
            one == two && keys.first() == keys.last()
        });
    is_same.then(|| json!(fields))
}

/// The fields that [`fields_of`] kept in place of tokens.
pub(super) fn kept_fields(tokens: Option<&Value>) -> Option<Vec<&'static str>> {
    let kept = tokens?.as_array()?.iter();
    let fields: Option<Vec<_>> =
        kept.map(|name| FIELDS.into_iter().find(|field| name.as_str() == Some(*field))).collect();
    fields.filter(|fields| !fields.is_empty())
}
