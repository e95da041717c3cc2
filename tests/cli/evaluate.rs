//! `tagli eval`, `tagli runs compare`, and the intervals of `tagli score`.

use std::fs;

use serde_json::{Value, json};

use super::{TAGGED, support::Place};

/// Enough steps to learn the sentences by heart.
const TRAIN: &str =
    "train food --as ada --base mini --lr 5e-4 --epochs 30 --batch 2 --set evaluations=1 --set log_every=1";
/// The sentences with a wrong label and an invented span.
const OTHER: &str =
    "B-Rating\t2\nI-Rating\tstart\nO\trestaurants\n\nB-Cuisine\ttacos\nO\tnear\nO\tme\n\nO\topen\nB-Hours\tnow\n";

/// A project with a run that has learned the three sentences, of which the validation split has copies.
fn project() -> Place {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    place.file("other.txt", OTHER);
    place.tagli("new food").fine();
    place.tagli("import food a.txt --split train --as ada").fine();
    place.file("b.txt", TAGGED);
    place.tagli("import food b.txt --split valid --as ada").fine();
    place.tagli(&format!("{TRAIN} --json")).fine();
    place
}

#[test]
fn a_project_is_evaluated_with_every_mistake() {
    let place = project();
    let answer = place.tagli("eval food --json").fine();
    let found = answer.json();
    assert_eq!((&found["run"], &found["data"]["split"]), (&json!("0001-mini"), &json!("valid")));
    assert_eq!(found["data"]["annotator"], "ada");
    assert_eq!(found["word"]["lenient"]["overall_f1"], json!(1.0), "{found}");
    // Without a mistake, no resample differs from another.
    assert_eq!(found["intervals"]["word"]["lenient"]["overall"], Value::Null);
    assert_eq!(found["intervals"]["piece"]["strict"]["labels"]["Dish"], Value::Null);
    assert_eq!(found["averages"]["word"]["lenient"]["macro"]["f1"], json!(1.0));
    assert_eq!((&found["mistakes"], &found["published"]), (&json!([]), &Value::Null));
    // The keys on which scripts rely.
    for key in ["sentences", "words", "pieces", "label_mode", "confusion", "buckets", "unknown_labels"] {
        assert!(!found[key].is_null(), "{key}: {found}");
    }
    // By number, by the folder of the run, and on what it has learned.
    assert_eq!(place.tagli("eval food 1 --json").fine().json()["run"], "0001-mini");
    assert_eq!(place.tagli("eval food/runs/0001-mini --json").fine().json()["run"], "0001-mini");
    let learned = place.tagli("eval food 1 --split train").fine();
    assert!(learned.err.contains("its scores on them are too good"), "{}", learned.err);
    place.tagli("eval food --split test").fails(1, &["split test", "--data"]);
    place.tagli("eval food 7").fails(1, &["unknown model `7`", "a run of the project"]);
    place.tagli("eval a.txt 1 --data a.txt").fails(2, &["is no project"]);
    place.tagli("eval food/runs/0001-mini/model").fails(2, &["--data FILE"]);
    place.tagli("eval food/runs/0001-mini/model --split valid").fails(2, &["needs a project"]);
    place.tagli("eval food --data a.txt --split valid").fails(2, &["--split"]);
}

#[test]
fn the_score_of_a_run_with_short_windows_is_computed_again() {
    let place = Place::new();
    // What a word is depends on the first word, which most windows of six pieces do not contain.
    let sentence = |first: &str, label: &str| {
        let rest: String = (0..12).map(|_| format!("B-{label}\ttacos\nO\tor\n")).collect();
        format!("O\t{first}\n{rest}\n")
    };
    place.file("a.txt", sentence("eat", "Dish") + &sentence("visit", "Location"));
    place.tagli("new food").fine();
    place.tagli("import food a.txt --split train --as ada").fine();
    place.file("b.txt", sentence("visit", "Location") + &sentence("eat", "Dish"));
    place.tagli("import food b.txt --split valid --as ada").fine();
    place.tagli(&format!("{TRAIN} --set max_pieces=8 --json")).fine();
    let lines = place.read("food/runs/0001-mini/metrics.jsonl");
    let points = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let shown = points.filter_map(|point| point["word"]["f1"].as_f64()).next_back();
    let again = place.tagli("eval food --json").fine().json();
    assert_eq!(again["word"]["lenient"]["overall_f1"].as_f64(), shown, "{lines}");
    assert!(shown.is_some_and(|f1| f1 < 1.0), "the windows matter: {shown:?}");
}

#[test]
fn mistakes_are_listed_by_sentence_up_to_a_number() {
    let place = project();
    let found = place.tagli("eval food --data other.txt --json").fine().json();
    let mistakes = found["mistakes"].as_array().unwrap();
    let kinds: Vec<&str> = mistakes.iter().map(|mistake| mistake["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["label", "spurious"], "{found}");
    assert_eq!((&mistakes[0]["sentence"], &mistakes[0]["id"]), (&json!(1), &json!("other.txt, sentence 2")));
    assert_eq!(found["buckets"]["label"], 1);
    assert!(found["intervals"]["word"]["lenient"]["overall"][0].as_f64().unwrap() < 0.9);
    let one = place.tagli("eval food --data other.txt --json --mistakes 1").fine().json();
    assert_eq!(one["mistakes"].as_array().unwrap().len(), 1);
    let text = place.tagli("eval food --data other.txt").fine().out;
    for said in [
        "0001-mini on other.txt: 3 sentences",
        "per word, lenient",
        "95 % interval",
        "macro average",
        "weighted average",
        "1,000 resamples",
        "--counts all",
        "2 mistakes:\n",
        "other.txt, sentence 2: label: Dish `tacos` should be Cuisine `tacos`",
        "other.txt, sentence 2: spurious: Location `me` should be nothing",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("strict  ") && !text.contains("per piece (") && !text.contains("published"), "{text}");
    let all = place.tagli("eval food --data other.txt --counts all --mistakes 1").fine().out;
    for said in ["per word, strict", "per piece (", "2 mistakes, first 1 (--mistakes all lists all)"] {
        assert!(all.contains(said), "{said}\n{all}");
    }
    let pieces = place.tagli("eval food --data other.txt --counts piece,word-strict").fine().out;
    assert!(
        pieces.contains("per word, strict")
            && pieces.contains("per piece (")
            && !pieces.contains("per word, lenient  ")
    );
    place.tagli("eval food --data other.txt --counts letters").fails(2, &["letters", "word-strict"]);
    place.file("none.txt", "a O\nb O\n");
    place.tagli("eval food --data none.txt --format conll2002").fails(1, &["there is no span in it"]);
}

#[test]
fn two_runs_are_compared_on_the_same_sentences() {
    let place = project();
    place.tagli(&format!("{TRAIN} --seed 7 --json")).fine();
    place.tagli(&format!("{TRAIN} --seed 8 --json")).fine();
    // A run that has learned next to nothing.
    place.tagli("train food --as ada --base mini --lr 1e-6 --epochs 1 --json").fine();
    let found = place.tagli("runs compare food 1 4 --json").fine().json();
    assert_eq!((&found["a"]["run"], &found["b"]["run"]), (&json!("0001-mini"), &json!("0004-mini")));
    let overall = &found["differences"]["word"]["overall"];
    assert_eq!((&overall["a"], &found["sentences"]["all"]), (&json!(1.0), &json!(3)));
    assert!(overall["difference"].as_f64().unwrap() > 0.5 && overall["interval"].is_array(), "{found}");
    assert_eq!(found["only_a_right"].as_array().unwrap().len(), 3, "{found}");
    assert_eq!((&found["only_b_right"], &found["sentences"]["only_b_right"]), (&json!([]), &json!(0)));
    let only_a = &found["only_a_right"][0];
    assert!(only_a["mistakes"][0]["kind"].is_string() && only_a["id"].is_string());
    // What is fixed and what is broken is told of the newer run, whatever the order.
    let sentences = &found["sentences"];
    assert_eq!((&sentences["newer"], &sentences["fixed_by_newer"]), (&json!("b"), &json!(0)), "{found}");
    let swapped = place.tagli("runs compare food 4 1 --json").fine().json();
    assert_eq!((&swapped["sentences"]["newer"], &swapped["sentences"]["broken_by_newer"]), (&json!("a"), &json!(3)));
    let text = place.tagli("runs compare food 4 1").fine().out;
    assert!(
        text.contains("0 only A right, 3 only B right") && text.contains("A is the newer run: it fixed 0 and broke 3"),
        "{text}"
    );
    // The other two runs with the settings of A show how much chance makes, on the validation split.
    assert_eq!(found["seeds"]["runs"], json!(["0002-mini", "0003-mini"]), "{found}");
    assert_eq!((&found["seeds"]["within"], &found["seeds"]["seed_alone"]), (&json!(false), &json!(false)));
    let text = place.tagli("runs compare food 1 4").fine().out;
    assert!(text.contains("larger than the spread between seeds on validation: 2 other runs"), "{text}");
    let elsewhere = place.tagli("runs compare food 1 4 --split train --json").fine().json();
    assert!(elsewhere["seeds"].is_null(), "{elsewhere}");
    let text = place.tagli("runs compare food 1 2").fine().out;
    for said in ["A: 0001-mini", "F1 per word, lenient", "A-B", "differ by their seed alone", "3 both right"] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("spread between seeds"), "{text}");
    let text = place.tagli("eval food 1 --against 4 --data other.txt --mistakes 1").fine().out;
    assert!(text.contains("on other.txt: 3 sentences") && text.contains("only A is right: "), "{text}");
    place.tagli("runs compare food 1 9").fails(1, &["unknown model `9`"]);
    // The screen compares two runs by what their models keep.
    let scores: Value = serde_json::from_str(&place.read("food/runs/0001-mini/model/sentence_scores.json")).unwrap();
    assert_eq!(scores["sentences"].as_array().unwrap().len(), 3, "{scores}");
    // A run with its scores is removed as a whole.
    place.tagli("runs remove food 0004-mini").fine();
    assert!(!place.path("food/runs/0004-mini").exists());
    let left: Vec<_> = fs::read_dir(place.path("food/runs/0002-mini/model")).unwrap().collect();
    assert!(left.len() > 3);
}

#[test]
fn scores_have_averages_and_intervals_beside_those_of_seqeval() {
    let place = Place::new();
    place.file("gold.txt", "a B-X\nb I-X\nc O\nd B-Y\n\ne B-Y\n\nf O\n");
    place.file("pred.txt", "a B-X\nb O\nc O\nd B-Y\n\ne O\n\nf O\n");
    let scores = place.tagli("score gold.txt pred.txt --json").fine().json();
    let mut keys: Vec<&String> = scores["default"].as_object().unwrap().keys().collect();
    keys.sort_unstable();
    assert_eq!(keys, ["X", "Y", "overall_accuracy", "overall_f1", "overall_precision", "overall_recall"]);
    // X: 0; Y: precision 1, recall 1/2; by hand.
    let averages = &scores["averages"]["default"];
    assert_eq!(averages["macro"]["precision"], json!(0.5));
    assert!((averages["weighted"]["f1"].as_f64().unwrap() - 2.0 / 3.0 * 2.0 / 3.0).abs() < 1e-12, "{averages}");
    assert_eq!(scores["intervals"]["strict"]["labels"]["X"], Value::Null, "never found");
    assert_eq!(scores["intervals"]["method"]["resamples"], 1000);
    let text = place.tagli("score gold.txt pred.txt").fine().out;
    assert!(
        text.contains("macro average") && !text.contains("0.000 to 0.000") && text.contains("strict IOB2"),
        "{text}"
    );
}
