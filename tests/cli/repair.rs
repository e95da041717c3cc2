//! A `project.json` that git left with conflict markers.

use std::fs;

use super::support::Place;

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
    place.tagli("doctor food").fails(1, &["the project has faults"]);
    place.tagli("doctor food --repair").fails(1, &["`Beer` loses its key 3", "there is no terminal", "--yes"]);
    assert_eq!(place.read("food/project.json"), unmerged);
    let answer = place.tagli("doctor food --repair --yes").fine();
    assert!(answer.err.contains("project.json is merged"), "{}", answer.err);
    assert_eq!(place.read("food/project.json.before-merge"), unmerged);
    let labels = place.tagli("inspect food --json").fine().json()["labels"].to_string();
    assert!(["Dish", "Price", "Wine", "Beer"].iter().all(|name| labels.contains(name)), "{labels}");
    // Nothing is left to repair.
    place.tagli("doctor food --repair").fine();
}

#[test]
fn two_labels_with_one_id_are_not_merged() {
    let (place, unmerged) = conflict();
    let clash = unmerged.replace("\"id\": 80", "\"id\": 70");
    place.file("food/project.json", &clash);
    place.tagli("doctor food --repair --yes").fails(1, &["`Wine` and `Beer` have the same id 70"]);
    assert_eq!(place.read("food/project.json"), clash);
}
