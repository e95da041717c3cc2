//! Nothing that this program did not make is removed or renamed: by crashes at every point, links, and two processes.

#![cfg(test)]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    output::Existing,
    run_folder::{HeldRun, RunConfig},
    storage::{Crash, Dir, NewFolder, Published, folder_in_memory, recover, with_plain_file_system},
    *,
};
use crate::{
    runs::{Control, FolderSink, Phase, Point, RunSink, Settings, Status},
    spans::LabelSet,
};

/// Things of a person whose names resemble ours, or those of an earlier version.
const OTHERS: [&str; 7] = [
    "venv/lib/site.py",
    ".venv.old/lib/thesis.tex",
    ".git.old/HEAD",
    ".model.old/thesis.tex",
    ".tagli-abc123.tmp/thesis.tex",
    ".tagli-0123456789abcdef0123456789abcdef.tmp/thesis.tex",
    "notes.txt",
];

fn add_others(dir: &Path) {
    for name in OTHERS {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
}

#[track_caller]
fn assert_others_stay(dir: &Path) {
    for name in OTHERS {
        assert_eq!(fs::read_to_string(dir.join(name)).ok().as_deref(), Some(name));
    }
}

/// Contents of all files below a folder, and empty folders and links by name.
pub(super) fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let contents = if kind.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        if kind.is_dir() {
            found.extend(tree(&path));
        }
        found.insert(path, contents);
    }
    found
}

/// Names in a folder, without those of [`OTHERS`].
pub(super) fn names(dir: &Path) -> Vec<String> {
    let others: Vec<&str> = OTHERS.iter().filter_map(|name| name.split('/').next()).collect();
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !others.contains(&name.as_str())).collect();
    names.sort();
    names
}

/// Names in the folder of a run, without records, and on a plain file system without temporary files.
fn visible(dir: &Path, plain: bool) -> Vec<String> {
    let hidden =
        |name: &String| name.starts_with(".tagli-") && (name.ends_with(".json") || plain && dir.join(name).is_file());
    names(dir).into_iter().filter(|name| !hidden(name)).collect()
}

pub(super) fn make(target: &Path, content: &str) -> std::io::Result<()> {
    let mut sink = NewFolder::begin(target)?;
    sink.file("a.txt", content.as_bytes())?;
    sink.file("b.txt", b"the same")?;
    Box::new(sink).finish()
}

pub(super) fn remove(dir: &Path, name: &str) -> std::io::Result<()> {
    let dir = Dir::open(dir)?;
    Published::find_only(&dir, name)?.map_or(Ok(()), |folder| folder.remove(&dir))
}

pub(super) fn tidy(dir: &Path) -> Vec<String> {
    recover(&Dir::open(dir).unwrap()).unwrap()
}

/// Calls `check` with the number of changes before a crash, on both kinds of file systems, until there is no crash.
pub(super) fn at_every_point(mut check: impl FnMut(usize, bool) -> bool) {
    for plain in [false, true] {
        let mut at = 0;
        loop {
            let crashed = if plain { with_plain_file_system(|| check(at, true)) } else { check(at, false) };
            if !crashed {
                break;
            }
            at += 1;
        }
        assert!(at > 5, "the crash never came");
    }
}

#[test]
fn a_folder_is_the_old_or_the_new_one_after_a_crash_at_any_point() {
    at_every_point(|at, plain| {
        let dir = folder_in_memory();
        let model = dir.path().join("model");
        add_others(dir.path());
        make(&model, "old").unwrap();
        let crash = Crash::after(at);
        let made = make(&model, "new");
        let happened = crash.happened();
        drop(crash);
        let found = fs::read_to_string(model.join("a.txt")).ok();
        assert!(plain || found.is_some(), "at {at}: there is always one");
        let messages = tidy(dir.path());
        assert_eq!(messages.len(), 3, "at {at}: only other people's: {messages:?}");
        assert_others_stay(dir.path());
        let settled = fs::read_to_string(model.join("a.txt")).unwrap();
        assert!(
            ["old", "new"].contains(&settled.as_str()) && (made.is_err() || settled == "new"),
            "at {at}: {settled}"
        );
        assert!(found.is_none_or(|found| found == settled || settled == "new"), "at {at}: never back");
        assert_eq!(names(&model), ["a.txt", "b.txt"], "at {at}: no marker");
        assert_eq!(visible(dir.path(), plain), ["model"], "at {at}");
        make(&model, "third").unwrap();
        assert_eq!(fs::read_to_string(model.join("a.txt")).unwrap(), "third", "at {at}");
        happened
    });
}

#[test]
fn a_folder_is_removed_whole_or_not_at_all_after_a_crash_at_any_point() {
    at_every_point(|at, plain| {
        let dir = folder_in_memory();
        add_others(dir.path());
        make(&dir.path().join("checkpoint"), "old").unwrap();
        let crash = Crash::after(at);
        let removed = remove(dir.path(), "checkpoint");
        let happened = crash.happened();
        drop(crash);
        let seen = dir.path().join("checkpoint").exists();
        tidy(dir.path());
        assert_others_stay(dir.path());
        let expected: &[&str] = if seen { &["checkpoint"] } else { &[] };
        assert_eq!(visible(dir.path(), plain), expected, "at {at}");
        if seen {
            assert!(removed.is_err() && tree(&dir.path().join("checkpoint")).len() == 2, "at {at}");
            remove(dir.path(), "checkpoint").unwrap();
        }
        assert!(visible(dir.path(), plain).is_empty(), "at {at}");
        happened
    });
}

pub(super) fn config(seed: u64) -> RunConfig {
    RunConfig::new(seed, Settings::lesson("mini"), Value::Null)
}

fn step(step: usize) -> Point {
    Point::Step { step, epoch: 0.1, loss: 1.0, lr: 1e-4, grad_norm: 1.0, tokens_per_second: 1.0, seconds: None }
}

/// Writes a whole run, with checkpoint, model and end.
pub(super) fn train(mut run: RunFolder, number: usize) -> Result<RunFolder, std::io::Error> {
    run.point(&step(number))?;
    run.log(&format!("run {number}"))?;
    for folder in [run.checkpoint()?, Some(run.model()?)].into_iter().flatten() {
        let mut folder = folder;
        folder.file("a.txt", number.to_string().as_bytes())?;
        folder.finish()?;
    }
    run.status(&Status { phase: Phase::Done, step: number, ..Status::default() })?;
    run.drop_checkpoint();
    Ok(run)
}

fn replace(dir: &Path, number: usize) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let run = PlainRun::create(dir, &config(number as u64), true)?;
    Ok(train(run, number)?.put_in_place()?.0)
}

/// Numbers of the run that its files are of: config, metrics, log, status, model.
pub(super) fn numbers(dir: &Path) -> Vec<String> {
    let config = run_folder::read_config(dir).unwrap().started.to_string();
    let points: Vec<Point> = run_folder::metrics_tail(dir).poll().unwrap();
    let steps = points.iter().map(|point| match point {
        Point::Step { step, .. } => step.to_string(),
        Point::Eval { .. } | Point::Stage { .. } => String::new(),
    });
    let log = fs::read_to_string(dir.join("log.txt")).unwrap();
    let log = log.lines().find_map(|line| line.strip_prefix("run ")).unwrap_or_default().to_owned();
    let status = run_folder::read_status(dir).unwrap().step.to_string();
    let model = fs::read_to_string(dir.join("model/a.txt")).unwrap();
    [config].into_iter().chain(steps).chain([log, status, model]).collect()
}

#[test]
fn a_run_is_the_old_or_the_new_one_after_a_crash_at_any_point_of_its_replacement() {
    at_every_point(|at, _| {
        let dir = folder_in_memory();
        let out = dir.path().join("out");
        drop(train(PlainRun::create(&out, &config(1), false).unwrap(), 1).unwrap());
        add_others(&out);
        let crash = Crash::after(at);
        let replaced = replace(&out, 2);
        let happened = crash.happened();
        drop(crash);
        // As `tagli train --out` does.
        drop(HeldRun::take(&out, 0));
        assert_others_stay(&out);
        let whole = numbers(&out);
        assert!(whole == ["1"; 5] || whole == ["2"; 5], "at {at}: {whole:?}");
        assert!(replaced.is_err() || whole == ["2"; 5], "at {at}");
        let replacement = out.join("replacement");
        if replacement.join("model").exists() || replacement.join("checkpoint").exists() {
            assert_eq!(whole, ["1"; 5], "at {at}: it was not complete");
            let error = replace(&out, 3).unwrap_err().to_string();
            assert!(error.contains("ended before it was complete"), "at {at}: {error}");
            // As the message says.
            fs::remove_dir_all(&replacement).unwrap();
        }
        assert_eq!(replace(&out, 3).unwrap(), out, "at {at}");
        assert_eq!(numbers(&out), ["3"; 5], "at {at}");
        let expected = ["config.json", "log.txt", "metrics.jsonl", "model", "run.lock", "status.json"];
        assert_eq!(visible(&out, false), expected, "at {at}");
        assert_others_stay(&out);
        happened
    });
}

fn runs(dir: &Path) -> (Runs, RunId) {
    let runs = Runs::of(dir);
    let (id, run) = runs.create(&config(1)).unwrap();
    drop(train(run, 1).unwrap());
    (runs, id)
}

#[test]
fn a_run_can_be_removed_after_a_crash_at_any_point_of_its_removal() {
    at_every_point(|at, _| {
        let dir = folder_in_memory();
        let (runs, id) = runs(dir.path());
        add_others(&dir.path().join("runs"));
        let crash = Crash::after(at);
        let removed = runs.remove(&id);
        let happened = crash.happened();
        drop(crash);
        let path = dir.path().join("runs").join(id.as_str());
        if removed.is_err() && fs::read_dir(&path).is_ok_and(|entries| entries.count() > 0) {
            runs.remove(&id).unwrap();
        }
        assert!(!path.exists() || fs::remove_dir(&path).is_ok(), "at {at}: at most an empty folder stays");
        assert_others_stay(&dir.path().join("runs"));
        happened
    });
}

#[test]
fn the_removal_of_a_run_stops_before_what_it_did_not_make() {
    let dir = folder_in_memory();
    let (runs, id) = runs(dir.path());
    let path = dir.path().join("runs").join(id.as_str());
    for foreign in ["notes.txt", "model/README.md", "thesis/thesis.tex", ".model.old/thesis.tex"] {
        let file = path.join(foreign);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "mine").unwrap();
        let before = tree(&path);
        let error = runs.remove(&id).unwrap_err();
        assert!(!error.is_environment());
        let error = error.to_string();
        let top = foreign.split('/').next().unwrap();
        assert!(error.contains("tagli did not write") && error.contains(top), "{foreign}: {error}");
        assert_eq!(tree(&path), before, "{foreign}");
        fs::remove_file(&file).unwrap();
        if fs::read_dir(file.parent().unwrap()).unwrap().count() == 0 {
            fs::remove_dir(file.parent().unwrap()).unwrap();
        }
    }
    // A model that a user has changed belongs to the user.
    fs::write(path.join("model/a.txt"), "changed").unwrap();
    assert!(runs.remove(&id).unwrap_err().to_string().contains("model/a.txt"));
    fs::write(path.join("model/a.txt"), "1").unwrap();
    runs.remove(&id).unwrap();
    assert!(!path.exists());
}

#[test]
fn a_run_of_an_earlier_version_is_reported_and_stays() {
    let dir = folder_in_memory();
    let runs = Runs::of(dir.path());
    let path = dir.path().join("runs/0001-mini");
    fs::create_dir_all(path.join("model")).unwrap();
    fs::create_dir_all(path.join("checkpoint")).unwrap();
    let config = serde_json::to_vec(&config(1)).unwrap();
    for (name, bytes) in [
        ("config.json", &config[..]),
        ("metrics.jsonl", b""),
        ("model/config.json", b"{}"),
        ("checkpoint/data.json", b"{}"),
        ("control.json", b"\"pause\""),
    ] {
        fs::write(path.join(name), bytes).unwrap();
    }
    let before = tree(&path);
    let id = "0001-mini".parse().unwrap();
    let error = runs.remove(&id).unwrap_err().to_string();
    assert!(error.contains("no record says that tagli made"), "{error}");
    assert_eq!(tree(&path), before);
    fs::rename(dir.path().join("runs"), dir.path().join("elsewhere")).unwrap();
    let out = dir.path().join("elsewhere/0001-mini");
    let before = tree(&out);
    let error = replace(&out, 2).unwrap_err().to_string();
    assert!(error.contains("no record says that tagli made"), "{error}");
    assert_eq!(tree(&out), before);
    assert!(RunFolder::resume(&out, 0, 0).unwrap_err().to_string().contains("no record says"));
    assert!(out.join("checkpoint/data.json").exists() && out.join("control.json").exists());
}

#[test]
fn a_run_needs_force_to_be_replaced_and_a_model_is_never_replaced() {
    let dir = folder_in_memory();
    let out = dir.path().join("out");
    drop(train(PlainRun::create(&out, &config(1), false).unwrap(), 1).unwrap());
    let before = tree(&out);
    let error = PlainRun::create(&out, &config(2), false).unwrap_err();
    assert!(matches!(error, ProjectError::RunExists { resumable: false, .. }) && !error.is_environment());
    assert!(error.to_string().contains("--force"), "{error}");
    assert_eq!(tree(&out), before);
    let model = dir.path().join("out/model");
    fs::write(model.join("config.json"), r#"{"model_type":"distilbert"}"#).unwrap();
    for force in [false, true] {
        assert!(
            matches!(PlainRun::create(&model, &config(2), force), Err(ProjectError::OwnFile { .. })),
            "a run's own"
        );
        let other = dir.path().join("other");
        fs::create_dir_all(&other).unwrap();
        fs::write(other.join("config.json"), r#"{"model_type":"distilbert"}"#).unwrap();
        assert!(matches!(PlainRun::create(&other, &config(2), force), Err(ProjectError::Occupied { .. })));
        // Every name that a run would use counts.
        for name in ["log.txt", "checkpoint", "control.json", "replacement"] {
            let folder = dir.path().join(format!("{name}-{force}"));
            fs::create_dir_all(folder.join(name)).unwrap();
            let error = PlainRun::create(&folder, &config(2), force).unwrap_err();
            assert!(matches!(error, ProjectError::Occupied { found, .. } if found == name), "{error}");
            assert_eq!(tree(&folder).len(), 1);
        }
    }
}

#[test]
fn a_run_that_ends_early_replaces_nothing() {
    let dir = folder_in_memory();
    let out = dir.path().join("out");
    drop(train(PlainRun::create(&out, &config(1), false).unwrap(), 1).unwrap());
    let mut run = PlainRun::create(&out, &config(2), true).unwrap();
    assert_eq!(run.replaces(), Some(out.as_path()));
    run.status(&Status { phase: Phase::Stopped, ..Status::default() }).unwrap();
    assert_eq!(run.put_in_place().unwrap().0, out.join("replacement"));
    assert_eq!(numbers(&out), ["1"; 5]);
    // It had nothing to lose, so the next one takes its place.
    assert_eq!(replace(&out, 3).unwrap(), out);
    assert_eq!(numbers(&out), ["3"; 5]);
    assert_eq!(visible(&out, false).len(), 6);
}

#[test]
fn an_interrupted_replacement_goes_on_and_takes_its_place() {
    let dir = folder_in_memory();
    let out = dir.path().join("out");
    drop(train(PlainRun::create(&out, &config(1), false).unwrap(), 1).unwrap());
    let mut run = PlainRun::create(&out, &config(2), true).unwrap();
    run.point(&step(2)).unwrap();
    run.log("run 2").unwrap();
    let mut checkpoint = run.checkpoint().unwrap().unwrap();
    checkpoint.file("a.txt", b"2").unwrap();
    checkpoint.finish().unwrap();
    drop(run);
    let held = HeldRun::take(&out, 0).unwrap().unwrap();
    assert_eq!(held.path(), out.join("replacement"));
    assert!(matches!(HeldRun::take(&out, 0), Err(ProjectError::Lock(_))), "both locks are held");
    let mut run = held.resume(1).unwrap();
    let mut model = run.model().unwrap();
    model.file("a.txt", b"2").unwrap();
    model.finish().unwrap();
    run.status(&Status { phase: Phase::Done, step: 2, ..Status::default() }).unwrap();
    run.drop_checkpoint();
    assert_eq!(run.put_in_place().unwrap().0, out);
    assert_eq!(numbers(&out), ["2"; 5]);
}

#[test]
fn of_processes_that_start_at_once_in_a_folder_one_gets_it() {
    let dir = folder_in_memory();
    let out = dir.path().join("out");
    for (force, number) in [(false, 1), (true, 2)] {
        let won: Vec<RunFolder> = std::thread::scope(|scope| {
            let start = || PlainRun::create(&out, &config(number), force);
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            let results: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            let refused =
                |error: &ProjectError| matches!(error, ProjectError::Lock(_) | ProjectError::RunExists { .. });
            assert!(results.iter().all(|result| result.as_ref().err().is_none_or(refused)), "{results:?}");
            results.into_iter().flatten().collect()
        });
        assert_eq!(won.len(), 1);
        for run in won {
            train(run, 1).unwrap().put_in_place().unwrap();
        }
    }
    assert_eq!(run_folder::read_config(&out).unwrap().started, 2);
}

#[test]
fn a_link_is_followed_to_the_folder_that_is_given_and_nowhere_else() {
    let dir = folder_in_memory();
    let (home, disk) = (dir.path().join("home"), dir.path().join("disk"));
    for folder in [&home, &disk] {
        fs::create_dir(folder).unwrap();
        add_others(folder);
    }
    symlink(&disk, dir.path().join("link")).unwrap();
    // The folder itself is a link, and one above it.
    for out in ["link", "link/run"] {
        let out = dir.path().join(out);
        drop(train(PlainRun::create(&out, &config(1), false).unwrap(), 1).unwrap());
        replace(&out, 2).unwrap();
        assert_eq!(numbers(&out), ["2"; 5]);
        assert_others_stay(&disk);
    }
    // A link in the place of a folder of the run is not ours.
    let out = dir.path().join("out");
    drop(train(PlainRun::create(&out, &config(1), false).unwrap(), 1).unwrap());
    fs::rename(out.join("model"), home.join("model")).unwrap();
    symlink(home.join("model"), out.join("model")).unwrap();
    let before = tree(&home);
    let error = replace(&out, 2).unwrap_err().to_string();
    assert!(error.contains("is a link or a file, not a folder that tagli made"), "{error}");
    assert_eq!(tree(&home), before);
}

#[test]
fn a_folder_that_is_swapped_after_the_check_is_not_hit() {
    let dir = folder_in_memory();
    let (home, model) = (dir.path().join("home"), dir.path().join("model"));
    add_others(&home);
    make(&home.join("twin"), "mine").unwrap();
    let parent = Dir::open(dir.path()).unwrap();
    for swap in ["link", "folder"] {
        make(&model, "ours").unwrap();
        let proved = Published::find_only(&parent, "model").unwrap().unwrap();
        fs::rename(&model, dir.path().join("aside")).unwrap();
        match swap {
            "link" => symlink(home.join("twin"), &model).unwrap(),
            _ => fs::rename(home.join("twin"), &model).unwrap(),
        }
        let error = proved.remove(&parent).unwrap_err().to_string();
        assert!(error.contains("another folder has taken its name"), "{error}");
        let twin = if swap == "link" { home.join("twin") } else { model.clone() };
        assert_eq!(fs::read_to_string(twin.join("a.txt")).unwrap(), "mine");
        if swap == "link" {
            fs::remove_file(&model).unwrap();
        }
        fs::remove_dir_all(dir.path().join("aside")).unwrap();
        tidy(dir.path());
    }
    assert_others_stay(&home);
}

#[test]
fn a_folder_that_is_not_ours_is_not_replaced_and_the_new_one_is_kept() {
    let dir = folder_in_memory();
    let model = dir.path().join("model");
    for (name, content) in [("thesis.tex", "mine"), ("a.txt", "mine")] {
        fs::create_dir_all(&model).unwrap();
        fs::write(model.join(name), content).unwrap();
        let error = make(&model, "new").unwrap_err().to_string();
        assert!(error.contains("it stays as it is") && error.contains("is kept as"), "{error}");
        assert_eq!(fs::read_to_string(model.join(name)).unwrap(), "mine");
        let messages = tidy(dir.path());
        assert!(messages.len() == 1 && messages[0].contains("is kept as"), "{messages:?}");
        fs::rename(&model, dir.path().join(format!("mine-{name}"))).unwrap();
        assert!(tidy(dir.path()).is_empty());
        assert_eq!(fs::read_to_string(model.join("a.txt")).unwrap(), "new", "its name was free");
        fs::remove_dir_all(&model).unwrap();
    }
}

#[test]
fn a_record_from_a_stranger_does_not_lead_out_of_its_folder() {
    let dir = folder_in_memory();
    let id = "0123456789abcdef0123456789abcdef";
    add_others(dir.path());
    fs::write(dir.path().join("thesis.tex"), "mine").unwrap();
    let temporary = dir.path().join(format!(".tagli-{id}.tmp"));
    fs::write(temporary.join(format!(".tagli-{id}")), "").unwrap();
    for (target, file) in
        [("model", "../thesis.tex"), ("../model", "a.txt"), (".venv.old", "a.txt"), ("model", "a/../b")]
    {
        let record = format!(
            "{{\"tagli_record\":1,\"id\":\"{id}\",\"subject\":{{\"folder\":\"{target}\"}}}}\n\
             {{\"file\":{{\"name\":\"{file}\",\"bytes\":4}}}}\n\"complete\"\n"
        );
        fs::write(dir.path().join(format!(".tagli-{id}.json")), record).unwrap();
        let before = tree(dir.path());
        tidy(dir.path());
        assert_eq!(tree(dir.path()), before, "{target} {file}");
    }
}

#[test]
fn what_a_project_writes_leaves_the_folders_beside_it_alone() {
    let dir = folder_in_memory();
    let root = dir.path().join("reviews");
    for folder in ["", "annotations", "exports", "runs"] {
        add_others(&root.join(folder));
    }
    let mut project = Project::create(&root, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let name: AnnotatorName = "anna".parse().unwrap();
    let mut anna = project.annotator(&name, 0).unwrap();
    let document = crate::spans::Document::from_words("a", ["fish", "tacos"]);
    let item = ImportItem { document, spans: Vec::new(), status: crate::spans::Status::Done };
    project.import(Some(&mut anna), 0, vec![item]).unwrap();
    project.export_file("a.conll", b"fish O\n", Existing::Keep).unwrap();
    project.change_manifest(|manifest| manifest.name = "q".into()).unwrap();
    let (runs, id) = runs(&root);
    runs.remove(&id).unwrap();
    for folder in ["", "annotations", "exports", "runs"] {
        assert_others_stay(&root.join(folder));
    }
}

#[test]
fn files_that_are_not_ours_stay_under_the_names_of_ours() {
    let dir = folder_in_memory();
    let project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
    let log = dir.path().join("annotations/.anna.import");
    fs::write(&log, "my notes\n").unwrap();
    let error = project.annotator(&"anna".parse().unwrap(), 0).unwrap_err();
    assert!(error.to_string().contains("is not a file that tagli wrote"), "{error}");
    assert_eq!(fs::read_to_string(&log).unwrap(), "my notes\n");
    let (id, mut run) = project.runs().create(&config(1)).unwrap();
    let control = project.runs().get(id.as_str()).unwrap().path.join("control.json");
    fs::write(&control, r#"{"lights":"on"}"#).unwrap();
    assert_eq!(run.take_control(), None);
    assert!(control.exists());
    fs::write(&control, "\"pause\"").unwrap();
    assert_eq!(run.take_control(), Some(Control::Pause));
    assert!(!control.exists());
}

#[test]
fn what_an_earlier_version_left_is_reported_by_the_run_and_by_doctor() {
    let dir = folder_in_memory();
    let project = Project::create(dir.path(), Manifest::new("p", LabelSet::restaurant())).unwrap();
    let (id, run) = project.runs().create(&config(1)).unwrap();
    drop(run);
    let path = dir.path().join("runs").join(id.as_str());
    add_others(&path);
    let run = RunFolder::resume(&path, 0, 0).unwrap();
    assert_eq!(run.messages().len(), 3, "{:?}", run.messages());
    assert!(run.messages()[0].contains(".model.old may be the model that an earlier version"), "{:?}", run.messages());
    let log = fs::read_to_string(path.join("log.txt")).unwrap();
    assert!(run.messages().iter().all(|message| log.contains(message.as_str())), "{log}");
    drop(run);
    let told: Vec<String> = check::check(dir.path()).findings.iter().map(ToString::to_string).collect();
    for name in [".model.old: may be the model", ".tagli-abc123.tmp: is work in progress, or left by a crash or an"] {
        assert!(told.iter().any(|line| line.contains(name)), "{told:#?}");
    }
    assert!(!told.iter().any(|line| line.contains("venv") || line.contains(".git.old")), "{told:#?}");
    assert_others_stay(&path);
}
