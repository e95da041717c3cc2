//! Projects that are opened.

use std::{fs, io};

use super::*;
use crate::{
    config::LiveSettings,
    project::{Manifest, PlainRun, run_folder::RunConfig},
    runs::{Phase, RunSink, Settings, Status},
    services::trainer::Trainer,
    spans::LabelSet,
    text::Grid,
    work::{preview, source::Unwatched},
};

fn opener(folders: UserFolders, annotator: Result<&str, &str>) -> Opener {
    let preferences = annotator.map(|name| Preferences {
        annotator: name.parse().unwrap(),
        is_chosen: false,
        device: "cpu".into(),
        grid: Grid::Space,
        live: LiveSettings::default(),
    });
    let preferences = preferences.map_err(str::to_owned);
    let preferences: PreferencesOf = Arc::new(move |_| preferences.clone());
    let events = crossbeam_channel::unbounded().0;
    let starter = Trainer::default().starter();
    Opener { folders, preferences, events, starter, progress: Arc::default(), earlier: Vec::new() }
}

fn create(new: &NewProject, annotator: Result<&str, &str>) -> Result<(PathBuf, Option<Notice>), OpenError> {
    opener(UserFolders::default(), annotator).create(new)
}

#[test]
fn a_file_is_imported_and_the_project_opened_whatever_the_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let dir = folder.path().join("p");
    Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    fs::write(path("two.txt"), "fish tacos\ncheap beer\n").unwrap();
    fs::write(path("empty.txt"), "").unwrap();
    fs::write(path("binary"), [0, 159, 146, 150, 255]).unwrap();
    let import_as = |file: &str, fingerprint| {
        let on_duplicate = OnDuplicate::Copy;
        let request = Request::Import { dir: dir.clone(), file: path(file), fingerprint, on_duplicate, generation: 7 };
        let (_, opened, event) = opener(UserFolders::default(), Ok("ada")).get(request).unwrap();
        let Some(Event::Imported { generation: 7, outcome: Message { level, text } }) = event else {
            panic!("{event:?}")
        };
        (opened.documents.len(), level, text)
    };
    let import = |file: &str| {
        let project = Project::open(&dir).unwrap();
        let seen = preview::preview(&project, &"ada".parse().unwrap(), &[path(file).into()], 3, &Unwatched);
        import_as(file, seen.map_or(0, |seen| seen.fingerprint))
    };
    let (documents, level, text) = import_as("two.txt", 0);
    assert!(documents == 0 && level == Level::Error && text.contains("changed after it was shown"), "{text}");
    assert_eq!(import("two.txt"), (2, Level::Info, "two.txt: 2 documents, 0 spans".to_owned()));
    let again = import("two.txt");
    assert!(again.0 == 2 && again.2.ends_with("; 2 documents there already"), "{again:?}");
    for file in ["gone.txt", "empty.txt", "binary"] {
        let (documents, level, text) = import(file);
        assert!(documents == 2 && level == Level::Error && text.contains("was not imported"), "{file}: {text}");
    }
}

#[test]
fn ids_in_use_are_treated_as_chosen_and_an_import_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.jsonl");
    let dir = folder.path().join("p");
    Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let open = |request| {
        let (_, opened, event) = opener(UserFolders::default(), Ok("ada")).get(request).unwrap();
        let Some(Event::Imported { generation: 7, outcome: Message { level, text } }) = event else {
            panic!("{event:?}")
        };
        (opened.documents.iter().map(|document| document.text.to_string()).collect::<Vec<_>>(), level, text)
    };
    let import = |text: &str, on_duplicate| {
        fs::write(&file, format!("{{\"id\":\"a\",\"text\":\"{text}\"}}\n")).unwrap();
        let project = Project::open(&dir).unwrap();
        let fingerprint =
            preview::preview(&project, &"ada".parse().unwrap(), std::slice::from_ref(&file), 3, &Unwatched)
                .unwrap()
                .fingerprint;
        let file = file.to_string_lossy().into_owned();
        open(Request::Import { dir: dir.clone(), file, fingerprint, on_duplicate, generation: 7 }).0
    };
    let undo = || open(Request::UndoImport { dir: dir.clone(), generation: 7 });
    assert_eq!(import("tacos", OnDuplicate::Copy), ["tacos"]);
    assert_eq!(import("soup", OnDuplicate::Skip), ["tacos"]);
    assert_eq!(import("stew", OnDuplicate::Copy), ["tacos", "stew"]);
    let (texts, level, text) = undo();
    assert_eq!((texts, level), (vec!["tacos".to_owned()], Level::Info));
    assert_eq!(text, "Taken back: the import of a.jsonl: 1 document gone again");
    assert_eq!(import("rice", OnDuplicate::Update), ["rice"]);
    assert_eq!(undo().0, ["tacos"]);
    assert_eq!(undo().0.len(), 0);
    let (texts, level, text) = undo();
    assert!(texts.is_empty() && level == Level::Warn && text.starts_with("Nothing was taken back: "), "{text}");
}

#[test]
fn a_text_is_added_under_a_free_id() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("p");
    Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    for id in ["typed-1", "typed-2"] {
        let request = Request::Add { dir: dir.clone(), text: "cheap tacos".into(), generation: 7 };
        let (_, opened, event) = opener(UserFolders::default(), Ok("ada")).get(request).unwrap();
        let Some(Event::DocumentAdded { generation: 7, outcome }) = event else { panic!("{event:?}") };
        assert_eq!(outcome.as_deref(), Ok(id));
        assert_eq!(opened.documents.iter().last().map(|document| document.id.as_str()), Some(id));
    }
}

#[test]
fn a_project_that_cannot_be_written_is_opened_with_the_reason() {
    use crate::project::storage::refusals::{Refused, refuse};
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("p");
    Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let open = |kind| {
        let _refusal = refuse(&dir, Refused::Everything, kind);
        let (_open, opened, _) = opener(UserFolders::default(), Ok("ada")).get(Request::Folder(dir.clone())).unwrap();
        (opened.read_only, opened.warning, opened.writer)
    };
    let (read_only, warning, _) = open(io::ErrorKind::ReadOnlyFilesystem);
    assert!(read_only.unwrap().contains("mounted read-only") && warning.is_none());
    let (read_only, warning, writer) = open(io::ErrorKind::StorageFull);
    assert!(read_only.is_none() && writer > 0);
    assert!(warning.unwrap().starts_with("Nothing can be saved now: cannot make the lock"));
}

#[test]
fn the_step_of_the_tutorial_stays_with_its_project_until_another_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    let folders = || UserFolders::new(Some(folder.path().join("data")), None);
    let copy = || Request::Copy { sample: "restaurants".into(), name: "tutorial".into() };
    let get = |request| opener(folders(), Ok("ada")).get(request).unwrap();
    let (open, opened, _) = get(copy());
    assert_eq!(opened.step, None);
    let dir = open.dir.clone();
    open.close().wait().unwrap();
    RecentProjects::new(folders()).remember_step(&dir, Some(7));
    let again = Request::Entry(dir.to_string_lossy().into_owned());
    assert_eq!(get(again).1.step, Some(7));
    fs::remove_dir_all(&dir).unwrap();
    assert_eq!(get(copy()).1.step, None);
}

#[test]
fn under_another_login_name_it_is_asked_once_whose_work_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    let folders = || UserFolders::new(Some(folder.path().join("data")), None);
    let open = |name: &str, request: Request| {
        let (open, opened, _) = opener(folders(), Ok(name)).get(request).unwrap();
        let dir = open.dir.clone();
        open.close().wait().unwrap();
        (dir, opened.annotator.clone(), opened.others.clone())
    };
    let copy = Request::Copy { sample: "restaurants".into(), name: "food".into() };
    let (dir, name, others) = open("me", copy);
    assert_eq!((name.as_str(), others), ("me", Vec::new()));
    let again = || Request::Folder(dir.clone());
    let (_, name, others) = open("root", again());
    assert_eq!(name, "root");
    assert!(matches!(others.as_slice(), [(name, 332)] if name == "me"), "{others:?}");
    let (_, name, others) = open("root", Request::WorkAs { dir: dir.clone(), name: "me".into() });
    assert_eq!((name.as_str(), others), ("me", Vec::new()));
    let (_, name, others) = open("root", again());
    assert_eq!((name.as_str(), others), ("me", Vec::new()), "the answer is kept");
}

#[test]
fn a_new_project_is_created_with_its_texts_or_reports_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("tagged.conll"), "great\tO\ntacos\tB-Dish\n\n").unwrap();
    let texts = path("tagged.conll").to_string_lossy().into_owned();
    let new = |name: &str| {
        let dir = path(name).to_string_lossy().into_owned();
        NewProject { dir, texts: texts.clone(), among: true, ..NewProject::default() }
    };
    assert!(matches!(create(&new("a"), Err("no name")), Err(OpenError::Preferences(_))));
    assert!(!path("a").exists(), "nothing is created for an unknown annotator");
    let (dir, notice) = create(&new("a"), Ok("ada")).unwrap();
    assert_eq!(Project::open(&dir).unwrap().manifest.grid, Grid::Space);
    assert_eq!(notice, Some((Level::Info, "tagged.conll: 1 document, 1 span".to_owned())));
    assert_eq!(Project::open(&dir).unwrap().documents.len(), 1);
    // The journal cannot be opened: there is a folder with its name.
    fs::create_dir_all(path("b/annotations/ada.jsonl")).unwrap();
    let (dir, notice) = create(&new("b"), Ok("ada")).unwrap();
    let (level, text) = notice.unwrap();
    assert!(level == Level::Error && text.contains("tagli import"), "{text}");
    assert_eq!(Project::open(&dir).unwrap().documents.len(), 0);
}

#[test]
fn a_run_outside_a_project_is_opened_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("out");
    let config = RunConfig::new(1, Settings::lesson("mini"), serde_json::Value::Null);
    let mut run = PlainRun::create(&dir, &config, false).unwrap();
    run.status(&Status { phase: Phase::Done, ..Status::default() }).unwrap();
    drop(run);
    let files = || {
        let mut names: Vec<PathBuf> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    };
    let before = files();
    let (open, opened) = opener(UserFolders::default(), Ok("ada")).open(&dir).unwrap();
    let runs: Vec<&str> = opened.runs.iter().map(|run| run.id.as_str()).collect();
    assert_eq!((opened.only_runs, runs, opened.documents.len()), (true, vec!["out"], 0));
    let closing = open.close();
    assert!(closing.journal.ends_within(JOURNAL_LIMIT) && closing.worker.ends_within(JOB_LIMIT));
    assert_eq!(files(), before);
}
