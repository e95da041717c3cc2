//! `tagli inspect` finds what is worth a look, and `tagli documents split` mends some of it.

use super::*;

#[test]
fn what_is_worth_a_look_is_found_and_splits_are_made_without_leaks() {
    let place = Place::new();
    let mut lines = String::new();
    for at in 0..30 {
        let split = if at % 2 == 0 { "train" } else { "test" };
        let pair = at / 2;
        let text = format!("pizza of kind n{pair} with m{pair} and p{pair} at the house");
        let line = format!(
            r#"{{"id":"d{at}","text":"{text}","split":"{split}","status":"done","spans":[{{"start":0,"end":5,"label":"Dish"}}]}}"#
        );
        lines += &(line + "\n");
    }
    lines += r#"{"id":"x","text":"pizza, they say","spans":[{"start":0,"end":6,"label":"Name"}]}"#;
    place.file("a.jsonl", &lines);
    let seen = place.tagli("inspect a.jsonl --json").fine().json();
    assert_eq!(seen["duplicates"]["same"], 15, "{seen}");
    assert_eq!(seen["leaks"][0], serde_json::json!({"from": "train", "to": "test", "same": 15, "nearly": 0}));
    assert_eq!(seen["marks_at_edges"]["spans"][0]["text"], "pizza,");
    assert_eq!(seen["examples"]["Dish"][0], serde_json::json!({"text": "pizza", "spans": 30}));
    assert!(seen["pieces"]["total"].as_u64() > seen["words"].as_u64());
    let text = place.tagli("inspect a.jsonl").fine().out;
    for part in ["test is partly known from train: 15 the same", "9 to 16", "pizza, (Name), document x", "pizza (30)"] {
        assert!(text.contains(part), "{part}: {text}");
    }

    place.tagli("new food --labels Dish,Name").fine();
    place.tagli("import food a.jsonl").fine();
    let split = "documents split food --again --shares 60,20,20";
    let shown = place.tagli(&format!("{split} --dry-run --json")).fine().json();
    assert_eq!(shown["dry_run"], true);
    assert_eq!(place.tagli("inspect food --json").fine().json()["leaks"].as_array().map(Vec::len), Some(1));
    let made = place.tagli(&format!("{split} --json")).fine().json();
    assert_eq!((&made["moved"], &made["together"]), (&shown["moved"], &serde_json::json!(30)));
    let counts = ["train", "valid", "test"].map(|name| made["splits"][name]["documents"].as_u64().unwrap());
    assert!(counts.iter().sum::<u64>() == 31 && (17..=20).contains(&counts[0]), "{counts:?}");
    let after = place.tagli("inspect food --json").fine().json();
    assert_eq!(after["leaks"], serde_json::json!([]), "{after}");
    place.tagli("documents split food --shares 1,2").fails(2, &["three numbers"]);
}

#[test]
fn documents_move_to_a_split_by_search() {
    let place = Place::new();
    let line = |id: &str, text: &str, split: &str| {
        format!(r#"{{"id":"{id}","text":"{text}","split":"{split}","spans":[{{"start":0,"end":5,"label":"Dish"}}]}}"#)
            + "\n"
    };
    place.file("a.jsonl", line("a", "pizza is good", "train") + &line("b", "pizza is good!", "train"));
    place.tagli("new food --labels Dish").fine();
    place.tagli("import food a.jsonl").fine();
    let dry = place.tagli("documents split food --query id:b --to test --dry-run --json").fine().json();
    let moved = place.tagli("documents split food --query id:b --to test --json").fine();
    assert!(moved.err.contains("1 document of test known from train"), "{}", moved.err);
    let moved = moved.json();
    let leak = serde_json::json!([{"from": "train", "to": "test", "same": 1, "nearly": 0}]);
    assert_eq!((&moved["leaks"], &dry["leaks"]), (&leak, &leak));
    assert_eq!((&moved["moved"], &dry["moved"], &moved["splits"]["test"]["spans"]), (&1.into(), &1.into(), &1.into()));
    assert!(place.read("food/documents.jsonl").contains(r#""split":"test""#));
    place.tagli("documents split food --query label:Dish --to none").fine();
    assert!(!place.read("food/documents.jsonl").contains(r#""split""#));
    place.tagli("documents split food --query id:zzz --to test").fails(1, &["finds no document"]);
    place.tagli("documents split food --query id:b").fails(2, &["--to"]);
    place.tagli("documents split food --query id:b --to tset").fails(2, &["train, valid, test, none"]);
    place.tagli("documents split food --query label:Nothing --to test").fails(2, &["--query"]);
    for nothing in ["", "  "] {
        let words = ["documents", "split", "food", "--query", nothing, "--to", "test"];
        place.run(&words).fails(2, &["nothing to search for"]);
    }
}

#[test]
fn tags_that_do_not_follow_their_scheme_are_listed_with_their_lines() {
    let place = Place::new();
    place.file("a.conll", "good O\npad B-Dish\nthai I-Dish\n\nfish I-Dish\n\nsoup B-Dish\n");
    let seen = place.tagli("inspect a.conll --json").fine().json();
    let first = serde_json::json!({ "line": 5, "word": "fish", "tag": "I-Dish", "expected": "B-Dish" });
    assert_eq!(seen["violations"], serde_json::json!({ "scheme": "bio", "count": 1, "first": [first] }));
    let text = place.tagli("inspect a.conll").fine().out;
    assert!(text.contains("1 tag not as bio has them\n    line 5: fish has I-Dish, bio has B-Dish\n"), "{text}");
    place.file("a.jsonl", r#"{"text":"tacos"}"#);
    assert_eq!(place.tagli("inspect a.jsonl --json").fine().json()["violations"], serde_json::Value::Null);
}
