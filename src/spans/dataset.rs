//! What a training sees: sentences of words with one IOB2 tag each, by value. No ids, no project.

use super::scheme::Tag;

/// One sentence (or one whole document) to learn from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// Where it stands in its source: a document id, or `file:line`. Shown when something is wrong with it.
    pub id: String,
    /// The words.
    pub words: Vec<String>,
    /// One IOB2 tag a word (`B-Dish`, `I-Dish`, `O`).
    pub tags: Vec<String>,
}

/// The three parts of a data set. A part that nobody gave is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dataset {
    /// Teaches.
    pub train: Vec<Sentence>,
    /// Scored during the training; chooses the best checkpoint.
    pub valid: Vec<Sentence>,
    /// Scored once at the end.
    pub test: Vec<Sentence>,
}

impl Dataset {
    /// The label names of the training part, sorted, as Hugging Face scripts derive them.
    pub fn label_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.train.iter().flat_map(|s| &s.tags).filter_map(|tag| Tag::read(tag).label()).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The tag list of a model for these labels, in order: `O, B-a, I-a, B-b, I-b, ...`.
pub fn tag_names(labels: &[String]) -> Vec<String> {
    let inside = labels.iter().flat_map(|label| [format!("B-{label}"), format!("I-{label}")]);
    std::iter::once("O".to_owned()).chain(inside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_sorted_from_the_training_part() {
        let sentence = |tags: &[&str]| Sentence { tags: tags.iter().map(|t| (*t).to_owned()).collect(), ..Sentence::default() };
        let data = Dataset { train: vec![sentence(&["O", "B-Price"]), sentence(&["I-Dish"])], ..Dataset::default() };
        assert_eq!(tag_names(&data.label_names()), ["O", "B-Dish", "I-Dish", "B-Price", "I-Price"]);
    }
}
