//! Corrections and removals of documents.
//!
//! Each is a change of one line of `documents.jsonl`, which is replaced as a whole. What is replaced or hidden stays in the
//! line, so that it can be undone, until it is erased.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    DOCUMENTS, Documents, Project, ProjectError,
    document_history::{Correction, last_standing},
    document_lines::change_lines,
    documents::{self, ERASED, HAD, REMOVED, WAS},
    file_names::shown,
    stamp,
    storage::{self, LARGE},
    text_anchor::Fingerprint,
};
use crate::{
    spans::Document,
    text::{
        OffsetMap, TextRange,
        diff::{Difference, differences, moved},
        words,
    },
};

/// New text of a document.
#[derive(Clone, Copy, Debug)]
pub enum NewText<'a> {
    /// This text.
    Text(&'a str),
    /// The text before the last correction that was not taken back.
    Previous,
}

impl Project {
    /// Changes the text of a document; spans go with their words.
    /// `at` is in seconds since 1970, UTC.
    ///
    /// With `erase`, no earlier text can be restored afterwards.
    ///
    /// # Errors
    /// There is no such document, it has this text, the text is blank, there is no earlier one, or the file system refuses.
    /// Then nothing is changed.
    pub fn correct_document(&mut self, id: &str, text: NewText<'_>, at: u64, erase: bool) -> Result<(), ProjectError> {
        let _lock = self.lock()?;
        self.reload()?;
        self.correct(id, text, at, erase)
    }

    /// As [`Self::correct_document`], if the text is still `shown`, which the user has seen.
    ///
    /// # Errors
    /// Another program has changed the text since it was shown, or as there.
    pub fn correct_shown(&mut self, id: &str, shown: &str, text: NewText<'_>, at: u64) -> Result<(), ProjectError> {
        let _lock = self.lock()?;
        self.reload()?;
        if self.documents.get(id).is_some_and(|document| *document.text != *shown) {
            return Err(refused(id, "another program has changed its text since it was shown; read it and try again"));
        }
        self.correct(id, text, at, false)
    }

    /// Changes the text of a document. The lock is held, and the documents are those on disk.
    fn correct(&mut self, id: &str, text: NewText<'_>, at: u64, erase: bool) -> Result<(), ProjectError> {
        let is_undo = matches!(text, NewText::Previous);
        let text = self.new_text(id, text)?;
        let document = self.documents.get(id).ok_or_else(|| ProjectError::NoDocument(shown(id)))?;
        let mut was = self.documents.corrections(id).to_vec();
        match *text == *document.text {
            // Erasing can be repeated, as after a crash.
            true if erase => {}
            true => return Err(refused(id, "it has this text already")),
            false if is_undo => was.push(Correction::undo(&document.text, &text, at)),
            false => was.push(Correction::new(&document.text, &text, at)),
        }
        if erase {
            was.iter_mut().for_each(Correction::erase);
        }
        let was = serde_json::to_value(was).map_err(ProjectError::Unwritable)?;
        let words = document.words_given.then(|| corrected_words(document, &text, self));
        self.change_document(id, |fields| {
            fields.insert("text".to_owned(), text.into());
            fields.extend(words.map(|words| ("words".to_owned(), words)));
            fields.insert(WAS.to_owned(), was);
            if erase {
                // The imported object has the old text, too.
                fields.shift_remove("foreign");
            }
        })
    }

    /// The text that a document is to get.
    ///
    /// # Errors
    /// There is no such document, the text is blank, or there is no earlier one.
    pub(super) fn new_text(&self, id: &str, text: NewText<'_>) -> Result<String, ProjectError> {
        let document = self.documents.get(id).ok_or_else(|| ProjectError::NoDocument(shown(id)))?;
        if self.documents.has_unknown_corrections(id) {
            return Err(refused(id, "its field `was` cannot be read; use a newer tagli, or correct it with an editor"));
        }
        let corrections = self.documents.corrections(id);
        match text {
            NewText::Text(text) if text.trim().is_empty() => {
                Err(refused(id, "the new text is blank; to hide the document: tagli documents remove DIR ID"))
            }
            NewText::Text(text) => Ok(text.to_owned()),
            NewText::Previous if corrections.is_empty() => Err(refused(id, "its text was not corrected")),
            NewText::Previous => {
                let last = last_standing(corrections, Fingerprint::of(&document.text));
                let last = last.ok_or_else(|| refused(id, "there is no earlier text"))?;
                last.old_text(&document.text).ok_or_else(|| refused(id, "its earlier text was erased"))
            }
        }
    }

    /// Hides a document; its annotations are kept. `at` is in seconds since 1970, UTC.
    ///
    /// # Errors
    /// There is no such document, or the file system refuses.
    pub fn remove_document(&mut self, id: &str, at: u64) -> Result<(), ProjectError> {
        let _lock = self.lock()?;
        self.reload()?;
        if self.documents.get(id).is_none() {
            return Err(ProjectError::NoDocument(shown(id)));
        }
        self.change_document(id, |fields| _ = fields.insert(REMOVED.to_owned(), at.into()))
    }

    /// Shows a removed document again, with its annotations.
    ///
    /// # Errors
    /// There is no such document, it was not removed, it was erased, or the file system refuses.
    pub fn restore_document(&mut self, id: &str) -> Result<(), ProjectError> {
        let _lock = self.lock()?;
        self.reload()?;
        let mut is_erased = false;
        let bytes = self.changed_line(id, |fields| {
            is_erased = fields.contains_key(ERASED);
            fields.shift_remove(REMOVED);
        })?;
        if is_erased {
            return Err(refused(id, "it was erased"));
        }
        if !self.documents.is_removed(id) {
            return Err(refused(id, "it was not removed"));
        }
        self.replace_documents(&bytes)
    }

    /// Erases a document, except its id and the fingerprints of its texts.
    /// It may have been removed or erased before. Nothing brings it back.
    ///
    /// # Errors
    /// There is no such document, or the file system refuses.
    pub(super) fn erase_document(&mut self, id: &str) -> Result<(), ProjectError> {
        let _lock = self.lock()?;
        self.reload()?;
        let mut is_erased = false;
        let bytes = self.changed_line(id, |fields| {
            is_erased = fields.contains_key(ERASED);
            let text = fields.get("text").and_then(Value::as_str).unwrap_or_default();
            let had = documents::earlier_fingerprints(fields);
            let erased = json!({ "id": id, "text": "", ERASED: Fingerprint::of(text), HAD: had });
            if let Value::Object(erased) = erased {
                *fields = erased;
            }
        })?;
        if is_erased { Ok(()) } else { self.replace_documents(&bytes) }
    }

    /// Present text of a document and its earlier ones, the newest first; removed documents included.
    ///
    /// # Errors
    /// There is no such document, or the file system refuses.
    pub(super) fn texts_of(&mut self, id: &str) -> Result<Vec<String>, ProjectError> {
        let mut texts = Vec::new();
        self.changed_line(id, |fields| {
            let mut text = fields.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
            let was = fields.get(WAS).and_then(|was| Vec::<Correction>::deserialize(was).ok());
            for correction in was.unwrap_or_default().iter().rev() {
                let old = Some(correction).filter(|correction| correction.leads_to(Fingerprint::of(&text)));
                if let Some(old) = old.and_then(|correction| correction.old_text(&text)) {
                    texts.push(std::mem::replace(&mut text, old));
                }
            }
            texts.push(text);
        })?;
        Ok(texts)
    }

    fn change_document(&mut self, id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> Result<(), ProjectError> {
        let bytes = self.changed_line(id, change)?;
        self.replace_documents(&bytes)
    }

    /// Bytes of `documents.jsonl` with one line changed.
    ///
    /// # Errors
    /// As [`Self::changed_lines`].
    fn changed_line(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<Vec<u8>, ProjectError> {
        self.changed_lines(HashMap::from([(id, change)]))
    }

    /// Bytes of `documents.jsonl` with the lines of some documents changed.
    ///
    /// # Errors
    /// There is no such document, or the file is not the one from which the documents were read: the change may not fit it.
    pub(super) fn changed_lines<F: FnOnce(&mut Map<String, Value>)>(
        &mut self,
        changes: HashMap<&str, F>,
    ) -> Result<Vec<u8>, ProjectError> {
        let path = self.root.join(DOCUMENTS);
        let before = storage::read(&path, LARGE)?;
        if stamp(&before) != self.stamp {
            self.documents.forget_file();
            return Err(ProjectError::Changed(path));
        }
        let changed = change_lines(&before, changes).map_err(ProjectError::Unwritable)?;
        changed.map_err(|missing| ProjectError::NoDocument(shown(&missing)))
    }

    /// Replaces `documents.jsonl` by bytes that can be read. The lock is held.
    pub(super) fn replace_documents(&mut self, bytes: &[u8]) -> Result<(), ProjectError> {
        let path = self.root.join(DOCUMENTS);
        let next = Documents::from_jsonl(bytes, self.manifest.grid);
        let next = next.map_err(|problems| ProjectError::Documents { path: path.clone(), problems })?;
        storage::replace(&path, bytes)?;
        self.stamp = stamp(bytes);
        self.documents = next;
        Ok(())
    }
}

fn refused(id: &str, why: &'static str) -> ProjectError {
    ProjectError::Document { id: shown(id), why }
}

/// Given words of a document, for its new text, as they are written.
/// Words that did not change stay; new pieces are cut by the rule of the project.
pub(super) fn corrected_words(document: &Document, text: &str, project: &Project) -> Value {
    let found = differences(&document.text, text);
    let old = OffsetMap::new(&document.text);
    let new = OffsetMap::new(text);
    let mut kept: Vec<TextRange> = document
        .words
        .iter()
        .filter_map(|word| moved(old.to_chars(*word), &found))
        .filter(|word| !found.iter().any(|Difference { new, .. }| new.start < word.end && word.start < new.end))
        .filter_map(|word| new.from_chars(word).ok())
        .collect();
    let pieces: Vec<TextRange> = found
        .iter()
        .filter_map(|difference| new.from_chars(difference.new).ok())
        .filter(|piece| !piece.is_empty())
        .collect();
    let cut = words::split(text, project.manifest.grid);
    let added = cut.into_iter().filter(|word| pieces.iter().any(|piece| piece.overlaps(*word)));
    let added: Vec<TextRange> = added.filter(|word| !kept.iter().any(|kept| kept.overlaps(*word))).collect();
    kept.extend(added);
    kept.sort_unstable();
    kept.into_iter().map(|word| json!(new.to_chars(word))).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::{
        project::{Annotator, ImportItem, Manifest, check::check},
        spans::{LabelId, LabelSet, Status},
        text::Grid,
    };

    fn item(id: &str, text: &str, spans: &[&str]) -> ImportItem {
        let range = |words: &&str| TextRange::new(text.find(words).unwrap(), text.find(words).unwrap() + words.len());
        let spans = spans.iter().map(|words| (range(words), LabelId(2))).collect();
        ImportItem { document: Document::new(id, text, Grid::Natural), spans, status: Status::Done }
    }

    fn project(dir: &Path) -> Project {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        for name in ["anna", "ben"] {
            let mut annotator = project.annotator(&name.parse().unwrap(), 0).unwrap();
            let items = vec![
                item("r1", "call Ann on 555-1234: the fish tcaos are good", &["Ann", "555-1234", "fish tcaos", "good"]),
                item("r2", "nothing to see here", &["nothing"]),
            ];
            project.import(Some(&mut annotator), 0, items).unwrap();
        }
        project
    }

    fn words(project: &Project, name: &str, id: &str) -> Vec<String> {
        let annotator = project.read_annotator(&name.parse().unwrap()).unwrap();
        let text = &project.documents.get(id).unwrap().text;
        annotator.journal.annotation(id).spans().iter().map(|span| span.range.of(text).to_owned()).collect()
    }

    fn read_all(dir: &Path) -> String {
        let mut all = String::new();
        for entry in fs::read_dir(dir).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => all.push_str(&read_all(&path)),
                path => all.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap())),
            }
        }
        all
    }

    const CORRECT: &str = "call Ann on 555-1234: the fish tacos are very good";

    #[test]
    fn a_correction_moves_the_spans_of_every_annotator_and_can_be_undone() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let others = fs::read_to_string(dir.path().join(DOCUMENTS)).unwrap().lines().nth(1).unwrap().to_owned();
        project.correct_document("r1", NewText::Text(CORRECT), 7, false).unwrap();
        for name in ["anna", "ben"] {
            assert_eq!(words(&project, name, "r1"), ["Ann", "555-1234", "fish tacos", "good"]);
        }
        assert!(check(dir.path()).is_sound(), "{:?}", check(dir.path()));
        assert_eq!(fs::read_to_string(dir.path().join(DOCUMENTS)).unwrap().lines().nth(1), Some(&*others));
        let again = Project::open(dir.path()).unwrap();
        assert_eq!(&*again.documents.get("r1").unwrap().text, CORRECT);
        // What is recorded now belongs to the new text, and goes back with it.
        project.correct_document("r1", NewText::Previous, 8, false).unwrap();
        assert_eq!(words(&project, "ben", "r1"), ["Ann", "555-1234", "fish tcaos", "good"]);
        let refused = |project: &mut Project, id: &str, text| {
            project.correct_document(id, text, 0, false).unwrap_err().to_string()
        };
        assert!(refused(&mut project, "r1", NewText::Previous).contains("there is no earlier text"));
        let same = project.documents.get("r1").unwrap().text.to_string();
        assert!(refused(&mut project, "r1", NewText::Text(&same)).contains("has this text already"));
        for blank in ["", " \t\n", "\u{3000}"] {
            assert!(refused(&mut project, "r1", NewText::Text(blank)).contains("tagli documents remove DIR ID"));
        }
        assert!(refused(&mut project, "r2", NewText::Previous).contains("was not corrected"));
        assert!(refused(&mut project, "r3", NewText::Previous).contains("there is no document `r3`"));
    }

    #[test]
    fn undo_goes_back_one_correction_at_a_time_to_the_first_text() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let first = project.documents.get("r1").unwrap().text.to_string();
        let texts = [&*first, CORRECT, "call Ann: the fish tacos are very good", "call Ann: fish tacos are very good"];
        for text in &texts[1..] {
            project.correct_document("r1", NewText::Text(text), 7, false).unwrap();
        }
        for text in texts.iter().rev().skip(1) {
            project.correct_document("r1", NewText::Previous, 8, false).unwrap();
            assert_eq!(&*project.documents.get("r1").unwrap().text, *text);
            project = Project::open(dir.path()).unwrap();
        }
        assert_eq!(words(&project, "anna", "r1"), ["Ann", "555-1234", "fish tcaos", "good"]);
        let path = dir.path().join(DOCUMENTS);
        let before = fs::read(&path).unwrap();
        let error = project.correct_document("r1", NewText::Previous, 9, false).unwrap_err().to_string();
        assert!(error.contains("there is no earlier text"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
        // The texts that were taken back are still known, and another correction is taken back on its own.
        assert!(texts.iter().all(|text| project.texts_of("r1").unwrap().iter().any(|known| known == text)));
        project.correct_document("r1", NewText::Text("call them"), 9, false).unwrap();
        project.correct_document("r1", NewText::Previous, 9, false).unwrap();
        assert_eq!(&*project.documents.get("r1").unwrap().text, first);
        assert!(project.correct_document("r1", NewText::Previous, 9, false).is_err());
    }

    #[test]
    fn a_span_whose_words_were_replaced_is_to_be_reviewed_and_comes_back_with_them() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let new = "call Ann on 555-1234: the fish sandwich deluxe are good";
        project.correct_document("r1", NewText::Text(new), 7, false).unwrap();
        for name in ["anna", "ben"] {
            assert_eq!(words(&project, name, "r1"), ["Ann", "555-1234", "good"]);
            let annotator = project.read_annotator(&name.parse().unwrap()).unwrap();
            let annotation = annotator.journal.annotation("r1");
            assert_eq!((annotation.status, annotation.lost().len()), (Status::Partial, 1));
        }
        project.correct_document("r1", NewText::Previous, 8, false).unwrap();
        assert_eq!(words(&project, "anna", "r1"), ["Ann", "555-1234", "fish tcaos", "good"]);
        // Also after the words of earlier texts were erased.
        project.correct_document("r1", NewText::Text(new), 9, true).unwrap();
        assert_eq!(words(&project, "anna", "r1"), ["Ann", "555-1234", "good"]);
    }

    #[test]
    fn doctor_names_documents_in_which_an_earlier_version_replaced_words() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        project.correct_document("r1", NewText::Text(&CORRECT.replace("tacos", "soup")), 7, false).unwrap();
        project.correct_document("r2", NewText::Text("nothing to sea here"), 7, false).unwrap();
        let notes = || check(dir.path()).findings.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(!notes().iter().any(|note| note.contains("earlier version")), "{:?}", notes());
        // As an earlier version wrote it.
        let path = dir.path().join(DOCUMENTS);
        let text = fs::read_to_string(&path).unwrap();
        let start = text.find(r#","replaced":["#).unwrap();
        let end = start + text[start..].find(']').unwrap() + 1;
        fs::write(&path, format!("{}{}", &text[..start], &text[end..])).unwrap();
        let notes = notes();
        assert!(notes.len() == 1 && notes[0].contains("words of document `r1` were replaced"), "{notes:?}");
        assert!(check(dir.path()).is_sound());
    }

    #[test]
    fn a_text_that_another_program_changed_since_it_was_shown_is_not_corrected() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        project.correct_document("r1", NewText::Text(CORRECT), 7, false).unwrap();
        let path = dir.path().join(DOCUMENTS);
        let changed = fs::read_to_string(&path).unwrap().replace("555-1234: the", "555-9999: the");
        fs::write(&path, &changed).unwrap();
        for text in [NewText::Text("call Ann: the fish tacos are very good"), NewText::Previous] {
            let error = project.correct_shown("r1", CORRECT, text, 8).unwrap_err().to_string();
            assert!(error.contains("since it was shown"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), changed);
        }
        let now = project.documents.get("r1").unwrap().text.to_string();
        project.correct_shown("r1", &now, NewText::Text(CORRECT), 9).unwrap();
        project.correct_shown("r1", CORRECT, NewText::Previous, 9).unwrap();
        assert_eq!(*project.documents.get("r1").unwrap().text, *now);
    }

    #[test]
    fn corrections_of_a_newer_version_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        project.correct_document("r1", NewText::Text(CORRECT), 7, false).unwrap();
        let path = dir.path().join(DOCUMENTS);
        let text = fs::read_to_string(&path).unwrap();
        // A field that this version does not know.
        fs::write(&path, text.replace(r#"{"at":7,"#, r#"{"at":7,"by":"ben","#)).unwrap();
        project.correct_document("r1", NewText::Text("call us"), 8, false).unwrap();
        let again = fs::read_to_string(&path).unwrap();
        assert!(again.contains(r#""by":"ben""#), "{again}");
        project.correct_document("r1", NewText::Text("call them"), 8, true).unwrap();
        assert!(!fs::read_to_string(&path).unwrap().contains("ben"), "it may hold words");
        // A list that it cannot read.
        let unknown = again.replace(r#"{"at":7,"#, r#"{"when":7,"#);
        fs::write(&path, &unknown).unwrap();
        for text in [NewText::Text("call"), NewText::Previous] {
            let error = project.correct_document("r1", text, 9, false).unwrap_err().to_string();
            assert!(error.contains("`was` cannot be read"), "{error}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), unknown);
    }

    #[test]
    fn what_is_recorded_against_an_earlier_text_is_read_through_the_corrections() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let mut anna: Annotator = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
        let before = project.documents.clone();
        project.correct_document("r1", NewText::Text(CORRECT), 7, false).unwrap();
        // Another window still shows the text before.
        let id = anna.next_span();
        let at = before.get("r1").unwrap().text.find("are").unwrap();
        let span =
            crate::spans::Span { id, range: TextRange::new(at, at + 3), label: LabelId(1), source: Default::default() };
        let edits = vec![crate::spans::Edit::Add(span)];
        let op = crate::spans::journal::JournalOp::Do(crate::spans::Action { document: "r1".into(), edits });
        anna.record(&before, 0, op).unwrap();
        assert_eq!(words(&project, "anna", "r1"), ["Ann", "555-1234", "fish tacos", "are", "good"]);
    }

    #[test]
    fn erased_words_are_in_no_file_and_the_spans_are_where_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        project.correct_document("r1", NewText::Text(CORRECT), 7, false).unwrap();
        project.correct_document("r1", NewText::Text(&CORRECT.replace("Ann on 555-1234", "them")), 8, true).unwrap();
        let all = read_all(dir.path());
        assert!(!all.contains("555") && !all.contains("Ann") && !all.contains("tcaos"), "{all}");
        assert_eq!(words(&project, "anna", "r1"), ["fish tacos", "good"]);
        let annotator = project.read_annotator(&"anna".parse().unwrap()).unwrap();
        assert_eq!(annotator.journal.annotation("r1").lost().len(), 2, "their words are gone: to be reviewed");
        let error = project.correct_document("r1", NewText::Previous, 9, false).unwrap_err().to_string();
        assert!(error.contains("its earlier text was erased"), "{error}");
    }

    #[test]
    fn a_removed_document_can_be_restored_and_an_erased_one_cannot() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        project.remove_document("r1", 7).unwrap();
        assert_eq!(Project::open(dir.path()).unwrap().documents.len(), 1);
        let report = check(dir.path());
        assert!(report.is_sound(), "lines about a removed document are no fault: {report:?}");
        assert!(project.remove_document("r1", 8).is_err());
        project.restore_document("r1").unwrap();
        assert_eq!(words(&project, "ben", "r1"), ["Ann", "555-1234", "fish tcaos", "good"]);
        assert!(project.restore_document("r1").unwrap_err().to_string().contains("was not removed"));
        project.correct_document("r1", NewText::Text("call them"), 9, false).unwrap();
        project.remove_document("r1", 9).unwrap();
        project.erase_document("r1").unwrap();
        assert!(!read_all(dir.path()).contains("555"));
        assert!(project.restore_document("r1").unwrap_err().to_string().contains("was erased"));
        project.erase_document("r1").unwrap();
        assert!(check(dir.path()).is_sound());
        // The same text does not come back by an import, and another one does not get the annotations.
        let items =
            vec![item("r1", "call Ann on 555-1234: the fish tcaos are good", &[]), item("r1", "another review", &[])];
        let mut anna = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
        let report = project.import(Some(&mut anna), 0, items).unwrap();
        assert_eq!((report.removed, report.documents, report.renamed.len()), (1, 1, 1));
        assert_eq!(project.documents.iter().map(|document| document.id.as_str()).collect::<Vec<_>>(), ["r2", "r1-2"]);
        // The other one got another id, and does not come back under it either.
        project.remove_document("r1-2", 10).unwrap();
        let report = project.import(Some(&mut anna), 0, vec![item("r1", "another review", &[])]).unwrap();
        assert_eq!((report.removed, report.documents), (1, 0));
    }

    #[test]
    fn texts_that_a_document_had_before_do_not_come_back_by_an_import() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        project.correct_document("r1", NewText::Text(CORRECT), 7, false).unwrap();
        project.correct_document("r1", NewText::Text("call them"), 8, true).unwrap();
        let mut anna = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
        let first = vec![item("r1", "call Ann on 555-1234: the fish tcaos are good", &[]), item("r1", CORRECT, &[])];
        for step in 0..3 {
            let report = project.import(Some(&mut anna), 0, first.clone()).unwrap();
            assert_eq!((report.removed, report.documents), (2, 0), "step {step}");
            match step {
                0 => project.remove_document("r1", 9).unwrap(),
                _ => project.erase_document("r1").unwrap(),
            }
        }
        // Another document with the same text is another one.
        let report = project.import(Some(&mut anna), 0, vec![item("r7", CORRECT, &[])]).unwrap();
        assert_eq!((report.removed, report.documents), (0, 1));
    }

    #[test]
    fn given_words_stay_where_the_text_did_not_change() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        let document = Document::from_words("w", ["al pastor", "tcao", "!!"]);
        project.import(None, 0, vec![ImportItem { document, spans: Vec::new(), status: Status::Todo }]).unwrap();
        project.correct_document("w", NewText::Text("al pastor soft taco !!"), 7, false).unwrap();
        let words: Vec<&str> = project.documents.get("w").unwrap().word_texts().collect();
        assert_eq!(words, ["al pastor", "soft", "taco", "!!"]);
    }
}
