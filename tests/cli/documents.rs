//! Texts that change: by `tagli documents`, and by other programs.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use super::support::Place;

/// A project in which ada has tagged `fish tcaos` in `r1`.
fn project() -> Place {
    let place = Place::new();
    place.file(
        "a.jsonl",
        concat!(
            r#"{"id":"r1","text":"call Ann on 555-1234: the fish tcaos are good","#,
            r#""spans":[{"start":26,"end":36,"label":"Dish"}],"status":"done"}"#,
            "\n",
            r#"{"id":"r2","text":"cheap beer","spans":[{"start":0,"end":5,"label":"Price"}],"status":"done"}"#,
            "\n",
        ),
    );
    place.tagli("new food").fine();
    place.tagli("import food a.jsonl").fine();
    place
}

/// Texts and spans of the documents that are exported.
fn exported(place: &Place) -> Vec<(String, Vec<String>)> {
    let out = place.tagli("export food --format jsonl --all --out -").fine().out;
    let documents = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let words = |document: &Value| {
        let text: Vec<char> = document["text"].as_str().unwrap().chars().collect();
        let spans = document["spans"].as_array().unwrap().iter();
        let at = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        spans.map(|span| text[at(&span["start"])..at(&span["end"])].iter().collect()).collect()
    };
    documents.map(|document| (document["text"].as_str().unwrap().to_owned(), words(&document))).collect()
}

#[test]
fn a_document_is_corrected_undone_removed_and_restored() {
    let place = project();
    let corrected = "call Ann on 555-1234: the fish tacos are good";
    let answer = place.run(&["documents", "correct", "food", "r1", "--text", corrected, "--json"]).fine().json();
    let changed = json!([{ "annotator": "ada", "label": "Dish", "old": "fish tcaos", "new": "fish tacos" }]);
    let expected = json!({ "document": "r1", "done": "corrected", "changed": changed, "to_review": [], "files": [] });
    assert_eq!(answer, expected);
    assert_eq!(exported(&place)[0], (corrected.to_owned(), vec!["fish tacos".to_owned()]));
    place.tagli("doctor food").fine();
    let back = place.tagli("documents correct food r1 --undo").fine().out;
    assert_eq!(back, "document r1: text brought back\n  ada: Dish \"fish tacos\" is \"fish tcaos\" now\n");
    assert_eq!(exported(&place)[0].1, ["fish tcaos"]);
    place.tagli("documents correct food r1 --undo").fails(1, &["there is no earlier text"]);
    place.run(&["documents", "correct", "food", "r1", "--text", " "]).fails(1, &["tagli documents remove DIR ID"]);
    let replaced = "call Ann on 555-1234: the fish sandwich deluxe are good";
    let review = place.run(&["documents", "correct", "food", "r1", "--text", replaced]).fine().out;
    assert!(review.contains("ada: Dish \"fish tcaos\" is to be reviewed\n"), "{review}");
    assert_eq!(exported(&place)[0].1.len(), 0);
    place.tagli("documents correct food r1 --undo").fine();
    place.file("new.txt", format!("{corrected}\n"));
    place.tagli("documents correct food r1 --file new.txt").fine();
    assert_eq!(exported(&place)[0].0, corrected);
    place.tagli("documents remove food r1").fine();
    assert_eq!(exported(&place).len(), 1);
    place.tagli("doctor food").fine();
    place.tagli("documents restore food r1").fine();
    assert_eq!(exported(&place)[0].1, ["fish tacos"]);
}

#[test]
fn what_cannot_be_changed_says_why() {
    let place = project();
    let before = place.read("food/documents.jsonl");
    place.tagli("documents correct food r9 --text x").fails(1, &["there is no document `r9`"]);
    place.tagli("documents correct food r1 --undo").fails(1, &["was not corrected"]);
    place.tagli("documents restore food r1").fails(1, &["was not removed"]);
    place.tagli("documents remove food r1 --erase").fails(1, &["nothing was erased", "--yes"]);
    place.tagli("documents correct food r1").fails(2, &["--text"]);
    place.tagli("documents correct food r1 --text x --undo").fails(2, &["cannot be used with"]);
    place.file("bad.txt", [0xff, 0xfe]);
    place.tagli("documents correct food r1 --file bad.txt").fails(1, &["not UTF-8"]);
    place.tagli("documents correct food r1 --file none.txt").fails(1, &["there is no such file"]);
    assert_eq!(place.read("food/documents.jsonl"), before);
}

#[test]
fn words_are_erased_from_what_was_being_typed_before_they_are_erased_from_the_project() {
    let place = project();
    let drafts = "home/.local/share/tagliatelle/drafts.json";
    let food = place.path("food").canonicalize().unwrap();
    fs::create_dir_all(place.path(drafts).parent().unwrap()).unwrap();
    let typed =
        json!([{ "field": "note", "of": "r2", "given": "", "text": "call Ann on 555-1234: the fish tcaos are good" }]);
    place.file(drafts, json!([{ "path": food, "annotator": "ada", "drafts": typed }]).to_string());
    // The document cannot be erased yet, so the words are known when this is repeated.
    let documents = place.path("food/documents.jsonl");
    fs::set_permissions(&documents, fs::Permissions::from_mode(0o444)).unwrap();
    place.tagli("documents remove food r1 --erase --yes").fails(3, &["documents.jsonl"]);
    assert!(place.read("food/documents.jsonl").contains("555-1234") && !place.read(drafts).contains("555-1234"));
    fs::set_permissions(&documents, fs::Permissions::from_mode(0o644)).unwrap();
    place.file(drafts, "[{");
    let answer = place.tagli("documents remove food r1 --erase --yes").fine().out;
    assert!(answer.contains("drafts.json: may hold the words"), "{answer}");
}

#[test]
fn an_erased_document_is_in_no_file_of_the_project_and_copies_are_listed() {
    let place = project();
    place.tagli("export food --format conll2003").fine();
    place.file("food/copy.txt", "call Ann on 555-1234: the fish tcaos are good");
    // Texts that were being typed on the screen, one of them about another document.
    let drafts = "home/.local/share/tagliatelle/drafts.json";
    let typed = |field: &str, of: &str, text: &str| json!({ "field": field, "of": of, "given": "", "text": text });
    let typed = [typed("correction", "r1", "call Ann Lee on 555-1234"), typed("note", "r2", "ask the cook")];
    let food = place.path("food").canonicalize().unwrap();
    fs::create_dir_all(place.path(drafts).parent().unwrap()).unwrap();
    place.file(drafts, json!([{ "path": food, "annotator": "ada", "drafts": typed }]).to_string());
    let answer = place.tagli("documents remove food r1 --erase --yes --json").fine().json();
    let files: Vec<(&str, &str)> = answer["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["path"].as_str().unwrap(), file["state"].as_str().unwrap()))
        .filter(|(_, state)| *state != "history")
        .collect();
    assert_eq!(
        files,
        [
            ("documents.jsonl", "erased"),
            ("annotations/ada.jsonl", "may hold"),
            ("copy.txt", "holds"),
            ("exports/conll2003.conll", "may hold"),
            (place.path(drafts).to_str().unwrap(), "erased"),
        ]
    );
    let left = place.read(drafts);
    assert!(!left.contains("555-1234") && left.contains("ask the cook"), "{left}");
    for name in ["documents.jsonl", "annotations/ada.jsonl", "project.json"] {
        assert!(!place.read(&format!("food/{name}")).contains("555-1234"), "{name}");
    }
    place.tagli("doctor food").fine();
    place.tagli("import food a.jsonl").fine();
    assert_eq!(exported(&place).len(), 1, "it does not come back");
}

#[test]
fn spans_recorded_against_another_text_are_moved_or_reviewed_and_never_exported_silently() {
    let place = project();
    let path = place.path("food/documents.jsonl");
    let edit = |from: &str, to: &str| fs::write(&path, fs::read_to_string(&path).unwrap().replace(from, to)).unwrap();
    edit("call Ann", "call Ann Lee");
    assert_eq!(exported(&place)[0].1, ["fish tcaos"]);
    assert!(place.tagli("doctor food").fine().out.contains("moved with their words"));
    edit("fish tcaos", "fish tacos");
    let doctor = place.tagli("doctor food").fine();
    assert!(doctor.out.contains("tagli DIR, Documents, search for status:review"), "{}", doctor.out);
    assert!(doctor.out.contains("document `r1` was changed, and 1 span lost the place"), "{}", doctor.out);
    let answer = place.tagli("export food --format jsonl --out some.jsonl").fine();
    assert!(
        answer.err.contains("1 document to review, because the text was changed") && answer.err.contains("left out"),
        "{}",
        answer.err
    );
    assert_eq!(place.read("some.jsonl").lines().count(), 1);
}
