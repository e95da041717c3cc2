//! What other programs do between a check and its use, links in place of folders, and files that are not read as a whole.

#![cfg(test)]

use std::{fs, os::unix::fs::symlink};

use super::{
    ownership_tests::{at_every_point, config, make, names, numbers, remove, tidy, train, tree},
    run_folder::HeldRun,
    storage::{
        Crash, Dir, Published, Record, Stage, interrupt_rename,
        refusals::{Refused, refuse},
        with_plain_file_system,
    },
    *,
};
use crate::{
    runs::{Control, RunSink},
    spans::LabelSet,
};

#[test]
fn a_folder_that_is_swapped_before_its_renaming_gets_its_name_back_on_any_file_system() {
    let swapped = || {
        let dir = tempfile::tempdir().unwrap();
        let (model, aside, twin) = (dir.path().join("model"), dir.path().join("aside"), dir.path().join("twin"));
        make(&twin, "mine").unwrap();
        make(&model, "ours").unwrap();
        let parent = Dir::open(dir.path()).unwrap();
        let proved = Published::find_only(&parent, "model").unwrap().unwrap();
        let place = model.clone();
        interrupt_rename(move || {
            fs::rename(&place, &aside).unwrap();
            fs::rename(&twin, &place).unwrap();
        });
        let error = proved.remove(&parent).unwrap_err().to_string();
        assert!(error.contains("another folder has taken its name"), "{error}");
        assert_eq!(fs::read_to_string(model.join("a.txt")).unwrap(), "mine");
    };
    swapped();
    with_plain_file_system(swapped);
}

#[test]
fn a_folder_that_a_user_changes_after_a_crash_keeps_its_record_and_loses_its_marker() {
    at_every_point(|at, _| {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join("model");
        let crash = Crash::after(at);
        drop(make(&model, "new"));
        let happened = crash.happened();
        drop(crash);
        if model.exists() {
            fs::write(model.join("mine.txt"), "mine").unwrap();
            tidy(dir.path());
            assert_eq!(names(&model), ["a.txt", "b.txt", "mine.txt"], "at {at}");
            let records = Record::all(&Dir::open(dir.path()).unwrap()).unwrap();
            let is_published = |record: &&Record| record.target() == Some("model") && record.stage == Stage::Published;
            assert_eq!(records.iter().filter(is_published).count(), 1, "at {at}");
            // Without the user's file it is ours again.
            fs::remove_file(model.join("mine.txt")).unwrap();
            remove(dir.path(), "model").unwrap();
        }
        happened
    });
}

#[test]
fn another_run_in_the_place_of_a_replacement_is_not_taken_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let (out, other) = (dir.path().join("out"), dir.path().join("other"));
    for (path, number) in [(&out, 1), (&other, 7)] {
        drop(train(PlainRun::create(path, &config(number), false).unwrap(), number as usize).unwrap());
    }
    drop(PlainRun::create(&out, &config(2), true).unwrap());
    fs::rename(out.join("replacement"), dir.path().join("aside")).unwrap();
    fs::rename(&other, out.join("replacement")).unwrap();
    let before = tree(&out);
    drop(HeldRun::take(&out, 0).unwrap());
    assert_eq!(tree(&out), before);
    assert_eq!((numbers(&out), numbers(&out.join("replacement"))), (vec!["1".to_owned(); 5], vec!["7".to_owned(); 5]));
}

#[test]
fn a_command_that_replaces_another_while_that_is_taken_is_taken_and_a_foreign_file_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (id, mut run) = Runs::of(dir.path()).create(&config(1)).unwrap();
    let control = dir.path().join("runs").join(id.as_str()).join("control.json");
    let interrupted_by = |bytes: &'static str| {
        fs::write(&control, "\"pause\"").unwrap();
        let place = control.clone();
        interrupt_rename(move || storage::replace(&place, bytes.as_bytes()).unwrap());
    };
    interrupted_by("\"stop-now\"");
    assert_eq!(run.take_control(), Some(Control::StopNow));
    assert!(!control.exists() && run.take_control().is_none());
    interrupted_by("{}");
    assert_eq!(run.take_control(), None);
    assert_eq!(fs::read_to_string(&control).unwrap(), "{}");
    assert!(!names(control.parent().unwrap()).iter().any(|name| name.ends_with(".tmp")));
}

#[test]
fn a_run_that_cannot_be_started_on_a_full_disk_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let runs = Runs::of(dir.path());
    drop(runs.create(&config(1)).unwrap());
    let before = tree(dir.path());
    for full in [Refused::Bytes, Refused::Everything] {
        let _full = refuse(&dir.path().join("runs/0002-mini"), full, std::io::ErrorKind::StorageFull);
        let error = runs.create(&config(2)).unwrap_err().to_string();
        assert!(error.contains("the disk is full"), "{error}");
        assert_eq!(tree(dir.path()), before);
        let out = dir.path().join("out");
        fs::create_dir(&out).unwrap();
        let _full = refuse(&out, full, std::io::ErrorKind::StorageFull);
        PlainRun::create(&out, &config(2), false).unwrap_err();
        fs::remove_dir(&out).unwrap();
    }
    assert_eq!(runs.create(&config(2)).unwrap().0.as_str(), "0002-mini");
}

#[test]
fn a_linked_folder_inside_a_project_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (root, disk) = (dir.path().join("p"), dir.path().join("disk"));
    let project = Project::create(&root, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let (id, mut run) = project.runs().create(&config(1)).unwrap();
    let mut checkpoint = run.checkpoint().unwrap().unwrap();
    checkpoint.file("a.txt", b"2").unwrap();
    checkpoint.finish().unwrap();
    drop(run);
    let path = root.join("runs").join(id.as_str());
    fs::create_dir(&disk).unwrap();
    for folder in [root.join("annotations"), path.join("checkpoint")] {
        let theirs = disk.join(folder.file_name().unwrap());
        fs::rename(&folder, &theirs).unwrap();
        symlink(&theirs, &folder).unwrap();
    }
    let before = tree(&disk);
    let error = project.annotator_or_reader(&"anna".parse().unwrap(), 0).unwrap_err().to_string();
    assert!(error.contains("the folder is a symbolic link"), "{error}");
    project.read_annotator(&"anna".parse().unwrap()).unwrap_err();
    assert!(project.annotators().is_empty() && !project.runs().get("1").unwrap().is_resumable());
    assert!(HeldRun::take(&path, 0).unwrap().unwrap().checkpoint().is_err());
    assert_eq!(tree(&disk), before);
}

#[test]
fn files_of_a_run_are_read_up_to_a_limit_and_pipes_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let runs = Runs::of(dir.path());
    let (id, run) = runs.create(&config(1)).unwrap();
    drop(run);
    let path = dir.path().join("runs").join(id.as_str());
    // A sparse file takes no space.
    fs::File::create(path.join("status.json")).unwrap().set_len(1 << 40).unwrap();
    let problems = runs.get("1").unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains("at most"), "{problems:?}");
    let record = names(&path).into_iter().find(|name| name.ends_with(".json") && name.starts_with(".tagli-")).unwrap();
    fs::OpenOptions::new().write(true).open(path.join(record)).unwrap().set_len(1 << 40).unwrap();
    assert!(runs.remove(&id).unwrap_err().to_string().contains("at most"));
    fs::remove_file(path.join("config.json")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path.join("config.json")).status().unwrap().success());
    assert!(runs.get("1").unwrap().problems.iter().any(|problem| problem.contains("not a regular file")));
    assert!(HeldRun::take(&path, 0).unwrap().is_none());
}
