//! Checks of a folder that is given as a model.

use std::path::Path;

use super::{Project, ProjectError, Runs, run_files::METRICS, run_folder::model_path};

/// Refuses the folder of a run or of a project where a model folder is needed.
///
/// # Errors
/// `path` is the folder of a run that has a model, or of a project; the error names the model folder.
pub fn refuse_run_or_project(path: &str) -> Result<(), ProjectError> {
    let folder = Path::new(path);
    let model = model_path(folder);
    if folder.join(METRICS).is_file() && model.is_dir() {
        return Err(ProjectError::IsRun { run: folder.to_owned(), model });
    }
    if Project::is_project(folder) {
        let model = Runs::of(folder).suggester().map(|(run, is_best)| (run.id.clone(), is_best, run.model()));
        return Err(ProjectError::IsProject { project: folder.to_owned(), model });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{project::Manifest, spans::LabelSet};

    #[test]
    fn the_folder_of_a_run_is_no_model_and_names_the_one_that_is() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        fs::create_dir(&out).unwrap();
        fs::write(out.join(METRICS), "").unwrap();
        let path = out.to_str().unwrap();
        assert!(refuse_run_or_project(path).is_ok(), "a run without a model has none to offer");
        fs::create_dir(out.join("model")).unwrap();
        let error = refuse_run_or_project(path).unwrap_err().to_string();
        assert!(error.contains(&out.join("model").display().to_string()), "{error}");
        assert!(refuse_run_or_project(out.join("model").to_str().unwrap()).is_ok());
        assert!(refuse_run_or_project("mini").is_ok());
    }

    #[test]
    fn a_project_is_no_model_and_names_how_to_get_one() {
        let dir = tempfile::tempdir().unwrap();
        let food = dir.path().join("food");
        Project::create(&food, Manifest::new("food", LabelSet::restaurant())).unwrap();
        let error = refuse_run_or_project(food.to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains("is a project, and a model is needed") && error.contains("tagli train"), "{error}");
    }
}
