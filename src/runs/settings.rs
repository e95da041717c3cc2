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
}
