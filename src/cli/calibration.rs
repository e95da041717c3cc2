//! The calibration of a model's scores, for `tagli eval`.

use serde_json::{Value, json};

use crate::{inference::Calibrations, spans::calibration::BINS, text::number::with_noun};

/// The calibration as JSON. The error is null without spans.
/// `is_fitted_here`: whether the scores were fitted to the sentences that are scored, so that the error is too low.
pub(super) fn value(found: &Calibrations, is_fitted_here: bool) -> Value {
    let error = |error: f64| (found.scores.spans > 0).then_some(error);
    json!({
        "spans": found.scores.spans,
        "right": found.scores.right,
        "bins": BINS,
        "temperature": found.scale.map(|scale| scale.temperature.value()),
        "fitted_on_these_sentences": is_fitted_here && found.scale.is_some(),
        "span_shift": found.scale.map(|scale| scale.shift()),
        "mean_score": error(found.scores.mean_score),
        "error": error(found.scores.error),
        "error_by_chance": error(found.scores.by_chance),
        "error_uncalibrated": error(found.without.error),
    })
}

/// The calibration in a line; see [`value`].
pub(super) fn text(found: &Calibrations, is_fitted_here: bool) -> String {
    if found.scores.spans == 0 {
        return "scores of suggestions: no span was found\n".to_owned();
    }
    let spans = with_noun(found.scores.spans, "span");
    let (score, right) = (found.scores.mean_score, found.scores.right as f64 / found.scores.spans as f64);
    let error = format!(
        "{:.3} in {BINS} bins of equal size, where exact scores would have {:.3} by chance",
        found.scores.error, found.scores.by_chance
    );
    let how = match found.scale {
        Some(scale) => {
            let (temperature, shift) = (scale.temperature.value(), scale.shift());
            format!("{:.3} without temperature {temperature} and shift {shift}", found.without.error)
        }
        None => "not calibrated".to_owned(),
    };
    let caution = match found.scale {
        Some(_) if is_fitted_here => " (fitted on these sentences; --split test measures it)",
        _ => "",
    };
    format!(
        "scores of suggestions: {spans}, mean score {score:.3}, right {right:.3}; calibration error {error} ({how}){caution}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::{Calibration, ScoreScale, Temperature};

    #[test]
    fn the_line_says_whether_the_model_is_calibrated() {
        let scores = Calibration { spans: 812, right: 609, mean_score: 0.76, error: 0.021, by_chance: 0.034 };
        let without = Calibration { mean_score: 0.85, error: 0.104, ..scores };
        let scale = Temperature::new(1.6).and_then(|found| ScoreScale::new(found, -0.5));
        let found = Calibrations { scale, scores, without };
        assert_eq!(
            text(&found, false),
            "scores of suggestions: 812 spans, mean score 0.760, right 0.750; calibration error 0.021 in 10 bins of equal \
             size, where exact scores would have 0.034 by chance (0.104 without temperature 1.6 and shift -0.5)\n"
        );
        assert_eq!(value(&found, false)["error_uncalibrated"], 0.104);
        assert_eq!(value(&found, false)["fitted_on_these_sentences"], false);
        // The error on what it was fitted to is too low.
        let said = text(&found, true);
        assert!(said.ends_with("shift -0.5) (fitted on these sentences; --split test measures it)\n"), "{said}");
        assert_eq!(value(&found, true)["fitted_on_these_sentences"], true);
        let plain = Calibrations { scale: None, scores, without: scores };
        assert!(text(&plain, true).ends_with("(not calibrated)\n") && value(&plain, true)["temperature"].is_null());
        let none = Calibrations::default();
        assert!(text(&none, true).contains("no span was found") && value(&none, true)["error"].is_null());
    }
}
