//! A project of which every text would steer the terminal, and what must not reach one.

use std::fs;

use serde_json::{Value, json};

use super::{Place, hub};

/// Escape sequences (title, clipboard, clear), bell, the same in C1 controls, marks of direction, deletion, line ends.
pub(crate) const HOSTILE: &str = "\u{1b}]0;x\u{7}\u{1b}]52;c;eA==\u{1b}\\\u{1b}[2J\u{9b}31m\u{90}q\u{9c}\u{85}\u{202e}\u{2066}\u{200f}\u{61c}\u{7f}\u{8}\r";
/// A name for a label: labels of a project have no control characters, but may have marks of direction.
const LABEL: &str = "Di\u{202e}\u{2066}sh";

/// Folders and files of the hostile project.
pub(crate) struct Hostile {
    /// The project.
    pub(crate) project: String,
    /// A tagged file.
    pub(crate) tagged: String,
    /// A file with one text per line.
    pub(crate) texts: String,
    /// A trained model.
    pub(crate) model: String,
    /// A file that is none of them.
    pub(crate) other: String,
}

/// The first character that must not reach a terminal.
pub(crate) fn steering(text: &str) -> Option<char> {
    text.chars().find(|c| {
        let direction =
            matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        direction || c.is_control() && !matches!(c, '\n' | '\t')
    })
}

/// Writes the project and the files into a place.
pub(crate) fn hostile(place: &Place) -> Hostile {
    let name = |end: &str| format!("{}{end}", HOSTILE.replace(['\r', '/'], ""));
    let project = name("food");
    let run = format!("{project}/runs/0001-mini");
    for folder in [format!("{project}/annotations"), run.clone(), format!("{run}/model"), name("model")] {
        fs::create_dir_all(place.path(&folder)).unwrap();
    }
    let manifest = json!({
        "format": 1, "name": HOSTILE, "base": HOSTILE,
        "labels": [{ "id": 0, "name": LABEL, "guide": HOSTILE }, { "id": 1, "name": "Price" }],
        "provenance": { "source": HOSTILE, "citation": HOSTILE, "licence": HOSTILE },
    });
    place.file(&format!("{project}/project.json"), manifest.to_string());
    place.file(&format!("{project}/GUIDE.md"), HOSTILE);
    place
        .file(&format!("{project}/patterns.jsonl"), json!({ "label": HOSTILE, "pattern": HOSTILE }).to_string() + "\n");
    let ids = ["train", "valid", "test"].map(|split| (format!("{split}{HOSTILE}"), split));
    let documents = ids.iter().map(|(id, split)| {
        let text = format!("cheap tacos {HOSTILE} near me");
        json!({ "id": id, "text": text, "split": split, "meta": { HOSTILE: HOSTILE } }).to_string() + "\n"
    });
    place.file(&format!("{project}/documents.jsonl"), documents.collect::<String>());
    for (annotator, end) in [("ada", 11), ("bob", 5)] {
        let lines = ids.iter().zip(0..).map(|((id, _), at)| {
            let span = json!({ "id": format!("1-{at}"), "range": [0, end], "label": 0 });
            let edits = json!([{ "add": span }, { "note": HOSTILE }, { "status": "done" }]);
            journal_line(&json!({ "id": format!("1-{at}"), "at": 253_402_300_799_u64, "doc": id, "edits": edits }))
        });
        place.file(&format!("{project}/annotations/{annotator}.jsonl"), lines.collect::<String>() + HOSTILE + "\n");
    }
    run_files(place, &run);
    for folder in [name("model"), format!("{run}/model")] {
        for (file, bytes) in hub::tiny() {
            let bytes = match file {
                "config.json" => {
                    let mut config: Value = serde_json::from_slice(&bytes).unwrap();
                    config["id2label"]["1"] = json!(format!("B-{HOSTILE}"));
                    config["id2label"]["2"] = json!(format!("I-{HOSTILE}"));
                    config.to_string().into_bytes()
                }
                "README.md" => continue,
                _ => bytes,
            };
            place.file(&format!("{folder}/{file}"), bytes);
        }
    }
    // Neither ends a line nor parts two columns.
    let label = HOSTILE.replace(['\r', '\u{85}'], "");
    place.file(
        &name("a.txt"),
        format!("cheap\tO\ntacos{label}\tB-{label}\nhere\tI-{label}\n\nnear{label}\tO\nme\tB-{label}\n"),
    );
    place.file(&name("b.txt"), format!("cheap tacos {HOSTILE}\nabc {HOSTILE}\n"));
    place.file(&name("c.json"), format!("{{\"{}\": 1, \u{1b}", HOSTILE.replace(char::is_control, "")));
    Hostile { project, tagged: name("a.txt"), texts: name("b.txt"), model: name("model"), other: name("c.json") }
}

/// Files of a run that has ended.
fn run_files(place: &Place, run: &str) {
    let settings = json!({ "base": HOSTILE, "device": HOSTILE });
    let data = json!({ "project": HOSTILE, "annotator": HOSTILE, "recipe": HOSTILE });
    let config = json!({ "tagli_run": 1, "started": 253_402_300_799_u64, "settings": settings, "data": data });
    place.file(&format!("{run}/config.json"), config.to_string());
    let status = json!({
        "phase": "failed", "step": 1, "steps": 2, "epoch": 1.0, "epochs": 1.0, "seconds": 1e300, "eta": 1e300,
        "device": HOSTILE, "message": HOSTILE, "pid": 1,
    });
    place.file(&format!("{run}/status.json"), status.to_string());
    let scores = json!({ "precision": 0.5, "recall": 0.5, "f1": 0.5, "accuracy": 0.5 });
    let label = json!({ "precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 1 });
    let points = ["valid", "test", HOSTILE].map(|split| {
        json!({
            "kind": "eval", "step": 1, "epoch": 1.0, "split": split, "loss": 0.5, "piece": scores, "word": scores,
            "labels": { HOSTILE: label },
        })
        .to_string()
            + "\n"
    });
    place.file(&format!("{run}/metrics.jsonl"), points.concat() + HOSTILE + "\n");
    place.file(&format!("{run}/log.txt"), HOSTILE);
}

/// A line of a journal with its checksum.
fn journal_line(entry: &Value) -> String {
    let text = entry.to_string();
    let crc = crc32fast::hash(text.as_bytes());
    format!("{},\"crc\":\"{crc:08x}\"}}\n", text.strip_suffix('}').unwrap())
}
