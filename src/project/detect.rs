//! What can be told of a folder without reading documents and journals.

use std::path::Path;

use super::{MANIFEST, Manifest, ManifestError, Project, ProjectError, read_manifest};

impl Project {
    /// Whether `dir` holds a `project.json`, whatever stands in it: no project can be made there.
    pub fn has_manifest(dir: &Path) -> bool {
        std::fs::symlink_metadata(dir.join(MANIFEST)).is_ok()
    }

    /// Whether `dir` is to be opened as a project: also if its `project.json` is damaged, so that somebody is told, but
    /// not if it belongs to another program.
    pub fn is_project(dir: &Path) -> bool {
        match read_manifest(dir) {
            Err(ProjectError::Manifest { why, .. }) => !matches!(why, ManifestError::NotOurs),
            _ => Self::has_manifest(dir),
        }
    }

    /// What the `project.json` in `dir` says.
    ///
    /// # Errors
    /// There is no project, or it cannot be read.
    pub fn read_manifest_of(dir: &Path) -> Result<Manifest, ProjectError> {
        read_manifest(dir)
    }

    /// Whether the project in `dir` is a sample, which is not worked on where it lies.
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
    use crate::spans::LabelSet;

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
