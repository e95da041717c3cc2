//! Watching the runs of a project: one is followed point by point, all are listed when something about them changes.
//! Their files are read while they grow, whoever writes them: this process, another one, or nobody any more.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::{
    message::message,
    run_list::{Model, RunList},
};
use crate::{
    app::{Event, event::Level},
    project::MetricsTail,
    runs::{Control, Point, RunSummary, Status},
};

/// How often the files of a live run that is followed are looked at: as often as jobs may draw.
const LOOK: Duration = Duration::from_millis(250);
/// How often the list of runs is looked at.
const LIST: Duration = Duration::from_secs(1);

/// The models that are there, newest run first.
pub(super) type Models = Arc<Mutex<Vec<Model>>>;

/// Lines of a log that are read.
const LOG_LINES: usize = 1000;

/// What to do.
enum Order {
    /// Follow this run instead of whatever was followed.
    Follow(Asked),
    /// Read all lines of this run once.
    Compare(Asked),
    /// Read the end of this run's log.
    Log(Asked),
    /// Leave a command for the process that trains this run.
    Control { run: String, control: Control },
}

/// A run that something is asked about.
struct Asked {
    generation: u64,
    run: String,
}

/// The handle. Dropping it ends the thread.
pub(super) struct RunWatcher {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    models: Models,
}

impl RunWatcher {
    /// Starts the thread for the runs of a project.
    pub(super) fn start(run_list: RunList, events: Sender<Event>) -> std::io::Result<Self> {
        let (sender, orders) = unbounded();
        // The models are known before anybody can ask one; the runs were told when the project was opened.
        let (listed, found) = run_list.list();
        let models = Arc::new(Mutex::new(found));
        let mut watcher =
            Watcher { run_list, events, models: Arc::clone(&models), listed, looked: None, followed: None };
        let thread = thread::Builder::new().name("watch".into()).spawn(move || watcher.run(&orders))?;
        Ok(Self { orders: Some(sender), thread: Some(thread), models })
    }

    /// Follows this run instead of whatever was followed.
    pub(super) fn follow(&self, generation: u64, run: String) {
        self.order(Order::Follow(Asked { generation, run }));
    }

    /// Reads all lines of a second run once.
    pub(super) fn compare(&self, generation: u64, run: String) {
        self.order(Order::Compare(Asked { generation, run }));
    }

    /// Reads the end of a run's log.
    pub(super) fn log(&self, generation: u64, run: String) {
        self.order(Order::Log(Asked { generation, run }));
    }

    /// Leaves a command for a run that another process trains.
    pub(super) fn control(&self, run: String, control: Control) {
        self.order(Order::Control { run, control });
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The thread ends only after this handle has let go of the channel.
            let _ = orders.send(order);
        }
    }

    /// Where the models stand.
    pub(super) fn models(&self) -> Models {
        Arc::clone(&self.models)
    }
}

impl Drop for RunWatcher {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Watcher {
    run_list: RunList,
    events: Sender<Event>,
    models: Models,
    /// What was told last.
    listed: Vec<RunSummary>,
    looked: Option<Instant>,
    followed: Option<Followed>,
}

/// A run that is followed.
struct Followed {
    order: Asked,
    metrics: MetricsTail,
    last: Option<Status>,
}

impl Watcher {
    fn run(&mut self, orders: &Receiver<Order>) {
        loop {
            let wait = if self.followed.is_some() { LOOK } else { LIST };
            match orders.recv_timeout(wait) {
                Ok(Order::Follow(order)) => self.begin(order),
                Ok(Order::Compare(order)) => {
                    let points = self.points(&order.run);
                    self.tell(Event::Compared { generation: order.generation, points });
                    continue;
                }
                Ok(Order::Log(order)) => {
                    let view = self.run_list.runs().get(&order.run).map_err(|error| error.to_string());
                    let lines = view.and_then(|view| view.log_end(LOG_LINES).map_err(|error| error.to_string()));
                    self.tell(Event::Log { generation: order.generation, lines });
                    continue;
                }
                Ok(Order::Control { run, control }) => {
                    let sent = self.run_list.runs().get(&run).and_then(|view| view.send(control));
                    if let Err(error) = sent {
                        self.tell(message(Level::Warn, error.to_string()));
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(mut run) = self.followed.take() {
                if self.look(&mut run) {
                    self.followed = Some(run);
                } else {
                    // What the end of a run changed is told at once.
                    self.looked = None;
                }
            }
            if self.looked.is_none_or(|looked| looked.elapsed() >= LIST) {
                self.list();
            }
        }
    }

    fn begin(&mut self, order: Asked) {
        match self.run_list.runs().get(&order.run).map(|run| run.metrics()) {
            Ok(metrics) => self.followed = Some(Followed { order, metrics, last: None }),
            Err(error) => self.tell(message(Level::Warn, error.to_string())),
        }
    }

    /// All lines of a run as they are now; why there are none.
    fn points(&self, run: &str) -> Result<Vec<Point>, String> {
        let view = self.run_list.runs().get(run).map_err(|error| error.to_string())?;
        let (mut metrics, mut points) = (view.metrics(), Vec::new());
        // A look reads a part of a very large file.
        loop {
            let more = metrics.poll().map_err(|error| error.to_string())?;
            if more.is_empty() {
                return Ok(points);
            }
            points.extend(more);
        }
    }

    /// Tells what is new about a run; whether more may come.
    fn look(&mut self, run: &mut Followed) -> bool {
        // The status first: what was written before the run ended is then read below.
        let Ok(view) = self.run_list.runs().get(&run.order.run) else { return false };
        let (live, status) = (view.is_live(), view.shown_status());
        let points = run.metrics.poll().unwrap_or_default();
        if !points.is_empty() || run.last.is_none() {
            self.tell(Event::Points { generation: run.order.generation, points });
        }
        if run.last.as_ref() != Some(&status) {
            let before = run.last.replace(status.clone()).and_then(|last| last.checkpoint);
            if status.phase.is_over() || status.checkpoint != before {
                // The screens ask the new model as soon as they hear of the end, or of a checkpoint.
                self.set_models(self.run_list.models());
            }
            self.tell(Event::RunStatus { run: run.order.run.clone(), status });
        }
        live
    }

    /// Tells all runs if something about them has changed.
    fn list(&mut self) {
        self.looked = Some(Instant::now());
        let (runs, models) = self.run_list.list();
        self.set_models(models);
        let told = |run: &RunSummary| (run.status.phase, run.status.checkpoint, run.word_f1, run.has_model);
        // The size of a run that goes on is told now and then, with its evaluations.
        let same = |a: &RunSummary, b: &RunSummary| a.id == b.id && told(a) == told(b);
        if runs.len() == self.listed.len() && runs.iter().zip(&self.listed).all(|(a, b)| same(a, b)) {
            return;
        }
        self.listed.clone_from(&runs);
        self.tell(Event::Runs(runs));
    }

    fn set_models(&self, models: Vec<Model>) {
        *self.models.lock().unwrap_or_else(PoisonError::into_inner) = models;
    }

    fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{Runs, run_folder::RunConfig},
        runs::{RunSink, Settings},
    };

    fn next(events: &Receiver<Event>) -> Event {
        events.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    #[test]
    fn the_first_run_of_a_fresh_project_is_told_and_its_checkpoints_too() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, events) = unbounded();
        let runs = Runs::of(dir.path());
        let watch = RunWatcher::start(RunList::new(runs.clone()), sender).unwrap();
        let about = serde_json::Value::Null;
        let (id, mut folder) = runs.create(&RunConfig::new(1, Settings::lesson("mini"), about)).unwrap();
        let told = |checkpoint| loop {
            let Event::Runs(runs) = next(&events) else { panic!() };
            if runs.len() == 1 && runs[0].id == id.as_str() && runs[0].status.checkpoint == checkpoint {
                return;
            }
        };
        told(None);
        assert!(watch.models().lock().unwrap().is_empty());
        std::fs::create_dir(runs.get(id.as_str()).unwrap().model()).unwrap();
        folder.status(&Status { checkpoint: Some(5), ..Status::default() }).unwrap();
        told(Some(5));
        assert_eq!(watch.models().lock().unwrap()[0].run, id.as_str());
    }

    #[test]
    fn a_command_for_a_run_that_nobody_trains_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (sender, events) = unbounded();
        let watch = RunWatcher::start(RunList::new(Runs::of(dir.path())), sender).unwrap();
        watch.control("0001-mini".into(), Control::StopNow);
        let Event::Message(message) = next(&events) else { panic!() };
        assert!(message.text.contains("no such run"), "{}", message.text);
    }
}
