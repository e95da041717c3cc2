//! `tagli train --untagged` and `--teacher`.

use std::fs;

use serde_json::{Value, json};

use super::{TAGGED, support::Place};

/// Texts with the words of the tagged sentences, one of them the same.
const UNTAGGED: &str = "tacos near me now\n2 start restaurants near me\nopen now\nopen late\ntacos near me now\n";
/// Enough steps to learn the sentences by heart.
const TRAIN: &str = "train --train train.txt --valid valid.txt --base mini --lr 5e-4 --epochs 10 --batch 2 --set evaluations=1 \
                     --set log_every=1 --json";

fn place() -> Place {
    let place = Place::new();
    place.file("train.txt", TAGGED.to_owned() + "\n" + TAGGED);
    place.file("valid.txt", TAGGED);
    place.file("untagged.txt", UNTAGGED);
    place
}

/// Files of a run that no clock has touched.
fn weights(place: &Place, run: &str) -> Vec<u8> {
    fs::read(place.path(run).join("model/model.safetensors")).unwrap()
}

#[test]
fn untagged_files_are_learned_and_accounted_for() {
    let place = place();
    let answer =
        place.tagli(&format!("{TRAIN} --untagged untagged.txt valid.txt --set untagged_threshold=0.3 --out run"));
    let answer = answer.fine();
    // Three of the file are new; one is of the validation split, as are the three of valid.txt, and one comes twice.
    for said in [
        "8 documents read, 3 used",
        "4 documents with a text of the validation",
        "1 document with a text that came",
        "4 spans of the files ignored",
    ] {
        assert!(answer.err.contains(said), "{said}: {}", answer.err);
    }
    let report = answer.json();
    let counts = &report["untagged"];
    assert_eq!(counts["read"], 3, "{report}");
    let kept = counts["kept"].as_u64().unwrap();
    assert!(kept > 0 && counts["repeats"] == 1, "{report}");
    let config: Value = serde_json::from_str(&place.read("run/config.json")).unwrap();
    assert_eq!(
        config["data"]["untagged"],
        json!({ "read": 8, "used": 3, "without_words": 0, "held_out": 0, "same_as_held_out": 4, "same_as_tagged": 0,
            "repeated": 1, "ignored_spans": 4 })
    );
    assert_eq!(config["settings"]["untagged"], true);
    let lines = place.read("run/metrics.jsonl");
    assert_eq!(lines.matches("\"kind\":\"stage\"").count(), 1);
    // The same again gives the same weights.
    place.tagli(&format!("{TRAIN} --untagged untagged.txt --set untagged_threshold=0.3 --out again")).fine();
    assert!(weights(&place, "run") == weights(&place, "again"));
}

/// Killed in its second stage, a run goes on to the very weights that it would have had.
#[cfg(unix)]
#[test]
fn a_training_killed_in_its_second_stage_resumes_to_the_same_weights() {
    let place = place();
    let train = |out: &str, checkpoint_every: u32| {
        format!(
            "{TRAIN} --untagged untagged.txt --set untagged_threshold=0.3 --set checkpoint_every={checkpoint_every} --out {out}"
        )
    };
    let whole = place.tagli(&train("whole", 1000)).fine().json();
    // The run that is not resumed writes only the checkpoint between its stages: they are large.
    let mut child = place.command().args(train("killed", 10).split_whitespace()).spawn().unwrap();
    let begun = std::time::Instant::now();
    let after_border = || {
        let text = fs::read_to_string(place.path("killed/metrics.jsonl")).unwrap_or_default();
        text.split("\"kind\":\"stage\"").nth(1).map_or(0, |rest| rest.lines().count())
    };
    while after_border() < 13 && begun.elapsed().as_secs() < 120 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!place.read("killed/status.json").contains("\"done\""), "it was killed in the middle");
    assert!(after_border() >= 13 && place.path("killed/checkpoint/untagged.json").exists());
    let end = place.tagli("train --resume --out killed --json").fine().json();
    assert_eq!(
        (&end["untagged"], &end["stage"], &end["steps"]),
        (&whole["untagged"], &whole["stage"], &whole["steps"])
    );
    assert!(weights(&place, "killed") == weights(&place, "whole"), "bit for bit");
}

#[test]
fn untagged_documents_of_a_project_are_its_own() {
    let place = Place::new();
    place.file("train.txt", TAGGED.to_owned() + "\n" + TAGGED);
    place.file("todo.txt", UNTAGGED);
    place.tagli("new food").fine();
    place.tagli("import food train.txt --split train").fine();
    let train = "train food --base mini --lr 5e-4 --epochs 2 --batch 2 --json";
    place
        .tagli(&format!("{train} --untagged"))
        .fails(1, &["no untagged document", "0 documents read", "without --untagged"]);
    assert!(!place.path("food/runs/0001-mini").exists(), "nothing is written before");
    place.tagli("import food todo.txt --format text").fine();
    let report = place.tagli(&format!("{train} --untagged")).fine().json();
    assert!(report["untagged"]["read"].as_u64().unwrap() >= 2, "{report}");
    place.tagli(&format!("{train} --untagged todo.txt")).fails(2, &["only with --train"]);
    place.tagli("train --untagged food --json").fails(2, &["tagli train DIR --untagged"]);
    place.tagli("train --train train.txt --valid train.txt --untagged --json").fails(2, &["needs files"]);
}

#[test]
fn a_model_learns_from_teachers() {
    let place = place();
    place.tagli(&format!("{TRAIN} --out teacher")).fine();
    place.tagli(&format!("{TRAIN} --seed 7 --out other")).fine();
    // Few steps with tags that say nothing: what it knows comes from the teachers.
    let taught = place.tagli(&format!("{TRAIN} --untagged untagged.txt --teacher teacher other/model --out taught"));
    let taught = taught.fine();
    assert!(taught.err.contains("teachers: teacher, other/model"), "{}", taught.err);
    assert_eq!(taught.json()["valid"]["word"]["f1"], 1.0);
    assert_eq!(taught.json()["untagged"], Value::Null, "there is no second stage");
    let config: Value = serde_json::from_str(&place.read("taught/config.json")).unwrap();
    assert_eq!(config["data"]["teachers"], json!(["teacher", "other/model"]));
    assert_eq!(config["settings"]["teacher"], "teacher,other/model");
    let log = place.read("taught/log.txt");
    assert!(
        log.contains("teachers (teacher, other/model): answers for 9 sentences") && log.contains("in memory"),
        "{log}"
    );
}

#[test]
fn a_flag_and_a_setting_that_contradict_it_are_refused() {
    let place = place();
    let refused = |options: &str, parts: &[&str]| {
        place.tagli(&format!("{TRAIN} {options} --out run")).fails(2, parts);
        assert!(!place.path("run").exists());
    };
    refused("--teacher 3 --set teacher=5", &["--teacher names 3, but --set teacher=5"]);
    refused("--teacher 3 --set teacher=", &["leave one of them out"]);
    refused("--teacher 3,5", &["--teacher `3,5`", "--teacher 3 5"]);
    refused("--untagged untagged.txt --set untagged=false", &["--set untagged=false"]);
}

/// A folder of a model may be called like an embedded base.
#[test]
fn a_folder_with_the_name_of_a_base_is_opened_as_a_teacher() {
    let place = place();
    place.tagli(&format!("{TRAIN} --set epochs=1 --out teacher")).fine();
    fs::rename(place.path("teacher/model"), place.path("mini")).unwrap();
    place.tagli(&format!("{TRAIN} --set epochs=1 --teacher mini --out taught")).fine();
}

#[test]
fn a_teacher_that_cannot_teach_is_refused_before_anything_is_written() {
    let place = place();
    place.tagli(&format!("{TRAIN} --set epochs=1 --out teacher")).fine();
    let refused = |teacher: &str, parts: &[&str]| {
        place.tagli(&format!("{TRAIN} --teacher {teacher} --out run")).fails(1, parts);
        assert!(!place.path("run").exists());
    };
    refused("nowhere", &["no teacher `nowhere`", "tagli runs list"]);
    refused("mini", &["no teacher `mini`"]);
    place.file("other.txt", "B-Wine\tred\nO\tand\n\nB-Dish\ttacos\n");
    place.tagli("train --train other.txt --valid other.txt --epochs 1 --json --out strange").fine();
    refused("strange", &["it knows Dish, Wine", "the training data have Dish, Hours, Location, Rating"]);
    let status = place.read("teacher/status.json");
    for (phase, said) in [("training", "its run is training"), ("failed", "its run is failed")] {
        place.file("teacher/status.json", status.replace("\"done\"", &format!("\"{phase}\"")));
        refused("teacher", &["not finished", said, "--resume"]);
    }
    place.file("teacher/status.json", status);
    let weights = place.path("teacher/model/model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    refused("teacher", &["the teacher teacher cannot be read", "model.safetensors"]);
    fs::remove_dir_all(place.path("teacher/model")).unwrap();
    refused("teacher", &["has no model in", "teacher/model"]);
}
