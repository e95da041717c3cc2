//! The thread of the live model. It learns the documents that the user finishes.
//!
//! It has the lowest priority, holds no work of the user, and is given up between two steps when the program ends, when a
//! training is started on purpose, and when learning is switched off. At most one round runs; documents that are finished
//! meanwhile wait for the next one.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::{
    clock::now,
    events::Events,
    journal_writer::Flusher,
    machine_load::{LOOK_AGAIN, Machine, cores},
    message::message,
    model_thread::{LiveModels, lock},
    thread::Thread,
};
use crate::{
    app::{Event, event::Level},
    config::LiveSettings,
    guard,
    project::{AnnotatorName, LiveFolder, Project, Runs, training_data},
    runs::live::{self, Exposure, ExposureLine, FinishedDocument, LiveReport, LiveState},
    spans::{HalfWords, Split},
    training,
    work::live::{
        Learner, LiveError, Round, RoundInput, Tuning,
        kept::{self, RunCounts},
    },
};

/// Time between two versions that are kept. A version takes some ten megabytes.
const KEEP_EVERY: Duration = Duration::from_secs(180);
/// Time for which a training that was asked for may take to begin.
const MAKE_WAY: Duration = Duration::from_secs(10);
/// Time between two looks at the machine and for trainings of other processes, while a round runs.
const LOOK: Duration = Duration::from_secs(2);
/// Time between two looks whether the project is closed, while the thread that learned before is waited for.
const POLL: Duration = Duration::from_millis(50);
/// Wait if nothing is to be done.
const IDLE: Duration = Duration::from_secs(60);

/// Order to the thread.
enum Order {
    /// The project is on the screen: reports are read from now on.
    Begin,
    /// A document was finished.
    Finished(Box<FinishedDocument>),
    /// The document with this id is no longer done.
    Reopened(String),
    /// The user has seen suggestions for these documents.
    Shown(Vec<String>),
    /// Learning is switched on or off.
    Learn(bool),
}

/// Handle of the thread.
pub(super) struct LiveLearner {
    /// The only reference, so that the thread ends when the handle is closed.
    orders: Option<Sender<Order>>,
    signals: Arc<Signals>,
    thread: Thread,
}

/// What ends a round.
struct Signals {
    /// The project is closed.
    closed: AtomicBool,
    /// Learning is switched on.
    learns: AtomicBool,
    /// Time when a training was asked for.
    made_way: Mutex<Option<Instant>>,
}

impl Signals {
    fn new(learns: bool) -> Self {
        Self { closed: AtomicBool::new(false), learns: AtomicBool::new(learns), made_way: Mutex::default() }
    }

    /// Whether a training was asked for a short while ago.
    fn makes_way(&self) -> bool {
        let asked = *self.made_way.lock().unwrap_or_else(PoisonError::into_inner);
        asked.is_some_and(|asked| asked.elapsed() < MAKE_WAY)
    }

    fn goes_on(&self) -> bool {
        !self.closed.load(Ordering::Relaxed) && self.learns.load(Ordering::Relaxed) && !self.makes_way()
    }
}

/// What the thread works with.
pub(super) struct LearnerParts {
    pub(super) project: Project,
    pub(super) annotator: AnnotatorName,
    pub(super) journal: Flusher,
    pub(super) models: LiveModels,
    pub(super) settings: LiveSettings,
    pub(super) tuning: Tuning,
    pub(super) events: Events,
    /// Threads of projects that are being closed. One of them may be about to keep what this one goes on from.
    pub(super) earlier: Vec<Thread>,
}

impl LiveLearner {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system cannot start a thread.
    pub(super) fn start(parts: LearnerParts) -> io::Result<Self> {
        let events = parts.events.clone();
        let learns = parts.settings.learns;
        Self::with(learns, events, move |orders, signals| Learning::new(parts, signals).run(orders))
    }

    fn with(
        learns: bool,
        events: Events,
        work: impl FnOnce(&Receiver<Order>, Arc<Signals>) + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, orders) = unbounded();
        let signals = Arc::new(Signals::new(learns));
        let own = Arc::clone(&signals);
        let thread = Thread::start(
            "learn",
            move || work(&orders, own),
            move |panicked| {
                let report = LiveReport { state: LiveState::Failed(panicked.to_string()), ..LiveReport::default() };
                events.send(Event::Live(Box::new(report)));
            },
        )?;
        Ok(Self { orders: Some(sender), signals, thread })
    }

    /// A thread that does nothing until the channel is closed.
    #[cfg(test)]
    pub(super) fn hanging(until: Receiver<()>) -> Self {
        let events = Events::new(unbounded().0);
        Self::with(true, events, move |_, _| _ = until.recv()).unwrap()
    }

    /// Goes on from the version that was kept. Called when the project is on the screen.
    pub(super) fn begin(&self) {
        self.order(Order::Begin);
    }

    /// Takes a document that was finished.
    pub(super) fn finished(&self, document: Box<FinishedDocument>) {
        self.order(Order::Finished(document));
    }

    /// Takes the id of a document that is no longer done.
    pub(super) fn reopened(&self, document: String) {
        self.order(Order::Reopened(document));
    }

    /// Takes the ids of documents for which the user has seen suggestions.
    pub(super) fn note_shown(&self, documents: Vec<String>) {
        self.order(Order::Shown(documents));
    }

    /// Switches learning on or off.
    pub(super) fn set_learning(&self, learns: bool) {
        self.signals.learns.store(learns, Ordering::Relaxed);
        self.order(Order::Learn(learns));
    }

    /// Ends a round between two steps, because a training is started on purpose. It is done later.
    pub(super) fn make_way(&self) {
        *self.signals.made_way.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn order(&self, order: Order) {
        // After a panic, which was reported, nobody receives it.
        let _ = self.orders.as_ref().map(|orders| orders.send(order));
    }

    /// Lets the thread end after its step. Does not wait.
    pub(super) fn close(&mut self) {
        self.signals.closed.store(true, Ordering::Relaxed);
        self.orders = None;
    }

    /// The thread.
    pub(super) fn thread(&self) -> Thread {
        self.thread.clone()
    }

    /// Waits for the end of the thread for at most this long; whether it has ended.
    pub(super) fn ends_within(&self, limit: Duration) -> bool {
        self.thread.ends_within(limit)
    }
}

/// The work of the thread.
struct Learning {
    parts: LearnerParts,
    signals: Arc<Signals>,
    folder: LiveFolder,
    runs: Runs,
    learner: Option<Learner>,
    /// Documents that wait for the next round.
    finished: Vec<FinishedDocument>,
    /// Done training documents that were not learned when the project was opened. They count once another one is finished.
    backlog: usize,
    run_counts: RunCounts,
    /// What was noted about documents that were shown with suggestions.
    exposure: Exposure,
    machine: Machine,
    /// Report that was sent last.
    reported: LiveReport,
    /// Whether something was learned that is not kept yet.
    is_unsaved: bool,
    saved: Option<Instant>,
    /// Why the last version could not be kept.
    unkept: Option<String>,
    /// Why the last round failed, until one succeeds.
    failure: Option<String>,
}

impl Learning {
    fn new(parts: LearnerParts, signals: Arc<Signals>) -> Self {
        let folder = parts.project.live_folder(&parts.annotator);
        let runs = parts.project.runs();
        Self {
            parts,
            signals,
            folder,
            runs,
            learner: None,
            finished: Vec::new(),
            backlog: 0,
            run_counts: RunCounts::default(),
            exposure: Exposure::default(),
            machine: Machine::new(cores()),
            reported: LiveReport::default(),
            is_unsaved: false,
            saved: None,
            unkept: None,
            failure: None,
        }
    }

    fn run(&mut self, orders: &Receiver<Order>) {
        // Tests have their processors to share with others, which never rest.
        if !cfg!(test) {
            training::lowest_priority();
        }
        loop {
            match orders.recv_timeout(self.wait()) {
                Ok(order) => self.take(order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            orders.try_iter().for_each(|order| self.take(order));
            self.guarded(Self::look);
        }
        self.guarded(|learning| {
            learning.keep();
            Ok(())
        });
    }

    /// Does some work; an error or a panic is the state from then on.
    fn guarded(&mut self, work: fn(&mut Self) -> Result<(), String>) {
        let outcome = guard::catch(|| match self.learner().map(|learner| learner.trainings()) {
            // Everything is done on the threads of the lowest priority.
            Ok(threads) => threads.run(|| work(self)),
            Err(error) => Err(error.to_string()),
        });
        let outcome = outcome.unwrap_or_else(|panicked| Err(panicked.to_string()));
        if let Err(error) = outcome {
            tracing::warn!("the live model: {error}");
            // They are learned with the next ones.
            self.finished.clear();
            self.failure = Some(error.clone());
            self.report(LiveState::Failed(error));
        }
    }

    fn take(&mut self, order: Order) {
        match &order {
            Order::Finished(_) => self.note_shown(&[]),
            Order::Shown(documents) => self.note_shown(documents),
            Order::Begin | Order::Reopened(_) | Order::Learn(_) => {}
        }
        match order {
            Order::Begin => self.guarded(Self::go_on),
            Order::Finished(document) if self.parts.settings.learns => self.finished.push(*document),
            Order::Finished(_) | Order::Shown(_) => {}
            Order::Reopened(document) => self.reopen(&document),
            Order::Learn(learns) => self.parts.settings.learns = learns,
        }
    }

    /// Notes for later sessions which documents were shown with suggestions, and first what this session would not note.
    fn note_shown(&mut self, documents: &[String]) {
        let every = Some(self.parts.settings.held_back).filter(|every| *every > 0).map(ExposureLine::Every);
        let lines = every.into_iter().chain(documents.iter().map(|id| ExposureLine::shown(id)));
        let new: Vec<ExposureLine> = lines.filter(|line| self.exposure.add(line)).collect();
        if !new.is_empty()
            && let Err(error) = self.folder.add_exposure(&new)
        {
            tracing::warn!("what was shown with suggestions is not noted: {error}");
        }
    }

    /// Waits no longer for a document that is not done any more.
    fn reopen(&mut self, document: &str) {
        let before = self.finished.len();
        self.finished.retain(|finished| finished.id != document);
        // One that was done before may be among those that were counted when the project was opened.
        if self.finished.len() == before && self.backlog > 0 {
            self.guarded(Self::count_backlog);
        }
    }

    /// Time until the next look at what can be done.
    fn wait(&self) -> Duration {
        let is_paused = matches!(self.reported.state, LiveState::Paused(_));
        if self.is_due() && self.parts.settings.learns && !is_paused {
            // Documents that were finished during a round.
            return Duration::ZERO;
        }
        if is_paused || self.is_unsaved { LOOK_AGAIN } else { IDLE }
    }

    /// Number of training documents that wait to be learned. Documents of other splits only judge what was learned.
    fn waiting(&self) -> usize {
        let split_of = |id: &str| self.parts.project.documents.get(id).and_then(|document| document.split);
        let finished =
            self.finished.iter().filter(|document| matches!(split_of(&document.id), None | Some(Split::Train)));
        self.backlog + finished.count()
    }

    /// Whether enough documents wait for a round. None is begun before the user has finished one.
    fn is_due(&self) -> bool {
        !self.finished.is_empty() && self.waiting() >= self.parts.settings.every
    }

    /// The state while documents are awaited.
    fn awaiting(&self) -> LiveState {
        LiveState::Waiting(self.parts.settings.every.saturating_sub(self.waiting()).max(1))
    }

    /// Counts the done training documents that were not learned, apart from those that were finished since the last round.
    fn count_backlog(&mut self) -> Result<(), String> {
        self.parts.journal.flush()?;
        let Self { parts: LearnerParts { project, annotator, .. }, finished, learner, .. } = self;
        let journal = project.read_annotator(annotator).map_err(|error| error.to_string())?.journal;
        let (mut data, _) = training_data(project, &journal, HalfWords::Snap);
        data.train.retain(|sentence| finished.iter().all(|finished| finished.id != sentence.id));
        let learner = learner.as_ref();
        self.backlog = learner.map_or(0, |learner| learner.unlearned(&data.train, &project.manifest.labels));
        Ok(())
    }

    /// Waits until the threads of before have kept what they learned, unless the project is closed.
    fn wait_for_earlier(&mut self) {
        for thread in std::mem::take(&mut self.parts.earlier) {
            loop {
                if self.signals.closed.load(Ordering::Relaxed) || thread.ends_within(POLL) {
                    break;
                }
            }
        }
    }

    /// Goes on from the version that was kept, if there is one that can be used.
    fn go_on(&mut self) -> Result<(), String> {
        self.wait_for_earlier();
        if self.signals.closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        // Without it lines would be written twice, which changes nothing.
        self.exposure = self.folder.exposure().unwrap_or_default();
        for what in self.folder.settle().map_err(|error| error.to_string())? {
            self.parts.events.send(message(Level::Warn, what));
        }
        match kept::read(&self.folder, self.parts.tuning.base) {
            Ok(Some((record, model))) => {
                self.learner().map_err(|error| error.to_string())?.go_on_from(record, model);
                self.forget_removed();
                self.publish();
            }
            Ok(None) => {}
            Err(why) => {
                let text = format!("the live model begins again, because the one that was kept cannot be used: {why}");
                self.parts.events.send(message(Level::Info, text));
            }
        }
        self.count_backlog()
    }

    fn learner(&mut self) -> Result<&mut Learner, LiveError> {
        let learner = match self.learner.take() {
            Some(learner) => learner,
            None => Learner::new(self.parts.tuning)?,
        };
        Ok(self.learner.insert(learner))
    }

    /// Leaves weights that have learned a document which is not in the project; whether there were such weights.
    fn forget_removed(&mut self) -> bool {
        let present = self.parts.project.documents.iter().map(|document| &*document.id);
        self.learner.as_mut().is_some_and(|learner| learner.forget_removed(present))
    }

    /// Hands the version that suggests to the service that asks models.
    fn publish(&self) {
        let suggester = self.learner.as_ref().and_then(Learner::suggester).cloned();
        *lock(&self.parts.models) = suggester;
    }

    /// Learns, or says why not; keeps what was learned from time to time.
    fn look(&mut self) -> Result<(), String> {
        if !self.parts.settings.learns {
            self.report(LiveState::Off);
        } else if !self.is_due() {
            self.report(self.awaiting());
        } else if let Some(reason) = self.hindrance() {
            self.report(LiveState::Paused(reason));
        } else {
            self.report(LiveState::Learning);
            self.learn()?;
        }
        if self.is_unsaved && self.saved.is_none_or(|saved| saved.elapsed() >= KEEP_EVERY) {
            self.keep();
        }
        Ok(())
    }

    /// Reason why it does not learn now.
    fn hindrance(&mut self) -> Option<String> {
        if self.signals.makes_way() {
            return Some("a training begins".to_owned());
        }
        if let Some(run) = self.runs.list().into_iter().find(|run| run.is_live()) {
            return Some(format!("{} is training", run.id));
        }
        self.machine.reason_to_wait(&self.parts.settings, false)
    }

    fn learn(&mut self) -> Result<(), String> {
        let begun = self.finished.len();
        let outcome = self.round()?;
        self.machine.passed(true);
        let Some(round) = outcome else {
            // A training or the end of the program is the reason; the documents stay.
            if let Some(reason) = self.hindrance() {
                self.report(LiveState::Paused(reason));
            }
            return Ok(());
        };
        self.finished.drain(..begun);
        self.backlog = 0;
        self.failure = None;
        self.is_unsaved |= round.trained;
        if round.took_over {
            self.publish();
        }
        self.report(if self.is_due() { LiveState::Learning } else { self.awaiting() });
        Ok(())
    }

    /// One round on what is on disk; `None` if it was given up.
    fn round(&mut self) -> Result<Option<Round>, String> {
        self.parts.journal.flush()?;
        self.parts.project.reload().map_err(|error| error.to_string())?;
        self.learner().map_err(|error| error.to_string())?;
        if self.forget_removed() {
            self.publish();
        }
        let Self { parts, learner: Some(learner), run_counts, finished, signals, runs, machine, .. } = self else {
            return Ok(None);
        };
        let LearnerParts { project, annotator, settings, .. } = parts;
        let journal = project.read_annotator(annotator).map_err(|error| error.to_string())?.journal;
        if let Some(highest) = kept::highest_version(project, &journal) {
            learner.skip_versions(highest);
        }
        let (data, _) = training_data(project, &journal, HalfWords::Snap);
        drop(journal);
        let [newest_run, run] = kept::rival_runs(project);
        let known = learner.report(LiveState::Learning);
        let run = run.filter(|run| !live::suggests(&known, Some((&run.id, run.started))));
        let rival_started = run.as_ref().map_or(0, |run| run.started);
        let suggester = known.suggester.map(|version| version.to_string());
        let rival = run.map(|run| run.id).or(suggester);
        let labels = &project.manifest.labels;
        let run_counts = Mutex::new(run_counts);
        let lookout = Mutex::new(Lookout { runs, settings, machine, looked: Instant::now() });
        let input = RoundInput {
            data: &data,
            labels,
            finished,
            rival,
            rival_started,
            run_counts: &|run, sentences| lock(&run_counts).of(project, run, labels, sentences),
            newest_run,
            every: settings.every,
            now: &now,
            goes_on: &|| signals.goes_on() && !lock(&lookout).is_hindered(),
        };
        learner.round(&input).map_err(|error| error.to_string())
    }

    /// Keeps what was learned, if it is not. What fails is tried again later, and told once.
    fn keep(&mut self) {
        let Some((record, version)) = self.learner.as_ref().filter(|_| self.is_unsaved).and_then(Learner::kept) else {
            return;
        };
        self.saved = Some(Instant::now());
        let unkept = kept::save(&self.folder, &record, &version).err().map(|error| error.to_string());
        self.is_unsaved = unkept.is_some();
        if let Some(error) = unkept.as_ref().filter(|_| unkept != self.unkept) {
            self.parts.events.send(message(Level::Warn, format!("the live model is not kept on disk: {error}")));
        }
        self.unkept = unkept;
    }

    /// Sends what is known, if that has changed.
    fn report(&mut self, state: LiveState) {
        let state = match (&state, &self.failure) {
            (LiveState::Waiting(_), Some(why)) => LiveState::Failed(why.clone()),
            _ => state,
        };
        let report = match &self.learner {
            Some(learner) => learner.report(state),
            None => LiveReport { state, ..LiveReport::default() },
        };
        if report != self.reported {
            self.reported = report.clone();
            self.parts.events.send(Event::Live(Box::new(report)));
        }
    }
}

/// What may end a round from outside, looked at from time to time.
struct Lookout<'a> {
    runs: &'a Runs,
    settings: &'a LiveSettings,
    machine: &'a mut Machine,
    looked: Instant,
}

impl Lookout<'_> {
    /// Whether a training of any process is live, or the machine has no time for the round.
    fn is_hindered(&mut self) -> bool {
        if self.looked.elapsed() < LOOK {
            return false;
        }
        self.looked = Instant::now();
        self.runs.list().iter().any(|run| run.is_live()) || self.machine.reason_to_wait(self.settings, true).is_some()
    }
}

#[cfg(test)]
mod tests;
