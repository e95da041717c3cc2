use std::path::Path;

use crossbeam_channel::bounded;

use super::*;
use crate::{
    project::{ImportItem, Manifest, run_folder::RunConfig},
    runs::{Phase, RunSink, Settings, Status, embedded_bases, live::Version},
    services::journal_writer::{JournalFile, JournalWriter, SaveError},
    spans::{Action, ActionId, Document, Entry, LabelSet, SpanId, Split, Status as Tagged, journal::JournalOp},
    text::TextRange,
};

/// A disk that keeps nothing.
struct Disk;

impl JournalFile for Disk {
    fn append(&mut self, _: &[Entry]) -> Result<(), SaveError> {
        Ok(())
    }
}

fn entry() -> Entry {
    let op = JournalOp::Do(Action { document: "d".into(), edits: Vec::new() });
    Entry { id: ActionId(SpanId { writer: 1, sequence: 0 }), at: 0, op }
}

/// Reviews `r0` and so on, of which the first `done` are done.
fn project(dir: &Path, all: usize, done: usize) -> (Project, AnnotatorName) {
    let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
    let name: AnnotatorName = "ada".parse().unwrap();
    let mut ada = project.annotator(&name, 0).unwrap();
    let dishes = ["tacos", "pasta", "salad", "pizza"];
    let labels = LabelSet::restaurant();
    let [price, dish] = ["Price", "Dish"].map(|label| labels.named(label).unwrap().id);
    let items = (0..all).map(|at| {
        let mut document = Document::from_words(format!("r{at}"), ["cheap", dishes[at % dishes.len()], "here"]);
        document.split = Some(if at == 0 { Split::Valid } else { Split::Train });
        let spans = vec![(TextRange::new(0, 5), price), (TextRange::new(6, 11), dish)];
        let status = if at < done { Tagged::Done } else { Tagged::Todo };
        ImportItem { document, spans: if at < done { spans } else { Vec::new() }, status }
    });
    project.import(Some(&mut ada), 0, items.collect()).unwrap();
    (project, name)
}

struct Running {
    learner: LiveLearner,
    events: Receiver<Event>,
    models: LiveModels,
    _journal: JournalWriter,
}

impl Running {
    fn new(project: Project, annotator: AnnotatorName, settings: LiveSettings) -> Self {
        Self::after(project, annotator, settings, Vec::new())
    }

    fn after(project: Project, annotator: AnnotatorName, settings: LiveSettings, earlier: Vec<Thread>) -> Self {
        let (sender, events) = unbounded();
        let journal = JournalWriter::start(Box::new(Disk), Events::new(unbounded().0)).unwrap();
        let models = LiveModels::default();
        let learner = LiveLearner::start(LearnerParts {
            project,
            annotator,
            journal: journal.flusher(),
            models: Arc::clone(&models),
            settings,
            // The smaller base, which learns these few words within seconds.
            tuning: Tuning { base: embedded_bases::MINI, first_steps: 40, ..Tuning::default() },
            events: Events::new(sender),
            earlier,
        })
        .unwrap();
        learner.begin();
        Self { learner, events, models, _journal: journal }
    }

    fn finish(&self, documents: std::ops::Range<usize>) {
        for at in documents {
            let document = FinishedDocument { id: format!("r{at}"), predicted: None, held_back: false };
            self.learner.finished(Box::new(document));
        }
    }

    /// The next report that is as wanted.
    fn report(&self, wanted: impl Fn(&LiveReport) -> bool) -> LiveReport {
        let mut seen = Vec::new();
        loop {
            match self.events.recv_timeout(Duration::from_secs(60)) {
                Ok(Event::Live(report)) if wanted(&report) => return *report,
                Ok(other) => seen.push(other),
                Err(error) => panic!("{error}: {seen:#?}"),
            }
        }
    }

    fn end(mut self) {
        self.learner.close();
        assert!(self.learner.ends_within(Duration::from_secs(20)));
    }
}

/// Settings with which nothing but a training prevents learning.
fn settings() -> LiveSettings {
    LiveSettings { every: 5, max_load: 0.0, on_battery: true, ..LiveSettings::default() }
}

#[test]
fn documents_that_are_finished_are_learned_and_the_version_that_suggests_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (project, ada) = project(&dir.path().join("p"), 30, 12);
    let running = Running::new(project.clone(), ada.clone(), settings());
    // Eleven were done before and not learned: the next one is enough, but opening the project is not.
    running.report(|report| report.state == LiveState::Waiting(1));
    running.finish(1..2);
    running.report(|report| report.state == LiveState::Learning);
    let first = running.report(|report| report.newest == Some(Version(1)));
    assert_eq!((first.state, first.suggester, first.learned), (LiveState::Waiting(5), None, 11));
    assert!(running.models.lock().unwrap().is_none());
    // Other documents are tagged, which judge what was learned.
    let mut annotator = project.annotator(&ada, 1).unwrap();
    let labels = &project.manifest.labels;
    let [price, dish] = ["Price", "Dish"].map(|label| labels.named(label).unwrap().id);
    for at in 12..18 {
        let span = |sequence, start, end, label| crate::spans::Span {
            id: SpanId { writer: 900 + at, sequence },
            range: TextRange::new(start, end),
            label,
            source: crate::spans::SpanSource::Human,
        };
        let edits = vec![
            crate::spans::Edit::Add(span(0, 0, 5, price)),
            crate::spans::Edit::Add(span(1, 6, 11, dish)),
            crate::spans::Edit::Status(Tagged::Done),
        ];
        let op = JournalOp::Do(Action { document: format!("r{at}"), edits });
        annotator.record(&project.documents, 2, op).unwrap();
    }
    drop(annotator);
    running.finish(12..18);
    let second = running.report(|report| report.newest == Some(Version(2)));
    assert_eq!((second.suggester, second.learned), (Some(Version(2)), 17));
    assert_eq!(running.models.lock().unwrap().as_ref().map(|model| model.version), Some(Version(2)));
    running.end();
    let folder = project.live_folder(&ada);
    assert_eq!(folder.record().unwrap().map(|record| record.version), Some(Version(2)));
    // The next time it goes on from there, also if it is switched off.
    let running = Running::new(project, ada, LiveSettings { learns: false, ..settings() });
    let report = running.report(|report| report.suggester.is_some());
    assert_eq!((report.newest, report.state), (Some(Version(2)), LiveState::Off));
    running.learner.set_learning(true);
    running.report(|report| report.state == LiveState::Waiting(5));
    running.end();
}

#[test]
fn documents_for_validation_are_not_awaited() {
    let dir = tempfile::tempdir().unwrap();
    let (project, ada) = project(&dir.path().join("p"), 8, 0);
    let running = Running::new(project, ada, settings());
    running.report(|report| report.state == LiveState::Waiting(5));
    running.finish(0..3);
    running.report(|report| report.state == LiveState::Waiting(3));
    assert!(
        running.events.recv_timeout(Duration::from_millis(500)).is_err(),
        "the first one is of the validation split"
    );
    running.end();
}

#[test]
fn a_document_that_is_no_longer_done_is_awaited_again() {
    let dir = tempfile::tempdir().unwrap();
    let (project, ada) = project(&dir.path().join("p"), 8, 3);
    let running = Running::new(project.clone(), ada.clone(), settings());
    running.report(|report| report.state == LiveState::Waiting(3));
    running.finish(3..4);
    running.report(|report| report.state == LiveState::Waiting(2));
    running.learner.reopened("r3".into());
    running.report(|report| report.state == LiveState::Waiting(3));
    // One that was done before: the journal has that it is not any more.
    let mut annotator = project.annotator(&ada, 1).unwrap();
    let edits = vec![crate::spans::Edit::Status(Tagged::Partial)];
    annotator.record(&project.documents, 2, JournalOp::Do(Action { document: "r1".into(), edits })).unwrap();
    drop(annotator);
    running.learner.reopened("r1".into());
    running.report(|report| report.state == LiveState::Waiting(4));
    running.finish(3..6);
    running.report(|report| report.state == LiveState::Waiting(1));
    running.end();
}

#[test]
fn what_was_shown_with_suggestions_is_noted_for_later_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let (project, ada) = project(&dir.path().join("p"), 8, 3);
    let folder = project.live_folder(&ada);
    let running = Running::new(project.clone(), ada.clone(), LiveSettings { held_back: 1, ..settings() });
    running.report(|report| report.state == LiveState::Waiting(3));
    assert!(!folder.path().exists(), "to open a project writes nothing");
    running.learner.note_shown(vec!["r1".into(), "r2".into()]);
    running.learner.note_shown(vec!["r2".into()]);
    running.end();
    let text = std::fs::read_to_string(folder.path().join("shown.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    let exposure = folder.exposure().unwrap();
    assert_eq!(["r1", "r2", "r3"].map(|id| exposure.is_unseen(id)), [false, false, true]);
    // The next session adds nothing that is known.
    let running = Running::new(project, ada, LiveSettings { held_back: 1, ..settings() });
    running.report(|report| report.state == LiveState::Waiting(3));
    running.learner.note_shown(vec!["r1".into()]);
    running.end();
    assert_eq!(std::fs::read_to_string(folder.path().join("shown.jsonl")).unwrap(), text);
}

#[test]
fn a_kept_model_that_knows_a_document_of_another_project_does_not_suggest() {
    let dir = tempfile::tempdir().unwrap();
    let (one, ada) = project(&dir.path().join("one"), 8, 8);
    let (other, _) = project(&dir.path().join("other"), 3, 3);
    let running = Running::new(one.clone(), ada.clone(), settings());
    running.finish(1..6);
    running.report(|report| report.newest == Some(Version(1)));
    running.end();
    let [from, to] = [&one, &other].map(|project| project.live_folder(&ada).path());
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::rename(from, to).unwrap();
    let running = Running::new(other, ada, settings());
    let report = running.report(|report| matches!(report.state, LiveState::Waiting(_)));
    assert_eq!((report.newest, report.suggester), (None, None));
    assert!(running.models.lock().unwrap().is_none());
    running.end();
}

#[test]
fn a_kept_model_that_cannot_be_used_is_said_once_and_learning_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    let (project, ada) = project(&dir.path().join("p"), 8, 8);
    let folder = project.live_folder(&ada);
    std::fs::create_dir_all(folder.model()).unwrap();
    std::fs::write(folder.model().join("live.json"), "{}").unwrap();
    let running = Running::new(project, ada, settings());
    let Ok(Event::Message(told)) = running.events.recv_timeout(Duration::from_secs(20)) else { panic!() };
    assert!(told.text.contains("begins again") && told.text.contains("live.json"), "{}", told.text);
    running.finish(1..6);
    running.report(|report| report.newest == Some(Version(1)));
    running.end();
    assert_eq!(std::fs::read_to_string(folder.model().join("live.json")).unwrap(), "{}");
}

#[test]
fn a_project_that_is_opened_again_goes_on_from_what_was_learned_until_it_was_closed() {
    let dir = tempfile::tempdir().unwrap();
    let (project, ada) = project(&dir.path().join("p"), 8, 8);
    let (release, held) = bounded::<()>(0);
    let earlier = LiveLearner::hanging(held);
    let next = Running::after(project.clone(), ada.clone(), settings(), vec![earlier.thread()]);
    // It keeps its first version only now, as the thread of a project does that is closed.
    let first = Running::new(project, ada, settings());
    first.finish(1..6);
    first.report(|report| report.newest == Some(Version(1)));
    first.end();
    assert!(next.events.try_recv().is_err(), "the thread of before has not ended");
    drop(release);
    let report = next.report(|report| report.newest.is_some());
    assert_eq!((report.newest, report.suggester, report.learned), (Some(Version(1)), None, 7));
    next.end();
}

#[test]
fn a_failure_is_said_until_a_round_succeeds() {
    let dir = tempfile::tempdir().unwrap();
    let (place, away) = (dir.path().join("p"), dir.path().join("away"));
    let (project, ada) = project(&place, 8, 8);
    let running = Running::new(project, ada, settings());
    running.report(|report| report.state == LiveState::Waiting(1));
    std::fs::rename(&place, &away).unwrap();
    running.finish(1..6);
    running.report(|report| matches!(report.state, LiveState::Failed(_)));
    running.learner.set_learning(true);
    assert!(running.events.recv_timeout(Duration::from_millis(500)).is_err(), "it still is the state");
    std::fs::rename(&away, &place).unwrap();
    running.finish(1..6);
    running.report(|report| report.newest.is_some() && report.state == LiveState::Waiting(5));
    running.end();
}

#[test]
fn it_waits_while_a_training_is_live_or_about_to_begin() {
    let dir = tempfile::tempdir().unwrap();
    let (project, ada) = project(&dir.path().join("p"), 8, 8);
    let config = RunConfig::new(1, Settings::lesson("mini"), serde_json::Value::Null);
    let (_, mut run) = project.runs().create(&config).unwrap();
    let running = Running::new(project, ada, settings());
    running.finish(1..6);
    let report = running.report(|report| matches!(report.state, LiveState::Paused(_)));
    assert_eq!(report.state, LiveState::Paused("0001-mini is training".into()));
    running.learner.make_way();
    run.status(&Status { phase: Phase::Done, ..Status::default() }).unwrap();
    drop(run);
    running.report(|report| report.state == LiveState::Paused("a training begins".into()));
    running.end();
}

#[test]
fn a_round_ends_when_a_training_begins_learning_is_switched_off_or_the_project_is_closed() {
    let signals = Signals::new(true);
    assert!(signals.goes_on() && !Signals::new(false).goes_on());
    *signals.made_way.lock().unwrap() = Some(Instant::now());
    assert!(!signals.goes_on());
    *signals.made_way.lock().unwrap() = Instant::now().checked_sub(MAKE_WAY);
    assert!(signals.goes_on());
    signals.closed.store(true, Ordering::Relaxed);
    assert!(!signals.goes_on());
}

#[test]
fn a_learner_that_hangs_or_panics_keeps_no_action_from_the_disk() {
    let (release, held) = bounded::<()>(0);
    let hangs = move |_: &Receiver<Order>, _: Arc<Signals>| _ = held.recv();
    let panics = |_: &Receiver<Order>, _: Arc<Signals>| panic!("a fault");
    let (sender, events) = unbounded();
    let mut hanging = LiveLearner::with(true, Events::new(sender.clone()), hangs).unwrap();
    let panicking = LiveLearner::with(true, Events::new(sender.clone()), panics).unwrap();
    let Event::Live(report) = events.recv_timeout(Duration::from_secs(20)).unwrap() else { panic!() };
    assert!(matches!(&report.state, LiveState::Failed(why) if why.contains("a fault")), "{:?}", report.state);
    let mut journal = JournalWriter::start(Box::new(Disk), Events::new(sender)).unwrap();
    for learner in [&hanging, &panicking] {
        learner.begin();
        let document = FinishedDocument { id: "d".into(), predicted: None, held_back: false };
        learner.finished(Box::new(document));
        learner.set_learning(false);
    }
    journal.record(7, vec![entry()]);
    assert!(matches!(events.recv_timeout(Duration::from_secs(20)), Ok(Event::Saved { .. })));
    hanging.close();
    journal.close();
    assert!(journal.ends_within(Duration::from_secs(20)) && !hanging.ends_within(Duration::from_millis(10)));
    drop(release);
    assert!(hanging.ends_within(Duration::from_secs(20)));
}

#[test]
fn a_round_ends_when_the_machine_gets_other_work_or_loses_its_cable() {
    let dir = tempfile::tempdir().unwrap();
    let (project, _) = project(&dir.path().join("p"), 3, 1);
    let runs = project.runs();
    let settings = LiveSettings { max_load: 1.0, ..settings() };
    let is_hindered = |looked: Instant| {
        let mut machine = Machine::of_files(dir.path());
        Lookout { runs: &runs, settings: &settings, machine: &mut machine, looked }.is_hindered()
    };
    let long_ago = Instant::now().checked_sub(LOOK).unwrap();
    assert!(!is_hindered(long_ago), "nothing else runs");
    std::fs::write(dir.path().join("loadavg"), "9999 0 0 1/2 3").unwrap();
    assert!(is_hindered(long_ago));
    assert!(!is_hindered(Instant::now()), "the files of the system are not read between every two steps");
}
