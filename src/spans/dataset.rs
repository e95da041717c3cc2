//! What a training sees: sentences of words with one IOB2 tag each, by value. No ids, no project.

use super::{
    annotation::Annotation,
    document::Document,
    label::LabelSet,
    scheme::{Tag, WordSpan},
};

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

/// What tags on words could not hold of an annotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Spans that began or ended inside a word and were widened to whole words.
    pub widened: usize,
    /// Spans left out because a longer one covers some of their words.
    pub overlapping: usize,
    /// Spans left out because they touch no word or their label is unknown.
    pub homeless: usize,
}

impl Losses {
    /// How many spans are not as they were.
    pub fn total(self) -> usize {
        self.widened + self.overlapping + self.homeless
    }

    /// Adds the counts of another document.
    pub fn add(&mut self, other: Self) {
        self.widened += other.widened;
        self.overlapping += other.overlapping;
        self.homeless += other.homeless;
    }
}

/// The spans of a document as words, disjoint and ascending, and what was lost: half words are widened to whole ones,
/// of overlapping spans the longer stays (of equal ones the earlier).
pub fn word_spans(document: &Document, annotation: &Annotation, labels: &LabelSet) -> (Vec<WordSpan>, Losses) {
    let mut losses = Losses::default();
    let mut found = Vec::new();
    for span in annotation.spans() {
        let words = document.words_touching(span.range);
        let (Some(words), Some(label)) = (words, labels.get(span.label)) else {
            losses.homeless += 1;
            continue;
        };
        let widened = document.range_of_words(words.clone()) != Some(span.range);
        found.push((WordSpan::new(words, &label.name), widened));
    }
    found.sort_by_key(|(span, _)| (std::cmp::Reverse(span.end - span.start), span.start));
    let mut taken = vec![false; document.words.len()];
    let mut kept = Vec::new();
    for (span, widened) in found {
        if taken[span.start..span.end].contains(&true) {
            losses.overlapping += 1;
            continue;
        }
        taken[span.start..span.end].fill(true);
        losses.widened += usize::from(widened);
        kept.push(span);
    }
    kept.sort_unstable();
    (kept, losses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spans::{LabelId, Source, Span, SpanId, Status},
        text::TextRange,
    };

    #[test]
    fn half_words_widen_and_the_longer_of_two_spans_stays() {
        let document = Document::from_words("1", ["grilled", "fish", "tacos", "now"]);
        let span = |sequence, start, end, label| Span {
            id: SpanId { writer: 0, sequence },
            range: TextRange::new(start, end),
            label: LabelId(label),
            source: Source::Human,
        };
        let spans = vec![span(0, 8, 12, 0), span(1, 0, 17, 0), span(2, 20, 22, 1), span(3, 0, 3, 9)];
        let labels = LabelSet::from_names(["Dish", "Hours"]);
        let (words, losses) = word_spans(&document, &Annotation::new(spans, Status::Done), &labels);
        assert_eq!(words, [WordSpan::new(0..3, "Dish"), WordSpan::new(3..4, "Hours")]);
        assert_eq!(losses, Losses { widened: 2, overlapping: 1, homeless: 1 });
    }

    #[test]
    fn labels_come_sorted_from_the_training_part() {
        let sentence = |tags: &[&str]| Sentence { tags: tags.iter().map(|t| (*t).to_owned()).collect(), ..Sentence::default() };
        let data = Dataset { train: vec![sentence(&["O", "B-Price"]), sentence(&["I-Dish"])], ..Dataset::default() };
        assert_eq!(tag_names(&data.label_names()), ["O", "B-Dish", "I-Dish", "B-Price", "I-Price"]);
    }
}
