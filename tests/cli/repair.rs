//! `tagli doctor DIR --repair`: what is shown, asked, repaired and left.

use std::fs;

use super::{TAGGED, support::Place};

/// A project to which one label was added on each of two branches.
fn conflict() -> (Place, String) {
    let place = Place::new();
    place.tagli("new food --labels Dish,Price").fine();
    let path = place.path("food/project.json");
    let text = fs::read_to_string(&path).unwrap();
    let last = text.rfind("    }\n  ],").unwrap();
    let label = |id: u32, name: &str| {
        format!("    }},\n    {{\n      \"id\": {id},\n      \"name\": \"{name}\",\n      \"key\": \"3\"\n")
    };
    let (head, tail) = text.split_at(last);
    let [ours, theirs] = [label(70, "Wine"), label(80, "Beer")];
    let unmerged = format!("{head}<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> ben\n{tail}");
    fs::write(&path, &unmerged).unwrap();
    (place, unmerged)
}

#[test]
fn an_unfinished_merge_is_completed_after_an_answer_and_a_copy_is_kept() {
    let (place, unmerged) = conflict();
    place.tagli("inspect food").fails(1, &["conflict markers", "tagli doctor", "--repair"]);
    place.tagli("doctor food").fails(1, &["the project has faults", "--repair repairs what needs no decision"]);
    place.tagli("doctor food --repair").fails(1, &["`Beer` loses its key 3", "there is no terminal", "--yes"]);
    assert_eq!(place.read("food/project.json"), unmerged);
    let answer = place.tagli("doctor food --repair --yes").fine();
    assert!(answer.err.contains("It is repaired. The files as they were:"), "{}", answer.err);
    assert!(answer.err.contains("git add project.json, then git commit"), "{}", answer.err);
    assert!(place.read("food/.gitignore").contains("*.before-repair*"), "the copies are not for git");
    assert_eq!(place.read("food/project.json.before-repair"), unmerged);
    let labels = place.tagli("inspect food --json").fine().json()["labels"].to_string();
    assert!(["Dish", "Price", "Wine", "Beer"].iter().all(|name| labels.contains(name)), "{labels}");
    let answer = place.tagli("doctor food --repair").fine();
    assert!(answer.err.contains("there is nothing that can be repaired"), "{}", answer.err);
    assert!(answer.out.contains("is a copy from before a repair"), "{}", answer.out);
}

#[test]
fn two_labels_with_one_id_are_left_to_the_user() {
    let (place, unmerged) = conflict();
    let clash = unmerged.replace("\"id\": 80", "\"id\": 70");
    place.file("food/project.json", &clash);
    let words = ["Only you can decide", "`Wine` and `Beer` have the same id 70", "the project has faults"];
    place.tagli("doctor food --repair --yes").fails(1, &words);
    assert_eq!(place.read("food/project.json"), clash);
}

/// What a repair leaves to a person is not answered with the advice to repair.
#[test]
fn after_a_repair_its_check_does_not_advise_it_again() {
    let place = Place::new();
    place.tagli("new food --labels Dish,Price").fine();
    let text = place.read("food/project.json");
    let unmerged = text.replacen("  \"labels\"", "<<<<<<< HEAD\n  \"labels\"", 1);
    place.file("food/project.json", &unmerged);
    place.tagli("doctor food").fails(1, &["--repair repairs what needs no decision"]);
    let answer = place.tagli("doctor food --repair --yes");
    assert!(!format!("{}{}", answer.out, answer.err).contains("--repair"), "{} {}", answer.out, answer.err);
    assert!(answer.out.contains("finish the merge with an editor"), "{}", answer.out);
    answer.fails(1, &["Only you can decide", "the project has faults", "needs a decision of yours"]);
    // A name that no label can have, which no rule of a merge mends.
    let text = text.replacen("\"name\": \"Price\"", "\"name\": \"\"", 1);
    place.file("food/project.json", &text);
    let answer = place.tagli("doctor food --repair --yes");
    assert!(!format!("{}{}", answer.out, answer.err).contains("--repair"), "{} {}", answer.out, answer.err);
    assert!(answer.out.contains("correct it with an editor"), "{}", answer.out);
    answer.fails(1, &["the project has faults"]);
    assert_eq!(place.read("food/project.json"), text);
}

/// A project with documents and annotations of ada.
fn tagged() -> Place {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    place.tagli("new food").fine();
    place.tagli("import food train.txt --as ada").fine();
    place
}

#[test]
fn documents_and_journals_are_repaired_and_reported_as_json() {
    let place = tagged();
    let [documents, journal] = ["food/documents.jsonl", "food/annotations/ada.jsonl"].map(|name| place.read(name));
    let (first, rest) = documents.split_once('\n').unwrap();
    let unmerged = format!("<<<<<<< HEAD\n{first}\n=======\n{first}\n>>>>>>> ben\n\u{1b}[2J no document\n{rest}");
    place.file("food/documents.jsonl", &unmerged);
    place.file("food/annotations/ada.jsonl", format!("=======\n{journal}{{\"id\":\"7-7\",\"at\""));
    let refused = place.tagli("export food --format conll2003 --annotator ada");
    refused.fails(1, &["documents.jsonl, line 1", "--repair"]);
    let answer = place.tagli("doctor food --repair --yes --json").fine();
    let repair = &answer.json()["repair"];
    assert_eq!(
        (repair["done"].as_array().unwrap().len(), repair["left"].as_array().unwrap().len()),
        (5, 0),
        "{repair}"
    );
    assert_eq!(repair["done"][0]["file"], "documents.jsonl");
    assert_eq!(repair["copies"].as_array().unwrap().len(), 2);
    let left_to_git = repair["left_to_git"].as_str().unwrap();
    assert!(left_to_git.contains("git add documents.jsonl annotations/ada.jsonl, then"), "{left_to_git}");
    assert!(!answer.err.contains('\u{1b}') && !answer.out.contains('\u{1b}'), "{}", answer.err);
    assert_eq!([place.read("food/documents.jsonl"), place.read("food/annotations/ada.jsonl")], [documents, journal]);
    assert_eq!(place.read("food/documents.jsonl.before-repair"), unmerged);
    assert_eq!(place.read("food/documents.jsonl.bad"), "\u{1b}[2J no document\n");
    assert_eq!(place.read("food/annotations/ada.jsonl.torn"), "{\"id\":\"7-7\",\"at\"\n");
    place.tagli("doctor food").fine();
    let again = place.tagli("doctor food --repair --json").fine();
    assert_eq!(again.json()["repair"]["done"].as_array().unwrap().len(), 0);
}

#[test]
fn a_document_with_two_texts_is_left_to_the_user_and_nothing_is_changed() {
    let place = tagged();
    let documents = place.read("food/documents.jsonl");
    let other = documents.lines().next().unwrap().replacen("\"text\":\"", "\"text\":\"not ", 1);
    let doubled = format!("{documents}{other}\nno document\n");
    place.file("food/documents.jsonl", &doubled);
    place.tagli("inspect food").fails(1, &["there is already a document", "hint: tagli doctor DIR --repair"]);
    let words = ["nothing shows which of the two is right", "with other contents"];
    place.tagli("doctor food --repair --yes").fails(1, &words);
    assert_eq!(place.read("food/documents.jsonl"), doubled);
    assert!(!place.path("food/documents.jsonl.before-repair").exists());
    assert!(!place.path("food/documents.jsonl.bad").exists());
}

#[test]
fn the_empty_folder_of_a_run_is_removed() {
    let place = tagged();
    for id in ["0001-mini", "0002-mini"] {
        fs::create_dir(place.path("food/runs").join(id)).unwrap();
    }
    place.tagli("runs remove food 1").fine();
    let answer = place.tagli("doctor food").fine();
    assert!(answer.out.contains("runs/0002-mini: is an empty folder"), "{}", answer.out);
    place.tagli("doctor food --repair --yes").fine();
    assert_eq!(
        fs::read_dir(place.path("food/runs")).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count(),
        0
    );
}
