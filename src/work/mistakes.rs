//! Mistakes of a run's model on a split of its project, each with its place in its document.

use std::{collections::HashSet, path::Path, sync::Arc};

use crate::{
    inference::{PredictError, Predictor, SentenceReading, read_sentences},
    project::{AnnotatorName, NameError, Project, ProjectError, RunView, SplitDocuments},
    runs::RunData,
    spans::{
        Document, Journal, LabelSet, Mistake, ReviewItem, ReviewList, Sentence, Split, WordSpan,
        dataset::SentenceFingerprint, mistakes::compare, review::LabelledRange,
    },
};

/// Sentences that are read and predicted together.
pub(super) const BLOCK: usize = 64;
/// Maximum number of mistakes that are listed. Further ones are counted.
pub const MOST_LISTED: usize = 50_000;

/// The mistakes of a run cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum MistakesError {
    /// The project, the run or the journal cannot be read.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The run names an annotator whose name is not valid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The run has no model.
    #[error("{0} has no model yet; its mistakes can be shown once it has written one")]
    NoModel(String),
    /// The run did not learn from documents of the project.
    #[error("{0} did not learn from documents of this project; tagli eval MODEL --data FILE lists its mistakes")]
    OtherData(String),
    /// The split has no document that is done.
    #[error("{annotator} has no document of the {split} split done, so there is nothing to compare with")]
    NoDocuments {
        /// The annotator from whom the run learned.
        annotator: String,
        /// Name of the split.
        split: &'static str,
    },
    /// The model cannot be opened.
    #[error("the model of {run} cannot be used: {cause}")]
    Model {
        /// The run.
        run: String,
        /// Cause.
        cause: String,
    },
    /// The model cannot predict.
    #[error(transparent)]
    Predict(#[from] PredictError),
}

/// Progress of a search: numbers of documents that were compared, and of all. False ends the search.
pub type Progress<'a> = &'a mut dyn FnMut(usize, usize) -> bool;

/// Opens the model in a folder.
pub type Open<'a> = &'a dyn Fn(&Path) -> Result<Predictor, String>;

/// Finds the mistakes of a run's model on a split, as its evaluation counts them: by word, lenient.
/// `None` if `progress` ended the search.
///
/// The gold spans are those of the annotator from whom the run learned, as they are on disk now.
///
/// # Errors
/// The run has no model or no documents, or something cannot be read.
pub fn find_mistakes(
    project: &Project,
    run: &str,
    split: Split,
    open: Open<'_>,
    progress: Progress<'_>,
) -> Result<Option<ReviewList>, MistakesError> {
    let scored = ScoredRun::find(project, run)?;
    let journal = scored.gold(project)?;
    let documents = scored.documents(project, &journal, split)?;
    let model = scored.open(open)?;
    let mut search = Search {
        labels: &project.manifest.labels,
        list: scored.empty_list(run, split),
        fingerprint: SentenceFingerprint::default(),
    };
    let all = documents.documents.len();
    for block in documents.documents.chunks(BLOCK) {
        if !progress(search.list.documents, all) {
            return Ok(None);
        }
        search.compare_block(&model, &documents, block)?;
    }
    let Search { mut list, fingerprint, .. } = search;
    let is_same = split == Split::Valid && scored.data.validated == Some(fingerprint.finish());
    list.changed = if is_same { 0 } else { scored.changed(split, &journal, &documents.documents) };
    Ok(Some(list))
}

/// A run that has a model and learned from documents of the project.
pub(super) struct ScoredRun {
    view: RunView,
    data: RunData,
}

impl ScoredRun {
    /// # Errors
    /// There is no such run, it has no model, or it learned from something else.
    pub(super) fn find(project: &Project, run: &str) -> Result<Self, MistakesError> {
        let view = project.runs().get(run)?;
        if !view.has_model {
            return Err(MistakesError::NoModel(run.to_owned()));
        }
        let data = view.config.as_ref().and_then(|config| RunData::read(&config.data));
        match data.filter(|data| !data.annotator.is_empty()) {
            Some(data) => Ok(Self { view, data }),
            None => Err(MistakesError::OtherData(run.to_owned())),
        }
    }

    /// Journal of the annotator from whom it learned, as it is on disk now.
    ///
    /// # Errors
    /// It cannot be read, or the annotator's name is not valid.
    pub(super) fn gold(&self, project: &Project) -> Result<Journal, MistakesError> {
        let name: AnnotatorName = self.data.annotator.parse()?;
        let mut journal = project.read_annotator(&name)?.journal;
        journal.resolve(&project.manifest.labels);
        Ok(journal)
    }

    /// Documents of a split that are done.
    ///
    /// # Errors
    /// There are none.
    pub(super) fn documents<'p>(
        &self,
        project: &'p Project,
        journal: &'p Journal,
        split: Split,
    ) -> Result<SplitDocuments<'p>, MistakesError> {
        let documents = SplitDocuments::new(project, journal, split);
        if documents.documents.is_empty() {
            return Err(MistakesError::NoDocuments { annotator: self.data.annotator.clone(), split: split.name() });
        }
        Ok(documents)
    }

    /// Opens its model, with the windows of its training.
    ///
    /// # Errors
    /// The model cannot be opened.
    pub(super) fn open(&self, open: Open<'_>) -> Result<Predictor, MistakesError> {
        let opened = open(&self.view.model());
        let model = opened.map_err(|cause| MistakesError::Model { run: self.view.id.to_string(), cause })?;
        Ok(match &self.view.config {
            Some(config) => model.with_windows_of(&config.settings),
            None => model,
        })
    }

    /// A list for its mistakes on a split.
    pub(super) fn empty_list(&self, run: &str, split: Split) -> ReviewList {
        let annotator = self.data.annotator.clone();
        ReviewList { run: run.to_owned(), annotator, split: Some(split), ..ReviewList::default() }
    }

    /// Number of documents of a split that are not as they were when the run began.
    /// Those that came into the split or left it are counted, too.
    pub(super) fn changed(&self, split: Split, journal: &Journal, documents: &[&Document]) -> usize {
        let started = self.view.config.as_ref().map_or(0, |config| config.started);
        let changes = documents.iter().filter_map(|document| journal.last_change(&document.id));
        let changed = changes.filter(|at| *at > started).count();
        let then = self.data.documents.get(split as usize).copied().unwrap_or_default();
        let kept = documents.len() - changed;
        // More that were not touched than there were: some came in. Fewer documents than there were: some left.
        changed + kept.saturating_sub(then) + then.saturating_sub(documents.len())
    }
}

/// A search under way.
struct Search<'a> {
    labels: &'a LabelSet,
    list: ReviewList,
    fingerprint: SentenceFingerprint,
}

impl Search<'_> {
    fn compare_block(
        &mut self,
        model: &Predictor,
        documents: &SplitDocuments<'_>,
        block: &[&Document],
    ) -> Result<(), PredictError> {
        let gold: Vec<(Sentence, Vec<WordSpan>)> = block.iter().map(|document| documents.sentence(document)).collect();
        let (sentences, spans): (Vec<Sentence>, Vec<Vec<WordSpan>>) = gold.into_iter().unzip();
        let readings = read_sentences(model, &sentences)?;
        for (((document, sentence), gold), reading) in block.iter().zip(&sentences).zip(&spans).zip(&readings) {
            self.fingerprint.add(sentence);
            self.compare(document, sentence, gold, reading);
        }
        Ok(())
    }

    /// Compares one document.
    fn compare(&mut self, document: &Document, sentence: &Sentence, gold: &[WordSpan], reading: &SentenceReading<'_>) {
        let predicted = current_spans(reading, self.labels);
        self.list.documents += 1;
        let known: HashSet<&WordSpan> = predicted.iter().collect();
        for span in gold.iter().filter(|span| known.contains(span)) {
            self.list.count_right(&span.label);
        }
        let id: Arc<str> = document.id.as_str().into();
        for mistake in compare(gold, &predicted) {
            let [gold, model] = [&mistake.gold, &mistake.predicted].map(|side| side.as_ref());
            self.list.count_wrong(gold.map(|span| span.label.as_str()), model.map(|span| span.label.as_str()));
            self.list.add(item(document, &id, sentence, reading, &mistake), MOST_LISTED);
        }
    }
}

/// Spans of a model, with the present names of labels that were renamed since its training.
pub(super) fn current_spans(reading: &SentenceReading<'_>, labels: &LabelSet) -> Vec<WordSpan> {
    let mut spans = reading.spans.clone();
    for span in &mut spans {
        if let Some(label) = labels.named(&span.label) {
            span.label.clone_from(&label.name);
        }
    }
    spans
}

/// The place of a mistake in its document.
pub(super) fn item(
    document: &Document,
    id: &Arc<str>,
    sentence: &Sentence,
    reading: &SentenceReading<'_>,
    mistake: &Mistake,
) -> ReviewItem {
    let words = mistake.words();
    ReviewItem {
        document: Arc::clone(id),
        text: Arc::clone(&document.text),
        kind: mistake.kind,
        gold: mistake.gold.as_ref().and_then(|span| LabelledRange::of_words(document, span)),
        model: mistake.predicted.as_ref().and_then(|span| LabelledRange::of_words(document, span)),
        gold_probability: Some(reading.probability_of(&sentence.tags, words.clone())),
        model_probability: Some(reading.probability(words)),
        span_score: None,
        suspicion: None,
        change: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        inference::{evaluate, fake},
        project::{Annotator, ImportItem, Manifest, run_folder::RunConfig, training_data},
        runs::{RunSink, Settings},
        spans::{Action, Edit, HalfWords, LabelId, MistakeKind, Status, journal::JournalOp},
        text::TextRange,
    };

    const DISH: LabelId = LabelId(2);
    const PRICE: LabelId = LabelId(5);

    /// Words of a document with its spans.
    type Tagged<'a> = (&'a [&'a str], &'a [(usize, usize, LabelId)]);

    /// A project of done documents with spans.
    fn project(dir: &Path, texts: &[Tagged<'_>], split: Split) -> (Project, Annotator) {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let items = texts.iter().enumerate().map(|(at, (words, spans))| {
            let mut document = Document::from_words(format!("d{at}"), words.iter());
            document.split = Some(split);
            let spans = spans.iter().map(|(start, end, label)| (TextRange::new(*start, *end), *label)).collect();
            ImportItem { document, spans, status: Status::Done }
        });
        project.import(Some(&mut ada), 5, items.collect()).unwrap();
        (project, ada)
    }

    fn with_run(project: &Project, ada: &Annotator, started: u64) {
        let (_, report) = training_data(project, &ada.journal, HalfWords::Snap);
        let data = json!({ "annotator": "ada", "account": report });
        let (_, mut folder) = project.runs().create(&RunConfig::new(started, Settings::lesson("mini"), data)).unwrap();
        let mut model = folder.model().unwrap();
        model.file("config.json", b"{}").unwrap();
        model.finish().unwrap();
    }

    fn open(_: &Path) -> Result<Predictor, String> {
        Ok(fake::predictor(64))
    }

    fn found(project: &Project, split: Split) -> Result<Option<ReviewList>, MistakesError> {
        find_mistakes(project, "0001-mini", split, &open, &mut |_, _| true)
    }

    fn three_documents(dir: &Path, split: Split) -> (Project, Annotator) {
        project(
            dir,
            &[
                (&["near", "lasagne", "verde", "now"], &[(5, 12, DISH)]),
                (&["cheap", "lasagne"], &[(0, 5, PRICE), (6, 13, DISH)]),
                (&["cheap", "pho"], &[(0, 5, DISH), (6, 9, DISH)]),
            ],
            split,
        )
    }

    #[test]
    fn every_mistake_has_its_place_and_the_counts_are_those_of_the_evaluation() {
        let folder = tempfile::tempdir().unwrap();
        let (project, ada) = three_documents(&folder.path().join("p"), Split::Valid);
        with_run(&project, &ada, 9);
        let list = found(&project, Split::Valid).unwrap().unwrap();
        let items: Vec<_> = list.items.iter().map(|item| (&*item.document, item.kind, item.range())).collect();
        let expected = [
            ("d0", MistakeKind::TooLong, TextRange::new(5, 18)),
            ("d2", MistakeKind::Label, TextRange::new(0, 5)),
            ("d2", MistakeKind::Missed, TextRange::new(6, 9)),
        ];
        assert_eq!(items, expected);
        assert_eq!(list.items[1].labels(), [Some("Dish"), Some("Price")]);
        let [gold, model] = [list.items[1].gold_probability, list.items[1].model_probability];
        assert!(gold.unwrap() < 0.01 && model.unwrap() > 0.99, "{gold:?} {model:?}");
        assert_eq!((list.documents, list.changed, list.annotator.as_str()), (3, 0, "ada"));
        let (data, _) = training_data(&project, &ada.journal, HalfWords::Snap);
        let evaluation = evaluate(&fake::predictor(64), &data.valid).unwrap();
        assert_eq!(list.labels, evaluation.word.lenient.labels);
        assert_eq!(list.total(), evaluation.mistakes.len());
    }

    #[test]
    fn documents_that_were_changed_since_the_run_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (project, mut ada) = three_documents(&folder.path().join("p"), Split::Test);
        with_run(&project, &ada, 9);
        assert_eq!(found(&project, Split::Test).unwrap().unwrap().changed, 0);
        let change = |document: &str, edit| JournalOp::Do(Action { document: document.into(), edits: vec![edit] });
        let span = ada.journal.annotation("d0").spans()[0].id;
        ada.record(&project.documents, 10, change("d0", Edit::Relabel(span, PRICE))).unwrap();
        ada.record(&project.documents, 11, change("d1", Edit::Status(Status::Partial))).unwrap();
        let list = found(&project, Split::Test).unwrap().unwrap();
        assert_eq!((list.documents, list.changed), (2, 2));
    }

    #[test]
    fn a_renamed_label_is_no_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let (mut project, ada) = three_documents(&folder.path().join("p"), Split::Valid);
        with_run(&project, &ada, 9);
        let rename = crate::spans::LabelChange::Rename(DISH, "Food".into());
        project.change_manifest(|manifest| manifest.labels.change(&rename, || 1).unwrap()).unwrap();
        let list = found(&project, Split::Valid).unwrap().unwrap();
        assert_eq!((list.total(), list.labels["Food"].true_positives), (3, 1));
    }

    #[test]
    fn what_cannot_be_compared_says_why_and_a_search_can_be_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (project, ada) = three_documents(&folder.path().join("p"), Split::Valid);
        with_run(&project, &ada, 9);
        let why = |split| found(&project, split).unwrap_err().to_string();
        assert_eq!(why(Split::Test), "ada has no document of the test split done, so there is nothing to compare with");
        let config = RunConfig::new(1, Settings::lesson("mini"), json!({}));
        let (_, mut folder) = project.runs().create(&config).unwrap();
        let find = |run: &str| find_mistakes(&project, run, Split::Valid, &open, &mut |_, _| true);
        assert!(matches!(find("0002-mini"), Err(MistakesError::NoModel(_))));
        folder.model().unwrap().finish().unwrap();
        assert!(matches!(find("0002-mini"), Err(MistakesError::OtherData(_))));
        assert!(matches!(find("0003-mini"), Err(MistakesError::Project(_))));
        let fails = |_: &Path| Err("it is torn".to_owned());
        let error = find_mistakes(&project, "0001-mini", Split::Valid, &fails, &mut |_, _| true).unwrap_err();
        assert_eq!(error.to_string(), "the model of 0001-mini cannot be used: it is torn");
        let ended = find_mistakes(&project, "0001-mini", Split::Valid, &open, &mut |_, _| false).unwrap();
        assert_eq!(ended, None);
    }
}
