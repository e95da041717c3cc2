//! Tests of the record of imports and of their undo.

use std::path::Path;

use super::*;
use crate::{
    project::{ImportItem, ImportOptions, Manifest, OnDuplicate, corrections::NewText, import_others::Others},
    spans::{Action, Edit, LabelId, LabelSet, Split, Status},
    text::{Grid, TextRange},
};

fn item(id: &str, text: &str, span: bool) -> ImportItem {
    let spans = if span { vec![(TextRange::new(0, 4), LabelId(2))] } else { Vec::new() };
    let status = if span { Status::Done } else { Status::Todo };
    ImportItem { document: Document::new(id, text, Grid::Natural), spans, status }
}

fn project(dir: &Path) -> (Project, Annotator) {
    let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
    project.import(Some(&mut ada), 1, vec![item("old", "good fish", false)]).unwrap();
    (project, ada)
}

fn import(project: &mut Project, ada: &mut Annotator, at: u64, items: Vec<ImportItem>, how: OnDuplicate) {
    let options = ImportOptions { at, on_duplicate: how, files: vec!["a.txt".to_owned()] };
    project.import_each(Some(ada), &options, [items], Others::default()).unwrap();
}

fn ids(project: &Project) -> Vec<&str> {
    project.documents.iter().map(|document| document.id.as_str()).collect()
}

#[test]
fn the_last_import_is_undone_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let (mut project, mut ada) = project(dir);
    let before = std::fs::read(dir.join(DOCUMENTS)).unwrap();
    let items = || vec![item("a", "pork", true), item("b", "fish", true), item("old", "good fish", true)];
    import(&mut project, &mut ada, 2, items(), OnDuplicate::Copy);
    drop(ada);
    assert_eq!(ids(&project), ["old", "a", "b"]);
    let undone = project.undo_import(3).unwrap();
    assert_eq!((undone.removed, undone.annotations, undone.kept.len(), undone.at), (2, 3, 0, 2));
    assert_eq!(std::fs::read(dir.join(DOCUMENTS)).unwrap(), before);
    let ada = project.read_annotator(&"ada".parse().unwrap()).unwrap();
    assert!(ada.problems.is_empty() && ada.journal.annotation("old").spans().is_empty(), "{:?}", ada.problems);
    // The ids are free again, also for other texts, and nothing has to be reviewed.
    let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
    import(&mut project, &mut ada, 4, vec![item("a", "beef stew", false)], OnDuplicate::Copy);
    ada.reread(&project.documents).unwrap();
    assert_eq!((ids(&project), ada.changed.len(), ada.problems.len()), (vec!["old", "a"], 0, 0));
    drop(ada);
    // The one before can be undone, too, and then there is none.
    project.undo_import(5).unwrap();
    assert_eq!(project.undo_import(6).unwrap().removed, 1);
    assert!(matches!(project.undo_import(7), Err(ProjectError::NoImport(_))));
    assert!(ids(&project).is_empty());
}

#[test]
fn an_update_replaces_lost_spans_and_counts_what_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, mut ada) = project(folder.path());
    let spans = |spans: &[(usize, usize, u32)], status| {
        let spans = spans.iter().map(|(start, end, label)| (TextRange::new(*start, *end), LabelId(*label)));
        vec![ImportItem { spans: spans.collect(), status, ..item("a", "pork stew", false) }]
    };
    let update = |project: &mut Project, ada: &mut Annotator, items| {
        let options = ImportOptions { at: 3, on_duplicate: OnDuplicate::Update, files: Vec::new() };
        let report = project.import_each(Some(ada), &options, [items], Others::default()).unwrap().remove(0);
        (report.updated, report.spans, report.kept)
    };
    // Two nested spans, the shorter one first.
    let nested = [(0, 4, 1), (0, 9, 2)];
    import(&mut project, &mut ada, 2, spans(&nested, Status::Done), OnDuplicate::Copy);
    assert_eq!(update(&mut project, &mut ada, spans(&nested, Status::Done)), (0, 0, 0), "the order does not matter");
    assert_eq!(update(&mut project, &mut ada, spans(&[], Status::Todo)), (0, 0, 0), "nothing is changed");
    assert_eq!(update(&mut project, &mut ada, spans(&[(5, 9, 2)], Status::Done)), (1, 1, 0));
    assert_eq!(ada.journal.annotation("a").spans().len(), 1);
    // The words of the span go, and it waits for a review; the import is one.
    project.correct_document("a", NewText::Text("pork"), 4, false).unwrap();
    ada.reread(&project.documents).unwrap();
    assert_eq!(ada.journal.annotation("a").lost().len(), 1);
    let whole = ImportItem { spans: vec![(TextRange::new(0, 4), LabelId(2))], ..item("a", "pork", false) };
    assert_eq!(update(&mut project, &mut ada, vec![ImportItem { status: Status::Done, ..whole }]), (1, 1, 0));
    let annotation = ada.journal.annotation("a");
    assert_eq!((annotation.lost().len(), annotation.spans().len(), annotation.status), (0, 1, Status::Done));
}

#[test]
fn a_text_that_comes_into_a_second_split_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, mut ada) = project(folder.path());
    let split = |id: &str, text: &str, split| {
        let mut item = item(id, text, false);
        item.document.split = split;
        item
    };
    use crate::spans::Split::{Test, Train};
    let first = vec![split("a", "pork stew", Some(Train)), split("b", "beef stew", Some(Test))];
    import(&mut project, &mut ada, 2, first, OnDuplicate::Copy);
    let items = vec![
        split("a", "beef stew", None),
        split("c", "beef stew", None),
        split("d", "beef stew", Some(Train)),
        split("e", "new", Some(Train)),
    ];
    let options = ImportOptions { at: 3, on_duplicate: OnDuplicate::Update, files: Vec::new() };
    let report = project.import_each(Some(&mut ada), &options, [items], Others::default()).unwrap().remove(0);
    assert_eq!((report.updated, report.same_text, report.in_two_splits), (1, 1, 2));
    let remark = report.left_out();
    assert!(remark.contains("2 documents with a text that is in another split, too"), "{remark}");
}

#[test]
fn an_undo_passes_over_what_never_happened_and_keeps_what_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, mut ada) = project(folder.path());
    import(&mut project, &mut ada, 2, vec![item("a", "pork stew", true)], OnDuplicate::Copy);
    drop(ada);
    let path = folder.path().join(IMPORTS);
    let newer = "{\"at\":9,\"added\":{\"since\":\"2027\"}}\n";
    let interrupted = "{\"at\":5,\"changed\":[\"old\"]}\n";
    // A stranger names more lines than fit the memory.
    let (writer, many) = ("0000000000000001", u32::MAX);
    let stranger = format!("{{\"at\":6,\"lines\":[[\"ada\",\"{writer}-0\",{many}]]}}\n");
    let before = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = before.lines().collect();
    assert_eq!(lines.len(), 2);
    std::fs::write(&path, format!("{before}{newer}{interrupted}{stranger}")).unwrap();
    let undone = project.undo_import(10).unwrap();
    assert_eq!((undone.at, undone.removed), (2, 1));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n{newer}", lines[0]));
    assert_eq!(ids(&project), ["old"]);
}

#[test]
fn what_was_worked_on_since_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, mut ada) = project(folder.path());
    let items = ["a", "b", "c", "d"].map(|id| item(id, "pork stew", true));
    import(&mut project, &mut ada, 2, items.into(), OnDuplicate::Copy);
    let note = |document: &str| {
        JournalOp::Do(Action { document: document.to_owned(), edits: vec![Edit::Note("hm".to_owned())] })
    };
    let mut ben = project.annotator(&"ben".parse().unwrap(), 0).unwrap();
    ben.record(&project.documents, 3, note("b")).unwrap();
    let undone = ben.record(&project.documents, 3, note("c")).unwrap();
    ben.record(&project.documents, 3, JournalOp::Undo(undone)).unwrap();
    let refused = project.undo_import(4).unwrap_err();
    assert!(matches!(refused, ProjectError::Lock(_)), "{refused}");
    drop((ada, ben));
    project.correct_document("d", NewText::Text("beef stew"), 3, false).unwrap();
    let undone = project.undo_import(4).unwrap();
    assert_eq!((undone.removed, undone.kept.as_slice()), (2, ["b".to_owned(), "d".to_owned()].as_slice()));
    assert_eq!(ids(&project), ["old", "b", "d"]);
    let ada = project.read_annotator(&"ada".parse().unwrap()).unwrap();
    assert_eq!(ada.journal.annotation("b").spans().len(), 1);
    assert!(ada.problems.is_empty(), "{:?}", ada.problems);
}

#[test]
fn an_id_that_is_in_use_is_left_out_updated_or_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, mut ada) = project(folder.path());
    import(&mut project, &mut ada, 2, vec![item("a", "pork stew", true)], OnDuplicate::Copy);
    let other = item("a", "cold beef stew", true);
    let duplicates = project.duplicates([&other.document].into_iter());
    assert_eq!(duplicates, ["a"]);
    assert!(project.duplicates([&item("a", "pork stew", true).document].into_iter()).is_empty());
    import(&mut project, &mut ada, 3, vec![other.clone()], OnDuplicate::Skip);
    assert_eq!((ids(&project), &*project.documents[1].text), (vec!["old", "a"], "pork stew"));
    import(&mut project, &mut ada, 4, vec![other.clone(), item("new", "soup", false)], OnDuplicate::Update);
    assert_eq!((ids(&project), &*project.documents[1].text), (vec!["old", "a", "new"], "cold beef stew"));
    let spans = ada.journal.annotation("a").spans();
    assert_eq!(spans.iter().map(|span| span.range.of("cold beef stew")).collect::<Vec<_>>(), ["cold"]);
    drop(ada);
    let undone = project.undo_import(5).unwrap();
    assert_eq!((undone.removed, undone.restored, undone.kept.len()), (1, 1, 0));
    assert_eq!((ids(&project), &*project.documents[1].text), (vec!["old", "a"], "pork stew"));
    let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
    assert_eq!(ada.journal.annotation("a").spans()[0].range.of("pork stew"), "pork");
    import(&mut project, &mut ada, 6, vec![other], OnDuplicate::Copy);
    assert_eq!(ids(&project), ["old", "a", "a-2"]);
}

#[test]
fn documents_that_another_program_or_a_move_has_changed_since_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, mut ada) = project(folder.path());
    let with_fields = |id: &str| {
        let mut item = item(id, "pork stew", true);
        item.document.foreign = Some(Box::new(serde_json::json!({"big": 1.0e22, "small": 1.5, "x": [null, -7]})));
        item
    };
    let ids_of = ["text", "split", "back", "meta", "id", "same"];
    import(&mut project, &mut ada, 2, ids_of.map(with_fields).into(), OnDuplicate::Copy);
    drop(ada);
    project.set_splits(&[("split", Some(Split::Test)), ("back", Some(Split::Test))].into()).unwrap();
    project.set_splits(&[("back", None)].into()).unwrap();
    // With an editor, also without a change of the text.
    let path = folder.path().join(DOCUMENTS);
    let lines = std::fs::read_to_string(&path).unwrap();
    let edited: Vec<String> = lines
        .lines()
        .map(|line| match serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap() {
            "text" => line.replace("pork", "beef"),
            "meta" => line.replace("1.5", "2.5"),
            "id" => line.replace("\"id\":\"id\"", "\"id\":\"mine\""),
            _ => line.to_owned(),
        })
        .collect();
    std::fs::write(&path, edited.join("\n") + "\n").unwrap();
    let undone = project.undo_import(4).unwrap();
    assert_eq!((undone.removed, undone.kept.join(" ").as_str()), (2, "meta mine split text"));
    assert!(undone.text().contains("4 documents were changed since and stay: meta, mine, split, text"), "{undone:?}");
    assert_eq!(ids(&project), ["old", "text", "split", "meta", "mine"]);
    let after = std::fs::read_to_string(&path).unwrap();
    assert!(edited.iter().filter(|line| after.lines().any(|kept| kept == *line)).count() == 5, "{after}");
    let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
    assert_eq!(["text", "split", "meta", "same"].map(|id| ada.journal.annotation(id).spans().len()), [0, 1, 1, 0]);
    // The file can be imported again: what stayed is there already, and all others come back.
    import(&mut project, &mut ada, 5, ["split", "back", "same"].map(with_fields).into(), OnDuplicate::Copy);
    assert_eq!(ids(&project), ["old", "text", "split", "meta", "mine", "back", "same"]);
    assert_eq!(["split", "back", "same"].map(|id| ada.journal.annotation(id).spans().len()), [1, 1, 1]);
}

#[test]
fn a_text_that_another_program_changed_after_an_update_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, mut ada) = project(folder.path());
    import(&mut project, &mut ada, 2, vec![item("a", "pork stew", true)], OnDuplicate::Copy);
    import(&mut project, &mut ada, 3, vec![item("a", "cold beef stew", true)], OnDuplicate::Update);
    drop(ada);
    let path = folder.path().join(DOCUMENTS);
    let edited = std::fs::read_to_string(&path).unwrap().replace("cold beef", "cold fish");
    std::fs::write(&path, &edited).unwrap();
    let undone = project.undo_import(4).unwrap();
    assert_eq!((undone.restored, undone.annotations, undone.kept.as_slice()), (0, 0, ["a".to_owned()].as_slice()));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), edited);
}

#[test]
fn records_of_earlier_versions_and_damaged_checksums_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (mut project, mut ada) = project(folder.path());
    import(&mut project, &mut ada, 2, vec![item("a", "pork stew", true)], OnDuplicate::Copy);
    drop(ada);
    let path = folder.path().join(IMPORTS);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut record: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(record["sums"].as_str().map(str::len), Some(8));
    // Nothing is known about what was changed, as before.
    record.as_object_mut().unwrap().shift_remove("sums");
    let first = text.lines().next().unwrap();
    std::fs::write(&path, format!("{first}\n{record}\n")).unwrap();
    let documents = folder.path().join(DOCUMENTS);
    let edited = std::fs::read_to_string(&documents).unwrap().replace("pork", "beef");
    std::fs::write(&documents, edited).unwrap();
    assert_eq!(project.undo_import(3).unwrap().removed, 1);
    for sums in ["zz", "0011223\u{e9}", "001122334"] {
        let line = format!("{{\"at\":1,\"sums\":\"{sums}\"}}");
        assert!(serde_json::from_str::<ImportRecord>(&line).is_err(), "{sums}");
    }
}
