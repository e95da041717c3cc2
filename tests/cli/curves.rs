//! Runs outside a project, and the curves of runs as tables, pictures and event files.

use std::fs;

use serde_json::json;

use super::{TAGGED, support::Place};

const TRAIN: &str =
    "train --train train.txt --valid train.txt --base mini --epochs 6 --batch 2 --set log_every=1 --out";

fn trained(runs: &[&str]) -> Place {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    for run in runs {
        let _ = place.tagli(&format!("{TRAIN} {run}")).fine();
    }
    place
}

/// A run whose metrics are these lines.
fn with_metrics(place: &Place, run: &str, lines: &str) {
    let config = r#"{"tagli_run":1,"started":1790000000,"settings":{"base":"mini"}}"#;
    fs::create_dir_all(place.path(run)).unwrap();
    place.file(&format!("{run}/config.json"), config);
    let status = json!({
        "phase": "failed", "step": 1, "steps": 9, "epoch": 0.1, "epochs": 1.0, "seconds": 2.0, "eta": null,
        "device": "cpu", "message": "the loss is no number", "pid": 1
    });
    place.file(&format!("{run}/status.json"), status.to_string());
    place.file(&format!("{run}/metrics.jsonl"), lines);
}

fn step(step: usize, loss: &str) -> String {
    format!(
        r#"{{"kind":"step","step":{step},"epoch":1.0,"loss":{loss},"lr":0.1,"grad_norm":1.0,"tokens_per_second":1.0}}"#
    )
}

#[test]
fn runs_without_a_project_are_listed_followed_and_exported() {
    let place = trained(&["all/seed-1", "all/seed-2"]);
    let list = place.tagli("runs list all --json").fine().json();
    assert_eq!([&list[0]["id"], &list[1]["id"]], [&json!("seed-1"), &json!("seed-2")], "{list}");
    let one = place.tagli("runs list all/seed-1 --json").fine().json();
    assert_eq!((one.as_array().unwrap().len(), &one[0]["state"]), (1, &json!("done")), "{one}");
    let watched = place.tagli("runs watch all/seed-1").fine();
    assert!(watched.out.contains("step      1 ") && watched.out.contains("F1 per word"), "{}", watched.out);
    let table = place.tagli("runs export all seed-2").fine();
    assert!(table.out.starts_with("kind,step,epoch"), "{}", table.out);
    place.tagli("runs list .").fails(1, &["not a project", "folder of a run"]);
    place.tagli("runs watch all seed-9").fails(1, &["seed-9", "no such run"]);
    place.tagli("runs remove all seed-1").fails(1, &["not a run of a project"]);
    assert!(place.path("all/seed-1/metrics.jsonl").exists());
}

#[test]
fn several_runs_are_one_picture_or_table() {
    let place = trained(&["all/seed-1", "all/seed-2", "other"]);
    let svg = "runs export all seed-1 2 --to svg";
    place.tagli(svg).fails(1, &["run 2", "no such run"]);
    let svg = "runs export all seed-1 other --title Seeds --name <one> --x time --log-y --out two.svg";
    let _ = place.run(&svg.split(' ').collect::<Vec<_>>()).fine();
    let picture = place.read("two.svg");
    for part in ["<svg ", "Seeds: Loss and F1 by time", "&lt;one&gt;", ">other<", "stroke-dasharray"] {
        assert!(picture.contains(part), "{part}: {picture}");
    }
    place.tagli("runs export all --out two.svg").fails(1, &["two.svg exists", "--force"]);
    let _ = place.tagli("runs export all seed-1 seed-2 --out two.png").fine();
    let png = fs::read(place.path("two.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n") && png.len() > 5000, "{}", png.len());
    let table = place.tagli("runs export all seed-1 other --to csv").fine();
    let text = table.out;
    assert!(
        text.starts_with("run,kind,step") && text.contains("\nseed-1,step,1,") && text.contains("\nother,eval,"),
        "{text}"
    );
    let columns: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
    assert!(columns.iter().all(|count| *count == 14), "{columns:?}");
    place.tagli("runs export all --name a --name b --to svg").fails(2, &["--name", "1 run"]);
}

#[test]
fn tensorboard_gets_a_folder_for_each_run() {
    let place = trained(&["all/seed-1", "all/seed-2"]);
    place.tagli("runs export all --to tensorboard").fails(2, &["--out"]);
    let command = "runs export all seed-1 seed-2 --to tensorboard --out logs";
    let written = place.tagli(&format!("{command} --json")).fine().json();
    let files: Vec<&str> = written["out"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert_eq!(files.len(), 2);
    assert!(
        files[0].starts_with("logs/seed-1/events.out.tfevents.") && files[1].starts_with("logs/seed-2/"),
        "{files:?}"
    );
    let bytes = fs::read(place.path(files[0])).unwrap();
    for tag in
        ["brain.Event:2", "train/loss", "train/learning_rate", "train/grad_norm", "eval/f1", "eval/label/Dish/f1"]
    {
        assert!(bytes.windows(tag.len()).any(|part| part == tag.as_bytes()), "{tag}");
    }
    place.tagli(command).fails(1, &["exists", "--force"]);
    let _ = place.tagli(&format!("{command} --force")).fine();
}

#[test]
fn damaged_metrics_are_exported_as_far_as_they_are_metrics() {
    let place = Place::new();
    let lines =
        [step(1, "2.0"), step(2, "NaN"), step(3, "1e999"), step(4, "1.0")].join("\n") + "\n{\"kind\":\"step\",\"st";
    with_metrics(&place, "run", &lines);
    let svg = place.tagli("runs export run --to svg").fine();
    assert!(svg.err.contains("2 lines") && svg.err.contains("left out"), "{}", svg.err);
    assert!(svg.out.contains("<polyline") && !svg.out.contains("NaN"), "{}", svg.out);
    place.tagli("runs export run --to svg --x time").fails(1, &["earlier version", "--x step"]);
    let listed = place.tagli("runs list run").fine();
    assert!(listed.out.contains("\nrun failed: the loss is no number"), "{}", listed.out);
    let watched = place.tagli("runs watch run").fine();
    assert!(watched.err.ends_with("run failed: the loss is no number\n"), "{}", watched.err);
    with_metrics(&place, "empty", "");
    let _ = place.tagli("runs export empty --out empty.png").fine();
}

#[test]
fn a_training_has_about_twenty_lines_of_progress() {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    let answer = place.tagli(&format!("{} run", TRAIN.replace("--epochs 6", "--epochs 75"))).fine();
    let errors = answer.err.clone();
    let lines: Vec<&str> = errors.lines().filter(|line| line.starts_with("step ")).collect();
    assert!((20..=22).contains(&lines.len()), "{lines:#?}");
    assert!(lines[10].contains("epoch") && lines[10].contains("F1 ") && lines[10].contains("eta "), "{}", lines[10]);
    assert!(lines.last().unwrap().contains("150/150, 100 %"), "{lines:#?}");
}
