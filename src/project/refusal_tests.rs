//! Projects that cannot be written: a read-only disk, foreign permissions, a full disk.

use std::{fs, io::ErrorKind, path::Path};

use super::{
    output::Existing,
    storage::refusals::{Refused, refuse},
    *,
};
use crate::spans::{Action, ActionId, Document, Edit, Entry, LabelSet, SpanId, Status, journal::JournalOp};

fn name() -> AnnotatorName {
    "anna".parse().unwrap()
}

fn status(to: Status) -> JournalOp {
    JournalOp::Do(Action { document: "d0".into(), edits: vec![Edit::Status(to)] })
}

/// A project with one document, which its annotator has flagged.
fn project(dir: &Path) -> Project {
    let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let document = Document::new("d0", "fish tacos", Grid::Natural);
    project.import(None, 0, vec![ImportItem { document, spans: Vec::new(), status: Status::Todo }]).unwrap();
    project.annotator(&name(), 0).unwrap().record(&project.documents, 1, status(Status::Flagged)).unwrap();
    project
}

fn of(annotator: &Annotator) -> Status {
    annotator.journal.annotation("d0").status
}

#[test]
fn a_project_that_cannot_be_written_is_read_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("p");
    drop(project(&root));
    for (kind, reason) in
        [(ErrorKind::ReadOnlyFilesystem, "mounted read-only"), (ErrorKind::PermissionDenied, "permission denied")]
    {
        let _refusal = refuse(&root, Refused::Everything, kind);
        let project = Project::open(&root).unwrap();
        assert!(project.annotator(&name(), 0).unwrap_err().to_string().contains(reason));
        let (mut annotator, why) = project.annotator_or_reader(&name(), 0).unwrap();
        assert!(annotator.is_read_only() && of(&annotator) == Status::Flagged);
        assert!(why.unwrap().to_string().contains(reason));
        let refused = annotator.record(&project.documents, 2, status(Status::Done));
        assert!(matches!(refused, Err(ProjectError::ReadOnly(_))));
        // Whoever has no journal yet can look, too.
        let (ben, _) = project.annotator_or_reader(&"ben".parse().unwrap(), 0).unwrap();
        assert!(ben.is_read_only() && of(&ben) == Status::Todo);
        assert!(check::check(&root).is_sound());
        assert!(project.export_file("a.txt", b"x", Existing::Keep).unwrap_err().to_string().contains(reason));
    }
    let (annotator, why) = Project::open(&root).unwrap().annotator_or_reader(&name(), 0).unwrap();
    assert!(why.is_none() && !annotator.is_read_only() && of(&annotator) == Status::Flagged);
}

#[test]
fn on_a_full_disk_a_project_opens_and_records_as_soon_as_there_is_space() {
    let dir = tempfile::tempdir().unwrap();
    for (at, refused) in [Refused::Bytes, Refused::Everything].into_iter().enumerate() {
        let root = dir.path().join(at.to_string());
        let project = project(&root);
        let full = refuse(&root, refused, ErrorKind::StorageFull);
        let (mut annotator, why) = project.annotator_or_reader(&name(), 0).unwrap();
        assert!(!annotator.is_read_only() && of(&annotator) == Status::Flagged && annotator.writer() > 0);
        assert_eq!(why.is_some(), refused == Refused::Everything, "an existing journal can be opened");
        let id = ActionId(SpanId { writer: annotator.writer(), sequence: 0 });
        let entry = || vec![Entry { id, at: 2, op: status(Status::Done) }];
        for _ in 0..2 {
            let error = annotator.record_entries(&project.documents, entry()).unwrap_err().to_string();
            assert!(error.contains("the disk is full"), "{error}");
            assert_eq!(of(&annotator), Status::Flagged);
        }
        drop(full);
        annotator.record_entries(&project.documents, entry()).unwrap();
        assert_eq!(of(&annotator), Status::Done);
        assert!(matches!(project.annotator(&name(), 0), Err(ProjectError::Lock(_))), "it has the lock now");
        assert_eq!(of(&project.read_annotator(&name()).unwrap()), Status::Done);
    }
}

#[test]
fn a_window_that_waits_for_space_does_not_write_into_the_journal_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("p");
    let project = project(&root);
    let full = refuse(&root, Refused::Everything, ErrorKind::StorageFull);
    let [mut first, mut second] = [0, 1].map(|_| project.annotator_or_reader(&name(), 0).unwrap().0);
    drop(full);
    first.record(&project.documents, 2, status(Status::Done)).unwrap();
    let refused = second.record(&project.documents, 2, status(Status::Skipped));
    assert!(matches!(refused, Err(ProjectError::Lock(_))), "{refused:?}");
    drop(first);
    second.record(&project.documents, 3, status(Status::Skipped)).unwrap();
    assert_eq!((second.journal.len(), of(&second)), (3, Status::Skipped), "nothing of the other is lost");
}

#[test]
fn an_interrupted_import_on_a_full_disk_is_settled_before_anything_is_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("p");
    let project = project(&root);
    let journal = fs::read(root.join("annotations/anna.jsonl")).unwrap();
    fs::write(root.join("annotations/.anna.import"), journal).unwrap();
    let _full = refuse(&root, Refused::Everything, ErrorKind::StorageFull);
    let (annotator, why) = project.annotator_or_reader(&name(), 0).unwrap();
    assert!(annotator.is_read_only() && why.is_some());
}
