//! Entity scores from tags, as seqeval 1.2.2 computes them.
//! In its default mode (conlleval's) and in strict IOB2.
//!
//! Its oddities are reproduced exactly, because people compare these numbers with published ones: in the default mode an
//! `I-X` may begin an entity, `U` and `L` end none, and a tag without a prefix loses its first letter; strict IOB2 has
//! only the prefixes B, I and O. A rate that would divide by 0 is 0.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use strum::IntoStaticStr;

/// Rules by which tags become entities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Mode {
    /// Lenient, as in conlleval and seqeval's default mode.
    #[default]
    Default,
    /// seqeval's `mode="strict", scheme=IOB2`: an entity begins with `B-`.
    Strict,
}

impl Mode {
    /// Name: `default` or `strict`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Reason why tags cannot be scored.
/// Sentences and words are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// The two sides do not have the same sentences.
    #[error("there are {gold} gold sentences, but {predicted} predicted ones: both sides must have the same text")]
    Sentences {
        /// Gold sentences.
        gold: usize,
        /// Predicted sentences.
        predicted: usize,
    },
    /// A sentence does not have the same words on both sides.
    #[error(
        "sentence {sentence} has {gold} gold tags, but {predicted} predicted ones: one of the two files lost a word"
    )]
    Words {
        /// Number of the sentence.
        sentence: usize,
        /// Gold tags.
        gold: usize,
        /// Predicted tags.
        predicted: usize,
    },
    /// A tag that strict IOB2 does not have.
    #[error(
        "word {word} of {side} sentence {sentence} has the tag `{tag}`, but strict IOB2 has only B-, I- and O: \
         write the tags as bio first"
    )]
    Tag {
        /// `gold` or `predicted`.
        side: &'static str,
        /// Number of the sentence.
        sentence: usize,
        /// Number of the word.
        word: usize,
        /// The tag.
        tag: String,
    },
}

/// Precision, recall and F1, each from 0 to 1; 0 instead of a division by 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Share of correct entities among the predicted ones.
    pub precision: f64,
    /// Share of correctly predicted entities among the gold ones.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

/// Numbers of entities, of one label or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityCounts {
    /// Predicted and gold, with the same words and label.
    pub true_positives: usize,
    /// Predicted, but not gold.
    pub false_positives: usize,
    /// Gold, but not predicted.
    pub false_negatives: usize,
}

impl EntityCounts {
    /// Number of gold entities.
    pub fn support(self) -> usize {
        self.true_positives + self.false_negatives
    }

    /// Number of predicted entities.
    pub fn predicted(self) -> usize {
        self.true_positives + self.false_positives
    }

    /// Computes the rates.
    pub fn rates(self) -> Rates {
        let precision = ratio(self.true_positives, self.predicted());
        let recall = ratio(self.true_positives, self.support());
        let sum = precision + recall;
        // In the order in which seqeval multiplies, so that the result is equal to the last bit.
        let f1 = if sum == 0.0 { 0.0 } else { 2.0 * precision * recall / sum };
        Rates { precision, recall, f1 }
    }

    /// Adds other counts.
    pub fn add(&mut self, other: Self) {
        self.true_positives += other.true_positives;
        self.false_positives += other.false_positives;
        self.false_negatives += other.false_negatives;
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of entities are far below 2^53")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Mean of rates with weights; 0 where the sum of the weights is 0.
#[expect(clippy::cast_precision_loss, reason = "counts of entities are far below 2^53")]
pub(super) fn mean_rates(rates: impl Iterator<Item = (Rates, usize)>) -> Rates {
    let mut sum = Rates::default();
    let mut weights = 0;
    for (rates, weight) in rates {
        let share = weight as f64;
        sum.precision += share * rates.precision;
        sum.recall += share * rates.recall;
        sum.f1 += share * rates.f1;
        weights += weight;
    }
    let all = weights.max(1) as f64;
    Rates { precision: sum.precision / all, recall: sum.recall / all, f1: sum.f1 / all }
}

/// Result of a comparison of predicted with gold tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Counts per label, for every label with an entity on either side.
    pub labels: BTreeMap<String, EntityCounts>,
    /// Counts of all labels together.
    pub overall: EntityCounts,
    /// Words with the same tag on both sides.
    pub right_tags: usize,
    /// Words.
    pub tags: usize,
}

impl Report {
    /// Rates over all entities (micro average), which are usually reported.
    pub fn micro(&self) -> Rates {
        self.overall.rates()
    }

    /// Mean of the rates of the labels that occur (macro average): each label has the same weight.
    pub fn macro_average(&self) -> Rates {
        mean_rates(self.labels.values().map(|counts| (counts.rates(), 1)))
    }

    /// Mean of the rates of the labels, each weighted with its number of gold entities (weighted average).
    pub fn weighted_average(&self) -> Rates {
        mean_rates(self.labels.values().map(|counts| (counts.rates(), counts.support())))
    }

    /// Share of correct tags, `O` included: high even for a model that finds nothing.
    pub fn accuracy(&self) -> f64 {
        ratio(self.right_tags, self.tags)
    }
}

/// Compares predicted with gold tags, sentence by sentence.
///
/// # Errors
/// The two sides do not match word for word, or, in strict mode, a tag is not IOB2.
pub fn score<S: AsRef<str>>(gold: &[Vec<S>], predicted: &[Vec<S>], mode: Mode) -> Result<Report, ScoreError> {
    Ok(score_by_sentence(gold, predicted, mode)?.0)
}

/// Counts of a sentence by label.
pub type LabelCounts = Vec<(String, EntityCounts)>;

/// As [`score`], with the counts of each sentence.
///
/// # Errors
/// As [`score`].
pub fn score_by_sentence<S: AsRef<str>>(
    gold: &[Vec<S>],
    predicted: &[Vec<S>],
    mode: Mode,
) -> Result<(Report, Vec<LabelCounts>), ScoreError> {
    if gold.len() != predicted.len() {
        return Err(ScoreError::Sentences { gold: gold.len(), predicted: predicted.len() });
    }
    let mut scorer = Scorer::new(mode);
    let mut sentences = Vec::with_capacity(gold.len());
    for (gold, predicted) in gold.iter().zip(predicted) {
        let counts = scorer.add(gold, predicted)?.into_iter();
        sentences.push(counts.map(|(label, counts)| (label.to_owned(), counts)).collect());
    }
    Ok((scorer.finish(), sentences))
}

/// Scores sentences one after the other, so that none of them must be kept.
/// The sum is what [`score`] gives for all at once.
#[derive(Clone, Debug)]
pub struct Scorer {
    mode: Mode,
    sentences: usize,
    /// Words so far, with one more for the end of each sentence.
    at: usize,
    /// First word of the newest entity of the gold and of the predicted tags, in the lenient mode.
    starts: [usize; 2],
    report: Report,
}

impl Scorer {
    /// Starts without sentences.
    pub fn new(mode: Mode) -> Self {
        Self { mode, sentences: 0, at: 0, starts: [0; 2], report: Report::default() }
    }

    /// Adds a sentence. Returns its counts for each label that has an entity in it, sorted by label.
    ///
    /// # Errors
    /// The two sides differ in length, or, in strict mode, a tag is not IOB2.
    pub fn add<'t, S: AsRef<str>, T: AsRef<str>>(
        &mut self,
        gold: &'t [S],
        predicted: &'t [T],
    ) -> Result<Vec<(&'t str, EntityCounts)>, ScoreError> {
        self.sentences += 1;
        if gold.len() != predicted.len() {
            let (gold, predicted) = (gold.len(), predicted.len());
            return Err(ScoreError::Words { sentence: self.sentences, gold, predicted });
        }
        let gold_entities = self.entities(gold, 0)?;
        let predicted_entities = self.entities(predicted, 1)?;
        self.at += gold.len() + 1;
        let mut counts: BTreeMap<&str, EntityCounts> = BTreeMap::new();
        compare(&gold_entities, &predicted_entities, &mut counts);
        let pairs = gold.iter().zip(predicted);
        self.report.right_tags += pairs.filter(|(gold, predicted)| gold.as_ref() == predicted.as_ref()).count();
        self.report.tags += gold.len();
        for (label, counts) in &counts {
            self.report.overall.add(*counts);
            match self.report.labels.get_mut(*label) {
                Some(sum) => sum.add(*counts),
                None => drop(self.report.labels.insert((*label).to_owned(), *counts)),
            }
        }
        Ok(counts.into_iter().collect())
    }

    /// Entities of one side of a sentence: 0 gold, 1 predicted.
    fn entities<'t, S: AsRef<str>>(&mut self, tags: &'t [S], side: usize) -> Result<Vec<TagEntity<'t>>, ScoreError> {
        let is_first = self.sentences == 1;
        match self.mode {
            Mode::Default => Ok(lenient_entities(tags, self.at, is_first, &mut self.starts[side])),
            Mode::Strict => strict_entities(tags, self.at).map_err(|(word, tag)| {
                let side = ["gold", "predicted"][side];
                ScoreError::Tag { side, sentence: self.sentences, word, tag }
            }),
        }
    }

    /// Returns the sum over all sentences.
    pub fn finish(self) -> Report {
        self.report
    }
}

/// Entity: words `start..=end` of the whole text.
/// An `O` follows each sentence in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TagEntity<'t> {
    end: usize,
    start: usize,
    label: &'t str,
}

/// Compares gold with predicted entities.
///
/// In each of the lists at most one entity ends at a word, and the ends ascend.
fn compare<'t>(gold: &[TagEntity<'t>], predicted: &[TagEntity<'t>], labels: &mut BTreeMap<&'t str, EntityCounts>) {
    let mut rest = gold.iter().peekable();
    for entity in predicted {
        while let Some(missed) = rest.next_if(|other| other.end < entity.end) {
            labels.entry(missed.label).or_default().false_negatives += 1;
        }
        let counts = labels.entry(entity.label).or_default();
        if rest.next_if(|other| *other == entity).is_some() {
            counts.true_positives += 1;
        } else {
            counts.false_positives += 1;
        }
    }
    for missed in rest {
        labels.entry(missed.label).or_default().false_negatives += 1;
    }
}

/// Parses a tag as seqeval's default mode does.
/// The first character, and the type after the first hyphen behind it.
///
/// An empty tag, for which seqeval would fail, is `O`.
fn lenient_tag(tag: &str) -> (char, &str) {
    let mut chars = tag.chars();
    let Some(prefix) = chars.next() else { return ('O', "_") };
    let rest = chars.as_str();
    let label = rest.split_once('-').map_or(rest, |(_, label)| label);
    (prefix, if label.is_empty() { "_" } else { label })
}

/// Finds the entities of a sentence as seqeval's `get_entities` does, which joins all sentences by `O`.
/// `at` is the place of its first word in the whole text.
///
/// As there, the start is kept across sentences: with inconsistent tags, an entity may have the start of an earlier one.
fn lenient_entities<'t, S: AsRef<str>>(
    tags: &'t [S],
    first: usize,
    is_first: bool,
    start: &mut usize,
) -> Vec<TagEntity<'t>> {
    let mut entities = Vec::new();
    let mut before = ('O', if is_first { "" } else { "_" });
    for (at, tag) in (first..).zip(tags.iter().map(AsRef::as_ref).chain(["O"])) {
        let now = lenient_tag(tag);
        if ends(before, now) {
            // `before` is a tag of this sentence, so `at` is not its first word.
            entities.push(TagEntity { end: at.saturating_sub(1), start: *start, label: before.1 });
        }
        if starts(before, now) {
            *start = at;
        }
        before = now;
    }
    entities
}

/// Whether an entity ends between two neighbouring tags.
fn ends((before, label): (char, &str), (now, next_label): (char, &str)) -> bool {
    match (before, now) {
        ('E' | 'S', _) | ('B' | 'I', 'B' | 'S' | 'O') => true,
        ('O' | '.', _) => false,
        _ => label != next_label,
    }
}

/// Whether an entity starts between two neighbouring tags.
fn starts((before, label): (char, &str), (now, next_label): (char, &str)) -> bool {
    match (before, now) {
        (_, 'B' | 'S') | ('E' | 'S' | 'O', 'E' | 'I') => true,
        (_, 'O' | '.') => false,
        _ => label != next_label,
    }
}

/// Parses a tag of strict IOB2; `None` for an unknown prefix.
fn strict_tag(tag: &str) -> Option<(char, &str)> {
    let mut chars = tag.chars();
    let prefix = chars.next().filter(|prefix| matches!(prefix, 'B' | 'I' | 'O'))?;
    let label = chars.as_str().trim_matches('-');
    Some((prefix, if label.is_empty() { "_" } else { label }))
}

/// Finds the entities of a sentence in strict IOB2. The error is the number of the first other tag, from 1, and the tag.
fn strict_entities<S: AsRef<str>>(tags: &[S], first: usize) -> Result<Vec<TagEntity<'_>>, (usize, String)> {
    let mut entities: Vec<TagEntity<'_>> = Vec::new();
    let mut open = false;
    for (word, tag) in tags.iter().map(AsRef::as_ref).enumerate() {
        let Some((prefix, label)) = strict_tag(tag) else { return Err((word + 1, tag.to_owned())) };
        let at = first + word;
        match entities.last_mut() {
            Some(last) if open && prefix == 'I' && last.label == label => last.end = at,
            _ => {
                open = prefix == 'B';
                if open {
                    entities.push(TagEntity { end: at, start: at, label });
                }
            }
        }
    }
    Ok(entities)
}

/// Converts a report to the JSON of `evaluate`'s seqeval.
///
/// It has `precision recall f1 number` per type, and `overall_precision`, `overall_recall`, `overall_f1` and
/// `overall_accuracy`.
pub fn as_evaluate(report: &Report) -> Value {
    let mut scores = Map::new();
    for (label, counts) in &report.labels {
        let Rates { precision, recall, f1 } = counts.rates();
        let number = counts.support();
        scores.insert(label.clone(), json!({"precision": precision, "recall": recall, "f1": f1, "number": number}));
    }
    let Rates { precision, recall, f1 } = report.micro();
    let overall = [("precision", precision), ("recall", recall), ("f1", f1), ("accuracy", report.accuracy())];
    scores.extend(overall.map(|(name, value)| (format!("overall_{name}"), json!(value))));
    Value::Object(scores)
}

/// Converts the macro and the weighted average of a report to JSON: `precision recall f1` of each.
pub fn averages(report: &Report) -> Value {
    json!({ "macro": rates_json(report.macro_average()), "weighted": rates_json(report.weighted_average()) })
}

fn rates_json(Rates { precision, recall, f1 }: Rates) -> Value {
    json!({ "precision": precision, "recall": recall, "f1": f1 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    fn tags(sentences: &[&str]) -> Vec<Vec<String>> {
        sentences.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
    }

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-12
    }

    /// Case of tests/reference/seqeval_cases.py.
    #[derive(Deserialize)]
    struct Case {
        gold: Vec<String>,
        predicted: Vec<String>,
        default: Expected,
        strict: Option<Expected>,
    }

    #[derive(Deserialize)]
    struct Expected {
        evaluate: Value,
        weighted: [f64; 3],
        #[serde(rename = "macro")]
        plain: Option<[f64; 3]>,
    }

    fn same(ours: Rates, theirs: [f64; 3]) -> bool {
        [ours.precision, ours.recall, ours.f1].into_iter().zip(theirs).all(|(ours, theirs)| close(ours, theirs))
    }

    /// Same keys, same whole numbers, other numbers up to rounding.
    /// serde_json may read the latter one bit off.
    fn alike(left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Object(left), Value::Object(right)) => {
                left.keys().eq(right.keys())
                    && left.values().zip(right.values()).all(|(left, right)| alike(left, right))
            }
            (Value::Number(left), Value::Number(right)) if left.is_f64() => {
                close(left.as_f64().unwrap(), right.as_f64().unwrap())
            }
            _ => left == right,
        }
    }

    fn check(gold: &[Vec<String>], predicted: &[Vec<String>], mode: Mode, expected: &Expected) {
        let report = score(gold, predicted, mode).unwrap();
        let ours = as_evaluate(&report);
        assert!(alike(&ours, &expected.evaluate), "{mode:?}\n{gold:?}\n{predicted:?}\n{ours}\n{}", expected.evaluate);
        assert!(same(report.weighted_average(), expected.weighted), "{gold:?} {predicted:?}");
        // seqeval gives NaN where no label has an entity.
        let none = [0.0; 3];
        assert!(same(report.macro_average(), expected.plain.unwrap_or(none)), "{gold:?} {predicted:?}");
    }

    #[test]
    fn numbers_are_those_of_seqeval() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/reference/seqeval_cases.json")).unwrap();
        assert!(cases.len() > 50);
        for case in cases {
            let read = |lines: &[String]| tags(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            let (gold, predicted) = (read(&case.gold), read(&case.predicted));
            check(&gold, &predicted, Mode::Default, &case.default);
            match &case.strict {
                Some(expected) => check(&gold, &predicted, Mode::Strict, expected),
                None => assert!(matches!(score(&gold, &predicted, Mode::Strict), Err(ScoreError::Tag { .. }))),
            }
        }
    }

    #[test]
    fn strict_and_default_differ_where_an_entity_begins_with_i() {
        let (gold, predicted) = (tags(&["B-NP I-NP O"]), tags(&["I-NP I-NP O"]));
        assert!(close(score(&gold, &predicted, Mode::Default).unwrap().micro().f1, 1.0));
        assert!(close(score(&gold, &predicted, Mode::Strict).unwrap().micro().f1, 0.0));
    }

    #[test]
    fn an_error_says_where() {
        let error = score(&tags(&["O", "O O"]), &tags(&["O", "O"]), Mode::Default).unwrap_err();
        assert_eq!(error, ScoreError::Words { sentence: 2, gold: 2, predicted: 1 });
        assert!(matches!(
            score(&tags(&["O"]), &[], Mode::Default),
            Err(ScoreError::Sentences { gold: 1, predicted: 0 })
        ));
        let error = score(&tags(&["O", "O B-X"]), &tags(&["O", "O S-X"]), Mode::Strict).unwrap_err();
        assert_eq!(
            error.to_string(),
            "word 2 of predicted sentence 2 has the tag `S-X`, but strict IOB2 has only B-, I- and O: \
             write the tags as bio first"
        );
    }

    #[test]
    fn nothing_to_find_is_scored_zero() {
        let report = score(&tags(&["O O"]), &tags(&["O O"]), Mode::Default).unwrap();
        assert_eq!(
            as_evaluate(&report).to_string(),
            r#"{"overall_precision":0.0,"overall_recall":0.0,"overall_f1":0.0,"overall_accuracy":1.0}"#
        );
        assert_eq!(score::<String>(&[], &[], Mode::Strict).unwrap(), Report::default());
        let empty = vec![vec![String::new()]];
        assert_eq!(score(&empty, &empty, Mode::Default).unwrap().tags, 1);
    }

    fn sentences() -> impl Strategy<Value = Vec<Vec<String>>> {
        let tag = prop_oneof![Just("O".to_owned()), "[BIESLUO.][-]?[XY-]{0,2}", "\\PC{0,3}"];
        prop::collection::vec(prop::collection::vec(tag, 0..8), 0..5)
    }

    proptest! {
        #[test]
        fn the_counts_of_the_sentences_add_up_to_those_of_all(gold in sentences(), turn in 0usize..3) {
            let mut predicted = gold.clone();
            for tags in &mut predicted {
                let by = turn.min(tags.len());
                tags.rotate_left(by);
            }
            let mut scorer = Scorer::new(Mode::Default);
            let mut sum = EntityCounts::default();
            for (gold, predicted) in gold.iter().zip(&predicted) {
                scorer.add(gold, predicted).unwrap().into_iter().for_each(|(_, counts)| sum.add(counts));
            }
            let all = score(&gold, &predicted, Mode::Default).unwrap();
            prop_assert_eq!(sum, all.overall);
            prop_assert_eq!(scorer.finish(), all);
        }

        #[test]
        fn any_tags_agree_with_themselves(gold in sentences()) {
            let report = score(&gold, &gold, Mode::Default).unwrap();
            prop_assert_eq!(report.overall.false_positives + report.overall.false_negatives, 0);
            prop_assert_eq!(report.right_tags, report.tags);
        }

        #[test]
        fn changing_sides_swaps_precision_and_recall(gold in sentences(), seed in any::<prop::sample::Index>()) {
            let mut predicted = gold.clone();
            for tags in predicted.iter_mut().filter(|tags| !tags.is_empty()) {
                let length = tags.len();
                tags.rotate_left(seed.index(length));
            }
            let there = score(&gold, &predicted, Mode::Default).unwrap();
            let back = score(&predicted, &gold, Mode::Default).unwrap();
            prop_assert!(close(there.micro().precision, back.micro().recall));
            prop_assert_eq!(there.overall.true_positives, back.overall.true_positives);
        }
    }
}
