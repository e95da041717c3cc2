//! Cross-validation: every sentence is predicted by a model that has not learned it.
//!
//! The folds are of equal size and have equal shares of each label; sentences that are the same or nearly the same are in one
//! fold (`shares.rs`). A tenth of the other folds chooses the weights, so that the held-out fold chooses nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    shares::{Group, groups_of, share_out},
    train::{TrainRequest, TrainRequestError, TrainingData},
    trial::{self, TrialError},
};
use crate::{
    inference::{Precision, PredictError, Predictor, predictor::Threads, word_probabilities},
    model::BaseModel,
    runs::{
        Settings,
        cross_validation::{CrossValidation, Estimate, FoldScores},
    },
    spans::{
        Dataset, Sentence, SentenceCounts,
        bootstrap::{RESAMPLES, Values},
        dataset::tag_names,
        scheme::{Tag, decode},
        score::{EntityCounts, Mode, Scorer},
    },
};

/// Shares of the sentences that are learned and of those that choose the weights.
const LEARNED_AND_VALID: [u32; 2] = [9, 1];
/// Decimal digits of a probability that are kept.
const DIGITS: i32 = 5;

/// A cross-validation failed.
#[derive(Debug, thiserror::Error)]
pub enum FoldsError {
    /// There are fewer groups of sentences than folds.
    #[error(
        "{folds} folds need at least {folds} sentences that are not nearly the same, and there are {groups}; use fewer folds, or \
         mark more documents as done"
    )]
    TooFew {
        /// Number of folds.
        folds: usize,
        /// Number of groups.
        groups: usize,
    },
    /// A training cannot start.
    #[error(transparent)]
    Request(#[from] TrainRequestError),
    /// A training failed.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// The trained model cannot predict.
    #[error(transparent)]
    Predict(#[from] PredictError),
}

/// One training: places of sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// Number, from 1.
    pub number: usize,
    /// Sentences that are learned.
    pub train: Vec<usize>,
    /// Sentences that choose the weights.
    pub valid: Vec<usize>,
    /// Sentences that are predicted.
    pub held_out: Vec<usize>,
}

/// Sentences of a cross-validation, and its folds.
#[derive(Clone, Debug)]
pub struct Folds {
    /// All sentences.
    pub sentences: Vec<Sentence>,
    /// Tags of all labels.
    pub tags: Vec<String>,
    /// The trainings.
    pub plan: Vec<Fold>,
    /// Number of the group of each sentence: those that are the same or nearly the same.
    groups: Vec<usize>,
    seed: u64,
}

/// Prediction for a sentence by the model of a fold that did not learn it.
#[derive(Clone, Debug, PartialEq)]
pub struct OutOfFold {
    /// Place of the sentence.
    pub sentence: usize,
    /// Number of the fold.
    pub fold: usize,
    /// Predicted tag of each word, as an index into [`Folds::tags`].
    pub predicted: Vec<usize>,
    /// Probability of each tag, for each word. A word without a piece is `O` for certain.
    pub rows: Vec<Vec<f32>>,
}

impl Folds {
    /// Plans a cross-validation. The same arguments give the same folds.
    ///
    /// `chooses`: whether a part of the other folds chooses the weights.
    ///
    /// # Errors
    /// There are fewer groups of sentences than folds.
    pub fn new(sentences: Vec<Sentence>, folds: usize, seed: u64, chooses: bool) -> Result<Self, FoldsError> {
        let groups = labelled_groups(&sentences);
        if groups.len() < folds || folds < 2 {
            return Err(FoldsError::TooFew { folds: folds.max(2), groups: groups.len() });
        }
        let parts = share_out(&groups, &vec![1; folds], seed);
        let plan = (0..folds).map(|at| fold(at, &groups, &parts, chooses, seed)).collect();
        let groups = numbers(&groups, sentences.len());
        let data = Dataset { train: sentences, ..Dataset::default() };
        let tags = tag_names(&data.label_names());
        Ok(Self { sentences: data.train, tags, plan, groups, seed })
    }

    /// Trains on the other folds and predicts the sentences of this one.
    ///
    /// # Errors
    /// The training cannot start or fails.
    pub fn run(
        &self,
        fold: &Fold,
        settings: Settings,
        base: BaseModel,
    ) -> Result<(FoldScores, Vec<OutOfFold>), FoldsError> {
        let data = Dataset { train: self.chosen(&fold.train), valid: self.chosen(&fold.valid), test: Vec::new() };
        let request = TrainRequest::new(TrainingData::of_sentences(data), settings.clone())?;
        let (report, model) = trial::train(request, base)?;
        let predicted = match model {
            Some(model) => {
                let opened = Predictor::of(model, &settings.device, Threads::All, Precision::Fp32)?;
                self.predict(fold, &opened.with_windows_of(&settings))?
            }
            None => Vec::new(),
        };
        let scores = FoldScores {
            fold: fold.number,
            train: fold.train.len(),
            valid: fold.valid.len(),
            held_out: predicted.len(),
            f1: self.counts(&predicted).report(0).micro().f1,
            seconds: report.seconds,
        };
        Ok((scores, predicted))
    }

    fn chosen(&self, places: &[usize]) -> Vec<Sentence> {
        places.iter().filter_map(|at| self.sentences.get(*at)).cloned().collect()
    }

    fn predict(&self, fold: &Fold, model: &Predictor) -> Result<Vec<OutOfFold>, FoldsError> {
        let words = fold.held_out.iter().filter_map(|at| Some(self.sentences.get(*at)?.words.as_slice()));
        let found = word_probabilities(model, &words.collect::<Vec<_>>())?;
        // The training of a fold may lack a rare label.
        let places: Vec<Option<usize>> =
            model.tags().iter().map(|tag| self.tags.iter().position(|own| own == tag)).collect();
        let all = fold.held_out.iter().zip(found).map(|(sentence, found)| OutOfFold {
            sentence: *sentence,
            fold: fold.number,
            predicted: found
                .chosen
                .iter()
                .map(|tag| tag.and_then(|tag| places.get(tag).copied().flatten()).unwrap_or_default())
                .collect(),
            rows: found.rows.iter().map(|row| placed(row, &places, self.tags.len())).collect(),
        });
        Ok(all.collect())
    }

    /// Scores the predictions of the finished folds, with intervals over the groups of sentences: copies are no further
    /// evidence.
    pub fn score(&self, finished: &[FoldScores], predicted: &[OutOfFold], about: &CrossValidation) -> CrossValidation {
        let counts = self.counts(predicted);
        let report = counts.report(0);
        let resampled = counts.resample_with(RESAMPLES, self.seed).into_iter().next().unwrap_or_default();
        let labels: BTreeSet<&str> = self.tags.iter().filter_map(|tag| Tag::read(tag).label()).collect();
        CrossValidation {
            seed: self.seed,
            folds: self.plan.len(),
            sentences: self.sentences.len(),
            scored: predicted.len(),
            finished: finished.to_vec(),
            word: estimate(report.overall, Some(&resampled.overall)),
            labels: labels
                .into_iter()
                .map(|label| {
                    let counts = report.labels.get(label).copied().unwrap_or_default();
                    (label.to_owned(), estimate(counts, resampled.labels.get(label)))
                })
                .collect(),
            ..about.clone()
        }
    }

    /// Counts the entities of the predicted sentences of each group.
    fn counts(&self, predicted: &[OutOfFold]) -> SentenceCounts {
        let mut scorer = Scorer::new(Mode::Default);
        let mut groups: BTreeMap<usize, BTreeMap<String, EntityCounts>> = BTreeMap::new();
        for one in predicted {
            let place = self.sentences.get(one.sentence).zip(self.groups.get(one.sentence));
            let Some((sentence, group)) = place else { continue };
            let names = self.names(&one.predicted);
            // Both sides have a tag for each word.
            let found = scorer.add(&sentence.tags, &names).unwrap_or_default();
            let labels = groups.entry(*group).or_default();
            for (label, counts) in found {
                labels.entry(label.to_owned()).or_default().add(counts);
            }
        }
        let mut counts = SentenceCounts::new(1);
        for labels in groups.values() {
            counts.add(labels.iter().map(|(label, counts)| (0, label.as_str(), *counts)));
        }
        counts
    }

    /// Names of tags.
    pub fn names(&self, tags: &[usize]) -> Vec<&str> {
        tags.iter().map(|tag| self.tags.get(*tag).map_or("O", String::as_str)).collect()
    }
}

/// Sentences that are nearly the same, with the number of their spans of each label.
fn labelled_groups(sentences: &[Sentence]) -> Vec<Group> {
    let texts: Vec<String> = sentences.iter().map(|sentence| sentence.words.join(" ")).collect();
    let mut groups = groups_of(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let mut ids: BTreeMap<String, u32> = BTreeMap::new();
    for group in &mut groups {
        for sentence in group.members.iter().filter_map(|at| sentences.get(*at)) {
            for span in decode(&sentence.tags) {
                let next = u32::try_from(ids.len()).unwrap_or(u32::MAX);
                *group.spans.entry(*ids.entry(span.label).or_insert(next)).or_default() += 1;
            }
        }
    }
    groups
}

/// The number of the group of each of `sentences` sentences.
fn numbers(groups: &[Group], sentences: usize) -> Vec<usize> {
    let mut numbers = vec![0; sentences];
    for (number, group) in groups.iter().enumerate() {
        for member in &group.members {
            if let Some(own) = numbers.get_mut(*member) {
                *own = number;
            }
        }
    }
    numbers
}

/// The training that holds out part `at`.
fn fold(at: usize, groups: &[Group], parts: &[usize], chooses: bool, seed: u64) -> Fold {
    let mut fold = Fold { number: at + 1, ..Fold::default() };
    let mut others: Vec<Group> = Vec::new();
    for (group, part) in groups.iter().zip(parts) {
        match *part == at {
            true => fold.held_out.extend(&group.members),
            false => others.push(group.clone()),
        }
    }
    let shares = if chooses { &LEARNED_AND_VALID[..] } else { &[1] };
    for (group, part) in others.iter().zip(share_out(&others, shares, seed)) {
        let to = if part == 0 { &mut fold.train } else { &mut fold.valid };
        to.extend(&group.members);
    }
    for places in [&mut fold.train, &mut fold.valid, &mut fold.held_out] {
        places.sort_unstable();
    }
    fold
}

/// A row of probabilities in the order of `tags` tags, rounded; the row of `O` for a word without a piece.
fn placed(row: &[f32], places: &[Option<usize>], tags: usize) -> Vec<f32> {
    let mut all = vec![0.0; tags];
    for (value, place) in row.iter().zip(places) {
        if let Some(to) = place.and_then(|place| all.get_mut(place)) {
            *to = rounded(*value);
        }
    }
    if let Some(outside) = all.first_mut().filter(|_| row.is_empty()) {
        *outside = 1.0;
    }
    all
}

/// Rounds to a few significant digits, so that the file is short and small probabilities keep their order.
fn rounded(value: f32) -> f32 {
    if value <= 0.0 || !value.is_finite() {
        return 0.0;
    }
    let unit = 10_f64.powi(f64::from(value).log10().floor() as i32 + 1 - DIGITS);
    ((f64::from(value) / unit).round() * unit) as f32
}

fn estimate(counts: EntityCounts, resampled: Option<&Values>) -> Estimate {
    let rates = counts.rates();
    let interval = resampled.and_then(Values::interval);
    Estimate {
        precision: rates.precision,
        recall: rates.recall,
        f1: rates.f1,
        low: interval.map(|ends| ends.low),
        high: interval.map(|ends| ends.high),
        support: counts.support(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;

    fn sentence(at: usize) -> Sentence {
        // Two of three have a span; each has words of its own, except that every tenth repeats the one before.
        let at = if at % 10 == 9 { at - 1 } else { at };
        let words: Vec<String> = (0..6).map(|word| format!("w{}", at * 6 + word)).collect();
        let mut tags = vec!["O".to_owned(); 6];
        match at % 3 {
            0 => tags[0] = "B-Dish".to_owned(),
            1 => tags[2] = "B-Price".to_owned(),
            _ => {}
        }
        Sentence { id: format!("s{at}"), words, tags }
    }

    #[test]
    fn each_sentence_is_held_out_once_and_repeated_ones_together() {
        let sentences: Vec<Sentence> = (0..100).map(sentence).collect();
        let folds = Folds::new(sentences.clone(), 5, 1, true).unwrap();
        let mut held_out: Vec<usize> = folds.plan.iter().flat_map(|fold| fold.held_out.clone()).collect();
        held_out.sort_unstable();
        assert_eq!(held_out, (0..100).collect::<Vec<_>>());
        for fold in &folds.plan {
            let mut all = [fold.train.clone(), fold.valid.clone(), fold.held_out.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..100).collect::<Vec<_>>(), "each is in one part");
            assert!((19..=21).contains(&fold.held_out.len()) && (7..=9).contains(&fold.valid.len()), "{fold:?}");
            assert!((0..10).all(|ten| {
                let is_in = |at: usize| [&fold.train, &fold.valid, &fold.held_out].map(|part| part.contains(&at));
                is_in(ten * 10 + 8) == is_in(ten * 10 + 9)
            }));
            let dishes = fold.held_out.iter().filter(|at| sentences[**at].tags[0] == "B-Dish").count();
            assert!((6..=8).contains(&dishes), "{dishes}");
        }
        assert_eq!(folds.plan, Folds::new(sentences.clone(), 5, 1, true).unwrap().plan);
        assert_ne!(folds.plan, Folds::new(sentences.clone(), 5, 2, true).unwrap().plan);
        let all_learned = Folds::new(sentences.clone(), 5, 1, false).unwrap();
        assert!(all_learned.plan.iter().all(|fold| fold.valid.is_empty() && fold.train.len() >= 79));
        let error = Folds::new(sentences[..2].to_vec(), 5, 1, true).unwrap_err().to_string();
        assert!(error.starts_with("5 folds need at least 5 sentences") && error.contains("there are 2"), "{error}");
    }

    #[test]
    fn spans_are_counted_by_label_and_intervals_hold_the_score() {
        let sentences: Vec<Sentence> = (0..40).map(sentence).collect();
        let folds = Folds::new(sentences, 2, 1, true).unwrap();
        assert_eq!(folds.tags, ["O", "B-Dish", "I-Dish", "B-Price", "I-Price"]);
        // Every dish is found, no price is, and each second sentence without a span gets a dish.
        let answer = |at: usize| {
            let mut predicted = vec![0; 6];
            if at.is_multiple_of(3) || at % 6 == 2 {
                predicted[0] = 1;
            }
            OutOfFold { sentence: at, fold: 1, predicted, rows: Vec::new() }
        };
        let predicted: Vec<OutOfFold> = (0..40).filter(|at| at % 10 != 9).map(answer).collect();
        let scored = folds.score(&[], &predicted, &CrossValidation { base: "mini".into(), ..Default::default() });
        let dish = scored.labels["Dish"];
        assert_eq!((dish.recall, scored.labels["Price"].f1, scored.base.as_str()), (1.0, 0.0, "mini"));
        let dishes = predicted.iter().filter(|one| one.sentence % 3 == 0).count();
        assert_eq!(dish.support, dishes);
        for one in [scored.word, dish] {
            let [low, high] = [one.low.unwrap(), one.high.unwrap()];
            assert!(low < one.f1 && one.f1 < high && high - low < 0.6, "{one:?}");
        }
        let price = scored.labels["Price"];
        assert_eq!((price.low, price.high, price.interval()), (None, None, "-".to_owned()), "never found");
    }

    #[test]
    fn copies_are_no_further_evidence() {
        let scored = |copies: usize| {
            let sentences: Vec<Sentence> = (0..40 * copies).map(|at| sentence(at % 40)).collect();
            let folds = Folds::new(sentences, 2, 1, true).unwrap();
            let answer = |at: usize| {
                let mut predicted = vec![0; 6];
                predicted[0] = usize::from((at % 40).is_multiple_of(6));
                OutOfFold { sentence: at, fold: 1, predicted, rows: Vec::new() }
            };
            let predicted: Vec<OutOfFold> = (0..40 * copies).map(answer).collect();
            let Estimate { f1, low, high, .. } = folds.score(&[], &predicted, &CrossValidation::default()).word;
            [f1, low.unwrap(), high.unwrap()]
        };
        let [once, often] = [1, 4].map(scored);
        assert!(once[2] - once[1] > 0.1, "{once:?}");
        assert!(once.iter().zip(often).all(|(one, other)| (one - other).abs() < 1e-12), "{once:?} {often:?}");
    }

    #[test]
    fn probabilities_are_placed_by_name_and_keep_their_order() {
        assert_eq!(placed(&[0.25, 0.75], &[Some(0), Some(3)], 5), [0.25, 0.0, 0.0, 0.75, 0.0]);
        assert_eq!(placed(&[], &[Some(0), Some(3)], 3), [1.0, 0.0, 0.0]);
        assert_eq!([rounded(0.123_456_7), rounded(1.234_567e-9), rounded(0.0)], [0.12346, 1.2346e-9, 0.0]);
    }

    #[test]
    fn a_fold_is_trained_as_a_run_and_predicts_the_sentences_that_it_did_not_learn() {
        let words = ["cheap", "good", "near", "old", "new", "far", "big", "hot"];
        let sentence = |at: usize| Sentence {
            id: format!("s{at}"),
            words: [words[at % 8], "tacos", words[at / 8 % 8], words[at / 3 % 8]].map(str::to_owned).into(),
            tags: ["O", "B-Dish", "O", "O"].map(str::to_owned).into(),
        };
        let folds = Folds::new((0..48).map(sentence).collect(), 2, 1, true).unwrap();
        let settings = Settings {
            epochs: 12.0,
            learning_rate: 1e-3,
            device: "cpu".into(),
            keep_best: true,
            ..Settings::lesson("mini")
        };
        let (scores, predicted) = folds.run(&folds.plan[0], settings, model::open("mini").unwrap()).unwrap();
        let places: Vec<usize> = predicted.iter().map(|one| one.sentence).collect();
        assert_eq!((&places, scores.held_out), (&folds.plan[0].held_out, places.len()));
        assert!(predicted.iter().all(|one| one.rows.iter().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-3)));
        assert!(scores.f1 > 0.9, "{scores:?}");
    }
}
