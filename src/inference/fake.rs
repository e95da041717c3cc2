//! A model for tests: the embedded tokenizer, and a network that knows three words.

use super::{Predictor, Scorer, Threads};
use crate::{
    model::{PieceTokenizer, embedded},
    spans::dataset::tag_names,
};

/// `lasagne` is `B-Dish`, `verde` `I-Dish`, `cheap` `B-Price`; all else is `O`.
/// A word that panics: `bomb`.
struct Fake {
    /// First pieces of words and the tag each has.
    known: [(u32, usize); 5],
    panics: u32,
    longest: usize,
}

const TAGS: usize = 5;

impl Scorer for Fake {
    fn logits(&self, inputs: &[&[u32]]) -> Vec<Vec<Vec<f32>>> {
        let row = |id: &u32| {
            assert_ne!(*id, self.panics);
            let tag = self.known.iter().find(|(piece, _)| piece == id).map_or(0, |(_, tag)| *tag);
            (0..TAGS).map(|at| if at == tag { 9.0 } else { 0.0 }).collect()
        };
        assert!(inputs.iter().all(|input| input.len() <= self.longest));
        inputs.iter().map(|input| input.iter().map(row).collect()).collect()
    }
}

fn first_piece(tokenizer: &PieceTokenizer, word: &str) -> u32 {
    tokenizer.words(&[word]).unwrap().ids[0]
}

/// A predictor that reads `max_positions` pieces at a time.
pub(crate) fn predictor(max_positions: usize) -> Predictor {
    named(max_positions, tag_names(&["Dish".to_owned(), "Price".to_owned()]))
}

/// As [`predictor`], with other names of its five tags.
pub(crate) fn predictor_with(max_positions: usize, tags: &[&str; TAGS]) -> Predictor {
    named(max_positions, tags.iter().map(|tag| (*tag).to_owned()).collect())
}

fn named(max_positions: usize, tags: Vec<String>) -> Predictor {
    let tokenizer = embedded::tokenizer();
    let piece = |word| first_piece(&tokenizer, word);
    let known =
        [(piece("lasagne"), 1), (piece("gnocchi"), 1), (piece("verde"), 2), (piece("pozole"), 2), (piece("cheap"), 3)];
    let fake = Fake { known, panics: piece("bomb"), longest: max_positions };
    Predictor::new(tokenizer, Box::new(fake), tags, max_positions, Threads::One).unwrap()
}
