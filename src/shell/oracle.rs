//! The newest model of the project, asked while somebody types or tags. Loaded when it is first needed, replaced when a
//! newer run has one; loading and answering happen on threads of their own.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crossbeam_channel::Sender;

use crate::{
    app::{
        Event,
        event::{Found, Guess, Prediction},
    },
    inference::{self, Predictor, Reply, Request, Worker, predictor::Threads},
    project::Runs,
    spans::Document,
    text::{Grid, words},
};

/// The handle. Dropping it ends the thread that answers.
pub(super) struct Oracle {
    worker: Worker,
    shared: Arc<Mutex<Shared>>,
    events: Sender<Event>,
    root: PathBuf,
    grid: Grid,
}

#[derive(Default)]
struct Shared {
    /// The run whose model is loaded or being loaded.
    run: Option<String>,
    /// The documents that suggestions were asked for, by the generation of their request.
    documents: Vec<Document>,
}

/// Requests of the Explore screen have the screen's generation; those for suggestions count from here.
const SUGGESTIONS: u64 = 1 << 63;

impl Oracle {
    /// Starts the thread for the project in `root`.
    pub(super) fn start(root: &Path, grid: Grid, events: Sender<Event>) -> std::io::Result<Self> {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let (inside, out) = (Arc::clone(&shared), events.clone());
        let worker = Worker::start(move |reply| {
            if let Some(event) = event(&inside, reply) {
                let _ = out.send(event);
            }
        })?;
        Ok(Self { worker, shared, events, root: root.to_owned(), grid })
    }

    /// Asks what the model finds in a sentence; the latest request wins.
    pub(super) fn predict(&self, generation: u64, text: String) {
        if !self.load() {
            let message = "there is no model yet: tag some documents, then press T to train".to_owned();
            let _ = self.events.send(Event::PredictionFailed { generation, message });
            return;
        }
        let words = words::split(&text, self.grid);
        self.worker.ask(Request { generation, text, words });
    }

    /// Asks for suggestions on these documents, the first ones first. Replaces an earlier request.
    pub(super) fn suggest(&self, documents: Vec<Document>) {
        if documents.is_empty() || !self.load() {
            return;
        }
        let requests = documents.iter().zip(SUGGESTIONS..).map(|(document, generation)| Request {
            generation,
            text: document.text.clone(),
            words: document.words.clone(),
        });
        let requests = requests.collect();
        lock(&self.shared).documents = documents;
        self.worker.queue(requests);
    }

    /// Sees to it that the newest run's model is loaded or on its way; false if no run has one.
    fn load(&self) -> bool {
        let newest = Runs::of(&self.root).list().into_iter().rev().find(|run| run.has_model);
        let Some(newest) = newest else { return false };
        let name = newest.id.to_string();
        if lock(&self.shared).run.replace(name.clone()).is_some_and(|run| run == name) {
            return true;
        }
        let (folder, events, slot) = (newest.model(), self.events.clone(), self.worker.await_model());
        let open = move || match Predictor::open(&folder.to_string_lossy(), "cpu", Threads::One) {
            Ok(model) => slot.put(model),
            Err(error) => {
                let _ = events.send(super::desk::message(crate::app::event::Level::Warn, format!("{name}: {error}")));
            }
        };
        thread::Builder::new().name("load-model".into()).spawn(open).is_ok()
    }
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer as the screens want it.
fn event(shared: &Mutex<Shared>, reply: Reply) -> Option<Event> {
    let shared = lock(shared);
    let model = shared.run.clone().unwrap_or_default();
    let generation = reply.generation;
    let Some(at) = generation.checked_sub(SUGGESTIONS) else {
        return Some(match reply.outcome {
            Ok(answer) => Event::Prediction {
                generation,
                prediction: Prediction { model, found: found(&answer.entities), words: guesses(answer.words) },
            },
            Err(message) => Event::PredictionFailed { generation, message },
        });
    };
    let document = shared.documents.get(usize::try_from(at).ok()?)?.id.clone();
    let found = found(&reply.outcome.ok()?.entities);
    Some(Event::Suggestions { document, run: model, found })
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
