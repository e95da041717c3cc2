//! Opening a project: by its folder, as the user's copy of a sample, or newly made. From the screen it happens on a
//! thread of its own, so that keys are answered while a large project is read.

use std::{
    collections::HashMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

use crossbeam_channel::Sender;

use super::{
    clock::now,
    message::message,
    model_service::ModelService,
    project_worker::ProjectWorker,
    recent_projects::{CopyError, RecentProjects, Who},
    run_watcher::RunWatcher,
    trainer::Starter,
};
use crate::{
    app::{
        Event,
        effect::NewProject,
        event::{Level, Opened},
    },
    formats::{Problem, Read},
    project::{
        AnnotatorName, Manifest, Project, ProjectError,
        import_source::{self, ImportSourceError},
        storage,
    },
    spans::Document,
    text::number::with_noun,
};

/// What an open project needs.
pub(crate) struct Open {
    pub(super) dir: PathBuf,
    pub(super) worker: ProjectWorker,
    pub(super) watcher: RunWatcher,
    pub(super) model_service: ModelService,
    documents: Vec<Document>,
    /// Index of each document, by its id.
    indices: HashMap<String, usize>,
}

impl Open {
    /// The document with this id.
    pub(super) fn document(&self, id: &str) -> Option<&Document> {
        self.documents.get(*self.indices.get(id)?)
    }
}

/// Why a project cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The project.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A thread.
    #[error("a thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The copy of a sample.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// Labels or texts of a new project.
    #[error(transparent)]
    Intake(#[from] ImportSourceError),
    /// Who tags.
    #[error("{0}")]
    Who(String),
    /// The folder of a new project holds so many files of something else.
    #[error("the folder holds {}", with_noun(*.0, "file"))]
    InUse(usize),
    /// An import went wrong, and then the opening.
    #[error("{0}. Then the project could not be opened: {1}")]
    Both(String, Box<OpenError>),
    /// The program panicked.
    #[error("a defect of this program: opening it failed (the log says where); please report it")]
    Defect,
}

/// What is to be opened.
pub(super) enum Wanted {
    /// What [`Place::path`](crate::app::event::Place) says.
    Path(String),
    /// The project in this folder.
    Folder(PathBuf),
    /// A fresh copy of a sample, under this name.
    Copy { sample: String, name: String },
    /// A project, after texts from a file were brought into it.
    Import { dir: PathBuf, file: String },
    /// A new project.
    New(NewProject),
}

/// What there is to say about a project that was opened.
pub(crate) type Said = (Level, String);

/// How an opening ended: the project with what the screens need and what there is to say, or what went wrong.
pub(crate) type Outcome = Result<(Open, Box<Opened>, Option<Said>), OpenError>;

/// All that is needed to open a project.
pub(super) struct Opener {
    pub(super) recent_projects: RecentProjects,
    pub(super) who: Who,
    pub(super) events: Sender<Event>,
    pub(super) starter: Starter,
}

impl Opener {
    /// Opens the project in a folder.
    pub(super) fn open(self, dir: &Path) -> Result<(Open, Box<Opened>), OpenError> {
        let name = (self.who)(dir).map_err(OpenError::Who)?;
        let (worker, mut opened) = ProjectWorker::open(dir, &name, self.events.clone(), self.starter)?;
        let watcher = RunWatcher::start(worker.run_list.clone(), self.events.clone())?;
        let model_service = ModelService::start(watcher.models(), dir, worker.grid, self.events)?;
        let indices = opened.documents.iter().enumerate().map(|(at, document)| (document.id.clone(), at)).collect();
        opened.step = self.recent_projects.remember(dir);
        let (dir, documents) = (dir.to_owned(), opened.documents.clone());
        Ok((Open { dir, worker, watcher, model_service, documents, indices }, Box::new(opened)))
    }

    /// Opens what is wanted on a thread of its own, after `closing` has let go of what was open before; `outcome` gets
    /// how it ended. A thread that cannot be started ends at once.
    pub(super) fn spawn(
        self,
        wanted: Wanted,
        closing: Option<JoinHandle<()>>,
        outcome: Sender<Outcome>,
    ) -> Option<JoinHandle<()>> {
        let failed = outcome.clone();
        let work = move || {
            if let Some(closing) = closing {
                let _ = closing.join();
            }
            let ended = catch_unwind(AssertUnwindSafe(|| self.get(wanted)));
            // Nobody waits any more if the program leaves.
            let _ = outcome.send(ended.unwrap_or(Err(OpenError::Defect)));
        };
        let started = thread::Builder::new().name("open".into()).spawn(work);
        started
            .map_err(|error| {
                let _ = failed.send(Err(error.into()));
            })
            .ok()
    }

    fn get(self, wanted: Wanted) -> Outcome {
        let new = matches!(wanted, Wanted::Copy { .. } | Wanted::New(_));
        let (dir, said) = match wanted {
            Wanted::Path(path) => (self.recent_projects.folder(&path, &self.who)?, None),
            Wanted::Folder(dir) => (dir, None),
            Wanted::Copy { sample, name } => (self.recent_projects.fresh(&sample, &name, &self.who)?, None),
            Wanted::Import { dir, file } => {
                let said = self.import(&dir, &file);
                (dir, Some(said))
            }
            Wanted::New(new) => self.make(&new)?,
        };
        if new {
            self.recent_projects.forget(&dir);
        }
        match (self.open(&dir), said) {
            (Ok((open, opened)), said) => Ok((open, opened, said)),
            // Both are to be known.
            (Err(error), Some((Level::Error, said))) => Err(OpenError::Both(said, Box::new(error))),
            (Err(error), _) => Err(error),
        }
    }

    /// Takes a file into a project, which is opened whatever becomes of that.
    fn import(&self, dir: &Path, file: &str) -> Said {
        let take = || -> Result<String, OpenError> {
            let path = self.recent_projects.typed(file)?;
            let mut project = Project::open(dir)?;
            let read = import_source::read_texts(&path, &import_source::read_options(&project.manifest, &path, None))?;
            let name = (self.who)(dir).map_err(OpenError::Who)?;
            Ok(take_in(&mut project, &name, &path, read)?)
        };
        // A defect of a reader is no reason not to open the project again.
        match catch_unwind(AssertUnwindSafe(take)).unwrap_or(Err(OpenError::Defect)) {
            Ok(said) => (Level::Info, said),
            // What is missing is done when the project is opened.
            Err(error @ OpenError::Project(ProjectError::Unfinished { .. })) => {
                (Level::Warn, format!("{file}: {error}"))
            }
            Err(error) => (Level::Error, format!("{file} was not imported: {error}")),
        }
    }

    /// Makes a project as it was typed. Everything is read before anything is written; texts that cannot be taken in
    /// even so are no reason not to open what was made.
    fn make(&self, new: &NewProject) -> Result<(PathBuf, Option<Said>), OpenError> {
        let dir = self.recent_projects.typed(&new.dir)?;
        if Project::has_manifest(&dir) {
            return Err(ProjectError::Exists(dir).into());
        }
        let files = fs::read_dir(&dir).map_or(0, Iterator::count);
        if files > 0 && !new.among {
            return Err(OpenError::InUse(files));
        }
        let labels = if new.labels.to_ascii_lowercase().ends_with(".xml") {
            self.recent_projects.typed(&new.labels)?.to_string_lossy().into_owned()
        } else {
            new.labels.clone()
        };
        let (labels, notes) = import_source::read_labels(&labels)?;
        let manifest = Manifest::new(import_source::project_name(&dir), labels);
        let texts = if new.texts.is_empty() { None } else { Some(self.recent_projects.typed(&new.texts)?) };
        let read = texts.map(|path| {
            let options = import_source::read_options(&manifest, &path, None);
            import_source::read_texts(&path, &options).map(|read| (path, read))
        });
        let read = read.transpose()?;
        let name = (self.who)(&dir).map_err(OpenError::Who)?;
        let mut project = Project::create(&dir, manifest)?;
        let mut said: Vec<String> = notes.first().map(ToString::to_string).into_iter().collect();
        let mut level = Level::Info;
        if let Some((path, read)) = read {
            said.push(take_in(&mut project, &name, &path, read).unwrap_or_else(|error| {
                level = Level::Error;
                not_taken(&dir, &path, &error)
            }));
        }
        Ok((dir, (!said.is_empty()).then(|| (level, said.join(". ")))))
    }
}

/// Takes texts into a project; what there is to say about that.
fn take_in(project: &mut Project, name: &AnnotatorName, path: &Path, read: Read) -> Result<String, ProjectError> {
    let annotated = import_source::is_annotated(&read.corpus);
    let mut annotator = annotated.then(|| project.annotator(name, now())).transpose()?;
    let (done, new) = project.import_corpus(annotator.as_mut(), now(), read.corpus)?;
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut said = format!("{file}: {}, {}", with_noun(done.documents, "document"), with_noun(done.spans, "span"));
    if !new.is_empty() {
        said.push_str(&format!(", new labels {}", new.join(", ")));
    }
    said.push_str(&done.left_out());
    said.push_str(&first_of(&read.problems));
    Ok(said)
}

/// What there is to say about texts that a new project did not get.
fn not_taken(dir: &Path, path: &Path, error: &ProjectError) -> String {
    let (dir, path) = (storage::shown_path(dir), storage::shown_path(path));
    match error {
        ProjectError::Unfinished { .. } => format!("{path}: {error}"),
        _ => {
            format!("{path} was not taken in: {error}. The project is made; try again with: tagli import {dir} {path}")
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

/// What the screens are told about an opening.
pub(super) fn told(error: &OpenError) -> Event {
    match error {
        OpenError::InUse(files) => Event::FolderInUse(*files),
        other => Event::OpenFailed(other.to_string()),
    }
}

/// What there is to say about a project that was opened.
pub(super) fn said((level, text): Said) -> Event {
    message(level, text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::services::trainer::Trainer;

    fn opener(recent_projects: RecentProjects, who: Result<&str, &str>) -> Opener {
        let who = who.map(|name| name.parse().unwrap()).map_err(str::to_owned);
        let who: Who = Arc::new(move |_| who.clone());
        let events = crossbeam_channel::unbounded().0;
        Opener { recent_projects, who, events, starter: Trainer::default().starter() }
    }

    fn make(new: &NewProject, who: Result<&str, &str>) -> Result<(PathBuf, Option<Said>), OpenError> {
        opener(RecentProjects::default(), who).make(new)
    }

    #[test]
    fn a_file_is_imported_and_the_project_opened_whatever_became_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let dir = folder.path().join("p");
        let labels = crate::spans::LabelSet::restaurant();
        Project::create(&dir, Manifest::new("p", labels)).unwrap();
        fs::write(path("two.txt"), "fish tacos\ncheap beer\n").unwrap();
        fs::write(path("empty.txt"), "").unwrap();
        fs::write(path("binary"), [0, 159, 146, 150, 255]).unwrap();
        let import = |file: &str| {
            let wanted = Wanted::Import { dir: dir.clone(), file: path(file) };
            let (_, opened, said) = opener(RecentProjects::default(), Ok("ada")).get(wanted).unwrap();
            let (level, text) = said.unwrap();
            (opened.documents.len(), level, text)
        };
        assert_eq!(import("two.txt"), (2, Level::Info, "two.txt: 2 documents, 0 spans".to_owned()));
        let again = import("two.txt");
        assert!(again.0 == 2 && again.2.ends_with("; 2 documents there already"), "{again:?}");
        for file in ["gone.txt", "empty.txt", "binary", "."] {
            let (documents, level, text) = import(file);
            assert!(documents == 2 && level == Level::Error && text.contains("was not imported"), "{file}: {text}");
        }
    }

    #[test]
    fn the_step_of_the_tutorial_stays_with_its_project_until_another_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let places = || {
            let mut places = RecentProjects::default();
            places.data = Some(folder.path().join("data"));
            places
        };
        let copy = || Wanted::Copy { sample: "restaurants".into(), name: "tutorial".into() };
        let get = |wanted| opener(places(), Ok("ada")).get(wanted).unwrap();
        let (open, opened, _) = get(copy());
        assert_eq!(opened.step, None);
        let dir = open.dir.clone();
        drop(open);
        places().remember_step(&dir, Some(7));
        let again = Wanted::Path(dir.to_string_lossy().into_owned());
        assert_eq!(get(again).1.step, Some(7));
        fs::remove_dir_all(&dir).unwrap();
        assert_eq!(get(copy()).1.step, None);
    }

    #[test]
    fn a_new_project_is_made_with_its_texts_or_says_why_they_are_not_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("tagged.conll"), "great\tO\ntacos\tB-Dish\n\n").unwrap();
        let texts = path("tagged.conll").to_string_lossy().into_owned();
        let new = |name: &str| {
            let dir = path(name).to_string_lossy().into_owned();
            NewProject { dir, texts: texts.clone(), among: true, ..NewProject::default() }
        };
        assert!(matches!(make(&new("a"), Err("nobody knows")), Err(OpenError::Who(_))));
        assert!(!path("a").exists(), "nothing is made before it is known who tags");
        let (dir, said) = make(&new("a"), Ok("ada")).unwrap();
        assert_eq!(said, Some((Level::Info, "tagged.conll: 1 document, 1 span".to_owned())));
        assert_eq!(Project::open(&dir).unwrap().documents.len(), 1);
        // The journal cannot be opened: there is a folder of its name.
        fs::create_dir_all(path("b/annotations/ada.jsonl")).unwrap();
        let (dir, said) = make(&new("b"), Ok("ada")).unwrap();
        let (level, text) = said.unwrap();
        assert!(level == Level::Error && text.contains("tagli import"), "{text}");
        assert_eq!(Project::open(&dir).unwrap().documents.len(), 0);
    }
}
