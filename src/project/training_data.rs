//! Training data of a project.
//! A report says which documents and spans stay out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Project;
use crate::{
    spans::{
        Annotation, Dataset, Document, HalfWords, Journal, Scheme, Sentence, Split, Status, WordSpan,
        dataset::{Losses, fingerprint, word_spans},
    },
    text::{
        hash::{FNV_BEGIN, fnv, mixed},
        number::with_noun,
    },
};

/// Size of one split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SplitCounts {
    /// Documents.
    pub documents: usize,
    /// Words.
    pub words: usize,
    /// Spans as they are trained.
    pub spans: usize,
}

/// Documents and spans that a training uses, and those that stay out.
/// The latter have reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TrainingDataReport {
    /// Size of the training split.
    pub train: SplitCounts,
    /// Size of the validation split.
    pub valid: SplitCounts,
    /// Size of the test split.
    pub test: SplitCounts,
    /// Number of documents that stay out because they are not done, by status, without those to review.
    pub not_done: BTreeMap<&'static str, usize>,
    /// Number of those that must be reviewed, because their text was changed after they were tagged.
    pub to_review: usize,
    /// Number of documents that are done and have no word.
    pub without_words: usize,
    /// Spans that are not trained as they were tagged, by cause.
    #[serde(flatten)]
    pub losses: Losses,
    /// Number of documents without a split, which the seed put into one.
    pub split_by_seed: usize,
    /// Number of trained spans of each label that occurs, in train, valid and test.
    pub labels: BTreeMap<String, [usize; 3]>,
    /// Fingerprint of the validation split (ids, words and tags).
    /// Runs with the same one have comparable scores.
    pub validated: String,
    /// Fingerprint of the training split, in the same way.
    pub trained: String,
}

impl TrainingDataReport {
    /// The whole report, one statement per line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.train.line("train"), self.valid.line("valid"), self.test.line("test")];
        lines.extend(
            self.not_done
                .iter()
                .map(|(status, count)| format!("stay out: {} ({status})", with_noun(*count, "document"))),
        );
        lines.extend(self.notes());
        lines
    }

    /// Notes to read before a training, one per line.
    /// Empty if everything is trained as it was tagged.
    pub fn notes(&self) -> Vec<String> {
        let notes = [
            (
                self.to_review,
                "documents to review, because their text was changed after they were tagged, which stay out",
            ),
            (self.without_words, "documents without a word, which stay out"),
            (self.losses.half_words, "spans that begin or end inside a word, widened to whole words"),
            (self.losses.overlapping, "spans that overlap another one, which stay out (a word has one tag)"),
            (self.losses.on_no_word, "spans that touch no word, which stay out"),
            (self.losses.without_label, "spans of labels that the project no longer has, which stay out"),
            (self.split_by_seed, "documents without a split, put into one by the project's seed"),
        ];
        notes.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{what}: {count}")).collect()
    }

    fn counts(&mut self, split: Split) -> &mut SplitCounts {
        match split {
            Split::Train => &mut self.train,
            Split::Valid => &mut self.valid,
            Split::Test => &mut self.test,
        }
    }
}

impl SplitCounts {
    fn line(self, name: &str) -> String {
        let [documents, words, spans] = [(self.documents, "document"), (self.words, "word"), (self.spans, "span")]
            .map(|(n, noun)| with_noun(n, noun));
        format!("{name}: {documents}, {words}, {spans}")
    }
}

/// Percentage of the documents without a split that validate.
const VALID_PERCENT: u64 = 10;

/// Documents that an annotator has done, by split, as words with IOB2 tags.
///
/// [`split_of`] decides for a document without a split, unless some document of the project is marked `valid`: then the
/// ones without a split are for training. If the validation split would be empty, it gets the document with the lowest
/// hash, provided that another one is left for training.
pub fn training_data(project: &Project, journal: &Journal, half_words: HalfWords) -> (Dataset, TrainingDataReport) {
    let mut report = TrainingDataReport::default();
    let mut done: Vec<(&Document, Sentence, Vec<WordSpan>)> = Vec::new();
    for document in &project.documents {
        let annotation = journal.annotation(&document.id);
        if annotation.needs_review() {
            report.to_review += 1;
        } else if annotation.status != Status::Done {
            *report.not_done.entry(annotation.status.name()).or_default() += 1;
        } else if document.words.is_empty() {
            report.without_words += 1;
        } else {
            let (sentence, spans, losses) = sentence_of(project, document, annotation, half_words);
            report.losses.add(losses);
            done.push((document, sentence, spans));
        }
    }
    let splits = splits(project, &done.iter().map(|(document, ..)| *document).collect::<Vec<_>>());
    let mut data = Dataset::default();
    for ((document, sentence, spans), split) in done.into_iter().zip(splits) {
        report.split_by_seed += usize::from(document.split.is_none());
        let counts = report.counts(split);
        counts.documents += 1;
        counts.words += sentence.words.len();
        counts.spans += spans.len();
        for span in spans {
            report.labels.entry(span.label).or_default()[split as usize] += 1;
        }
        match split {
            Split::Train => data.train.push(sentence),
            Split::Valid => data.valid.push(sentence),
            Split::Test => data.test.push(sentence),
        }
    }
    report.validated = fingerprint(&data.valid);
    report.trained = fingerprint(&data.train);
    (data, report)
}

/// A document as a training reads it, its spans by word, and what they lose by that.
fn sentence_of(
    project: &Project,
    document: &Document,
    annotation: &Annotation,
    half_words: HalfWords,
) -> (Sentence, Vec<WordSpan>, Losses) {
    let (spans, losses) = word_spans(document, annotation, &project.manifest.labels, half_words);
    let tags = Scheme::Bio.encode(&spans, document.words.len());
    let words = document.word_texts().map(str::to_owned).collect();
    (Sentence { id: document.id.clone(), words, tags }, spans, losses)
}

/// Documents of one split that an annotator has done, in the order of [`training_data`].
/// Their sentences are made only when they are asked for, so that a large split takes little memory.
pub struct SplitDocuments<'p> {
    project: &'p Project,
    journal: &'p Journal,
    /// The documents.
    pub documents: Vec<&'p Document>,
}

impl<'p> SplitDocuments<'p> {
    /// Finds the documents of a split.
    pub fn new(project: &'p Project, journal: &'p Journal, split: Split) -> Self {
        let mut done: Vec<&Document> = Vec::new();
        for document in &project.documents {
            let annotation = journal.annotation(&document.id);
            let is_done = annotation.status == Status::Done && !annotation.needs_review();
            if is_done && !document.words.is_empty() {
                done.push(document);
            }
        }
        let splits = splits(project, &done);
        let documents = done.into_iter().zip(splits).filter(|(_, own)| *own == split);
        Self { project, journal, documents: documents.map(|(document, _)| document).collect() }
    }

    /// A document as [`training_data`] has it, spans that begin or end inside a word widened.
    pub fn sentence(&self, document: &Document) -> (Sentence, Vec<WordSpan>) {
        let annotation = self.journal.annotation(&document.id);
        let (sentence, spans, _) = sentence_of(self.project, document, annotation, HalfWords::Snap);
        (sentence, spans)
    }
}

/// Documents that an annotator has not begun, for a training that learns from untagged texts, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UntaggedDocuments {
    /// Documents of the training split as words, all with the tag `O`, which says nothing.
    pub sentences: Vec<Sentence>,
    /// Number of those that belong to the validation or test split, and so stay out.
    pub held_out: usize,
}

/// Untagged documents of a project: those with the status `todo`.
/// Done ones without spans are tagged, skipped and partial ones are not used. Splits as in [`training_data`].
pub fn untagged_documents(project: &Project, journal: &Journal) -> UntaggedDocuments {
    let seed = project.manifest.split_seed;
    let chosen = project.documents.iter().any(|document| document.split == Some(Split::Valid));
    let mut found = UntaggedDocuments::default();
    for document in &project.documents {
        let annotation = journal.annotation(&document.id);
        if annotation.status != Status::Todo || annotation.needs_review() {
            continue;
        }
        let default = if chosen { Split::Train } else { split_of(&document.id, seed) };
        if document.split.unwrap_or(default) != Split::Train {
            found.held_out += 1;
            continue;
        }
        let words: Vec<String> = document.word_texts().map(str::to_owned).collect();
        let tags = vec!["O".to_owned(); words.len()];
        found.sentences.push(Sentence { id: document.id.clone(), words, tags });
    }
    found
}

fn splits(project: &Project, done: &[&Document]) -> Vec<Split> {
    let chosen = project.documents.iter().any(|document| document.split == Some(Split::Valid));
    let seed = project.manifest.split_seed;
    let mut splits: Vec<Split> = Vec::with_capacity(done.len());
    for document in done {
        let default = if chosen { Split::Train } else { split_of(&document.id, seed) };
        splits.push(document.split.unwrap_or(default));
    }
    let training = splits.iter().filter(|split| **split == Split::Train).count();
    if training >= 2 && !splits.contains(&Split::Valid) {
        let free = done.iter().enumerate().filter(|(_, document)| document.split.is_none());
        if let Some((at, _)) = free.min_by_key(|(_, document)| hash(&document.id, seed)) {
            splits[at] = Split::Valid;
        }
    }
    splits
}

/// Split of a document without one.
/// It depends on its id and the project's seed only, so that it stays the same when other documents are added.
pub fn split_of(id: &str, seed: u64) -> Split {
    if hash(id, seed) % 100 < VALID_PERCENT { Split::Valid } else { Split::Train }
}

/// Computes the hash by which documents are split. Part of the format.
/// FNV-1a of 64 bits over the seed (little endian) and the id, then the finaliser of SplitMix64.
fn hash(id: &str, seed: u64) -> u64 {
    mixed(fnv(fnv(FNV_BEGIN, seed.to_le_bytes()), id.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{LabelId, LabelSet, dataset::SentenceFingerprint},
        text::TextRange,
    };

    fn project(items: Vec<ImportItem>) -> (tempfile::TempDir, Project, Journal) {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut anna = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
        project.import(Some(&mut anna), 0, items).unwrap();
        (dir, project, anna.journal)
    }

    fn item(id: &str, split: Option<Split>, spans: &[(usize, usize, u32)], status: Status) -> ImportItem {
        let mut document = Document::from_words(id, ["fish", "tacos", "here"]);
        document.split = split;
        let spans = spans.iter().map(|(start, end, label)| (TextRange::new(*start, *end), LabelId(*label))).collect();
        ImportItem { document, spans, status }
    }

    #[test]
    fn only_what_is_done_teaches_and_the_rest_is_accounted_for() {
        let (_dir, project, journal) = project(vec![
            item("a", Some(Split::Train), &[(0, 10, 2)], Status::Done),
            item("b", Some(Split::Valid), &[], Status::Done),
            item("c", Some(Split::Train), &[(0, 4, 2)], Status::Partial),
            item("d", None, &[], Status::Todo),
            item("e", None, &[(11, 15, 4)], Status::Done),
        ]);
        let (data, account) = training_data(&project, &journal, HalfWords::Snap);
        assert_eq!(data.train.len(), 2);
        assert_eq!(data.train[0].tags, ["B-Dish", "I-Dish", "O"]);
        assert_eq!(data.train[1].tags, ["O", "O", "B-Location"]);
        assert_eq!(account.train, SplitCounts { documents: 2, words: 6, spans: 2 });
        assert_eq!(account.valid, SplitCounts { documents: 1, words: 3, spans: 0 });
        assert_eq!(account.not_done, BTreeMap::from([("partial", 1), ("todo", 1)]));
        assert_eq!(account.split_by_seed, 1);
        assert_eq!(account.lines()[1], "valid: 1 document, 3 words, 0 spans");
        assert_eq!(account.lines()[3], "stay out: 1 document (partial)");
        assert_eq!(account.labels, [("Dish".into(), [1, 0, 0]), ("Location".into(), [1, 0, 0])].into());
    }

    #[test]
    fn only_documents_that_the_annotator_has_not_begun_are_untagged() {
        let (_dir, some, journal) = project(vec![
            item("todo", None, &[], Status::Todo),
            item("train", Some(Split::Train), &[], Status::Todo),
            item("valid", Some(Split::Valid), &[], Status::Todo),
            item("test", Some(Split::Test), &[], Status::Todo),
            item("done without spans", None, &[], Status::Done),
            item("partial", None, &[(0, 4, 2)], Status::Partial),
            item("skipped", None, &[], Status::Skipped),
        ]);
        let found = untagged_documents(&some, &journal);
        let ids: Vec<&str> = found.sentences.iter().map(|sentence| sentence.id.as_str()).collect();
        assert_eq!((ids, found.held_out), (vec!["todo", "train"], 2));
        assert_eq!(found.sentences[0].tags, ["O", "O", "O"]);
        // Without a chosen validation split, the seed holds documents out that could be in it later.
        let names: Vec<String> = (0..100).map(|n| format!("r{n}")).collect();
        let items = names.iter().map(|name| item(name, None, &[], Status::Todo)).collect();
        let (_dir, many, journal) = project(items);
        let held_out = names.iter().filter(|name| split_of(name, many.manifest.split_seed) == Split::Valid).count();
        let found = untagged_documents(&many, &journal);
        assert_eq!((found.held_out, found.sentences.len()), (held_out, 100 - held_out));
        assert!(held_out > 0);
    }

    #[test]
    fn spans_that_do_not_fit_words_are_snapped_or_left_out_and_counted() {
        let spans = [(1, 10, 2), (5, 10, 1), (10, 11, 3), (10, 15, 4)];
        let (_dir, project, journal) = project(vec![item("a", Some(Split::Train), &spans, Status::Done)]);
        let (data, account) = training_data(&project, &journal, HalfWords::Snap);
        assert_eq!(data.train[0].tags, ["B-Dish", "I-Dish", "B-Location"]);
        assert_eq!((account.losses.half_words, account.losses.overlapping, account.losses.on_no_word), (1, 1, 1));
        let (data, account) = training_data(&project, &journal, HalfWords::Drop);
        assert_eq!(data.train[0].tags, ["O", "B-Cuisine", "B-Location"]);
        assert_eq!((account.losses.half_words, account.losses.overlapping), (1, 0));
    }

    #[test]
    fn the_documents_of_a_split_are_those_of_the_training_data() {
        let items = (0..40).map(|n| item(&format!("r{n}"), None, &[(1, 10, 2)], Status::Done));
        let left_out = item("partial", None, &[(0, 4, 2)], Status::Partial);
        let (_dir, project, journal) = project(items.chain([left_out]).collect());
        let (data, report) = training_data(&project, &journal, HalfWords::Snap);
        for (split, sentences) in [(Split::Train, data.train), (Split::Valid, data.valid), (Split::Test, data.test)] {
            let found = SplitDocuments::new(&project, &journal, split);
            let mut sum = SentenceFingerprint::default();
            let mut made = Vec::new();
            for document in &found.documents {
                let (sentence, spans) = found.sentence(document);
                assert_eq!(spans, [WordSpan::new(0..2, "Dish")]);
                sum.add(&sentence);
                made.push(sentence);
            }
            assert_eq!(made, sentences);
            let sum = sum.finish();
            assert!(split != Split::Valid || sum == report.validated);
            assert!(split != Split::Train || sum == report.trained);
        }
    }

    #[test]
    fn about_a_tenth_validates_and_stays_there() {
        let valid = (0..10_000).filter(|n| split_of(&format!("r{n}"), 42) == Split::Valid).count();
        assert!((900..1100).contains(&valid), "{valid}");
        // Part of the format: computed with the same rule in Python.
        assert_eq!(hash("r1", 42), 0x95b1_b6c1_cc92_cd5e);
        let (_dir, project, journal) = project(["a", "b"].map(|id| item(id, None, &[], Status::Done)).into());
        let (data, _) = training_data(&project, &journal, HalfWords::Snap);
        assert_eq!((data.train.len(), data.valid.len()), (1, 1));
    }
}
