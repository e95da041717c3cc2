//! Following a run: its files are read while they grow, whoever writes them. A run that is over is read once.

use std::{
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::desk;
use crate::{
    app::{Event, event::Level},
    project::{MetricsTail, Runs},
    runs::{Phase, Status},
};

/// How often the files of a live run are looked at: as often as jobs may draw.
const LOOK: Duration = Duration::from_millis(250);

/// What to follow.
struct Order {
    generation: u64,
    root: PathBuf,
    run: String,
}

/// The handle. Dropping it ends the thread.
pub(super) struct Watch {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts the thread; it sleeps until there is something to follow.
    pub(super) fn start(events: Sender<Event>) -> std::io::Result<Self> {
        let (sender, orders) = unbounded();
        let thread = thread::Builder::new().name("watch".into()).spawn(move || run(&orders, &events))?;
        Ok(Self { orders: Some(sender), thread: Some(thread) })
    }

    /// Follows a run of the project in `root` instead of whatever was followed.
    pub(super) fn follow(&self, generation: u64, root: &Path, run: String) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(Order { generation, root: root.to_owned(), run });
        }
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

/// A run that is being followed.
struct Followed {
    order: Order,
    runs: Runs,
    metrics: MetricsTail,
    last: Option<Status>,
    was_live: bool,
}

fn run(orders: &Receiver<Order>, events: &Sender<Event>) {
    let mut followed: Option<Followed> = None;
    loop {
        let order = match &followed {
            Some(_) => orders.recv_timeout(LOOK),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match order {
            Ok(order) => followed = begin(order, events),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if followed.as_mut().is_some_and(|run| !run.look(events)) {
            followed = None;
        }
    }
}

fn begin(order: Order, events: &Sender<Event>) -> Option<Followed> {
    let runs = Runs::of(&order.root);
    match runs.get(&order.run).map(|run| run.metrics()) {
        Ok(metrics) => Some(Followed { order, runs, metrics, last: None, was_live: false }),
        Err(error) => {
            let _ = events.send(desk::message(Level::Warn, error.to_string()));
            None
        }
    }
}

impl Followed {
    /// Tells what is new; whether more may come.
    fn look(&mut self, events: &Sender<Event>) -> bool {
        // The status first: what was written before the run ended is then read below.
        let Ok(view) = self.runs.get(&self.order.run) else { return false };
        let live = view.is_live();
        let points = self.metrics.poll().unwrap_or_default();
        if !points.is_empty() || self.last.is_none() {
            let _ = events.send(Event::Points { generation: self.order.generation, points });
        }
        let mut status = view.status.clone().unwrap_or_default();
        if view.is_interrupted() && view.status.is_some() {
            status.phase = Phase::Failed;
            status.message = "interrupted: the process that trained is gone".into();
        }
        if self.last.as_ref() != Some(&status) {
            self.last = Some(status.clone());
            let _ = events.send(Event::RunStatus { run: self.order.run.clone(), status });
        }
        if self.was_live && !live {
            let _ = events.send(Event::Runs(desk::runs(&self.runs)));
        }
        self.was_live |= live;
        live
    }
}
