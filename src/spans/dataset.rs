//! Data of a training: sentences of words with one IOB2 tag each.
//! Also the conversion of annotations to such tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    annotation::Annotation,
    document::Document,
    label::LabelSet,
    scheme::{Tag, WordSpan},
};

/// Sentence (or whole document) of a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Its place in the source, for messages: a document id, or `file, sentence NUMBER`.
    pub id: String,
    /// Words.
    pub words: Vec<String>,
    /// One IOB2 tag per word (`B-Dish`, `I-Dish`, `O`).
    pub tags: Vec<String>,
}

/// The three splits of a data set. A missing split is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// Training split.
    pub train: Vec<Sentence>,
    /// Validation split, scored during the training; chooses the best checkpoint.
    pub valid: Vec<Sentence>,
    /// Test split, scored once at the end.
    pub test: Vec<Sentence>,
}

impl Dataset {
    /// Returns the label names of the training split, sorted.
    /// Hugging Face scripts derive them the same way.
    pub fn label_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .train
            .iter()
            .flat_map(|s| &s.tags)
            .filter_map(|tag| Tag::read(tag).label())
            .map(str::to_owned)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Computes the CRC-32 of sentences with their ids and tags, in hexadecimal.
pub fn fingerprint(sentences: &[Sentence]) -> String {
    let mut sum = SentenceFingerprint::default();
    sentences.iter().for_each(|sentence| sum.add(sentence));
    sum.finish()
}

/// Computes the CRC-32 of the ids of sentences, in hexadecimal.
pub fn fingerprint_of_ids(sentences: &[Sentence]) -> String {
    let mut sum = SentenceFingerprint::default();
    sentences.iter().for_each(|sentence| sum.add_part(&sentence.id));
    sum.finish()
}

/// Fingerprint of the sentences of a split, computed one by one.
#[derive(Default)]
pub struct SentenceFingerprint(crc32fast::Hasher);

impl SentenceFingerprint {
    /// Adds the next sentence.
    pub fn add(&mut self, Sentence { id, words, tags }: &Sentence) {
        for part in std::iter::once(id).chain(words).chain(tags) {
            self.add_part(part);
        }
    }

    fn add_part(&mut self, part: &str) {
        self.0.update(part.as_bytes());
        self.0.update(&[0]);
    }

    /// Returns the fingerprint of all sentences, in hexadecimal.
    pub fn finish(self) -> String {
        format!("{:08x}", self.0.finalize())
    }
}

/// Returns the tags of a model for these labels, in order.
/// `O, B-a, I-a, B-b, I-b, ...`.
pub fn tag_names(labels: &[String]) -> Vec<String> {
    let inside = labels.iter().flat_map(|label| [format!("B-{label}"), format!("I-{label}")]);
    std::iter::once("O".to_owned()).chain(inside).collect()
}

/// Treatment of a span that begins or ends inside a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HalfWords {
    /// The span is extended to whole words.
    #[default]
    Snap,
    /// The span is dropped: its words are "O".
    Drop,
}

/// Spans of an annotation that tags on words cannot represent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Losses {
    /// Spans that begin or end inside a word; extended or dropped, see [`HalfWords`].
    pub half_words: usize,
    /// Spans dropped because of an overlapping one.
    /// The longer one is kept, of equally long ones the earlier.
    pub overlapping: usize,
    /// Spans dropped because they overlap no word.
    pub on_no_word: usize,
    /// Spans dropped because their label is unknown.
    pub without_label: usize,
}

impl Losses {
    /// Number of spans that were changed or dropped.
    pub fn total(self) -> usize {
        self.half_words + self.overlapping + self.on_no_word + self.without_label
    }

    /// Adds the counts of another document.
    pub fn add(&mut self, other: Self) {
        self.half_words += other.half_words;
        self.overlapping += other.overlapping;
        self.on_no_word += other.on_no_word;
        self.without_label += other.without_label;
    }
}

/// Converts the spans of a document to disjoint, ascending spans over words.
/// Returns the losses, too.
///
/// White space at the ends of a span belongs to no word and is not a loss.
pub fn word_spans(
    document: &Document,
    annotation: &Annotation,
    labels: &LabelSet,
    half_words: HalfWords,
) -> (Vec<WordSpan>, Losses) {
    let mut losses = Losses::default();
    let mut found = Vec::new();
    for span in annotation.spans() {
        let Some(label) = labels.get(span.label) else {
            losses.without_label += 1;
            continue;
        };
        let Some(words) = document.words_touching(span.range) else {
            losses.on_no_word += 1;
            continue;
        };
        if !document.range_of_words(words.clone()).is_some_and(|whole| span.range.covers(whole)) {
            losses.half_words += 1;
            if half_words == HalfWords::Drop {
                continue;
            }
        }
        found.push(WordSpan::new(words, &label.name));
    }
    found.sort_by_key(|span| (std::cmp::Reverse(span.end - span.start), span.start));
    let mut kept: BTreeMap<usize, WordSpan> = BTreeMap::new();
    for span in found {
        if kept.range(..span.end).next_back().is_some_and(|(_, other)| other.end > span.start) {
            losses.overlapping += 1;
        } else {
            kept.insert(span.start, span);
        }
    }
    (kept.into_values().collect(), losses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spans::{LabelId, Span, SpanId, SpanSource, Status},
        text::{TextRange, growth::assert_linear},
    };

    #[test]
    fn half_words_widen_and_the_longer_of_two_spans_stays() {
        let document = Document::from_words("1", ["grilled", "fish", "tacos", "now"]);
        let span = |sequence, start, end, label| Span {
            id: SpanId { writer: 0, sequence },
            range: TextRange::new(start, end),
            label: LabelId(label),
            source: SpanSource::Human,
        };
        let spans = vec![span(0, 8, 12, 0), span(1, 0, 17, 0), span(2, 20, 22, 1), span(3, 0, 3, 9)];
        let labels = LabelSet::from_names(["Dish", "Hours"]);
        let annotation = Annotation::new(spans, Status::Done);
        let (words, losses) = word_spans(&document, &annotation, &labels, HalfWords::Snap);
        assert_eq!(words, [WordSpan::new(0..3, "Dish"), WordSpan::new(3..4, "Hours")]);
        assert_eq!(losses, Losses { half_words: 2, overlapping: 1, without_label: 1, ..Losses::default() });
        let (words, _) = word_spans(&document, &annotation, &labels, HalfWords::Drop);
        assert_eq!(words, [WordSpan::new(1..2, "Dish")]);
    }

    #[test]
    fn of_many_spans_that_overlap_one_the_longest_is_found_in_linear_time() {
        // The longest one begins in the middle; all others end with its first word.
        let input = |n: usize| {
            let document = Document::from_words("1", vec!["a"; 3 * n]);
            let span = |at: usize| Span {
                id: SpanId { writer: 0, sequence: u32::try_from(at).unwrap() },
                range: document.range_of_words(if at == n { n..3 * n } else { at..n + 1 }).unwrap(),
                label: LabelId(0),
                source: SpanSource::Human,
            };
            let annotation = Annotation::new((0..=n).map(span).collect(), Status::Done);
            (document, annotation)
        };
        let labels = LabelSet::from_names(["Dish"]);
        assert_linear(20_000, input, |(document, annotation)| {
            let (words, losses) = word_spans(document, annotation, &labels, HalfWords::Snap);
            assert_eq!((words.len(), losses.overlapping), (1, annotation.spans().len() - 1));
        });
    }

    #[test]
    fn labels_come_sorted_from_the_training_part() {
        let sentence =
            |tags: &[&str]| Sentence { tags: tags.iter().map(|t| (*t).to_owned()).collect(), ..Sentence::default() };
        let data = Dataset { train: vec![sentence(&["O", "B-Price"]), sentence(&["I-Dish"])], ..Dataset::default() };
        assert_eq!(tag_names(&data.label_names()), ["O", "B-Dish", "I-Dish", "B-Price", "I-Price"]);
    }
}
