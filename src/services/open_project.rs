//! Opens a project.
//! It is given by its folder, is the user's copy of a sample, or is newly created.
//!
//! From the screen this happens on a thread of its own, so that keys are answered while a large project is read.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crossbeam_channel::Sender;

use super::{
    clock::now,
    drafts,
    events::Events,
    file_watcher::{FileWatcher, Watched},
    journal_writer::{AnnotatorFile, JournalWriter},
    live_learner::{LearnerParts, LiveLearner},
    message::message,
    model_service::ModelService,
    preferences::{Preferences, PreferencesOf},
    project_view::{opened, others},
    project_worker::{ProjectWorker, WorkerParts},
    recent_projects::RecentProjects,
    run_list::RunList,
    run_watcher::RunWatcher,
    sample_copies::{self, CopyError},
    thread::Thread,
    trainer::Starter,
    typed_paths::{self, TypedError},
    user_folders::{UnknownHome, UserFolders},
};
use crate::{
    app::{
        Event,
        effect::NewProject,
        event::{Level, Message, Opened},
    },
    formats::Problem,
    guard::{self, Panicked},
    project::{
        Annotator, AnnotatorName, Documents, OnDuplicate, Project, ProjectError, ReadingProgress,
        import_source::ImportSourceError, storage,
    },
    text::number::with_noun,
    work::{
        create::{self, CreateError},
        import::{self, ImportedFile},
        live::Tuning,
        preview,
        source::{SourceFile, Unwatched},
    },
};

/// Longest wait for the journal of the project that was open before, all of whose lines were saved when it was closed.
const JOURNAL_LIMIT: Duration = Duration::from_secs(10);
/// Longest wait for its other jobs.
const JOB_LIMIT: Duration = Duration::from_secs(2);

/// Services of an open project.
pub(crate) struct Open {
    pub(super) dir: PathBuf,
    /// The annotator as whom the user works.
    pub(super) annotator: AnnotatorName,
    pub(super) journal: JournalWriter,
    pub(super) worker: ProjectWorker,
    pub(super) watcher: RunWatcher,
    pub(super) model_service: ModelService,
    /// `None` for what can only be read.
    pub(super) learner: Option<LiveLearner>,
    pub(super) documents: Documents,
    events: Events,
    /// Kept, because dropping it ends its thread.
    _files: FileWatcher,
}

impl Open {
    /// Lets the live model go on, now that the screen shows the project.
    pub(super) fn begin(&self) {
        self.learner.iter().for_each(LiveLearner::begin);
    }

    /// Lets the threads end after their last task. Does not wait.
    pub(super) fn close(self) -> Closing {
        let Self { mut journal, mut worker, mut learner, events, .. } = self;
        events.close();
        journal.close();
        worker.close();
        learner.iter_mut().for_each(LiveLearner::close);
        Closing { journal, worker, learner }
    }
}

/// What the services of an opened project work with.
struct Parts {
    project: Project,
    annotator: Annotator,
    run_list: RunList,
    starter: Starter,
    events: Events,
    /// Whether documents can be tagged, so that the live model can learn.
    is_writable: bool,
    /// Threads of the live models of projects that are being closed.
    earlier: Vec<Thread>,
}

impl Parts {
    /// Starts the services; no file is watched yet.
    fn start(self, dir: &Path, preferences: Preferences) -> Result<Open, OpenError> {
        let Self { project, annotator, run_list, starter, events, is_writable, earlier } = self;
        let name = preferences.annotator;
        let grid = project.manifest.grid;
        let documents = project.documents.clone();
        let runs = run_list.runs().clone();
        let file = AnnotatorFile { file: annotator.into_appender(), documents: documents.clone() };
        let journal = JournalWriter::start(Box::new(file), events.clone())?;
        let learned = is_writable.then(|| project.clone());
        let worker = ProjectWorker::start(WorkerParts {
            project,
            annotator: name.clone(),
            journal: journal.flusher(),
            run_list: run_list.clone(),
            trainer: starter,
            events: events.clone(),
        })?;
        let watcher = RunWatcher::start(run_list, events.clone())?;
        let model_service = ModelService::start(watcher.models(), runs, grid, preferences.device, events.clone())?;
        let learner = learned.map(|project| {
            LiveLearner::start(LearnerParts {
                project,
                annotator: name.clone(),
                journal: journal.flusher(),
                models: model_service.live_models(),
                settings: preferences.live,
                tuning: Tuning::default(),
                events: events.clone(),
                earlier,
            })
        });
        Ok(Open {
            dir: dir.to_owned(),
            learner: learner.transpose()?,
            annotator: name,
            journal,
            worker,
            watcher,
            model_service,
            documents,
            events,
            _files: FileWatcher::start(Vec::new())?,
        })
    }
}

/// A project that is being closed.
pub(super) struct Closing {
    pub(super) journal: JournalWriter,
    pub(super) worker: ProjectWorker,
    pub(super) learner: Option<LiveLearner>,
}

impl Closing {
    /// Whether all threads have ended.
    pub(super) fn has_ended(&self) -> bool {
        self.journal.ends_within(Duration::ZERO)
            && self.worker.ends_within(Duration::ZERO)
            && self.worker.has_started_within(Duration::ZERO)
            && self.learner_ends_within(Duration::ZERO)
    }

    /// Waits for the end of the live model's thread for at most this long; whether it has ended.
    pub(super) fn learner_ends_within(&self, limit: Duration) -> bool {
        self.learner.as_ref().is_none_or(|learner| learner.ends_within(limit))
    }

    /// Waits until another project can be opened: for the lock of the annotator, and for short jobs.
    fn wait(&self) -> Result<(), OpenError> {
        if !self.journal.ends_within(JOURNAL_LIMIT) {
            return Err(OpenError::StillSaving(self.journal.unsaved().unwrap_or_default()));
        }
        let _ = self.worker.ends_within(JOB_LIMIT);
        Ok(())
    }
}

/// A project cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The project cannot be read, or is refused.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A thread cannot be started.
    #[error("a thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
    /// A sample cannot be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A typed path begins with an unknown home folder.
    #[error(transparent)]
    Path(#[from] UnknownHome),
    /// A new project cannot be created.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// What was typed names no files to import.
    #[error(transparent)]
    Typed(#[from] TypedError),
    /// The file to import cannot be used.
    #[error(transparent)]
    Source(#[from] ImportSourceError),
    /// The file to import has other contents than the user has seen.
    #[error("it was changed after it was shown; look at it again")]
    FileChanged,
    /// The user's settings do not give an annotator.
    #[error("{0}")]
    Preferences(String),
    /// An import failed, and then the opening.
    #[error("{0}. Then the project could not be opened: {1}")]
    Both(String, Box<OpenError>),
    /// The journal of the project that was open before is not written.
    #[error("the project that was open before is still being saved: {0}")]
    StillSaving(String),
    /// The program panicked.
    #[error(transparent)]
    Defect(#[from] Panicked),
}

/// Request to open a project.
pub(super) enum Request {
    /// An entry of the welcome screen.
    /// It is given by [`WelcomeItem::path`](crate::app::event::WelcomeItem).
    Entry(String),
    /// The project in this folder.
    Folder(PathBuf),
    /// The project in this folder, from now on for this annotator unless a name is given.
    WorkAs { dir: PathBuf, name: String },
    /// A new copy of a sample, with this name.
    Copy { sample: String, name: String },
    /// A project, after the import of a file, if its contents still have this fingerprint.
    Import { dir: PathBuf, file: String, fingerprint: u64, on_duplicate: OnDuplicate, generation: u64 },
    /// A project, after its last import was taken back.
    UndoImport { dir: PathBuf, generation: u64 },
    /// A project, after a document with this text was added.
    Add { dir: PathBuf, text: String, generation: u64 },
    /// A new project.
    New(NewProject),
}

/// Importance and text of a message about a project that was opened.
type Notice = (Level, String);

/// Outcome of an opening.
/// The services of the project, its contents for the screens, and the event about what was done before; or an error.
pub(crate) type Outcome = Result<(Open, Box<Opened>, Option<Event>), OpenError>;

/// Opener of projects.
pub(super) struct Opener {
    pub(super) folders: UserFolders,
    pub(super) preferences: PreferencesOf,
    pub(super) events: Sender<Event>,
    pub(super) starter: Starter,
    pub(super) progress: Arc<ReadingProgress>,
    /// Threads of the live models of projects that are being closed.
    pub(super) earlier: Vec<Thread>,
}

impl Opener {
    /// Opens the project in a folder.
    pub(super) fn open(self, dir: &Path) -> Result<(Open, Box<Opened>), OpenError> {
        let preferences = self.preferences(dir)?;
        if let Some(project) = Project::of_runs(dir) {
            return self.open_runs(dir, project, preferences);
        }
        let mut project = Project::open_with(dir, &self.progress)?;
        // A project that is open in another window, or that cannot be written, can be read.
        let (annotator, refusal) = project.annotator_or_reader(&preferences.annotator, now())?;
        // Opening the journal may have completed an interrupted import.
        project.reload()?;
        let asks = !preferences.is_chosen && refusal.is_none();
        let others = if asks { others(&project, &annotator) } else { Vec::new() };
        let run_list = RunList::new(project.runs());
        let mut opened = opened(&project, &annotator, &run_list, &preferences.device, refusal.as_ref());
        opened.live = preferences.live;
        let events = Events::new(self.events);
        let name = preferences.annotator.clone();
        let [texts, manifest] = project.watched_files();
        let own_journal = project.journal_file(annotator.name());
        // Also without a place to write to now: it is tried again, and what is learned suggests meanwhile.
        let is_writable = opened.read_only.is_none();
        let earlier = self.earlier;
        let parts = Parts { project, annotator, run_list, starter: self.starter, events, is_writable, earlier };
        let mut open = parts.start(dir, preferences)?;
        open._files = FileWatcher::start(vec![
            Watched { path: texts, changed: Box::new(open.worker.looker()) },
            Watched { path: manifest, changed: Box::new(open.worker.looker()) },
            Watched { path: own_journal, changed: Box::new(open.journal.looker()) },
        ])?;
        if opened.read_only.is_none() {
            opened.drafts = drafts::read_for(&self.folders, dir, &name);
        }
        let kept = RecentProjects::new(self.folders).remember(dir);
        opened.others = others;
        opened.place = kept.place(&name);
        opened.step = kept.step;
        Ok((open, Box::new(opened)))
    }

    /// Opens a run outside any project, or a folder of runs. Nothing is written, remembered or watched but the runs.
    fn open_runs(
        self,
        dir: &Path,
        project: Project,
        preferences: Preferences,
    ) -> Result<(Open, Box<Opened>), OpenError> {
        let annotator = project.read_annotator(&preferences.annotator)?;
        let run_list = RunList::new(project.runs());
        let opened = opened(&project, &annotator, &run_list, &preferences.device, None);
        let (starter, events) = (self.starter, Events::new(self.events));
        let parts = Parts { project, annotator, run_list, starter, events, is_writable: false, earlier: Vec::new() };
        let open = parts.start(dir, preferences)?;
        Ok((open, Box::new(Opened { only_runs: true, ..opened })))
    }

    /// Preferences for the project in a folder.
    /// Without a chosen name, the annotator is the one that the user answered with when the project was opened before.
    fn preferences(&self, dir: &Path) -> Result<Preferences, OpenError> {
        let mut preferences = (self.preferences)(dir).map_err(OpenError::Preferences)?;
        if !preferences.is_chosen
            && let Some(name) = RecentProjects::new(self.folders.clone()).annotator(dir)
        {
            preferences.annotator = name;
            preferences.is_chosen = true;
        }
        Ok(preferences)
    }

    /// Opens a project on a thread of its own, after the earlier ones were closed. The outcome is sent to `outcome`, also
    /// if no thread can be started.
    pub(super) fn spawn(
        mut self,
        request: Request,
        closing: Vec<Arc<Closing>>,
        outcome: Sender<Outcome>,
    ) -> Option<Thread> {
        self.earlier = closing.iter().filter_map(|closing| Some(closing.learner.as_ref()?.thread())).collect();
        let panicked = outcome.clone();
        let not_started = outcome.clone();
        let thread = Thread::start(
            "open",
            move || {
                let closed = closing.iter().try_for_each(|closing| closing.wait());
                // No receiver is left if the program ends.
                let _ = outcome.send(closed.and_then(|()| self.get(request)));
            },
            move |cause| {
                let _ = panicked.send(Err(cause.into()));
            },
        );
        thread
            .map_err(|error| {
                let _ = not_started.send(Err(error.into()));
            })
            .ok()
    }

    fn get(self, request: Request) -> Outcome {
        let import = match &request {
            Request::Import { generation, .. } | Request::UndoImport { generation, .. } => Some(*generation),
            _ => None,
        };
        let is_new = matches!(request, Request::Copy { .. } | Request::New(_));
        let (dir, notice) = match request {
            Request::Entry(path) => (sample_copies::entry_folder(&self.folders, &path, &self.preferences)?, None),
            Request::Folder(dir) => (dir, None),
            Request::WorkAs { dir, name } => {
                RecentProjects::new(self.folders.clone()).remember_annotator(&dir, name);
                (dir, None)
            }
            Request::Copy { sample, name } => {
                (sample_copies::copy_sample(&self.folders, &sample, &name, &self.preferences)?, None)
            }
            Request::Import { dir, file, fingerprint, on_duplicate, .. } => {
                let notice = self.import(&dir, &file, fingerprint, on_duplicate);
                (dir, Some(notice))
            }
            Request::UndoImport { dir, .. } => {
                let notice = self.undo_import(&dir);
                (dir, Some(notice))
            }
            Request::Add { dir, text, generation } => return self.add(&dir, &text, generation),
            Request::New(new) => self.create(&new)?,
        };
        if is_new {
            RecentProjects::new(self.folders.clone()).forget(&dir);
            drafts::forget(&self.folders, &dir);
        }
        match (self.open(&dir), notice) {
            (Ok((open, opened)), notice) => {
                let event = notice.map(|(level, text)| match import {
                    Some(generation) => Event::Imported { generation, outcome: Message { level, text } },
                    None => message(level, text),
                });
                Ok((open, opened, event))
            }
            (Err(error), Some((Level::Error, text))) => Err(OpenError::Both(text, Box::new(error))),
            (Err(error), _) => Err(error),
        }
    }

    /// Adds a document. The project is opened afterwards, whatever the outcome.
    fn add(self, dir: &Path, text: &str, generation: u64) -> Outcome {
        let progress = Arc::clone(&self.progress);
        let added =
            Project::open_with(dir, &progress).and_then(|mut project| import::add_text(&mut project, text, now()));
        let outcome = added.map_err(|error| format!("the sentence was not added: {error}"));
        let (open, opened) = self.open(dir)?;
        Ok((open, opened, Some(Event::DocumentAdded { generation, outcome })))
    }

    /// Imports a file. The project is opened afterwards, whatever the outcome.
    fn import(&self, dir: &Path, file: &str, fingerprint: u64, on_duplicate: OnDuplicate) -> Notice {
        // A defect of a reader does not keep the project closed.
        let imported = guard::catch(|| self.try_import(dir, file, fingerprint, on_duplicate));
        match imported.unwrap_or_else(|panicked| Err(panicked.into())) {
            Ok(text) => (Level::Info, text),
            // Opening the project completes the import.
            Err(error @ OpenError::Project(ProjectError::Unfinished { .. })) => {
                (Level::Warn, format!("{file}: {error}"))
            }
            Err(error) => (Level::Error, format!("{file} was not imported: {error}")),
        }
    }

    /// Takes back the last import. The project is opened afterwards, whatever the outcome.
    fn undo_import(&self, dir: &Path) -> Notice {
        let undone = Project::open_with(dir, &self.progress).and_then(|mut project| project.undo_import(now()));
        match undone {
            Ok(undone) => (Level::Info, format!("Taken back: {}", undone.text())),
            Err(error) => (Level::Warn, format!("Nothing was taken back: {error}")),
        }
    }

    fn try_import(
        &self,
        dir: &Path,
        file: &str,
        fingerprint: u64,
        on_duplicate: OnDuplicate,
    ) -> Result<String, OpenError> {
        let paths = typed_paths::files(&self.folders, file)?;
        let mut project = Project::open_with(dir, &self.progress)?;
        let annotator = self.preferences(dir)?.annotator;
        let files = preview::read(&project, &annotator, &paths, &Unwatched).map_err(ImportSourceError::from)?;
        let files = files.into_iter().map(SourceFile::check).collect::<Result<Vec<_>, _>>()?;
        if preview::fingerprint(&files) != fingerprint {
            return Err(OpenError::FileChanged);
        }
        let problems: Vec<Vec<Problem>> = files.iter().map(|file| file.read.problems.clone()).collect();
        let imported = import::import(&mut project, &annotator, now(), on_duplicate, files, None)?;
        let reports = imported.iter().zip(&problems).map(|(file, problems)| report(file, problems));
        Ok(reports.collect::<Vec<_>>().join(". "))
    }

    /// Creates a project from the user's input.
    ///
    /// If its texts cannot be imported, the project is opened without them.
    fn create(&self, new: &NewProject) -> Result<(PathBuf, Option<Notice>), OpenError> {
        let dir = self.folders.resolve(&new.dir)?;
        let preferences = self.preferences(&dir)?;
        let labels = match new.labels.trim() {
            "" => None,
            path if path.to_ascii_lowercase().ends_with(".xml") => {
                Some(self.folders.resolve(path)?.to_string_lossy().into_owned())
            }
            names => Some(names.to_owned()),
        };
        let texts = match new.texts.as_str() {
            "" => None,
            path => Some((self.folders.resolve(path)?, preferences.annotator)),
        };
        let request = create::NewProject {
            dir: dir.clone(),
            labels,
            grid: preferences.grid,
            texts: texts.clone(),
            in_used_folder: new.among,
        };
        let created = create::create(&request, now())?;
        let mut level = Level::Info;
        let mut parts: Vec<String> = created.notes.first().map(ToString::to_string).into_iter().collect();
        if let Some(around) = &created.around {
            level = Level::Warn;
            parts.push(format!("The new project is inside another one, {}", storage::shown_path(around)));
        }
        if let (Some((imported, problems)), Some((path, _))) = (created.import, texts) {
            parts.push(imported.map(|file| report(&file, &problems)).unwrap_or_else(|error| {
                level = Level::Error;
                not_imported(&dir, &path, &error)
            }));
        }
        Ok((dir, (!parts.is_empty()).then(|| (level, parts.join(". ")))))
    }
}

/// Describes an import, with the first of the file's problems.
fn report(file: &ImportedFile, problems: &[Problem]) -> String {
    let ImportedFile { contents, report, new_labels } = file;
    let path = &contents.path;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut text = format!("{name}: {}, {}", with_noun(report.documents, "document"), with_noun(report.spans, "span"));
    if !new_labels.is_empty() {
        text.push_str(&format!(", new labels {}", new_labels.join(", ")));
    }
    text.push_str(&report.left_out());
    text.push_str(&first_of(problems));
    text
}

/// Describes why a new project has no texts.
fn not_imported(dir: &Path, path: &Path, error: &ProjectError) -> String {
    let (dir, path) = (storage::shown_path(dir), storage::shown_path(path));
    match error {
        ProjectError::Unfinished { .. } => format!("{path}: {error}"),
        _ => {
            format!(
                "{path} was not imported: {error}. The project is created; try again with: tagli import {dir} {path}"
            )
        }
    }
}

fn first_of(problems: &[Problem]) -> String {
    match problems {
        [] => String::new(),
        [only] => format!("; {only}"),
        [first, rest @ ..] => format!("; {first} (and {} more: tagli import says all)", rest.len()),
    }
}

/// Event about a failed opening.
pub(super) fn failure(error: &OpenError) -> Event {
    match error {
        OpenError::Create(CreateError::FolderInUse(files)) => Event::FolderInUse(*files),
        other => Event::OpenFailed(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
