//! The command line as scripts use it: names, JSON, exit codes, and what bad input leads to.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is a failed test")]

mod curves;
mod documents;
mod evaluate;
mod formats;
mod help;
mod hostile;
mod overview;
mod ownership;
mod paths;
#[cfg(target_os = "linux")]
mod read_only;
mod repair;
mod settings;
mod small_files;
mod studies;
#[path = "../support/mod.rs"]
mod support;
mod untagged;

use std::fs;

use serde_json::{Value, json};
use support::{Answer, Place};

/// Three sentences in the lesson's layout, tag first.
const TAGGED: &str =
    "B-Rating\t2\nI-Rating\tstart\nO\trestaurants\n\nB-Dish\ttacos\nO\tnear\nB-Location\tme\n\nO\topen\nB-Hours\tnow\n";

#[test]
fn a_project_is_created_filled_inspected_and_exported() {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    let made = place.tagli("new food --json").fine().json();
    assert_eq!(made["labels"].as_array().unwrap().len(), 8);
    let read = place.tagli("import food train.txt --split train --json").fine().json();
    assert_eq!((&read["files"][0]["documents"], &read["files"][0]["spans"]), (&json!(3), &json!(4)));
    assert!(read["files"][0]["detected"].to_string().contains("tag"), "{read}");
    let seen = place.tagli("inspect food --json").fine().json();
    assert_eq!((&seen["documents"], &seen["spans"], &seen["statuses"]["done"]), (&json!(3), &json!(4), &json!(3)));
    let written = place.tagli("export food --format tag-first --out again.txt --json").fine().json();
    assert_eq!(written["proof"]["spans_changed"], 0);
    assert_eq!(place.read("again.txt").trim_end(), TAGGED.trim_end());
    place.tagli("doctor food").fine();
    let processor = &place.tagli("doctor --json").fine().json()["processor"];
    assert_eq!(processor["cpu and flex agree"], true, "{processor}");
    for device in ["cpu", "flex"] {
        assert!(processor[device]["loss"].as_f64().unwrap() > 0.0, "{processor}");
        assert!(processor[device]["gradient norm"].as_f64().unwrap() > 0.0, "{processor}");
    }
    assert!(processor["instructions"]["of matrix products"].is_string(), "{processor}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    place.tagli("new food").fine();
    let before = place.read("food/documents.jsonl");
    place.tagli("import food a.txt --dry-run").fine();
    assert_eq!(place.read("food/documents.jsonl"), before);
    assert!(!place.path("food/annotations/ada.jsonl").exists());
}

#[test]
fn files_are_converted_through_standard_input_and_output() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    let answer = place.tagli("convert a.txt - --to conll2003").fine();
    assert!(answer.out.starts_with("-DOCSTART-"), "{}", answer.out);
    assert!(answer.out.contains("tacos") && answer.out.contains(" B-Dish"));
    place.tagli("convert a.txt b.jsonl").fine();
    place.tagli("convert b.jsonl c.bio --to tag-first --scheme bioes").fine();
    assert!(place.read("c.bio").contains("S-Dish\ttacos"));
}

#[test]
fn spans_that_tags_cannot_hold_are_never_lost_silently() {
    let place = Place::new();
    place.file(
        "a.jsonl",
        "{\"id\":\"1\",\"text\":\"seafood bar\",\"spans\":[{\"start\":0,\"end\":3,\"label\":\"Dish\"}]}\n",
    );
    place.tagli("convert a.jsonl b.conll").fails(1, &["sea", "--on-loss"]);
    assert!(!place.path("b.conll").exists());
    place.tagli("convert a.jsonl b.conll --on-loss snap").fine();
    assert!(place.read("b.conll").contains("seafood"));
}

#[test]
fn scores_equal_seqeval() {
    let place = Place::new();
    place.file("gold.txt", "a B-X\nb I-X\nc O\nd B-Y\n\n");
    place.file("pred.txt", "a B-X\nb O\nc O\nd B-Y\n\n");
    let scores = place.tagli("score gold.txt pred.txt --json").fine().json();
    assert_eq!(scores["default"]["overall_f1"], json!(0.5));
    assert_eq!(scores["default"]["overall_accuracy"], json!(0.75));
    assert_eq!(scores["default"]["Y"], json!({"precision": 1.0, "recall": 1.0, "f1": 1.0, "number": 1}));
    assert_eq!(scores["strict"]["overall_precision"], json!(0.5));
    place.file("short.txt", "a B-X\n\n");
    place.tagli("score gold.txt short.txt").fails(1, &["gold.txt", "short.txt", "4", "1"]);
}

#[test]
fn annotators_are_compared_on_documents_that_both_finished() {
    let place = Place::new();
    place.file("a.txt", "cheap B-Price\nfish B-Dish\ntacos I-Dish\nhere O\n\ntea B-Dish\n\n");
    place.tagli("new food").fine();
    place.tagli("agree food").fails(1, &["two annotators", "no annotator"]);
    place.tagli("import food a.txt --as ada").fine();
    place.tagli("agree food").fails(1, &["two annotators", "only ada"]);
    // The same texts, with the same name.
    place.file("a.txt", "cheap B-Price\nfish O\ntacos B-Dish\nhere O\n\ntea B-Dish\n\n");
    place.tagli("import food a.txt --as bob").fine();
    let value = place.tagli("agree food --differences --json").fine().json();
    let pair = &value["pairs"][0];
    assert_eq!(
        (pair["a"].as_str(), pair["b"].as_str(), pair["documents"].as_u64()),
        (Some("ada"), Some("bob"), Some(2))
    );
    // Two of three spans are the same on both sides; the third overlaps.
    assert_eq!(pair["exact"]["f1"]["value"], json!(4.0 / 6.0));
    assert_eq!(pair["overlap"]["f1"]["value"], json!(1.0));
    // Words: ada Price, Dish, Dish, O, Dish; bob Price, O, Dish, O, Dish. Cohen's kappa by hand.
    let kappa = pair["kappa_all"]["value"].as_f64().unwrap();
    let chance = (1.0 * 1.0 + 3.0 * 2.0 + 1.0 * 2.0) / 25.0;
    assert!((kappa - (0.8 - chance) / (1.0 - chance)).abs() < 1e-12, "{kappa}");
    assert_eq!(value["differences"][0]["kind"], "range");
    let text = place.tagli("agree food --annotators ada,bob --differences").fine().out;
    assert!(
        text.contains("ada and bob: 2 documents, 5 words") && text.contains("bob: Dish \u{ab}tacos\u{bb}"),
        "{text}"
    );
    place.tagli("agree food --annotators ada,eve").fails(1, &["eve", "ada, bob"]);
    // Who only looked is no annotator, and who decides between the others is no further opinion.
    place.file("food/annotations/eve.jsonl", "");
    place.tagli("agree food --annotators ada,eve").fails(1, &["eve", "has no work"]);
    place.tagli("import food a.txt --as gold").fine();
    let alone = place.tagli("agree food --json").fine().json();
    assert_eq!((alone["pairs"].as_array().unwrap().len(), &alone["alpha"]), (1, &value["alpha"]));
    let all = place.tagli("agree food --annotators ada,bob,gold --json").fine().json();
    assert_eq!(all["pairs"].as_array().unwrap().len(), 3);
    let spans = |who: &str| place.tagli(&format!("inspect food --record 1 --annotator {who} --json")).fine().json();
    assert_ne!(spans("ada"), spans("bob"));
    assert_eq!(spans("gold"), spans("bob"));
}

#[test]
fn user_keys_are_read_and_mistakes_are_reported_with_their_line() {
    let place = Place::new();
    place.tagli("new food").fine();
    std::fs::create_dir_all(place.path("home/.config/tagliatelle")).unwrap();
    place.file("home/.config/tagliatelle/keys.toml", "preset = \"vim\"\n\n[tag]\nalt-d = \"dnoe\"\n");
    place.tagli("food").fails(1, &["keys.toml:4", "`done`"]);
    place.file("home/.config/tagliatelle/keys.toml", "[tag]\nalt-d = \"done\"\n");
    // The keys are right: what is missing is a terminal.
    place.tagli("food").fails(3, &["terminal"]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_annotator_comes_from_the_settings_unless_given() {
    let place = Place::new();
    place.file("a.txt", "tea B-Dish\n\n");
    place.tagli("new food").fine();
    place.settings("annotator = \"bob\"\n");
    place.tagli("import food a.txt").fine();
    place.file("a.txt", "tea B-Price\n\n");
    place.tagli("import food a.txt --as eve").fine();
    let dishes =
        |more: &str| place.tagli(&format!("inspect food --json{more}")).fine().json()["labels"]["Dish"].clone();
    assert_eq!([dishes(""), dishes(" --annotator eve")], [json!(1), json!(0)]);
    // The project's settings go before the user's.
    place.file("food/tagli.toml", "annotator = \"eve\"\n");
    assert_eq!(dishes(""), json!(0));
    place.tagli("export food --format tag-first --out -").fine();
    place.file("food/tagli.toml", "annotator = \"a/b\"\n");
    place.tagli("export food --format tag-first --out -").fails(1, &["setting `annotator`"]);
    place.tagli("export food --format tag-first --out - --annotator bob").fine();
}

// Elsewhere the folder of settings has another name.
#[cfg(target_os = "linux")]
#[test]
fn the_advice_for_iob1_tags_is_one_line_and_works() {
    let place = Place::new();
    let name = "go\nld.txt";
    place.file(name, "a I-X\nb O\nc I-X\nd B-X\n");
    let answer = place.run(&["score", name, name]).fine();
    let advice = |line: &&str| line.contains("IOB1") && line.ends_with("NEW --to conll2002 --scheme bio");
    assert_eq!(answer.err.lines().filter(advice).count(), 1, "{}", answer.err);
    place.run(&["convert", name, "new", "--to", "conll2002", "--scheme", "bio"]).fine();
    assert!(!place.tagli("score new new").fine().err.contains("IOB1"));
}

// Elsewhere the folder of settings has another name.
#[cfg(target_os = "linux")]
#[test]
fn grid_and_device_come_from_the_settings_unless_given() {
    let place = Place::new();
    place.settings("grid = \"space\"\ndevice = \"abacus\"\n");
    assert_eq!(place.tagli("new food --json").fine().json()["grid"], "space");
    assert_eq!(place.tagli("new fish --grid bert --json").fine().json()["grid"], "bert");
    place.file("a.txt", "open late, now\n");
    for from in ["--from", "--format"] {
        let converted = place.tagli(&format!("convert a.txt - {from} text --to conll2003")).fine();
        assert!(converted.out.contains("\nlate, "), "{from}: {}", converted.out);
    }
    place.file("tagged.txt", TAGGED);
    let train = "train --train tagged.txt --valid tagged.txt";
    place.tagli(train).fails(3, &["unknown device `abacus`"]);
    place.tagli(&format!("{train} --device sundial")).fails(3, &["unknown device `sundial`"]);
    for bf16 in ["--precision bf16", "--set bf16=true"] {
        place.tagli(&format!("{train} {bf16} --device flex --out run")).fails(3, &["flex", "--device cpu"]);
        assert!(!place.path("run").exists());
    }
}

#[test]
fn labels_come_from_a_labelling_config_or_from_a_list() {
    let place = Place::new();
    place.file(
        "labels.xml",
        "<View><Labels name=\"label\" toName=\"text\"><Label value=\"Person\" hotkey=\"p\"/><Label value=\"Place\"/></Labels>\
         <Text name=\"text\" value=\"$text\"/></View>",
    );
    assert_eq!(place.tagli("new a --labels labels.xml --json").fine().json()["labels"], json!(["Person", "Place"]));
    assert_eq!(place.tagli("new b --labels Wine,Grape --json").fine().json()["labels"], json!(["Wine", "Grape"]));
    place.file("broken.xml", "<View>\n<Labels>");
    place.tagli("new c --labels broken.xml").fails(1, &["broken.xml:1", "XML"]);
    assert!(!place.path("c").exists());
}

#[test]
fn no_command_overwrites_its_input_or_a_project() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    let _ = place.tagli("new food").fine();
    let _ = place.tagli("import food a.txt").fine();
    let before = place.read("food/documents.jsonl");
    let _ = place.tagli("export food --format jsonl --out food/documents.jsonl").fails(2, &["exports"]);
    let _ = place.tagli("export food --format jsonl --out food/exports/mine.jsonl").fine();
    assert_eq!(place.read("food/documents.jsonl"), before);
    let _ = place.tagli("convert a.txt a.txt --to conll2003").fails(2, &["same file"]);
    assert_eq!(place.read("a.txt"), TAGGED);
}

#[test]
fn one_record_is_shown_with_its_tags_and_pieces() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    let record = place.tagli("inspect a.txt --record 2 --pieces --json").fine().json();
    assert_eq!(record["words"], json!(["tacos", "near", "me"]));
    assert_eq!(record["tags"], json!(["B-Dish", "O", "B-Location"]));
    let pieces = record["pieces"].as_array().unwrap();
    assert_eq!((&pieces[0]["piece"], &pieces[0]["first"]), (&json!("ta"), &json!("B-Dish")), "{pieces:?}");
    assert_eq!(
        (&pieces[1]["first"], &pieces[1]["all-b"], &pieces[1]["all-i"]),
        (&Value::Null, &json!("B-Dish"), &json!("I-Dish"))
    );
    assert!(place.tagli("inspect a.txt --record 2 --bio").fine().out.contains("B- at the first word of a span"));
    place.tagli("inspect a.txt --record 9").fails(2, &["9", "3"]);
}

/// A CoNLL file is read twice, which standard input and a pipe cannot be.
#[test]
fn standard_input_and_pipes_are_read_like_files() {
    let place = Place::new();
    let path = place.file("train.txt", "O\tgood\nB-Dish\ttacos\n\nO\topen\n");
    assert!(std::process::Command::new("mkfifo").arg(place.path("pipe")).status().unwrap().success());
    for (input, stdin) in [("-", fs::File::open(&path).unwrap().into()), ("pipe", std::process::Stdio::null())] {
        let mut command = place.command();
        command.args(["convert", input, "-", "--to", "conll2002"]).stdin(stdin);
        let (to, from) = (place.path("pipe"), path.clone());
        let writer = (input == "pipe").then(|| std::thread::spawn(move || fs::write(to, fs::read(from).unwrap())));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{input}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "good O\ntacos B-Dish\n\nopen O\n\n", "{input}");
        writer.into_iter().for_each(|writer| writer.join().unwrap().unwrap());
    }
}

#[test]
fn bad_input_is_named_with_file_and_line_and_changes_nothing() {
    let place = Place::new();
    place.tagli("new food").fine();
    place.file("latin1.txt", b"cr\xeape near me\n");
    place.tagli("import food latin1.txt --format text").fails(1, &["latin1.txt:1", "UTF-8"]);
    place.file("empty.txt", "");
    place.tagli("import food empty.txt --format conll2003").fails(1, &["empty.txt"]);
    place.file("ragged.txt", "B-Dish\ttacos\nO\nO\tnow\n");
    place.tagli("import food ragged.txt --format tag-first").fails(1, &["ragged.txt:2"]);
    place.tagli("import food missing.txt").fails(1, &["missing.txt"]);
    place.tagli("import nowhere empty.txt").fails(1, &["nowhere", "tagli new"]);
    place.tagli("inspect home").fails(1, &["home", "tagli new"]);
    assert_eq!(place.read("food/documents.jsonl"), "");
}

#[test]
fn an_error_is_one_json_document() {
    let place = Place::new();
    let answer = place.tagli("inspect nowhere --json").fails(1, &["nowhere"]);
    assert_eq!(answer.json()["error"]["kind"], "data");
}

#[test]
fn unknown_names_are_usage_errors() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    place.tagli("convert a.txt b.x --to nonsense").fails(2, &["nonsense", "conll2003"]);
    place.tagli("train --train a.txt --valid a.txt --set learning_rat=1").fails(2, &["learning_rate"]);
}

#[test]
fn without_a_terminal_the_error_names_alternatives() {
    let place = Place::new();
    place.tagli("new food").fine();
    place.tagli("food").fails(3, &["terminal", "tagli train"]);
    place.tagli("nowhere").fails(1, &["nowhere", "tagli new"]);
}

#[test]
fn a_sample_is_opened_as_a_copy_with_its_guide() {
    let place = Place::new();
    place.tagli("new food").fine();
    let manifest = place.read("food/project.json").replacen('{', "{\"sample\": true,", 1);
    place.file("food/project.json", manifest);
    place.file("food/GUIDE.md", "a dish is what is eaten");
    // There is no terminal, but that comes after the copy.
    place.tagli("food").fails(3, &["copied to", "terminal"]);
    let again = place.tagli("food").fails(3, &["terminal"]);
    assert!(!again.err.contains("copied"), "{}", again.err);
    assert_eq!(place.read("home/.local/share/tagliatelle/samples/food/GUIDE.md"), "a dish is what is eaten");
    let nowhere = place.command().env("HOME", "/dev/null").arg("food").output().unwrap();
    Answer::of(nowhere).fails(3, &["set HOME"]);
}

#[test]
fn a_folder_without_a_model_is_refused_by_name() {
    let place = Place::new();
    std::fs::create_dir(place.path("model")).unwrap();
    place.run(&["predict", "model", "tacos"]).fails(1, &["model", "config.json"]);
    place.run(&["predict", "mini", "tacos"]).fails(1, &["train"]);
}

#[test]
fn man_page_and_completions_are_made() {
    let place = Place::new();
    place.tagli("man --json").fails(2, &["--json"]);
    for (words, file) in [
        ("man", "tagli.1"),
        ("completions bash", "tagli.bash"),
        ("completions zsh", "_tagli"),
        ("completions fish", "tagli.fish"),
    ] {
        let kept = support::checkout().join("assets/docs").join(file);
        let made = place.tagli(words).fine().out;
        support::compare_generated(&kept, &made);
    }
}

#[test]
fn a_trained_folder_is_evaluated_and_predicts() {
    let place = Place::new();
    // Enough repetition that two hundred steps of the embedded base must learn it by heart.
    place.file("train.txt", TAGGED.to_owned() + "\n" + TAGGED);
    let words =
        "train --train train.txt --valid train.txt --test train.txt --lr 5e-4 --epochs 30 --batch 2 --out run --json";
    let report = place.tagli(words).fine().json();
    assert!(report["seconds"].as_f64().unwrap() > 0.0);
    for (split, count) in [("valid", "word"), ("valid", "piece"), ("test", "word"), ("test", "piece")] {
        for score in ["precision", "recall", "f1", "accuracy"] {
            assert!(report[split][count][score].is_f64(), "{split} {count} {score}: {report}");
        }
    }
    assert_eq!(report["test"]["word"]["f1"], json!(1.0), "{report}");
    let measured = place.tagli("eval run/model --data train.txt --json").fine().json();
    assert_eq!(measured["word"]["lenient"]["overall_f1"], json!(1.0));
    let found = place.run(&["predict", "run/model", "tacos near me", "--aggregation", "first", "--json"]).fine().json();
    assert_eq!(found[0]["entity_group"], "Dish");
    assert_eq!((&found[0]["start"], &found[0]["end"]), (&json!(0), &json!(5)));
    // Pieces are the pipeline's default; people see words.
    let pieces = place.run(&["predict", "run/model", "tacos near me", "--json"]).fine().json();
    assert!(pieces[0]["entity"].as_str().unwrap().ends_with("Dish"), "{pieces}");
    place.file("texts.txt", "tacos near me\n\nopen now\n");
    let answer = place.tagli("predict run/model --file texts.txt --to jsonl").fine();
    let line: Value = serde_json::from_str(answer.out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&line["id"], &line["status"], &line["spans"][0]["label"]),
        (&json!("texts-1"), &json!("partial"), &json!("Dish"))
    );
    assert!(line["spans"][0]["score"].as_f64().unwrap() > 0.5 && answer.out.lines().count() == 3, "{}", answer.out);
    place.tagli("predict run/model --file texts.txt --to conll2002 --out found.conll --json").fine();
    assert!(place.read("found.conll").starts_with("tacos B-Dish\n"), "{}", place.read("found.conll"));
    place
        .tagli("predict run/model --file texts.txt --to jsonl --out found.conll")
        .fails(1, &["found.conll", "--force"]);
    place.tagli("predict run/model --file texts.txt --to jsonl --aggregation none").fails(2, &["spans"]);
    // Quick predictions find the same, with other scores, on the processor only.
    let quick = place.tagli("eval run/model --data train.txt --precision int8 --json").fine().json();
    assert_eq!(quick["word"]["lenient"]["overall_f1"], json!(1.0));
    let quick = ["predict", "run/model", "tacos near me", "--aggregation", "first", "--json", "--precision", "int8"];
    let found_quickly = place.run(&quick).fine().json();
    assert_eq!(found_quickly[0]["entity_group"], "Dish");
    let [exact, rounded] = [&found, &found_quickly].map(|found| found[0]["score"].as_f64().unwrap());
    assert!(exact != rounded && (exact - rounded).abs() < 0.05, "{exact} {rounded}");
    place.run(&[&quick[..], &["--device", "flex"]].concat()).fails(2, &["--device cpu", "--precision fp32"]);
    place.run(&["predict", "run/model", "tacos", "--precision", "int4"]).fails(2, &["int8"]);
    let words = place.run(&["predict", "run/model", "tacos near me"]).fine().out;
    assert!(words.starts_with("tacos") && words.contains("  Dish  "), "{words}");
    if cfg!(target_os = "linux") {
        place.settings("device = \"abacus\"\n");
        place.run(&["predict", "run/model", "tacos"]).fails(3, &["`abacus`"]);
        place.tagli("eval run/model --data train.txt").fails(3, &["`abacus`"]);
        place.run(&["predict", "run/model", "tacos", "--device", "cpu"]).fine();
    }
    let lines: Vec<String> = place.read("run/metrics.jsonl").lines().map(str::to_owned).collect();
    let kinds: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].clone()).collect();
    assert!(kinds.contains(&json!("step")) && kinds.contains(&json!("eval")));
}

#[test]
fn small_is_a_base_like_mini() {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    let words = "train --train train.txt --valid train.txt --base small --epochs 1 --set freeze_layers=5 --out run";
    place.tagli(words).fine();
    let config: Value = serde_json::from_str(&place.read("run/config.json")).unwrap();
    assert_eq!((&config["settings"]["base"], &config["edition"]), (&json!("small"), &json!(2)));
    let model: Value = serde_json::from_str(&place.read("run/model/config.json")).unwrap();
    assert_eq!((&model["n_layers"], &model["vocab_size"]), (&json!(6), &json!(30_522)));
    let pieces =
        |base: &str| place.tagli(&format!("inspect train.txt --record 1 --pieces --base {base} --json")).fine().json();
    assert_eq!(pieces("small"), pieces("mini"));
    let answer = place.tagli("doctor").fine().out;
    assert!(answer.contains("mini and small are sound"));
    for file in ["config.toml (there is none", "keys.toml (there is none"] {
        assert!(answer.contains(file), "{answer}");
    }
    place.run(&["predict", "small", "tacos"]).fails(1, &["train"]);
}

#[test]
fn text_of_a_file_never_controls_the_terminal() {
    let place = Place::new();
    // A label that would set the terminal's title.
    place.file("a.txt", "B-\u{1b}]0;x\u{7}\ttacos\nO\tnear\n\nO\topen\n");
    for words in ["inspect a.txt", "inspect a.txt --record 1 --bio --pieces", "score a.txt a.txt"] {
        let answer = place.tagli(words);
        let said = format!("{}{}", answer.out, answer.err);
        assert!(!said.contains(['\u{1b}', '\u{7}']), "{words}: {said:?}");
        assert!(said.contains("\u{241b}]0;x\u{2407}"), "{words}: {said:?}");
    }
    let answer = place.run(&["inspect", "a.txt", "--\u{1b}[2J"]).fails(2, &["unexpected argument"]);
    assert!(!answer.err.contains('\u{1b}'), "{:?}", answer.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_name_that_is_not_unicode_is_read_and_reported() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

    let place = Place::new();
    place.tagli("new food").fine();
    let name = OsStr::from_bytes(b"caf\xe9.txt");
    std::fs::write(place.path("food").with_file_name(name), TAGGED).unwrap();
    let output = place.command().args(["import", "food", "--json"]).arg(name).output().unwrap();
    let read = support::Answer::of(output).fine().json();
    assert_eq!((&read["files"][0]["file"], &read["files"][0]["documents"]), (&json!("caf\u{fffd}.txt"), &json!(3)));
}

#[test]
fn a_usage_error_is_one_json_document() {
    let place = Place::new();
    let answer = place.tagli("score --json --nonsense").fails(2, &["--nonsense"]);
    let error = &answer.json()["error"];
    assert_eq!((&error["kind"], &error["hints"]), (&json!("usage"), &json!([])));
    assert!(error["message"].as_str().unwrap().contains("--nonsense"), "{error}");
    assert!(place.tagli("score --nonsense").fails(2, &["--nonsense"]).out.is_empty());
    assert!(place.tagli("--help --json").fine().out.contains("Usage"));
    assert!(place.tagli("--version").fine().out.starts_with("tagli "));
}

#[test]
fn json_and_a_file_cannot_share_standard_output() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    place.tagli("new food").fine();
    place.tagli("import food a.txt").fine();
    for words in ["convert a.txt - --to conll2003 --json", "export food --format tag-first --out - --json"] {
        let answer = place.tagli(words).fails(2, &["--json", "standard output"]);
        assert_eq!(answer.json()["error"]["kind"], "usage");
    }
}

#[test]
fn a_damaged_project_is_one_json_document() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    place.tagli("new food").fine();
    place.tagli("import food a.txt").fine();
    place.file("food/documents.jsonl", "no JSON\n");
    let report = place.tagli("doctor food --json").fails(1, &["faults"]).json();
    assert_eq!(report["project"]["sound"], json!(false));
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_the_program_silently() {
    use std::process::Stdio;

    let place = Place::new();
    let mut child = place.command().arg("man").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let answer = support::Answer::of(child.wait_with_output().unwrap()).fine();
    assert_eq!(answer.err, "");
}

/// Killed without warning between two steps, a run goes on to the very weights that it would have had.
#[cfg(unix)]
#[test]
fn a_killed_training_resumes_to_the_same_weights() {
    let place = Place::new();
    place.file("train.txt", TAGGED.to_owned() + "\n" + TAGGED);
    let train = |out: &str, checkpoint_every: u32| {
        format!(
            "train --train train.txt --valid train.txt --lr 5e-4 --epochs 6 --batch 2 --set log_every=1 --set evaluations=3 \
             --set checkpoint_every={checkpoint_every} --out {out} --json"
        )
    };
    place.tagli(&train("whole", 1000)).fine();
    let mut child = place.command().args(train("killed", 6).split_whitespace()).spawn().unwrap();
    place.waits_for("killed/checkpoint/progress.json");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!place.path("killed/model").exists(), "it was killed in the middle");
    place.tagli("train --resume --out nowhere --json").fails(1, &["no interrupted run"]);
    place.tagli("train --resume --json").fails(2, &["--out"]);
    place.tagli("train --resume --out killed --epochs 3 --json").fails(2, &["--epochs"]);
    let end = place.tagli("train --resume --out killed --json").fine().json();
    assert_eq!(end["model"], "killed/model");
    let weights = |run: &str| fs::read(place.path(run).join("model/model.safetensors")).unwrap();
    assert!(weights("killed") == weights("whole"), "bit for bit");
    let steps = |run: &str| -> Vec<String> {
        let text = place.read(&format!("{run}/metrics.jsonl"));
        let untimed = |line: &str| line.split(",\"tokens_per_second\"").next().unwrap_or_default().to_owned();
        text.lines().map(untimed).collect()
    };
    assert_eq!(steps("killed"), steps("whole"), "no line twice, none missing");
    assert!(!place.path("killed/checkpoint").exists());
}

#[test]
fn a_running_training_takes_commands_from_another_process() {
    let place = Place::new();
    let sample = support::checkout().join("sample-projects/restaurants");
    let _ = place.run(&["new", "food"]).fine();
    let out = place.path("train.txt");
    let words = ["export", sample.to_str().unwrap(), "--annotator", "sample", "--format", "tag-first", "--out"];
    let _ = place.run(&[&words[..], &[out.to_str().unwrap()]].concat()).fine();
    let _ = place.run(&["import", "food", out.to_str().unwrap(), "--as", "ada"]).fine();
    let _ = place.run(&["runs", "tell", "food", "pause"]).fails(1, &["there is no run yet"]);
    let mut training =
        place.command().args(["train", "food", "--as", "ada", "--epochs", "500", "--json"]).spawn().unwrap();
    let phase = |wanted: &str| {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            let list = place.run(&["runs", "list", "food", "--json"]).fine().json();
            if list[0]["status"]["phase"] == wanted {
                return;
            }
            assert!(std::time::Instant::now() < until, "never {wanted}: {list}");
        }
    };
    phase("training");
    let answer = place.run(&["runs", "tell", "food", "pause", "--json"]).fine().json();
    assert_eq!(answer["told"], "pause");
    phase("paused");
    let _ = place.run(&["runs", "tell", "food", "resume"]).fine();
    phase("training");
    let _ = place.run(&["runs", "tell", "food", "stop-now", "1"]).fine();
    assert!(training.wait().unwrap().success());
    phase("stopped");
    let _ = place.run(&["runs", "tell", "food", "pause"]).fails(1, &["it is not running"]);
    let curves = place.run(&["runs", "export", "food", "--format", "svg"]).fine().out;
    assert!(curves.starts_with("<svg ") && curves.contains("training loss"), "{curves}");
}
