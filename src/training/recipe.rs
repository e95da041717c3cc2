//! Settings for an amount of data and a base.
//! They are chosen so that a first run gives a good result.

use crate::runs::{
    LabelMode, Recipe, Settings,
    embedded_bases::{MINI, SMALL},
};

/// Numbers of sentences between which the peak learning rate falls.
/// It falls from the high to the low one.
const FALL: (f64, f64) = (1000.0, 7660.0);
/// Smallest and largest number of epochs of `auto`.
const EPOCHS: (f64, f64) = (3.0, 40.0);

/// Numbers of the recipes for a base.
struct Numbers {
    /// Peak learning rate with few sentences: fewer than the first number of [`FALL`].
    rate_of_few: f64,
    /// Peak learning rate with many sentences: more than the second number of [`FALL`].
    rate_of_many: f64,
    /// Epochs of `auto` times the square root of the number of sentences.
    /// With 300: 30 epochs for 100 sentences, 3 for 7,660.
    epochs_by_root: f64,
    /// Epochs of `tuned` in relation to those of `auto`.
    tuned_longer: f64,
    /// Share of the word pieces that `tuned` masks.
    tuned_mask: f64,
}

/// The numbers of each embedded base.
const EMBEDDED: [(&str, Numbers); 2] = [
    (MINI, Numbers { rate_of_few: 5e-4, rate_of_many: 3e-4, ..OTHER }),
    (SMALL, Numbers { rate_of_few: 3e-4, rate_of_many: 2e-4, ..OTHER }),
];
/// The numbers of every other base.
/// Its rates were not measured.
const OTHER: Numbers =
    Numbers { rate_of_few: 1e-4, rate_of_many: 3e-5, epochs_by_root: 300.0, tuned_longer: 5.0 / 3.0, tuned_mask: 0.15 };

impl Numbers {
    fn of(base: &str) -> Self {
        EMBEDDED.into_iter().find(|(name, _)| *name == base).map_or(OTHER, |(_, numbers)| numbers)
    }
}

/// Returns the settings of a recipe for this number of sentences and this base.
/// The sentences are for training; the base is `mini`, `small`, a folder or a hub id.
///
/// `Lesson` is the lesson's. With `Auto`, few sentences get more epochs and a higher rate, since they make few steps.
/// `RECIPES.md` beside this file describes the measurements.
pub fn recipe(kind: Recipe, train_sentences: usize, base: &str) -> Settings {
    let lesson = Settings::lesson(base);
    match kind {
        Recipe::Lesson => lesson,
        Recipe::Tuned => tuned(&Numbers::of(base), recipe(Recipe::Auto, train_sentences, base)),
        Recipe::Auto => Settings {
            learning_rate: peak(&Numbers::of(base), train_sentences),
            epochs: epochs(&Numbers::of(base), train_sentences),
            warmup: 0.1,
            label_mode: LabelMode::AllI,
            evaluations: 10,
            keep_best: true,
            ..lesson
        },
    }
}

/// Adds what was better than `auto` for 7,660 sentences, and is for 100 and 320.
fn tuned(numbers: &Numbers, auto: Settings) -> Settings {
    let epochs = (auto.epochs * numbers.tuned_longer).round();
    Settings { epochs, mask: numbers.tuned_mask, constrained: true, ..auto }
}

#[allow(clippy::cast_precision_loss, reason = "numbers of sentences stay far below 2^52")]
fn epochs(numbers: &Numbers, sentences: usize) -> f64 {
    (numbers.epochs_by_root / (sentences as f64).max(1.0).sqrt()).round().clamp(EPOCHS.0, EPOCHS.1)
}

/// Returns the peak learning rate.
/// It falls geometrically between the two numbers of sentences in [`FALL`].
#[allow(clippy::cast_precision_loss, reason = "numbers of sentences stay far below 2^52")]
fn peak(numbers: &Numbers, sentences: usize) -> f64 {
    let (low, high) = (numbers.rate_of_many, numbers.rate_of_few);
    let few = ((FALL.1 / (sentences as f64).max(1.0)).ln() / (FALL.1 / FALL.0).ln()).clamp(0.0, 1.0);
    let rate = low * (high / low).powf(few);
    // Two digits, since people read it: 3e-4, not 3.0000000000000003e-4.
    format!("{rate:.1e}").parse().unwrap_or(rate)
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
    }

    #[test]
    fn deeper_bases_get_lower_rates() {
        let rate = |base: &str, sentences| recipe(Recipe::Auto, sentences, base).learning_rate;
        for sentences in [20, 100, 1000, 3000, 7660, 50_000] {
            let rates = [MINI, SMALL, "distilbert-base-uncased"].map(|base| rate(base, sentences));
            assert!(rates.is_sorted_by(|shallow, deep| shallow > deep), "{sentences}: {rates:?}");
        }
        assert_eq!([320, 7660].map(|sentences| rate(SMALL, sentences).to_string()), ["0.0003", "0.0002"]);
        assert!(close(rate("distilbert-base-uncased", 320), 1e-4));
        assert!(close(rate("distilbert-base-uncased", 7660), 3e-5));
        assert_eq!(EMBEDDED.map(|(name, _)| name), crate::runs::embedded_bases::ALL);
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
