//! The choice of the next document: a random pool of open documents, and which of it come first by a rule.
//!
//! The choice is made ahead of the annotator, for several documents at once, so that no key waits for it. It is a function
//! of its arguments: the same answers of a model give the same documents on every machine.

use std::collections::{HashMap, HashSet};

use super::{document::Document, next_document::NextDocument};
use crate::text::{
    hash::{FNV_BEGIN, fnv, mixed},
    near_duplicates::NearDuplicates,
    search::lowercased,
};

/// Maximum number of documents in a pool.
///
/// A model is asked about all of them: with the smallest base on two cores, that takes one or two seconds.
pub const POOL: usize = 500;

/// Bytes at the start of a text that are compared with other texts.
/// Of long texts this is enough, and it bounds the time.
const COMPARED_BYTES: usize = 1_000;

/// Factor of the weight of a word for each document in which it was seen lately, or that was chosen before.
const FADE: f64 = 0.5;

/// A document that may come next.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The document.
    pub document: &'a Document,
    /// Uncertainty of the model about it, in nats per word; `None` without an answer.
    pub uncertainty: Option<f32>,
    /// Places per word at which the model differs from what is tagged or remembered; `None` without an answer.
    pub disagreement: Option<f32>,
}

/// Returns at most [`POOL`] of some documents, given by place and id, in random order.
///
/// Each document's place in that order depends only on its id and `seed`. So a pool that is drawn again after some of
/// its documents were finished keeps all others.
pub fn pool<'a>(documents: impl IntoIterator<Item = (usize, &'a str)>, seed: u64) -> Vec<usize> {
    let begin = mixed(FNV_BEGIN ^ seed);
    let mut keyed: Vec<(u64, usize)> =
        documents.into_iter().map(|(at, id)| (mixed(fnv(begin, id.bytes())), at)).collect();
    if keyed.len() > POOL {
        keyed.select_nth_unstable(POOL);
        keyed.truncate(POOL);
    }
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, at)| at).collect()
}

/// Whether a document is one of those that are shown without suggestions, one in `every`; never if that is 0.
pub fn is_held_back(id: &str, every: usize) -> bool {
    let number = mixed(fnv(FNV_BEGIN, id.bytes()));
    u64::try_from(every).is_ok_and(|every| every > 0 && number % every == 0)
}

/// Chooses at most `count` of the candidates, which are in random order, and returns their indices, first to be tagged
/// first.
///
/// Candidates with nearly the same words as one that is chosen, or as one of the `recent` documents, come after all
/// others. Of equal candidates the order of the arguments decides.
pub fn choose(rule: NextDocument, candidates: &[Candidate<'_>], recent: &[&Document], count: usize) -> Vec<usize> {
    let by_rule: Vec<usize> = match rule {
        NextDocument::InOrder => return (0..candidates.len().min(count)).collect(),
        NextDocument::Random => (0..candidates.len()).collect(),
        NextDocument::LeastSure => highest_first(candidates, |one| one.uncertainty),
        NextDocument::Disagreement => highest_first(candidates, |one| one.disagreement),
        NextDocument::Informative => return informative(candidates, recent, count),
    };
    let mut groups = Groups::of(candidates, recent);
    let (first, repeated): (Vec<usize>, Vec<usize>) = by_rule.into_iter().partition(|at| groups.is_new(*at));
    first.into_iter().chain(repeated).take(count).collect()
}

/// Indices of the candidates by a value, highest first, those without one last.
fn highest_first(candidates: &[Candidate<'_>], value: impl Fn(&Candidate<'_>) -> Option<f32>) -> Vec<usize> {
    let mut order: Vec<(usize, Option<f32>)> = candidates.iter().map(&value).enumerate().collect();
    // `None` is below every number.
    order.sort_by(|(_, a), (_, b)| b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal));
    order.into_iter().map(|(at, _)| at).collect()
}

/// Chooses greedily the candidate with the highest product of uncertainty and novelty.
///
/// Novelty is the share of a text's words, weighted by their rarity, that was not seen in the recent documents and in
/// those chosen before; each time that a word is seen, its weight is multiplied by [`FADE`]. While no candidate has an
/// uncertainty, novelty decides alone.
fn informative(candidates: &[Candidate<'_>], recent: &[&Document], count: usize) -> Vec<usize> {
    let mut groups = Groups::of(candidates, recent);
    let mut words = WeightedWords::of(candidates, recent);
    (candidates.len()..candidates.len() + recent.len()).for_each(|at| words.fade(at));
    let is_asked = candidates.iter().any(|one| one.uncertainty.is_some());
    let value = |at: usize| match candidates.get(at).and_then(|one| one.uncertainty) {
        Some(uncertainty) => f64::from(uncertainty),
        None => f64::from(u8::from(!is_asked)),
    };
    let mut left: Vec<usize> = (0..candidates.len()).collect();
    let mut repeated = Vec::new();
    let mut chosen = Vec::new();
    while chosen.len() < count && !left.is_empty() {
        let scores = left.iter().map(|at| value(*at) * words.novelty(*at));
        let Some(place) = first_highest(scores) else { break };
        let at = left.remove(place);
        if groups.is_new(at) {
            words.fade(at);
            chosen.push(at);
        } else {
            repeated.push(at);
        }
    }
    chosen.into_iter().chain(repeated).take(count).collect()
}

/// Index of the highest score, of equal ones the first.
fn first_highest(scores: impl Iterator<Item = f64>) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (at, score) in scores.enumerate() {
        if best.is_none_or(|(_, highest)| score > highest) {
            best = Some((at, score));
        }
    }
    best.map(|(at, _)| at)
}

/// The start of a text, whole characters.
fn start_of(text: &str) -> &str {
    text.get(..text.floor_char_boundary(COMPARED_BYTES)).unwrap_or(text)
}

/// Groups of nearly identical texts among candidates and recent documents.
struct Groups {
    /// Group of each candidate.
    group: Vec<usize>,
    /// Groups of which a document was seen.
    seen: HashSet<usize>,
}

impl Groups {
    fn of(candidates: &[Candidate<'_>], recent: &[&Document]) -> Self {
        let documents = candidates.iter().map(|one| one.document).chain(recent.iter().copied());
        let texts: Vec<&str> = documents.map(|document| start_of(&document.text)).collect();
        let group = NearDuplicates::among(&texts).group;
        let seen = group.iter().skip(candidates.len()).copied().collect();
        Self { group, seen }
    }

    /// Whether no document of a candidate's group was seen before; counts it as seen.
    fn is_new(&mut self, at: usize) -> bool {
        self.group.get(at).is_none_or(|group| self.seen.insert(*group))
    }
}

/// Words of candidates and recent documents, with weights that fade.
struct WeightedWords {
    /// Different words of each document, as indices into the weights.
    documents: Vec<Vec<usize>>,
    /// Weight of each word by its rarity.
    rarity: Vec<f64>,
    /// Weight that is left of each.
    left: Vec<f64>,
}

impl WeightedWords {
    fn of(candidates: &[Candidate<'_>], recent: &[&Document]) -> Self {
        let mut indices: HashMap<u64, usize> = HashMap::new();
        let mut counts: Vec<u32> = Vec::new();
        let all = candidates.iter().map(|one| one.document).chain(recent.iter().copied());
        let documents: Vec<Vec<usize>> = all
            .map(|document| {
                let hashes = word_hashes(document).into_iter();
                hashes.map(|hash| count_word(hash, &mut indices, &mut counts)).collect()
            })
            .collect();
        #[allow(clippy::cast_precision_loss, reason = "a pool is small")]
        let number = documents.len() as f64;
        let rarity: Vec<f64> = counts.into_iter().map(|count| (1.0 + number / f64::from(count)).ln()).collect();
        Self { documents, left: rarity.clone(), rarity }
    }

    /// Share of a document's weight that is left; 1 for a document without words.
    fn novelty(&self, document: usize) -> f64 {
        let all = self.sum(document, &self.rarity);
        if all > 0.0 { self.sum(document, &self.left) / all } else { 1.0 }
    }

    fn sum(&self, document: usize, weights: &[f64]) -> f64 {
        self.documents.get(document).into_iter().flatten().filter_map(|word| weights.get(*word)).sum()
    }

    /// Takes note that a document is seen.
    fn fade(&mut self, document: usize) {
        for word in self.documents.get(document).into_iter().flatten() {
            if let Some(weight) = self.left.get_mut(*word) {
                *weight *= FADE;
            }
        }
    }
}

/// Index of a word; counts a document that has it.
fn count_word(hash: u64, indices: &mut HashMap<u64, usize>, counts: &mut Vec<u32>) -> usize {
    let index = *indices.entry(hash).or_insert(counts.len());
    match counts.get_mut(index) {
        Some(count) => *count += 1,
        None => counts.push(1),
    }
    index
}

/// The different words at the start of a text, as sorted hashes.
fn word_hashes(document: &Document) -> Vec<u64> {
    let end = start_of(&document.text).len();
    let words = document.words.iter().take_while(|word| word.end <= end);
    let mut hashes: Vec<u64> =
        words.map(|word| fnv(FNV_BEGIN, lowercased(word.of(&document.text)).map(u32::from))).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray;

    use super::*;
    use crate::text::Grid;

    fn documents(texts: &[&str]) -> Vec<Document> {
        let document = |(at, text): (usize, &&str)| Document::new(format!("d{at}"), *text, Grid::Natural);
        texts.iter().enumerate().map(document).collect()
    }

    fn candidates<'a>(documents: &'a [Document], uncertainties: &[Option<f32>]) -> Vec<Candidate<'a>> {
        let pairs = documents.iter().zip(uncertainties);
        pairs
            .map(|(document, uncertainty)| Candidate { document, uncertainty: *uncertainty, disagreement: None })
            .collect()
    }

    #[test]
    fn the_least_sure_come_first_and_those_without_an_answer_last() {
        let texts = documents(&["one", "two", "three", "four"]);
        let found = candidates(&texts, &[Some(0.1), None, Some(0.9), Some(0.9)]);
        assert_eq!(choose(NextDocument::LeastSure, &found, &[], 9), [2, 3, 0, 1]);
        assert_eq!(choose(NextDocument::LeastSure, &found, &[], 1), [2]);
        assert_eq!(choose(NextDocument::InOrder, &found, &[], 2), [0, 1]);
        assert_eq!(choose(NextDocument::Random, &found, &[], 2), [0, 1], "the candidates are in random order");
        assert_eq!(choose(NextDocument::Informative, &[], &[], 2), Vec::<usize>::new());
    }

    #[test]
    fn most_disagreements_come_first() {
        let texts = documents(&["one", "two", "three"]);
        let mut found = candidates(&texts, &[None, Some(3.0), None]);
        for (one, disagreement) in found.iter_mut().zip([0.0, 0.25, 0.5]) {
            one.disagreement = Some(disagreement);
        }
        assert_eq!(choose(NextDocument::Disagreement, &found, &[], 9), [2, 1, 0]);
    }

    #[test]
    fn nearly_the_same_texts_come_last_whatever_the_rule() {
        let texts = documents(&[
            "any good thai place near the harbour",
            "Any good Thai place near the harbour?",
            "cheap tacos with parking until late at night",
            "a sushi bar that is open on sundays",
        ]);
        let done = documents(&["A sushi bar that is open on Sundays!"]);
        let done: Vec<&Document> = done.iter().collect();
        let found = candidates(&texts, &[Some(0.9), Some(0.8), Some(0.1), Some(1.0)]);
        for rule in [NextDocument::LeastSure, NextDocument::Informative] {
            let chosen = choose(rule, &found, &done, 9);
            assert_eq!(chosen.get(..2), Some([0, 2].as_slice()), "{rule:?}: {chosen:?}");
            assert_eq!(chosen.len(), 4, "nothing is lost");
        }
    }

    #[test]
    fn of_equally_unsure_documents_those_with_new_words_come_first() {
        let texts = documents(&["thai noodles downtown", "thai noodles uptown", "a burger with parking"]);
        let found = candidates(&texts, &[Some(0.5), Some(0.5), Some(0.5)]);
        assert_eq!(choose(NextDocument::Informative, &found, &[], 2), [0, 2]);
        // What was done lately counts as what was chosen.
        let done = documents(&["some thai noodles"]);
        let done: Vec<&Document> = done.iter().collect();
        assert_eq!(choose(NextDocument::Informative, &found, &done, 1), [2]);
        // A document about which the model is much less sure comes first all the same.
        let found = candidates(&texts, &[Some(2.5), Some(0.5), Some(0.5)]);
        assert_eq!(choose(NextDocument::Informative, &found, &done, 1), [0]);
    }

    #[test]
    fn without_a_model_new_words_decide() {
        let texts = documents(&["thai noodles", "thai noodles here", "a burger"]);
        let found = candidates(&texts, &[None, None, None]);
        assert_eq!(choose(NextDocument::Informative, &found, &[], 2), [0, 2]);
    }

    #[test]
    fn a_pool_keeps_its_documents_when_some_are_done() {
        let ids: Vec<String> = (0..2_000).map(|at| format!("d{at}")).collect();
        let all = || ids.iter().enumerate().map(|(at, id)| (at, id.as_str()));
        let before = pool(all(), 7);
        assert_eq!(before.len(), POOL);
        let after = pool(all().filter(|(at, _)| !before[..10].contains(at)), 7);
        assert_eq!(after[..POOL - 10], before[10..], "the others stay, in the same order");
        assert_ne!(pool(all(), 8), before);
        assert!(before.iter().any(|at| *at >= 1_500) && before.iter().any(|at| *at < 500), "from everywhere");
        assert_eq!(pool(all().take(3), 7).len(), 3);
    }

    #[test]
    fn about_one_document_in_twenty_is_held_back() {
        let held = |every| (0..20_000).filter(|at| is_held_back(&format!("d{at}"), every)).count();
        assert_eq!((held(0), held(1)), (0, 20_000));
        assert!((900..1_100).contains(&held(20)), "{}", held(20));
    }

    proptest! {
        #[test]
        fn each_document_is_chosen_once(
            texts in prop::collection::vec("[ab]{0,2}( [abc]{1,2}){0,6}", 0..20),
            unsure in prop::collection::vec(prop::option::of(0.0_f32..3.0), 20),
            count in 0_usize..25,
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let texts = documents(&texts);
            let (recent, open) = texts.split_at(texts.len() / 3);
            let found = candidates(open, &unsure);
            let recent: Vec<&Document> = recent.iter().collect();
            for rule in NextDocument::VARIANTS {
                let mut chosen = choose(*rule, &found, &recent, count);
                prop_assert_eq!(chosen.len(), count.min(open.len()));
                chosen.sort_unstable();
                chosen.dedup();
                prop_assert_eq!(chosen.len(), count.min(open.len()));
                prop_assert!(chosen.iter().all(|at| *at < open.len()));
            }
        }
    }
}
