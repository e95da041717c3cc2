//! Starts a training: on a project's documents or on tagged sentences.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{
    inspect::{self, Leak},
    unrecorded::Unrecorded,
    untagged::{UntaggedReport, UntaggedSentences},
};
use crate::{
    model::BaseModel,
    project::{
        AnnotatorName, PlainRun, Project, ProjectError, RunFolder, RunId, TrainingDataReport, run_folder::RunConfig,
        training_data, untagged_documents,
    },
    runs::{Phase, Recipe, RunData, Settings},
    spans::{Dataset, HalfWords, Journal, Sentence, Split},
    text::near_duplicates::NearDuplicates,
    training::{self, Job, PrecisionError, Teacher, check_precision},
};

/// Sentences of a training, with the description that the run's config keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingData {
    /// Sentences by split.
    pub sentences: Dataset,
    /// Documents and spans that a project's training uses and leaves out.
    /// `None` for tagged files.
    pub report: Option<TrainingDataReport>,
    /// Untagged sentences that help, and what was read and left out; `None` if none are asked for.
    pub untagged: Option<(Vec<Sentence>, UntaggedReport)>,
    description: Value,
}

/// Tagged file of one split: its path for the run's config, and its sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedFile {
    /// Path of the file; `None` for a split without a file.
    pub path: Option<String>,
    /// Its sentences.
    pub sentences: Vec<Sentence>,
}

impl TrainingData {
    /// Documents of a project that an annotator has done.
    pub fn of_project(project: &Project, annotator: &AnnotatorName, journal: &Journal) -> Self {
        let (sentences, report) = training_data(project, journal, HalfWords::Snap);
        let description =
            json!({ "project": project.manifest.name, "annotator": annotator.as_str(), "account": report });
        Self { sentences, report: Some(report), untagged: None, description }
    }

    /// Sentences of tagged files.
    pub fn of_files(train: TaggedFile, valid: TaggedFile, test: TaggedFile) -> Self {
        let description = json!({ "train": train.path, "valid": valid.path, "test": test.path });
        let sentences = Dataset { train: train.sentences, valid: valid.sentences, test: test.sentences };
        Self { sentences, report: None, untagged: None, description }
    }

    /// Sentences of validation and test that are known from another split, so that their scores are too good.
    pub fn leaks(&self) -> Vec<Leak> {
        let Dataset { train, valid, test } = &self.sentences;
        let by_split = Split::ALL.iter().copied().zip([train, valid, test]);
        let each = by_split.flat_map(|(split, sentences)| sentences.iter().map(move |one| (Some(split), one)));
        let (splits, texts): (Vec<_>, Vec<String>) =
            each.map(|(split, sentence)| (split, sentence.words.join(" "))).unzip();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        inspect::leaks(&splits, &NearDuplicates::among(&texts))
    }

    /// Sentences by split, for a training that is not recorded.
    pub fn of_sentences(sentences: Dataset) -> Self {
        Self { sentences, report: None, untagged: None, description: Value::Null }
    }

    /// Adds the untagged documents of a project.
    /// They are those that the annotator has not begun, of the training split.
    pub fn add_untagged_of_project(&mut self, project: &Project, journal: &Journal) {
        self.add_untagged(UntaggedSentences::of_documents(untagged_documents(project, journal)));
    }

    /// Adds untagged sentences, except those whose text is in the data.
    pub fn add_untagged(&mut self, sentences: UntaggedSentences) {
        let (sentences, report) = sentences.select(&self.sentences);
        self.description["untagged"] = json!(report);
        self.untagged = Some((sentences, report));
    }

    /// Records in the run's config the recipe that the user chose on the screen.
    pub fn record_recipe(&mut self, name: &str) {
        self.description["recipe"] = json!(name);
    }
}

/// A training cannot start.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrainRequestError {
    /// The training split has no sentence.
    #[error("there is nothing to learn from: no document of the training split is done")]
    NothingToLearn,
    /// A setting is invalid.
    #[error("{0}")]
    Settings(String),
    /// Untagged sentences are asked for, and there are none.
    #[error("there is no untagged document to learn from: {}", .0.lines().join("; "))]
    NothingUntagged(UntaggedReport),
    /// This machine does not have the precision.
    #[error(transparent)]
    Precision(#[from] PrecisionError),
}

/// Settings of a recipe for this number of sentences.
/// With the base of `settings` and what no recipe sets; `settings` itself without a recipe.
pub fn apply_recipe(recipe: Option<Recipe>, sentences: usize, settings: Settings) -> Settings {
    match recipe {
        Some(recipe) => training::recipe(recipe, sentences, &settings.base).with_choices_of(&settings),
        None => settings,
    }
}

/// The newest run with a model, if it has learned the same training split with the same settings: the run would be repeated.
/// With untagged documents or teachers more than the training split is learned, and nothing is said.
pub fn repeated_run(project: &Project, data: &TrainingData, settings: &Settings) -> Option<String> {
    let report = data.report.as_ref()?;
    if settings.untagged || !settings.teachers().is_empty() {
        return None;
    }
    let newest = project.runs().list().into_iter().rev().find(|run| run.has_model)?;
    let is_done = newest.status.as_ref().is_some_and(|status| status.phase == Phase::Done);
    let config = newest.config.as_ref().filter(|config| is_done && config.settings == *settings)?;
    let trained = RunData::read(&config.data)?.trained?;
    (trained == report.trained).then(|| newest.id.to_string())
}

/// Valid request for a training.
#[derive(Clone, Debug)]
pub struct TrainRequest {
    data: TrainingData,
    settings: Settings,
    teachers: Vec<Teacher>,
}

impl TrainRequest {
    /// Checks data and settings.
    ///
    /// # Errors
    /// The training split is empty, a setting is invalid, no untagged sentence is left of those that are asked for, or this
    /// machine does not have the precision.
    pub fn new(data: TrainingData, settings: Settings) -> Result<Self, TrainRequestError> {
        if data.sentences.train.is_empty() {
            return Err(TrainRequestError::NothingToLearn);
        }
        settings.check().map_err(TrainRequestError::Settings)?;
        check_precision(&settings)?;
        if let Some((sentences, report)) = &data.untagged
            && sentences.is_empty()
        {
            return Err(TrainRequestError::NothingUntagged(*report));
        }
        Ok(Self { data, settings, teachers: Vec::new() })
    }

    /// Lets the run learn from these teachers, too.
    #[must_use]
    pub fn with_teachers(mut self, teachers: Vec<Teacher>) -> Self {
        if !teachers.is_empty() {
            let names: Vec<&str> = teachers.iter().map(|teacher| teacher.name.as_str()).collect();
            self.data.description["teachers"] = json!(names);
        }
        Self { teachers, ..self }
    }

    /// Settings of the training.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Creates the next run of a project. `now` in seconds since 1970, UTC.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn start_in_project(
        self,
        base: BaseModel,
        project: &Project,
        now: u64,
    ) -> Result<(RunId, StartedRun<RunFolder>), ProjectError> {
        let (id, sink) = project.runs().create(&self.config(now))?;
        let path = sink.path().to_owned();
        Ok((id, self.started(base, sink, Some(path))))
    }

    /// Creates a run in a folder of the user. `now` in seconds since 1970, UTC.
    ///
    /// If there is a run and `force` is set, the new one replaces it when it is complete.
    ///
    /// # Errors
    /// The folder holds other files, a live run, or a run without `force`, or the file system refuses.
    pub fn start_in_folder(
        self,
        base: BaseModel,
        dir: &Path,
        force: bool,
        now: u64,
    ) -> Result<StartedRun<RunFolder>, ProjectError> {
        let sink = PlainRun::create(dir, &self.config(now), force)?;
        let path = sink.path().to_owned();
        Ok(self.started(base, sink, Some(path)))
    }

    /// Starts a run that is not kept.
    pub fn start_unrecorded(self, base: BaseModel) -> StartedRun<Unrecorded> {
        self.started(base, Unrecorded::default(), None)
    }

    fn config(&self, now: u64) -> RunConfig {
        RunConfig::new(now, self.settings.clone(), self.data.description.clone())
    }

    fn started<S>(self, base: BaseModel, sink: S, path: Option<PathBuf>) -> StartedRun<S> {
        let untagged = self.data.untagged.map(|(sentences, _)| sentences).unwrap_or_default();
        let job = Job { untagged, teachers: self.teachers, ..Job::new(self.data.sentences, self.settings, base) };
        StartedRun { job, sink, path }
    }
}

/// A run that exists on disk and whose training can begin.
#[derive(Debug)]
pub struct StartedRun<S> {
    /// Data, settings and base model.
    pub job: Job,
    /// Destination of points, status, log and model.
    pub sink: S,
    /// Folder of the run, if it is kept.
    pub path: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model,
        project::{Annotator, ImportItem, Manifest, run_folder},
        runs::{RunSink, Status},
        spans::{Action, Document, Edit, LabelId, LabelSet, Status as Tagged, journal::JournalOp},
        text::TextRange,
    };

    fn project(dir: &Path, status: Tagged) -> (Project, TrainingData) {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let name: AnnotatorName = "ada".parse().unwrap();
        let mut ada = project.annotator(&name, 0).unwrap();
        let items = [Split::Train, Split::Valid].map(|split| {
            let mut document = Document::from_words(split.name(), ["fish", "tacos"]);
            document.split = Some(split);
            ImportItem { document, spans: vec![(TextRange::new(0, 10), LabelId(2))], status }
        });
        project.import(Some(&mut ada), 0, items.into()).unwrap();
        let data = TrainingData::of_project(&project, &name, &ada.journal);
        (project, data)
    }

    #[test]
    fn a_run_of_a_project_keeps_settings_and_the_description_of_its_data() {
        let folder = tempfile::tempdir().unwrap();
        let (project, mut data) = project(&folder.path().join("p"), Tagged::Done);
        data.record_recipe("auto");
        let settings =
            apply_recipe(Some(Recipe::Auto), 1, Settings { device: "cpu".into(), ..Settings::lesson("mini") });
        assert_eq!(settings, Settings { device: "cpu".into(), ..training::recipe(Recipe::Auto, 1, "mini") });
        let request = TrainRequest::new(data, settings.clone()).unwrap();
        let (id, run) = request.start_in_project(model::open("mini").unwrap(), &project, 7).unwrap();
        let config = run_folder::read_config(run.path.as_deref().unwrap()).unwrap();
        assert_eq!((config.started, &config.settings), (7, &settings));
        assert_eq!((&config.data["annotator"], &config.data["recipe"]), (&json!("ada"), &json!("auto")));
        assert_eq!(config.data["account"]["train"]["documents"], 1);
        assert!(project.runs().get(id.as_str()).unwrap().is_live(), "the sink holds the run's lock");
        assert_eq!((run.job.data.train.len(), run.job.data.valid.len()), (1, 1));
    }

    #[test]
    fn a_run_is_repeated_if_training_split_and_settings_are_those_of_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let (project, data) = project(&folder.path().join("p"), Tagged::Done);
        let settings = Settings::lesson("mini");
        assert_eq!(repeated_run(&project, &data, &settings), None, "there is no run");
        let config = RunConfig::new(7, settings.clone(), data.description.clone());
        let (id, mut run) = project.runs().create(&config).unwrap();
        run.model().unwrap().finish().unwrap();
        assert_eq!(repeated_run(&project, &data, &settings), None, "it is not done");
        run.status(&Status { phase: Phase::Done, ..Status::default() }).unwrap();
        assert_eq!(repeated_run(&project, &data, &settings), Some(id.to_string()));
        for other in [Settings { seed: 7, ..settings.clone() }, Settings { untagged: true, ..settings.clone() }] {
            assert_eq!(repeated_run(&project, &data, &other), None);
        }
        let mut ada = project.annotator(&"ada".parse().unwrap(), 9).unwrap();
        let fix = |document: &str, ada: &Annotator| {
            let span = ada.journal.annotation(document).spans()[0].id;
            JournalOp::Do(Action { document: document.into(), edits: vec![Edit::Relabel(span, LabelId(4))] })
        };
        let op = fix("valid", &ada);
        ada.record(&project.documents, 9, op).unwrap();
        let data_of = |ada: &Annotator| TrainingData::of_project(&project, ada.name(), &ada.journal);
        assert_eq!(repeated_run(&project, &data_of(&ada), &settings), Some(id.to_string()), "not what is learned");
        let op = fix("train", &ada);
        ada.record(&project.documents, 9, op).unwrap();
        assert_eq!(repeated_run(&project, &data_of(&ada), &settings), None);
    }

    #[test]
    fn sentences_of_several_files_are_found() {
        let file = |texts: &[&str]| {
            let sentences = texts.iter().map(|text| {
                let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
                Sentence { id: (*text).to_owned(), tags: vec!["O".to_owned(); words.len()], words }
            });
            TaggedFile { path: None, sentences: sentences.collect() }
        };
        let train = file(&["the fish tacos are good", "open late", "good soup"]);
        let valid = file(&["Open late", "any thai place"]);
        let test = file(&["the fish tacos are good here", "any thai place", "open late"]);
        let leak = |from, to, same, nearly| Leak { from, to, same, nearly };
        assert_eq!(
            TrainingData::of_files(train.clone(), valid, test).leaks(),
            [
                leak(Split::Train, Split::Valid, 1, 0),
                leak(Split::Train, Split::Test, 1, 1),
                leak(Split::Valid, Split::Test, 2, 0)
            ]
        );
        assert_eq!(TrainingData::of_files(train, TaggedFile::default(), TaggedFile::default()).leaks(), []);
    }

    #[test]
    fn a_request_needs_sentences_and_valid_settings() {
        let folder = tempfile::tempdir().unwrap();
        let (_, empty) = project(&folder.path().join("p"), Tagged::Partial);
        let settings = Settings::lesson("mini");
        assert_eq!(TrainRequest::new(empty, settings.clone()).unwrap_err(), TrainRequestError::NothingToLearn);
        let (_, data) = project(&folder.path().join("q"), Tagged::Done);
        let wrong = Settings { batch: 0, ..settings };
        assert!(matches!(TrainRequest::new(data, wrong), Err(TrainRequestError::Settings(_))));
    }
}
