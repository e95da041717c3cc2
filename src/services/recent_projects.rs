//! Entries of the welcome screen.
//! The projects that were opened last, and the samples that the program contains.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    clock::{date_or_time, now},
    project_repair, sample_copies,
    user_folders::UserFolders,
};
use crate::{
    app::{
        Event, Screen,
        event::{Place, WelcomeItem},
    },
    guard::{self, Links},
    project::{AnnotatorName, Project, lock::Lock, samples::SAMPLES, storage},
    spans::Status,
};

/// Number of projects that the list keeps.
const LENGTH: usize = 9;

/// Largest list that is read, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Entry of the list. Earlier versions wrote only the path.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Stored")]
struct Recent {
    path: PathBuf,
    /// Seconds since 1970, UTC.
    opened: u64,
    #[serde(flatten)]
    kept: Kept,
}

/// What is kept about a project until it is opened again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    /// Current step of the tutorial in this project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) step: Option<usize>,
    /// Place of an earlier version, which kept one for all annotators. It is read until a place is kept by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<StoredPlace>,
    /// Place of each annotator who has left the project, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    places: BTreeMap<String, StoredPlace>,
    /// The annotator as whom the user works there if no name is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    annotator: Option<String>,
}

/// A [`Place`]; the name of its screen may be of another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredPlace {
    document: String,
    word: usize,
    screen: String,
}

impl Kept {
    /// Where the annotator was when the project was left; `None` for one who is new here.
    pub(super) fn place(&self, annotator: &AnnotatorName) -> Option<Place> {
        let of_all = self.place.as_ref().filter(|_| self.places.is_empty());
        let StoredPlace { document, word, screen } = self.places.get(annotator.as_str()).or(of_all)?.clone();
        let screen = Screen::ALL.iter().copied().find(|known| known.name() == screen).unwrap_or(Screen::Tag);
        Some(Place { document, number: (0, 0), word, screen })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Path(PathBuf),
    Whole {
        path: PathBuf,
        opened: u64,
        #[serde(flatten)]
        kept: Kept,
    },
}

impl From<Stored> for Recent {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Path(path) => Self { path, opened: 0, kept: Kept::default() },
            Stored::Whole { path, opened, kept } => Self { path, opened, kept },
        }
    }
}

/// List of recent projects, in the user's data folder.
/// A list that cannot be read or written is treated as empty.
#[derive(Clone, Debug, Default)]
pub(super) struct RecentProjects {
    folders: UserFolders,
}

/// The annotator as whom the user goes on in the project in `dir`, if the screen has asked for that.
pub fn remembered_annotator(folders: &UserFolders, dir: &Path) -> Option<AnnotatorName> {
    RecentProjects::new(folders.clone()).annotator(dir)
}

impl RecentProjects {
    /// List of this user.
    pub(super) fn new(folders: UserFolders) -> Self {
        Self { folders }
    }

    /// Entries of the welcome screen.
    /// Recent projects that still exist, newest first, then the samples.
    pub(super) fn entries(&self) -> Vec<WelcomeItem> {
        let recent = self.read().into_iter().filter_map(|recent| self.entry(&recent));
        let samples = SAMPLES.iter().map(|sample| WelcomeItem {
            path: format!("{}{}", sample_copies::PREFIX, sample.name),
            name: sample.name.to_owned(),
            sample: true,
            about: sample.about.to_owned(),
            ..WelcomeItem::default()
        });
        recent.chain(samples).collect()
    }

    fn entry(&self, recent: &Recent) -> Option<WelcomeItem> {
        Some(WelcomeItem {
            path: recent.path.to_str().filter(|_| Project::is_project(&recent.path))?.to_owned(),
            name: recent.path.file_name()?.to_string_lossy().into_owned(),
            about: self.folders.abbreviate(&recent.path),
            opened: date_or_time(recent.opened),
            step: recent.kept.step,
            ..WelcomeItem::default()
        })
    }

    /// Moves a project to the front of the list, and returns what was kept about it.
    pub(super) fn remember(&self, dir: &Path) -> Kept {
        let Ok(dir) = dir.canonicalize() else { return Kept::default() };
        let mut kept = Kept::default();
        self.change(|list| {
            let known = list.iter().find(|recent| recent.path == dir);
            kept = known.map(|recent| recent.kept.clone()).unwrap_or_default();
            // `change` removes the older entry of the same project.
            list.insert(0, Recent { path: dir, opened: now(), kept: kept.clone() });
        });
        kept
    }

    /// Keeps the step of the tutorial in a project of the list.
    pub(super) fn remember_step(&self, dir: &Path, step: Option<usize>) {
        self.change_entry(dir, |kept| kept.step = step);
    }

    /// Keeps where the annotator was in a project of the list.
    pub(super) fn remember_place(&self, dir: &Path, annotator: &AnnotatorName, place: Place) {
        let Place { document, word, screen, .. } = place;
        let place = StoredPlace { document, word, screen: screen.name().to_owned() };
        self.change_entry(dir, |kept| {
            kept.place = None;
            kept.places.insert(annotator.to_string(), place);
        });
    }

    /// The annotator as whom the user works in a project of the list if no name is given.
    pub(super) fn annotator(&self, dir: &Path) -> Option<AnnotatorName> {
        let dir = dir.canonicalize().ok()?;
        let recent = self.read().into_iter().find(|recent| recent.path == dir)?;
        recent.kept.annotator?.parse().ok()
    }

    /// Keeps the annotator as whom the user works in a project of the list.
    pub(super) fn remember_annotator(&self, dir: &Path, name: String) {
        self.change_entry(dir, |kept| kept.annotator = Some(name));
    }

    fn change_entry(&self, dir: &Path, change: impl FnOnce(&mut Kept)) {
        let Ok(dir) = dir.canonicalize() else { return };
        self.change(|list| {
            if let Some(recent) = list.iter_mut().find(|recent| recent.path == dir) {
                change(&mut recent.kept);
            }
        });
    }

    /// Removes the entry of a folder in which another project was created.
    pub(super) fn forget(&self, dir: &Path) {
        let Ok(dir) = dir.canonicalize() else { return };
        self.change(|list| list.retain(|recent| recent.path != dir));
    }

    fn read(&self) -> Vec<Recent> {
        let file = self.file();
        let bytes = file.and_then(|path| guard::read(&path, Links::Follow, MOST_BYTES).ok()).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    fn file(&self) -> Option<PathBuf> {
        Some(self.folders.data.as_ref()?.join("recent.json"))
    }

    /// Changes the list. A failure is logged only: it must not keep a project closed.
    fn change(&self, change: impl FnOnce(&mut Vec<Recent>)) {
        let Some(file) = self.file() else { return };
        let folder = file.parent().map(storage::make_folder);
        // With the lock, two windows keep each other's changes.
        let lock = file.with_extension("lock");
        let _lock = folder.and_then(Result::ok).and_then(|()| Lock::wait(&lock, "the list of recent projects").ok());
        let mut list = self.read();
        change(&mut list);
        // JSON holds Unicode only: one other path would make the whole list unwritable.
        let mut seen = HashSet::new();
        list.retain(|recent| recent.path.to_str().is_some() && seen.insert(recent.path.clone()));
        list.truncate(LENGTH);
        if write(&file, &list).is_none() {
            tracing::warn!(file = %file.display(), "the list of recent projects was not written");
        }
    }
}

fn write(file: &Path, list: &[Recent]) -> Option<()> {
    storage::make_folder(file.parent()?).ok()?;
    storage::replace(file, &serde_json::to_vec(list).ok()?).ok()
}

/// Reports the progress of the project at a path of the welcome screen, or its damage.
pub(super) fn look_at(path: String) -> Option<Event> {
    let dir = Path::new(&path);
    if let Some((done, documents)) = progress(dir) {
        return Some(Event::Counted { path, done, documents });
    }
    let damage = project_repair::damage(dir)?;
    Some(Event::Damaged { path, damage })
}

/// Numbers of documents of a project: done by any of its annotators, and all.
pub(super) fn progress(dir: &Path) -> Option<(usize, usize)> {
    let project = Project::open(dir).ok()?;
    let mut done: HashSet<usize> = HashSet::new();
    for name in project.annotators() {
        let journal = project.read_annotator(&name).ok()?.journal;
        let documents = project.documents.iter().enumerate();
        let of_this = documents.filter(|(_, document)| journal.annotation(&document.id).status == Status::Done);
        done.extend(of_this.map(|(at, _)| at));
    }
    Some((done.len(), project.documents.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{
        super::preferences::{Preferences, PreferencesOf},
        *,
    };
    use crate::{
        config::LiveSettings,
        project::Manifest,
        spans::{Action, Edit, LabelSet, journal::JournalOp},
        text::Grid,
    };

    fn recent_projects(folder: &Path) -> RecentProjects {
        RecentProjects::new(UserFolders::new(Some(folder.join("data")), Some(folder.to_owned())))
    }

    #[test]
    fn recent_projects_are_listed_newest_first_while_they_exist() {
        let folder = tempfile::tempdir().unwrap();
        let recent = recent_projects(folder.path());
        let make = |name: &str| {
            let dir = folder.path().join(name);
            Project::create(&dir, Manifest::new(name, LabelSet::restaurant())).unwrap();
            dir
        };
        let (old, new) = (make("old"), make("new"));
        storage::make_folder(recent.folders.data.as_ref().unwrap()).unwrap();
        // A list of an earlier version.
        let before = serde_json::to_vec(&[&old, &folder.path().join("gone")]).unwrap();
        storage::replace(&recent.file().unwrap(), &before).unwrap();
        recent.remember(&new);
        let listed: Vec<WelcomeItem> = recent.entries().into_iter().filter(|place| !place.sample).collect();
        let shown: Vec<&str> = listed.iter().map(|place| place.about.as_str()).collect();
        assert_eq!(shown, ["~/new", "~/old"]);
        assert!(listed[0].opened.starts_with("today") && listed[1].opened.is_empty());
        recent.remember(&old);
        assert_eq!(recent.entries()[0].name, "old");
    }

    #[test]
    fn the_place_in_a_project_is_kept_beside_its_step_of_the_tutorial() {
        let folder = tempfile::tempdir().unwrap();
        let recent = recent_projects(folder.path());
        let dir = folder.path().join("food");
        Project::create(&dir, Manifest::new("food", LabelSet::restaurant())).unwrap();
        assert_eq!(recent.remember(&dir), Kept::default());
        let place = Place { document: "d7".into(), number: (0, 0), word: 3, screen: Screen::Train };
        let [ada, ben] = ["ada", "ben"].map(|name| name.parse::<AnnotatorName>().unwrap());
        recent.remember_place(&dir, &ada, place.clone());
        recent.remember_step(&dir, Some(2));
        let kept = recent.remember(&dir);
        assert_eq!((kept.step, kept.place(&ada)), (Some(2), Some(place.clone())));
        assert_eq!(kept.place(&ben), None, "a new annotator begins at the first document");
        let other = Place { document: "d1".into(), word: 0, ..place.clone() };
        recent.remember_place(&dir, &ben, other.clone());
        let kept = recent.remember(&dir);
        assert_eq!((kept.place(&ada), kept.place(&ben)), (Some(place), Some(other)));
    }

    #[test]
    fn the_place_of_an_earlier_version_is_read_until_one_is_kept_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let recent = recent_projects(folder.path());
        let dir = folder.path().canonicalize().unwrap().join("food");
        Project::create(&dir, Manifest::new("food", LabelSet::restaurant())).unwrap();
        storage::make_folder(recent.folders.data.as_ref().unwrap()).unwrap();
        let place = serde_json::json!({ "document": "d7", "word": 3, "screen": "Train" });
        let list = serde_json::json!([{ "path": &dir, "opened": 5, "place": place }]).to_string();
        storage::replace(&recent.file().unwrap(), list.as_bytes()).unwrap();
        let [ada, ben] = ["ada", "ben"].map(|name| name.parse::<AnnotatorName>().unwrap());
        let kept = recent.remember(&dir).place(&ada).unwrap();
        assert_eq!((kept.document.as_str(), kept.word), ("d7", 3));
        recent.remember_place(&dir, &ada, kept.clone());
        let after = recent.remember(&dir);
        assert_eq!((after.place(&ada).map(|place| place.document), after.place(&ben)), (Some("d7".into()), None));
    }

    #[test]
    fn without_a_home_only_the_samples_are_listed() {
        let recent = RecentProjects::default();
        recent.remember(Path::new("/"));
        assert_eq!(recent.entries().iter().filter(|place| place.sample).count(), SAMPLES.len());
    }

    #[test]
    fn progress_counts_the_documents_that_anyone_has_done() {
        let folder = tempfile::tempdir().unwrap();
        let folders = UserFolders::new(Some(folder.path().to_owned()), None);
        let preferences: PreferencesOf = Arc::new(|_| {
            Ok(Preferences {
                annotator: "ada".parse().unwrap(),
                is_chosen: false,
                device: "auto".into(),
                grid: Grid::default(),
                live: LiveSettings::default(),
            })
        });
        let dir = sample_copies::entry_folder(&folders, "sample:restaurants", &preferences).unwrap();
        let (done, documents) = progress(&dir).unwrap();
        assert!(done > 0 && done < documents);
        // Another annotator finishes one that nobody has done, and one that ada has done.
        let project = Project::open(&dir).unwrap();
        let ada = project.read_annotator(&"ada".parse().unwrap()).unwrap();
        let is_done = |id: &str| ada.journal.annotation(id).status == Status::Done;
        let ids = [true, false]
            .map(|wanted| project.documents.iter().find(|one| is_done(&one.id) == wanted).unwrap().id.clone());
        let mut ben = project.annotator(&"ben".parse().unwrap(), 0).unwrap();
        for document in ids {
            let action = Action { document, edits: vec![Edit::Status(Status::Done)] };
            ben.record(&project.documents, 0, JournalOp::Do(action)).unwrap();
        }
        drop(ben);
        assert_eq!(progress(&dir), Some((done + 1, documents)));
    }
}
