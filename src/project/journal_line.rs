//! Lines of a journal: JSON objects that end in their own checksum.
//! `FORMAT.md` describes the bytes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    document_history::{Way, first_text},
    documents::{Documents, is_merge_marker},
    file_names::shown,
    known_texts::{RangeSearch, Texts},
    text_anchor::{Anchor, Fingerprint, anchors},
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
    #[error(
        "it is damaged ({0}) and is skipped; restore it from a copy or from git; tagli doctor DIR --repair moves it aside"
    )]
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
    /// The document was removed from the project.
    #[error("document `{0}` was removed; it is skipped until the document is restored")]
    Removed(String),
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
    text: Option<Fingerprint>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    near: Vec<Anchor>,
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
    /// Fingerprint of the text that the offsets refer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Fingerprint>,
    /// Anchors of the ranges in `edits`, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    near: Vec<Anchor>,
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

/// Entry of a line, with what happened to its parts.
#[derive(Debug, PartialEq)]
pub(super) struct Decoded {
    pub(super) entry: Entry,
    /// Reasons why parts were skipped.
    pub(super) faults: Vec<LineError>,
    /// Documents whose text was changed since the line was recorded.
    pub(super) changed: Vec<String>,
}

/// Appends the line of an entry to `out`, with a line feed.
///
/// # Errors
/// The entry is about a document that is not in `documents`, or has a range that does not fit its text.
pub(super) fn encode<'a>(
    entry: &Entry,
    documents: &'a Documents,
    texts: &mut Texts<'a>,
    out: &mut Vec<u8>,
) -> Result<(), LineError> {
    let mut line = JournalLine {
        id: entry.id,
        at: entry.at,
        doc: None,
        text: None,
        near: Vec::new(),
        edits: None,
        docs: None,
        undo: None,
        redo: None,
    };
    match &entry.op {
        JournalOp::Undo(id) => line.undo = Some(*id),
        JournalOp::Redo(id) => line.redo = Some(*id),
        JournalOp::Do(action) => {
            let ActionLine { doc, text, near, edits } = action_to_line(action, documents, texts)?;
            line.doc = Some(doc);
            line.text = text;
            line.near = near;
            line.edits = Some(edits);
        }
        JournalOp::DoAll(actions) => {
            let actions: Result<_, _> = actions.iter().map(|action| action_to_line(action, documents, texts)).collect();
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

/// Parses a line, given without its line feed.
///
/// A part is skipped if its document does not exist or one of its ranges does not fit; the other parts count. If the text
/// of a document was changed since, each range is looked for in the new one; a span whose place is not certain is lost
/// ([`Edit::Lose`]).
///
/// # Errors
/// The whole line must be skipped.
pub(super) fn decode<'a>(line: &[u8], documents: &'a Documents, texts: &mut Texts<'a>) -> Result<Decoded, LineError> {
    let line = verified(line)?;
    let JournalLine { id, at, doc, text, near, edits, docs, undo, redo } =
        serde_json::from_slice(line).map_err(|error| LineError::Newer(parser_message(&error)))?;
    let mut parts = Parts { documents, texts, faults: Vec::new(), changed: Vec::new() };
    let op = match (doc, edits, docs, undo, redo) {
        (Some(doc), Some(edits), None, None, None) => {
            JournalOp::Do(parts.action(ActionLine { doc, text, near, edits })?)
        }
        (None, None, Some(docs), None, None) if !docs.is_empty() => {
            let mut actions = Vec::with_capacity(docs.len());
            for line in docs {
                match parts.action(line) {
                    Ok(action) => actions.push(action),
                    Err(fault) => parts.faults.push(fault),
                }
            }
            if actions.is_empty() {
                // That a document was removed is no fault, so it must not hide one.
                let first = parts.faults.iter().position(|fault| !matches!(fault, LineError::Removed(_)));
                return Err(parts.faults.swap_remove(first.unwrap_or_default()));
            }
            JournalOp::DoAll(actions)
        }
        (None, None, None, Some(id), None) => JournalOp::Undo(id),
        (None, None, None, None, Some(id)) => JournalOp::Redo(id),
        _ => return Err(LineError::Newer("neither edits nor undo nor redo".to_owned())),
    };
    let Parts { faults, changed, .. } = parts;
    Ok(Decoded { entry: Entry { id, at, op }, faults, changed })
}

/// Reader of the parts of a line.
struct Parts<'t, 'd> {
    documents: &'d Documents,
    texts: &'t mut Texts<'d>,
    faults: Vec<LineError>,
    changed: Vec<String>,
}

impl Parts<'_, '_> {
    fn action(&mut self, line: ActionLine<'_>) -> Result<Action, LineError> {
        let known = self.texts.get(&line.doc, self.documents);
        let (known, finder) = known.ok_or_else(|| no_document(&line.doc, self.documents))?;
        let corrections = self.documents.corrections(&line.doc);
        // A line without `text` refers to the first one, if the corrections lead from there to the present one.
        let first = first_text(corrections);
        let first = first.filter(|first| Way::between(*first, known.fingerprint, corrections).is_some());
        let text = line.text.or(first);
        let edits = match text.filter(|text| *text != known.fingerprint) {
            None => {
                let edits = line.edits.into_iter().map(|edit| line_to_edit(edit, &known.map));
                edits.collect::<Result<_, _>>().map_err(|why| LineError::Range { document: shown(&line.doc), why })?
            }
            Some(text) => {
                let way = Way::between(text, known.fingerprint, corrections);
                // A correction was made here and shown; another change was not.
                if way.is_none() {
                    self.changed.push(line.doc.to_string());
                }
                let mut search = RangeSearch { anchors: line.near.into_iter(), way, known, finder };
                line.edits.into_iter().filter_map(|edit| moved_edit(edit, &mut search)).collect()
            }
        };
        Ok(Action { document: line.doc.into_owned(), edits })
    }
}

/// The edit in a text that was changed.
/// `None` if it is about a rejection whose place is not certain.
fn moved_edit(line: EditLine, search: &mut RangeSearch<'_, '_>) -> Option<Edit> {
    Some(match line {
        EditLine::Add { id, range, label, source } => match search.range(range) {
            Some(range) => Edit::Add(Span { id, range, label, source }),
            None => Edit::Lose(id, Some(label)),
        },
        EditLine::Resize(id, range) => match search.range(range) {
            Some(range) => Edit::Resize(id, range),
            None => Edit::Lose(id, None),
        },
        EditLine::Reject(range, label) => Edit::Reject(search.range(range)?, label),
        EditLine::Readmit(range, label) => Edit::Readmit(search.range(range)?, label),
        EditLine::Remove(id) => Edit::Remove(id),
        EditLine::Relabel(id, label) => Edit::Relabel(id, label),
        EditLine::Status(status) => Edit::Status(status),
        EditLine::Note(note) => Edit::Note(note),
    })
}

/// Fault of a line about a document that is not there.
fn no_document(id: &str, documents: &Documents) -> LineError {
    match documents.is_removed(id) {
        true => LineError::Removed(shown(id)),
        false => LineError::NoDocument(shown(id)),
    }
}

fn action_to_line<'a, 'd>(
    action: &'a Action,
    documents: &'d Documents,
    texts: &mut Texts<'d>,
) -> Result<ActionLine<'a>, LineError> {
    let known = texts.get(&action.document, documents);
    let (known, _) = known.ok_or_else(|| no_document(&action.document, documents))?;
    let edits: Result<_, _> = action.edits.iter().map(|edit| edit_to_line(edit, &known.map)).collect();
    let edits = edits.map_err(|why| LineError::Range { document: shown(&action.document), why })?;
    let ranges: Vec<TextRange> = action.edits.iter().filter_map(range_of).collect();
    let near = anchors(&known.document.text, &ranges);
    Ok(ActionLine { doc: action.document.as_str().into(), text: Some(known.fingerprint), near, edits })
}

fn range_of(edit: &Edit) -> Option<TextRange> {
    match edit {
        Edit::Add(span) => Some(span.range),
        Edit::Resize(_, range) | Edit::Reject(range, _) | Edit::Readmit(range, _) => Some(*range),
        Edit::Remove(_) | Edit::Relabel(..) | Edit::Status(_) | Edit::Note(_) | Edit::Lose(..) | Edit::Doubt => None,
    }
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

/// Whether lines of a journal about a document have a note, also one that was changed later.
/// `None` if no line is about it.
pub(super) fn has_note(bytes: &[u8], document: &str) -> Option<bool> {
    let mut found = None;
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = verified(line).ok().and_then(|line| serde_json::from_slice::<JournalLine<'_>>(line).ok());
        let Some(line) = line else { continue };
        let one = line.doc.zip(line.edits).into_iter();
        let several = line.docs.into_iter().flatten().map(|line| (line.doc, line.edits));
        for (_, edits) in one.chain(several).filter(|(doc, _)| doc == document) {
            let is_note = edits.iter().any(|edit| matches!(edit, EditLine::Note(note) if !note.is_empty()));
            found = Some(found.unwrap_or_default() || is_note);
        }
    }
    found
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
        Edit::Lose(id, _) => return Err(format!("the place of span {id} is not known")),
        Edit::Doubt => return Err("a status in doubt is not recorded".to_owned()),
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
    use crate::{
        project::{document_history::Correction, text_anchor::Budget},
        spans::Document,
        text::Grid,
    };

    fn documents() -> Documents {
        Documents::default().replaced_by(vec![Document::new("r1", "caf\u{e9} taco", Grid::Natural)]).unwrap()
    }

    fn one_document(id: &str, text: &str) -> Documents {
        Documents::default().replaced_by(vec![Document::new(id, text, Grid::Natural)]).unwrap()
    }

    fn two_documents(text: &str) -> Documents {
        let both = ["r1", "r2"].map(|id| Document::new(id, text, Grid::Natural));
        Documents::default().replaced_by(both.to_vec()).unwrap()
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
        encode(&entry, &documents, &mut Texts::default(), &mut bytes).unwrap();
        // The checksum was computed with zlib.crc32 of Python 3.
        let line = concat!(
            r#"{"id":"1f-7","at":1700000000,"doc":"r1","text":"b874d39b","near":[[[5,2777593637],[0,1322186964]]],"#,
            r#""edits":[{"add":{"id":"1f-3","range":[5,9],"label":2,"#,
            r#""source":{"model":{"run":"0001-mini","score":0.5}}}},{"status":"done"}],"crc":"b1f9fcfa"}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), line);
        bytes.pop();
        let decoded = decode(&bytes, &documents, &mut Texts::default()).unwrap();
        assert_eq!(decoded, Decoded { entry, faults: Vec::new(), changed: Vec::new() });
        assert_eq!(id_of(&bytes).map(|id| id.to_string()).as_deref(), Some("1f-7"));
    }

    #[test]
    fn a_line_of_an_earlier_version_is_read_as_before() {
        let line = concat!(
            r#"{"id":"1f-7","at":1700000000,"doc":"r1","edits":[{"add":{"id":"1f-3","range":[5,9],"label":2,"#,
            r#""source":{"model":{"run":"0001-mini","score":0.5}}}},{"status":"done"}],"crc":"27f78d2b"}"#,
        );
        for text in ["caf\u{e9} taco", "caf\u{e9} soup and more"] {
            let documents = Documents::default().replaced_by(vec![Document::new("r1", text, Grid::Natural)]).unwrap();
            let decoded = decode(line.as_bytes(), &documents, &mut Texts::default()).unwrap();
            assert_eq!(decoded.entry, entry(vec![taco(TextRange::new(6, 10)), Edit::Status(Status::Done)]));
        }
    }

    #[test]
    fn a_line_recorded_against_another_text_is_moved_or_its_span_is_lost() {
        let mut bytes = Vec::new();
        let written = entry(vec![taco(TextRange::new(6, 10)), Edit::Status(Status::Done)]);
        let before = one_document("r1", "caf\u{e9} taco, not yours");
        encode(&written, &before, &mut Texts::default(), &mut bytes).unwrap();
        bytes.pop();
        let read = |text: &str| {
            let documents = one_document("r1", text);
            let Decoded { entry, faults, changed } = decode(&bytes, &documents, &mut Texts::default()).unwrap();
            assert_eq!((faults, changed), (Vec::new(), vec!["r1".to_owned()]));
            let JournalOp::Do(action) = entry.op else { panic!() };
            action.edits
        };
        let done = Edit::Status(Status::Done);
        assert_eq!(read("my caf\u{e9} taco, not yours"), [taco(TextRange::new(9, 13)), done.clone()]);
        let id = SpanId { writer: 0x1f, sequence: 3 };
        assert_eq!(read("caf\u{e9} soup"), [Edit::Lose(id, Some(LabelId(2))), done]);
        let unrecorded =
            encode(&entry(vec![Edit::Lose(id, None)]), &documents(), &mut Texts::default(), &mut Vec::new());
        assert!(matches!(unrecorded, Err(LineError::Range { .. })), "its place would be recorded wrongly");
    }

    #[test]
    fn a_line_without_text_is_read_as_it_is_if_the_corrections_do_not_lead_to_the_text() {
        let line = concat!(
            r#"{"id":"1f-7","at":1700000000,"doc":"r1","edits":[{"add":{"id":"1f-3","range":[5,9],"label":2,"#,
            r#""source":{"model":{"run":"0001-mini","score":0.5}}}},{"status":"done"}],"crc":"27f78d2b"}"#,
        );
        let was = serde_json::to_string(&Correction::new("caf\u{e9} taco", "my caf\u{e9} taco", 0)).unwrap();
        for (text, range) in [("my caf\u{e9} taco", (9, 13)), ("caf\u{e9} taco!", (6, 10))] {
            let documents = format!("{{\"id\":\"r1\",\"text\":\"{text}\",\"was\":[{was}]}}");
            let documents = Documents::from_jsonl(documents.as_bytes(), Grid::Natural).unwrap();
            let decoded = decode(line.as_bytes(), &documents, &mut Texts::default()).unwrap();
            let JournalOp::Do(action) = decoded.entry.op else { panic!() };
            assert_eq!(action.edits[0], taco(TextRange::new(range.0, range.1)), "{text}");
        }
    }

    #[test]
    fn the_search_for_one_document_takes_nothing_from_another() {
        let before = two_documents("caf\u{e9} taco, not yours");
        let lines = ["r1", "r2"].map(|id| {
            let action = Action { document: id.into(), edits: vec![taco(TextRange::new(6, 10))] };
            let mut bytes = Vec::new();
            let entry = Entry { op: JournalOp::Do(action), ..entry(Vec::new()) };
            encode(&entry, &before, &mut Texts::default(), &mut bytes).unwrap();
            bytes.pop();
            bytes
        });
        let after = two_documents("my caf\u{e9} taco, not yours");
        let mut texts = Texts::default();
        texts.get("r1", &after).unwrap().0.budget = Budget::spent();
        let edits = lines.each_ref().map(|line| match decode(line, &after, &mut texts).unwrap().entry.op {
            JournalOp::Do(action) => action.edits[0].clone(),
            other => panic!("{other:?}"),
        });
        assert!(matches!(edits[0], Edit::Lose(..)), "{edits:?}");
        assert_eq!(edits[1], taco(TextRange::new(9, 13)));
    }

    #[test]
    fn a_line_about_several_documents_is_removed_only_if_all_of_them_are() {
        let removed = br#"{"id":"a","text":"x","removed":1}"#;
        let documents = Documents::from_jsonl(removed, Grid::Natural).unwrap();
        for (others, is_removed) in [("", true), (r#",{"doc":"gone","edits":[]}"#, false)] {
            let body = format!(r#"{{"id":"1-1","at":0,"docs":[{{"doc":"a","edits":[]}}{others}]"#);
            let crc = crc32fast::hash(format!("{body}}}").as_bytes());
            let line = format!("{body},\"crc\":\"{crc:08x}\"}}");
            let fault = decode(line.as_bytes(), &documents, &mut Texts::default()).unwrap_err();
            assert_eq!(matches!(fault, LineError::Removed(_)), is_removed, "{fault:?}");
        }
    }

    #[test]
    fn a_range_inside_a_character_is_not_written() {
        let documents = documents();
        for range in [TextRange::new(4, 10), TextRange::new(0, 40), TextRange::new(10, 6)] {
            let written = encode(&entry(vec![taco(range)]), &documents, &mut Texts::default(), &mut Vec::new());
            assert!(matches!(written, Err(LineError::Range { .. })), "{range:?}");
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let documents = documents();
        let mut bytes = Vec::new();
        encode(&entry(vec![taco(TextRange::new(6, 10))]), &documents, &mut Texts::default(), &mut bytes).unwrap();
        bytes.pop();
        for at in 0..bytes.len() {
            for flip in [1, 0x20, 0x80] {
                let mut bad = bytes.clone();
                bad[at] ^= flip;
                assert!(
                    matches!(decode(&bad, &documents, &mut Texts::default()), Err(LineError::Damaged(_))),
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
            let read = decode(line.as_bytes(), &documents, &mut Texts::default());
            assert!(matches!(read, Err(LineError::Newer(_))), "{read:?}");
        }
    }
}
