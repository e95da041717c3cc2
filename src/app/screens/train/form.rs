//! The settings of a training as rows that can be read and typed.
//! Each has an explanation.

use crate::runs::{Recipe, Settings};

/// A setting of the form.
#[derive(Debug)]
pub struct SettingRow {
    /// Name on the screen.
    pub name: &'static str,
    /// Name in [`Settings`]; empty for the recipe, which is not one of them.
    pub(super) key: &'static str,
    /// Values that can be typed, in a few words.
    pub values: &'static str,
    /// Explanation of the setting.
    /// It says what the setting does, which values are sensible, and what happens if it is too large or too small.
    pub(super) about: &'static str,
    /// Its values, where there are few: enter takes the next.
    pub choices: &'static [&'static str],
}

/// The settings that the screen shows, the most important first.
pub static ROWS: [SettingRow; 20] = [
    SettingRow {
        name: "recipe",
        key: "",
        values: "auto, lesson, tuned or own",
        about: "Sets all rows below. auto: by the number of documents to train on, since few of them need more passes \
                and larger steps. lesson: the Carpentries lesson's, for thousands; from a few hundred it learns nothing. \
                tuned: a better and slower auto. Change a row and they are your own; * is what differs from auto.",
        choices: &["auto", "lesson", "tuned", "own"],
    },
    SettingRow {
        name: "base",
        key: "base",
        values: "mini, small, a folder or a hub id",
        about: "The language model that is trained on your labels. mini and small come with the program: English; small finds \
                more, mini is quicker. distilbert-base-uncased is the lesson's, fetched once from the Hugging Face hub, and \
                far slower. The folder of a model works too, also one trained here.",
        choices: &[],
    },
    SettingRow {
        name: "learning rate",
        key: "learning_rate",
        values: "a number such as 5e-5",
        about: "How far a step moves the model. 5e-4 (0.0005) suits mini and a few hundred documents, 3e-4 small, \
                3e-5 a large base and thousands. Too large: the loss jumps about or stays high. Too small: it falls so \
                slowly that the run ends before anything is learned.",
        choices: &[],
    },
    SettingRow {
        name: "warm-up",
        key: "warmup",
        values: "a share such as 0.1, or from 1 on a number of steps",
        about: "The learning rate climbs from 0 over this part of the run, then falls to 0 at its end. 0.1 is a tenth \
                of all steps. Without it, a high rate can spoil the base in its first steps; with much of it, little \
                of the run is left for learning.",
        choices: &[],
    },
    SettingRow {
        name: "epochs",
        key: "epochs",
        values: "a number such as 3",
        about: "How often the model reads every document. 300 documents need about 20 passes, thousands need 3. Too \
                few: F1 still rises when the run ends. Too many: it learns the documents by heart; the validation \
                loss rises while the training loss falls.",
        choices: &[],
    },
    SettingRow {
        name: "batch",
        key: "batch",
        values: "a whole number such as 16",
        about: "Documents that are read together before the model is moved: that is one step. 16 is good nearly \
                always. Larger: fewer and steadier steps, more memory. Smaller: more and rougher steps.",
        choices: &[],
    },
    SettingRow {
        name: "evaluations",
        key: "evaluations",
        values: "a number; 0: each epoch",
        about: "How often the validation documents are scored on the way. Each is a point on the F1 curve and a model \
                that can be kept. About ten show where the run is going; each costs time.",
        choices: &[],
    },
    SettingRow {
        name: "keep",
        key: "keep_best",
        values: "best or last",
        about: "Which weights become the model. best: those of the evaluation with the highest F1 per word, so that a \
                run that is too long does no harm. last: those of the last step, as the lesson does.",
        choices: &["best", "last"],
    },
    SettingRow {
        name: "label mode",
        key: "label_mode",
        values: "first, all-b or all-i",
        about: "You tag words, the model reads word pieces: a rare word is cut into several. first: the first piece \
                carries the word's tag, the others are ignored; good for F1 per word. all-b: every piece the same \
                tag, the lesson's way. all-i: later pieces as the inside of the span.",
        choices: &["first", "all-b", "all-i"],
    },
    SettingRow {
        name: "longest",
        key: "max_pieces",
        values: "a whole number of word pieces, from 3",
        about: "Longest text that is read at once, in word pieces. Longer documents are read in parts of this length. \
                512 is the most that the bases can read. Less saves memory and time, but gives the model less \
                context for each word.",
        choices: &[],
    },
    SettingRow {
        name: "dropout",
        key: "dropout",
        values: "base, or a share from 0 to below 1",
        about: "The share of the model's inner values that is blanked out at random in each step, so that it cannot \
                lean on a few of them. base takes the base's own, usually 0.1. Too large: it learns slowly. 0: it \
                learns by heart sooner.",
        choices: &[],
    },
    SettingRow {
        name: "hidden",
        key: "mask",
        values: "a share from 0 to below 1",
        about: "The share of the word pieces that the model does not get to see in a step, others each time: it learns to \
                go by the words around them. tuned hides 0.15. 0: none. Too much: it learns slowly.",
        choices: &[],
    },
    SettingRow {
        name: "tags",
        key: "constrained",
        values: "alone or sequence",
        about: "How tags are chosen for scores and suggestions. alone: each word's best, as other programs do. sequence: \
                the best row of tags in which none says inside where no span has begun; fewer stray spans.",
        choices: &["alone", "sequence"],
    },
    SettingRow {
        name: "weight decay",
        key: "weight_decay",
        values: "a number from 0",
        about: "Pulls all weights a little towards zero at each step (biases and layer norms are left alone). 0.01 is \
                usual and seldom decides anything. Too large: the model forgets what its base knew.",
        choices: &[],
    },
    SettingRow {
        name: "clipping",
        key: "max_grad_norm",
        values: "a number; 0 for none",
        about: "Steps that would be longer than this are shortened to it, so that one odd batch cannot throw the model \
                off. 1 is usual. The length before the cut is drawn with the curves, as gradient norm.",
        choices: &[],
    },
    SettingRow {
        name: "seed",
        key: "seed",
        values: "a whole number",
        about: "Where chance begins: the order of the documents, the first weights of the labels, dropout. The same \
                seed gives the same run again. Another one shows how much of a score is luck: with few documents \
                that can be several hundredths of F1.",
        choices: &[],
    },
    SettingRow {
        name: "order",
        key: "order",
        values: "shuffled, sequential or by-length",
        about: "In which order the documents are read. shuffled: another order in each epoch, made from the seed; good \
                nearly always. sequential: in the order of import, every time; for comparing programs. by-length: texts of \
                about the same length together.",
        choices: &["shuffled", "sequential", "by-length"],
    },
    SettingRow {
        name: "untagged",
        key: "untagged",
        values: "unused or used",
        about: "Whether documents that you have not begun help. used: when the run is over, its model tags them, and a second \
                run learns those of which it is sure as well; it takes several times as long. With few tagged documents \
                that raised F1. With a teacher there is one run only.",
        choices: &["unused", "used"],
    },
    SettingRow {
        name: "teacher",
        key: "teacher",
        values: "none, or runs such as 3, or 3,5",
        about: "Runs whose models teach this one: it learns their probabilities as well as your tags, of several runs their \
                mean. A small base comes closer to a large one that way. The runs must have ended, with the labels of \
                today.",
        choices: &[],
    },
    SettingRow {
        name: "device",
        key: "device",
        values: "auto, cpu, flex, ndarray, cuda:N or wgpu:N",
        about: "Where the numbers are crunched. auto takes a graphics card if this program was built for one and finds \
                it, else the processor; cpu always works.",
        choices: &[],
    },
];

/// Place of the recipe in [`ROWS`].
pub const RECIPE: usize = 0;

impl SettingRow {
    /// The value as text.
    pub fn get(&self, settings: &Settings) -> String {
        use serde_json::Value;
        let form = serde_json::to_value(settings).unwrap_or_default();
        match form.get(self.key) {
            Some(Value::String(text)) if text.is_empty() => "none".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => short(number),
            Some(Value::Bool(yes)) => match (self.key, yes) {
                ("keep_best", true) => "best",
                ("keep_best", false) => "last",
                ("untagged", true) => "used",
                ("untagged", false) => "unused",
                (_, true) => "sequence",
                (_, false) => "alone",
            }
            .to_owned(),
            Some(Value::Null) => "base".to_owned(),
            _ => String::new(),
        }
    }

    /// Sets the value from a text.
    ///
    /// # Errors
    /// Why the text is refused; the settings stay as they were.
    pub fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Err(format!("{} is empty; use {}", self.name, self.values));
        }
        let text = match (self.key, text) {
            ("keep_best", "best") | ("constrained", "sequence") | ("untagged", "used") => "true".to_owned(),
            ("keep_best", "last") | ("constrained", "alone") | ("untagged", "unused") => "false".to_owned(),
            ("teacher", "none") => String::new(),
            ("dropout", "base") => "null".to_owned(),
            // Settings are read as JSON, which needs a digit before the point.
            _ if text.starts_with('.') => format!("0{text}"),
            _ => text.to_owned(),
        };
        let mut changed = settings.clone();
        changed.set(self.key, &text).map_err(|_| format!("invalid {} `{text}`; use {}", self.name, self.values))?;
        changed.check()?;
        *settings = changed;
        Ok(())
    }

    /// Whether a recipe sets it. Base and device are input of a recipe, not output; what helps is the user's choice.
    pub(super) fn is_of_recipe(&self) -> bool {
        !matches!(self.key, "" | "base" | "device" | "untagged" | "teacher")
    }
}

/// Formats a number in short: 2e-5 rather than 0.00002, 3 rather than 3.0.
fn short(number: &serde_json::Number) -> String {
    let plain = number.to_string();
    let short = number.as_f64().map(|x| format!("{x:e}")).filter(|_| number.is_f64());
    let plain = plain.strip_suffix(".0").unwrap_or(&plain);
    short.filter(|short| short.len() < plain.len()).unwrap_or_else(|| plain.to_owned())
}

/// Settings that differ between two trainings, with both values.
/// They are named as on the form.
pub fn differences(a: &Settings, b: &Settings) -> Vec<(&'static str, String, String)> {
    let rows = ROWS.iter().filter(|row| !row.key.is_empty());
    rows.map(|row| (row.name, row.get(a), row.get(b))).filter(|(_, a, b)| a != b).collect()
}

/// Name of a recipe; `own` without one.
pub fn recipe_name(recipe: Option<Recipe>) -> &'static str {
    recipe.map_or("own", Recipe::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str) -> &'static SettingRow {
        ROWS.iter().find(|row| row.name == name).unwrap()
    }

    #[test]
    fn every_row_reads_back_what_it_shows() {
        let settings = Settings::lesson("mini");
        for row in ROWS.iter().skip(1) {
            let mut copy = settings.clone();
            assert!(!row.get(&settings).is_empty(), "{}", row.name);
            row.set(&mut copy, &row.get(&settings)).unwrap();
            assert_eq!(copy, settings, "{}", row.name);
        }
        let shown: Vec<String> = ROWS.iter().skip(1).map(|row| row.get(&settings)).collect();
        let expected = [
            "mini", "2e-5", "0", "3", "16", "0", "last", "all-b", "512", "base", "0", "alone", "0.01", "1", "42",
            "shuffled", "unused", "none", "auto",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_makes_no_sense_is_not_taken() {
        let mut settings = Settings::lesson("mini");
        for (name, text) in [
            ("learning rate", "0"),
            ("learning rate", "NaN"),
            ("epochs", "-1"),
            ("batch", "0"),
            ("batch", "1.5"),
            ("label mode", "some"),
            ("device", ""),
            ("weight decay", "inf"),
            ("keep", "all"),
            ("dropout", "1"),
            ("dropout", "some"),
            ("untagged", "some"),
        ] {
            assert!(row(name).set(&mut settings, text).is_err(), "{name} {text}");
        }
        assert_eq!(settings, Settings::lesson("mini"));
        row("weight decay").set(&mut settings, ".1").unwrap();
        row("keep").set(&mut settings, "best").unwrap();
        row("dropout").set(&mut settings, "0.2").unwrap();
        row("untagged").set(&mut settings, "used").unwrap();
        row("teacher").set(&mut settings, "3,5").unwrap();
        assert_eq!((settings.untagged, settings.teachers()), (true, vec!["3", "5"]));
        row("teacher").set(&mut settings, "none").unwrap();
        assert_eq!(row("teacher").get(&settings), "none");
        assert_eq!((settings.weight_decay, settings.keep_best, settings.dropout), (0.1, true, Some(0.2)));
    }

    #[test]
    fn two_settings_differ_in_what_they_say() {
        let (a, mut b) = (Settings::lesson("mini"), Settings::lesson("mini"));
        assert!(differences(&a, &b).is_empty());
        b.learning_rate = 5e-4;
        b.keep_best = true;
        let found = differences(&a, &b);
        assert_eq!(found, [("learning rate", "2e-5".into(), "5e-4".into()), ("keep", "last".into(), "best".into())]);
    }
}
