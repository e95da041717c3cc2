//! Finds the most likely valid IOB2 sequence of tags (Viterbi's algorithm).
//! In a valid sequence, `I-` continues a span.
//!
//! A model that tags each word by itself sometimes writes `I-Dish` after `O`. Read leniently, that is a span of its own,
//! and usually a wrong one. Choosing among the sequences without such tags needs no other training.

use super::scheme::Tag;

/// Cost of a step that the grammar forbids: more than any sum of logits.
const FORBIDDEN: f64 = -1e9;

/// Grammar of a list of tags: which tag may follow which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grammar {
    /// For each tag, whether it may come first.
    starts: Vec<bool>,
    /// Whether a tag may follow another one, row by row.
    /// Each row is for a tag, and has a value for each tag before it.
    follows: Vec<bool>,
    /// Tag outside every span.
    outside: Option<usize>,
}

impl Grammar {
    /// Builds the grammar of tags.
    /// `I-X` follows only `B-X` and `I-X`, everything else follows everything.
    pub fn new<S: AsRef<str>>(tags: &[S]) -> Self {
        let read: Vec<Tag> = tags.iter().map(|tag| Tag::read(tag.as_ref())).collect();
        let follows = read
            .iter()
            .flat_map(|tag| read.iter().map(move |before| !is_inside(tag) || before.label() == tag.label()))
            .collect();
        Self {
            starts: read.iter().map(|tag| !is_inside(tag)).collect(),
            follows,
            outside: read.iter().position(|tag| tag.label().is_none()),
        }
    }

    /// Returns the most likely allowed sequence, of equally likely ones the first.
    ///
    /// It has one tag per row of logits, `O` where there is no row.
    pub fn best(&self, rows: &[Option<&[f32]>]) -> Vec<usize> {
        let tags = self.starts.len();
        // The best sum of a sequence that ends in each tag, and for each row the tag before it in that sequence.
        let mut sums = vec![0.0; tags];
        let mut came_from: Vec<Vec<usize>> = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let mut next = Vec::with_capacity(tags);
            let mut previous = Vec::with_capacity(tags);
            for tag in 0..tags {
                let arriving = sums.iter().enumerate().map(|(before, sum)| sum + self.step_cost(at, before, tag));
                let (before, sum) = first_highest(arriving);
                next.push(sum + self.value(*row, tag));
                previous.push(before);
            }
            sums = next;
            came_from.push(previous);
        }
        let (mut tag, _) = first_highest(sums.into_iter());
        let mut path = Vec::with_capacity(rows.len());
        for previous in came_from.iter().rev() {
            path.push(tag);
            tag = previous.get(tag).copied().unwrap_or(0);
        }
        path.reverse();
        path
    }

    /// Cost of `tag` after `before`, or at the beginning.
    fn step_cost(&self, at: usize, before: usize, tag: usize) -> f64 {
        let allowed = match at {
            0 => self.starts.get(tag),
            _ => self.follows.get(tag * self.starts.len() + before),
        };
        if allowed.copied().unwrap_or(false) { 0.0 } else { FORBIDDEN }
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

/// Returns the index of the highest value and the value; of equal ones the first.
fn first_highest(values: impl Iterator<Item = f64>) -> (usize, f64) {
    values.enumerate().fold((0, f64::NEG_INFINITY), |best, this| if this.1 > best.1 { this } else { best })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spans::dataset::tag_names;

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
