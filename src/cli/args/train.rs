//! The arguments of `tagli train`.

use std::path::PathBuf;

use clap::Args;

use super::{
    tags::{TAGS, Tags},
    values::{DEVICE, described, format},
};
use crate::{
    formats::Format,
    runs::{LabelMode, Order, Precision, Recipe},
};

/// `tagli train`
#[derive(Args, Debug)]
pub struct Train {
    /// The project's folder; for a sample, your copy of it
    #[arg(required_unless_present_any = ["train", "resume", "untagged", "teacher"], conflicts_with = "train")]
    pub dir: Option<PathBuf>,
    /// Data and settings of a new run; a resumed run keeps its own
    #[command(flatten)]
    pub new_run: NewRun,
    /// Choices for files of tagged words
    #[command(flatten)]
    pub tags: Tags,
    /// The folder of the run; default: a new run of the project
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Let the new run replace an earlier one in --out, once the new one is complete
    #[arg(long, requires = "out", conflicts_with = "resume")]
    pub force: bool,
    /// Continue an interrupted run from its checkpoint: the one of --out, or the newest of DIR
    #[arg(long, conflicts_with_all = [NEW_RUN, TAGS])]
    pub resume: bool,
    /// Download a base that the project or the run names, not --base, without a question
    #[arg(long)]
    pub fetch: bool,
}

/// Group of all arguments of [`NewRun`].
const NEW_RUN: &str = "new_run";

/// Arguments that only a new run can use.
///
/// `--resume` refuses each of them, because it conflicts with their group.
#[derive(Args, Debug)]
#[group(id = NEW_RUN, multiple = true)]
pub struct NewRun {
    /// A tagged file to learn from
    #[arg(long, value_name = "F", requires = "valid")]
    pub train: Option<PathBuf>,
    /// A tagged file to validate on
    #[arg(long, value_name = "F")]
    pub valid: Option<PathBuf>,
    /// A tagged file to test on at the end
    #[arg(long, value_name = "F")]
    pub test: Option<PathBuf>,
    /// Format of these files; detected by content when not given
    #[arg(long, value_name = "F", value_parser = format())]
    pub format: Option<&'static Format>,
    /// The annotator whose documents are learned from
    #[arg(long = "as", value_name = "ANNOTATOR")]
    pub annotator: Option<String>,
    /// `mini` or `small`, a folder in Hugging Face layout, or the id of a model on the
    /// hub, which is downloaded if it is not in the cache
    #[arg(long, value_name = "B")]
    pub base: Option<String>,
    /// Peak learning rate
    #[arg(long)]
    pub lr: Option<f64>,
    /// Passes over the training split
    #[arg(long)]
    pub epochs: Option<f64>,
    /// Sentences per step
    #[arg(long)]
    pub batch: Option<usize>,
    /// Decoupled weight decay
    #[arg(long)]
    pub weight_decay: Option<f64>,
    /// Warm-up: below 1 a share of all steps, from 1 a number of steps
    #[arg(long)]
    pub warmup: Option<f64>,
    /// Seed of the classifier, the order and dropout
    #[arg(long)]
    pub seed: Option<u64>,
    /// Order of the sentences
    #[arg(long, value_parser = described::<Order>())]
    pub order: Option<Order>,
    /// Word pieces that carry a word's tag
    #[arg(long, value_parser = described::<LabelMode>())]
    pub label_mode: Option<LabelMode>,
    /// Device; the help lists the names
    #[arg(long, help = DEVICE)]
    pub device: Option<String>,
    /// Precision of the products with weights; evaluations always use fp32
    #[arg(long, value_parser = described::<Precision>())]
    pub precision: Option<Precision>,
    /// Source of the settings that are not given
    #[arg(long, value_parser = described::<Recipe>(), default_value = "auto")]
    pub recipe: Recipe,
    /// Learn from untagged texts, too: the project's documents that are not begun, or, with
    /// --train, these files in any format. A second stage learns the tags that the model of
    /// the first is sure of; with --teacher, their probabilities are learned instead.
    /// Write it after DIR
    #[arg(long, value_name = "FILE", num_args = 0..)]
    pub untagged: Option<Vec<PathBuf>>,
    /// Learn the probabilities of trained models, of several their mean: runs of the project,
    /// folders of runs, or folders of models, with the same labels. Write it after DIR
    #[arg(long, value_name = "RUN", num_args = 1..)]
    pub teacher: Vec<String>,
    /// Set any setting by its name, or by its name in the Hugging Face Trainer;
    /// `list` shows all settings with their meanings, values and sources, and trains nothing
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// A JSON file of such settings; a project's own training.json is always used
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
    /// Cross-validation: K trainings, each scored on another part of train and valid that it
    /// did not learn. No model is kept; `tagli suspects` shows the labels that they doubt
    #[arg(long, value_name = "K", conflicts_with_all = ["curve", "untagged", "teacher", "out"])]
    pub folds: Option<usize>,
    /// Learning curve: train on growing parts of the training split, and forecast what more
    /// documents would bring. No model is kept
    #[arg(long, conflicts_with_all = ["untagged", "teacher", "out"])]
    pub curve: bool,
    /// Trainings on each size of the learning curve
    #[arg(long, value_name = "N", requires = "curve", default_value_t = 3)]
    pub draws: usize,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::super::Cli;

    /// Arguments of `train` that a resumed run uses.
    const RESUMED: [&str; 7] = ["dir", "out", "resume", "fetch", "json", "log", "help"];

    #[test]
    fn resume_refuses_every_argument_that_it_does_not_use() {
        let mut cli = Cli::command();
        cli.build();
        let train = cli.find_subcommand("train").unwrap();
        for argument in train.get_arguments().filter(|argument| !RESUMED.contains(&argument.get_id().as_str())) {
            let flag = format!("--{}", argument.get_long().unwrap());
            let values = argument.get_possible_values();
            // Numbers are file names, too.
            let value = values.first().map_or("1", |value| value.get_name());
            let takes_value = argument.get_action().takes_values();
            let words = ["tagli", "train", "--resume", "--out", "run", flag.as_str()];
            let words = words.into_iter().chain(takes_value.then_some(value));
            let refused = Cli::try_parse_from(words).unwrap_err();
            assert_eq!(refused.kind(), clap::error::ErrorKind::ArgumentConflict, "{flag}: {refused}");
            assert!(refused.to_string().contains(&flag), "{refused}");
        }
        assert!(Cli::try_parse_from(["tagli", "train", "food", "--resume", "--out", "run"]).is_ok());
    }
}
