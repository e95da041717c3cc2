//! Finds the most likely valid IOB2 sequence of tags (Viterbi's algorithm).
//! In a valid sequence, `I-` continues a span.
//!
//! A model that tags each word by itself sometimes writes `I-Dish` after `O`. Read leniently, that is a span of its own,
//! and usually a wrong one. Choosing among the sequences without such tags needs no other training.

use std::collections::HashMap;

use super::scheme::Tag;

/// Cost of a step that the grammar forbids: more than any sum of logits.
const FORBIDDEN: f64 = -1e9;

/// Grammar of a list of tags: which tag may follow which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grammar {
    /// For each tag, the label of the tags that it must follow, as an index into `labels`; `None` if it may follow all.
    follows: Vec<Option<usize>>,
    /// Tags of each label, ascending.
    labels: Vec<Vec<usize>>,
    /// Tag outside every span.
    outside: Option<usize>,
}

impl Grammar {
    /// Builds the grammar of tags.
    /// `I-X` follows only `B-X` and `I-X`, everything else follows everything.
    pub fn new<S: AsRef<str>>(tags: &[S]) -> Self {
        let read: Vec<Tag> = tags.iter().map(|tag| Tag::read(tag.as_ref())).collect();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut labels: Vec<Vec<usize>> = Vec::new();
        let mut follows = Vec::with_capacity(tags.len());
        for (at, tag) in read.iter().enumerate() {
            let place = tag.label().map(|label| *places.entry(label).or_insert(labels.len()));
            labels.resize_with(places.len(), Vec::new);
            place.into_iter().for_each(|place| labels[place].push(at));
            follows.push(place.filter(|_| is_inside(tag)));
        }
        Self { follows, labels, outside: read.iter().position(|tag| tag.label().is_none()) }
    }

    /// Returns the most likely allowed sequence, of equally likely ones the first.
    ///
    /// It has one tag per row of logits, `O` where there is no row.
    pub fn best(&self, rows: &[Option<&[f32]>]) -> Vec<usize> {
        let tags = self.follows.len();
        // The best sum of a sequence that ends in each tag, and for each row the tag before it in that sequence.
        let mut sums = vec![0.0; tags];
        let mut came_from: Vec<Vec<usize>> = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let arrivals = if at == 0 { self.first_arrivals() } else { self.arrivals(&sums) };
            sums = arrivals.iter().enumerate().map(|(tag, (_, sum))| sum + self.value(*row, tag)).collect();
            came_from.push(arrivals.into_iter().map(|(before, _)| before).collect());
        }
        let (mut tag, _) = first_highest(sums.into_iter().enumerate());
        let mut path = Vec::with_capacity(rows.len());
        for previous in came_from.iter().rev() {
            path.push(tag);
            tag = previous.get(tag).copied().unwrap_or(0);
        }
        path.reverse();
        path
    }

    /// For each tag at the beginning, tag 0 and the sum before it.
    fn first_arrivals(&self) -> Vec<(usize, f64)> {
        self.follows.iter().map(|label| (0, if label.is_some() { FORBIDDEN } else { 0.0 })).collect()
    }

    /// For each tag, the best tag before it and the sum of the sequence that ends there; of equal ones the first.
    ///
    /// Linear in the tags: those that may follow all have the same one before them, as have those of one label.
    fn arrivals(&self, sums: &[f64]) -> Vec<(usize, f64)> {
        let best = first_highest(sums.iter().copied().enumerate());
        let best_of_label: Vec<(usize, f64)> =
            self.labels.iter().map(|tags| first_highest(tags.iter().map(|tag| (*tag, sums[*tag])))).collect();
        let forbidden = (best.0, best.1 + FORBIDDEN);
        let arrival = |label: &Option<usize>| match label.map(|label| best_of_label[label]) {
            None => best,
            // A tag of the label itself is never forbidden, and never worse than that.
            Some(allowed) if allowed.1 > forbidden.1 || allowed.1 == forbidden.1 && allowed.0 <= best.0 => allowed,
            Some(_) => forbidden,
        };
        self.follows.iter().map(arrival).collect()
    }

    /// Logit of `tag` in a row.
    /// Without a row, only the tag outside every span is likely.
    fn value(&self, row: Option<&[f32]>, tag: usize) -> f64 {
        match row {
            Some(row) => row.get(tag).map_or(FORBIDDEN, |value| f64::from(*value)),
            None if self.outside == Some(tag) => 0.0,
            None => 2.0 * FORBIDDEN,
        }
    }
}

fn is_inside(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::Inside { prefix: 'I', .. })
}

/// Returns the tag with the highest value and the value; of equal ones the first.
fn first_highest(values: impl Iterator<Item = (usize, f64)>) -> (usize, f64) {
    values.fold((0, f64::NEG_INFINITY), |best, this| if this.1 > best.1 { this } else { best })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{spans::dataset::tag_names, text::growth::assert_linear};

    fn tags() -> Vec<String> {
        tag_names(&["Dish".to_owned(), "Price".to_owned()])
    }

    fn best(rows: &[&[f32]]) -> Vec<String> {
        let tags = tags();
        let rows: Vec<Option<&[f32]>> = rows.iter().map(|row| Some(*row)).collect();
        Grammar::new(&tags).best(&rows).into_iter().map(|tag| tags[tag].clone()).collect()
    }

    #[test]
    fn an_inside_tag_without_its_beginning_is_mended_the_cheaper_way() {
        // O, B-Dish, I-Dish, B-Price, I-Price.
        let sure = [9.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(best(&[&sure, &[0.0, 0.0, 3.0, 0.0, 0.0]]), ["O", "O"]);
        assert_eq!(best(&[&sure, &[0.0, 2.0, 3.0, 0.0, 0.0]]), ["O", "B-Dish"]);
        assert_eq!(best(&[&[2.0, 1.5, 0.0, 0.0, 0.0], &[0.0, 0.0, 3.0, 0.0, 0.0]]), ["B-Dish", "I-Dish"]);
        assert_eq!(best(&[&[0.0, 5.0, 0.0, 0.0, 0.0], &[0.0, 0.0, 2.0, 0.0, 3.0]]), ["B-Dish", "I-Dish"]);
        assert_eq!(best(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_word_without_a_row_is_outside_and_ends_a_span() {
        let (dish, inside) = ([0.0, 5.0, 0.0, 0.0, 0.0], [0.0, 1.0, 5.0, 0.0, 0.0]);
        assert_eq!(Grammar::new(&tags()).best(&[Some(&dish), None, Some(&inside)]), [1, 0, 1]);
    }

    #[test]
    fn tags_that_allow_nothing_still_give_an_answer() {
        let only = ["I-A", "I-B"];
        assert_eq!(Grammar::new(&only).best(&[Some(&[0.0, 1.0][..]), Some(&[1.0, 0.0][..])]).len(), 2);
        assert_eq!(Grammar::new::<&str>(&[]).best(&[Some(&[][..])]), [0]);
    }

    #[test]
    fn many_labels_take_linear_time() {
        let input = |labels: usize| {
            let tags = tag_names(&(0..labels).map(|label| label.to_string()).collect::<Vec<_>>());
            let row: Vec<f32> = (0..tags.len()).map(|tag| (tag % 7) as f32).collect();
            (Grammar::new(&tags), row)
        };
        assert_linear(300, input, |(grammar, row)| grammar.best(&[Some(row.as_slice()); 5]));
    }

    proptest! {
        #[test]
        fn no_sequence_that_is_allowed_is_better(logits in prop::collection::vec(prop::collection::vec(-3.0f32..3.0, 5), 1..5)) {
            let tags = tags();
            let grammar = Grammar::new(&tags);
            let rows: Vec<Option<&[f32]>> = logits.iter().map(|row| Some(row.as_slice())).collect();
            let found = grammar.best(&rows);
            let sum = |path: &[usize]| path.iter().zip(&logits).map(|(tag, row)| f64::from(row[*tag])).sum::<f64>();
            let allowed = |path: &[usize]| {
                let names: Vec<&str> = path.iter().map(|tag| tags[*tag].as_str()).collect();
                names.iter().enumerate().all(|(at, name)| match name.strip_prefix("I-") {
                    Some(label) => at > 0 && names[at - 1].ends_with(&format!("-{label}")),
                    None => true,
                })
            };
            prop_assert!(allowed(&found));
            let all = (0..5usize.pow(u32::try_from(logits.len()).unwrap()))
                .map(|number| (0..logits.len()).map(|at| number / 5usize.pow(u32::try_from(at).unwrap()) % 5).collect::<Vec<_>>());
            let most = all.filter(|path| allowed(path)).map(|path| sum(&path)).fold(f64::NEG_INFINITY, f64::max);
            prop_assert!((sum(&found) - most).abs() < 1e-9);
        }
    }
}
