//! Labels that are probably wrong, for a person to look at.
//!
//! A model that has not learned a sentence gives each tag of it a probability (Wang and Mueller, "Detecting Label Errors in
//! Token Classification Data", 2022, arXiv 2210.03920). Where it would tag otherwise, the mean probability of the given labels
//! of these words says how wrong they may be. Their worst word alone, which that paper takes, finds fewer: of the first 200
//! places with 5 % of the labels of MIT Restaurant swapped, .28 against .46 (`training/RECIPES.md`). What is known of the
//! same words elsewhere ([`consistency`](super::consistency)) counts as a second opinion: the odds are multiplied.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use serde::Serialize;
use strum::IntoStaticStr;

use super::{
    WordSpan,
    mistakes::compare,
    scheme::{Tag, decode},
};

/// Least probability that is multiplied: smaller ones carry no further evidence.
const LEAST: f32 = 1e-5;

/// Reason why a label is suspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Reason {
    /// A model that has not learned the sentence tags these words otherwise.
    Model,
    /// The same words have another label in most places.
    OtherLabel,
    /// The same words have no label in most places.
    UsuallyBare,
    /// The same words have a label in most places, and none here.
    UsuallyLabelled,
    /// The span begins or ends with a mark such as a comma, as few do.
    MarkAtEdge,
}

impl Reason {
    /// Name in files, such as `other-label`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Description shown to the user.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Model => "the model disagrees",
            Self::OtherLabel => "usually another label",
            Self::UsuallyBare => "usually no label",
            Self::UsuallyLabelled => "usually labelled",
            Self::MarkAtEdge => "a mark at the edge",
        }
    }
}

/// Label, or words without one, that may be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Span as it is labelled; `None` for words without a label.
    pub given: Option<WordSpan>,
    /// Span that would be right instead; `None` if the words should have no label.
    pub other: Option<WordSpan>,
    /// Estimated probability that the words are labelled rightly, from 0 to 1.
    pub score: f32,
    /// Mean probability of the suggested labels, by the model that suggests them; `None` if no model does.
    pub model_probability: Option<f32>,
    /// Reasons, the first one for the score.
    pub reasons: Vec<Reason>,
}

impl Suspect {
    /// Range from the first to the last word of either span.
    pub fn words(&self) -> Range<usize> {
        let spans = self.given.iter().chain(&self.other);
        let start = spans.clone().map(|span| span.start).min().unwrap_or_default();
        start..spans.map(|span| span.end).max().unwrap_or_default()
    }
}

/// Answer of a model that has not learned the sentence.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Names of the tags.
    pub tags: &'a [String],
    /// Tag of each word, as an index into `tags`.
    pub predicted: &'a [usize],
    /// Probability of each tag, for each word.
    pub rows: &'a [Vec<f32>],
}

impl Answer<'_> {
    /// Probability of the label of a tag at a word: of all its tags. 0 for a label that the model does not have.
    fn probability(&self, word: usize, tag: &str) -> f32 {
        let wanted = Tag::read(tag);
        let own = self.rows.get(word).into_iter().flatten().zip(self.tags);
        own.filter(|(_, tag)| Tag::read(tag).label() == wanted.label()).map(|(probability, _)| *probability).sum()
    }

    /// Mean probability of the labels of these tags at some of their words.
    pub fn mean_probability<S: AsRef<str>>(&self, given: &[S], words: Range<usize>) -> f32 {
        let count = words.len().max(1) as f32;
        let own = words.filter_map(|word| Some(self.probability(word, given.get(word)?.as_ref())));
        own.sum::<f32>() / count
    }
}

/// Combines two independent estimates of a probability: their odds are multiplied.
pub fn combined(one: f32, other: f32) -> f32 {
    let [one, other] = [one, other].map(|value| value.clamp(LEAST, 1.0 - LEAST));
    let both = one * other;
    both / (both + (1.0 - one) * (1.0 - other))
}

/// Suspects of one sentence: where the model differs from the given tags.
pub fn by_model<S: AsRef<str>>(given: &[S], answer: &Answer<'_>) -> Vec<Suspect> {
    let predicted: Vec<&str> =
        answer.predicted.iter().map(|tag| answer.tags.get(*tag).map_or("O", String::as_str)).collect();
    let mistakes = compare(&decode(given), &decode(&predicted)).into_iter().map(|mistake| {
        let words = mistake.words();
        Suspect {
            score: answer.mean_probability(given, words.clone()),
            model_probability: Some(answer.mean_probability(&predicted, words)),
            given: mistake.gold,
            other: mistake.predicted,
            reasons: vec![Reason::Model],
        }
    });
    mistakes.collect()
}

/// Joins the suspects of one sentence from several sources: those of the same words are one, with all reasons.
/// The suggestion and the score of the earlier source stay.
pub fn joined(sources: impl IntoIterator<Item = Vec<Suspect>>) -> Vec<Suspect> {
    let mut all: Vec<Suspect> = Vec::new();
    let mut known = Known::default();
    for suspect in sources.into_iter().flatten() {
        match known.find(&suspect).and_then(|at| all.get_mut(at)) {
            Some(same) => same.reasons.extend(suspect.reasons),
            None => {
                known.add(&suspect, all.len());
                all.push(suspect);
            }
        }
    }
    all
}

/// Places of suspects in a list, by their words.
#[derive(Default)]
struct Known {
    given: HashMap<WordSpan, usize>,
    /// Of words without a label: the end and the place by the start. They are disjoint.
    bare: BTreeMap<usize, (usize, usize)>,
}

impl Known {
    /// Finds the first suspect of the same label, or of some of the same words without one.
    fn find(&self, suspect: &Suspect) -> Option<usize> {
        // The model's span may reach into words that are labelled; those are other suspects.
        if let Some(given) = &suspect.given {
            return self.given.get(given).copied();
        }
        let words = suspect.words();
        let before = self.bare.range(..words.end).rev().map(|(_, known)| known);
        before.take_while(|(end, _)| *end > words.start).map(|(_, at)| *at).min()
    }

    fn add(&mut self, suspect: &Suspect, at: usize) {
        match &suspect.given {
            Some(given) => drop(self.given.insert(given.clone(), at)),
            None => drop(self.bare.insert(suspect.words().start, (suspect.words().end, at))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::growth::assert_linear;

    const TAGS: [&str; 5] = ["O", "B-Dish", "I-Dish", "B-Price", "I-Price"];

    fn suspects(given: &[&str], predicted: &[usize], own: &[f32]) -> Vec<Suspect> {
        let tags = TAGS.map(str::to_owned);
        let rows: Vec<Vec<f32>> = given
            .iter()
            .zip(own)
            .map(|(given, own)| {
                let place = TAGS.iter().position(|tag| tag == given);
                (0..5).map(|at| if Some(at) == place { *own } else { (1.0 - own) / 4.0 }).collect()
            })
            .collect();
        by_model(given, &Answer { tags: &tags, predicted, rows: &rows })
    }

    #[test]
    fn a_difference_has_the_mean_probability_of_the_labels_of_its_words() {
        let found = suspects(&["B-Dish", "I-Dish", "O", "O"], &[3, 4, 0, 1], &[0.2, 0.05, 0.9, 0.3]);
        let sides: Vec<_> =
            found.iter().map(|one| (one.given.as_ref().map(|span| span.label.as_str()), one.other.clone())).collect();
        let price = Some(WordSpan::new(0..2, "Price"));
        assert_eq!(sides, [(Some("Dish"), price), (None, Some(WordSpan::new(3..4, "Dish")))]);
        // B- and I- are one label: of the rest, a quarter each goes to the other tags.
        let dish = (0.2 + 0.2 + 0.05 + 0.2375) / 2.0;
        let scores: Vec<f32> = found.iter().map(|one| one.score).collect();
        assert!((scores[0] - dish).abs() < 1e-6 && (scores[1] - 0.3).abs() < 1e-6, "{scores:?}");
        // Of the model's own label: a quarter of the rest for each of its tags.
        let price = (2.0 * 0.2 + 2.0 * 0.2375) / 2.0;
        assert!((found[0].model_probability.unwrap() - price).abs() < 1e-6, "{:?}", found[0]);
        assert!(suspects(&["B-Dish", "O"], &[1, 0], &[0.01, 0.01]).is_empty(), "the model does not differ");
        let unknown = suspects(&["B-Name", "O"], &[0, 0], &[0.0, 0.9]);
        assert_eq!((unknown[0].score, &unknown[0].other), (0.0, &None), "a label that the model does not have");
    }

    #[test]
    fn a_second_opinion_multiplies_the_odds() {
        let close = |one: f32, other: f32| (one - other).abs() < 1e-6;
        assert!(
            close(combined(0.3, 0.5), 0.3) && close(combined(0.2, 0.2), 1.0 / 17.0) && close(combined(0.2, 0.8), 0.5)
        );
        assert!(combined(0.0, 1.0).is_finite() && combined(0.0, 0.0) >= 0.0);
    }

    #[test]
    fn the_time_to_join_grows_with_the_number_of_suspects() {
        let suspect = |start: usize, given: bool| {
            let span = Some(WordSpan::new(start..start + 2, "Dish"));
            let sides = if given { (span, None) } else { (None, span) };
            Suspect {
                given: sides.0,
                other: sides.1,
                score: 0.5,
                model_probability: None,
                reasons: vec![Reason::Model],
            }
        };
        let both = |n: usize, given| vec![(0..n).map(|at| suspect(at * 3, given)).collect::<Vec<_>>(); 2];
        for given in [true, false] {
            assert_linear(2_000, |n| both(n, given), |sources| joined(sources.clone()));
        }
    }

    #[test]
    fn suspects_of_the_same_words_are_one_with_all_reasons() {
        let one = |given: Option<WordSpan>, other: Option<WordSpan>, reason| {
            vec![Suspect { given, other, score: 0.5, model_probability: None, reasons: vec![reason] }]
        };
        let dish = || Some(WordSpan::new(0..2, "Dish"));
        let found = joined([
            one(dish(), None, Reason::Model),
            one(dish(), Some(WordSpan::new(0..1, "Dish")), Reason::MarkAtEdge),
            one(None, Some(WordSpan::new(4..6, "Dish")), Reason::Model),
            one(None, Some(WordSpan::new(5..6, "Price")), Reason::UsuallyLabelled),
            one(Some(WordSpan::new(0..2, "Price")), None, Reason::UsuallyBare),
        ]);
        let reasons: Vec<&[Reason]> = found.iter().map(|suspect| suspect.reasons.as_slice()).collect();
        let expected = [
            &[Reason::Model, Reason::MarkAtEdge][..],
            &[Reason::Model, Reason::UsuallyLabelled],
            &[Reason::UsuallyBare],
        ];
        assert_eq!(reasons, expected);
        assert_eq!((found[0].other.as_ref(), found[1].words()), (None, 4..6));
    }
}
