//! What a folder is: a project, a run, a model, or something else.

use std::path::{Path, PathBuf};

use super::{
    error::{FolderKind, ProjectError},
    manifest::{MANIFEST, Manifest, ManifestError},
    run_files::{self, CONFIG},
    storage::{self, SMALL},
};

/// Reads the `project.json` in `dir`.
///
/// # Errors
/// There is no project, or the file cannot be read.
pub(super) fn read_manifest(dir: &Path) -> Result<Manifest, ProjectError> {
    let path = dir.join(MANIFEST);
    match storage::read(&path, SMALL) {
        Ok(bytes) => Manifest::from_json(&bytes).map_err(|why| ProjectError::Manifest { path, why }),
        Err(error) if !error.is_absent() => Err(error.into()),
        Err(_) if dir.is_dir() => Err(ProjectError::NotAProject { path: dir.to_owned(), kind: kind_of(dir) }),
        Err(_) if dir.exists() => Err(ProjectError::IsFile(dir.to_owned())),
        Err(_) => Err(ProjectError::NoFolder(dir.to_owned())),
    }
}

/// Whether `dir` holds a `project.json`, whatever it contains.
pub(super) fn has_manifest(dir: &Path) -> bool {
    std::fs::symlink_metadata(dir.join(MANIFEST)).is_ok()
}

/// Whether `dir` should be opened as a project.
/// Damage of its `project.json` does not matter, except that the file is of another program.
pub(super) fn is_project(dir: &Path) -> bool {
    let Ok(bytes) = storage::read(&dir.join(MANIFEST), SMALL) else { return has_manifest(dir) };
    !matches!(Manifest::from_json(&bytes), Err(ManifestError::NotOurs))
}

/// The innermost project above `dir`, if there is one.
pub(super) fn project_around(dir: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(dir).ok()?;
    let mut above = whole.ancestors().skip(1);
    above.find(|folder| is_project(folder)).map(Path::to_owned)
}

/// What a folder without `project.json` is.
fn kind_of(dir: &Path) -> FolderKind {
    if run_files::is_run(dir) {
        return FolderKind::Run;
    }
    if is_model(dir) {
        return FolderKind::Model;
    }
    project_around(dir).map_or(FolderKind::Other, FolderKind::Inside)
}

/// Whether a folder contains a model in the layout of Hugging Face.
fn is_model(dir: &Path) -> bool {
    let config = storage::read(&dir.join(CONFIG), SMALL).ok();
    let config = config.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    config.is_some_and(|config| config.get("model_type").is_some())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_error_about_a_folder_says_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, file: &str, text: &str| {
            let dir = folder.path().join(name);
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join(file), text).unwrap();
            dir
        };
        let error = |dir: &Path| read_manifest(dir).unwrap_err().to_string();
        let run = error(&make("run", "config.json", r#"{"tagli_run":1}"#));
        assert!(run.contains("it is the folder of a run") && run.contains("run/model"), "{run}");
        let model = error(&make("model", "config.json", r#"{"model_type":"distilbert"}"#));
        assert!(model.contains("it is a model") && model.contains("tagli eval"), "{model}");
        let other = error(&make("other", "config.json", "{}"));
        assert!(other.contains("tagli new"), "{other}");
        let project = make("food", MANIFEST, r#"{"format":1}"#);
        let inside = error(&make("food/exports", "a.conll", ""));
        assert!(inside.contains(&format!("belongs to the project {}", project.display())), "{inside}");
    }
}
