//! `documents.jsonl`: the texts of a project, one JSON object per line.
//! Offsets are in code points.

use std::{
    collections::{HashMap, HashSet},
    io::{self, Write},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    document_history::{Correction, hides_replaced_words},
    file_names::shown,
    storage::FileState,
    text_anchor::Fingerprint,
};
use crate::{
    formats::{keep_digits, parser_message},
    spans::{Document, DocumentList, Split},
    text::{CharRange, Grid, OffsetMap},
};

/// Documents of a project in the order of the file, found by id in constant time. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    list: DocumentList,
    extras: Arc<Extras>,
    /// State of the file from which they were read, before that.
    file: Option<FileState>,
}

/// Facts about few documents.
#[derive(Clone, Debug, Default)]
struct Extras {
    /// Unknown fields by document id, from other versions.
    /// Kept when the file is written again.
    rest: HashMap<String, Map<String, Value>>,
    /// Corrections of texts by document id, oldest first.
    corrections: HashMap<String, Vec<Correction>>,
    /// Documents that were removed or erased, which nothing shows.
    removed: HashSet<String>,
    /// Documents that were erased, or of which earlier texts were.
    erased: HashSet<String>,
    /// Texts that are not imported again, each with an id under which it would be.
    /// Those of removed documents, and those that were corrected.
    gone: HashSet<(Fingerprint, String)>,
}

/// Documents that are being read.
#[derive(Default)]
pub(super) struct DocumentReader {
    list: DocumentList,
    extras: Extras,
    problems: Vec<DocumentError>,
    /// Number of lines that were begun.
    begun: usize,
    /// Number of lines that were added.
    line: usize,
}

/// A line of the file, parsed but not yet compared with the others.
///
/// A document and its unknown fields, `None` for a blank line, or why it is no document.
pub(super) struct Line(Result<Option<WithFields>, String>);

/// A document and its unknown fields.
pub(super) type WithFields = (Document, Map<String, Value>);

impl Line {
    /// Parses a line that [`DocumentReader::next_line`] returned.
    pub(super) fn parse(line: &[u8], grid: Grid) -> Self {
        let is_blank = line.iter().all(u8::is_ascii_whitespace);
        Self(if is_blank { Ok(None) } else { parse(line, grid).map(Some) })
    }
}

/// Byte order mark, which the file may begin with.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// Field of a document's line that holds its corrections.
pub(super) const WAS: &str = "was";
/// Field that holds the time at which a document was removed.
pub(super) const REMOVED: &str = "removed";
/// Field that holds the fingerprint of an erased text.
pub(super) const ERASED: &str = "erased";

/// Field that holds the fingerprints of the texts that an erased document had before.
pub(super) const HAD: &str = "had";

/// A line that is not a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct DocumentError {
    /// Line, from 1.
    pub line: usize,
    /// Cause and remedy, safe to show.
    pub why: String,
}

#[derive(Serialize, Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    id: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    text: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<Vec<CharRange>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    split: Option<Split>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    meta: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    foreign: Option<Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Documents {
    /// Reads the whole file.
    ///
    /// # Errors
    /// All bad lines in order. A project with a bad line is not opened, because writing the file would lose the line.
    pub fn from_jsonl(bytes: &[u8], grid: Grid) -> Result<Self, Vec<DocumentError>> {
        let (documents, problems) = Self::read(bytes, grid);
        if problems.is_empty() { Ok(documents) } else { Err(problems) }
    }

    /// Reads what can be read and lists the lines that cannot.
    pub(super) fn read(bytes: &[u8], grid: Grid) -> (Self, Vec<DocumentError>) {
        let mut reader = DocumentReader::default();
        for line in bytes.split(|byte| *byte == b'\n') {
            reader.add_line(line, grid);
        }
        reader.finish()
    }

    /// The document with this id.
    pub fn get(&self, id: &str) -> Option<&Document> {
        self.list.find(id)
    }

    /// Index of the document with this id.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.list.position(id)
    }

    /// The documents without their unknown fields, shared.
    pub fn list(&self) -> DocumentList {
        self.list.clone()
    }

    /// State of the file from which the documents were read; `None` for others.
    pub(super) fn file(&self) -> Option<FileState> {
        self.file
    }

    /// Sets the state that the file had before the documents were read from it.
    pub(super) fn read_from(self, file: Option<FileState>) -> Self {
        Self { file, ..self }
    }

    /// Forgets the state of the file, so that the next look reads it.
    pub(super) fn forget_file(&mut self) {
        self.file = None;
    }

    /// Corrections of a document's text, oldest first.
    pub(super) fn corrections(&self, id: &str) -> &[Correction] {
        self.extras.corrections.get(id).map_or(&[], Vec::as_slice)
    }

    /// Ids of documents in which an earlier version replaced words without having spans on them reviewed.
    pub(super) fn with_hidden_replacements(&self) -> Vec<&str> {
        let documents = self.iter().filter(|document| {
            let corrections = self.corrections(&document.id);
            !corrections.is_empty() && hides_replaced_words(corrections, &document.text)
        });
        documents.map(|document| document.id.as_str()).collect()
    }

    /// Checksum of everything in the line of a document; `None` if there is no such document.
    ///
    /// It is the same before a document is written and after it was read, also for numbers that are then read as texts.
    pub(super) fn checksum(&self, id: &str) -> Option<u32> {
        let mut line = Vec::new();
        write(self.get(id)?, self.extras.rest.get(id), &mut line).ok()?;
        Some(crc32fast::hash(&keep_digits(&line)))
    }

    /// Whether a document has corrections that cannot be read.
    pub(super) fn has_unknown_corrections(&self, id: &str) -> bool {
        let rest = self.extras.rest.get(id);
        rest.is_some_and(|rest| rest.contains_key(WAS)) && !self.extras.corrections.contains_key(id)
    }

    /// Whether there is a document with this id that was removed or erased.
    pub fn is_removed(&self, id: &str) -> bool {
        self.extras.removed.contains(id)
    }

    /// Ids of the documents that were erased, or of which earlier texts were.
    pub fn erased(&self) -> &HashSet<String> {
        &self.extras.erased
    }

    /// Whether a document that an import would give this id had this text, and has it no longer.
    /// It was removed or erased, or its text was corrected.
    pub(super) fn is_gone(&self, id: &str, text: &str) -> bool {
        !self.extras.gone.is_empty() && self.extras.gone.contains(&(Fingerprint::of(text), id.to_owned()))
    }

    /// Reader that adds documents to these.
    pub(super) fn extend(&self) -> DocumentReader {
        DocumentReader { list: self.list.clone(), extras: (*self.extras).clone(), ..DocumentReader::default() }
    }

    /// Returns `list` as documents; those that were here before keep their unknown fields.
    ///
    /// # Errors
    /// Two documents have the same id, or one cannot be written: `line` is its position in `list`, from 1.
    #[cfg(test)]
    pub(super) fn replaced_by(&self, list: Vec<Document>) -> Result<Self, DocumentError> {
        let mut documents = DocumentReader::default();
        documents.extras.removed = self.extras.removed.clone();
        documents.extras.gone = self.extras.gone.clone();
        for document in list {
            let rest = self.extras.rest.get(&document.id).cloned().unwrap_or_default();
            documents.add_with(document, rest)?;
        }
        Ok(documents.finish().0)
    }

    /// Bytes of the file.
    #[cfg(test)]
    pub(super) fn to_jsonl(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for document in self {
            write(document, self.extras.rest.get(&document.id), &mut bytes)?;
        }
        Ok(bytes)
    }
}

impl DocumentReader {
    /// Begins the next line of the file, without its line feed. Returns what is to be parsed.
    pub(super) fn next_line<'l>(&mut self, line: &'l [u8]) -> &'l [u8] {
        self.begun += 1;
        if self.begun == 1 { line.strip_prefix(MARK).unwrap_or(line) } else { line }
    }

    /// Parses and adds the next line of the file, without its line feed.
    pub(super) fn add_line(&mut self, line: &[u8], grid: Grid) {
        let line = Line::parse(self.next_line(line), grid);
        self.add(line);
    }

    /// Adds a parsed line. Lines are added in the order of the file.
    pub(super) fn add(&mut self, line: Line) {
        self.line += 1;
        let added = line.0.and_then(|line| match line {
            Some((document, rest)) => self.push(document, rest),
            None => Ok(()),
        });
        if let Err(why) = added {
            self.problems.push(DocumentError { line: self.line, why });
        }
    }

    /// Adds a new document at the end.
    ///
    /// # Errors
    /// It has an id that is in use, or cannot be written: `line` is its position, from 1.
    pub(super) fn add_new(&mut self, document: Document) -> Result<(), DocumentError> {
        self.add_with(document, Map::new())
    }

    fn add_with(&mut self, document: Document, rest: Map<String, Value>) -> Result<(), DocumentError> {
        let line = self.list.len() + 1;
        check(&document).and_then(|()| self.push(document, rest)).map_err(|why| DocumentError { line, why })
    }

    /// Whether an id is in use, also by a document that was removed.
    pub(super) fn has(&self, id: &str) -> bool {
        self.list.find(id).is_some() || self.extras.removed.contains(id)
    }

    /// Adds a document at the end.
    fn push(&mut self, document: Document, rest: Map<String, Value>) -> Result<(), String> {
        let duplicate = |id: &str| format!("there is already a document `{}`; give one of them another id", shown(id));
        let erased = rest.get(ERASED).and_then(|text| Fingerprint::deserialize(text).ok());
        let is_removed = erased.is_some() || rest.get(REMOVED).is_some_and(Value::is_u64);
        // The list looks for the id itself when it gets a document, and looking is what costs most here.
        if self.extras.removed.contains(&document.id) || is_removed && self.has(&document.id) {
            return Err(duplicate(&document.id));
        }
        if is_removed {
            let text = erased.unwrap_or_else(|| Fingerprint::of(&document.text));
            self.forget(&document.id, [text].into_iter().chain(earlier_fingerprints(&rest)));
            self.extras.erased.extend(erased.map(|_| document.id.clone()));
            self.extras.removed.insert(document.id);
            return Ok(());
        }
        let now = rest.contains_key(WAS).then(|| Fingerprint::of(&document.text));
        let id = (!rest.is_empty()).then(|| document.id.clone());
        self.list.push(document).map_err(|document| duplicate(&document.id))?;
        let Some(id) = id else { return Ok(()) };
        self.forget(&id, earlier_fingerprints(&rest).into_iter().filter(|text| Some(*text) != now));
        // Corrections that cannot be read are kept, and lines about earlier texts are read without them.
        if let Some(corrections) = rest.get(WAS).and_then(|was| Vec::<Correction>::deserialize(was).ok()) {
            let is_erased = rest.contains_key(HAD) || corrections.iter().any(Correction::is_erased);
            self.extras.erased.extend(is_erased.then(|| id.clone()));
            self.extras.corrections.insert(id.clone(), corrections);
        }
        self.extras.rest.insert(id, rest);
        Ok(())
    }

    /// Remembers texts that an import does not bring back.
    fn forget(&mut self, id: &str, texts: impl Iterator<Item = Fingerprint>) {
        // The id that was wanted, if an import has added a number to it.
        let wanted = id.rsplit_once('-').filter(|(_, number)| number.parse::<u64>().is_ok()).map(|(wanted, _)| wanted);
        for text in texts {
            let ids = wanted.into_iter().chain([id]);
            self.extras.gone.extend(ids.map(|id| (text, id.to_owned())));
        }
    }

    /// Returns the documents, and the lines that are none.
    pub(super) fn finish(self) -> (Documents, Vec<DocumentError>) {
        (Documents { list: self.list, extras: Arc::new(self.extras), file: None }, self.problems)
    }
}

impl std::ops::Deref for Documents {
    type Target = [Document];

    fn deref(&self) -> &[Document] {
        &self.list
    }
}

impl<'a> IntoIterator for &'a Documents {
    type Item = &'a Document;
    type IntoIter = std::slice::Iter<'a, Document>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

/// Fingerprints of the texts that a document had before, from the fields of its line.
/// Also from corrections that cannot be read otherwise.
pub(super) fn earlier_fingerprints(fields: &Map<String, Value>) -> Vec<Fingerprint> {
    let corrections = fields.get(WAS).and_then(Value::as_array).into_iter().flatten();
    let texts = corrections.flat_map(|correction| [correction.get("from"), correction.get("to")]).flatten();
    let had = fields.get(HAD).and_then(Value::as_array).into_iter().flatten();
    texts.chain(had).filter_map(|text| Fingerprint::deserialize(text).ok()).collect()
}

/// Whether a line is a conflict marker of an unfinished git merge.
pub(super) fn is_merge_marker(line: &[u8]) -> bool {
    [&b"<<<<<<<"[..], b"|||||||", b"=======", b">>>>>>>"].iter().any(|marker| line.starts_with(marker))
}

pub(super) fn parse(line: &[u8], grid: Grid) -> Result<WithFields, String> {
    if is_merge_marker(line) {
        return Err("a conflict marker of an unfinished git merge; tagli doctor DIR --repair completes it".to_owned());
    }
    let kept = keep_digits(line);
    let raw: Raw<'_> = serde_json::from_slice(&kept)
        .or_else(|_| serde_json::from_slice(line))
        .map_err(|error| format!("column {}: {}; correct it with an editor", error.column(), parser_message(&error)))?;
    if raw.id.is_empty() {
        return Err("the id is empty; give it one".to_owned());
    }
    let given = raw.words.as_deref().map(|given| words_of(given, &raw.text)).transpose()?;
    let mut document = Document::new(raw.id, &*raw.text, grid);
    if let Some(words) = given {
        document = document.with_words(words);
    }
    document.split = raw.split;
    document.meta = raw.meta.into();
    document.foreign = raw.foreign.map(Box::new);
    Ok((document, raw.rest))
}

fn words_of(given: &[CharRange], text: &str) -> Result<Vec<crate::text::TextRange>, String> {
    let map = OffsetMap::new(text);
    let mut end = 0;
    let mut words = Vec::with_capacity(given.len());
    for (at, word) in given.iter().enumerate() {
        if word.start < end {
            return Err(format!("word {} begins before the previous word ends; words must be in order", at + 1));
        }
        end = word.end;
        words.push(map.from_chars(*word).map_err(|error| format!("word {}: {error}", at + 1))?);
    }
    Ok(words)
}

/// Checks that a document can be written and read back without a change.
pub(super) fn check(document: &Document) -> Result<(), String> {
    if document.id.is_empty() {
        return Err("the id is empty".to_owned());
    }
    if document.words_given {
        let mut end = 0;
        for word in &document.words {
            let fits = end <= word.start && document.text.get(word.start..word.end).is_some();
            if !fits {
                return Err(format!("the words of document `{}` do not fit its text", shown(&document.id)));
            }
            end = word.end;
        }
    }
    Ok(())
}

/// Writes the line of one document.
pub(super) fn write(document: &Document, rest: Option<&Map<String, Value>>, out: &mut impl Write) -> io::Result<()> {
    let words = document.words_given.then(|| {
        let map = OffsetMap::new(&document.text);
        document.words.iter().map(|word| map.to_chars(*word)).collect()
    });
    let raw = Raw {
        id: document.id.as_str().into(),
        text: (&*document.text).into(),
        words,
        split: document.split,
        meta: (*document.meta).clone(),
        foreign: document.foreign.as_deref().cloned(),
        rest: rest.cloned().unwrap_or_default(),
    };
    serde_json::to_writer(&mut *out, &raw)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Documents, Vec<DocumentError>> {
        Documents::from_jsonl(text.as_bytes(), Grid::Natural)
    }

    fn why(text: &str) -> String {
        read(text).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn offsets_on_disk_are_code_points() {
        let documents = read(r#"{"id":"1","text":"caf\u00e9 \ud83c\udf55!","words":[[0,4],[5,6],[6,7]]}"#).unwrap();
        let words: Vec<&str> = documents.get("1").unwrap().word_texts().collect();
        assert_eq!(words, ["caf\u{e9}", "\u{1f355}", "!"]);
        let again = String::from_utf8(documents.to_jsonl().unwrap()).unwrap();
        assert!(again.ends_with(",\"words\":[[0,4],[5,6],[6,7]]}\n"), "{again}");
    }

    #[test]
    fn a_number_of_more_than_64_bits_keeps_its_digits() {
        let long = r#"{"id":"a","text":"x","meta":{"order":123456789012345678901234567890}}"#;
        let (document, _) = parse(long.as_bytes(), Grid::Natural).unwrap();
        assert_eq!(document.meta["order"], "123456789012345678901234567890");
    }

    #[test]
    fn every_bad_line_is_named() {
        let text = "\u{feff}{\"id\":\"a\",\"text\":\"x\"}\r\n\n{\"id\":\"a\",\"text\":\"y\"}\n{\"id\":1}\n<<<<<<< HEAD\n{\"id\":\"\",\"text\":\"\"}\n\
                    {\"id\":\"b\",\"text\":\"ab\",\"words\":[[0,3]]}\n{\"id\":\"c\",\"text\":\"ab\",\"words\":[[1,2],[0,1]]}\n";
        let why = why(text);
        let lines: Vec<&str> = why.lines().collect();
        assert_eq!(lines[0], "line 3: there is already a document `a`; give one of them another id");
        assert!(lines[1].starts_with("line 4: column 7: invalid type"), "{}", lines[1]);
        assert_eq!(
            lines[2],
            "line 5: a conflict marker of an unfinished git merge; tagli doctor DIR --repair completes it"
        );
        assert_eq!(lines[3], "line 6: the id is empty; give it one");
        assert_eq!(lines[4], "line 7: word 1: offset 3 is past the end of the text, which has 2 characters");
        assert_eq!(lines[5], "line 8: word 2 begins before the previous word ends; words must be in order");
    }

    #[test]
    fn fields_of_other_versions_are_kept() {
        let documents = read("{\"id\":\"a\",\"text\":\"x\",\"mood\":\"good\"}").unwrap();
        let mut list = documents.to_vec();
        list[0].split = Some(Split::Test);
        let again = documents.replaced_by(list).unwrap().to_jsonl().unwrap();
        assert_eq!(again, b"{\"id\":\"a\",\"text\":\"x\",\"split\":\"test\",\"mood\":\"good\"}\n");
    }

    fn documents() -> impl Strategy<Value = Vec<Document>> {
        let given = prop::collection::vec("\\PC{0,6}", 0..6).prop_map(|words| Document::from_words("", words));
        let cut = any::<String>().prop_map(|text| Document::new("", text, Grid::Natural));
        prop::collection::vec(prop_oneof![given, cut], 0..8).prop_map(|mut list| {
            for (at, document) in list.iter_mut().enumerate() {
                document.id = format!("d{at}");
                document.split = [None, Some(Split::Train), Some(Split::Valid), Some(Split::Test)][at % 4];
                document.foreign = (at % 3 == 0).then(|| Box::new(serde_json::json!({"at": at, "x": [null, 1.5]})));
            }
            list
        })
    }

    proptest! {
        #[test]
        fn documents_read_as_they_were_written(list in documents()) {
            let documents = Documents::default().replaced_by(list.clone()).unwrap();
            let again = Documents::from_jsonl(&documents.to_jsonl().unwrap(), Grid::Natural).unwrap();
            prop_assert_eq!(&again[..], &list[..]);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            Documents::read(&bytes, Grid::Natural);
        }
    }
}
