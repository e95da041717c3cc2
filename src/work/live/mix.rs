//! Which sentences a round learns: those that are new, and some that were learned before.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    runs::live::id_hash,
    spans::{LabelSet, Sentence, scheme::Tag},
    text::hash::{FNV_BEGIN, fnv, mixed},
};

/// Learned documents: hash of the id, and hash of words and tags.
pub(super) type Learned = BTreeMap<u64, u64>;

/// Sentences of a round, as places in the training split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mix {
    /// Those that are new or changed.
    pub(super) new: Vec<usize>,
    /// Some of the others.
    pub(super) replayed: Vec<usize>,
}

/// Hash of the words of a sentence and of its tags, with the ids of labels: a label that is renamed changes nothing.
pub(super) fn contents_hash(sentence: &Sentence, labels: &LabelSet) -> u64 {
    let mut hash = FNV_BEGIN;
    for word in &sentence.words {
        hash = fnv(fnv(hash, word.bytes()), [0_u8]);
    }
    for tag in &sentence.tags {
        let Tag::Inside { prefix, label } = Tag::read(tag) else {
            hash = fnv(hash, [0_u8]);
            continue;
        };
        let id = labels.named(label).map_or(u64::MAX, |label| u64::from(label.id.0));
        hash = fnv(fnv(hash, [u32::from(prefix)]), id.to_le_bytes());
    }
    mixed(hash)
}

impl Mix {
    /// Finds what is new, and draws `replay` of the others and one for each label that would be missing.
    pub(super) fn new(sentences: &[Sentence], labels: &LabelSet, learned: &Learned, replay: usize, seed: u64) -> Self {
        let mut mix = Self::default();
        let mut known = Vec::new();
        for (at, sentence) in sentences.iter().enumerate() {
            let is_known = learned.get(&id_hash(&sentence.id)) == Some(&contents_hash(sentence, labels));
            if is_known { known.push(at) } else { mix.new.push(at) }
        }
        known.sort_by_cached_key(|at| sentences.get(*at).map(|sentence| drawn(&sentence.id, seed)));
        let mut missing: BTreeSet<&str> = sentences.iter().flat_map(labels_of).collect();
        for at in mix.new.iter().chain(known.iter().take(replay)) {
            sentences.get(*at).into_iter().flat_map(labels_of).for_each(|label| _ = missing.remove(label));
        }
        for (number, at) in known.into_iter().enumerate() {
            let Some(sentence) = sentences.get(at) else { continue };
            if number < replay || labels_of(sentence).any(|label| missing.contains(label)) {
                labels_of(sentence).for_each(|label| _ = missing.remove(label));
                mix.replayed.push(at);
            }
        }
        mix
    }

    /// Places of all sentences.
    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        self.new.iter().chain(&self.replayed).copied()
    }
}

/// Random order of documents.
pub(super) fn drawn(id: &str, seed: u64) -> u64 {
    mixed(fnv(fnv(FNV_BEGIN, seed.to_le_bytes()), id.bytes()))
}

fn labels_of(sentence: &Sentence) -> impl Iterator<Item = &str> {
    sentence.tags.iter().filter_map(|tag| Tag::read(tag).label())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::LabelChange;

    fn sentence(id: &str, tag: &str) -> Sentence {
        let tags = vec![if tag == "O" { tag.to_owned() } else { format!("B-{tag}") }];
        Sentence { id: id.into(), words: vec![format!("word of {id}")], tags }
    }

    fn learned(sentences: &[Sentence], labels: &LabelSet) -> Learned {
        sentences.iter().map(|sentence| (id_hash(&sentence.id), contents_hash(sentence, labels))).collect()
    }

    #[test]
    fn what_is_new_or_changed_is_learned_with_some_of_the_rest() {
        let labels = LabelSet::restaurant();
        let mut sentences: Vec<Sentence> = (0..100).map(|at| sentence(&format!("r{at}"), "Dish")).collect();
        let known = learned(&sentences, &labels);
        sentences.push(sentence("new", "Price"));
        sentences[3].tags = vec!["B-Cuisine".into()];
        sentences[5].words = vec!["corrected".into()];
        let mix = Mix::new(&sentences, &labels, &known, 10, 1);
        assert_eq!((mix.new.as_slice(), mix.replayed.len()), (&[3, 5, 100][..], 10));
        let all: BTreeSet<usize> = mix.all().collect();
        assert_eq!(all.len(), 13, "none twice");
        let other = Mix::new(&sentences, &labels, &known, 10, 2);
        assert!(other.new == mix.new && other.replayed != mix.replayed, "another seed draws others");
    }

    #[test]
    fn every_label_has_a_sentence() {
        let labels = LabelSet::restaurant();
        let mut sentences: Vec<Sentence> = (0..100).map(|at| sentence(&format!("r{at}"), "Dish")).collect();
        sentences
            .extend(["Price", "Hours", "Price"].iter().enumerate().map(|(at, tag)| sentence(&format!("x{at}"), tag)));
        let known = learned(&sentences, &labels);
        sentences.push(sentence("new", "Dish"));
        let mix = Mix::new(&sentences, &labels, &known, 0, 1);
        let tags: Vec<&str> = mix.replayed.iter().map(|at| sentences[*at].tags[0].as_str()).collect();
        assert_eq!(tags.len(), 2, "{tags:?}");
        assert!(tags.contains(&"B-Price") && tags.contains(&"B-Hours"));
    }

    #[test]
    fn renamed_labels_change_nothing_and_merged_ones_what_they_had() {
        let mut labels = LabelSet::restaurant();
        let known = learned(&[sentence("a", "Dish"), sentence("b", "Cuisine")], &labels);
        let dish = labels.named("Dish").unwrap().id;
        labels.change(&LabelChange::Rename(dish, "Food".into()), || 77).unwrap();
        let mix = Mix::new(&[sentence("a", "Food"), sentence("b", "Cuisine")], &labels, &known, 9, 1);
        assert_eq!(mix, Mix { new: vec![], replayed: mix.replayed.clone() });
        let cuisine = labels.named("Cuisine").unwrap().id;
        labels.change(&LabelChange::Merge(cuisine, dish), || 78).unwrap();
        let mix = Mix::new(&[sentence("a", "Food"), sentence("b", "Food")], &labels, &known, 9, 1);
        assert_eq!(mix, Mix { new: vec![1], replayed: vec![0] });
    }
}
