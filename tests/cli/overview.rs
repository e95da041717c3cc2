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
