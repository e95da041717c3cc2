//! Lines of a journal: JSON objects that end in their own checksum.
//! `FORMAT.md` describes the bytes.

use std::{borrow::Cow, collections::HashMap};

use serde::{Deserialize, Serialize};

use super::{
    documents::{Documents, is_merge_marker},
    file_names::shown,
};
use crate::{
    formats::parser_message,
    spans::{Action, ActionId, Edit, Entry, LabelId, Span, SpanId, SpanSource, Status, journal::JournalOp},
    text::{CharRange, OffsetMap, TextRange},
};

/// Length in bytes of `,"crc":"01234567"}` at the end of a line.
const TAIL: usize = 18;

/// A line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The bytes differ from those that were written.
    #[error("it is damaged ({0}) and is skipped; restore it from a copy or from git, or leave it")]
    Damaged(String),
    /// The last line of the file was written only in part.
    #[error(
        "the last line is torn ({0} bytes), as after a power cut while it was written; it was never shown as saved"
    )]
    Torn(usize),
    /// The line is intact, but of a kind that this version does not know.
    #[error("it was written by a newer tagli ({0}) and is skipped; use a newer tagli")]
    Newer(String),
    /// The document is not in `documents.jsonl`.
    #[error("there is no document `{0}`; it is skipped until there is one")]
    NoDocument(String),
    /// A range does not fit the text of the document.
    #[error("a range does not fit document `{document}` ({why}); it is skipped; was the text changed?")]
    Range {
        /// The document's id, safe to show.
        document: String,
        /// The range and the rule that it breaks.
        why: String,
    },
}

#[derive(Serialize, Deserialize)]
struct JournalLine<'a> {
    id: ActionId,
    at: u64,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    doc: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edits: Option<Vec<EditLine>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    docs: Option<Vec<ActionLine<'a>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undo: Option<ActionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redo: Option<ActionId>,
}

#[derive(Serialize, Deserialize)]
struct ActionLine<'a> {
    #[serde(borrow)]
    doc: Cow<'a, str>,
    edits: Vec<EditLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EditLine {
    Add {
        id: SpanId,
        range: CharRange,
        label: LabelId,
        #[serde(default)]
        source: SpanSource,
    },
    Remove(SpanId),
    Relabel(SpanId, LabelId),
    Resize(SpanId, CharRange),
    Status(Status),
    Reject(CharRange, LabelId),
    Readmit(CharRange, LabelId),
    Note(String),
}

/// Offset maps of the documents seen so far.
/// They are kept because many lines are about the same document.
#[derive(Default)]
pub(super) struct OffsetMaps<'a>(HashMap<&'a str, OffsetMap>);

impl<'a> OffsetMaps<'a> {
    fn get(&mut self, id: &str, documents: &'a Documents) -> Result<&OffsetMap, LineError> {
        let document = documents.get(id).ok_or_else(|| LineError::NoDocument(shown(id)))?;
        Ok(self.0.entry(&document.id).or_insert_with(|| OffsetMap::new(&document.text)))
    }
}

/// Appends the line of an entry to `out`, with a line feed.
///
/// # Errors
/// The entry is about a document that is not in `documents`, or has a range that does not fit its text.
pub(super) fn encode<'a>(
    entry: &Entry,
    documents: &'a Documents,
    maps: &mut OffsetMaps<'a>,
    out: &mut Vec<u8>,
) -> Result<(), LineError> {
    let mut line =
        JournalLine { id: entry.id, at: entry.at, doc: None, edits: None, docs: None, undo: None, redo: None };
    match &entry.op {
        JournalOp::Undo(id) => line.undo = Some(*id),
        JournalOp::Redo(id) => line.redo = Some(*id),
        JournalOp::Do(action) => {
            let ActionLine { doc, edits } = action_to_line(action, documents, maps)?;
            line.doc = Some(doc);
            line.edits = Some(edits);
        }
        JournalOp::DoAll(actions) => {
            let actions: Result<_, _> = actions.iter().map(|action| action_to_line(action, documents, maps)).collect();
            line.docs = Some(actions?);
        }
    }
    let mut body = serde_json::to_vec(&line).map_err(|error| LineError::Damaged(parser_message(&error)))?;
    let crc = crc32fast::hash(&body);
    body.pop();
    out.extend(body);
    out.extend(format!(",\"crc\":\"{crc:08x}\"}}\n").as_bytes());
    Ok(())
}

/// Parses a line into an entry and the errors of its skipped parts.
/// The line is given without its line feed.
///
/// A part is skipped if its document does not exist or one of its ranges does not fit; the other parts count.
///
/// # Errors
/// The whole line must be skipped.
pub(super) fn decode<'a>(
    line: &[u8],
    documents: &'a Documents,
    maps: &mut OffsetMaps<'a>,
) -> Result<(Entry, Vec<LineError>), LineError> {
    let mut faults = Vec::new();
    let line = verified(line)?;
    let line: JournalLine<'_> =
        serde_json::from_slice(line).map_err(|error| LineError::Newer(parser_message(&error)))?;
    let op = match (line.doc, line.edits, line.docs, line.undo, line.redo) {
        (Some(doc), Some(edits), None, None, None) => {
            JournalOp::Do(line_to_action(ActionLine { doc, edits }, documents, maps)?)
        }
        (None, None, Some(docs), None, None) if !docs.is_empty() => {
            let parts = docs.into_iter().map(|line| line_to_action(line, documents, maps));
            let actions: Vec<Action> = parts.filter_map(|part| part.map_err(|fault| faults.push(fault)).ok()).collect();
            if actions.is_empty() {
                return Err(faults.swap_remove(0));
            }
            JournalOp::DoAll(actions)
        }
        (None, None, None, Some(id), None) => JournalOp::Undo(id),
        (None, None, None, None, Some(id)) => JournalOp::Redo(id),
        _ => return Err(LineError::Newer("neither edits nor undo nor redo".to_owned())),
    };
    Ok((Entry { id: line.id, at: line.at, op }, faults))
}

fn action_to_line<'a, 'd>(
    action: &'a Action,
    documents: &'d Documents,
    maps: &mut OffsetMaps<'d>,
) -> Result<ActionLine<'a>, LineError> {
    let map = maps.get(&action.document, documents)?;
    let edits: Result<_, _> = action.edits.iter().map(|edit| edit_to_line(edit, map)).collect();
    let edits = edits.map_err(|why| LineError::Range { document: shown(&action.document), why })?;
    Ok(ActionLine { doc: action.document.as_str().into(), edits })
}

fn line_to_action<'d>(
    line: ActionLine<'_>,
    documents: &'d Documents,
    maps: &mut OffsetMaps<'d>,
) -> Result<Action, LineError> {
    let map = maps.get(&line.doc, documents)?;
    let edits: Result<_, _> = line.edits.into_iter().map(|edit| line_to_edit(edit, map)).collect();
    let edits = edits.map_err(|why| LineError::Range { document: shown(&line.doc), why })?;
    Ok(Action { document: line.doc.into_owned(), edits })
}

/// Id of an intact line, whatever its kind.
pub(super) fn id_of(line: &[u8]) -> Option<ActionId> {
    #[derive(Deserialize)]
    struct Id {
        id: ActionId,
    }
    serde_json::from_slice::<Id>(verified(line).ok()?).ok().map(|line| line.id)
}

/// Whether a line has the checksum of its bytes.
pub(super) fn is_intact(line: &[u8]) -> bool {
    verified(line).is_ok()
}

/// Whether these bytes are whole lines of a journal, at least one, with right checksums.
pub(super) fn are_whole(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\n")
        && bytes.split_inclusive(|byte| *byte == b'\n').all(|line| id_of(line.trim_ascii_end()).is_some())
}

/// Checks the checksum and returns the line without the carriage return that git may have added.
fn verified(line: &[u8]) -> Result<&[u8], LineError> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if is_merge_marker(line) {
        return Err(damaged("a conflict marker of an unfinished git merge"));
    }
    let (body, tail) = line.split_last_chunk::<TAIL>().ok_or_else(|| damaged("it is too short"))?;
    let hex = tail.strip_prefix(b",\"crc\":\"").and_then(|rest| rest.strip_suffix(b"\"}"));
    let hex = hex.ok_or_else(|| damaged("it does not end in a checksum"))?;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(body);
    hasher.update(b"}");
    let crc = hasher.finalize();
    let digits = (0..8).map(|at| char::from_digit((crc >> (28 - 4 * at)) & 15, 16));
    let right = hex.len() == 8 && digits.zip(hex).all(|(digit, byte)| digit == Some(char::from(*byte)));
    if right { Ok(line) } else { Err(damaged("its checksum is wrong")) }
}

fn damaged(why: &str) -> LineError {
    LineError::Damaged(why.to_owned())
}

/// Range in code points.
/// An error if it has no exact counterpart, as inside a character.
fn to_chars(range: TextRange, map: &OffsetMap) -> Result<CharRange, String> {
    let chars = map.to_chars(range);
    match map.from_chars(chars) == Ok(range) {
        true => Ok(chars),
        false => Err(format!("bytes {} to {}", range.start, range.end)),
    }
}

fn edit_to_line(edit: &Edit, map: &OffsetMap) -> Result<EditLine, String> {
    Ok(match edit {
        Edit::Add(span) => {
            let source = match &span.source {
                // JSON has no NaN and no infinity.
                SpanSource::Model { run, score } if !score.is_finite() => {
                    SpanSource::Model { run: run.clone(), score: 0.0 }
                }
                other => other.clone(),
            };
            EditLine::Add { id: span.id, range: to_chars(span.range, map)?, label: span.label, source }
        }
        Edit::Remove(id) => EditLine::Remove(*id),
        Edit::Relabel(id, label) => EditLine::Relabel(*id, *label),
        Edit::Resize(id, range) => EditLine::Resize(*id, to_chars(*range, map)?),
        Edit::Status(status) => EditLine::Status(*status),
        Edit::Reject(range, label) => EditLine::Reject(to_chars(*range, map)?, *label),
        Edit::Readmit(range, label) => EditLine::Readmit(to_chars(*range, map)?, *label),
        Edit::Note(note) => EditLine::Note(note.clone()),
    })
}

fn line_to_edit(line: EditLine, map: &OffsetMap) -> Result<Edit, String> {
    let bytes = |range| map.from_chars(range).map_err(|error| error.to_string());
    Ok(match line {
        EditLine::Add { id, range, label, source } => Edit::Add(Span { id, range: bytes(range)?, label, source }),
        EditLine::Remove(id) => Edit::Remove(id),
        EditLine::Relabel(id, label) => Edit::Relabel(id, label),
        EditLine::Resize(id, range) => Edit::Resize(id, bytes(range)?),
        EditLine::Status(status) => Edit::Status(status),
        EditLine::Reject(range, label) => Edit::Reject(bytes(range)?, label),
        EditLine::Readmit(range, label) => Edit::Readmit(bytes(range)?, label),
        EditLine::Note(note) => Edit::Note(note),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{spans::Document, text::Grid};

    fn documents() -> Documents {
        Documents::default().replaced_by(vec![Document::new("r1", "caf\u{e9} taco", Grid::Natural)]).unwrap()
    }

    fn entry(edits: Vec<Edit>) -> Entry {
        let id = ActionId(SpanId { writer: 0x1f, sequence: 7 });
        Entry { id, at: 1_700_000_000, op: JournalOp::Do(Action { document: "r1".into(), edits }) }
    }

    fn taco(range: TextRange) -> Edit {
        let source = SpanSource::Model { run: "0001-mini".into(), score: 0.5 };
        Edit::Add(Span { id: SpanId { writer: 0x1f, sequence: 3 }, range, label: LabelId(2), source })
    }

    #[test]
    fn a_line_is_json_with_code_points_and_a_checksum_at_its_end() {
        let documents = documents();
        let entry = entry(vec![taco(TextRange::new(6, 10)), Edit::Status(Status::Done)]);
        let mut bytes = Vec::new();
        encode(&entry, &documents, &mut OffsetMaps::default(), &mut bytes).unwrap();
        // The checksum was computed with zlib.crc32 of Python 3.
        let line = concat!(
            r#"{"id":"1f-7","at":1700000000,"doc":"r1","edits":[{"add":{"id":"1f-3","range":[5,9],"label":2,"#,
            r#""source":{"model":{"run":"0001-mini","score":0.5}}}},{"status":"done"}],"crc":"27f78d2b"}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), line);
        bytes.pop();
        assert_eq!(decode(&bytes, &documents, &mut OffsetMaps::default()), Ok((entry, Vec::new())));
        assert_eq!(id_of(&bytes).map(|id| id.to_string()).as_deref(), Some("1f-7"));
    }

    #[test]
    fn a_range_inside_a_character_is_not_written() {
        let documents = documents();
        for range in [TextRange::new(4, 10), TextRange::new(0, 40), TextRange::new(10, 6)] {
            let written = encode(&entry(vec![taco(range)]), &documents, &mut OffsetMaps::default(), &mut Vec::new());
            assert!(matches!(written, Err(LineError::Range { .. })), "{range:?}");
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let documents = documents();
        let mut bytes = Vec::new();
        encode(&entry(vec![taco(TextRange::new(6, 10))]), &documents, &mut OffsetMaps::default(), &mut bytes).unwrap();
        bytes.pop();
        for at in 0..bytes.len() {
            for flip in [1, 0x20, 0x80] {
                let mut bad = bytes.clone();
                bad[at] ^= flip;
                assert!(
                    matches!(decode(&bad, &documents, &mut OffsetMaps::default()), Err(LineError::Damaged(_))),
                    "byte {at}"
                );
            }
        }
    }

    #[test]
    fn whole_lines_of_a_newer_kind_are_distinguished_from_damage() {
        let documents = documents();
        for body in
            [r#"{"id":"1-1","at":0,"merge":["1-0"]}"#, r#"{"id":"1-1","at":0,"doc":"r1","edits":[{"split":"1-0"}]}"#]
        {
            let crc = crc32fast::hash(body.as_bytes());
            let line = format!("{},\"crc\":\"{crc:08x}\"}}", body.strip_suffix('}').unwrap());
            let read = decode(line.as_bytes(), &documents, &mut OffsetMaps::default());
            assert!(matches!(read, Err(LineError::Newer(_))), "{read:?}");
        }
    }
}
