//! Watching the runs of a project: one is followed point by point, all are listed when something about them changes.
//! Their files are read while they grow, whoever writes them: this process, another one, or nobody any more.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::desk;
use crate::{
    app::{
        Event,
        event::{Level, RunInfo},
    },
    project::{MetricsTail, Runs},
    runs::Status,
};

/// How often the files of a live run that is followed are looked at: as often as jobs may draw.
const LOOK: Duration = Duration::from_millis(250);
/// How often the list of runs is looked at.
const LIST: Duration = Duration::from_secs(1);

/// The newest model: the run's name and the model's folder.
pub(super) type Newest = Arc<Mutex<Option<(String, PathBuf)>>>;

/// What to follow.
struct Order {
    generation: u64,
    run: String,
}

/// The handle. Dropping it ends the thread.
pub(super) struct Watch {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
    newest: Newest,
}

impl Watch {
    /// Starts the thread for the project in `root`.
    pub(super) fn start(root: &Path, events: Sender<Event>) -> std::io::Result<Self> {
        let (sender, orders) = unbounded();
        let newest = Newest::default();
        let mut watcher = Watcher {
            runs: Runs::of(root),
            events,
            newest: Arc::clone(&newest),
            listed: Vec::new(),
            told: false,
            looked: None,
            followed: None,
        };
        // Known before anybody can ask a model.
        watcher.list();
        let thread = thread::Builder::new().name("watch".into()).spawn(move || watcher.run(&orders))?;
        Ok(Self { orders: Some(sender), thread: Some(thread), newest })
    }

    /// Follows this run instead of whatever was followed.
    pub(super) fn follow(&self, generation: u64, run: String) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(Order { generation, run });
        }
    }

    /// Where the newest model stands.
    pub(super) fn newest(&self) -> Newest {
        Arc::clone(&self.newest)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Watcher {
    runs: Runs,
    events: Sender<Event>,
    newest: Newest,
    listed: Vec<RunInfo>,
    /// The first list was told when the project was opened.
    told: bool,
    looked: Option<Instant>,
    followed: Option<Followed>,
}

/// A run that is followed.
struct Followed {
    order: Order,
    metrics: MetricsTail,
    last: Option<Status>,
}

impl Watcher {
    fn run(&mut self, orders: &Receiver<Order>) {
        loop {
            let wait = if self.followed.is_some() { LOOK } else { LIST };
            match orders.recv_timeout(wait) {
                Ok(order) => self.begin(order),
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

    fn begin(&mut self, order: Order) {
        match self.runs.get(&order.run).map(|run| run.metrics()) {
            Ok(metrics) => self.followed = Some(Followed { order, metrics, last: None }),
            Err(error) => self.tell(desk::message(Level::Warn, error.to_string())),
        }
    }

    /// Tells what is new about a run; whether more may come.
    fn look(&mut self, run: &mut Followed) -> bool {
        // The status first: what was written before the run ended is then read below.
        let Ok(view) = self.runs.get(&run.order.run) else { return false };
        let (live, status) = (view.is_live(), view.shown_status());
        let points = run.metrics.poll().unwrap_or_default();
        if !points.is_empty() || run.last.is_none() {
            self.tell(Event::Points { generation: run.order.generation, points });
        }
        if run.last.as_ref() != Some(&status) {
            run.last = Some(status.clone());
            if status.phase.is_over() {
                // The screens ask the new model as soon as they hear of the end.
                self.find_newest();
            }
            self.tell(Event::RunStatus { run: run.order.run.clone(), status });
        }
        live
    }

    /// Tells all runs if something about them has changed.
    fn list(&mut self) {
        self.looked = Some(Instant::now());
        self.find_newest();
        let runs = desk::runs(&self.runs);
        let same =
            |a: &RunInfo, b: &RunInfo| a.id == b.id && a.status.phase == b.status.phase && a.word_f1 == b.word_f1;
        if runs.len() == self.listed.len() && runs.iter().zip(&self.listed).all(|(a, b)| same(a, b)) {
            return;
        }
        self.listed.clone_from(&runs);
        if std::mem::replace(&mut self.told, true) {
            self.tell(Event::Runs(runs));
        }
    }

    fn find_newest(&self) {
        let newest = self.runs.list().into_iter().rev().find(|run| run.has_model);
        let newest = newest.map(|run| (run.id.to_string(), run.model()));
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = newest;
    }

    fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }
}
