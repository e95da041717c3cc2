//! Settings for an amount of data and a base.
//! They are chosen so that a first run gives a good result.

use crate::{
    model::embedded,
    runs::{LabelMode, Recipe, Settings},
};

/// Epochs times the square root of the number of sentences.
/// 30 epochs for 100 sentences, 3 for 7,660.
const EPOCHS_BY_ROOT: f64 = 300.0;
/// Epochs of `tuned` in relation to those of `auto`.
const TUNED_LONGER: f64 = 5.0 / 3.0;
/// Smallest and largest number of epochs.
const EPOCHS: (f64, f64) = (3.0, 40.0);
/// Numbers of sentences between which the peak learning rate falls.
/// It falls from the high to the low one.
const FALL: (f64, f64) = (1000.0, 7660.0);
/// Low and high peak learning rate of the 3-layer base.
const SMALL_BASE: (f64, f64) = (3e-4, 5e-4);
/// Low and high peak learning rate of larger bases.
const LARGE_BASE: (f64, f64) = (3e-5, 1e-4);

/// Returns the settings of a recipe for this number of sentences and this base.
/// The sentences are for training; the base is `mini`, a folder or a hub id.
///
/// `Lesson` is the lesson's. With `Auto`, few sentences get more epochs and a higher rate, since they make few steps.
/// `RECIPES.md` beside this file describes the measurements.
pub fn recipe(kind: Recipe, train_sentences: usize, base: &str) -> Settings {
    let lesson = Settings::lesson(base);
    match kind {
        Recipe::Lesson => lesson,
        Recipe::Tuned => tuned(recipe(Recipe::Auto, train_sentences, base)),
        Recipe::Auto => Settings {
            learning_rate: peak(train_sentences, if base == embedded::NAME { SMALL_BASE } else { LARGE_BASE }),
            epochs: epochs(train_sentences),
            warmup: 0.1,
            label_mode: LabelMode::AllI,
            evaluations: 10,
            keep_best: true,
            ..lesson
        },
    }
}

/// Adds what was better than `auto` for 7,660 sentences.
/// For a few hundred it made no difference.
fn tuned(auto: Settings) -> Settings {
    Settings { epochs: (auto.epochs * TUNED_LONGER).round(), mask: 0.15, constrained: true, ..auto }
}

#[allow(clippy::cast_precision_loss, reason = "numbers of sentences stay far below 2^52")]
fn epochs(sentences: usize) -> f64 {
    (EPOCHS_BY_ROOT / (sentences as f64).max(1.0).sqrt()).round().clamp(EPOCHS.0, EPOCHS.1)
}

/// Returns the peak learning rate.
/// It falls geometrically between the two numbers of sentences in [`FALL`].
#[allow(clippy::cast_precision_loss, reason = "numbers of sentences stay far below 2^52")]
fn peak(sentences: usize, (low, high): (f64, f64)) -> f64 {
    let few = ((FALL.1 / (sentences as f64).max(1.0)).ln() / (FALL.1 / FALL.0).ln()).clamp(0.0, 1.0);
    let rate = low * (high / low).powf(few);
    // Two digits, since people read it.
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
        assert!(auto(7660).epochs == 3.0 && close(auto(7660).learning_rate, 3e-4));
        assert!(auto(320).epochs == 17.0 && close(auto(320).learning_rate, 5e-4));
        assert!(auto(20).epochs == 40.0 && close(auto(20).learning_rate, 5e-4));
        assert_eq!((auto(0).epochs, auto(1_000_000).epochs), (40.0, 3.0));
        let rates: Vec<f64> = (1..300).map(|tens| auto(tens * 10).learning_rate).collect();
        assert!(rates.windows(2).all(|pair| pair[0] >= pair[1] - 1e-12), "falls with the data");
        assert!(close(recipe(Recipe::Auto, 7660, "distilbert-base-uncased").learning_rate, 3e-5));
    }

    #[test]
    fn tuned_is_auto_and_more() {
        let (auto, tuned) = (recipe(Recipe::Auto, 7660, "mini"), recipe(Recipe::Tuned, 7660, "mini"));
        assert_eq!((tuned.epochs, tuned.mask, tuned.constrained), (5.0, 0.15, true));
        assert_eq!(Settings { epochs: 3.0, mask: 0.0, constrained: false, ..tuned }, auto);
        assert!(!auto.constrained && auto.mask == 0.0, "off by default");
    }

    #[test]
    fn auto_keeps_the_best_of_ten() {
        let auto = recipe(Recipe::Auto, 100, "mini");
        assert!(auto.keep_best && auto.evaluations == 10 && auto.warmup == 0.1);
    }
}
