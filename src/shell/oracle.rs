//! The newest model of the project, asked while somebody types or tags. Loaded when it is first needed, replaced when a
//! newer run has one; loading and answering happen on threads of their own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use crossbeam_channel::Sender;

use super::{desk, watch::Newest};
use crate::{
    app::{
        Event,
        event::{Found, Guess, Level, Prediction},
    },
    inference::{self, Predictor, Reply, Request, Worker, predictor::Threads},
    spans::Document,
    text::{Grid, words},
};

/// The handle. Dropping it ends the thread that answers.
pub(super) struct Oracle {
    worker: Worker,
    shared: Arc<Mutex<Shared>>,
    events: Sender<Event>,
    newest: Newest,
    grid: Grid,
}

#[derive(Default)]
struct Shared {
    /// The run whose model is loaded or being loaded.
    run: Option<String>,
    /// Requests for suggestions so far; no number is used twice, so that a late answer finds its own document or none.
    asked: u64,
    /// The documents that suggestions were last asked for, by the number of their request.
    documents: HashMap<u64, String>,
    /// The sentence that the Explore screen waits for.
    waiting: Option<u64>,
}

/// Requests of the Explore screen have the screen's generation; those for suggestions count from here.
const SUGGESTIONS: u64 = 1 << 63;

impl Oracle {
    /// Starts the thread that answers.
    pub(super) fn start(newest: Newest, grid: Grid, events: Sender<Event>) -> std::io::Result<Self> {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let (inside, out) = (Arc::clone(&shared), events.clone());
        let worker = Worker::start(move |reply| {
            if let Some(event) = event(&inside, reply) {
                let _ = out.send(event);
            }
        })?;
        Ok(Self { worker, shared, events, newest, grid })
    }

    /// Asks what the model finds in a sentence; the latest request wins.
    pub(super) fn predict(&self, generation: u64, text: String) {
        lock(&self.shared).waiting = Some(generation);
        if !self.load() {
            let message = "there is no model yet: tag some documents, then press T to train".to_owned();
            let _ = self.events.send(Event::PredictionFailed { generation, message });
            return;
        }
        let words = words::split(&text, self.grid);
        self.worker.ask(Request { generation, text, words });
    }

    /// Asks for suggestions on these documents, the first ones first. Replaces an earlier request.
    pub(super) fn suggest<'a>(&self, documents: impl IntoIterator<Item = &'a Document>) {
        if !self.load() {
            return;
        }
        let mut shared = lock(&self.shared);
        shared.documents.clear();
        let mut requests = Vec::new();
        for document in documents {
            let generation = SUGGESTIONS + shared.asked;
            shared.asked += 1;
            shared.documents.insert(generation, document.id.clone());
            requests.push(Request { generation, text: document.text.clone(), words: document.words.clone() });
        }
        drop(shared);
        self.worker.queue(requests);
    }

    /// Sees to it that the newest run's model is loaded or on its way; false if no run has one.
    fn load(&self) -> bool {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((name, folder)) = newest else { return false };
        if lock(&self.shared).run.replace(name.clone()).is_some_and(|run| run == name) {
            return true;
        }
        let (events, shared, slot) = (self.events.clone(), Arc::clone(&self.shared), self.worker.await_model());
        let open = move || match Predictor::open(&folder.to_string_lossy(), "cpu", Threads::One) {
            Ok(model) => slot.put(&name, model),
            Err(error) => {
                let message = format!("the model of {name} cannot be used: {error}");
                let mut shared = lock(&shared);
                // It is tried again at the next question: the folder may have been mended.
                shared.run.take_if(|run| *run == name);
                if let Some(generation) = shared.waiting.take() {
                    let _ = events.send(Event::PredictionFailed { generation, message: message.clone() });
                }
                let _ = events.send(desk::message(Level::Warn, message));
            }
        };
        thread::Builder::new().name("load-model".into()).spawn(open).is_ok()
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer as the screens want it; `None` if nobody waits for it any more.
fn event(shared: &Mutex<Shared>, reply: Reply) -> Option<Event> {
    let (generation, model) = (reply.generation, reply.model);
    if generation >= SUGGESTIONS {
        let document = lock(shared).documents.remove(&generation)?;
        let found = found(&reply.outcome.ok()?.entities);
        return Some(Event::Suggestions { document, run: model, found });
    }
    lock(shared).waiting.take_if(|waiting| *waiting == generation);
    Some(match reply.outcome {
        Ok(said) => {
            let prediction = Prediction { model, found: found(&said.entities), words: guesses(said.words) };
            Event::Prediction { generation, prediction }
        }
        Err(message) => Event::PredictionFailed { generation, message },
    })
}

fn found(entities: &[inference::Entity]) -> Vec<Found> {
    entities
        .iter()
        .map(|entity| Found { range: entity.range, label: entity.label.clone(), score: entity.score })
        .collect()
}

fn guesses(words: Vec<inference::Guess>) -> Vec<Guess> {
    words.into_iter().map(|guess| Guess { range: guess.range, labels: guess.labels }).collect()
}
