//! Tasks of a project, in order, and their answers.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use super::*;
use crate::{
    app::exchange::{ExportChoices, NotExported},
    model::BaseModel,
    project::{ImportItem, Manifest, run_folder::RunConfig},
    runs::{Phase, Recipe, RunSink, Settings, Status as RunStatus},
    services::{
        journal_writer::{AnnotatorFile, JournalWriter},
        leaving::Leaving,
        live_learner::LiveLearner,
        open_project::Closing,
        trainer::Trainer,
    },
    spans::{Action, ActionId, Document, Edit, Entry, LabelId, SpanId, Split, Status, journal::JournalOp},
    text::TextRange,
    training,
};

fn project(dir: &Path) -> Project {
    let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
    let items = (0..30).map(|n| {
        let mut document = Document::from_words(format!("d{n}"), ["fish", "tacos"]);
        document.split = Some(if n < 20 { Split::Train } else { Split::Valid });
        ImportItem { document, spans: vec![(TextRange::new(0, 10), LabelId(2))], status: Status::Done }
    });
    project.import(Some(&mut ada), 0, items.collect()).unwrap();
    project
}

/// An open project.
struct Open {
    worker: ProjectWorker,
    journal: JournalWriter,
    received: Receiver<Event>,
    run_list: RunList,
}

impl Open {
    fn new(project: Project, open_base: OpenBase) -> Self {
        Self::with_trainer(project, open_base, &Trainer::default())
    }

    fn with_trainer(project: Project, open_base: OpenBase, trainer: &Trainer) -> Self {
        let (sender, received) = unbounded();
        let events = Events::new(sender);
        let annotator = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let file = AnnotatorFile { file: annotator.into_appender(), documents: project.documents.clone() };
        let journal = JournalWriter::start(Box::new(file), events.clone()).unwrap();
        let run_list = RunList::new(project.runs());
        let parts = WorkerParts {
            project,
            annotator: "ada".parse().unwrap(),
            journal: journal.flusher(),
            run_list: run_list.clone(),
            trainer: trainer.starter(),
            events,
        };
        Self { worker: ProjectWorker::with_bases(parts, open_base).unwrap(), journal, received, run_list }
    }

    fn next(&self) -> Event {
        self.received.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    /// The files that the next event says have changed.
    fn changed(&self) -> Vec<String> {
        match self.next() {
            Event::FilesChanged(names) => names,
            other => panic!("{other:?}"),
        }
    }

    fn train(&self, generation: u64, base: &str) {
        let settings = Box::new(Settings::lesson(base));
        self.worker.ask(Task::Train { generation, settings, recipe: None, fetch: false, repeat: false });
    }
}

#[test]
fn training_data_is_counted_and_a_run_removed() {
    let dir = tempfile::tempdir().unwrap();
    let open = Open::new(project(&dir.path().join("p")), base::open);
    open.worker.ask(Task::Summarise { generation: 4, base: "mini".into() });
    let Event::Summary { generation: 4, summary } = open.next() else { panic!() };
    assert_eq!((summary.train, summary.valid, summary.spans), (20, 10, [20, 10, 0]));
    assert_eq!(summary.labels[2], ("Dish".to_owned(), [20, 10, 0]));
    assert_eq!(summary.recipes[0], (Recipe::Auto, training::recipe(Recipe::Auto, 20, "mini")));
    let config = RunConfig::new(1, Settings::lesson("mini"), serde_json::Value::Null);
    let (id, mut folder) = open.run_list.runs().create(&config).unwrap();
    folder.status(&RunStatus { phase: Phase::Done, ..RunStatus::default() }).unwrap();
    // A run stays as long as its process holds it.
    let mut held = Some(folder);
    for (left, level) in [(1, Level::Warn), (0, Level::Info)] {
        open.worker.ask(Task::Remove { run: id.to_string() });
        let (Event::Runs(runs), Event::Message(said)) = (open.next(), open.next()) else { panic!() };
        assert_eq!((runs.len(), said.level), (left, level), "{}", said.text);
        drop(held.take());
    }
}

#[test]
fn what_another_program_changed_is_reported_although_a_task_has_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("p");
    let open = Open::new(project(&dir), base::open);
    let mut other = Project::open(&dir).unwrap();
    // A change of the labels reads the file in which another program has corrected a text.
    other.correct_document("d1", NewText::Text("fish taco"), 0, false).unwrap();
    open.worker.ask(Task::Labels { change: LabelChange::Add("New".into()) });
    assert!(matches!(open.next(), Event::LabelsRecorded(records) if records[0].by == "ada"));
    assert!(matches!(open.next(), Event::Labels(Ok(_))));
    assert_eq!(open.changed(), ["documents.jsonl"]);
    // So does a change of a document, also one that is refused.
    other.correct_document("d2", NewText::Text("fish taco"), 0, false).unwrap();
    open.worker.ask(Task::Document { id: "none".into(), change: DocumentChange::Remove });
    assert!(matches!(open.next(), Event::DocumentChanged { outcome: Err(_), .. }));
    assert_eq!(open.changed(), ["documents.jsonl"]);
    // Labels of another program, of which the screen would see nothing if its own change is refused.
    other.change_manifest(|manifest| manifest.name = "q".into()).unwrap();
    open.worker.ask(Task::Labels { change: LabelChange::Add("New".into()) });
    assert!(matches!(open.next(), Event::Labels(Err(_))));
    assert_eq!(open.changed(), ["project.json"]);
    // What the worker changes itself is not reported.
    open.worker.ask(Task::Document { id: "d3".into(), change: DocumentChange::Remove });
    assert!(matches!(open.next(), Event::DocumentChanged { outcome: Ok(_), .. }));
    open.worker.ask(Task::Labels { change: LabelChange::Add("Newer".into()) });
    assert!(matches!(open.next(), Event::LabelsRecorded(_)));
    assert!(matches!(open.next(), Event::Labels(Ok(_))));
    // Another colour is no row of the history.
    open.worker.ask(Task::Labels { change: LabelChange::Recolor(LabelId(0)) });
    assert!(matches!(open.next(), Event::Labels(Ok(_))));
    open.worker.ask(Task::Splits { documents: vec!["d4".into(), "d5".into()], split: Some(Split::Test) });
    let Event::SplitSet { documents: 2, outcome: Ok(old), .. } = open.next() else { panic!() };
    open.worker.ask(Task::TakeBackMoves(old));
    assert!(matches!(open.next(), Event::MoveTakenBack { outcome: Ok(taken), .. } if taken.moved == 2));
    open.worker.ask(Task::Splits { documents: vec!["d4".into()], split: None });
    assert!(matches!(open.next(), Event::SplitSet { outcome: Ok(_), .. }));
    open.worker.ask(Task::ShareOut);
    let Event::SharedOut(Ok((moved, documents))) = open.next() else { panic!() };
    assert_eq!((moved[0].document.as_str(), moved[0].from, moved.len()), ("d4", None, 1));
    assert_eq!((moved[0].to.is_some(), documents.iter().sum()), (true, 29));
    open.worker.ask(Task::Look);
    open.worker.ask(Task::Summarise { generation: 1, base: "mini".into() });
    assert!(matches!(open.next(), Event::Summary { .. }));
}

/// Stands for a base whose files make foreign code panic or wait for ever.
fn hostile_base(name: &str) -> Result<Option<BaseModel>, base::BaseError> {
    assert!(name != "panic", "a fault");
    loop {
        thread::park();
    }
}

#[test]
fn a_base_that_panics_or_hangs_stops_neither_saving_nor_other_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let open = Open::new(project(&dir.path().join("p")), hostile_base);
    open.train(1, "hang");
    open.train(2, "panic");
    let Event::TrainingRefused { generation: 2, message } = open.next() else { panic!() };
    assert_eq!(message, "a defect of this program: a fault; please report it");
    let op = JournalOp::Do(Action { document: "d0".into(), edits: vec![Edit::Status(Status::Partial)] });
    let id = ActionId(SpanId { writer: 1, sequence: 0 });
    open.journal.record(0, vec![Entry { id, at: 0, op }]);
    assert!(matches!(open.next(), Event::Saved { attempt: 0, ids } if ids == [id]));
    // The count waits for the line and contains it.
    open.worker.ask(Task::Summarise { generation: 3, base: "mini".into() });
    let Event::Summary { generation: 3, summary } = open.next() else { panic!() };
    assert_eq!(summary.train, 19);
}

static IS_READ: AtomicBool = AtomicBool::new(false);

/// Stands for a base whose files are on a disk that answers late.
fn late_base(name: &str) -> Result<Option<BaseModel>, base::BaseError> {
    while !IS_READ.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(5));
    }
    base::open(name)
}

#[test]
fn a_training_that_was_reported_as_not_started_does_not_start_later() {
    let dir = tempfile::tempdir().unwrap();
    let trainer = Trainer::default();
    let open = Open::with_trainer(project(&dir.path().join("p")), late_base, &trainer);
    open.train(1, "mini");
    let Open { mut worker, mut journal, received, run_list } = open;
    worker.close();
    journal.close();
    let closing = vec![Arc::new(Closing { journal, worker, learner: None })];
    let leaving = Leaving { closing, opening: None, drafts: None, trainer, farewell: None };
    let mut reports = Vec::new();
    leaving.wait_for_jobs(|report| reports.push(report.to_owned()));
    assert_eq!(reports, ["left while a training was being prepared; it is not started"]);
    IS_READ.store(true, Ordering::Relaxed);
    let answer = received.recv_timeout(Duration::from_secs(20)).unwrap();
    let Event::TrainingRefused { generation: 1, message } = answer else { panic!("{answer:?}") };
    assert_eq!(message, "the program is ending");
    assert_eq!((leaving.trainer.running(), run_list.list().0.len()), (None, 0));
}

#[test]
fn a_live_model_that_hangs_does_not_keep_the_program_from_leaving() {
    let dir = tempfile::tempdir().unwrap();
    let open = Open::new(project(&dir.path().join("p")), base::open);
    let Open { mut worker, mut journal, .. } = open;
    worker.close();
    journal.close();
    let (release, held) = crossbeam_channel::bounded(0);
    let mut learner = LiveLearner::hanging(held);
    learner.close();
    let closing = vec![Arc::new(Closing { journal, worker, learner: Some(learner) })];
    let leaving = Leaving { closing, opening: None, drafts: None, trainer: Trainer::default(), farewell: None };
    let began = Instant::now();
    leaving.wait_for_jobs(|report| panic!("{report}"));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    drop(release);
}

static IS_CANCELLED: AtomicBool = AtomicBool::new(false);

/// Stands for a base that is read while the user cancels the training.
fn cancelled_base(name: &str) -> Result<Option<BaseModel>, base::BaseError> {
    while !IS_CANCELLED.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(5));
    }
    base::open(name)
}

#[test]
fn a_training_that_is_cancelled_while_it_is_prepared_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let trainer = Trainer::default();
    let open = Open::with_trainer(project(&dir.path().join("p")), cancelled_base, &trainer);
    open.train(1, "mini");
    open.worker.cancel_training(1);
    IS_CANCELLED.store(true, Ordering::Relaxed);
    // The count is carried out after the task that begins the training.
    open.worker.ask(Task::Summarise { generation: 2, base: "mini".into() });
    assert!(matches!(open.next(), Event::Summary { generation: 2, .. }));
    assert!(open.worker.has_started_within(Duration::from_secs(20)));
    assert_eq!((trainer.running(), open.run_list.list().0.len(), open.received.len()), (None, 0, 0));
}

#[test]
fn a_task_that_panics_is_answered_and_the_next_one_carried_out() {
    let dir = tempfile::tempdir().unwrap();
    let open = Open::new(project(&dir.path().join("p")), base::open);
    open.worker.ask(Task::Unanswered(Box::new(|| panic!("a fault"))));
    let Event::Message(said) = open.next() else { panic!() };
    assert!(said.text.contains("the list of recent projects failed: a defect of this program: a fault"), "{said:?}");
    let choices = ExportChoices { format: "none", ..ExportChoices::default() };
    open.worker.ask(Task::Export { generation: 1, choices });
    let refused = |event| matches!(event, Event::Exported { generation: 1, outcome: Err(NotExported::Refused(_)) });
    assert!(refused(open.next()));
}
