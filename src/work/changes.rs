//! Sentences that only one of two runs has right, with the mistakes of the other one.

use std::sync::Arc;

use super::mistakes::{BLOCK, MOST_LISTED, MistakesError, Open, Progress, ScoredRun, current_spans, item};
use crate::{
    inference::{Predictor, SentenceReading, read_sentences},
    project::{Project, SplitDocuments},
    spans::{Document, LabelSet, Mistake, ReviewItem, ReviewList, Sentence, SentenceChange, Split, mistakes::compare},
};

/// Finds the sentences of a split that only one of two runs has right: the older run, and the newer one.
/// `None` if `progress` ended the search.
///
/// The gold spans are those of the annotator from whom the newer run learned, as they are on disk now. A sentence is right
/// if the model has no mistake in it, by word, lenient.
///
/// # Errors
/// A run has no model or no documents, or something cannot be read.
pub fn find_changes(
    project: &Project,
    [older, newer]: [&str; 2],
    split: Split,
    open: Open<'_>,
    progress: Progress<'_>,
) -> Result<Option<ReviewList>, MistakesError> {
    let runs = [ScoredRun::find(project, older)?, ScoredRun::find(project, newer)?];
    let [_, scored] = &runs;
    let journal = scored.gold(project)?;
    let documents = scored.documents(project, &journal, split)?;
    let models = [runs[0].open(open)?, runs[1].open(open)?];
    let mut list = ReviewList { against: Some(older.to_owned()), ..scored.empty_list(newer, split) };
    let all = documents.documents.len();
    for block in documents.documents.chunks(BLOCK) {
        if !progress(list.documents, all) {
            return Ok(None);
        }
        compare_block(&mut list, &project.manifest.labels, &models, &documents, block)?;
    }
    // A document that was changed since either run began is not what that run was scored on.
    let changed = runs.iter().map(|run| run.changed(split, &journal, &documents.documents));
    list.changed = changed.max().unwrap_or_default();
    Ok(Some(list))
}

fn compare_block(
    list: &mut ReviewList,
    labels: &LabelSet,
    models: &[Predictor; 2],
    documents: &SplitDocuments<'_>,
    block: &[&Document],
) -> Result<(), MistakesError> {
    let (sentences, gold): (Vec<Sentence>, Vec<_>) = block.iter().map(|document| documents.sentence(document)).unzip();
    let [older, newer] = [read_sentences(&models[0], &sentences)?, read_sentences(&models[1], &sentences)?];
    list.documents += block.len();
    for (at, (document, sentence)) in block.iter().zip(&sentences).enumerate() {
        let (Some(gold), Some(older), Some(newer)) = (gold.get(at), older.get(at), newer.get(at)) else { continue };
        let [before, now] = [older, newer].map(|reading| compare(gold, &current_spans(reading, labels)));
        let changed = match (before.is_empty(), now.is_empty()) {
            (false, true) => Changed { change: SentenceChange::Fixed, mistakes: before, reading: older },
            (true, false) => Changed { change: SentenceChange::Broken, mistakes: now, reading: newer },
            _ => continue,
        };
        changed.list(document, sentence, list);
    }
    Ok(())
}

/// A sentence that only one run has right.
struct Changed<'a> {
    change: SentenceChange,
    /// Mistakes of the other run.
    mistakes: Vec<Mistake>,
    /// Its answer.
    reading: &'a SentenceReading<'a>,
}

impl Changed<'_> {
    fn list(&self, document: &Document, sentence: &Sentence, list: &mut ReviewList) {
        let id: Arc<str> = document.id.as_str().into();
        for mistake in &self.mistakes {
            let place = item(document, &id, sentence, self.reading, mistake);
            list.add(ReviewItem { change: Some(self.change), ..place }, MOST_LISTED);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::{
        inference::fake,
        project::{Annotator, ImportItem, Manifest, run_folder::RunConfig, training_data},
        runs::{RunSink, Settings},
        spans::{HalfWords, LabelId, Status},
        text::TextRange,
    };

    const DISH: LabelId = LabelId(2);

    /// One run that calls `lasagne` a dish and `cheap` a price, and a newer one that has it the other way round.
    fn project(dir: &Path) -> Project {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let texts = [("near lasagne", "lasagne"), ("cheap pho", "cheap"), ("nothing here", ""), ("pho bun", "pho")];
        let items = texts.iter().enumerate().map(|(at, (text, dish))| {
            let mut document = Document::from_words(format!("d{at}"), text.split(' '));
            document.split = Some(Split::Valid);
            let found = text.find(dish).filter(|_| !dish.is_empty());
            let spans = found.map(|start| (TextRange::new(start, start + dish.len()), DISH)).into_iter().collect();
            ImportItem { document, spans, status: Status::Done }
        });
        project.import(Some(&mut ada), 5, items.collect()).unwrap();
        with_run(&project, &ada, 9);
        with_run(&project, &ada, 19);
        project
    }

    fn with_run(project: &Project, ada: &Annotator, started: u64) {
        let (_, report) = training_data(project, &ada.journal, HalfWords::Snap);
        let data = json!({ "annotator": "ada", "account": report });
        let (_, mut folder) = project.runs().create(&RunConfig::new(started, Settings::lesson("mini"), data)).unwrap();
        let mut model = folder.model().unwrap();
        model.file("config.json", b"{}").unwrap();
        model.finish().unwrap();
    }

    fn open(folder: &Path) -> Result<Predictor, String> {
        match folder.to_string_lossy().contains("0001-mini") {
            true => Ok(fake::predictor(64)),
            false => Ok(fake::predictor_with(64, &["O", "B-Price", "I-Price", "B-Dish", "I-Dish"])),
        }
    }

    #[test]
    fn sentences_that_only_one_run_has_right_are_listed_with_the_answer_of_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(&folder.path().join("p"));
        let runs = ["0001-mini", "0002-mini"];
        let list = find_changes(&project, runs, Split::Valid, &open, &mut |_, _| true).unwrap().unwrap();
        let shown: Vec<_> =
            list.items.iter().map(|item| (&*item.document, item.change, item.labels(), list.run_of(item))).collect();
        let expected = [
            ("d0", Some(SentenceChange::Broken), [Some("Dish"), Some("Price")], "0002-mini"),
            ("d1", Some(SentenceChange::Fixed), [Some("Dish"), Some("Price")], "0001-mini"),
        ];
        assert_eq!(shown, expected, "both are right on d2, and both wrong on d3");
        assert_eq!((list.run.as_str(), list.against.as_deref()), ("0002-mini", Some("0001-mini")));
        assert_eq!((list.documents, list.changed, list.split), (4, 0, Some(Split::Valid)));
        assert!(list.labels.is_empty(), "it scores nothing");
    }

    #[test]
    fn what_was_changed_since_the_older_run_is_counted_and_a_search_can_be_ended() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(&folder.path().join("p"));
        let mut ada = project.annotator(&"ada".parse().unwrap(), 12).unwrap();
        let edit = crate::spans::Edit::Note("seen".into());
        let action = crate::spans::Action { document: "d0".into(), edits: vec![edit] };
        ada.record(&project.documents, 12, crate::spans::journal::JournalOp::Do(action)).unwrap();
        let find = |runs, goes_on: bool| find_changes(&project, runs, Split::Valid, &open, &mut |_, _| goes_on);
        let list = find(["0001-mini", "0002-mini"], true).unwrap().unwrap();
        assert_eq!(list.changed, 1, "after the older run, before the newer one");
        assert_eq!(find(["0001-mini", "0002-mini"], false).unwrap(), None);
        assert!(matches!(find(["0003-mini", "0002-mini"], true), Err(MistakesError::Project(_))));
        let test = find_changes(&project, ["0001-mini", "0002-mini"], Split::Test, &open, &mut |_, _| true);
        assert!(matches!(test, Err(MistakesError::NoDocuments { .. })), "{test:?}");
    }
}
