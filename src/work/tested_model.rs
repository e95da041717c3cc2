//! The model that an evaluation is about: of a run of a project, of the folder of a run, or in a folder of its own.

use std::path::{Path, PathBuf};

use crate::{
    project::{
        AnnotatorName, Project, ProjectError, RunView, TrainingDataReport,
        run_folder::{is_run, model_path, read_config},
        training_data,
    },
    runs::{RunData, RunSummary, Settings, embedded_bases::is_embedded, suggester::is_better},
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
    /// Settings of its run, if it is the model of a run: it reads long documents in the windows of its training.
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

    /// The run that stands for a project: the one that suggests on the screen, unless the live model does.
    /// It is the newest, or the best of those scored on the same validation split as the newest.
    ///
    /// # Errors
    /// No run has a model.
    pub fn of_project(project: &Project) -> Result<Self, TestedModelError> {
        match project.runs().suggester() {
            Some((run, _)) => Self::of_run(&run),
            None => Err(TestedModelError::NoRun(project.root.clone())),
        }
    }

    /// A note if the model of another run scored higher on the validation split of its time than this one on its own.
    pub fn note_of_higher(&self, project: &Project) -> Option<String> {
        let models = project.runs().list().into_iter().filter(|run| run.has_model);
        let scores: Vec<RunSummary> = models.map(|run| run.score()).collect();
        let own = scores.iter().find(|run| Some(&run.id) == self.run.as_ref())?;
        let higher = scores.iter().filter(|run| is_better(run, own));
        let best = higher.reduce(|best, run| if is_better(run, best) { run } else { best })?;
        let [best_f1, own_f1] = [best, own].map(|run| run.model_f1.unwrap_or_default());
        Some(format!(
            "{} scores higher on validation: F1 {best_f1:.3}, {} {own_f1:.3}; their validation splits differ or are small, which \
             decides nothing; `tagli eval DIR {}` scores it",
            best.id, own.id, best.id
        ))
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

    /// Whether the scores of its spans were fitted to the validation split with this fingerprint, as far as is known.
    pub fn is_fitted_to(&self, validated: Option<&str>) -> bool {
        let own = self.data.as_ref().and_then(|data| data.validated.as_deref());
        own.is_some() && own == validated
    }

    /// A warning about sentences on which its score is too good: those that it has learned, or may have learned.
    pub fn warning(&self, split: Split, report: &TrainingDataReport) -> Option<String> {
        let name = &self.name;
        match (split, &self.data) {
            (Split::Train, _) => {
                Some(format!("{name} may have learned these sentences, so its scores on them are too good"))
            }
            (Split::Valid, Some(data)) if differs(data.validated.as_ref(), &report.validated) => {
                let only_tags = data.validated_ids.as_ref() == Some(&report.validated_ids);
                Some(match only_tags {
                    true => format!(
                        "tags of the validation documents have changed since {name} was trained; it is scored on those of now"
                    ),
                    false => format!(
                        "the validation split has other documents than when {name} was trained; it may have learned some of \
                         them"
                    ),
                })
            }
            _ => None,
        }
    }
}

/// Whether a fingerprint is known and another one than now.
fn differs(known: Option<&String>, now: &str) -> bool {
    known.is_some_and(|known| known != now)
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
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        project::{Manifest, run_folder::RunConfig},
        runs::{Phase, Point, RunSink, Scores, Settings, Status},
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
    fn a_run_that_scored_higher_on_other_documents_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let run = |started: u64, f1: f64, validated: &str| {
            let account = serde_json::json!({ "valid": { "spans": 90 }, "validated": validated });
            let data = serde_json::json!({ "annotator": "ada", "account": account });
            let config = RunConfig::new(started, Settings::lesson("mini"), data);
            let (id, mut run) = project.runs().create(&config).unwrap();
            let word = Scores { f1, ..Scores::default() };
            let (split, piece, labels) = ("valid".into(), Scores::default(), BTreeMap::new());
            run.point(&Point::Eval { step: 9, epoch: 1.0, split, loss: 0.1, piece, word, labels, tables: None })
                .unwrap();
            let mut model = run.model().unwrap();
            model.file("config.json", b"{}").unwrap();
            model.finish().unwrap();
            let status = Status { phase: Phase::Done, step: 9, steps: 9, checkpoint: Some(9), ..Status::default() };
            run.status(&status).unwrap();
            id
        };
        run(1, 0.62, "ab");
        let newest = run(2, 0.55, "cd");
        let model = TestedModel::of_project(&project).unwrap();
        assert_eq!(model.run.as_deref(), Some(newest.as_str()));
        let note = model.note_of_higher(&project).unwrap();
        assert!(note.starts_with("0001-mini scores higher on validation: F1 0.620, 0002-mini 0.550"), "{note}");
        let higher = TestedModel::named(Some(&project), "1").unwrap();
        assert_eq!(higher.note_of_higher(&project), None);
    }

    #[test]
    fn scores_on_known_sentences_are_called_too_good() {
        let data = RunData { validated: Some("ab".into()), validated_ids: Some("ids".into()), ..RunData::default() };
        let (name, folder) = ("1".to_owned(), String::new());
        let model = TestedModel { name, folder, run: None, data: Some(data), settings: None };
        let report = |validated: &str| TrainingDataReport {
            validated: validated.into(),
            validated_ids: "others".into(),
            ..Default::default()
        };
        assert!(model.warning(Split::Train, &report("ab")).unwrap().contains("too good"));
        assert!(model.warning(Split::Valid, &report("cd")).unwrap().contains("may have learned"));
        let same_documents = TrainingDataReport { validated_ids: "ids".into(), ..report("cd") };
        let warning = model.warning(Split::Valid, &same_documents).unwrap();
        assert!(warning.starts_with("tags of the validation documents") && !warning.contains("learned"), "{warning}");
        assert_eq!(model.warning(Split::Valid, &report("ab")), None);
        assert_eq!(model.warning(Split::Test, &report("cd")), None);
        assert_eq!([Some("ab"), Some("cd"), None].map(|found| model.is_fitted_to(found)), [true, false, false]);
        assert!(!TestedModel { data: None, ..model }.is_fitted_to(None), "nothing is known of it");
    }
}
