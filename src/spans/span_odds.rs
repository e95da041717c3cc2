//! Probabilities of spans under the grammar of tags (forward-backward algorithm).
//!
//! A sequence of tags is as likely as the product of its tags; sequences in which `I-X` follows neither `B-X` nor `I-X` do not
//! exist. The probability of a span is the share of the sequences in which exactly these words are one span of this
//! label: neither a word more nor a word less.

use std::ops::Range;

use super::{calibration::Temperature, scheme::Tag};

/// Tags of a model, by the spans that they form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanTags {
    tags: Vec<Kind>,
    labels: Vec<LabelTags>,
}

/// Place of a tag among the spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Outside,
    /// Begins a span of this label.
    Begin(usize),
    /// Continues a span of this label.
    Inside(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct LabelTags {
    name: String,
    begin: Option<usize>,
    inside: Option<usize>,
}

impl SpanTags {
    /// Reads IOB2 tags. A tag with another prefix than `I-` begins a span.
    pub fn new<S: AsRef<str>>(tags: &[S]) -> Self {
        let mut all = Self { tags: Vec::with_capacity(tags.len()), labels: Vec::new() };
        for (at, tag) in tags.iter().enumerate() {
            let kind = match Tag::read(tag.as_ref()) {
                Tag::Outside => Kind::Outside,
                Tag::Inside { prefix: 'I', label } => {
                    let place = all.label(label);
                    all.labels[place].inside.get_or_insert(at);
                    Kind::Inside(place)
                }
                Tag::Inside { label, .. } => {
                    let place = all.label(label);
                    all.labels[place].begin.get_or_insert(at);
                    Kind::Begin(place)
                }
            };
            all.tags.push(kind);
        }
        all
    }

    fn label(&mut self, name: &str) -> usize {
        let known = self.labels.iter().position(|label| label.name == name);
        known.unwrap_or_else(|| {
            self.labels.push(LabelTags { name: name.to_owned(), begin: None, inside: None });
            self.labels.len() - 1
        })
    }

    /// Returns the probability of a tag, or of being outside for a word without a row.
    fn share(&self, row: Option<&[f64]>, tag: usize) -> f64 {
        match row {
            Some(row) => row.get(tag).copied().unwrap_or(0.0),
            None if self.tags.get(tag) == Some(&Kind::Outside) => 1.0,
            None => 0.0,
        }
    }
}

/// Probabilities of all spans of one sentence.
#[derive(Clone, Debug)]
pub struct SpanOdds<'a> {
    tags: &'a SpanTags,
    /// Probability of each tag of each word; `None` for a word without a piece, which is outside.
    rows: Vec<Option<Vec<f64>>>,
    /// Logarithm of the sum of all sequences of the words before each word, and of all words.
    before: Vec<f64>,
    /// Logarithm of the sum of all sequences of the words from each word on that do not continue a span.
    after: Vec<f64>,
}

impl<'a> SpanOdds<'a> {
    /// Computes the sums for a sentence: a row of logits for each word.
    /// Takes time in proportion to words and tags.
    pub fn new(tags: &'a SpanTags, logits: &[Option<&[f32]>], temperature: Temperature) -> Self {
        let rows: Vec<_> = logits.iter().map(|row| row.map(|row| temperature.probabilities(row))).collect();
        let before = forward(tags, &rows);
        let after = backward(tags, &rows);
        Self { tags, rows, before, after }
    }

    /// Returns the probability of exactly this span, from 0 to 1; 0 for a label that the model does not have.
    pub fn of(&self, words: Range<usize>, label: &str) -> f32 {
        let Some(tags) = self.tags.labels.iter().find(|known| known.name == label) else { return 0.0 };
        let (Some(before), Some(after)) = (self.before.get(words.start), self.after.get(words.end)) else { return 0.0 };
        let all = self.before.last().copied().unwrap_or_default();
        let mut sum = before + after - all;
        for word in words.clone() {
            let tag = if word == words.start { tags.begin } else { tags.inside };
            let row = self.rows.get(word).and_then(Option::as_deref);
            sum += tag.map_or(0.0, |tag| self.tags.share(row, tag)).ln();
        }
        let share = sum.exp();
        if share.is_finite() && !words.is_empty() { share.clamp(0.0, 1.0) as f32 } else { 0.0 }
    }
}

/// Logarithms of the sums of all sequences before each word, and of all words.
fn forward(tags: &SpanTags, rows: &[Option<Vec<f64>>]) -> Vec<f64> {
    let mut sums = vec![0.0];
    let mut scale = 0.0_f64;
    // Sums of the sequences that end in a span of each label.
    let mut in_label = vec![0.0; tags.labels.len()];
    let mut all = 1.0;
    for row in rows {
        let mut next = vec![0.0; tags.labels.len()];
        let mut total = 0.0;
        for (tag, kind) in tags.tags.iter().enumerate() {
            let share = tags.share(row.as_deref(), tag);
            let sum = match kind {
                Kind::Outside => share * all,
                Kind::Begin(label) => {
                    next[*label] += share * all;
                    share * all
                }
                Kind::Inside(label) => {
                    next[*label] += share * in_label[*label];
                    share * in_label[*label]
                }
            };
            total += sum;
        }
        scale += total.ln();
        sums.push(scale);
        in_label = next.into_iter().map(|sum| sum / total).collect();
        all = 1.0;
    }
    sums
}

/// Logarithms of the sums of all sequences from each word on whose first tag continues no span; 0 after the last word.
fn backward(tags: &SpanTags, rows: &[Option<Vec<f64>>]) -> Vec<f64> {
    let mut sums = vec![0.0; rows.len() + 1];
    let mut scale = 0.0_f64;
    // Sums of the sequences that begin with a tag inside a span of each label, and of all others.
    let mut inside = vec![0.0; tags.labels.len()];
    let mut fresh = 1.0;
    for (at, row) in rows.iter().enumerate().rev() {
        let mut next = vec![0.0; tags.labels.len()];
        let mut total = 0.0;
        for (tag, kind) in tags.tags.iter().enumerate() {
            let share = tags.share(row.as_deref(), tag);
            match kind {
                Kind::Outside => total += share * fresh,
                Kind::Begin(label) => total += share * (fresh + inside[*label]),
                Kind::Inside(label) => next[*label] += share * (fresh + inside[*label]),
            }
        }
        // One scale for both kinds, so that they can be added up.
        let most = next.iter().copied().fold(total, f64::max);
        scale += most.ln();
        fresh = total / most;
        inside = next.into_iter().map(|sum| sum / most).collect();
        if let Some(sum) = sums.get_mut(at) {
            *sum = scale + fresh.ln();
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spans::{WordSpan, dataset::tag_names, scheme::decode};

    fn tags() -> Vec<String> {
        tag_names(&["Dish".to_owned(), "Price".to_owned()])
    }

    /// The share of all allowed sequences with this span, one by one.
    fn counted(logits: &[Option<Vec<f32>>], temperature: Temperature, span: &WordSpan) -> f64 {
        let tags = tags();
        let rows: Vec<Option<Vec<f64>>> =
            logits.iter().map(|row| row.as_deref().map(|row| temperature.probabilities(row))).collect();
        let count = u32::try_from(logits.len()).unwrap();
        let mut sums = [0.0, 0.0];
        for number in 0..tags.len().pow(count) {
            let path: Vec<usize> = (0..count).map(|at| number / tags.len().pow(at) % tags.len()).collect();
            let names: Vec<&str> = path.iter().map(|tag| tags[*tag].as_str()).collect();
            let allowed = names.iter().enumerate().all(|(at, name)| match name.strip_prefix("I-") {
                Some(label) => at > 0 && names[at - 1].ends_with(&format!("-{label}")),
                None => true,
            });
            let share: f64 = path
                .iter()
                .zip(&rows)
                .map(|(tag, row)| row.as_ref().map_or(f64::from(u8::from(*tag == 0)), |row| row[*tag]))
                .product();
            if allowed {
                sums[0] += share;
                sums[1] += if decode(&names).contains(span) { share } else { 0.0 };
            }
        }
        sums[1] / sums[0]
    }

    fn odds(logits: &[Option<Vec<f32>>], temperature: Temperature, words: Range<usize>, label: &str) -> f32 {
        let tags = SpanTags::new(&tags());
        let rows: Vec<Option<&[f32]>> = logits.iter().map(Option::as_deref).collect();
        SpanOdds::new(&tags, &rows, temperature).of(words, label)
    }

    #[test]
    fn a_span_that_could_go_on_is_less_likely() {
        // O, B-Dish, I-Dish, B-Price, I-Price.
        let begins = Some(vec![-50.0, 9.0, -50.0, -50.0, -50.0]);
        let torn = Some(vec![0.0, -50.0, 0.0, -50.0, -50.0]);
        let logits = [begins.clone(), torn];
        let found = [1, 2].map(|end| odds(&logits, Temperature::NONE, 0..end, "Dish"));
        assert!(found.iter().all(|share| (share - 0.5).abs() < 1e-6), "{found:?}");
        assert!(odds(&[begins], Temperature::NONE, 0..1, "Dish") > 0.999);
    }

    #[test]
    fn what_is_not_there_has_no_probability() {
        let logits = [Some(vec![0.0, 1.0, 0.0, 0.0, 0.0]), None, Some(vec![f32::NAN; 5])];
        for (words, label) in
            [(0..1, "Hours"), (1..2, "Dish"), (2..3, "Dish"), (0..0, "Dish"), (0..9, "Dish"), (7..8, "Dish")]
        {
            assert_eq!(odds(&logits, Temperature::NONE, words.clone(), label).to_bits(), 0, "{words:?} {label}");
        }
    }

    #[test]
    fn a_document_of_any_length_has_finite_scores() {
        let row = Some(vec![0.0_f32, -4.0, 3.0, -4.0, 2.0]);
        let mut logits = vec![row; 20_000];
        logits[10_000] = Some(vec![0.0, 9.0, 0.0, 0.0, 0.0]);
        logits[10_001] = Some(vec![9.0, 0.0, 0.0, 0.0, 0.0]);
        let found = odds(&logits, Temperature::NONE, 10_000..10_001, "Dish");
        assert!((found - 0.8975).abs() < 1e-3, "{found}");
    }

    proptest! {
        #[test]
        fn probabilities_are_those_of_counting_all_sequences(
            logits in prop::collection::vec(prop::option::weighted(0.9, prop::collection::vec(-4.0_f32..4.0, 5)), 1..5),
            start in 0usize..4, length in 1usize..4, dish in any::<bool>(), temperature in 0.3..4.0,
        ) {
            let (start, label) = (start.min(logits.len() - 1), if dish { "Dish" } else { "Price" });
            let words = start..(start + length).min(logits.len());
            let temperature = Temperature::new(temperature).unwrap();
            let expected = counted(&logits, temperature, &WordSpan::new(words.clone(), label));
            let found = f64::from(odds(&logits, temperature, words, label));
            prop_assert!((found - expected).abs() < 1e-6, "{} {}", found, expected);
        }
    }
}
