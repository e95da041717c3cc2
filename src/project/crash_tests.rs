//! State after a crash at any moment, a merge by git, and two programs at once.

#![cfg(test)]

use std::{fs, path::Path};

use proptest::prelude::*;

use super::{storage::folder_in_memory, *};
use crate::{
    spans::{
        Action, ActionId, Document, Edit, Journal, LabelSet, Span, SpanId, SpanSource, Split, Status,
        journal::JournalOp,
    },
    text::{Grid, OffsetMap, TextRange},
};

const TEXTS: [&str; 3] = ["caf\u{e9} \u{1f355} open", "plain text here", "\u{4e2d}\u{6587} r\u{e9}sum\u{e9}"];

fn project(dir: &Path) -> Project {
    let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let documents = TEXTS.iter().enumerate().map(|(at, text)| Document::new(format!("d{at}"), *text, Grid::Natural));
    let items = documents.map(|document| ImportItem { document, spans: Vec::new(), status: Status::Todo }).collect();
    project.import(None, 0, items).unwrap();
    project
}

fn name() -> AnnotatorName {
    "anna".parse().unwrap()
}

fn journal_path(project: &Project) -> PathBuf {
    project.root.join("annotations/anna.jsonl")
}

fn states(journal: &Journal) -> Vec<crate::spans::Annotation> {
    (0..TEXTS.len()).map(|at| journal.annotation(&format!("d{at}")).clone()).collect()
}

/// A range of whole characters of a text.
fn range(text: &str, a: usize, b: usize) -> TextRange {
    let chars = OffsetMap::new(text).chars();
    let (a, b) = (a % (chars + 1), b % (chars + 1));
    OffsetMap::new(text).from_chars([a.min(b), a.max(b)].into()).unwrap()
}

#[derive(Clone, Debug)]
enum Step {
    Add(usize, usize, usize, u32),
    Remove(usize, u32),
    Resize(usize, u32, usize, usize),
    Status(usize, usize),
    Undo,
    Redo,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0usize..3, 0usize..20, 0usize..20, 0u32..8).prop_map(|(d, a, b, l)| Step::Add(d, a, b, l)),
        1 => (0usize..3, 0u32..6).prop_map(|(d, n)| Step::Remove(d, n)),
        1 => (0usize..3, 0u32..6, 0usize..20, 0usize..20).prop_map(|(d, n, a, b)| Step::Resize(d, n, a, b)),
        1 => (0usize..3, 0usize..5).prop_map(|(d, s)| Step::Status(d, s)),
        1 => Just(Step::Undo),
        1 => Just(Step::Redo),
    ];
    prop::collection::vec(step, 1..12)
}

fn op(step: &Step, annotator: &mut Annotator) -> Option<JournalOp> {
    let on = |at: &usize, edit| JournalOp::Do(Action { document: format!("d{at}"), edits: vec![edit] });
    let span = |n: &u32| SpanId { writer: 7, sequence: *n };
    Some(match step {
        Step::Add(d, a, b, l) => {
            let source = SpanSource::Model { run: "0001-mini".into(), score: 0.25 };
            let id = annotator.next_span();
            let id = SpanId { writer: 7, ..id };
            on(d, Edit::Add(Span { id, range: range(TEXTS[*d], *a, *b), label: LabelId(*l), source }))
        }
        Step::Remove(d, n) => on(d, Edit::Remove(span(n))),
        Step::Resize(d, n, a, b) => on(d, Edit::Resize(span(n), range(TEXTS[*d], *a, *b))),
        Step::Status(d, s) => on(d, Edit::Status(Status::ALL[*s])),
        Step::Undo => JournalOp::Undo(annotator.journal.undo_target()?.0),
        Step::Redo => JournalOp::Redo(annotator.journal.redo_target()?.0),
    })
}

fn perform(project: &Project, steps: &[Step]) -> Vec<Vec<crate::spans::Annotation>> {
    let mut annotator = project.annotator(&name(), 0).unwrap();
    let mut history = vec![states(&annotator.journal)];
    for step in steps {
        if let Some(op) = op(step, &mut annotator) {
            annotator.record(&project.documents, 1_700_000_000, op).unwrap();
            history.push(states(&annotator.journal));
        }
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_journal_reads_as_it_was_written(steps in steps()) {
        let dir = folder_in_memory();
        let project = project(dir.path());
        let history = perform(&project, &steps);
        let again = project.read_annotator(&name()).unwrap();
        prop_assert!(again.problems.is_empty());
        prop_assert_eq!(Some(&states(&again.journal)), history.last());
    }

    #[test]
    fn merged_by_union_two_journals_lose_no_line(left in steps(), right in steps(), shuffle: bool) {
        let dir = folder_in_memory();
        let project = project(dir.path());
        let path = journal_path(&project);
        perform(&project, &left);
        let ours = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        perform(&project, &right);
        let theirs = fs::read_to_string(&path).unwrap();
        let (first, second) = if shuffle { (&theirs, &ours) } else { (&ours, &theirs) };
        // git may also keep a line that both have twice.
        fs::write(&path, format!("{first}{second}{first}")).unwrap();
        let merged = project.annotator(&name(), 0).unwrap();
        prop_assert!(merged.problems.is_empty());
        prop_assert_eq!(merged.journal.len(), ours.lines().count() + theirs.lines().count());
    }
}

#[test]
fn cut_off_at_any_byte_a_journal_keeps_every_whole_line_and_takes_the_next() {
    let dir = folder_in_memory();
    let project = project(dir.path());
    let steps = [Step::Add(0, 5, 6, 2), Step::Add(2, 0, 2, 1), Step::Undo, Step::Status(0, 2), Step::Add(1, 0, 5, 0)];
    let history = perform(&project, &steps);
    let path = journal_path(&project);
    let bytes = fs::read(&path).unwrap();
    for end in 0..=bytes.len() {
        fs::write(&path, &bytes[..end]).unwrap();
        let torn = project.root.join("annotations/anna.jsonl.torn");
        fs::remove_file(&torn).ok();
        // A line that lacks nothing but its line feed is whole.
        let next_is_feed = bytes.get(end) == Some(&b'\n');
        let whole = bytes[..end].iter().filter(|byte| **byte == b'\n').count() + usize::from(next_is_feed);
        let at_border = end == 0 || bytes[end - 1] == b'\n' || next_is_feed;

        let read = project.read_annotator(&name()).unwrap();
        assert_eq!(states(&read.journal), history[whole], "cut at {end}");
        assert_eq!(read.problems.len(), usize::from(!at_border), "cut at {end}");
        assert_eq!(fs::read(&path).unwrap(), &bytes[..end], "reading writes nothing");

        let mut annotator = project.annotator(&name(), 0).unwrap();
        assert_eq!(states(&annotator.journal), history[whole], "cut at {end}");
        assert_eq!(torn.exists(), !at_border, "cut at {end}");
        annotator
            .record(
                &project.documents,
                9,
                JournalOp::Do(Action { document: "d1".into(), edits: vec![Edit::Status(Status::Flagged)] }),
            )
            .unwrap();
        drop(annotator);
        let after = project.read_annotator(&name()).unwrap();
        assert!(after.problems.is_empty(), "cut at {end}: {:?}", after.problems);
        assert_eq!(after.journal.len(), whole + 1, "cut at {end}");
    }
}

#[test]
fn a_damaged_line_in_the_middle_costs_itself_only_and_stays() {
    let dir = folder_in_memory();
    let project = project(dir.path());
    perform(&project, &[Step::Status(0, 2), Step::Status(1, 2), Step::Status(2, 2)]);
    let path = journal_path(&project);
    let damaged = fs::read_to_string(&path).unwrap().replacen("\"d1\"", "\"d0\"", 1);
    fs::write(&path, &damaged).unwrap();
    let annotator = project.annotator(&name(), 0).unwrap();
    assert_eq!(annotator.problems.len(), 1);
    assert!(annotator.problems[0].to_string().starts_with("line 2: it is damaged (its checksum is wrong)"));
    let done: Vec<Status> = states(&annotator.journal).iter().map(|state| state.status).collect();
    assert_eq!(done, [Status::Done, Status::Todo, Status::Done]);
    assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
}

#[test]
fn one_annotator_has_one_writer_and_any_number_of_readers() {
    let dir = folder_in_memory();
    let project = project(dir.path());
    let anna = project.annotator(&name(), 1_750_000_000).unwrap();
    let error = project.annotator(&name(), 0).unwrap_err();
    assert!(error.is_environment());
    let message = error.to_string();
    assert!(message.starts_with(&format!("annotator `anna` is in use by process {}", std::process::id())), "{message}");
    assert!(message.contains("since 2025-06-15T15:06:40Z"), "{message}");
    let mut reader = project.read_annotator(&name()).unwrap();
    let op = JournalOp::Undo(ActionId(SpanId { writer: 1, sequence: 1 }));
    assert!(matches!(reader.record(&project.documents, 0, op), Err(ProjectError::ReadOnly(_))));
    project.annotator(&"ben".parse().unwrap(), 0).unwrap();
    assert!(project.annotator(&"Anna".parse().unwrap(), 0).unwrap_err().to_string().contains("capitals"));
    drop(anna);
    project.annotator(&name(), 0).unwrap();
}

#[test]
fn a_pull_while_the_journal_is_open_loses_nothing_of_either() {
    let dir = folder_in_memory();
    let project = project(dir.path());
    let status =
        |document: &str| JournalOp::Do(Action { document: document.into(), edits: vec![Edit::Status(Status::Done)] });
    let mut other = project.annotator(&name(), 0).unwrap();
    other.record(&project.documents, 0, status("d0")).unwrap();
    drop(other);
    let pulled = fs::read(journal_path(&project)).unwrap();
    fs::remove_file(journal_path(&project)).unwrap();

    let mut anna = project.annotator(&name(), 0).unwrap();
    anna.record(&project.documents, 0, status("d1")).unwrap();
    storage::replace(&journal_path(&project), &pulled).unwrap();
    anna.record(&project.documents, 0, status("d2")).unwrap();
    let done = |journal: &Journal| states(journal).iter().filter(|state| state.status == Status::Done).count();
    assert_eq!(done(&anna.journal), 3);
    let again = project.read_annotator(&name()).unwrap();
    assert_eq!((done(&again.journal), again.journal.len()), (3, 3));
}

fn import() -> Vec<ImportItem> {
    let document = Document::new("d0", "new text", Grid::Natural);
    vec![ImportItem { document, spans: vec![(TextRange::new(0, 3), LabelId(1))], status: Status::Done }]
}

#[test]
fn an_import_brings_documents_and_annotations_under_free_ids() {
    let dir = folder_in_memory();
    let mut project = project(dir.path());
    let mut anna = project.annotator(&name(), 0).unwrap();
    let report = project.import(Some(&mut anna), 5, import()).unwrap();
    assert_eq!(
        report,
        ImportReport { documents: 1, spans: 1, renamed: vec![("d0".into(), "d0-2".into())], ..ImportReport::default() }
    );
    drop(anna);
    let project = Project::open(dir.path()).unwrap();
    assert_eq!(project.documents.len(), 4);
    let anna = project.read_annotator(&name()).unwrap();
    assert_eq!(anna.journal.annotation("d0-2").spans()[0].source, SpanSource::Import);
    assert_eq!(anna.journal.annotation("d0"), &crate::spans::Annotation::untouched());
}

#[test]
fn ids_that_the_caller_counts_never_meet_those_that_are_given() {
    let dir = folder_in_memory();
    let mut project = project(dir.path());
    let mut anna = project.annotator(&name(), 0).unwrap();
    let id = ActionId(SpanId { writer: anna.writer(), sequence: 0 });
    let op = |status| JournalOp::Do(Action { document: "d1".into(), edits: vec![Edit::Status(status)] });
    let entry = crate::spans::Entry { id, at: 0, op: op(Status::Partial) };
    anna.record_entries(&project.documents, vec![entry]).unwrap();
    anna.record(&project.documents, 0, op(Status::Done)).unwrap();
    project.import(Some(&mut anna), 0, import()).unwrap();
    assert_eq!(anna.journal.len(), 3);
    assert_eq!(project.read_annotator(&name()).unwrap().journal.len(), 3);
}

#[test]
fn an_import_that_cannot_be_done_changes_nothing() {
    let dir = folder_in_memory();
    let mut project = project(dir.path());
    let before = fs::read(dir.path().join("documents.jsonl")).unwrap();
    let mut anna = project.annotator(&name(), 0).unwrap();
    let with = |range, label| {
        let mut items = import();
        items[0].spans = vec![(range, LabelId(label))];
        items
    };
    assert!(matches!(project.import(Some(&mut anna), 0, with(TextRange::new(0, 99), 1)), Err(ProjectError::Record(_))));
    assert!(matches!(
        project.import(Some(&mut anna), 0, with(TextRange::new(0, 3), 99)),
        Err(ProjectError::NoLabel { .. })
    ));
    assert!(matches!(project.import(None, 0, import()), Err(ProjectError::NoAnnotator)));
    assert_eq!(fs::read(dir.path().join("documents.jsonl")).unwrap(), before);
    assert!(anna.journal.is_empty());
    assert_eq!(project.documents.len(), 3);
}

#[test]
fn an_import_cut_off_at_any_moment_counts_wholly_or_not_at_all() {
    // The files after a whole import; a crash leaves the new or the old form of each, in this order.
    let dir = folder_in_memory();
    let mut project = project(dir.path());
    let mut anna = project.annotator(&name(), 0).unwrap();
    let [documents, journal, log] =
        ["documents.jsonl", "annotations/anna.jsonl", "annotations/.anna.import"].map(|name| dir.path().join(name));
    let old = Project::open(dir.path()).unwrap();
    let (documents_before, journal_before) = (fs::read(&documents).unwrap(), fs::read(&journal).unwrap());
    project.import(Some(&mut anna), 5, import()).unwrap();
    drop(anna);
    let (documents_after, lines) = (fs::read(&documents).unwrap(), fs::read(&journal).unwrap());
    for (committed, appended) in [(false, 0), (true, 0), (true, lines.len() / 2), (true, lines.len())] {
        fs::write(&log, &lines).unwrap();
        fs::write(&documents, if committed { &documents_after } else { &documents_before }).unwrap();
        fs::write(&journal, [&journal_before[..], &lines[..appended]].concat()).unwrap();
        // A program that read the project before the import decides by what is there now.
        drop(old.annotator(&name(), 0).unwrap());
        let mut project = Project::open(dir.path()).unwrap();
        let anna = project.annotator(&name(), 0).unwrap();
        assert_eq!(project.documents.len(), 3 + usize::from(committed));
        assert_eq!(anna.journal.annotation("d0-2").spans().len(), usize::from(committed));
        assert_eq!(anna.journal.len(), usize::from(committed));
        assert!(!log.exists());
        drop(anna);
        // Another annotator's documents never get annotations that were not theirs.
        fs::write(&log, &lines).unwrap();
        if !committed {
            let mut ben = project.annotator(&"ben".parse().unwrap(), 0).unwrap();
            project.import(Some(&mut ben), 5, import()).unwrap();
            let anna = project.annotator(&name(), 0).unwrap();
            assert!(anna.journal.is_empty());
        }
    }
}

#[test]
fn importing_a_file_twice_adds_nothing_and_changes_no_work() {
    let dir = folder_in_memory();
    let mut project = project(dir.path());
    let mut anna = project.annotator(&name(), 0).unwrap();
    let text_only = vec![ImportItem { spans: Vec::new(), status: Status::Todo, ..import().remove(0) }];
    project.import(Some(&mut anna), 5, text_only).unwrap();
    let report = project.import(Some(&mut anna), 6, import()).unwrap();
    assert_eq!((report.documents, report.known, report.kept, report.spans), (0, 1, 0, 1), "spans on untouched text");
    let mut other = import();
    other[0].spans = vec![(TextRange::new(4, 8), LabelId(0))];
    let report = project.import(Some(&mut anna), 7, other).unwrap();
    assert_eq!((report.documents, report.known, report.kept, report.spans), (0, 1, 1, 0), "her work stays");
    assert_eq!(anna.journal.annotation("d0-2").spans()[0].range, TextRange::new(0, 3));
}

#[test]
fn a_document_that_is_in_the_data_twice_gets_its_spans_once_each() {
    let dir = folder_in_memory();
    let mut project = project(dir.path());
    let mut anna = project.annotator(&name(), 0).unwrap();
    let with = |id: &str| {
        let document = Document::new(id, "new text", Grid::Natural);
        ImportItem { document, ..import().remove(0) }
    };
    let plain = |id: &str| ImportItem { spans: Vec::new(), status: Status::Todo, ..with(id) };
    project.import(Some(&mut anna), 1, vec![plain("x-2"), plain("x")]).unwrap();
    let report = project.import(Some(&mut anna), 2, vec![with("x"), with("x")]).unwrap();
    assert_eq!((report.documents, report.known, report.spans), (0, 2, 2), "the id itself, then the other");
    for id in ["x", "x-2"] {
        assert_eq!(anna.journal.annotation(id).spans().len(), 1, "{id}");
    }
    let thrice = || vec![with("x"), with("x"), with("x")];
    let report = project.import(Some(&mut anna), 3, thrice()).unwrap();
    assert_eq!((report.known, report.renamed), (2, vec![("x".into(), "x-3".into())]));
    let report = project.import(Some(&mut anna), 4, thrice()).unwrap();
    assert_eq!((report.documents, report.known, report.kept, report.spans), (0, 3, 0, 0));
    assert_eq!(anna.journal.annotation("x-3").spans().len(), 1);
}

#[test]
fn what_tests_does_not_teach_under_another_name() {
    let dir = folder_in_memory();
    let mut project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
    let item = |id: &str, text: &str, split: Option<Split>| {
        let document = Document { split, ..Document::new(id, text, Grid::Natural) };
        ImportItem { document, spans: Vec::new(), status: Status::Todo }
    };
    project.import(None, 0, vec![item("a", "fish tacos", Some(Split::Test))]).unwrap();
    let again =
        vec![item("b", "fish tacos", None), item("c", "fish tacos", Some(Split::Train)), item("d", "tea", None)];
    let report = project.import(None, 0, again).unwrap();
    assert_eq!((report.documents, report.same_text, report.in_two_splits), (3, 1, 1));
    let remark = report.left_out();
    assert!(remark.contains("1 document with the same text as another one, in its split"), "{remark}");
    assert!(remark.contains("1 document with a text that is in another split, too"), "{remark}");
    let splits: Vec<Option<Split>> = project.documents.iter().map(|document| document.split).collect();
    assert_eq!(splits, [Some(Split::Test), Some(Split::Test), Some(Split::Train), None], "what was said holds");
}

#[test]
fn annotations_of_known_documents_need_an_annotator_too() {
    let dir = folder_in_memory();
    let mut project = project(dir.path());
    let plain = || vec![ImportItem { spans: Vec::new(), status: Status::Todo, ..import().remove(0) }];
    project.import(None, 0, plain()).unwrap();
    assert!(matches!(project.import(None, 0, import()), Err(ProjectError::NoAnnotator)));
    assert_eq!(project.import(None, 0, plain()).unwrap().known, 1, "nothing is said about it");
}

#[test]
fn two_programs_that_import_at_once_lose_nothing() {
    let dir = folder_in_memory();
    let mut first = project(dir.path());
    let mut second = Project::open(dir.path()).unwrap();
    let plain = || vec![ImportItem { spans: Vec::new(), status: Status::Todo, ..import().remove(0) }];
    first.import(None, 0, plain()).unwrap();
    let report = second.import(None, 0, plain()).unwrap();
    assert_eq!((report.documents, report.known), (0, 1), "it reads what the first has written");
    let other = ImportItem { document: Document::new("d0", "another text", Grid::Natural), ..plain().remove(0) };
    assert_eq!(second.import(None, 0, vec![other]).unwrap().renamed[0].1, "d0-3");
    second.change_manifest(|manifest| manifest.name = "second".into()).unwrap();
    first.intern_labels(&["Drink".into()]).unwrap();
    assert_eq!((first.manifest.name.as_str(), first.documents.len()), ("second", 5));
}

#[test]
fn the_error_for_other_folders_says_what_to_do() {
    let dir = folder_in_memory();
    let error = |path: &Path| Project::open(path).unwrap_err().to_string();
    assert!(error(dir.path()).contains("is not a project (it has no project.json); to make one there: tagli new "));
    assert!(error(&dir.path().join("none")).starts_with("there is no folder "));
    let made = project(&dir.path().join("p"));
    assert!(error(&made.root.join("documents.jsonl")).contains("is a file, not a project"));
    let again = Project::create(&made.root, Manifest::new("p", LabelSet::restaurant()));
    assert!(again.unwrap_err().to_string().contains("is already a project"));
    fs::write(made.root.join("documents.jsonl"), "{\"id\":\"a\",\"text\":\"\"}\nx\ny\n").unwrap();
    assert!(error(&made.root).contains("documents.jsonl, line 2: column 1: expected value"));
    assert!(error(&made.root).ends_with("(1 more bad lines; tagli doctor lists them)"));
}

#[test]
fn fifty_thousand_documents_open_quickly() {
    let dir = folder_in_memory();
    let mut project = project(dir.path());
    let words = "the fish tacos at this place were really good and the price was right for us too ok".split(' ');
    let words: Vec<&str> = words.collect();
    let item = |n| ImportItem {
        document: Document::from_words(format!("r{n}"), &words),
        spans: vec![(TextRange::new(4, 14), LabelId(2))],
        status: Status::Done,
    };
    let mut anna = project.annotator(&name(), 0).unwrap();
    project.import(Some(&mut anna), 0, (0..50_000).map(item).collect()).unwrap();
    let begin = std::time::Instant::now();
    let project = Project::open(dir.path()).unwrap();
    let opened = begin.elapsed();
    let anna = project.read_annotator(&name()).unwrap();
    let read = begin.elapsed() - opened;
    assert_eq!((project.documents.len(), anna.journal.len()), (50_003, 50_000));
    // Ten times what it takes, for slow machines: against quadratic work, not a benchmark.
    assert!(opened.as_secs() < 5 && read.as_secs() < 5, "{opened:?} {read:?}");
}

/// Runs as the other process of the test below; by itself it tests nothing.
/// That process runs this very program with this name.
#[test]
#[ignore = "is run by another test"]
fn holds_annas_lock() {
    let Some(dir) = std::env::var_os("TAGLI_TEST_PROJECT") else { return };
    let project = Project::open(Path::new(&dir)).unwrap();
    let mut anna = project.annotator(&name(), 0).unwrap();
    let op = JournalOp::Do(Action { document: "d1".into(), edits: vec![Edit::Status(Status::Done)] });
    anna.record(&project.documents, 0, op).unwrap();
    fs::write(project.root.join("held"), "").unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_killed_process_leaves_its_work_and_no_lock() {
    let dir = folder_in_memory();
    let project = project(dir.path());
    let mut other = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "holds_annas_lock"])
        .env("TAGLI_TEST_PROJECT", dir.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !dir.path().join("held").exists() {
        assert!(other.try_wait().unwrap().is_none(), "the other process ended");
        std::thread::yield_now();
    }
    let error = project.annotator(&name(), 0).unwrap_err().to_string();
    assert!(error.contains(&format!("process {}", other.id())), "{error}");
    other.kill().unwrap();
    other.wait().unwrap();
    let anna = project.annotator(&name(), 0).unwrap();
    assert_eq!(anna.journal.annotation("d1").status, Status::Done);
}

#[test]
fn a_project_of_format_1_reads_for_ever() {
    // Written by hand from FORMAT.md; the checksums by zlib.crc32 of Python 3. Never change it.
    let dir = folder_in_memory();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write(
        "project.json",
        r#"{"format":1,"name":"old","labels":[{"id":2,"name":"Dish","key":"3","tag":"Di","color":2}],"grid":"space","base":"mini","split_seed":7}"#,
    );
    write(
        "documents.jsonl",
        "{\"id\":\"r1\",\"text\":\"caf\u{e9} taco\",\"words\":[[0,4],[5,9]],\"split\":\"test\",\"meta\":{\"stars\":5}}\n",
    );
    fs::create_dir(dir.path().join("annotations")).unwrap();
    write(
        "annotations/anna.jsonl",
        concat!(
            r#"{"id":"1f-7","at":1700000000,"doc":"r1","edits":[{"add":{"id":"1f-3","range":[5,9],"label":2,"source":"human"}},{"status":"done"}],"crc":"3ffeaf55"}"#,
            "\n",
            r#"{"id":"1f-8","at":1700000001,"doc":"r1","edits":[{"resize":["1f-3",[0,9]]},{"relabel":["1f-3",4]},{"remove":"1f-9"}],"crc":"123dd9b5"}"#,
            "\n",
            r#"{"id":"1f-9","at":1700000002,"undo":"1f-8","crc":"f71b8722"}"#,
            "\n",
            r#"{"id":"2a-0","at":1700000003,"redo":"1f-8","crc":"682cb38a"}"#,
            "\n",
        ),
    );
    let project = Project::open(dir.path()).unwrap();
    assert_eq!(project.documents[0].word_texts().collect::<Vec<_>>(), ["caf\u{e9}", "taco"]);
    let anna = project.read_annotator(&name()).unwrap();
    assert_eq!(anna.problems, []);
    let spans: Vec<(TextRange, u32)> =
        anna.journal.annotation("r1").spans().iter().map(|span| (span.range, span.label.0)).collect();
    assert_eq!(spans, [(TextRange::new(0, 10), 4)]);
}
