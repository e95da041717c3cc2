//! The project worker: one thread that owns the open project. Journal lines, counts, new runs and exports are processed
//! one after the other, so that a training always sees what was tagged before it was started.

use std::{
    panic::catch_unwind,
    path::Path,
    sync::{Arc, Weak},
    thread::{self, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::{
    annotator_comparison,
    base_download::Download,
    clock::now,
    journal_writer::JournalWriter,
    message::message,
    preferences::Preferences,
    project_view::{opened, summary},
    run_list::RunList,
    trainer,
};
use crate::{
    app::{
        Effect, Event,
        event::{Level, Opened},
        screens::train::form::recipe_name,
    },
    formats::{self, WriteOptions},
    model::BaseModel,
    project::{Project, ProjectError, StorageError, training_data},
    runs::{Recipe, Settings},
    spans::{Entry, HalfWords, LabelChange, LabelSet},
    text::{Grid, number::bytes},
    work::{
        base,
        export::{self, Export, ExportError, Target, WriteError},
        resume::{InterruptedRun, ResumeError},
        train::{TrainRequest, TrainRequestError, TrainingData, apply_recipe},
    },
};

/// Task for the project worker.
pub(super) enum Task {
    /// Append entries to the journal.
    Record { attempt: u64, entries: Vec<Entry> },
    /// Count the training data, and compute the recipes for it and this base model.
    Summarise { generation: u64, base: String },
    /// Start a run.
    Train { generation: u64, settings: Box<Settings>, recipe: Option<Recipe>, fetch: bool },
    /// Resume an interrupted run.
    Resume { generation: u64, run: String, fetch: bool },
    /// Remove a run.
    Remove { run: String },
    /// Write an export.
    Export { generation: u64, format: String },
    /// Change the label set.
    Labels { change: LabelChange },
    /// Compare the annotators.
    Annotators { generation: u64 },
    /// A small task that needs the disk and has no answer.
    Unanswered(Box<dyn FnOnce() + Send>),
}

/// Handle of the project worker. Dropping it lets the thread finish its tasks, and joins it.
pub(super) struct ProjectWorker {
    /// The only strong reference; whoever waits before sending a task holds a weak one.
    tasks: Option<Arc<Sender<Task>>>,
    thread: Option<JoinHandle<()>>,
    /// Rule by which the project cuts texts into words.
    pub(super) grid: Grid,
    /// Runs of the project.
    pub(super) run_list: RunList,
}

impl ProjectWorker {
    /// Opens a project for an annotator and starts the thread.
    pub(super) fn open(
        dir: &Path,
        preferences: &Preferences,
        events: Sender<Event>,
        trainer: trainer::Starter,
    ) -> Result<(Self, Opened), ProjectError> {
        let mut project = Project::open(dir)?;
        // A project that is open in another window, or that cannot be written, can be read.
        let (annotator, refusal) = project.annotator_or_reader(&preferences.annotator, now())?;
        // Opening the journal may have completed an interrupted import.
        project.reload()?;
        let run_list = RunList::new(project.runs());
        let opened = opened(&project, &annotator, &run_list, &preferences.device, refusal.as_ref());
        let grid = project.manifest.grid;
        let (sender, tasks) = unbounded();
        let sender = Arc::new(sender);
        let mut work = Work {
            project,
            journal: JournalWriter::new(annotator),
            events,
            tasks: Arc::downgrade(&sender),
            trainer,
            run_list: run_list.clone(),
            comparison: None,
        };
        let thread = thread::Builder::new()
            .name("project".into())
            .spawn(move || work.run(&tasks))
            .map_err(|cause| StorageError { action: "start a thread for", path: dir.to_owned(), cause })?;
        Ok((Self { tasks: Some(sender), thread: Some(thread), grid, run_list }, opened))
    }

    /// Adds a task after all earlier ones.
    pub(super) fn ask(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            // The thread ends only after this handle has dropped the channel.
            let _ = tasks.send(task);
        }
    }
}

impl Drop for ProjectWorker {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What follows if a base model must be downloaded.
enum AfterFetch {
    /// It may be: afterwards this task is sent.
    Task(Task),
    /// The user is asked: this effect is the answer yes.
    Offer(Effect),
}

struct Work {
    project: Project,
    journal: JournalWriter,
    events: Sender<Event>,
    /// Channel for a task that waits for the download of a base model.
    tasks: Weak<Sender<Task>>,
    trainer: trainer::Starter,
    run_list: RunList,
    /// Thread that compares the annotators.
    comparison: Option<JoinHandle<()>>,
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(comparison) = self.comparison.take() {
            let _ = comparison.join();
        }
    }
}

impl Work {
    fn run(&mut self, tasks: &Receiver<Task>) {
        for task in tasks {
            let event = self.answer(task);
            if event.is_some_and(|event| self.events.send(event).is_err()) {
                return;
            }
        }
    }

    /// Carries out a task and returns its answer; `None` if there is none, or if it comes later.
    fn answer(&mut self, task: Task) -> Option<Event> {
        match task {
            Task::Record { attempt, entries } => self.journal.record(&self.project.documents, attempt, &entries),
            Task::Summarise { generation, base } => {
                let journal = &self.journal.annotator().journal;
                let (_, report) = training_data(&self.project, journal, HalfWords::Snap);
                Some(Event::Summary { generation, summary: summary(&self.project, &report, base) })
            }
            Task::Annotators { generation } => {
                self.compare(generation);
                None
            }
            Task::Labels { change } => Some(Event::Labels(self.change_labels(&change))),
            Task::Unanswered(work) => {
                work();
                None
            }
            Task::Remove { run } => Some(self.remove(&run)),
            Task::Train { generation, settings, recipe, fetch } => {
                started(generation, self.train(generation, *settings, recipe, fetch))
            }
            Task::Resume { generation, run, fetch } => started(generation, self.resume(generation, run, fetch)),
            Task::Export { generation, format } => Some(Event::Exported { generation, outcome: self.export(&format) }),
        }
    }

    /// Changes the labels of the project as they are on disk: another window may have changed them.
    fn change_labels(&mut self, change: &LabelChange) -> Result<LabelSet, String> {
        let mut refused = None;
        let changed = self.project.change_manifest(|manifest| {
            // The change refers to the keys that the screen shows.
            manifest.labels = std::mem::take(&mut manifest.labels).with_keys();
            refused = manifest.labels.change(change).err();
        });
        match (changed, refused) {
            (Ok(()), None) => Ok(self.project.manifest.labels.clone()),
            (Ok(()), Some(error)) => Err(error.to_string()),
            (Err(error), _) => Err(error.to_string()),
        }
    }

    /// Compares the annotators on a thread of its own, so that journal lines are saved meanwhile.
    ///
    /// Everything that this annotator has recorded is on disk.
    fn compare(&mut self, generation: u64) {
        let root = self.project.root.clone();
        let events = self.events.clone();
        let work = move || {
            let found = catch_unwind(|| annotator_comparison::annotators(&root))
                .unwrap_or_else(|_| Err("A defect of this program".to_owned()));
            let _ = events.send(Event::Annotators { generation, found: found.map(Box::new) });
        };
        if let Some(before) = self.comparison.take() {
            let _ = before.join();
        }
        match thread::Builder::new().name("compare".into()).spawn(work) {
            Ok(comparison) => self.comparison = Some(comparison),
            Err(error) => {
                let found = Err(format!("a thread cannot be started: {error}"));
                let _ = self.events.send(Event::Annotators { generation, found });
            }
        }
    }

    /// Removes a run, sends the new list, and returns a message about the outcome.
    fn remove(&self, run: &str) -> Event {
        let runs = self.run_list.runs();
        let removed = runs.get(run).and_then(|view| {
            let size = view.size();
            runs.remove(&view.id).map(|()| size)
        });
        let _ = self.events.send(Event::Runs(self.run_list.list().0));
        match removed {
            Ok(size) => message(Level::Info, format!("{run} is removed, {} freed", bytes(size))),
            Err(error) => message(Level::Warn, error.to_string()),
        }
    }

    /// Starts a run; `None` if its base model must be downloaded first, which needs the permission `fetch`.
    fn train(
        &mut self,
        generation: u64,
        settings: Settings,
        recipe: Option<Recipe>,
        fetch: bool,
    ) -> Result<Option<String>, String> {
        let annotator = self.journal.annotator();
        let mut data = TrainingData::of_project(&self.project, annotator.name(), &annotator.journal);
        data.record_recipe(recipe_name(recipe));
        // The recipe is for the documents that are done now, not for those that the screen counted earlier.
        let effective = apply_recipe(recipe, data.sentences.train.len(), settings.clone());
        let request = TrainRequest::new(data, effective).map_err(refusal)?;
        self.refuse_second_training()?;
        let settings = Box::new(settings);
        let again = match fetch {
            true => AfterFetch::Task(Task::Train { generation, settings, recipe, fetch }),
            false => AfterFetch::Offer(Effect::StartTraining { generation, settings, recipe, fetch: true }),
        };
        let Some(base) = self.base(&request.settings().base, generation, again)? else { return Ok(None) };
        let (id, run) = request.start_in_project(base, &self.project, now()).map_err(|error| error.to_string())?;
        if let Err(message) = self.trainer.start(id.to_string(), run.job, run.sink) {
            // The list would keep an empty run. Its lock was freed with its folder's handle.
            let _ = self.project.runs().remove(&id);
            return Err(message);
        }
        Ok(Some(id.to_string()))
    }

    /// Resumes a run from its checkpoint; `None` if its base model must be downloaded first.
    fn resume(&mut self, generation: u64, run: String, fetch: bool) -> Result<Option<String>, String> {
        self.refuse_second_training()?;
        let path = self.run_list.runs().get(&run).map_err(|error| error.to_string())?.path;
        let interrupted = InterruptedRun::open(&path).map_err(|error| match error {
            ResumeError::NoCheckpoint(_) => format!("{run} has no checkpoint to continue from"),
            other => other.to_string(),
        })?;
        let again = match fetch {
            true => AfterFetch::Task(Task::Resume { generation, run: run.clone(), fetch }),
            false => AfterFetch::Offer(Effect::ResumeTraining { generation, run: run.clone(), fetch: true }),
        };
        let Some(base) = self.base(interrupted.base(), generation, again)? else { return Ok(None) };
        let resumed = interrupted.resume(base, now()).map_err(|error| error.to_string())?;
        self.trainer.start(run.clone(), resumed.job, resumed.sink)?;
        Ok(Some(run))
    }

    fn refuse_second_training(&self) -> Result<(), String> {
        match self.trainer.running() {
            Some(run) => Err(format!("{run} is still training; stop it first")),
            None => Ok(()),
        }
    }

    /// Opens a base model; `None` if it must be downloaded: then it is, or it is offered to the user.
    fn base(&self, name: &str, generation: u64, again: AfterFetch) -> Result<Option<BaseModel>, String> {
        let base = base::open(name).map_err(|error| error.to_string())?;
        if base.is_none() {
            let download = Download { base: name.to_owned(), generation, events: self.events.clone() };
            match again {
                AfterFetch::Task(task) => download.fetch(task, self.tasks.clone()),
                AfterFetch::Offer(accepted) => download.offer(accepted),
            }
        }
        Ok(base)
    }

    /// Writes the documents that are done into `exports/`. Losses are refused.
    fn export(&self, name: &str) -> Result<String, String> {
        let format = formats::find(name).map_err(|error| error.to_string())?;
        let exported = export::export(&Export {
            project: &self.project,
            journal: &self.journal.annotator().journal,
            format,
            split: None,
            all: false,
            options: WriteOptions::default(),
            target: Target::Exports,
        });
        let exported = exported.map_err(|error| match error {
            ExportError::Write(WriteError::Losses(_)) => format!(
                "Nothing was written: {error}. In a shell, tagli export DIR --format {name} --on-loss skip leaves out \
                 what {name} cannot hold, --on-loss snap fits it in"
            ),
            ExportError::NothingDone(_) => "no document is done yet".to_owned(),
            other => other.to_string(),
        })?;
        let path = exported.path.unwrap_or_default();
        Ok(format!("{}: {} documents, {}", path.display(), exported.documents, exported.round_trip))
    }
}

/// Answer to a request to train; `None` if the training starts after a download.
fn started(generation: u64, outcome: Result<Option<String>, String>) -> Option<Event> {
    match outcome {
        Ok(run) => run.map(|run| Event::TrainingStarted { generation, run }),
        Err(message) => Some(Event::TrainingRefused { generation, message }),
    }
}

fn refusal(error: TrainRequestError) -> String {
    match error {
        TrainRequestError::NothingToLearn => {
            "no document of the training split is done yet: tag some and leave them with enter".to_owned()
        }
        TrainRequestError::Settings(message) => message,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::unbounded;

    use super::*;
    use crate::{
        project::{ImportItem, Manifest, run_folder::RunConfig},
        runs::{Phase, RunSink, Status as RunStatus},
        spans::{Document, LabelId, Split, Status},
        text::TextRange,
        training,
    };

    fn project(dir: &Path) -> Project {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let items = (0..30).map(|n| {
            let mut document = Document::from_words(format!("d{n}"), ["fish", "tacos"]);
            document.split = Some(if n < 20 { Split::Train } else { Split::Valid });
            ImportItem { document, spans: vec![(TextRange::new(0, 10), LabelId(2))], status: Status::Done }
        });
        project.import(Some(&mut ada), 0, items.collect()).unwrap();
        project
    }

    #[test]
    fn training_data_is_counted_and_a_run_removed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("p");
        drop(project(&root));
        let (events, received) = unbounded();
        let starter = trainer::Trainer::default().starter();
        let preferences =
            Preferences { annotator: "ada".parse().unwrap(), device: "auto".into(), grid: Grid::default() };
        let (worker, opened) = ProjectWorker::open(&root, &preferences, events, starter).unwrap();
        assert_eq!((opened.recipe, opened.runs.len()), (Some(Recipe::Auto), 0));
        let next = || received.recv_timeout(Duration::from_secs(20)).unwrap();
        worker.ask(Task::Summarise { generation: 4, base: "mini".into() });
        let Event::Summary { generation: 4, summary } = next() else { panic!() };
        assert_eq!((summary.train, summary.valid, summary.spans), (20, 10, [20, 10, 0]));
        assert_eq!(summary.labels[2], ("Dish".to_owned(), [20, 10, 0]));
        assert_eq!(summary.recipes[0], (Recipe::Auto, training::recipe(Recipe::Auto, 20, "mini")));
        let config = RunConfig::new(1, Settings::lesson("mini"), serde_json::Value::Null);
        let (id, mut folder) = worker.run_list.runs().create(&config).unwrap();
        folder.status(&RunStatus { phase: Phase::Done, ..RunStatus::default() }).unwrap();
        // A run stays as long as its process holds it.
        let mut held = Some(folder);
        for (left, level) in [(1, Level::Warn), (0, Level::Info)] {
            worker.ask(Task::Remove { run: id.to_string() });
            let (Event::Runs(runs), Event::Message(said)) = (next(), next()) else { panic!() };
            assert_eq!((runs.len(), said.level), (left, level), "{}", said.text);
            drop(held.take());
        }
    }
}
