//! Each fault that is repaired, each that is left, and a crash in between.

use std::{fs, path::Path};

use serde_json::json;

use super::*;
use crate::{
    project::{
        ImportItem, RunFolder,
        check::check,
        corrections::NewText,
        run_folder::RunConfig,
        storage::{
            Fault, Recorder, folder_in_memory,
            refusals::{Refused, refuse},
        },
    },
    runs::{RunSink, Settings},
    spans::{Action, Document, Edit, LabelId, Status, journal::JournalOp},
    text::TextRange,
};

mod interrupted;

const JOURNAL: &str = "annotations/anna.jsonl";
const TEXT: &str = "the fish tacos are cheap";

fn anna() -> AnnotatorName {
    "anna".parse().unwrap()
}

/// A project with three documents, each with a span of anna, and done.
fn project(dir: &Path) -> Project {
    let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let mut anna = project.annotator(&anna(), 0).unwrap();
    for id in ["r1", "r2", "r3"] {
        let spans = vec![(TextRange::new(4, 14), LabelId(2))];
        let item = ImportItem { document: Document::new(id, TEXT, Grid::Natural), spans, status: Status::Done };
        project.import(Some(&mut anna), 0, vec![item]).unwrap();
    }
    project
}

fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap()
}

fn lines(dir: &Path, name: &str) -> Vec<String> {
    read(dir, name).lines().map(str::to_owned).collect()
}

fn write(dir: &Path, name: &str, lines: &[&str]) {
    fs::write(dir.join(name), lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

/// Repairs, and returns what was done. The copies are what the files were, and nothing is left to repair.
#[track_caller]
fn repair(dir: &Path) -> Vec<String> {
    let repair = Repair::of(dir).unwrap();
    let steps: Vec<String> = repair.steps.iter().map(|step| format!("{}: {}", step.file, step.what)).collect();
    let before: Vec<(PathBuf, Vec<u8>)> =
        repair.seen.iter().map(|(path, _)| (path.clone(), fs::read(path).unwrap_or_default())).collect();
    for copy in repair.carry_out(7).unwrap() {
        let bytes = fs::read(&copy).unwrap();
        assert!(
            before
                .iter()
                .any(|(path, before)| copy.to_string_lossy().starts_with(&*path.to_string_lossy()) && *before == bytes)
        );
    }
    let again = Repair::of(dir).unwrap();
    assert_eq!(again.steps, [], "nothing is left");
    steps
}

fn spans(dir: &Path) -> Vec<usize> {
    let project = Project::open(dir).unwrap();
    let annotator = project.read_annotator(&anna()).unwrap();
    project.documents.iter().map(|document| annotator.journal.annotation(&document.id).spans().len()).collect()
}

#[test]
fn a_sound_project_needs_no_repair_and_no_copy() {
    let dir = folder_in_memory();
    project(dir.path());
    let before = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(repair(dir.path()), Vec::<String>::new());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), before);
}

#[test]
fn a_journal_with_conflict_markers_keeps_the_lines_of_both_sides() {
    let dir = folder_in_memory();
    project(dir.path());
    let [one, two, three] = <[String; 3]>::try_from(lines(dir.path(), JOURNAL)).unwrap();
    write(dir.path(), JOURNAL, &[&one, "<<<<<<< HEAD", &two, "||||||| base", "=======", &three, ">>>>>>> ben"]);
    let steps = repair(dir.path());
    assert!(steps.len() == 1 && steps[0].starts_with("annotations/anna.jsonl: the conflict markers"), "{steps:?}");
    assert_eq!(lines(dir.path(), JOURNAL), [one, two, three]);
    assert!(check(dir.path()).is_sound());
    assert!(!dir.path().join("annotations/anna.jsonl.bad").exists());
}

#[test]
fn damaged_lines_of_a_journal_are_moved_beside_it_and_a_lost_line_feed_comes_back() {
    let dir = folder_in_memory();
    project(dir.path());
    let [one, two, three] = <[String; 3]>::try_from(lines(dir.path(), JOURNAL)).unwrap();
    let damaged = two.replace("done", "todo");
    fs::write(dir.path().join(JOURNAL), format!("{damaged}\n{one}{two}\n{three}\n{}", &three[..40])).unwrap();
    let steps = repair(dir.path());
    let expected = [
        "annotations/anna.jsonl: the lines in line 2 are separated",
        "annotations/anna.jsonl: line 1 is moved to annotations/anna.jsonl.bad",
        "annotations/anna.jsonl: the torn end (40 bytes)",
    ];
    assert!(steps.len() == 3 && steps.iter().zip(expected).all(|(step, begin)| step.starts_with(begin)), "{steps:#?}");
    assert_eq!(lines(dir.path(), JOURNAL), [one, two, three.clone()]);
    assert_eq!(lines(dir.path(), "annotations/anna.jsonl.bad"), [damaged]);
    assert_eq!(lines(dir.path(), "annotations/anna.jsonl.torn"), [three[..40].to_owned()]);
    assert_eq!(spans(dir.path()), [1, 1, 1]);
    assert!(check(dir.path()).is_sound(), "{:?}", check(dir.path()).findings);
}

#[test]
fn the_rest_of_separated_lines_is_counted_in_bytes_and_kept() {
    let dir = folder_in_memory();
    project(dir.path());
    let [one, two, three] = <[String; 3]>::try_from(lines(dir.path(), JOURNAL)).unwrap();
    fs::write(dir.path().join(JOURNAL), format!("{one}\r{two}\r{three}\r")).unwrap();
    let steps = repair(dir.path());
    assert!(steps.len() == 1 && steps[0].ends_with("a line feed between them was lost"), "{steps:?}");
    assert_eq!(lines(dir.path(), JOURNAL), [&*one, &two, &three]);
    assert!(!dir.path().join("annotations/anna.jsonl.bad").exists(), "only white space was between them");
    let torn = format!("{}{two}", &one[..one.len() - 40]);
    write(dir.path(), JOURNAL, &[&torn, &three]);
    let steps = repair(dir.path());
    let rest = format!("; {} bytes there belong to no intact line, and annotations/anna.jsonl.bad", one.len() - 40);
    assert!(steps.len() == 1 && steps[0].contains(&rest), "{steps:?}");
    assert_eq!(lines(dir.path(), JOURNAL), [two, three]);
    assert_eq!(lines(dir.path(), "annotations/anna.jsonl.bad"), [torn]);
}

#[test]
fn documents_of_both_sides_of_a_merge_stay_and_the_later_version_of_each_counts() {
    let dir = folder_in_memory();
    let mut changed = project(dir.path());
    let [r1, r2, r3] = <[String; 3]>::try_from(lines(dir.path(), DOCUMENTS)).unwrap();
    changed.correct_document("r1", NewText::Text("the fish tacos are very cheap"), 7, false).unwrap();
    changed.correct_document("r2", NewText::Text("the fish tacos were cheap"), 8, false).unwrap();
    let [late1, late2, _] = <[String; 3]>::try_from(lines(dir.path(), DOCUMENTS)).unwrap();
    let new = r3.replace("r3", "r4");
    // One side corrected the first document, the other one the second.
    let unmerged = ["<<<<<<< a", &late1, &r2, "=======", &r1, &late2, &new, ">>>>>>> b", &r3];
    write(dir.path(), DOCUMENTS, &unmerged);
    assert!(Project::open(dir.path()).unwrap_err().to_string().contains("--repair"));
    let steps = repair(dir.path());
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert!(steps[1].contains("lines 3 and 5 are left out"), "{steps:?}");
    assert_eq!(lines(dir.path(), DOCUMENTS), [late1, late2, new, r3]);
    assert!(check(dir.path()).is_sound(), "{:?}", check(dir.path()).findings);
    assert_eq!(spans(dir.path()), [1, 1, 0, 1]);
}

#[test]
fn the_version_from_which_both_sides_grew_decides_if_git_shows_it() {
    let dir = folder_in_memory();
    project(dir.path());
    let [r1, r2, r3] = <[String; 3]>::try_from(lines(dir.path(), DOCUMENTS)).unwrap();
    let removed = format!("{},\"removed\":7}}", r1.strip_suffix('}').unwrap());
    write(dir.path(), DOCUMENTS, &["<<<<<<< a", &removed, "||||||| base", &r1, "=======", &r1, &r2, ">>>>>>> b", &r3]);
    repair(dir.path());
    assert_eq!(lines(dir.path(), DOCUMENTS), [removed, r2, r3]);
}

#[test]
fn two_documents_with_one_id_are_left_to_a_person_and_nothing_is_changed() {
    let dir = folder_in_memory();
    project(dir.path());
    let [r1, r2, r3] = <[String; 3]>::try_from(lines(dir.path(), DOCUMENTS)).unwrap();
    let other = r1.replace("cheap", "awful");
    for found in [
        vec![&*r1, "not json", &r2, &other, &r3],
        vec!["<<<<<<< a", &r1, "=======", &other, ">>>>>>> b", &r2, &r3],
        vec!["=======", &r1, &r2, &r3],
        vec!["<<<<<<< a", &r1, "=======", &r2, &r3],
    ] {
        write(dir.path(), DOCUMENTS, &found);
        let before = read(dir.path(), DOCUMENTS);
        let repair = Repair::of(dir.path()).unwrap();
        assert_eq!(repair.left.len(), 1, "{:?}", repair.left);
        let what = repair.left[0].to_string();
        assert!(
            what.contains("nothing shows which") && what.contains("`r1`") || what.contains("not in order"),
            "{what}"
        );
        assert_eq!(repair.carry_out(0).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(read(dir.path(), DOCUMENTS), before);
    }
    // An equal line is one document.
    write(dir.path(), DOCUMENTS, &[&r1, &r2, &r3, &r1.replace("\":", "\" : ")]);
    repair(dir.path());
    assert_eq!(lines(dir.path(), DOCUMENTS), [r1, r2, r3]);
}

#[test]
fn lines_that_are_no_documents_are_moved_beside_and_documents_on_one_line_are_separated() {
    let dir = folder_in_memory();
    project(dir.path());
    let [r1, r2, r3] = <[String; 3]>::try_from(lines(dir.path(), DOCUMENTS)).unwrap();
    let bad = ["{\"id\":\"x\"}", "\u{1b}[2J\u{7}", "{\"id\":\"y\",\"text\":\"a\",\"words\":[[5,9]]}"];
    let both = format!("{r1}{r2}");
    write(dir.path(), DOCUMENTS, &[bad[0], &both, bad[1], "", &r3, bad[2]]);
    let steps = repair(dir.path());
    assert!(steps[0].contains("the documents in line 2 are separated"), "{steps:?}");
    assert!(steps[1].contains("lines 1, 3 and 6 are moved to documents.jsonl.bad"), "{steps:?}");
    assert!(steps[1].contains("line 1: column 10: missing field `text`"), "{steps:?}");
    assert_eq!(lines(dir.path(), DOCUMENTS), [r1, r2, String::new(), r3]);
    assert_eq!(lines(dir.path(), "documents.jsonl.bad"), bad);
    let report = check(dir.path());
    assert!(report.is_sound(), "{report:?}");
    assert!(report.findings.iter().any(|finding| finding.file == "documents.jsonl.bad"), "{report:?}");
    assert_eq!(spans(dir.path()), [1, 1, 1]);
}

#[test]
fn documents_on_a_first_line_with_a_byte_order_mark_are_separated_whole() {
    let dir = folder_in_memory();
    project(dir.path());
    let [r1, r2, r3] = <[String; 3]>::try_from(lines(dir.path(), DOCUMENTS)).unwrap();
    fs::write(dir.path().join(DOCUMENTS), format!("\u{feff}{r1}{r2}\n{r3}\n")).unwrap();
    assert_eq!(repair(dir.path()).len(), 1);
    assert_eq!(read(dir.path(), DOCUMENTS), format!("\u{feff}{r1}\n{r2}\n{r3}\n"));
    assert!(!dir.path().join("documents.jsonl.bad").exists());
    // Compared with the same line further down, the mark is no part of the document.
    fs::write(dir.path().join(DOCUMENTS), format!("\u{feff}{r1}\n{r2}\n{r1}\n{r3}\n")).unwrap();
    assert_eq!(repair(dir.path()).len(), 1);
    assert_eq!(spans(dir.path()), [1, 1, 1]);
}

#[test]
fn documents_behind_a_torn_one_are_separated_where_it_is_certain_that_they_are_documents() {
    let dir = folder_in_memory();
    project(dir.path());
    let [r1, r2, r3] = <[String; 3]>::try_from(lines(dir.path(), DOCUMENTS)).unwrap();
    let torn = format!("{{\"id\":\"a-9\",\"text\":\"{r1}{r2}");
    write(dir.path(), DOCUMENTS, &[&torn, &r3]);
    let steps = repair(dir.path());
    assert!(steps.len() == 1 && steps[0].contains("line 1 are separated"), "{steps:?}");
    assert!(steps[0].contains("; 20 bytes there belong to no whole document, and documents.jsonl.bad"), "{steps:?}");
    assert_eq!(lines(dir.path(), DOCUMENTS), [&*r1, &r2, &r3]);
    assert_eq!(lines(dir.path(), "documents.jsonl.bad"), [torn]);
    // A field of the torn one; one that is elsewhere, too.
    let part = format!("{{\"id\":\"a\",\"text\":\"b\",\"like\":{}", r1.replace("r1", "part"));
    let twice = format!("{{\"id\":\"a-9\",\"te{r3}");
    write(dir.path(), DOCUMENTS, &[&r1, &part, &r2, &twice, &r3]);
    let steps = repair(dir.path());
    assert!(steps.len() == 1 && steps[0].contains("lines 2 and 4 are moved"), "{steps:?}");
    assert_eq!(lines(dir.path(), DOCUMENTS), [r1, r2, r3]);
}

#[test]
fn documents_on_one_line_that_are_lines_of_their_own_too_are_left_out() {
    let dir = folder_in_memory();
    project(dir.path());
    let [r1, r2, r3] = <[String; 3]>::try_from(lines(dir.path(), DOCUMENTS)).unwrap();
    for found in [[&*r1, &format!("{r1}{r2}"), &r2, &r3], [&format!("{r1}{r2}{r1}"), &r1, &r2, &r3]] {
        write(dir.path(), DOCUMENTS, &found);
        let steps = repair(dir.path());
        assert!(steps.last().unwrap().contains("because another line has the same"), "{steps:?}");
        assert_eq!(lines(dir.path(), DOCUMENTS), [&*r1, &r2, &r3]);
        assert!(!dir.path().join("documents.jsonl.bad").exists());
    }
    // One that differs is left to a person.
    write(dir.path(), DOCUMENTS, &[&format!("{r1}{r2}"), &r1.replace("cheap", "awful"), &r3]);
    assert_eq!(Repair::of(dir.path()).unwrap().left.len(), 1);
}

#[test]
fn a_line_of_documents_made_to_keep_the_program_busy_takes_linear_time() {
    let read = |line: &String| documents::Within::of(line.as_bytes()).is_some();
    for piece in
        ["{\"id\":\"", "{\"id\":\"1\",\"text\":\"a\"}", "{\"id\":\"1\",\"m\":{\"id\":\"2\",\"m\":[{\"id\":\"3\"}"]
    {
        crate::text::growth::assert_linear(500, |n| piece.repeat(n) + "x", read);
    }
}

#[test]
fn a_label_that_a_merge_by_hand_lost_is_defined_again_from_a_copy() {
    let dir = folder_in_memory();
    let mut project = project(dir.path());
    let file = dir.path().join(MANIFEST);
    let whole = fs::read(&file).unwrap();
    let few = LabelSet::from_names(["Amenity", "Cuisine"]);
    project.change_manifest(|manifest| manifest.labels = few).unwrap();
    assert!(Repair::of(dir.path()).unwrap().left[0].what.contains("3 spans of label number 2"), "no copy");
    fs::write(dir.path().join("project.json.before-merge"), &whole).unwrap();
    let steps = repair(dir.path());
    assert_eq!(steps.len(), 1);
    assert!(steps[0].contains("label `Dish`, the label of 3 spans, is defined again"), "{steps:?}");
    let labels = Project::open(dir.path()).unwrap().manifest.labels;
    assert_eq!(labels.get(LabelId(2)).map(|label| (label.name.as_str(), label.key)), Some(("Dish", Some('3'))));
    // The name belongs to another label now.
    project.change_manifest(|manifest| manifest.labels = LabelSet::from_names(["Amenity", "Dish"])).unwrap();
    repair(dir.path());
    let labels = Project::open(dir.path()).unwrap().manifest.labels;
    assert_eq!((labels.len(), labels.resolve(LabelId(2))), (2, LabelId(1)));
    assert!(check(dir.path()).is_sound());
    // Two copies that disagree decide nothing.
    project.change_manifest(|manifest| manifest.labels = LabelSet::from_names(["Amenity"])).unwrap();
    let other = String::from_utf8(whole).unwrap().replace("\"Dish\"", "\"Meal\"");
    fs::write(dir.path().join("project.json.before-repair-7"), other).unwrap();
    let repair = Repair::of(dir.path()).unwrap();
    assert!(repair.steps.is_empty() && repair.left[0].what.contains("`Dish` or `Meal`"), "{:?}", repair.left);
}

#[test]
fn a_bad_label_in_a_copy_is_reported_as_of_the_copy() {
    let dir = folder_in_memory();
    let mut project = project(dir.path());
    let bad = read(dir.path(), MANIFEST).replace("\"Dish\"", "\"Di\\u0007sh\"");
    fs::write(dir.path().join("project.json.before-merge"), bad).unwrap();
    project.change_manifest(|manifest| manifest.labels = LabelSet::from_names(["Amenity"])).unwrap();
    let repair = Repair::of(dir.path()).unwrap();
    let bad: Vec<_> = repair.left.iter().filter(|left| left.what.contains("control character")).collect();
    let [finding] = bad.as_slice() else { panic!("{:?}", repair.left) };
    assert_eq!(finding.file, "project.json.before-merge");
    assert!(finding.what.starts_with("label `Di\u{2407}sh`: "), "{}", finding.what);
}

#[test]
fn a_repair_that_is_refused_leaves_no_copies() {
    let copies = |dir: &Path| {
        let names = [dir.to_owned(), dir.join("annotations")].map(|folder| fs::read_dir(folder).unwrap());
        names
            .into_iter()
            .flatten()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("before-repair"))
            .count()
    };
    for name in ["documents.jsonl.bad", "annotations/anna.jsonl.bad", "annotations/anna.jsonl.torn"] {
        let dir = folder_in_memory();
        broken(dir.path());
        let target = dir.path().join(name);
        std::os::unix::fs::symlink("elsewhere", &target).unwrap();
        let error = Repair::of(dir.path()).unwrap().carry_out(0).unwrap_err().to_string();
        assert!(error.contains(name) && copies(dir.path()) == 0, "{error}");
        fs::remove_file(&target).unwrap();
        Repair::of(dir.path()).unwrap().carry_out(0).unwrap();
        assert_repaired(dir.path(), name);
    }
    // A training of the run has begun since the look at it.
    let dir = folder_in_memory();
    broken(dir.path());
    let repair = Repair::of(dir.path()).unwrap();
    let lock = Lock::take(&dir.path().join("runs/0001-mini/run.lock"), "the run", &Holder::this(0)).unwrap();
    let error = repair.carry_out(0).unwrap_err().to_string();
    assert!(error.contains("0001-mini") && copies(dir.path()) == 0, "{error}");
    drop(lock);
}

/// Permissions bind the check also where they do not bind the user: a file that is read-only is not replaced.
#[test]
fn a_file_that_may_not_be_written_is_noticed_before_anything_is_changed() {
    use std::os::unix::fs::PermissionsExt;
    for name in [DOCUMENTS, JOURNAL] {
        let dir = folder_in_memory();
        broken(dir.path());
        let path = dir.path().join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let before = [DOCUMENTS, MANIFEST, JOURNAL].map(|name| read(dir.path(), name));
        let error = Repair::of(dir.path()).unwrap().carry_out(0).unwrap_err();
        assert!(error.is_environment() && error.to_string().contains("permission denied"), "{error}");
        assert!(error.to_string().contains(name) && !error.to_string().contains("stopped"), "{error}");
        assert_eq!([DOCUMENTS, MANIFEST, JOURNAL].map(|name| read(dir.path(), name)), before);
        assert!(!dir.path().join("documents.jsonl.before-repair").exists());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        Repair::of(dir.path()).unwrap().carry_out(0).unwrap();
        assert_repaired(dir.path(), name);
    }
}

#[test]
fn a_repair_that_stops_says_what_was_done_and_what_is_left() {
    let dir = folder_in_memory();
    broken(dir.path());
    let mut messages = Vec::new();
    for at in 0.. {
        let dir = folder_in_memory();
        broken(dir.path());
        let planned = Repair::of(dir.path()).unwrap();
        let fault = Fault::after(at, 1);
        let outcome = planned.carry_out(0);
        let is_over = fault.is_over();
        drop(fault);
        if !is_over {
            break;
        }
        if let Err(ProjectError::RepairStopped { done, copies, left, .. }) = &outcome {
            assert!(!copies.is_empty() && copies.iter().all(|copy| copy.exists()), "{copies:?}");
            assert!(!done.is_empty() || !left.is_empty());
            assert!(done.iter().all(|file| !left.contains(file)), "{done:?} {left:?}");
        }
        messages.extend(outcome.err().map(|error| error.to_string()));
    }
    let middle = messages.iter().find(|one| one.contains("Repaired: documents.jsonl, project.json;")).unwrap();
    let parts =
        ["the disk is full", "documents.jsonl.before-repair", "Not repaired: annotations/anna.jsonl", "repair again"];
    assert!(parts.iter().all(|part| middle.contains(part)), "{middle}");
}

#[test]
fn an_interrupted_import_is_completed_or_discarded_and_a_foreign_file_stays() {
    let dir = folder_in_memory();
    project(dir.path());
    let [_, _, three] = <[String; 3]>::try_from(lines(dir.path(), JOURNAL)).unwrap();
    let log = "annotations/.anna.import";
    let all = read(dir.path(), JOURNAL);
    write(dir.path(), log, &[&three]);
    fs::write(dir.path().join(JOURNAL), all.strip_suffix(&format!("{three}\n")).unwrap()).unwrap();
    let steps = repair(dir.path());
    assert!(steps.len() == 1 && steps[0].contains("is completed"), "{steps:?}");
    assert_eq!(read(dir.path(), JOURNAL), all);
    // Its document was never added.
    let documents = lines(dir.path(), DOCUMENTS);
    let journal = lines(dir.path(), JOURNAL);
    write(dir.path(), DOCUMENTS, &[&documents[0], &documents[1]]);
    write(dir.path(), JOURNAL, &[&journal[0], &journal[1]]);
    write(dir.path(), log, &[&three]);
    let steps = repair(dir.path());
    assert!(steps.len() == 1 && steps[0].contains("is discarded"), "{steps:?}");
    assert!(!dir.path().join(log).exists() && read(dir.path(), &format!("{log}.before-repair")).contains(&three));
    fs::write(dir.path().join(log), "mine").unwrap();
    assert_eq!(repair(dir.path()), Vec::<String>::new());
    assert_eq!(read(dir.path(), log), "mine");
    assert!(Repair::of(dir.path()).unwrap().left[0].what.contains("not a file that tagli wrote"));
}

#[test]
fn an_import_is_not_settled_while_documents_cannot_be_read() {
    let dir = folder_in_memory();
    project(dir.path());
    let [_, _, three] = <[String; 3]>::try_from(lines(dir.path(), JOURNAL)).unwrap();
    write(dir.path(), "annotations/.anna.import", &[&three]);
    let text = read(dir.path(), DOCUMENTS);
    fs::write(dir.path().join(DOCUMENTS), format!("{text}{}", text.replace("cheap", "awful"))).unwrap();
    assert_eq!(repair(dir.path()), Vec::<String>::new());
    assert!(dir.path().join("annotations/.anna.import").exists());
}

#[test]
fn nothing_is_repaired_while_the_project_is_open_elsewhere() {
    let dir = folder_in_memory();
    let project = project(dir.path());
    fs::write(dir.path().join(DOCUMENTS), "bad\n").unwrap();
    let held = project.annotator(&"ben".parse().unwrap(), 7);
    drop(held);
    let open = Lock::take(&dir.path().join("annotations/.ben.lock"), "it", &Holder::this(7)).unwrap();
    fs::remove_file(dir.path().join("annotations/ben.jsonl")).unwrap();
    let error = Repair::of(dir.path()).unwrap().carry_out(0).unwrap_err();
    assert!(error.is_environment() && error.to_string().contains("`ben` is in use by process"), "{error}");
    assert_eq!(read(dir.path(), DOCUMENTS), "bad\n");
    assert!(!dir.path().join("documents.jsonl.before-repair").exists());
    drop(open);
    assert_eq!(repair(dir.path()).len(), 1);
}

#[test]
fn on_a_full_disk_nothing_is_changed() {
    let dir = folder_in_memory();
    project(dir.path());
    fs::write(dir.path().join(DOCUMENTS), "bad\n").unwrap();
    let planned = Repair::of(dir.path()).unwrap();
    let full = refuse(dir.path(), Refused::Bytes, std::io::ErrorKind::StorageFull);
    let error = planned.carry_out(0).unwrap_err();
    assert!(error.is_environment() && error.to_string().contains("the disk is full"), "{error}");
    drop(full);
    assert_eq!(read(dir.path(), DOCUMENTS), "bad\n");
    repair(dir.path());
}

fn start_run(project: &Project) -> (PathBuf, RunFolder) {
    let config = RunConfig::new(0, Settings::lesson("mini"), json!(null));
    let (id, run) = project.runs().create(&config).unwrap();
    (project.root.join("runs").join(id.as_str()), run)
}

#[test]
fn an_empty_folder_of_a_run_is_removed_and_other_folders_stay() {
    let dir = folder_in_memory();
    let project = project(dir.path());
    for folder in ["runs/0001-mini", "runs/0002-mini", "runs/mine", "runs/0003-mine"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    fs::write(dir.path().join("runs/0003-mine/thesis.tex"), "x").unwrap();
    project.runs().remove(&"0001-mini".parse().unwrap()).unwrap();
    assert!(project.runs().remove(&"0003-mine".parse().unwrap()).is_err());
    let steps = repair(dir.path());
    assert!(steps.len() == 1 && steps[0].starts_with("runs/0002-mini: the empty folder"), "{steps:?}");
    let left: Vec<bool> = ["0001-mini", "0002-mini", "mine", "0003-mine/thesis.tex"]
        .map(|name| dir.path().join("runs").join(name).exists())
        .into();
    assert_eq!(left, [false, false, true, true]);
}

#[test]
fn what_a_crash_left_in_a_run_is_settled_unless_the_run_goes_on() {
    let dir = folder_in_memory();
    let project = project(dir.path());
    let (path, mut run) = start_run(&project);
    std::mem::forget(run.checkpoint().unwrap());
    let temporary = format!(".tagli-{}.tmp", "7".repeat(32));
    fs::write(path.join(&temporary), "x").unwrap();
    assert_eq!(repair(dir.path()), Vec::<String>::new(), "it is trained now");
    drop(run);
    let steps = repair(dir.path());
    assert!(steps.len() == 1 && steps[0].contains("what a crash left in the run"), "{steps:?}");
    let names = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(!names.into_iter().any(|name| name.ends_with(".tmp")));
}

/// Each kind of fault that is repaired, at once.
fn broken(dir: &Path) {
    let mut project = project(dir);
    let [r1, r2, r3] = <[String; 3]>::try_from(lines(dir, DOCUMENTS)).unwrap();
    let [one, two, three] = <[String; 3]>::try_from(lines(dir, JOURNAL)).unwrap();
    let both = format!("{r2}{r3}");
    let damaged = one.replace("done", "todo");
    let journal = format!("<<<<<<< a\n=======\n{one}{two}\n>>>>>>> b\n{damaged}\n{}", &three[..40]);
    fs::write(dir.join(JOURNAL), journal).unwrap();
    write(dir, "annotations/.anna.import", &[&three]);
    fs::copy(dir.join(MANIFEST), dir.join("project.json.before-merge")).unwrap();
    project.change_manifest(|manifest| manifest.labels = LabelSet::from_names(["Amenity"])).unwrap();
    write(dir, DOCUMENTS, &["<<<<<<< a", &r1, "=======", &r1, ">>>>>>> b", "not json", &both]);
    let name = |name: &str| format!("  \"name\": \"{name}\",\n");
    let conflict = format!("<<<<<<< a\n{}=======\n{}>>>>>>> b\n", name("p"), name("q"));
    let unmerged = read(dir, MANIFEST).replace(&name("p"), &conflict);
    assert!(unmerged.contains("<<<<<<<"));
    fs::write(dir.join(MANIFEST), unmerged).unwrap();
    let (_, mut run) = start_run(&project);
    std::mem::forget(run.checkpoint().unwrap());
    fs::create_dir(dir.join("runs/0007-mini")).unwrap();
}

/// Checks that the project is as a broken one is after its repair.
#[track_caller]
fn assert_repaired(dir: &Path, at: &str) {
    let report = check(dir);
    assert!(report.is_sound(), "{at}: {:?}", report.findings);
    assert_eq!(spans(dir), [1, 1, 1], "{at}");
    assert_eq!(Project::open(dir).unwrap().manifest.labels.name(LabelId(2)), "Dish", "{at}");
    assert!(lines(dir, "documents.jsonl.bad").iter().any(|line| line == "not json"), "{at}: documents.jsonl.bad");
    assert!(lines(dir, "annotations/anna.jsonl.bad").iter().any(|line| line.contains("todo")), "{at}: anna.jsonl.bad");
    let run = fs::read_dir(dir.join("runs/0001-mini")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!run.into_iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{at}: a temporary file");
    assert!(!dir.join("runs/0007-mini").exists(), "{at}: an empty run");
    assert!(!dir.join("annotations/.anna.import").exists(), "{at}: an import log");
}

#[test]
fn every_repair_of_any_bytes_ends_with_nothing_left_to_repair() {
    use proptest::prelude::*;
    let pieces = prop_oneof![
        Just("<<<<<<< a\n".to_owned()),
        Just("=======\n".to_owned()),
        Just(">>>>>>> b\n".to_owned()),
        Just("||||||| c\n".to_owned()),
        Just("{\"id\":\"r1\",\"text\":\"a\"}\n".to_owned()),
        Just("{\"id\":\"r2\",\"text\":\"b\"}".to_owned()),
        Just("{\"id\":\"r1\",\"text\":\"c\"}\n".to_owned()),
        "[ -~]{0,9}\n",
        Just("\n".to_owned()),
    ];
    proptest!(ProptestConfig::with_cases(64), |(documents in prop::collection::vec(pieces.clone(), 0..9), journal in prop::collection::vec(pieces, 0..9))| {
        let dir = folder_in_memory();
        project(dir.path());
        fs::write(dir.path().join(DOCUMENTS), documents.concat()).unwrap();
        fs::write(dir.path().join(JOURNAL), journal.concat()).unwrap();
        Repair::of(dir.path()).unwrap().carry_out(0).unwrap();
        prop_assert_eq!(Repair::of(dir.path()).unwrap().steps, []);
    });
}

#[test]
fn lines_about_documents_that_are_missing_stay_and_are_reported() {
    let dir = folder_in_memory();
    project(dir.path());
    let documents = lines(dir.path(), DOCUMENTS);
    write(dir.path(), DOCUMENTS, &[&documents[0]]);
    let before = read(dir.path(), JOURNAL);
    assert_eq!(repair(dir.path()), Vec::<String>::new());
    assert_eq!(read(dir.path(), JOURNAL), before);
    let report = check(dir.path());
    assert!(report.findings.iter().any(|finding| finding.what.contains("there is no document `r2`")), "{report:?}");
    let op = JournalOp::Do(Action { document: "r1".into(), edits: vec![Edit::Status(Status::Flagged)] });
    let project = Project::open(dir.path()).unwrap();
    project.annotator(&anna(), 0).unwrap().record(&project.documents, 0, op).unwrap();
}
