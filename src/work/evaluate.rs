//! Evaluates a model on tagged sentences, or two models on the same ones.
//! The sentences come in blocks, and only counts of them are kept.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::base;
use crate::{
    formats::{self, Format, ReadOptions, SentencesRead, Severity, Source, TakeBlock},
    inference::{
        EvalError, Evaluation, Evaluator, Precision, PredictError, Predictor, SentenceOutcome, predictor::Threads,
    },
    project::{ProjectError, import_source::ImportSourceError},
    spans::{Counting, Differences, Mistake, Sentence, SentenceCounts},
};

/// Sentences that are evaluated together.
const BLOCK: usize = 1024;

/// A model cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The sentences have no span, so that there is nothing to score.
    #[error("the sentences have no span, so there is nothing to score")]
    NoSpans,
    /// The model and the sentences do not fit, or the prediction failed.
    #[error(transparent)]
    Evaluation(#[from] EvalError),
    /// The sentences cannot be read, or what was found cannot be kept.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A trained model cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenModelError {
    /// The path is the folder of a run; the error names its model folder.
    #[error(transparent)]
    Run(#[from] ProjectError),
    /// The model cannot be read, or the device cannot be used.
    #[error(transparent)]
    Model(#[from] PredictError),
}

/// Opens a trained model on a device, for predictions in this precision.
///
/// # Errors
/// The model cannot be read, or the device cannot be used.
pub fn open_model(
    model: &str,
    device: &str,
    threads: Threads,
    precision: Precision,
) -> Result<Predictor, OpenModelError> {
    base::refuse_other_folder(model)?;
    Ok(Predictor::open(model, device, threads, precision)?)
}

/// Tagged sentences, in blocks, as often as they are needed.
pub trait TestData {
    /// Hands over all sentences.
    ///
    /// # Errors
    /// They cannot be read, or `take` refuses a block.
    fn blocks(&self, take: &mut TakeBlock<'_>) -> io::Result<()>;
}

impl TestData for [Sentence] {
    fn blocks(&self, take: &mut TakeBlock<'_>) -> io::Result<()> {
        self.chunks(BLOCK).try_for_each(take)
    }
}

/// A tagged file that was read once and can be read again.
pub struct TaggedFile<'a> {
    path: PathBuf,
    source: &'a dyn Source,
    /// Its format.
    pub format: &'static Format,
    /// Reason for the format: the details that were detected, or that the caller chose it.
    pub why: String,
    options: ReadOptions,
    /// What was found in it.
    pub read: SentencesRead,
}

impl<'a> TaggedFile<'a> {
    /// Reads a file once in the given format, or in its likeliest one. `path` names it.
    ///
    /// # Errors
    /// It cannot be read. Problems of its contents are in [`Self::read`].
    pub fn open(
        path: &Path,
        source: &'a dyn Source,
        format: Option<&'static Format>,
        options: ReadOptions,
    ) -> io::Result<Self> {
        let guess = formats::detect_with(&path.to_string_lossy(), source, &options)?;
        let format_used = format.unwrap_or(guess.format);
        let mut file = Self {
            path: path.to_owned(),
            source,
            format: format_used,
            why: guess.why,
            options,
            read: SentencesRead::default(),
        };
        file.read = file.hand_over(&mut |_| Ok(()))?;
        if format.is_some() {
            file.why = "as asked".to_owned();
        } else if !file.read.detected.is_empty() {
            file.why = file.read.detected.join(", ");
        }
        Ok(file)
    }

    fn hand_over(&self, take: &mut TakeBlock<'_>) -> io::Result<SentencesRead> {
        self.format.read_sentences(&self.path.display().to_string(), self.source, &self.options, BLOCK, take)
    }

    /// Returns the file if it has no errors and at least one text.
    ///
    /// # Errors
    /// All its errors, or that it has no text.
    pub fn check(mut self) -> Result<Self, ImportSourceError> {
        if self.read.has_errors() {
            let mut problems = std::mem::take(&mut self.read.problems);
            problems.retain(|problem| problem.severity == Severity::Error);
            return Err(ImportSourceError::Refused { path: self.path, problems });
        }
        if self.read.sentences == 0 {
            return Err(ImportSourceError::NoText(self.path));
        }
        Ok(self)
    }
}

impl TestData for TaggedFile<'_> {
    fn blocks(&self, take: &mut TakeBlock<'_>) -> io::Result<()> {
        self.hand_over(take).map(|_| ())
    }
}

/// Receiver of each sentence with the mistakes of a model in it.
pub type EachSentence<'a> = dyn FnMut(&Sentence, &[Mistake]) -> io::Result<()> + 'a;

/// Compares the predictions of a model with the tags of sentences.
///
/// # Errors
/// The sentences have no span, or the model cannot be used, or something cannot be read or kept.
pub fn evaluate(
    model: &Predictor,
    data: &(impl TestData + ?Sized),
    each: &mut EachSentence<'_>,
) -> Result<Evaluation, EvaluateError> {
    check_spans(data)?;
    let mut evaluator = Evaluator::new(model);
    in_blocks(data, &mut |block| {
        for (sentence, outcome) in block.iter().zip(evaluator.add(block)?) {
            each(sentence, &outcome.mistakes)?;
        }
        Ok(())
    })?;
    Ok(evaluator.finish())
}

/// Calls `work` with each block; its error ends the reading.
fn in_blocks(
    data: &(impl TestData + ?Sized),
    work: &mut dyn FnMut(&[Sentence]) -> Result<(), EvaluateError>,
) -> Result<(), EvaluateError> {
    let mut failed = None;
    let read = data.blocks(&mut |block| {
        work(block).map_err(|error| {
            failed = Some(error);
            io::Error::other("the evaluation failed")
        })
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(read?),
    }
}

/// Whether the first span was found, which ends the reading of a long file.
fn check_spans(data: &(impl TestData + ?Sized)) -> Result<(), EvaluateError> {
    let mut has_span = false;
    let read = data.blocks(&mut |block| {
        has_span = block.iter().any(|sentence| sentence.tags.iter().any(|tag| tag != "O"));
        if has_span { Err(io::Error::other("enough")) } else { Ok(()) }
    });
    if has_span {
        return Ok(());
    }
    read?;
    Err(EvaluateError::NoSpans)
}

/// A sentence that one of two models tags right, and the other does not.
pub struct Change<'a> {
    /// The sentence.
    pub sentence: &'a Sentence,
    /// Its index among those evaluated.
    pub index: usize,
    /// Whether the first model is right, and not the second.
    pub only_first: bool,
    /// Mistakes of the model that is wrong.
    pub mistakes: &'a [Mistake],
}

/// Receiver of each [`Change`].
pub type EachChange<'a> = dyn FnMut(&Change<'_>) -> io::Result<()> + 'a;

/// Two models on the same sentences.
pub struct Comparison {
    /// Evaluation of the first model, and of the second.
    pub evaluations: [Evaluation; 2],
    /// Number of sentences that only the first model tags right.
    pub only_first: usize,
    /// Number of sentences that only the second model tags right.
    pub only_second: usize,
    /// Number of sentences that both tag right.
    pub both_right: usize,
    /// Differences for each way of counting; `None` without strict scores of both.
    pub differences: Vec<(Counting, Option<Differences>)>,
}

/// Compares the predictions of two models with the tags of the same sentences.
///
/// # Errors
/// As [`evaluate`].
pub fn compare(
    models: [&Predictor; 2],
    data: &(impl TestData + ?Sized),
    each: &mut EachChange<'_>,
) -> Result<Comparison, EvaluateError> {
    check_spans(data)?;
    let mut evaluators = models.map(Evaluator::new);
    let mut paired = SentenceCounts::new(2 * Counting::ALL.len());
    // Sentences by who is right: neither, only the second, only the first, both.
    let mut right = [0; 4];
    let mut index = 0;
    in_blocks(data, &mut |block| {
        let [first, second] = &mut evaluators;
        let (first, second) = (first.add(block)?, second.add(block)?);
        for (sentence, (first, second)) in block.iter().zip(first.iter().zip(&second)) {
            paired.add(counts_of(first, 0).chain(counts_of(second, Counting::ALL.len())));
            let is_right = [first, second].map(|outcome| outcome.mistakes.is_empty());
            right[2 * usize::from(is_right[0]) + usize::from(is_right[1])] += 1;
            if is_right[0] != is_right[1] {
                let mistakes = if is_right[0] { &second.mistakes } else { &first.mistakes };
                each(&Change { sentence, index, only_first: is_right[0], mistakes })?;
            }
            index += 1;
        }
        Ok(())
    })?;
    let evaluations = evaluators.map(Evaluator::finish);
    let resampled = paired.resample();
    let differences = Counting::ALL.iter().map(|counting| {
        let has_both = evaluations.iter().all(|evaluation| evaluation.report(*counting).is_ok());
        let ways = [*counting as usize, Counting::ALL.len() + *counting as usize];
        (*counting, has_both.then(|| Differences::new(&paired, &resampled, ways)))
    });
    let differences = differences.collect();
    let [_, only_second, only_first, both_right] = right;
    Ok(Comparison { evaluations, only_first, only_second, both_right, differences })
}

fn counts_of(
    outcome: &SentenceOutcome,
    first_way: usize,
) -> impl Iterator<Item = (usize, &str, crate::spans::score::EntityCounts)> {
    let counts = outcome.counts.iter();
    counts.map(move |(counting, label, counts)| (first_way + *counting as usize, label.as_str(), *counts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{inference::fake, project::InputFile};

    fn sentence(tag: &str) -> Sentence {
        Sentence { id: "1".into(), words: vec!["tacos".into()], tags: vec![tag.into()] }
    }

    fn tagged(words: &[(&str, &str)]) -> Sentence {
        let (words, tags) = words.iter().map(|(word, tag)| ((*word).to_owned(), (*tag).to_owned())).unzip();
        Sentence { id: "s".into(), words, tags }
    }

    #[test]
    fn sentences_without_spans_and_missing_models_are_refused() {
        assert!(matches!(check_spans(&[sentence("O")][..]), Err(EvaluateError::NoSpans)));
        check_spans(&[sentence("O"), sentence("B-Dish")][..]).unwrap();
        let missing = open_model("/nowhere", "cpu", Threads::One, Precision::Fp32);
        assert!(matches!(missing, Err(OpenModelError::Model(_))));
    }

    #[test]
    fn a_file_is_evaluated_in_blocks_as_if_it_were_in_memory() {
        let mut text = String::new();
        for at in 0..BLOCK + 10 {
            text += if at % 3 == 0 { "lasagne\tB-Dish\n\n" } else { "cheap\tB-Dish\nnow\tO\n\n" };
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conll");
        std::fs::write(&path, &text).unwrap();
        let source = InputFile::open(&path, 1 << 20).unwrap();
        let file = TaggedFile::open(&path, &source, None, ReadOptions::default()).unwrap().check().unwrap();
        assert_eq!((file.read.sentences, file.why == "as asked"), (BLOCK + 10, false));
        let model = fake::predictor(512);
        let mut wrong = Vec::new();
        let found = evaluate(&model, &file, &mut |sentence, mistakes| {
            wrong.extend(mistakes.iter().map(|mistake| (sentence.id.clone(), mistake.sentence)));
            Ok(())
        })
        .unwrap();
        assert_eq!(found.sentences, BLOCK + 10);
        assert!(wrong[0].0.ends_with("a.conll, sentence 2") && wrong[0].1 == 1, "{:?}", wrong[0]);
        let last = wrong.last().unwrap();
        assert!(last.0.ends_with(&format!("sentence {}", last.1 + 1)) && last.1 > BLOCK, "{last:?}");
        let refused = evaluate(&model, &file, &mut |_, _| Err(io::Error::other("no room")));
        assert!(matches!(refused, Err(EvaluateError::Io(error)) if error.to_string() == "no room"));
        let nothing = &b""[..];
        let empty = TaggedFile::open(&path, &nothing, None, ReadOptions::default());
        assert!(matches!(empty.unwrap().check(), Err(ImportSourceError::NoText(_))));
    }

    #[test]
    fn two_models_are_compared_on_the_same_sentences() {
        // The second model spells its tags otherwise: `lasagne` is a Price for it, `cheap` a Dish.
        let (a, b) =
            (fake::predictor(512), fake::predictor_with(512, &["O", "B-Price", "I-Price", "B-Dish", "I-Dish"]));
        let mut data = vec![tagged(&[("lasagne", "B-Dish"), ("now", "O")]); 30];
        data.push(tagged(&[("cheap", "B-Dish")]));
        data.push(tagged(&[("now", "O")]));
        data.push(tagged(&[("near", "B-Dish")]));
        let mut changes = Vec::new();
        let found = compare([&a, &b], data.as_slice(), &mut |change| {
            changes.push((change.index, change.only_first, change.mistakes.len()));
            Ok(())
        })
        .unwrap();
        assert_eq!((found.only_first, found.only_second, found.both_right), (30, 1, 1));
        assert_eq!((changes.len(), changes[0], changes[30]), (31, (0, true, 1), (30, false, 1)));
        let (counting, differences) = &found.differences[0];
        let overall = differences.as_ref().unwrap().overall;
        let [first, second] = found.evaluations.each_ref().map(|evaluation| evaluation.word.lenient.micro().f1);
        assert_eq!(*counting, Counting::Word);
        assert!((overall.scores[0] - first).abs() < 1e-12 && (overall.scores[1] - second).abs() < 1e-12);
        assert!(overall.is_clear() && overall.observed() > 0.8);
        let swapped = compare([&b, &a], data.as_slice(), &mut |_| Ok(())).unwrap();
        assert_eq!((swapped.only_first, swapped.only_second), (1, 30));
    }
}
