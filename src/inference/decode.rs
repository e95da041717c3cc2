//! Decoding by word: one tag for each word, from its first piece.
//! Spans are read leniently.
//!
//! Unlike the pipeline's entities, these always have the borders of the words that the user tags.

use std::{collections::HashMap, ops::Range};

use super::scores::{best, mean, softmax};
use crate::{
    spans::{
        Entity, Grammar, Temperature, WordGuess, WordSpan, first_rows,
        scheme::{Tag, decode},
    },
    text::TextRange,
};

/// Tag of words outside every span, and of words without a piece.
const OUTSIDE: &str = "O";

/// Tag that was chosen for a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WordTag {
    /// Index into the model's tags.
    pub tag: usize,
    /// Probability, from 0 to 1.
    pub probability: f32,
    /// Distance in probability to the second best tag, from 0 to 1.
    /// Small means uncertain.
    pub margin: f32,
}

/// Number of labels that are reported for a word.
const GUESSES: usize = 3;

/// Returns the most likely labels of each word, by its first piece.
/// `rows` has the logits of each word's first piece, `None` for a word without a piece.
pub fn guesses(
    words: &[TextRange],
    rows: &[Option<&[f32]>],
    tags: &[String],
    temperature: Option<Temperature>,
) -> Vec<WordGuess> {
    // Labels of the tags in the order in which they first occur, and the place of each tag's label among them.
    let mut names: Vec<&str> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut places = Vec::with_capacity(tags.len());
    for tag in tags {
        let label = Tag::read(tag).label().unwrap_or(OUTSIDE);
        let place = *known.entry(label).or_insert(names.len());
        if place == names.len() {
            names.push(label);
        }
        places.push(place);
    }
    let mut found: Vec<WordGuess> = Vec::new();
    for (range, row) in words.iter().zip(rows) {
        let Some(row) = row else { continue };
        let mut labels: Vec<(&str, f32)> = names.iter().map(|name| (*name, 0.0)).collect();
        for (place, probability) in places.iter().zip(probabilities(row, temperature)) {
            labels[*place].1 += probability;
        }
        labels.sort_by(|a, b| b.1.total_cmp(&a.1));
        labels.truncate(GUESSES);
        let labels = labels.into_iter().map(|(name, sum)| (name.to_owned(), sum)).collect();
        found.push(WordGuess { range: *range, labels });
    }
    found
}

/// Converts logits to probabilities, with the temperature if there is one.
fn probabilities(row: &[f32], temperature: Option<Temperature>) -> Vec<f32> {
    match temperature {
        Some(temperature) => temperature.probabilities(row).into_iter().map(|share| share as f32).collect(),
        None => softmax(row),
    }
}

/// Chooses a tag for each of `words` words, by its first piece.
/// `None` for a word without a piece.
///
/// `piece_words` contains the word of each piece, `logits` a row for each piece. With a grammar the tags are chosen as a
/// sequence that follows it.
pub fn word_tags(
    words: usize,
    piece_words: &[usize],
    logits: &[Vec<f32>],
    grammar: Option<&Grammar>,
) -> Vec<Option<WordTag>> {
    tags_of_rows(&first_rows(words, piece_words, logits), grammar)
}

/// As [`word_tags`], from the logits of the first pieces.
pub fn tags_of_rows(rows: &[Option<&[f32]>], grammar: Option<&Grammar>) -> Vec<Option<WordTag>> {
    let sequence = match grammar {
        Some(grammar) => grammar.best(rows).into_iter().map(Some).collect(),
        None => vec![None; rows.len()],
    };
    rows.iter().zip(sequence).map(|(row, chosen)| row.map(|row| word_tag(row, chosen))).collect()
}

/// Returns the chosen tag, or the most likely one.
fn word_tag(logits: &[f32], chosen: Option<usize>) -> WordTag {
    let mut scores = softmax(logits);
    let tag = chosen.unwrap_or_else(|| best(&scores).0);
    let taken = scores.get_mut(tag).map(std::mem::take);
    let probability = taken.unwrap_or_default();
    // A tag that is the best only because of its neighbours has no margin.
    WordTag { tag, probability, margin: (probability - best(&scores).1).max(0.0) }
}

/// Returns the names of the chosen tags; `O` for a word without a piece.
pub fn names<'a>(choices: &[Option<WordTag>], tags: &'a [String]) -> Vec<&'a str> {
    let chosen = choices.iter().map(|choice| choice.and_then(|choice| tags.get(choice.tag)));
    chosen.map(|tag| tag.map_or(OUTSIDE, String::as_str)).collect()
}

/// Returns the entities that the chosen tags form on these words.
pub fn entities(words: &[TextRange], choices: &[Option<WordTag>], tags: &[String]) -> Vec<Entity> {
    let entity = |span: WordSpan| {
        let range = words.get(span.start)?.join(*words.get(span.end.checked_sub(1)?)?);
        Some(Entity { range, score: sureness(choices, span.start..span.end), label: span.label })
    };
    decode(&names(choices, tags)).into_iter().filter_map(entity).collect()
}

/// Returns spans of words with their scores as entities of a text.
pub fn scored_entities(words: &[TextRange], spans: Vec<(WordSpan, f32)>) -> Vec<Entity> {
    let entities = spans.into_iter().filter_map(|(span, score)| {
        let range = words.get(span.start)?.join(*words.get(span.end.checked_sub(1)?)?);
        Some(Entity { range, score, label: span.label })
    });
    entities.collect()
}

/// Returns the mean probability of the chosen tags of these words.
/// 0 if none has a piece.
pub fn sureness(choices: &[Option<WordTag>], words: Range<usize>) -> f32 {
    mean(choices.get(words).unwrap_or_default().iter().flatten().map(|choice| choice.probability))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spans::{Document, dataset::tag_names};

    fn tags() -> Vec<String> {
        tag_names(&["Dish".to_owned(), "Price".to_owned()])
    }

    /// Logits that leave no doubt.
    fn row(tag: usize) -> Vec<f32> {
        (0..5).map(|at| if at == tag { 20.0 } else { 0.0 }).collect()
    }

    #[test]
    fn the_first_piece_decides_and_spans_end_where_words_end() {
        let document = Document::from_words("1", ["cheap", "lasagne", "verde", "now"]);
        let logits = [row(3), row(1), row(4), row(2), row(0)];
        let choices = word_tags(4, &[0, 1, 1, 2, 3], &logits, None);
        let found = entities(&document.words, &choices, &tags());
        let texts: Vec<_> = found.iter().map(|e| (e.range.of(&document.text), e.label.as_str())).collect();
        assert_eq!(texts, [("cheap", "Price"), ("lasagne verde", "Dish")]);
        assert!(found.iter().all(|entity| entity.score > 0.999));
    }

    #[test]
    fn the_score_is_the_mean_of_the_words() {
        let choices =
            word_tags(2, &[0, 1], &[vec![0.0, 0.0, -1e9, -1e9, -1e9], vec![0.0, -1e9, 3.0_f32.ln(), -1e9, -1e9]], None);
        assert_eq!(choices[0].map(|choice| choice.margin), Some(0.0));
        let sure = sureness(&choices, 0..2);
        assert!((sure - 0.625).abs() < 1e-6, "{sure}");
    }

    #[test]
    fn a_word_without_piece_is_outside() {
        let document = Document::from_words("1", ["a", "\u{200b}", "b"]);
        let choices = word_tags(3, &[0, 2], &[row(1), row(2)], None);
        assert_eq!(names(&choices, &tags()), ["B-Dish", "O", "I-Dish"]);
        assert_eq!(entities(&document.words, &choices, &tags()).len(), 2);
    }

    proptest! {
        #[test]
        fn any_logits_give_entities_on_word_borders(
            rows in prop::collection::vec(prop::collection::vec(-9.0_f32..9.0, 0..7), 0..12),
            skipped in 0usize..3,
        ) {
            let word = |at: usize| TextRange::new(at * 3, at * 3 + 2);
            let words: Vec<TextRange> = (0..rows.len() + skipped).map(word).collect();
            let at: Vec<usize> = (skipped..words.len()).collect();
            let choices = word_tags(words.len(), &at, &rows, None);
            for entity in entities(&words, &choices, &tags()) {
                prop_assert!(words.iter().any(|word| word.start == entity.range.start));
                prop_assert!(words.iter().any(|word| word.end == entity.range.end));
                prop_assert!((0.0..=1.001).contains(&entity.score));
            }
        }
    }
}
