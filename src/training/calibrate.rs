//! Fits the scale of a model's scores to the validation split, so that they are shares of right spans.

use super::{
    engine::Engine,
    evaluate::predict_part,
    examples::{EncodedSplit, Example, Gold},
};
use crate::{
    spans::{Calibration, ScoreScale, SpanScorer, Temperature, first_rows},
    text::number::{grouped, with_noun},
};

/// Number of words from which on only every second sentence is read, every third from twice as many on, and so on.
/// One number is fitted: more words move it by less than a hundredth.
const MOST_WORDS: usize = 20_000;

/// Outcome of a fit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fitted {
    /// The scale; `None` if there is too little to fit it on.
    pub(super) scale: Option<ScoreScale>,
    /// Sentence for the log.
    pub(super) note: String,
}

/// Fits the scale of the network's current weights, on the threads of the caller's pool.
/// No logit changes.
pub(super) fn fit(engine: &dyn Engine, valid: &EncodedSplit) -> Fitted {
    if valid.gold.is_empty() {
        let note = "scores are not calibrated: there is no validation split".to_owned();
        return Fitted { scale: None, note };
    }
    let (gold, examples) = sample(valid);
    let (rows, ..) = predict_part((&gold, &examples), 0, |batch| engine.logits(batch));
    of_rows(&engine.config().tags, &gold, &rows)
}

/// Takes sentences, evenly spread, that have about [`MOST_WORDS`] words together.
fn sample(split: &EncodedSplit) -> (Vec<Gold>, Vec<Example>) {
    let words: usize = split.gold.iter().map(|gold| gold.tags.len()).sum();
    let every = words.div_ceil(MOST_WORDS).max(1);
    let examples = split.examples.iter().filter(|example| example.sentence.is_multiple_of(every));
    let examples = examples.map(|example| Example { sentence: example.sentence / every, ..example.clone() });
    (split.gold.iter().step_by(every).cloned().collect(), examples.collect())
}

/// Fits to the first pieces of words: `rows` has the logits of each piece of each sentence.
fn of_rows(tags: &[String], gold: &[Gold], rows: &[Vec<Vec<f32>>]) -> Fitted {
    let sentences: Vec<(&Gold, Vec<Option<&[f32]>>)> =
        gold.iter().zip(rows).map(|(gold, rows)| (gold, read_rows(gold, rows))).collect();
    let mut words: Vec<(&[f32], usize)> = Vec::new();
    for (gold, rows) in &sentences {
        let known = gold.tags.iter().zip(rows);
        words.extend(known.filter_map(|(tag, row)| Some(((*row)?, tags.iter().position(|have| have == tag)?))));
    }
    let temperature = match Temperature::fit(&words) {
        Ok(temperature) => temperature,
        Err(why) => return Fitted { scale: None, note: format!("scores are not calibrated: {why}") },
    };
    let scorer = SpanScorer::new(tags);
    let compare = |scale| {
        let sentences = sentences.iter().map(|(gold, rows)| (gold.tags.as_slice(), rows.as_slice()));
        scorer.compare(sentences, scale)
    };
    let unshifted = compare(ScoreScale::from(temperature));
    let scale = ScoreScale::fit_shift(temperature, &unshifted);
    let [before, after] = [ScoreScale::NONE, scale].map(|scale| Calibration::of(&compare(scale)));
    let note = format!(
        "scores are calibrated by {2} words of valid: temperature {0}, shift {1}; the calibration error of {3} there is {4:.3}, {5:.3} without",
        temperature.value(),
        scale.shift(),
        grouped(words.len()),
        with_noun(after.spans, "span"),
        after.error,
        before.error
    );
    Fitted { scale: Some(scale), note }
}

/// Returns the logits by which words are tagged; pieces that the model did not read have none.
fn read_rows<'a>(gold: &Gold, rows: &'a [Vec<f32>]) -> Vec<Option<&'a [f32]>> {
    let rows = first_rows(gold.tags.len(), &gold.words, rows);
    rows.into_iter().map(|row| row.filter(|row| !row.is_empty())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::{calibration::NotFitted, dataset::tag_names};

    /// Sentences of one word with three pieces; the first piece says `B-Dish` with a probability of `sure`, and of `right` of ten
    /// it is one.
    fn sentences(count: usize, sure: f32, right: usize) -> (Vec<Gold>, Vec<Vec<Vec<f32>>>) {
        let row = vec![0.0, (sure / (1.0 - sure)).ln(), -30.0];
        let tag = |at: usize| if at % 10 < right { "B-Dish" } else { "O" };
        let gold = |at: usize| {
            let id = at.to_string();
            Gold { id, tags: vec![tag(at).to_owned()], words: vec![0; 3], labels: vec![1; 3] }
        };
        let rows = vec![vec![row, vec![9.0, 0.0, 0.0], vec![9.0, 0.0, 0.0]]; count];
        ((0..count).map(gold).collect(), rows)
    }

    fn tags() -> Vec<String> {
        tag_names(&["Dish".to_owned()])
    }

    #[test]
    fn scores_become_shares_of_right_spans() {
        // .95 sure, and seven of ten are right.
        let (gold, rows) = sentences(400, 0.95, 7);
        let Fitted { scale, note } = of_rows(&tags(), &gold, &rows);
        // .7 / .3 is the odds of .95 / .05 to the power of 1 / temperature.
        let expected = 19.0_f64.ln() / (7.0_f64 / 3.0).ln();
        assert!((scale.unwrap().temperature.value() - expected).abs() < 0.02, "{note}");
        assert!(note.contains("of 400 spans there is 0.000, 0.250 without"), "{note}");
    }

    #[test]
    fn too_little_to_fit_on_leaves_the_scores_and_says_why() {
        let fitted = |count, right| {
            let (gold, rows) = sentences(count, 0.95, right);
            of_rows(&tags(), &gold, &rows)
        };
        let few = fitted(150, 7);
        assert_eq!(few.scale, None);
        assert!(few.note.ends_with(&NotFitted::FewWords(150).to_string()), "{}", few.note);
        assert_eq!(fitted(400, 10).scale, None);
        assert_eq!(fit_nothing().scale, None);
    }

    fn fit_nothing() -> Fitted {
        of_rows(&tags(), &[], &[])
    }

    #[test]
    fn a_large_split_is_read_in_even_steps() {
        let (gold, _) = sentences(10, 0.5, 5);
        let long = gold.into_iter().map(|gold| Gold { tags: vec!["O".to_owned(); 5_000], ..gold }).collect();
        let example =
            |sentence| Example { sentence, ids: vec![1], labels: Vec::new(), soft: None, keep: 0..1, offset: 0 };
        let split = EncodedSplit { gold: long, examples: (0..10).map(example).collect(), ..EncodedSplit::default() };
        let (gold, examples) = sample(&split);
        assert_eq!(gold.iter().map(|gold| gold.id.as_str()).collect::<Vec<_>>(), ["0", "3", "6", "9"]);
        assert_eq!(examples.iter().map(|example| example.sentence).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }
}
