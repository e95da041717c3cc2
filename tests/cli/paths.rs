//! Which folder or file a command works on, and what it says about a wrong one.

use std::fs;

use serde_json::json;

use super::{
    TAGGED,
    support::{self, Place},
};

const COPY: &str = "home/.local/share/tagliatelle/samples/food";

/// A sample with three documents that are done.
fn sample() -> Place {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    let _ = place.tagli("new food").fine();
    let _ = place.tagli("import food a.txt").fine();
    let manifest = place.read("food/project.json").replacen('{', "{\"sample\": true,", 1);
    place.file("food/project.json", manifest);
    place
}

#[test]
fn a_sample_without_a_copy_is_read_itself_and_copied_before_it_is_written() {
    let place = sample();
    let documents = place.read("food/documents.jsonl");
    for reading in
        ["export food --format tag-first --out -", "inspect food", "import food a.txt --dry-run", "doctor food"]
    {
        let answer = place.tagli(reading).fine();
        assert!(answer.err.contains("food is a sample of which you have no copy"), "{reading}: {}", answer.err);
        assert!(!place.path(COPY).exists(), "{reading}");
    }
    place.file("b.txt", "cheap beer\n");
    let imported = place.tagli("import food b.txt --json").fine();
    assert!(imported.err.contains("the sample is copied to"), "{}", imported.err);
    assert!(imported.json()["project"].as_str().unwrap().ends_with("samples/food"), "{}", imported.out);
    assert_eq!(place.read("food/documents.jsonl"), documents, "the sample stays as it is");
    assert_eq!(place.read(&format!("{COPY}/documents.jsonl")).lines().count(), 4);
}

#[test]
fn all_commands_work_on_the_copy_that_was_opened() {
    let place = sample();
    // There is no terminal, but that comes after the copy.
    place.tagli("food").fails(3, &["copied to", "terminal"]);
    place.file("b.txt", "cheap beer\n");
    let _ = place.tagli("import food b.txt").fine();
    let copy = place.path(COPY);
    let shown = place.tagli("inspect food --json").fine();
    assert_eq!(shown.json()["documents"], 4, "the copy has one more");
    assert!(shown.err.contains("this command uses your copy of it"), "{}", shown.err);
    assert_eq!(shown.json()["path"].as_str(), copy.to_str());
    let exported = place.tagli("export food --format tag-first --json").fine().json();
    assert_eq!(exported["project"].as_str(), copy.to_str());
    assert!(copy.join("exports/tag-first.txt").is_file() || exported["out"].as_str().unwrap().contains(COPY));
    assert_eq!(fs::read_dir(place.path("food/exports")).unwrap().count(), 0);
    let trained = place.tagli("train food --base mini --epochs 1 --json").fine().json();
    assert!(trained["run"].as_str().unwrap().contains(COPY), "{trained}");
    let runs = place.tagli("runs list food --json").fine().json();
    assert!(runs[0]["path"].as_str().unwrap().contains(COPY), "{runs}");
    let checked = place.tagli("doctor food --json").fine().json();
    assert_eq!((&checked["project"]["path"], &checked["project"]["report"]["runs"]), (&json!(copy), &json!(1)));
}

#[test]
fn documents_of_a_sample_are_changed_in_the_copy() {
    let place = sample();
    let documents = place.read("food/documents.jsonl");
    let first: serde_json::Value = serde_json::from_str(documents.lines().next().unwrap()).unwrap();
    let id = first["id"].as_str().unwrap();
    let changed = || place.read(&format!("{COPY}/documents.jsonl"));
    for (args, says) in [
        (vec!["documents", "correct", "food", id, "--text", "so good"], "copied to"),
        (vec!["documents", "remove", "food", id], "this command uses your copy"),
        (vec!["documents", "restore", "food", id], "this command uses your copy"),
    ] {
        let before = if place.path(COPY).exists() { changed() } else { documents.clone() };
        let answer = place.run(&args).fine();
        assert!(answer.err.contains(says), "{args:?}: {}", answer.err);
        assert_ne!(changed(), before, "{args:?}");
        assert_eq!(place.read("food/documents.jsonl"), documents, "{args:?}: the sample stays as it is");
    }
}

#[test]
fn a_file_that_exists_is_replaced_only_by_force() {
    let place = sample();
    place.file("mine.txt", "my notes\n");
    let commands = ["export food --format tag-first --out mine.txt", "convert a.txt mine.txt --to conll2003"];
    for command in commands {
        place.tagli(command).fails(1, &["mine.txt exists", "nothing was written", "--force"]);
        assert_eq!(place.read("mine.txt"), "my notes\n", "{command}");
        let _ = place.tagli(&format!("{command} --force")).fine();
        assert!(place.read("mine.txt").contains("tacos"), "{command}");
        place.file("mine.txt", "my notes\n");
    }
    let _ = place.tagli("train food --base mini --epochs 1").fine();
    place.tagli("runs export food --out mine.txt").fails(1, &["mine.txt exists", "--force"]);
    assert_eq!(place.read("mine.txt"), "my notes\n");
    let _ = place.tagli("runs export food --out mine.txt --force").fine();
    assert!(place.read("mine.txt").starts_with("kind,step"));
    // A log is added to.
    place.file("log.txt", "my notes\n");
    let _ = place.tagli("inspect food --log log.txt").fine();
    assert!(place.read("log.txt").starts_with("my notes\n"));
}

#[test]
fn a_project_a_run_and_a_model_are_distinguished() {
    let place = sample();
    let _ = place.tagli("train food --base mini --epochs 1").fine();
    let run = format!("{COPY}/runs/0001-mini");
    // The folder of a project stands for its best run, the folder of a run for its model.
    for folder in [COPY, "food", &run] {
        let found = place.tagli(&format!("eval {folder} --data a.txt --json")).fine().json();
        assert!(found["model"].as_str().unwrap().ends_with("0001-mini/model"), "{folder}: {found}");
    }
    place
        .run(&["predict", COPY, "tacos"])
        .fails(1, &["is a project", "of run 0001-mini, the newest", "0001-mini/model"]);
    place.run(&["predict", "mini"]).fails(2, &["TEXT", "--file <FILE>"]);
    place.tagli(&format!("export {run} --format jsonl")).fails(1, &["it is the folder of a run", "tagli eval"]);
    place.tagli(&format!("export {run}/model --format jsonl")).fails(1, &["it is a model", "tagli eval"]);
    place.tagli(&format!("inspect {COPY}/exports")).fails(1, &["belongs to the project", "samples/food"]);
    // The model is looked at before the data.
    place.tagli("eval nowhere --data none.txt").fails(1, &["nowhere"]);
    place.tagli("doctor nosuch").fails(1, &["there is no folder nosuch"]);
    fs::create_dir(place.path("empty")).unwrap();
    place.tagli("doctor empty").fails(1, &["is not a project"]);
}

#[test]
fn misspelt_words_are_answered_with_what_was_meant() {
    let place = sample();
    place.tagli("exprot").fails(2, &["did you mean `tagli export`?"]);
    let json = place.tagli("exprot food --format jsonl --json").fails(2, &["did you mean `tagli export`?"]).json();
    assert_eq!(json["error"]["kind"], "usage");
    let answer = place.tagli("runs food").fails(2, &["tagli runs list food"]);
    assert!(!answer.err.contains("remove"), "{}", answer.err);
    place.tagli("export food --format conll").fails(2, &["'conll2003', 'conll2002'"]);
    place.tagli("import food nofile").fails(1, &["nofile", "food is the project"]);
}

#[test]
fn an_export_says_what_is_not_done_and_why_it_is_empty() {
    let place = Place::new();
    let _ = place.tagli("new food").fine();
    place.tagli("export food --format tag-first --out -").fails(1, &["no documents", "tagli import food"]);
    place.file("b.txt", "cheap beer\nopen late\n");
    let _ = place.tagli("import food b.txt").fine();
    place.tagli("export food --format tag-first --out -").fails(1, &["no document is done", "--all"]);
    let all = place.tagli("export food --format tag-first --all --out - ").fine();
    assert!(all.err.contains("2 of 2 documents not done"), "{}", all.err);
    let split = place.tagli("export food --format tag-first --split train --out -");
    let split = split.fails(1, &["no document is in the split train", "2 documents without a split", "omit --split"]);
    assert!(!split.err.contains("enter"), "{}", split.err);
}

#[test]
fn an_import_counts_the_labels_of_the_file() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    let _ = place.tagli("new food").fine();
    let answer = place.tagli("import food a.txt --dry-run --json").fine();
    assert_eq!(answer.json()["files"][0]["labels"], json!(["Dish", "Hours", "Location", "Rating"]));
    assert!(answer.err.contains("4 spans of 4 labels"), "{}", answer.err);
}

#[test]
fn a_new_project_reports_what_is_odd_about_it() {
    let place = Place::new();
    let odd = place.tagli("new food --labels Dish,,Dish").fine();
    assert!(odd.err.contains("is empty") && odd.err.contains("Dish is named twice"), "{}", odd.err);
    let inside = place.tagli("new food/more").fine();
    assert!(inside.err.contains("inside the project"), "{}", inside.err);
    assert!(!place.tagli("new other").fine().err.contains("inside"));
}

#[test]
fn the_manual_page_shows_the_values_of_options() {
    let page = support::checkout().join("assets/docs/tagli.1");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("\\fB\\-\\-format\\fR \\fIF\\fR"), "export needs a format");
}
