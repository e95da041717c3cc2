//! The live model on disk, and the runs of a project as its rivals.

use std::{io, sync::Arc};

use super::{
    Learner, LiveError, LiveModel,
    counts::{counts_of_predictor, sum, with_present_tags},
};
use crate::{
    inference::{Precision, Predictor, Threads},
    model::{self, BaseModel, ModelConfig},
    project::{LiveFolder, Project, ProjectError, RunView},
    runs::{
        embedded_bases::is_embedded,
        live::{Contest, LiveRecord, RunStart, Version},
    },
    spans::{Journal, LabelSet, Sentence, SpanSource, dataset, score::EntityCounts},
};

impl Learner {
    /// What is to be kept, with its record: the version that makes the suggestions, otherwise what has learned the most.
    pub fn kept(&self) -> Option<(LiveRecord, Arc<LiveModel>)> {
        let rival = self.contest.rival.as_deref();
        let suggesting = self.suggester.as_ref().filter(|model| rival == Some(model.version.to_string().as_str()));
        let candidate = self.candidate.as_ref();
        let kept = suggesting.or(candidate).or(self.suggester.as_ref())?;
        let is_kept = |model: &Arc<LiveModel>| Arc::ptr_eq(model, kept);
        let mut record = LiveRecord::new(kept.version, kept.at);
        record.newest = Version(self.newest);
        record.suggests = self.suggester.as_ref().is_some_and(is_kept);
        record.over = self.over.as_ref().map(|over| over.id.clone());
        record.over_started = self.over.as_ref().map_or(0, |over| over.started);
        record.learned.clone_from(&kept.learned);
        record.contest = match candidate.is_some_and(is_kept) {
            true => self.contest.clone(),
            // Its counts are those of what has learned more, which is not kept.
            false => Contest::against(self.contest.rival.clone()),
        };
        record.scores = self.scores.clone();
        Some((record, Arc::clone(kept)))
    }
}

/// Reads the kept version of a live model that began with this base; `None` if there is none.
///
/// # Errors
/// It cannot be read or continued; a sentence that says why.
pub fn read(folder: &LiveFolder, base: &str) -> Result<Option<(LiveRecord, BaseModel)>, String> {
    let Some(record) = folder.record().map_err(|error| error.to_string())? else { return Ok(None) };
    let weights = model::open(base).map_err(|error| error.to_string())?;
    let model = model::open_like(&folder.model(), &weights).map_err(|error| error.to_string())?;
    if model.config.tags.is_empty() || !is_of_base(&model, &weights) {
        return Err(format!("{} is not a trained `{base}`", folder.model().display()));
    }
    if !is_finite(&model) {
        return Err(format!("{} has weights that are no finite numbers", folder.model().display()));
    }
    // Another process may have replaced both in between.
    match folder.record() {
        Ok(Some(again)) if again == record => Ok(Some((record, model))),
        _ => Err("another program writes it".to_owned()),
    }
}

/// Whether a model has the size and the word pieces of a base. A project may come from a stranger, with any model.
fn is_of_base(model: &BaseModel, base: &BaseModel) -> bool {
    let [own, other] = [model, base].map(|model| {
        let ModelConfig { arch, vocab_size, max_positions, dim, layers, heads, hidden_dim, .. } = &model.config;
        (arch.model_type, [*vocab_size, *max_positions, *dim, *layers, *heads, *hidden_dim])
    });
    own == other && model.tokenizer_json == base.tokenizer_json
}

/// Whether all weights are finite numbers. With one that is not, every round would fail.
fn is_finite(model: &BaseModel) -> bool {
    model.weights.values().flat_map(|array| &array.data).all(|weight| weight.is_finite())
}

/// Writes a version of a live model.
///
/// # Errors
/// As [`LiveFolder::save`].
pub fn save(folder: &LiveFolder, record: &LiveRecord, version: &LiveModel) -> Result<(), ProjectError> {
    let BaseModel { config, weights, tokenizer_json, .. } = &version.model;
    folder.save(record, |sink| model::write(sink, config, weights, tokenizer_json).map_err(io::Error::other))
}

/// The highest version that a journal names as the source of a span. Numbers that no annotator reaches do not count.
pub fn highest_version(project: &Project, journal: &Journal) -> Option<Version> {
    let annotations = project.documents.iter().map(|document| journal.annotation(&document.id));
    let sources = annotations.flat_map(|annotation| annotation.spans()).map(|span| &span.source);
    let versions = sources.filter_map(|source| match source {
        SpanSource::Model { run, .. } => run.parse().ok().filter(|version: &Version| version.0 <= Version::BELIEVED),
        _ => None,
    });
    versions.max()
}

/// Counts of the models of runs on the validation split, of which the last are kept.
#[derive(Debug, Default)]
pub struct RunCounts {
    run: RunStart,
    sentences: String,
    counts: Option<EntityCounts>,
}

impl RunCounts {
    /// Counts of a run's model on sentences; `None` if it cannot be opened, or if its base is not an embedded one:
    /// a large model is not opened only to be compared.
    pub fn of(
        &mut self,
        project: &Project,
        run: &str,
        labels: &LabelSet,
        sentences: &[Sentence],
    ) -> Option<EntityCounts> {
        let view = project.runs().get(run).ok()?;
        let start = start_of(&view);
        let fingerprint = dataset::fingerprint(sentences);
        if self.run != start || self.sentences != fingerprint {
            self.counts = compute(&view, labels, sentences)
                .inspect_err(|error| tracing::info!("{run} is not compared with the live model: {error}"))
                .ok()
                .flatten();
            self.run = start;
            self.sentences = fingerprint;
        }
        self.counts
    }
}

fn compute(view: &RunView, labels: &LabelSet, sentences: &[Sentence]) -> Result<Option<EntityCounts>, LiveError> {
    let is_small = view.config.as_ref().is_some_and(|config| is_embedded(&config.settings.base));
    if !is_small || !view.has_model {
        return Ok(None);
    }
    let model = with_present_tags(model::open(&view.model().to_string_lossy())?, labels);
    let predictor = Predictor::of(model, "cpu", Threads::One, Precision::Int8)?;
    Ok(Some(sum(counts_of_predictor(&predictor, sentences)?)))
}

/// The newest run of a project that has a model, and the run whose model suggests without the live one.
pub fn rival_runs(project: &Project) -> [Option<RunStart>; 2] {
    let runs = project.runs();
    let newest = runs.list().into_iter().rev().find(|run| run.has_model);
    let suggester = newest.as_ref().and_then(|_| runs.suggester()).map(|(run, _)| run);
    [newest, suggester].map(|run| run.as_ref().map(start_of))
}

fn start_of(run: &RunView) -> RunStart {
    RunStart { id: run.id.to_string(), started: run.config.as_ref().map_or(0, |config| config.started) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Array,
        project::{ImportItem, Manifest, run_folder::RunConfig},
        runs::Settings,
        spans::{Action, Document, Edit, Span, SpanId, Status, journal::JournalOp},
        text::{TextRange, growth::processor_time},
        work::live::BASE,
    };

    #[test]
    fn a_number_that_no_annotator_reaches_is_no_version() {
        let dir = tempfile::tempdir().unwrap();
        let labels = LabelSet::restaurant();
        let mut project = Project::create(&dir.path().join("p"), Manifest::new("p", labels.clone())).unwrap();
        let name = "ada".parse().unwrap();
        let mut ada = project.annotator(&name, 0).unwrap();
        let document = Document::from_words("r0".to_owned(), ["cheap", "tacos", "here"]);
        let item = ImportItem { document, spans: Vec::new(), status: Status::Todo };
        project.import(Some(&mut ada), 0, vec![item]).unwrap();
        let of = |at: usize, run: &str| Span {
            id: SpanId { writer: 900, sequence: u32::from(at > 0) },
            range: TextRange::new(at, at + 1),
            label: labels.named("Dish").unwrap().id,
            source: SpanSource::Model { run: run.into(), score: 0.5 },
        };
        let edits = vec![Edit::Add(of(0, "live-9007199254740992")), Edit::Add(of(6, "live-7"))];
        ada.record(&project.documents, 1, JournalOp::Do(Action { document: "r0".into(), edits })).unwrap();
        let journal = project.read_annotator(&name).unwrap().journal;
        assert_eq!(highest_version(&project, &journal), Some(Version(7)));
    }

    #[test]
    fn only_a_trained_model_of_the_same_base_is_continued() {
        let base = model::open(BASE).unwrap();
        let other = model::open("mini").unwrap();
        assert!(is_of_base(&base, &base) && !is_of_base(&other, &base));
        let other_pieces = BaseModel { tokenizer_json: b"{}".to_vec(), ..base.clone() };
        assert!(!is_of_base(&other_pieces, &base));
        assert!(is_finite(&base));
        let mut broken = base.clone();
        broken.weights.values_mut().next().unwrap().data[0] = f32::NAN;
        assert!(!is_finite(&broken));
    }

    #[test]
    fn weights_of_a_stranger_are_not_read_if_they_are_too_large() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let folder = project.live_folder(&"ada".parse().unwrap());
        let mut model = model::open(BASE).unwrap();
        model.config.tags = ["O", "B-Dish", "I-Dish"].map(str::to_owned).into();
        for (name, shape) in model.config.tensors() {
            let size = shape.iter().product();
            model.weights.entry(name).or_insert_with(|| Array { data: vec![0.0; size], shape });
        }
        let mut record = LiveRecord::new(Version(1), 7);
        record.learned.insert(1, 1);
        let version = LiveModel { version: Version(1), model, at: 7, learned: record.learned.clone() };
        save(&folder, &record, &version).unwrap();
        assert_eq!(read(&folder, BASE).unwrap().map(|(read, _)| read), Some(record));
        // A file with holes, as archives have them.
        let weights = std::fs::File::options().write(true).open(folder.model().join("model.safetensors")).unwrap();
        weights.set_len(2 << 30).unwrap();
        let time = processor_time(|| {
            let error = read(&folder, BASE).unwrap_err();
            assert!(error.contains("model.safetensors") && error.contains("2"), "{error}");
        });
        assert!(time < std::time::Duration::from_secs(1), "{time:?}: to read 2 GiB takes longer");
        // Nor are weights in other files.
        std::fs::remove_file(folder.model().join("model.safetensors")).unwrap();
        let index = r#"{"weight_map":{"a":"model.safetensors"}}"#;
        std::fs::write(folder.model().join("model.safetensors.index.json"), index).unwrap();
        assert!(read(&folder, BASE).is_err());
    }

    #[test]
    fn a_run_that_took_the_name_of_a_removed_one_is_counted_again() {
        let counts = EntityCounts { true_positives: 1, false_positives: 0, false_negatives: 0 };
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let config = |started| RunConfig::new(started, Settings::lesson("mini"), serde_json::Value::Null);
        let (id, run) = project.runs().create(&config(5)).unwrap();
        drop(run);
        let sentences = [Sentence { id: "a".into(), words: vec!["x".into()], tags: vec!["O".into()] }];
        let labels = &project.manifest.labels;
        let mut known = RunCounts {
            run: RunStart { id: id.to_string(), started: 5 },
            sentences: dataset::fingerprint(&sentences),
            counts: Some(counts),
        };
        assert_eq!(known.of(&project, id.as_str(), labels, &sentences), Some(counts));
        known.run.started = 4;
        assert_eq!(known.of(&project, id.as_str(), labels, &sentences), None, "it has no model");
    }
}
