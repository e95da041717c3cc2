//! Settings from the amount of data and the base, so that a first run is a sensible one.

use crate::{
    model::embedded,
    runs::{LabelMode, Recipe, Settings},
};

/// Sentences drawn in all epochs together that a small training should see, within the bounds of [`EPOCHS`].
const DRAWS: usize = 6400;
/// Fewest and most epochs.
const EPOCHS: (usize, usize) = (3, 40);
/// From this many sentences the peak learning rate is the low one; below [`FEW`] it is the high one.
const MANY: f64 = 2000.0;
const FEW: f64 = 320.0;
/// Low and high peak of the 3-layer base, and of larger ones.
const SMALL_BASE: (f64, f64) = (1e-4, 5e-4);
const LARGE_BASE: (f64, f64) = (3e-5, 1e-4);

/// The settings of a recipe for this many training sentences and this base (`mini`, a folder or a hub id).
///
/// `Lesson` is the lesson's. `Auto` knows that few sentences need more epochs and a higher rate, or nothing is learned
/// in the few steps they give: epochs such that 6,400 sentences are drawn, from 3 to 40; the peak falls from 320 to 2,000
/// sentences (`mini` 5e-4 to 1e-4, larger bases 1e-4 to 3e-5), geometrically; a tenth of the steps is warm-up; ten
/// evaluations, the best of which is kept.
pub fn recipe(kind: Recipe, train_sentences: usize, base: &str) -> Settings {
    let lesson = Settings::lesson(base);
    match kind {
        Recipe::Lesson => lesson,
        Recipe::Auto => Settings {
            learning_rate: peak(train_sentences, if base == embedded::NAME { SMALL_BASE } else { LARGE_BASE }),
            epochs: DRAWS.div_ceil(train_sentences.max(1)).clamp(EPOCHS.0, EPOCHS.1) as f64,
            warmup: 0.1,
            label_mode: LabelMode::First,
            evaluations: 10,
            keep_best: true,
            ..lesson
        },
    }
}

fn peak(sentences: usize, (low, high): (f64, f64)) -> f64 {
    let few = ((MANY / (sentences as f64).max(1.0)).ln() / (MANY / FEW).ln()).clamp(0.0, 1.0);
    let rate = low * (high / low).powf(few);
    // Two digits: a number that people read.
    let unit = 10f64.powf(rate.log10().floor() - 1.0);
    (rate / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9 * b
    }

    #[test]
    fn the_lessons_recipe_is_the_lessons() {
        assert_eq!(recipe(Recipe::Lesson, 10, "x"), Settings::lesson("x"));
    }

    #[test]
    fn few_sentences_get_more_epochs_and_a_higher_rate() {
        let auto = |sentences| recipe(Recipe::Auto, sentences, "mini");
        assert!(auto(7660).epochs == 3.0 && close(auto(7660).learning_rate, 1e-4));
        assert!(auto(320).epochs == 20.0 && close(auto(320).learning_rate, 5e-4));
        assert!(auto(20).epochs == 40.0 && close(auto(20).learning_rate, 5e-4));
        assert_eq!(auto(0).epochs, 40.0);
        let rates: Vec<f64> = (1..300).map(|tens| auto(tens * 10).learning_rate).collect();
        assert!(rates.windows(2).all(|pair| pair[0] >= pair[1] - 1e-12), "falls with the data");
        assert!(close(recipe(Recipe::Auto, 7660, "distilbert-base-uncased").learning_rate, 3e-5));
    }

    #[test]
    fn auto_keeps_the_best_of_ten() {
        let auto = recipe(Recipe::Auto, 100, "mini");
        assert!(auto.keep_best && auto.evaluations == 10 && auto.warmup == 0.1);
    }
}
