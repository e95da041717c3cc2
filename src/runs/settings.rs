//! Settings of a training.
//! Their meanings are those of the Hugging Face Trainer.

use documented::DocumentedFields;
use serde::{Deserialize, Serialize};
use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

use super::embedded_bases;

/// Word pieces of a word that carry its tag.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumMessage,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum LabelMode {
    /// The first word piece; the others are ignored (-100).
    #[default]
    First,
    /// Every word piece, with the same tag, so that `B-` stays `B-`.
    /// The lesson's `label_all_tokens`.
    AllB,
    /// Every word piece, but later ones of a `B-X` word get `I-X`.
    /// This is run_ner.py's `label_all_tokens`.
    AllI,
}

impl LabelMode {
    /// Name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Order of the training sentences.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumMessage,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Order {
    /// Another permutation in each epoch, from seed and epoch.
    /// As in accelerate's seeded sampler.
    #[default]
    Shuffled,
    /// The order of the data.
    Sequential,
    /// Sentences of similar length together, arranged differently in each epoch.
    /// The reference's `group_by_length`.
    ByLength,
}

/// Course of the learning rate after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Falls linearly to 0.
    #[default]
    Linear,
    /// Falls to 0 as half a cosine.
    Cosine,
    /// Stays constant.
    Constant,
}

/// Precision of the products with the weights of the layers.
/// Weights, optimiser, layer norms, softmax and loss are 32-bit floating point in both, and so are evaluations.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumMessage,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Precision {
    /// 32-bit floating point.
    #[default]
    Fp32,
    /// Factors rounded to bfloat16, sums in 32 bits. Faster, on processors with AVX-512 BF16 only.
    Bf16,
}

/// Source of the settings.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumMessage,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Recipe {
    /// Settings that fit the number of sentences and the base model.
    #[default]
    Auto,
    /// Settings of the lesson.
    /// Learning rate 2e-5, 3 epochs, batch 16, weight decay 0.01, no warm-up, every word piece labelled.
    Lesson,
    /// `Auto` with further changes that raised F1.
    /// Longer, with masked word pieces, tags decoded as a sequence.
    Tuned,
}

impl Recipe {
    /// All recipes, in the order in which they are offered.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Settings that determine a training, together with its data and base model.
///
/// A setting that an older run's file does not have is read as the lesson's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DocumentedFields)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `mini`, `small`, a folder, or a hub id.
    pub base: String,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Passes over the training split.
    pub epochs: f64,
    /// Sentences that are processed together.
    pub batch: usize,
    /// Batches whose gradients make one optimiser step.
    ///
    /// Every labelled word piece of them has the same weight. transformers 5 intends this, too, but adds up the means of
    /// the batches for DistilBERT (huggingface/transformers #47688).
    pub accumulation: usize,
    /// Decoupled weight decay, except for biases and layer norms.
    pub weight_decay: f64,
    /// AdamW's decay of the first moment.
    pub adam_beta1: f64,
    /// AdamW's decay of the second moment.
    pub adam_beta2: f64,
    /// Number that AdamW adds to the square root of the second moment.
    pub adam_epsilon: f64,
    /// Warm-up: below 1 a share of all steps, from 1 a number of steps.
    pub warmup: f64,
    /// Course of the learning rate after the warm-up.
    pub schedule: Schedule,
    /// Share of the target probability that is spread over all tags; 0 for none.
    /// Evaluations compute the loss without it.
    pub label_smoothing: f64,
    /// Learning rate of each layer as a multiple of the rate of the layer above it.
    /// 1 for equal rates.
    pub layer_decay: f64,
    /// Whether the word and position tables are not trained.
    /// The same applies to the layer norm after them.
    pub freeze_embeddings: bool,
    /// Number of lowest layers that are not trained.
    /// With any, the embeddings are not trained either.
    pub freeze_layers: usize,
    /// Share of the run, at its end, over which the weights are averaged; 0 for none.
    ///
    /// From then on, the average is scored and kept.
    pub average: f64,
    /// Share of the training word pieces that are masked, different ones in each step.
    /// 0 for none.
    pub mask: f64,
    /// Whether tags are decoded as a sequence.
    /// In it, `I-X` follows only `B-X` and `I-X`. Otherwise each tag is decoded by itself.
    ///
    /// This affects scores and predictions, not the training. Other programs decode the model's output in their own way.
    pub constrained: bool,
    /// Global L2 norm to which gradients are clipped; 0 for none.
    pub max_grad_norm: f64,
    /// Random seed of the head, the order and dropout.
    pub seed: u64,
    /// Order of the sentences.
    pub order: Order,
    /// Word pieces that are labelled.
    pub label_mode: LabelMode,
    /// Maximum length of a window in word pieces, with the two special ones.
    /// Longer sentences are cut into windows.
    pub max_pieces: usize,
    /// Word pieces that neighbouring windows share; `None` for an eighth of a window.
    pub stride: Option<usize>,
    /// Dropout; `None` for the base model's value (0.1 for DistilBERT).
    pub dropout: Option<f64>,
    /// `auto`, `cpu`, `ndarray`, `cuda:N`, `wgpu:N`.
    pub device: String,
    /// Precision of the products with weights in a step.
    pub precision: Precision,
    /// Number of evaluations in the run; 0 for one at the end of each epoch.
    pub evaluations: usize,
    /// Steps between two evaluations; 0 to use [`Settings::evaluations`].
    pub evaluate_every: usize,
    /// Steps between two step lines of the metrics; 0 for 200 lines per run.
    pub log_every: usize,
    /// Whether the weights with the best F1 per word are kept, rather than the last.
    pub keep_best: bool,
    /// Number of successive evaluations without improvement after which the run ends.
    /// 0 to never end early.
    pub patience: usize,
    /// Minutes between two checkpoints, from which an interrupted run can be resumed.
    /// 0 for no checkpoints.
    pub checkpoint_minutes: f64,
    /// Steps between two checkpoints; 0 to use the minutes.
    pub checkpoint_every: usize,
    /// Whether untagged sentences are learned from, too.
    ///
    /// With teachers, from their probabilities. Otherwise the run has a second stage, which begins from the base again and
    /// learns the tags that the model of the first stage predicts.
    pub untagged: bool,
    /// Lowest score of a predicted span; a sentence with a span below it is not learned in the second stage.
    /// The score is the mean probability of the tags of the span's words.
    pub untagged_threshold: f64,
    /// Runs or model folders whose probabilities are learned, separated by commas; empty for none.
    pub teacher: String,
    /// Share of the loss that compares a tagged word piece with the teachers; its tag has the rest.
    /// An untagged word piece has only the teachers.
    pub teacher_share: f64,
    /// Number by which logits are divided before they are compared with those of the teachers.
    pub teacher_temperature: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self::lesson(embedded_bases::DEFAULT)
    }
}

impl Settings {
    /// Names of all settings with their meanings, which may have several lines.
    pub fn meanings() -> impl Iterator<Item = (&'static str, &'static str)> {
        Self::FIELD_NAMES.iter().copied().zip(Self::FIELD_DOCS.iter().copied())
    }

    /// Returns the lesson's settings for a base model.
    pub fn lesson(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            learning_rate: 2e-5,
            epochs: 3.0,
            batch: 16,
            accumulation: 1,
            weight_decay: 0.01,
            adam_beta1: 0.9,
            adam_beta2: 0.999,
            adam_epsilon: 1e-8,
            warmup: 0.0,
            schedule: Schedule::Linear,
            label_smoothing: 0.0,
            layer_decay: 1.0,
            freeze_embeddings: false,
            freeze_layers: 0,
            average: 0.0,
            mask: 0.0,
            constrained: false,
            max_grad_norm: 1.0,
            seed: 42,
            order: Order::Shuffled,
            label_mode: LabelMode::AllB,
            max_pieces: 512,
            stride: None,
            dropout: None,
            device: "auto".into(),
            precision: Precision::Fp32,
            evaluations: 0,
            evaluate_every: 0,
            log_every: 0,
            keep_best: false,
            patience: 0,
            checkpoint_minutes: 5.0,
            checkpoint_every: 0,
            untagged: false,
            untagged_threshold: 0.7,
            teacher: String::new(),
            teacher_share: 0.5,
            teacher_temperature: 2.0,
        }
    }

    /// Returns these settings with those of `other` that no recipe sets.
    /// They are the device, the precision, and the data that help: untagged sentences and teachers.
    #[must_use]
    pub fn with_choices_of(self, other: &Self) -> Self {
        Self {
            device: other.device.clone(),
            precision: other.precision,
            untagged: other.untagged,
            untagged_threshold: other.untagged_threshold,
            teacher: other.teacher.clone(),
            teacher_share: other.teacher_share,
            teacher_temperature: other.teacher_temperature,
            ..self
        }
    }

    /// Names of the teachers.
    pub fn teachers(&self) -> Vec<&str> {
        self.teacher.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
    }

    /// Checks that every value is valid.
    ///
    /// # Errors
    /// Names the first invalid setting and its valid values.
    pub fn check(&self) -> Result<(), String> {
        let faults = [
            rate(self.learning_rate, "a learning rate"),
            within(self.epochs, 0.0, 10_000.0, "epochs", "a number above 0"),
            count(self.batch, 1, 4096, "a batch"),
            count(self.accumulation, 1, 4096, "an accumulation"),
            from_zero(self.weight_decay, "a weight decay"),
            share(self.adam_beta1, "an adam_beta1"),
            share(self.adam_beta2, "an adam_beta2"),
            within(self.adam_epsilon, 0.0, 1.0, "an adam_epsilon", "a small number above 0, such as 1e-8"),
            from_zero(self.warmup, "a warm-up"),
            share(self.label_smoothing, "a label smoothing"),
            within(self.layer_decay, 0.0, 1.0, "a layer decay", "a number above 0, up to 1"),
            share(self.average, "an average"),
            share(self.mask, "a mask"),
            from_zero(self.max_grad_norm, "a gradient norm"),
            count(self.max_pieces, 3, usize::MAX, "windows of pieces (two are the special ones)"),
            stride(self.stride, self.max_pieces),
            share(self.dropout.unwrap_or(0.0), "a dropout"),
            from_zero(self.checkpoint_minutes, "minutes between checkpoints"),
            share(self.untagged_threshold, "an untagged_threshold"),
            within(self.teacher_share, 0.0, 1.0, "a teacher_share", "a number above 0, up to 1"),
            within(self.teacher_temperature, 0.0, 100.0, "a teacher_temperature", "a number above 0, such as 2"),
        ];
        faults.into_iter().flatten().next().map_or(Ok(()), Err)
    }
}

/// Message about an invalid value; `None` if it is valid.
type Fault = Option<String>;

/// Windows that share all their word pieces would never reach the end of a text.
fn stride(stride: Option<usize>, longest: usize) -> Fault {
    let most = longest.saturating_sub(2);
    let stride = stride.filter(|stride| *stride >= most)?;
    Some(format!("windows of {longest} word pieces cannot share {stride} of them; use a stride below {most}"))
}

fn rate(value: f64, what: &str) -> Fault {
    let fine = value.is_finite() && value > 0.0 && value < 1.0;
    (!fine).then(|| format!("{what} of {value:e}; use one above 0 and below 1, such as 1e-4"))
}

fn within(value: f64, above: f64, most: f64, what: &str, wanted: &str) -> Fault {
    let fine = value.is_finite() && value > above && value <= most;
    (!fine).then(|| format!("{what} of {value}; use {wanted}"))
}

fn count(value: usize, least: usize, most: usize, what: &str) -> Fault {
    let wanted = if most == usize::MAX { format!("{least} or more") } else { format!("{least} to {most}") };
    (!(least..=most).contains(&value)).then(|| format!("{what} of {value}; use {wanted}"))
}

fn from_zero(value: f64, what: &str) -> Fault {
    let fine = value.is_finite() && value >= 0.0;
    (!fine).then(|| format!("{what} of {value}; use 0 or more"))
}

fn share(value: f64, what: &str) -> Fault {
    (!(0.0..1.0).contains(&value)).then(|| format!("{what} of {value}; use a number from 0 to below 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_settings_are_named() {
        let with = |name: &str, value: &str| {
            let mut settings = Settings::lesson("mini");
            settings.set(name, value).map(|_| settings.check())
        };
        for (name, value) in [
            ("batch", "0"),
            ("accumulation", "0"),
            ("epochs", "0"),
            ("lr", "-1"),
            ("lr", "5e40"),
            ("dropout", "1.0"),
            ("max_pieces", "2"),
            ("stride", "510"),
            ("average", "1"),
            ("mask", "-0.1"),
            ("warmup", "-1"),
            ("label_smoothing", "1"),
            ("layer_decay", "0"),
            ("layer_decay", "1.1"),
            ("adam_beta2", "1"),
            ("adam_epsilon", "0"),
            ("checkpoint_minutes", "-1"),
            ("untagged_threshold", "1"),
            ("teacher_share", "0"),
            ("teacher_share", "1.5"),
            ("teacher_temperature", "0"),
        ] {
            assert!(with(name, value).unwrap().is_err(), "{name}={value}");
        }
        assert!(with("batch", "-1").is_err());
        assert_eq!(Settings::lesson("mini").check(), Ok(()));
    }

    #[test]
    fn a_recipe_keeps_the_device_the_precision_and_the_data_that_help() {
        let mut own = Settings::lesson("mini");
        for pair in [
            ("device", "cpu"),
            ("precision", "bf16"),
            ("untagged", "true"),
            ("teacher", " 3, old/run ,"),
            ("teacher_share", "0.25"),
        ] {
            own.set(pair.0, pair.1).unwrap();
        }
        (own.untagged_threshold, own.teacher_temperature, own.epochs) = (0.9, 4.0, 99.0);
        let chosen = Settings { epochs: 3.0, ..own.clone() };
        assert_eq!(Settings::lesson("mini").with_choices_of(&own), chosen);
        assert_eq!(own.teachers(), ["3", "old/run"]);
        assert!(Settings::lesson("mini").teachers().is_empty());
    }

    #[test]
    fn the_file_of_an_older_run_is_read() {
        let old = r#"{"base": "mini", "learning_rate": 0.0005, "epochs": 20.0, "keep_best": true}"#;
        let settings: Settings = serde_json::from_str(old).unwrap();
        let expected = Settings { learning_rate: 5e-4, epochs: 20.0, keep_best: true, ..Settings::lesson("mini") };
        assert_eq!(settings, expected);
        assert!(serde_json::from_str::<Settings>(r#"{"epoch": 1}"#).is_err());
    }
}
