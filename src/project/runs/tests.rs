//! Runs of a project and of a folder: listed, found, removed.

use super::*;
use crate::runs::{RunSink, Settings};

fn config(base: &str) -> RunConfig {
    RunConfig::new(0, Settings::lesson(base), serde_json::Value::Null)
}

fn runs() -> (tempfile::TempDir, Runs) {
    let dir = tempfile::tempdir().unwrap();
    let runs = Runs::new(dir.path().join("runs"));
    (dir, runs)
}

#[test]
fn runs_are_numbered_one_after_the_other() {
    let (_dir, runs) = runs();
    assert!(runs.list().is_empty());
    let ids = ["mini", "a/B", "mini"].map(|base| runs.create(&config(base)).unwrap().0.to_string());
    assert_eq!(ids, ["0001-mini", "0002-b", "0003-mini"]);
    assert_eq!(runs.get("2").unwrap().id.as_str(), "0002-b");
    assert!(runs.get("../../etc").is_err());
    assert!(runs.get("0009-mini").unwrap_err().to_string().contains("there is no such run"));
}

#[test]
fn the_best_of_the_models_that_can_be_compared_stands_for_the_project() {
    use crate::runs::{Scores, metrics};
    let (_dir, runs) = runs();
    let run = |validated: &str, f1: f64| {
        let account = serde_json::json!({ "valid": { "spans": 20 }, "validated": validated });
        let data = serde_json::json!({ "annotator": "ada", "account": account });
        let (id, mut folder) = runs.create(&RunConfig::new(0, Settings::lesson("mini"), data)).unwrap();
        let word = Scores { f1, ..Scores::default() };
        folder
            .point(&metrics::Point::Eval {
                step: 1,
                epoch: 1.0,
                split: "valid".into(),
                loss: 0.0,
                piece: Scores::default(),
                word,
                labels: std::collections::BTreeMap::new(),
                tables: None,
            })
            .unwrap();
        let status = Status { phase: Phase::Done, step: 1, checkpoint: Some(1), ..Status::default() };
        folder.status(&status).unwrap();
        fs::create_dir(runs.path(&id).join(MODEL)).unwrap();
    };
    assert!(runs.suggester().is_none());
    let taken = || runs.suggester().map(|(run, is_best)| (run.id.to_string(), is_best)).unwrap();
    run("a", 0.7);
    run("a", 0.6);
    assert_eq!(taken(), ("0001-mini".to_owned(), true));
    run("b", 0.1);
    assert_eq!(taken(), ("0003-mini".to_owned(), false), "other documents were scored");
}

#[test]
fn metrics_that_are_too_large_are_a_problem_and_not_read() {
    let (_dir, runs) = runs();
    runs.create(&config("mini")).unwrap();
    let run = runs.get("1").unwrap();
    assert_eq!(run.problems, [""; 0]);
    fs::File::create(run.path.join(METRICS)).unwrap().set_len(8 << 30).unwrap();
    let run = runs.get("1").unwrap();
    assert!(run.problems.len() == 1 && run.problems[0].contains("metrics.jsonl"), "{:?}", run.problems);
    assert!(run.problems[0].contains("it has 8.") && run.problems[0].contains("can be read"), "{:?}", run.problems);
    assert_eq!((run.f1(), run.points().unwrap_err().to_string()), ((None, None), run.problems[0].clone()));
}

#[test]
fn runs_started_at_once_get_different_numbers() {
    let (_dir, runs) = runs();
    std::thread::scope(|scope| {
        for base in ["a", "b", "c", "d"] {
            let runs = &runs;
            scope.spawn(move || runs.create(&config(base)).unwrap());
        }
    });
    let numbers: Vec<u32> = runs.ids().iter().map(RunId::number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn a_run_whose_process_is_gone_is_interrupted() {
    let (_dir, runs) = runs();
    let (id, mut folder) = runs.create(&config("mini")).unwrap();
    folder.status(&Status { phase: Phase::Training, step: 3, ..Status::default() }).unwrap();
    let view = runs.get(id.as_str()).unwrap();
    assert_eq!((view.is_live(), view.state()), (true, "training"));
    assert_eq!(view.holder.map(|holder| holder.pid), Some(std::process::id()));
    drop(folder);
    let view = runs.get(id.as_str()).unwrap();
    assert_eq!((view.is_live(), view.state()), (false, "interrupted"));
    let mut folder = RunFolder::resume(&view.path, 0, usize::MAX).unwrap();
    folder.status(&Status { phase: Phase::Done, ..Status::default() }).unwrap();
    drop(folder);
    assert_eq!(runs.get(id.as_str()).unwrap().state(), "done");
}

#[test]
fn commands_reach_the_run_once() {
    let (_dir, runs) = runs();
    let (id, mut folder) = runs.create(&config("mini")).unwrap();
    let view = runs.get(id.as_str()).unwrap();
    view.send(Control::Pause).unwrap();
    view.send(Control::StopNow).unwrap();
    assert_eq!(folder.take_control(), Some(Control::StopNow));
    assert_eq!(folder.take_control(), None);
    drop(folder);
    assert!(view.send(Control::Pause).is_err());
}

#[test]
fn the_end_of_a_log_is_read_whatever_its_length() {
    let (_dir, runs) = runs();
    let (id, mut folder) = runs.create(&config("mini")).unwrap();
    let end = |most| runs.get(id.as_str()).unwrap().log_end(most).unwrap();
    assert!(end(10).is_empty());
    (0..9).for_each(|n| folder.log(&format!("line {n}")).unwrap());
    assert_eq!((end(2), end(99).len()), (vec!["line 7".to_owned(), "line 8".to_owned()], 9));
    folder.log(&"x".repeat(300_000)).unwrap();
    folder.log("last").unwrap();
    assert_eq!(end(99), ["last"]);
    std::fs::remove_file(runs.get("1").unwrap().path.join(LOG)).unwrap();
    assert!(end(9).is_empty());
}

#[cfg(unix)]
#[test]
fn removing_takes_one_run_and_follows_no_link() {
    let (dir, runs) = runs();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "x").unwrap();
    let (id, folder) = runs.create(&config("mini")).unwrap();
    assert!(runs.remove(&id).unwrap_err().to_string().contains("it is running"));
    drop(folder);
    let path = runs.get("1").unwrap().path;
    std::os::unix::fs::symlink(&outside, path.join("model")).unwrap();
    std::os::unix::fs::symlink(&outside, dir.path().join("runs/0002-link")).unwrap();
    assert_eq!(runs.ids().len(), 1);
    assert!(runs.remove(&"0002-link".parse().unwrap()).is_err());
    let error = runs.remove(&id).unwrap_err().to_string();
    assert!(error.contains("model") && error.contains("it stays as it is"), "{error}");
    assert!(outside.join("precious").exists() && path.join("model").exists());
    fs::remove_file(path.join("model")).unwrap();
    runs.remove(&id).unwrap();
    assert!(!path.exists());
}
