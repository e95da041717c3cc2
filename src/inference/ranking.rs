//! Which document to tag next: how unsure a model is of one.

use crate::spans::WordGuess;

/// How unsure a model is of a text: the mean over its words of the negative log of the likeliest label's probability, in
/// nats. 0 is sure of everything; half and half everywhere is 0.69. This is MNLP, maximum normalised log-probability, with its
/// sign turned (Shen et al. 2017, arXiv 1707.05928): without the mean, long texts would always come first. `None` for a text
/// without words.
pub fn uncertainty(words: &[WordGuess]) -> Option<f32> {
    let logs = words.iter().filter_map(|guess| guess.labels.first()).map(|(_, top)| -f64::from(*top).max(1e-9).ln());
    let (mut sum, mut count) = (0.0, 0u32);
    for log in logs {
        sum += log;
        count += 1;
    }
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
