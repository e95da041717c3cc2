//! `tagli train --folds` and `--curve`, and `tagli suspects`.

use serde_json::Value;

use super::{TAGGED, support::Place};

const PLACES: [&str; 8] = ["harbour", "station", "river", "church", "market", "bridge", "park", "school"];
const FOODS: [&str; 6] = ["tacos", "pasta", "ramen", "pizza", "curry", "soup"];
/// Enough steps that the models learn the pattern.
const QUICK: &str = "--device cpu --base mini --epochs 10 --lr 1e-3 --batch 8 --set evaluations=1";

/// A project of 48 reviews with a dish each; in the 13th it is labelled as a location.
fn project() -> Place {
    let place = Place::new();
    let review = |at: usize| {
        let (food, near) = (FOODS[at % 6], PLACES[at / 6]);
        let label = if at == 12 { "Location" } else { "Dish" };
        format!("O\tcheap\nB-{label}\t{food}\nO\tat\nO\tthe\nO\t{near}\n\n")
    };
    place.file("train.txt", (0..48).map(review).collect::<String>());
    place.file("valid.txt", (0..6).map(|at| review(at * 7 + 1).replace("cheap", "good")).collect::<String>());
    place.tagli("new food").fine();
    place.tagli("import food train.txt --split train").fine();
    place.tagli("import food valid.txt --split valid").fine();
    place
}

#[test]
fn folds_score_every_document_and_the_odd_label_is_the_first_suspect() {
    let place = project();
    let answer = place.tagli(&format!("train food --folds 3 {QUICK} --json")).fine();
    assert!(answer.err.contains("fold 1 of 3: F1 ") && answer.err.contains(" left\n"), "{}", answer.err);
    let result = answer.json();
    assert_eq!((&result["sentences"], &result["scored"], &result["complete"]), (&54.into(), &54.into(), &true.into()));
    let [low, f1, high] = ["low", "f1", "high"].map(|name| result["word"][name].as_f64().unwrap());
    assert!(low <= f1 && f1 <= high && f1 > 0.8, "{result}");
    assert_eq!(result["labels"]["Dish"]["support"], 53);
    let parts: u64 = result["finished"].as_array().unwrap().iter().map(|fold| fold["held_out"].as_u64().unwrap()).sum();
    assert_eq!(parts, 54);
    // No model is left.
    assert!(!place.path("food/runs/0001-mini").exists());
    assert!(!place.read("food/runs/folds.jsonl").contains("harbour"), "no words");
    place.tagli("doctor food").fine();

    let list = |words: &str| place.tagli(&format!("suspects food --json {words}")).fine().json();
    let found = list("");
    let first = &found["suspects"][0];
    let label = |item: &Value, side: &str| item[side]["label"].as_str().unwrap_or("none").to_owned();
    assert_eq!((label(first, "given"), label(first, "suggested")), ("Location".into(), "Dish".into()), "{found}");
    assert_eq!((&first["given"]["text"], &found["answered"]), (&"tacos".into(), &54.into()));
    assert_eq!(&first["probably_wrong"], &true, "{found}");
    let sum = ["probably_wrong", "also_disagree"].map(|name| found[name].as_u64().unwrap()).iter().sum::<u64>();
    assert_eq!(Some(sum), found["open"].as_u64(), "{found}");
    let reasons: Vec<&str> = first["reasons"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert_eq!(reasons, ["model", "other-label"]);
    let text = place.tagli("suspects food").fine().out;
    assert!(text.contains("probably wrong, the least probable label first") && !text.contains("0.0000"), "{text}");
    assert!(
        text.contains("cheap [tacos] at the") && text.contains("the model disagrees, usually another label"),
        "{text}"
    );

    let key = first["key"].as_str().unwrap();
    assert_eq!(list(&format!("--keep {key}"))["kept"], 1);
    let after = list("--kept");
    assert_eq!((&after["kept"], &after["kept_items"][0]["key"]), (&1.into(), &first["key"]));
    assert!(after["suspects"].as_array().unwrap().iter().all(|item| item["key"] != first["key"]));
    place.tagli(&format!("suspects food --keep {key}")).fails(1, &["there is no suspect"]);
    assert_eq!(list(&format!("--reopen {key}"))["reopened"], 1);
    assert_eq!(list(&format!("--take {key}"))["taken"], 1);
    let exported = place.tagli("export food --format tag-first --out out.txt").fine();
    assert!(!place.read("out.txt").contains("Location"), "{}", exported.err);
    assert_eq!(place.tagli("inspect food --json").fine().json()["statuses"]["done"], 54);
}

#[test]
fn a_curve_has_intervals_and_a_forecast_that_the_project_keeps() {
    let place = project();
    let answer = place.tagli(&format!("train food --curve --draws 1 {QUICK} --json")).fine();
    assert!(answer.err.contains("training 3 of 3: F1 "), "{}", answer.err);
    let curve = answer.json();
    let sizes: Vec<u64> =
        curve["points"].as_array().unwrap().iter().map(|point| point["sentences"].as_u64().unwrap()).collect();
    assert_eq!((sizes, curve["forecast"].as_array().unwrap().len()), (vec![12, 24, 48], 2));
    assert_eq!(curve["more"]["sentences"], 10);
    let kept: Value = serde_json::from_str(&place.read("food/runs/curve.json")).unwrap();
    assert_eq!(kept, curve);
}

#[test]
fn a_study_whose_result_cannot_be_kept_is_refused_before_its_first_training() {
    let place = project();
    let _ = std::fs::remove_dir(place.path("food/runs"));
    place.file("food/runs", "");
    for study in ["--folds 2", "--curve --draws 1"] {
        let answer = place.tagli(&format!("train food {study} {QUICK}")).fails(1, &["runs", "it is a file"]);
        assert!(!answer.err.contains(" 1 of "), "{}", answer.err);
    }
}

#[test]
fn studies_refuse_what_they_cannot_measure() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    let files = "train --train a.txt --valid a.txt";
    place.tagli(&format!("{files} --folds 1")).fails(2, &["--folds 1", "from 2 to 50"]);
    place.tagli(&format!("{files} --folds 2 --curve")).fails(2, &["--curve"]);
    place.tagli(&format!("{files} --folds 2 --out run")).fails(2, &["--out"]);
    place.tagli(&format!("{files} --folds 2 --set untagged=true")).fails(2, &["tagged documents alone"]);
    // The two files have the same three sentences.
    place.tagli(&format!("{files} --folds 5")).fails(1, &["5 folds need", "there are 3"]);
    place.tagli(&format!("{files} --curve")).fails(1, &["at least 40"]);
    place.tagli("new food").fine();
    place.tagli("suspects food").fine();
    place.tagli("suspects food --take 00000000").fails(1, &["no suspect 00000000"]);
}
