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
    /// Sentences of about the same length together, in another arrangement each epoch: the reference's `group_by_length`.
    ByLength,
}

/// What the learning rate does after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Falls to 0 along a line.
    #[default]
    Linear,
    /// Falls to 0 along half a cosine.
    Cosine,
    /// Stays.
    Constant,
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
    /// `Auto` and what raised F1 besides: longer, with hidden pieces, tags chosen as a sequence.
    Tuned,
}

impl Recipe {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Lesson, Self::Tuned];

    /// Its name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Lesson => "lesson",
            Self::Tuned => "tuned",
        }
    }
}

/// Everything that decides the outcome of a training, besides data and base. What an older run's file does not name is
/// as the lesson has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `mini`, a folder, or a hub id.
    pub base: String,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Passes over the training part.
    pub epochs: f64,
    /// Sentences that go through the network together.
    pub batch: usize,
    /// Batches whose gradients make one optimiser step. Every labelled piece of them weighs the same: what transformers 5
    /// means and does not do for DistilBERT, where it adds up the means of the batches (huggingface/transformers #47688).
    pub accumulation: usize,
    /// Decoupled weight decay; biases and layer norms have none.
    pub weight_decay: f64,
    /// AdamW's decay of the first moment.
    pub adam_beta1: f64,
    /// AdamW's decay of the second moment.
    pub adam_beta2: f64,
    /// What AdamW adds to the square root of the second moment.
    pub adam_epsilon: f64,
    /// Below 1: share of all steps; from 1: steps.
    pub warmup: f64,
    /// What the learning rate does after the warm-up.
    pub schedule: Schedule,
    /// Share of the wanted probability that is spread over all tags; 0 for none. The loss of an evaluation is plain.
    pub label_smoothing: f64,
    /// The learning rate of each layer as a multiple of that of the layer above it; 1 for the same everywhere.
    pub layer_decay: f64,
    /// Whether the word and position tables, with the layer norm behind them, stay as they are.
    pub freeze_embeddings: bool,
    /// The lowest layers that stay as they are; if there are any, the embeddings do, too.
    pub freeze_layers: usize,
    /// Share of the run, at its end, over whose steps the weights are averaged; 0 for none. From then on the mean is what is
    /// scored and kept.
    pub average: f64,
    /// Share of the pieces of the training part that the network does not get to see: others each step; 0 for none.
    pub mask: f64,
    /// Whether tags are chosen as a sequence in which `I-X` follows only `B-X` and `I-X`, rather than each by itself. Decides
    /// scores and predictions here, and no step; what else opens the model chooses in its own way.
    pub constrained: bool,
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
    /// Pieces that neighbouring windows share; `None` for an eighth of a window.
    pub stride: Option<usize>,
    /// Dropout; `None` takes the base's own (0.1 for DistilBERT).
    pub dropout: Option<f64>,
    /// `auto`, `cpu`, `ndarray`, `cuda:N`, `wgpu:N`.
    pub device: String,
    /// Evaluations over the whole run; 0 for one at the end of each epoch.
    pub evaluations: usize,
    /// Steps between two evaluations; 0 to go by [`Settings::evaluations`].
    pub evaluate_every: usize,
    /// Steps between two step lines; 0 for one line each 1/200 of the run.
    pub log_every: usize,
    /// Whether the weights of the best evaluation by word F1 are kept, rather than the last.
    pub keep_best: bool,
    /// Evaluations in a row that are no better than the best, after which the run ends; 0 to go on to the end.
    pub patience: usize,
    /// Minutes between two checkpoints from which an interrupted run can go on; 0 for none.
    pub checkpoint_minutes: f64,
    /// Steps between two checkpoints; 0 to go by the minutes.
    pub checkpoint_every: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self::lesson("mini")
    }
}

impl Settings {
    /// The lesson's recipe on this base.
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
            evaluations: 0,
            evaluate_every: 0,
            log_every: 0,
            keep_best: false,
            patience: 0,
            checkpoint_minutes: 5.0,
            checkpoint_every: 0,
        }
    }

    /// Whether a training with these settings can begin at all.
    ///
    /// # Errors
    /// Names the first setting that makes no sense, and what would.
    pub fn check(&self) -> Result<(), String> {
        let found = [
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
        ];
        found.into_iter().flatten().next().map_or(Ok(()), Err)
    }
}

/// What is wrong with a value; `None` if nothing is.
type Fault = Option<String>;

/// Windows that share all but nothing would never get to the end of a text.
fn stride(stride: Option<usize>, longest: usize) -> Fault {
    let most = longest.saturating_sub(2);
    let stride = stride.filter(|stride| *stride >= most)?;
    Some(format!("windows of {longest} pieces cannot share {stride} of them; give a stride below {most}"))
}

fn rate(value: f64, what: &str) -> Fault {
    let fine = value.is_finite() && value > 0.0 && value < 1.0;
    (!fine).then(|| format!("{what} of {value:e}; give one above 0 and below 1, such as 1e-4"))
}

fn within(value: f64, above: f64, most: f64, what: &str, wanted: &str) -> Fault {
    let fine = value.is_finite() && value > above && value <= most;
    (!fine).then(|| format!("{what} of {value}; give {wanted}"))
}

fn count(value: usize, least: usize, most: usize, what: &str) -> Fault {
    let wanted = if most == usize::MAX { format!("{least} or more") } else { format!("{least} to {most}") };
    (!(least..=most).contains(&value)).then(|| format!("{what} of {value}; give {wanted}"))
}

fn from_zero(value: f64, what: &str) -> Fault {
    let fine = value.is_finite() && value >= 0.0;
    (!fine).then(|| format!("{what} of {value}; give 0 or more"))
}

fn share(value: f64, what: &str) -> Fault {
    (!(0.0..1.0).contains(&value)).then(|| format!("{what} of {value}; give 0 to below 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_make_no_sense_are_named() {
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
        ] {
            assert!(with(name, value).unwrap().is_err(), "{name}={value}");
        }
        assert!(with("batch", "-1").is_err());
        assert_eq!(Settings::lesson("mini").check(), Ok(()));
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
