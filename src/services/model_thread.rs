//! A thread that answers requests with the model of one run, and that loads the model when it is first needed.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{events::Events, message::message, run_list::Model, thread::Thread};
use crate::{
    app::{Event, event::Level},
    guard::{self, Panicked},
    inference::{self, Findings, Predictor, Purpose, Reply, Request, Worker},
    project::Runs,
    runs::live::Version,
    spans::{Document, Prediction},
    work::live::LiveModel,
};

/// Loads the model of a run.
#[derive(Clone)]
pub(super) struct Loader {
    /// Runs of the project, to find a model that is not listed.
    pub(super) runs: Runs,
    /// Device of the model.
    pub(super) device: String,
    /// Opens a model folder on a device.
    pub(super) open: fn(&Path, &str) -> Result<Predictor, String>,
    /// The version of the live model that suggests.
    pub(super) live: LiveModels,
}

/// The version of the live model that suggests, in memory.
pub(super) type LiveModels = Arc<Mutex<Option<Arc<LiveModel>>>>;

impl Loader {
    /// Loads the model of a run from `folder`, or from the folder of the run if the model is not listed.
    /// `None` for a version of the live model whose place a newer one has taken.
    fn load(&self, run: &str, folder: Option<PathBuf>) -> Result<Option<Predictor>, String> {
        if let Ok(version) = run.parse::<Version>() {
            return self.load_live(version);
        }
        let folder = folder.map_or_else(|| self.find(run), Ok)?;
        (self.open)(&folder, &self.device).map(Some)
    }

    fn load_live(&self, version: Version) -> Result<Option<Predictor>, String> {
        let live = lock(&self.live).clone().filter(|live| live.version == version);
        let Some(live) = live else { return Ok(None) };
        let opened = Predictor::of_for_screen(live.model.clone(), &self.device);
        opened.map(Some).map_err(|error| error.to_string())
    }

    fn find(&self, run: &str) -> Result<PathBuf, String> {
        match self.runs.get(run) {
            Ok(view) if view.has_model => Ok(view.model()),
            Ok(_) => Err("the run has no model".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A model: its run or version of the live model, and when it was written, because a live run may write several.
type Loaded = (String, Option<SystemTime>);

/// Handle of the thread. Dropping it ends the thread.
pub(super) struct ModelThread {
    worker: Worker,
    loader: Loader,
    shared: Arc<Mutex<Shared>>,
    events: Events,
}

#[derive(Default)]
struct Shared {
    /// Model that is loaded or being loaded.
    model: Option<Loaded>,
    /// Number of requests for suggestions so far. No number is used twice, so that a late reply is matched with its own
    /// document or dropped.
    requested: u64,
    /// Documents of the last request for suggestions, by the number of their request.
    suggested: HashMap<u64, String>,
    /// Documents of the last ranking, likewise.
    ranked: HashMap<u64, String>,
    /// Generations of the questions that are not answered yet, those that were replaced among them.
    explored: BTreeSet<u64>,
}

impl Shared {
    /// Returns a request for each document, and the documents by the number of their request.
    fn requests<'a>(
        &mut self,
        documents: impl IntoIterator<Item = &'a Document>,
    ) -> (HashMap<u64, String>, Vec<Request>) {
        let mut by_number = HashMap::new();
        let mut requests = Vec::new();
        for document in documents {
            let generation = SUGGESTIONS + self.requested;
            self.requested += 1;
            by_number.insert(generation, document.id.clone());
            let (text, words) = (document.text.to_string(), document.words.to_vec());
            requests.push(Request { generation, purpose: Purpose::Suggesting, text, words });
        }
        (by_number, requests)
    }
}

/// First number of a request for suggestions. Requests of the Explore screen have its generation, which is below.
const SUGGESTIONS: u64 = 1 << 63;

impl ModelThread {
    pub(super) fn start(loader: Loader, events: Events) -> std::io::Result<Self> {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let own = Arc::clone(&shared);
        let answers = events.clone();
        let worker = Worker::start(move |reply| {
            let generation = reply.generation;
            let event = guard::catch(|| answer(&own, reply)).unwrap_or_else(|panicked| {
                let message = panicked.to_string();
                (generation < SUGGESTIONS).then_some(Event::PredictionFailed { generation, message })
            });
            event.into_iter().for_each(|event| answers.send(event));
        })?;
        Ok(Self { worker, loader, shared, events })
    }

    /// Asks the model of a run for the prediction of a sentence; the answer goes to the Explore screen.
    pub(super) fn explore(&self, request: Request, run: String, model: Option<Model>) {
        self.use_model(run, model, Some(request.generation));
        self.worker.ask(request);
    }

    /// Whether it has loaded the model of this run, or none so far.
    pub(super) fn is_free_for(&self, run: &str) -> bool {
        lock(&self.shared).model.as_ref().is_none_or(|(loaded, _)| loaded == run)
    }

    /// Asks the model of a run for suggestions on documents, replacing an earlier request.
    pub(super) fn suggest<'a>(
        &self,
        documents: impl IntoIterator<Item = &'a Document>,
        run: String,
        model: Option<Model>,
    ) {
        self.use_model(run, model, None);
        let mut shared = lock(&self.shared);
        let (by_number, requests) = shared.requests(documents);
        shared.suggested = by_number;
        drop(shared);
        self.worker.queue(requests);
    }

    /// Asks the model of a run about documents when it has nothing else to do, replacing an earlier request.
    pub(super) fn rank<'a>(
        &self,
        documents: impl IntoIterator<Item = &'a Document>,
        run: String,
        model: Option<Model>,
    ) {
        self.use_model(run, model, None);
        let mut shared = lock(&self.shared);
        let (by_number, requests) = shared.requests(documents);
        shared.ranked = by_number;
        drop(shared);
        self.worker.later(requests);
    }

    /// Starts loading the model of a run, unless it is loaded or being loaded. `explored`: generation of the sentence
    /// that needs it.
    fn use_model(&self, run: String, model: Option<Model>, explored: Option<u64>) {
        let written = model.as_ref().and_then(|model| model.written);
        let version: Loaded = (run, written);
        let mut shared = lock(&self.shared);
        // Both under one lock: the failure of an earlier model is not the answer to this sentence.
        shared.explored.extend(explored);
        if shared.model.replace(version.clone()).is_some_and(|loaded| loaded == version) {
            return;
        }
        drop(shared);
        self.load(version, model.map(|model| model.folder));
    }

    fn load(&self, version: Loaded, folder: Option<PathBuf>) {
        let slot = self.worker.await_model();
        let loader = self.loader.clone();
        let failure = Failure { version, shared: Arc::clone(&self.shared), events: self.events.clone() };
        let not_started = failure.clone();
        let panicked = failure.clone();
        let load = move || {
            let run = &failure.version.0;
            // Caught here, so that the slot is filled or dropped after the report.
            let loaded = guard::catch(|| loader.load(run, folder));
            match loaded.unwrap_or_else(|panicked| Err(panicked.to_string())) {
                Ok(Some(model)) => slot.put(run, model),
                Ok(None) => failure.forget(),
                Err(error) => failure.report(&error),
            }
        };
        let started = Thread::start("load-model", load, move |cause: Panicked| panicked.report(&cause.to_string()));
        if let Err(error) = started {
            not_started.report(&format!("a thread cannot be started: {error}"));
        }
    }
}

/// Report of a model that cannot be loaded.
#[derive(Clone)]
struct Failure {
    version: Loaded,
    shared: Arc<Mutex<Shared>>,
    events: Events,
}

impl Failure {
    /// Lets the next request try again. The screen will ask the version that suggests now.
    fn forget(&self) {
        lock(&self.shared).model.take_if(|loaded| *loaded == self.version);
    }

    fn report(&self, error: &str) {
        let text = format!("the model of {} cannot be used: {error}", self.version.0);
        let mut shared = lock(&self.shared);
        // The next request tries again, since the folder may have been repaired. If another model was requested
        // meanwhile, that one answers the sentence.
        let is_current = shared.model.take_if(|loaded| *loaded == self.version).is_some();
        let explored = if is_current { std::mem::take(&mut shared.explored) } else { BTreeSet::new() };
        drop(shared);
        for generation in explored {
            self.events.send(Event::PredictionFailed { generation, message: text.clone() });
        }
        self.events.send(message(Level::Warn, text));
    }
}

pub(super) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Converts a reply into an event; `None` for a reply to a request that was replaced.
fn answer(shared: &Mutex<Shared>, reply: Reply) -> Option<Event> {
    let generation = reply.generation;
    if generation >= SUGGESTIONS {
        let mut shared = lock(shared);
        let document = shared.suggested.remove(&generation).or_else(|| shared.ranked.remove(&generation))?;
        drop(shared);
        let Ok(Findings { answer, labels, .. }) = reply.outcome else { return Some(Event::NotSuggested { document }) };
        let uncertainty = inference::uncertainty(&answer.words);
        return Some(Event::Suggestions { document, run: reply.model, found: answer.entities, uncertainty, labels });
    }
    // Earlier questions were answered or replaced.
    lock(shared).explored.retain(|explored| *explored > generation);
    Some(match reply.outcome {
        Ok(Findings { influences: Some(influences), .. }) => Event::Explained { generation, influences },
        Ok(Findings { answer, pipeline, .. }) => {
            Event::Prediction { generation, prediction: Prediction { model: reply.model, answer, pipeline } }
        }
        Err(message) => Event::PredictionFailed { generation, message },
    })
}
