//! The settings of a training, with the Hugging Face Trainer's meanings.

use serde::{Deserialize, Serialize};

/// Which pieces of a word carry its tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelMode {
    /// The first piece; the others are ignored (-100).
    #[default]
    First,
    /// Every piece the same tag, `B-` stays `B-`: the lesson's `label_all_tokens`.
    AllB,
    /// Later pieces of a `B-X` word get `I-X`: run_ner.py's `label_all_tokens`.
    AllI,
}

impl LabelMode {
    /// Its name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::AllB => "all-b",
            Self::AllI => "all-i",
        }
    }
}

/// The order in which sentences are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Another permutation each epoch, from seed and epoch, the same as accelerate's seeded sampler.
    #[default]
    Shuffled,
    /// As given.
    Sequential,
}

/// Where the numbers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// From the number of sentences and the base.
    #[default]
    Auto,
    /// The lesson's: learning rate 2e-5, 3 epochs, batch 16, weight decay 0.01, no warm-up, every piece labelled.
    Lesson,
}

/// Everything that decides the outcome of a training, besides data and base.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `mini`, a folder, or a hub id.
    pub base: String,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Passes over the training part.
    pub epochs: f64,
    /// Sentences a step.
    pub batch: usize,
    /// Decoupled weight decay; biases and layer norms have none.
    pub weight_decay: f64,
    /// Below 1: share of all steps; from 1: steps.
    pub warmup: f64,
    /// Global L2 norm to which gradients are clipped; 0 for none.
    pub max_grad_norm: f64,
    /// Seed of the head, the order and dropout.
    pub seed: u64,
    /// Order of the sentences.
    pub order: Order,
    /// Which pieces are labelled.
    pub label_mode: LabelMode,
    /// Longest window in pieces, the two special ones included; longer sentences are cut into windows.
    pub max_pieces: usize,
    /// Dropout; `None` takes the base's own (0.1 for DistilBERT).
    pub dropout: Option<f64>,
    /// `auto`, `cpu`, `ndarray`, `cuda:N`, `wgpu:N`.
    pub device: String,
    /// Evaluations over the whole run; 0 for one at the end of each epoch.
    pub evaluations: usize,
    /// Steps between two step lines; 0 for one line each 1/200 of the run.
    pub log_every: usize,
    /// Whether the weights of the best evaluation by word F1 are kept, rather than the last.
    pub keep_best: bool,
}

impl Settings {
    /// The lesson's recipe on this base.
    pub fn lesson(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            learning_rate: 2e-5,
            epochs: 3.0,
            batch: 16,
            weight_decay: 0.01,
            warmup: 0.0,
            max_grad_norm: 1.0,
            seed: 42,
            order: Order::Shuffled,
            label_mode: LabelMode::AllB,
            max_pieces: 512,
            dropout: None,
            device: "auto".into(),
            evaluations: 0,
            log_every: 0,
            keep_best: false,
        }
    }

    /// Sets one setting by its name, or by the name that the Hugging Face Trainer gives it.
    ///
    /// # Errors
    /// No setting has that name (the nearest one is told), or the value does not fit it.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let own = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, own)| own);
        let mut form = serde_json::to_value(&*self).map_err(|error| error.to_string())?;
        let Some(slot) = form.get_mut(own) else {
            let names = form.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
            let near = names.min_by_key(|other| strsim::osa_distance(name, other)).unwrap_or_default();
            return Err(format!("there is no setting `{name}`; the nearest is `{near}`"));
        };
        let text = serde_json::Value::String(value.to_owned());
        // A number where a number belongs, a word elsewhere; a base may be called `123`.
        *slot = if slot.is_string() { text } else { serde_json::from_str(value).unwrap_or(text) };
        *self = serde_json::from_value(form).map_err(|error| format!("{name}={value}: {error}"))?;
        Ok(())
    }

    /// Whether a training with these settings can begin at all.
    ///
    /// # Errors
    /// Names the first setting that makes no sense, and what would.
    pub fn check(&self) -> Result<(), String> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let rule = |fine: bool, text: String| if fine { Ok(()) } else { Err(text) };
        rule(
            positive(self.learning_rate) && self.learning_rate < 1.0,
            format!("a learning rate of {:e}; give one above 0 and below 1, such as 1e-4", self.learning_rate),
        )?;
        rule(
            positive(self.epochs) && self.epochs <= 10_000.0,
            format!("{} epochs; give a number above 0", self.epochs),
        )?;
        rule((1..=4096).contains(&self.batch), format!("a batch of {}; give 1 to 4096", self.batch))?;
        rule(
            self.weight_decay.is_finite() && self.weight_decay >= 0.0,
            format!("a weight decay of {}; give 0 or more", self.weight_decay),
        )?;
        rule(
            self.warmup.is_finite() && self.warmup >= 0.0,
            format!("a warm-up of {}; give a share below 1, or steps", self.warmup),
        )?;
        rule(
            self.max_grad_norm.is_finite() && self.max_grad_norm >= 0.0,
            format!("a gradient norm of {}; give 0 or more", self.max_grad_norm),
        )?;
        rule(
            self.max_pieces >= 3,
            format!("windows of {} pieces; the two special pieces and one more are needed", self.max_pieces),
        )?;
        rule(
            self.dropout.is_none_or(|share| (0.0..1.0).contains(&share)),
            format!("a dropout of {:?}; give 0 to below 1", self.dropout),
        )
    }
}

/// Names that the Hugging Face Trainer gives the same settings.
const ALIASES: [(&str, &str); 7] = [
    ("lr", "learning_rate"),
    ("num_train_epochs", "epochs"),
    ("per_device_train_batch_size", "batch"),
    ("warmup_ratio", "warmup"),
    ("warmup_steps", "warmup"),
    ("max_seq_length", "max_pieces"),
    ("load_best_model_at_end", "keep_best"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_set_by_their_own_and_by_the_references_names() {
        let mut settings = Settings::lesson("mini");
        settings.set("num_train_epochs", "5").unwrap();
        settings.set("order", "sequential").unwrap();
        settings.set("dropout", "0.2").unwrap();
        settings.set("keep_best", "true").unwrap();
        settings.set("base", "123").unwrap();
        assert_eq!((settings.epochs, settings.order, settings.dropout), (5.0, Order::Sequential, Some(0.2)));
        assert!(settings.keep_best && settings.base == "123");
    }

    #[test]
    fn an_unknown_setting_names_the_nearest_and_a_bad_value_changes_nothing() {
        let mut settings = Settings::lesson("mini");
        assert_eq!(
            settings.set("learning_rat", "1").unwrap_err(),
            "there is no setting `learning_rat`; the nearest is `learning_rate`"
        );
        assert!(settings.set("batch", "many").unwrap_err().starts_with("batch=many: "));
        assert_eq!(settings, Settings::lesson("mini"));
    }

    #[test]
    fn settings_that_make_no_sense_are_named() {
        let with = |name: &str, value: &str| {
            let mut settings = Settings::lesson("mini");
            settings.set(name, value).map(|()| settings.check())
        };
        for (name, value) in [
            ("batch", "0"),
            ("epochs", "0"),
            ("lr", "-1"),
            ("lr", "5e40"),
            ("dropout", "1.0"),
            ("max_pieces", "2"),
            ("warmup", "-1"),
        ] {
            assert!(with(name, value).unwrap().is_err(), "{name}={value}");
        }
        assert!(with("batch", "-1").is_err());
        assert_eq!(Settings::lesson("mini").check(), Ok(()));
    }
}
