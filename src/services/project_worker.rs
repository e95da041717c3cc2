//! The worker: one thread that owns the open project. Journal lines, counts, new runs and exports are done here one
//! after the other, so that a training always sees what was tagged before it was started.

use std::{
    panic::catch_unwind,
    path::Path,
    sync::{Arc, Weak},
    thread::{self, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender, unbounded};
use serde_json::{Value, json};

use super::{
    annotator_comparison, base_download,
    clock::{midnight, now},
    message::message,
    run_list::RunList,
    trainer,
};
use crate::{
    app::{
        Event,
        event::{Level, Opened},
        screens::train::form::recipe_name,
    },
    formats::{self, OnLoss, WriteOptions},
    model::{self, device},
    project::{
        Annotator, AnnotatorName, Project, ProjectError, RunFolder, TrainingDataReport,
        run_folder::{self, RunConfig},
        training_data,
    },
    runs::{DataSummary, Recipe, Settings},
    spans::{Entry, Gazetteer, HalfWords, LabelChange, LabelSet, Patterns, Status},
    text::{Grid, number::bytes},
    training::{self, Job},
};

/// What the project worker can be asked to do.
pub(super) enum Task {
    /// Journal lines to be written.
    Record { attempt: u64, entries: Vec<Entry> },
    /// Count what would train, and reckon the recipes for that and this base.
    Summarise { generation: u64, base: String },
    /// Begin a run.
    Train { generation: u64, settings: Box<Settings>, recipe: Option<Recipe> },
    /// Go on with a run that was interrupted.
    Resume { generation: u64, run: String },
    /// Remove a run.
    Remove { run: String },
    /// Write an export.
    Export { generation: u64, format: String },
    /// Change the label set.
    Labels { change: LabelChange },
    /// Compare the annotators.
    Annotators { generation: u64 },
    /// Something small that needs the disk, and no answer.
    Aside(Box<dyn FnOnce() + Send>),
}

/// The handle. Dropping it lets the thread finish what it was asked for, and joins it.
pub(super) struct ProjectWorker {
    /// The one owner: who waits for something else before asking holds it weakly.
    tasks: Option<Arc<Sender<Task>>>,
    thread: Option<JoinHandle<()>>,
    /// How the project cuts new texts into words.
    pub(super) grid: Grid,
    /// The project's runs.
    pub(super) run_list: RunList,
}

impl ProjectWorker {
    /// Opens a project for an annotator and starts the thread.
    pub(super) fn open(
        dir: &Path,
        name: &AnnotatorName,
        events: Sender<Event>,
        trainer: trainer::Starter,
    ) -> Result<(Self, Opened), ProjectError> {
        let mut project = Project::open(dir)?;
        let (annotator, read_only) = match project.annotator(name, now()) {
            Ok(annotator) => (annotator, None),
            // The work of another window can be looked at.
            Err(error @ ProjectError::Lock(_)) => (project.read_annotator(name)?, Some(error.to_string())),
            Err(error) => return Err(error),
        };
        // An import that was cut off may just have been finished.
        project.reload()?;
        let run_list = RunList::new(project.runs());
        let opened = opened(&project, &annotator, &run_list, read_only);
        let grid = project.manifest.grid;
        let (sender, tasks) = unbounded();
        let sender = Arc::new(sender);
        let again = Arc::downgrade(&sender);
        let mut work = Work {
            project,
            annotator,
            events,
            again,
            trainer,
            run_list: run_list.clone(),
            comparing: None,
            failed: None,
        };
        let thread = thread::Builder::new().name("worker".into()).spawn(move || work.run(&tasks)).map_err(|cause| {
            crate::project::StorageError { action: "start a thread for", path: dir.to_owned(), cause }
        })?;
        Ok((Self { tasks: Some(sender), thread: Some(thread), grid, run_list }, opened))
    }

    /// Asks for something; done after everything that was asked for before.
    pub(super) fn ask(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            // The thread ends only after this handle has let go of the channel.
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

struct Work {
    project: Project,
    annotator: Annotator,
    events: Sender<Event>,
    /// The way to be asked once more, when a base has been fetched.
    again: Weak<Sender<Task>>,
    trainer: trainer::Starter,
    run_list: RunList,
    /// Compares the annotators.
    comparing: Option<JoinHandle<()>>,
    /// The newest attempt to record that failed: what belongs to it or to an older one is dropped.
    failed: Option<u64>,
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(comparing) = self.comparing.take() {
            let _ = comparing.join();
        }
    }
}

impl Work {
    fn run(&mut self, tasks: &Receiver<Task>) {
        for task in tasks {
            let event = match task {
                Task::Record { attempt, entries } => self.record(attempt, &entries),
                Task::Summarise { generation, base } => {
                    let (_, account) = training_data(&self.project, &self.annotator.journal, HalfWords::Snap);
                    Some(Event::Summary { generation, summary: summary(&self.project, &account, base) })
                }
                Task::Annotators { generation } => {
                    self.compare(generation);
                    None
                }
                Task::Labels { change } => Some(Event::Labels(self.change_labels(&change))),
                Task::Aside(work) => {
                    work();
                    None
                }
                Task::Remove { run } => Some(self.remove(&run)),
                Task::Train { generation, settings, recipe } => {
                    begun(generation, self.train(generation, *settings, recipe))
                }
                Task::Resume { generation, run } => begun(generation, self.resume(generation, run)),
                Task::Export { generation, format } => {
                    Some(Event::Exported { generation, outcome: self.export(&format) })
                }
            };
            if event.is_some_and(|event| self.events.send(event).is_err()) {
                return;
            }
        }
    }

    /// Changes the labels of the project as they are on disk now: somebody else may have changed them.
    fn change_labels(&mut self, change: &LabelChange) -> Result<LabelSet, String> {
        let mut refused = None;
        let changed = self.project.change_manifest(|manifest| {
            // The keys that the screen shows are those that are changed.
            manifest.labels = std::mem::take(&mut manifest.labels).with_keys();
            refused = manifest.labels.change(change).err();
        });
        match (changed, refused) {
            (Ok(()), None) => Ok(self.project.manifest.labels.clone()),
            (Ok(()), Some(error)) => Err(error.to_string()),
            (Err(error), _) => Err(error.to_string()),
        }
    }

    /// Lays what everybody has finished side by side, on a thread of its own: that may take a while, and what is tagged
    /// meanwhile is to be saved. All of this one's work is on disk.
    fn compare(&mut self, generation: u64) {
        let (root, events) = (self.project.root.clone(), self.events.clone());
        let work = move || {
            let found = catch_unwind(|| annotator_comparison::annotators(&root))
                .unwrap_or_else(|_| Err("A defect of this program".to_owned()));
            let _ = events.send(Event::Annotators { generation, found: found.map(Box::new) });
        };
        if let Some(before) = self.comparing.take() {
            let _ = before.join();
        }
        match thread::Builder::new().name("compare".into()).spawn(work) {
            Ok(comparing) => self.comparing = Some(comparing),
            Err(error) => {
                let found = Err(format!("a thread cannot be started: {error}"));
                let _ = self.events.send(Event::Annotators { generation, found });
            }
        }
    }

    fn record(&mut self, attempt: u64, entries: &[Entry]) -> Option<Event> {
        if self.failed.is_some_and(|failed| attempt <= failed) {
            return None;
        }
        Some(match self.annotator.record_entries(&self.project.documents, entries.to_vec()) {
            Ok(()) => Event::Saved { attempt, ids: entries.iter().map(|entry| entry.id).collect() },
            Err(error) => {
                self.failed = Some(attempt);
                Event::SaveFailed { attempt, message: error.to_string() }
            }
        })
    }

    /// Removes a run; tells the list as it is then, and what became of it.
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

    /// Starts a run; `None` if its base is being fetched first.
    fn train(&mut self, generation: u64, settings: Settings, recipe: Option<Recipe>) -> Result<Option<String>, String> {
        let (data, account) = training_data(&self.project, &self.annotator.journal, HalfWords::Snap);
        if data.train.is_empty() {
            return Err("no document of the training part is done yet: tag some and leave them with enter".into());
        }
        // What is tagged by now decides, not what the screen counted a while ago.
        let asked = settings.clone();
        let settings = reckoned(recipe, data.train.len(), settings);
        settings.check()?;
        if let Some(run) = self.trainer.running() {
            return Err(format!("{run} is still training; stop it first"));
        }
        run_folder::refuse_run(&settings.base).map_err(|error| error.to_string())?;
        if model::needs_download(&settings.base) {
            let task = Task::Train { generation, settings: Box::new(asked), recipe };
            base_download::fetch(settings.base, generation, task, self.again.clone(), self.events.clone());
            return Ok(None);
        }
        let base = model::open(&settings.base).map_err(|error| error.to_string())?;
        let about = json!({
            "project": self.project.manifest.name, "annotator": self.annotator.name().as_str(),
            "recipe": recipe_name(recipe), "account": account,
        });
        let config = RunConfig::new(now(), settings.clone(), about);
        let (id, folder) = self.project.runs().create(&config).map_err(|error| error.to_string())?;
        let run = id.to_string();
        if let Err(message) = self.trainer.start(run.clone(), Job { data, settings, base, resume: None }, folder) {
            // An empty run would stand in the list for ever; its lock went with the folder's handle.
            let _ = self.project.runs().remove(&id);
            return Err(message);
        }
        Ok(Some(run))
    }

    /// Goes on with a run from its checkpoint: with the data and settings that it was begun with.
    fn resume(&mut self, generation: u64, run: String) -> Result<Option<String>, String> {
        if let Some(run) = self.trainer.running() {
            return Err(format!("{run} is still training; stop it first"));
        }
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let path = self.run_list.runs().get(&run).map_err(|error| words(&error))?.path;
        let saved = run_folder::read_checkpoint(&path).map_err(|error| words(&error))?;
        let saved = saved.ok_or_else(|| format!("{run} has no checkpoint to go on from"))?;
        let settings = run_folder::read_config(&path).map_err(|error| words(&error))?.settings;
        let (data, points) = training::checkpoint::data(&saved).map_err(|error| words(&error))?;
        if model::needs_download(&settings.base) {
            let task = Task::Resume { generation, run };
            base_download::fetch(settings.base, generation, task, self.again.clone(), self.events.clone());
            return Ok(None);
        }
        let base = model::open(&settings.base).map_err(|error| words(&error))?;
        let folder = RunFolder::resume(&path, now(), points).map_err(|error| words(&error))?;
        self.trainer.start(run.clone(), Job { data, settings, base, resume: Some(saved) }, folder)?;
        Ok(Some(run))
    }

    /// Writes the documents that are done into `exports/`, losses told.
    fn export(&self, name: &str) -> Result<String, String> {
        let format = formats::find(name).map_err(|error| error.to_string())?;
        let corpus = self.project.corpus(&self.annotator.journal, None, false);
        if corpus.documents.is_empty() {
            return Err("no document is done yet".into());
        }
        let options = WriteOptions { on_loss: OnLoss::Fail, ..WriteOptions::default() };
        let told = |problems: Vec<formats::Problem>| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            format!(
                "Nothing was written: {first}. In a shell, tagli export DIR --format {name} --on-loss skip leaves out what \
                 {name} cannot hold, --on-loss snap fits it in"
            )
        };
        let written = format.write(&corpus, &options).map_err(told)?;
        let proof = formats::check_round_trip(format, &corpus, &written, &options);
        if !proof.holds() {
            return Err(format!("what was written does not read back as it was meant: {proof}"));
        }
        let extension = format.extension();
        let path = self
            .project
            .export_file(&format!("{name}.{extension}"), &written.bytes)
            .map_err(|error| error.to_string())?;
        Ok(format!("{}: {} documents, {proof}", path.display(), corpus.documents.len()))
    }
}

/// What is told of a training that was to begin.
fn begun(generation: u64, outcome: Result<Option<String>, String>) -> Option<Event> {
    match outcome {
        Ok(run) => run.map(|run| Event::TrainingStarted { generation, run }),
        Err(message) => Some(Event::TrainingRefused { generation, message }),
    }
}

fn opened(project: &Project, annotator: &Annotator, run_list: &RunList, read_only: Option<String>) -> Opened {
    for problem in &annotator.problems {
        tracing::warn!(line = problem.line, fault = %problem.fault, "a journal line was skipped");
    }
    let (settings, recipe) = settings(project, annotator);
    let device = match device::choose(&settings.device) {
        Ok(chosen) => chosen.describe(),
        Err(error) => error.to_string(),
    };
    let (patterns, told) = patterns(project);
    let (guide, told) = match project.guide() {
        Ok(guide) => (guide.unwrap_or_default(), told),
        Err(error) => (String::new(), told.or(Some(error.to_string()))),
    };
    let mut journal = annotator.journal.clone();
    journal.resolve(&project.manifest.labels);
    Opened {
        name: project.manifest.name.clone(),
        annotator: annotator.name().to_string(),
        documents: project.documents.to_vec(),
        labels: project.manifest.labels.clone(),
        done_today: annotator
            .journal
            .with_status_since(Status::Done, midnight())
            .into_iter()
            .map(str::to_owned)
            .collect(),
        writer: annotator.writer(),
        settings,
        recipe,
        runs: run_list.list().0,
        device,
        read_only,
        step: None,
        gazetteer: Gazetteer::of(&project.documents, |id| journal.annotation(id)),
        journal,
        patterns,
        guide,
        told,
    }
}

/// The project's patterns, and what there is to say of them.
fn patterns(project: &Project) -> (Patterns, Option<String>) {
    let read = match project.patterns() {
        Ok(Some(bytes)) => formats::patterns::read(&bytes),
        Ok(None) => return (Patterns::default(), None),
        Err(error) => return (Patterns::default(), Some(error.to_string())),
    };
    let (patterns, problems) = read;
    let labels = &project.manifest.labels;
    let unknown = patterns.labels().filter(|(name, _)| labels.named(name).is_none());
    let unknown = unknown.map(|(name, line)| format!("line {line}: there is no label `{name}`"));
    let all: Vec<String> = problems.iter().map(ToString::to_string).chain(unknown).collect();
    all.iter().for_each(|problem| tracing::warn!(%problem, "patterns.jsonl"));
    let told = all.first().map(|first| match all.len() {
        1 => format!("patterns.jsonl: {first}"),
        n => format!("patterns.jsonl: {first} (and {} more; --log FILE has all)", n - 1),
    });
    (patterns, told)
}

/// The settings to begin with, and the recipe that they come from: those with which this person started a training on
/// the screen last, reckoned again if they were a recipe's.
fn settings(project: &Project, annotator: &Annotator) -> (Settings, Option<Recipe>) {
    let this = annotator.name().as_str();
    let last = project.runs().list().into_iter().rev().find_map(|run| {
        let config = run.config?;
        let said = |name: &str| config.data.get(name).and_then(Value::as_str);
        let recipe = said("recipe").filter(|_| said("annotator") == Some(this))?.to_owned();
        Some((config.settings, recipe))
    });
    let base = || Settings::lesson(&project.manifest.base);
    let (settings, recipe) = last.map_or_else(|| (base(), String::new()), |(settings, recipe)| (settings, recipe));
    if recipe == recipe_name(None) {
        return (settings, None);
    }
    let recipe = Recipe::ALL.iter().copied().find(|kind| kind.name() == recipe).unwrap_or_default();
    let (data, _) = training_data(project, &annotator.journal, HalfWords::Snap);
    (reckoned(Some(recipe), data.train.len(), settings), Some(recipe))
}

/// The settings of a recipe for so many documents, with the base and the device of `settings`; these if it is none.
fn reckoned(recipe: Option<Recipe>, documents: usize, settings: Settings) -> Settings {
    match recipe {
        Some(recipe) => Settings { device: settings.device, ..training::recipe(recipe, documents, &settings.base) },
        None => settings,
    }
}

/// Names of the formats that can be imported and exported.
pub(crate) fn format_names() -> Vec<&'static str> {
    formats::FORMATS.iter().map(|format| format.name).collect()
}

fn summary(project: &Project, account: &TrainingDataReport, base: String) -> DataSummary {
    let parts = [account.train, account.valid, account.test];
    let labels = project.manifest.labels.iter().map(|label| {
        let spans = account.labels.get(&label.name).copied().unwrap_or_default();
        (label.name.clone(), spans)
    });
    let recipes = Recipe::ALL.iter().map(|kind| (*kind, training::recipe(*kind, account.train.documents, &base)));
    DataSummary {
        train: account.train.documents,
        valid: account.valid.documents,
        test: account.test.documents,
        words: parts.map(|part| part.words),
        spans: parts.map(|part| part.spans),
        labels: labels.collect(),
        out: account.not_done.iter().map(|(status, count)| ((*status).to_owned(), *count)).collect(),
        notes: account.notes(),
        recipes: recipes.collect(),
        base,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::unbounded;

    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        runs::{Phase, RunSink, Status as RunStatus},
        spans::{Document, LabelId, LabelSet, Split},
        text::TextRange,
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
    fn the_settings_to_begin_with_are_this_persons_own_or_the_recipes() {
        let dir = tempfile::tempdir().unwrap();
        let project = project(&dir.path().join("p"));
        let [ada, bob] = ["ada", "bob"].map(|name| project.read_annotator(&name.parse().unwrap()).unwrap());
        let auto = training::recipe(Recipe::Auto, 20, "mini");
        assert_eq!(settings(&project, &ada), (auto.clone(), Some(Recipe::Auto)));
        let started = |annotator: &str, recipe: &str, settings: Settings| {
            let about = json!({ "annotator": annotator, "recipe": recipe });
            project.runs().create(&RunConfig::new(1, settings, about)).unwrap();
        };
        let own = Settings { epochs: 7.0, ..Settings::lesson("mini") };
        started("ada", "own", own.clone());
        started("bob", "lesson", Settings { device: "cpu".into(), ..Settings::lesson("mini") });
        assert_eq!(settings(&project, &ada), (own, None));
        let (lesson, recipe) = settings(&project, &bob);
        assert_eq!((lesson.device.as_str(), recipe), ("cpu", Some(Recipe::Lesson)));
        // What was reckoned for other documents is reckoned again.
        started("ada", "auto", Settings { epochs: 1.0, ..auto.clone() });
        assert_eq!(settings(&project, &ada), (auto, Some(Recipe::Auto)));
    }

    #[test]
    fn what_would_train_is_counted_and_a_run_removed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("p");
        drop(project(&root));
        let (events, received) = unbounded();
        let starter = trainer::Trainer::default().starter();
        let (worker, opened) = ProjectWorker::open(&root, &"ada".parse().unwrap(), events, starter).unwrap();
        assert_eq!((opened.recipe, opened.runs.len()), (Some(Recipe::Auto), 0));
        let next = || received.recv_timeout(Duration::from_secs(20)).unwrap();
        worker.ask(Task::Summarise { generation: 4, base: "mini".into() });
        let Event::Summary { generation: 4, summary } = next() else { panic!() };
        assert_eq!((summary.train, summary.valid, summary.spans), (20, 10, [20, 10, 0]));
        assert_eq!(summary.labels[2], ("Dish".to_owned(), [20, 10, 0]));
        assert_eq!(summary.recipes[0], (Recipe::Auto, training::recipe(Recipe::Auto, 20, "mini")));
        let config = RunConfig::new(1, Settings::lesson("mini"), Value::Null);
        let (id, mut folder) = worker.run_list.runs().create(&config).unwrap();
        folder.status(&RunStatus { phase: Phase::Done, ..RunStatus::default() }).unwrap();
        // While its process has it, it stays.
        let mut held = Some(folder);
        for (left, level) in [(1, Level::Warn), (0, Level::Info)] {
            worker.ask(Task::Remove { run: id.to_string() });
            let (Event::Runs(runs), Event::Message(said)) = (next(), next()) else { panic!() };
            assert_eq!((runs.len(), said.level), (left, level), "{}", said.text);
            drop(held.take());
        }
    }
}
