//! Tests of texts, labels and journals that other programs change.

use std::{fs, io::Write, path::Path};

use super::{
    Annotator, DOCUMENTS, ImportItem, MANIFEST, Manifest, Project, check::check, corpus::Chosen, training_data,
};
use crate::{
    formats::Severity,
    spans::{
        Action, ActionId, Document, Edit, Entry, HalfWords, LabelId, LabelSet, SpanId, Status, journal::JournalOp,
    },
    text::{Grid, TextRange},
};

const FIRST: &str = "the fish tacos at this place are cheap and good";

/// A project of two documents in which anna has tagged `fish tacos` and `cheap`, and marked both done.
fn project(dir: &Path) -> Project {
    let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let mut anna = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
    let items = ["r1", "r2"].map(|id| ImportItem {
        document: Document::new(id, FIRST, Grid::Natural),
        spans: vec![(TextRange::new(4, 14), LabelId(2)), (TextRange::new(33, 38), LabelId(5))],
        status: Status::Done,
    });
    project.import(Some(&mut anna), 0, items.into()).unwrap();
    project
}

/// Replaces a piece of `documents.jsonl`, as an editor or `git pull` does.
fn edit(dir: &Path, from: &str, to: &str) {
    let path = dir.join(DOCUMENTS);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn anna(project: &Project) -> Annotator {
    project.read_annotator(&"anna".parse().unwrap()).unwrap()
}

/// The words of the spans of a document.
fn words(project: &Project, annotator: &Annotator, id: &str) -> Vec<String> {
    let text = &project.documents.get(id).unwrap().text;
    annotator.journal.annotation(id).spans().iter().map(|span| span.range.of(text).to_owned()).collect()
}

#[test]
fn spans_follow_their_words_when_the_text_is_changed_between_sessions() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    edit(dir.path(), "the fish", "All of the fish");
    let project = Project::open(dir.path()).unwrap();
    let anna = anna(&project);
    assert_eq!(words(&project, &anna, "r1"), ["fish tacos", "cheap"]);
    assert_eq!(anna.changed.iter().collect::<Vec<_>>(), ["r1"]);
    assert_eq!(anna.journal.annotation("r1").status, Status::Done);
    let report = check(dir.path());
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    assert!(report.is_sound() && finding.what.contains("the texts of 1 document were changed"), "{finding}");
    // Whoever works on the new text has seen it.
    let mut writer = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
    let op = JournalOp::Do(Action { document: "r1".into(), edits: vec![Edit::Note("seen".into())] });
    writer.record(&project.documents, 0, op).unwrap();
    drop(writer);
    assert_eq!(check(dir.path()).findings, []);
}

#[test]
fn a_document_whose_spans_have_no_certain_place_is_not_done_until_it_is_reviewed() {
    let dir = tempfile::tempdir().unwrap();
    let before = project(dir.path());
    let (data, _) = training_data(&before, &anna(&before).journal, HalfWords::Snap);
    assert_eq!(data.train.len() + data.valid.len(), 2);
    edit(dir.path(), "fish tacos", "shrimp");
    let mut project = Project::open(dir.path()).unwrap();
    let mut writer = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
    assert_eq!(words(&project, &writer, "r1"), ["cheap"]);
    let annotation = writer.journal.annotation("r1");
    assert_eq!(
        (annotation.status, annotation.lost().map(|(_, label)| label).collect::<Vec<_>>()),
        (Status::Partial, vec![LabelId(2)])
    );
    // It stays out of trainings and exports, and doctor shows the way to it. That is work to do and no fault.
    let (data, report) = training_data(&project, &writer.journal, HalfWords::Snap);
    assert_eq!((data.train.len() + data.valid.len(), report.to_review), (1, 1));
    assert!(report.not_done.is_empty(), "counted once: {report:?}");
    assert_eq!(project.corpus(&writer.journal, None, Chosen::Done).documents.len(), 1);
    let report = check(dir.path());
    assert!(report.is_sound());
    let finding = report.findings.iter().find(|finding| finding.severity == Severity::Warning).unwrap();
    assert!(finding.what.contains("document `r1` was changed, and 1 span lost the place"), "{finding}");
    assert!(finding.what.ends_with("tagli DIR, Documents, search for status:review"), "{finding}");
    // The annotator gives the span up, as the Tag screen does for a document that is marked done.
    let lost = annotation.lost().map(|(id, _)| Edit::Remove(id)).chain([Edit::Status(Status::Done)]).collect();
    let op = JournalOp::Do(Action { document: "r1".into(), edits: lost });
    let id = writer.record(&project.documents, 0, op).unwrap();
    assert!(check(dir.path()).is_sound(), "{:?}", check(dir.path()).findings);
    assert_eq!(anna(&project).journal.annotation("r1").status, Status::Done);
    // Undone, the review is open again.
    writer.record(&project.documents, 0, JournalOp::Undo(id)).unwrap();
    assert_eq!(anna(&project).journal.annotation("r1").lost().len(), 1);
    // With the old text, everything is as it was.
    edit(dir.path(), "shrimp", "fish tacos");
    project.reload().unwrap();
    assert_eq!(words(&project, &anna(&project), "r1"), ["fish tacos", "cheap"]);
}

#[test]
fn a_document_that_was_done_without_spans_is_not_done_with_another_text() {
    let dir = tempfile::tempdir().unwrap();
    let before = project(dir.path());
    let mut writer = before.annotator(&"anna".parse().unwrap(), 0).unwrap();
    let spans: Vec<Edit> = writer.journal.annotation("r1").spans().iter().map(|span| Edit::Remove(span.id)).collect();
    let action = |edits| JournalOp::Do(Action { document: "r1".into(), edits });
    writer.record(&before.documents, 0, action(spans)).unwrap();
    drop(writer);
    edit(dir.path(), FIRST, "the shrimps were quite good");
    let project = Project::open(dir.path()).unwrap();
    let mut writer = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
    let doubtful = writer.journal.annotation("r1");
    assert!(doubtful.status == Status::Partial && doubtful.is_doubtful() && doubtful.needs_review());
    assert_eq!(writer.journal.annotation("r2").status, Status::Done);
    let (data, _) = training_data(&project, &writer.journal, HalfWords::Snap);
    assert_eq!(data.train.len() + data.valid.len(), 1);
    let report = check(dir.path());
    assert!(
        report.is_sound() && report.findings.iter().any(|finding| finding.what.contains("marked done without spans"))
    );
    // Nothing else than a status says that all of the new text was looked at.
    writer.record(&project.documents, 0, action(vec![Edit::Note("another text".into())])).unwrap();
    for annotator in [&writer, &anna(&project)] {
        assert!(annotator.journal.annotation("r1").is_doubtful());
    }
    // Marked done by a person who has seen the new text; undone, it is in doubt again.
    let done = writer.record(&project.documents, 0, action(vec![Edit::Status(Status::Done)])).unwrap();
    writer.record(&project.documents, 0, JournalOp::Undo(done)).unwrap();
    assert!(writer.journal.annotation("r1").is_doubtful() && anna(&project).journal.annotation("r1").is_doubtful());
    writer.record(&project.documents, 0, JournalOp::Redo(done)).unwrap();
    drop(writer);
    assert_eq!(anna(&project).journal.annotation("r1").status, Status::Done);
    assert!(check(dir.path()).is_sound(), "{:?}", check(dir.path()).findings);
}

#[test]
fn what_is_recorded_while_the_text_changes_on_disk_belongs_to_the_text_that_was_shown() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = project(dir.path());
    let mut writer = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
    edit(dir.path(), "the fish", "All of the fish");
    // The screen still shows the old text.
    let span = writer.next_span();
    let source = crate::spans::SpanSource::Human;
    let place = crate::spans::Span { id: span, range: TextRange::new(43, 47), label: LabelId(6), source };
    let op = JournalOp::Do(Action { document: "r1".into(), edits: vec![Edit::Add(place)] });
    writer.record(&project.documents, 0, op).unwrap();
    project.reload().unwrap();
    assert_eq!(words(&project, &anna(&project), "r1"), ["fish tacos", "cheap", "good"]);
}

#[test]
fn changes_of_documents_and_manifest_are_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = project(dir.path());
    assert_eq!(project.changed_files().unwrap(), Vec::<&str>::new());
    // Other bytes with the same contents are no change of the labels.
    let manifest = fs::read_to_string(dir.path().join(MANIFEST)).unwrap();
    fs::write(dir.path().join(MANIFEST), format!("{manifest}\n")).unwrap();
    assert_eq!(project.changed_files().unwrap(), Vec::<&str>::new());
    fs::write(dir.path().join(MANIFEST), manifest.replace("\"Dish\"", "\"Meal\"")).unwrap();
    edit(dir.path(), "the fish", "The fish");
    assert_eq!(project.changed_files().unwrap(), [DOCUMENTS, MANIFEST]);
    assert!(project.reload().unwrap());
    assert_eq!(project.changed_files().unwrap(), Vec::<&str>::new());
    project.change_manifest(|manifest| manifest.base = "small".into()).unwrap();
    assert_eq!(project.changed_files().unwrap(), Vec::<&str>::new(), "its own changes are none");
    fs::write(dir.path().join(MANIFEST), "<<<<<<< HEAD\n").unwrap();
    assert!(project.changed_files().is_err());
}

#[test]
fn another_journal_of_the_same_length_is_noticed_and_nothing_recorded_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let project = project(dir.path());
    let mut writer = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
    let done = |edits| JournalOp::Do(Action { document: "r2".into(), edits });
    writer.record(&project.documents, 0, done(vec![Edit::Status(Status::Flagged)])).unwrap();
    let id = ActionId(SpanId { writer: writer.writer(), sequence: 0 });
    let mut file = writer.into_appender();
    assert!(!file.look().unwrap());
    let path = project.journal_file(&"anna".parse().unwrap());
    let bytes = fs::read(&path).unwrap();
    // Touched, but not changed.
    std::thread::sleep(std::time::Duration::from_millis(30));
    fs::OpenOptions::new().write(true).open(&path).unwrap().write_all(&bytes).unwrap();
    assert!(!file.look().unwrap());
    // The last line is overwritten with blanks.
    std::thread::sleep(std::time::Duration::from_millis(30));
    let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let mut other = bytes.clone();
    let end = other.len() - 1;
    other[last..end].fill(b' ');
    fs::OpenOptions::new().write(true).open(&path).unwrap().write_all(&other).unwrap();
    let entry = Entry { id, at: 0, op: done(vec![Edit::Note("seen".into())]) };
    file.record_entries(&project.documents, &[entry]).unwrap();
    assert!(file.look().unwrap() && !file.look().unwrap());
    let read = anna(&project);
    let annotation = read.journal.annotation("r2");
    assert_eq!((annotation.status, annotation.note()), (Status::Flagged, "seen"));
}

#[test]
fn spans_of_a_label_that_nobody_defines_are_reported_with_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let mut project = project(dir.path());
    project.change_manifest(|manifest| manifest.labels = LabelSet::from_names(["Amenity", "Cuisine", "Dish"])).unwrap();
    let report = check(dir.path());
    assert!(!report.is_sound());
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.what.contains("2 spans of a label that project.json does not define (id 5)")),
        "{report:?}"
    );
}
