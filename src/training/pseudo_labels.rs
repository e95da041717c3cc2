//! Pseudo-labels: tags that a model predicts for untagged sentences, to learn them in a second stage.
//!
//! Only sentences in which the model is sure of every span are kept. Without that threshold they help nothing, because the
//! mistakes of the first model are learned as well.

use rayon::prelude::*;

use super::{
    engine::Engine,
    evaluate::predict_part,
    examples::{EncodedSplit, Example, Gold},
    teacher::powers,
};
use crate::{
    runs::UntaggedCounts,
    spans::{Grammar, Scheme, Sentence, first_rows, scheme::decode},
};

/// Number of sentences whose logits are in memory together.
const SENTENCES: usize = 4096;

/// Predicted tags of a sentence, or the reason why they are not learned.
enum Predicted {
    Sure(Vec<String>),
    Unsure,
    WithoutSpan,
}

/// Predicts the tags of untagged sentences, on the threads of the caller's pool.
/// `split` is their encoding. Returns those whose tags can be learned, and counts the others.
pub(super) fn predict(
    engine: &dyn Engine,
    split: &EncodedSplit,
    sentences: Vec<Sentence>,
    threshold: f64,
) -> (Vec<Sentence>, UntaggedCounts) {
    let tags = &engine.config().tags;
    let grammar = Grammar::new(tags);
    let mut predicted: Vec<Predicted> = Vec::with_capacity(split.gold.len());
    for (start, gold, examples) in parts(split, SENTENCES) {
        let (rows, ..) = predict_part((gold, examples), start, |batch| engine.logits(batch));
        let sentences = gold.par_iter().zip(&rows);
        predicted.par_extend(sentences.map(|(gold, rows)| of_sentence(gold, rows, (tags, &grammar), threshold)));
    }
    let mut counts = UntaggedCounts { read: predicted.len(), ..UntaggedCounts::default() };
    let mut kept = Vec::new();
    let with_words = sentences.into_iter().filter(|sentence| !sentence.words.is_empty());
    for (sentence, predicted) in with_words.zip(predicted) {
        match predicted {
            Predicted::Sure(tags) => kept.push(Sentence { tags, ..sentence }),
            Predicted::Unsure => counts.unsure += 1,
            Predicted::WithoutSpan => counts.without_span += 1,
        }
    }
    counts.kept = kept.len();
    (kept, counts)
}

/// Cuts a split into parts of this many sentences: the number of the first one, the sentences, and their examples.
/// The examples must be in the order of their sentences.
fn parts(split: &EncodedSplit, size: usize) -> impl Iterator<Item = (usize, &[Gold], &[Example])> {
    split.gold.chunks(size).scan((0, split.examples.as_slice()), |(start, rest), gold| {
        let (first, end) = (*start, *start + gold.len());
        let (own, others) = rest.split_at_checked(rest.partition_point(|example| example.sentence < end))?;
        (*start, *rest) = (end, others);
        Some((first, gold, own))
    })
}

fn of_sentence(gold: &Gold, rows: &[Vec<f32>], (tags, grammar): (&[String], &Grammar), threshold: f64) -> Predicted {
    let words = first_rows(gold.tags.len(), &gold.words, rows);
    let chosen = grammar.best(&words);
    let names: Vec<&str> = chosen.iter().map(|tag| tags.get(*tag).map_or("O", String::as_str)).collect();
    let spans = decode(&names);
    if spans.is_empty() {
        return Predicted::WithoutSpan;
    }
    let scores = spans.iter().map(|span| {
        let words = words.iter().zip(&chosen).take(span.end).skip(span.start);
        mean(words.filter_map(|(row, tag)| row.map(|row| probability(row, *tag))))
    });
    // A score that is not a number is not sure.
    if !scores.into_iter().all(|score| score >= threshold) {
        return Predicted::Unsure;
    }
    Predicted::Sure(Scheme::Bio.encode(&spans, names.len()))
}

/// Returns the softmax of a row at one place.
fn probability(row: &[f32], tag: usize) -> f64 {
    powers(row, 1.0).nth(tag).unwrap_or(0.0) / powers(row, 1.0).sum::<f64>()
}

/// Returns the mean, 0 for no values.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spans::dataset::tag_names,
        training::{engine::Predictions, evaluate::predict_all},
    };

    /// Logits with which the tag has this probability among five.
    fn row(tag: usize, probability: f32) -> Vec<f32> {
        let mut row = vec![((1.0 - probability) / 4.0).ln(); 5];
        row[tag] = probability.ln();
        row
    }

    fn predicted(words: Vec<usize>, rows: &[Vec<f32>], threshold: f64) -> Predicted {
        let tags = tag_names(&["Dish".to_owned(), "Price".to_owned()]);
        let count = words.iter().max().map_or(0, |last| last + 1);
        let gold = Gold { id: "a".into(), tags: vec!["O".into(); count], labels: vec![0; words.len()], words };
        of_sentence(&gold, rows, (&tags, &Grammar::new(&tags)), threshold)
    }

    #[test]
    fn parts_of_a_split_give_the_same_as_the_whole() {
        // Sentence 1 has no example, sentence 2 has two.
        let example = |sentence: usize, keep: std::ops::Range<usize>| {
            let ids = vec![sentence as u32; keep.len() + 2];
            Example { ids, labels: Vec::new(), sentence, offset: 1, keep, soft: None }
        };
        let examples = vec![example(0, 0..2), example(2, 0..3), example(2, 3..4), example(3, 0..1), example(4, 0..2)];
        let gold = [2, 0, 4, 1, 2].into_iter().enumerate().map(|(at, count)| {
            let words = (0..count).collect();
            Gold { id: at.to_string(), tags: vec!["O".into(); count], labels: vec![0; count], words }
        });
        let split = EncodedSplit { examples, gold: gold.collect(), ..EncodedSplit::default() };
        let predict = |batch: &[&Example]| Predictions {
            pieces: batch.iter().map(|example| example.ids.iter().map(|id| 10 * id + 1).collect()).collect(),
            loss: 0.0,
            labelled: 0,
        };
        let (whole, ..) = predict_all(&split, predict);
        assert_eq!(whole, [vec![1; 2], vec![], vec![21; 4], vec![31], vec![41; 2]]);
        for size in 1..=6 {
            let found = parts(&split, size).map(|(start, gold, own)| predict_part((gold, own), start, predict).0);
            assert_eq!(found.flatten().collect::<Vec<_>>(), whole, "{size}");
        }
    }

    #[test]
    fn a_span_counts_by_the_mean_of_its_words_and_its_first_pieces() {
        let rows = [row(0, 0.4), row(1, 0.9), row(0, 0.99), row(2, 0.6), row(3, 0.8)];
        // The second piece of the second word is not asked; O may be unsure.
        let words = vec![0, 1, 1, 2, 3];
        let Predicted::Sure(tags) = predicted(words.clone(), &rows, 0.74) else { panic!() };
        assert_eq!(tags, ["O", "B-Dish", "I-Dish", "B-Price"]);
        assert!(matches!(predicted(words, &rows, 0.76), Predicted::Unsure));
        assert!(matches!(predicted(vec![0, 1], &[row(0, 0.9), row(0, 0.9)], 0.0), Predicted::WithoutSpan));
        assert!(matches!(predicted(vec![0], &[vec![f32::NAN; 5]], 0.5), Predicted::Unsure | Predicted::WithoutSpan));
    }
}
