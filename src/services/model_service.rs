//! Predictions of the project's models.
//! One model makes suggestions, and the Explore screen uses the same or another one.
//!
//! A model is loaded when it is first needed, and once if both use the same. Loading and answering happen on threads of
//! their own.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use super::{
    events::Events,
    model_thread::{LiveModels, Loader, ModelThread, lock},
    run_list::Model,
    run_watcher::Models,
};
use crate::{
    app::Event,
    inference::{Predictor, Purpose, Request},
    project::Runs,
    spans::{Document, Strategy, WordSpan},
    text::{Grid, TextRange, words},
};

/// Handle of the service. Dropping it ends its threads.
pub(super) struct ModelService {
    models: Models,
    grid: Grid,
    loader: Loader,
    events: Events,
    /// Thread with the model that makes suggestions.
    suggesting: ModelThread,
    /// Thread with another model that was chosen on the Explore screen.
    /// Exists only while it is needed.
    exploring: Mutex<Option<ModelThread>>,
    /// Thread with the model that is shown beside it. Exists only while it is needed.
    beside: Mutex<Option<ModelThread>>,
}

/// Question of the Explore screen.
pub(super) struct Question {
    pub(super) generation: u64,
    /// Run whose model is asked; `None` if there is none.
    pub(super) run: Option<String>,
    pub(super) text: String,
    /// Strategy of the pipeline, if its answer is wanted, too.
    pub(super) strategy: Option<Strategy>,
    /// Generation and run of a second model that answers the same question.
    pub(super) beside: Option<(u64, String)>,
}

impl ModelService {
    /// Starts the service for the models of these runs.
    /// `device`: the user's choice; `auto` stands for the processor, which answers single texts quickly and does not
    /// disturb a training.
    pub(super) fn start(
        models: Models,
        runs: Runs,
        grid: Grid,
        device: String,
        events: Events,
    ) -> std::io::Result<Self> {
        let device = if device == "auto" { "cpu".to_owned() } else { device };
        Self::with_loader(models, grid, Loader { runs, device, open, live: LiveModels::default() }, events)
    }

    /// Place for the version of the live model that suggests, in memory.
    pub(super) fn live_models(&self) -> LiveModels {
        Arc::clone(&self.loader.live)
    }

    fn with_loader(models: Models, grid: Grid, loader: Loader, events: Events) -> std::io::Result<Self> {
        let suggesting = ModelThread::start(loader.clone(), events.clone())?;
        Ok(Self { models, grid, loader, events, suggesting, exploring: Mutex::new(None), beside: Mutex::new(None) })
    }

    /// Asks the model of a run for the prediction of a sentence, and a second model, if one is named.
    /// The latest request wins.
    pub(super) fn predict(&self, question: Question) {
        let Question { generation, run, text, strategy, beside } = question;
        let words = words::split(&text, self.grid);
        let purpose = strategy.map_or(Purpose::Exploring, Purpose::Pipeline);
        let second = beside.map(|(generation, run)| {
            (Request { generation, purpose: purpose.clone(), text: text.clone(), words: words.clone() }, run)
        });
        self.ask(Request { generation, purpose, text, words }, run.as_deref());
        match second {
            None => *lock(&self.beside) = None,
            Some((request, run)) => self.ask_beside(request, &run),
        }
    }

    /// Asks the model of a run for the exact prediction of a document, on the document's own words.
    pub(super) fn predict_document(&self, generation: u64, run: &str, document: Option<&Document>) {
        match document {
            None => {
                let message = "the document is no longer in the project".to_owned();
                self.events.send(Event::PredictionFailed { generation, message });
            }
            Some(document) => {
                let (text, words) = (document.text.to_string(), document.words.to_vec());
                self.ask(Request { generation, purpose: Purpose::Exploring, text, words }, Some(run));
            }
        }
    }

    /// Asks the model of a run how the score of a span changes without each of the other words.
    pub(super) fn explain(&self, generation: u64, run: &str, text: String, (range, label): (TextRange, String)) {
        let words = words::split(&text, self.grid);
        let start = words.iter().position(|word| word.start >= range.start);
        let end = words.iter().rposition(|word| word.end <= range.end);
        match start.zip(end).filter(|(start, end)| start <= end) {
            Some((start, end)) => {
                let purpose = Purpose::Explaining(WordSpan::new(start..end + 1, label));
                self.ask(Request { generation, purpose, text, words }, Some(run));
            }
            None => {
                let message = "the span has no word of this sentence".to_owned();
                self.events.send(Event::PredictionFailed { generation, message });
            }
        }
    }

    fn ask(&self, request: Request, run: Option<&str>) {
        let generation = request.generation;
        let asked = match run {
            None => Err("there is no model yet: tag some documents, then press T to train".to_owned()),
            Some(run) if self.suggesting.is_free_for(run) => {
                self.release_explored_model();
                self.suggesting.explore(request, run.to_owned(), self.model(run));
                Ok(())
            }
            Some(run) => self.ask_thread(&self.exploring, request, run),
        };
        self.report_failure(generation, asked);
    }

    fn ask_beside(&self, request: Request, run: &str) {
        let generation = request.generation;
        let asked = if self.suggesting.is_free_for(run) {
            *lock(&self.beside) = None;
            self.suggesting.explore(request, run.to_owned(), self.model(run));
            Ok(())
        } else {
            self.ask_thread(&self.beside, request, run)
        };
        self.report_failure(generation, asked);
    }

    fn report_failure(&self, generation: u64, asked: Result<(), String>) {
        if let Err(message) = asked {
            self.events.send(Event::PredictionFailed { generation, message });
        }
    }

    /// Asks the model of a run for suggestions on documents, in their order.
    /// Replaces an earlier request.
    pub(super) fn suggest<'a>(&self, run: &str, documents: impl IntoIterator<Item = &'a Document>) {
        // A user who tags does not explore. The explored model is loaded again when it is needed again.
        self.release_explored_model();
        *lock(&self.beside) = None;
        self.suggesting.suggest(documents, run.to_owned(), self.model(run));
    }

    /// Asks the model of a run about all these documents while it is idle.
    /// Replaces an earlier request.
    pub(super) fn rank<'a>(&self, run: &str, documents: impl IntoIterator<Item = &'a Document>) {
        self.suggesting.rank(documents, run.to_owned(), self.model(run));
    }

    /// A listed model. For any other run, loading reports why there is no model.
    fn model(&self, run: &str) -> Option<Model> {
        lock(&self.models).iter().find(|model| model.run == run).cloned()
    }

    /// Asks the model of another thread, which is started if there is none.
    fn ask_thread(&self, thread: &Mutex<Option<ModelThread>>, request: Request, run: &str) -> Result<(), String> {
        let mut thread = lock(thread);
        if thread.is_none() {
            let started = ModelThread::start(self.loader.clone(), self.events.clone());
            *thread = Some(started.map_err(|error| format!("a thread cannot be started: {error}"))?);
        }
        if let Some(thread) = thread.as_ref() {
            thread.explore(request, run.to_owned(), self.model(run));
        }
        Ok(())
    }

    /// Releases the explored model after the answer that it is computing, if any.
    fn release_explored_model(&self) {
        *lock(&self.exploring) = None;
    }
}

fn open(folder: &Path, device: &str) -> Result<Predictor, String> {
    Predictor::open_for_screen(&folder.to_string_lossy(), device).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        thread::sleep,
        time::{Duration, SystemTime},
    };

    use crossbeam_channel::{Receiver, unbounded};

    use super::*;
    use crate::{inference::fake, services::run_list::RunList, text::TextRange};

    type Open = fn(&Path, &str) -> Result<Predictor, String>;

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
        let open: Open = |folder, _| match folder.exists() {
            true => Ok(fake::predictor(16)),
            false => Err("it is gone".to_owned()),
        };
        with(root, RunList::new(Runs::of(root)).models(), open)
    }

    fn with(root: &Path, models: Vec<Model>, open: Open) -> (ModelService, Receiver<Event>) {
        let (events, received) = unbounded();
        let models = Arc::new(Mutex::new(models));
        let loader = Loader { runs: Runs::of(root), device: "cpu".into(), open, live: LiveModels::default() };
        (ModelService::with_loader(models, Grid::Natural, loader, Events::new(events)).unwrap(), received)
    }

    fn question(generation: u64, run: Option<&str>, text: &str) -> Question {
        let run = run.map(str::to_owned);
        Question { generation, run, text: text.to_owned(), strategy: None, beside: None }
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
    fn explore_can_use_another_model_than_suggestions() {
        let root = project();
        let (model_service, received) = model_service(root.path());
        let document = Document::new("d0", "cheap lasagne", Grid::Natural);
        model_service.predict(question(1, Some("0004-mini"), "cheap lasagne"));
        assert_eq!(answered(&received), (1, "0004-mini".into()));
        assert!(lock(&model_service.exploring).is_none(), "a model is loaded once");
        model_service.predict(question(3, Some("0002-mini"), "cheap"));
        assert_eq!(answered(&received), (3, "0002-mini".into()));
        assert!(lock(&model_service.exploring).is_some());
        model_service.suggest("0004-mini", [&document]);
        match next(&received) {
            Event::Suggestions { run, found, labels, .. } => {
                assert_eq!((run.as_str(), found.len()), ("0004-mini", 2));
                assert_eq!(labels[..], ["Dish".to_owned(), "Price".to_owned()], "what it can give");
            }
            other => panic!("{other:?}"),
        }
        assert!(lock(&model_service.exploring).is_none(), "a user who tags does not explore");
    }

    #[test]
    fn a_document_is_predicted_on_its_own_words() {
        let root = project();
        let (model_service, received) = model_service(root.path());
        // The grid of the project would cut the comma off.
        let document = Document::from_words("d0", ["cheap,", "lasagne"]);
        model_service.predict_document(1, "0004-mini", Some(&document));
        match next(&received) {
            Event::Prediction { generation: 1, prediction } => {
                let found: Vec<_> = prediction.answer.entities.iter().map(|entity| entity.range).collect();
                assert_eq!(found, [TextRange::new(0, 6), TextRange::new(7, 14)]);
            }
            other => panic!("{other:?}"),
        }
        model_service.predict_document(2, "0004-mini", None);
        assert_eq!(failed(&received), (2, "the document is no longer in the project".to_owned()));
    }

    #[test]
    fn a_second_model_answers_beside_the_first_and_is_released() {
        let root = project();
        let (model_service, received) = model_service(root.path());
        let beside = |generation| {
            let beside = Some((generation + 1, "0002-mini".to_owned()));
            Question { beside, ..question(generation, Some("0004-mini"), "cheap") }
        };
        for generation in [1, 3] {
            model_service.predict(beside(generation));
            let mut answers = [answered(&received), answered(&received)];
            answers.sort();
            assert_eq!(answers, [(generation, "0004-mini".into()), (generation + 1, "0002-mini".into())]);
            assert!(lock(&model_service.beside).is_some() && lock(&model_service.exploring).is_none());
        }
        model_service.predict(question(5, Some("0004-mini"), "cheap"));
        assert_eq!(answered(&received), (5, "0004-mini".into()));
        assert!(lock(&model_service.beside).is_none());
    }

    #[test]
    fn a_span_is_explained_by_the_model_that_found_it() {
        let root = project();
        let (model_service, received) = model_service(root.path());
        let explain = |generation, range| {
            let text = "cheap lasagne, now".to_owned();
            model_service.explain(generation, "0004-mini", text, (range, "Dish".to_owned()));
        };
        explain(1, TextRange::new(6, 13));
        match next(&received) {
            Event::Explained { generation: 1, influences } => assert_eq!(influences.len(), 3),
            other => panic!("{other:?}"),
        }
        explain(2, TextRange::new(7, 8));
        assert_eq!(failed(&received).0, 2);
    }

    fn failed(received: &Receiver<Event>) -> (u64, String) {
        match next(received) {
            Event::PredictionFailed { generation, message } => (generation, message),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_model_is_loaded_again_when_its_run_has_written_it_again() {
        let root = project();
        let (model_service, received) = model_service(root.path());
        let write_again = |seconds| {
            let mut models = lock(&model_service.models);
            models[1].written = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        };
        write_again(1);
        model_service.predict(question(1, Some("0002-mini"), "cheap"));
        assert_eq!(answered(&received), (1, "0002-mini".into()));
        fs::remove_dir(root.path().join("runs/0002-mini/model")).unwrap();
        model_service.predict(question(2, Some("0002-mini"), "cheap"));
        assert_eq!(answered(&received), (2, "0002-mini".into()));
        write_again(2);
        model_service.predict(question(3, Some("0002-mini"), "cheap"));
        let (generation, message) = failed(&received);
        assert!(generation == 3 && message.contains("it is gone"), "{message}");
    }

    #[test]
    fn the_late_failure_of_a_model_does_not_answer_a_request_for_another_one() {
        let root = project();
        let open: Open = |folder, _| {
            let bad = folder.to_string_lossy().contains("0002");
            sleep(Duration::from_millis(if bad { 100 } else { 400 }));
            if bad { Err("it is torn".to_owned()) } else { Ok(fake::predictor(16)) }
        };
        let (model_service, received) = with(root.path(), Vec::new(), open);
        for (generation, run) in [(1, "0002-mini"), (2, "0004-mini")] {
            let text = "cheap".to_owned();
            let words = words::split(&text, Grid::Natural);
            model_service.suggesting.explore(
                Request { generation, purpose: Purpose::Exploring, text, words },
                run.to_owned(),
                None,
            );
        }
        assert!(matches!(next(&received), Event::Message(_)));
        assert_eq!(answered(&received), (2, "0004-mini".into()));
    }

    #[test]
    fn a_panic_while_a_model_is_loaded_is_reported_and_loading_tried_again() {
        let root = project();
        let (model_service, received) = with(root.path(), Vec::new(), |_, _| panic!("a defect"));
        for request in [1, 2] {
            model_service.predict(question(request, Some("0002-mini"), "cheap"));
            let (generation, message) = failed(&received);
            assert!(generation == request && message.contains("a defect of this program"), "{message}");
            assert!(matches!(next(&received), Event::Message(_)));
        }
    }

    #[test]
    fn a_run_without_a_model_is_reported() {
        let root = project();
        let (model_service, received) = model_service(root.path());
        for (generation, run, why) in
            [(1, None, "no model yet"), (2, Some("0003-mini"), "0003-mini"), (3, Some("0009"), "0009")]
        {
            model_service.predict(question(generation, run, "cheap"));
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
