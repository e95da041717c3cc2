//! Answers about a folder that need neither its documents nor its journals.

use std::path::{Path, PathBuf};

use super::{
    Manifest, Project, ProjectError,
    folder::{self, read_manifest},
};

impl Project {
    /// Whether `dir` holds a `project.json`, whatever it contains.
    /// No project can be created there.
    pub fn has_manifest(dir: &Path) -> bool {
        folder::has_manifest(dir)
    }

    /// Whether `dir` should be opened as a project.
    ///
    /// True also for a damaged `project.json`, so that opening reports the damage; false for one of another program.
    pub fn is_project(dir: &Path) -> bool {
        folder::is_project(dir)
    }

    /// The innermost project above `dir`, if there is one.
    pub fn around(dir: &Path) -> Option<PathBuf> {
        folder::project_around(dir)
    }

    /// Reads the `project.json` in `dir`.
    ///
    /// # Errors
    /// There is no project, or the file cannot be read.
    pub fn read_manifest_of(dir: &Path) -> Result<Manifest, ProjectError> {
        read_manifest(dir)
    }

    /// Whether the project in `dir` is a sample.
    /// A sample is copied before work on it starts.
    ///
    /// # Errors
    /// There is no project, or its `project.json` cannot be read.
    pub fn is_sample(dir: &Path) -> Result<bool, ProjectError> {
        Ok(read_manifest(dir)?.sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{project::manifest::MANIFEST, spans::LabelSet};

    #[test]
    fn a_damaged_project_is_one_and_that_of_another_program_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let dir = |name: &str, manifest: &str| {
            let dir = folder.path().join(name);
            std::fs::create_dir(&dir).unwrap();
            std::fs::write(dir.join(MANIFEST), manifest).unwrap();
            dir
        };
        let (damaged, foreign) = (dir("damaged", "{\"format\":"), dir("foreign", "{\"name\":\"x\"}"));
        assert!(Project::is_project(&damaged) && Project::is_sample(&damaged).is_err());
        assert!(Project::has_manifest(&foreign) && !Project::is_project(&foreign));
        let own = folder.path().join("own");
        assert!(!Project::has_manifest(&own) && !Project::is_project(&own));
        assert!(matches!(Project::is_sample(&own), Err(ProjectError::NoFolder(_))));
        Project::create(&own, Manifest::new("own", LabelSet::restaurant())).unwrap();
        assert!(Project::is_project(&own) && !Project::is_sample(&own).unwrap());
    }
}
