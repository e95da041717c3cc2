//! The user's copies of the samples that the program contains.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{preferences::PreferencesOf, user_folders::UserFolders};
use crate::project::{
    AnnotatorName, Manifest, Project, ProjectError,
    samples::{SAMPLES, Sample},
    storage,
};

/// Prefix of a sample's name in the path of a welcome item.
/// See [`WelcomeItem::path`](crate::app::event::WelcomeItem).
pub(super) const PREFIX: &str = "sample:";

/// A sample cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The user's data folder is unknown.
    #[error("there is no home folder to keep the sample in; set HOME to a folder that you can write to")]
    NoHome,
    /// The program contains no such sample.
    #[error("unknown sample `{0}`; use one of {names}", names = SAMPLES.iter().map(|s| s.name).collect::<Vec<_>>().join(", "))]
    Unknown(String),
    /// The file system refuses.
    #[error("{0}; the sample goes into your home folder: set HOME to one that you can write to")]
    Place(ProjectError),
    /// The sample itself cannot be read.
    #[error(transparent)]
    Project(ProjectError),
}

impl From<ProjectError> for CopyError {
    fn from(error: ProjectError) -> Self {
        if matches!(error, ProjectError::Storage(_)) { Self::Place(error) } else { Self::Project(error) }
    }
}

/// Folder of an entry of the welcome screen.
/// A sample is copied first, unless the user has a copy.
pub(super) fn entry_folder(
    folders: &UserFolders,
    path: &str,
    preferences: &PreferencesOf,
) -> Result<PathBuf, CopyError> {
    let Some(name) = path.strip_prefix(PREFIX) else { return Ok(PathBuf::from(path)) };
    let sample = find(name)?;
    let target = samples_folder(folders)?.join(sample.name);
    copy_once(&target, |target| write(sample, target, preferences))?;
    Ok(target)
}

/// Makes a new copy of a sample.
/// It is called `name` or, if that exists, `name-2` and so on.
pub(super) fn copy_sample(
    folders: &UserFolders,
    sample: &str,
    name: &str,
    preferences: &PreferencesOf,
) -> Result<PathBuf, CopyError> {
    let sample = find(sample)?;
    let copies = samples_folder(folders)?;
    let names = std::iter::once(name.to_owned()).chain((2..).map(|n: u32| format!("{name}-{n}")));
    storage::make_folder(&copies).map_err(ProjectError::from)?;
    for target in names.map(|name| copies.join(name)) {
        // Creating the folder decides: two windows never get the same one.
        let made = match storage::make_new_folder(&target) {
            Err(error) if error.cause.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => Err(error.into()),
            Ok(()) => write(sample, &target, preferences),
        };
        match made {
            // Another window used the folder for the sample itself.
            Err(ProjectError::Exists(_)) => {}
            Ok(()) => return Ok(target),
            Err(error) => return Err(error.into()),
        }
    }
    Err(ProjectError::Exists(copies.join(name)).into())
}

/// The user's copy of the sample in `dir`, and whether it was made now.
/// It is made if there is none.
///
/// # Errors
/// The sample cannot be read, or the copy cannot be written.
pub fn own_copy(folders: &UserFolders, dir: &Path, owner: &AnnotatorName) -> Result<(PathBuf, bool), CopyError> {
    let project = Project::open(dir).map_err(CopyError::Project)?;
    let target = place_of_copy(folders, &project.manifest)?;
    let is_new = copy_once(&target, |target| project.copy_to(target, owner))?;
    Ok((target, is_new))
}

/// The user's copy of the sample in `dir`; `None` if there is none.
///
/// # Errors
/// The `project.json` of the sample cannot be read, or the user's data folder is unknown.
pub fn sample_copy(folders: &UserFolders, dir: &Path) -> Result<Option<PathBuf>, CopyError> {
    let manifest = Project::read_manifest_of(dir).map_err(CopyError::Project)?;
    let place = place_of_copy(folders, &manifest)?;
    Ok(Project::is_project(&place).then_some(place))
}

/// Folder of the user's copy of a sample, which may not exist.
fn place_of_copy(folders: &UserFolders, sample: &Manifest) -> Result<PathBuf, CopyError> {
    // The name comes from a file and must not lead out of the folder.
    let name: Result<AnnotatorName, _> = sample.name.parse();
    Ok(samples_folder(folders)?.join(name.as_ref().map_or("sample", AnnotatorName::as_str)))
}

fn find(name: &str) -> Result<&'static Sample, CopyError> {
    Sample::find(name).ok_or_else(|| CopyError::Unknown(name.to_owned()))
}

fn samples_folder(folders: &UserFolders) -> Result<PathBuf, CopyError> {
    folders.data.as_ref().map(|data| data.join("samples")).ok_or(CopyError::NoHome)
}

/// Makes a copy unless there is one; whether there was none.
fn copy_once(target: &Path, copy: impl FnOnce(&Path) -> Result<(), ProjectError>) -> Result<bool, CopyError> {
    if Project::is_project(target) {
        return Ok(false);
    }
    match copy(target) {
        // Another window was faster.
        Ok(()) | Err(ProjectError::Exists(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn write(sample: &Sample, target: &Path, preferences: &PreferencesOf) -> Result<(), ProjectError> {
    let owner = match preferences(target) {
        Ok(preferences) => preferences.annotator,
        Err(_) => "me".parse::<AnnotatorName>()?,
    };
    sample.write_to(target, &owner)
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc};

    use super::{super::preferences::Preferences, *};
    use crate::{config::LiveSettings, text::Grid};

    fn folders(folder: &Path) -> UserFolders {
        UserFolders::new(Some(folder.join("data")), Some(folder.to_owned()))
    }

    fn ada() -> PreferencesOf {
        let annotator: AnnotatorName = "ada".parse().unwrap();
        Arc::new(move |_| {
            Ok(Preferences {
                annotator: annotator.clone(),
                is_chosen: false,
                device: "auto".into(),
                grid: Grid::default(),
                live: LiveSettings::default(),
            })
        })
    }

    #[test]
    fn a_sample_is_copied_once_and_again_under_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let folders = folders(folder.path());
        let first = entry_folder(&folders, "sample:restaurants", &ada()).unwrap();
        assert_eq!(entry_folder(&folders, "sample:restaurants", &ada()).unwrap(), first);
        let copy = || copy_sample(&folders, "restaurants", "restaurants", &ada()).unwrap();
        let names = [copy(), copy()].map(|dir| Project::open(&dir).unwrap().manifest.name);
        assert_eq!(names, ["restaurants-2", "restaurants-3"]);
        // A folder without a project is in use, too.
        std::fs::create_dir(first.with_file_name("restaurants-4")).unwrap();
        assert!(copy().ends_with("restaurants-5"));
        assert!(matches!(entry_folder(&folders, "sample:kitchen", &ada()), Err(CopyError::Unknown(_))));
    }

    #[test]
    fn windows_that_copy_at_once_get_a_folder_each() {
        let folder = tempfile::tempdir().unwrap();
        let folders = folders(folder.path());
        let copy = || copy_sample(&folders, "restaurants", "tutorial", &ada()).unwrap();
        let made: HashSet<PathBuf> = std::thread::scope(|scope| {
            let windows: Vec<_> = (0..4).map(|_| scope.spawn(copy)).collect();
            windows.into_iter().map(|window| window.join().unwrap()).collect()
        });
        assert_eq!(made.len(), 4);
        assert!(made.iter().all(|dir| Project::open(dir).is_ok()));
    }

    #[test]
    fn without_a_home_the_error_names_the_remedy() {
        let error = entry_folder(&UserFolders::default(), "sample:restaurants", &ada()).unwrap_err();
        assert!(error.to_string().contains("set HOME"), "{error}");
    }
}
