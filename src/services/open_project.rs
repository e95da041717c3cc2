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
        AnnotatorName, Documents, OnDuplicate, Project, ProjectError, ReadingProgress,
        import_source::{self, ImportSourceError},
        storage,
    },
    text::number::with_noun,
    work::{
        create::{self, CreateError},
        import::{self, ImportedFile},
        source::SourceFile,
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
    pub(super) documents: Documents,
    events: Events,
    /// Kept, because dropping it ends its thread.
    _files: FileWatcher,
}

impl Open {
    /// Lets the threads end after their last task. Does not wait.
    pub(super) fn close(self) -> Closing {
        let Self { mut journal, mut worker, events, .. } = self;
        events.close();
        journal.close();
        worker.close();
        Closing { journal, worker }
    }
}

/// A project that is being closed.
pub(super) struct Closing {
    pub(super) journal: JournalWriter,
    pub(super) worker: ProjectWorker,
}

impl Closing {
    /// Whether all threads have ended.
    pub(super) fn has_ended(&self) -> bool {
        self.journal.ends_within(Duration::ZERO)
            && self.worker.ends_within(Duration::ZERO)
            && self.worker.has_started_within(Duration::ZERO)
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
    Import { dir: PathBuf, file: String, fingerprint: u64, generation: u64 },
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
}

impl Opener {
    /// Opens the project in a folder.
    pub(super) fn open(self, dir: &Path) -> Result<(Open, Box<Opened>), OpenError> {
        let preferences = self.preferences(dir)?;
        let mut project = Project::open_with(dir, &self.progress)?;
        // A project that is open in another window, or that cannot be written, can be read.
        let (annotator, refusal) = project.annotator_or_reader(&preferences.annotator, now())?;
        // Opening the journal may have completed an interrupted import.
        project.reload()?;
        let asks = !preferences.is_chosen && refusal.is_none();
        let others = if asks { others(&project, &annotator) } else { Vec::new() };
        let run_list = RunList::new(project.runs());
        let mut opened = opened(&project, &annotator, &run_list, &preferences.device, refusal.as_ref());
        let events = Events::new(self.events);
        let documents = project.documents.clone();
        let name = preferences.annotator;
        let grid = project.manifest.grid;
        let [texts, manifest] = project.watched_files();
        let own_journal = project.journal_file(annotator.name());
        let file = AnnotatorFile { file: annotator.into_appender(), documents: documents.clone() };
        let journal = JournalWriter::start(Box::new(file), events.clone())?;
        let worker = ProjectWorker::start(WorkerParts {
            project,
            annotator: name.clone(),
            journal: journal.flusher(),
            run_list: run_list.clone(),
            trainer: self.starter,
            events: events.clone(),
        })?;
        let watcher = RunWatcher::start(run_list, events.clone())?;
        let model_service = ModelService::start(watcher.models(), dir, grid, preferences.device, events.clone())?;
        let files = FileWatcher::start(vec![
            Watched { path: texts, changed: Box::new(worker.looker()) },
            Watched { path: manifest, changed: Box::new(worker.looker()) },
            Watched { path: own_journal, changed: Box::new(journal.looker()) },
        ])?;
        if opened.read_only.is_none() {
            opened.drafts = drafts::take(&self.folders, dir, &name);
        }
        let kept = RecentProjects::new(self.folders).remember(dir);
        opened.others = others;
        opened.place = kept.place(&name);
        opened.step = kept.step;
        let open = Open {
            dir: dir.to_owned(),
            annotator: name,
            journal,
            worker,
            watcher,
            model_service,
            documents,
            events,
            _files: files,
        };
        Ok((open, Box::new(opened)))
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
        self,
        request: Request,
        closing: Vec<Arc<Closing>>,
        outcome: Sender<Outcome>,
    ) -> Option<Thread> {
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
            Request::Import { generation, .. } => Some(*generation),
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
            Request::Import { dir, file, fingerprint, .. } => {
                let notice = self.import(&dir, &file, fingerprint);
                (dir, Some(notice))
            }
            Request::Add { dir, text, generation } => return self.add(&dir, &text, generation),
            Request::New(new) => self.create(&new)?,
        };
        if is_new {
            RecentProjects::new(self.folders.clone()).forget(&dir);
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
    fn import(&self, dir: &Path, file: &str, fingerprint: u64) -> Notice {
        // A defect of a reader does not keep the project closed.
        let imported = guard::catch(|| self.try_import(dir, file, fingerprint));
        match imported.unwrap_or_else(|panicked| Err(panicked.into())) {
            Ok(text) => (Level::Info, text),
            // Opening the project completes the import.
            Err(error @ OpenError::Project(ProjectError::Unfinished { .. })) => {
                (Level::Warn, format!("{file}: {error}"))
            }
            Err(error) => (Level::Error, format!("{file} was not imported: {error}")),
        }
    }

    fn try_import(&self, dir: &Path, file: &str, fingerprint: u64) -> Result<String, OpenError> {
        let path = self.folders.resolve(file)?;
        let mut project = Project::open_with(dir, &self.progress)?;
        let options = import_source::read_options(&project.manifest, &path, None);
        let file = SourceFile::open(&path, None, &options).map_err(ImportSourceError::from)?.check()?;
        if file.read.found.fingerprint() != fingerprint {
            return Err(OpenError::FileChanged);
        }
        let problems = file.read.problems.clone();
        let annotator = self.preferences(dir)?.annotator;
        let imported = import::import(&mut project, &annotator, now(), OnDuplicate::Copy, vec![file])?;
        Ok(imported.iter().map(|file| report(file, &problems)).collect())
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
mod tests {
    use std::{fs, io};

    use super::*;
    use crate::{project::Manifest, services::trainer::Trainer, spans::LabelSet, text::Grid, work::preview};

    fn opener(folders: UserFolders, annotator: Result<&str, &str>) -> Opener {
        let preferences = annotator.map(|name| Preferences {
            annotator: name.parse().unwrap(),
            is_chosen: false,
            device: "cpu".into(),
            grid: Grid::Space,
        });
        let preferences = preferences.map_err(str::to_owned);
        let preferences: PreferencesOf = Arc::new(move |_| preferences.clone());
        let events = crossbeam_channel::unbounded().0;
        Opener { folders, preferences, events, starter: Trainer::default().starter(), progress: Arc::default() }
    }

    fn create(new: &NewProject, annotator: Result<&str, &str>) -> Result<(PathBuf, Option<Notice>), OpenError> {
        opener(UserFolders::default(), annotator).create(new)
    }

    #[test]
    fn a_file_is_imported_and_the_project_opened_whatever_the_outcome() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let dir = folder.path().join("p");
        Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        fs::write(path("two.txt"), "fish tacos\ncheap beer\n").unwrap();
        fs::write(path("empty.txt"), "").unwrap();
        fs::write(path("binary"), [0, 159, 146, 150, 255]).unwrap();
        let import_as = |file: &str, fingerprint| {
            let request = Request::Import { dir: dir.clone(), file: path(file), fingerprint, generation: 7 };
            let (_, opened, event) = opener(UserFolders::default(), Ok("ada")).get(request).unwrap();
            let Some(Event::Imported { generation: 7, outcome: Message { level, text } }) = event else {
                panic!("{event:?}")
            };
            (opened.documents.len(), level, text)
        };
        let import = |file: &str| {
            let project = Project::open(&dir).unwrap();
            let seen = preview::preview(&project, &"ada".parse().unwrap(), Path::new(&path(file)), 3);
            import_as(file, seen.map_or(0, |seen| seen.fingerprint))
        };
        let (documents, level, text) = import_as("two.txt", 0);
        assert!(documents == 0 && level == Level::Error && text.contains("changed after it was shown"), "{text}");
        assert_eq!(import("two.txt"), (2, Level::Info, "two.txt: 2 documents, 0 spans".to_owned()));
        let again = import("two.txt");
        assert!(again.0 == 2 && again.2.ends_with("; 2 documents there already"), "{again:?}");
        for file in ["gone.txt", "empty.txt", "binary"] {
            let (documents, level, text) = import(file);
            assert!(documents == 2 && level == Level::Error && text.contains("was not imported"), "{file}: {text}");
        }
    }

    #[test]
    fn a_text_is_added_under_a_free_id() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        for id in ["typed-1", "typed-2"] {
            let request = Request::Add { dir: dir.clone(), text: "cheap tacos".into(), generation: 7 };
            let (_, opened, event) = opener(UserFolders::default(), Ok("ada")).get(request).unwrap();
            let Some(Event::DocumentAdded { generation: 7, outcome }) = event else { panic!("{event:?}") };
            assert_eq!(outcome.as_deref(), Ok(id));
            assert_eq!(opened.documents.iter().last().map(|document| document.id.as_str()), Some(id));
        }
    }

    #[test]
    fn a_project_that_cannot_be_written_is_opened_with_the_reason() {
        use crate::project::storage::refusals::{Refused, refuse};
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let open = |kind| {
            let _refusal = refuse(&dir, Refused::Everything, kind);
            let (_open, opened, _) =
                opener(UserFolders::default(), Ok("ada")).get(Request::Folder(dir.clone())).unwrap();
            (opened.read_only, opened.warning, opened.writer)
        };
        let (read_only, warning, _) = open(io::ErrorKind::ReadOnlyFilesystem);
        assert!(read_only.unwrap().contains("mounted read-only") && warning.is_none());
        let (read_only, warning, writer) = open(io::ErrorKind::StorageFull);
        assert!(read_only.is_none() && writer > 0);
        assert!(warning.unwrap().starts_with("Nothing can be saved now: cannot make the lock"));
    }

    #[test]
    fn the_step_of_the_tutorial_stays_with_its_project_until_another_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        let folders = || UserFolders::new(Some(folder.path().join("data")), None);
        let copy = || Request::Copy { sample: "restaurants".into(), name: "tutorial".into() };
        let get = |request| opener(folders(), Ok("ada")).get(request).unwrap();
        let (open, opened, _) = get(copy());
        assert_eq!(opened.step, None);
        let dir = open.dir.clone();
        open.close().wait().unwrap();
        RecentProjects::new(folders()).remember_step(&dir, Some(7));
        let again = Request::Entry(dir.to_string_lossy().into_owned());
        assert_eq!(get(again).1.step, Some(7));
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(get(copy()).1.step, None);
    }

    #[test]
    fn under_another_login_name_it_is_asked_once_whose_work_is_continued() {
        let folder = tempfile::tempdir().unwrap();
        let folders = || UserFolders::new(Some(folder.path().join("data")), None);
        let open = |name: &str, request: Request| {
            let (open, opened, _) = opener(folders(), Ok(name)).get(request).unwrap();
            let dir = open.dir.clone();
            open.close().wait().unwrap();
            (dir, opened.annotator.clone(), opened.others.clone())
        };
        let copy = Request::Copy { sample: "restaurants".into(), name: "food".into() };
        let (dir, name, others) = open("me", copy);
        assert_eq!((name.as_str(), others), ("me", Vec::new()));
        let again = || Request::Folder(dir.clone());
        let (_, name, others) = open("root", again());
        assert_eq!(name, "root");
        assert!(matches!(others.as_slice(), [(name, 332)] if name == "me"), "{others:?}");
        let (_, name, others) = open("root", Request::WorkAs { dir: dir.clone(), name: "me".into() });
        assert_eq!((name.as_str(), others), ("me", Vec::new()));
        let (_, name, others) = open("root", again());
        assert_eq!((name.as_str(), others), ("me", Vec::new()), "the answer is kept");
    }

    #[test]
    fn a_new_project_is_created_with_its_texts_or_reports_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("tagged.conll"), "great\tO\ntacos\tB-Dish\n\n").unwrap();
        let texts = path("tagged.conll").to_string_lossy().into_owned();
        let new = |name: &str| {
            let dir = path(name).to_string_lossy().into_owned();
            NewProject { dir, texts: texts.clone(), among: true, ..NewProject::default() }
        };
        assert!(matches!(create(&new("a"), Err("no name")), Err(OpenError::Preferences(_))));
        assert!(!path("a").exists(), "nothing is created for an unknown annotator");
        let (dir, notice) = create(&new("a"), Ok("ada")).unwrap();
        assert_eq!(Project::open(&dir).unwrap().manifest.grid, Grid::Space);
        assert_eq!(notice, Some((Level::Info, "tagged.conll: 1 document, 1 span".to_owned())));
        assert_eq!(Project::open(&dir).unwrap().documents.len(), 1);
        // The journal cannot be opened: there is a folder with its name.
        fs::create_dir_all(path("b/annotations/ada.jsonl")).unwrap();
        let (dir, notice) = create(&new("b"), Ok("ada")).unwrap();
        let (level, text) = notice.unwrap();
        assert!(level == Level::Error && text.contains("tagli import"), "{text}");
        assert_eq!(Project::open(&dir).unwrap().documents.len(), 0);
    }
}
