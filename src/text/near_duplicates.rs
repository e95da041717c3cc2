//! Texts that are the same, or nearly.
//!
//! Compared are words of letters and digits, in lower case. Two texts are the same if they have the same words in the same
//! order, and nearly the same if of all words in either at least [`ALIKE`] are in both. Candidates are found by MinHash
//! signatures in bands (Broder, "On the resemblance and containment of documents", 1997; Leskovec, Rajaraman and Ullman,
//! "Mining of Massive Datasets", 3.4) and then compared, so that what is found is so, and the time grows with the number of
//! texts.

use std::collections::HashMap;

use super::hash::{FNV_BEGIN, fnv, mixed};

/// Least share of common words in texts that are nearly the same.
pub const ALIKE: f64 = 0.8;
/// Texts of fewer words are compared for sameness only: one word more or less says little.
const FEWEST: usize = 5;
/// Bands of the signature, and hashes in each. Texts of the least likeness share a band with a probability of .998.
const BANDS: usize = 12;
const ROWS: usize = 4;
/// Texts with which a text is compared in one band. Of a larger group, each text is compared with these.
const COMPARED: usize = 16;

/// Groups of texts that are the same or nearly the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NearDuplicates {
    /// For each text, the first one that is the same; its own place if there is none before it.
    pub same: Vec<usize>,
    /// For each text, the first one of its group; a group also has texts that are nearly the same as another of it.
    pub group: Vec<usize>,
}

impl NearDuplicates {
    /// Compares texts.
    pub fn among(texts: &[&str]) -> Self {
        let same = same(texts);
        let mut groups = Groups { parent: same.clone() };
        let distinct: Vec<usize> = (0..texts.len()).filter(|at| same.get(*at) == Some(at)).collect();
        let signed: Vec<Signed> = distinct.into_iter().filter_map(|at| Signed::new(at, texts.get(at)?)).collect();
        for band in 0..BANDS {
            let mut buckets: HashMap<&[u32], Vec<&Signed>> = HashMap::new();
            for text in &signed {
                let Some(key) = text.signature.get(band * ROWS..(band + 1) * ROWS) else { continue };
                let bucket = buckets.entry(key).or_default();
                for other in bucket.iter() {
                    if groups.first(other.at) != groups.first(text.at) && are_alike(&other.words, &text.words) {
                        groups.join(other.at, text.at);
                    }
                }
                if bucket.len() < COMPARED {
                    bucket.push(text);
                }
            }
        }
        let group = (0..texts.len()).map(|at| groups.first(at)).collect();
        Self { same, group }
    }

    /// Number of texts that are the same as an earlier one.
    pub fn repeated(&self) -> usize {
        self.same.iter().enumerate().filter(|(at, first)| at != *first).count()
    }

    /// Number of texts that are nearly the same as an earlier one of their group, and not the same.
    pub fn nearly_repeated(&self) -> usize {
        let firsts = self.group.iter().zip(&self.same).enumerate();
        firsts.filter(|(at, (group, same))| at == *same && at != *group).count()
    }

    /// The groups of more than one text, in the order of their first ones.
    pub fn groups(&self) -> Vec<Vec<usize>> {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.group.len()];
        for (at, first) in self.group.iter().enumerate() {
            if let Some(list) = members.get_mut(*first) {
                list.push(at);
            }
        }
        members.into_iter().filter(|list| list.len() > 1).collect()
    }
}

/// Groups that grow together; each is known by its first text.
struct Groups {
    parent: Vec<usize>,
}

impl Groups {
    fn first(&mut self, mut at: usize) -> usize {
        while let Some(parent) = self.parent.get(at).copied().filter(|parent| *parent != at) {
            let above = self.parent.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parent.get_mut(at) {
                *slot = above;
            }
            at = above;
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        if let Some(slot) = self.parent.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}

/// For each text, the first one with the same words in the same order.
fn same(texts: &[&str]) -> Vec<usize> {
    let mut firsts: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut same = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        let bucket = firsts.entry(hash_of(text)).or_default();
        let first = bucket.iter().copied().find(|first| texts.get(*first).is_some_and(|other| is_same(other, text)));
        if first.is_none() {
            bucket.push(at);
        }
        same.push(first.unwrap_or(at));
    }
    same
}

fn is_same(a: &str, b: &str) -> bool {
    words(a).eq(words(b)) && (words(a).next().is_some() || a.trim() == b.trim())
}

/// Hash of the words of a text; of its characters if it has no words, as one of emoji or stars.
fn hash_of(text: &str) -> u64 {
    let mut words = words(text).peekable();
    match words.peek() {
        None => word_hash(text.trim(), 0),
        Some(_) => words.fold(0, |hash, word| word_hash(&word, hash)),
    }
}

fn word_hash(word: &str, seed: u64) -> u64 {
    mixed(fnv(FNV_BEGIN ^ seed, word.bytes()))
}

/// The words of a text: letters and digits, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A text of several words.
struct Signed {
    /// Its place among the texts.
    at: usize,
    /// Hashes of its words, ascending, each once.
    words: Vec<u64>,
    /// Least values of the hashes under several orders.
    signature: [u32; BANDS * ROWS],
}

impl Signed {
    /// `None` for a text of few words.
    fn new(at: usize, text: &str) -> Option<Self> {
        let words = hashes(text);
        if words.len() < FEWEST {
            return None;
        }
        let mut least = [u32::MAX; BANDS * ROWS];
        for hash in &words {
            // An odd factor and a shift make another order of each hash (Dietzfelbinger et al., 1997).
            let mut mixed = hash | 1;
            for slot in &mut least {
                mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23) ^ hash;
                *slot = (*slot).min((mixed >> 32) as u32);
            }
        }
        Some(Self { at, words, signature: least })
    }
}

/// Hashes of the words of a text, ascending, each once; a word has another hash the second time than the first.
fn hashes(text: &str) -> Vec<u64> {
    let mut times: HashMap<String, u64> = HashMap::new();
    let mut hashes: Vec<u64> = words(text)
        .map(|word| {
            let time = times.entry(word.clone()).or_default();
            *time += 1;
            word_hash(&word, *time)
        })
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// Whether most of the words of two texts, given by their hashes, are in both.
fn are_alike(a: &[u64], b: &[u64]) -> bool {
    let mut left = b.iter().peekable();
    let mut common = 0;
    for hash in a {
        while left.next_if(|other| *other < hash).is_some() {}
        common += usize::from(left.next_if_eq(&hash).is_some());
    }
    common as f64 >= ALIKE * (a.len() + b.len() - common) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::growth::assert_linear;

    #[test]
    fn the_same_words_are_the_same_text_and_one_more_word_is_nearly_the_same() {
        let texts = [
            "Great tacos near the old harbour, and cheap!",
            "great tacos near the old harbour and cheap",
            "great tacos near the old harbour and so cheap",
            "any good thai place",
            "any good thai places",
            "!!",
            "!!",
            "??",
        ];
        let found = NearDuplicates::among(&texts);
        assert_eq!(found.same, [0, 0, 2, 3, 4, 5, 5, 7]);
        assert_eq!(found.group, [0, 0, 0, 3, 4, 5, 5, 7]);
        assert_eq!((found.repeated(), found.nearly_repeated()), (2, 1));
        assert_eq!(found.groups(), [vec![0, 1, 2], vec![5, 6]]);
        assert_eq!(NearDuplicates::among(&[]), NearDuplicates::default());
    }

    #[test]
    fn other_words_are_another_text() {
        let texts: Vec<String> =
            (0..500_u32).map(|at| (0..12).map(|word| format!("w{} ", at * 12 + word)).collect()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert!(NearDuplicates::among(&texts).groups().is_empty());
    }

    #[test]
    fn nearly_all_pairs_at_the_border_are_found() {
        // Nine of ten words are common: 9 / 11 = .82.
        let mut texts = Vec::new();
        for at in 0..400_u32 {
            let common: String = (0..9).map(|word| format!("w{} ", at * 9 + word)).collect();
            texts.extend([format!("{common} first{at}"), format!("{common} second{at}")]);
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let found = NearDuplicates::among(&texts).nearly_repeated();
        assert!(found >= 390, "{found} of 400");
    }

    #[test]
    fn texts_are_alike_by_their_common_words() {
        let alike = |a: &[u64], b: &[u64]| (are_alike(a, b), are_alike(b, a));
        assert_eq!(alike(&[1, 2, 3, 5], &[1, 2, 3, 5, 9]), (true, true));
        assert_eq!(alike(&[0, 1, 2, 3], &[1, 2, 3, 9]), (false, false));
        assert_eq!(alike(&[4, 5, 6, 7, 8, 9, 10, 11, 12], &[1, 5, 6, 7, 8, 9, 10, 11, 12]), (true, true));
    }

    #[test]
    fn texts_without_words_are_compared_in_linear_time() {
        let make = |n: usize| (0..n).map(|at| "\u{2605}".repeat(at % 97 + 1) + &".".repeat(at / 97)).collect();
        assert_linear(3_000, make, |texts: &Vec<String>| {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            NearDuplicates::among(&texts).repeated()
        });
    }

    #[test]
    fn many_texts_of_one_template_are_compared_in_linear_time() {
        let make = |n: usize| (0..n).map(|at| format!("table for two at the pizza place number {at}")).collect();
        assert_linear(3_000, make, |texts: &Vec<String>| {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            NearDuplicates::among(&texts).groups().len()
        });
    }
}
