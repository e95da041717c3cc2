//! What can be opened: the projects that were open before, the samples that the program carries, and the user's own
//! copies of those.

use std::{
    collections::HashSet,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use directories::{BaseDirs, ProjectDirs};
use serde::{Deserialize, Serialize};

use super::clock::{date_or_time, now};
use crate::{
    app::event::Place,
    model::hub,
    project::{
        AnnotatorName, Project, ProjectError,
        lock::Lock,
        samples::{SAMPLES, Sample},
        storage,
    },
    spans::Status,
};

/// Projects that the welcome screen remembers.
const RECENT: usize = 9;
/// Stands before the name of a sample in [`Place::path`].
const SAMPLE: &str = "sample:";

/// Who tags in the project in this folder; an error says why that cannot be told.
pub type Who = Arc<dyn Fn(&Path) -> Result<AnnotatorName, String> + Send + Sync>;

/// Where the user's own things are.
#[derive(Clone, Debug, Default)]
pub struct RecentProjects {
    /// What the program keeps for the user.
    pub data: Option<PathBuf>,
    home: Option<PathBuf>,
}

/// Why there is no copy of a sample.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Nobody knows where the user's things are.
    #[error("there is no home folder to keep the sample in; set HOME to a folder that you can write to")]
    NoHome,
    /// A path begins with `~`.
    #[error("nobody knows where your home folder is: write the whole path, or set HOME")]
    Tilde,
    /// The program carries no such sample.
    #[error("there is no sample `{0}`; there are {names}", names = SAMPLES.iter().map(|s| s.name).collect::<Vec<_>>().join(", "))]
    Unknown(String),
    /// The file system cannot.
    #[error("{0}; the sample goes into your home folder: set HOME to one that you can write to")]
    Place(ProjectError),
    /// The sample itself.
    #[error(transparent)]
    Project(ProjectError),
}

impl CopyError {
    fn of(error: ProjectError) -> Self {
        if matches!(error, ProjectError::Storage(_)) { Self::Place(error) } else { Self::Project(error) }
    }
}

/// A line of the list of recent projects; earlier versions wrote the path alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Stored")]
struct Recent {
    path: PathBuf,
    /// Seconds since 1970, UTC.
    opened: u64,
    /// The step of the tutorial that is in front there.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Path(PathBuf),
    Whole {
        path: PathBuf,
        opened: u64,
        #[serde(default)]
        step: Option<usize>,
    },
}

impl From<Stored> for Recent {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Path(path) => Self { path, opened: 0, step: None },
            Stored::Whole { path, opened, step } => Self { path, opened, step },
        }
    }
}

impl RecentProjects {
    /// Of the user who runs the program.
    pub fn of_user() -> Self {
        let named = hub::has_home();
        let own = named.then(|| ProjectDirs::from("", "", "tagliatelle")).flatten();
        Self {
            data: own.map(|dirs| dirs.data_dir().to_owned()),
            home: named.then(BaseDirs::new).flatten().map(|dirs| dirs.home_dir().to_owned()),
        }
    }

    /// What the welcome screen offers: the recent projects that are still there, newest first, then the samples.
    pub(super) fn all(&self) -> Vec<Place> {
        let recent = self.recent().into_iter().filter_map(|recent| {
            let path = recent.path.to_str().filter(|_| Project::has_manifest(&recent.path))?;
            let name = recent.path.file_name()?.to_string_lossy().into_owned();
            let (about, opened) = (self.shown(&recent.path), date_or_time(recent.opened));
            Some(Place { path: path.to_owned(), name, about, opened, step: recent.step, ..Place::default() })
        });
        let samples = SAMPLES.iter().map(|sample| Place {
            path: format!("{SAMPLE}{}", sample.name),
            name: sample.name.to_owned(),
            sample: true,
            about: sample.about.to_owned(),
            ..Place::default()
        });
        recent.chain(samples).collect()
    }

    fn recent(&self) -> Vec<Recent> {
        let bytes = self.list().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    fn list(&self) -> Option<PathBuf> {
        Some(self.data.as_ref()?.join("recent.json"))
    }

    /// Puts a project in front of the recent ones; gives the step of the tutorial that is in front there. Not being able
    /// to is no reason not to open it.
    pub(super) fn remember(&self, dir: &Path) -> Option<usize> {
        let dir = dir.canonicalize().ok()?;
        let mut step = None;
        self.change(|list| {
            step = list.iter().find(|recent| recent.path == dir).and_then(|recent| recent.step);
            // What stands here takes the place of what stood further down.
            list.insert(0, Recent { path: dir, opened: now(), step });
        });
        step
    }

    /// Remembers the step of the tutorial that is in front in a project of the list.
    pub(super) fn remember_step(&self, dir: &Path, step: Option<usize>) {
        let Ok(dir) = dir.canonicalize() else { return };
        self.change(|list| list.iter_mut().filter(|recent| recent.path == dir).for_each(|recent| recent.step = step));
    }

    /// Forgets what was known of a folder in which another project stands now.
    pub(super) fn forget(&self, dir: &Path) {
        let Ok(dir) = dir.canonicalize() else { return };
        self.change(|list| list.retain(|recent| recent.path != dir));
    }

    /// Changes the list. Not being able to is no reason not to open a project.
    fn change(&self, change: impl FnOnce(&mut Vec<Recent>)) {
        let Some(file) = self.list() else { return };
        let folder = file.parent().map(storage::make_folder);
        // Two windows that change it one after the other keep what both have changed.
        let _turn = folder.and_then(Result::ok).and_then(|_| Lock::wait(&file.with_extension("lock")).ok());
        let mut list = self.recent();
        change(&mut list);
        // JSON holds Unicode only: other paths cannot be told, and would take the whole list with them.
        let mut seen = HashSet::new();
        list.retain(|recent| recent.path.to_str().is_some() && seen.insert(recent.path.clone()));
        list.truncate(RECENT);
        let write = || -> Option<()> {
            storage::make_folder(file.parent()?).ok()?;
            storage::replace(&file, &serde_json::to_vec(&list).ok()?).ok()
        };
        if write().is_none() {
            tracing::warn!(file = %file.display(), "the list of recent projects was not written");
        }
    }

    /// A path as people write it.
    fn shown(&self, path: &Path) -> String {
        let below = self.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
        below.map_or_else(|| path.display().to_string(), |below| format!("~/{}", below.display()))
    }

    /// A path as it was typed: without the quotes of a shell, `~` for the home folder.
    ///
    /// # Errors
    /// The home folder is not known.
    pub(super) fn typed(&self, text: &str) -> Result<PathBuf, CopyError> {
        let text = text.trim();
        let bare = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
        let text = bare.unwrap_or(text);
        let below = if text == "~" { Some("") } else { text.strip_prefix("~/") };
        match (below, &self.home) {
            (None, _) => Ok(PathBuf::from(text)),
            (Some(below), Some(home)) => Ok(home.join(below)),
            (Some(_), None) => Err(CopyError::Tilde),
        }
    }

    /// The folder to open for [`Place::path`]; a sample is copied to the user's own folder first, once.
    pub(super) fn folder(&self, path: &str, owner: &Who) -> Result<PathBuf, CopyError> {
        match path.strip_prefix(SAMPLE) {
            None => Ok(PathBuf::from(path)),
            Some(name) => {
                let sample = Sample::find(name).ok_or_else(|| CopyError::Unknown(name.to_owned()))?;
                let target = self.copies()?.join(sample.name);
                self.once(&target, |target| write(sample, target, owner))
            }
        }
    }

    /// A fresh copy of a sample, called `name` or, if there is one, `name-2` and so on.
    pub(super) fn fresh(&self, sample: &str, name: &str, owner: &Who) -> Result<PathBuf, CopyError> {
        let sample = Sample::find(sample).ok_or_else(|| CopyError::Unknown(sample.to_owned()))?;
        let copies = self.copies()?;
        let names = std::iter::once(name.to_owned()).chain((2..).map(|n: u32| format!("{name}-{n}")));
        storage::make_folder(&copies).map_err(|error| CopyError::of(error.into()))?;
        for target in names.map(|name| copies.join(name)) {
            // Two windows never get the same folder: who makes it has it.
            let made = match storage::make_new_folder(&target) {
                Err(error) if error.cause.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => Err(error.into()),
                Ok(()) => write(sample, &target, owner),
            };
            match made {
                // A window that opens the sample itself uses its folder even so.
                Err(ProjectError::Exists(_)) => {}
                made => return made.map(|()| target).map_err(CopyError::of),
            }
        }
        Err(CopyError::of(ProjectError::Exists(copies.join(name))))
    }

    /// The user's copy of the sample in `dir`, made if there is none; whether it was made now.
    ///
    /// # Errors
    /// The sample cannot be read, or the copy not written.
    pub fn own_copy(&self, dir: &Path, owner: &AnnotatorName) -> Result<(PathBuf, bool), CopyError> {
        let project = Project::open(dir).map_err(CopyError::Project)?;
        // The name comes from a file: it must not lead out of the folder.
        let name: Result<AnnotatorName, _> = project.manifest.name.parse();
        let target = self.copies()?.join(name.as_ref().map_or("sample", AnnotatorName::as_str));
        let new = !Project::has_manifest(&target);
        Ok((self.once(&target, |target| project.copy_to(target, owner))?, new))
    }

    fn copies(&self) -> Result<PathBuf, CopyError> {
        self.data.as_ref().map(|data| data.join("samples")).ok_or(CopyError::NoHome)
    }

    fn once(&self, target: &Path, make: impl FnOnce(&Path) -> Result<(), ProjectError>) -> Result<PathBuf, CopyError> {
        if !Project::has_manifest(target) {
            match make(target) {
                // Another window was faster.
                Ok(()) | Err(ProjectError::Exists(_)) => {}
                Err(error) => return Err(CopyError::of(error)),
            }
        }
        Ok(target.to_owned())
    }
}

fn write(sample: &Sample, target: &Path, owner: &Who) -> Result<(), ProjectError> {
    // A sample says nothing about who tags, so the folder's own settings do not matter here.
    let owner = owner(target).ok().and_then(|name| name.to_string().parse().ok());
    let owner = match owner {
        Some(owner) => owner,
        None => "me".parse::<AnnotatorName>()?,
    };
    sample.write_to(target, &owner)
}

/// How many documents of a project its annotator has done, and how many there are.
pub(super) fn count(dir: &Path, who: &Who) -> Option<(usize, usize)> {
    let project = Project::open(dir).ok()?;
    let annotator = project.read_annotator(&who(dir).ok()?).ok()?;
    let done = |id: &str| annotator.journal.annotation(id).status == Status::Done;
    Some((project.documents.iter().filter(|document| done(&document.id)).count(), project.documents.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{project::Manifest, spans::LabelSet};

    fn places(folder: &Path) -> RecentProjects {
        RecentProjects { data: Some(folder.join("data")), home: Some(folder.to_owned()) }
    }

    fn ada() -> Who {
        Arc::new(|_| Ok("ada".parse().unwrap()))
    }

    #[test]
    fn a_sample_is_copied_once_and_afresh_under_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path());
        let first = places.folder("sample:restaurants", &ada()).unwrap();
        assert_eq!(places.folder("sample:restaurants", &ada()).unwrap(), first);
        let names = [(), ()].map(|()| places.fresh("restaurants", "restaurants", &ada()).unwrap());
        assert_eq!(names.map(|dir| Project::open(&dir).unwrap().manifest.name), ["restaurants-2", "restaurants-3"]);
        let (done, documents) = count(&first, &ada()).unwrap();
        assert!(done > 0 && done < documents);
        // A folder without a project is somebody's too.
        std::fs::create_dir(first.with_file_name("restaurants-4")).unwrap();
        assert!(places.fresh("restaurants", "restaurants", &ada()).unwrap().ends_with("restaurants-5"));
        assert!(matches!(places.folder("sample:kitchen", &ada()), Err(CopyError::Unknown(_))));
    }

    #[test]
    fn windows_that_copy_at_once_get_a_folder_each() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path());
        let copy = || places.fresh("restaurants", "tutorial", &ada()).unwrap();
        let made: HashSet<PathBuf> = std::thread::scope(|scope| {
            let windows: Vec<_> = (0..4).map(|_| scope.spawn(copy)).collect();
            windows.into_iter().map(|window| window.join().unwrap()).collect()
        });
        assert_eq!(made.len(), 4);
        assert!(made.iter().all(|dir| Project::open(dir).is_ok()));
    }

    #[test]
    fn without_a_home_it_is_said_what_to_do() {
        let nowhere = RecentProjects::default();
        for error in [nowhere.folder("sample:restaurants", &ada()), nowhere.typed("~/reviews")] {
            assert!(error.unwrap_err().to_string().contains("set HOME"));
        }
        assert_eq!(nowhere.all().iter().filter(|place| place.sample).count(), SAMPLES.len());
        nowhere.remember(Path::new("/"));
    }

    #[test]
    fn typed_paths_lose_their_quotes_and_their_tilde() {
        let places = RecentProjects { data: None, home: Some("/home/ada".into()) };
        let typed = |text: &str| places.typed(text).unwrap().to_string_lossy().into_owned();
        assert_eq!(typed(" ~/food "), "/home/ada/food");
        assert_eq!(typed("'/tmp/my food'"), "/tmp/my food");
        assert_eq!(typed("it's"), "it's");
        assert_eq!(typed("~"), "/home/ada/");
    }

    #[test]
    fn recent_projects_are_listed_newest_first_while_they_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let places = places(folder.path());
        let make = |name: &str| {
            let dir = folder.path().join(name);
            Project::create(&dir, Manifest::new(name, LabelSet::restaurant())).unwrap();
            dir
        };
        let (old, new) = (make("old"), make("new"));
        storage::make_folder(places.data.as_ref().unwrap()).unwrap();
        // As an earlier version wrote it.
        let before = serde_json::to_vec(&[&old, &folder.path().join("gone")]).unwrap();
        storage::replace(&places.list().unwrap(), &before).unwrap();
        places.remember(&new);
        let listed: Vec<Place> = places.all().into_iter().filter(|place| !place.sample).collect();
        let shown: Vec<&str> = listed.iter().map(|place| place.about.as_str()).collect();
        assert_eq!(shown, ["~/new", "~/old"]);
        assert!(listed[0].opened.starts_with("today") && listed[1].opened.is_empty());
        places.remember(&old);
        assert_eq!(places.all()[0].name, "old");
    }
}
