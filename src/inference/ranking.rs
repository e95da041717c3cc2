//! Ranking of documents by how uncertain a model is about them.

use crate::spans::WordGuess;

/// Returns the uncertainty of a model about a text, in nats.
/// `None` for a text without words.
///
/// It is the mean over its words of the negative logarithm of the most likely label's probability: 0 if the model is
/// certain of everything, 0.69 if every word is half and half. This is MNLP, maximum normalised log-probability, with the
/// opposite sign (Shen et al. 2017, arXiv 1707.05928). Without the mean, long texts would always come first.
pub fn uncertainty(words: &[WordGuess]) -> Option<f32> {
    let logs = words.iter().filter_map(|guess| guess.labels.first()).map(|(_, top)| -f64::from(*top).max(1e-9).ln());
    let (sum, count) = logs.fold((0.0, 0u32), |(sum, count), log| (sum + log, count + 1));
    #[allow(clippy::cast_possible_truncation, reason = "a mean of logs is small")]
    (count > 0).then(|| (sum / f64::from(count)) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::TextRange;

    fn words(tops: &[f32]) -> Vec<WordGuess> {
        let guess =
            |top: &f32| WordGuess { range: TextRange::default(), labels: vec![("O".into(), *top), ("B".into(), 0.1)] };
        tops.iter().map(guess).collect()
    }

    #[test]
    fn it_is_the_mean_over_words() {
        let of = |tops: &[f32]| uncertainty(&words(tops));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[1.0, 1.0]), Some(0.0));
        assert!((of(&[0.5]).unwrap() - std::f32::consts::LN_2).abs() < 1e-5);
        assert!(
            (of(&[0.5, 1.0]).unwrap() - std::f32::consts::LN_2 / 2.0).abs() < 1e-5,
            "a text of twice as many sure words is half as unsure"
        );
    }

    #[test]
    fn a_probability_of_nothing_is_no_infinity() {
        assert!(uncertainty(&words(&[0.0])).unwrap().is_finite());
    }
}
