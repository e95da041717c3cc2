//! Changes of lines of `documents.jsonl`. All other lines stay byte by byte.

use std::{borrow::Cow, collections::HashMap};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::documents::MARK;
use crate::formats::keep_digits;

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewLine {
    /// It stays byte by byte.
    Same,
    /// It gets the changed fields.
    Changed,
    /// It is taken out.
    Removed,
}

/// The id of a line, without the rest of it.
#[derive(Deserialize)]
struct LineId<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

/// Id of a line, also of a removed document; `None` if it has none.
fn id_of(line: &[u8]) -> Option<Cow<'_, str>> {
    serde_json::from_slice::<LineId<'_>>(line).ok().map(|line| line.id)
}

/// The byte order mark with which the file may begin, and the lines.
fn after_mark(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(if bytes.starts_with(MARK) { MARK.len() } else { 0 })
}

/// Ids of the documents in the bytes of the file, also of removed ones.
pub(super) fn ids(bytes: &[u8]) -> impl Iterator<Item = String> {
    let lines = after_mark(bytes).1.split(|byte| *byte == b'\n');
    lines.filter_map(|line| id_of(line).map(Cow::into_owned))
}

/// The bytes of the file after changes. `find` returns the change of a document by its id, if there is one; after `number`
/// changes no other line is looked at.
pub(super) fn rewrite_lines<C: FnOnce(&mut Map<String, Value>) -> NewLine>(
    bytes: &[u8],
    mut number: usize,
    mut find: impl FnMut(&str) -> Option<C>,
) -> serde_json::Result<Vec<u8>> {
    let (mark, mut rest) = after_mark(bytes);
    let mut changed = Vec::with_capacity(bytes.len());
    changed.extend_from_slice(mark);
    while number > 0 && !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (piece, after) = rest.split_at(end);
        rest = after;
        let line = piece.trim_ascii_end();
        let Some(change) = id_of(line).and_then(|id| find(&id)) else {
            changed.extend_from_slice(piece);
            continue;
        };
        number -= 1;
        let mut fields = serde_json::from_slice(&keep_digits(line))?;
        match change(&mut fields) {
            NewLine::Same => changed.extend_from_slice(piece),
            NewLine::Changed => {
                serde_json::to_writer(&mut changed, &fields)?;
                changed.extend_from_slice(piece.get(line.len()..).unwrap_or_default());
            }
            NewLine::Removed => {}
        }
    }
    changed.extend_from_slice(rest);
    Ok(changed)
}

/// Changes the fields of documents, given by their ids, in the bytes of the file.
/// `Err` if there is no document with one of the ids.
pub(super) fn change_lines<F: FnOnce(&mut Map<String, Value>)>(
    bytes: &[u8],
    mut changes: HashMap<&str, F>,
) -> serde_json::Result<Result<Vec<u8>, String>> {
    let changed = rewrite_lines(bytes, changes.len(), |id| {
        let change = changes.remove(id)?;
        Some(|fields: &mut Map<String, Value>| {
            change(fields);
            NewLine::Changed
        })
    })?;
    Ok(match changes.into_keys().min() {
        Some(missing) => Err(missing.to_owned()),
        None => Ok(changed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\u{feff}{\"id\":\"a\", \"text\":\"x\"}\r\n\n{\"id\":\"b\\u0031\",\"text\":\"y\"}\nno line\n{\"id\":\"c\",\"n\":1.50}";

    fn rewritten(number: usize, asked: &mut Vec<String>, becomes: &[(&str, NewLine)]) -> String {
        let bytes = rewrite_lines(FILE.as_bytes(), number, |id| {
            asked.push(id.to_owned());
            let new = becomes.iter().find(|(wanted, _)| *wanted == id)?.1;
            Some(move |fields: &mut Map<String, Value>| {
                fields.insert("new".to_owned(), true.into());
                new
            })
        });
        String::from_utf8(bytes.unwrap()).unwrap()
    }

    #[test]
    fn lines_change_or_go_and_all_others_stay_byte_by_byte() {
        let asked = &mut Vec::new();
        assert_eq!(rewritten(9, asked, &[("a", NewLine::Same), ("c", NewLine::Same)]), FILE);
        assert_eq!(asked.join(" "), "a b1 c");
        let changed = rewritten(2, asked, &[("a", NewLine::Changed), ("c", NewLine::Removed)]);
        let first = "\u{feff}{\"id\":\"a\",\"text\":\"x\",\"new\":true}\r\n";
        assert_eq!(changed, format!("{first}\n{{\"id\":\"b\\u0031\",\"text\":\"y\"}}\nno line\n"));
        // The mark stays also where the first line goes.
        assert!(rewritten(1, asked, &[("a", NewLine::Removed)]).starts_with("\u{feff}\n{\"id\":\"b"));
        assert_eq!(ids(FILE.as_bytes()).collect::<Vec<_>>(), ["a", "b1", "c"]);
    }

    #[test]
    fn no_line_is_looked_at_after_the_last_change() {
        let asked = &mut Vec::new();
        rewritten(1, asked, &[("a", NewLine::Changed)]);
        assert_eq!(asked.join(" "), "a");
    }

    #[test]
    fn a_missing_document_is_named() {
        let nothing = |_: &mut Map<String, Value>| {};
        let changed = change_lines(FILE.as_bytes(), HashMap::from([("b1", nothing), ("z", nothing)])).unwrap();
        assert_eq!(changed, Err("z".to_owned()));
    }
}
