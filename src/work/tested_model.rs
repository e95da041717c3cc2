//! The model that an evaluation is about: that of a run of a project, of the folder of a run, or in a folder of its own.

use std::path::{Path, PathBuf};

use crate::{
    project::{
        AnnotatorName, Project, ProjectError, RunView, TrainingDataReport,
        run_folder::{is_run, model_path, read_config},
        training_data,
    },
    runs::{RunData, Settings, embedded_bases::is_embedded},
    spans::{HalfWords, Journal, Sentence, Split},
};

/// A model cannot be found by its name.
#[derive(Debug, thiserror::Error)]
pub enum TestedModelError {
    /// The run has no model.
    #[error("{0} has no model yet")]
    NoModel(String),
    /// The project has no run with a model.
    #[error("the project {} has no trained model yet", .0.display())]
    NoRun(PathBuf),
    /// There is no such run or folder.
    #[error("unknown model `{name}`; name {}the folder of a run or of a model", .or_run)]
    Unknown {
        /// Its name.
        name: String,
        /// `a run of the project, ` if there is a project.
        or_run: &'static str,
    },
    /// The run cannot be read.
    #[error(transparent)]
    Project(#[from] ProjectError),
}

/// A model to be evaluated.
#[derive(Clone, Debug)]
pub struct TestedModel {
    /// Name for people: the id of a run, or what the user typed.
    pub name: String,
    /// Folder or name by which the model is opened.
    pub folder: String,
    /// Id of the run, if it is one of the project.
    pub run: Option<String>,
    /// Data that it has learned from, if its run says so.
    pub data: Option<RunData>,
    /// Settings of its run, if it is that of a run: it reads long documents in the windows of its training.
    pub settings: Option<Settings>,
}

impl TestedModel {
    /// Finds a model by its name: the id or number of a run of the project, the folder of a run, or a model folder.
    ///
    /// # Errors
    /// There is none, or the run has no model.
    pub fn named(project: Option<&Project>, name: &str) -> Result<Self, TestedModelError> {
        if let Some(run) = project.and_then(|project| project.runs().get(name).ok()) {
            return Self::of_run(&run);
        }
        let folder = Path::new(name);
        if is_embedded(name) || !is_run(folder) {
            // With an owner it may be a model of the hub.
            if !is_embedded(name) && !folder.exists() && !name.contains('/') && project.is_some() {
                let or_run = "a run of the project, ";
                return Err(TestedModelError::Unknown { name: name.to_owned(), or_run });
            }
            let (name, folder) = (name.to_owned(), name.to_owned());
            return Ok(Self { name, folder, run: None, data: None, settings: None });
        }
        let config = read_config(folder)?;
        let model = model_path(folder);
        if !model.is_dir() {
            return Err(TestedModelError::NoModel(name.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            folder: model.to_string_lossy().into_owned(),
            run: None,
            data: RunData::read(&config.data),
            settings: Some(config.settings),
        })
    }

    /// The model that stands for a project: that of its best run, by the rule of the screen.
    ///
    /// # Errors
    /// No run has a model.
    pub fn of_project(project: &Project) -> Result<Self, TestedModelError> {
        match project.runs().suggester() {
            Some((run, _)) => Self::of_run(&run),
            None => Err(TestedModelError::NoRun(project.root.clone())),
        }
    }

    /// The model of a run.
    ///
    /// # Errors
    /// It has none.
    pub fn of_run(run: &RunView) -> Result<Self, TestedModelError> {
        if !run.has_model {
            return Err(TestedModelError::NoModel(run.id.to_string()));
        }
        Ok(Self {
            name: run.id.to_string(),
            folder: run.model().to_string_lossy().into_owned(),
            run: Some(run.id.to_string()),
            data: run.config.as_ref().and_then(|config| RunData::read(&config.data)),
            settings: run.config.as_ref().map(|config| config.settings.clone()),
        })
    }

    /// Annotator whose documents it has learned from, if that is known and a name of an annotator.
    pub fn annotator(&self) -> Option<AnnotatorName> {
        self.data.as_ref().and_then(|data| data.annotator.parse().ok())
    }

    /// A warning about sentences on which its score is too good: those that it has learned, or may have learned.
    pub fn warning(&self, split: Split, report: &TrainingDataReport) -> Option<String> {
        let name = &self.name;
        match (split, &self.data) {
            (Split::Train, _) => {
                Some(format!("{name} may have learned these sentences, so its scores on them are too good"))
            }
            (Split::Valid, Some(data)) if data.validated.as_ref().is_some_and(|known| *known != report.validated) => {
                Some(format!(
                    "the validation documents or their tags have changed since {name} was trained; it may have learned some of \
                     them"
                ))
            }
            _ => None,
        }
    }
}

/// Documents of one split of a project that an annotator has done, as sentences.
pub fn split_sentences(project: &Project, journal: &Journal, split: Split) -> (Vec<Sentence>, TrainingDataReport) {
    let (data, report) = training_data(project, journal, HalfWords::Snap);
    let sentences = match split {
        Split::Train => data.train,
        Split::Valid => data.valid,
        Split::Test => data.test,
    };
    (sentences, report)
}

/// The project and the id of the run whose folder this is, if it is one of a project.
pub fn run_of_project(folder: &Path) -> Option<(PathBuf, String)> {
    let whole = std::path::absolute(folder).ok()?;
    let (runs, id) = (whole.parent()?, whole.file_name()?.to_str()?);
    let root = runs.parent()?;
    (is_run(&whole) && Project::is_project(root) && root.join("runs") == *runs)
        .then(|| (root.to_owned(), id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{Manifest, run_folder::RunConfig},
        runs::{RunSink, Settings},
        spans::LabelSet,
    };

    #[test]
    fn a_model_is_found_by_the_run_its_folder_or_the_folder_of_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        assert!(matches!(TestedModel::of_project(&project), Err(TestedModelError::NoRun(_))));
        let account = serde_json::json!({ "valid": { "spans": 9 }, "validated": "ab" });
        let data = serde_json::json!({ "annotator": "ada", "account": account });
        let (id, mut run) = project.runs().create(&RunConfig::new(1, Settings::lesson("mini"), data)).unwrap();
        assert!(matches!(TestedModel::named(Some(&project), "1"), Err(TestedModelError::NoModel(_))));
        let mut model = run.model().unwrap();
        model.file("config.json", b"{}").unwrap();
        model.finish().unwrap();
        let folder = run.path().to_owned();
        for name in ["1", id.as_str(), folder.to_str().unwrap()] {
            let found = TestedModel::named(Some(&project), name).unwrap();
            assert_eq!(Path::new(&found.folder), folder.join("model"), "{name}");
            assert_eq!(found.annotator().unwrap().as_str(), "ada");
            assert_eq!(found.settings, Some(Settings::lesson("mini")), "{name}");
        }
        let found = TestedModel::named(Some(&project), folder.join("model").to_str().unwrap()).unwrap();
        assert_eq!((found.run, found.data), (None, None));
        assert_eq!(TestedModel::of_project(&project).unwrap().run.as_deref(), Some(id.as_str()));
        assert_eq!(run_of_project(&folder), Some((project.root.clone(), id.to_string())));
        assert_eq!(run_of_project(&folder.join("model")), None);
        let error = TestedModel::named(Some(&project), "7").unwrap_err().to_string();
        assert!(error.contains("unknown model `7`") && error.contains("a run of the project"), "{error}");
    }

    #[test]
    fn scores_on_known_sentences_are_called_too_good() {
        let data = RunData { validated: Some("ab".into()), ..RunData::default() };
        let (name, folder) = ("1".to_owned(), String::new());
        let model = TestedModel { name, folder, run: None, data: Some(data), settings: None };
        let report = |validated: &str| TrainingDataReport { validated: validated.into(), ..Default::default() };
        assert!(model.warning(Split::Train, &report("ab")).unwrap().contains("too good"));
        assert!(model.warning(Split::Valid, &report("cd")).unwrap().contains("have changed"));
        assert_eq!(model.warning(Split::Valid, &report("ab")), None);
        assert_eq!(model.warning(Split::Test, &report("cd")), None);
    }
}
