//! What belongs to somebody else stays: folders beside a project and a run, runs that exist, files of projects.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::json;

use super::{
    TAGGED,
    support::{Answer, Place},
};

/// Files of a person, in folders whose names resemble leftovers.
const OTHERS: [&str; 4] = ["venv/lib/site.py", ".venv.old/lib/thesis.tex", ".git.old/HEAD", ".model.old/thesis.tex"];

fn add_others(folder: &Path) {
    for name in OTHERS {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::write(folder.join(name), name).unwrap();
    }
}

#[track_caller]
fn assert_others_stay(folder: &Path) {
    for name in OTHERS {
        assert_eq!(fs::read_to_string(folder.join(name)).ok().as_deref(), Some(name), "{}", folder.display());
    }
    assert!(!folder.join("git").exists() && !folder.join("model").join("thesis.tex").exists());
}

/// Trains for one epoch into `out`.
fn train(place: &Place, more: &str) -> Answer {
    place.tagli(&format!(
        "train --train train.txt --valid train.txt --epochs 1 --batch 2 --set evaluations=1 {more} --json"
    ))
}

/// Contents of the files of a run and of its model, without its lock.
fn run_files(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = [run.to_owned(), run.join("model")].into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file() && !path.ends_with("run.lock"));
    files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

#[test]
fn no_command_removes_or_renames_the_folders_beside_its_own() {
    let place = Place::new();
    let work = place.path("work");
    add_others(&work);
    fs::write(work.join("train.txt"), TAGGED).unwrap();
    let run = |words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        Answer::of(place.command().current_dir(&work).args(words).output().unwrap()).fine()
    };
    run("new .");
    assert_others_stay(&work);
    for folder in ["annotations", "exports", "runs"] {
        add_others(&work.join(folder));
    }
    run("import . train.txt --split train --as ada");
    run("export . --format conll2003 --annotator ada");
    run("convert train.txt again.jsonl");
    run("train . --as ada --epochs 1");
    add_others(&work.join("runs/0001-mini"));
    run("train --train train.txt --valid train.txt --epochs 1 --out ..");
    for folder in ["", "annotations", "exports", "runs", "runs/0001-mini"] {
        assert_others_stay(&work.join(folder));
    }
    run("runs export . --out curves.csv");
    assert!(place.path("model/model.safetensors").exists());
}

#[cfg(unix)]
#[test]
fn a_linked_folder_is_no_reason_to_remove_what_is_there() {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    place.tagli("new food").fine();
    place.tagli("import food train.txt --split train --as ada").fine();
    for name in ["exports", "runs", "out"] {
        let disk = place.path(&format!("disk-{name}"));
        add_others(&disk);
        let link = place.path(if name == "out" { "out" } else { "food" }).join(if name == "out" { "" } else { name });
        let link = link.components().as_path().to_owned();
        if link.exists() {
            fs::remove_dir(&link).unwrap();
        }
        std::os::unix::fs::symlink(&disk, link).unwrap();
    }
    place.tagli("export food --format conll2003 --annotator ada").fine();
    place.tagli("train food --as ada --base mini --epochs 1").fine();
    train(&place, "--out out").fine();
    train(&place, "--out out --force").fine();
    train(&place, "--out out/inside").fine();
    for name in ["exports", "runs", "out"] {
        assert_others_stay(&place.path(&format!("disk-{name}")));
    }
    assert!(place.path("disk-runs/0001-mini/model/config.json").exists());
    assert!(place.path("disk-out/model/config.json").exists());
}

#[test]
fn a_run_is_replaced_only_by_force_and_a_model_never() {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    train(&place, "--out run").fine();
    let before = run_files(&place.path("run"));
    train(&place, "--out run").fails(1, &["run holds a run", "--force"]);
    // Said before anything else is done.
    place.tagli("train --train none.txt --valid none.txt --out run").fails(1, &["run holds a run"]);
    assert_eq!(run_files(&place.path("run")), before);
    let told = train(&place, "--out run --seed 7 --force").fine();
    assert!(told.err.contains("it replaces the one in run when it is complete"), "{}", told.err);
    assert_eq!(told.json()["model"], "run/model");
    let after = run_files(&place.path("run"));
    let model = |files: &BTreeMap<String, Vec<u8>>| {
        files.iter().find(|(name, _)| name.ends_with("model.safetensors")).unwrap().1.clone()
    };
    assert!(model(&before) != model(&after) && !place.path("run/replacement").exists());
    let push = place.tagli("models push run name --dry-run --json").fine().json().to_string();
    assert!(push.contains("model.safetensors") && !push.contains(".tagli"), "{push}");
    let in_model = fs::read_dir(place.path("run/model")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(in_model.into_iter().all(|name| !name.to_string_lossy().starts_with('.')));
    fs::create_dir(place.path("bert")).unwrap();
    place.file("bert/config.json", r#"{"model_type":"bert"}"#);
    for force in ["", "--force"] {
        train(&place, &format!("--out bert {force}")).fails(1, &["is it a model?"]);
        train(&place, &format!("--out run/model {force}")).fails(2, &["belongs to the run"]);
    }
    train(&place, "--force").fails(2, &["--out"]);
}

/// Killed before it is complete, a replacement leaves the run as it was; resumed, it takes its place.
#[cfg(unix)]
#[test]
fn a_killed_replacement_leaves_the_run_and_goes_on() {
    let place = Place::new();
    place.file("train.txt", TAGGED.to_owned() + "\n" + TAGGED);
    train(&place, "--out run").fine();
    let before = run_files(&place.path("run"));
    let words = "train --train train.txt --valid train.txt --epochs 6 --batch 2 --set checkpoint_every=6 \
                 --set evaluations=1 --set log_every=1 --out run --force --json";
    let mut child = place.command().args(words.split_whitespace()).spawn().unwrap();
    place.waits_for("run/replacement/checkpoint/progress.json");
    train(&place, "--out run --force").fails(3, &["the run in run is in use by process"]);
    child.kill().unwrap();
    child.wait().unwrap();
    let run_again = |files: BTreeMap<String, Vec<u8>>| -> BTreeMap<String, Vec<u8>> {
        files.into_iter().filter(|(name, _)| !name.contains(".tagli-")).collect()
    };
    assert_eq!(run_again(run_files(&place.path("run"))), run_again(before));
    train(&place, "--out run --force").fails(1, &["ended before it was complete", "--resume"]);
    let end = place.tagli("train --resume --out run --json").fine();
    assert_eq!(end.json()["model"], "run/model", "{}", end.err);
    assert!(!place.path("run/replacement").exists() && !place.path("run/checkpoint").exists());
    assert!(place.read("run/metrics.jsonl").lines().count() > 12);
    let hidden = fs::read_dir(place.path("run")).unwrap().map(|entry| entry.unwrap().file_name());
    let hidden = hidden.filter(|name| name.to_string_lossy().starts_with(".tagli-"));
    assert_eq!(hidden.count(), 2, "the records of the run and of its model");
}

#[test]
fn no_output_takes_the_place_of_a_projects_own_file() {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    for project in ["food", "other"] {
        place.tagli(&format!("new {project}")).fine();
        place.tagli(&format!("import {project} train.txt --as ada")).fine();
        place.tagli(&format!("train {project} --as ada --epochs 1")).fine();
    }
    let own =
        ["project.json", "documents.jsonl", "annotations/ada.jsonl", "runs/0001-mini/config.json", "runs/x.conll"];
    for own in own.map(|name| format!("other/{name}")) {
        let before = fs::read(place.path(&own)).ok();
        for words in [
            format!("convert train.txt {own} --to jsonl"),
            format!("export food --format jsonl --annotator ada --out {own}"),
            format!("runs export food --out {own}"),
            format!("doctor --log {own}"),
            format!("train --train train.txt --valid train.txt --out {own}"),
        ] {
            place.tagli(&words).fails(2, &["belongs to the project in"]);
            assert_eq!(fs::read(place.path(&own)).ok(), before, "{words}");
        }
    }
    // A file of the user is replaced when that is asked for.
    place.file("mine.jsonl", "old");
    place.tagli("convert train.txt mine.jsonl").fails(1, &["mine.jsonl exists"]);
    assert_eq!(place.read("mine.jsonl"), "old");
    place.tagli("convert train.txt mine.jsonl --force").fine();
    assert_ne!(place.read("mine.jsonl"), "old");
}

#[test]
fn commands_know_as_whom_the_user_goes_on_in_a_project() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    let _ = place.tagli("new food").fine();
    let folder = "home/.local/share/tagliatelle";
    fs::create_dir_all(place.path(folder)).unwrap();
    let path = place.path("food").canonicalize().unwrap();
    let recent = json!([{ "path": path, "opened": 0, "annotator": "ada" }]);
    place.file(&format!("{folder}/recent.json"), recent.to_string());
    let _ = place.tagli("import food a.txt").fine();
    assert!(place.path("food/annotations/ada.jsonl").exists());
    // A name that is given comes first.
    place.file("b.txt", TAGGED.replace("tacos", "burgers"));
    let _ = place.tagli("import food b.txt --as ben").fine();
    assert!(place.path("food/annotations/ben.jsonl").exists());
}
