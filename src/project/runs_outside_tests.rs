//! Runs outside any project: one in its folder, or several in a folder.

use std::{fs, path::Path};

use serde_json::Value;

use super::{PlainRun, Project, Runs, RunsPlace, run_folder::RunConfig};
use crate::runs::{Phase, Point, RunSink, Settings, Status};

fn trained(dir: &Path, started: u64) {
    let config = RunConfig::new(started, Settings::lesson("mini"), Value::Null);
    let mut run = PlainRun::create(dir, &config, false).unwrap();
    run.status(&Status { phase: Phase::Done, ..Status::default() }).unwrap();
}

#[test]
fn a_run_and_a_folder_of_runs_are_found_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    assert!(Runs::at(place.path()).is_none(), "an empty folder");
    trained(&place.path().join("b"), 1);
    trained(&place.path().join("a seed\u{1b}[2J"), 2);
    fs::create_dir(place.path().join("notes")).unwrap();
    fs::write(place.path().join("config.json"), r#"{"model_type":"bert"}"#).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    trained(&elsewhere.path().join("out"), 3);
    std::os::unix::fs::symlink(elsewhere.path().join("out"), place.path().join("link")).unwrap();
    let runs = Runs::at(place.path()).unwrap();
    assert_eq!(runs.place(), RunsPlace::Folder);
    let names: Vec<String> = runs.list().iter().map(|run| run.id.to_string()).collect();
    assert_eq!(names, ["b", "a seed\u{1b}[2J"], "by their start, without the link");
    let run = runs.get("b").unwrap();
    assert_eq!((run.state(), run.path.as_path()), ("done", place.path().join("b").as_path()));
    assert!(runs.get("1").is_err() && runs.get("0").is_err() && runs.get("../b").is_err());
    assert!(!runs.get("\u{1b}[2J").unwrap_err().to_string().contains('\u{1b}'));
    let one = Runs::at(&place.path().join("b")).unwrap();
    assert_eq!((one.place(), one.list().len(), one.list()[0].id.as_str()), (RunsPlace::Run, 1, "b"));
    for runs in [&runs, &one] {
        let id = &runs.get("b").unwrap().id;
        assert!(runs.remove(id).unwrap_err().to_string().contains("not a run of a project"));
    }
    assert!(place.path().join("b/config.json").exists());
}

#[test]
fn a_project_around_runs_is_not_on_disk() {
    let place = tempfile::tempdir().unwrap();
    trained(&place.path().join("out"), 1);
    let project = Project::of_runs(&place.path().join("out")).unwrap();
    assert!(project.has_only_runs() && project.documents.is_empty() && project.manifest.name == "out");
    assert_eq!(project.runs().list().len(), 1);
    assert!(!Project::is_project(&place.path().join("out")));
    assert!(Project::of_runs(&place.path().join("nowhere")).is_none());
}

#[test]
fn lines_that_are_no_points_are_counted_and_a_torn_one_waits() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("out");
    trained(&dir, 1);
    let step = r#"{"kind":"step","step":1,"epoch":0.1,"loss":1.0,"lr":0.1,"grad_norm":1.0,"tokens_per_second":9.0}"#;
    let lines =
        [step, &step.replace("1.0,\"lr\"", "NaN,\"lr\""), "", &step.replace("0.1,\"grad", "1e999,\"grad"), step];
    fs::write(dir.join("metrics.jsonl"), lines.join("\n") + "\n{\"kind\":\"st").unwrap();
    let (points, skipped) = Runs::at(&dir).unwrap().list()[0].points().unwrap();
    assert_eq!((points.len(), skipped), (2, 3));
    assert!(points.iter().all(|point| matches!(point, Point::Step { seconds: None, .. })));
}
