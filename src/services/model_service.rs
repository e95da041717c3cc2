//! The models of the project, asked while somebody types or tags: one for suggestions, and for Explore the same or
//! another that was chosen there. A model is loaded when it is first needed and shared where both want the same; loading
//! and answering happen on threads of their own.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::SystemTime,
};

use crossbeam_channel::Sender;

use super::{message::message, run_list::Model, run_watcher::Models};
use crate::{
    app::{Event, event::Level},
    inference::{self, Predictor, Reply, Request, Worker, predictor::Threads},
    project::Runs,
    spans::{Document, Prediction},
    text::{Grid, words},
};

/// How a model is loaded from its folder; why it cannot be.
type Load = fn(&Path) -> Result<Predictor, String>;
/// A run, and when its model was written: one that goes on may write several.
type Version = (String, Option<SystemTime>);

/// The handle. Dropping it ends the threads that answer.
pub(super) struct ModelService {
    models: Models,
    runs: Runs,
    grid: Grid,
    events: Sender<Event>,
    load: Load,
    /// Speaks with the model that suggests.
    first: ModelThread,
    /// Speaks with another model that was chosen on the Explore screen; there only while it is needed.
    second: Mutex<Option<ModelThread>>,
}

/// A thread that answers, and the model that it speaks with.
struct ModelThread {
    worker: Worker,
    runs: Runs,
    shared: Arc<Mutex<Shared>>,
    events: Sender<Event>,
    load: Load,
}

#[derive(Default)]
struct Shared {
    /// The model that is loaded or being loaded.
    run: Option<Version>,
    /// Requests for suggestions so far; no number is used twice, so that a late answer finds its own document or none.
    asked: u64,
    /// The documents that suggestions were last asked for, by the number of their request.
    documents: HashMap<u64, String>,
    /// The same for documents that are ranked.
    ranked: HashMap<u64, String>,
    /// The sentence that the Explore screen waits for.
    waiting: Option<u64>,
}

impl Shared {
    /// A request for each document, and which document each is about.
    fn requests<'a>(
        &mut self,
        documents: impl IntoIterator<Item = &'a Document>,
    ) -> (HashMap<u64, String>, Vec<Request>) {
        let (mut asked, mut requests) = (HashMap::new(), Vec::new());
        for document in documents {
            let generation = SUGGESTIONS + self.asked;
            self.asked += 1;
            asked.insert(generation, document.id.clone());
            requests.push(Request { generation, text: document.text.clone(), words: document.words.clone() });
        }
        (asked, requests)
    }
}

/// Requests of the Explore screen have the screen's generation; those for suggestions count from here.
const SUGGESTIONS: u64 = 1 << 63;

impl ModelService {
    /// Starts the thread that answers for the project in `root`.
    pub(super) fn start(models: Models, root: &Path, grid: Grid, events: Sender<Event>) -> std::io::Result<Self> {
        let load: Load =
            |folder| Predictor::open(&folder.to_string_lossy(), "cpu", Threads::One).map_err(|error| error.to_string());
        Self::with(models, Runs::of(root), grid, events, load)
    }

    fn with(models: Models, runs: Runs, grid: Grid, events: Sender<Event>, load: Load) -> std::io::Result<Self> {
        let first = ModelThread::start(runs.clone(), events.clone(), load)?;
        Ok(Self { models, runs, grid, events, load, first, second: Mutex::new(None) })
    }

    /// Asks the model of this run what it finds in a sentence; the latest request wins.
    pub(super) fn predict(&self, generation: u64, run: Option<&str>, text: String) {
        let words = words::split(&text, self.grid);
        let request = Request { generation, text, words };
        let asked = match run {
            None => Err("there is no model yet: tag some documents, then press T to train".to_owned()),
            Some(run) if self.first.may_speak_with(run) => {
                self.let_go();
                self.first.ask(request, run.to_owned(), self.model(run));
                Ok(())
            }
            Some(run) => self.ask_second(request, run),
        };
        if let Err(message) = asked {
            let _ = self.events.send(Event::PredictionFailed { generation, message });
        }
    }

    /// Asks the model of this run for suggestions on these documents, the first ones first. Replaces an earlier request.
    pub(super) fn suggest<'a>(&self, run: &str, documents: impl IntoIterator<Item = &'a Document>) {
        // Who tags is not exploring: the chosen model is loaded again if it is wanted again.
        self.let_go();
        self.first.suggest(documents, run.to_owned(), self.model(run));
    }

    /// Asks the model of this run about all these documents, whenever nothing else is asked. Replaces an earlier request.
    pub(super) fn rank<'a>(&self, run: &str, documents: impl IntoIterator<Item = &'a Document>) {
        self.first.rank(documents, run.to_owned(), self.model(run));
    }

    /// A model that is listed. One that is not is looked for where it is loaded, which says why there is none.
    fn model(&self, run: &str) -> Option<Model> {
        lock(&self.models).iter().find(|model| model.run == run).cloned()
    }

    fn ask_second(&self, request: Request, run: &str) -> Result<(), String> {
        let mut second = lock(&self.second);
        if second.is_none() {
            let speaker = ModelThread::start(self.runs.clone(), self.events.clone(), self.load);
            *second = Some(speaker.map_err(|error| format!("a thread cannot be started: {error}"))?);
        }
        if let Some(speaker) = second.as_ref() {
            speaker.ask(request, run.to_owned(), self.model(run));
        }
        Ok(())
    }

    /// Lets go of the chosen model. It may be answering still, which nobody waits for.
    fn let_go(&self) {
        if let Some(speaker) = lock(&self.second).take() {
            let _ = thread::Builder::new().name("let-go".into()).spawn(move || drop(speaker));
        }
    }
}

impl ModelThread {
    fn start(runs: Runs, events: Sender<Event>, load: Load) -> std::io::Result<Self> {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let (inside, out) = (Arc::clone(&shared), events.clone());
        let worker = Worker::start(move |reply| {
            if let Some(event) = event(&inside, reply) {
                let _ = out.send(event);
            }
        })?;
        Ok(Self { worker, runs, shared, events, load })
    }

    /// Answers for the Explore screen, with the model of this run.
    fn ask(&self, request: Request, run: String, model: Option<Model>) {
        self.speak_with(run, model, Some(request.generation));
        self.worker.ask(request);
    }

    /// Whether it speaks with the model of this run, or with none so far.
    fn may_speak_with(&self, run: &str) -> bool {
        lock(&self.shared).run.as_ref().is_none_or(|(loaded, _)| loaded == run)
    }

    fn suggest<'a>(&self, documents: impl IntoIterator<Item = &'a Document>, run: String, model: Option<Model>) {
        self.speak_with(run, model, None);
        let mut shared = lock(&self.shared);
        let (asked, requests) = shared.requests(documents);
        shared.documents = asked;
        drop(shared);
        self.worker.queue(requests);
    }

    fn rank<'a>(&self, documents: impl IntoIterator<Item = &'a Document>, run: String, model: Option<Model>) {
        self.speak_with(run, model, None);
        let mut shared = lock(&self.shared);
        let (asked, requests) = shared.requests(documents);
        shared.ranked = asked;
        drop(shared);
        self.worker.later(requests);
    }

    /// Sees to it that the model of this run is loaded or on its way; `waiting` is the question that it is for.
    fn speak_with(&self, name: String, model: Option<Model>, waiting: Option<u64>) {
        let (folder, written) = model.map_or((None, None), |model| (Some(model.folder), model.written));
        let version: Version = (name, written);
        let mut shared = lock(&self.shared);
        // With the model under one lock: what goes wrong with an older one is no answer to this question.
        shared.waiting = waiting.or(shared.waiting);
        if shared.run.replace(version.clone()).is_some_and(|loaded| loaded == version) {
            return;
        }
        drop(shared);
        let slot = self.worker.await_model();
        let (load, runs, failing) = (self.load, self.runs.clone(), self.failing(version.clone()));
        let unstarted = self.failing(version.clone());
        let find = move |name: &str| match runs.get(name) {
            Ok(view) if view.has_model => Ok(view.model()),
            Ok(_) => Err("the run has no model".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let open = move || {
            let (name, _) = &version;
            let get = || folder.map_or_else(|| find(name), Ok).and_then(|folder| load(&folder));
            let defect = |_| Err("loading it failed, a defect of this program; the log says where".to_owned());
            match catch_unwind(AssertUnwindSafe(get)).unwrap_or_else(defect) {
                Ok(model) => slot.put(name, model),
                Err(error) => failing(&error),
            }
        };
        if let Err(error) = thread::Builder::new().name("load-model".into()).spawn(open) {
            unstarted(&format!("a thread cannot be started: {error}"));
        }
    }

    /// What is done when this model cannot be loaded.
    fn failing(&self, version: Version) -> impl Fn(&str) + Send + 'static {
        let (events, shared) = (self.events.clone(), Arc::clone(&self.shared));
        move |error| {
            let text = format!("the model of {} cannot be used: {error}", version.0);
            let mut shared = lock(&shared);
            // It is tried again at the next question: the folder may have been mended. If another model is wanted by
            // now, that one answers what is waiting.
            let wanted = shared.run.take_if(|loaded| *loaded == version).is_some();
            let waiting = if wanted { shared.waiting.take() } else { None };
            drop(shared);
            if let Some(generation) = waiting {
                let _ = events.send(Event::PredictionFailed { generation, message: text.clone() });
            }
            let _ = events.send(message(Level::Warn, text));
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer as the screens want it; `None` if nobody waits for it any more.
fn event(shared: &Mutex<Shared>, reply: Reply) -> Option<Event> {
    let (generation, model) = (reply.generation, reply.model);
    if generation >= SUGGESTIONS {
        let mut shared = lock(shared);
        let document = shared.documents.remove(&generation).or_else(|| shared.ranked.remove(&generation))?;
        drop(shared);
        let answer = reply.outcome.ok()?;
        let uncertainty = inference::uncertainty(&answer.words);
        return Some(Event::Suggestions { document, run: model, found: answer.entities, uncertainty });
    }
    lock(shared).waiting.take_if(|waiting| *waiting == generation);
    Some(match reply.outcome {
        Ok(answer) => Event::Prediction { generation, prediction: Prediction { model, answer } },
        Err(message) => Event::PredictionFailed { generation, message },
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, thread::sleep, time::Duration};

    use crossbeam_channel::{Receiver, unbounded};

    use super::*;
    use crate::{inference::fake, services::run_list::RunList, text::Grid};

    /// Three runs; all but the middle one have a model.
    fn project() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for run in ["0002-mini", "0003-mini", "0004-mini"] {
            let folder = root.path().join("runs").join(run);
            fs::create_dir_all(&folder).unwrap();
            if run != "0003-mini" {
                fs::create_dir(folder.join("model")).unwrap();
            }
        }
        root
    }

    fn model_service(root: &Path) -> (ModelService, Receiver<Event>) {
        let load: Load = |folder| match folder.exists() {
            true => Ok(fake::predictor(16)),
            false => Err("it is gone".to_owned()),
        };
        with(root, RunList::new(Runs::of(root)).models(), load)
    }

    fn with(root: &Path, models: Vec<Model>, load: Load) -> (ModelService, Receiver<Event>) {
        let (events, received) = unbounded();
        let models = Arc::new(Mutex::new(models));
        (ModelService::with(models, Runs::of(root), Grid::Natural, events, load).unwrap(), received)
    }

    fn next(received: &Receiver<Event>) -> Event {
        received.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    fn answered(received: &Receiver<Event>) -> (u64, String) {
        match next(received) {
            Event::Prediction { generation, prediction } => (generation, prediction.model),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn explore_may_ask_another_model_than_the_one_that_suggests() {
        let root = project();
        let (model_service, received) = model_service(root.path());
        let document = Document::new("d0", "cheap lasagne", Grid::Natural);
        model_service.predict(1, Some("0004-mini"), "cheap lasagne".into());
        assert_eq!(answered(&received), (1, "0004-mini".into()));
        assert!(lock(&model_service.second).is_none(), "one model is loaded once, whoever wants it");
        model_service.predict(3, Some("0002-mini"), "cheap".into());
        assert_eq!(answered(&received), (3, "0002-mini".into()));
        assert!(lock(&model_service.second).is_some());
        model_service.suggest("0004-mini", [&document]);
        match next(&received) {
            Event::Suggestions { run, found, .. } => assert_eq!((run.as_str(), found.len()), ("0004-mini", 2)),
            other => panic!("{other:?}"),
        }
        assert!(lock(&model_service.second).is_none(), "who tags does not explore");
    }

    fn failed(received: &Receiver<Event>) -> (u64, String) {
        match next(received) {
            Event::PredictionFailed { generation, message } => (generation, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_chosen_model_is_loaded_again_when_its_run_has_written_again() {
        let root = project();
        let (model_service, received) = model_service(root.path());
        let again = |seconds| {
            let mut models = lock(&model_service.models);
            models[1].written = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        };
        again(1);
        model_service.predict(1, Some("0002-mini"), "cheap".into());
        assert_eq!(answered(&received), (1, "0002-mini".into()));
        fs::remove_dir(root.path().join("runs/0002-mini/model")).unwrap();
        model_service.predict(2, Some("0002-mini"), "cheap".into());
        assert_eq!(answered(&received), (2, "0002-mini".into()));
        again(2);
        model_service.predict(3, Some("0002-mini"), "cheap".into());
        let (generation, message) = failed(&received);
        assert!(generation == 3 && message.contains("it is gone"), "{message}");
    }

    #[test]
    fn the_late_failure_of_a_model_is_no_answer_to_a_question_for_another_one() {
        let root = project();
        let load: Load = |folder| {
            let bad = folder.to_string_lossy().contains("0002");
            sleep(Duration::from_millis(if bad { 100 } else { 400 }));
            if bad { Err("it is torn".to_owned()) } else { Ok(fake::predictor(16)) }
        };
        let (model_service, received) = with(root.path(), Vec::new(), load);
        for (generation, run) in [(1, "0002-mini"), (2, "0004-mini")] {
            let text = "cheap".to_owned();
            let words = words::split(&text, Grid::Natural);
            model_service.first.ask(Request { generation, text, words }, run.to_owned(), None);
        }
        assert!(matches!(next(&received), Event::Message(_)));
        assert_eq!(answered(&received), (2, "0004-mini".into()));
    }

    #[test]
    fn a_panic_while_a_model_is_loaded_is_told_and_the_model_tried_again() {
        let root = project();
        let (model_service, received) = with(root.path(), Vec::new(), |_| panic!("a defect"));
        for question in [1, 2] {
            model_service.predict(question, Some("0002-mini"), "cheap".into());
            let (generation, message) = failed(&received);
            assert!(generation == question && message.contains("a defect of this program"), "{message}");
            assert!(matches!(next(&received), Event::Message(_)));
        }
    }

    #[test]
    fn a_run_without_a_model_says_so() {
        let root = project();
        let (model_service, received) = model_service(root.path());
        for (generation, run, why) in
            [(1, None, "no model yet"), (2, Some("0003-mini"), "0003-mini"), (3, Some("0009"), "0009")]
        {
            model_service.predict(generation, run, "cheap".into());
            match next(&received) {
                Event::PredictionFailed { generation: answered, message } => {
                    assert!(answered == generation && message.contains(why), "{message}");
                }
                other => panic!("{other:?}"),
            }
            if run.is_some() {
                assert!(matches!(next(&received), Event::Message(_)));
            }
        }
    }
}
