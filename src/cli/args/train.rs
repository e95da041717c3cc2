//! The arguments of `tagli train`.

use std::path::PathBuf;

use clap::Args;

use super::documented;
use crate::runs::{LabelMode, Order, Recipe};

/// `tagli train`
#[derive(Args, Debug)]
pub struct Train {
    /// The project's folder
    #[arg(required_unless_present_any = ["train", "resume"], conflicts_with = "train")]
    pub dir: Option<PathBuf>,
    /// A tagged file to learn from
    #[arg(long, value_name = "F", requires = "valid")]
    pub train: Option<PathBuf>,
    /// A tagged file to validate on
    #[arg(long, value_name = "F")]
    pub valid: Option<PathBuf>,
    /// A tagged file to test on at the end
    #[arg(long, value_name = "F")]
    pub test: Option<PathBuf>,
    /// The annotator whose documents teach
    #[arg(long = "as", value_name = "ANNOTATOR")]
    pub annotator: Option<String>,
    /// `mini`, a folder in Hugging Face layout, or the id of a model on the hub, which is fetched if it is not in the cache
    #[arg(long, value_name = "B")]
    pub base: Option<String>,
    /// Peak learning rate
    #[arg(long)]
    pub lr: Option<f64>,
    /// Passes over the training part
    #[arg(long)]
    pub epochs: Option<f64>,
    /// Sentences a step
    #[arg(long)]
    pub batch: Option<usize>,
    /// Decoupled weight decay
    #[arg(long)]
    pub weight_decay: Option<f64>,
    /// Below 1 a share of all steps, from 1 steps
    #[arg(long)]
    pub warmup: Option<f64>,
    /// Seed of head, order and dropout
    #[arg(long)]
    pub seed: Option<u64>,
    /// Order of the sentences
    #[arg(long, value_parser = documented::<Order>())]
    pub order: Option<Order>,
    /// Which pieces carry a word's tag
    #[arg(long, value_parser = documented::<LabelMode>())]
    pub label_mode: Option<LabelMode>,
    /// auto, cpu (kernels), flex (burn on the processor), ndarray, cuda:N or wgpu:N
    #[arg(long)]
    pub device: Option<String>,
    /// Where the settings come from that are not given
    #[arg(long, value_parser = documented::<Recipe>(), default_value = "auto")]
    pub recipe: Recipe,
    /// Set any setting by its name, or by the name that the Hugging Face Trainer gives it
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// A JSON file of such settings; a project's own training.json is always taken
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Cross-validation with K parts
    #[arg(long, value_name = "K")]
    pub folds: Option<usize>,
    /// Train on growing parts of the data and show what more data would bring
    #[arg(long)]
    pub curve: bool,
    /// The folder of the run, in place of one that is there; default: a new run of the project
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with an interrupted run from its checkpoint: that of --out, or the newest of DIR
    #[arg(long, conflicts_with_all = ["train", "set", "settings", "lr", "epochs", "batch", "base", "seed"])]
    pub resume: bool,
}
