//! Watches the runs of a project.
//! One is followed point by point, and the list is sent when it changes.
//!
//! The files of a run are read while they grow, whether this process, another one, or none writes them.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::{
    events::Events,
    message::message,
    run_list::{Model, RunList},
    thread::Thread,
};
use crate::{
    app::{Event, event::Level},
    guard::{self, Panicked},
    project::MetricsTail,
    runs::{Control, Point, RunSummary, ScoreComparison, SentenceScores, Status},
};

/// Time between two readings of a followed live run: as often as jobs may draw.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(250);
/// Time between two listings of the runs.
const LIST_INTERVAL: Duration = Duration::from_secs(1);

/// Existing models, newest run first.
pub(super) type Models = Arc<Mutex<Vec<Model>>>;

/// Number of lines that are read from the end of a log.
const LOG_LINES: usize = 1000;

/// Order to the watcher.
enum Order {
    /// Follow this run, and no other.
    Follow(RunRequest),
    /// Read all points of this run once.
    Compare(RunRequest),
    /// Compare the scores of two runs.
    CompareScores { generation: u64, runs: [String; 2] },
    /// Read the end of this run's log.
    Log(RunRequest),
    /// Leave a command for the process that trains this run.
    Control { run: String, control: Control },
}

/// Request about a run; its answer repeats the generation.
struct RunRequest {
    generation: u64,
    run: String,
}

/// Handle of the watcher. Dropping it ends its thread after the order that it carries out.
pub(super) struct RunWatcher {
    orders: Sender<Order>,
    models: Models,
}

impl RunWatcher {
    /// Starts the thread for the runs of a project.
    pub(super) fn start(run_list: RunList, events: Events) -> io::Result<Self> {
        let (sender, orders) = unbounded();
        // The models are known before the first request for one; the runs were sent when the project was opened.
        let (listed, models) = run_list.list();
        let models = Arc::new(Mutex::new(models));
        let mut watcher = Watcher {
            run_list,
            events: events.clone(),
            models: Arc::clone(&models),
            listed,
            listed_at: None,
            followed: None,
            fault: None,
        };
        Thread::start("watch", move || watcher.run(&orders), move |panicked| events.send(fault(&panicked)))?;
        Ok(Self { orders: sender, models })
    }

    /// Follows this run, and no other.
    pub(super) fn follow(&self, generation: u64, run: String) {
        self.order(Order::Follow(RunRequest { generation, run }));
    }

    /// Reads all points of a second run once.
    pub(super) fn compare(&self, generation: u64, run: String) {
        self.order(Order::Compare(RunRequest { generation, run }));
    }

    /// Compares the scores of two runs sentence by sentence.
    pub(super) fn compare_scores(&self, generation: u64, runs: [String; 2]) {
        self.order(Order::CompareScores { generation, runs });
    }

    /// Reads the end of a run's log.
    pub(super) fn log(&self, generation: u64, run: String) {
        self.order(Order::Log(RunRequest { generation, run }));
    }

    /// Leaves a command for a run that another process trains.
    pub(super) fn control(&self, run: String, control: Control) {
        self.order(Order::Control { run, control });
    }

    fn order(&self, order: Order) {
        // The thread ends only after this handle has dropped the channel.
        let _ = self.orders.send(order);
    }

    /// Existing models, kept up to date.
    pub(super) fn models(&self) -> Models {
        Arc::clone(&self.models)
    }
}

/// Message about a panic while the runs were read.
fn fault(panicked: &Panicked) -> Event {
    message(Level::Warn, format!("the runs cannot be watched: {panicked}"))
}

struct Watcher {
    run_list: RunList,
    events: Events,
    models: Models,
    /// List that was sent last.
    listed: Vec<RunSummary>,
    listed_at: Option<Instant>,
    followed: Option<Followed>,
    /// Panic that was reported last: the same run may cause it again every second.
    fault: Option<Panicked>,
}

/// The followed run.
struct Followed {
    request: RunRequest,
    metrics: MetricsTail,
    last: Option<Status>,
}

impl Watcher {
    fn run(&mut self, orders: &Receiver<Order>) {
        loop {
            let wait = if self.followed.is_some() { FOLLOW_INTERVAL } else { LIST_INTERVAL };
            let order = match orders.recv_timeout(wait) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if let Err(panicked) = guard::catch(|| self.round(order))
                && self.fault.as_ref() != Some(&panicked)
            {
                self.send(fault(&panicked));
                self.fault = Some(panicked);
            }
        }
    }

    /// Carries out an order; then, and if there is none, sends the news.
    fn round(&mut self, order: Option<Order>) {
        match order {
            Some(Order::Follow(request)) => self.follow(request),
            Some(other) => return self.answer(other),
            None => {}
        }
        if let Some(mut run) = self.followed.take() {
            if self.read(&mut run) {
                self.followed = Some(run);
            } else {
                // The end of a run changes the list, which is sent at once.
                self.listed_at = None;
            }
        }
        if self.listed_at.is_none_or(|listed| listed.elapsed() >= LIST_INTERVAL) {
            self.list();
        }
    }

    /// Carries out an order that leaves the followed run as it is.
    fn answer(&mut self, order: Order) {
        match order {
            Order::Follow(request) => self.follow(request),
            Order::Compare(request) => {
                let points = answered(|| self.points(&request.run));
                self.send(Event::Compared { generation: request.generation, points });
            }
            Order::CompareScores { generation, runs } => {
                let found = answered(|| self.comparison(&runs)).map(Box::new);
                self.send(Event::ScoresCompared { generation, found });
            }
            Order::Log(request) => {
                let lines = answered(|| self.log_end(&request.run));
                self.send(Event::Log { generation: request.generation, lines });
            }
            Order::Control { run, control } => {
                let sent = self.run_list.runs().get(&run).and_then(|view| view.send(control));
                if let Err(error) = sent {
                    self.send(message(Level::Warn, error.to_string()));
                }
            }
        }
    }

    fn follow(&mut self, request: RunRequest) {
        match self.run_list.runs().get(&request.run).map(|run| run.metrics()) {
            Ok(metrics) => self.followed = Some(Followed { request, metrics, last: None }),
            Err(error) => self.send(message(Level::Warn, error.to_string())),
        }
    }

    fn log_end(&self, run: &str) -> Result<Vec<String>, String> {
        let view = self.run_list.runs().get(run).map_err(|error| error.to_string())?;
        view.log_end(LOG_LINES).map_err(|error| error.to_string())
    }

    /// Compares the scores that the models of two runs keep.
    fn comparison(&self, [a, b]: &[String; 2]) -> Result<ScoreComparison, String> {
        let (a, b) = (self.scores(a)?, self.scores(b)?);
        a.compare(&b).map_err(str::to_owned)
    }

    fn scores(&self, run: &str) -> Result<SentenceScores, String> {
        let view = self.run_list.runs().get(run).map_err(|error| error.to_string())?;
        let scores = view.sentence_scores().map_err(|error| error.to_string())?;
        scores.ok_or_else(|| {
            format!("{run} keeps no scores of single sentences; `tagli runs compare` computes them from the models")
        })
    }

    /// Reads all points that a run has now.
    fn points(&self, run: &str) -> Result<Vec<Point>, String> {
        let view = self.run_list.runs().get(run).map_err(|error| error.to_string())?;
        view.points().map(|(points, _)| points).map_err(|error| error.to_string())
    }

    /// Sends the news of the followed run; whether there may be more.
    fn read(&mut self, run: &mut Followed) -> bool {
        // The status is read first: all points that were written before the end of the run are then read below.
        let Ok(view) = self.run_list.runs().get(&run.request.run) else { return false };
        let status = view.shown_status();
        let is_live = view.is_live();
        let points = run.metrics.poll().unwrap_or_default();
        // One reading takes only a part of a very large file.
        let may_be_more = !points.is_empty();
        if may_be_more || run.last.is_none() {
            self.send(Event::Points { generation: run.request.generation, points });
        }
        if run.last.as_ref() != Some(&status) {
            let before = run.last.replace(status.clone()).and_then(|last| last.checkpoint);
            if status.phase.is_over() || status.checkpoint != before {
                // The screens request the new model as soon as they know of the end or of a checkpoint.
                self.set_models(self.run_list.models());
            }
            self.send(Event::RunStatus { run: run.request.run.clone(), status });
        }
        is_live || may_be_more
    }

    /// Sends the list of runs if it has changed.
    fn list(&mut self) {
        self.listed_at = Some(Instant::now());
        let (runs, models) = self.run_list.list();
        self.set_models(models);
        if runs.len() == self.listed.len() && runs.iter().zip(&self.listed).all(|(now, before)| is_same(now, before)) {
            return;
        }
        self.listed.clone_from(&runs);
        self.send(Event::Runs(runs));
    }

    fn set_models(&self, models: Vec<Model>) {
        *self.models.lock().unwrap_or_else(PoisonError::into_inner) = models;
    }

    fn send(&self, event: Event) {
        self.events.send(event);
    }
}

/// Returns the outcome of `work`; a panic is a failure.
fn answered<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    guard::catch(work).unwrap_or_else(|panicked| Err(panicked.to_string()))
}

/// Whether a run has not changed. The size of a live run is ignored; it is sent with its evaluations.
fn is_same(now: &RunSummary, before: &RunSummary) -> bool {
    now.id == before.id
        && now.status.phase == before.status.phase
        && now.status.checkpoint == before.status.checkpoint
        && now.word_f1 == before.word_f1
        && now.has_model == before.has_model
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{Runs, run_folder::RunConfig},
        runs::{RunSink, SENTENCE_SCORES, Scores, Settings},
        spans::score::EntityCounts,
    };

    fn next(events: &Receiver<Event>) -> Event {
        events.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn the_first_run_of_a_new_project_is_listed_and_its_checkpoints_too() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, events) = unbounded();
        let runs = Runs::of(dir.path());
        let watch = RunWatcher::start(RunList::new(runs.clone()), Events::new(sender)).unwrap();
        let about = serde_json::Value::Null;
        let (id, mut folder) = runs.create(&RunConfig::new(1, Settings::lesson("mini"), about)).unwrap();
        let wait_for = |checkpoint| loop {
            let Event::Runs(runs) = next(&events) else { panic!() };
            if runs.len() == 1 && runs[0].id == id.as_str() && runs[0].status.checkpoint == checkpoint {
                return;
            }
        };
        wait_for(None);
        assert!(watch.models().lock().unwrap().is_empty());
        std::fs::create_dir(runs.get(id.as_str()).unwrap().model()).unwrap();
        folder.status(&Status { checkpoint: Some(5), ..Status::default() }).unwrap();
        wait_for(Some(5));
        assert_eq!(watch.models().lock().unwrap()[0].run, id.as_str());
    }

    #[test]
    fn the_scores_of_two_runs_are_compared_if_both_models_keep_them() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, events) = unbounded();
        let runs = Runs::of(dir.path());
        let ids: Vec<String> = [1, 2, 0].map(|right| run_with_scores(&runs, right)).into();
        let watch = RunWatcher::start(RunList::new(runs), Events::new(sender)).unwrap();
        let compared = |a: usize, b: usize| {
            watch.compare_scores(7, [ids[a].clone(), ids[b].clone()]);
            loop {
                match next(&events) {
                    Event::ScoresCompared { generation: 7, found } => return found,
                    Event::ScoresCompared { .. } => panic!(),
                    _ => {}
                }
            }
        };
        let found = compared(1, 0).unwrap();
        let differences = &found.differences;
        assert!((differences.overall.observed() - 0.5).abs() < 1e-9 && differences.sentences == 5, "{found:?}");
        assert_eq!(found.only_right, [5, 0]);
        assert!(compared(0, 2).unwrap_err().contains("tagli runs compare"));
        // Counts that contradict the metrics beside them give no interval.
        let metrics = dir.path().join("runs").join(&ids[1]).join("metrics.jsonl");
        std::fs::write(&metrics, format!("{}\n", serde_json::to_string(&evaluation(0.25)).unwrap())).unwrap();
        let refused = compared(1, 0).unwrap_err();
        assert!(refused.contains("its counts give F1") && refused.contains("the metrics have 0.2500"), "{refused}");
        std::fs::write(metrics, "").unwrap();
        assert!(compared(1, 0).unwrap_err().contains("no scores of step 5"));
    }

    /// A run whose model has found `right` of the two dishes of each of five sentences; with 0 it keeps no scores.
    fn run_with_scores(runs: &Runs, right: usize) -> String {
        let config = RunConfig::new(1, Settings::lesson("mini"), serde_json::Value::Null);
        let (id, mut folder) = runs.create(&config).unwrap();
        let mut model = folder.model().unwrap();
        let counts = EntityCounts { true_positives: right, false_positives: 2 - right, false_negatives: 2 - right };
        let scores = SentenceScores::new(5, "ab".into(), &vec![vec![("Dish", counts)]; 5]);
        if right > 0 {
            model.file(SENTENCE_SCORES, &scores.to_json().unwrap()).unwrap();
        }
        model.finish().unwrap();
        folder.point(&evaluation(scores.f1())).unwrap();
        id.to_string()
    }

    /// Scores of the validation split after the fifth step.
    fn evaluation(f1: f64) -> Point {
        let word = Scores { f1, ..Scores::default() };
        let (split, piece, labels) = ("valid".to_owned(), Scores::default(), std::collections::BTreeMap::new());
        Point::Eval { step: 5, epoch: 1.0, split, loss: 0.0, piece, word, labels, tables: None }
    }

    #[test]
    fn a_finished_run_is_read_to_its_end_also_if_it_is_very_large() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, events) = unbounded();
        let runs = Runs::of(dir.path());
        let config = RunConfig::new(1, Settings::lesson("mini"), serde_json::Value::Null);
        let (id, mut folder) = runs.create(&config).unwrap();
        folder.status(&Status { phase: crate::runs::Phase::Done, ..Status::default() }).unwrap();
        drop(folder);
        let line = serde_json::json!({
            "kind": "stage", "step": 1, "epoch": 1.0, "stage": 2, "read": 1, "kept": 1, "unsure": 0, "without_span": 0,
            "repeats": 1, "pad": "x".repeat(2000)
        });
        let lines = 20_000;
        std::fs::write(runs.get("1").unwrap().path.join("metrics.jsonl"), format!("{line}\n").repeat(lines)).unwrap();
        let watch = RunWatcher::start(RunList::new(runs), Events::new(sender)).unwrap();
        watch.follow(7, id.to_string());
        let mut read = 0;
        while read < lines {
            if let Event::Points { points, .. } = next(&events) {
                read += points.len();
            }
        }
        assert_eq!(read, lines);
    }

    #[test]
    fn a_command_for_a_run_that_is_not_live_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, events) = unbounded();
        let watch = RunWatcher::start(RunList::new(Runs::of(dir.path())), Events::new(sender)).unwrap();
        watch.control("0001-mini".into(), Control::StopNow);
        let Event::Message(message) = next(&events) else { panic!() };
        assert!(message.text.contains("no such run"), "{}", message.text);
    }
}
