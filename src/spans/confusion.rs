//! Confused labels, counted in words.

use std::collections::BTreeMap;

use serde::Serialize;

use super::scheme::Tag;

/// Number of words by gold label (row) and predicted label (column).
/// The last row and column are "no label".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Labels of either side, sorted.
    pub labels: Vec<String>,
    /// `labels.len() + 1` rows with as many counts.
    pub counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// Counts the words of all sentences.
    /// Of sentences of unequal length, the shorter one decides.
    pub fn new<A: AsRef<str>, B: AsRef<str>>(gold: &[Vec<A>], predicted: &[Vec<B>]) -> Self {
        let mut counter = ConfusionCounter::default();
        gold.iter().zip(predicted).for_each(|(gold, predicted)| counter.add(gold, predicted));
        counter.finish()
    }
}

/// Counts confused labels sentence by sentence, before all labels are known.
#[derive(Clone, Debug, Default)]
pub struct ConfusionCounter {
    /// Numbers of the labels, in the order in which they occurred, from 1; 0 is "no label".
    numbers: BTreeMap<String, usize>,
    /// Words by the numbers of both labels.
    counts: BTreeMap<(usize, usize), usize>,
}

impl ConfusionCounter {
    /// Adds the words of a sentence; of sides of unequal length, the shorter one decides.
    pub fn add<A: AsRef<str>, B: AsRef<str>>(&mut self, gold: &[A], predicted: &[B]) {
        for (gold, predicted) in gold.iter().zip(predicted) {
            let pair = (self.number(gold.as_ref()), self.number(predicted.as_ref()));
            *self.counts.entry(pair).or_default() += 1;
        }
    }

    fn number(&mut self, tag: &str) -> usize {
        let Some(label) = Tag::read(tag).label() else { return 0 };
        if let Some(number) = self.numbers.get(label) {
            return *number;
        }
        let number = self.numbers.len() + 1;
        self.numbers.insert(label.to_owned(), number);
        number
    }

    /// Returns the matrix.
    pub fn finish(self) -> Confusion {
        let size = self.numbers.len() + 1;
        let mut places = vec![size - 1; size];
        for (place, number) in self.numbers.values().enumerate() {
            places[*number] = place;
        }
        let mut counts = vec![vec![0; size]; size];
        for ((gold, predicted), count) in self.counts {
            counts[places[gold]][places[predicted]] = count;
        }
        Confusion { labels: self.numbers.into_keys().collect(), counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confusion_counts_words() {
        let confusion = Confusion::new(&[vec!["B-B", "I-A", "O"]], &[vec!["B-A", "I-A", "B-B"]]);
        assert_eq!(confusion.labels, ["A", "B"]);
        assert_eq!(confusion.counts, [[1, 0, 0], [1, 0, 0], [0, 1, 0]]);
        assert_eq!(Confusion::new::<&str, &str>(&[], &[]).counts, [[0]]);
    }

    #[test]
    fn the_shorter_side_decides() {
        let confusion = Confusion::new(&[vec!["B-A", "B-C"], vec!["O"]], &[vec!["B-A"], vec!["O"]]);
        assert_eq!((confusion.labels, confusion.counts), (vec!["A".to_owned()], vec![vec![1, 0], vec![0, 1]]));
    }
}
