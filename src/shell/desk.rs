//! The desk: one thread that owns the open project. Journal lines, counts, new runs and exports are done here one
//! after the other, so that a training always sees what was tagged before it was started.

use std::{
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use crossbeam_channel::{Receiver, Sender, unbounded};
use serde_json::json;

use super::{looping::now, trainer};
use crate::{
    app::{
        Event,
        event::{DataSummary, Level, Message, Opened, RunInfo},
    },
    formats::{self, OnLoss, WriteOptions},
    model::{self, device},
    project::{
        Account, Annotator, AnnotatorName, Project, ProjectError, RunView, Runs, folder::RunConfig, training_data,
    },
    runs::{Recipe, Settings},
    spans::{Entry, HalfWords, Status},
    text::Grid,
    training::{self, Job},
};

/// What the desk can be asked to do.
pub(super) enum Task {
    /// Journal lines to be written.
    Record { attempt: u64, entries: Vec<Entry> },
    /// Count what would train.
    Summarise { generation: u64 },
    /// Begin a run.
    Train { generation: u64, settings: Box<Settings> },
    /// Write an export.
    Export { generation: u64, format: String },
}

/// The handle. Dropping it lets the thread finish what it was asked for, and joins it.
pub(super) struct Desk {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
    /// The project's folder.
    pub(super) root: PathBuf,
    /// How the project cuts new texts into words.
    pub(super) grid: Grid,
}

impl Desk {
    /// Opens a project for an annotator and starts the thread.
    pub(super) fn open(
        dir: &Path,
        annotator: &str,
        events: Sender<Event>,
        trainer: trainer::Starter,
    ) -> Result<(Self, Opened), ProjectError> {
        let mut project = Project::open(dir)?;
        let name: AnnotatorName = annotator.parse()?;
        let (annotator, read_only) = match project.annotator(&name, now()) {
            Ok(annotator) => (annotator, None),
            // The work of another window can be looked at.
            Err(error @ ProjectError::Lock(_)) => (project.read_annotator(&name)?, Some(error.to_string())),
            Err(error) => return Err(error),
        };
        // An import that was cut off may just have been finished.
        project.reload()?;
        let opened = opened(&project, &annotator, read_only);
        let (root, grid) = (project.root.clone(), project.manifest.grid);
        let (sender, tasks) = unbounded();
        let mut work = Work { project, annotator, events, trainer, failed: None };
        let thread = thread::Builder::new().name("desk".into()).spawn(move || work.run(&tasks)).map_err(|cause| {
            crate::project::StorageError { action: "start a thread for", path: dir.to_owned(), cause }
        })?;
        Ok((Self { tasks: Some(sender), thread: Some(thread), root, grid }, opened))
    }

    /// Asks for something; done after everything that was asked for before.
    pub(super) fn ask(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            // The thread ends only after this handle has let go of the channel.
            let _ = tasks.send(task);
        }
    }
}

impl Drop for Desk {
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
    trainer: trainer::Starter,
    /// The newest attempt to record that failed: what belongs to it or to an older one is dropped.
    failed: Option<u64>,
}

impl Work {
    fn run(&mut self, tasks: &Receiver<Task>) {
        for task in tasks {
            let event = match task {
                Task::Record { attempt, entries } => self.record(attempt, &entries),
                Task::Summarise { generation } => {
                    let (_, account) = training_data(&self.project, &self.annotator.journal, HalfWords::Snap);
                    Some(Event::Summary { generation, summary: summary(&account) })
                }
                Task::Train { generation, settings } => Some(match self.train(*settings) {
                    Ok(run) => Event::TrainingStarted { generation, run },
                    Err(message) => Event::TrainingRefused { generation, message },
                }),
                Task::Export { generation, format } => {
                    Some(Event::Exported { generation, outcome: self.export(&format) })
                }
            };
            if event.is_some_and(|event| self.events.send(event).is_err()) {
                return;
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

    fn train(&mut self, settings: Settings) -> Result<String, String> {
        let (data, account) = training_data(&self.project, &self.annotator.journal, HalfWords::Snap);
        if data.train.is_empty() {
            return Err("no document of the training part is done yet: tag some and leave them with enter".into());
        }
        settings.check()?;
        if let Some(run) = self.trainer.running() {
            return Err(format!("{run} is still training; stop it first"));
        }
        let base = model::open(&settings.base).map_err(|error| error.to_string())?;
        let about = json!({ "project": self.project.manifest.name, "annotator": self.annotator.name().as_str(), "account": account });
        let config = RunConfig::new(now(), settings.clone(), about);
        let (id, folder) = self.project.runs().create(&config).map_err(|error| error.to_string())?;
        let run = id.to_string();
        if let Err(message) = self.trainer.start(run.clone(), Job { data, settings, base }, folder) {
            // An empty run would stand in the list for ever; its lock went with the folder's handle.
            let _ = self.project.runs().remove(&id);
            return Err(message);
        }
        Ok(run)
    }

    /// Writes the documents that are done into `exports/`, losses told.
    fn export(&self, name: &str) -> Result<String, String> {
        let format = formats::find(name).ok_or_else(|| format!("there is no format `{name}`"))?;
        let corpus = self.project.corpus(&self.annotator.journal, None, false);
        if corpus.documents.is_empty() {
            return Err("no document is done yet".into());
        }
        let options = WriteOptions { on_loss: OnLoss::Fail, ..WriteOptions::default() };
        let told = |problems: Vec<formats::Problem>| problems.first().map(ToString::to_string).unwrap_or_default();
        let written = format.write(&corpus, &options).map_err(told)?;
        let proof = formats::prove(format, &corpus, &written, &options);
        if !proof.holds() {
            return Err(format!("what was written does not read back as it was meant: {proof}"));
        }
        let extension = format.extensions.first().copied().unwrap_or("txt");
        let path = self
            .project
            .export_file(&format!("{name}.{extension}"), &written.bytes)
            .map_err(|error| error.to_string())?;
        Ok(format!("{}: {} documents, {proof}", path.display(), corpus.documents.len()))
    }
}

fn opened(project: &Project, annotator: &Annotator, read_only: Option<String>) -> Opened {
    for problem in &annotator.problems {
        tracing::warn!(line = problem.line, fault = %problem.fault, "a journal line was skipped");
    }
    let settings = project.runs().list().into_iter().rev().find_map(|run| Some(run.config?.settings));
    let settings = settings.unwrap_or_else(|| {
        let (data, _) = training_data(project, &annotator.journal, HalfWords::Snap);
        training::recipe(Recipe::Auto, data.train.len(), &project.manifest.base)
    });
    let device = match device::choose(&settings.device) {
        Ok(chosen) => chosen.describe(),
        Err(error) => error.to_string(),
    };
    Opened {
        name: project.manifest.name.clone(),
        annotator: annotator.name().to_string(),
        documents: project.documents.to_vec(),
        labels: project.manifest.labels.clone(),
        journal: annotator.journal.clone(),
        done_today: annotator.journal.given_since(Status::Done, midnight()).into_iter().map(str::to_owned).collect(),
        writer: annotator.writer(),
        settings,
        runs: runs(&project.runs()),
        device,
        read_only,
    }
}

/// The beginning of this day where the person is, in seconds since 1970, UTC.
fn midnight() -> u64 {
    let today = jiff::Zoned::now().start_of_day();
    today.map_or(0, |start| u64::try_from(start.timestamp().as_second()).unwrap_or(0))
}

/// All runs, newest first.
pub(super) fn runs(runs: &Runs) -> Vec<RunInfo> {
    runs.list().iter().rev().map(info).collect()
}

fn info(run: &RunView) -> RunInfo {
    RunInfo {
        id: run.id.to_string(),
        base: run.config.as_ref().map(|config| config.settings.base.clone()).unwrap_or_default(),
        started: run.config.as_ref().map_or(0, |config| config.started),
        status: run.shown_status(),
        word_f1: run.kept_f1(),
        ours: false,
        has_model: run.has_model,
        bytes: run.size(),
        settings: run.config.as_ref().map(|config| config.settings.clone()),
    }
}

fn summary(account: &Account) -> DataSummary {
    DataSummary {
        train: account.train.documents,
        valid: account.valid.documents,
        test: account.test.documents,
        words: account.train.words,
        spans: account.train.spans,
        out: account.not_done.iter().map(|(status, count)| ((*status).to_owned(), *count)).collect(),
        notes: account.notes(),
    }
}

/// A message for the person.
pub(super) fn message(level: Level, text: impl Into<String>) -> Event {
    Event::Message(Message { level, text: text.into() })
}
