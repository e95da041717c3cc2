//! Fingerprint of a set of sentences, by which a published test set is recognised.

use std::fmt;

use crate::text::hash::{FNV_BEGIN, fnv, mixed};

/// Fingerprint of the words of sentences, in any order and in any letter case. Tags have no part in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TextFingerprint {
    /// Number of sentences.
    pub sentences: usize,
    /// Sum of the hashes of the sentences, modulo 2^64.
    pub sum: u64,
}

impl TextFingerprint {
    /// Adds a sentence. The same on every machine: FNV-1a of 64 bits over the words in lower case, each followed by a zero
    /// byte, then the finaliser of SplitMix64.
    pub fn add<S: AsRef<str>>(&mut self, words: &[S]) {
        let words = words.iter().map(|word| word.as_ref().to_lowercase());
        let hash = words.fold(FNV_BEGIN, |hash, word| fnv(hash, word.bytes().chain([0])));
        self.sentences += 1;
        self.sum = self.sum.wrapping_add(mixed(hash));
    }
}

impl fmt::Display for TextFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:016x}", self.sentences, self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sentences: &[&[&str]]) -> TextFingerprint {
        let mut print = TextFingerprint::default();
        sentences.iter().for_each(|words| print.add(words));
        print
    }

    #[test]
    fn order_and_case_do_not_matter_and_everything_else_does() {
        let print = of(&[&["fish", "tacos"], &["near", "me"]]);
        assert_eq!(print, of(&[&["Near", "me"], &["FISH", "tacos"]]));
        for other in [
            of(&[&["fish", "tacos"]]),
            of(&[&["fishtacos"], &["near", "me"]]),
            of(&[&["tacos", "fish"], &["near", "me"]]),
            of(&[&["fish", "tacos"], &["near", "me"], &["near", "me"]]),
        ] {
            assert_ne!(print, other);
        }
        // tests/reference/mit_restaurant_test.py computes the same.
        assert_eq!(of(&[&["fish", "tacos"]]).to_string(), "1-870e18c26550a533");
    }
}
